"""make demo makes the demo anew, byte for byte."""

import subprocess
import sys
from pathlib import Path

HOME = Path(__file__).parents[1]


def test_the_script_makes_what_lies_in_the_repository(tmp_path):
    subprocess.run([sys.executable, str(HOME / "data" / "make_shuangta_demo.py"), str(tmp_path)], check=True)
    made = {path.relative_to(tmp_path): path.read_bytes() for path in tmp_path.rglob("*") if path.is_file()}
    assert len(made) > 15
    for name, content in made.items():
        assert content == (HOME / "data" / "shuangta_demo" / name).read_bytes(), name
