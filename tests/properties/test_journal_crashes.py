"""Whatever the moment of a crash, recovery leaves all of a step or none of it.

The journal's only ways to the disk are the methods of ``Ops``; here they are counted and the process "ends" before
any one of them, or half-way through a write. Where the power fails too, content that was never flushed is lost: it
becomes garbage before recovery begins. Recovery is interrupted in the same way, at every one of its own operations.
"""

from __future__ import annotations

import itertools
import shutil
import tempfile
from collections.abc import Callable, Mapping
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dblrandom.adapters.journal import Change, Ops, apply, pending, recover

Tree = dict[str, tuple[bytes, int]]


Step = Callable[[Path, Mapping[str, Change], Ops], None]


def journalled(root: Path, changes: Mapping[str, Change], ops: Ops) -> None:
    apply(root, changes, ops=ops)


class Crash(BaseException):
    """The process is gone: nothing may catch this and go on."""


class Crashing(Ops):
    """Plain operations, of which only the first ``allowed`` are done."""

    def __init__(self, allowed: int, *, power: bool = False) -> None:
        self.left = allowed
        self.power = power
        self.unflushed: dict[Path, None] = {}

    def _step(self) -> None:
        if self.left == 0:
            self.lose()
            raise Crash
        self.left -= 1

    def lose(self) -> None:
        if self.power:
            for path in self.unflushed:
                if path.exists():
                    path.write_bytes(b"\0garbage")
            self.unflushed.clear()

    def mkdir(self, path: Path, mode: int) -> None:
        self._step()
        super().mkdir(path, mode)

    def write(self, path: Path, data: bytes, mode: int) -> None:
        if self.left == 0:
            super().write(path, data[: len(data) // 2], mode)
        self._step()
        super().write(path, data, mode)
        self.unflushed[path] = None

    def fsync(self, path: Path) -> None:
        # Flushing is simulated: what counts is its place in the order, and a real one is slow on a busy disk.
        self._step()
        self.unflushed.pop(path, None)

    def fsync_directory(self, path: Path) -> None:
        self._step()
        assert path.is_dir()

    def rename(self, source: Path, target: Path) -> None:
        self._step()
        super().rename(source, target)
        if source in self.unflushed:
            del self.unflushed[source]
            self.unflushed[target] = None

    def unlink(self, path: Path) -> None:
        self._step()
        super().unlink(path)

    def rmdir(self, path: Path) -> None:
        self._step()
        super().rmdir(path)


def tree(root: Path) -> Tree:
    """Everything below: files with content and mode, and directories, so that an empty one is noticed too."""
    found: Tree = {}
    for path in root.rglob("*"):
        content = path.read_bytes() if path.is_file() else b"<directory>"
        found[path.relative_to(root).as_posix()] = (content, path.stat().st_mode)
    return found


def build(root: Path, before: Mapping[str, bytes]) -> None:
    shutil.rmtree(root, ignore_errors=True)
    root.mkdir()
    for name, data in before.items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_bytes(data)


def _without_pending(found: Tree) -> Tree:
    return {name: what for name, what in found.items() if name.split("/")[0] != ".pending"}


def crash_everywhere(
    work: Path, before: Mapping[str, bytes], changes: Mapping[str, Change], *, power: bool, step: Step = journalled
) -> int:
    """Interrupt a step at each of its operations, and each recovery at each of its own; return how many there were."""
    root = work / "root"
    build(root, before)
    none = tree(root)
    apply(root, changes, ops=Crashing(10**6))
    everything = tree(root)
    for first in itertools.count():
        if not _crashed(root, before, changes, Crashing(first, power=power), step):
            assert tree(root) == everything
            return first
        committed = (root / ".pending" / "journal").exists() or _without_pending(tree(root)) == everything
        for second in itertools.count():
            assert _crashed(root, before, changes, Crashing(first, power=power), step)
            if _recovered(root, second, power=power):
                break
            recover(root, ops=Crashing(10**6))
            _settled(root, none, everything, committed)
        _settled(root, none, everything, committed)
    raise AssertionError("unreachable")


def _crashed(root: Path, before: Mapping[str, bytes], changes: Mapping[str, Change], ops: Crashing, step: Step) -> bool:
    build(root, before)
    try:
        step(root, changes, ops)
    except Crash:
        return True
    return False


def _recovered(root: Path, at: int, *, power: bool) -> bool:
    try:
        recover(root, ops=Crashing(at, power=power))
    except Crash:
        return False
    return True


def _settled(root: Path, none: Tree, everything: Tree, committed: bool) -> None:
    found = tree(root)
    assert not pending(root)
    # A step that never reached its journal is undone, one that did is finished: never merely "one of the two".
    if committed or none == everything:
        assert found == everything
    else:
        assert found == none


BEFORE = {"SHA256SUMS": b"old index", "receipts/0001-commitment.json": b"first", "results/old.tsv": b"stale"}
STEP = {
    "SHA256SUMS": Change(b"new index"),
    "receipts/0002-reveal.json": Change(b"second"),
    "rosters/a/b.tsv": Change(b"id\n" * 100),
    "secrets/blind": Change(b"s" * 64, 0o600),
    "results/old.tsv": Change(None),
    "results/never.tsv": Change(None),
}


@pytest.mark.parametrize("power", [False, True], ids=["killed", "power-cut"])
def test_a_real_step_is_all_or_nothing(tmp_path: Path, power: bool) -> None:
    operations = crash_everywhere(tmp_path, BEFORE, STEP, power=power)
    assert operations > 25, "the seam has lost operations: crashes between them are no longer tried"


def straight_into_place(root: Path, changes: Mapping[str, Change], ops: Ops) -> None:
    for name, change in changes.items():
        if (root / name).exists():
            ops.unlink(root / name)
        if change.data is not None:
            (root / name).parent.mkdir(parents=True, exist_ok=True)
            ops.write(root / name, change.data, change.mode)


def test_the_test_can_fail(tmp_path: Path) -> None:
    """Writing without a journal is what this must find out; if it did not, it would prove nothing above."""
    with pytest.raises(AssertionError):
        crash_everywhere(tmp_path, BEFORE, STEP, power=False, step=straight_into_place)


NAMES = st.sampled_from(["a", "b", "d/a", "d/b", "d/e/a", "f/a"])
CHANGES = st.builds(Change, st.none() | st.binary(max_size=8), st.sampled_from([0o644, 0o600]))


@settings(max_examples=12, deadline=None)
@given(
    before=st.dictionaries(NAMES, st.binary(max_size=4), max_size=4),
    changes=st.dictionaries(NAMES, CHANGES, min_size=1, max_size=4),
    power=st.booleans(),
)
def test_any_step_is_all_or_nothing(before: dict[str, bytes], changes: dict[str, Change], power: bool) -> None:
    with tempfile.TemporaryDirectory() as work:
        crash_everywhere(Path(work), before, changes, power=power)
