"""A step or a secret that lies in a received folder is its sender's: it is neither finished nor opened."""

from __future__ import annotations

import os
import shutil
import sys
from hashlib import sha256
from pathlib import Path

import kit
import pytest
from commandline import run, said
from test_received_folder import give, listed_anew, opened
from test_seals import forged
from test_signing_on_forgeries import stored

from dblrandom.adapters import journal, rosterplaces
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.journalfile import Entry, journal_bytes
from dblrandom.adapters.keyfiles import write_private_key
from dblrandom.errors import FolderConflict
from dblrandom.evidence import Receipt

__all__ = ["opened"]

TIME = ("--time", "2024-06-01T00:00:00Z")
posix = pytest.mark.skipif(sys.platform == "win32", reason="no links and pipes without privileges")


def planted(root: Path, files: dict[str, bytes], *, committed: bool = True) -> None:
    """Leave a step as an interruption would leave it, as whoever sends a folder can."""
    place = root / ".pending"
    place.mkdir(mode=0o700)
    entries = []
    for number, (name, data) in enumerate(sorted(files.items())):
        (place / f"{number:06d}").write_bytes(data)
        entries.append(Entry(name, sha256(data).hexdigest(), 0o644))
    if committed:
        (place / "journal").write_bytes(journal_bytes(entries))


def tree(root: Path) -> dict[str, bytes]:
    return {str(p.relative_to(root)): p.read_bytes() for p in root.rglob("*") if p.is_file() and p.name != "lock"}


@pytest.fixture(scope="module")
def whole(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored(tmp_path_factory.mktemp("whole") / "c", list(kit.honest().receipts)).root


@pytest.fixture
def received(whole: Path, tmp_path: Path) -> Path:
    found = tmp_path / "received"
    shutil.copytree(whole, found)
    return found


@pytest.fixture
def key(tmp_path: Path) -> Path:
    found = tmp_path / "notary.pem"
    write_private_key(found, sha256(b"dblrandom attack kit, key of notary").digest())
    return found


def writing(root: Path, key: Path) -> list[list[str]]:
    """Every command that takes a step in a folder."""
    own = ["--key", str(key), *TIME]
    return [
        ["witness", str(root), *own],
        ["void", str(root), "--reason", "x", *own],
        ["reveal", str(root), "--offline", *own],
        ["draw", str(root), *own],
        ["substitute", str(root), "--task", "A1", "--ground", "closed", "--target", "F001", *own],
        ["result", str(root), "--task", "A1", "--outcome", "F001=closed", *own],
        ["seal", str(root), "--type", "result", "--task", "A1", "--outcome", "F001=closed", *own],
        ["unseal", str(root), *own],
    ]


@pytest.mark.parametrize("committed", [True, False], ids=["to be finished", "to be undone"])
def test_no_step_that_somebody_sent_is_ended(received: Path, key: Path, committed: bool) -> None:
    planted(received, {"receipts/0099-witness.json": b"{}", "secrets/x": b"y"}, committed=committed)
    before = tree(received)
    for arguments in writing(received, key):
        refused = run(*arguments, code=2)
        assert "nothing is left to do" not in refused.stderr
        assert "recovered" not in refused.stderr
        assert "you did not begin" in refused.stderr or "interrupted" in refused.stderr, (arguments, refused.stderr)
        assert tree(received) == before, arguments
    told = said("witness", received, "--key", key, *TIME, code=2)["error"]
    assert told["code"] == "folder.foreign"
    assert "get it again" in told["message"]
    assert "dblrandom adopt" in told["message"]
    with pytest.raises(FolderConflict, match="you did not begin"):
        CeremonyFolder(received).update(lambda ceremony, private: None)


def test_a_step_put_into_a_folder_that_is_known_is_not_ended(received: Path) -> None:
    assert rosterplaces.note_known(received)
    planted(received, {"receipts/0099-witness.json": b"{}"})
    before = tree(received)
    with pytest.raises(FolderConflict, match="you did not begin"):
        CeremonyFolder(received).update(lambda ceremony, private: None)
    assert tree(received) == before


def test_a_step_put_in_the_place_of_ones_own_is_not_ended(tmp_path: Path) -> None:
    class Stopped(BaseException):
        pass

    class Stopping(journal.Ops):
        def unlink(self, path: Path) -> None:
            raise Stopped

    with pytest.raises(Stopped):
        journal.apply(tmp_path, {"a": journal.Change(b"own")}, ops=Stopping())
    shutil.rmtree(tmp_path / ".pending")
    planted(tmp_path, {"a": b"another's"})
    with pytest.raises(FolderConflict, match="you did not begin"):
        journal.recover(tmp_path)
    assert (tmp_path / "a").read_bytes() == b"own"


def test_a_log_is_no_different(tmp_path: Path, key: Path) -> None:
    planted(tmp_path, {"checkpoint": b"forged"})
    refused = run("log", "init", tmp_path, "--origin", "log.example/x", "--key", key, code=2)
    assert "you did not begin" in refused.stderr
    assert not (tmp_path / "checkpoint").exists()


def test_a_folder_moved_or_copied_by_its_owner_is_adopted(received: Path) -> None:
    folder = CeremonyFolder(received)
    own = tree(received)
    planted(received, {"secrets/kept": b"own"})
    with pytest.raises(FolderConflict):
        folder.update(lambda ceremony, private: None)
    answer = said("adopt", received)
    assert answer["known"] is True
    assert answer["recovered"] == ["finished an interrupted step: wrote secrets/kept"]
    assert tree(received) == {**own, "secrets/kept": b"own"}
    assert rosterplaces.is_known(received)
    assert "nothing in there is opened" not in run("show", received).stderr
    assert said("adopt", received)["recovered"] == []


def test_who_knows_the_storage_says_so_in_the_library(received: Path) -> None:
    planted(received, {"secrets/kept": b"own"})
    folder = CeremonyFolder(received, own=True)
    folder.update(lambda ceremony, private: None)
    assert folder.recovered == ("finished an interrupted step: wrote secrets/kept",)
    (received / "secrets" / "kept").chmod(0o600)
    assert folder.read_private("kept") == b"own"
    with pytest.raises(FolderConflict, match="dblrandom adopt"):
        CeremonyFolder(received).read_private("kept")


def test_adopt_takes_no_folder_that_does_not_hold(received: Path, tmp_path: Path) -> None:
    assert "there is no ceremony here" in run("adopt", tmp_path, code=2).stderr
    (received / "plan.toml").write_bytes(b"another")
    run("adopt", received, code=1)
    assert not rosterplaces.is_known(received)


def test_the_first_step_is_known_before_the_first_receipt(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    def spy(root: Path, changes: dict[str, journal.Change]) -> None:
        seen.append(rosterplaces.is_known(root))

    monkeypatch.setattr(journal, "apply", spy)
    stored_root = tmp_path / "c"
    with pytest.raises(FileNotFoundError):
        stored(stored_root, list(kit.honest().receipts))
    assert seen == [True]


@pytest.mark.parametrize("kind", ["file", "link", "pipe"])
@posix
def test_no_sealed_body_of_a_received_folder_is_opened(
    received: Path, key: Path, kind: str, opened: list[tuple[str, str]], tmp_path: Path
) -> None:
    chain = forged().receipts
    for path in (received / "receipts").iterdir():
        path.unlink()
    names = [f"{n:04d}-{Receipt.parse(data).type}.json" for n, data in enumerate(chain, 1)][:4]
    for name, data in zip(names, chain, strict=False):
        (received / "receipts" / name).write_bytes(data)
    shutil.rmtree(received / "results", ignore_errors=True)
    listed_anew(received)
    (received / "secrets").mkdir(mode=0o700)
    for body in ("reveal", "draw", "result"):
        place = received / "secrets" / f"sealed-0004-{body}.json"
        if kind == "file":
            place.write_bytes(b"not JSON")
            place.chmod(0o600)
        elif kind == "link":
            place.symlink_to(tmp_path / "bait")
        else:
            os.mkfifo(place)
    opened.clear()
    for arguments in writing(received, key):
        done = give(arguments)
        assert done.exit_code in (1, 2), arguments
        assert not [what for what in opened if "/secrets" in what[1]], arguments
        assert "nothing in there is opened" in done.stderr, arguments
    assert "sealed-0004" in run("unseal", received, "--key", key, *TIME, code=2).stderr
