"""A received folder that brings its own openssl: it is never started."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dblrandom.adapters import programs
from dblrandom.adapters.programs import find_program
from dblrandom.adapters.sm2 import Sm2
from dblrandom.errors import MissingExtra


def planted(folder: Path, name: str = "openssl") -> Path:
    folder.mkdir(exist_ok=True)
    path = folder / name
    path.write_text(f"#!/bin/sh\ntouch {folder}/started\n")
    path.chmod(0o755)
    return path


@pytest.mark.parametrize("entries", ["", ".", ":", "bin", "./bin", "../received", ":bin:.", "~/bin"])
def test_relative_and_empty_entries_of_the_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, entries: str) -> None:
    planted(tmp_path / "received")
    planted(tmp_path / "received" / "bin")
    monkeypatch.chdir(tmp_path / "received")
    monkeypatch.setattr(os, "defpath", os.pathsep.join(["", "."]))
    monkeypatch.setenv("PATH", entries)
    assert find_program("openssl") is None
    with pytest.raises(MissingExtra, match="absolute folder of PATH"):
        Sm2().ask("version")
    assert not list(tmp_path.rglob("started"))


def test_an_absolute_entry_after_relative_ones_is_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    planted(tmp_path / "received")
    own = planted(tmp_path / "own")
    monkeypatch.chdir(tmp_path / "received")
    monkeypatch.setenv("PATH", f".:{tmp_path / 'own'}")
    assert find_program("openssl") == str(own)
    (tmp_path / "own" / "openssl").chmod(0o644)
    assert find_program("openssl") is None


@pytest.mark.parametrize("command", ["./openssl", "bin/openssl", "", "openssl\0"])
def test_a_relative_command_is_not_found(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, command: str) -> None:
    planted(tmp_path / "bin")
    planted(tmp_path)
    monkeypatch.chdir(tmp_path)
    assert find_program(command) is None
    assert find_program(str(tmp_path / "openssl")) == str(tmp_path / "openssl")


@pytest.mark.parametrize(
    ("command", "path", "found"),
    [
        ("openssl", r"C:\tools;D:\bin", r"C:\tools\openssl.exe"),
        ("openssl", r".;;bin;\bin;C:bin;D:\bin", r"D:\bin\openssl.exe"),
        ("openssl", r'"C:\tools"', r"C:\tools\openssl.exe"),
        ("openssl.exe", r"\\server\share", r"\\server\share\openssl.exe"),
        ("openssl.bat", r"C:\tools", r"C:\tools\openssl.bat.exe"),
        ("openssl", ".", None),
        ("openssl", r"\tools", None),
        ("C:openssl", r"C:\tools", None),
        (r"\openssl", r"C:\tools", None),
        (r"bin\openssl", r"C:\tools", None),
        ("bin/openssl", r"C:\tools", None),
        (r"C:\tools\openssl", "", r"C:\tools\openssl.exe"),
    ],
)
def test_windows_never_looks_into_the_current_folder(
    monkeypatch: pytest.MonkeyPatch, command: str, path: str, found: str | None
) -> None:
    asked: list[str] = []

    def is_there(candidate: str) -> bool:
        asked.append(candidate)
        return True

    monkeypatch.setattr(programs.os.path, "isfile", is_there)
    monkeypatch.setattr(programs.os, "access", lambda *_: True)
    assert programs._found(command, path, True) == found
    assert all(programs._absolute(each, True) and each.endswith(".exe") for each in asked)


def test_nothing_else_in_the_package_looks_for_programs() -> None:
    package = Path(programs.__file__).parents[1]
    texts = {p.name: p.read_text(encoding="utf-8") for p in package.rglob("*.py")}
    using = [name for name, text in texts.items() if "shutil.which(" in text or "os.system(" in text]
    assert using == []
    assert [name for name, text in texts.items() if "subprocess." in text] == ["sm2.py"]
