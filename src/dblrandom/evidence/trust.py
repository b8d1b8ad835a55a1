"""Trust policy: whose keys count, for what, until when, and how many must sign (docs/spec, section 7).

The policy is the verifier's own; nothing in a ceremony can widen it.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import cast

import attrs

from dblrandom.drawing.commitment import ROLES
from dblrandom.errors import DblrandomError, InputError
from dblrandom.evidence.anchors import (
    AUTHORITY,
    EVENT,
    LOG,
    PIN,
    Authority,
    PinnedChain,
    TrustedEvent,
    TrustedLog,
    from_entries,
)
from dblrandom.evidence.bodies import ALGORITHM, BODIES, DIGEST, FREE, PUBLIC_KEY, TIME
from dblrandom.evidence.shapes import Array, Integer, Object, OneOf, Text
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.schemes import check_key
from dblrandom.kernel.signing import keyid
from dblrandom.limits import REQUIREMENTS
from dblrandom.model import Json, time_seconds
from dblrandom.model.likeness import alike_pair

__all__ = ["Requirement", "TrustPolicy", "TrustedKey"]

_KEY = Object(
    {"name": FREE, "algorithm": ALGORITHM, "public_key": PUBLIC_KEY, "roles": Array(OneOf(ROLES), 1)},
    {"valid_from": TIME, "valid_until": TIME, "revoked": TIME},
)
_FIRST = "ed25519"
NETWORK = Text("[0-9a-f]{64}|[0-9a-f]{128}", "a drand chain's hash (64 hex characters) or a certificate's id (128)")
_NEED = Object({"role": OneOf(ROLES), "threshold": Integer(1)}, {"algorithm": ALGORITHM, "of": Array(FREE, 1)})
_SHAPE = Object(
    {
        "specification": OneOf(("dblrandom/v1",)),
        "keys": Array(_KEY, 1),
        "require": Object(others=Array(_NEED)),
        "chains": Array(PIN),
        "margin": Integer(),
        "witnesses": Integer(),
    },
    {
        "authorities": Array(AUTHORITY, 1),
        "events": Array(EVENT, 1),
        "logs": Array(LOG, 1),
        "networks": Array(NETWORK, 1),
        "previous_ceremony": DIGEST,
    },
)


@attrs.frozen(kw_only=True)
class TrustedKey:
    """A key and its holder.

    Signatures count from ``valid_from`` to ``valid_until`` and, for a key that was ``revoked``, only where another
    witness dates them before that moment. Two keys of one holder (the same ``name``) count as one.
    """

    name: str
    public_key: str
    roles: tuple[str, ...]
    algorithm: str = "ed25519"
    valid_from: str | None = None
    valid_until: str | None = None
    revoked: str | None = None

    def __attrs_post_init__(self) -> None:
        _KEY.check(self.to_json(), f"trusted key {self.name!r}")
        check_key(self.algorithm, bytes.fromhex(self.public_key), f"trusted key {self.name!r}")
        if "organiser" in self.roles and len(self.roles) > 1:
            raise InputError(
                "the organiser's key cannot have another role: he cannot witness, or be independent of, himself",
                where=f"trusted key {self.name!r}",
            )

        if self.valid_from is not None and self.valid_until is not None and self.valid_from > self.valid_until:
            raise InputError("it is valid until before it is valid from", where=f"trusted key {self.name!r}")

    @property
    def keyid(self) -> str:
        """The key's id: SHA-256 of the raw public key, in hex."""
        return keyid(bytes.fromhex(self.public_key))

    def to_json(self) -> dict[str, Json]:
        """The key as the policy file has it."""
        found: dict[str, Json] = {
            "name": self.name,
            "algorithm": self.algorithm,
            "public_key": self.public_key,
            "roles": list(self.roles),
        }
        limits = {"valid_from": self.valid_from, "valid_until": self.valid_until, "revoked": self.revoked}
        return found | {name: value for name, value in limits.items() if value is not None}


@attrs.frozen
class Requirement:
    """At least ``threshold`` different holders of the role must have signed; where ``of`` names some, of these.

    With an ``algorithm`` other than ``ed25519`` it asks for their second signatures, beside the first ones.
    """

    role: str
    threshold: int
    of: tuple[str, ...] = ()
    algorithm: str = _FIRST
    among: frozenset[str] = attrs.field(
        init=False, repr=False, eq=False, default=attrs.Factory(lambda self: frozenset(self.of), takes_self=True)
    )
    """The names of ``of``, to be looked up."""

    def to_json(self) -> dict[str, Json]:
        """The entry as the policy file has it."""
        found: dict[str, Json] = {"role": self.role, "threshold": self.threshold}
        if self.algorithm != _FIRST:
            found["algorithm"] = self.algorithm
        return {**found, "of": list(self.of)} if self.of else found


def _keys(keys: Iterable[TrustedKey]) -> tuple[TrustedKey, ...]:
    return tuple(keys)


def _chains(chains: Iterable[PinnedChain]) -> tuple[PinnedChain, ...]:
    return tuple(chains)


def _authorities(authorities: Iterable[Authority]) -> tuple[Authority, ...]:
    return tuple(authorities)


def _logs(logs: Iterable[TrustedLog]) -> tuple[TrustedLog, ...]:
    return tuple(logs)


def _events(events: Iterable[TrustedEvent]) -> tuple[TrustedEvent, ...]:
    return tuple(events)


def _roles(roles: Iterable[str]) -> tuple[str, ...]:
    return tuple(roles)


def _default_requirements() -> Mapping[str, tuple[Requirement, ...]]:
    return MappingProxyType({k: (Requirement("organiser", 1),) for k in BODIES if k != "witness"})


@attrs.frozen(kw_only=True)
class TrustPolicy:
    """Whom a verifier trusts.

    Attributes:
        keys: the known keys.
        require: for each receipt type, who must have signed; the organiser alone where a type is not named.
        chains: the hash chains that are known to be their operators'.
        margin: seconds that must lie between the commitment's date and the earliest independent value.
        witnesses: how many different witnesses must have dated the commitment; 0 makes that a finding.
        previous_ceremony: the last digest of the organiser's ceremony before, where the verifier knows it.
        authorities: the time stamp authorities whose tokens date as a witness does.
        logs: the logs whose cosigned proofs date as a witness does.
        networks: public beacons, beyond those that the library vouches for, that are trusted to be nobody's own: drand
            chain hashes, and ids of certificates that sign pulses.
        events: the public events that the verifier has looked up, each with the number of its outcomes.
    """

    keys: tuple[TrustedKey, ...] = attrs.field(converter=_keys)
    require: Mapping[str, tuple[Requirement, ...]] = attrs.field(factory=_default_requirements)
    chains: tuple[PinnedChain, ...] = attrs.field(default=(), converter=_chains)
    margin: int = 60
    witnesses: int = 1
    previous_ceremony: str | None = None
    authorities: tuple[Authority, ...] = attrs.field(default=(), converter=_authorities)
    logs: tuple[TrustedLog, ...] = attrs.field(default=(), converter=_logs)
    networks: tuple[str, ...] = attrs.field(default=(), converter=_roles)
    events: tuple[TrustedEvent, ...] = attrs.field(default=(), converter=_events)
    _by_id: Mapping[str, TrustedKey] = attrs.field(init=False, repr=False, eq=False)

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "_by_id", MappingProxyType({key.keyid: key for key in self.keys}))
        seen: dict[str, str] = {}
        for key in self.keys:
            if key.public_key in seen:
                raise InputError(f"{key.name!r} and {seen[key.public_key]!r} have the same key", where="trust policy")
            seen[key.public_key] = key.name
        if not all(isinstance(chain, PinnedChain) for chain in self.chains):
            raise InputError("a pinned chain is a PinnedChain", where="trust policy: chains")
        if len({event.event for event in self.events}) != len(self.events):
            raise InputError("one event is there twice", where="trust policy: events")
        object.__setattr__(self, "require", MappingProxyType({**_default_requirements(), **self.require}))
        _SHAPE.check(self.to_json(), "trust policy")
        names = {key.name for key in self.keys}
        anchors = [a.name for a in self.authorities] + [log.verifier.name for log in self.logs]
        alike = alike_pair((*sorted(names), *anchors))
        if alike is not None:
            raise InputError(
                f"the names {alike[0]!r} and {alike[1]!r} look the same; write them alike", where="trust policy"
            )
        for anchor in anchors:
            if anchor in names:
                raise InputError(f"{anchor!r} is a key's holder too: give it another name", where="trust policy")
        for cosigner in (key for log in self.logs for key in log.cosigners):
            if cosigner.public_key.hex() in seen:
                holder = seen[cosigner.public_key.hex()]
                problem = f"{cosigner.name!r} has the key of {holder!r}, who would count twice: it needs its own"
                raise InputError(problem, where="trust policy: logs")
        for kind, needs in self.require.items():
            if kind not in BODIES:
                raise InputError(f"there is no receipt type {kind!r}", where="trust policy: require")
            if len(needs) > REQUIREMENTS:
                raise InputError(
                    f"{len(needs)} requirements, and {REQUIREMENTS} are the most; state fewer",
                    where=f"trust policy: require.{kind}",
                )
            for stranger in (name for need in needs for name in need.of if name not in names):
                raise InputError(f"{stranger!r} is the holder of no key", where=f"trust policy: require.{kind}")
        others = {k.name for k in self.keys if set(k.roles) - {"organiser"}}
        unlike = [k.name for k in self.keys if "organiser" in k.roles and k.name in others]
        if unlike:
            raise InputError(
                f"{unlike[0]!r} is the organiser and holds another key with another role", where="trust policy"
            )

    def key(self, keyid: str) -> TrustedKey | None:
        """The trusted key of that id, or ``None``."""
        return self._by_id.get(keyid)

    def pinned(self, tip: str) -> PinnedChain | None:
        """The pinned chain with that tip, or ``None``."""
        return next((chain for chain in self.chains if chain.tip == tip), None)

    def vouched(self, event: str) -> int | None:
        """How many outcomes the policy vouches for of a public event, or ``None``."""
        return next((known.outcomes for known in self.events if known.event == event), None)

    def is_independent(self, keyid: str) -> bool:
        """Whether the key is known and not the organiser's own."""
        key = self.key(keyid)
        return key is not None and "organiser" not in key.roles

    def to_json(self) -> dict[str, Json]:
        """The policy as its file has it."""
        found: dict[str, Json] = {
            "specification": "dblrandom/v1",
            "keys": [key.to_json() for key in self.keys],
            "require": {kind: [need.to_json() for need in needs] for kind, needs in self.require.items()},
            "chains": [chain.to_json() for chain in self.chains],
            "margin": self.margin,
            "witnesses": self.witnesses,
        }
        if self.previous_ceremony is not None:
            found["previous_ceremony"] = self.previous_ceremony
        more: dict[str, list[Json]] = {
            "authorities": [authority.to_json() for authority in self.authorities],
            "logs": [log.to_json() for log in self.logs],
            "networks": list(self.networks),
            "events": [event.to_json() for event in self.events],
        }
        return found | {name: entries for name, entries in more.items() if entries}

    def to_bytes(self) -> bytes:
        """The policy file: canonical JSON."""
        return encode(self.to_json())

    @classmethod
    def from_bytes(cls, data: bytes, where: str = "trust policy") -> TrustPolicy:
        """Read a policy file.

        Raises:
            InputError: not canonical JSON, or a member missing, unknown or out of range.
        """
        value = decode(data, where)
        try:
            _SHAPE.check(value, where)
        except DblrandomError as error:
            raise InputError(str(error)) from error
        members = cast("dict[str, Json]", value)
        keys = cast("list[dict[str, Json]]", members["keys"])
        require = cast("dict[str, list[dict[str, Json]]]", members["require"])
        return cls(
            keys=tuple(_key(entry) for entry in keys),
            require=MappingProxyType({kind: tuple(_requirement(n) for n in needs) for kind, needs in require.items()}),
            chains=from_entries(PinnedChain, members["chains"]),
            authorities=from_entries(Authority, members.get("authorities", [])),
            logs=from_entries(TrustedLog, members.get("logs", [])),
            networks=cast("tuple[str, ...]", members.get("networks", ())),
            events=from_entries(TrustedEvent, members.get("events", [])),
            margin=cast(int, members["margin"]),
            witnesses=cast(int, members["witnesses"]),
            previous_ceremony=cast("str | None", members.get("previous_ceremony")),
        )

    def earliest_lawful(self, dated: str) -> int:
        """The first second at which an independent value may be public, for a commitment dated ``dated``."""
        return time_seconds(dated) + self.margin


def _requirement(entry: Mapping[str, Json]) -> Requirement:
    of = tuple(cast("list[str]", entry.get("of", [])))
    algorithm = cast(str, entry.get("algorithm", _FIRST))
    return Requirement(cast(str, entry["role"]), cast(int, entry["threshold"]), of, algorithm)


def _key(entry: Mapping[str, Json]) -> TrustedKey:
    return TrustedKey(
        name=cast(str, entry["name"]),
        algorithm=cast(str, entry["algorithm"]),
        public_key=cast(str, entry["public_key"]),
        roles=tuple(cast("list[str]", entry["roles"])),
        valid_from=cast("str | None", entry.get("valid_from")),
        valid_until=cast("str | None", entry.get("valid_until")),
        revoked=cast("str | None", entry.get("revoked")),
    )
