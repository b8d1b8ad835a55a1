"""The frame around every command: exit codes, one-line errors, JSON alone, no escapes where nobody asked for them."""

from __future__ import annotations

import io
import json
import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import click
import pytest
from click.testing import CliRunner, Result

from dblrandom.adapters import files
from dblrandom.cli import exits, keygen, main, screen
from dblrandom.cli.app import cli
from dblrandom.cli.reference import render
from dblrandom.errors import (
    DblrandomError,
    FolderError,
    KeyFileError,
    NotYetPublic,
    StepError,
    VerificationError,
)

TREE = Path(__file__).parents[2]


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments])


def commands(group: click.Group, *path: str) -> Iterator[tuple[str, ...]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from commands(command, *path, name)
        else:
            yield (*path, name)


ALL = list(commands(cli))


def test_help_and_documentation_are_made_from_the_same_tables() -> None:
    text = run("--help").stdout
    for code, meaning in exits.EXITS.items():
        assert f"{code}  {meaning}" in text
    assert sorted(exits.EXITS) == [0, 1, 2, 3, 130]
    page = TREE / "docs" / "cli.md"
    assert page.read_text(encoding="utf-8") == render(), "run: python -m dblrandom.cli.reference > docs/cli.md"


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_every_command_has_json_and_a_help_text(path: tuple[str, ...]) -> None:
    done = run(*path, "--help")
    assert done.exit_code == 0
    assert "--json" in done.stdout
    assert "Print one JSON object" in done.stdout


@pytest.mark.parametrize("path", ALL, ids=" ".join)
def test_wrong_usage_is_one_line_or_json(path: tuple[str, ...]) -> None:
    done = run(*path, "--no-such-option")
    assert done.exit_code == 2
    assert done.stdout == ""
    assert re.fullmatch(r"error: No such option.*; see: dblrandom .*--help\n", done.stderr)
    as_json = run(*path, "--no-such-option", "--json")
    assert as_json.exit_code == 2
    found = json.loads(as_json.stdout)
    assert found["exit"] == 2
    assert found["error"]["type"] == "NoSuchOption"
    assert as_json.stderr == ""


@pytest.mark.parametrize("arguments", [(), ("roster",), ("nonsense",), ("roster", "nonsense")])
def test_no_command_is_an_error_of_one_line(arguments: tuple[str, ...]) -> None:
    done = run(*arguments)
    assert done.exit_code == 2
    assert done.stderr.startswith("error: ")
    assert done.stderr.count("\n") == 1


def test_version() -> None:
    assert re.fullmatch(r"dblrandom \d+\.\d+\.\d+\n", run("--version").stdout)


@pytest.mark.parametrize(
    ("error", "code", "details"),
    [
        (VerificationError("draw", "it differs", where="receipt 4"), 1, {"check": "draw", "where": "receipt 4"}),
        (NotYetPublic("wait"), 3, {}),
        (StepError("not now"), 2, {}),
        (FolderError("gone"), 2, {}),
        (KeyFileError("no key", where="a.pem"), 2, {"where": "a.pem"}),
    ],
)
def test_each_error_has_its_exit_code(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, error: DblrandomError, code: int, details: dict[str, str]
) -> None:
    def fail(*_: object, **__: object) -> None:
        raise error

    monkeypatch.setattr(keygen, "make_key", fail)
    done = run("keygen", "--out", tmp_path / "k")
    assert done.exit_code == code
    assert done.stderr == f"{'undecided' if code == 3 else 'error'}: {error}\n"
    found = json.loads(run("keygen", "--out", tmp_path / "k", "--json").stdout)
    told = {"type": type(error).__name__, "message": str(error), "code": error.code, "branch": error.branch}
    assert found == {"error": {**told, **details}, "exit": code}


def test_internal_errors_show_no_traceback_unless_asked(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError("two\nlines")

    monkeypatch.setattr(keygen, "make_key", fail)
    monkeypatch.delenv("DBLRANDOM_DEBUG", raising=False)
    done = run("keygen", "--out", tmp_path / "k")
    assert (done.exit_code, done.stderr) == (
        2,
        "error: internal: ZeroDivisionError: two\\nlines; please report\n",
    )
    monkeypatch.setenv("DBLRANDOM_DEBUG", "1")
    assert "Traceback" in run("keygen", "--out", tmp_path / "k").stderr


def test_interruption_leaves_nothing_behind(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    def stop(*_: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr(files.os, "write", stop)
    done = run("keygen", "--out", tmp_path / "k")
    monkeypatch.undo()
    assert done.exit_code == 130
    assert done.stderr == "error: interrupted; the next step finishes or undoes what was begun\n"
    assert list(tmp_path.iterdir()) == []


def test_reader_that_goes_away_is_no_verification_failure() -> None:
    """``dblrandom schema | head`` must not look like a failed verification, whose code is 1."""
    with subprocess.Popen([sys.executable, "-m", "dblrandom", "schema"], stdout=subprocess.PIPE) as process:
        assert process.stdout is not None
        process.stdout.close()
        assert process.wait() in (0, 2)


MISSING = """
import sys
class Refuse:
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == {name!r}:
            raise ModuleNotFoundError("no", name=name)
sys.meta_path.insert(0, Refuse())
from dblrandom.cli import main
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.parametrize("name", ["click", "rich"])
def test_missing_extra_is_said_in_one_line(name: str) -> None:
    command = [sys.executable, "-c", MISSING.format(name=name), "schema", "--json"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 2
    assert "dblrandom[cli]" in done.stderr
    assert done.stderr.count("\n") == 1
    assert json.loads(done.stdout)["exit"] == 2


def test_main_returns_the_code_and_module_runs() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "dblrandom", "verify", "/nowhere/at/all"], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith("error: /nowhere/at/all: there is no ceremony here")


def test_main_can_be_called(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["schema", "witness"]) == 0
    assert json.loads(capfd.readouterr().out)["title"].endswith("witness receipt")


class Terminal(io.StringIO):
    def isatty(self) -> bool:
        return True


@pytest.mark.parametrize(
    ("terminal", "environment", "coloured"),
    [
        (True, {}, True),
        (True, {"NO_COLOR": "1"}, False),
        (True, {"TERM": "dumb"}, False),
        (False, {}, False),
        (False, {"FORCE_COLOR": "1"}, False),
    ],
)
def test_escapes_are_for_terminals_that_want_them(
    monkeypatch: pytest.MonkeyPatch, terminal: bool, environment: dict[str, str], coloured: bool
) -> None:
    for name in ("NO_COLOR", "FORCE_COLOR", "TERM"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setenv("TERM", "xterm-256color")
    for name, value in environment.items():
        monkeypatch.setenv(name, value)
    stream = Terminal() if terminal else io.StringIO()
    monkeypatch.setattr(sys, "stdout", stream)
    screen.Screen().table(("id", "a"), [("[red]x[/red]", "y\x1b[2J\u202e\x9b")])
    text = stream.getvalue()
    assert ("\x1b[" in text) is coloured
    assert "[red]x[/red]" in text, "what a roster holds is no markup"
    assert "\\x1b[2J\\u202e\\x9b" in text, "and cannot move the cursor or turn the direction of writing"


def test_long_cells_are_whole_in_a_pipe(capsys: pytest.CaptureFixture[str]) -> None:
    screen.Screen().table(("id",), [("x" * 500,)])
    assert "x" * 500 in capsys.readouterr().out


def test_json_is_utf8_whatever_the_locale() -> None:
    environment = {**os.environ, "PYTHONIOENCODING": "ascii", "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "dblrandom", "verify", "无"]
    plain = subprocess.run(command, capture_output=True, env=environment, check=False)
    assert (plain.returncode, plain.stderr.count(b"\n")) == (2, 1)
    as_json = subprocess.run([*command, "--json"], capture_output=True, env=environment, check=False)
    assert json.loads(as_json.stdout.decode("utf-8"))["error"]["message"].startswith("无: ")


@pytest.mark.parametrize("given", ["abc", "nan", "inf", "-inf", "-1", "1e999", "86401"])
def test_a_wrong_time_to_wait_is_blamed_on_who_gave_it(given: str, monkeypatch: pytest.MonkeyPatch) -> None:
    refused = CliRunner().invoke(cli, ["--lock-timeout", given, "schema"]).stderr
    assert "--lock-timeout" in refused
    assert given in refused
    monkeypatch.setenv("DBLRANDOM_LOCK_TIMEOUT", given)
    found = CliRunner().invoke(cli, ["schema"])
    assert found.exit_code == exits.ERROR
    refused = found.stderr
    assert "the variable DBLRANDOM_LOCK_TIMEOUT" in refused
    assert given in refused
    assert "--lock-timeout" not in refused
