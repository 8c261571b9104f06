"""Old workbooks opened on trial: their reader can end the process it runs in."""

import subprocess
import sys
from pathlib import Path

import python_calamine

from pipeline.errors import InputError
from pipeline.text import say

TRY_OUT = """import sys
sys.path.append(sys.argv[2])
import python_calamine
book = python_calamine.load_workbook(open(sys.argv[1], "rb"))
for name in book.sheet_names:
    book.get_sheet_by_name(name)
"""
TRY_OUT_S = 300  # the largest workbook of an office opens in seconds


def try_out(path: Path, language: str) -> None:
    """Opens the workbook in a process of its own first: a damaged xls can end the process that reads it.

    Raises InputError where it cannot be opened. Where the program is no Python that could be started so (frozen, or
    inside another program), nothing is tried and the caller reads it at once.
    """
    if not _can_start_python():
        return
    home = Path(python_calamine.__file__).parents[1]  # this process alone may know it
    command = [sys.executable, "-I", "-c", TRY_OUT, str(path), str(home)]  # -I: nothing is imported from where it runs
    try:
        done = subprocess.run(command, capture_output=True, timeout=TRY_OUT_S)
    except subprocess.TimeoutExpired as error:
        raise InputError(say(language, "sheets.is_damaged", path=path)) from error
    if done.returncode:
        kind = "is_locked" if b"PasswordError" in done.stderr else "is_damaged"
        raise InputError(say(language, f"sheets.{kind}", path=path))


def _can_start_python() -> bool:
    name = Path(sys.executable or "").stem.casefold()
    return name.startswith(("python", "pypy")) and not getattr(sys, "frozen", False)
