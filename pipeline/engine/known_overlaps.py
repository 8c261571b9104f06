"""Rows of overlaps that an earlier run made of the same subject on the same ground, so that only what is new is measured."""

import hashlib
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import shapely
from xxhash import xxh3_128_hexdigest

from pipeline.cache import About, Cache, find, keep, made_by, make_key
from pipeline.declare import shape_table
from pipeline.rules import OverlapRules
from pipeline.tables import OVERLAPS

ROWS, SUBJECTS = "rows.parquet", "subjects.parquet"
DECIDES = ("prev_date", "curr_date", "position_accuracy_m")  # of a subject, beside its shape


def ground_content(
    layers: gpd.GeoDataFrame, versions: pd.DataFrame, coverage: dict[str, Any], rules: OverlapRules
) -> str:
    """The name of everything but the subject that an overlap depends on."""
    digest = hashlib.sha256()
    for wkb in shapely.to_wkb(layers.geometry.to_numpy()):
        digest.update(len(wkb).to_bytes(8, "big") + wkb)
    for frame in (pd.DataFrame(layers).drop(columns="geometry"), versions):
        digest.update(json.dumps(list(frame.columns)).encode())
        digest.update(pd.util.hash_pandas_object(frame.astype(str), index=False).to_numpy().tobytes())
    covered = {name: None if area is None else shapely.to_wkb(area, hex=True) for name, area in coverage.items()}
    crs = "" if layers.crs is None else layers.crs.to_wkt()
    return make_key("overlaps", made_by(), digest.hexdigest(), json.dumps(covered), rules.model_dump_json(), crs)


def only_new(
    measure: Callable[[gpd.GeoDataFrame], pd.DataFrame],
    subjects: gpd.GeoDataFrame,
    subject: str,
    ground: str,
    cache: Cache,
) -> pd.DataFrame:
    """Table overlaps of `subjects`: rows that are kept of them on this ground, and `measure(…)` of the others.

    `measure` must give each subject the same rows whatever the others are.
    """
    ids, content = subjects[f"{subject}_id"], _content(subjects)
    key = make_key(ground, subject)
    kept = _read(cache, key)
    is_known = np.zeros(len(subjects), dtype=bool)
    old = pd.DataFrame(columns=OVERLAPS.names)
    if kept is not None:
        old, known = kept
        is_known = (ids.map(known) == content).to_numpy()
    new = old.iloc[:0] if is_known.all() else measure(subjects[~is_known])
    parts = [part for part in (old[old["subject_id"].isin(ids[is_known])], new) if len(part)]
    rows = shape_table(pd.concat(parts, ignore_index=True) if parts else new, OVERLAPS)
    if not is_known.all():
        about = About(f"overlaps_{subject}", OVERLAPS.name, "", n=len(rows))
        keep(cache, key, about, lambda folder: _write(rows, ids, content, folder), is_update=True)
    return rows


def _content(subjects: gpd.GeoDataFrame) -> pd.Series:
    """128 bits per subject, hex: of its shape and of what else decides."""
    words = zip(*(subjects[name].tolist() for name in DECIDES), strict=True)
    wkb = shapely.to_wkb(subjects.geometry.to_numpy())
    digests = [xxh3_128_hexdigest(repr(word).encode() + shape) for word, shape in zip(words, wkb, strict=True)]
    return pd.Series(digests, index=subjects.index, dtype="str")


def _write(rows: pd.DataFrame, ids: pd.Series, content: pd.Series, folder: Path) -> None:
    rows.to_parquet(folder / ROWS, compression="zstd")
    pd.DataFrame({"id": ids.to_numpy(), "content": content.to_numpy()}).to_parquet(folder / SUBJECTS)


def _read(cache: Cache, key: str) -> tuple[pd.DataFrame, pd.Series] | None:
    folder = find(cache, key)
    if folder is None:
        return None
    try:
        known = pd.read_parquet(folder / SUBJECTS)
        return pd.read_parquet(folder / ROWS), known.set_index("id")["content"]
    except OSError:  # trimmed by another run a moment ago
        return None
