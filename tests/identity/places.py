"""Places whose leads may be one or two: pits side by side, crowds of pits, old lists, and what persons said of them."""

import csv
import json
import random
import shutil
from collections.abc import Callable, Sequence
from itertools import cycle
from pathlib import Path
from typing import Any

import pandas as pd

from pipeline.decide import decide
from tests.conftest import HOME, ORIGIN, PLACE, X, Y, box, lead, write_layer, write_source

Tables = dict[str, pd.DataFrame]
Pit = tuple[int, int, int, str, int]  # column and row on a grid of 124 m, width in metres, activity, which of YEARS

HEAD = ["subject", "decision", "value", "reason", "role", "date"]
SEED = 1  # of a crowd in which pairs are asked about for every reason, and answers cannot all hold
YEARS = ("2019-2020", "2020-2021", "2021-2022")
WIDTHS_M = (60, 108, 124)  # far from the next cell, 16 m off – where the rules ask – and along its whole edge


def bare_place(folder: Path) -> Path:
    """A place with a wetland of 3 × 3 km and no source."""
    for name in ("sources", "layers", "delivery"):
        (folder / name).mkdir(parents=True)
    (folder / "place.toml").write_text(PLACE, encoding="utf-8")
    home = HOME / "configs" / "shuangta"
    shutil.copy(home / "rules.toml", folder / "rules.toml")
    for name in ("province.toml", "list.toml"):
        shutil.copy(home / "delivery" / name, folder / "delivery" / name)
    write_layer(folder, "marsh", [box(0, 0, 3000, 3000)])
    return folder


def asked_place(folder: Path) -> Path:
    """Pit a beside pit b, which was seen twice, 16 m apart: the rules ask whether they are one."""
    bare_place(folder)
    write_year(folder, "one", [lead("a", slanted(100)), lead("b", slanted(312))])
    write_year(folder, "two", [lead("b2", slanted(216, width=150))], "2022-2023", received="2023-07-01")
    return folder


def neighbours_place(folder: Path) -> Path:
    """Two pits of one layer 8 m apart, which nobody asks about, and in 2024 a pit that covers the gap."""
    bare_place(folder)
    write_year(folder, "one", [lead("a", slanted(100)), lead("b", slanted(208))])
    write_year(folder, "later", [lead("c", slanted(150))], "2023-2024", received="2024-06-01")
    return folder


def crowd_place(folder: Path, pits: Sequence[Pit], spots: Sequence[tuple[int, int]] = (), prefix: str = "y") -> Path:
    """Pits of three years that border, overlap and nearly touch, with points among them; `prefix` names the files."""
    bare_place(folder)
    for year, period in enumerate(YEARS):
        own = [
            lead(f"{x}-{y}-{year}", slanted(124.0 * x, 124.0 * y, width), activity)
            for x, y, width, activity, when in pits
            if when == year
        ]
        write_year(folder, f"{prefix}{year}", own, period, received=f"2023-0{year + 1}-01")
    points = [lead(f"p{x}-{y}", {"type": "Point", "coordinates": [X + 17 * x, Y + 17 * y]}) for x, y in spots]
    write_source(folder, f"{prefix}spots", points, kind='"points"')
    return folder


def crowd(seed: int, column: int = 0) -> tuple[list[Pit], list[tuple[int, int]]]:
    """150 pits and 25 points strewn over 1 × 2.5 km from the grid's `column` on: all rules of merging meet in one run,
    which takes hardly longer than that of a few pits.
    """
    strewn = random.Random(seed)
    cells = strewn.sample([(x, y, year) for x in range(8) for y in range(20) for year in range(3)], 150)
    pits = [(column + x, y, strewn.choice(WIDTHS_M), strewn.choice(("采石场", "养殖场")), year) for x, y, year in cells]
    return pits, [(strewn.randrange(60), strewn.randrange(146)) for _ in range(25)]


def slanted(x: float, y: float = 100, width: float = 100, height: float = 100) -> dict[str, Any]:
    """A pit with its lower left corner at (x, y) that lies on no grid."""
    shape = box(x, y, width, height)
    for corner in shape["coordinates"][0][1:3]:
        corner[1] -= 4
    return shape


def write_year(folder: Path, name: str, rows: list, period: str = "2021-2022", **keys: str) -> None:
    """A yearly source of `period`."""
    write_source(folder, name, rows, **keys)
    toml = folder / "sources" / f"{name}.toml"
    toml.write_text(toml.read_text(encoding="utf-8").replace("2021-2022", period), encoding="utf-8")


def write_known(folder: Path, rows: list[list[str]]) -> None:
    """An old list as CSV: number, name, state, activity, date of closing, longitude, latitude."""
    with (folder / "old.csv").open("w", encoding="utf-8", newline="") as stream:
        csv.writer(stream).writerows([["编号", "名称", "状态", "活动", "日期", "经度", "纬度"], *rows])
    head = 'title = "old"\npath = "old.csv"\nkind = "known"\nreceived = 2022-06-01\nsource_code = "ZC"\n'
    columns = (
        '[columns]\norig_no = "编号"\nfacility_name = "名称"\nstate = "状态"\nactivity = "活动"\nclosed_date = "日期"\n'
    )
    text = f'{head}{ORIGIN}{columns}lon = "经度"\nlat = "纬度"\n'
    (folder / "sources" / "old.toml").write_text(text.replace("EPSG:4549", "EPSG:4490"), encoding="utf-8")


def with_names(folder: Path, names: dict[str, str]) -> None:
    """Give leads of source one a facility name, by their numbers."""
    geojson = folder / "one.geojson"
    collection = json.loads(geojson.read_text(encoding="utf-8"))
    for feature in collection["features"]:
        feature["properties"]["facility"] = names.get(feature["properties"]["no"], "")
    geojson.write_text(json.dumps(collection, ensure_ascii=False), encoding="utf-8")
    toml = folder / "sources" / "one.toml"
    text = toml.read_text(encoding="utf-8").replace("[columns]", '[columns]\nfacility_name = "facility"')
    toml.write_text(text, encoding="utf-8")


def write_decisions(folder: Path, rows: list[tuple], name: str = "decisions.csv") -> Path:
    """Rows of (subject, decision[, value[, reason[, role[, date]]]])."""
    with (folder / name).open("w", encoding="utf-8-sig", newline="") as stream:
        out = csv.writer(stream)
        out.writerow(HEAD)
        for row in rows:
            out.writerow([*row, *("", "看过影像", "分局", "2023-07-01")[len(row) - 2 :]])
    return folder / name


def first(answers: list[dict]) -> dict:
    """The first answer to a question: one place, or the case itself."""
    return answers[0]


def last(answers: list[dict]) -> dict:
    """The last answer to a question: places or cases of their own."""
    return answers[-1]


def answer(folder: Path, tables: Tables, *ways: Callable[[list[dict]], dict]) -> list[tuple]:
    """Every question answered, one after the other by `ways` (again from the first when they end), by the command that
    takes a person's file; gives the rows (subject, decision, value).
    """
    rows = [
        tuple(one[name] for name in ("subject", "decision", "value"))
        for choose, answers in zip(cycle(ways), tables["questions"]["answers"], strict=False)
        for one in choose(json.loads(answers))["decisions"]
    ]
    decide([write_decisions(folder.parent, rows, f"{folder.name}-answers.csv")], folder)
    return rows


def lead_of(tables: Tables, number: str) -> str:
    """The id of the lead with the sender's `number`."""
    return str(tables["leads"].set_index("orig_no")["lead_id"][number])


def site_of(tables: Tables, number: str) -> Any:
    """The row of table sites in which the lead with the sender's `number` stands."""
    return next(site for site in tables["sites"].itertuples() if lead_of(tables, number) in site.lead_ids)


def rows_of(tables: Tables, name: str, number: str) -> pd.DataFrame:
    """Rows of a table about the site of a lead."""
    return tables[name][tables[name]["site_id"] == site_of(tables, number).site_id]
