"""leadscreen layers: what lies in the prepared cache of a place, and which of its layers do not."""

from datetime import datetime

from pipeline.cache import Cache, Entry, clear, entries
from pipeline.config import Place
from pipeline.intake.ground import layer_keys
from pipeline.intake.words.codes import class_label
from pipeline.text import say


def layer_lines(place: Place, cache: Cache) -> list[str]:
    """A line for each entry, the last used first, then one for each layer not prepared, then the total and the limit.

    Raises InputError where the place's boundary or townships cannot be read.
    """
    language, found, keys = place.language, entries(cache), layer_keys(place)
    states = [_state(entry, set(keys.values())) for entry in found]
    lines = [say(language, "cache.title", folder=cache.folder)]
    lines += [_entry_line(entry, state, language) for entry, state in zip(found, states, strict=True)]
    lines += [] if found else [say(language, "cache.none")]
    lines += [say(language, "cache.older_why")] if "older" in states else []
    ready = {entry.key for entry in found if entry.is_whole}
    for layer in place.layers:
        key = keys.get(layer.id)
        if key not in ready:
            sentence = f"cache.{'raster' if layer.cells else 'missing' if key is None else 'not_ready'}"
            label = class_label(layer.layer_class, language)
            lines.append(say(language, sentence, title=layer.title, layer_class=label, file=layer.path.name))
    total_mb = sum(entry.size_mb for entry in found)
    return [*lines, say(language, "cache.total", mb=total_mb, limit=cache.limit_mb)]


def clear_lines(cache: Cache) -> list[str]:
    """Remove every entry of the cache, and say how many went and which could not."""
    before = entries(cache)
    left = set(clear(cache))
    gone = [entry for entry in before if entry.key not in left]
    lines = [say(cache.language, "cache.cleared", n=len(gone), mb=sum(entry.size_mb for entry in gone))]
    return lines + ([say(cache.language, "cache.still_open", n=len(left))] if left else [])


def _state(entry: Entry, wanted: set[str | None]) -> str:
    """What an entry is to the place as it stands; what is kept of other things than layers is not judged."""
    if entry.about is None:
        return "broken"
    if entry.about.kind != "layer":
        return "kept"
    return "ready" if entry.key in wanted else "older"


def _entry_line(entry: Entry, state: str, language: str) -> str:
    used = datetime.fromtimestamp(entry.last_used).strftime("%Y-%m-%d %H:%M")
    if entry.about is None:
        return say(language, "cache.broken", name=entry.key, mb=entry.size_mb, used=used)
    words = {**entry.about._asdict(), "layer_class": class_label(entry.about.layer_class, language)}
    sentence = "cache.layer" if entry.about.layer_class else "cache.other"
    if entry.about.kind.startswith("overlaps_"):
        sentence = f"cache.{entry.about.kind}"
    return say(language, sentence, state=say(language, f"cache.{state}"), mb=entry.size_mb, used=used, **words)
