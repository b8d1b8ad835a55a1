"""One form for every command: it returns an answer, and the answer is printed for people or as JSON."""

from __future__ import annotations

import functools
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import attrs
import click

from dblrandom.cli import exits
from dblrandom.cli.screen import Screen, json_bytes, telling

__all__ = ["Answer", "command", "document", "print_json"]

F = TypeVar("F", bound=Callable[..., Any])


@attrs.frozen(kw_only=True)
class Answer:
    """What a command has to say: ``data`` for programs, ``show`` for people, and the exit code."""

    data: Mapping[str, Any]
    show: Callable[[Screen], None]
    exit: int = exits.DONE


def print_json(data: Mapping[str, Any]) -> None:
    """One JSON object on stdout, in UTF-8 whatever the terminal's encoding is."""
    Screen().document(data)


def document(data: object) -> str:
    """A JSON document as people save it."""
    return json_bytes(data).decode("utf-8")


def command(name: str) -> Callable[[Callable[..., Answer]], click.Command]:
    """Make a click command of a function that returns an :class:`Answer`; adds ``--json``.

    The option counts as well where it was given to the program, before the command.
    """

    def make(function: Callable[..., Answer]) -> click.Command:
        @functools.wraps(function)
        def run(*, as_json: bool, **given: Any) -> int:
            answer = function(**given)
            machine = as_json or bool(click.get_current_context().find_root().params.get("as_json"))
            with telling(as_json=machine):
                if machine:
                    print_json({**answer.data, "exit": answer.exit})
                else:
                    answer.show(Screen())
            return answer.exit

        option = click.option("--json", "as_json", is_flag=True, help="Print one JSON object, and nothing else.")
        return click.command(name)(option(run))

    return make
