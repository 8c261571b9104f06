"""The decorator of every compiled function, and where their machine code is kept between runs."""

import hashlib
import os
from pathlib import Path

import numba


def _cache_folder() -> str:
    """A folder named by the source of all of the kernel, empty where none can be written.

    numba dates its cache by a function's own file alone, but functions of one file are compiled into those of others.
    """
    home = Path(__file__).parent
    source = b"".join(file.read_bytes() for file in sorted(home.glob("*.py")))
    name = f"kernel-{hashlib.sha256(source).hexdigest()[:16]}"
    asked = os.environ.get("NUMBA_CACHE_DIR")
    for parent in [Path(asked)] if asked else [home / "__pycache__", Path.home() / ".cache" / "leadscreen"]:
        try:
            (parent / name).mkdir(parents=True, exist_ok=True)
        except OSError:
            continue
        if os.access(parent / name, os.W_OK):
            return str(parent / name)
    return ""


folder = _cache_folder()
numba.config.CACHE_DIR = folder  # type: ignore[attr-defined]  # public, missing in its stubs
# without a folder everything is compiled in each run: slow, and right
fast = numba.njit(cache=folder != "", nogil=True, error_model="numpy")
