"""Which encoding a file's text is in, and text from bytes that were cut in the middle of a character."""

import codecs
from collections.abc import Collection, Iterable

# what byte 29 of a .dbf says; 0x57 is written by default whatever the text is, so it says nothing
LDID_CODECS = {0x03: "cp1252", 0x13: "cp932", 0x4D: "gb18030", 0x4E: "cp949", 0x4F: "cp950", 0x7A: "gb18030"}
WIDER = {"gbk": "gb18030", "gb2312": "gb18030", "cp936": "gb18030"}  # GB18030 reads all that these write
ANY_BYTES_FIT = ("iso8859-1", "iso8859-15", "cp1252", "latin-1")  # so that a text fits them proves nothing
CUT_BYTES = 3  # at most so many bytes of a cut character are left at the end of a full field
PROOF = 4  # so many characters are UTF-8 by chance in less than one text in a thousand
MOST_MISFITS = 0.05  # share of the texts that may be spoilt before the codec itself is in doubt
MOST_LOST = 0.2  # share of signs; Latin-1 read as UTF-8 loses all that are not ASCII
SAMPLE_BYTES = 10_000
LEAST_NULS = 0.1  # of all bytes; a table's figures and commas are far more
GARBLED = ("\ufffd", "锟斤拷", "烫烫烫")
FIRST_HAN = "\u2e80"


def codec_name(word: str) -> str | None:
    """The Python codec that a .cpg file or a person means (`936`, `UTF-8`, `GBK`, `ANSI 936`); None if there is none."""
    tidy = word.strip("\x00\ufeff \t\r\n").lower().removeprefix("ansi").strip()
    try:
        name = codecs.lookup(f"cp{tidy}" if tidy.isdigit() else tidy).name
        b"a".decode(name)  # refused by hex, zip and their kind, which turn bytes into bytes
    except (LookupError, ValueError):
        return None
    return WIDER.get(name, name)


def decode_cut(raw: bytes, codec: str) -> tuple[str, bool]:
    """The text of a field, and whether half a character was trimmed at its end. Raises UnicodeDecodeError elsewhere."""
    try:
        return raw.decode(codec), False
    except UnicodeDecodeError as error:
        if len(raw) - error.start > CUT_BYTES or error.start == 0:
            raise
        return raw[: error.start].decode(codec), True


def misfits(texts: Iterable[bytes], full: Iterable[bytes], codec: str) -> int:
    """How many texts are no text in `codec`; those of `full`, which fill their field, may end in half a character."""
    count = 0
    for read, raws in ((bytes.decode, texts), (decode_cut, full)):
        for raw in raws:
            try:
                read(raw, codec)
            except UnicodeError:
                count += 1
    return count


def choose_dbf_codec(texts: Collection[bytes], full: Collection[bytes], cpg: str | None, ldid: int) -> tuple[str, str]:
    """(codec, how it was decided): .cpg → language id → strict UTF-8 over all text → GB18030, the first that fits all.

    A declaration is not believed against proof: text that is UTF-8 throughout, or Chinese pairs declared as Latin-1.
    Where a few texts fit nothing, the codec they spoil least; where many do, Latin-1.
    """
    declared = [(codec_name(cpg) if cpg else None, ".cpg"), (LDID_CODECS.get(ldid), f"LDID 0x{ldid:02X}")]
    candidates = [(codec, why) for codec, why in declared if codec is not None]
    candidates += [("utf-8", "strict UTF-8"), ("gb18030", "GB18030")]
    if _is_proof_of_utf8(texts, full):
        return "utf-8", ".cpg" if candidates[0] == ("utf-8", ".cpg") else "strict UTF-8"
    if candidates[0][0] in ANY_BYTES_FIT and (texts or full) and not misfits(texts, full, "gb2312"):
        return "gb18030", "GB18030"
    counts = [misfits(texts, full, codec) for codec, _ in candidates]
    best = counts.index(min(counts))
    codec, why = candidates[best]
    if counts[best] == 0:
        return codec, why
    is_spoilt_here_and_there = counts[best] <= MOST_MISFITS * (len(texts) + len(full))
    return (codec, f"{why}, –{counts[best]}") if is_spoilt_here_and_there else ("latin-1", "none fits")


def _is_proof_of_utf8(texts: Collection[bytes], full: Collection[bytes]) -> bool:
    if misfits(texts, full, "utf-8"):
        return False
    characters = 0
    for raw in (*texts, *full):
        characters += sum(not character.isascii() for character in raw.decode("utf-8", "ignore"))
        if characters >= PROOF:
            return True
    return False


def choose_text_codec(data: bytes) -> tuple[str, str]:
    """(codec, how it was decided) of a text file: byte order mark → UTF-8 → GB18030 → UTF-16 by its NULs → Latin-1.

    A character cut at the end is no misfit; where a few bytes are spoilt, the codec they spoil least. So the text has to be
    decoded with errors="replace".
    """
    for mark, codec in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if data.startswith(mark) and (not misfits([data], [], codec) or _is_proof_of(codec, data)):
            return codec, "byte order mark"
    if wide := _utf16_without_mark(data):
        return wide, "NUL bytes"
    for codec, why in (("utf-8", "strict UTF-8"), ("gb18030", "GB18030")):
        if not misfits([data], [], codec) or _is_proof_of(codec, data):
            return codec, why
    for codec, most in (("utf-8", MOST_LOST), ("gb18030", MOST_MISFITS)):
        text = data.decode(codec, "replace")
        lost, beyond_ascii = text.count(GARBLED[0]), sum(not sign.isascii() for sign in text)
        if lost <= most * beyond_ascii:
            return codec, f"{codec}, –{lost}"
    return "latin-1", "none fits"


def _is_proof_of(codec: str, data: bytes) -> bool:
    """Whether a text that ends in half a character is plainly in this codec."""
    try:
        text, _ = decode_cut(data, codec)
    except UnicodeError:
        return False
    return sum(not sign.isascii() for sign in text) >= PROOF


def _utf16_without_mark(data: bytes) -> str | None:
    """UTF-16 shows by the NUL beside every ASCII sign, always on the same side."""
    high, low = data[:SAMPLE_BYTES:2].count(0), data[1:SAMPLE_BYTES:2].count(0)
    if not data or min(high, low) or max(high, low) < LEAST_NULS * min(len(data), SAMPLE_BYTES):
        return None
    codec = "utf-16-be" if high else "utf-16-le"
    return codec if not misfits([data], [], codec) or _is_proof_of(codec, data) else None


def is_garbled(text: str) -> bool:
    """Whether a text was already spoilt when it was written: UTF-8 read as Latin-1 (`PerÃº`) or GBK, or lost characters."""
    if text.isascii():
        return False
    if any(sign in text for sign in GARBLED):
        return True
    for codec in ("cp1252", "latin-1", "gb18030"):
        try:
            original = text.encode(codec).decode("utf-8")
        except UnicodeError:
            continue
        return codec != "gb18030" or all(sign.isascii() or sign >= FIRST_HAN for sign in original)
    return False
