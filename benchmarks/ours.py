"""Our side of the comparison: one whole process, files in, table out.

    python benchmarks/ours.py LEADS OUT LAYER… [--prepared FOLDER | --cache FOLDER]

`--prepared` keeps and uses prepared layers, `--cache` remembered rows too; without either everything is done anew.
"""

import sys
from pathlib import Path

import pyarrow.parquet as pq

from pipeline.cache import Cache
from pipeline.engine.files import overlap_files

LIMIT_MB = 20_000


def main(*arguments: str) -> None:
    """Write the table lead, layer, overlap_m2."""
    words = list(arguments)
    cache = None
    for flag in ("--prepared", "--cache"):
        if flag in words:
            at = words.index(flag)
            cache = Cache(Path(words[at + 1]), LIMIT_MB)
            remembers = flag == "--cache"
            del words[at : at + 2]
    leads, out, *layers = words
    paths = {Path(layer).stem: Path(layer) for layer in layers}
    found = overlap_files(Path(leads), paths, cache, cache is not None and remembers, by_kernel=True)
    pq.write_table(found.rows, out)


if __name__ == "__main__":
    main(*sys.argv[1:])
