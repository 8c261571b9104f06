"""What GDAL needs before it may open a file: that opening changes nothing on the disk, and the encoding of a drawing."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pyogrio

from pipeline.intake.formats.encoding import choose_text_codec, codec_name
from pipeline.intake.formats.signature import looks_like, read_head

WAL_MODE = b"\2"  # byte 18 of an SQLite file that may have a write-ahead log beside it


@contextmanager
def untouched(path: Path) -> Iterator[Path]:
    """The file itself, or a copy of an SQLite file whose write-ahead log would be merged into it by opening it."""
    with tempfile.TemporaryDirectory(prefix="leadscreen-", ignore_cleanup_errors=True) as folder:
        log = path.with_name(f"{path.name}-wal")
        if path.is_dir() or looks_like(head := read_head(path)) != "sqlite" or head[18:19] != WAL_MODE:
            yield path
            return
        for part in (path, log):
            if part.exists():
                shutil.copyfile(part, Path(folder) / part.name)
        yield Path(folder) / path.name


@contextmanager
def dxf_encoding(path: Path, declared: str | None) -> Iterator[None]:
    """Lets GDAL read a drawing in the encoding declared, else in what its bytes say; its code page is not to be trusted.

    GDAL believes the code page, though drawings since 2007 are UTF-8 whatever it says.
    """
    codec = (codec_name(declared) if declared else None) or choose_text_codec(path.read_bytes())[0]
    before = pyogrio.get_gdal_config_option("DXF_ENCODING")
    pyogrio.set_gdal_config_options({"DXF_ENCODING": codec.upper()})
    try:
        yield
    finally:
        pyogrio.set_gdal_config_options({"DXF_ENCODING": before})
