"""The page ``docs/cli.md``, made from the commands themselves: ``python -m dblrandom.cli.reference > docs/cli.md``."""

from __future__ import annotations

import inspect
import sys
from collections.abc import Iterator

import click

from dblrandom.cli.app import cli
from dblrandom.cli.exits import EXITS

__all__ = ["render"]

_HEAD = """# Command line

`dblrandom` plays every part in a ceremony: the organiser's, a party's, a witness's, and that of anyone who checks. It
needs the extra `[cli]`; `python -m dblrandom` is the same.

Results go to stdout, remarks and progress to stderr. With `--json`, which every command has, stdout is one JSON object
and nothing else, on failure too: `{"error": {"type", "code", "branch", "message", "check"?, "where"?}, "exit":
n}`; [](services.md) lists the codes. An error is one line on stderr. Colours are for terminals only, and never where
`NO_COLOR` is set. With `DBLRANDOM_DEBUG=1` an internal error shows where it happened.

Where another process is changing the folder, a command refuses at once. `dblrandom --lock-timeout SECONDS COMMAND`, or
`DBLRANDOM_LOCK_TIMEOUT` in the environment, waits for so long.

`KEY.pem` is a private key, for its holder alone. If it is encrypted (`keygen --passphrase`), the command asks for the
passphrase on the terminal, or reads it from `--passphrase-file`, `--passphrase-env` or `--passphrase-fd`. A passphrase
is never an argument, since other users can see those. A time is `YYYY-MM-DDThh:mm:ssZ`. Every command that signs takes
`--time`, the moment that is written into the receipt.
"""


def render() -> str:
    """The whole page."""
    parts = [_HEAD, "## Exit codes\n", "| code | meaning |\n|---|---|"]
    parts += [f"| {code} | {meaning} |" for code, meaning in EXITS.items()]
    for path, command in _commands(cli, "dblrandom"):
        parts.append(f"\n## `{path}`\n")
        parts.append(_text(command))
        usage = " ".join([path, *(_usage(p) for p in command.params if isinstance(p, click.Argument)), "[OPTIONS]"])
        parts.append(f"\n```\n{usage}\n```\n")
        parts.append("| option | |\n|---|---|")
        parts += [_row(p) for p in command.params if isinstance(p, click.Option)]
    return "\n".join(parts) + "\n"


def _commands(group: click.Group, path: str) -> Iterator[tuple[str, click.Command]]:
    for name, command in group.commands.items():
        if isinstance(command, click.Group):
            yield from _commands(command, f"{path} {name}")
        else:
            yield f"{path} {name}", command


def _text(command: click.Command) -> str:
    paragraphs = inspect.cleandoc(command.help or "").split("\n\n")
    return "\n\n".join(" ".join(paragraph.split()) for paragraph in paragraphs)


def _usage(argument: click.Argument) -> str:
    return argument.metavar or str(argument.name).upper()


def _row(option: click.Option) -> str:
    metavar = "" if option.is_flag else f" {option.metavar}"
    marks = [text for text, given in (("required", option.required), ("repeatable", option.multiple)) if given]
    note = f" *({', '.join(marks)})*" if marks else ""
    return f"| `{option.opts[0]}{metavar}` | {option.help}{note} |"


if __name__ == "__main__":
    sys.stdout.write(render())
