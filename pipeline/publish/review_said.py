"""What petitions say of their place, on the card that asks where they lie: place words alone, and where to read the text."""

import html
import re

from pipeline.intake.words.gazetteer import SUFFIX_AT_END
from pipeline.intake.words.towns import bare_town
from pipeline.publish.review_evidence import PLACE_FIELDS, Evidence, Row, decisions_of, where_read
from pipeline.text import say

LONGEST_NAME = 8  # signs of a township or village; a longer cell says more than its name
MET = "\n"  # stands where a known place word was met: no sign of a name, and none that “.” means
SOMEBODYS = re.compile(  # a dwelling, plot or firm with a sign before it, which may be part of a person's or a firm's name
    r".(?:[家户宅院房屋门棚圈坟某厂矿场店站园]|承包|老板|公司|企业|集团|合作社|['’]s |house|home|farm|company|mine|quarry|shop|ltd)",
    re.IGNORECASE,
)


def said_words(question: Row, evidence: Evidence) -> str:
    """HTML: the places that each petition, report or media lead in question tells of, and where its text is to be read.

    The text itself is not shown: it may name the person complained about, neighbours and firms (D04).
    """
    shown = ""
    for record in _petitions(question, evidence):
        words = _words(record, evidence)
        key = "said_secret" if record["source_id"] not in evidence.titles else "said" if words else "said_nothing"
        note = say(evidence.language, f"review.{key}", where=where_read(record, evidence.language))
        shown += f'<p class="quiet">{html.escape(note)}</p>'
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
    """Township, village and place as the record gives them, then a line for every place found in its words."""
    words, places = record["words"], evidence.places.get(record["report_id"], [])
    names = [words[field] for field in PLACE_FIELDS[:2] if _is_name(words.get(field, ""))]
    known = [*names, *(place["name"] for place in places)]
    given = " · ".join(dict.fromkeys(filter(None, (_place_words(words[field], known) for field in words))))
    found = [
        say(evidence.language, "review.said_place", name=_in_town(place), reason=place["reason"]) for place in places
    ]
    return "\n".join(filter(None, (given, *found)))


def _in_town(place: Row) -> str:
    return " ".join(dict.fromkeys(filter(None, (place["town"], place["name"]))))


def _is_name(word: str) -> bool:
    """Whether a township's or village's cell holds its mere name."""
    return len(word) <= LONGEST_NAME and (bool(SUFFIX_AT_END.search(word)) or bare_town(word) != word)


def _place_words(word: str, known: list[str]) -> str:
    """`word`; where somebody's house or firm may be named in it, only the known place words that stand in it."""
    rest = word
    for name in sorted(known, key=len, reverse=True):
        rest = rest.replace(name, MET)
    return " · ".join(name for name in dict.fromkeys(known) if name in word) if SOMEBODYS.search(rest) else word
