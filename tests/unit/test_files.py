from __future__ import annotations

import hashlib
import os
import stat
from pathlib import Path

import pytest

from dblrandom.adapters import files
from dblrandom.adapters.files import file_hash, read_bytes, write_atomic, write_new
from dblrandom.errors import FolderError


def test_what_is_written_is_read_back(tmp_path: Path) -> None:
    path = tmp_path / "名录.tsv"
    write_atomic(path, b"one\n")
    assert read_bytes(path) == b"one\n"
    write_atomic(path, b"two\n")
    assert read_bytes(path) == b"two\n"
    assert os.listdir(tmp_path) == ["名录.tsv"]


@pytest.mark.parametrize("mode", [0o600, 0o644])
def test_the_mode_is_what_was_asked_for_whatever_the_umask(tmp_path: Path, mode: int) -> None:
    before = os.umask(0o077 if mode == 0o644 else 0)
    try:
        write_atomic(tmp_path / "a", b"", mode)
        write_new(tmp_path / "b", b"", mode)
    finally:
        os.umask(before)
    assert stat.S_IMODE((tmp_path / "a").stat().st_mode) == mode
    assert stat.S_IMODE((tmp_path / "b").stat().st_mode) == mode


def test_the_limit_is_exact(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x" * 10)
    assert read_bytes(tmp_path / "a", 10) == b"x" * 10
    with pytest.raises(FolderError, match="larger than the 9 bytes"):
        read_bytes(tmp_path / "a", 9)


def test_files_larger_than_one_chunk(tmp_path: Path) -> None:
    data = bytes(range(256)) * 10_000
    write_atomic(tmp_path / "a", data)
    assert read_bytes(tmp_path / "a") == data
    assert file_hash(tmp_path / "a") == hashlib.sha256(data).hexdigest()


def test_links_are_never_followed(tmp_path: Path) -> None:
    (tmp_path / "a").write_bytes(b"x")
    (tmp_path / "link").symlink_to("a")
    for reader in (read_bytes, file_hash):
        with pytest.raises(FolderError, match="symbolic link"):
            reader(tmp_path / "link")
    write_atomic(tmp_path / "link", b"y")
    assert (tmp_path / "a").read_bytes() == b"x"
    assert not (tmp_path / "link").is_symlink()


def test_a_pipe_does_not_block_the_reader(tmp_path: Path) -> None:
    os.mkfifo(tmp_path / "pipe")
    with pytest.raises(FolderError, match="not a regular file"):
        read_bytes(tmp_path / "pipe")


@pytest.mark.parametrize("name", ["missing", "nul\0name", "surrogate\udc80/x", "x" * 300, "."])
def test_every_failure_to_read_is_one_line_of_ours(tmp_path: Path, name: str) -> None:
    with pytest.raises(FolderError) as caught:
        read_bytes(tmp_path / name)
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("name", ["no-such/a", "nul\0name", "x" * 300, "directory"])
def test_every_failure_to_write_is_one_line_of_ours(tmp_path: Path, name: str) -> None:
    (tmp_path / "directory").mkdir()
    with pytest.raises(FolderError):
        write_atomic(tmp_path / name, b"x")
    assert os.listdir(tmp_path) == ["directory"]


def test_writing_to_a_directory_without_a_name() -> None:
    with pytest.raises(FolderError, match="directory"):
        write_atomic("/", b"x")


def test_a_failed_replacement_leaves_the_old_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    write_atomic(tmp_path / "a", b"old")

    def full(path: object) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(files, "sync_file", full)
    with pytest.raises(FolderError, match="No space left"):
        write_atomic(tmp_path / "a", b"new")
    assert os.listdir(tmp_path) == ["a"]
    assert (tmp_path / "a").read_bytes() == b"old"


def test_write_new_never_overwrites(tmp_path: Path) -> None:
    write_new(tmp_path / "a", b"first", 0o600)
    with pytest.raises(FolderError, match="not overwritten"):
        write_new(tmp_path / "a", b"second", 0o600)
    assert read_bytes(tmp_path / "a") == b"first"


def test_write_new_does_not_write_through_a_link(tmp_path: Path) -> None:
    (tmp_path / "link").symlink_to("elsewhere")
    with pytest.raises(FolderError, match="not overwritten"):
        write_new(tmp_path / "link", b"x", 0o600)
    assert not (tmp_path / "elsewhere").exists()


@pytest.mark.parametrize(("mode", "lawful"), [(0o600, True), (0o400, True), (0o640, False), (0o604, False)])
def test_a_secret_that_others_can_read_is_refused(tmp_path: Path, mode: int, lawful: bool) -> None:
    write_new(tmp_path / "a", b"x", mode)
    if lawful:
        assert read_bytes(tmp_path / "a", private=True) == b"x"
    else:
        with pytest.raises(FolderError, match="chmod 600"):
            read_bytes(tmp_path / "a", private=True)
