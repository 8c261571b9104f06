"""The families and their shares of the polygon leads: fixed, so that figures of different days can be compared."""

from collections.abc import Callable
from typing import NamedTuple

from benchmarks.events import growth, neighbours
from benchmarks.events.scene import Group, Scene


class Family(NamedTuple):
    """One way in which events lie; `share` of all polygon leads."""

    name: str
    share: float
    make: Callable[[Scene], Group]
    sentence: str


FAMILIES = (
    Family("alone", 0.07, growth.alone, "Seen once, nothing near."),
    Family("redigitised", 0.08, growth.redigitised, "The same outline drawn anew in two or three years."),
    Family("duplicate", 0.05, growth.duplicate, "Drawn by two offices in one year."),
    Family("gap year", 0.03, growth.gap_year, "Seen in the first and last year only; half grew meanwhile."),
    Family("grown outline", 0.10, growth.grown_outline, "Grows in lobes and rings; drawn whole each year."),
    Family("shrunk", 0.03, growth.shrunk, "Part of it recovers each year."),
    Family("face outline", 0.03, growth.face_outline, "The open ground moves along a face; drawn whole."),
    Family("face, exact", 0.03, growth.face_exact, "The same, only the new strips, cut by software."),
    Family("split", 0.03, growth.split, "One outline, later drawn as two parts."),
    Family("rings, drawn", 0.08, growth.rings_drawn, "Each year only the new lobe or ring, drawn by hand."),
    Family("rings, exact", 0.08, growth.rings_exact, "The same, cut from whole outlines by software."),
    Family("rings on grid", 0.06, growth.rings_grid, "The same on the cells of 10 m images."),
    Family("crescents", 0.01, growth.crescents, "Two lobes of ground that only the ledger knows."),
    Family("tiles", 0.05, growth.tiles, "Detection tiles of 480 m that share edges."),
    Family("neighbours", 0.05, neighbours.neighbours, "Two pits 5, 15 or 30 m apart, seen again."),
    Family("small pits", 0.03, neighbours.small_pits, "Three to five pits below 1,200 m² in a row."),
    Family("chain", 0.02, neighbours.chain, "Six to eight pits in a row, 5–25 m apart."),
    Family("new neighbour", 0.015, neighbours.new_neighbour, "A second pit appears 12–30 m from the first."),
    Family("small neighbour", 0.01, neighbours.small_neighbour, "A pit below 1,000 m² appears 12–30 m away."),
    Family("growing neighbours", 0.025, neighbours.growing_neighbours, "Two pits grow, 15–30 m stay between."),
    Family("growing on grid", 0.01, neighbours.growing_on_grid, "The same on a 10 m grid, 25–40 m stay."),
    Family("together, outline", 0.01, neighbours.together_outline, "Two pits, later one outline over both."),
    Family("together, ring", 0.01, neighbours.together_ring, "Two pits, then new ground that touches both."),
    Family("road", 0.03, neighbours.road, "A road along a pit: another activity."),
    Family("look-alike", 0.02, neighbours.look_alike, "Another activity borders or slightly overlaps."),
    Family("inside", 0.02, neighbours.inside, "A workshop in a mine: another activity inside."),
    Family("label conflict", 0.01, neighbours.label_conflict, "One outline under two labels: error or new use."),
    Family("fine corner", 0.005, neighbours.fine_corner, "Two pits meet in a corner of the 10 m grid."),
    Family("coarse corner", 0.005, neighbours.coarse_corner, "Two mines meet in a corner of 480 m tiles."),
)
