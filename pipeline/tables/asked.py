"""Tables of what a person has to decide, and of what persons decided."""

from pipeline.declare import Table, needed, optional

QUESTIONS = Table(
    "questions",
    "one thing that a person has to decide",
    ("question_id",),
    (
        needed("question_id", "text", "from what is asked about whom: the same question keeps it"),
        needed(
            "about",
            "text",
            "sites (one place?), case (the same as a known one?), position, cover (cannot be judged), disagreed",
        ),
        needed("site_ids", "list", "the sites it is about, the asking one first"),
        needed("lead_ids", "list", "the leads it is about"),
        needed("problem_ids", "list", "the known cases it is about"),
        needed("text", "text", "what is asked and why, in words"),
        needed(
            "answers",
            "text",
            "JSON list of {label, decisions: [{subject, decision, value}]}: the rows of decisions.csv",
        ),
    ),
    "A question that was answered is not asked again.",
)

DECISIONS = Table(
    "decisions",
    "one row of decisions.csv and what it did in this run",
    ("row",),
    (
        needed("row", "int", "row in decisions.csv, from 1"),
        needed("subject", "text", "one or two ids: leads, sites, candidates, cases or reports"),
        needed(
            "decision",
            "text",
            "same, apart, leave_out, keep, activity, town, located_at or not_a_problem, as received",
        ),
        optional("value", "text", "what was decided: an E-reason, a code, a name, a place"),
        optional("reason", "text", "why, in the person's words, scrubbed"),
        optional("role", "text", "who: an office or a function, never a name"),
        optional("date", "text", "when"),
        optional("cycle", "text", "on whose run it was decided: what was received later was not looked at"),
        needed(
            "effect",
            "text",
            "applied, no_effect (it changed nothing), gone (no such subject), superseded, contradicted or unreadable",
        ),
        optional("detail", "text", "in words: why, what to do instead, for what else it holds"),
    ),
)
