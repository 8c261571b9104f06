"""The house: who may import whom, where each outside package may live, and how long rooms may grow."""

import ast
from pathlib import Path

PIPELINE = Path(__file__).parents[1] / "pipeline"
FLOORS = [  # from the top down; a module imports only from floors below its own, or from its own room
    {"__main__"}, {"cli"}, {"check", "explain", "draft", "layers", "decide"}, {"jobs"}, {"notices", "last_run"}, {"cycle"}, {"manifest"},
    {"stages", "publish", "ledger", "store"}, {"asking"}, {"merging"}, {"intake", "engine"}, {"cache"}, {"place_folder"},
    {"tables", "config"}, {"declare", "rules"}, {"geometry"}, {"raster_env"}, {"text", "memory"}, {"errors"},
    {"codes", "words", "assets"},
]  # fmt: skip
HOMES = {  # outside packages that one room alone may know
    "folium": {"publish"}, "branca": {"publish"}, "jinja2": {"publish"}, "xstatic": {"publish"},
    "xlsxwriter": {"publish"},
    "sqlite3": {"ledger", "store", "publish"}, "python_calamine": {"intake"}, "click": {"cli"}, "tqdm": {"cli"},
    "numba": {"engine"}, "pydantic": {"config", "rules", "place_folder"},
    "rasterio": {"raster_env", "intake", "publish"}, "dask": {"engine"}, "distributed": {"engine"},
}  # fmt: skip


def room(path: Path) -> str:
    parts = path.relative_to(PIPELINE).parts
    return parts[0].removesuffix(".py")


def imports(path: Path) -> list[str]:
    found = []
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found += [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom) and node.module:
            names = [f"pipeline.{alias.name}" for alias in node.names] if node.module == "pipeline" else [node.module]
            found += names
    return found


def modules() -> list[Path]:
    return [path for path in sorted(PIPELINE.rglob("*.py")) if path.name != "__init__.py"]


def floor(name: str) -> int:
    return next(k for k, rooms in enumerate(FLOORS) if name in rooms)


def test_imports_only_go_down():
    wrong = []
    for path in modules():
        own = room(path)
        for name in imports(path):
            if name.startswith("pipeline.") and (other := name.split(".")[1]) != own and floor(other) <= floor(own):
                wrong.append(f"{path.relative_to(PIPELINE)} imports {name}")
    assert wrong == []


def test_stages_do_not_import_each_other():
    wrong = [
        str(path)
        for path in modules()
        if room(path) == "stages"
        for name in imports(path)
        if name.startswith("pipeline.stages")
    ]
    assert wrong == []


def test_outside_packages_stay_in_their_rooms():
    wrong = []
    for path in modules():
        for name in imports(path):
            homes = HOMES.get(name.split(".")[0])
            if homes is not None and room(path) not in homes:
                wrong.append(f"{path.relative_to(PIPELINE)} imports {name}")
    assert wrong == []


def test_rooms_stay_rooms():
    long = {
        str(path.relative_to(PIPELINE)): n
        for path in modules()
        if (n := len(path.read_text(encoding="utf-8").splitlines())) > 380
    }
    assert long == {}
