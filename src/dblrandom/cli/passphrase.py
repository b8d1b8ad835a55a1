"""Passphrases of private keys: asked for on a terminal, or read where a service keeps them; never an argument."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, TypeVar

import click

from dblrandom.adapters.files import read_bytes
from dblrandom.adapters.signers import is_address, open_signer
from dblrandom.cli.parameters import ParamType
from dblrandom.cli.screen import note, safe
from dblrandom.errors import KeyFileError
from dblrandom.kernel.signing import Signer

__all__ = ["KEY", "asked_twice", "given_passphrase", "passphrase_options", "read_key"]

F = TypeVar("F", bound=Callable[..., Any])

_META = "dblrandom.passphrase"
_LONGEST = 1024 + 2
_TRIES = 3


class _Key(ParamType["Path | str"]):
    name = "key"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path | str:
        # An address keeps its slashes, of which a path would drop some.
        return value if isinstance(value, Path) or is_address(value) else Path(value)


KEY = _Key()
"""A private key: the path of a file, or an address ``SCHEME:...`` for a plug-in."""


def passphrase_options(function: F) -> F:
    """The options that say where the passphrase of encrypted keys is."""
    for name, metavar, kind, text in (
        ("--passphrase-fd", "N", click.IntRange(0), "Read it from this open file descriptor."),
        ("--passphrase-env", "NAME", str, "Read it from this environment variable."),
        (
            "--passphrase-file",
            "FILE",
            click.Path(path_type=Path),
            "Read the key's passphrase from a file's first line.",
        ),
    ):
        option = click.option(name, metavar=metavar, type=kind, help=text, expose_value=False, callback=_remember)
        function = option(function)
    return function


def _remember(context: click.Context, parameter: click.Parameter, value: Any) -> None:
    if value is None:
        return
    told = context.meta.setdefault(_META, {})
    told[parameter.name] = value
    if len(told) > 1:
        raise click.UsageError("give the passphrase in one way: from a file, a variable, or a descriptor")


def _options() -> dict[str, Any]:
    context = click.get_current_context(silent=True)
    return {} if context is None else context.meta.get(_META, {})


def given_passphrase(told: dict[str, Any] | None = None) -> bytes | None:
    """The passphrase from the place that an option names, read once; ``None`` where no option is given.

    Raises:
        KeyFileError: there is none.
        FolderError: the file cannot be read, or others than its owner can read it.
    """
    if told is None:
        told = _options()
    if "read" not in told and told:
        told["read"] = _read(*next(iter(told.items())))
    return told.get("read")


def _read(option: str, value: Any) -> bytes:
    if option == "passphrase_env":
        found = os.environ.get(value)
        if not found:
            raise KeyFileError("is not set, or empty", where=f"environment variable {value}")
        return os.fsencode(found)
    if option == "passphrase_fd":
        where = f"file descriptor {value}"
        try:
            data = _from_descriptor(value)
        except (OSError, OverflowError) as error:
            why = getattr(error, "strerror", "is too large a number")
            raise KeyFileError(f"cannot be read: {why}", where=where) from error
    else:
        where = str(value)
        data = read_bytes(value, _LONGEST, private=True)
    line = data.partition(b"\n")[0].removesuffix(b"\r")
    if not line:
        raise KeyFileError("holds no passphrase in its first line", where=where)
    return line


def _from_descriptor(descriptor: int) -> bytes:
    """Up to the first line break; more is left for whoever reads on."""
    found = b""
    while len(found) < _LONGEST and (byte := os.read(descriptor, 1)) not in (b"", b"\n"):
        found += byte
    return found


def read_key(place: Path | str) -> Signer:
    """What signs with the key in a file, or at an address of a plug-in; asks for its passphrase where it needs one.

    Raises:
        DblrandomError: as :func:`~dblrandom.adapters.signers.open_signer`.
    """
    told = _options()  # a plug-in asks in a thread of its own, which knows nothing of this command
    return open_signer(place, passphrase=lambda: given_passphrase(told) or _asked(place))


def _asked(path: Path | str) -> str:
    if not _terminal():
        raise KeyFileError(
            "needs a passphrase, and there is no terminal to ask for it: give --passphrase-file FILE, "
            "--passphrase-env NAME or --passphrase-fd N",
            where=str(path),
            code="key.passphrase-needed",
        )
    for _ in range(_TRIES):
        if given := _prompt(f"passphrase of {safe(path)}", path):
            return given
    raise KeyFileError("no passphrase was given", where=str(path), code="key.passphrase-needed")


def _terminal() -> bool:
    return sys.stdin.isatty()


def asked_twice(path: Path) -> str | bytes:
    """A new passphrase, from the place that an option names, or from the terminal.

    Raises:
        KeyFileError: there is no terminal either.
    """
    if (given := given_passphrase()) is not None:
        return given
    if not _terminal():
        raise KeyFileError(
            "there is no terminal to ask for a passphrase: give --passphrase-file FILE, --passphrase-env NAME or "
            "--passphrase-fd N",
            where=str(path),
            code="key.passphrase-needed",
        )
    for _ in range(_TRIES):
        first = _prompt(f"new passphrase of {safe(path)}", path)
        if not first:
            note("it is empty; a passphrase has at least one character")
        elif _prompt("the same again", path) == first:
            return first
        else:
            note("the two are not the same")
    raise KeyFileError(f"no passphrase in {_TRIES} tries", where=str(path), code="key.passphrase-needed")


def _prompt(text: str, path: Path | str) -> str:
    """What is typed, perhaps nothing; the end of the input is a refusal, and not an interruption."""
    try:
        return str(click.prompt(text, hide_input=True, err=True, default="", show_default=False))
    except click.Abort as error:
        if isinstance(error.__context__, EOFError):
            raise KeyFileError("no passphrase was given", where=str(path), code="key.passphrase-needed") from None
        raise
