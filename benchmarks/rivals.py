"""The same table as ours, made with other tools: one whole process each, files in, table out.

    python benchmarks/rivals.py geopandas leads.parquet out.parquet forest.parquet wetland.parquet …

The table has one row per lead and layer that share more than 1e-6 m²: lead (its row in the leads file), layer (the
file's name), overlap_m2 (of the lead with the union of the layer; sedona_sum adds up instead). No rival checks
validity; geopandas_repaired does, and is the one to compare with where the input is spoilt.

`uv sync --extra bench` installs SedonaDB and DuckDB. PostGIS is asked where LEADSCREEN_PG holds a connection string
for psql, with `prepare_postgis` as its first call, which is not timed. A throw-away server, as an ordinary user:

    initdb -D /some/where/pg && pg_ctl -D /some/where/pg -o "-p 5544 -k /some/where" -w start
    createdb -h /some/where -p 5544 leads && export LEADSCREEN_PG="host=/some/where port=5544 dbname=leads"
"""

import io
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

LEAST_M2 = 1e-6  # below this, tools differ by rounding
PG = "LEADSCREEN_PG"
NOT_INSTALLED = 3  # exit code: this rival cannot run here
PIECE_CORNERS = 256  # what ST_Subdivide cuts features to


class NotInstalledError(Exception):
    """What this rival needs is not on this machine."""


def geopandas(leads: Path, layer: Path, is_repaired: bool = False) -> pd.DataFrame:
    """sjoin, intersection of every pair, union of the pieces of leads that have several."""
    import geopandas as gpd
    import shapely

    left, right = (gpd.read_parquet(path, columns=["geometry"]) for path in (leads, layer))
    if is_repaired:
        left, right = (_repaired(frame) for frame in (left, right))
    pairs = left.sjoin(right, predicate="intersects")
    lead = pairs.index.to_numpy()
    pieces = shapely.intersection(pairs.geometry.to_numpy(), right.geometry.to_numpy()[pairs["index_right"]])
    order = np.argsort(lead, kind="stable")
    lead, pieces = lead[order], pieces[order]
    starts = np.flatnonzero(np.diff(lead, prepend=-1))
    counts = np.diff(np.append(starts, len(lead)))
    overlap_m2 = shapely.area(pieces[starts])
    for k in np.flatnonzero(counts > 1):
        overlap_m2[k] = shapely.area(shapely.union_all(pieces[starts[k] : starts[k] + counts[k]]))
    return pd.DataFrame({"lead": lead[starts], "overlap_m2": overlap_m2})


def geopandas_repaired(leads: Path, layer: Path) -> pd.DataFrame:
    """geopandas, after make_valid (structure) of all that is not valid."""
    return geopandas(leads, layer, is_repaired=True)


def _repaired(frame: Any) -> Any:
    wrong = ~frame.geometry.is_valid
    frame.loc[wrong, "geometry"] = frame.geometry[wrong].make_valid(method="structure", keep_collapsed=False)
    return frame


def overlay(leads: Path, layer: Path) -> pd.DataFrame:
    """geopandas.overlay, then dissolve per lead."""
    import geopandas as gpd

    left, right = (gpd.read_parquet(path, columns=["geometry"]) for path in (leads, layer))
    pieces = gpd.overlay(left.assign(lead=left.index), right, how="intersection")
    whole = pieces.dissolve(by="lead")
    return pd.DataFrame({"lead": whole.index, "overlap_m2": whole.area.to_numpy()})


def sedona(leads: Path, layer: Path, area: str = "ST_Area(ST_UnaryUnion(ST_Collect_Agg({piece})))") -> pd.DataFrame:
    """SedonaDB: join and intersection, then the union of what was collected per lead."""
    try:
        import sedonadb
    except ImportError as error:
        raise NotInstalledError("sedonadb") from error
    session = sedonadb.connect()
    session.read_parquet(str(leads)).to_view("leads")
    session.read_parquet(str(layer)).to_view("features")
    return _numbered(leads, session.sql(_join(area)).to_pandas())


def sedona_sum(leads: Path, layer: Path) -> pd.DataFrame:
    """SedonaDB without a union: ground that two features claim counts twice, so the table is another."""
    return sedona(leads, layer, "sum(ST_Area({piece}))")


def duckdb(leads: Path, layer: Path) -> pd.DataFrame:
    """DuckDB with its spatial extension, which must have been installed before."""
    try:
        import duckdb as database

        session = database.connect()
        session.execute("LOAD spatial")
    except Exception as error:  # ImportError, or one of its own for an extension that is not there
        raise NotInstalledError("duckdb with its spatial extension (INSTALL spatial)") from error
    for name, path in (("leads", leads), ("features", layer)):
        session.execute(f"CREATE VIEW {name} AS SELECT * FROM read_parquet('{path.as_posix()}')")
    return _numbered(leads, session.execute(_join("ST_Area(ST_Union_Agg({piece}))")).df())


def _join(area: str) -> str:
    piece = "ST_Intersection(l.geometry, f.geometry)"
    return (
        f"SELECT l.lead_id AS lead_id, {area.format(piece=piece)} AS overlap_m2 FROM leads AS l JOIN features AS f "
        "ON ST_Intersects(l.geometry, f.geometry) GROUP BY l.lead_id"
    )


def _numbered(leads: Path, rows: pd.DataFrame) -> pd.DataFrame:
    """lead_id as the row of the leads file."""
    ids = pd.read_parquet(leads, columns=["lead_id"])["lead_id"]
    return pd.DataFrame({"lead": pd.Index(ids).get_indexer(rows["lead_id"]), "overlap_m2": rows["overlap_m2"]})


def prepare_postgis(leads: Path, layers: list[Path]) -> None:
    """Tables leads and one per layer, its features cut by ST_Subdivide; both indexed and analysed."""
    statements = {"leads": "CREATE TABLE leads AS SELECT row AS lead, geom FROM raw"}
    for layer in layers:
        statements[layer.stem] = (
            f'CREATE TABLE "{layer.stem}" AS SELECT ST_Subdivide(geom, {PIECE_CORNERS}) AS geom FROM raw'
        )
    _psql("CREATE EXTENSION IF NOT EXISTS postgis")
    for path in (leads, *layers):
        name = "leads" if path == leads else path.stem
        _psql("DROP TABLE IF EXISTS raw; CREATE TABLE raw (row int, geom geometry)")
        _psql("COPY raw FROM STDIN", _hex_rows(path))
        _psql(
            f'DROP TABLE IF EXISTS "{name}"; {statements[name]}; DROP TABLE raw; '
            f'CREATE INDEX ON "{name}" USING gist (geom); VACUUM ANALYZE "{name}"'
        )


def _hex_rows(path: Path) -> str:
    """Row number and geometry as text for COPY."""
    column = pd.read_parquet(path, columns=["geometry"])["geometry"]
    return "".join(f"{row}\t{shape.hex()}\n" for row, shape in enumerate(column))


def postgis(leads: Path, layer: Path) -> pd.DataFrame:
    """PostGIS with prepared tables: union of the pieces per lead."""
    query = (
        "SELECT l.lead, ST_Area(ST_Union(ST_Intersection(l.geom, f.geom))) AS overlap_m2 "
        f'FROM leads l JOIN "{layer.stem}" f ON ST_Intersects(l.geom, f.geom) GROUP BY l.lead'
    )
    return pd.read_csv(io.StringIO(_psql(f"COPY ({query}) TO STDOUT WITH (FORMAT csv, HEADER)")))


def _psql(statements: str, rows: str | None = None) -> str:
    """What psql prints for statements parted by ;, each in a transaction of its own."""
    if PG not in os.environ:
        raise NotInstalledError(f"a PostGIS database: set {PG}")
    commands = [part for one in statements.split(";") for part in ("-c", one)]
    command = ["psql", os.environ[PG], "-X", "-q", "-v", "ON_ERROR_STOP=1", *commands]
    quiet = os.environ | {"PGOPTIONS": "-c client_min_messages=warning"}
    return subprocess.run(command, input=rows, stdout=subprocess.PIPE, text=True, check=True, env=quiet).stdout


RIVALS = {
    rival.__name__: rival for rival in (geopandas, geopandas_repaired, overlay, sedona, sedona_sum, duckdb, postgis)
}


def make_table(rival: str, leads: Path, out: Path, layers: list[Path]) -> None:
    """The rival's rows of all layers as one Parquet file."""
    rows = pd.concat([RIVALS[rival](leads, layer).assign(layer=layer.stem) for layer in layers], ignore_index=True)
    rows = rows[rows["overlap_m2"] > LEAST_M2].astype({"lead": "int64", "overlap_m2": "float64"})
    rows.sort_values(["layer", "lead"])[["lead", "layer", "overlap_m2"]].to_parquet(out, index=False)


def main(rival: str, leads: str, out: str, *layers: str) -> int:
    """Exit code 3 where the rival is not installed."""
    try:
        if rival == "prepare_postgis":
            prepare_postgis(Path(leads), [Path(layer) for layer in layers])
        else:
            make_table(rival, Path(leads), Path(out), [Path(layer) for layer in layers])
    except NotInstalledError as missing:
        print(f"{rival} is left out: {missing} is not there", file=sys.stderr)
        return NOT_INSTALLED
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
