"""Options that the commands of ``dblrandom log`` share."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar

import click

from dblrandom.adapters.publiclog.files import read_text
from dblrandom.cli.options import FILE
from dblrandom.cli.parameters import ParamType
from dblrandom.cli.passphrase import KEY, passphrase_options
from dblrandom.errors import DblrandomError
from dblrandom.tlog import VerifierKey

__all__ = ["VKEY", "log_argument", "out_option", "private_key_option", "vkey_option", "witnesses_option"]

F = TypeVar("F", bound=Callable[..., Any])


class _Vkey(ParamType[VerifierKey]):
    name = "vkey"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> VerifierKey:
        if isinstance(value, VerifierKey):
            return value
        text = str(value)
        try:
            # A vkey has two plus signs at least, and few paths do.
            return VerifierKey.parse(text if text.count("+") > 1 else read_text(text).removesuffix("\n"))
        except DblrandomError as error:
            self.fail(str(error), param, ctx)


VKEY = _Vkey()
"""A public key in the form name+id+key, or a file with one."""


def log_argument(function: F) -> F:
    """The log's folder."""
    return click.argument("folder", metavar="LOG", type=FILE)(function)


def private_key_option(text: str) -> Callable[[F], F]:
    """The one private key that signs."""

    def make(function: F) -> F:
        return click.option("--key", metavar="KEY", type=KEY, required=True, help=text)(passphrase_options(function))

    return make


def out_option(function: F) -> F:
    """Where a text for others goes."""
    return click.option("--out", metavar="FILE", type=FILE, help="A new file for it; stdout by default.")(function)


def vkey_option(*, required: bool) -> Callable[[F], F]:
    """The log's public key."""
    text = "The log's public key, as its agency published it."
    return click.option("--vkey", metavar="VKEY|FILE", type=VKEY, required=required, help=text)


def witnesses_option(function: F) -> F:
    """The public keys of witnesses."""
    return click.option(
        "--witness",
        "witnesses",
        metavar="VKEY|FILE",
        type=VKEY,
        multiple=True,
        required=True,
        help="A witness's public key; give it again for each further one.",
    )(function)
