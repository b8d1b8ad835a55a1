"""The demo is what people see first: it says that it is synthetic, shows every task, and verifies."""

from __future__ import annotations

import json
import re
import shlex
from pathlib import Path

import pytest
from click.testing import CliRunner, Result

from dblrandom.cli.app import cli
from dblrandom.examples.demo import AS_OF


def run(*arguments: object) -> Result:
    return CliRunner().invoke(cli, [str(a) for a in arguments])


@pytest.fixture(scope="module")
def shown(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, str]:
    """The folder and the text of one rehearsal."""
    out = tmp_path_factory.mktemp("demo") / "a folder"
    done = run("demo", "kunming", "--out", out, "--rehearsal")
    assert done.exit_code == 0, done.stderr
    return out, done.stdout


def test_demo_shows_every_task_and_says_what_it_is(shown: tuple[Path, str]) -> None:
    _, text = shown
    assert "synthetic" in text.splitlines()[1]
    assert len(re.findall(r"^Task \S+: ", text, re.MULTILINE)) == 12
    for column in ("id", "name", "stratum", "probability", "weight", "lead", "reserve"):
        assert column in text
    assert "finding: rehearsal: " in text
    assert "\x1b" not in text


def test_the_demo_pins_its_own_chain(shown: tuple[Path, str], tmp_path: Path) -> None:
    out, text = shown
    assert "not checked: hash chain" not in text
    (chain,) = json.loads((out / "trust.json").read_text(encoding="utf-8"))["chains"]
    assert (chain["genesis"], chain["period"]) == ("2024-01-01T02:00:00Z", 86_400)
    trust = tmp_path / "trust.json"
    trust.write_text(json.dumps({**json.loads((out / "trust.json").read_text()), "chains": [{**chain, "period": 1}]}))
    error = json.loads(run("verify", out, "--as-of", AS_OF, "--trust", trust, "--json").stdout)["error"]
    assert "does not reveal step" in error["message"]


def test_a_rehearsal_is_the_same_everywhere(shown: tuple[Path, str], tmp_path: Path) -> None:
    assert run("demo", "kunming", "--out", tmp_path / "again", "--rehearsal").exit_code == 0
    assert (tmp_path / "again" / "SHA256SUMS").read_bytes() == (shown[0] / "SHA256SUMS").read_bytes()


def test_lines_to_paste_work(shown: tuple[Path, str]) -> None:
    out, text = shown
    lines = [line.strip() for line in text.splitlines() if line.startswith("  dblrandom ")]
    assert len(lines) == 2
    for line in lines:
        done = run(*shlex.split(line)[1:])
        assert done.exit_code == 0, done.stderr
    assert str(out) in shlex.split(lines[0])


def test_folder_in_use_is_refused(shown: tuple[Path, str]) -> None:
    done = run("demo", "kunming", "--out", shown[0], "--json")
    assert done.exit_code == 2
    assert "is not empty" in json.loads(done.stdout)["error"]["message"]


def test_folder_that_is_no_ceremony(tmp_path: Path) -> None:
    for command in ("verify", "draw", "witness", "explain"):
        options = {"draw": ["--key", "k"], "witness": ["--key", "k"], "explain": ["--task", "1", "--id", "x"]}
        done = run(command, tmp_path, *options.get(command, []))
        assert done.exit_code == 2
        assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []
