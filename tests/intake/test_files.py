"""read_path: a file that cannot be read is one sentence, whatever its reader raises."""

import csv
import struct
import zipfile
import zlib

import pyarrow as pa
import pytest
import shapely
from lxml import etree

from pipeline.config import Limits
from pipeline.errors import InputError
from pipeline.intake import files
from pipeline.intake.files import read_path
from pipeline.intake.reading import HowToRead


@pytest.mark.parametrize(
    "error",
    [shapely.errors.GEOSException("x"), struct.error("x"), csv.Error("x"), zlib.error("x"), EOFError("x"), pa.ArrowInvalid("x"),
     pa.ArrowNotImplementedError("x"), zipfile.BadZipFile("x"), etree.XMLSyntaxError("x", 1, 1, 1), KeyError("x"), OSError("x")],
    ids=lambda error: type(error).__name__,
)  # fmt: skip
def test_whatever_a_reader_raises_is_a_sentence(tmp_path, monkeypatch, error):
    def broken(*_):
        raise error

    monkeypatch.setattr(files, "read_text_table", broken)
    (tmp_path / "a.csv").write_text("编号,备注\n1,x\n", encoding="utf-8")
    with pytest.raises(InputError, match=r"a\.csv cannot be read"):
        read_path(tmp_path / "a.csv", HowToRead("en"), Limits())


def test_the_limits_of_the_place_reach_the_readers(tmp_path):
    with zipfile.ZipFile(tmp_path / "a.kmz", "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("doc.kml", "<kml><Document>" + " " * 3_000_000 + "</Document></kml>")
    with pytest.raises(InputError, match=r"a\.kmz unpacks to more than 2 MB or by more than 9000 times"):
        read_path(tmp_path / "a.kmz", HowToRead("en"), Limits(max_unpacked_mb=2, max_ratio=9000))
    assert read_path(tmp_path / "a.kmz", HowToRead("en"), Limits(max_ratio=9000))[0].format == "KMZ"
