"""Every table of a run, declared once: what one row is, its key, and each column with unit and meaning.

`check_table` holds a frame against its declaration whenever it crosses the disk; docs/tables.md is printed from here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import pandas as pd

from pipeline.errors import TableError

Kind = Literal["text", "int", "float", "bool", "list", "binary", "geometry"]
DTYPES = {"text": "str", "int": "Int64", "float": "float64", "bool": "boolean"}


@dataclass(frozen=True)
class Column:
    """One column: `empty` says whether a value may be missing."""

    name: str
    kind: Kind
    meaning: str
    empty: bool = False


@dataclass(frozen=True)
class Table:
    """One declared table; rows lie in the order of `key`."""

    name: str
    one_row_is: str
    key: tuple[str, ...]
    columns: tuple[Column, ...]
    not_promised: str = ""

    @property
    def names(self) -> list[str]:
        return [column.name for column in self.columns]


def _c(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name, kind, meaning)


def _e(name: str, kind: Kind, meaning: str) -> Column:
    return Column(name, kind, meaning, empty=True)


REPORTS = Table(
    "reports",
    "one record of a source as received",
    ("report_id",),
    (
        _c("report_id", "text", "made from source and content; equal records of one source are counted"),
        _c("source_id", "text", "the source file's name in sources/"),
        _c("kind", "text", "change, points, reports, pushed, inspection or known"),
        _c("src_file", "text", "file name as received"),
        _e("src_sheet", "text", "sheet or layer inside the file"),
        _e("src_row", "int", "row in the file, counted as a person counts it there (first record of a layer is 1)"),
        _e("orig_no", "text", "the sender's own number"),
        _e("batch", "text", "batch of the sender"),
        _e("due_date", "text", "date by which the sender wants an answer"),
        _c("received", "text", "date the file was received"),
        _e("crs_source", "text", "CRS the coordinates were declared in"),
        _c(
            "attributes", "text", "what was read, verbatim, as JSON; for kind reports only mapped columns, no free text"
        ),
        _e("shape_wkb", "binary", "geometry as received, in crs_source; empty where it could not be read"),
        _e("fault", "text", "why the record could not be read: a reason code and a detail, else empty"),
    ),
)

LEADS = Table(
    "leads",
    "one place of one report, made comparable: valid, in the working CRS, measured",
    ("lead_id",),
    (
        _c("lead_id", "text", "made from what was received: kind, period, original number, geometry, words"),
        _c("report_id", "text", "the report it comes from"),
        _c("part_no", "int", "which place of the report, from 1"),
        _c("source_id", "text", "the source"),
        _c("kind", "text", "as in reports"),
        _c("source_code", "text", "where the lead came from, by codes/lead_sources.csv (YG, LD, TS, XF …)"),
        _e("orig_no", "text", "the sender's own number"),
        _c("received", "text", "date received; sites join in its order"),
        _e("shows", "text", "new_ground or whole_outline; empty for points"),
        _e("period", "text", "earlier-later, e.g. 2019-2020"),
        _e("prev_date", "text", "earlier image date, ISO, as precise as known"),
        _e("curr_date", "text", "later image date, ISO, as precise as known"),
        _e("date_precision", "text", "day, month or year: the coarser of the two dates"),
        _e("activity_l1", "text", "level-1 activity code A1–A7; empty when unknown, and unknown equals nothing"),
        _c("activity_l2", "text", "level-2 activity code, A99 when unknown, the level-1 code when no finer is known"),
        _c("activity_words", "text", "the activity as received"),
        _c("change_type", "text", "C1–C6, C9 when unknown"),
        _c("area_m2", "float", "ellipsoidal area, 0 for a point"),
        _c("lon", "float", "degrees, on the surface, in the place's geographic CRS"),
        _c("lat", "float", "degrees, as lon"),
        _e("town_code", "text", "township with the largest share"),
        _e("town", "text", "its name"),
        _c("towns", "list", "names of all townships touched, largest share first"),
        _c("position_accuracy_m", "float", "one sigma of the position, metres"),
        _c("crs_source", "text", "CRS the coordinates were declared in"),
        _c("crs_confidence", "text", "declared (detected and confirmed come with the intake checks)"),
        _e("geometry_repair", "text", "what was repaired; empty when the geometry was valid"),
        _e("legacy_state", "text", "state word of an old ledger, verbatim"),
        _e("closed_date", "text", "date of acceptance or striking off in an old ledger"),
        _e("case_geometry", "text", "for cases: outline, box, point"),
        _c("geometry", "geometry", "polygon, multipolygon or point in the working CRS"),
    ),
    "A lead that lies outside the district is here too; set_aside says so.",
)

SET_ASIDE = Table(
    "set_aside",
    "one report or lead that goes no further",
    ("report_id", "lead_id"),
    (
        _c("report_id", "text", "the report"),
        _e("lead_id", "text", "the lead; for E5 the lead that was kept; empty where none was made"),
        _c("source_id", "text", "the source"),
        _c("src_file", "text", "file name"),
        _e("src_sheet", "text", "sheet or layer"),
        _e("src_row", "int", "row in the file"),
        _e("orig_no", "text", "the sender's own number"),
        _c("stage", "text", "load, normalise or rank"),
        _c("reason", "text", "E1–E11"),
        _c("detail", "text", "in words, with the values that decided"),
    ),
)

OVERLAPS = Table(
    "overlaps",
    "one lead or site on one class, one layer or one feature",
    ("subject", "subject_id", "level", "layer_class", "layer_id", "feature_key"),
    (
        _c("subject", "text", "lead or site"),
        _c("subject_id", "text", "lead_id or site_id"),
        _c("level", "text", "class: union of the class's voting layers; layer: union of the layer; feature"),
        _e("layer_id", "text", "the layer file's name in layers/; empty on level class"),
        _c("layer_class", "text", "wetland, forest, grassland, protected_area, redline, permit, …"),
        _e("feature_key", "text", "the feature's own number in its layer; only on level feature"),
        _e("name", "text", "name of the feature"),
        _e("grade", "text", "protection grade or level (forest grade, 国家级 …)"),
        _e("zone", "text", "zone code by codes/pa_zones.csv"),
        _c("overlap_m2", "float", "ellipsoidal area of subject ∩ union; 0 for points and where nothing is covered"),
        _e("overlap_low_m2", "float", "the overlap if the layer's boundary lay inside by the combined accuracy"),
        _e("overlap_high_m2", "float", "the overlap if it lay outside by as much"),
        _c("overlap_share", "float", "overlap_m2 / subject area, 0–1; 1 for a point on the layer within its accuracy"),
        _c(
            "position",
            "text",
            "inside, crossing, sliver (below R04, never counts), within (within_m), adjacent (R05) or outside",
        ),
        _e("distance_m", "float", "distance to the layer; 0 on it; empty when farther than asked"),
        _e("layer_date", "text", "data date of the layer version used"),
        _e("vintage_ok", "bool", "layer dated on or before the earlier image date; empty when either is undated"),
    ),
    "Shares over classes and layers can sum to more than 1; never add across levels. A missing class row means the "
    "class is not covered there, which is not zero.",
)

MERGES = Table(
    "merges",
    "one judged pair of leads",
    ("lead_a", "lead_b"),
    (
        _c("lead_a", "text", "the earlier lead in joining order"),
        _c("lead_b", "text", "the later one"),
        _c("rule", "text", "the rule that decided (docs/decisions.md lists them)"),
        _e("iou", "float", "intersection over union, holes filled, 0–1"),
        _e("containment", "float", "intersection over the smaller area, 0–1"),
        _e("front_m", "float", "length of the common front, metres"),
        _e("front_share", "float", "front over the shorter perimeter, 0–1"),
        _c("gap_m", "float", "distance between the two, metres"),
        _c("decision", "text", "same, review or apart"),
        _c("reason", "text", "in words"),
    ),
    "Only pairs nearer than the widest rule are judged; all others are apart.",
)

SITES = Table(
    "sites",
    "leads that are one place and one event over sources and years",
    ("site_id",),
    (
        _c("site_id", "text", "from its first lead (earliest received)"),
        _c("lead_ids", "list", "its leads in joining order"),
        _e("first_period", "text", "earliest period"),
        _e("last_period", "text", "latest period"),
        _c("n_sources", "int", "number of different sources"),
        _e("activity_l1", "text", "level-1 activity"),
        _c("activity_l2", "text", "level-2 activity"),
        _c("change_type", "text", "change type of the latest lead that knows it"),
        _e("prev_date", "text", "earliest earlier date"),
        _e("curr_date", "text", "latest later date"),
        _c("area_m2", "float", "ellipsoidal area of the union"),
        _c("in_place_m2", "float", "of that, inside the place's boundary"),
        _c("growth", "text", "JSON: period → area newly covered in it, m²"),
        _c("position_accuracy_m", "float", "the best of its leads"),
        _c("needs_review", "bool", "a pair of its leads is undecided"),
        _e("review_reason", "text", "why, in words"),
        _c("geometry", "geometry", "union of its polygons, or its best point"),
    ),
)

CASES = Table(
    "cases",
    "one known case as this run saw it",
    ("problem_id",),
    (
        _c("problem_id", "text", "official number, or an id made here for a case without one"),
        _c("source_id", "text", "the known source, or ledger"),
        _e("orig_no", "text", "number in the old ledger"),
        _c("lead_ids", "list", "leads the case is known by"),
        _c("state", "text", "state code B1–B16; a case without state is open (B9)"),
        _e("closed_date", "text", "date of acceptance or striking off"),
        _c("is_closed", "bool", "accepted or struck off"),
        _e("activity_l1", "text", "level-1 activity"),
        _e("known_since", "text", "date the case was last seen in: the later image date, else received"),
        _c("position_accuracy_m", "float", "metres"),
        _c("case_geometry", "text", "outline, box, point or none"),
        _e("geometry", "geometry", "footprint in the working CRS"),
    ),
)

MATCHES = Table(
    "matches",
    "one site against one known case",
    ("site_id", "problem_id"),
    (
        _c("site_id", "text", "the site"),
        _c("problem_id", "text", "the case"),
        _c("case_geometry", "text", "outline, box, point or none"),
        _c("relation", "text", "same, grown, rebound, adjacent or review"),
        _c("overlap_m2", "float", "site ∩ case"),
        _c("outside_m2", "float", "site outside this case"),
        _e("front_m", "float", "common front"),
        _e("front_share", "float", "front over the shorter perimeter"),
        _c("gap_m", "float", "distance"),
        _c("reason", "text", "in words"),
        _e("geometry", "geometry", "the part of the site outside every known case; empty when none is left"),
    ),
)

PROBLEMS = Table(
    "problems",
    "one suspected problem on this cycle's list",
    ("rank",),
    (
        _c("rank", "int", "place on the list, from 1"),
        _c("candidate_id", "text", "from the site"),
        _e("problem_id", "text", "official number, once accepted"),
        _e("known_problem_id", "text", "the known case it belongs to or borders"),
        _c("site_id", "text", "the site"),
        _c("lead_ids", "list", "its leads"),
        _c("source_ids", "list", "its sources"),
        _c("orig_nos", "list", "the senders' own numbers"),
        _c("periods", "list", "its periods"),
        _e("prev_date", "text", "earliest earlier date"),
        _e("curr_date", "text", "latest later date"),
        _c("relation", "text", "new, grown, rebound, adjacent or review"),
        _c("admin_code", "text", "code of the district"),
        _e("town_code", "text", "township with the largest share"),
        _e("town", "text", "its name"),
        _c("towns", "list", "all townships touched"),
        _c("lon", "float", "degrees, point on the surface"),
        _c("lat", "float", "degrees"),
        _e("activity_l1", "text", "level-1 activity"),
        _c("activity_l2", "text", "level-2 activity"),
        _c("change_type", "text", "change type"),
        _c("area_m2", "float", "area of the site"),
        _c("new_m2", "float", "of that, outside every known case"),
        _e("wetland_m2", "float", "on wetland; empty where no wetland layer covers the site"),
        _e("forest_m2", "float", "on forest; empty as above"),
        _e("grassland_m2", "float", "on grassland; empty as above"),
        _e("protected_area_m2", "float", "in protected areas; empty as above"),
        _e("redline_m2", "float", "inside the redline; empty as above"),
        _e("pa_name", "text", "protected areas, largest overlap first"),
        _e("pa_level", "text", "their highest level"),
        _e("zone", "text", "strictest zone code touched"),
        _e("forest_grade", "text", "strictest forest protection grade touched"),
        _e("wetland_name", "text", "named wetlands touched"),
        _e("permits", "text", "permits the site lies on: they explain, and never count"),
        _c("priority", "int", "1, 2 or 3 (一类 二类 三类)"),
        _c("score", "int", "0–100: the sum of the points in reasons"),
        _c("reasons", "text", "JSON list of {code, points, text, names_source}"),
        _c("department", "text", "lead department"),
        _c("check_due", "text", "date by which to check"),
        _e("vintage_ok", "bool", "false when a layer is younger than the change"),
        _c("needs_review", "bool", "a person has to decide something first"),
        _e("review_reason", "text", "what, in words"),
        _c("geometry", "geometry", "the site, in the working CRS"),
    ),
)

OUTCOMES = Table(
    "outcomes",
    "one lead and what became of it",
    ("lead_id",),
    (
        _c("lead_id", "text", "the lead"),
        _c("source_id", "text", "its source"),
        _c("outcome", "text", "listed, known, information or set_aside"),
        _e("site_id", "text", "the site it joined"),
        _e("candidate_id", "text", "the suspected problem"),
        _e("known_problem_id", "text", "the known case"),
        _c("reason", "text", "in words"),
    ),
)

TABLES = {
    table.name: table
    for table in (REPORTS, LEADS, SET_ASIDE, OVERLAPS, MERGES, SITES, CASES, MATCHES, PROBLEMS, OUTCOMES)
}


def empty_frame(table: Table) -> pd.DataFrame:
    """A frame of `table` with no rows and the declared columns."""
    return shape_table(pd.DataFrame(columns=table.names), table)


def shape_table(frame: pd.DataFrame, table: Table) -> pd.DataFrame:
    """`frame` with exactly the declared columns, dtypes and row order of `table` (a plain DataFrame)."""
    shaped = pd.DataFrame({name: frame.get(name, None) for name in table.names}, index=frame.index)
    for column in table.columns:
        if column.kind in DTYPES:
            shaped[column.name] = shaped[column.name].astype(DTYPES[column.kind])
    return shaped.sort_values(list(table.key), kind="stable", na_position="first").reset_index(drop=True)


def check_table(frame: pd.DataFrame, table: Table) -> None:
    """Raise TableError with every way in which `frame` breaks the declaration of `table`."""
    faults = [f"column {name} is missing" for name in table.names if name not in frame]
    faults += [f"column {name} is not declared" for name in frame.columns if name not in table.names]
    if not faults:
        for column in table.columns:
            if not column.empty and frame[column.name].isna().any():
                faults.append(f"column {column.name} has {int(frame[column.name].isna().sum())} empty values")
        if frame.duplicated(list(table.key)).any():
            faults.append(f"key {', '.join(table.key)} is not unique")
    if faults:
        raise TableError(f"table {table.name}: {'; '.join(faults)}")


def describe_tables(tables: Sequence[Table] = tuple(TABLES.values())) -> str:
    """docs/tables.md, printed from the declarations."""
    lines = ["# Tables", "", "Printed from `pipeline/tables.py`; a test keeps the two equal.", ""]
    for table in tables:
        lines += [f"## {table.name}", "", f"One row is {table.one_row_is}. Key: `{' '.join(table.key)}`.", ""]
        if table.not_promised:
            lines += [table.not_promised, ""]
        lines += ["| column | kind | may be empty | meaning |", "|---|---|---|---|"]
        lines += [
            f"| `{c.name}` | {c.kind} | {'yes' if c.empty else ''} | {c.meaning.replace('|', '¦')} |"
            for c in table.columns
        ]
        lines.append("")
    return "\n".join(lines)
