"""Draws the pictures of docs/tapajos.md from a run of the real place: one SVG a case, known ground grey, each year a colour.

python benchmarks/tapajos_pictures.py
"""

from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any, NamedTuple

import geopandas as gpd
import pandas as pd
import shapely

from pipeline import screen
from pipeline.publish.imagery_pixels import Bounds
from pipeline.publish.review_map import SIZE, Drawn, draw_map, extent_of

HOME = Path(__file__).parents[1]
PICTURES = HOME / "docs" / "tapajos"
YEARS = {"2019-2020": "g0", "2020-2021": "g1", "2021-2022": "g2"}
WORDS = {
    "known": "known by 2019",
    "g0": "found 2019–2020", "g1": "found 2020–2021", "g2": "found 2021–2022",
    "near": "other sites", "territory": "territory",
}  # fmt: skip
LINE = 62  # units between two lines of the legend
STYLE = """
.g0{color:#0072b2}.g1{color:#e69f00}.g2{color:#8f2d70}.near{color:#7d8683}.known{color:#4d4d4d}.territory{color:#009e73}
path,circle,rect{stroke:currentColor;stroke-width:3;stroke-linejoin:round;fill:currentColor;fill-opacity:.55;fill-rule:evenodd}
.g2{fill-opacity:.8}.asked{stroke-width:5;stroke:#1d2b2a}.near{fill:none}.known{fill-opacity:.22;stroke-width:2}.known.asked{fill-opacity:.38}
.territory{fill-opacity:.09;stroke-width:5;stroke-dasharray:26 12}.north{color:#1d2b2a;fill-opacity:.8;stroke:none}
.leader{fill:none;stroke:#1d2b2a}.mark-ground{fill:#fff;fill-opacity:1;stroke:#1d2b2a}.mark-text{font-weight:700;font-size:46px;text-anchor:middle}
.scale,.scale-rim{fill:none;stroke:#1d2b2a;stroke-width:5}.scale-rim{stroke:#fff;stroke-width:13}
.scale-text{font-size:42px;stroke:#fff;stroke-width:8;paint-order:stroke}text{fill:#1d2b2a;font:40px system-ui,sans-serif}
"""


class Case(NamedTuple):
    """One picked case: its sites, marked 1, 2 …, or all that grew from its known case; known ground is marked A, B …"""

    name: str
    sites: tuple[str, ...]
    cases: tuple[str, ...] = ()
    room: float = 1.5  # side of the map, in extents of the sites, or of the cases where no site is marked
    shows_territory: bool = False


CASES = (
    Case("growth", ("SFBXE2C4DBKU",), ("K6YD4CT7QTZU",), 2.2),
    Case("rings", ("SDLK5NT93TUU",), (), 1.6),
    Case("two_cases", ("SNBRRBJ2C4UG",), ("KTBVGLSUJM6K", "KS7DSRSNR4GK", "KXUMXWQHWEZQ", "KGEBTR2WWSH2"), 2.4),
    Case("corner", ("SZ6MYY3TD9K2",), ("K2ZSG5FA2RNL", "K3XTV48F3MC7"), 1.7),
    Case("question", ("SAQJSVC6HATU", "S8D2522R579F", "SSLAME5NFXJQ"), (), 1.2),
    Case("bridge", ("SPL5ZVHZTMPP", "S7WB7RHDAPVB"), ("KDXA6DW65DRN",), 1.2),
    Case("many_sites", (), ("KPM2LLTZBZN4",), 1.2),
    Case("off_the_layers", ("SGRKALRWMEHP",), ("KPM2LLTZBZN4",), 4.0, True),
    Case("long", ("S2VQMBUJKGEL",), (), 1.15),
    Case("cap", ("SN3DVDR9D3FE", "S9BVSPVN9S6Y", "SW6FN9CRMJQU"), (), 1.15),
)


def draw(tables: dict[str, pd.DataFrame]) -> dict[str, str]:
    """Name of each case → its SVG."""
    territories = gpd.read_file(HOME / "data" / "tapajos" / "overlay_indigenous_territories.geojson")
    territory = territories.to_crs(tables["leads"].crs).union_all()
    return {case.name: _picture(case, tables, territory) for case in CASES}


def _picture(case: Case, tables: dict[str, pd.DataFrame], territory: Any) -> str:
    cases = tables["cases"].set_index("problem_id")["geometry"]
    marks = {site_id: str(k) for k, site_id in enumerate(case.sites, 1)}
    marks |= dict(zip(case.cases, "ABCDEFGH", strict=False))
    known = [Drawn(cases[case_id], "known", marks[case_id]) for case_id in case.cases]
    grown = tables["matches"].query("relation == 'grown'")
    own = case.sites or tuple(grown.loc[grown["problem_id"].isin(case.cases), "site_id"])
    found = _leads(own, marks, tables)
    frame = _frame(found if case.sites else known, case.room)
    beside = [shape for case_id, shape in cases.items() if case_id not in case.cases]
    sites = tables["sites"][(tables["sites"]["area_m2"] > 0) & ~tables["sites"]["site_id"].isin(own)]
    near = [Drawn(territory, "territory", is_asked=False)] if case.shows_territory else []
    near += [*_near(beside, "known", frame), *_near(sites.geometry, "near", frame)]
    names = [f"{mark}  {'site' if name in case.sites else 'case'} {name}" for name, mark in marks.items()]
    drawing = draw_map(case.name, [*known, *found], near, frame, "en")
    return _with_legend(drawing, {one.style for one in (*near, *known, *found)}, names)


def _leads(site_ids: Sequence[str], marks: dict[str, str], tables: dict[str, pd.DataFrame]) -> list[Drawn]:
    """The leads of the sites in the colours of their years, with the mark of their site."""
    leads, sites = tables["leads"].set_index("lead_id"), tables["sites"].set_index("site_id")
    return [
        Drawn(lead.geometry, YEARS[lead.period], marks.get(site_id, ""))
        for site_id in site_ids
        for lead in leads.loc[list(sites.at[site_id, "lead_ids"])].itertuples()
    ]


def _frame(drawn: Sequence[Drawn], room: float) -> Bounds:
    """The square round all of `drawn`, its side `room` times their extent."""
    left, bottom, right, top = extent_of(drawn).bounds
    x, y, half = (left + right) / 2, (bottom + top) / 2, room * max(right - left, top - bottom) / 2
    return x - half, y - half, x + half, y + half


def _near(shapes: Iterable[Any], style: str, frame: Bounds) -> list[Drawn]:
    square = shapely.box(*frame)
    return [Drawn(shape, style, is_asked=False) for shape in shapes if shape.intersects(square)]


def _with_legend(drawing: str, styles: set[str], names: list[str]) -> str:
    """The map with its frame, the colours below it on the left and the marks on the right."""
    shown = [style for style in WORDS if style in styles]
    height = SIZE + 30 + LINE * max(len(shown), len(names))
    colours = "".join(
        f'<rect class="{style}" x="8" y="{SIZE + 30 + LINE * k}" width="56" height="38"/>'
        f'<text x="82" y="{SIZE + 64 + LINE * k}">{WORDS[style]}</text>'
        for k, style in enumerate(shown)
    )
    marks = "".join(f'<text x="460" y="{SIZE + 64 + LINE * k}">{name}</text>' for k, name in enumerate(names))
    drawing = drawing.replace("<svg ", f'<svg width="{SIZE}" height="{SIZE}" ', 1)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{SIZE * 0.44:.0f}" height="{height * 0.44:.0f}" '
        f'viewBox="0 0 {SIZE} {height}"><style>{STYLE}</style><rect width="{SIZE}" height="{height}" '
        f'style="fill:#fff;fill-opacity:1;stroke:none"/>{drawing}<rect width="{SIZE}" height="{SIZE}" '
        f'style="fill:none;stroke:#c9cfc6"/>{colours}{marks}</svg>\n'
    )


def main() -> None:
    PICTURES.mkdir(exist_ok=True)
    for name, svg in draw(screen(HOME / "configs" / "tapajos", "2022")).items():
        (PICTURES / f"{name}.svg").write_text(svg, encoding="utf-8", newline="\n")
        print(f"{name}.svg {len(svg) / 1000:.1f} kB")


if __name__ == "__main__":
    main()
