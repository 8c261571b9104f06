"""Tables of what was judged: pairs, sites and their growth, known cases, the list, and what became of every lead."""

from pipeline.declare import Table, needed, optional

LEDGER, JUDGED = "ledger", "decisions"  # source_id of cases accepted here, and of ground that a person judged

MERGES = Table(
    "merges",
    "one judged pair of leads",
    ("lead_a", "lead_b"),
    (
        needed("lead_a", "text", "the earlier lead in joining order"),
        needed("lead_b", "text", "the later one"),
        needed("rule", "text", "the rule that decided (docs/rules.md lists them); person where someone did"),
        optional("iou", "float", "intersection over union, holes filled, 0–1"),
        optional("containment", "float", "intersection over the smaller area, 0–1"),
        optional("shifted_iou", "float", "iou once shifted by the registration error at most; where that was asked"),
        optional("front_m", "float", "length of the common front, metres"),
        optional("front_share", "float", "front over the shorter perimeter, 0–1"),
        needed("gap_m", "float", "distance between the two, metres"),
        optional("days", "int", "days from the one's later image date to the other's, middle of what is known"),
        needed("activity", "text", "same, other or unknown: whether the level-1 activities agree"),
        needed("accuracy_a_m", "float", "position accuracy of lead_a, one sigma"),
        needed("accuracy_b_m", "float", "of lead_b"),
        needed("decision", "text", "same, review or apart"),
        needed("reason", "text", "in words"),
    ),
    "Only pairs nearer than the widest rule are judged; all others are apart.",
)


SITES = Table(
    "sites",
    "leads that are one place and one event over sources and years",
    ("site_id",),
    (
        needed("site_id", "text", "from its first lead (earliest received)"),
        needed("lead_ids", "list", "its leads in joining order"),
        optional("first_period", "text", "earliest period"),
        optional("last_period", "text", "latest period"),
        needed("n_sources", "int", "number of different sources"),
        needed("is_text_only", "bool", "all its leads are words of persons: no case is taken for it without a person"),
        optional("activity_l1", "text", "level-1 activity"),
        needed("activity_l2", "text", "level-2 activity"),
        needed("change_type", "text", "change type of the latest lead that knows it"),
        optional("prev_date", "text", "earliest earlier date"),
        optional("curr_date", "text", "latest later date"),
        needed("area_m2", "float", "ellipsoidal area of the union"),
        needed("in_place_m2", "float", "of that, inside the place's boundary"),
        needed("growth", "text", "JSON: period → area newly covered in it, m²"),
        needed("position_accuracy_m", "float", "the best of its leads"),
        optional("doubt", "text", "why a person must say where it lies; then it is listed whatever it lies on"),
        needed("corrected_leads", "list", "lead_ids of earlier records that its leads correct"),
        needed(
            "neighbour_ids", "list", "site_ids of sites judged against it that stay apart from it, or are asked about"
        ),
        needed("absorbed_ids", "list", "site_ids its leads bore before they became one site"),
        optional("joined_by", "text", "what made them one: lead (a later one), person or both; empty where none"),
        optional("split_from", "text", "site_id of the site that a person parted it from"),
        needed(
            "needs_review", "bool", "a pair of its leads is undecided, its position is, or persons disagree about it"
        ),
        optional("review_reason", "text", "why, in words"),
        needed("geometry", "geometry", "union of its polygons, or its best point"),
    ),
)


GROWTH = Table(
    "growth",
    "one period of one site: what was newly covered in it",
    ("site_id", "period"),
    (
        needed("site_id", "text", "the site"),
        needed("period", "text", "the period"),
        needed("lead_ids", "list", "outlines of this period, in joining order"),
        needed("new_m2", "float", "ellipsoidal area that no earlier period covered"),
        needed("total_m2", "float", "area covered by then"),
        optional("geometry", "geometry", "the ground newly covered, in the working CRS; empty where there is none"),
    ),
    "Points and undated outlines have no row.",
)

CASES = Table(
    "cases",
    "one known case as this run saw it",
    ("problem_id",),
    (
        needed("problem_id", "text", "official number, or an id made here for a case without one"),
        needed("source_id", "text", "the known source, or ledger"),
        optional("orig_no", "text", "number in the old ledger"),
        needed("lead_ids", "list", "leads the case is known by"),
        needed("state", "text", "state code B1–B16; a case without state is open (B9)"),
        optional("closed_date", "text", "date of acceptance or striking off"),
        needed("is_closed", "bool", "accepted or struck off"),
        optional("activity_l1", "text", "level-1 activity"),
        optional("name", "text", "what it is called: facility or place"),
        optional("town", "text", "its township"),
        optional(
            "judged", "text", "what a person found there and when, in words: such ground is not asked about again"
        ),
        optional("known_since", "text", "date the case was last seen in: the later image date, else received"),
        needed("position_accuracy_m", "float", "metres"),
        needed("case_geometry", "text", "outline, box, point or none"),
        optional("geometry", "geometry", "footprint in the working CRS"),
    ),
)


MATCHES = Table(
    "matches",
    "one site against one known case",
    ("site_id", "problem_id"),
    (
        needed("site_id", "text", "the site"),
        needed("problem_id", "text", "the case"),
        needed("case_geometry", "text", "outline, box, point or none"),
        needed("relation", "text", "same, grown, rebound, adjacent or review"),
        needed("overlap_m2", "float", "site ∩ case"),
        needed("outside_m2", "float", "site outside this case"),
        optional("front_m", "float", "common front"),
        optional("front_share", "float", "front over the shorter perimeter"),
        optional("gap_m", "float", "distance; empty where only names were compared"),
        needed("new_m2", "float", "ellipsoidal area of geometry: the site outside every known case"),
        optional("since", "text", "date from which it is new: that of the latest of the cases it belongs to"),
        needed("other_problem_ids", "list", "other cases that the site meets, the longest front first"),
        needed("reason", "text", "in words"),
        optional("geometry", "geometry", "the part of the site outside every known case; empty when none is left"),
    ),
)


PROBLEMS = Table(
    "problems",
    "one suspected problem on this cycle's list",
    ("rank",),
    (
        needed("rank", "int", "place on the list, from 1"),
        needed("candidate_id", "text", "from the site"),
        optional("problem_id", "text", "official number, once accepted"),
        optional("known_problem_id", "text", "the known case it belongs to or borders"),
        needed("site_id", "text", "the site"),
        needed("lead_ids", "list", "its leads"),
        needed("source_ids", "list", "its sources"),
        needed("orig_nos", "list", "the senders' own numbers"),
        needed("periods", "list", "its periods"),
        optional("prev_date", "text", "earliest earlier date"),
        optional("curr_date", "text", "latest later date"),
        needed("relation", "text", "new, grown, rebound, adjacent or review"),
        needed("admin_code", "text", "code of the district"),
        optional("town_code", "text", "township with the largest share"),
        optional("town", "text", "its name"),
        needed("towns", "list", "all townships touched"),
        needed("lon", "float", "degrees, point on the surface"),
        needed("lat", "float", "degrees"),
        optional("activity_l1", "text", "level-1 activity"),
        needed("activity_l2", "text", "level-2 activity"),
        needed("change_type", "text", "change type"),
        needed("area_m2", "float", "area of the site"),
        needed("new_m2", "float", "of that, outside every known case"),
        optional("wetland_m2", "float", "on wetland; empty where no wetland layer covers the site"),
        optional("forest_m2", "float", "on forest; empty as above"),
        optional("grassland_m2", "float", "on grassland; empty as above"),
        optional("protected_area_m2", "float", "in protected areas; empty as above"),
        optional("redline_m2", "float", "inside the redline; empty as above"),
        optional("pa_name", "text", "protected areas, largest overlap first"),
        optional("pa_level", "text", "their highest level"),
        optional("zone", "text", "strictest zone code touched"),
        optional("forest_grade", "text", "strictest forest protection grade touched"),
        optional("wetland_name", "text", "named wetlands touched"),
        optional("permits", "text", "permits the site lies on: they explain, and never count"),
        needed("priority", "int", "1, 2 or 3 (一类 二类 三类)"),
        needed("score", "int", "0–100: the sum of the points in reasons"),
        needed("reasons", "text", "JSON list of {code, points, text, names_source, is_secret}"),
        needed("department", "text", "lead department"),
        needed("check_due", "text", "date by which to check"),
        optional("vintage_ok", "bool", "false when a layer is younger than the change"),
        needed("needs_review", "bool", "a person has to decide something first"),
        optional("review_reason", "text", "what, in words"),
        needed("geometry", "geometry", "the site, in the working CRS"),
    ),
)


OUTCOMES = Table(
    "outcomes",
    "one lead and what became of it",
    ("lead_id",),
    (
        needed("lead_id", "text", "the lead"),
        needed("source_id", "text", "its source"),
        needed("outcome", "text", "listed, known, information or set_aside"),
        optional("site_id", "text", "the site it joined"),
        optional("candidate_id", "text", "the suspected problem"),
        optional("known_problem_id", "text", "the known case"),
        needed("reason", "text", "in words"),
    ),
)
