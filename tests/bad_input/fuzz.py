"""Fuzz the door: spoil files of the corpus at random and read them, for as long as is asked (make fuzz MINUTES=10).

Whatever the bytes are, reading gives readings or an InputError. A file that gives anything else is kept in `found/`,
with the seed that made it. Files are read in a child process: some readers' libraries can bring a process down.
"""

import random
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tests.bad_input.make_corpus import make_corpus

LONGEST_S = 60.0  # a reading that takes longer counts as hanging
BATCH = 40  # files per child process: starting one costs two seconds
CHILD = """
import sys, warnings
from pathlib import Path
from pipeline.config import Limits
from pipeline.errors import InputError
from pipeline.intake.files import read_path
from pipeline.intake.reading import HowToRead
warnings.simplefilter("ignore")
for line in sys.stdin:
    path = Path(line.rstrip("\\n"))
    print("reading", path, flush=True)
    try:
        read_path(path, HowToRead("en"), Limits(max_file_mb=50, max_unpacked_mb=50))
    except InputError:
        pass
    print("done", flush=True)
"""


def spoil(data: bytes, dice: random.Random) -> bytes:
    """`data` with a few bytes changed, cut, doubled or moved."""
    spoilt = bytearray(data)
    for _ in range(dice.randint(1, 8)):
        at = dice.randrange(len(spoilt) + 1)
        kind = dice.randrange(5)
        if kind == 0 and spoilt:
            spoilt[at % len(spoilt)] = dice.randrange(256)
        elif kind == 1:
            del spoilt[at:]
        elif kind == 2:
            spoilt[at:at] = dice.randbytes(dice.randint(1, 40))
        elif kind == 3:
            spoilt[at:at] = spoilt[at : at + dice.randint(1, 400)]
        else:
            del spoilt[at : at + dice.randint(1, 400)]
    return bytes(spoilt)


def read_all(paths: list[Path]) -> tuple[Path | None, str]:
    """The first file that a child process could not read decently, and what it said; None where all went well."""
    child = subprocess.Popen(
        [sys.executable, "-c", CHILD], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True,
        encoding="utf-8",
    )  # fmt: skip
    try:
        out, err = child.communicate("".join(f"{path}\n" for path in paths), timeout=LONGEST_S * 2)
    except subprocess.TimeoutExpired:
        child.kill()
        out, err = child.communicate()
        err += "\nhangs"
    if child.returncode == 0:
        return None, ""
    reached = [line for line in out.splitlines() if line.startswith("reading ")]
    return Path(reached[-1].removeprefix("reading ")), err.strip()[
        -2000:
    ] or f"the process ended with {child.returncode}"


def fuzz(minutes: float, seed: int, found: Path) -> int:
    """Spoil and read until the time is over; returns how many files could not be read decently."""
    dice, bad, n, ends = random.Random(seed), 0, 0, time.monotonic() + 60 * minutes
    with tempfile.TemporaryDirectory() as name:
        corpus = Path(name) / "corpus"
        make_corpus(corpus)
        files = [path for path in sorted(corpus.rglob("*")) if path.is_file() and path.stat().st_size < 1_000_000]
        while time.monotonic() < ends:
            folder = Path(name) / "spoilt"
            folder.mkdir(exist_ok=True)
            batch = [folder / f"{k}{dice.choice(files).suffix}" for k in range(BATCH)]
            for path in batch:
                same = [file for file in files if file.suffix == path.suffix]
                path.write_bytes(spoil(dice.choice(same).read_bytes(), dice))
            culprit, said = read_all(batch)
            n += BATCH
            if culprit is not None:
                bad += 1
                found.mkdir(exist_ok=True)
                kept = found / f"{seed}-{n}{culprit.suffix}"
                kept.write_bytes(culprit.read_bytes())
                print(f"{kept}: {said}\n", flush=True)
    print(f"{n} spoilt files read, {bad} not decently (seed {seed})")
    return bad


if __name__ == "__main__":
    wanted = float(sys.argv[1]) if len(sys.argv) > 1 else 10.0
    own_seed = int(sys.argv[2]) if len(sys.argv) > 2 else int(time.time())
    sys.exit(1 if fuzz(wanted, own_seed, Path("found")) else 0)
