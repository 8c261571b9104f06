"""What a delivery says it was made from: every file of the office's own, and no name that must stay there."""

from datetime import date

import pytest

from pipeline.jobs import screen as screen_job
from pipeline.publish.accounts import meta_rows, note_rows
from tests.conftest import box, lead, write_layer, write_source
from tests.publish.test_field import make_secret
from tests.publish.test_imagery import add_imagery, write_image

SECRET_NAMES = ("secret_", "© secret", "petition")


@pytest.fixture
def finished(place, tmp_path):
    """A place with a petition, and a secret layer, source and image beside open ones."""
    shape = box(100, 100, 100, 100)
    write_source(place, "secret_source", [lead("in", shape)], attribution='"© secret source"')
    write_source(place, "petition", [lead("in", shape)], kind='"reports"', attribution='"© petition"')
    write_layer(place, "secret_layer", [shape], attribution='"© secret layer"')
    write_layer(place, "open_layer", [shape], attribution='"© open layer"')
    make_secret(place / "sources" / "secret_source.toml")
    make_secret(place / "layers" / "secret_layer.toml")
    write_image(place / "open_image.tif")
    write_image(place / "secret_image.tif")
    add_imagery(
        place,
        '\n[imagery]\n"2021-08-01" = "open_image.tif"\n'
        '"2022-08-01" = { path = "secret_image.tif", secrecy = "secret" }\n',
    )
    return screen_job(place, "2023", tmp_path / "out")


def said(rows):
    return "\n".join(" ".join(map(str, row)) for row in rows.itertuples(index=False))


@pytest.mark.parametrize("language", ["zh", "en"])
def test_notes_name_open_layers_and_credits_only(finished, language):
    words = said(note_rows(finished.cycle.place, "2023", date(2023, 12, 31), finished.run, language))
    assert "open_layer" in words
    assert "© open layer" in words
    assert [name for name in SECRET_NAMES if name in words] == []


def test_meta_counts_the_files_it_does_not_name(finished):
    rows = meta_rows(finished.cycle.place, "2023", date(2023, 12, 31), finished.run, "zh")
    words = said(rows)
    for name in ("leads.geojson", "marsh.geojson", "open_layer.geojson", "open_image.tif"):
        assert name in words
    assert [name for name in SECRET_NAMES if name in words] == []
    unnamed = {"secret_source.geojson", "petition.geojson", "secret_layer.geojson", "secret_image.tif"}
    assert unnamed <= {item["file"] for item in finished.run["inputs"]}
    assert rows.set_index("key")["value"]["inputs not named here"] == str(len(unnamed))


def test_what_is_set_aside_beside_a_secret_layer_does_not_name_it(place, tmp_path):
    write_source(place, "leads", [lead("beside", box(-500, 0, 100, 100))])
    write_layer(place, "secret_layer", [box(-600, 0, 98, 100)])
    make_secret(place / "layers" / "secret_layer.toml")
    gone = screen_job(place, "2023", tmp_path / "out").cycle.tables["set_aside"]
    (words,) = gone["detail"]
    assert "“湿地”" in words
    assert "secret_layer" not in words
