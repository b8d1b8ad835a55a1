"""What lenient readers must not take, and answers that are not what was asked for."""

from __future__ import annotations

import base64
from pathlib import Path

import pytest

from dblrandom.adapters.network.relays import json_answer
from dblrandom.adapters.timestamping import read_response
from dblrandom.cli.jsonfile import read_json
from dblrandom.errors import CanonicalError, EntropyError, KeyFileError, RosterError
from dblrandom.kernel.age import AgeFile, Stanza, open_age, read_age, seal_age
from dblrandom.kernel.merkle import root_from_path
from dblrandom.kernel.suite import SHA256
from dblrandom.model.json import ReadOnly
from dblrandom.tlog import Published, Terms, audit
from dblrandom.tlog.audit import LogFinding
from dblrandom.tlog.entry import LogEntry

LENIENT = {
    "minus zero": b'{"a":-0}',
    "minus zero inside": b'[[{"a":[-0]}]]',
    "a key twice": b'{"a":1,"a":1}',
    "a key twice by an escape": b'{"a":1,"\\u0061":2}',
    "no number": b'{"a":NaN}',
    "infinite": b"[Infinity]",
    "minus infinite": b"[-Infinity]",
    "beyond 2^53-1": b"[9007199254740992]",
    "thousands of digits": b"[" + b"9" * 5000 + b"]",
    "a fraction": b"[1.0]",
    "an exponent": b"[1e2]",
    "a lone surrogate": b'["\\ud800"]',
    "a bare control character": b'["\x01"]',
    "more than one document": b"{} {}",
    "Latin 1": b'["\xe9"]',
    "UTF-16": "[]".encode("utf-16"),
    "nothing": b"",
    "deep": b"[" * 33 + b"]" * 33,
    "a byte order mark twice": b"\xef\xbb\xbf\xef\xbb\xbf[]",
}


@pytest.mark.parametrize("data", LENIENT.values(), ids=LENIENT)
def test_json_that_others_wrote(tmp_path: Path, data: bytes) -> None:
    with pytest.raises(EntropyError):
        json_answer(data, "relay")
    file = tmp_path / "x.json"
    file.write_bytes(data)
    with pytest.raises(CanonicalError):
        read_json(file)


def test_another_layout_is_taken_and_a_mark_only_in_files(tmp_path: Path) -> None:
    data = b' { "b" : 1 , "a" : [ 0 , -1 ] } '
    (tmp_path / "x.json").write_bytes(b"\xef\xbb\xbf" + data)
    assert json_answer(data, "relay") == read_json(tmp_path / "x.json") == {"a": [0, -1], "b": 1}
    with pytest.raises(EntropyError):
        json_answer(b"\xef\xbb\xbf" + data, "relay")


@pytest.mark.parametrize("length", [0, 1, 15, 17, 32, 1000])
def test_a_file_key_of_another_length(length: int) -> None:
    file = read_age(seal_age(b"x", [Stanza(("t",), b"")], file_key=b"k" * 16, nonce=b"n" * 16))
    assert open_age(file, b"k" * 16) == b"x"
    with pytest.raises(EntropyError, match=f"a file key has 16 bytes, not {length}"):
        open_age(file, b"k" * length)
    assert isinstance(file, AgeFile)


@pytest.mark.parametrize("leaf", [b"", b"\0", b"\0" * 31, b"\0" * 33])
def test_a_leaf_hash_of_another_length(leaf: bytes) -> None:
    with pytest.raises(RosterError, match=f"a leaf hash of {len(leaf)} bytes"):
        root_from_path(SHA256, leaf, 0, 1, [])


ANSWERS = {
    "text": b"The service is busy. Try again later.\n",
    "text that begins with the byte of a sequence": b"0 tokens left today; buy more.",
    "HTML": b"<!DOCTYPE html><html><body>503</body></html>",
    "UTF-8": "<p>服务繁忙</p>".encode(),
    "base64": base64.encodebytes(bytes(range(256)) * 20),
    "PEM": b"-----BEGIN TIMESTAMP-----\nMIIB\n-----END TIMESTAMP-----\n",
    "JSON": b'{"error":"busy"}',
    "UTF-16": "busy".encode("utf-16"),
}


@pytest.mark.parametrize("data", ANSWERS.values(), ids=ANSWERS)
def test_a_time_stamp_answer_that_is_none(tmp_path: Path, data: bytes) -> None:
    file = tmp_path / "answer.tsr"
    file.write_bytes(data)
    with pytest.raises(KeyFileError, match=r"is not a time-stamp answer \(text, HTML or base64\)"):
        read_response(file)


def test_an_answer_that_was_really_cut_short(tmp_path: Path) -> None:
    (tmp_path / "empty.tsr").write_bytes(b"")
    with pytest.raises(KeyFileError, match="is empty"):
        read_response(tmp_path / "empty.tsr")
    (tmp_path / "short.tsr").write_bytes(b"\x30\x82\x05\x00\x30\x03\x02\x01\x00")
    with pytest.raises(KeyFileError, match="is cut short"):
        read_response(tmp_path / "short.tsr")


# A log in which periods differ in looks alone


def logged(number: int, period: str, deadline: str = "2024-06-01T00:00:00Z") -> tuple[str, LogEntry, Published]:
    name = f"ceremony-{number}"
    entry = LogEntry(
        suite=SHA256.name,
        ceremony=name,
        sequence=1,
        type="commitment",
        time="2024-03-01T00:00:00Z",
        previous=None,
        digest=f"{number:064x}",
        payload_sha256=f"{number:064x}",
    )
    terms = Terms(authority="Synthetic Bureau", period=period, deadline=deadline, previous_ceremony=None)
    return name, entry, Published((entry,), ReadOnly({entry.digest: terms}))


def findings(*made: tuple[str, LogEntry, Published]) -> list[tuple[LogFinding, str]]:
    published = {name: one for name, _, one in made}
    return list(audit([entry for _, entry, _ in made], until="2024-04-01T00:00:00Z", published=published).findings)


@pytest.mark.parametrize("other", ["2025 ", "２０２５", "2025\u200b", "20\u00ad25", " 2025"])
def test_a_period_that_only_looks_the_same(other: str) -> None:
    found = findings(logged(1, "2025"), logged(2, other))
    (detail,) = [text for name, text in found if name is LogFinding.SAME_PERIOD]
    assert "'ceremony-1'" in detail
    assert "'ceremony-2'" in detail
    assert f"'2025' and {other!a}, which look alike" in detail


def test_a_deadline_in_the_log_that_nobody_lives_to_see() -> None:
    found = findings(logged(1, "2025", "9999-12-31T23:59:59Z"), logged(2, "2026"))
    assert [name for name, _ in found].count(LogFinding.DISTANT) == 1
    assert "ceremony-1" in next(text for name, text in found if name is LogFinding.DISTANT)
