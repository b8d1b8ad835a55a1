"""Options and arguments that several commands share, and how their texts are read."""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from dblrandom.adapters.clock import now
from dblrandom.adapters.lock import MAX_TIMEOUT
from dblrandom.adapters.textfiles import ENCODINGS
from dblrandom.cli.parameters import ParamType
from dblrandom.cli.passphrase import KEY, passphrase_options, read_key
from dblrandom.cli.screen import note
from dblrandom.errors import InputError
from dblrandom.kernel.signing import Signer
from dblrandom.kernel.suite import SUITES, suite_named
from dblrandom.model import check_time, time_seconds

__all__ = [
    "FILE",
    "PAIR",
    "PAST",
    "SECONDS",
    "TIME",
    "commit_time_option",
    "csv_encoding_option",
    "distinct",
    "folder_argument",
    "key_option",
    "late_time_option",
    "lock_timeout",
    "pairs",
    "signers",
    "suite_option",
    "time_option",
    "trust_option",
]

F = TypeVar("F", bound=Callable[..., Any])

_AHEAD = 60

FILE = click.Path(path_type=Path, readable=False)
"""A path; whether it can be read is for the library to say."""


class _Time(ParamType[str]):
    name = "time"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        try:
            return check_time(value, "the time")
        except InputError as error:
            self.fail(str(error), param, ctx)


class _Pair(ParamType[tuple[str, str]]):
    name = "pair"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> tuple[str, str]:
        if isinstance(value, tuple):
            return value
        left, separator, right = str(value).partition("=")
        if not (left and separator and right):
            self.fail(f"{value!r} is not two texts with = between them", param, ctx)
        return left, right


class _Past(_Time):
    """A moment that has come: one that has not would block, or give away, everything up to it."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> str:
        moment, clock = super().convert(value, param, ctx), now()
        if time_seconds(moment) > time_seconds(clock) + _AHEAD:
            self.fail(f"{moment} has not come: this machine's clock says {clock}; leave --time out", param, ctx)
        return moment


class _Seconds(ParamType[float]):
    """Seconds to wait; a wrong variable of the environment is named, and not an option that nobody gave."""

    name = "seconds"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> float:
        try:
            found = float(value)
        except ValueError:
            found = math.nan
        if 0 <= found <= MAX_TIMEOUT:
            return found
        hint = None
        if param is not None and ctx is not None and isinstance(param.envvar, str):
            given = ctx.get_parameter_source(param.name or "")
            hint = f"the variable {param.envvar}" if given is ParameterSource.ENVIRONMENT else None
        told = f"{value!r} is no number of seconds from 0 to {MAX_TIMEOUT}"
        raise click.BadParameter(told, ctx=ctx, param=param, param_hint=hint)


SECONDS = _Seconds()
"""Seconds to wait for a lock."""

TIME = _Time()
"""A moment in UTC, ``YYYY-MM-DDThh:mm:ssZ``."""

PAST = _Past()
"""A moment in UTC that is not after the machine's clock, but for a minute that two clocks may differ by."""

PAIR = _Pair()
"""``NAME=VALUE``, split at the first equals sign."""


def folder_argument(function: F) -> F:
    """The ceremony's folder."""
    return click.argument("folder", metavar="DIR", type=FILE)(function)


def rosters_option(function: F) -> F:
    """Where rosters are whose rows the folder has not."""
    place = click.option(
        "--roster",
        metavar="NAME=PLACE",
        type=PAIR,
        multiple=True,
        help="Where a roster is whose rows the folder has not: a file, a folder or URL#table of a database.",
    )
    column = click.option("--id", "ids", metavar="[NAME=]COLUMN", multiple=True, help="The id column of such a table.")
    return place(column(function))


def csv_encoding_option(function: F) -> F:
    """How the text of rosters is encoded that are .csv files."""
    return click.option(
        "--encoding", metavar="NAME", type=click.Choice(ENCODINGS), default="utf-8-sig", help="Of .csv rosters."
    )(function)


def key_option(function: F) -> F:
    """The private keys that sign."""
    option = click.option(
        "--key",
        "keys",
        metavar="KEY",
        type=KEY,
        multiple=True,
        required=True,
        help="Private key that signs, a file or SCHEME:... of a plug-in; again for each further signature.",
    )
    return option(passphrase_options(function))


def time_option(function: F) -> F:
    """The moment that a receipt states."""
    return click.option(
        "--time", metavar="TIME", type=PAST, default=now, help="The moment written into the receipt; now by default."
    )(function)


def commit_time_option(function: F) -> F:
    """The moment that a commitment states; one that has not come is told, and not refused: it may be a rehearsal."""
    return click.option(
        "--time",
        metavar="TIME",
        type=TIME,
        default=now,
        callback=_told_if_ahead,
        help="The moment written into the receipt; now by default.",
    )(function)


def _told_if_ahead(_: click.Context, __: click.Parameter, value: str) -> str:
    clock = now()
    if time_seconds(value) > time_seconds(clock) + _AHEAD:
        note(
            f"warning: {value} has not come, this clock says {clock}: no step can follow before, and verifiers tell it"
        )
    return value


def late_time_option(function: F) -> F:
    """The moment that a receipt states, where it may come after a wait: left out, it is asked for when signing."""
    return click.option(
        "--time", metavar="TIME", type=PAST, help="The moment written into the receipt; that of signing by default."
    )(function)


def trust_option(function: F) -> F:
    """The verifier's own policy."""
    return click.option(
        "--trust", metavar="FILE", type=FILE, help="Your own trust policy; the folder's own trust.json by default."
    )(function)


def suite_option(function: F) -> F:
    """The hash suite."""
    return click.option(
        "--suite",
        metavar="NAME",
        type=click.Choice(sorted(SUITES)),
        default="sha256",
        callback=lambda _ctx, _param, value: suite_named(value),
        help="Hash suite, sha256 or sm3; sha256 by default.",
    )(function)


def signers(places: Iterable[Path | str]) -> list[Signer]:
    """The private keys in these files and tokens."""
    return [read_key(place) for place in places]


def lock_timeout() -> float:
    """How long this run of the program waits for a folder that another process is changing."""
    context = click.get_current_context(silent=True)
    return 0 if context is None else context.find_root().params.get("lock_timeout") or 0


def distinct(**given: Path | None) -> None:
    """Refuse options that name one file twice, before anything is written: the second would take the first one's place.

    Args:
        given: the file of each option, by the option's name.
    """
    seen: dict[str, str] = {}
    for option, path in given.items():
        if path is not None and seen.setdefault(os.path.realpath(path), option) != option:
            first = seen[os.path.realpath(path)]
            raise click.UsageError(f"--{first} and --{option} are both {path}; give each a file of its own")


def pairs(given: Iterable[tuple[str, str]], option: str) -> dict[str, str]:
    """``NAME=VALUE`` options as a mapping; a name that is given twice is a mistake."""
    found: dict[str, str] = {}
    for name, value in given:
        if name in found:
            raise click.UsageError(f"{option} gives {name!r} twice")
        found[name] = value
    return found
