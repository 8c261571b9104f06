"""The sender's numbers of one source: which rows have none, which share one, and what a correction replaces."""

import pandas as pd

from pipeline.check.facts import Count, Numbers, Replacement
from pipeline.config import Place, Source
from pipeline.intake.records import replaced_by

FIRST_ROWS = 5  # so many rows are named


def sender_numbers(reports: pd.DataFrame, set_aside: pd.DataFrame, source: Source) -> Numbers | None:
    """The numbers in the `reports` of one source; None where it has no record.

    Rows of totals have none, and a record sent twice (E5 in `set_aside`) is told as such. Of petitions only the rows
    are named.
    """
    rows = _records(reports)
    if rows.empty:
        return None
    repeated = set_aside.loc[set_aside["reason"] == "E5", "report_id"]
    once = rows[rows["orig_no"].notna() & ~rows["report_id"].isin(repeated)]
    shared = once[once.duplicated("orig_no", keep=False)]
    counts = [
        Count("" if source.kind == "reports" else str(number), len(own), _named(own["src_row"]))
        for number, own in shared.groupby("orig_no", sort=True)
    ]
    empty = rows.loc[rows["orig_no"].isna(), "src_row"]
    return Numbers(
        "orig_no" in {*source.columns, *source.values}, len(rows), Count("", len(empty), _named(empty)), tuple(counts)
    )


def replacement(reports: pd.DataFrame, source: Source, place: Place) -> Replacement | None:
    """How the rows of a source stand to those it replaces, by table reports of all sources.

    None where it replaces nothing that was read.
    """
    earlier = replaced_by(source, {one.id: one for one in place.sources})
    theirs = reports[reports["source_id"].isin([one.id for one in earlier])]
    if theirs.empty:
        return None
    own = _records(reports[reports["source_id"] == source.id]).dropna(subset="orig_no")
    is_known = own["orig_no"].isin(set(theirs["orig_no"].dropna()))
    new = own.loc[~is_known, "src_row" if source.kind == "reports" else "orig_no"]
    return Replacement(earlier[0].title, int(is_known.sum()), len(new), tuple(dict.fromkeys(map(str, new))))


def _records(reports: pd.DataFrame) -> pd.DataFrame:
    return reports[~reports["fault"].fillna("").str.startswith("E11")]


def _named(rows: pd.Series) -> tuple[str, ...]:
    return tuple(str(row) for row in rows.dropna().iloc[:FIRST_ROWS])
