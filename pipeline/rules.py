"""Every number an expert may argue with, as rules.toml must give it; none has a hidden default.

The ids (R01 …) are those of docs/rules.md. Values are checked against the ranges below.
"""

from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field

CORE_ZONES = ("Z1", "Z12", "N1")  # R02 sets no minimum area here
CONSTRUCTION = ("A1", "A2", "A3", "A4", "A5", "A6")  # R01 is theirs, R02 that of the others
Share = Annotated[float, Field(ge=0, le=1)]
Metres = Annotated[float, Field(ge=0, le=100_000)]
SquareMetres = Annotated[float, Field(ge=0)]
Points = Annotated[int, Field(ge=0, le=100)]


class Frozen(BaseModel):
    """A config section: unknown keys are faults, values cannot change after reading."""

    model_config = ConfigDict(frozen=True, extra="forbid", populate_by_name=True)


class AreaRules(Frozen):
    """R01–R02: the smallest site that is listed."""

    min_construction_m2: SquareMetres
    min_other_m2: SquareMetres


class LocateRules(Frozen):
    """R10, R12, R16–R17 and R24: where coordinates may lie, how far words reach, when a group is shifted."""

    margin_m: Metres
    parts_apart_m: Metres
    village_radius_m: Metres
    group_radius_m: Metres
    poi_radius_m: Metres
    town_radius_m: Metres
    shifted_near_m: Metres
    shifted_least_points: Annotated[int, Field(ge=1)]
    shifted_least_share: Share
    shifted_most_share: Share
    area_tolerance_share: Share
    area_tolerance_m2: SquareMetres


class OverlapRules(Frozen):
    """R04–R05 and R18."""

    sliver_m2: SquareMetres
    sliver_share: Share
    adjacent_m: Metres
    outside_district_share: Share


class MergeRules(Frozen):
    """R08–R13: when two leads are one place and one event."""

    same_iou: Share
    same_containment: Share
    same_shifted_iou: Share
    registration_error_m: Metres
    true_overlap_share: Share
    true_overlap_left_share: Share
    drawn_front_gap_m: Metres
    front_m: Metres
    drawn_front_share: Share
    exact_front_gap_m: Metres
    exact_front_share: Share
    coarse_grid_m: Metres
    near_containment: Share
    near_m: Metres
    other_activity_iou: Share
    explained_iou: Share
    bridge_m: Metres
    max_extent_m: Metres
    max_extent_ratio: Annotated[float, Field(ge=1)]
    max_extent_accuracies: Annotated[float, Field(ge=1)]
    max_leads: Annotated[int, Field(ge=1)]
    point_same_m: Metres
    point_margin_m: Metres
    point_review_m: Metres
    point_review_extra_m: Metres
    points_same_m: Metres
    points_review_m: Metres
    text_review_m: Metres


class MatchRules(Frozen):
    """R14 and the relations of contract §4."""

    same_outside_share: Share
    tolerance_sigmas: Annotated[float, Field(ge=0, le=5)]
    front_gap_m: Metres
    front_share: Share
    rebound_m2: SquareMetres
    rebound_share: Share
    rebound_point_m: Metres
    box_share: Share
    box_cover_share: Share
    same_name_share: Share
    adjacent_m: Metres


class RankRules(Frozen):
    """R29: points per reason; the highest of each group counts, the groups add up to at most 100."""

    zone_points: dict[str, Points]
    redline_points: Points
    wetland_points: Points
    forest_grade_points: dict[str, Points]
    grassland_points: Points
    activity_key8_points: Points
    activity_points: Points
    activity_other_points: Points
    low_impact_points: Points
    low_impact_activities: list[str]
    area_points: list[tuple[SquareMetres, Points]]
    trust_points: dict[str, Points]
    several_sources_points: Points
    rebound_points: Points
    grown_points: Points
    strict_zones: list[str]
    high_forest_grades: list[str]
    large_wetland_m2: SquareMetres
    important_levels: list[str]
    inspection_sources: list[str]


class DeadlineRules(Frozen):
    """R19."""

    check_working_days: Annotated[int, Field(ge=0)]


class Rules(Frozen):
    """All of rules.toml."""

    areas: AreaRules
    locate: LocateRules
    overlap: OverlapRules
    merge: MergeRules
    match: MatchRules
    rank: RankRules
    deadline: DeadlineRules
