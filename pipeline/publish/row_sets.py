"""Every row set that `delivery/*.toml` may name, made from the tables of a run."""

from datetime import date
from functools import cache
from typing import Any

import geopandas as gpd
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
from pipeline.publish.on_demand import OnDemand
from pipeline.publish.rows import Tables, lead_rows, problem_rows


def delivered_rows(
    place: Place, cycle: str, as_of: date, tables: Tables, run: dict[str, Any], language: str
) -> OnDemand[pd.DataFrame]:
    """Every row set by name; `geometry` columns are in the working CRS of `tables`."""
    problems = cache(lambda: problem_rows(place, tables, language))
    leads = cache(lambda: lead_rows(tables, language))
    gone = cache(lambda: set_aside_rows(tables, language))
    return OnDemand(
        {
            "problems": lambda: pd.DataFrame(problems()).drop(columns="geometry"),
            "problem_polygons": lambda: problems()[~_is_point(problems())].reset_index(drop=True),
            "problem_points": lambda: problems().set_geometry(problems().representative_point()),
            "change_leads": lambda: _of_kinds(leads()[~_is_point(leads())], "change", "change_raster", "pushed"),
            "point_leads": lambda: _of_kinds(leads()[_is_point(leads())], "points", "pushed"),
            "overlaps": lambda: overlap_rows(place, tables, language),
            "known_cases": lambda: case_rows(place, tables, language),
            "set_aside": gone,
            "excluded": lambda: _counted(gone()[~gone()["reason"].isin(["E1", "E9"])]),
            "unlocated": lambda: _counted(gone()[gone()["reason"] == "E9"]),
            "outside": lambda: _counted(gone()[gone()["reason"] == "E1"]),
            "merged": lambda: merged_rows(tables, language),
            "questions": lambda: question_rows(tables, cycle, language),
            "conflicts": lambda: conflict_rows(place, tables, language),
            "statistics": lambda: statistics_rows(problems(), language),
            "accounting": lambda: accounting_rows(place, tables, language),
            "notes": lambda: note_rows(place, cycle, as_of, run, language),
            "meta": lambda: meta_rows(place, cycle, as_of, run, language),
        }
    )


def _is_point(rows: gpd.GeoDataFrame) -> pd.Series:
    return rows.geom_type == "Point"


def _of_kinds(leads: gpd.GeoDataFrame, *kinds: str) -> gpd.GeoDataFrame:
    return leads[leads["kind"].isin(kinds)]


def _counted(rows: pd.DataFrame) -> pd.DataFrame:
    """Rows of one sheet, numbered from 1."""
    return rows.reset_index(drop=True).assign(seq=range(1, len(rows) + 1))
