"""An option that a message advises is one that the command which prints it has."""

from __future__ import annotations

import ast
import inspect
import re
import textwrap
from collections.abc import Iterator
from pathlib import Path
from types import FunctionType
from typing import Any

import click
import pytest

import dblrandom
from dblrandom.cli.app import cli

PACKAGE = Path(dblrandom.__file__).parent
OPTION = re.compile(r"(?<![\w-])--[a-z][a-z-]+")


def commands(group: click.Group, path: str = "") -> Iterator[tuple[str, click.Command]]:
    """Every command that does something, by the words that call it."""
    for name, found in group.commands.items():
        words = f"{path} {name}".strip()
        if isinstance(found, click.Group):
            yield from commands(found, words)
        else:
            yield words, found


COMMANDS = dict(commands(cli))
# A command's name of one word is an ordinary word too: it is one where the program, an option or FILE stands beside it.
TWO = "|".join(re.escape(words) for words in COMMANDS if " " in words)
ONE = "|".join(re.escape(words) for words in COMMANDS if " " not in words)
MARKED = r"(?<=dblrandom )|(?<=\{\} )|(?<=')|(?=\w+ (?:--|FILE|and))"
NAMED = re.compile(rf"(?<![\w-])(?:(?P<two>{TWO})|(?:{MARKED})(?P<one>{ONE}))(?![\w-])[^;]*")


def options_of(command: click.Command) -> set[str]:
    return {"--help", "--json", *(name for param in command.params for name in (*param.opts, *param.secondary_opts))}


def own(text: str) -> set[str]:
    """The options of a text that are not those of a command that it names, which are checked here."""
    for found in NAMED.finditer(text):
        words = found["two"] or found["one"]
        for option in OPTION.findall(found[0]):
            assert option in options_of(COMMANDS[words]), f"{words} has no {option}: {text!r}"
    return set(OPTION.findall(NAMED.sub("", text)))


def literals(tree: ast.AST) -> Iterator[str]:
    """Every text of a module that is no docstring, an f-string as one."""
    docs = {id(node.value) for node in ast.walk(tree) if isinstance(node, ast.Expr)}
    inside: set[int] = set()
    for node in ast.walk(tree):
        if isinstance(node, ast.JoinedStr):
            inside |= {id(part) for part in node.values}
            yield "".join(str(p.value) if isinstance(p, ast.Constant) else "{}" for p in node.values)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and id(node) not in docs | inside:
            yield node.value


# Options that the library names, with the commands that come to such a message.
OF_THE_LIBRARY = {
    "--accept": {"roster build", "result"},
    "--clock-checked": {"beacon serve", "beacon tick"},
    "--encoding": {
        "commit",
        "plan check",
        "result",
        "roster build",
        "roster index",
        "roster prove",
        "verify",
        "witness",
    },
    "--first": {"log cosign"},
    "--out": {"trust edit", "trust new"},
}


@pytest.mark.parametrize(("option", "words"), [(o, w) for o, found in OF_THE_LIBRARY.items() for w in sorted(found)])
def test_the_commands_of_an_option_that_the_library_advises_have_it(option: str, words: str) -> None:
    assert option in options_of(COMMANDS[words])


@pytest.mark.parametrize(
    "path",
    [p for p in sorted(PACKAGE.rglob("*.py")) if "cli" not in p.relative_to(PACKAGE).parts],
    ids=lambda p: p.name,
)
def test_the_library_advises_no_option_without_its_command(path: Path) -> None:
    for text in literals(ast.parse(path.read_text(encoding="utf-8"))):
        assert own(text) <= set(OF_THE_LIBRARY), text


def texts(function: Any, seen: set[Any]) -> Iterator[str]:
    """The texts of a function and of those of the command line that it uses."""
    function = inspect.unwrap(getattr(function, "callback", function))
    if not isinstance(function, FunctionType) or not function.__module__.startswith("dblrandom.cli"):
        return
    if function in seen:
        return
    seen.add(function)
    tree = ast.parse(textwrap.dedent(inspect.getsource(function)))
    for decorated in ast.walk(tree):
        if isinstance(decorated, ast.FunctionDef):
            decorated.decorator_list = []
    yield from literals(tree)
    names = [node for node in ast.walk(tree) if isinstance(node, ast.Name)]
    local = {node.id for node in names if isinstance(node.ctx, ast.Store)}
    for node in names:
        if node.id not in local:
            yield from texts(function.__globals__.get(node.id), seen)


# What a function says where it is used by a command that has the option, and not by the others.
ELSEWHERE = {
    "timestamp request": {"--response", "--chain", "--key"},  # of timestamp add, whose line the text goes on
}


@pytest.mark.parametrize("words", COMMANDS)
def test_a_command_advises_the_options_that_it_has(words: str) -> None:
    command = COMMANDS[words]
    for text in texts(command.callback, set()):
        if re.fullmatch(r"--[a-z-]+", text):
            continue  # the name of an option as a parameter
        missing = own(text) - options_of(command) - ELSEWHERE.get(words, set())
        assert not missing, f"{words} has no {missing}: {text!r}"
