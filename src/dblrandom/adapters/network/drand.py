"""Fetching drand rounds from relays that nobody has to trust (docs/spec/drand).

A relay is told a chain hash and a round number, and nothing else. What it answers is verified here, so it can
withhold a round but not change one. The latest round is never asked for: which round counts is the commitment's say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dblrandom import limits
from dblrandom.adapters import clock
from dblrandom.adapters.network.http import Client
from dblrandom.adapters.network.relays import agreed, first_good, json_answer
from dblrandom.beacons.drand import Round, check_round
from dblrandom.beacons.drandchain import PROFILES, ChainInfo
from dblrandom.errors import EntropyError, InputError, NotYetPublic
from dblrandom.kernel.text import is_hex
from dblrandom.model import Json, time_seconds
from dblrandom.model.json import show
from dblrandom.model.names import time_text

__all__ = ["RELAYS", "fetch_info", "fetch_round"]

RELAYS = (
    "https://api.drand.sh",
    "https://api2.drand.sh",
    "https://api3.drand.sh",
    "https://drand.cloudflare.com",
    "https://api.drand.secureweb3.com:6875",
)
"""Public relays of the League of Entropy's networks, in the order asked (docs.drand.love, "Our HTTP API")."""

_LIMIT = limits.DRAND_BYTES
_LATE = (404, 425)  # what relays answer where a round that is due has not reached them yet


def fetch_info(chain: str, *, client: Client, relays: Sequence[str] | None = None) -> ChainInfo:
    """What it takes to verify the rounds of a network.

    Of a network that the library knows this is its own record, and nobody is asked. Of any other it comes from the
    relays: the hash proves it except for the scheme, in which all relays that answer have to agree.

    Args:
        chain: the chain hash, 64 lower-case hex characters.
        client: asks.
        relays: base addresses.

    Raises:
        EntropyError: ``chain`` is not a chain hash, is unknown and no relays are given, or the relays disagree.
        NetworkError: no relay gave a good answer.
    """
    if not is_hex(chain, 64):
        raise EntropyError(f"{show(chain)} is not 64 lower-case hex characters", where="chain")
    if known := PROFILES.get(chain):
        return known
    if relays is None:
        raise EntropyError(f"the library does not know the network {chain}; name a relay that serves it", where="chain")

    def check(answer: tuple[Json, str]) -> ChainInfo:
        info = ChainInfo.from_json(*answer)
        if info.hash != chain:
            raise EntropyError(f"is another chain, {info.hash}, than the one asked for", where=answer[1])
        return info

    return agreed(relays, lambda relay: _asked(client, f"{relay}/{chain}/info"), check)


def fetch_round(
    info: ChainInfo,
    number: int,
    *,
    client: Client,
    relays: Sequence[str] | None = None,
    now: Callable[[], str] = clock.now,
) -> Round:
    """A round, verified under the network's key, from the first relay that has it.

    Args:
        info: the network.
        number: the round, from 1.
        client: asks, and asks again where a due round has not reached a relay yet.
        relays: base addresses; left out, the public ones of a network that the library knows.
        now: tells the time.

    Raises:
        NotYetPublic: the round is not due; this is the clock's answer, and nobody is asked.
        NetworkError: no relay gave the round; the message says why of each.
        EntropyError: there is no such round, or no relays are given of a network that the library does not know.
        MissingExtra: the library for the network or for the curve is not installed.
    """
    due = info.time_of(number)
    if time_seconds(now()) < due:
        raise NotYetPublic(f"round {number} of the drand chain {info.hash[:16]}... is due {_moment(due)}")
    if relays is None:
        if info.hash not in PROFILES:
            raise EntropyError("the library knows no relays of this network; name one", where=f"chain {info.hash}")
        relays = RELAYS

    def check(answer: tuple[Json, str]) -> Round:
        found = Round.from_json(*answer)
        if found.round != number:
            raise EntropyError(f"is round {found.round}, not round {number} that was asked for", where=answer[1])
        check_round(info, found, answer[1])
        return found

    return first_good(relays, lambda relay: _asked(client, f"{relay}/{info.hash}/public/{number}"), check)


def _asked(client: Client, url: str) -> tuple[Json, str]:
    return json_answer(client.get(url, limit=_LIMIT, accept="application/json", again=_LATE), url), url


def _moment(seconds: int) -> str:
    try:
        return f"at {time_text(seconds)}"
    except InputError:
        return "beyond the year 9999"
