from __future__ import annotations

import errno
import logging
import os
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from dblrandom.adapters import lock
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.lock import FolderLock
from dblrandom.errors import FolderBusy, FolderError, FolderUnavailable, InputError

HOLD = """
import sys
from dblrandom.adapters.lock import FolderLock
with FolderLock(sys.argv[1]):
    print("held", flush=True)
    sys.stdin.read()
"""


def test_a_second_lock_is_refused_and_the_first_can_be_taken_again(tmp_path: Path) -> None:
    held = f"process {os.getpid()} is changing this folder"
    with FolderLock(tmp_path), pytest.raises(FolderError, match=held), FolderLock(tmp_path):
        pytest.fail("two locks at once")
    with FolderLock(tmp_path):
        assert (tmp_path / "lock").read_text() == f"{os.getpid()}\n"
    assert (tmp_path / "lock").read_bytes() == b""


def test_the_same_lock_cannot_be_taken_twice(tmp_path: Path) -> None:
    lock = FolderLock(tmp_path)
    with lock, pytest.raises(FolderError, match="twice"), lock:
        pytest.fail("two locks at once")
    with pytest.raises(FolderError, match="is changing"), FolderLock(tmp_path), FolderLock(tmp_path):
        pytest.fail("two locks at once")


def test_another_process_is_named_and_its_death_frees_the_lock(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", HOLD, str(tmp_path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        with pytest.raises(FolderError, match=f"process {child.pid} is changing"), FolderLock(tmp_path):
            pytest.fail("two locks at once")
        child.kill()
        child.wait()
    with FolderLock(tmp_path):
        pass


def test_an_error_inside_frees_the_lock(tmp_path: Path) -> None:
    with pytest.raises(ZeroDivisionError), FolderLock(tmp_path):
        raise ZeroDivisionError
    with FolderLock(tmp_path):
        pass


def test_a_number_that_is_none_is_not_believed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock, "_locking", lambda _: None)
    with FolderLock(tmp_path):
        (tmp_path / "lock").write_bytes(b"\xff\nforged line")
        with pytest.raises(FolderError, match="another process is changing"), FolderLock(tmp_path):
            pytest.fail("two locks at once")


def test_links_pipes_and_missing_folders_are_refused(tmp_path: Path) -> None:
    (tmp_path / "lock").symlink_to("elsewhere")
    with pytest.raises(FolderError), FolderLock(tmp_path):
        pytest.fail("followed a link")
    (tmp_path / "lock").unlink()
    os.mkfifo(tmp_path / "lock")
    with pytest.raises(FolderError, match="not a regular file"), FolderLock(tmp_path):
        pytest.fail("locked a pipe")
    with pytest.raises(FolderError), FolderLock(tmp_path / "missing"):
        pytest.fail("locked nothing")


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (errno.ENOLCK, "lock.unsupported"),
        (errno.ENOTSUP, "lock.unsupported"),
        (errno.ENOSYS, "lock.unsupported"),
        (errno.EIO, "folder.unavailable"),
        (errno.EACCES, "folder.unavailable"),
    ],
)
def test_a_file_system_without_locks_is_not_another_process(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, number: int, code: str
) -> None:
    def fail(_: int) -> None:
        raise OSError(number, os.strerror(number))

    monkeypatch.setattr(lock, "_take", fail)
    with pytest.raises(FolderUnavailable, match="cannot be locked") as caught, FolderLock(tmp_path, timeout=60):
        pytest.fail("no lock was taken")
    assert caught.value.code == code
    assert "process" not in str(caught.value)


def test_the_lock_is_its_owners_alone_also_where_an_older_one_was_open_to_all(tmp_path: Path) -> None:
    before = os.umask(0)
    try:
        with FolderLock(tmp_path):
            assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600
        (tmp_path / "lock").chmod(0o666)
        with FolderLock(tmp_path):
            assert stat.S_IMODE((tmp_path / "lock").stat().st_mode) == 0o600
    finally:
        os.umask(before)


def test_a_lock_of_another_user_is_told_with_the_user(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "lock").touch()

    def refuse(*_: object) -> int:
        raise PermissionError(errno.EACCES, "Permission denied")

    monkeypatch.setattr(lock.os, "open", refuse)
    monkeypatch.setattr(lock, "_own_user", lambda: 4_000_000_001)
    with pytest.raises(FolderUnavailable, match="belongs to user") as caught, FolderLock(tmp_path):
        pytest.fail("no lock was taken")
    assert caught.value.code == "folder.denied"


def test_the_holder_is_the_one_that_the_system_names_and_not_the_file(tmp_path: Path) -> None:
    if not Path("/proc/locks").exists():
        pytest.skip("this system does not say who holds a lock")
    with FolderLock(tmp_path):
        (tmp_path / "lock").write_text("1\n")
        with pytest.raises(FolderBusy, match=f"process {os.getpid()} is changing"), FolderLock(tmp_path):
            pytest.fail("two locks at once")


def test_a_timeout_waits_for_the_other_and_says_how_long_it_waited(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    moments = iter(range(100))
    monkeypatch.setattr(lock.time, "monotonic", lambda: float(next(moments)))
    slept: list[float] = []
    monkeypatch.setattr(lock.time, "sleep", slept.append)
    with FolderLock(tmp_path), pytest.raises(FolderBusy, match="waited 3 s"), FolderLock(tmp_path, timeout=3):
        pytest.fail("two locks at once")
    assert len(slept) == 2
    other = FolderLock(tmp_path)
    other.__enter__()
    monkeypatch.setattr(lock.time, "sleep", lambda _: other.__exit__(None, None, None))
    with caplog.at_level(logging.INFO, "dblrandom"), FolderLock(tmp_path, timeout=50):
        pass
    assert [r.getMessage().partition(" ")[0] for r in caplog.records] == ["waiting", "lock"]


@pytest.mark.parametrize("timeout", [-1, 1e9, float("nan")])
def test_a_timeout_that_nobody_can_wait_is_refused(tmp_path: Path, timeout: float) -> None:
    with pytest.raises(InputError, match="timeout of the lock"):
        FolderLock(tmp_path, timeout=timeout)


def test_a_folder_passes_its_timeout_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(lock.time, "sleep", lambda _: None)
    with FolderLock(tmp_path), pytest.raises(FolderBusy, match=r"waited 0\.01 s"):
        CeremonyFolder(tmp_path, timeout=0.01).update(lambda *_: None)
