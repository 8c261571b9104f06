"""Make leads and four layers to measure on, from a fixed seed.

    python benchmarks/workload.py S folder [--dirty 0.01]

Writes leads.parquet, forest.parquet, grassland.parquet, wetland.parquet and protected_area.parquet, in metres.
"""

import argparse
from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import numpy as np
import pyproj
import rasterio.features
import shapely
from rasterio.transform import from_origin

from pipeline.geometry import equal_area_crs

SEED = 20_261_104
CRS = equal_area_crs(pyproj.CRS(4490), (120.4, 41.6))
PERIODS = ("2020-2021", "2021-2022", "2022-2023")
GRID_M = 10  # cells of the leads of the first two periods, as classified Sentinel-2 gives them
ROW_GROUP = 10_000  # small enough that a county reads a few of a nation's row groups
LEAD_CORNERS = (10, 20, 30, 40, 60)
WET_CORNERS = (24, 48, 96, 192, 384)
ZONE_CORNERS = (48, 96, 192, 384, 768)
Shapes = Any  # a numpy array of polygons
Dice = np.random.Generator


class Size(NamedTuple):
    """A square of side × side tiles, the leads on it, how finely its giants are drawn, and the share of spoilt shapes."""

    leads: int
    side: int
    giant_corners: int
    tile_m: int = 15_360
    most_corners: int | None = None  # features with more are left out
    dirty: float = 0.0

    @property
    def width_m(self) -> int:
        return self.side * self.tile_m


SIZES = {
    "XS": Size(500, 1, 5_000, tile_m=11_520),
    "S": Size(10_000, 4, 130_000),
    "X": Size(10_000, 4, 130_000, dirty=0.01),
    "M": Size(100_000, 9, 288_000),
    "Mn": Size(100_000, 9, 288_000, most_corners=1_000),
    "L": Size(1_000_000, 16, 520_000),
}


def noise_image(dice: Dice, n: int, slope: float) -> Any:
    """An n × n image whose spectrum falls as frequency ** -slope: smooth where the slope is steep, never regular."""
    frequency = np.hypot(np.fft.fftfreq(n)[:, None], np.fft.rfftfreq(n)[None, :])
    frequency[0, 0] = 1
    return np.fft.irfft2(np.fft.rfft2(dice.standard_normal((n, n))) * frequency**-slope, s=(n, n))


def noise_rows(dice: Dice, n: int, length: int, slope: float) -> Any:
    """n closed rows of fractal noise, each with mean 0 and deviation 1."""
    waves = np.fft.rfft(dice.standard_normal((n, length)), axis=1)
    waves[:, 1:] *= np.arange(1, waves.shape[1]) ** -slope
    waves[:, 0] = 0
    rows = np.fft.irfft(waves, n=length, axis=1)
    return rows / rows.std(axis=1, keepdims=True)


def stars(dice: Dice, centres: Any, radii_m: Any, corners: Any) -> Shapes:
    """Fractal outlines around centres, one a row: any ray from the centre crosses once, so every outline is valid."""
    polygons = np.empty(len(centres), dtype=object)
    for count in np.unique(corners):
        chosen = np.flatnonzero(corners == count)
        angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
        reach_m = radii_m[chosen, None] * np.clip(1 + 0.3 * noise_rows(dice, len(chosen), count, 1.1), 0.35, 1.9)
        ring = reach_m[:, :, None] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        polygons[chosen] = shapely.polygons(centres[chosen, None, :] + ring)
    return polygons


def pierce(dice: Dice, polygons: Shapes, centres: Any, radii_m: Any, most: int) -> Shapes:
    """The stars with 0 to `most` ≤ 6 holes each, around the centre and clear of the outline and of each other."""
    pierced = polygons.copy()
    for k, count in enumerate(dice.integers(0, most + 1, len(polygons))):
        angles = np.linspace(0, 2 * np.pi, count, endpoint=False)
        middles = centres[k] + 0.2 * radii_m[k] * np.stack([np.cos(angles), np.sin(angles)], axis=1)
        corners = np.full(count, max(12, shapely.get_num_coordinates(polygons[k]) // 50))
        holes = stars(dice, middles, np.full(count, 0.05 * radii_m[k]), corners)
        pierced[k] = shapely.Polygon(polygons[k].exterior, [hole.exterior for hole in holes])
    return pierced


def scaled(polygons: Shapes, centres: Any, factors: Any) -> Shapes:
    """Each polygon larger or smaller around its centre."""
    xy, row = shapely.get_coordinates(polygons, return_index=True)
    return shapely.set_coordinates(polygons.copy(), centres[row] + (xy - centres[row]) * factors[row, None])


def outlines(image: Any, corner: Any, cell_m: float) -> Shapes:
    """Stair-step outlines of the regions of one value above 0; `corner` is the lower left of the image."""
    transform = from_origin(corner[0], corner[1] + len(image) * cell_m, cell_m, cell_m)
    found = rasterio.features.shapes(image, mask=image > 0, transform=transform)
    return np.array([shapely.Polygon(shape["coordinates"][0], shape["coordinates"][1:]) for shape, _ in found], object)


def mosaic(dice: Dice, corner: Any, tile_m: int, cell_m: int, slope: float, kept: tuple[bool, ...]) -> Shapes:
    """A tile of touching patches of land cover, five cells and more; classes that are not kept are the gaps."""
    height = noise_image(dice, tile_m // cell_m, slope)
    steps = np.quantile(height, np.linspace(0, 1, len(kept) + 1)[1:-1])
    image = rasterio.features.sieve(np.searchsorted(steps, height).astype(np.uint8) + 1, 5)
    return outlines(image * np.array((False, *kept))[image], corner, cell_m)


def forest(dice: Dice, corner: Any, size: Size) -> Shapes:
    return mosaic(dice, corner, size.tile_m, 30, 1.3, (False, True, False, True, True, False))


def grassland(dice: Dice, corner: Any, size: Size) -> Shapes:
    return mosaic(dice, corner, size.tile_m, 10, 1.4, (False, True, False, False, True, False, False))


def wetland(dice: Dice, corner: Any, size: Size) -> Shapes:
    """Ponds and marshes with islands; they may overlap, as maps of several years laid together do."""
    n = round(2.3e-6 * size.tile_m**2)
    centres, radii_m = corner + dice.uniform(0, size.tile_m, (n, 2)), dice.lognormal(4.6, 0.7, n)
    ponds = stars(dice, centres, radii_m, dice.choice(WET_CORNERS, n))
    return pierce(dice, ponds, centres, radii_m, 2)


def protected_area(dice: Dice, corner: Any, size: Size) -> Shapes:
    """Reserves whose inner zones lie on the outer ones, and which overlap each other."""
    n = round(6e-8 * size.tile_m**2)
    centres, radii_m = corner + dice.uniform(0, size.tile_m, (n, 2)), dice.lognormal(6.3, 0.6, n)
    outer = stars(dice, centres, radii_m, dice.choice(ZONE_CORNERS, n))
    zones = [scaled(outer, centres, np.full(n, factor)) for factor in (0.7, 0.4)]
    return np.concatenate([pierce(dice, outer, centres, radii_m, 4), *zones])


def giant_reserves(dice: Dice, size: Size) -> Shapes:
    """A few reserves as large as a county, drawn in full detail."""
    n = 2 + size.side // 2
    centres, radii_m = dice.uniform(-0.4, 0.4, (n, 2)) * size.width_m, dice.uniform(0.12, 0.24, n) * size.width_m
    shells = stars(dice, centres, radii_m, np.full(n, size.giant_corners))
    return pierce(dice, shells, centres, radii_m, 6)


def rivers(dice: Dice, size: Size) -> Shapes:
    """Two arms each, from edge to edge: where they part, an island is left."""
    n, corners = 2 + size.side // 4, size.giant_corners // 4
    x = np.linspace(-0.5, 0.5, corners) * size.width_m
    middle = dice.uniform(-0.4, 0.4, (n, 1)) * size.width_m + 0.04 * size.width_m * noise_rows(dice, n, corners, 1.4)
    arms = [middle + 90 * noise_rows(dice, n, corners, 1.2) for _ in range(2)]
    banks = [[shapely.buffer(shapely.linestrings(x, y), 40, quad_segs=2) for y in arm] for arm in arms]
    courses = shapely.union(*(np.array(bank, dtype=object) for bank in banks))
    courses[::2] = shapely.transform(courses[::2], lambda xy: xy[:, ::-1])
    return shapely.get_parts(courses)


LAYERS: dict[str, tuple[Callable[[Dice, Any, Size], Shapes], Callable[[Dice, Size], Shapes] | None]] = {
    "forest": (forest, None),
    "grassland": (grassland, None),
    "wetland": (wetland, rivers),
    "protected_area": (protected_area, giant_reserves),
}


def tile_corners(size: Size) -> Any:
    """Lower left corners of the tiles, in metres."""
    steps = np.arange(size.side) * size.tile_m - size.width_m / 2
    return np.array([(x, y) for x in steps for y in steps])


def make_layer(name: str, size: Size) -> Shapes:
    """All features of a layer; each tile has dice of its own."""
    in_tile, across = LAYERS[name]
    stream = list(LAYERS).index(name)
    tiles = [
        in_tile(np.random.default_rng((SEED, stream, k)), corner, size) for k, corner in enumerate(tile_corners(size))
    ]
    if across is not None:
        tiles.append(across(np.random.default_rng((SEED, stream + 100)), size))
    shapes = np.concatenate(tiles)
    return shapes if size.most_corners is None else shapes[shapely.get_num_coordinates(shapes) <= size.most_corners]


def tile_leads(dice: Dice, corner: Any, tile_m: int, count: int) -> tuple[Shapes, Any]:
    """`count` leads of a tile and their periods: spots, half of them crowded, seen in some years and growing."""
    n = count + 20
    crowds = dice.uniform(0, tile_m, (1 + n // 60, 2))
    crowded = dice.choice(crowds, n) + dice.normal(0, 400, (n, 2))
    spots = corner + np.where(dice.random((n, 1)) < 0.5, np.clip(crowded, 0, tile_m), dice.uniform(0, tile_m, (n, 2)))
    radii_m = np.sqrt(np.clip(dice.lognormal(8.2, 1.3, n), 250, 500_000) / np.pi)
    drawn = stars(dice, spots, radii_m, dice.choice(LEAD_CORNERS, n))
    leads, periods = [], []
    for k, period in enumerate(PERIODS):
        grown = scaled(drawn, spots, dice.uniform(1, 1.2, n) ** k)[dice.random(n) < 0.6]
        if k < 2:
            edge = (tile_m // GRID_M,) * 2
            transform = from_origin(corner[0], corner[1] + tile_m, GRID_M, GRID_M)
            numbered = [(shape, number) for number, shape in enumerate(grown, 1)]
            grown = outlines(
                rasterio.features.rasterize(numbered, edge, transform=transform, dtype=np.int32), corner, GRID_M
            )
        grown = grown[shapely.area(grown) >= 200]
        leads.append(grown)
        periods.append(np.full(len(grown), period))
    chosen = dice.permutation(sum(map(len, leads)))[:count]
    return np.concatenate(leads)[chosen], np.concatenate(periods)[chosen]


def make_leads(size: Size) -> tuple[Shapes, Any]:
    """Exactly size.leads leads with their periods, evenly many a tile."""
    corners = tile_corners(size)
    counts = np.diff(np.linspace(0, size.leads, len(corners) + 1).astype(int))
    made = [
        tile_leads(np.random.default_rng((SEED, 99, k)), corner, size.tile_m, count)
        for k, (corner, count) in enumerate(zip(corners, counts, strict=True))
    ]
    shapes, periods = (np.concatenate(part) for part in zip(*made, strict=True))
    assert len(shapes) == size.leads, f"{len(shapes)} leads made, {size.leads} wanted"
    return shapes, periods


def spoil(dice: Dice, shapes: Shapes, share: float) -> Shapes:
    """That share of the polygons with two corners exchanged (a bow-tie), a hole outside, or every ring twice."""
    spoilt = shapes.copy()
    for way, k in enumerate(np.flatnonzero(dice.random(len(shapes)) < share)):
        xy, holes = shapely.get_coordinates(shapes[k].exterior), list(shapes[k].interiors)
        if way % 3 == 0:
            turn = int(dice.integers(1, len(xy) - 2))
            xy[[turn, turn + 1]] = xy[[turn + 1, turn]]
            spoilt[k] = shapely.Polygon(xy, holes)
        elif way % 3 == 1:
            spoilt[k] = shapely.Polygon(xy, [*holes, xy + np.array([1.5 * np.ptp(xy[:, 0]), 0])])
        else:
            spoilt[k] = shapely.MultiPolygon([shapes[k], shapes[k]])
    return spoilt


def write(path: Path, key: str, shapes: Shapes, columns: dict[str, Any], dirty: float) -> None:
    """One GeoParquet file along a Hilbert curve, `key` numbering the rows."""
    frame = gpd.GeoDataFrame(columns, geometry=shapes, crs=CRS)
    frame = frame.iloc[np.argsort(frame.hilbert_distance(), kind="stable")].reset_index(drop=True)
    if dirty:
        frame.geometry = spoil(np.random.default_rng((SEED, 77)), frame.geometry.to_numpy(), dirty)
    frame.insert(0, key, [f"{path.stem}-{k:07d}" for k in range(len(frame))])
    frame.to_parquet(path, index=False, compression="zstd", write_covering_bbox=True, row_group_size=ROW_GROUP)


def make_workload(size: Size, folder: Path) -> None:
    """The five files of a size in `folder`; the same bytes each time."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in LAYERS:
        write(folder / f"{name}.parquet", "feature_key", make_layer(name, size), {}, size.dirty)
    shapes, periods = make_leads(size)
    write(folder / "leads.parquet", "lead_id", shapes, {"period": periods}, size.dirty)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("size", choices=SIZES)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--dirty", type=float, help="the share of leads and features to spoil; X has 0.01")
    asked = parser.parse_args()
    size = SIZES[asked.size]
    make_workload(size if asked.dirty is None else size._replace(dirty=asked.dirty), asked.folder)
