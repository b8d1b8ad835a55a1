"""Whole ceremonies on sources from outside: recorded rounds and pulses, public events, locks, time stamps and logs.

People, secrets, authorities and logs are synthetic; the rounds and pulses are real, so a ceremony's times follow from
its sources. What a ceremony admits is in ``ceremonies``; this adds the sources with their values, and dates.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import attrs
import authority
import ceremonies as kit
import nistkit
import py_arkworks_bls12381 as curve
import timelocks

from dblrandom.beacons import drand as rounds
from dblrandom.beacons.drandchain import ChainInfo
from dblrandom.beacons.timelock import lock_evidence, locked_secret
from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Declared
from dblrandom.drawing.revealing import Value
from dblrandom.evidence import Authority, Report, TrustedKey, TrustedLog, verify
from dblrandom.kernel.bls import SCHEMES, round_message
from dblrandom.kernel.dsse import b64encode
from dblrandom.kernel.merkle import inclusion_path
from dblrandom.kernel.schemes import SCHEMES as SIGNATURES
from dblrandom.kernel.signing import Signer
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Json, Source
from dblrandom.model.names import time_seconds, time_text
from dblrandom.tlog import LOG_KEY, WITNESS_KEY, Checkpoint, LogEntry, LogProof, Note, VerifierKey, cosign
from dblrandom.tlog import sign_checkpoint as sign_root
from dblrandom.tlog.tree import root_of

RECORDED: dict[str, Any] = json.loads(
    (Path(__file__).parents[1] / "vectors" / "drand_rounds.json").read_text(encoding="utf-8")
)
DAY = 86400
LAST = 21000000
"""The latest recorded round of quicknet, and the one before it."""
BEFORE = LAST - 1
EVENT = "synthetic lottery, draw 31 of 2024"


def later(time: str, seconds: int) -> str:
    """So many seconds after a time."""
    return time_text(time_seconds(time) + seconds)


# Sources and what they turned out to be


@attrs.frozen
class Known:
    """A source, and its value with the evidence for it."""

    source: Source
    value: Value

    def named(self, name: str) -> Known:
        """The same under another name."""
        return attrs.evolve(self, source=attrs.evolve(self.source, name=name))

    def showing(self, evidence: Json) -> Known:
        """The same value with other evidence."""
        return attrs.evolve(self, value=Value(self.value.value, evidence))

    def declaring(self, not_before: str | None = None, **terms: str | int) -> Known:
        """The same value for another declaration."""
        moment = not_before or self.source.not_before
        changed = attrs.evolve(self.source, not_before=moment, terms={**self.source.terms, **terms})
        return attrs.evolve(self, source=changed)


def chain_info(chain: str) -> ChainInfo:
    """A recorded network."""
    return ChainInfo.from_json(RECORDED["chains"][chain]["info"], chain)


@cache
def drand(chain: str = "quicknet", number: int = LAST, name: str = "league") -> Known:
    """A recorded round."""
    info = chain_info(chain)
    source = rounds.drand_source(info, name, at=time_text(info.time_of(number)))
    return Known(source, Value(*rounds.evidence_of(info, _round(chain, number))))


def _round(chain: str, number: int) -> rounds.Round:
    recorded = next(r for r in RECORDED["rounds"] if (r["chain"], r["round"]) == (chain, number))
    return rounds.Round.from_json(recorded, "round")


@cache
def nist(name: str = "after") -> Known:
    """A recorded pulse."""
    source, value, evidence = nistkit.recorded_case(name)
    return Known(source, Value(value, evidence))


def public(value: str = "04711", at: str = kit.PUBLIC, *, name: str = "lottery", **terms: str | int) -> Known:
    """An outcome of a synthetic lottery of five digits, or of another form."""
    basic: dict[str, str | int] = {"event": EVENT, "form": "digits 5", "outcomes": 100000, "cancelled": "void"}
    source = Source(kind="public", name=name, not_before=at, terms=basic | terms)
    return Known(source, Value(value, {"report": "synthetic gazette 31"}))


def chain(at: str = kit.PUBLIC, step: int = 3) -> Known:
    """A step of the notary's hash chain."""
    return Known(kit.chain(step=step, not_before=at), Value(kit.chain_value(step)))


def secret(at: str = kit.PUBLIC) -> Known:
    """The discipline inspection's secret."""
    return Known(kit.held(not_before=at), Value(kit.secret("discipline")))


@cache
def lock(number: int = LAST, *, holds: str = "discipline", by: str = "discipline", network: str = "quicknet") -> Known:
    """The secret of ``by``, locked to a round, with the evidence that opens it.

    Where ``holds`` is another name, the file holds another secret than the one committed: it misopens.
    """
    info = chain_info(network)
    return _locked(info, number, by, holds, lock_evidence(info, _round(network, number)))


def _locked(info: ChainInfo, number: int, by: str, holds: str, evidence: Json) -> Known:
    def made(text: str) -> Source:
        return locked_secret(
            by,
            keyid=kit.key(by).keyid,
            secret=text,
            info=info,
            round=number,
            random=timelocks.RANDOM,
            suite=SHA256,
            ceremony=kit.NAME,
        )

    source = timelocks.changed(made(kit.secret(by)), timelock=made(kit.secret(holds)).terms["timelock"])
    return Known(source, Value(kit.secret(by), evidence))


def private_round(number: int = 7, at: str = kit.PUBLIC, name: str = "league") -> Known:
    """A round of a network that one person runs alone, so that he can sign it whenever he likes."""
    info, found = _private_network(number, at)
    terms: dict[str, str | int] = {"chain": info.hash, "round": number}
    source = Source(kind="drand", name=name, not_before=at, terms=terms)
    return Known(source, Value(*rounds.evidence_of(info, found)))


def private_lock(number: int = 7, at: str = kit.PUBLIC, *, holds: str = "discipline") -> Known:
    """The discipline inspection's secret, locked to a round that one person signs when it suits him."""
    info, found = _private_network(number, at)
    return _locked(info, number, "discipline", holds, lock_evidence(info, found))


def _private_network(number: int, at: str) -> tuple[ChainInfo, rounds.Round]:
    own = curve.Scalar(123456789)
    info = ChainInfo(
        public_key=(curve.G2Point() * own).to_compressed_bytes().hex(),
        period=3,
        genesis_time=time_seconds(at) - 3 * (number - 1),
        group_hash="11" * 32,
        scheme="bls-unchained-g1-rfc9380",
        beacon_id="own",
    )
    point = curve.G1Point.hash_to_curve(round_message(number, b""), SCHEMES[info.scheme].dst)
    return info, rounds.Round(round=number, signature=(point * own).to_compressed_bytes().hex())


# Ceremonies


def deadlines(given: Sequence[Known]) -> dict[str, str]:
    """A day for the reveal from the last source on, another for the draw, a year for the results."""
    last = max(known.source.not_before for known in given)
    return {"reveal": later(last, DAY), "draw": later(last, 2 * DAY), "result": later(last, 365 * DAY)}


def committed(
    *given: Known, by: Sequence[str] = ("notary", "discipline"), also: Sequence[Declared] = (), **options: Any
) -> Ceremony:
    """Committed a day before the first source, and dated five minutes later by the witnesses named in ``by``."""
    start = options.pop("start", later(min(k.source.not_before for k in given), -DAY))
    seconds: Sequence[Signer] = options.pop("seconds", ())
    made = options.pop("made", None) or kit.opened(**options)
    kit.commit(
        made,
        entropy=[known.source for known in given],
        signers=[*kit.declared(), *also],
        deadlines=deadlines(given),
        time=start,
        keys=[*kit.keys(*kit.SIGNERS), *seconds],
    )
    for name in by:
        made.witness(time=later(start, 300), keys=kit.keys(name))
    return made


def finished(made: Ceremony, *given: Known, seconds: Sequence[Signer] = ()) -> Ceremony:
    """Revealed and drawn as soon as that can be."""
    moment = max(max(k.source.not_before for k in given), made.receipts[-1].time)
    keys = [kit.key("organiser"), *seconds]
    made.reveal({k.source.name: k.value for k in given}, time=moment, keys=keys)
    made.draw(time=later(moment, 60), keys=keys)
    return made


def drawn(*given: Known, **options: Any) -> Ceremony:
    """A ceremony on these sources, to the draw."""
    return finished(committed(*given, **options), *given)


def judged(made: Ceremony, **options: Any) -> Report:
    """What a verifier finds who looks at the moment of the last receipt; ``schemes`` adds to the usual ones."""
    trust = options.pop("trust", None) or made.trust or kit.policy()
    schemes = SIGNATURES | options.pop("schemes", {})
    basic: dict[str, Any] = {"rosters": kit.all_rosters(made), "as_of": made.receipts[-1].time, "vouched": True}
    return verify(made.envelopes, trust=trust, schemes=schemes, **basic | options)


# Time stamps


def trusted(links: authority.Chain, name: str = "authority") -> Authority:
    """The authority as a policy names it."""
    return Authority(name=name, certificate=b64encode(links.root.der))


def stamp(payload: bytes, links: authority.Chain, **changes: Any) -> dict[str, Json]:
    """A token over a payload, with its chain, as a witness receipt carries it; see :func:`authority.forged`."""
    return carried(authority.forged(links.leaf, hashlib.sha256(payload).digest(), **changes), links)


def carried(token: bytes, links: authority.Chain) -> dict[str, Json]:
    """A token and its chain in the form of a receipt's body."""
    return {"token": b64encode(token), "certificates": [b64encode(der) for der in links.ders]}


def at(time: str) -> str:
    """A time as tokens have it."""
    return time.translate({ord(c): None for c in "-T:"})


# Logs

ORIGIN = "log.example/receipts"


def log_key(origin: str = ORIGIN) -> VerifierKey:
    """A log's key."""
    return VerifierKey.of(origin, LOG_KEY, kit.key(f"log {origin}"))


def cosigner(name: str) -> VerifierKey:
    """The key of a log's witness."""
    return VerifierKey.of(f"{name}.example", WITNESS_KEY, kit.key(f"log witness {name}"))


def trusted_log(*witnesses: str, threshold: int = 1, origin: str = ORIGIN) -> TrustedLog:
    """A log as a policy names it."""
    keys = tuple(cosigner(name).text for name in witnesses)
    return TrustedLog(key=log_key(origin).text, witnesses=keys, threshold=threshold)


def proof(payload: bytes, origin: str = ORIGIN, **cosigned: str) -> str:
    """The proof that a receipt stands in a log of three entries, cosigned by each name at the time given."""
    entry = LogEntry.of_payload(payload, SHA256)
    others = [attrs.evolve(entry, ceremony=f"synthetic-{n}") for n in (1, 2)]
    leaves = [others[0].leaf, entry.leaf, others[1].leaf]
    note = sign_root(Checkpoint(origin=origin, size=3, root=root_of(leaves)), kit.key(f"log {origin}"))
    for name, time in cosigned.items():
        key = cosigner(name)
        line = cosign(note.text, name=key.name, signer=kit.key(f"log witness {name}"), time=time)
        note = Note(note.text, (*note.signatures, line))
    return LogProof(index=1, path=tuple(inclusion_path(SHA256, leaves, 1)), checkpoint=note.full).text


# Second signatures


def second_key(signer: Any, name: str, *roles: str, **limits: str) -> TrustedKey:
    """A key of another algorithm as a policy names it, of the same holder as his first."""
    public = signer.public_key.hex()
    return TrustedKey(name=name, public_key=public, roles=roles, algorithm=signer.algorithm, **limits)


def second_declared(signer: Any, name: str, role: str = "organiser") -> Declared:
    """A key of another algorithm as a commitment declares it."""
    return Declared(role=role, public_key=signer.public_key.hex(), algorithm=signer.algorithm, name=name)
