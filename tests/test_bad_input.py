"""Every file of the corpus goes through the whole door: said in words, good rows kept, every record accounted for."""

import contextlib
import re
import shutil
import subprocess
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

try:
    import resource
except ImportError:  # Windows
    resource = None

import numpy as np
import openpyxl
import pandas as pd
import pyogrio
import pytest
import shapely

from pipeline.config import Place, Source
from pipeline.declare import check_table
from pipeline.errors import InputError
from pipeline.geometry import to_crs
from pipeline.intake.coordinates.around import read_crs
from pipeline.intake.ground import Ground, read_ground
from pipeline.jobs import screen
from pipeline.place_folder import read_place
from pipeline.stages.load import load, set_aside_unread
from pipeline.stages.normalise import normalise
from pipeline.tables import INPUTS, LEADS, REPORTS, SET_ASIDE
from tests.bad_input import encodings
from tests.bad_input.case import ANYWHERE, Case, spot
from tests.bad_input.make_corpus import FAMILIES, corpus
from tests.bad_input.words import HOSTILE
from tests.conftest import CRS, HOME, PLACE, box, write_geojson, write_layer, write_source

CORPUS = corpus()
LEAST_CASES = 200
MOST_S = 10.0
MOST_BYTES = 700_000_000
AT_ONCE = 3  # processes
LARGE = (  # each in a process of its own, for the most memory a process has held never falls again
    "archives: zip bomb by ratio", "encodings: a million commas", "shapes: 300,000 corners", "sheets: 20,000 columns",
    "sheets: a cell in the far corner", "sheets: strings that unpack to 400 MB",
)  # fmt: skip
TABLE_FIELDS = {"lon", "position", "y_east", "place_text"}


@pytest.fixture(scope="module")
def here(tmp_path_factory) -> tuple[Place, Ground]:
    """A place with a boundary of 10 × 10 km round the test origin, and its ground, read once."""
    folder = tmp_path_factory.mktemp("place") / "试区"
    make_place(folder)
    place = read_place(folder)
    return place, read_ground(place)


def make_place(folder: Path) -> None:
    (folder / "sources").mkdir(parents=True)
    write_geojson(folder / "boundary.geojson", [(box(-5000, -5000, 10_000, 10_000), {})])
    boundary = f'[boundary]\npath = "boundary.geojson"\ncrs = "{CRS}"\n'
    (folder / "place.toml").write_text(PLACE + boundary, encoding="utf-8")
    rules = (HOME / "configs" / "shuangta" / "rules.toml").read_text(encoding="utf-8")
    (folder / "rules.toml").write_text(rules, encoding="utf-8")


def declare(place: Place, case: Case, path: Path) -> Place:
    """The place with the case's file as its one source."""
    is_table = bool(TABLE_FIELDS & set(case.columns))
    keys: dict[str, Any] = {
        "id": "case", "file": place.folder / "sources" / "case.toml", "title": case.name, "path": path,
        "kind": "points" if is_table else "change", "source_code": "YG", "received": "2023-06-01", "shows": "new_ground",
        "provider": "invented", "licence": "CC0 1.0", "secrecy": "public", "position_accuracy_m": 2, **case.keys,
    }  # fmt: skip
    values = {} if "prev_date" in case.columns else {"period": "2021-2022"}
    source = Source.model_validate({**keys, "columns": case.columns, "values": values})
    limits = place.limits.model_copy(update=case.limits)
    return place.model_copy(update={"sources": [source], "limits": limits})


def pass_door(place: Place, ground: Ground) -> dict[str, pd.DataFrame]:
    """The tables of the door: load and normalise, each held against its declaration."""
    reports, inputs = load(place, ground.around)
    leads, gone = normalise(reports, place, ground)
    aside = pd.concat([set_aside_unread(reports), gone], ignore_index=True)
    tables = {"reports": reports, "inputs": inputs, "leads": leads, "set_aside": aside}
    for declared in (REPORTS, INPUTS, LEADS, SET_ASIDE):
        check_table(tables[declared.name], declared)
    return tables


def peak_bytes() -> int:
    """The most memory this process has held so far."""
    return int(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss) * (1 if sys.platform == "darwin" else 1024)


def tell_bytes(name: str, path: str, folder: str) -> None:
    """Prints how many bytes a case needs beyond what the program itself does; for a process that does nothing else."""
    known_place = read_place(Path(folder))
    place, ground = declare(known_place, CORPUS[name], Path(path)), read_ground(known_place)
    before = peak_bytes()
    with contextlib.suppress(InputError):
        pass_door(place, ground)
    print(peak_bytes() - before)


def distance_m(lead: Any, ground: Ground) -> float:
    """How far a lead's centre lies from where its number says; infinitely far where it has none."""
    if not str(lead.orig_no).isdigit():
        return float("inf")
    there = to_crs(np.array([lead.geometry.centroid], dtype=object), ground.crs, read_crs(CRS))[0]
    return float(shapely.distance(there, shapely.Point(spot(int(lead.orig_no)))))


def said_in(tables: dict[str, pd.DataFrame]) -> str:
    """All notes of a run."""
    notes = [note for file in tables["inputs"]["notes"] for note in file]
    cells = [tables["inputs"]["crs_note"], tables["reports"]["notes"], tables["leads"]["notes"]]
    cells += [tables["leads"]["geometry_repair"], tables["leads"]["doubt"]]
    return "\n".join([*notes, *(cell for column in cells for cell in column.dropna())])


def test_the_corpus_is_large_and_each_case_has_a_name_of_its_own():
    assert len(CORPUS) == sum(map(len, FAMILIES.values())) >= LEAST_CASES


def test_the_corpus_is_the_same_each_time(tmp_path):
    made = []
    for folder in ("a", "b"):
        for number, case in enumerate(encodings.CASES):
            own = tmp_path / folder / str(number)
            own.mkdir(parents=True)
            made.append(case.write(own).read_bytes())
    half = len(made) // 2
    is_text = [not data.startswith((b"SQLite", b"PK")) for data in made]
    assert [data for data, text in zip(made[:half], is_text, strict=False) if text] == [
        data for data, text in zip(made[half:], is_text, strict=False) if text
    ]


@pytest.mark.parametrize("name", CORPUS)
def test_the_door(name, here, tmp_path):
    case, (known_place, ground) = CORPUS[name], here
    place = declare(known_place, case, case.write(tmp_path))
    started = time.perf_counter()
    if case.refused:
        with pytest.raises(InputError) as refused:
            pass_door(place, ground)
        took_s = time.perf_counter() - started
        pieces = [case.refused] if isinstance(case.refused, str) else case.refused
        assert [piece for piece in pieces if piece not in str(refused.value)] == [], str(refused.value)
    else:
        tables = pass_door(place, ground)
        took_s = time.perf_counter() - started
        assert_outcome(case, tables, ground, tmp_path)
    assert took_s < MOST_S


@pytest.mark.skipif(resource is None, reason="Windows does not tell")
def test_large_cases_need_little_memory(here, tmp_path):
    code = "import sys; from tests.test_bad_input import tell_bytes; tell_bytes(*sys.argv[1:])"

    def needed(number: int, name: str) -> int:
        (own := tmp_path / str(number)).mkdir()
        command = [sys.executable, "-c", code, name, str(CORPUS[name].write(own)), str(here[0].folder)]
        return int(subprocess.run(command, stdout=subprocess.PIPE, encoding="utf-8", cwd=HOME, check=True).stdout)

    with ThreadPoolExecutor(AT_ONCE) as pool:
        n_bytes = dict(zip(LARGE, pool.map(needed, range(len(LARGE)), LARGE), strict=True))
    assert {name: n for name, n in n_bytes.items() if n >= MOST_BYTES} == {}


def says(found: str, piece: str) -> bool:
    """Whether a reason begins with the expected code and holds the expected piece."""
    code, _, words = piece.partition(" ")
    return found.startswith(f"{code} ") and words in found


def assert_outcome(case: Case, tables: dict[str, pd.DataFrame], ground: Ground, folder: Path) -> None:
    leads, aside = tables["leads"], tables["set_aside"]
    inside = leads[~leads["lead_id"].isin(aside.loc[aside["reason"] == "E1", "lead_id"])]
    found = [f"{row.reason} {row.detail}" for row in aside.sort_values(["src_file", "src_row"]).itertuples()]
    assert sorted(inside["orig_no"].fillna("")) == sorted(case.leads)
    assert len(found) == len(case.aside), found
    assert [one for one, piece in zip(found, case.aside, strict=True) if not says(one, piece)] == []
    assert set(tables["reports"]["report_id"]) == set(leads["report_id"]) | set(aside["report_id"])
    if case.off_m < ANYWHERE:
        assert [lead.orig_no for lead in inside.itertuples() if distance_m(lead, ground) > case.off_m] == []
    said = said_in(tables)
    assert [piece for piece in case.notes if piece not in said] == [], said
    assert str(folder) not in said + "".join(found)


@pytest.fixture(scope="module")
def hostile_run(tmp_path_factory) -> Path:
    """The folder of a run whose every text field holds one of the hostile words."""
    folder = tmp_path_factory.mktemp("hostile") / "试区"
    make_place(folder)
    for name in ("layers", "delivery"):
        (folder / name).mkdir()
    for name in ("province.toml", "list.toml"):
        shutil.copy(HOME / "configs" / "shuangta" / "delivery" / name, folder / "delivery" / name)
    write_layer(folder, "marsh", [box(-1000, -1000, 12_000, 3000)])
    rows = [
        (box(300.0 * k, 0, 50, 50), {"no": f"{words}{k}", "activity": words, "change": words, "town": words})
        for k, words in enumerate(HOSTILE.values())
    ]
    write_source(folder, "leads", rows)
    return screen(folder, "2023", folder.parent / "out").folder


def test_no_cell_of_the_workbook_is_a_formula(hostile_run):
    (path,) = hostile_run.rglob("*.xlsx")
    cells = [cell for sheet in openpyxl.load_workbook(path) for row in sheet.iter_rows() for cell in row]
    assert [cell.coordinate for cell in cells if cell.data_type == "f" or cell.hyperlink] == []
    texts = [cell.value for cell in cells if isinstance(cell.value, str)]
    assert any("=HYPERLINK(" in text for text in texts)  # the words came through, as words
    assert [text for text in texts if re.search(r"[\x00-\x08\x0b\x0c\x0e-\x1f]", text)] == []


def test_no_page_holds_markup_from_the_data(hostile_run):
    pages = {path: path.read_text(encoding="utf-8") for path in hostile_run.rglob("*.html")}
    assert len(pages) >= 3
    for page in pages.values():
        assert "<img src=x" not in page
        assert "<script>document.title" not in page


def test_the_geopackage_opens_and_holds_every_lead(hostile_run):
    (path,) = hostile_run.rglob("*.gpkg")
    counts = [int(pyogrio.read_info(path, layer=name)["features"]) for name, _ in pyogrio.list_layers(path)]
    assert max(counts) >= len(HOSTILE)
