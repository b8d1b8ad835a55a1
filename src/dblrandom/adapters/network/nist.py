"""Fetching pulses of NIST's randomness beacon, or of another beacon of the same kind (docs/spec/nist).

The beacon is told a chain's and a pulse's index, and then the identifier of the certificate that the pulse names.
What it answers is verified here. The last pulse is never asked for: which pulse counts is the commitment's say.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from dblrandom import limits
from dblrandom.adapters import clock
from dblrandom.adapters.network.http import Client
from dblrandom.adapters.network.relays import first_good, json_answer
from dblrandom.beacons.nistcerts import PINNED
from dblrandom.beacons.pulse import Pulse
from dblrandom.errors import EntropyError, KeyFileError, NotYetPublic
from dblrandom.kernel.x509sig import MAX_CERTIFICATE, RsaCertificate
from dblrandom.model import Json, time_seconds
from dblrandom.model.json import whole
from dblrandom.model.names import check_time

__all__ = ["RELAYS", "fetch_pulse", "pulse_of"]

RELAYS = ("https://beacon.nist.gov/beacon/2.0",)
"""The address of NIST's own beacon, up to and without ``/chain``."""

_LIMIT = limits.PULSE_BYTES
_LATE = (404, 425)
_END = "-----END CERTIFICATE-----"


def pulse_of(answer: Json, where: str) -> Pulse:
    """The pulse in a beacon's answer, ``{"pulse": {...}}``; well-formed, and not yet verified.

    Raises:
        EntropyError: it is not such an answer.
    """
    if not isinstance(answer, dict) or "pulse" not in answer:
        raise EntropyError("has no member 'pulse'; this is not a beacon's answer", where=where)
    return Pulse.from_json(answer["pulse"], f"{where}: pulse")


def fetch_pulse(
    chain: int,
    index: int,
    *,
    time: str,
    client: Client,
    relays: Sequence[str] | None = None,
    now: Callable[[], str] = clock.now,
    form: str | None = None,
) -> tuple[Pulse, str]:
    """A pulse, verified, and the PEM text of the certificate that it names.

    Whether that certificate is one to trust is not asked here but by the rules of the source.

    Args:
        chain: the chain's index, from 1.
        index: the pulse's index, from 1.
        time: when it is due, ``YYYY-MM-DDThh:mm:ssZ``.
        client: asks, and asks again where a due pulse is not there yet.
        relays: addresses up to and without ``/chain``; left out, NIST's own.
        now: tells the time.
        form: the source's term, which says how the output value is hashed; ``None`` for NIST's own.

    Raises:
        NotYetPublic: the pulse is not due; this is the clock's answer, and nobody is asked.
        NetworkError: no relay gave that pulse; the message says why of each.
        EntropyError: an index is not one.
        MissingExtra: the library for the network is not installed.
    """
    whole(chain, "chain", minimum=1, error=EntropyError)
    whole(index, "pulse", minimum=1, error=EntropyError)
    if time_seconds(now()) < time_seconds(check_time(time, "time", error=EntropyError)):
        raise NotYetPublic(f"pulse {index} of chain {chain} is due at {time}")

    def ask(relay: str) -> tuple[Pulse, str]:
        url = f"{relay}/chain/{chain}/pulse/{index}"
        data = client.get(url, limit=_LIMIT, accept="application/json", again=_LATE)
        found = pulse_of(json_answer(data, url), url)
        if (found.chain_index, found.pulse_index) != (chain, index):
            raise EntropyError(f"is {found.label}, not pulse {index} of chain {chain} that was asked for", where=url)
        if found.time_stamp != f"{time[:-1]}.000Z":
            raise EntropyError(f"is of {found.time_stamp}, not of {time} as declared", where=url)
        return found, _certificate(relay, found.certificate_id, client)

    def check(answer: tuple[Pulse, str]) -> tuple[Pulse, str]:
        found, certificate = answer
        found.check(certificate, form)
        return answer

    return first_good(RELAYS if relays is None else relays, ask, check)


def _certificate(relay: str, identifier: str, client: Client) -> str:
    """The certificate of this identifier in its one PEM form: the library's own copy, else the relay's."""
    if identifier in PINNED:
        return PINNED[identifier].pem
    url = f"{relay}/certificate/{identifier}"
    try:
        text = client.get(url, limit=MAX_CERTIFICATE).decode("ascii")
        # Those of its issuers may follow; they decide nothing here.
        return RsaCertificate.from_pem(f"{text.partition(_END)[0]}{_END}\n").pem
    except (UnicodeDecodeError, KeyFileError) as error:
        raise EntropyError("is not a certificate that can be used here", where=url) from error
