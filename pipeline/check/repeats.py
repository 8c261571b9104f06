"""What a source sends again, replaces and numbers anew, in words."""

from pipeline.check.facts import SourceFacts
from pipeline.check.tasks import listed
from pipeline.publish.rows import join_words
from pipeline.text import say

SHOWN = 6  # numbers named in one line


def repeated_words(source: SourceFacts, language: str) -> str:
    """In which sources the content of E5 records stands as well; "" where there are none."""
    inside = [say(language, "check.repeated_inside", n=source.repeated_inside)] if source.repeated_inside else []
    elsewhere = [say(language, "check.repeated_elsewhere", title=c.words, n=c.n) for c in source.repeated_elsewhere]
    return join_words([*inside, *elsewhere], language)


def replaced_words(source: SourceFacts, language: str) -> str:
    """How many rows replace one of another source, and which are new; "" where it replaces none."""
    replacement = source.replacement
    if replacement is None:
        return ""
    said = say(language, "check.replaces_words", title=replacement.title, n=replacement.n_replacing)
    if not replacement.n_new:
        return said
    return said + say(language, "check.replaces_new", n=replacement.n_new, numbers=new_numbers(source, language))


def new_numbers(source: SourceFacts, language: str) -> str:
    """The numbers that the source it replaces does not have; of petitions their rows."""
    named = listed(source.replacement.new if source.replacement else (), language, SHOWN)
    is_petition = source.origin.kind == "reports"
    return say(language, "check.number_rows", number="", rows=named).strip() if is_petition else named
