"""GB 18030 as its later editions have it, against a table and against iconv."""

from __future__ import annotations

import io
import shutil
import subprocess

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.adapters.gb18030 import CODEC

STANDARD = {
    "a6d9": "FE10", "a6da": "FE12", "a6db": "FE11", "a6dc": "FE13", "a6dd": "FE14", "a6de": "FE15", "a6df": "FE16",
    "a6ec": "FE17", "a6ed": "FE18", "a6f3": "FE19", "fe59": "9FB4", "fe61": "9FB5", "fe66": "9FB6", "fe67": "9FB7",
    "fe6d": "9FB8", "fe7e": "9FB9", "fe90": "9FBA", "fea0": "9FBB", "a8bc": "1E3F", "8135f437": "E7C7",
}  # fmt: skip
"""Written down here once more: the 18 positions of the edition of 2022, and the pair of 2005."""

BY_ICONV_ALONE = {bytes.fromhex(code) for code in ("fe51", "fe52", "fe53", "fe6c", "fe76", "fe91")}
"""Private use in the standard; glibc puts ideographs there."""

PAIRS = [bytes((a, b)) for a in range(0x81, 0xFF) for b in (*range(0x40, 0x7F), *range(0x80, 0xFF))]


@pytest.mark.parametrize("code", STANDARD)
def test_the_positions_that_changed_are_those_of_the_standard(code: str) -> None:
    assert bytes.fromhex(code).decode(CODEC) == chr(int(STANDARD[code], 16))


def test_everything_else_is_as_python_has_it() -> None:
    for pair in PAIRS:
        if pair.hex() not in STANDARD:
            assert pair.decode(CODEC) == pair.decode("gb18030")


@pytest.mark.skipif(shutil.which("iconv") is None, reason="iconv is not installed")
def test_every_pair_is_what_iconv_makes_of_it() -> None:
    pairs = [pair for pair in PAIRS if pair not in BY_ICONV_ALONE]
    done = subprocess.run(
        ["iconv", "-f", "GB18030", "-t", "UTF-8"], input=b"\n".join(pairs), capture_output=True, check=False
    )
    if done.returncode:
        pytest.skip("this iconv does not know GB18030")
    theirs = done.stdout.decode("utf-8").split("\n")
    if theirs[pairs.index(b"\xfe\x59")] != "\u9fb4":
        pytest.skip("this iconv has an older edition")
    assert [pair.decode(CODEC) for pair in pairs] == theirs


def test_the_euro_sign_of_code_page_936() -> None:
    assert b"a\x80b\x80\x80\xd6\xd0".decode(CODEC) == "a€b€€中"
    # After the first byte of a pair it is the second one.
    assert b"\xd6\x80".decode(CODEC) == b"\xd6\x80".decode("gb18030")
    for wrong in (b"\xff", b"\x81", b"a\x81 ", b"\x80\xff"):
        with pytest.raises(UnicodeDecodeError):
            wrong.decode(CODEC)


@given(st.text(st.characters(exclude_categories=["Cs"]), max_size=40), st.integers(1, 9))
def test_the_size_of_the_pieces_does_not_matter(text: str, size: int) -> None:
    data = text.encode("gb18030") + b"\xfe\x59\x80" + text.encode("gb18030")
    reader = io.TextIOWrapper(io.BufferedReader(io.BytesIO(data), size), CODEC, newline="")
    found = ""
    while piece := reader.read(1):
        found += piece
    assert found == data.decode(CODEC)
