"""check on rasters: their cells near the leads are counted, doubts about their values are things to do."""

import numpy as np

from pipeline.check.run import check
from tests.conftest import box, write_layer
from tests.intake.rasters.made import write_change, write_cover, write_raster


def test_rasters_are_checked_like_other_inputs(place, tmp_path):
    (place / "sources" / "leads.toml").unlink()
    write_layer(place, "marsh", [box(0, 0, 10, 10)], data_date="2020-01-01")
    cells = np.zeros((30, 30), np.uint8)
    cells[10:20, 10:20] = 21
    write_raster(place / "change.tif", cells, top_m=300)
    write_change(place, '[cells.21]\nperiod = "2020-2021"\nactivity = "采石场"\n[cells.22]\nperiod = "2021-2022"')
    write_raster(place / "cover.tif", np.full((30, 30), 90, np.uint8), top_m=300)
    write_cover(place, '90 = "marsh"\n95 = "mangrove"', data_date="2020-01-01")
    checked = check(place, "2023", tmp_path / "out", "en")
    [source] = checked.facts.sources
    assert (source.n_rows, source.n_leads, source.unread) == (1, 1, None)
    cover = next(one for one in checked.facts.layers if one.origin.id == "cover")
    assert (cover.n_features, cover.n_left_out, cover.unread) == (1, 0, None)
    assert 1.0 < cover.area_ha < 9.0  # the lead of 1 ha and what lies around it, not all 9 ha
    found = [task.found for task in checked.tasks if task.where != "试区"]
    assert found == [
        "value(s) 22 of [cells] do not occur in the file: check them",
        "no cell near the leads has the value(s) 95: check [cells]",
    ]
