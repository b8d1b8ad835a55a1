"""Whether a file is text in the encoding that was named, and if not, what it is and what to do about it.

One place for small tables and for the engines' large ones, so that both say the same of the same file.
"""

from __future__ import annotations

import codecs
import io
import os
import re
from typing import BinaryIO

from dblrandom.adapters.files import open_regular, os_failure
from dblrandom.adapters.gb18030 import CODEC
from dblrandom.errors import RosterError
from dblrandom.model.json import show

__all__ = ["ENCODINGS", "check_encoding", "check_text", "codec_of", "foreign", "open_text", "undecodable"]

ENCODINGS = ("utf-8", "utf-8-sig", "gb18030", "gbk", "gb2312")
"""How a file's text may be encoded. The first two both accept a byte order mark; the last three are read alike, since
GB 18030 holds the other two."""

_SAMPLE = 1 << 20
_TAIL = 1 << 16
_BOM = b"\xef\xbb\xbf"
_SAVE = "save it as CSV UTF-8"
_SHEET = "save the sheet as CSV UTF-8"
_STARTS = (
    (b"\xd0\xcf\x11\xe0", f"is an Excel workbook of the older form (.xls), or another Office file; {_SHEET}"),
    (b"PAR1", "is a Parquet file; give it a name that ends in .parquet"),
    (b"ARROW1", "is an Arrow file; give it a name that ends in .arrow"),
    (b"SQLite format 3\0", "is a SQLite database; name it as sqlite:///FILE#TABLE, or export a CSV"),
    (b"%PDF", "is a PDF file; get the table itself from whoever keeps it, as CSV UTF-8"),
    (b"{\\rtf", "is a text of a word processor (RTF); save its table as CSV UTF-8"),
    (b"\x1f\x8b", "is compressed (gzip); unpack it"),
    (b"BZh", "is compressed (bzip2); unpack it"),
    (b"\xfd7zXZ\0", "is compressed (xz); unpack it"),
    (b"\x28\xb5\x2f\xfd", "is compressed (zstd); unpack it"),
    (b"7z\xbc\xaf\x27\x1c", "is an archive (7z); unpack it"),
    (b"Rar!", "is an archive (RAR); unpack it"),
    (b"ID;P", f"is a spreadsheet in the form SYLK; {_SHEET}"),
    (b"\xff\xfe\0\0", f"is UTF-32; {_SAVE}"),
    (b"\0\0\xfe\xff", f"is UTF-32; {_SAVE}"),
    (b"\xff\xfe", f"is UTF-16 (Excel: Unicode text); {_SAVE}"),
    (b"\xfe\xff", f"is UTF-16 (Excel: Unicode text); {_SAVE}"),
)
_ZIPPED = (
    (b"opendocument.spreadsheet", f"is an OpenDocument spreadsheet (.ods); {_SHEET}"),
    (b"xl/", f"is an Excel workbook; {_SHEET}"),
    (b"word/", "is a Word document; save its table as CSV UTF-8"),
    (b"Index/", f"is a spreadsheet of Numbers; {_SHEET}"),
)
_MARKUP = re.compile(rb"\s*(?:<!doctype\s+html|<html|<head|<body|<meta|<style|<table|<!--)", re.IGNORECASE)
_XML = re.compile(rb"\s*<\?xml")
_MHTML = re.compile(rb"(?:MIME-Version|Content-Type|From|X-Document-Type):", re.IGNORECASE)
_HAN_PAIR = re.compile(rb"[\x81-\xfe][\x40-\x7e\x80-\xfe]")
_HAN = re.compile("[\u4e00-\u9fff]")


def check_encoding(encoding: str, where: str) -> None:
    """Refuse a name that is none of ``ENCODINGS``; a RosterError."""
    if encoding not in ENCODINGS:
        raise RosterError(f"{show(encoding)} is not one of {', '.join(ENCODINGS)}", where=where)


def codec_of(encoding: str) -> str:
    """The codec that reads one of ``ENCODINGS``, as Python and Arrow name it."""
    return CODEC if encoding.startswith("gb") else "utf-8-sig"


def check_text(path: str | os.PathLike[str], encoding: str, where: str | None = None) -> None:
    """Refuse a file that its first megabyte shows not to be text in this encoding.

    Raises:
        RosterError: saying what it is, and what to do.
        FolderError: the system does not let it be read.
    """
    with os_failure(path, "read it"), open(open_regular(path), "rb") as file:
        _check(file, encoding, str(path) if where is None else where)


def open_text(file: io.BufferedReader, encoding: str, where: str) -> io.TextIOWrapper:
    """The text of an opened file, line breaks as they are; errors as :func:`check_text`."""
    _check(file, encoding, where)
    file.seek(0)
    return io.TextIOWrapper(file, codec_of(encoding), newline="")


def foreign(data: bytes) -> str | None:
    """What a canonical file is that is none, by its first bytes, with what to do; ``None`` where nothing tells."""
    if data.startswith(_BOM):
        return "begins with a byte order mark; save it as UTF-8 without one"
    return _foreign(data, data[-_TAIL:])


def undecodable(data: bytes, encoding: str, where: str, line: int) -> RosterError:
    """The error for text that is not in the encoding that was named, with what is likely instead.

    Args:
        data: bytes about the place, or of the whole file; an incomplete character at the end counts for nothing.
        encoding: the one that was named.
        where: the file, for the message.
        line: the line near which it was noticed.
    """
    named = encoding.removesuffix("-sig").upper()
    if what := _foreign(data, b""):
        return RosterError(what, where=where)
    if encoding.startswith("gb"):
        advice = "name no encoding: it is UTF-8" if _decodes(data, "utf-8") else _SAVE
    elif _is_chinese(data):
        advice = "convert it, or name its encoding (--encoding gb18030)"
    else:
        advice = f"it may be Windows-1252, Big5 or yet another encoding; {_SAVE}"
    return RosterError(f"is not {named} near line {line}; {advice}", where=where)


def _check(file: BinaryIO, encoding: str, where: str) -> None:
    sample = file.read(_SAMPLE)
    if found := _foreign(sample, _tail(file) if sample.startswith(b"PK") else b""):
        raise RosterError(found, where=where)
    if encoding.startswith("gb") and (sample.startswith(_BOM) or _is_utf8(sample)):
        raise RosterError(f"is UTF-8, not {encoding.upper()}; name no encoding", where=where)
    if not _decodes(sample, codec_of(encoding), final=len(sample) < _SAMPLE):
        raise undecodable(sample, encoding, where, _line_of_fault(sample, encoding))


def _foreign(head: bytes, tail: bytes) -> str | None:
    """What a file is that is no text of ours, with advice; ``None`` where nothing tells."""
    for start, what in _STARTS:
        if head.startswith(start):
            return what
    if head.startswith(b"PK\x03\x04"):
        found = next((what for mark, what in _ZIPPED if mark in head[:4096] or mark in tail), None)
        return found or "is a ZIP archive; unpack it, and give the table in it as CSV UTF-8"
    if _MARKUP.match(head.removeprefix(_BOM)):
        return f"is an HTML page, whatever its name; open it with the office program, and {_SHEET}"
    if _XML.match(head.removeprefix(_BOM)):
        return f"is XML, such as a spreadsheet of Excel 2003; open it with the office program, and {_SHEET}"
    if _MHTML.match(head):
        return f"is a web archive or a mail; open it with the office program, and {_SHEET}"
    return _wide(head[:4096])


def _wide(head: bytes) -> str | None:
    """UTF-16 and UTF-32 without a byte order mark: the halves of ASCII characters are NUL, all at the same places."""
    nuls = [at for at, byte in enumerate(head) if not byte]
    if len(nuls) < 4:
        return None
    if len(head) >= 16 and len(nuls) * 2 > len(head) and len({at % 4 for at in nuls}) < 4:
        return f"is UTF-32; {_SAVE}"
    if len({at % 2 for at in nuls}) == 1:
        return f"is UTF-16 (Excel: Unicode text); {_SAVE}"
    return None


def _tail(file: BinaryIO) -> bytes:
    """The end of the file, where a ZIP archive lists what is in it."""
    size = file.seek(0, os.SEEK_END)
    file.seek(max(0, size - _TAIL))
    return file.read(_TAIL)


def _decodes(data: bytes, codec: str, *, final: bool = False) -> bool:
    return _fault(data, codec, final=final) is None


def _fault(data: bytes, codec: str, *, final: bool = False) -> int | None:
    """Where decoding fails; ``None`` where it does not."""
    try:
        codecs.getincrementaldecoder(codec)("strict").decode(data, final)
    except UnicodeDecodeError as error:
        return error.start
    return None


def _line_of_fault(sample: bytes, encoding: str) -> int:
    return sample.count(b"\n", 0, _fault(sample, codec_of(encoding), final=True)) + 1


def _is_utf8(data: bytes) -> bool:
    """Whether it is UTF-8 with Chinese characters; GB 18030 that could be read so has hardly more than a word."""
    if data.isascii() or not _decodes(data, "utf-8"):
        return False
    return len(_HAN.findall(data.decode("utf-8", "ignore"))) >= 4


def _is_chinese(data: bytes) -> bool:
    """Whether it is GB 18030 that is likely to be meant: nearly all pairs are those of common characters."""
    if not _decodes(data, CODEC):
        return False
    pairs = _HAN_PAIR.findall(data)
    return sum(1 for pair in pairs if pair[0] >= 0xA1 and pair[1] >= 0xA1) * 10 >= len(pairs) * 6
