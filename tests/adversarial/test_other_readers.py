"""A folder is verified by anybody who may read its public files, and nobody else's rights are asked for."""

from __future__ import annotations

import json
import os
import shutil
import stat
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

import kit
import pytest
from click.testing import CliRunner
from commandline import run, said
from test_received_folder import without_rows
from test_signing_on_forgeries import stored

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.ceremony import Ceremony
from dblrandom.cli.app import cli

AT = ("--as-of", kit.AS_OF)
posix = pytest.mark.skipif(sys.platform == "win32", reason="no users and modes of that kind")


@pytest.fixture
def place() -> Iterator[Path]:
    """A folder as its owner has it: secrets/ are the owner's alone, and a lock of long ago is there.

    It stands outside of pytest's own folders, which are closed to other users.
    """
    top = Path(tempfile.mkdtemp(prefix="dblrandom-"))
    top.chmod(0o755)
    root = stored(top / "c", list(kit.honest().receipts)).root
    (root / "secrets").mkdir(exist_ok=True)
    (root / "secrets").chmod(0o700)
    (root / "secrets" / "rosters.json").write_bytes(b"{}")
    (root / "lock").write_bytes(b"12345\n")
    (root / "lock").chmod(0o600)
    yield root
    for path in (root, root / "receipts", *root.rglob("*")):
        path.chmod(0o755 if path.is_dir() else 0o644)
    shutil.rmtree(top)


def as_somebody_else(arguments: list[str]) -> tuple[int, str, str]:
    """Run a command in a child that has another user's rights; modules have been loaded before."""
    CliRunner().invoke(cli, arguments)
    reading, writing = os.pipe()
    child = os.fork()
    if child == 0:
        try:
            if os.geteuid() == 0:
                os.setgroups([])
                os.setgid(65534)
                os.setuid(65534)
            done = CliRunner().invoke(cli, arguments)
            told = json.dumps([done.exit_code, done.stdout, done.stderr]).encode()
            while told:
                told = told[os.write(writing, told) :]
        finally:
            os._exit(0)
    os.close(writing)
    with os.fdopen(reading, "rb") as answer:
        code, out, err = json.loads(answer.read())
    os.waitpid(child, 0)
    return code, out, err


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("rows", ["there", "elsewhere"])
def test_an_auditor_who_is_not_the_owner(place: Path, rows: str) -> None:
    if rows == "elsewhere":
        without_rows(place)
    # Without the rows the draw is not made again, so that it stays undecided whether it holds.
    verified = 3 if rows == "elsewhere" else 0
    for command, exit_code in (
        (["verify", str(place), *AT], verified),
        (["show", str(place)], 0),
        (["trust", "show", str(place)], 0),
    ):
        code, out, err = as_somebody_else(command)
        assert (code, "stdout: cannot" in err) == (exit_code, False), (command, out, err)
        code, out, err = as_somebody_else([*command, "--json"])
        assert json.loads(out)["exit"] == exit_code, (command, err)
    code, _, err = as_somebody_else(["verify", str(place), *AT])
    assert "has secrets/" in err


@posix
@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() != 0, reason="only root can become somebody else")
@pytest.mark.parametrize("name", ["receipts/0001-commitment.json", "receipts", "SHA256SUMS", ""])
def test_what_may_not_be_read_is_named_and_nothing_else_blamed(place: Path, name: str) -> None:
    (place / name).chmod(0)
    for more in ([], ["--json"]):
        code, out, err = as_somebody_else(["verify", str(place), *AT, *more])
        assert code == 2, (out, err)
        told = json.loads(out)["error"]["message"] if more else err
        assert str(place) in told
        assert "ermission denied" in told
        assert "stdout" not in told


@posix
def test_a_folder_that_nobody_may_write_to(place: Path) -> None:
    for path in (*place.rglob("*"), place):
        path.chmod(0o555 if path.is_dir() else 0o444)
    before = {path: path.stat().st_mtime_ns for path in place.rglob("*")}
    assert said("verify", place, *AT)["report"]["stage"] == "drawn"
    assert before == {path: path.stat().st_mtime_ns for path in place.rglob("*")}


def test_a_step_that_somebody_else_left_is_told_and_not_blamed_on_the_evidence(place: Path) -> None:
    (place / ".pending").mkdir(mode=0o700)
    refused = run("verify", place, *AT, code=2)
    assert "whoever writes here" in refused.stderr
    assert said("verify", place, *AT, code=2)["error"]["code"] == "folder.interrupted"


@posix
@pytest.mark.parametrize("umask", [0o000, 0o022, 0o077])
def test_modes_are_what_they_must_be_whatever_the_umask_is(tmp_path: Path, umask: int) -> None:
    ceremony = Ceremony.read(kit.honest().receipts, kit.committed_rosters().values())
    before = os.umask(umask)
    try:
        folder = CeremonyFolder(tmp_path / "above" / "c")
        folder.create(ceremony, kit.policy(), {"deep": b"x"})
        folder.publish(tmp_path / "out" / "public")
    finally:
        os.umask(before)
    for root in (tmp_path / "above", tmp_path / "out"):
        for path in (root, *root.rglob("*")):
            mode = stat.S_IMODE(path.stat().st_mode)
            private = "secrets" in path.parts
            most = (0o700 if private else 0o755) if path.is_dir() else (0o600 if private else 0o644)
            assert mode & ~most == 0, (path, oct(mode))


def test_a_voided_commitments_rosters_go_from_the_folder(tmp_path: Path) -> None:
    chain = kit.steps()[:4]
    ceremony = Ceremony.read(kit.forge(chain).receipts, kit.committed_rosters().values())
    folder = CeremonyFolder(tmp_path / "c")
    folder.create(ceremony, kit.policy())
    folder.update(lambda c, _: c.void("synthetic", time=kit.VOIDED, keys=[kit.signer("organiser")]))
    assert not (folder.root / "rosters").exists()
    assert folder.verify(as_of=kit.VOIDED).stage == "voided"
    assert "rosters/" not in (folder.root / "SHA256SUMS").read_text()
    shutil.copytree(folder.root, tmp_path / "older")
    older = tmp_path / "older"
    (older / "rosters").mkdir()
    for roster in kit.committed_rosters().values():
        (older / "rosters" / f"{roster.name}.tsv").write_bytes(roster.to_file())
    from test_received_folder import listed_anew

    listed_anew(older)
    assert CeremonyFolder(older).verify(as_of=kit.VOIDED).stage == "voided"


def test_the_places_of_a_voided_commitments_rosters_are_forgotten(tmp_path: Path) -> None:
    from dblrandom.adapters import rosterplaces

    digest = "c" * 64
    rosterplaces.note_places(tmp_path, digest, {"targets": ("x", "id")})
    rosterplaces.forget_places(tmp_path)
    assert rosterplaces.noted_places(tmp_path, digest) == {}
    assert rosterplaces.is_known(tmp_path)
    rosterplaces.forget_places(tmp_path / "another")
    assert not rosterplaces.is_known(tmp_path / "another")
