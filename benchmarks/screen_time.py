"""Time the whole job as processes: python benchmarks/screen_time.py [runs]

Prints the median wall seconds of `screen` on both places and of `--help`, after one warm-up each.
"""

import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

HOME = Path(__file__).parents[1]
COMMANDS = {
    "screen configs/shuangta": ["screen", "--place", str(HOME / "configs" / "shuangta")],
    "screen configs/tapajos": ["screen", "--place", str(HOME / "configs" / "tapajos")],
    "--help": ["--help"],
}


def main(runs: int = 5) -> None:
    """Run every command `runs` times after a warm-up."""
    for name, arguments in COMMANDS.items():
        seconds = []
        for _ in range(runs + 1):
            with tempfile.TemporaryDirectory() as folder:
                started = time.perf_counter()
                subprocess.run(
                    [sys.executable, "-m", "pipeline", *arguments], cwd=folder, check=True, capture_output=True
                )
                seconds.append(time.perf_counter() - started)
        print(
            f"{name}: median {statistics.median(seconds[1:]):.2f} s, min {min(seconds[1:]):.2f}, max {max(seconds[1:]):.2f}"
        )


if __name__ == "__main__":
    main(*(int(argument) for argument in sys.argv[1:2]))
