"""Gazetteers as files: what cannot be used is told, and the invented one lies where it says."""

import contextlib
import sys
from pathlib import Path

import geopandas as gpd
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from pipeline.errors import InputError
from pipeline.intake.words.gazetteer import NamedPlace, read_gazetteer

DATA = Path(__file__).parents[3] / "data"
INVENTED = DATA / "shuangta_demo" / "gazetteer_invented.csv"


def test_reading_leaves_bad_rows_out_and_tells(tmp_path):
    path = tmp_path / "g.csv"
    rows = "name,kind,town,lon,lat,aliases\n甲村,village,某镇,120.5,41.5,甲|乙村\n,village,某镇,120.5,41.5,\n丙村,hill,某镇,某,95,\n"
    path.write_bytes(rows.encode("gb18030"))
    gazetteer = read_gazetteer(path)
    assert gazetteer.places == (NamedPlace(("甲村", "甲", "乙村"), "village", "某镇", 120.5, 41.5),)
    assert gazetteer.faults == ("g.csv 第 3 行未使用，请核对列：name", "g.csv 第 4 行未使用，请核对列：kind, lon, lat")
    path.write_text("name,kind\n甲村,village\n", encoding="utf-8")
    with pytest.raises(InputError, match="lon"):
        read_gazetteer(path)


@given(st.binary(max_size=200))
def test_any_bytes_are_a_gazetteer_or_an_input_error(tmp_path_factory, data):
    path = tmp_path_factory.getbasetemp() / "any.csv"
    path.write_bytes(b"name,kind,town,lon,lat,aliases\n" + data)
    with contextlib.suppress(InputError):
        assert all(-90 <= place.lat <= 90 for place in read_gazetteer(path).places)


def test_the_invented_gazetteer_lies_in_its_townships_and_is_made_anew_byte_for_byte(tmp_path, monkeypatch):
    monkeypatch.setattr(sys, "path", [*sys.path, str(DATA)])
    from shuangta_maker.ground import Ground
    from shuangta_maker.villages import write_gazetteer

    write_gazetteer(tmp_path / "g.csv", Ground(DATA / "shuangta_demo" / "real"))
    assert (tmp_path / "g.csv").read_bytes() == INVENTED.read_bytes()
    gazetteer = read_gazetteer(INVENTED)
    areas = gpd.read_file(DATA / "shuangta_demo" / "layers" / "townships_invented.gpkg").set_index("XZQMC").geometry
    assert gazetteer.faults == () and len(gazetteer.places) > 55
    assert all(areas[p.town].contains(shapely.Point(p.lon, p.lat)) for p in gazetteer.places)
