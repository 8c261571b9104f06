"""The before/after images on a field page: captions, outline and scale beside the pixels."""

from collections.abc import Iterable
from typing import Any

from pipeline.publish.imagery import Chip, outline_path
from pipeline.text import say

SCALES_M = [digit * 10**power for power in range(6) for digit in (1, 2, 5)]
SCALE_SHARE = 0.4  # of a chip's side, at most, for the scale bar
FAR_MONTHS = 12  # a fitting image farther off than a year may show other changes too: said as well


def pair_for_page(shape: Any, chips: list[Chip], language: str) -> dict[str, Any]:
    """What field.js shows of one problem: images with captions, the outline in a square of 1000, a scale bar."""
    if not chips:
        return {"images": [], "words": say(language, "field.chip_none")}
    bounds = chips[0].bounds
    side_m = bounds[2] - bounds[0]
    scale_m = max(length_m for length_m in SCALES_M if length_m <= SCALE_SHARE * side_m)
    return {
        "images": [
            {
                "src": chip.data_uri,
                "caption": say(language, f"field.chip_{chip.role}", taken=chip.taken.isoformat()),
                "title": chip.title,
                "note": _note(chip, language),
            }
            for chip in chips
        ],
        "outline": outline_path(shape, bounds),
        "scale": round(scale_m / side_m, 4),
        "words": say(language, "field.chip_scale", m=scale_m),
    }


def size_words(chips: Iterable[Chip], language: str) -> str:
    """How many images a page holds and what they add to it; nothing where there are none."""
    sizes = [len(chip.data_uri) for chip in chips]
    return say(language, "field.chip_size", n=len(sizes), kb=sum(sizes) / 1000) if sizes else ""


def _note(chip: Chip, language: str) -> str:
    """Where the image does not fit the lead's own date: later than before, earlier than after, or far off."""
    direction = "later" if chip.months_off > 0 else "earlier"
    fits = direction == ("earlier" if chip.role == "before" else "later")
    if chip.months_off == 0 or (fits and abs(chip.months_off) <= FAR_MONTHS):
        return ""
    return say(language, f"field.chip_{chip.role}_{direction}", n=abs(chip.months_off))
