"""A command that is killed while it writes leaves no part of a file under the final name."""

from __future__ import annotations

import errno
import os
import subprocess
import sys
from pathlib import Path

import pytest

from dblrandom.adapters import files
from dblrandom.adapters.files import write_new
from dblrandom.errors import FolderConflict

_KILLED = """
import os, sys
from pathlib import Path
from dblrandom.adapters import files
{at}
files.write_new(Path(sys.argv[1]), b"id\\tname\\n" + b"A1\\tx\\n" * 1000, 0o600)
"""
_IN_THE_MIDDLE = """
real = os.write
def part(descriptor, data):
    real(descriptor, data[:4000])
    os._exit(9)
os.write = part
"""
_BEFORE_THE_NAME = """
def gone(*_):
    os._exit(9)
files.sync_file = gone
"""


@pytest.mark.parametrize("at", [_IN_THE_MIDDLE, _BEFORE_THE_NAME], ids=["in the middle", "before the name"])
def test_a_killed_writer_leaves_nothing_under_the_final_name(tmp_path: Path, at: str) -> None:
    target = tmp_path / "targets.tsv"
    ended = subprocess.run([sys.executable, "-c", _KILLED.format(at=at), str(target)], check=False)
    assert ended.returncode == 9
    assert not os.path.lexists(target)
    assert all(name.startswith(".dblrandom-") and name.endswith(".part") for name in os.listdir(tmp_path))
    write_new(target, b"whole", 0o644)
    assert target.read_bytes() == b"whole"


def test_an_interrupted_writer_leaves_nothing_at_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def interrupted(path: Path) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files, "sync_file", interrupted)
    with pytest.raises(KeyboardInterrupt):
        write_new(tmp_path / "a.key", b"secret", 0o600)
    assert os.listdir(tmp_path) == []


@pytest.mark.skipif(sys.platform == "win32", reason="renames instead of linking")
@pytest.mark.parametrize("code", [errno.EPERM, errno.EOPNOTSUPP, errno.ENOSYS])
def test_a_file_system_without_hard_links(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, code: int) -> None:
    def refused(*_: object) -> None:
        raise OSError(code, "no links")

    monkeypatch.setattr(os, "link", refused)
    target = tmp_path / "a.key"
    write_new(target, b"secret", 0o600)
    assert target.read_bytes() == b"secret"
    assert target.stat().st_mode & 0o777 == 0o600
    assert os.listdir(tmp_path) == ["a.key"]
    with pytest.raises(FolderConflict):
        write_new(target, b"other", 0o600)
    assert target.read_bytes() == b"secret"


@pytest.mark.skipif(sys.platform == "win32", reason="renames instead of linking")
@pytest.mark.parametrize("links", [True, False])
def test_a_name_that_is_taken_meanwhile_is_not_replaced(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, links: bool
) -> None:
    target = tmp_path / "proof.json"
    real = os.link

    def raced(source: Path, name: Path) -> None:
        target.write_bytes(b"another's")
        if not links:
            raise OSError(errno.EPERM, "no links")
        real(source, name)

    monkeypatch.setattr(os, "link", raced)
    with pytest.raises(FolderConflict):
        write_new(target, b"mine", 0o644)
    assert target.read_bytes() == b"another's"
    assert os.listdir(tmp_path) == ["proof.json"]
