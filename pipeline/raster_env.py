"""How GDAL is set wherever a raster or an image is read: little memory for blocks, and nothing from the network."""

import warnings
from collections.abc import Iterator
from contextlib import contextmanager

CACHE_BYTES = 64 * 2**20  # decoded blocks kept; left alone, GDAL takes a share of all memory
NO_NETWORK = {  # a VRT or a map service's XML may name an address; what was received is what is read
    "CPL_VSIL_CURL_ALLOWED_FILENAME": "none",
    "GDAL_HTTP_PROXY": "http://127.0.0.1:9",  # the discard port: drivers that ask by themselves (WMS, HTTP) get no answer
}


@contextmanager
def gdal_set() -> Iterator[None]:
    """GDAL as all rooms read with it, and no warning of files without a position: each room says that in its own words.

    Open and read within it: the parts of a VRT are opened when they are read. Loads rasterio.
    """
    import rasterio
    from rasterio.errors import NotGeoreferencedWarning

    with warnings.catch_warnings(), rasterio.Env(GDAL_CACHEMAX=CACHE_BYTES, **NO_NETWORK):
        warnings.simplefilter("ignore", NotGeoreferencedWarning)
        yield
