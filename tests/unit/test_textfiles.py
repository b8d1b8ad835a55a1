"""What a file is that is no text in the encoding that was named."""

from __future__ import annotations

import io
import zipfile
from pathlib import Path

import pytest

from dblrandom.adapters.textfiles import check_encoding, check_text, codec_of
from dblrandom.errors import RosterError

ROWS = "编号,名称\n甲1,合成企业一\n甲2,合成企业二\n"


def zipped(*names: str) -> bytes:
    held = io.BytesIO()
    with zipfile.ZipFile(held, "w") as archive:
        for name in names:
            archive.writestr(name, "x" * 5000)
    return held.getvalue()


FOREIGN = {
    "xlsx": (zipped("docProps/app.xml", "xl/workbook.xml"), "is an Excel workbook; save the sheet as CSV UTF-8"),
    "ods": (zipped("mimetypeapplication/vnd.oasis.opendocument.spreadsheet"), "OpenDocument"),
    "docx": (zipped("docProps/app.xml", "word/document.xml"), "Word"),
    "zip": (zipped("a.csv"), "ZIP archive"),
    "xls": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + bytes(600), "Excel workbook of the older form"),
    "html": (b'<html xmlns:x="urn:schemas-microsoft-com:office:excel"><table>', "HTML"),
    "html in gbk": ("<meta charset=gbk><table><tr><td>编号".encode("gbk"), "HTML"),
    "xml": (b"\xef\xbb\xbf<?xml version='1.0'?><Workbook/>", "XML"),
    "mhtml": (b"MIME-Version: 1.0\r\n", "web archive"),
    "pdf": (b"%PDF-1.7\n", "PDF"),
    "gzip": (b"\x1f\x8b\x08\0", "gzip"),
    "parquet": (b"PAR1....PAR1", "Parquet"),
    "utf-16 le": (ROWS.encode("utf-16"), "is UTF-16"),
    "utf-16 be": (b"\xfe\xff" + ROWS.encode("utf-16-be"), "is UTF-16"),
    "utf-16 without a mark": ("id\tname\nA\t甲\n".encode("utf-16-le"), "is UTF-16"),
    "utf-16 be without a mark": ("id\tname\nA\t甲\n".encode("utf-16-be"), "is UTF-16"),
    "utf-32": ("id,name\nA,甲\n".encode("utf-32"), "is UTF-32"),
    "utf-32 without a mark": ("id,name\nA,甲\n".encode("utf-32-be"), "is UTF-32"),
}


@pytest.mark.parametrize("encoding", ["utf-8", "gb18030"])
@pytest.mark.parametrize("what", FOREIGN)
def test_other_files_are_named_and_no_encoding_is_advised(tmp_path: Path, what: str, encoding: str) -> None:
    data, said = FOREIGN[what]
    path = tmp_path / "firms.csv"
    path.write_bytes(data)
    with pytest.raises(RosterError) as caught:
        check_text(path, encoding)
    assert said in str(caught.value)
    assert "--encoding" not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "encoding", "said", "unsaid"),
    [
        (ROWS.encode("gbk"), "utf-8", "name its encoding (--encoding gb18030)", "Windows"),
        ("id;área;ção\n1;São João;é\n".encode("cp1252"), "utf-8", "save it as CSV UTF-8", "gb18030"),
        (ROWS.encode("utf-8"), "gb18030", "is UTF-8, not GB18030", "save"),
        (ROWS.encode("utf-8-sig"), "gbk", "is UTF-8, not GBK", "save"),
        (b"id\n\xff\xff\n", "gb18030", "is not GB18030 near line 2; save it as CSV UTF-8", "--encoding"),
    ],
)
def test_the_advice_is_one_that_works(tmp_path: Path, data: bytes, encoding: str, said: str, unsaid: str) -> None:
    path = tmp_path / "firms.csv"
    path.write_bytes(data)
    with pytest.raises(RosterError) as caught:
        check_text(path, encoding)
    assert said in str(caught.value)
    assert unsaid not in str(caught.value)


@pytest.mark.parametrize(
    ("data", "encoding"),
    [
        (b"", "utf-8"),
        (ROWS.encode("utf-8"), "utf-8"),
        (ROWS.encode("utf-8-sig"), "utf-8"),
        (ROWS.encode("gbk"), "gb2312"),
        (b"id,n\n\xfe\x59,\x80\n", "gb18030"),
        (("id\n" + "汉" * 700_000).encode("gb18030"), "gb18030"),
        (("id\n" + "汉" * 700_000).encode("utf-8"), "utf-8"),
    ],
)
def test_text_passes_also_where_the_sample_ends_within_a_character(tmp_path: Path, data: bytes, encoding: str) -> None:
    path = tmp_path / "firms.csv"
    path.write_bytes(data)
    check_text(path, encoding)


def test_names_of_encodings() -> None:
    assert codec_of("gbk") == codec_of("gb18030") != codec_of("utf-8") == codec_of("utf-8-sig")
    with pytest.raises(RosterError, match="'latin-1' is not one of utf-8"):
        check_encoding("latin-1", "encoding")
