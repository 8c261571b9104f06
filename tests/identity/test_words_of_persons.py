"""Names and numbers of persons, in old lists and in what persons decided, reach no file of a run and no line on screen."""

import io
import zipfile

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.decide import decide, decided_lines
from pipeline.jobs import screen as screen_job
from tests.identity.places import with_names, write_decisions, write_known
from tests.test_run import files_of

NAMES = ("王样例", "李建国", "13900001234")


def test_persons_in_words_of_persons_reach_no_output(neighbours, neighbours_before, tmp_path, capfd):
    write_known(neighbours, [["旧1", "青溪采石场（负责人王样例）", "整改中", "采石场", "", "", ""]])
    with_names(neighbours, {"a": "青溪采石场（负责人王样例）"})
    why = "举报人王样例来电，电话13900001234"
    pair = " ".join(sorted(neighbours_before["leads"]["lead_id"]))
    rows = [
        (pair, "same", "", why, "李建国"),
        (pair, "apart", "", why, "督查科 李建国 13900001234"),
        ("王样例", "keep", "", why, "分局"),
    ]
    taken = decide([write_decisions(tmp_path, rows, "given.csv")], neighbours)
    assert len(taken.unreadable) == 1
    write_decisions(neighbours, rows)  # and so as a person may write them in place
    screen_job(neighbours, "2023", tmp_path / "out")
    told = "".join(capfd.readouterr()) + "".join(decided_lines(taken))
    for name, content in files_of(tmp_path / "out").items():
        text = read_whole(name, content)
        assert not [word for word in NAMES if word in text], name
    assert not [word for word in NAMES if word in told]


def read_whole(name: str, content: bytes) -> str:
    """The text of a file of a run, with what is packed in it unpacked."""
    if name.endswith(".parquet"):
        rows = pq.read_table(io.BytesIO(content))
        return str(
            rows.select([name for name in rows.column_names if not pa.types.is_binary(rows[name].type)]).to_pylist()
        )
    if name.endswith(".xlsx"):
        with zipfile.ZipFile(io.BytesIO(content)) as book:
            return "".join(book.read(part).decode("utf-8") for part in book.namelist() if part.endswith(".xml"))
    return content.decode("utf-8", errors="ignore")
