"""The corpus: every bad file of every family. Run as a module, it writes them all into a folder to be looked at."""

import sys
from pathlib import Path

from tests.bad_input import archives, broken, coordinates, encodings, kmls, lists, shapes, sheets, words
from tests.bad_input.case import Case

FAMILIES = {
    module.__name__.rpartition(".")[2]: module.CASES
    for module in (broken, archives, shapes, coordinates, encodings, sheets, words, kmls, lists)
}


def corpus() -> dict[str, Case]:
    """Every case by "family: name"."""
    return {f"{family}: {case.name}": case for family, cases in FAMILIES.items() for case in cases}


def make_corpus(folder: Path) -> int:
    """Write every case into a folder of its own under `folder`; returns how many."""
    for number, case in enumerate(corpus().values(), 1):
        own = folder / f"{number:03d}"
        own.mkdir(parents=True)
        case.write(own)
    return len(corpus())


if __name__ == "__main__":
    print(f"{make_corpus(Path(sys.argv[1]))} cases in {sys.argv[1]}")
