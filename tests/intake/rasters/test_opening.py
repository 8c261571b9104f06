"""Opening: every format reads the same cells, and what was received is all that is read."""

import threading
import zipfile
from http.server import BaseHTTPRequestHandler, HTTPServer

import numpy as np
import pytest
import rasterio
from rasterio.env import get_gdal_config
from rasterio.shutil import copy

from pipeline.config import Limits
from pipeline.errors import InputError
from pipeline.intake.files import read_origin
from pipeline.intake.rasters.opening import open_raster
from pipeline.raster_env import NO_NETWORK
from tests.intake.rasters.made import write_raster
from tests.intake.rasters.test_change import source

CELLS = np.kron(np.array([[0, 21, 0], [22, 22, 0]], np.uint8), np.ones((5, 5), np.uint8))
ELSEWHERE = """<VRTDataset rasterXSize="15" rasterYSize="10"><SRS>EPSG:4549</SRS>
<GeoTransform>0,10,0,0,0,-10</GeoTransform><VRTRasterBand dataType="Byte" band="1"><SimpleSource>
<SourceFilename>/vsicurl/http://127.0.0.1:{port}/x.tif</SourceFilename><SourceBand>1</SourceBand>
</SimpleSource></VRTRasterBand></VRTDataset>"""


@pytest.mark.parametrize(
    ("name", "driver", "words"),
    [("b.tif", "COG", "GeoTIFF"), ("b.vrt", "VRT", "VRT"), ("b.img", "HFA", "Erdas Imagine"), ("b.jp2", "JP2OpenJPEG", "JPEG 2000")],
)  # fmt: skip
def test_every_format_reads_the_same_cells(tmp_path, name, driver, words):
    first = write_raster(tmp_path / "a.tif", CELLS, nodata=0)
    lossless = {"QUALITY": 100, "REVERSIBLE": "YES"} if driver == "JP2OpenJPEG" else {}
    copy(str(first), str(tmp_path / name), driver=driver, **lossless)
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        archive.write(first, "in/a.tif")
    readings = [read_origin(source(tmp_path / one), Limits(), "en")[0] for one in ("a.tif", "a.zip", name)]
    assert [reading.format for reading in readings] == ["GeoTIFF", "GeoTIFF", words]
    assert {reading.crs for reading in readings} == {"EPSG:4549"}
    shapes = [[(record.words["value"], record.shape.wkt) for record in reading.records] for reading in readings]
    assert shapes[0] == shapes[1] == shapes[2]
    assert [record.shape.area for record in readings[0].records] == [2500, 5000]


def test_a_vrt_fetches_nothing_from_the_network(tmp_path):
    asked = []

    class Server(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_error(404)

        do_HEAD = do_GET

        def log_message(self, *_):
            pass

    server = HTTPServer(("127.0.0.1", 0), Server)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    (tmp_path / "a.vrt").write_text(ELSEWHERE.format(port=server.server_port), encoding="utf-8")
    with pytest.raises(InputError, match="cannot be read as a raster"):
        read_origin(source(tmp_path / "a.vrt"), Limits(), "en")
    assert asked == []
    with pytest.raises(rasterio.errors.RasterioError), rasterio.open(tmp_path / "a.vrt") as file:
        file.read(1)
    assert asked  # without the guard it would have been
    server.shutdown()


def test_blocks_take_little_memory_while_a_raster_is_open(tmp_path):
    path = write_raster(tmp_path / "a.tif", CELLS)
    with open_raster(path, source(path), "en") as raster:
        found = {name: get_gdal_config(name) for name in ("GDAL_CACHEMAX", *NO_NETWORK)}
        assert raster.width == 15
    assert found == {"GDAL_CACHEMAX": 64 * 2**20, **NO_NETWORK}
