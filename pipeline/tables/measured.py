"""Tables of what was measured against the layers."""

from pipeline.declare import Table, needed, optional

OVERLAPS = Table(
    "overlaps",
    "one lead or site on one class, one layer or one feature",
    ("subject", "subject_id", "level", "layer_class", "layer_id", "feature_key"),
    (
        needed("subject", "text", "lead or site"),
        needed("subject_id", "text", "lead_id or site_id"),
        needed("level", "text", "class: union of the class's voting layers; layer: union of the layer; feature"),
        optional("layer_id", "text", "the layer file's name in layers/; empty on level class"),
        needed("layer_class", "text", "wetland, forest, grassland, protected_area, redline, permit, …"),
        optional("feature_key", "text", "the feature's own number in its layer; only on level feature"),
        optional("name", "text", "name of the feature"),
        optional("grade", "text", "protection grade or level (forest grade, 国家级 …)"),
        optional("zone", "text", "zone code by codes/pa_zones.csv"),
        needed("overlap_m2", "float", "ellipsoidal area of subject ∩ union; 0 for points and where nothing is covered"),
        optional("overlap_low_m2", "float", "the overlap if the layer's boundary lay inside by the combined accuracy"),
        optional("overlap_high_m2", "float", "the overlap if it lay outside by as much"),
        needed(
            "overlap_share", "float", "overlap_m2 / subject area, 0–1; 1 for a point on the layer within its accuracy"
        ),
        needed(
            "position",
            "text",
            "inside, crossing, sliver (R04, never counts), within (within_m), tolerance (off it, but by no more than the "
            "accuracy of both), adjacent (R05) or outside",
        ),
        optional("distance_m", "float", "distance to the layer; 0 on it; empty when farther than asked"),
        optional("layer_date", "text", "data date of the layer version used"),
        optional("vintage_ok", "bool", "layer dated on or before the earlier image date; empty when either is undated"),
    ),
    "Shares over classes and layers can sum to more than 1; never add across levels. A missing class row means the "
    "class is not covered there, which is not zero.",
)


CONFLICTS = Table(
    "conflicts",
    "ground that two layers of different ecosystem classes both claim: all of it, or where two of their features do",
    ("rank",),
    (
        needed("rank", "int", "from 1: the layers, then their features; those with sites first, then the largest"),
        needed("level", "text", "layers: two layers as a whole, also where they agree; features: one feature of each"),
        needed("layer_a", "text", "the one layer, newest version received"),
        needed("class_a", "text", "its class"),
        optional("layer_date_a", "text", "its data date"),
        optional("feature_a", "text", "the feature's own number; empty on level layers"),
        optional("name_a", "text", "its name"),
        needed("layer_b", "text", "the other layer"),
        needed("class_b", "text", "as class_a"),
        optional("layer_date_b", "text", "as layer_date_a"),
        optional("feature_b", "text", "as feature_a"),
        optional("name_b", "text", "as name_a"),
        needed("overlap_m2", "float", "ellipsoidal area claimed by both; on level layers of the union of its pairs"),
        optional("share_of_smaller", "float", "overlap_m2 / area of the smaller feature, 0–1"),
        optional("is_within_accuracy", "bool", "nowhere wider than the two layers' combined position accuracy"),
        optional("n_pairs", "int", "level layers: pairs of features listed"),
        optional("n_slivers", "int", "level layers: pairs that share only a sliver (R04), which are not listed"),
        optional("sliver_m2", "float", "the area of those slivers, which overlap_m2 leaves out"),
        needed("n_sites", "int", "sites of this cycle that lie on it"),
        needed("site_ids", "list", "which"),
        optional("lon", "float", "degrees, a point on it; empty on level layers"),
        optional("lat", "float", "degrees"),
        optional("is_partial", "bool", "not all was compared, so there may be more: see above"),
    ),
    "Protected areas, redline and permits overlap lawfully and are not compared. Pairs of one layer may share ground. "
    "A raster's feature is all cells of one value, and only near the leads is it compared; of more than 50,000 features "
    "only the ground within 50 m of sites is. is_partial says so, and the areas are of that ground.",
)
