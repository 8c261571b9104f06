"""The GeoPackage for the province: version 1.3, titled, styled, equal bytes for equal runs."""

import math
import sqlite3
from collections.abc import Mapping
from datetime import date
from decimal import ROUND_HALF_UP, Decimal
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import pyproj
import shapely

from pipeline.config import DeliveredColumn, DeliveredLayer, Delivery, Place
from pipeline.errors import ConfigError
from pipeline.geometry import to_crs
from pipeline.publish.styles import layer_style

GEOMETRY_TYPES = {"polygon": "MultiPolygon", "point": "Point"}


def file_name(delivery: Delivery, place: Place, cycle: str, as_of: date) -> str:
    """The delivery's file name from its template."""
    return delivery.file_name.format(
        province=place.province, city=place.city, county=place.county, cycle=cycle, date=as_of.strftime("%Y%m%d")
    )


def delivered_cells(rows: pd.DataFrame, column: DeliveredColumn) -> list[Any]:
    """A column's cells as delivered: converted, rounded half up (R22), None where empty.

    Raises ConfigError where the row set has no such field.
    """
    if column.field not in rows:
        raise ConfigError(f"delivery/*.toml: columns.field: {column.field}; known: {', '.join(map(str, rows.columns))}")
    return [_cell(value, column) for value in rows[column.field].tolist()]


def _cell(value: Any, column: DeliveredColumn) -> Any:
    if isinstance(value, list):
        return "、".join(value)
    if value is None or value is pd.NA or value != value:
        return None
    if column.decimals is None:
        return value.item() if isinstance(value, np.generic) else value
    exact = Decimal(repr(float(value))) * Decimal(repr(column.factor))
    return float(exact.quantize(Decimal(1).scaleb(-column.decimals), ROUND_HALF_UP))


def write_geopackage(
    path: Path, delivery: Delivery, rows: Mapping[str, pd.DataFrame], as_of: date, working_crs: pyproj.CRS
) -> None:
    """Write every layer of `delivery` from its row set; geometry goes from `working_crs` to the delivery's CRS."""
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": f"{as_of.isoformat()}T00:00:00.000Z"})
    try:
        for layer in delivery.layers:
            _write_layer(path, delivery, layer, rows[layer.rows], working_crs)
    finally:
        pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": None})
    with sqlite3.connect(path) as connection:
        _write_titles(connection, delivery)
        _write_styles(connection, delivery, as_of)
    connection.close()


def _write_layer(path: Path, delivery: Delivery, layer: DeliveredLayer, rows: pd.DataFrame, crs: pyproj.CRS) -> None:
    cells = {column.name: _typed(delivered_cells(rows, column), column) for column in layer.columns}
    frame = pd.DataFrame(cells)
    options: dict[str, Any] = {"layer": layer.name, "driver": "GPKG", "append": False}
    options |= {"layer_options": {"IDENTIFIER": layer.title, "DESCRIPTION": layer.title}}
    if not path.exists():
        options |= {"dataset_options": {"VERSION": "1.3"}}
    if layer.geometry == "none":
        pyogrio.write_dataframe(frame, path, **options)
        return
    target = pyproj.CRS.from_user_input(delivery.crs)
    shapes = to_crs(rows.geometry.to_numpy(), crs, target)
    if layer.geometry == "polygon":
        parts, owners = shapely.get_parts(shapes, return_index=True)
        shapes = shapely.multipolygons(parts, indices=owners)
    geo = gpd.GeoDataFrame(frame, geometry=shapes, crs=delivery.crs)
    pyogrio.write_dataframe(geo, path, geometry_type=GEOMETRY_TYPES[layer.geometry], **options)


def _typed(cells: list[Any], column: DeliveredColumn) -> pd.Series:
    """One dtype a column, also when it is empty, so that the schema never depends on the data."""
    if column.decimals is not None:
        return pd.Series([math.nan if cell is None else cell for cell in cells], dtype="float64")
    if column.is_integer:
        return pd.Series(cells, dtype="Int64")
    return pd.Series([None if cell is None else str(cell) for cell in cells], dtype="str")


def _write_titles(connection: sqlite3.Connection, delivery: Delivery) -> None:
    """gpkg_data_columns: the title of every column, as the schema extension says."""
    connection.execute(
        "CREATE TABLE IF NOT EXISTS gpkg_data_columns (table_name TEXT NOT NULL, column_name TEXT NOT NULL, name TEXT, "
        "title TEXT, description TEXT, mime_type TEXT, constraint_name TEXT, "
        "CONSTRAINT pk_gdc PRIMARY KEY (table_name, column_name), CONSTRAINT gdc_tn UNIQUE (table_name, name))"
    )
    connection.execute(
        "CREATE TABLE IF NOT EXISTS gpkg_data_column_constraints (constraint_name TEXT NOT NULL, "
        "constraint_type TEXT NOT NULL, value TEXT, min NUMERIC, min_is_inclusive BOOLEAN, max NUMERIC, "
        "max_is_inclusive BOOLEAN, description TEXT, CONSTRAINT gdcc_ntv UNIQUE (constraint_name, constraint_type, value))"
    )
    connection.execute(
        "CREATE TABLE IF NOT EXISTS gpkg_extensions (table_name TEXT, column_name TEXT, extension_name TEXT NOT NULL, "
        "definition TEXT NOT NULL, scope TEXT NOT NULL, CONSTRAINT ge_tce UNIQUE (table_name, column_name, extension_name))"
    )
    for table in ("gpkg_data_columns", "gpkg_data_column_constraints"):
        known = connection.execute("SELECT 1 FROM gpkg_extensions WHERE table_name = ?", (table,)).fetchone()
        if known is None:
            definition = "http://www.geopackage.org/spec121/#extension_schema"
            connection.execute(
                "INSERT INTO gpkg_extensions VALUES (?, NULL, 'gpkg_schema', ?, 'read-write')", (table, definition)
            )
    rows = [(layer.name, c.name, c.title, c.title) for layer in delivery.layers for c in layer.columns]
    connection.executemany(
        "INSERT OR REPLACE INTO gpkg_data_columns (table_name, column_name, name, title) VALUES (?, ?, ?, ?)", rows
    )


def _write_styles(connection: sqlite3.Connection, delivery: Delivery, as_of: date) -> None:
    """layer_styles: QGIS opens each layer drawn as we mean it."""
    connection.execute(
        "CREATE TABLE layer_styles (id INTEGER PRIMARY KEY AUTOINCREMENT NOT NULL, f_table_catalog TEXT(256), "
        "f_table_schema TEXT(256), f_table_name TEXT(256), f_geometry_column TEXT(256), styleName TEXT(30), styleQML TEXT, "
        "styleSLD TEXT, useAsDefault BOOLEAN, description TEXT, owner TEXT(30), ui TEXT(30), update_time DATETIME)"
    )
    day = f"{as_of.isoformat()}T00:00:00.000Z"
    connection.execute(
        "INSERT INTO gpkg_contents (table_name, data_type, identifier, description, last_change, srs_id) "
        "VALUES ('layer_styles', 'attributes', 'layer_styles', '', ?, 0)",
        (day,),
    )
    for layer in delivery.layers:
        if layer.geometry != "none":
            connection.execute(
                "INSERT INTO layer_styles (f_table_catalog, f_table_schema, f_table_name, f_geometry_column, styleName, "
                "styleQML, styleSLD, useAsDefault, description, owner, update_time) "
                "VALUES ('', '', ?, 'geom', ?, ?, '', 1, ?, '', ?)",
                (layer.name, layer.name, layer_style(layer), layer.title, day),
            )
