"""What the ids of a run mean, and on what persons disagree."""

from collections.abc import Collection
from typing import NamedTuple

import pandas as pd

from pipeline.intake.decision_rows import TOPICS
from pipeline.merging.said import site_by_lead


class Known(NamedTuple):
    """What every question needs to know of the run."""

    site_of: dict[str, str]  # lead, or site as it was ever called by one of its leads → its site
    leads_of: dict[str, list[str]]
    of_record: dict[str, list[str]]  # record on which persons disagree → the sites of its leads
    received: set[str]  # leads and reports of this run
    contested: set[tuple[str, frozenset[str]]]  # (topic, ids): asked as disagreements alone
    secret: Collection[str]  # sources that what is asked must not quote
    language: str

    def sites_of(self, name: str) -> list[str]:
        """The sites in which what an id means stands now: of a record there may be several."""
        return [self.site_of[name]] if name in self.site_of else self.of_record.get(name, [])

    def is_contested(self, topic: str, *ids: str) -> bool:
        """Whether persons disagree about a topic (of TOPICS) of these leads, sites, cases or reports."""
        return (topic, frozenset(self.site_of.get(one, one) for one in ids)) in self.contested


def know(
    leads: pd.DataFrame, sites: pd.DataFrame, reports: pd.DataFrame, decisions: pd.DataFrame, secret: Collection[str],
    language: str,
) -> Known:  # fmt: skip
    """What is known of the run, from its tables; `secret`: source_ids."""
    leads_of = dict(zip(sites["site_id"], map(list, sites["lead_ids"]), strict=True))
    site_of = site_by_lead(sites)
    site_of |= {f"S{lead_id[1:]}": site_id for lead_id, site_id in site_of.items()}
    site_of |= {old: own for own, gone in zip(sites["site_id"], sites["absorbed_ids"], strict=True) for old in gone}
    site_of |= {site_id: site_id for site_id in leads_of}
    told = decisions[decisions["effect"] == "contradicted"]
    of_record: dict[str, list[str]] = {}
    spoken_of = leads[leads["report_id"].isin(told["subject"])]
    for report_id, lead_id in zip(spoken_of["report_id"], spoken_of["lead_id"], strict=True):
        if lead_id in site_of and site_of[lead_id] not in of_record.setdefault(report_id, []):
            of_record[report_id].append(site_of[lead_id])
    contested = {
        (TOPICS[decision], frozenset(site_of.get(one, one) for one in subject.split()))
        for subject, decision in zip(told["subject"], told["decision"], strict=True)
    }
    contested |= {("fate", frozenset({site_id})) for site_ids in of_record.values() for site_id in site_ids}
    received = {*leads["lead_id"], *reports["report_id"]}
    return Known(site_of, leads_of, of_record, received, contested, secret, language)
