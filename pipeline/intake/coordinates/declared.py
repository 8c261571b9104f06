"""What a source or a data file states as its CRS: a system to read values in, or why it cannot be used."""

from collections.abc import Callable
from typing import NamedTuple

import numpy as np
import pyproj

from pipeline.errors import InputError
from pipeline.geometry import DEGREE_M, Floats, to_crs
from pipeline.intake.coordinates.around import Around, crs_text, is_reachable, read_crs
from pipeline.intake.coordinates.shifted import DATUMS, from_bd09, from_gcj02
from pipeline.intake.formats.shapes import crs_name
from pipeline.text import say

WGS84 = "EPSG:4326"
# only secret parameters bring these to CGCS2000
OLD_DATUMS = ("xian", "xi'an", "西安", "beijing", "北京", "bj54", "bjz54")
OLD_SEMI_MAJOR_M = (6_378_245.0, 6_378_140.0)  # Krassovsky of Beijing 54, IAG 1975 of Xian 80, however they are spelt
# PROJ repeats parameters even in the name of a datum
PARAMETER_SIGNS = ("towgs84", "boundcrs", "nadgrids", "helmert", "proj=pipeline")
PIPELINE = "+proj=pipeline"


class System(NamedTuple):
    """A coordinate system to read values in. `move` brings them to `crs` where no CRS name alone says how."""

    crs: str
    name: str  # as people read it
    unit_m: float | None  # metres of one unit of the values; None where only the values tell
    move: Callable[[Floats], Floats] | None = None
    datum: str | None = None  # GCJ-02 or BD-09

    def is_angle(self) -> bool:
        """Whether the values are degrees."""
        return self.unit_m == DEGREE_M


def read_declared(text: str, around: Around | None, language: str) -> System | str:
    """The system a CRS text, PROJ pipeline, "GCJ-02" or "BD-09" declares, or the sentence why it cannot be used.

    Parameters in it are believed, as a person gave them; of a data file's CRS pass `without_parameters`. Parameters of
    zero are none: on an old datum they are no permission, on a known one they change nothing.
    """
    if text in DATUMS:
        return System(WGS84, text, DEGREE_M, from_gcj02 if text == "GCJ-02" else from_bd09, text)
    parameters = say(language, "positions.label_parameters")  # never the parameters themselves: they are secret
    try:
        if PIPELINE in text:
            return System(WGS84, parameters, None, _mover(pyproj.Transformer.from_pipeline(text)))
        stated = _horizontal(read_crs(text))
        crs = _unbound(stated)
        if crs.geodetic_crs is None:
            return say(language, "positions.unknown_crs")
        is_usable = not is_old_datum(crs) and _is_reached(crs, stated.is_bound, around)
        if stated.is_bound and (_moves(stated) or not (is_usable or is_old_datum(crs))):
            return System(WGS84, parameters, _unit_m(crs), _mover(_to_wgs84(stated)))
    except pyproj.exceptions.ProjError:
        return say(language, "positions.unknown_crs")
    return named_system(crs) if is_usable else say(language, "positions.old_datum", crs=crs.name)


def named_system(crs: pyproj.CRS) -> System:
    """A CRS as a system, under its EPSG code where it has one."""
    text = crs_text(crs)
    return System(text, text if text.startswith("EPSG:") else crs.name, _unit_m(crs))


def without_parameters(stated: str | None) -> str | None:
    """A CRS as a data file states it, less the shift to WGS 84 (TOWGS84, BOUNDCRS) that programs write with it.

    Most such shifts are zeros written for want of better, or stand for another region: only a person can vouch for them.
    """
    try:
        crs = None if stated is None else _horizontal(read_crs(stated))
    except pyproj.exceptions.CRSError:
        return stated
    return crs_name(_unbound(crs)) if crs is not None and crs.is_bound else stated


def shown_crs(text: str | None, language: str | None) -> str | None:
    """A CRS text as tables and pages may show it: where it holds parameters they are named, never repeated.

    Without a `language` they are named in both.
    """
    if text is None or not any(sign in text.lower() for sign in PARAMETER_SIGNS):
        return text
    languages = ("zh", "en") if language is None else (language,)
    return " / ".join(say(one, "positions.label_parameters") for one in languages)


def is_old_datum(crs: pyproj.CRS) -> bool:
    """Whether a CRS is on Beijing 54 or Xian 80, by name or, where its datum is no known one, by the ellipsoid."""
    base = crs.geodetic_crs
    if base is None:
        return False
    names = f"{base.name} {base.datum.name if base.datum else ''}".lower()
    if any(old in names for old in OLD_DATUMS):
        return True
    ellipsoid = base.ellipsoid
    return ellipsoid is not None and ellipsoid.semi_major_metre in OLD_SEMI_MAJOR_M and not _is_known(base)


def _is_reached(crs: pyproj.CRS, is_bound: bool, around: Around | None) -> bool:
    """Whether a transformation of known accuracy leads from `crs` to the place; without one a plain CRS is taken at its word."""
    if around is not None:
        return is_reachable(crs, around)
    return not is_bound or (crs.geodetic_crs is not None and _is_known(crs.geodetic_crs))


def _is_known(base: pyproj.CRS) -> bool:
    """Whether EPSG knows a way from the datum of a geographic CRS to WGS 84."""
    try:
        to_crs(np.array([None], dtype=object), base, read_crs(WGS84))
    except InputError:
        return False
    return True


def _horizontal(crs: pyproj.CRS) -> pyproj.CRS:
    return crs.sub_crs_list[0] if crs.is_compound else crs


def _unbound(crs: pyproj.CRS) -> pyproj.CRS:
    """The CRS that the parameters were bound to, under its EPSG code where it has one."""
    return read_crs(crs_name(crs.source_crs)) if crs.is_bound and crs.source_crs is not None else crs


def _moves(bound: pyproj.CRS) -> bool:
    """Whether the parameters of a bound CRS are other than zero; a grid always is."""
    operation = bound.coordinate_operation
    return operation is None or not operation.towgs84 or any(operation.towgs84)


def _unit_m(crs: pyproj.CRS) -> float:
    return DEGREE_M if crs.is_geographic else float(crs.axis_info[0].unit_conversion_factor)


def _to_wgs84(crs: pyproj.CRS) -> pyproj.Transformer:
    return pyproj.Transformer.from_crs(crs, read_crs(WGS84), always_xy=True)


def _mover(transformer: pyproj.Transformer) -> Callable[[Floats], Floats]:
    return lambda xy: np.column_stack(transformer.transform(xy[:, 0], xy[:, 1]))
