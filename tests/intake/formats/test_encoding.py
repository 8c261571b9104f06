"""Encodings as files declare them, or do not: the declaration, the proof against it, and texts cut or spoilt."""

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from pipeline.intake.formats.encoding import (
    choose_dbf_codec,
    choose_text_codec,
    codec_name,
    decode_cut,
    is_garbled,
    misfits,
)

WORDS = ("采石场", "孙家湾镇", "前时相", "疑似问题", "道路", "光伏板区")


def texts(codec, words=WORDS):
    return {word.encode(codec) for word in words}


@pytest.mark.parametrize(
    ("word", "codec"),
    [("936", "gb18030"), ("GBK", "gb18030"), ("ANSI 936", "gb18030"), ("UTF-8\r\n", "utf-8"), ("\ufeffutf8", "utf-8"),
     ("1252", "cp1252"), ("ISO-8859-1", "iso8859-1"), ("", None), ("ANSI", None), ("hex", None), ("undefined", None), ("汉", None)],
)  # fmt: skip
def test_names_of_codecs(word, codec):
    assert codec_name(word) == codec


@pytest.mark.parametrize(
    ("written", "cpg", "ldid", "expected"),
    [
        ("gbk", None, 0x57, ("gb18030", "GB18030")),
        ("gbk", "936", 0x57, ("gb18030", ".cpg")),
        ("gbk", None, 0x4D, ("gb18030", "LDID 0x4D")),
        ("utf-8", None, 0x57, ("utf-8", "strict UTF-8")),
        ("utf-8", "UTF-8", 0, ("utf-8", ".cpg")),
        ("gbk", "UTF-8", 0, ("gb18030", "GB18030")),  # a .cpg that is wrong
        ("utf-8", "GBK", 0x4D, ("utf-8", "strict UTF-8")),  # wrong the other way round
        ("gbk", "ISO-8859-1", 0x03, ("gb18030", "GB18030")),  # the default of a writer that did not know better
        ("utf-8", None, 0x03, ("utf-8", "strict UTF-8")),
        ("cp950", None, 0x4F, ("cp950", "LDID 0x4F")),
    ],
)
def test_choice_for_a_dbf(written, cpg, ldid, expected):
    words = WORDS if written != "cp950" else ("採石場", "道路")
    assert choose_dbf_codec(texts(written, words), set(), cpg, ldid) == expected


def test_latin_text_is_not_taken_for_chinese():
    words = ("São Félix do Xingu", "Pará", "mineração", "estação ecológica")
    assert choose_dbf_codec(texts("cp1252", words), set(), "1252", 0x57) == ("cp1252", ".cpg")
    assert choose_dbf_codec(texts("latin-1", words), set(), None, 0x57)[0] == "latin-1"


def test_only_a_full_field_may_end_in_half_a_character():
    half = "采石场采".encode()[:10]
    assert choose_dbf_codec(set(), {half}, None, 0x57)[0] == "utf-8"
    assert choose_dbf_codec({half}, set(), None, 0x57)[0] != "utf-8"
    assert decode_cut(half, "utf-8") == ("采石场", True)
    assert decode_cut("采石场".encode("gbk")[:5], "gb18030") == ("采石", True)
    with pytest.raises(UnicodeDecodeError):
        decode_cut(b"\xff" + b"abcdef", "utf-8")


def test_one_spoilt_text_does_not_change_the_codec_of_the_others():
    many = {f"第{i}号图斑采石".encode() for i in range(40)}
    codec, why = choose_dbf_codec(many | {b"\xff\xfe\xff spoilt"}, set(), "UTF-8", 0x57)
    assert codec == "utf-8"
    assert why == ".cpg, –1"


@pytest.mark.parametrize(
    ("data", "codec"),
    [("名称,面积".encode("utf-8-sig"), "utf-8-sig"), ("名称".encode("utf-16"), "utf-16"), ("名称".encode(), "utf-8"),
     ("名称".encode("gbk"), "gb18030"), (b"plain", "utf-8"), (b"", "utf-8"), (b"\xff\xfea", "latin-1"), (b"Par\xe1", "latin-1"),
     ("编号,名称采石场".encode()[:-1], "utf-8"), ("编号,名称采石场".encode("gbk")[:-1], "gb18030"),
     ("编号,名称采石场".encode() + b"\xff,1", "utf-8"), ("1,2,采".encode("gbk"), "gb18030"),
     ("1,120.44,采石场".encode("utf-16-le"), "utf-16-le"), ("1,120.44,采石场".encode("utf-16-be"), "utf-16-be")],
)  # fmt: skip
def test_choice_for_a_text_file(data, codec):
    assert choose_text_codec(data)[0] == codec
    assert data.decode(codec, "replace").count("\ufffd") <= 1


@pytest.mark.parametrize(
    ("text", "garbled"),
    [("PerÃº", True), ("锟斤拷", True), ("采\ufffd", True), ("閲囩煶", True), ("采石场", False), ("São", False), ("Perú", False),
     ("", False), ("plain", False), ("孙家湾镇", False), ("联通", False)],
)  # fmt: skip
def test_garbled_texts(text, garbled):
    assert is_garbled(text) is garbled


@given(st.binary(max_size=60), st.text(max_size=20))
def test_any_bytes_get_a_codec_that_gives_text(data, word):
    assert isinstance(data.decode(choose_text_codec(data)[0], "replace"), str)
    codec, why = choose_dbf_codec({data}, set(), word, data[0] if data else 0)
    assert isinstance(data.decode(codec, "replace"), str)
    assert why
    assert isinstance(is_garbled(word), bool)


@given(st.text(alphabet="采石场孙家湾镇前时相疑似问题道路", min_size=4, max_size=30), st.sampled_from(["gbk", "utf-8"]))
def test_chinese_comes_back_whatever_is_declared_wrongly(text, written):
    assume(written == "utf-8" or misfits([text.encode("gbk")], [], "utf-8"))  # 前 in GBK is ǰ in UTF-8: nobody can tell
    codec, _ = choose_dbf_codec({text.encode(written)}, set(), "UTF-8" if written == "gbk" else "GBK", 0x57)
    assert text.encode(written).decode(codec) == text
