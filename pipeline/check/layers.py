"""The facts of one overlay layer: what it holds, what of it is used, and what its codes mean."""

from collections import Counter

import numpy as np
import pandas as pd
import shapely

from pipeline.check.facts import Code, Count, LayerFacts
from pipeline.check.sources import crs_conflict, text
from pipeline.config import Layer
from pipeline.cycle import Cycle
from pipeline.geometry import Shapes, area_m2
from pipeline.intake.coordinates.around import image
from pipeline.intake.ground import Ground
from pipeline.intake.words.land_codes import meaning, scheme_that_fits, tidy_code
from pipeline.text import say

M2_PER_HA = 10_000


def layer_facts(cycle: Cycle, layer: Layer, anchor: str, unread: str | None) -> LayerFacts:
    """What the ground and table inputs of `cycle` say of one layer."""
    if unread is not None or not layer.path.exists():
        return LayerFacts(layer, anchor, unread, is_missing=unread is None)
    ground, inputs = cycle.ground, cycle.ground.inputs
    own = inputs[inputs["input_id"] == layer.id]
    features = ground.layers[ground.layers["layer_id"] == layer.id]
    shapes = np.array(list(features.geometry), dtype=object)
    n_unusable = _n_unusable(cycle, layer)
    files = tuple(own.to_dict("records"))
    return LayerFacts(
        layer, anchor, None, is_missing=False,
        inputs=files,
        crs_conflict=crs_conflict(files, ground.around),
        n_features=len(features),
        n_around=_n_around(shapes, ground),
        area_ha=float(area_m2(shapes, ground.crs).sum()) / M2_PER_HA,
        n_unusable=n_unusable,
        n_left_out=int(own["n_records"].sum()) - len(features) - n_unusable,
        repairs=tuple(Count(str(what), int(n)) for what, n in sorted(Counter(features["repair"].dropna()).items())),
        codes=_codes(features, layer, cycle.place.language),
        schemes=_schemes(features, layer, cycle.place.language),
        shapes=shapes,
    )  # fmt: skip


def _n_around(shapes: Shapes, ground: Ground) -> int | None:
    """How many shapes lie in the place or its margin; None where nothing says where that is."""
    area = None if ground.around is None else image(ground.around, ground.crs)
    return None if area is None else int(shapely.intersects(shapes, area).sum())


def _n_unusable(cycle: Cycle, layer: Layer) -> int:
    """By the sentences that the ground keeps of features without an area."""
    language = cycle.place.language
    marked = say(language, "intake.layer_feature_unusable", layer=layer.title, file=layer.path.name, row="\0").split(
        "\0"
    )
    return sum(line.startswith(marked[0]) and line.endswith(marked[1]) for line in cycle.ground.unusable)


def _codes(features: pd.DataFrame, layer: Layer, language: str) -> tuple[Code, ...]:
    """Every land code of the features used, with its name in the layer and what it means in the declared scheme."""
    if "code" not in layer.columns:
        return ()
    found: Counter[tuple[str, str]] = Counter()
    for code, name in zip(features["code"], features["name"], strict=True):
        word, called = text(code), text(name)
        tidy = tidy_code(word, called, layer.code_scheme, language)[0] if layer.code_scheme else word
        found[tidy, called] += 1
    return tuple(
        Code(code, name, known["name"] if (known := meaning(code, layer.code_scheme)) else "", n)
        for (code, name), n in sorted(found.items())
    )


def _schemes(features: pd.DataFrame, layer: Layer, language: str) -> tuple[Count, ...]:
    if "code" not in layer.columns or layer.code_scheme is not None:
        return ()
    pairs = [(text(code), text(name)) for code, name in zip(features["code"], features["name"], strict=True)]
    fits = scheme_that_fits(pairs)
    return tuple(Count(fit.scheme, round(100 * fit.share)) for fit in fits)
