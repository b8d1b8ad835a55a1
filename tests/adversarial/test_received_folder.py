"""A folder that somebody sent is hostile, its ``secrets/`` included: nothing that it names is opened."""

from __future__ import annotations

import os
import shutil
import socket
import sys
from collections.abc import Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

import kit
import pytest
from commandline import run
from test_signing_on_forgeries import stored

from dblrandom.adapters import index, rosterplaces
from dblrandom.adapters.keyfiles import write_private_key
from dblrandom.cli.app import cli
from dblrandom.kernel.canonical import encode

posix = pytest.mark.skipif(sys.platform == "win32", reason="no links and pipes without privileges")

_seen: list[tuple[str, str]] | None = None
_OPENING = {"open", "os.listdir", "os.scandir", "sqlite3.connect", "socket.connect"}


def _hook(event: str, arguments: tuple[Any, ...]) -> None:
    if _seen is not None and event in _OPENING:
        flags = arguments[2] if event == "open" else 0
        if flags & getattr(os, "O_NOFOLLOW", 0) and os.path.islink(arguments[0]):
            return  # the system refuses this
        _seen.append((event, str(arguments[-1] if event == "socket.connect" else arguments[0])))


sys.addaudithook(_hook)


@pytest.fixture
def opened() -> Iterator[list[tuple[str, str]]]:
    """What this process opens, lists or connects to while the test runs."""
    global _seen
    _seen = []
    yield _seen
    _seen = None


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored(tmp_path_factory.mktemp("sound") / "c", list(kit.honest().receipts)).root


@pytest.fixture
def place(sound: Path, tmp_path: Path) -> Path:
    """A whole ceremony, as it was received: it is nobody's on this machine."""
    found = tmp_path / "received"
    shutil.copytree(sound, found)
    return found


@pytest.fixture
def key(tmp_path: Path) -> Path:
    found = tmp_path / "notary.pem"
    write_private_key(found, sha256(b"dblrandom attack kit, key of notary").digest())
    return found


def listed_anew(root: Path) -> None:
    """Write SHA256SUMS for what is there, as whoever sends a folder can."""
    (root / "SHA256SUMS").write_bytes(index.render(index.scan(root)))


def without_rows(root: Path, name: str = "targets") -> None:
    """Leave the manifest of a roster in place of its rows."""
    (root / "rosters" / f"{name}.tsv").unlink()
    manifest = kit.committed_rosters()[name].manifest
    (root / "rosters" / f"{name}.manifest.json").write_bytes(encode(manifest.to_json()))
    listed_anew(root)


def inspecting(root: Path, key: Path, out: Path) -> list[list[str]]:
    """Every command that somebody gives on a folder that was sent."""
    at = ["--time", "2024-06-01T00:00:00Z"]
    return [
        ["verify", str(root), "--as-of", "2024-06-01T00:00:00Z"],
        ["show", str(root)],
        ["explain", str(root), "--task", "A1", "--id", "F001"],
        ["publish", str(root), "--out", str(out / "published")],
        ["trust", "new", str(root), "--out", str(out / "trust.json")],
        ["trust", "show", str(root)],
        ["timestamp", "request", str(root), "--to", str(out / "request.tsq")],
        ["timestamp", "show", str(root)],
        ["log", "verify", str(key), str(root), "--log", "x"],
        ["witness", str(root), "--key", str(key), "--memory", str(out / "memory.json"), *at],
    ]


def give(arguments: list[str]) -> Any:
    from click.testing import CliRunner

    done = CliRunner().invoke(cli, arguments)
    assert "Traceback" not in done.stderr, arguments
    assert "internal" not in done.stderr, (arguments, done.stderr)
    return done


@pytest.mark.parametrize("kind", ["folder", "sqlite", "file", "server", "device"])
def test_no_place_that_a_received_folder_notes_is_opened(
    place: Path, key: Path, tmp_path: Path, kind: str, opened: list[tuple[str, str]]
) -> None:
    bait = tmp_path / "bait"
    bait.mkdir()
    (bait / "rows.parquet").write_bytes(b"the reader's own")
    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]
        noted = {
            "folder": str(bait),
            "sqlite": f"sqlite:///{bait / 'rows.db'}#t",
            "file": str(bait / "rows.parquet"),
            "server": f"mysql+pymysql://u@127.0.0.1:{port}/db?local_infile=1#t",
            "device": "/dev/zero",
        }[kind]
        without_rows(place)
        (place / "secrets").mkdir(mode=0o700)
        note = place / "secrets" / "rosters.json"
        note.write_bytes(encode({"targets": {"place": noted, "id": "id"}}))
        note.chmod(0o600)
        opened.clear()
        for arguments in inspecting(place, key, tmp_path):
            give(arguments)
            touched = [what for what in opened if str(bait) in what[1] or str(port) in what[1] or "/secrets" in what[1]]
            assert not touched, arguments
            assert ("open", "/dev/zero") not in opened
    done = run("verify", place, "--as-of", "2024-06-02T00:00:00Z", code=3)
    assert "not checked: roster: targets" in done.stdout
    assert "has secrets/" in done.stderr
    assert "tell them" in done.stderr
    assert "dblrandom roster move" in done.stderr


_FILES = ("SHA256SUMS", "plan.toml", "trust.json", "lock", "receipts/0001-commitment.json", "rosters/targets.tsv")
_FOLDERS = ("receipts", "rosters", "results", "secrets", ".pending", "more", "secrets/inside")


@posix
@pytest.mark.parametrize("name", [*_FILES, *_FOLDERS])
@pytest.mark.parametrize("to", ["file", "folder", "device"])
def test_no_link_in_a_received_folder_is_followed(
    place: Path, key: Path, tmp_path: Path, name: str, to: str, opened: list[tuple[str, str]]
) -> None:
    bait = tmp_path / "bait"
    if (place / name).is_dir():
        shutil.copytree(place / name, bait / "folder")
        shutil.rmtree(place / name)
    else:
        (bait / "folder").mkdir(parents=True)
        if (place / name).exists():
            (bait / "file").write_bytes((place / name).read_bytes())
            (place / name).unlink()
    if not (bait / "file").exists():
        (bait / "file").write_bytes(b"the reader's own")
    (place / name).parent.mkdir(exist_ok=True)
    (place / name).symlink_to("/dev/zero" if to == "device" else bait / to)
    opened.clear()
    for arguments in inspecting(place, key, tmp_path):
        done = give(arguments)
        reached = [what for what in opened if str(bait) in os.path.realpath(what[1]) or what[1] == "/dev/zero"]
        assert not reached, (arguments, reached)
        if arguments[0] in ("verify", "witness", "publish") and name != "secrets/inside":
            assert done.exit_code in (1, 2), arguments


@posix
@pytest.mark.parametrize("name", ["plan.toml", "receipts/0001-commitment.json", "lock", "SHA256SUMS", "more"])
def test_no_pipe_in_a_received_folder_is_waited_for(place: Path, key: Path, tmp_path: Path, name: str) -> None:
    (place / name).unlink(missing_ok=True)
    os.mkfifo(place / name)
    for arguments in inspecting(place, key, tmp_path):
        if arguments[0] in ("verify", "witness", "publish", "show", "explain"):
            assert give(arguments).exit_code in (1, 2)


def test_a_note_is_the_users_own_and_outside_of_the_folder(tmp_path: Path) -> None:
    folder = tmp_path / "c"
    folder.mkdir()
    digest = "a" * 64
    path = rosterplaces.note_places(folder, digest, {"targets": ("sqlite:///x.db#t", "id")})
    assert tmp_path not in path.parents
    if sys.platform != "win32":
        assert path.stat().st_mode & 0o777 == 0o600
        assert path.parent.stat().st_mode & 0o777 == 0o700
    assert rosterplaces.noted_places(folder, digest) == {"targets": ("sqlite:///x.db#t", "id")}
    assert rosterplaces.noted_places(folder, "b" * 64) == {}
    assert rosterplaces.noted_places(tmp_path, digest) == {}
    shutil.copytree(folder, tmp_path / "copied")
    assert not rosterplaces.is_known(tmp_path / "copied")
    if sys.platform != "win32":
        (tmp_path / "link").symlink_to(folder)
        assert rosterplaces.is_known(tmp_path / "link")


def test_a_state_folder_that_is_no_absolute_path_is_not_used(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    name = "LOCALAPPDATA" if sys.platform == "win32" else "XDG_STATE_HOME"
    monkeypatch.setenv(name, "received")
    monkeypatch.setenv("HOME", str(tmp_path))
    found = rosterplaces.state_directory()
    assert found is not None
    assert found.is_absolute()
