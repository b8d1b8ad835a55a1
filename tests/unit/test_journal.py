from __future__ import annotations

import json
import os
import stat
import tracemalloc
from pathlib import Path

import pytest

from dblrandom.adapters import journalfile
from dblrandom.adapters.journal import Change, Ops, apply, pending, recover
from dblrandom.adapters.journalfile import Entry, journal_bytes, read_journal
from dblrandom.errors import FolderError
from dblrandom.kernel.canonical import MAX_BYTES


class Stop(Exception):
    """The process ends here."""


class StopBefore(Ops):
    """Stops before the first operation of a name, counted from one."""

    def __init__(self, name: str, count: int = 1) -> None:
        self.name = name
        self.left = count
        self.trace: list[tuple[str, str]] = []

    def _met(self, name: str, path: Path) -> None:
        self.trace.append((name, path.name))
        if name == self.name:
            self.left -= 1
            if self.left == 0:
                raise Stop

    def write(self, path: Path, data: bytes, mode: int) -> None:
        self._met("write", path)
        super().write(path, data, mode)

    def fsync(self, path: Path) -> None:
        self._met("fsync", path)
        super().fsync(path)

    def fsync_directory(self, path: Path) -> None:
        self._met("fsync_directory", path)
        super().fsync_directory(path)

    def rename(self, source: Path, target: Path) -> None:
        self._met("rename", target)
        super().rename(source, target)

    def unlink(self, path: Path) -> None:
        self._met("unlink", path)
        super().unlink(path)


def interrupted(root: Path, changes: dict[str, Change], name: str, count: int = 1) -> None:
    with pytest.raises(Stop):
        apply(root, changes, ops=StopBefore(name, count))


def test_a_step_writes_replaces_and_removes(tmp_path: Path) -> None:
    apply(tmp_path, {"a": Change(b"1"), "old/b": Change(b"2"), "secrets/k": Change(b"3", 0o600)})
    apply(tmp_path, {"a": Change(b"4"), "old/b": Change(None), "new/deep/c": Change(b"5")})
    found = {str(p.relative_to(tmp_path)): p.read_bytes() for p in tmp_path.rglob("*") if p.is_file()}
    assert found == {"a": b"4", "secrets/k": b"3", "new/deep/c": b"5"}
    assert not (tmp_path / "old").exists()
    assert not pending(tmp_path)
    assert stat.S_IMODE((tmp_path / "secrets/k").stat().st_mode) == 0o600
    assert stat.S_IMODE((tmp_path / "secrets").stat().st_mode) == 0o700
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == 0o644


def test_no_changes_are_no_step(tmp_path: Path) -> None:
    apply(tmp_path, {})
    assert os.listdir(tmp_path) == []
    assert recover(tmp_path) == []


def test_removing_what_is_not_there_is_done_already(tmp_path: Path) -> None:
    apply(tmp_path, {"a": Change(None), "b/c": Change(None)})
    assert os.listdir(tmp_path) == []


def test_everything_is_flushed_before_the_commit_point_and_before_the_journal_goes(tmp_path: Path) -> None:
    """On a power cut only what was flushed is sure to be there; the order is the whole safety of the journal."""
    ops = StopBefore("never")
    apply(tmp_path, {"a": Change(b"1"), "d/b": Change(b"2")}, ops=ops)
    commit = ops.trace.index(("rename", "journal"))
    for name in ("000000", "000001", "journal.new"):
        assert ops.trace.index(("write", name)) < ops.trace.index(("fsync", name)) < commit
    assert ops.trace.index(("fsync_directory", ".pending")) < commit
    gone = ops.trace.index(("unlink", "journal"))
    for directory in (tmp_path.name, "d", ".pending"):
        assert any(step == ("fsync_directory", directory) for step in ops.trace[commit:gone])
        if directory != ".pending":
            last = ops.trace.index(("rename", "b"))
            assert any(step == ("fsync_directory", directory) for step in ops.trace[last:gone])


def test_before_the_commit_point_recovery_undoes(tmp_path: Path) -> None:
    interrupted(tmp_path, {"a": Change(b"1"), "b": Change(b"2")}, "rename")
    assert pending(tmp_path)
    assert recover(tmp_path) == ["undid an interrupted step: 2 staged file(s) discarded, nothing was changed"]
    assert os.listdir(tmp_path) == []


def test_after_the_commit_point_recovery_finishes(tmp_path: Path) -> None:
    interrupted(tmp_path, {"a": Change(b"1"), "b": Change(None)}, "rename", 2)
    assert not (tmp_path / "a").exists()
    assert recover(tmp_path) == ["finished an interrupted step: wrote a", "finished an interrupted step: removed b"]
    assert (tmp_path / "a").read_bytes() == b"1"
    assert recover(tmp_path) == []


def test_a_new_step_waits_for_recovery(tmp_path: Path) -> None:
    interrupted(tmp_path, {"a": Change(b"1")}, "rename", 2)
    with pytest.raises(FolderError, match="recover the folder"):
        apply(tmp_path, {"b": Change(b"2")})
    assert sorted(os.listdir(tmp_path)) == [".pending"]


def test_a_full_disk_before_the_commit_point_leaves_nothing(tmp_path: Path) -> None:
    class Full(Ops):
        def fsync(self, path: Path) -> None:
            raise OSError(28, "No space left on device")

    with pytest.raises(FolderError, match="No space left on device"):
        apply(tmp_path, {"a": Change(b"1")}, ops=Full())
    assert os.listdir(tmp_path) == []


def test_a_failure_after_the_commit_point_says_that_the_step_stands(tmp_path: Path) -> None:
    class Stubborn(Ops):
        def rmdir(self, path: Path) -> None:
            raise OSError(16, "Device or resource busy")

    with pytest.raises(FolderError, match="the step stands: recover"):
        apply(tmp_path, {"a": Change(b"1")}, ops=Stubborn())
    assert (tmp_path / "a").read_bytes() == b"1"
    assert len(recover(tmp_path)) == 1
    assert os.listdir(tmp_path) == ["a"]


@pytest.mark.parametrize(
    "target",
    [
        "",
        "/a",
        "../a",
        "a/../b",
        "a//b",
        "a/",
        "./a",
        "a\\b",
        "a\nb",
        "a\0b",
        ".pending",
        ".pending/x",
        "c:/x",
        "\udc80",
    ],
)
def test_paths_out_of_the_folder_are_refused(tmp_path: Path, target: str) -> None:
    with pytest.raises(FolderError):
        apply(tmp_path, {target: Change(b"1")})
    assert os.listdir(tmp_path) == []


def test_links_and_other_things_in_the_way_are_refused(tmp_path: Path) -> None:
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(outside)
    (root / "file").write_bytes(b"x")
    (root / "directory").mkdir()
    for target in ("link/a", "link", "file/a", "directory"):
        with pytest.raises(FolderError):
            apply(root, {target: Change(b"1")})
        with pytest.raises(FolderError):
            apply(root, {target: Change(None)})
    assert os.listdir(outside) == []
    assert sorted(os.listdir(root)) == ["directory", "file", "link"]


def test_a_path_cannot_be_a_file_and_a_directory(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="both"):
        apply(tmp_path, {"a": Change(None), "a/b/c": Change(b"1")})


def test_modes_other_than_the_two_are_refused(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="666"):
        apply(tmp_path, {"a": Change(b"1", 0o666)})


def test_a_missing_root_is_one_line(tmp_path: Path) -> None:
    with pytest.raises(FolderError):
        apply(tmp_path / "missing", {"a": Change(b"1")})
    assert recover(tmp_path / "missing") == []


def test_a_damaged_staged_file_stops_recovery_before_anything_moves(tmp_path: Path) -> None:
    interrupted(tmp_path, {"a": Change(b"1"), "b": Change(b"2")}, "rename", 2)
    (tmp_path / ".pending" / "000001").write_bytes(b"damaged")
    with pytest.raises(FolderError, match="not the file that the step wrote"):
        recover(tmp_path)
    assert os.listdir(tmp_path) == [".pending"]
    (tmp_path / ".pending" / "000001").unlink()
    with pytest.raises(FolderError, match="not the file that the step wrote"):
        recover(tmp_path)


def journal_of(tmp_path: Path) -> Path:
    interrupted(tmp_path, {"a": Change(b"1"), "b": Change(None)}, "rename", 2)
    return tmp_path / ".pending" / "journal"


def test_every_changed_byte_of_the_journal_is_noticed(tmp_path: Path) -> None:
    journal = journal_of(tmp_path)
    data = journal.read_bytes()
    for at in range(len(data)):
        journal.write_bytes(data[:at] + bytes([data[at] ^ 1]) + data[at + 1 :])
        with pytest.raises(FolderError):
            recover(tmp_path)
        journal.write_bytes(data[:at])
        with pytest.raises(FolderError):
            recover(tmp_path)
    journal.write_bytes(data)
    assert len(recover(tmp_path)) == 2


def test_a_journal_of_nothing_but_brackets_is_refused_before_it_fills_the_memory(tmp_path: Path) -> None:
    journal_of(tmp_path).write_bytes(b'{"entries":[' + b"[]," * 2_000_000 + b"[]]}")
    tracemalloc.start()
    try:
        with pytest.raises(FolderError, match="damaged"):
            recover(tmp_path)
        assert tracemalloc.get_traced_memory()[1] < 64_000_000
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize("data", [b"", b"[]", b"{}", b"null", b"\xff", b"[" * 100_000, b'{"entries":{},"sha256":""}'])
def test_journals_of_the_wrong_shape_are_refused(tmp_path: Path, data: bytes) -> None:
    journal_of(tmp_path).write_bytes(data)
    with pytest.raises(FolderError, match="damaged"):
        recover(tmp_path)


def test_a_forged_journal_cannot_leave_the_folder(tmp_path: Path) -> None:
    """The hash in the journal is against accidents, not against forgers: the paths are checked again."""
    journal = journal_of(tmp_path)
    for target in ("../victim", "/etc/victim", ".pending/journal"):
        journal.write_bytes(journal_bytes([Entry(target, None, 0o644)]))
        assert json.loads(journal.read_bytes())["entries"] == [[target, None, 0o644]]
        with pytest.raises(FolderError, match=r"not a relative path|cannot be written"):
            recover(tmp_path)


def test_a_journal_longer_than_any_document_is_read_again(tmp_path: Path) -> None:
    entries = [Entry(f"{'long-' * 20}{n}", "0" * 64, 0o644) for n in range(100_000)]
    path = journal_of(tmp_path)
    path.write_bytes(journal_bytes(entries))
    assert path.stat().st_size > MAX_BYTES
    assert read_journal(tmp_path, path) == entries


def test_no_journal_is_written_that_could_not_be_read(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(journalfile, "LIMIT", 200)
    with pytest.raises(FolderError, match="cannot change 3 files"):
        apply(tmp_path, {f"file-{n}": Change(b"data") for n in range(3)})
    assert list(tmp_path.iterdir()) == []


def test_what_no_step_put_there_is_not_removed(tmp_path: Path) -> None:
    (tmp_path / ".pending").mkdir()
    (tmp_path / ".pending" / "thesis.txt").write_bytes(b"years of work")
    with pytest.raises(FolderError, match=r"thesis\.txt"):
        recover(tmp_path, own=True)
    assert (tmp_path / ".pending" / "thesis.txt").exists()


def test_a_pending_that_is_no_directory_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".pending").symlink_to(tmp_path.parent)
    assert pending(tmp_path)
    with pytest.raises(FolderError, match="not a directory"):
        recover(tmp_path)
