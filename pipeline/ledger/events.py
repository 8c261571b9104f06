"""What the events of one problem add up to: its state, its ground and the leads it is known by."""

from typing import Any

import shapely

from pipeline.intake.words.codes import CLOSED_STATES
from pipeline.tables import LEDGER

STATE_AFTER = {"listed": "B1", "rebound": "B16"}  # growth adds ground and leaves the state as it is


def case_of(events: list[dict[str, Any]]) -> dict[str, Any]:
    """One row of table cases (geometry as WKB in geometry_crs) from the events of one problem, oldest first."""
    state = "B1"
    for event in events:
        state = STATE_AFTER.get(event["event"], state)
    payloads = [event["payload"] for event in events]
    shapes = [shapely.from_wkb(payload["geometry"]) for payload in payloads]
    outlines = [shape for shape in shapes if shape.area]
    orig_nos = [number for payload in payloads for number in payload["orig_nos"]]
    return {
        "problem_id": events[0]["problem_id"],
        "source_id": LEDGER,
        "orig_no": orig_nos[0] if orig_nos else None,
        "lead_ids": list(dict.fromkeys(lead for payload in payloads for lead in payload["lead_ids"])),
        "state": state,
        "closed_date": None,
        "is_closed": state in CLOSED_STATES,
        "activity_l1": payloads[0]["activity_l1"],
        "known_since": max(payload["known_since"] for payload in payloads),
        "position_accuracy_m": min(payload["position_accuracy_m"] for payload in payloads),
        "case_geometry": "outline" if outlines else "point",
        "geometry_wkb": shapely.to_wkb(shapely.union_all(outlines) if outlines else shapes[0]),
        "geometry_crs": payloads[0]["geometry_crs"],
    }
