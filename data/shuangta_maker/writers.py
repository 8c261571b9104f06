"""The files as offices send them: a GBK shapefile, GeoPackages, GeoJSON, workbooks with two header rows, GB18030 text."""

import csv
import json
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

import geopandas as gpd
import numpy as np
import pandas as pd
import pyogrio
import shapely
import xlsxwriter

from shuangta_maker.ground import GEOGRAPHIC, PLANE, TOWNS, Ground, to_degrees
from shuangta_maker.records import Record

MADE_ON = datetime(2023, 9, 1)
NOTE = "演示数据，纯属虚构 / invented demonstration data"
NEWEST_FIRST = {"2019-2020": "2020-2019", "2020-2021": "2021-2020", "2021-2022": "2022-2021"}
DATES = {"2019-2020": ("2019.05", "2020.06"), "2020-2021": ("2020.06", "2021.05"), "2021-2022": ("2021.05", "2022.06")}
NUMBERED_AS = {  # source → how its sender's numbers begin
    "change_2020": "CH2020", "change_2021": "CH2021", "change_2022": "CH2022", "change_late": "CH2023", "greenshield": "LD",
    "known_ledger": "TZ2020", "known_outlines": "WT", "petitions": "XF", "pushed_province": "TS",
}  # fmt: skip
TRUTH = ("source_id", "orig_no", "row", "family", "outcome", "reason", "group", "case", "relation", "known", "priority", "town",
         "wetland_m2", "forest_m2", "grassland_m2", "protected_area_m2", "needs_review", "repaired", "vintage_ok", "permits")  # fmt: skip


def write_all(target: Path, ground: Ground, records: list[Record]) -> None:
    """Number the records per source and write sources, layers, townships and truth.csv."""
    for folder in ("sources", "layers"):
        (target / folder).mkdir(parents=True, exist_ok=True)
    pyogrio.set_gdal_config_options({"OGR_CURRENT_DATE": "2023-09-01T00:00:00.000Z"})
    numbered = _numbered(records)
    by_source = {name: [r for r in numbered if r.source == name] for name in dict.fromkeys(r.source for r in numbered)}
    _write_shapefile(target / "sources" / "变化图斑2020.shp", by_source["change_2020"])
    _write_package(target / "sources" / "change_2021.gpkg", "bhtb_2021", _change_frame(by_source["change_2021"]))
    _write_geojson(target / "sources" / "change_2022.geojson", by_source["change_2022"])
    _write_geojson(target / "sources" / "change_late.geojson", by_source["change_late"])
    _write_package(target / "sources" / "pushed_province.gpkg", "sts_xs", _change_frame(by_source["pushed_province"]))
    _write_package(target / "sources" / "known_outlines.gpkg", "ywt", _known_frame(by_source["known_outlines"]))
    _write_green_shield(target / "sources" / "绿盾点位.xlsx", by_source["greenshield"])
    _write_ledger(target / "sources" / "问题台账2020.xlsx", by_source["known_ledger"])
    _write_petitions(target / "sources" / "信访举报.csv", by_source["petitions"])
    _write_layers(target / "layers", ground)
    _write_truth(target / "truth.csv", numbered)


def _numbered(records: list[Record]) -> list[Record]:
    counts: dict[str, int] = {}
    numbered: list[Record] = []
    for record in records:
        if record.words.get("as"):  # an exact repetition keeps the number of the first
            first = next(r for r in reversed(numbered) if r.family == record.words["as"])
            numbered.append(record.but(orig_no=first.orig_no, words=first.words))
            continue
        counts[record.source] = counts.get(record.source, 0) + 1
        numbered.append(record.but(orig_no=f"{NUMBERED_AS[record.source]}-{counts[record.source]:03d}"))
    return numbered


def _dates(record: Record) -> tuple[str, str]:
    prev, curr = DATES.get(record.period, ("", ""))
    return record.words.get("prev", prev), curr


def _write_shapefile(path: Path, records: Sequence[Record]) -> None:
    """Zone-prefixed metres, GBK names and words, no .cpg – as the survey office exports it."""
    frame = gpd.GeoDataFrame(
        {
            "图斑编号": [r.orig_no for r in records],
            "监测年度": [NEWEST_FIRST[r.period] for r in records],
            "前时相日期": [_dates(r)[0] for r in records],
            "后时相日期": [_dates(r)[1] for r in records],
            "活动类型": [r.activity for r in records],
            "变化类型": [r.change for r in records],
            "备注": [NOTE[:10]] * len(records),
        },
        geometry=[shapely.transform(r.shape, lambda xy: np.round(xy + np.array([40_000_000, 0]), 3)) for r in records],
        crs="EPSG:4528",
    )
    pyogrio.write_dataframe(
        frame, path, driver="ESRI Shapefile", encoding="GBK", layer_options={"DBF_DATE_LAST_UPDATE": "2023-09-01"}
    )
    path.with_suffix(".cpg").unlink(missing_ok=True)


def _change_frame(records: Sequence[Record]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "JCBH": [r.orig_no for r in records],
            "JCSD": [r.period for r in records],
            "QSX": [_dates(r)[0] for r in records],
            "HSX": [_dates(r)[1] for r in records],
            "HDLX": [r.activity for r in records],
            "BHLX": [r.change for r in records],
        },
        geometry=[to_degrees(r.shape) for r in records],
        crs=GEOGRAPHIC,
    )


def _known_frame(records: Sequence[Record]) -> gpd.GeoDataFrame:
    return gpd.GeoDataFrame(
        {
            "WTBH": [r.orig_no for r in records],
            "HDLX": [r.activity for r in records],
            "ZGZT": [r.words["state"] for r in records],
            "XHSJ": [r.words["closed"] for r in records],
        },
        geometry=[to_degrees(r.shape) for r in records],
        crs=GEOGRAPHIC,
    )


def _write_package(path: Path, layer: str, frame: gpd.GeoDataFrame) -> None:
    path.unlink(missing_ok=True)
    options = {"IDENTIFIER": layer, "DESCRIPTION": NOTE}
    pyogrio.write_dataframe(
        frame, path, layer=layer, driver="GPKG", dataset_options={"VERSION": "1.3"}, layer_options=options
    )


def _write_geojson(path: Path, records: Sequence[Record]) -> None:
    features = []
    for record in records:
        shape = None if record.shape is None else json.loads(shapely.to_geojson(to_degrees(record.shape)))
        prev, curr = _dates(record)
        words = {"监测编号": record.orig_no, "监测时段": f"{record.period.replace('-', '至')}年", "前时相": prev, "后时相": curr,
                 "人类活动类型": record.activity, "变化类型": record.change}  # fmt: skip
        features.append(json.dumps({"type": "Feature", "properties": words, "geometry": shape}, ensure_ascii=False))
    text = '{{"type": "FeatureCollection", "note": "{}", "features": [\n{}\n]}}\n'.format(NOTE, ",\n".join(features))
    path.write_text(text, encoding="utf-8", newline="\n")


def _dms(degrees: float, side: str) -> str:
    hundredths = round(degrees * 360_000)
    return f"{side}{hundredths // 360_000}°{hundredths // 6_000 % 60:02d}′{hundredths % 6_000 / 100:05.2f}″"


def _lon_lat(record: Record) -> tuple[str, str]:
    if record.shape is None:
        return record.words.get("lon", ""), record.words.get("lat", "")
    point = to_degrees(record.shape)
    return _dms(point.x, "东经"), _dms(point.y, "北纬")


def _workbook(path: Path) -> Any:
    book = xlsxwriter.Workbook(str(path), {"strings_to_formulas": False})
    book.set_properties({"created": MADE_ON, "comments": NOTE})
    return book


def _write_green_shield(path: Path, records: Sequence[Record]) -> None:
    """A title, two header rows (位置 → 经度|纬度), firms merged over two rows, and a row of totals."""
    with _workbook(path) as book:
        sheet = book.add_worksheet("点位")
        sheet.merge_range(0, 0, 0, 7, f"“绿盾”历史点位表（{NOTE}）")
        for j, title in (
            (0, "序号"),
            (1, "点位编号"),
            (2, "设施名称"),
            (5, "活动/设施类型"),
            (6, "整改情况"),
            (7, "销号时间"),
        ):
            sheet.merge_range(1, j, 2, j, title)
        sheet.merge_range(1, 3, 1, 4, "位置")
        sheet.write_string(2, 3, "经度")
        sheet.write_string(2, 4, "纬度")
        for k, record in enumerate(records):
            row = 3 + k
            lon, lat = _lon_lat(record)
            cells = [str(k + 1), record.orig_no, None, lon, lat, record.activity, record.words.get("state", ""),
                     record.words.get("closed", "")]  # fmt: skip
            for j, cell in enumerate(cells):
                if cell is not None:
                    sheet.write_string(row, j, cell)
            if k % 2 and k:
                sheet.merge_range(row - 1, 2, row, 2, f"虚构某某企业{k // 2 + 1}")
        sheet.write_string(3 + len(records), 0, "合计")
        sheet.write_number(3 + len(records), 1, len(records))


def _write_ledger(path: Path, records: Sequence[Record]) -> None:
    with _workbook(path) as book:
        sheet = book.add_worksheet("台账")
        sheet.merge_range(0, 0, 0, 6, f"历史问题台账（{NOTE}）")
        for j, title in enumerate(("问题编号", "问题名称", "经度", "纬度", "问题类型", "整改状态", "销号日期")):
            sheet.write_string(1, j, title)
        for k, record in enumerate(records):
            point = to_degrees(record.shape)
            cells = [record.orig_no, record.words["name"], f"{point.x:.7f}", f"{point.y:.7f}", record.activity,
                     record.words["state"], record.words.get("closed", "")]  # fmt: skip
            for j, cell in enumerate(cells):
                sheet.write_string(2 + k, j, cell)


PETITIONS = (  # some name a village of the invented gazetteer, some a person and a telephone that must never get in
    "虚构内容：青溪村东500米河边有人挖沙",
    "虚构内容：反映人赵虚构，电话199-0000-0001，称上沟村北侧约1公里林地被推平",
    "虚构内容：某处施工，位置不详",
    "虚构内容：柳领村附近倾倒渣土",
    "虚构内容：东山村口有人开山采石，联系电话 19900000002",
)


def _write_petitions(path: Path, records: Sequence[Record]) -> None:
    """With the petitioners' columns that petition offices send along; the place drops them by its source file."""
    with path.open("w", encoding="gb18030", newline="") as stream:
        writer = csv.writer(stream, lineterminator="\r\n")
        writer.writerow(["编号", "来源", "受理日期", "举报人姓名", "联系电话", "问题内容", "活动类型", "经度", "纬度"])
        for k, record in enumerate(records):
            lon, lat = ("", "")
            if record.shape is not None:
                point = to_degrees(record.shape)
                lon, lat = f"{point.x:.6f}", f"{point.y:.6f}"
            day = f"2023-0{1 + k % 8}-1{k % 9}"
            person, phone = f"虚构人{k + 1}", f"1990000{k:04d}"
            text = PETITIONS[k % len(PETITIONS)]
            writer.writerow([record.orig_no, record.words["from"], day, person, phone, text, record.activity, lon, lat])


def _write_layers(folder: Path, ground: Ground) -> None:
    for name in dict.fromkeys(patch.layer for patch in ground.patches):
        own = [patch for patch in ground.patches if patch.layer == name]
        words = pd.DataFrame([patch.words for patch in own]).assign(BZ=NOTE)
        words.insert(0, "BSM", [f"{name}-{k:04d}" for k in range(1, len(own) + 1)])
        shapes = [to_degrees(patch.shape) for patch in own]
        _write_package(folder / f"{name}.gpkg", name, gpd.GeoDataFrame(words, geometry=shapes, crs=GEOGRAPHIC))
    towns = gpd.GeoDataFrame(
        {"XZQDM": list(ground.towns), "XZQMC": [TOWNS[code] for code in ground.towns], "BZ": NOTE},
        geometry=[to_degrees(town) for town in ground.towns.values()],
        crs=GEOGRAPHIC,
    )
    _write_package(folder / "townships_invented.gpkg", "townships", towns)
    assert PLANE  # every shape above was built there


def _write_truth(path: Path, records: Sequence[Record]) -> None:
    with path.open("w", encoding="utf-8", newline="") as stream:
        writer = csv.DictWriter(stream, TRUTH, lineterminator="\n", restval="")
        writer.writeheader()
        for record in records:
            own = {"source_id": record.source, "orig_no": record.orig_no, "family": record.family}
            writer.writerow({**own, **record.truth})
        total = {
            "source_id": "greenshield",
            "row": 4 + sum(r.source == "greenshield" for r in records),
            "family": "合计行",
        }
        writer.writerow({**total, "outcome": "set_aside", "reason": "E11"})
