"""load: every record of every source as received, placed and freed of personal data; what cannot be read stands alone."""

from typing import Any

import numpy as np
import pandas as pd
import shapely

from pipeline.config import Place, Source
from pipeline.declare import shape_table
from pipeline.errors import InputError
from pipeline.geometry import make_id, shape_contents
from pipeline.intake.coordinates.around import Around
from pipeline.intake.fields import clean_records, mapped_words, refuse_petitioners, under_declared_titles
from pipeline.intake.files import read_origin, words_json
from pipeline.intake.inputs import input_row
from pipeline.intake.placing import Placed, place_reading, position_cells, readings_json
from pipeline.intake.reading import Reading
from pipeline.tables import INPUTS, REPORTS, SET_ASIDE


def load(
    place: Place, around: Around | None, unread: dict[str, str] | None = None
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(reports, inputs) of all sources of `place`; a source that may be missing and is missing gives no rows.

    `around` is where the place lies, by which coordinates are judged. Raises InputError for a file that cannot be read
    at all, and for one with columns of petitioners that are not dropped; where `unread` is given, such a source is
    passed over and the sentence noted there under its id.
    """
    rows: list[dict[str, Any]] = []
    inputs: list[dict[str, Any]] = []
    for source in place.sources:
        if not source.required and not source.path.exists():
            continue
        try:
            found = _read_source(source, place, around)
        except InputError as error:
            if unread is None:
                raise
            unread[source.id] = str(error)
            continue
        rows += [row for own, _ in found for row in own]
        inputs += [described for _, described in found]
    reports = shape_table(pd.DataFrame(rows, columns=REPORTS.names), REPORTS)
    return reports, shape_table(pd.DataFrame(inputs, columns=INPUTS.names), INPUTS)


def set_aside_unread(reports: pd.DataFrame) -> pd.DataFrame:
    """Table set_aside: one row per report that could not be read."""
    faulty = reports[reports["fault"].notna()]
    reasons = faulty["fault"].str.split(" ", n=1, expand=True)
    if len(faulty):
        faulty = faulty.assign(stage="load", reason=reasons[0], detail=reasons[1], lead_id=None)
    return shape_table(faulty, SET_ASIDE)


def _read_source(
    source: Source, place: Place, around: Around | None
) -> list[tuple[list[dict[str, Any]], dict[str, Any]]]:
    seen: dict[str, int] = {}
    readings = under_declared_titles(read_origin(source, place.limits, place.language), source, place.language)
    return [_read(reading, source, around, place.language, seen) for reading in readings]


def _read(
    reading: Reading, source: Source, around: Around | None, language: str, seen: dict[str, int]
) -> tuple[list[dict[str, Any]], dict[str, Any]]:
    """Rows of reports, and the row of inputs, of one file, layer or sheet."""
    refuse_petitioners(reading, source, language)
    placed = place_reading(reading, source, around, language)
    clean, personal = clean_records(
        Reading(reading.file, reading.sheet, reading.format, [p.record for p in placed.records]), source
    )
    rows = []
    wkb = shapely.to_wkb(np.array([record.shape for record in clean], dtype=object))
    contents = shape_contents(np.array([record.shape for record in reading.records], dtype=object), is_geographic=True)
    for one, record, shape, shape_wkb in zip(placed.records, clean, contents, wkb, strict=True):
        is_record = record.fault is None or not record.fault.startswith("E11")  # a row of totals has no number
        words = mapped_words(source, record.words if is_record else {})
        shape = shape or make_id("P", *position_cells(record, source))
        content = words_json(record.words) + shape
        seen[content] = seen.get(content, 0) + 1  # equal records are told apart by counting: order does not matter
        rows.append(
            {
                "report_id": make_id("R", source.id, content, str(seen[content])),
                "source_id": source.id,
                "kind": source.kind,
                "src_file": reading.file,
                "src_sheet": record.sheet or reading.sheet,
                "src_row": record.row,
                "received": source.received.isoformat(),
                **{name: words[name] for name in ("orig_no", "batch", "due_date")},
                **_position(one),
                "attributes": words_json(record.words),
                "notes": "; ".join(record.notes) or None,
                "shape_wkb": shape_wkb,
                "shape_content": shape,
                "fault": record.fault,
            }
        )
    return rows, input_row(reading, source, placed.crs_used, placed.note, personal, language)


def _position(placed: Placed) -> dict[str, Any]:
    has_shape = placed.record.shape is not None
    return {
        "crs_source": placed.crs if has_shape else None,
        "crs_confidence": placed.confidence if has_shape else None,
        "position_accuracy_m": placed.accuracy_m,
        "readings": readings_json(placed),
    }
