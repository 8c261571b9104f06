"""Tables of what came in: files, records, leads made of them, and what went no further."""

from pipeline.declare import Table, needed, optional

INPUTS = Table(
    "inputs",
    "one file, layer or sheet as it was read",
    ("input_id", "file", "sheet"),
    (
        needed("input_id", "text", "the source's or layer's id"),
        needed("is_source", "bool", "a source of leads; else an overlay layer"),
        needed("file", "text", "file name; inside a folder or zip its path there"),
        optional("sheet", "text", "sheet or layer inside the file"),
        needed("format", "text", "Shapefile, GeoPackage, KML, xlsx, CSV …"),
        optional("encoding", "text", "encoding of its text"),
        optional("encoding_why", "text", "how the encoding was decided"),
        optional("crs_declared", "text", "CRS the source or layer file declares"),
        optional("crs_file", "text", "CRS the file itself names"),
        optional("crs_used", "text", "CRS its coordinates were taken in; empty where rows differ"),
        optional("crs_note", "text", "what speaks for or against that CRS, in words"),
        needed("columns", "list", "its columns"),
        needed("n_records", "int", "records in it"),
        needed("notes", "list", "what was done to the file as a whole, in words"),
        needed("personal", "text", "JSON: column → number of cells in which personal data were replaced"),
    ),
)


REPORTS = Table(
    "reports",
    "one record of a source as received",
    ("report_id",),
    (
        needed("report_id", "text", "made from source and content; equal records of one source are counted"),
        needed("source_id", "text", "the source file's name in sources/"),
        needed("kind", "text", "change, change_raster, points, reports, pushed, inspection or known"),
        needed("src_file", "text", "file name as received"),
        optional("src_sheet", "text", "sheet or layer inside the file"),
        optional("src_row", "int", "row in the file as a person counts it there (first record of a layer is 1)"),
        optional("orig_no", "text", "the sender's own number"),
        optional("batch", "text", "batch of the sender"),
        optional("due_date", "text", "date by which the sender wants an answer"),
        needed("received", "text", "date the file was received"),
        optional("crs_source", "text", "CRS the coordinates are in; empty where there are none"),
        optional("crs_confidence", "text", "declared, file (it says so itself), detected or doubtful"),
        needed("position_accuracy_m", "float", "one sigma, metres: of the source, or of the digits written if coarser"),
        needed("attributes", "text", "what was read, verbatim and scrubbed, as JSON; of reports only mapped columns"),
        optional("notes", "text", "what was done to the record at the door, in words"),
        optional("readings", "text", "JSON list of other places its coordinates may mean: label, x, y, crs"),
        optional("shape_wkb", "binary", "geometry in crs_source; empty where it could not be read"),
        needed("shape_content", "text", "hash of the geometry, or of the position cells, as received"),
        optional("fault", "text", "why the record could not be read: a reason code and a detail, else empty"),
    ),
)


LEADS = Table(
    "leads",
    "one place of one report, made comparable: valid, in the working CRS, measured",
    ("lead_id",),
    (
        needed("lead_id", "text", "made from what was received: kind, period, original number, geometry, words"),
        needed("report_id", "text", "the report it comes from"),
        needed("part_no", "int", "which place of the report, from 1"),
        needed("source_id", "text", "the source"),
        needed("kind", "text", "as in reports"),
        needed("source_code", "text", "where the lead came from, by codes/lead_sources.csv (YG, LD, TS, XF …)"),
        optional("orig_no", "text", "the sender's own number"),
        needed("received", "text", "date received, of a correction that of the corrected; sites join in its order"),
        optional("shows", "text", "new_ground or whole_outline; empty for points"),
        optional("period", "text", "earlier-later, e.g. 2019-2020"),
        optional("prev_date", "text", "earlier image date, ISO, as precise as known"),
        optional("curr_date", "text", "later image date, ISO, as precise as known"),
        optional("date_precision", "text", "day, month, quarter, half or year: the coarser of the two dates"),
        optional("activity_l1", "text", "level-1 activity code A1–A7; empty when unknown, and unknown equals nothing"),
        needed("activity_l2", "text", "level-2 activity code, else the level-1 code; A99 when unknown"),
        needed("activity_words", "text", "the activity as received"),
        needed("change_type", "text", "C1–C6, C9 when unknown"),
        needed("area_m2", "float", "ellipsoidal area, 0 for a point"),
        needed("lon", "float", "degrees, on the surface, in the place's geographic CRS"),
        needed("lat", "float", "degrees, as lon"),
        optional("town_code", "text", "township with the largest share"),
        optional("town", "text", "its name"),
        needed("towns", "list", "names of all townships touched, largest share first"),
        needed("position_accuracy_m", "float", "one sigma of the position, metres"),
        optional("registration_error_m", "float", "how far its images may lie off others; empty: as in rules.toml"),
        needed("crs_source", "text", "CRS the coordinates are in"),
        needed("crs_confidence", "text", "declared, file (it says so itself), detected or doubtful"),
        optional("doubt", "text", "why its position must be decided by a person, in words"),
        optional("declared_area_m2", "float", "area the sender states, in m²; empty where it states none"),
        optional("town_words", "text", "township as received"),
        optional(
            "name", "text", "what the place is called: facility or place name as received; empty for texts of persons"
        ),
        optional("notes", "text", "what was done to its dates and words, in words"),
        needed("root_lead_id", "text", "lead_id of the first version of its record: its site and case keep that id"),
        needed("corrects", "list", "lead_ids of the earlier versions of its record"),
        optional("geometry_repair", "text", "what was repaired; empty when the geometry was valid"),
        optional("legacy_state", "text", "state word of an old ledger, verbatim"),
        optional("closed_date", "text", "date of acceptance or striking off in an old ledger"),
        optional("case_geometry", "text", "for cases: outline, box, point"),
        needed("geometry", "geometry", "polygon, multipolygon or point in the working CRS"),
    ),
    "A lead that lies outside the district is here too; set_aside says so.",
)


SET_ASIDE = Table(
    "set_aside",
    "one report or lead that goes no further",
    ("report_id", "lead_id"),
    (
        needed("report_id", "text", "the report"),
        optional("lead_id", "text", "the lead; for E5 the lead that was kept; empty where none was made"),
        needed("source_id", "text", "the source"),
        needed("src_file", "text", "file name"),
        optional("src_sheet", "text", "sheet or layer"),
        optional("src_row", "int", "row in the file"),
        optional("orig_no", "text", "the sender's own number"),
        needed("stage", "text", "load, normalise or rank"),
        needed("reason", "text", "E1–E11"),
        needed("detail", "text", "in words, with the values that decided"),
    ),
)


CANDIDATES = Table(
    "candidates",
    "one place that a record may mean, where it does not say one for certain",
    ("report_id", "rank"),
    (
        needed("report_id", "text", "the record"),
        optional("lead_id", "text", "its lead, where it has one"),
        needed("source_id", "text", "the source"),
        needed("rank", "int", "from 1, the likeliest first"),
        needed("reading", "text", "words (a place name), GCJ-02, BD-09, packed or another reading of its coordinates"),
        optional("name", "text", "the place's name"),
        optional("town", "text", "its township"),
        needed("lon", "float", "degrees in the place's geographic CRS"),
        needed("lat", "float", "degrees"),
        needed("radius_m", "float", "the place lies within this distance, metres"),
        optional("score", "float", "0–1: how well the words agree; empty for readings of coordinates"),
        optional("is_outside", "bool", "it lies outside the district; empty where the place has no boundary"),
        needed("reason", "text", "in words"),
    ),
    "A candidate is never a lead: a person says which one is right.",
)
