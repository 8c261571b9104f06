"""What one file, layer or sheet turned out to be, as a row of table inputs."""

import json
from typing import Any

from pipeline.config import Origin, Source
from pipeline.intake.coordinates.declared import shown_crs, without_parameters
from pipeline.intake.reading import Reading


def input_row(
    reading: Reading,
    origin: Origin,
    crs_used: str | None,
    crs_note: str | None,
    personal: dict[str, int] | None = None,
    language: str | None = None,
) -> dict[str, Any]:
    """One row of table inputs; `personal` counts per column the cells in which personal data were replaced.

    Datum parameters in a CRS are named in `language` (in both without one), never repeated: they are secret.
    """
    return {
        "input_id": origin.id,
        "is_source": isinstance(origin, Source),
        "file": reading.file,
        "sheet": reading.sheet,
        "format": reading.format or "–",
        "encoding": reading.encoding,
        "encoding_why": reading.encoding_why or None,
        "crs_declared": shown_crs(origin.crs, language),
        "crs_file": shown_crs(without_parameters(reading.crs), language),
        "crs_used": crs_used or None,
        "crs_note": crs_note,
        "columns": list(reading.columns),
        "n_records": len(reading.records),
        "notes": [*reading.notes, *([reading.shifted] if reading.shifted else [])],
        "personal": json.dumps(personal or {}, ensure_ascii=False, sort_keys=True),
    }
