"""The ground of the invented district: cells to plant in, patches of land cover, protected areas, townships."""

import json
import math
import random
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyproj
import shapely
from shapely.geometry.base import BaseGeometry

SEED = 20230930
CELL_M = 800  # wide enough that families never meet
PLANE, GEOGRAPHIC = "EPSG:4549", "EPSG:4490"
RIVER_HALF_WIDTH_M = 40  # as configs/shuangta/layers/river.toml declares
TOWNS = {
    "211302001": "双塔街道", "211302003": "前进街道", "211302004": "凌河街道", "211302005": "光明街道", "211302006": "凌凤街道",
    "211302007": "龙山街道", "211302008": "站南街道", "211302009": "红旗街道", "211302010": "燕北街道", "211302100": "桃花吐镇",
    "211302101": "他拉皋镇", "211302102": "孙家湾镇", "211302205": "长宝营子乡",
}  # fmt: skip
TO_PLANE = pyproj.Transformer.from_crs(GEOGRAPHIC, PLANE, always_xy=True)
TO_DEGREES = pyproj.Transformer.from_crs(PLANE, GEOGRAPHIC, always_xy=True)


def to_plane(shape: BaseGeometry) -> BaseGeometry:
    return shapely.transform(shape, TO_PLANE.transform, interleaved=False)


def to_degrees(shape: BaseGeometry) -> BaseGeometry:
    """Degrees to 9 decimals, 0.1 mm, so that every run writes the same digits."""
    moved = shapely.transform(shape, TO_DEGREES.transform, interleaved=False)
    return shapely.transform(moved, lambda xy: np.round(xy, 9))


@dataclass
class Patch:
    """One invented feature of an overlay layer, in the plane."""

    layer: str
    shape: BaseGeometry
    words: dict[str, str]


@dataclass
class Ground:
    """Hands out cells, in a fixed order, and collects the patches that are laid on them."""

    real: Path
    patches: list[Patch] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.random = random.Random(SEED)
        self.outline = self._read("district_outline.geojson")[0]
        self.water = self._read("waterbodies_osm.geojson")
        self.rivers = self._read("rivers_gshhg.geojson")
        self.towns = self._make_towns()
        wet = shapely.union_all([*self.water, *(river.buffer(RIVER_HALF_WIDTH_M) for river in self.rivers)]).buffer(100)
        edges = shapely.union_all([town.boundary for town in self.towns.values()]).buffer(60)
        inside = self.outline.buffer(-500)
        left, bottom, right, top = (math.floor(edge / CELL_M) * CELL_M for edge in self.outline.bounds)
        columns, rows = range(int(left), int(right) + CELL_M, CELL_M), range(int(bottom), int(top) + CELL_M, CELL_M)
        grid = {
            (i, j): shapely.box(x, y, x + CELL_M, y + CELL_M) for i, x in enumerate(columns) for j, y in enumerate(rows)
        }
        free = {key: cell for key, cell in grid.items() if inside.contains(cell) and not cell.intersects(wet)}
        self.block = self._take_block(free)
        straddling = [key for key, cell in free.items() if self._is_split(cell)]
        self.straddling = [free[key] for key in straddling]
        calm = [key for key, cell in free.items() if not cell.intersects(edges)]
        self.random.shuffle(calm)
        self.cells = [free[key] for key in calm]

    def _read(self, name: str) -> list[BaseGeometry]:
        features = json.loads((self.real / name).read_text(encoding="utf-8"))["features"]
        return [to_plane(shapely.from_geojson(json.dumps(feature["geometry"]))) for feature in features]

    def _make_towns(self) -> dict[str, BaseGeometry]:
        """Invented township areas: Voronoi cells of seeded points, clipped to the outline."""
        left, bottom, right, top = self.outline.bounds
        points: list[shapely.Point] = []
        while len(points) < len(TOWNS):
            point = shapely.Point(self.random.uniform(left, right), self.random.uniform(bottom, top))
            if self.outline.contains(point) and all(point.distance(other) > 3500 for other in points):
                points.append(point)
        areas = shapely.get_parts(shapely.voronoi_polygons(shapely.MultiPoint(points), extend_to=self.outline))
        towns = {}
        for code, point in zip(TOWNS, points, strict=True):
            towns[code] = next(area for area in areas if area.contains(point)).intersection(self.outline)
        return towns

    def _is_split(self, cell: BaseGeometry) -> bool:
        """Whether a township edge runs through the middle of the cell, between exactly two townships."""
        touched = [town for town in self.towns.values() if town.intersects(cell)]
        return len(touched) == 2 and all(town.intersection(cell.centroid.buffer(40)).area > 1000 for town in touched)

    def _take_block(self, free: dict[tuple[int, int], BaseGeometry]) -> dict[tuple[int, int], BaseGeometry]:
        """Five columns by four rows of free cells for the protected areas, all in one township."""
        for i, j in sorted(free):
            keys = [(i + di, j + dj) for di in range(5) for dj in range(4)]
            cells = [free.get(key) for key in keys]
            if any(cell is None for cell in cells):
                continue
            whole = shapely.union_all(cells)
            if any(town.contains(whole) for town in self.towns.values()):
                ring = [(a, b) for a in range(i - 1, i + 6) for b in range(j - 1, j + 5)]
                for key in ring:
                    free.pop(key, None)
                return {(key[0] - i, key[1] - j): cell for key, cell in zip(keys, cells, strict=True)}
        raise RuntimeError("no room for the protected areas")

    def take_cell(self) -> tuple[float, float]:
        """The centre of the next free cell."""
        centre = self.cells.pop().centroid
        return round(centre.x), round(centre.y)

    def town_of(self, shape: BaseGeometry) -> str:
        """The township with the largest share."""
        shares = {code: town.intersection(shape).area or town.contains(shape) for code, town in self.towns.items()}
        return TOWNS[max(shares, key=lambda code: float(shares[code]))]

    def lay(self, layer: str, shape: BaseGeometry, **words: str) -> None:
        self.patches.append(Patch(layer, shapely.transform(shape, lambda xy: np.round(xy, 3)), words))

    def blob(self, x: float, y: float, radius_m: float = 300) -> BaseGeometry:
        """An irregular patch that holds everything within two thirds of its radius."""
        steps = [2 * math.pi * k / 24 for k in range(24)]
        corners = [(x + r * math.cos(a), y + r * math.sin(a)) for a in steps
                   for r in [radius_m * self.random.uniform(0.8, 1.1)]]  # fmt: skip
        return shapely.Polygon(corners)

    def wetland(self, shape: BaseGeometry, code: str = "1108", versions: tuple[str, ...] = ("2018", "2020")) -> None:
        names = {"1108": "沼泽地", "1101": "河流水面", "1106": "内陆滩涂", "1104": "坑塘水面", "1104A": "养殖坑塘"}
        for version in versions:
            self.lay(f"dltb_{version}", shape, DLBM=code, DLMC=names[code])

    def forest(self, shape: BaseGeometry, grade: str = "3") -> None:
        self.lay("forest", shape, BH_DJ=grade)

    def grass(self, shape: BaseGeometry) -> None:
        self.lay("grassland", shape, DLMC="其他草地")
