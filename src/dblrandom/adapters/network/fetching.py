"""From a declared source to its value: from the network, waiting where it is still to come, or from a file.

Only what the source declares is ever sent, such as a chain hash and a round number; nothing of a plan or a roster.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol

from dblrandom.adapters import clock
from dblrandom.adapters.hashchains.client import fetch_step
from dblrandom.adapters.network.drand import fetch_info, fetch_round
from dblrandom.adapters.network.http import Client
from dblrandom.adapters.network.nist import fetch_pulse, pulse_of
from dblrandom.adapters.network.relays import first_good, json_answer
from dblrandom.beacons import Beacon, HashChainBeacon, drand, nist
from dblrandom.beacons.drandchain import PROFILES, ChainInfo
from dblrandom.beacons.nistcerts import PINNED
from dblrandom.drawing import Value
from dblrandom.errors import EntropyError, NotYetPublic
from dblrandom.kernel.extras import load
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Json, Source, time_seconds

__all__ = ["FETCHERS", "LONGEST_WAIT", "Fetcher", "fetch_value", "read_value"]

_log = logging.getLogger(__name__)

_BEACONS: Mapping[str, Beacon] = {b.kind: b for b in (drand.DrandBeacon(), HashChainBeacon(), nist.NistBeacon())}

LONGEST_WAIT = 86400
"""Seconds that are waited for a value at most, unless told otherwise."""


class Fetcher(Protocol):
    """Fetches the value of a source of one kind, and verifies it."""

    def __call__(
        self, source: Source, *, client: Client, relays: Sequence[str] | None, now: Callable[[], str]
    ) -> Value:
        """The value with its evidence; ``relays`` is ``None`` where the user named none."""
        ...


def fetch_value(
    source: Source,
    *,
    client: Client,
    relays: Sequence[str] | None = None,
    wait: bool = False,
    now: Callable[[], str] = clock.now,
    sleep: Callable[[float], object] = time.sleep,
    progress: Callable[[int], object] = lambda seconds: None,
    longest: int = LONGEST_WAIT,
) -> Value:
    """The value of a declared source, verified, with the evidence that the reveal needs.

    Args:
        source: what was declared; of kind ``drand``, ``nist`` or ``hashchain``.
        client: asks.
        relays: base addresses to ask, in this order; left out, the public ones that the library knows.
        wait: whether to wait for a value that is still to come, second by second.
        now: tells the time.
        sleep: waits so many seconds; an exception from it, or from ``progress``, ends the waiting.
        progress: told the seconds left, once a second.
        longest: seconds that are waited at most.

    Raises:
        NotYetPublic: the value is still to come, and ``wait`` is not asked for or would take longer than ``longest``.
        NetworkError: it did not come; the message says why of each relay.
        EntropyError: the declaration is unlawful, or of a kind that no network has.
        MissingExtra: a library for the network or the kind is not installed.
    """
    fetcher = FETCHERS.get(source.kind)
    if fetcher is None:
        raise EntropyError(
            f"a value of kind {source.kind!r} cannot be fetched; give it by hand", where=f"source {source.name!r}"
        )
    _BEACONS[source.kind].check_source(source)
    # What is missing is better said now than at the end of a long wait.
    load("urllib3", "net", "asking over the network")
    if source.kind == "drand":
        load("py_arkworks_bls12381", "drand", "a drand round")
    _await(source, wait, longest, now, sleep, progress)
    value = fetcher(source, client=client, relays=relays, now=now)
    _log.info("fetched the value of source %s (%s)", source.name, source.kind)
    return value


def read_value(source: Source, data: bytes, where: str) -> Value:
    """The value of a declared source from a relay's answer that was carried in by hand, verified.

    For ``drand`` the answer of ``/<chain hash>/public/<round>``; of a network that the library does not know it needs
    a member ``chain`` besides, with the answer of ``/<chain hash>/info``. For ``nist`` the answer of
    ``/chain/<chain>/pulse/<pulse>``; where the library does not have the certificate, with a member ``certificate``
    besides, its PEM text.

    Args:
        source: what was declared.
        data: the answer's bytes.
        where: the file's name, for messages.

    Raises:
        EntropyError: it is not the declared value, or not of a kind that this can be read for.
        MissingExtra: the library for the kind is not installed.
    """
    reader = _READERS.get(source.kind)
    if reader is None:
        raise EntropyError(
            f"a value of kind {source.kind!r} is not read from a relay's answer", where=f"source {source.name!r}"
        )
    _BEACONS[source.kind].check_source(source)
    answer = json_answer(data, where)
    if not isinstance(answer, dict):
        raise EntropyError("is not a relay's answer, a JSON object", where=where)
    return reader(source, answer, where)


def _read_round(source: Source, answer: dict[str, Json], where: str) -> Value:
    info = PROFILES.get(str(source.terms["chain"]))
    if info is None:
        if "chain" not in answer:
            raise EntropyError("add what the relay says of the network, as a member 'chain'", where=where)
        info = ChainInfo.from_json(answer["chain"], f"{where}: chain")
    found = drand.Round.from_json(answer, where)
    if found.round != source.terms["round"]:
        raise EntropyError(f"is round {found.round}, not {source.terms['round']} as declared", where=where)
    return _checked(source, *drand.evidence_of(info, found))


def _read_pulse(source: Source, answer: dict[str, Json], where: str) -> Value:
    pulse = pulse_of(answer, where)
    known = PINNED.get(pulse.certificate_id)
    certificate = answer.get("certificate", known.pem if known else None)
    if not isinstance(certificate, str):
        raise EntropyError("add the certificate's PEM text, as a text member 'certificate'", where=where)
    return _checked(source, *nist.evidence_of(pulse, certificate))


def _await(
    source: Source,
    wait: bool,
    longest: int,
    now: Callable[[], str],
    sleep: Callable[[float], object],
    progress: Callable[[int], object],
) -> None:
    due = time_seconds(source.not_before)
    left = due - time_seconds(now())
    said = f"source {source.name!r}: its value becomes public at {source.not_before}, in {left} s"
    if left > 0 and not wait:
        raise NotYetPublic(f"{said}; try again then")
    if left > longest:
        raise NotYetPublic(f"{said}, and at most {longest} s are waited; try again later")
    slept = 0
    while left > 0:
        # Counted besides, for a clock that is set back must not make this endless.
        if slept >= longest:
            raise NotYetPublic(f"{said}; gave up after {slept} s, for the clock did not get there")
        progress(left)
        sleep(1)
        slept += 1
        left = due - time_seconds(now())


def _checked(source: Source, value: str, evidence: Json) -> Value:
    """Let nothing out that a reveal would not take; neither kind depends on the suite or the ceremony."""
    _BEACONS[source.kind].check_value(source, value, evidence, suite=SHA256, ceremony="")
    return Value(value, evidence)


def _drand(source: Source, *, client: Client, relays: Sequence[str] | None, now: Callable[[], str]) -> Value:
    info = fetch_info(str(source.terms["chain"]), client=client, relays=relays)
    found = fetch_round(info, int(source.terms["round"]), client=client, relays=relays, now=now)
    return _checked(source, *drand.evidence_of(info, found))


def _nist(source: Source, *, client: Client, relays: Sequence[str] | None, now: Callable[[], str]) -> Value:
    chain, index = int(source.terms["chain"]), int(source.terms["pulse"])
    form = None if source.terms.get("form") is None else str(source.terms["form"])
    found, pem = fetch_pulse(chain, index, time=source.not_before, client=client, relays=relays, now=now, form=form)
    return _checked(source, *nist.evidence_of(found, pem))


def _hashchain(source: Source, *, client: Client, relays: Sequence[str] | None, now: Callable[[], str]) -> Value:
    if relays is None:
        raise EntropyError("name the address at which its operator publishes it", where=f"source {source.name!r}")
    return first_good(relays, lambda relay: fetch_step(relay, source, client=client, now=now), lambda value: value)


FETCHERS: Mapping[str, Fetcher] = MappingProxyType({"drand": _drand, "hashchain": _hashchain, "nist": _nist})
"""How a value is fetched, by the source's kind; the other kinds have no network to fetch from."""

_READERS: Mapping[str, Callable[[Source, dict[str, Json], str], Value]] = {"drand": _read_round, "nist": _read_pulse}
