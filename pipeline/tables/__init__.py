"""Every table of a run, declared once: what one row is, its key, and each column with unit and meaning.

`check_table` holds a frame against its declaration whenever it crosses the disk; docs/tables.md is printed from here.
"""

from pipeline.tables.asked import DECISIONS, QUESTIONS
from pipeline.tables.judged import CASES, GROWTH, JUDGED, LEDGER, MATCHES, MERGES, OUTCOMES, PROBLEMS, SITES
from pipeline.tables.measured import CONFLICTS, OVERLAPS
from pipeline.tables.received import CANDIDATES, INPUTS, LEADS, REPORTS, SET_ASIDE

ALL = (
    INPUTS, REPORTS, LEADS, SET_ASIDE, CANDIDATES, OVERLAPS, MERGES, SITES, GROWTH, CONFLICTS, CASES, MATCHES, PROBLEMS,
    QUESTIONS, DECISIONS, OUTCOMES,
)  # fmt: skip
TABLES = {table.name: table for table in ALL}

__all__ = [
    "CANDIDATES", "CASES", "CONFLICTS", "DECISIONS", "GROWTH", "INPUTS", "JUDGED", "LEADS", "LEDGER", "MATCHES", "MERGES", "OUTCOMES",
    "OVERLAPS", "PROBLEMS", "QUESTIONS", "REPORTS", "SET_ASIDE", "SITES", "TABLES",
]  # fmt: skip
