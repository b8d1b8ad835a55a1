"""The log on disk: appending, reading, proving, and what a witness of logs remembers."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any

import ceremonies as kit
import pytest

from dblrandom.adapters.publiclog.audit import audit_log, check_since
from dblrandom.adapters.publiclog.files import Log, checkpoint_at, prove, read_log, read_text, request
from dblrandom.adapters.publiclog.folder import append, init, merge_cosignatures
from dblrandom.adapters.publiclog.witness import cosign_request, seen
from dblrandom.errors import FolderError, InputError, KeyFileError, StepError, VerificationError
from dblrandom.tlog import LOG_KEY, WITNESS_KEY, LogEntry, Note, VerifierKey, verify_proof

ORIGIN = "log.example/receipts"
KEY = VerifierKey.of(ORIGIN, LOG_KEY, kit.key("log"))
WITNESS = VerifierKey.of("w.example", WITNESS_KEY, kit.key("w"))
OTHER = VerifierKey.of("v.example", WITNESS_KEY, kit.key("v"))
TIME = "2024-03-01T01:00:00Z"


@pytest.fixture
def place(tmp_path: Path) -> Path:
    assert init(tmp_path / "log", origin=ORIGIN, key=kit.key("log")) == KEY
    return tmp_path / "log"


def add(place: Path, *ceremonies: Any) -> Log:
    return append(place, ceremonies, key=kit.key("log")).log


def cosigned(place: Path, memory: Path, *, time: str = TIME, key: VerifierKey = WITNESS) -> str:
    """Ask a witness by the log's folder, and merge what it says."""
    log = read_log(place, KEY)
    before = seen(memory).get(ORIGIN)
    asked = request(log, 0 if before is None else before.size)
    name = {WITNESS: "w", OTHER: "v"}[key]
    who = {"name": key.name, "key": kit.key(name), "first": before is None}
    line = cosign_request(asked.text, memory=memory, log=KEY, time=time, **who).line  # type: ignore[arg-type]
    merge_cosignatures(place, line, witnesses=[key])
    return line


def test_an_empty_log_is_signed_and_read(place: Path) -> None:
    log = read_log(place, KEY)
    assert (log.checkpoint.size, log.entries) == (0, ())
    assert read_log(place).key == KEY
    assert sorted(os.listdir(place)) == ["checkpoint", "checkpoints", "lock", "vkey"]
    with pytest.raises(FolderError, match="holds"):
        init(place, origin=ORIGIN, key=kit.key("log"))


def test_receipts_are_added_once(place: Path) -> None:
    made = kit.drawn()
    first = append(place, [made], key=kit.key("log"))
    assert [entry.sequence for entry in first.added] == [1, 2, 3, 4, 5, 6]
    before = (place / "checkpoint").read_bytes()
    again = append(place, [made, made], key=kit.key("log"))
    assert again.added == ()
    assert (place / "checkpoint").read_bytes() == before
    assert read_log(place, KEY).entries == first.log.entries


def test_a_ceremony_that_went_on_is_continued(place: Path) -> None:
    add(place, kit.committed())
    log = add(place, kit.drawn(), kit.committed(name="second"))
    assert [(entry.ceremony, entry.sequence) for entry in log.entries] == [
        *((kit.NAME, n) for n in range(1, 7)),
        *(("second", n) for n in range(1, 4)),
    ]
    assert read_log(place, KEY) == log


def test_files_lie_where_the_layout_has_them(place: Path) -> None:
    add(place, kit.committed())
    files = sorted(p.relative_to(place).as_posix() for p in place.rglob("*") if p.is_file())
    assert files == [
        "checkpoint",
        "checkpoints/0",
        "checkpoints/3",
        "lock",
        "tile/0/000.p/3",
        "tile/entries/000.p/3",
        "vkey",
    ]


def test_only_the_logs_key_appends(place: Path) -> None:
    with pytest.raises(KeyFileError, match="not the key of the log"):
        append(place, [kit.committed()], key=kit.key("other"))


def test_there_must_be_a_log(tmp_path: Path) -> None:
    for act in (lambda: read_log(tmp_path), lambda: append(tmp_path, [], key=kit.key("log"))):
        with pytest.raises(FolderError, match="there is no log here"):
            act()
    with pytest.raises(FolderError, match="there is no log here"):
        append(tmp_path / "nowhere", [], key=kit.key("log"))


def test_a_proof_is_made_against_the_earliest_checkpoint_that_dates(place: Path, tmp_path: Path) -> None:
    made = kit.committed()
    add(place, made)
    cosigned(place, tmp_path / "memory")
    add(place, kit.drawn(), kit.committed(name="second"))
    cosigned(place, tmp_path / "memory", time="2024-06-01T00:00:00Z")
    log = read_log(place, KEY)
    entry = LogEntry.of_payload(made.receipts[0].payload, made.suite).data
    logged = verify_proof(
        prove(log, kit.NAME, 1).text, entry=entry, log_vkey=KEY, witness_vkeys=[WITNESS], threshold=1, as_of=TIME
    )
    assert (logged.size, logged.time) == (3, TIME)
    assert "\n9\n" in prove(log, kit.NAME, 6).checkpoint
    assert "\n9\n" in prove(log, kit.NAME, 1, threshold=2).checkpoint
    with pytest.raises(StepError, match="is not in the log"):
        prove(log, kit.NAME, 7)


def test_two_witnesses_cosign_one_checkpoint(place: Path, tmp_path: Path) -> None:
    add(place, kit.committed())
    cosigned(place, tmp_path / "w")
    line = cosigned(place, tmp_path / "v", key=OTHER)
    names = [signature.name for signature in read_log(place, KEY).note.signatures]
    assert names == [ORIGIN, "w.example", "v.example"]
    merged = merge_cosignatures(place, line, witnesses=[OTHER])
    assert [signature.name for signature in merged.signatures] == names


def test_cosignatures_of_an_older_checkpoint_are_kept_with_it(place: Path, tmp_path: Path) -> None:
    log = add(place, kit.committed())
    line = ask(log, 0, tmp_path / "m")
    newer = add(place, kit.committed(name="second"))
    with pytest.raises(VerificationError, match="cosignature over 6 entries"):
        merge_cosignatures(place, line, witnesses=[WITNESS])
    merge_cosignatures(place, line, witnesses=[WITNESS], size=3)
    assert len(checkpoint_at(newer, 3).signatures) == 2
    assert len(read_log(place, KEY).note.signatures) == 1
    with pytest.raises(InputError, match="none is by"):
        merge_cosignatures(place, line, witnesses=[OTHER], size=3)
    with pytest.raises(FolderError, match="no checkpoint of 4"):
        checkpoint_at(newer, 4)
    with pytest.raises(FolderError, match="no checkpoint of -1"):
        checkpoint_at(newer, -1)


def test_a_witness_follows_a_log_that_grows(place: Path, tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    cosigned(place, memory)
    for number in range(1, 4):
        add(place, kit.committed(name=f"ceremony-{number}"))
        cosigned(place, memory, time=f"2024-03-0{number}T02:00:00Z")
        assert seen(memory)[ORIGIN].size == 3 * number
    assert os.stat(memory).st_mode & 0o077 == 0
    cosigned(place, memory, time="2024-03-04T00:00:00Z")


def ask(read: Log, old: int, memory: Path, **changes: Any) -> str:
    basic = {"memory": memory, "name": "w.example", "key": kit.key("w"), "log": KEY, "time": TIME}
    basic["first"] = not os.path.lexists(memory)
    return cosign_request(request(read, old).text, **basic | changes).line  # type: ignore[arg-type]


def test_a_witness_asks_for_the_size_that_it_knows(place: Path, tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    log = add(place, kit.committed())
    ask(log, 0, memory)
    for old in (0, 2):
        with pytest.raises(StepError, match="cosigned 3 entries"):
            ask(log, old, memory)
    assert seen(memory)[ORIGIN].size == 3


def test_a_witness_looks_at_its_clock_and_keys(place: Path, tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    log = add(place, kit.committed())
    ask(log, 0, memory)
    with pytest.raises(StepError, match="set the clock right"):
        ask(log, 3, memory, time="2024-03-01T00:59:59Z")
    with pytest.raises(KeyFileError, match="are one key"):
        ask(log, 3, memory, key=kit.key("log"))
    with pytest.raises(VerificationError, match="no signature by the log"):
        ask(log, 3, memory, log=VerifierKey.of("other.example", LOG_KEY, kit.key("log")))
    with pytest.raises(FolderError):
        ask(log, 3, tmp_path / "nowhere" / "memory")


def test_a_log_that_changes_its_key_is_asked_why(tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    for name in ("log", "log2"):
        key = VerifierKey.of(ORIGIN, LOG_KEY, kit.key(name))
        init(tmp_path / name, origin=ORIGIN, key=kit.key(name))
        if name == "log":
            ask(read_log(tmp_path / name), 0, memory, log=key)
            continue
        with pytest.raises(StepError, match="had the key"):
            ask(read_log(tmp_path / name), 0, memory, log=key)


@pytest.mark.parametrize(
    "data",
    [
        b"",
        b"{}",
        b'{"logs":[],"specification":"dblrandom/v1"}',
        b'{"logs":{},"specification":"dblrandom/v2"}',
        b'{"logs":{"a b":{}},"specification":"dblrandom/v1"}',
        b'{"logs":{"a":{}},"specification":"dblrandom/v1"}',
        b'{"logs":{"a":{"root":"","size":1,"time":"","vkey":""}},"specification":"dblrandom/v1"}',
    ],
)
def test_a_damaged_memory_is_refused(data: bytes, tmp_path: Path) -> None:
    (tmp_path / "memory").write_bytes(data)
    with pytest.raises(InputError):
        seen(tmp_path / "memory")


def test_an_older_checkpoint_is_held_against_the_log(place: Path) -> None:
    empty = read_log(place, KEY).note.full
    old = add(place, kit.committed()).note.full
    log = add(place, kit.drawn())
    for text, size in ((empty, 0), (old, 3), (log.note.full, 6)):
        assert check_since(log, text).size == size
    assert audit_log(log, until=kit.AFTER, since=old).findings == ()
    with pytest.raises(VerificationError, match="no signature"):
        check_since(log, Note.parse(old).full.replace("log.example", "log2.example"))


def test_files_of_other_encodings_are_refused(tmp_path: Path) -> None:
    (tmp_path / "text").write_bytes(b"\xff\xfe")
    with pytest.raises(InputError, match="byte 0 is not UTF-8"):
        read_text(tmp_path / "text")
