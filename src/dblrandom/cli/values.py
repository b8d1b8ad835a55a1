"""The values of a commitment's sources, gathered from files, witnesses' receipts and the network."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any, TypeVar

import attrs
import click

from dblrandom import limits
from dblrandom.adapters.files import read_bytes
from dblrandom.adapters.hashchains import store as chainstore
from dblrandom.adapters.network.fetching import fetch_value, read_value
from dblrandom.adapters.network.http import Client
from dblrandom.adapters.secretfiles import read_secret
from dblrandom.beacons.timelock import evidence_from_round, is_locked, open_timelock, round_source
from dblrandom.ceremony import Ceremony
from dblrandom.cli.jsonfile import read_json
from dblrandom.cli.options import PAIR, pairs
from dblrandom.cli.places import existing, recovering
from dblrandom.cli.screen import note, working
from dblrandom.drawing import Value
from dblrandom.errors import EntropyError
from dblrandom.model import Source

__all__ = ["Given", "gathered", "locks", "network_options", "standing", "value_options"]

F = TypeVar("F", bound=Callable[..., Any])

_Pairs = Iterable[tuple[str, str]]
_LONGEST_ANSWER = limits.ANSWER_BYTES
_FETCHED = ("drand", "nist")


@attrs.frozen(kw_only=True)
class Given:
    """What the options of :func:`value_options` were given."""

    secret: _Pairs = ()
    chain: _Pairs = ()
    value: _Pairs = ()
    evidence: _Pairs = ()
    rounds: _Pairs = ()
    relay: tuple[str, ...] = ()
    wait: bool = False
    offline: bool = False


def network_options(function: F) -> F:
    """The options that say how public values are come by."""
    for given in (
        click.option("--offline", is_flag=True, help="Ask no network; what is missing is an error."),
        click.option("--wait", is_flag=True, help="Wait for a value that is still to come, at most a day."),
        click.option("--relay", metavar="URL", multiple=True, help="Ask this relay, not the known ones."),
        click.option(
            "--round",
            "rounds",
            metavar="NAME=FILE",
            type=PAIR,
            multiple=True,
            help="A relay's answer that was carried in by hand: a drand round (for a time-lock too) or a pulse.",
        ),
    ):
        function = given(function)
    return function


def value_options(function: F) -> F:
    """The options that give sources their values."""
    for name, metavar, text in (
        ("--evidence", "NAME=FILE", "What proves a --value, as JSON, where its kind asks for it."),
        ("--value", "NAME=TEXT", "A source's value as text, such as that of a public event."),
        ("--chain", "NAME=DIR|URL", "A hash chain: its value is read there; exit code 3 where it is not public yet."),
        ("--secret", "NAME=FILE", "A secret's file; not needed where a witness recorded it, or a time-lock opens it."),
    ):
        function = click.option(name, metavar=metavar, type=PAIR, multiple=True, help=text)(function)
    return network_options(function)


def standing(folder: Path) -> Ceremony:
    """The ceremony as it stands, with an interrupted step finished or undone first."""
    place = existing(folder)
    with recovering(place):
        return place.update(lambda ceremony, _: ceremony)


def gathered(ceremony: Ceremony, given: Given) -> dict[str, Value]:
    """Each source's value by the source's name.

    What is not given is taken from the witnesses' receipts (disclosed secrets) or asked of the network: drand rounds,
    pulses, and the rounds that open time-locks.

    Raises:
        EntropyError: a name is no source, or a value is not the declared one.
        NotYetPublic: a value is still to come.
        NetworkError: it did not come from any relay.
    """
    sources = {source.name: source for source in ceremony.commitment.sources}
    found = {name: Value(disclosure.value) for name, disclosure in ceremony.disclosed.items()}
    found |= {name: Value(read_secret(path)) for name, path in pairs(given.secret, "--secret").items()}
    for name, place in pairs(given.chain, "--chain").items():
        found[name] = _from_chain(_named(sources, name, "hashchain"), place, given)
    carried = pairs(given.rounds, "--round")
    for name, place in carried.items():
        source = _named(sources, name, *_FETCHED, "secret")
        answer = read_bytes(Path(place), _LONGEST_ANSWER)
        if source.kind == "secret":
            found[name] = _unlocked(ceremony, source, read_value(_lock_of(source), answer, place))
        else:
            found[name] = read_value(source, answer, place)
    proofs = {name: read_json(Path(path)) for name, path in pairs(given.evidence, "--evidence").items()}
    texts = pairs(given.value, "--value")
    for name in proofs:
        if name not in texts:
            raise click.UsageError(f"--evidence {name}=... needs --value {name}=...")
    found |= {name: Value(text, proofs.get(name)) for name, text in texts.items()}
    if not given.offline:
        found |= _fetched(ceremony, [s for s in sources.values() if s.name not in found], given)
    return found


def locks(ceremony: Ceremony, names: Iterable[str], given: Given) -> dict[str, Any]:
    """The rounds that open these time-locks, as evidence, by the secrets' names; each carried in by hand or fetched."""
    carried = pairs(given.rounds, "--round")
    sources = {source.name: source for source in ceremony.commitment.sources}
    found = {}
    for name in names:
        lock = _lock_of(_named(sources, name, "secret"))
        if name in carried:
            value = read_value(lock, read_bytes(Path(carried[name]), _LONGEST_ANSWER), carried[name])
        elif given.offline:
            raise click.UsageError(f"--offline needs the round that opens {name!r}: --round {name}=FILE")
        else:
            value = _fetch(lock, given)
        found[name] = evidence_from_round(lock, value.evidence)
    return found


def _named(sources: dict[str, Source], name: str, *kinds: str) -> Source:
    matching = [source.name for source in sources.values() if source.kind in kinds]
    if name not in matching:
        what = "hash chain" if kinds == ("hashchain",) else " or ".join(kinds)
        raise EntropyError(f"no {what} {name!r} is committed; there are {', '.join(matching) or 'none'}")
    return sources[name]


def _from_chain(source: Source, place: str, given: Given) -> Value:
    if not place.startswith(("http://", "https://")):
        return Value(chainstore.read_pulse(place, int(source.terms["step"])).value)
    return _fetch(source, attrs.evolve(given, relay=(place,)))


def _fetched(ceremony: Ceremony, missing: Iterable[Source], given: Given) -> dict[str, Value]:
    found = {}
    for source in missing:
        if source.kind in _FETCHED:
            found[source.name] = _fetch(source, given)
        elif source.kind == "secret" and is_locked(source):
            found[source.name] = _unlocked(ceremony, source, _fetch(_lock_of(source), given))
    return found


def _fetch(source: Source, given: Given) -> Value:
    begun = False

    def waiting(seconds: int) -> None:
        # At first, and once a minute, so that whoever waits sees that this is alive.
        nonlocal begun
        if not begun or seconds % 60 == 0:
            note(f"waiting for {source.name}, {seconds} s")
        begun = True

    with working(f"asking for {source.name}"):
        relays = given.relay or None
        return fetch_value(source, client=Client(), relays=relays, wait=given.wait, progress=waiting)


def _lock_of(source: Source) -> Source:
    if not is_locked(source):
        raise EntropyError(
            "has no time-lock; its holder gives the secret (dblrandom reveal --secret)", where=f"source {source.name!r}"
        )
    return round_source(source)


def _unlocked(ceremony: Ceremony, source: Source, opening: Value) -> Value:
    evidence = evidence_from_round(round_source(source), opening.evidence)
    opened = open_timelock(source, evidence, suite=ceremony.suite, ceremony=ceremony.name)
    if opened.secret is None:
        raise EntropyError(
            f"{opened.reason}: nothing can be drawn; record it with: dblrandom void --misopened {source.name}",
            where=f"source {source.name!r}",
        )
    return Value(opened.secret, evidence)
