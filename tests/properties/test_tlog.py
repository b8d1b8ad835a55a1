"""What must hold for every log: proofs of every size, files however they came about, readers of whatever is sent."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import ceremonies as kit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.journal import Ops
from dblrandom.adapters.publiclog.files import read_log
from dblrandom.adapters.publiclog.folder import append, init
from dblrandom.errors import DblrandomError, FolderConflict, VerificationError
from dblrandom.kernel.merkle import inclusion_path, leaf_hash, root_from_path
from dblrandom.kernel.suite import SHA256
from dblrandom.tlog import (
    LOG_KEY,
    WITNESS_KEY,
    AddCheckpoint,
    Checkpoint,
    LogEntry,
    LogProof,
    Note,
    VerifierKey,
    check_cosignature,
    cosign,
    open_checkpoint,
    sign_checkpoint,
    verify_proof,
)
from dblrandom.tlog.tiles import files, read_bundle, read_tile, spans
from dblrandom.tlog.tree import check_consistency, consistency_path, root_of

ORIGIN = "log.example/receipts"
KEY = VerifierKey.of(ORIGIN, LOG_KEY, kit.key("log"))
WITNESS = VerifierKey.of("w.example", WITNESS_KEY, kit.key("w"))
LEAVES = [leaf_hash(SHA256, str(n).encode()) for n in range(600)]


def mth(leaves: Sequence[bytes]) -> bytes:
    """The tree hash by its recursive definition (RFC 9162 section 2.1.1)."""
    if len(leaves) <= 1:
        return leaves[0] if leaves else SHA256.hash(b"")
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    return SHA256.hash(b"\x01" + mth(leaves[:k]) + mth(leaves[k:]))


def subproof(m: int, leaves: Sequence[bytes], whole: bool) -> list[bytes]:
    """The consistency proof by its recursive definition (RFC 9162 section 2.1.4.1)."""
    if m == len(leaves):
        return [] if whole else [mth(leaves)]
    k = 1
    while 2 * k < len(leaves):
        k *= 2
    if m <= k:
        return [*subproof(m, leaves[:k], whole), mth(leaves[k:])]
    return [*subproof(m - k, leaves[k:], False), mth(leaves[:k])]


@given(st.integers(1, 300), st.data())
def test_consistency_is_as_defined_and_binds_both_roots(new: int, data: st.DataObject) -> None:
    old = data.draw(st.integers(1, new))
    leaves = LEAVES[:new]
    path = consistency_path(leaves, old)
    assert path == subproof(old, leaves, True)
    first, second = mth(leaves[:old]), mth(leaves)
    check_consistency(old, new, first, second, path)
    at = data.draw(st.integers(0, len(path) + 1))
    flipped = [bytes([step[0] ^ 1]) + step[1:] if n == at else step for n, step in enumerate([*path, first, second])]
    with pytest.raises(VerificationError):
        check_consistency(old, new, flipped[-2], flipped[-1], flipped[:-2])


@given(st.integers(1, 300), st.data())
def test_a_proof_from_another_size_never_passes(new: int, data: st.DataObject) -> None:
    old, other = data.draw(st.integers(1, new)), data.draw(st.integers(1, new))
    path = consistency_path(LEAVES[:new], old)
    if consistency_path(LEAVES[:new], other) != path:
        with pytest.raises(VerificationError):
            check_consistency(other, new, root_of(LEAVES[:other]), root_of(LEAVES[:new]), path)


@given(st.integers(0, 600), st.integers(0, 600))
@settings(deadline=None)
def test_files_that_were_added_make_the_whole(since: int, more: int) -> None:
    """Whatever the steps in which a log grew, its newest files are those of a log that was written at once."""
    size = min(600, since + more)
    entries = [str(n).encode() for n in range(size)]
    grown = dict(files(entries[:since], LEAVES[:since])) | dict(files(entries, LEAVES[:size], since=since))
    whole = dict(files(entries, LEAVES[:size]))
    assert whole.items() <= grown.items()
    assert all(".p/" in path for path in grown.keys() - whole.keys())
    read = [entry for n, w in spans(size) for entry in read_bundle(_at(whole, "entries", n, w), w, "bundle")]
    hashes = [leaf for n, w in spans(size) for leaf in read_tile(_at(whole, "0", n, w), w, "tile")]
    assert (read, hashes) == (entries, LEAVES[:size])


def _at(found: dict[str, bytes], kind: str, index: int, width: int) -> bytes:
    return found[f"tile/{kind}/{index:03d}" + ("" if width == 256 else f".p/{width}")]


@given(st.integers(1, 60), st.data())
def test_inclusion_of_every_entry(size: int, data: st.DataObject) -> None:
    index = data.draw(st.integers(0, size - 1))
    path = inclusion_path(SHA256, LEAVES[:size], index)
    assert root_from_path(SHA256, LEAVES[index], index, size, path) == root_of(LEAVES[:size])


# Readers


NOTE = sign_checkpoint(Checkpoint(origin=ORIGIN, size=5, root=root_of(LEAVES[:5])), kit.key("log"))
COSIGNED = Note(
    NOTE.text,
    (*NOTE.signatures, cosign(NOTE.text, name="w.example", signer=kit.key("w"), time="2024-03-01T00:00:00Z")),
)
PROOF = LogProof(index=3, path=tuple(inclusion_path(SHA256, LEAVES[:5], 3)), checkpoint=COSIGNED.full).text
REQUEST = AddCheckpoint(old=3, path=tuple(consistency_path(LEAVES[:5], 3)), checkpoint=COSIGNED.full).text


@st.composite
def damaged(draw: st.DrawFn, text: str) -> str:
    """The text with a piece cut out, doubled or replaced."""
    start = draw(st.integers(0, len(text) - 1))
    end = draw(st.integers(start, min(len(text), start + 40)))
    piece = draw(st.one_of(st.just(""), st.just(text[start:end] * 2), st.text(max_size=8), st.just("\n"), st.just("=")))
    return text[:start] + piece + text[end:]


@given(damaged(PROOF))
@settings(max_examples=300, deadline=None)
def test_a_damaged_proof_is_refused_as_such(text: str) -> None:
    if text == PROOF:
        return
    try:
        logged = verify_proof(text, entry=b"3", log_vkey=KEY, witness_vkeys=[WITNESS], threshold=1)
    except VerificationError:
        return
    # Only what nobody vouches for may differ: signatures by keys that are not asked for.
    assert LogProof.parse(text).index == logged.index == 3
    assert Note.parse(LogProof.parse(text).checkpoint).text == NOTE.text


@given(st.one_of(st.text(), damaged(REQUEST), damaged(COSIGNED.full)))
@settings(max_examples=300)
def test_readers_raise_nothing_of_their_own(text: str) -> None:
    for read in (Note.parse, Checkpoint.parse, LogProof.parse, AddCheckpoint.parse, VerifierKey.parse):
        try:
            found: Any = read(text)
        except DblrandomError:
            continue
        if isinstance(found, Note):
            assert found.full == text
        else:
            assert found.text == text


@given(st.binary(max_size=300))
def test_binary_readers_raise_nothing_of_their_own(data: bytes) -> None:
    for act in (lambda: LogEntry.parse(data), lambda: read_tile(data, 3, "t"), lambda: read_bundle(data, 3, "b")):
        try:
            act()
        except DblrandomError:
            continue


@given(st.binary(min_size=1, max_size=100))
def test_any_other_cosignature_value_is_refused(value: bytes) -> None:
    line = COSIGNED.signatures[1]
    if value == line.value:
        return
    other = type(line)(line.name, line.key_id, value)
    with pytest.raises(VerificationError):
        check_cosignature(Note(NOTE.text, (other,)), WITNESS)
    with pytest.raises(VerificationError):
        open_checkpoint(Note(NOTE.text, (type(line)(ORIGIN, KEY.key_id, value),)).full, KEY)


# Crashes


class Power(BaseException):
    """The power goes out."""


class Failing(Ops):
    """Stops before the given operation, and counts them."""

    def __init__(self, stop: int) -> None:
        self.left = stop

    def __getattribute__(self, name: str) -> Any:
        found = super().__getattribute__(name)
        if name != "left" and callable(found) and not name.startswith("_"):
            if self.left == 0:
                raise Power
            self.left -= 1
        return found


def test_the_next_command_continues_wherever_the_power_goes_out(tmp_path: Path) -> None:
    """Before every operation on the disk in turn; then the same ceremony, or another one, is appended."""
    first, second, other = (kit.committed(name=name) for name in ("first", "second", "other"))
    start = tmp_path / "start"
    init(start, origin=ORIGIN, key=kit.key("log"))
    append(start, [first], key=kit.key("log"))
    expected = append(shutil.copytree(start, tmp_path / "whole"), [second], key=kit.key("log")).log.note.full
    stop, ended = 0, False
    while not ended:
        place = shutil.copytree(start, tmp_path / f"stopped-{stop}")
        try:
            append(place, [second], key=kit.key("log"), ops=Failing(stop))
            ended = True
        except Power:
            # Whoever reads now finds the old log or the new one, whole.
            assert read_log(place, KEY).checkpoint.size in (3, 6)
        if stop % 3 == 0:
            copy = shutil.copytree(place, tmp_path / f"other-{stop}")
            if (copy / ".pending").exists():
                # A step that lies in a copy is ended only where its owner says that the copy is their own.
                with pytest.raises(FolderConflict, match="did not begin here"):
                    append(copy, [other], key=kit.key("log"))
                CeremonyFolder(copy).adopt()
            log = append(copy, [other], key=kit.key("log")).log
            assert read_log(log.folder, KEY) == log
            assert {"first", "other"} <= {entry.ceremony for entry in log.entries}
        assert append(place, [second], key=kit.key("log")).log.note.full == expected
        assert read_log(place, KEY).checkpoint.size == 6
        stop += 1
    assert stop > 20


def test_partial_files_go_when_the_full_one_is_there(tmp_path: Path) -> None:
    """A log that grows over a tile's edge in many steps keeps no more than the files of its last tile."""
    place = tmp_path / "log"
    init(place, origin=ORIGIN, key=kit.key("log"))
    made = [kit.committed(name=f"ceremony-{n}") for n in range(2)]

    class Many:
        """A stand-in for many ceremonies: entries are what the log looks at."""

        def __init__(self, numbers: range) -> None:
            self.suite = SHA256
            self.receipts = [_renamed(made[0].receipts[0], n) for n in numbers]

    for numbers in (range(100), range(255), range(256), range(300)):
        append(place, [Many(numbers)], key=kit.key("log"))  # type: ignore[list-item]
    found = sorted(p.relative_to(place / "tile").as_posix() for p in (place / "tile").rglob("*") if p.is_file())
    assert found == ["0/000", "0/001.p/44", "1/000.p/1", "entries/000", "entries/001.p/44"]
    assert len(read_log(place, KEY).entries) == 300


def _renamed(receipt: Any, number: int) -> Any:
    from types import SimpleNamespace

    payload = receipt.payload.replace(b'"ceremony":"ceremony-0"', b'"ceremony":"ceremony-%d"' % number)
    return SimpleNamespace(payload=payload, label=f"receipt of {number}")
