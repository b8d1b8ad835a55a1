"""Time-locked secrets for tests: honest ones, and files whose parts somebody chose. Every secret here is synthetic."""

from __future__ import annotations

import json
from functools import cache
from pathlib import Path
from typing import Any

from dblrandom.beacons.drand import Round
from dblrandom.beacons.drandchain import ChainInfo
from dblrandom.beacons.timelock import lock_evidence, locked_secret
from dblrandom.kernel.age import Stanza, seal_age
from dblrandom.kernel.dsse import b64encode
from dblrandom.kernel.ibe import lockable, wrap
from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.tlock import RANDOM_BYTES
from dblrandom.model import Json, Source

RECORDED = json.loads((Path(__file__).parents[1] / "vectors" / "tlock_age.json").read_text("utf-8"))
CHAINS = {name: ChainInfo.from_json(info, name) for name, info in RECORDED["chains"].items()}
QUICKNET = CHAINS["quicknet"]
SIGNATURES = {(r["chain"], r["round"]): r["signature"] for r in (*RECORDED["cases"], *RECORDED["rounds"])}

CEREMONY, NAME, KEYID, SECRET = "synthetic-2025", "notary", "ab" * 32, "5e" * 32
NUMBER = 21000000
RANDOM = bytes(range(RANDOM_BYTES))
FILE_KEY, SIGMA, NONCE = RANDOM[:16], RANDOM[16:32], RANDOM[32:]


def evidence(number: int = NUMBER, chain: str = "quicknet") -> dict[str, Any]:
    found = lock_evidence(CHAINS[chain], Round(round=number, signature=SIGNATURES[chain, number]))
    assert isinstance(found, dict)
    return found


@cache
def locked(number: int = NUMBER, chain: str = "quicknet", secret: str = SECRET) -> Source:
    return locked_secret(
        NAME,
        keyid=KEYID,
        secret=secret,
        info=CHAINS[chain],
        round=number,
        random=RANDOM,
        suite=SHA256,
        ceremony=CEREMONY,
    )


def changed(source: Source, **terms: str | int | None) -> Source:
    """The declaration with these terms set, or left out where ``None``."""
    given = {k: v for k, v in {**source.terms, **terms}.items() if v is not None}
    return Source(kind=source.kind, name=source.name, not_before=source.not_before, terms=given)


def holding(age: bytes, source: Source | None = None) -> Source:
    """The honest declaration with another file in it."""
    return changed(source or locked(), timelock=b64encode(age))


def wrapped(number: int = NUMBER, chain: str = "quicknet") -> bytes:
    info = CHAINS[chain]
    key = bytes.fromhex(info.public_key)
    return wrap(FILE_KEY, lockable(info.scheme), public_key=key, number=number, sigma=SIGMA)


def stanza(body: bytes | None = None, number: Any = NUMBER, chain: str = QUICKNET.hash) -> Stanza:
    return Stanza(("tlock", str(number), chain), wrapped() if body is None else body)


def sealed(plaintext: bytes = SECRET.encode(), *stanzas: Stanza) -> bytes:
    """A file under the known key; with other stanzas than the honest one where they are given."""
    return seal_age(plaintext, stanzas or (stanza(),), file_key=FILE_KEY, nonce=NONCE)


def plain(value: Json) -> Any:
    """A JSON value that a test may take apart."""
    return json.loads(json.dumps(value))
