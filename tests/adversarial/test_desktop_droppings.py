"""What a desktop leaves in a folder disproves nothing, and hides nothing either."""

from __future__ import annotations

import importlib.util
import shutil
import sys
from pathlib import Path
from types import ModuleType

import kit
import pytest
from commandline import run, said
from test_received_folder import listed_anew
from test_signing_on_forgeries import stored

from dblrandom.adapters import index
from dblrandom.adapters.droppings import is_dropping
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.errors import VerificationError

AT = ("--as-of", kit.AS_OF)
FILES = [
    ".DS_Store",
    "Thumbs.db",
    "THUMBS.DB",
    "desktop.ini",
    "Desktop.ini",
    ".directory",
    ".localized",
    "~$plan.toml",
    ".~lock.targets.tsv#",
    "._targets.tsv",
    "._.DS_Store",
    "Icon\r",
    ".nfs000000001",
]
FOLDERS = [
    "__MACOSX",
    ".Spotlight-V100",
    ".Trashes",
    ".Trash-1000",
    "$RECYCLE.BIN",
    "System Volume Information",
    "@eaDir",
]


def second() -> ModuleType:
    """The second implementation, which the specification alone was the source of."""
    path = Path(__file__).parents[1] / "conformance" / "second_implementation.py"
    spec = importlib.util.spec_from_file_location("second_reader", path)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    sys.modules["second_reader"] = module
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored(tmp_path_factory.mktemp("sound") / "c", list(kit.honest().receipts)).root


@pytest.fixture
def place(sound: Path, tmp_path: Path) -> Path:
    found = tmp_path / "c"
    shutil.copytree(sound, found)
    return found


def strew(root: Path) -> list[str]:
    """Leave everything that desktops leave, at the top and below."""
    left = []
    for below in ("", "receipts/", "rosters/"):
        for name in FILES:
            if sys.platform == "win32" and name == "Icon\r":
                continue
            (root / (below + name)).write_bytes(b"\x00\x01 a desktop's")
            left.append(below + name)
    for name in FOLDERS:
        (root / name / "deep").mkdir(parents=True)
        (root / name / "deep" / "x").write_bytes(b"x")
        left.append(name)
    return left


def test_a_folder_that_was_opened_on_a_desktop_verifies_as_before(place: Path, tmp_path: Path) -> None:
    before = said("verify", place, *AT)
    left = strew(place)
    after = said("verify", place, *AT)
    assert after["report"] == before["report"]
    assert set(after["passed_over"]) == set(left)
    told = run("verify", place, *AT)
    assert "passed over, as a desktop or a file server left it here: " in told.stderr
    assert "\r" not in told.stderr.replace("\r\n", "\n")
    run("publish", place, "--out", tmp_path / "public")
    assert not [path for path in (tmp_path / "public").rglob("*") if is_dropping(path.name, folder=path.is_dir())]
    assert "passed over" not in run("verify", tmp_path / "public", *AT).stderr


def test_a_step_goes_on_in_such_a_folder(place: Path) -> None:
    strew(place)
    folder = CeremonyFolder(place)
    folder.update(lambda c, _: c.witness(time="2024-06-01T00:00:00Z", keys=[kit.signer("notary")]))
    assert folder.verify(as_of=kit.AS_OF).stage == "drawn"
    assert ".DS_Store" in folder.passed_over


def test_the_second_implementation_passes_over_the_same(place: Path) -> None:
    other = second()
    assert other.read_folder(place).keys() == index.scan(place).keys()
    before = other.read_folder(place)
    strew(place)
    assert other.read_folder(place) == before
    (place / ".DS_Store.txt").write_bytes(b"x")
    with pytest.raises(other.Refused):
        other.read_folder(place)


@pytest.mark.parametrize(
    "name", [".DS_Store.json", "desktop.ini.bak", "receipts/._", "~$", "Icon", "thumbs", ".~lock.#", "__MACOSX"]
)
def test_what_only_looks_like_it_is_refused(place: Path, name: str) -> None:
    (place / name).write_bytes(b"x")
    run("verify", place, *AT, code=1)


def test_a_listed_file_is_never_passed_over(place: Path) -> None:
    """Whoever lists it makes it part of the folder, to which it does not belong; and a change in it is noticed."""
    (place / "._note").write_bytes(b"x")
    listed = dict(index.scan(place))
    listed["._note"] = "0" * 64
    (place / "SHA256SUMS").write_bytes(index.render(listed))
    with pytest.raises(VerificationError, match="was changed"):
        index.check(place)
    assert "._note" in run("verify", place, *AT, code=1).stderr
    (place / "__MACOSX").mkdir()
    (place / "__MACOSX" / "x").write_bytes(b"x")
    listed["__MACOSX/x"] = "0" * 64
    del listed["._note"]
    (place / "SHA256SUMS").write_bytes(index.render(listed))
    assert "__MACOSX/x" in run("verify", place, *AT, code=1).stderr


def test_a_missing_file_is_not_replaced_by_what_is_passed_over(place: Path) -> None:
    (place / "rosters" / "targets.tsv").rename(place / "rosters" / "._targets.tsv")
    assert "rosters/targets.tsv" in run("verify", place, *AT, code=1).stderr


@pytest.mark.skipif(sys.platform == "win32", reason="no links without privileges")
def test_a_link_is_refused_whatever_it_is_called(place: Path, tmp_path: Path) -> None:
    (tmp_path / "own").write_bytes(b"x")
    (place / ".DS_Store").symlink_to(tmp_path / "own")
    run("verify", place, *AT, code=1)


def test_a_folder_with_nothing_else_is_empty(place: Path) -> None:
    (place / "more").mkdir()
    (place / "more" / ".DS_Store").write_bytes(b"x")
    assert "empty directory" in run("verify", place, *AT, code=1).stderr


def test_a_roster_may_be_called_so(tmp_path: Path) -> None:
    from dblrandom.ceremony import Ceremony

    ceremony = Ceremony.read(kit.honest().receipts, kit.committed_rosters().values())
    folder = CeremonyFolder(tmp_path / "c")
    folder.create(ceremony, kit.policy())
    place = folder.root
    (place / "rosters" / "targets.tsv").rename(place / "rosters" / "~$targets.tsv")
    listed_anew(place)
    listed = dict(index.scan(place)) | {"rosters/~$targets.tsv": "0" * 64}
    (place / "SHA256SUMS").write_bytes(index.render(listed))
    with pytest.raises(VerificationError, match="was changed"):
        index.check(place)
