"""Trust policy files: anchors read from the files of those who hold them, added one by one (docs/spec, section 7).

A policy is the verifier's own. Every function here gives a new one, and none puts an anchor in the place of another of
the same name: that would be the way to have a stranger's key trusted without anybody noticing.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable, Sequence
from pathlib import Path

import attrs

from dblrandom import limits
from dblrandom.adapters.files import read_bytes, write_atomic, write_new
from dblrandom.adapters.hashchains import store as chainstore
from dblrandom.adapters.index import INDEX_NAME
from dblrandom.adapters.keyfiles import read_public_key
from dblrandom.errors import FolderError, InputError, KeyFileError
from dblrandom.evidence import Authority, PinnedChain, Requirement, TrustedEvent, TrustedKey, TrustedLog, TrustPolicy
from dblrandom.kernel._chain import load
from dblrandom.kernel.dsse import b64encode
from dblrandom.kernel.schemes import algorithm_of_key
from dblrandom.kernel.timestamps import certificate_name, certificates_from_pem
from dblrandom.model.json import show

__all__ = [
    "Root",
    "read_authority",
    "read_chain",
    "read_key",
    "remarks_on",
    "root_of",
    "with_authority",
    "with_chain",
    "with_event",
    "with_key",
    "with_limits",
    "with_log",
    "with_network",
    "with_requirements",
    "write_policy",
]

_MOST_PEM_BYTES = limits.PEM_BYTES
_SHORTEST_ID = 8


@attrs.frozen(kw_only=True)
class Root:
    """What people compare of an authority's root certificate.

    Attributes:
        subject: whom it names, as text (RFC 4514).
        sha256: of its DER bytes, in hex.
        expires: the last moment of its validity, ``YYYY-MM-DDThh:mm:ssZ``.
    """

    subject: str
    sha256: str
    expires: str


def root_of(authority: Authority) -> Root:
    """Read an authority's root.

    Raises:
        KeyFileError: its validity cannot be read.
    """
    where = f"authority {authority.name!r}"
    certificate = load(authority.root, where)
    try:
        expires = certificate.not_valid_after_utc.isoformat().replace("+00:00", "Z")
    except (ValueError, OverflowError) as error:
        raise KeyFileError("its certificate's validity cannot be read", where=where) from error
    digest = hashlib.sha256(authority.root).hexdigest()
    return Root(subject=certificate_name(authority.root, where), sha256=digest, expires=expires)


def read_authority(name: str, path: str | os.PathLike[str]) -> Authority:
    """Read the root certificate of a time stamp authority from a PEM file.

    Raises:
        FolderError: the file cannot be read.
        KeyFileError: it does not hold exactly one certificate, or that is not a root.
    """
    where = os.fspath(path)
    found = certificates_from_pem(read_bytes(path, _MOST_PEM_BYTES), where)
    if len(found) != 1:
        raise KeyFileError(f"holds {len(found)} certificates; give a file with the root alone", where=where)
    certificate = load(found[0], where)
    if certificate.subject != certificate.issuer:
        issuer = certificate.issuer.rfc4514_string()
        raise KeyFileError(f"is no root: {issuer!r} issued it; give that one's certificate", where=where)
    return Authority(name=name, certificate=b64encode(found[0]))


def read_chain(folder: str | os.PathLike[str]) -> PinnedChain:
    """Read what pins a hash chain from its public files, every one of which is checked first.

    Raises:
        VerificationError: a revealed value does not lead to the tip.
        FolderError, InputError: the folder or its description cannot be read.
    """
    info, _ = chainstore.verify(folder)
    return PinnedChain(tip=info.tip, operator=info.operator, genesis=info.schedule.genesis, period=info.schedule.period)


def read_key(role: str, path: str | os.PathLike[str], name: str) -> TrustedKey:
    """Read a holder's public key; its size tells the algorithm.

    Raises:
        FolderError: the file cannot be read.
        InputError: it holds no public key, or there is no such role.
    """
    raw = read_public_key(path)
    return TrustedKey(name=name, public_key=raw.hex(), algorithm=algorithm_of_key(raw), roles=(role,))


def with_key(policy: TrustPolicy, key: TrustedKey) -> TrustPolicy:
    """The policy with a further key, or with further roles for one that it has; its limits stay as they are.

    Raises:
        InputError: the key is another holder's, or the roles do not go together.
    """
    same = policy.key(key.keyid)
    if same is None:
        return attrs.evolve(policy, keys=(*policy.keys, key))
    if same.name != key.name:
        raise InputError(f"this key is in the policy as that of {same.name!r}", where=f"trusted key {key.name!r}")
    return _changed(policy, same, roles=tuple(dict.fromkeys((*same.roles, *key.roles))))


def with_limits(
    policy: TrustPolicy, holder: str, *, revoked: str | None = None, valid_until: str | None = None
) -> TrustPolicy:
    """The policy with a key revoked, or valid until a time, from which its signatures count no more.

    ``holder`` is the holder's name; where he has several keys, the key's id, or 8 or more characters that begin it.

    Raises:
        InputError: no such holder, several keys, or a time before the key is valid.
    """
    key = _one_key(policy, holder)
    if revoked is not None and key.valid_from is not None and revoked < key.valid_from:
        raise InputError(
            f"it cannot be revoked on {revoked}, before it is valid from {key.valid_from}; to trust it at no time, "
            "take it out of the file",
            where=f"trusted key {key.name!r}",
        )
    limits = {"revoked": revoked, "valid_until": valid_until}
    return _changed(policy, key, **{name: time for name, time in limits.items() if time is not None})


def _changed(policy: TrustPolicy, key: TrustedKey, **changes: object) -> TrustPolicy:
    changed = attrs.evolve(key, **changes)  # type: ignore[arg-type]  # each is checked by the key itself
    return attrs.evolve(policy, keys=tuple(changed if k is key else k for k in policy.keys))


def _one_key(policy: TrustPolicy, holder: str) -> TrustedKey:
    is_id = len(holder) >= _SHORTEST_ID
    found = [k for k in policy.keys if k.name == holder or (is_id and k.keyid.startswith(holder))]
    if not found:
        known = ", ".join(dict.fromkeys(key.name for key in policy.keys))
        raise InputError(f"{show(holder)} is the holder of no key; there are {known}", where="trust policy")
    if len(found) > 1:
        ids = ", ".join(key.keyid[:16] for key in found)
        raise InputError(f"{show(holder)} has {len(found)} keys; name the one by its id: {ids}", where="trust policy")
    return found[0]


def with_chain(policy: TrustPolicy, chain: PinnedChain) -> TrustPolicy:
    """The policy with a pinned hash chain.

    Raises:
        InputError: its tip is pinned already, with another operator or schedule.
    """
    same = policy.pinned(chain.tip)
    if same not in (None, chain):
        raise InputError(
            f"{chain.tip[:16]}... is pinned with another operator or schedule; find out which is right, and take the "
            "other out of the file",
            where="trust policy: chains",
        )
    return policy if same else attrs.evolve(policy, chains=(*policy.chains, chain))


def with_authority(policy: TrustPolicy, authority: Authority) -> TrustPolicy:
    """The policy with a time stamp authority, or with one more root of it.

    Raises:
        InputError: its root is in the policy under another name, or a holder of a key has its name.
    """
    same = next((a for a in policy.authorities if a.certificate == authority.certificate), None)
    if same is not None and same.name != authority.name:
        raise InputError(f"this root is in the policy as that of {same.name!r}", where=f"authority {authority.name!r}")
    return policy if same else attrs.evolve(policy, authorities=(*policy.authorities, authority))


def with_log(policy: TrustPolicy, log: TrustedLog) -> TrustPolicy:
    """The policy with a log; for one that it has, with these witnesses and this threshold.

    Raises:
        InputError: the log is in the policy with another key, or a holder of a key has its name.
    """
    name = log.verifier.name
    same = next((one for one in policy.logs if one.verifier.name == name), None)
    if same is None:
        return attrs.evolve(policy, logs=(*policy.logs, log))
    if same.key != log.key:
        raise InputError(
            f"the policy has another key of {name!r}; find out which is right, and take the other out of the file",
            where="trust policy: logs",
        )
    return attrs.evolve(policy, logs=tuple(log if one is same else one for one in policy.logs))


def with_event(policy: TrustPolicy, event: TrustedEvent) -> TrustPolicy:
    """The policy with a public event that its owner has looked up.

    Raises:
        InputError: the event is there with another number of outcomes.
    """
    known = policy.vouched(event.event)
    if known == event.outcomes:
        return policy
    if known is not None:
        where = f"event {event.event!r}"
        raise InputError(f"is there with {known} outcomes; take it out of the file first", where=where)
    return attrs.evolve(policy, events=(*policy.events, event))


def with_network(policy: TrustPolicy, network: str) -> TrustPolicy:
    """The policy with a public beacon: a drand chain's hash, or the id of a certificate that signs pulses."""
    if network in policy.networks:
        return policy
    return attrs.evolve(policy, networks=(*policy.networks, network))


def with_requirements(policy: TrustPolicy, kind: str, needs: Sequence[Requirement]) -> TrustPolicy:
    """The policy with these needs for receipts of one type, in the place of those that it had."""
    return attrs.evolve(policy, require={**policy.require, kind: tuple(needs)})


def remarks_on(policy: TrustPolicy) -> tuple[str, ...]:
    """What nobody could meet, and what would count for nothing: a policy that says it is lawful, and hardly meant."""
    found = []
    for kind, needs in policy.require.items():
        for need in needs:
            keys = [k for k in policy.keys if need.role in k.roles and k.algorithm == need.algorithm]
            holders = {k.name for k in keys if not need.of or k.name in need.of}
            if len(holders) < need.threshold:
                found.append(f"no {kind} can pass: it needs {need.threshold} of role {need.role}, of {len(holders)}")
    daters = {k.name for k in policy.keys if "witness" in k.roles} | {a.name for a in policy.authorities}
    daters |= {log.verifier.name for log in policy.logs}
    if len(daters) < policy.witnesses:
        found.append(f"no commitment can pass: {policy.witnesses} must date it, of {len(daters)}")
    for chain in policy.chains:
        if not policy.is_independent(chain.operator):
            found.append(
                f"the chain {chain.tip[:16]} does not count as independent: its operator {chain.operator[:16]} is "
                "the holder of no key here, or the organiser"
            )
    return tuple(found)


def write_policy(path: str | os.PathLike[str], policy: TrustPolicy, *, replace: bool = False) -> None:
    """Write a policy's file whole, or not at all.

    Raises:
        FolderError: without ``replace`` something is there already; the place cannot be written, or is a ceremony's
            folder, whose files are listed with their hashes.
        InputError: what would be written could not be read again.
    """
    target = Path(path)
    if os.path.lexists(target.parent / INDEX_NAME):
        raise FolderError(
            f"{target}: lies in a ceremony's folder, which must not change; write it elsewhere: --out FILE"
        )
    data = policy.to_bytes()
    TrustPolicy.from_bytes(data, str(target))
    write: Callable[[Path, bytes, int], None] = write_atomic if replace else write_new
    write(target, data, 0o644)
