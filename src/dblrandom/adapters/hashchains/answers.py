"""What a chain's server says to each address: the one place that decides what is public (docs/spec, section 3).

Every path is matched whole against those of :mod:`dblrandom.adapters.hashchains.site`, so that no path of a request
ever becomes the path of a file, and a step is answered only where the revealer has revealed it.
"""

from __future__ import annotations

import re

from attrs import frozen

from dblrandom.adapters.hashchains import site as chainsite
from dblrandom.adapters.hashchains.files import load_pulse
from dblrandom.adapters.hashchains.revealer import Revealer
from dblrandom.kernel.canonical import encode
from dblrandom.model import Json, time_seconds

__all__ = ["Reply", "answer", "problem"]

_PULSE = re.compile(r"/([0-9a-f]{64})/public/(latest|[1-9][0-9]{0,6})")
_FOREVER = "public, max-age=31536000, immutable"
_BRIEFLY = "public, max-age=60"
_NEVER = "no-store"


@frozen(kw_only=True)
class Reply:
    """An answer: ``status``, ``body``, its media type, and how long it may be kept; ``wait`` is ``Retry-After``."""

    status: int = 200
    body: bytes
    media: str = "application/json"
    cache: str = _NEVER
    wait: int | None = None


def answer(path: str, revealer: Revealer) -> Reply:
    """What the server says to a path, which must be one of its own to the byte.

    Raises:
        DblrandomError: a file of the chain cannot be read.
    """
    info, last = revealer.info, revealer.last
    if path in ("/", f"/{chainsite.INDEX_NAME}"):
        pulse = load_pulse(revealer.folder, info, last) if last else None
        return Reply(body=chainsite.index_page(info, pulse), media="text/html; charset=utf-8", cache=_BRIEFLY)
    if path == "/health":
        return Reply(status=503 if revealer.troubles else 200, body=encode(revealer.health()))
    fixed = chainsite.documents(info).get(path.removeprefix("/"))
    if fixed is not None and path.startswith("/"):
        return Reply(body=fixed, cache=_FOREVER if path.startswith(f"/{info.tip}") else _BRIEFLY)
    match = _PULSE.fullmatch(path)
    if match is None:
        return problem(404, "there is no such document; begin at /chains")
    if match[1] != info.tip:
        return problem(404, "this chain is not published here; see /chains")
    latest = match[2] == "latest"
    step = max(last, 1) if latest else int(match[2])
    if step > info.schedule.length:
        return problem(404, f"the chain's last step is {info.schedule.length}")
    if step > last:
        return _early(revealer, step)
    pulse = load_pulse(revealer.folder, info, step)
    return Reply(body=encode(pulse.to_json()), cache=_NEVER if latest else _FOREVER)


def _early(revealer: Revealer, step: int) -> Reply:
    due = revealer.info.schedule.time_of(step)
    if step <= revealer.due:
        return problem(503, f"step {step} was due at {due} and is about to be revealed; ask again", wait=1)
    wait = max(1, time_seconds(due) - time_seconds(revealer.time))
    return problem(425, f"step {step} is not revealed before {due}", wait=wait, due=due)


def problem(status: int, text: str, *, wait: int | None = None, **more: Json) -> Reply:
    """An answer that says what is wrong, as ``{"error": ...}``."""
    return Reply(status=status, body=encode({"error": text, **more}), wait=wait)
