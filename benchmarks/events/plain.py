"""A plain with everything on it: the groups of all families laid out, as the frames that merge and match take.

The same seed gives the same bytes; a family's shapes do not change when another family does.
"""

from collections.abc import Sequence
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pandas as pd
import pyproj
import shapely

from benchmarks.events.families import FAMILIES
from benchmarks.events.ledger import ACCURACY_M, Case, Subject, make_cases
from benchmarks.events.outlines import Dice, moved
from benchmarks.events.points import Spot, Target, make_points, make_texts
from benchmarks.events.scene import PERIODS, SEEN, SOURCES, Event, Group, make_scene
from pipeline.declare import shape_table
from pipeline.geometry import equal_area_crs, repair
from pipeline.tables import CASES, LEADS

CRS = equal_area_crs(pyproj.CRS(4490), (120.4, 41.6))
POINT_SHARE, TEXT_SHARE = 0.11, 0.03  # of all leads
APART_M = 600  # groups lie so far apart that neither a point nor an outline of one is near another
CLUSTER, CLUSTERS_APART_M = 30, 3_000  # groups of one valley, and the way to the next


class Plain(NamedTuple):
    """What merge and match are given, and what is true.

    truth: lead_id, sort (polygon, point, text), family, event (-1 where a lead covers two and counts as neither), events.
    links: problem_id, event, relation: what each case means, and of an unseen case the neighbour beside it.
    families: of each case.
    """

    leads: gpd.GeoDataFrame
    truth: pd.DataFrame
    cases: gpd.GeoDataFrame
    links: pd.DataFrame
    families: list[str]


def make_plain(seed: int, n_leads: int, n_cases: int, shift_m: float = 10) -> Plain:
    """`n_leads` leads – polygons by the shares of FAMILIES, points, texts – and `n_cases` known cases, in CRS."""
    n_texts, n_polygons = round(TEXT_SHARE * n_leads), round((1 - POINT_SHARE - TEXT_SHARE) * n_leads)
    groups = [placed for k in range(len(FAMILIES)) for placed in _of_family(seed, k, n_polygons, shift_m)]
    dice = np.random.default_rng((seed, 1_000))
    laid_out = lay_out(dice, [groups[k] for k in dice.permutation(len(groups))])
    numbers = np.cumsum([0, *(len(group.events) for _, group in laid_out)]).tolist()
    polygons = [
        row for start, (name, group) in zip(numbers, laid_out, strict=False) for row in _rows(start, name, group)
    ]
    targets = [
        Target(start + k, name, event.last, event.activity)
        for start, (name, group) in zip(numbers, laid_out, strict=False)
        for k, event in enumerate(group.events)
    ]
    points = make_points(np.random.default_rng((seed, 1_001)), targets, n_leads - len(polygons) - n_texts)
    texts = make_texts(np.random.default_rng((seed, 1_002)), targets, n_texts)
    spots = _spot_rows(dice, points, "points", numbers[-1]) + _spot_rows(
        dice, texts, "reports", numbers[-1] + len(points)
    )
    rows = [*polygons, *spots]
    leads, truth = _lead_frame([rows[k] for k in dice.permutation(len(rows))])
    subjects = [found for start, placed in zip(numbers, laid_out, strict=False) for found in _subjects(start, *placed)]
    hosts = [subject for subject, alone in subjects if alone]
    cases = make_cases(np.random.default_rng((seed, 1_003)), [subject for subject, _ in subjects], hosts, n_cases)
    return Plain(leads, truth, *_case_frames(cases), [case.family for case in cases])


def _of_family(seed: int, k: int, n_polygons: int, shift_m: float) -> list[tuple[str, Group]]:
    """Groups of a family until its share of the polygons is there."""
    dice, made, count = np.random.default_rng((seed, k)), [], 0
    while count < round(FAMILIES[k].share * n_polygons):
        group = FAMILIES[k].make(make_scene(dice, shift_m))
        made.append((FAMILIES[k].name, group))
        count += len(group.drawings)
    return made


def lay_out(dice: Dice, groups: Sequence[tuple[str, Group]]) -> list[tuple[str, Group]]:
    """The groups side by side in rows, in whole 10 m, with a longer way after every thirtieth."""
    boxes = [shapely.total_bounds(_shapes(group)) for _, group in groups]
    widths, heights = ([box[k + 2] - box[k] + APART_M for box in boxes] for k in (0, 1))
    row_m = np.sqrt(sum(w * h for w, h in zip(widths, heights, strict=True))) * 1.2
    placed, x, y, high_m = [], 0.0, 0.0, 0.0
    for k, ((name, group), box) in enumerate(zip(groups, boxes, strict=True)):
        if x > row_m:
            x, y, high_m = 0.0, y + high_m, 0.0
        corner = np.round((np.array([x, y]) - row_m / 2 + dice.uniform(0, 100, 2) - box[:2]) / 10) * 10
        placed.append((name, _moved(group, corner)))
        x += widths[k] + 100 + (CLUSTERS_APART_M if k % CLUSTER == CLUSTER - 1 else 0)
        high_m = max(high_m, heights[k] + 100)
    return placed


def _shapes(group: Group) -> list[Any]:
    grounds = [shape for event in group.events for shape in (*event.grounds, event.before) if shape is not None]
    return [*(drawing.shape for drawing in group.drawings), *grounds]


def _moved(group: Group, by_m: Any) -> Group:
    def move(shape: Any) -> Any:
        return None if shape is None else moved(shape, by_m)

    drawings = [drawing._replace(shape=move(drawing.shape)) for drawing in group.drawings]
    events = [Event(e.activity, tuple(map(move, e.grounds)), move(e.before)) for e in group.events]
    return Group(drawings, events)


def _rows(start: int, family: str, group: Group) -> list[dict[str, Any]]:
    """Polygon leads of a group, whose events are numbered from `start`."""
    return [
        {
            "sort": "polygon", "family": family, "events": tuple(start + k for k in drawing.events),
            "source_id": f"{drawing.source}_{PERIODS[drawing.period]}", "kind": "change", "source_code": "YG",
            "shows": SOURCES[drawing.source].shows, "period": PERIODS[drawing.period],
            "prev_date": f"{2020 + drawing.period}-06", "curr_date": SEEN[drawing.period],
            "received": f"{2021 + drawing.period}-{'11' if drawing.source == 'second' else '09'}-01",
            "activity_l1": drawing.activity, "change_type": "C1",
            "position_accuracy_m": float(SOURCES[drawing.source].position_accuracy_m), "geometry": drawing.shape,
        }
        for drawing in group.drawings
    ]  # fmt: skip


def _spot_rows(dice: Dice, spots: Sequence[Spot], kind: str, start: int) -> list[dict[str, Any]]:
    """Leads without an outline; places that nobody else saw are events of their own, numbered from `start`."""
    return [
        {
            "sort": "point" if kind == "points" else "text", "family": spot.family,
            "events": (start + k if spot.event is None else spot.event,),
            "source_id": kind, "kind": kind, "source_code": "LD" if kind == "points" else "XF",
            "shows": None, "period": None, "prev_date": None, "curr_date": "2023-08",
            "received": f"2023-{dice.integers(9, 13):02d}-{dice.integers(1, 29):02d}",
            "activity_l1": spot.activity, "change_type": "C9", "position_accuracy_m": spot.accuracy_m,
            "geometry": spot.place,
        }
        for k, spot in enumerate(spots)
    ]  # fmt: skip


def _lead_frame(rows: Sequence[dict[str, Any]]) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    frame = pd.DataFrame(rows)
    shapes, _ = repair(frame["geometry"].to_numpy(dtype=object))  # as the door does
    frame["lead_id"] = [f"L{k:07d}" for k in range(len(frame))]
    frame = frame.assign(
        geometry=shapes,
        report_id=frame["lead_id"].str.replace("L", "R"), root_lead_id=frame["lead_id"], part_no=1,
        activity_l2=frame["activity_l1"].fillna("A99"), activity_words="", area_m2=shapely.area(shapes).round(4),
        towns=[[] for _ in rows], corrects=[[] for _ in rows], crs_source="EPSG:4490", crs_confidence="declared",
    )  # fmt: skip
    truth = frame[["lead_id", "sort", "family", "events"]].assign(
        event=[events[0] if len(events) == 1 else -1 for events in frame["events"]]
    )
    return gpd.GeoDataFrame(shape_table(frame, LEADS), geometry="geometry", crs=CRS), truth


def _subjects(start: int, family: str, group: Group) -> list[tuple[Subject, bool]]:
    """What cases may be about, and whether it lies there alone."""
    numbers = range(start, start + len(group.events))
    if group.events[0].before is not None:
        return [(Subject(family, tuple(numbers), tuple(group.events)), False)]
    return [
        (Subject(family, (k,), (event,)), len(numbers) == 1) for k, event in zip(numbers, group.events, strict=True)
    ]


def _case_frames(cases: Sequence[Case]) -> tuple[gpd.GeoDataFrame, pd.DataFrame]:
    ids = [f"K{k:07d}" for k in range(len(cases))]
    frame = pd.DataFrame(
        {
            "problem_id": ids, "source_id": "old_ledger", "orig_no": None, "lead_ids": [[] for _ in cases],
            "state": ["B9" if case.closed_date is None else "B12" for case in cases],
            "closed_date": [case.closed_date for case in cases],
            "is_closed": [case.closed_date is not None for case in cases],
            "activity_l1": [case.activity for case in cases], "known_since": [case.known_since for case in cases],
            "position_accuracy_m": [ACCURACY_M[case.geometry] for case in cases],
            "case_geometry": [case.geometry for case in cases],
        }
    ).assign(geometry=np.array([case.shape for case in cases], dtype=object))  # fmt: skip
    links = [(i, number, how) for i, case in zip(ids, cases, strict=True) for number, how in case.links]
    table = gpd.GeoDataFrame(shape_table(frame, CASES), geometry="geometry", crs=CRS)
    return table, pd.DataFrame(links, columns=["problem_id", "event", "relation"])
