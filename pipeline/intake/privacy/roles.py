"""Who decided, as an office or a function: a person's name in its place is replaced by its mark."""

import re

from pipeline.intake.privacy.personal_data import MARKS
from pipeline.intake.privacy.personal_names import COMPOUND, HAN, NO_NAMES, NOBODY, SIGN, SURNAMES
from pipeline.intake.privacy.scrub import Scrubbed, scrub

OFFICES = "局委办所站部厅室府处会村镇乡科组队厂矿"  # the sign an office's name ends with
FUNCTIONS = "员长师商工任记班岗"  # the sign a function ends with: 核查员, 林长, 高工
_NAME = re.compile(
    rf"(?:(?<![{HAN}])|(?<=[{OFFICES}]))(?!{NO_NAMES}|{NOBODY})"
    rf"(?P<name>(?:{COMPOUND}|[{SURNAMES}]){SIGN}{{0,1}}(?![{OFFICES}{FUNCTIONS}]){SIGN})(?![{HAN}])"
)


def scrub_role(role: str) -> Scrubbed:
    """`role` without personal data; a Chinese name that stands alone, or behind an office, counts as one.

    A name in Latin letters cannot be told from a function and stays.
    """
    text, hits = scrub(role)
    text, n = _NAME.subn(MARKS["name"], text)
    return Scrubbed(text, {**hits, "name": hits.get("name", 0) + n} if n else hits)
