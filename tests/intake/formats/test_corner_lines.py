"""What is a list of corner points and what is a table, by the lines of the text."""

import pytest

from pipeline.intake.formats.corner_lines import is_corners


@pytest.mark.parametrize(
    "text",
    ["", "序号,经度,纬度\n1,120.45,41.57\n2,120.46,41.57\n3,120.47,41.58",
     "编号,经度,纬度\nS1,120.45,41.57\nS2,120.46,41.57\nS3,120.47,41.58",
     "图斑编号,面积,类型\n1,2.5,采石\n2,3.5,建房\n3,1.5,堆土", "g,120.45,41.57\ng,120.46,41.57\ng,120.47,41.57", "J1,4603974.96,537532.83",
     "某石场,120.45,41.57\n某砖厂,120.46,41.57\n某沙场,120.46,41.58"],
)  # fmt: skip
def test_tables_are_no_corners(text):
    assert not is_corners(text)
