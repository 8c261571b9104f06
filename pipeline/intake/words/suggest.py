"""Nearest known words by characters and by sound, for words nobody knows: something to offer, never to correct."""

import re
from collections import Counter
from collections.abc import Iterable, Sequence
from functools import cache

from pypinyin import lazy_pinyin
from rapidfuzz import fuzz

from pipeline.intake.words.codes import tidy_word

ALIKE_CHARACTERS = 0.6  # one of three characters may differ (0.67), one of two may not (0.5)
ALIKE_SOUND = 0.85  # higher, for any two words share some letters: 柳凌 and 柳林 are 0.93
DISTINGUISHING = set(
    "东西南北中上下前后左右里外大小新老一二三四五六七八九十"
)  # 上沟 and 下沟 are two places, not a slip
_CONFUSED = re.compile(r"(?<=^[zcs])h|(?<=n)g$")


def suggest(word: str, known: Sequence[str], limit: int = 3) -> list[str]:
    """At most `limit` of the `known` words that are near `word`, best first; [] when none is.

    Near by characters (indel ratio) or by pinyin; letter case and full-width forms do not count.
    """
    sought = tidy_word(word).casefold()
    if not sought:
        return []
    likeness = {choice: _likeness(sought, tidy_word(choice).casefold()) for choice in known}
    near = [choice for choice in likeness if likeness[choice] > 0]
    return sorted(near, key=lambda choice: -likeness[choice])[:limit]


def _likeness(sought: str, choice: str) -> float:
    """0–1, 0 when neither characters nor sound are near enough."""
    characters = fuzz.ratio(sought, choice, score_cutoff=100 * ALIKE_CHARACTERS)
    sound = fuzz.ratio("".join(sounds(sought)), "".join(sounds(choice)), score_cutoff=100 * ALIKE_SOUND)
    return max(characters, 0.95 * sound) / 100  # characters count more, so that the word itself comes first


def sounds(word: str) -> tuple[str, ...]:
    """One toneless syllable for each character; what is no Chinese character stands for itself.

    Characters are read one by one, so that a character sounds the same in every word it is compared in.
    """
    return tuple(_sound(character) for character in word)


def rough(syllables: Iterable[str]) -> str:
    """Syllables without what ear and keyboard confuse (zh/z, ch/c, sh/s, final -ng/-n), as one string to look up."""
    return " ".join(_rough(syllable) for syllable in syllables)


@cache
def _sound(character: str) -> str:
    return "".join(lazy_pinyin(character)) or character


@cache
def _rough(syllable: str) -> str:
    return _CONFUSED.sub("", syllable)


def one_less(word: str) -> list[str]:
    """The word with each of its characters left out once: what two words one slip apart share."""
    return [word[:k] + word[k + 1 :] for k in range(len(word))]


def may_be_slip(piece: str, name: str) -> bool:
    """Whether a difference may be a slip: 上沟 is not 下沟, and 王家沟 is not 李家沟 unless it sounds so."""
    if not re.fullmatch(r"[^\W_]+", piece):
        return False
    differing = set((Counter(piece) - Counter(name)) + (Counter(name) - Counter(piece)))
    if rough(sounds(piece)) == rough(sounds(name)):
        return not differing <= DISTINGUISHING
    is_other_family = piece[0] != name[0] and "家" in (piece[1:2], name[1:2])
    return not differing & DISTINGUISHING and not is_other_family
