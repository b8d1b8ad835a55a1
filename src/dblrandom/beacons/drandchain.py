"""drand chains: what a verifier must know of a network, and which round is public when (docs/spec/drand)."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import Self

import attrs

from dblrandom.errors import EntropyError
from dblrandom.kernel.bls import SCHEMES
from dblrandom.kernel.text import is_hex
from dblrandom.model import Json
from dblrandom.model.json import Reader, placed, show, whole

__all__ = ["DEFAULT", "PROFILES", "QUICKNET", "ChainInfo", "profile_named", "relayed"]

_V1 = ("public_key", "period", "genesis_time", "hash", "groupHash", "schemeID", "metadata")
_V2 = ("public_key", "period", "genesis_time", "chain_hash", "genesis_seed", "scheme", "beacon_id")
# The chain hash joins the key, the group hash and this id without lengths. With at most 47 characters of id, the bytes
# of a network with a 48-byte key are never as many as those of one with a 96-byte key: one hash has one reading.
_BEACON_ID = re.compile(r"[A-Za-z0-9._-]{0,47}")


@attrs.frozen(kw_only=True)
class ChainInfo:
    """What identifies a drand network, and all that it takes to verify its rounds.

    Attributes:
        public_key: the network's key, hex of 48 or 96 bytes as the scheme has it.
        period: seconds from one round to the next, 1 to 2^32 - 1.
        genesis_time: the time of round 1, in seconds since 1970.
        group_hash: hex of 32 bytes; round 1 of a chained network signs it in place of an earlier signature.
        scheme: drand's id of the scheme, one of :data:`dblrandom.kernel.bls.SCHEMES`.
        beacon_id: the network's name for itself, at most 47 of ``A-Z a-z 0-9 . _ -``; the empty one is ``default``.
        hash: the chain hash, hex of 32 bytes, computed from the others. The scheme is no part of it.

    Raises:
        EntropyError: naming the member.
    """

    public_key: str
    period: int
    genesis_time: int
    group_hash: str
    scheme: str
    beacon_id: str
    hash: str = attrs.field(init=False)

    def __attrs_post_init__(self) -> None:
        named: object = self.scheme
        name: object = self.beacon_id
        scheme = SCHEMES.get(named) if isinstance(named, str) else None
        if scheme is None:
            known = ", ".join(SCHEMES)
            raise EntropyError(f"{show(self.scheme)} is not supported; known are {known}", where="chain.scheme")
        _check_hex(self.public_key, scheme.key_size, "chain.public_key")
        _check_hex(self.group_hash, 32, "chain.group_hash")
        whole(self.period, "chain.period", minimum=1, error=EntropyError)
        whole(self.genesis_time, "chain.genesis_time", error=EntropyError)
        if self.period >= 2**32:
            raise EntropyError(f"{self.period} seconds are more than the 2^32 - 1 allowed", where="chain.period")
        if not isinstance(name, str) or not _BEACON_ID.fullmatch(name):
            raise EntropyError(f"{show(name)} is not at most 47 of A-Z a-z 0-9 . _ -", where="chain.beacon_id")
        object.__setattr__(self, "beacon_id", name or "default")
        object.__setattr__(self, "hash", self._hash())

    def _hash(self) -> str:
        # Networks from before drand had several on one node are called "default", and their hash has no name in it.
        name = "" if self.beacon_id == "default" else self.beacon_id
        return hashlib.sha256(
            self.period.to_bytes(4, "big")
            + self.genesis_time.to_bytes(8, "big")
            + bytes.fromhex(self.public_key)
            + bytes.fromhex(self.group_hash)
            + name.encode("ascii")
        ).hexdigest()

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read what a relay publishes, in either of its two forms (``/<hash>/info``, ``/v2/chains/<hash>/info``).

        Members that drand may add are passed over; the hash that is stated must be the one that follows.

        Raises:
            EntropyError: naming the path.
        """
        if isinstance(value, Mapping) and "groupHash" in value:
            info = relayed(value, where, _V1)
            seed, scheme, stated = info.text("groupHash"), info.text("schemeID"), "hash"
            name = relayed(info.value("metadata"), info.at("metadata"), ("beaconID",)).text("beaconID")
        else:
            info = relayed(value, where, _V2)
            seed, scheme, stated = info.text("genesis_seed"), info.text("scheme"), "chain_hash"
            name = info.text("beacon_id")
        key, period, genesis = info.text("public_key"), info.whole("period"), info.whole("genesis_time")
        with placed(where, "chain"):
            found = cls(
                public_key=key,
                period=period,
                genesis_time=genesis,
                group_hash=seed,
                scheme=scheme,
                beacon_id=name,
            )
        if info.text(stated) != found.hash:
            raise EntropyError(
                f"{show(info.text(stated))} is not the hash that follows, {found.hash}", where=info.at(stated)
            )
        return found

    def to_json(self) -> dict[str, Json]:
        """The one form that evidence has: drand's newer one, with these seven members and no others."""
        return {
            "beacon_id": self.beacon_id,
            "chain_hash": self.hash,
            "genesis_seed": self.group_hash,
            "genesis_time": self.genesis_time,
            "period": self.period,
            "public_key": self.public_key,
            "scheme": self.scheme,
        }

    def round_at(self, seconds: int) -> int:
        """The latest round that is due at this time, in seconds since 1970; 0 before the first."""
        return max(0, (seconds - self.genesis_time) // self.period + 1)

    def next_round(self, seconds: int) -> int:
        """The first round whose time is at or after this one, in seconds since 1970."""
        return max(1, -((self.genesis_time - seconds) // self.period) + 1)

    def time_of(self, number: int) -> int:
        """The time at which a round is due, in seconds since 1970.

        Raises:
            EntropyError: there is no such round.
        """
        whole(number, "round", minimum=1, error=EntropyError)
        return self.genesis_time + (number - 1) * self.period


def relayed(value: object, where: str, names: tuple[str, ...]) -> Reader:
    """A reader of these members of a relay's answer, which may have others.

    Raises:
        EntropyError: it is not an object.
    """
    if isinstance(value, Mapping):
        value = {name: value[name] for name in names if name in value}
    return Reader(value, where, names, error=EntropyError)


def _check_hex(text: object, size: int, where: str) -> None:
    if not is_hex(text, 2 * size):
        raise EntropyError(f"{show(text)} is not {2 * size} lower-case hex characters", where=where)


DEFAULT = ChainInfo(
    public_key="868f005eb8e6e4ca0a47c8a77ceaa5309a47978a7c71bc5cce96366b5d7a569937c529eeda66c7293784a9402801af31",
    period=30,
    genesis_time=1595431050,
    group_hash="176f93498eac9ca337150b46d21dd58673ea4e3581185f869672e59fa4cb390a",
    scheme="pedersen-bls-chained",
    beacon_id="default",
)
"""The League of Entropy's first network: a round every 30 seconds since July 2020, chained."""

QUICKNET = ChainInfo(
    public_key=(
        "83cf0f2896adee7eb8b5f01fcad3912212c437e0073e911fb90022d3e760183c8c4b450b6a0a6c3ac6a5776a2d1064510d1fec758c921cc2"
        "2b0e17e63aaf4bcb5ed66304de9cf809bd274ca73bab4af5a6e9c76a4bc09e76eae8991ef5ece45a"
    ),
    period=3,
    genesis_time=1692803367,
    group_hash="f477d5c89f21a17c863a7f937c6a6d15859414d2be09cd448d4279af331c5d3e",
    scheme="bls-unchained-g1-rfc9380",
    beacon_id="quicknet",
)
"""The League of Entropy's network with a round every 3 seconds since August 2023, unchained."""

PROFILES: Mapping[str, ChainInfo] = MappingProxyType({info.hash: info for info in (DEFAULT, QUICKNET)})
"""The networks that the library vouches for, by chain hash."""


def profile_named(name: str) -> ChainInfo:
    """The network of this name: ``quicknet`` or ``default``.

    Raises:
        EntropyError: the library knows no such network.
    """
    for info in PROFILES.values():
        if info.beacon_id == name:
            return info
    known = ", ".join(sorted(info.beacon_id for info in PROFILES.values()))
    raise EntropyError(f"{show(name)} is not a network that the library knows; known are {known}", where="chain")
