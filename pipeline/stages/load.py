"""load: every record of every source as received; what cannot be read is set aside alone, with the reason."""

import pandas as pd
import shapely

from pipeline.config import Place, Source
from pipeline.geometry import make_id, shape_content
from pipeline.intake.fields import mapped_words
from pipeline.intake.files import Record, read_source, words_json
from pipeline.tables import REPORTS, SET_ASIDE, shape_table


def load(place: Place) -> pd.DataFrame:
    """Table reports of all sources of `place`. A source that may be missing and is missing gives no rows.

    Raises InputError for a file that cannot be read at all.
    """
    rows = []
    for source in place.sources:
        if source.required or source.path.exists():
            rows += _source_rows(source, read_source(source, place.language))
    return shape_table(pd.DataFrame(rows, columns=REPORTS.names), REPORTS)


def set_aside_unread(reports: pd.DataFrame) -> pd.DataFrame:
    """Table set_aside: one row per report that could not be read."""
    faulty = reports[reports["fault"].notna()]
    reasons = faulty["fault"].str.split(" ", n=1, expand=True)
    if len(faulty):
        faulty = faulty.assign(stage="load", reason=reasons[0], detail=reasons[1], lead_id=None)
    return shape_table(faulty, SET_ASIDE)


def _source_rows(source: Source, records: list[Record]) -> list[dict[str, object]]:
    """Rows of reports; equal records of one source are told apart by counting, so that their order does not matter."""
    seen: dict[str, int] = {}
    rows: list[dict[str, object]] = []
    for record in records:
        content = words_json(record.words) + shape_content(record.shape, is_geographic=True)
        seen[content] = seen.get(content, 0) + 1
        words = mapped_words(source, record.words)
        rows.append(
            {
                "report_id": make_id("R", source.id, content, str(seen[content])),
                "source_id": source.id,
                "kind": source.kind,
                "src_file": source.path.name,
                "src_sheet": record.sheet,
                "src_row": record.row,
                "orig_no": words["orig_no"],
                "batch": words["batch"],
                "due_date": words["due_date"],
                "received": source.received.isoformat(),
                "crs_source": source.crs,
                "attributes": words_json(record.words),
                "shape_wkb": None if record.shape is None else shapely.to_wkb(record.shape),
                "fault": record.fault,
            }
        )
    return rows
