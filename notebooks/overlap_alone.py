# %% [markdown]
# # Overlap alone
# `overlap` works on any GeoDataFrames in one metric CRS: no place folder, no files.

# %%
import geopandas as gpd
import pyproj
import shapely

from pipeline.geometry import equal_area_crs
from pipeline.rules import OverlapRules
from pipeline.stages.overlap import overlap

crs = equal_area_crs(pyproj.CRS(4326), (120.45, 41.57))
rules = OverlapRules(sliver_m2=50, sliver_share=0.05, adjacent_m=10, outside_district_share=0.05)

# %% One lead of 100 × 100 m, and two reserves that overlap each other over it
leads = gpd.GeoDataFrame(
    {"lead_id": ["mine"], "prev_date": ["2021"], "curr_date": ["2022"], "position_accuracy_m": [5.0]},
    geometry=[shapely.box(0, 0, 100, 100)],
    crs=crs,
)
reserves = gpd.GeoDataFrame(
    {
        "layer_id": "reserves", "layer_class": "protected_area", "series": "reserves", "layer_date": None, "counts": True,
        "within_m": 0.0, "position_accuracy_m": 5.0, "sliver_m2": 50.0, "sliver_share": 0.05, "feature_key": ["a", "b"],
        "name": ["Reserve A", "Reserve B"], "level": None, "grade": None, "zone": None, "code": None, "repair": None,
    },
    geometry=[shapely.box(-50, -50, 80, 150), shapely.box(20, -50, 150, 150)],
    crs=crs,
)  # fmt: skip

# %% Two features of 80 %, and together exactly the whole lead: ground is never counted twice
rows = overlap(leads, reserves, rules)
print(
    rows[["level", "name", "overlap_m2", "overlap_low_m2", "overlap_high_m2", "overlap_share", "position"]].to_string()
)
assert rows.loc[rows["level"] == "class", "overlap_m2"].tolist() == [10_000]
assert rows.loc[rows["level"] == "feature", "overlap_share"].tolist() == [0.8, 0.8]
