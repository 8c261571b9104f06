"""Which records say the same thing twice, and which are newer versions of one and the same record.

A source that replaces another belongs to its family; within a family the records of one number are versions of one
record. The newest version stands. It keeps the identity of the first (`root_lead_id`) and remembers the leads of all
earlier ones (`corrects`), so that nothing accepted is forgotten and nothing gets a second number.
"""

from dataclasses import dataclass
from itertools import pairwise, product
from typing import Any

import pandas as pd
import shapely

from pipeline.config import Source
from pipeline.text import say

HANDED_ON = ("root_lead_id", "received", "corrects")  # what a newer version takes over from the older


def replaced_by(source: Source, sources: dict[str, Source]) -> list[Source]:
    """The source that `source` replaces, the one that this replaces in turn, and so on; config lets no circle through."""
    chain = []
    while source.replaces is not None and source.replaces in sources:
        source = sources[source.replaces]
        chain.append(source)
    return chain


def family_order(sources: dict[str, Source]) -> dict[str, tuple[str, tuple[str, int, str]]]:
    """source_id → (the first source of its family, its place among the versions: received, corrections deep, id)."""
    order = {}
    for source in sources.values():
        chain = replaced_by(source, sources)
        order[source.id] = [source, *chain][-1].id, (source.received.isoformat(), len(chain), source.id)
    return order


def new_numbers(reports: pd.DataFrame, sources: dict[str, Source]) -> dict[str, list[str]]:
    """correcting source_id → its numbers that nothing it replaces has: new records, or typing errors."""
    order = family_order(sources)
    found = {}
    for source in sources.values():
        if source.replaces is None:
            continue
        first, version = order[source.id]
        older = [one for one, (family, place) in order.items() if family == first and place < version]
        known = set(reports.loc[reports["source_id"].isin(older), "orig_no"].dropna())
        own = reports.loc[reports["source_id"] == source.id, "orig_no"].dropna()
        if numbers := sorted(set(own) - known):
            found[source.id] = numbers
    return found


def without_corrected(
    leads: pd.DataFrame, sources: dict[str, Source], language: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(leads, corrected): only the newest version of each record stands; `corrected` has one E5 row per older record.

    Leads (geometry in a CRS in metres) gain `root_lead_id` and `corrects`; a corrected lead takes over the date received
    of its first version.
    """
    leads = leads.assign(root_lead_id=leads["lead_id"], corrects=[[] for _ in range(len(leads))])
    versions = _versions(leads, sources)
    gone: dict[Any, tuple[str, str]] = {}  # row → (lead that stands, title of the source that corrects)
    for older_and_newer in versions:
        for older, newer in pairwise(older_and_newer):
            _hand_on(older, newer)
        standing = min(older_and_newer[-1], key=lambda version: version.lead_id)
        for version in (version for older in older_and_newer[:-1] for version in older):
            gone[version.row] = standing.lead_id, sources[standing.source_id].title
    leads = _handed_on(leads, [version for one in versions for same in one for version in same])
    rows = leads.loc[list(gone)]
    details = [say(language, "intake.replaced", source=title) for _, title in gone.values()]
    corrected = rows.assign(lead_id=[lead_id for lead_id, _ in gone.values()], reason="E5", detail=details)
    return leads.drop(index=rows.index), corrected.drop_duplicates("report_id")


@dataclass(eq=False)
class _Version:
    """A lead as a version of its record; a plain object, because a whole source may be corrected at once."""

    row: Any
    lead_id: str
    source_id: str
    geometry: Any
    root_lead_id: str
    received: str
    corrects: list[str]


def _versions(leads: pd.DataFrame, sources: dict[str, Source]) -> list[list[list[_Version]]]:
    """Per record that came more than once its versions, the oldest first, each with its leads."""
    order = family_order(sources)
    related = {
        one
        for source in sources.values()
        if source.replaces
        for one in (source.id, order[source.id][0], source.replaces)
    }
    numbered = leads[leads["source_id"].isin(related)].dropna(subset="orig_no")
    numbered = numbered[numbered.duplicated("orig_no", keep=False)]  # a number that came once has one version
    names = ["lead_id", "source_id", "geometry", *HANDED_ON]
    records: dict[tuple[str, str], dict[str, list[_Version]]] = {}
    for row, number, *cells in zip(
        numbered.index, numbered["orig_no"], *(numbered[name] for name in names), strict=True
    ):
        version = _Version(row, *cells)
        record = records.setdefault((order[version.source_id][0], number), {})
        record.setdefault(version.source_id, []).append(version)
    return [
        [record[source_id] for source_id in sorted(record, key=lambda source_id: order[source_id][1])]
        for _, record in sorted(records.items())
    ]


def _handed_on(leads: pd.DataFrame, versions: list[_Version]) -> pd.DataFrame:
    """The leads with what their versions were handed on."""
    columns = {}
    for name in HANDED_ON:
        cells = dict(zip(leads.index, leads[name], strict=True))
        cells |= {version.row: getattr(version, name) for version in versions}
        columns[name] = list(cells.values())
    return leads.assign(**columns)


def without_repeated(
    leads: pd.DataFrame, sources: dict[str, Source], language: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(leads, repeated): equal content twice is one lead; the one received first stays."""
    leads = leads.sort_values(["received", "source_id", "report_id"], kind="stable")
    is_repeated = leads.duplicated("lead_id")
    first = leads[~is_repeated].set_index("lead_id")
    repeated = leads[is_repeated]
    details = [
        say(
            language,
            "intake.same_content",
            source=sources[first.at[i, "source_id"]].title,
            received=first.at[i, "received"],
        )
        for i in repeated["lead_id"]
    ]
    return leads[~is_repeated].reset_index(drop=True), repeated.assign(reason="E5", detail=details)


def _hand_on(older: list[_Version], newer: list[_Version]) -> None:
    """Every lead of the older version hands its identity to its successor; one that has none is still remembered.

    Successors are found one to one, by common ground and then by distance; a newer lead left over keeps its own identity
    and remembers the nearest older lead, so that a person is asked before it gets a number of its own.
    """
    touching = sorted(product(older, newer), key=lambda pair: _nearness(*pair))
    successor: dict[_Version, _Version] = {}
    heirs: set[_Version] = set()
    for old, new in touching:
        if old not in successor and new not in heirs:
            successor[old] = new
            heirs.add(new)
    for old, new in touching:
        successor.setdefault(old, new)  # more places before than now
    remembered = list(successor.items())
    for new in newer:
        if new not in heirs:  # more places now than before
            remembered.append((next(old for old, near in touching if near is new), new))
    for old, new in remembered:
        known = dict.fromkeys([*new.corrects, *old.corrects, old.lead_id])
        new.corrects = [lead_id for lead_id in known if lead_id != new.lead_id]
    for old, new in successor.items():
        if new in heirs:
            heirs.remove(new)
            new.root_lead_id, new.received = old.root_lead_id, old.received


def _nearness(old: _Version, new: _Version) -> tuple[float, float, str, str]:
    """Sorts pairs: most common ground first, then the nearest; ids decide between equals, never the order of rows."""
    shared_m2 = float(shapely.area(shapely.intersection(old.geometry, new.geometry)))
    return -shared_m2, float(shapely.distance(old.geometry, new.geometry)), old.lead_id, new.lead_id
