"""One row of a person's decisions checked: about whom, what, who says so and when; what cannot be read is told, never guessed."""

import math
import re
from collections.abc import Mapping
from functools import cache
from typing import NamedTuple

from pipeline.geometry import ALPHABET
from pipeline.intake.privacy.roles import scrub_role
from pipeline.intake.privacy.scrub import scrub, scrub_cell
from pipeline.intake.words.codes import UNKNOWN_ACTIVITY, tidy_word, to_activity
from pipeline.intake.words.dates import parse_date
from pipeline.text import say

FIELDS = ("subject", "decision", "value", "reason", "role", "date", "cycle")
OPTIONAL = ("cycle",)  # columns that decisions.csv may lack
TOPICS = {  # decision → what it settles; of one topic and subject one decision counts
    "same": "pair", "apart": "pair", "leave_out": "fate", "keep": "fate", "not_a_problem": "fate",
    "activity": "activity", "town": "town", "located_at": "located_at",
}  # fmt: skip
ABOUT = {  # decision → the kinds of its subject: L lead, R record, S site, K known case; two for a pair
    "same": ("LL", "SS", "KS"), "apart": ("LL", "SS", "KS"), "leave_out": ("L", "S", "R"), "keep": ("L", "S"),
    "not_a_problem": ("S", "K"), "activity": ("L", "S"), "town": ("L", "S"), "located_at": ("L", "R"),
}  # fmt: skip
E_REASONS = {"leave_out": ("E2", "E4", "E6", "E7", "E8", "E9"), "not_a_problem": ("E6", "E7", "E8")}
AS_RECEIVED = "as_received"
POINTED_OUT = "person"  # crs_confidence of a place that someone pointed out
LANGUAGES = ("zh", "en")
LONGEST = 200  # characters of an id, a value or a role; longer ones are no such thing
SHOWN = 40  # characters of a cell that a sentence repeats
_OWN_ID = re.compile(rf"[LRSCQ][{ALPHABET}]{{11}}", re.IGNORECASE)
_BETWEEN_IDS = re.compile(r"[\s、,;]+")
_NUMBER = re.compile(r"[-+]?\d{1,6}(?:\.\d{1,15})?", re.ASCII)


class Decision(NamedTuple):
    """One row as read, personal data replaced by marks; `fault` says what is wrong with it, "" where nothing is.

    `subject` is one id or two with a blank between, a candidate by its site's id; `value` is in the form that the table of
    decisions in the README gives; `date` is ISO; `cycle` is the one on whose run it was decided, "" where that is not known.
    """

    row: int  # as a person counts in the file
    subject: str
    decision: str
    value: str
    reason: str
    role: str
    date: str
    cycle: str = ""
    fault: str = ""

    @property
    def about(self) -> tuple[str, frozenset[str]]:
        """(topic, ids): what the decision settles."""
        return about(self.subject, self.decision)


class _Unreadable(Exception):
    """A cell that cannot be read, with the sentence that says so."""


def about(subject: str, decision: str) -> tuple[str, frozenset[str]]:
    """(topic, ids) that a decision settles.

    A site is joined, parted, left out or kept by its first lead, whose id ends alike: either id means the same there.
    """
    topic = TOPICS[decision]
    whole_site = topic in ("pair", "fate")
    ids = (f"S{one[1:]}" if whole_site and _kind(one) == "L" else one for one in subject.split())
    return topic, frozenset(ids)


def check_row(row: int, cells: Mapping[str, str], language: str) -> Decision:
    """A row from its cells (FIELDS, missing ones empty); words may be Chinese or English. Never raises."""
    words = {name: tidy_word(cells.get(name)) for name in FIELDS}
    reason = " ".join(scrub_cell(say("zh", "decisions.title_reason"), words["reason"]).text.split())
    role = scrub_role(words["role"][:LONGEST]).text
    try:
        decision = _read_decision(words["decision"], language)
        subject = _read_subject(words["subject"], decision, language)
        value = _read_value(words["value"], decision, language)
        if not role:
            raise _Unreadable(say(language, "decisions.no_role"))
        day = _read_date(words["date"], language)
        return Decision(row, subject, decision, value, reason, role, day, scrub(words["cycle"][:LONGEST]).text)
    except _Unreadable as error:
        kept = {name: scrub(words[name][:LONGEST]).text for name in ("decision", "value", "date")}
        kept["subject"] = scrub_role(words["subject"][:LONGEST]).text  # instead of an id a bare name may stand there
        return Decision(row, **kept, reason=reason, role=role, fault=str(error))


def say_decision(decision: Decision, language: str) -> str:
    """What was decided, in words: “剔除 E4”."""
    return " ".join(filter(None, (say(language, f"decisions.word_{decision.decision}"), decision.value)))


def _shown(word: str) -> str:
    clean = scrub(word).text
    return clean if len(clean) <= SHOWN else clean[:SHOWN] + "…"


@cache
def _decisions() -> dict[str, str]:
    """word → decision: the code itself and its name in both languages."""
    names = {say(language, f"decisions.word_{code}").casefold(): code for code in TOPICS for language in LANGUAGES}
    return names | {code: code for code in TOPICS}


@cache
def _e_reasons() -> dict[str, str]:
    """word → E-reason: E2, its name, or both."""
    words = {}
    for code in E_REASONS["leave_out"]:
        words[code.casefold()] = code
        for language in LANGUAGES:
            name = say(language, f"labels.{code}").casefold()
            words |= {name: code, f"{code.casefold()} {name}": code}
    return words


def _read_decision(word: str, language: str) -> str:
    decision = _decisions().get(word.casefold())
    if decision is None:
        known = say(language, "privacy.between").join(say(language, f"decisions.word_{code}") for code in TOPICS)
        raise _Unreadable(say(language, "decisions.unknown_decision", found=_shown(word), known=known))
    return decision


def _read_subject(word: str, decision: str, language: str) -> str:
    """The ids of a subject, checked for what the decision can be about; candidates become their sites, a site stands first."""
    ids = [_tidy_id(name) for name in _BETWEEN_IDS.split(word[:LONGEST]) if name]
    ids.sort(key=lambda name: _kind(name) == "K")  # stable: only a case moves behind its site
    kinds = "".join(sorted(map(_kind, ids)))
    if kinds not in ABOUT[decision] or len(set(ids)) < len(ids):
        wanted = say(language, f"decisions.about_{TOPICS[decision] if TOPICS[decision] == 'pair' else decision}")
        name = say(language, f"decisions.word_{decision}")
        raise _Unreadable(
            say(
                language,
                "decisions.wrong_subject",
                found=_shown(scrub_role(word[:LONGEST]).text),
                decision=name,
                wanted=wanted,
            )
        )
    return " ".join(ids)


def _tidy_id(name: str) -> str:
    """Our ids in capitals and a candidate's as its site's; official numbers as written."""
    if not _OWN_ID.fullmatch(name):
        return name
    own = name.upper()
    return f"S{own[1:]}" if own.startswith("C") else own


def _kind(name: str) -> str:
    """The letter of one of our ids; K for what can only be the number of a known case."""
    return name[0] if _OWN_ID.fullmatch(name) else "K"


def _read_value(word: str, decision: str, language: str) -> str:
    value: str | None = None
    match decision:
        case "same" | "apart" | "keep":
            value = None if word else ""
        case "leave_out" | "not_a_problem":
            code = _e_reasons().get(word.casefold())
            value = code if code in E_REASONS[decision] else None
            value = "" if decision == "not_a_problem" and not word else value
        case "activity":
            code = to_activity(word)[1]
            value = code if code != UNKNOWN_ACTIVITY or word == UNKNOWN_ACTIVITY else None
        case "town":
            value = word if word and len(word) <= LONGEST and scrub(word).text == word else None
        case "located_at":
            value = _read_place(word)
    if value is None:
        wanted = say(language, f"decisions.value_{decision}")
        raise _Unreadable(say(language, "decisions.wrong_value", found=_shown(word), wanted=wanted))
    return value


def _read_place(word: str) -> str | None:
    """“lon lat” or “lon lat radius” with one blank between; None where it is neither, nor as_received."""
    if word.casefold() in {AS_RECEIVED, *(say(lang, f"decisions.{AS_RECEIVED}").casefold() for lang in LANGUAGES)}:
        return AS_RECEIVED
    numbers = _BETWEEN_IDS.split(word[:LONGEST])
    if len(numbers) not in (2, 3) or not all(map(_NUMBER.fullmatch, numbers)):
        return None
    lon, lat, radius_m = (*map(float, numbers), 1.0)[:3]
    is_place = abs(lon) <= 180 and abs(lat) <= 90 and 0 < radius_m < math.inf
    return " ".join(numbers) if is_place else None


def _read_date(word: str, language: str) -> str:
    """A whole day: of two decisions the later one counts, so a month is not enough."""
    day = parse_date(word) if word else None
    if day is None or len(day) != len("2024-01-31"):
        raise _Unreadable(say(language, "decisions.wrong_date", found=_shown(word)))
    return day
