from __future__ import annotations

import stat
from pathlib import Path

import pytest

from dblrandom.adapters.secretfiles import read_secret, secret_file, write_secret
from dblrandom.errors import EntropyError, FolderError

SECRET = bytes(range(32))


def test_a_secret_comes_back_as_hex(tmp_path: Path) -> None:
    write_secret(tmp_path / "s", SECRET)
    assert (tmp_path / "s").read_bytes() == SECRET.hex().encode() + b"\n" == secret_file(SECRET)
    assert stat.S_IMODE((tmp_path / "s").stat().st_mode) == 0o600
    assert read_secret(tmp_path / "s") == SECRET.hex()


def test_a_secret_is_never_overwritten(tmp_path: Path) -> None:
    write_secret(tmp_path / "s", SECRET)
    with pytest.raises(FolderError, match="not overwritten"):
        write_secret(tmp_path / "s", bytes(32))
    assert read_secret(tmp_path / "s") == SECRET.hex()


@pytest.mark.parametrize("size", [0, 31, 33])
def test_a_secret_is_32_bytes(tmp_path: Path, size: int) -> None:
    with pytest.raises(EntropyError, match="32 bytes"):
        write_secret(tmp_path / "s", b"x" * size)
    assert not (tmp_path / "s").exists()


@pytest.mark.parametrize("data", [b"", SECRET, SECRET.hex().upper().encode(), SECRET.hex().encode() + b" ", b"\n"])
def test_a_malformed_file_is_refused_without_showing_it(tmp_path: Path, data: bytes) -> None:
    (tmp_path / "s").touch(0o600)
    (tmp_path / "s").write_bytes(data)
    with pytest.raises(EntropyError, match="does not hold a secret") as caught:
        read_secret(tmp_path / "s")
    assert SECRET.hex()[:16] not in str(caught.value).lower()


def test_a_secret_that_others_can_read_is_refused(tmp_path: Path) -> None:
    write_secret(tmp_path / "s", SECRET)
    (tmp_path / "s").chmod(0o640)
    with pytest.raises(FolderError, match="chmod 600"):
        read_secret(tmp_path / "s")
