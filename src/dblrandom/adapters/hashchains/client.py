"""Another office's hash chain, fetched over HTTP and believed as far as it leads to its tip (docs/spec, section 3).

Works with a chain's own server and with the same tree as static files. What is sent is the tip and the number of the
step; whoever answers can withhold a value or be late, and cannot invent one. Of the schedule and the operator, which
the tip does not fix, a server can say what it likes: a trust policy pins them.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from typing import Protocol

from attrs import frozen

from dblrandom.adapters import clock
from dblrandom.adapters.hashchains.files import LIMIT, ChainInfo, Pulse
from dblrandom.adapters.hashchains.store import extend_copy
from dblrandom.adapters.network.address import check_url
from dblrandom.beacons.hashchain import HashChainBeacon
from dblrandom.drawing import Value
from dblrandom.errors import EntropyError, InputError, NetworkError, NotYetPublic
from dblrandom.kernel.canonical import decode
from dblrandom.kernel.text import is_hex
from dblrandom.model import Json, Source

__all__ = ["Getter", "Mirrored", "fetch_chain", "fetch_step", "mirror"]

_RULES = HashChainBeacon()
_ABSENT = (404, 425)


class Getter(Protocol):
    """What asks over HTTP: :class:`dblrandom.adapters.network.http.Client`, or a test's stand-in."""

    def get(self, url: str, *, limit: int = ..., accept: str | None = None) -> bytes:
        """The body of the answer; ``NetworkError`` with the ``status`` where it is not 200."""
        ...


@frozen(kw_only=True)
class Mirrored:
    """What a copy has become.

    Attributes:
        info: what the chain is, as the server describes it.
        revealed: the last step that the copy has.
        added: how many pulses are new.
        due: the last step that is due by this machine's clock.
        left: how many steps further calls have to add.
    """

    info: ChainInfo
    revealed: int
    added: int
    due: int
    left: int = 0


def fetch_chain(base_url: str, tip: str, *, client: Getter) -> ChainInfo:
    """What the server says that the chain with this tip is.

    Raises:
        EntropyError: the answer is malformed, or describes a chain with another tip.
        NetworkError: no answer came; with ``status`` 404 the server does not know the chain.
        InputError: ``base_url`` is not an address.
    """
    if not is_hex(tip, 64):
        raise EntropyError("a chain's tip is 64 lower-case hex characters", where="tip")
    url = f"{_base(base_url)}/{tip}/info"
    try:
        info = ChainInfo.from_json(_asked(client, url), url)
    except EntropyError:
        raise
    except InputError as error:
        raise EntropyError(str(error)) from error
    if info.tip != tip:
        raise EntropyError(f"describes the chain with the tip {info.tip}, not {tip}", where=url)
    return info


def fetch_step(base_url: str, source: Source, *, client: Getter, now: Callable[[], str] = clock.now) -> Value:
    """The value of a declared step, checked against the declared tip.

    Args:
        base_url: where the chain is published, such as ``https://notary.example/beacon``.
        source: the declaration, of the kind ``hashchain``.
        client: what asks.
        now: the clock; before ``not_before`` nothing is asked at all.

    Raises:
        NotYetPublic: it is too early.
        EntropyError: the declaration is malformed, or the answer is not that step of that chain.
        NetworkError: no answer came, or the step is due and not published there.
        InputError: ``base_url`` is not an address.
    """
    _RULES.check_source(source)
    step = int(source.terms["step"])
    if now() < source.not_before:
        raise NotYetPublic(f"source {source.name!r}: step {step} is not public before {source.not_before}")
    info = fetch_chain(base_url, str(source.terms["tip"]), client=client)
    pulse = _due_pulse(base_url, info, step, source.not_before, client)
    _RULES.check_value(source, pulse.value, None, suite=info.suite, ceremony=source.name)
    return Value(pulse.value)


def mirror(
    base_url: str,
    tip: str,
    folder: str | os.PathLike[str],
    *,
    client: Getter,
    now: Callable[[], str] = clock.now,
    step: int | None = None,
) -> Mirrored:
    """Make or bring up to date a copy of the chain's public files, which ``commit`` and ``reveal`` take.

    Two requests do, whatever the number of steps: the earlier values follow from the last. Nothing is written that
    does not lead to the tip, and what the copy has is never taken back; an interrupted call can be repeated.

    Args:
        base_url: where the chain is published.
        tip: the chain's tip.
        folder: the copy.
        client: what asks.
        now: the clock, by which a step is due.
        step: the step to copy up to; the last that is published by default.

    Raises:
        NotYetPublic: ``step`` is not due.
        EntropyError: an answer is malformed, is not of this chain, or describes it otherwise than before.
        NetworkError: no answer came, or ``step`` is due and not published there.
        FolderError: the copy cannot be read or written, or holds an operator's secrets.
        InputError: ``base_url`` is not an address, or a file of the copy is malformed.
    """
    info = fetch_chain(base_url, tip, client=client)
    moment = now()
    due = info.schedule.due(moment)
    if step is not None:
        time = info.schedule.time_of(step)
        if step == 0:
            raise EntropyError("step 0 is the tip itself; ask for 1 or more", where="step")
        if step > due:
            raise NotYetPublic(f"step {step} of the chain {tip} is due at {time}")
        pulse: Pulse | None = _due_pulse(base_url, info, step, time, client)
    else:
        pulse = _pulse(base_url, info, "latest", client)
    added, revealed = extend_copy(folder, info, pulse)
    left = 0 if pulse is None else max(0, pulse.step - revealed)
    return Mirrored(info=info, revealed=revealed, added=added, due=due, left=left)


def _base(url: str) -> str:
    parts = check_url(url, "address of a chain")
    if parts.query or parts.fragment:
        raise InputError("has a query or a fragment; end it with the path", where="address of a chain")
    return url.rstrip("/?#")


def _asked(client: Getter, url: str) -> Json:
    return decode(client.get(url, limit=LIMIT, accept="application/json"), url)


def _pulse(base_url: str, info: ChainInfo, name: str, client: Getter) -> Pulse | None:
    """A pulse of this chain, or ``None`` where the server has none by that name; its value is not yet checked."""
    url = f"{_base(base_url)}/{info.tip}/public/{name}"
    try:
        pulse = Pulse.from_json(_asked(client, url), url)
        pulse.check(info, url)
    except NetworkError as error:
        if error.status in _ABSENT:
            return None
        raise
    except EntropyError:
        raise
    except InputError as error:
        raise EntropyError(str(error)) from error
    return pulse


def _due_pulse(base_url: str, info: ChainInfo, step: int, due: str, client: Getter) -> Pulse:
    pulse = _pulse(base_url, info, str(step), client)
    if pulse is None:
        raise NetworkError(
            f"{_base(base_url)}: step {step} was due at {due} and is not published there: that copy is stale, or its "
            "operator is late or withholds it; ask again, or another address",
            status=404,
        )
    if pulse.step != step:
        raise EntropyError(f"the answer is step {pulse.step}, not {step}", where=_base(base_url))
    return pulse
