"""Every row set that `delivery/*.toml` may name, made from the tables of a run."""

from datetime import date
from typing import Any

import pandas as pd

from pipeline.config import Place
from pipeline.publish.accounts import accounting_rows, meta_rows, note_rows, statistics_rows
from pipeline.publish.evidence import (
    case_rows,
    conflict_rows,
    merged_rows,
    overlap_rows,
    question_rows,
    set_aside_rows,
)
from pipeline.publish.rows import Tables, lead_rows, problem_rows


def delivered_rows(
    place: Place, cycle: str, as_of: date, tables: Tables, run: dict[str, Any], language: str
) -> dict[str, pd.DataFrame]:
    """Every row set by name; `geometry` columns are in the working CRS of `tables`."""
    problems = problem_rows(place, tables, language)
    leads = lead_rows(tables, language)
    gone = set_aside_rows(place, tables, language)
    is_point = problems.geometry.geom_type == "Point"
    return {
        "problems": pd.DataFrame(problems).drop(columns="geometry"),
        "problem_polygons": problems[~is_point].reset_index(drop=True),
        "problem_points": problems.set_geometry(problems.geometry.representative_point()),
        "change_leads": leads[leads["kind"].isin(["change", "change_raster", "pushed"]) & (leads.geom_type != "Point")],
        "point_leads": leads[leads["kind"].isin(["points", "pushed"]) & (leads.geom_type == "Point")],
        "overlaps": overlap_rows(place, tables, language),
        "known_cases": case_rows(place, tables, language),
        "set_aside": gone,
        "excluded": _counted(gone[~gone["reason"].isin(["E1", "E9"])]),
        "unlocated": _counted(gone[gone["reason"] == "E9"]),
        "outside": _counted(gone[gone["reason"] == "E1"]),
        "merged": merged_rows(tables, language),
        "questions": question_rows(tables, language),
        "conflicts": conflict_rows(place, tables, language),
        "statistics": statistics_rows(problems, language),
        "accounting": accounting_rows(place, tables, language),
        "notes": note_rows(place, cycle, as_of, run, language),
        "meta": meta_rows(place, cycle, as_of, run, language),
    }


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one sheet, numbered from 1."""
    return rows.reset_index(drop=True).assign(seq=range(1, len(rows) + 1))
