"""What petitions say, on the card that asks where they lie: the words as they were scrubbed at the door, for the office."""

import html

from pipeline.publish.review_evidence import Evidence, Row, decisions_of
from pipeline.text import say

FIELDS = ("town", "village", "place_text", "text")  # what may tell where it lies; firms (D04) and remarks stay out


def said_words(question: Row, evidence: Evidence) -> str:
    """HTML: what each petition, report or media lead in question says; of a secret source that it is not shown here."""
    shown = ""
    for record in _petitions(question, evidence):
        words = _words(record, evidence)
        key = "said_secret" if record["source_id"] not in evidence.titles else "said" if words else "said_nothing"
        shown += f'<p class="quiet">{html.escape(say(evidence.language, f"review.{key}"))}</p>'
        shown += f'<blockquote tabindex="0">{html.escape(words)}</blockquote>' if words else ""
    return f'<div class="said">{shown}</div>' if shown else ""


def says_anything(question: Row, evidence: Evidence) -> bool:
    """Whether the card repeats words of a petition."""
    return any(_words(record, evidence) for record in _petitions(question, evidence))


def _petitions(question: Row, evidence: Evidence) -> list[Row]:
    """The petitions, reports and media leads whose place is asked for."""
    asked = [row["subject"] for row in decisions_of(question)]
    if question["about"] == "position":
        asked += [evidence.leads[own]["report_id"] for own in question["lead_ids"] if own in evidence.leads]
    records = [evidence.records[own] for own in dict.fromkeys(asked) if own in evidence.records]
    return [record for record in records if record["kind"] == "reports"]


def _words(record: Row, evidence: Evidence) -> str:
    """What it says of the place and then its text; nothing of a secret source."""
    if record["source_id"] not in evidence.titles:
        return ""
    return " · ".join(dict.fromkeys(word for name in FIELDS if (word := record["words"].get(name))))
