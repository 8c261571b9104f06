"""Shapefiles as counties send them: any part missing but the .shp, any encoding, nothing written beside them."""

import shutil
import tempfile
import warnings
from pathlib import Path
from typing import Any

import pyogrio
from pyproj.exceptions import CRSError

from pipeline.errors import InputError
from pipeline.intake.formats.dbf import Dbf, read_dbf
from pipeline.intake.formats.encoding import choose_text_codec
from pipeline.intake.formats.shapes import Shaped, crs_name, is_local, read_all_wkb
from pipeline.intake.formats.signature import looks_like
from pipeline.intake.reading import HowToRead, Reading, Record
from pipeline.text import say

FORMAT = "Shapefile"
MAGIC = (9994).to_bytes(4, "big")
HEADER_BYTES = 100
M_TYPES = (21, 23, 25, 28)  # shapes with a measure and no height; GDAL gives them without it, unasked
RESTORE = "SHAPE_RESTORE_SHX"


def read_shapefile(path: Path, how: HowToRead) -> Reading:
    """Every record of the shapefile whose .shp is `path`; rows count its records from 1, deleted ones are left out.

    `crs` is "EPSG:n" or WKT by the .prj, None without one. A shape or row without its partner comes through noted or
    as E10. Raises InputError for a .shp or .dbf that is cut or is something else.
    """
    parts = _parts(path)
    shape_type = _check_header(path, how.language)
    notes: list[str] = []
    crs = _stated_crs(parts.get(".prj"), how.language, notes)
    if shape_type in M_TYPES:
        notes.append(say(how.language, "vector.note_m_dropped"))
    shapes = _shapes(path, parts.get(".shx"), how.language, notes)
    if ".dbf" not in parts:
        notes.append(say(how.language, "vector.note_no_dbf"))
        table = Dbf((), [{} for _ in shapes], "", "", ())
    else:
        cpg = parts[".cpg"].read_bytes()[:100].decode("latin-1") if ".cpg" in parts else None
        table = read_dbf(parts[".dbf"], how.language, cpg, how.encoding)
    records = _records(shapes, table, how.language, notes)
    return Reading(
        file=path.name,
        sheet=None,
        format=FORMAT,
        records=records,
        columns=table.columns,
        crs=crs,
        encoding=table.encoding or None,
        encoding_why=table.encoding_why,
        notes=(*notes, *table.notes),
    )


def _parts(path: Path) -> dict[str, Path]:
    """Suffix → the file of that suffix beside the .shp: of the same name, else the only one that differs in case alone."""
    beside = [part for part in path.parent.iterdir() if part.stem.casefold() == path.stem.casefold() and part.is_file()]
    others = {part.stem for part in beside if part.suffix.lower() == ".shp" and part.name != path.name} - {path.stem}
    found: dict[str, list[Path]] = {}
    for part in beside:
        if part.stem not in others:
            found.setdefault(part.suffix.lower(), []).append(part)
    exact = {part.suffix.lower(): part for part in beside if part.stem == path.stem}
    return {suffix: parts[0] for suffix, parts in found.items() if len(parts) == 1} | exact


def _check_header(path: Path, language: str) -> int:
    """The shape type the header states. Raises InputError for what is no .shp or is cut."""
    with path.open("rb") as stream:
        head = stream.read(HEADER_BYTES)
    if not head.startswith(MAGIC):
        found = say(language, f"vector.like_{looks_like(head)}")
        raise InputError(say(language, "vector.found_file", path=path, format=FORMAT, found=found))
    expected, actual = max(2 * int.from_bytes(head[24:28], "big"), HEADER_BYTES), path.stat().st_size
    if actual < expected:
        raise InputError(say(language, "vector.truncated", path=path, expected=expected, actual=actual))
    return int.from_bytes(head[32:36], "little")


def _shapes(path: Path, index: Path | None, language: str, notes: list[str]) -> list[Shaped]:
    """The shape of every record, whatever state its .dbf is in: GDAL sees a copy of the .shp and its index alone."""
    with tempfile.TemporaryDirectory(prefix="leadscreen-", ignore_cleanup_errors=True) as folder:
        copy = Path(folder) / "shapes.shp"
        shutil.copyfile(path, copy)
        if index is not None:
            shutil.copyfile(index, copy.with_suffix(".shx"))
            try:
                return read_all_wkb(_read_wkb(copy), language)
            except pyogrio.errors.DataSourceError:
                copy.with_suffix(".shx").unlink()
        notes.append(say(language, "vector.note_no_shx"))
        before = pyogrio.get_gdal_config_option(RESTORE)
        pyogrio.set_gdal_config_options({RESTORE: True})
        try:
            return read_all_wkb(_read_wkb(copy), language)
        except (pyogrio.errors.DataSourceError, pyogrio.errors.FeatureError) as error:
            raise InputError(say(language, "vector.unreadable", path=path, format=FORMAT, error=error)) from error
        finally:
            pyogrio.set_gdal_config_options({RESTORE: before})


def _read_wkb(path: Path) -> Any:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")  # what GDAL warns of is seen by `read_wkb`, record by record
        _, _, shapes, _ = pyogrio.raw.read(path, columns=[], encoding="ISO-8859-1")
    return [] if shapes is None else shapes


def _stated_crs(path: Path | None, language: str, notes: list[str]) -> str | None:
    if path is None:
        notes.append(say(language, "vector.note_no_prj"))
        return None
    data = path.read_bytes()
    try:
        name = crs_name(data.decode(choose_text_codec(data)[0], "replace").strip("\ufeff\x00 \r\n\t"))
    except CRSError:
        name = None
    if name is None or is_local(name):
        notes.append(say(language, "vector.note_broken_prj"))
        return None
    return name


def _records(shapes: list[Shaped], table: Dbf, language: str, notes: list[str]) -> list[Record]:
    if len(shapes) != len(table.rows):
        notes.append(say(language, "vector.note_counts_differ", shapes=len(shapes), rows=len(table.rows)))
    nothing = Shaped(None, f"E10 {say(language, 'vector.no_shape')}", ())
    records = []
    for i in range(max(len(shapes), len(table.rows))):
        words = table.rows[i] if i < len(table.rows) else {}
        if words is None:  # marked as deleted
            continue
        records.append(Record(i + 1, None, words, *(shapes[i] if i < len(shapes) else nothing)))
    return records
