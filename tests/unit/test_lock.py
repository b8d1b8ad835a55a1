from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from dblrandom.adapters.lock import FolderLock
from dblrandom.errors import FolderError

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


def test_a_number_that_is_none_is_not_believed(tmp_path: Path) -> None:
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
