"""Which records say the same thing twice, and which correct an earlier one."""

import pandas as pd

from pipeline.config import Source
from pipeline.text import say


def without_corrected(
    leads: pd.DataFrame, sources: dict[str, Source], language: str
) -> tuple[pd.DataFrame, pd.DataFrame]:
    """(leads, corrected): of a source that a later file replaces, rows of the same number go; the newer row `corrects` them.

    A correction of a correction corrects the first record, so that its site keeps one id throughout.
    """
    leads = leads.assign(corrects=None)
    corrected = []
    for source in sorted(sources.values(), key=lambda one: (one.received, one.id)):
        if source.replaces is None:
            continue
        newer = leads[leads["source_id"] == source.id].dropna(subset="orig_no").drop_duplicates("orig_no")
        older = leads[(leads["source_id"] == source.replaces) & leads["orig_no"].isin(newer["orig_no"])]
        first = older["corrects"].where(older["corrects"].notna(), older["lead_id"])
        origin = dict(zip(older["orig_no"], first, strict=True))
        known = newer["orig_no"].isin(origin)
        leads.loc[newer.index[known], "corrects"] = newer.loc[known, "orig_no"].map(origin)
        received = dict(zip(older["orig_no"], older["received"], strict=True))
        leads.loc[newer.index[known], "received"] = newer.loc[known, "orig_no"].map(received)
        kept = newer.set_index("orig_no")["lead_id"]
        detail = say(language, "intake.replaced", source=source.title)
        corrected.append(older.assign(lead_id=older["orig_no"].map(kept), reason="E5", detail=detail))
        leads = leads.drop(index=older.index)
    leads.loc[leads["corrects"] == leads["lead_id"], "corrects"] = None  # sent again unchanged
    return leads, pd.concat(corrected) if corrected else leads.iloc[:0]


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
