"""Asking several servers for the same thing, none of which is trusted.

A relay is the base address of a server, such as ``https://relay.example/beacon``; what it says counts only once it is
checked. A relay is replaced by the next one, a source never by another source.
"""

from __future__ import annotations

import json
import logging
from collections.abc import Callable, Iterable, Sequence
from typing import TypeVar

from dblrandom import limits
from dblrandom.adapters.network.address import check_url
from dblrandom.errors import CanonicalError, DblrandomError, EntropyError, InputError, NetworkError, NotYetPublic
from dblrandom.kernel import canonical
from dblrandom.model import Json
from dblrandom.model.json import show

__all__ = ["MOST_RELAYS", "agreed", "check_relays", "first_good", "json_answer"]

MOST_RELAYS = limits.RELAYS

_A = TypeVar("_A")
_V = TypeVar("_V")
_log = logging.getLogger(__name__)
_FAILURES = (NetworkError, EntropyError, NotYetPublic)


def check_relays(relays: Iterable[str]) -> tuple[str, ...]:
    """The base addresses, each once and without a final slash, in the order given.

    Raises:
        InputError: there is none or more than 16, or one is not an address or has a query.
    """
    found: dict[str, None] = {}
    for relay in relays:
        parts = check_url(relay, "relay")
        if parts.query or parts.fragment:
            raise InputError(f"{show(relay)} has a query or a fragment; give the base address alone", where="relay")
        found[relay.rstrip("/")] = None
    if not 1 <= len(found) <= MOST_RELAYS:
        raise InputError(f"{len(found)} addresses are given; give 1 to {MOST_RELAYS}", where="relay")
    return tuple(found)


def first_good(relays: Sequence[str], ask: Callable[[str], _A], check: Callable[[_A], _V]) -> _V:
    """What ``check`` makes of the first relay's answer that it accepts; the relays are asked in the order given.

    Args:
        relays: base addresses.
        ask: gets the answer of one relay.
        check: accepts an answer, or raises ``EntropyError``, which counts as that relay's failure.

    Raises:
        NetworkError: no relay gave a good answer; the message names each and says why, and ``status`` is the HTTP
            status where all gave the same.
        NotYetPublic: every relay says so.
        InputError: as for ``check_relays``.
    """
    failures: list[tuple[str, DblrandomError]] = []
    for relay in check_relays(relays):
        try:
            return check(ask(relay))
        except _FAILURES as error:
            _log.warning("relay failed: %s", error)
            failures.append((relay, error))
    raise _all_failed(failures)


def agreed(relays: Sequence[str], ask: Callable[[str], _A], check: Callable[[_A], _V]) -> _V:
    """What all relays that answer say alike: for data that no signature or hash proves.

    Every relay is asked. Those that fail are passed over, so that one broken relay stops nobody; one that says
    otherwise is not.

    Raises:
        EntropyError: two relays disagree.
        NetworkError: as for ``first_good``.
        NotYetPublic: as for ``first_good``.
        InputError: as for ``check_relays``.
    """
    failures: list[tuple[str, DblrandomError]] = []
    answers: list[tuple[str, _V]] = []
    for relay in check_relays(relays):
        try:
            answers.append((relay, check(ask(relay))))
        except _FAILURES as error:
            _log.warning("relay failed: %s", error)
            failures.append((relay, error))
    if not answers:
        raise _all_failed(failures)
    first, value = answers[0]
    for other, answer in answers[1:]:
        if answer != value:
            raise EntropyError(f"relays disagree: {first} and {other} say different things; find out which is right")
    return value


def _all_failed(failures: list[tuple[str, DblrandomError]]) -> DblrandomError:
    # An error of the client begins with the address already; one of a check may not know it.
    told = [str(e) if str(e).startswith(relay) else f"{relay}: {e}" for relay, e in failures]
    if all(isinstance(error, NotYetPublic) for _, error in failures):
        return NotYetPublic(told[0])
    statuses = {e.status if isinstance(e, NetworkError) else None for _, e in failures}
    status = statuses.pop() if len(statuses) == 1 else None
    if len(told) == 1:
        return NetworkError(told[0], status=status)
    return NetworkError(f"none of {len(told)} relays gave a good answer: {'; '.join(told)}", status=status)


def json_answer(data: bytes, where: str) -> Json:
    """Read JSON that somebody else wrote, in any layout but nothing that canonical JSON could not carry.

    Args:
        data: the bytes, of a relay's answer or of a file with one.
        where: the address or file, for messages.

    Raises:
        EntropyError: the bytes are not UTF-8 or not JSON, have a key twice, a number that is not whole or beyond
            2^53-1 or ``-0``, a lone surrogate, or are nested deeper than 32.
    """

    def members(pairs: list[tuple[str, Json]]) -> dict[str, Json]:
        found = dict(pairs)
        if len(found) != len(pairs):
            raise EntropyError("has a member twice; this is not an answer to rely on", where=where)
        return found

    def integer(digits: str) -> int:
        if digits == "-0":
            raise EntropyError("has the number -0, which canonical JSON has not", where=where)
        return int(digits)

    try:
        canonical.check_bounds(data, where)
        value: Json = json.loads(data.decode("utf-8"), object_pairs_hook=members, parse_int=integer)
        canonical.encode(value, where)
    except CanonicalError as error:
        raise EntropyError(str(error).removeprefix(f"{where}: "), where=where) from error
    except ValueError as error:  # also UnicodeDecodeError, JSONDecodeError, and an integer of thousands of digits
        raise EntropyError("is not JSON; this is not the answer that was asked for", where=where) from error
    return value
