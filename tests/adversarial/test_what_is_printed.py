"""Nothing printed can move a cursor or turn a line, and what is printed as JSON is UTF-8 whatever the locale is."""

from __future__ import annotations

import ast
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import kit
import pytest
from commandline import run, said
from test_signing_on_forgeries import stored

from dblrandom.adapters.files import write_new
from dblrandom.cli.screen import is_seen, json_bytes, safe
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Population
from dblrandom.roster import Roster

HOSTILE = "\x1b[31m\x9b\u202e\u2028\u200b\ufe0f\u3164\U000e0041\x7f"
CLI = Path(__file__).parents[2] / "src" / "dblrandom" / "cli"


def test_what_is_unseen_is_escaped_on_the_screen_and_in_json() -> None:
    assert all(not is_seen(c) for c in HOSTILE if c not in "[31m")
    assert all(is_seen(c) for c in "a \u8c22\u00e9e\u0301\U0001f600")
    assert safe("\u202ea\n") == "\\u202ea\\n"
    data = {"a": HOSTILE, HOSTILE: ["\n", "\ud800", "\u8c22"]}
    text = json_bytes(data).decode("utf-8")
    assert json.loads(text) == data
    assert all(c == "\n" or is_seen(c) for c in text)
    assert "\u8c22" in text


def test_only_one_module_prints() -> None:
    """Every other one would be a way past the escapes."""
    found = []
    for path in CLI.glob("*.py"):
        for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
            if isinstance(node, ast.Call):
                called = ast.unparse(node.func)
                if called in ("print", "click.echo", "click.secho", "sys.stdout.write", "sys.stderr.write"):
                    found.append((path.name, called))
    # The two others print a text of their own, and what click is missing for.
    assert {name for name, _ in found} <= {"screen.py", "__init__.py", "reference.py"}


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return stored(tmp_path_factory.mktemp("sound") / "c", list(kit.honest().receipts)).root


@pytest.mark.skipif(sys.platform == "win32", reason="no such names")
def test_a_folders_name_cannot_speak_to_the_terminal(sound: Path, tmp_path: Path) -> None:
    name = "c\x1b]0;x\x07\u202e'!\n"
    place = tmp_path / name
    shutil.copytree(sound, place)
    commands: list[list[Any]] = [
        ["verify", place, "--as-of", kit.AS_OF],
        ["show", place],
        ["explain", place, "--task", "A1", "--id", "F001"],
        ["trust", "show", place],
        ["timestamp", "show", place],
        ["publish", place, "--out", tmp_path / (name + "p")],
    ]
    for arguments in commands:
        done = run(*arguments)
        told = run(*arguments[:-1], tmp_path / (name + "q"), "--json") if arguments[0] == "publish" else None
        for text in (done.stdout, done.stderr, told.stdout if told else run(*arguments, "--json").stdout):
            assert all(c == "\n" or is_seen(c) for c in text), arguments
    script = run("explain", place, "--task", "A1", "--id", "F001").stdout
    pasted = subprocess.run(["sh"], input=script.encode(), capture_output=True, check=True)
    assert pasted.stdout.split()[-1] == b"ok", pasted.stderr


def test_a_proof_prints_no_escape_and_is_the_same_proof(tmp_path: Path) -> None:
    rows = tuple((f"F{n}", f"name {n}\u3000\u8c22") for n in range(4))
    roster = Roster.build(SHA256, Population("targets", ("id", "name"), rows))
    path = tmp_path / "targets.tsv"
    write_new(path, roster.to_file(), 0o644)
    for arguments in (("--id", "F1"), ("--id", "F9")):
        done = run("roster", "prove", path, *arguments)
        assert all(c == "\n" or is_seen(c) for c in done.stdout)
        assert json.loads(done.stdout) == said("roster", "prove", path, *arguments)["proof"]


COMMANDS = (
    ("verify", "{place}", "--as-of", kit.AS_OF, "--json"),
    ("verify", "{place}/none", "--json"),
    ("show", "{place}", "--json"),
    ("explain", "{place}", "--task", "A1", "--id", "F001", "--json"),
    ("roster", "prove", "{place}/rosters/targets.tsv", "--id", "\u8c22\U00020bb7"),
    ("roster", "prove", "{place}/rosters/targets.tsv", "--id", "\u8c22\U00020bb7", "--json"),
    ("schema", "draw"),
    ("trust", "show", "{place}", "--json"),
    ("nonsense\u8c22", "--json"),
)


@pytest.mark.parametrize("encoding", ["cp936", "latin-1", "ascii", "utf-16", ""])
def test_json_is_utf_8_whatever_the_locale_is(sound: Path, encoding: str) -> None:
    environment = {**os.environ, "LANG": "C", "LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
    environment |= {"PYTHONIOENCODING": encoding} if encoding else {}
    code = "import sys, json; from dblrandom.cli import main\nfor a in json.load(open(sys.argv[1], 'rb')): main(a)"
    arguments = [[text.format(place=sound) for text in command] for command in COMMANDS]
    given = sound.parent / "commands.json"
    given.write_text(json.dumps(arguments), encoding="ascii")
    done = subprocess.run([sys.executable, "-c", code, str(given)], capture_output=True, env=environment, check=True)
    text = done.stdout.decode("utf-8")
    decoder, found = json.JSONDecoder(), []
    while text.strip():
        value, end = decoder.raw_decode(text.strip())
        found.append(value)
        text = text.strip()[end:]
    assert len(found) == len(COMMANDS)
    assert found[4]["id"] == found[5]["proof"]["id"] == "\u8c22\U00020bb7"
