"""The values of a commitment's sources, gathered from the files of those who hold them."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import click

from dblrandom.adapters import chainstore
from dblrandom.adapters.secretfiles import read_secret
from dblrandom.ceremony import Ceremony
from dblrandom.cli.jsonfile import read_json
from dblrandom.cli.options import PAIR, pairs
from dblrandom.drawing import Value
from dblrandom.errors import EntropyError

__all__ = ["gathered", "value_options"]

F = TypeVar("F", bound=Callable[..., Any])

_Pairs = Iterable[tuple[str, str]]


def value_options(function: F) -> F:
    """The options that give sources their values."""
    for name, metavar, text in (
        ("--evidence", "NAME=FILE", "What proves a --value, as JSON, where its kind asks for it."),
        ("--value", "NAME=TEXT", "A source's value as text."),
        ("--chain", "NAME=DIR", "A hash chain: its value is read from there; exit code 3 where it is not public yet."),
        ("--secret", "NAME=FILE", "A secret's file; not needed for one that a witness recorded as disclosed."),
    ):
        function = click.option(name, metavar=metavar, type=PAIR, multiple=True, help=text)(function)
    return function


def gathered(ceremony: Ceremony, *, secret: _Pairs, chain: _Pairs, value: _Pairs, evidence: _Pairs) -> dict[str, Value]:
    """Each source's value by the source's name; disclosed secrets come from the witnesses' receipts.

    Raises:
        EntropyError: a chain's name is no source.
        NotYetPublic: a chain's step has not been revealed.
    """
    found = {name: Value(disclosure.value) for name, disclosure in ceremony.disclosed.items()}
    found |= {name: Value(read_secret(path)) for name, path in pairs(secret, "--secret").items()}
    sources = {source.name: source for source in ceremony.commitment.sources if source.kind == "hashchain"}
    for name, folder in pairs(chain, "--chain").items():
        if name not in sources:
            raise EntropyError(f"no hash chain {name!r} is committed; there are {', '.join(sources) or 'none'}")
        found[name] = Value(chainstore.read_pulse(folder, int(sources[name].terms["step"])).value)
    proofs = {name: read_json(Path(path)) for name, path in pairs(evidence, "--evidence").items()}
    given = pairs(value, "--value")
    for name in proofs:
        if name not in given:
            raise click.UsageError(f"--evidence {name}=... needs --value {name}=...")
    return found | {name: Value(text, proofs.get(name)) for name, text in given.items()}
