"""Merge, sites and match once on the leads and cases of a folder: what is timed, in a process of its own.

    python benchmarks/merge_once.py FOLDER

The folder holds leads.parquet and cases.parquet, as merge_quality.py --time writes them.
"""

import sys
import tomllib
from pathlib import Path

import geopandas as gpd
import pandas as pd

from pipeline.declare import Table
from pipeline.memory import rarely_searched
from pipeline.rules import Rules
from pipeline.stages.match import match
from pipeline.stages.merge import merge
from pipeline.stages.sites import build_sites
from pipeline.tables import CASES, LEADS

RULES = Path(__file__).parents[1] / "configs" / "tapajos" / "rules.toml"


def read_rules() -> Rules:
    return Rules.model_validate(tomllib.loads(RULES.read_text(encoding="utf-8")))


def no_layers(crs: object) -> gpd.GeoDataFrame:
    """Layers as match takes them, none of them."""
    columns = {"counts": bool, "layer_id": str, "layer_class": str, "zone": str}
    frame = pd.DataFrame({name: pd.Series([], dtype=kind) for name, kind in columns.items()})
    return gpd.GeoDataFrame(frame, geometry=gpd.GeoSeries([], crs=crs))


@rarely_searched()
def run(
    leads: gpd.GeoDataFrame, cases: gpd.GeoDataFrame, rules: Rules
) -> tuple[pd.DataFrame, pd.DataFrame, gpd.GeoDataFrame, gpd.GeoDataFrame]:
    """(merges, members, sites, matches) as the job makes them, without layers."""
    merges, members = merge(leads, rules.merge, "en")
    sites, growth = build_sites(leads, members, merges=merges)
    return merges, members, sites, match(sites, cases, no_layers(leads.crs), rules, "en", growth=growth, leads=leads)


def read(path: Path, table: Table) -> gpd.GeoDataFrame:
    """A table as the stages take it: Parquet gives lists back as arrays."""
    frame = gpd.read_parquet(path)
    lists = {column.name: frame[column.name].map(list) for column in table.columns if column.kind == "list"}
    return frame.assign(**lists)


if __name__ == "__main__":
    folder = Path(sys.argv[1])
    run(read(folder / "leads.parquet", LEADS), read(folder / "cases.parquet", CASES), read_rules())
