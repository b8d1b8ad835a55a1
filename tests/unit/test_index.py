from __future__ import annotations

import hashlib
import os
import shutil
import subprocess
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from dblrandom.adapters.index import check, parse, render, scan
from dblrandom.errors import DblrandomError, FolderError, VerificationError

HEX = "0123456789abcdef" * 4
PATHS = st.lists(st.text(st.characters(codec="utf-8"), min_size=1), min_size=1, max_size=4).map("/".join)


def sha(data: bytes) -> str:
    return hashlib.sha256(data).hexdigest()


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    for name, data in {"plan.toml": b"plan", "receipts/0001-commitment.json": b"{}", "名录/a b.tsv": b"id\n"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(data)
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets" / "key").write_bytes(b"never listed")
    (tmp_path / "lock").write_bytes(b"")
    (tmp_path / "SHA256SUMS").write_bytes(render(scan(tmp_path)))
    return tmp_path


def test_the_format_is_the_one_of_sha256sum() -> None:
    assert render({"b/c": HEX, "b": "0" * 64, "a": HEX}) == f"{HEX}  a\n{'0' * 64}  b\n{HEX}  b/c\n".encode()
    assert render({}) == b""


@pytest.mark.skipif(shutil.which("sha256sum") is None, reason="there is no sha256sum here")
def test_sha256sum_itself_reads_the_list(folder: Path) -> None:
    done = subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True)
    assert done.returncode == 0, done.stderr
    (folder / "plan.toml").write_bytes(b"Plan")
    done = subprocess.run(["sha256sum", "-c", "--strict", "SHA256SUMS"], cwd=folder, capture_output=True)
    assert done.returncode == 1
    assert b"plan.toml: FAILED" in done.stdout


def test_a_whole_folder_passes_and_lists_what_it_covers(folder: Path) -> None:
    assert check(folder) == {
        "plan.toml": sha(b"plan"),
        "receipts/0001-commitment.json": sha(b"{}"),
        "名录/a b.tsv": sha(b"id\n"),
    }


@pytest.mark.parametrize("name", ["plan.toml", "receipts/0001-commitment.json", "名录/a b.tsv"])
def test_a_changed_file_is_named(folder: Path, name: str) -> None:
    (folder / name).write_bytes(b"changed")
    with pytest.raises(VerificationError, match="was changed") as caught:
        check(folder)
    assert (caught.value.check, caught.value.where) == ("folder", name)


def test_a_missing_file_is_named(folder: Path) -> None:
    (folder / "plan.toml").unlink()
    with pytest.raises(VerificationError, match="is missing") as caught:
        check(folder)
    assert caught.value.where == "plan.toml"


def test_an_unlisted_file_is_named_and_the_rest_is_counted(folder: Path) -> None:
    (folder / "receipts" / "0002-forged.json").write_bytes(b"")
    (folder / "plan.toml").write_bytes(b"changed")
    with pytest.raises(VerificationError, match="1 more") as caught:
        check(folder)
    assert caught.value.where == "plan.toml"


def test_secrets_and_lock_are_left_out_only_at_the_top(folder: Path) -> None:
    (folder / "receipts" / "lock").write_bytes(b"")
    assert "receipts/lock" in scan(folder)


@pytest.mark.parametrize("name", ["secrets", "lock"])
def test_an_unlisted_name_of_the_wrong_kind_is_covered_or_refused(tmp_path: Path, name: str) -> None:
    """A file named ``secrets`` or a directory named ``lock`` must not be a place to hide things in."""
    if name == "secrets":
        (tmp_path / name).write_bytes(b"x")
        assert scan(tmp_path) == {"secrets": sha(b"x")}
    else:
        (tmp_path / name).mkdir()
        (tmp_path / name / "x").write_bytes(b"x")
        assert scan(tmp_path) == {"lock/x": sha(b"x")}
    shutil.rmtree(tmp_path / name, ignore_errors=True)
    (tmp_path / name).unlink(missing_ok=True)
    (tmp_path / name).symlink_to("elsewhere")
    with pytest.raises(VerificationError, match="link"):
        scan(tmp_path)


def test_an_interrupted_step_is_reported(folder: Path) -> None:
    (folder / ".pending").mkdir()
    with pytest.raises(FolderError, match="interrupted"):
        check(folder)


def test_links_pipes_and_empty_directories_are_refused(folder: Path) -> None:
    (folder / "receipts" / "link").symlink_to("0001-commitment.json")
    with pytest.raises(VerificationError, match="link or a device"):
        scan(folder)
    (folder / "receipts" / "link").unlink()
    os.mkfifo(folder / "receipts" / "pipe")
    with pytest.raises(VerificationError, match="link or a device"):
        scan(folder)
    (folder / "receipts" / "pipe").unlink()
    (folder / "receipts" / "empty").mkdir()
    with pytest.raises(VerificationError, match="empty directory"):
        scan(folder)


@pytest.mark.parametrize("name", [b"\xff", b"a\nb", b"a\\b", b"a\x7f"])
def test_names_that_the_list_cannot_hold_are_refused(folder: Path, name: bytes) -> None:
    with open(os.fsencode(folder) + b"/receipts/" + name, "wb"):
        pass
    with pytest.raises(VerificationError, match="rename"):
        scan(folder)


def test_a_very_deep_folder_is_not_a_recursion_error(tmp_path: Path) -> None:
    """The levels are taken away again at once: the removal of temporary folders is recursive itself."""
    depth = 1200
    here = [os.open(tmp_path, os.O_RDONLY)]
    try:
        for _ in range(depth):
            os.mkdir("d", dir_fd=here[-1])
            here.append(os.open("d", os.O_RDONLY, dir_fd=here[-1]))
            if len(here) > 2:
                os.close(here.pop(-2))
        os.close(os.open("f", os.O_CREAT | os.O_WRONLY, dir_fd=here[-1]))
        assert list(scan(tmp_path)) == ["d/" * depth + "f"]
    finally:
        for descriptor in here:
            os.close(descriptor)
        os.unlink(tmp_path / ("d/" * depth + "f"))
        for level in range(depth, 0, -1):
            os.rmdir(tmp_path / ("d/" * level))


@pytest.mark.parametrize("name", ["SHA256SUMS", "plan.toml"])
def test_a_file_turned_into_a_link_to_its_own_bytes_does_not_hold(folder: Path, name: str) -> None:
    (folder / name).rename(folder / "secrets" / "aside")
    (folder / name).symlink_to(folder / "secrets" / "aside")
    with pytest.raises(VerificationError, match="is a link or a device") as caught:
        check(folder)
    assert caught.value.where == name


def test_a_folder_without_a_list_is_unreadable(tmp_path: Path) -> None:
    with pytest.raises(FolderError, match="SHA256SUMS"):
        check(tmp_path)
    with pytest.raises(FolderError):
        scan(tmp_path / "missing")


@pytest.mark.parametrize(
    "data",
    [
        b"\xff",
        f"{HEX}  a".encode(),
        f"{HEX} a\n".encode(),
        f"{HEX} *a\n".encode(),
        f"{HEX}  a\r\n".encode(),
        f"{HEX}   \n\n".encode(),
        f"{HEX.upper()}  a\n".encode(),
        f"{HEX}  b\n{HEX}  a\n".encode(),
        f"{HEX}  a\n{HEX}  a\n".encode(),
        f"{HEX}  ../a\n".encode(),
        f"{HEX}  /a\n".encode(),
        f"{HEX}  a//b\n".encode(),
        f"{HEX}  ./a\n".encode(),
        f"\\{HEX}  a\n".encode(),
        f"{HEX}  a\\b\n".encode(),
        f"{HEX}  a\0b\n".encode(),
        f"\ufeff{HEX}  a\n".encode(),
        b"\n",
    ],
)
def test_malformed_lists_are_refused(folder: Path, data: bytes) -> None:
    with pytest.raises(VerificationError):
        parse(data)
    (folder / "SHA256SUMS").write_bytes(data)
    with pytest.raises(VerificationError, match="SHA256SUMS"):
        check(folder)


@given(st.dictionaries(PATHS, st.just(HEX)))
def test_what_can_be_rendered_is_read_back(files: dict[str, str]) -> None:
    try:
        data = render(files)
    except FolderError:
        return
    assert parse(data) == files


@given(st.binary() | st.lists(PATHS).map(lambda paths: "".join(f"{HEX}  {p}\n" for p in paths).encode()))
@example(b"")
def test_what_can_be_read_renders_to_the_same_bytes(data: bytes) -> None:
    try:
        files = parse(data)
    except DblrandomError:
        return
    assert render(files) == data
