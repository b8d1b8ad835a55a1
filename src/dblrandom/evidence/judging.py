"""What makes a seed trustworthy, and what a report must say where it is missing (docs/spec, section 3)."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from itertools import takewhile
from typing import cast

import attrs

from dblrandom.beacons import Beacon
from dblrandom.beacons.public import shortest_text
from dblrandom.beacons.timelock import check_lock_window, is_locked, lock_time
from dblrandom.drawing.commitment import Commitment, beacon_for
from dblrandom.errors import VerificationError
from dblrandom.evidence.breadth import measure, note_declared
from dblrandom.evidence.dating import Dates
from dblrandom.evidence.disclosing import check_disclosed, disclosed_in
from dblrandom.evidence.receipt import Receipt
from dblrandom.evidence.report import Finding, Notes, failing
from dblrandom.evidence.trust import TrustPolicy
from dblrandom.model import Json, Source, time_seconds

__all__ = [
    "Case",
    "Committed",
    "decisive_moment",
    "earliest_independent",
    "independent_sources",
    "judge_entropy",
    "may_be_foreseen",
]

_ENOUGH = 2**64
_OF_PERSONS = ("hashchain", "secret")
"""The kinds whose holder is somebody with a key; no network can stand in for one."""


@attrs.frozen(kw_only=True)
class Committed:
    """A commitment in its place: its receipt, the keys that signed it, and the digests of secrets used before it."""

    receipt: Receipt
    commitment: Commitment
    signed: frozenset[str]
    used_before: frozenset[str]


@attrs.frozen(kw_only=True)
class Case:
    """What every judgement needs: the chain, whom the verifier trusts, what the witnesses show, and when it is now."""

    receipts: tuple[Receipt, ...]
    trust: TrustPolicy
    dates: Dates
    beacons: Mapping[str, Beacon]
    as_of: str | None
    notes: Notes


def independent_sources(committed: Committed, case: Case) -> tuple[Source, ...]:
    """The sources that neither the organiser nor his own can know or choose, as far as the policy shows it.

    A source that nobody holds counts always. One with a holder counts where he is trusted, is not the organiser, and
    signed the commitment; for a hash chain it is as good that the policy pins it to him.
    """
    own = {s.public_key for s in committed.commitment.signers if s.role == "organiser"}
    return tuple(s for s in committed.commitment.sources if _is_independent(s, committed, case, own))


def _is_independent(source: Source, committed: Committed, case: Case, own: Collection[str]) -> bool:
    holder, trust = beacon_for(source, case.beacons).holder(source), case.trust
    if holder is None:
        return True
    if source.kind not in _OF_PERSONS and holder in trust.networks:
        return True
    key = trust.key(holder)
    if key is None or key.public_key in own or not trust.is_independent(holder):
        return False
    if source.kind == "hashchain" and trust.pinned(str(source.terms["tip"])) is not None:
        return True
    return holder in committed.signed


def earliest_independent(committed: Committed, case: Case) -> str | None:
    """The first moment at which an independent value can be public; secrets count only where there is nothing else."""
    independent = independent_sources(committed, case)
    outside = [s.not_before for s in independent if s.kind != "secret"]
    return min(outside or [s.not_before for s in independent], default=None)


def decisive_moment(committed: Committed, case: Case) -> str:
    """From when on the organiser may know what would be drawn, so that nothing can be given up any more.

    That is the earliest moment of an independent value; where all independent sources are secrets, the moment at which
    the last of them was disclosed, if that was before. Where nothing is independent it is the earliest moment of all.
    """
    sources = committed.commitment.sources
    independent = independent_sources(committed, case)
    moments = [s.not_before for s in independent if s.kind != "secret"] or [
        s.not_before for s in independent or sources
    ]
    disclosed = _disclosed(committed, case)
    if independent and all(source.name in disclosed for source in independent):
        moments.append(max(disclosed[source.name] for source in independent))
    return min(moments)


def may_be_foreseen(committed: Committed, case: Case, void: Receipt) -> tuple[str, ...]:
    """The sources by which a draw could be known before a void, as only their declarer says when they were public.

    One value that is shown to have been unknown at the void is enough: without it nobody knows the seed. That is shown
    by a schedule that can be computed, and by the word of a holder who is independent.
    """
    independent = independent_sources(committed, case)
    dated = case.dates.by(void.sequence, case.trust.witnesses)
    disclosed = _disclosed(committed, case)
    for source in independent:
        early = dated is not None and source.not_before <= dated
        held = source.kind == "hashchain" or (source.kind == "secret" and source.name not in disclosed)
        scheduled = source.kind not in _OF_PERSONS and beacon_for(source, case.beacons).public_from(source) is not None
        if not early and (held or scheduled):
            return ()
    return tuple(f"{s.name} ({s.kind})" for s in independent or committed.commitment.sources)


def judge_entropy(committed: Committed, case: Case) -> None:
    """Judge one commitment's sources and its date; findings go into the case's notes.

    Raises:
        VerificationError: a secret used before, too few witnesses, or a value that could be public too early.
    """
    notes, where = case.notes, committed.receipt.label
    for source in committed.commitment.sources:
        if source.kind == "secret" and source.terms["digest"] in committed.used_before:
            raise VerificationError(
                "entropy", f"the secret {source.name!r} was committed before and is known", where=where
            )
    _check_pins(committed, case)
    independent = independent_sources(committed, case)
    if not independent:
        notes.found(Finding.NOT_INDEPENDENT, f"{where}: no source is shown to be independent of the organiser")
    _note_schedules(independent, committed, case)
    _judge_breadth(independent, committed, case)
    dated = _judge_date(committed, case)
    if dated is not None and _void(committed, case) is None:
        _check_locks(committed, case, dated)
    _judge_withholding(committed, case)
    names = ", ".join(f"{s.name} ({s.kind})" for s in independent) or "none"
    notes.passed("entropy", where, f"independent sources: {names}" + (f"; dated {dated}" if dated else ""))


def _judge_breadth(independent: Sequence[Source], committed: Committed, case: Case) -> None:
    """Too few outcomes can be tried one by one; what is only declared does not count."""
    where, reveal = committed.receipt.label, _reveal(committed, case)
    breadth = measure(independent, case.trust, case.beacons, reveal)
    if independent and breadth.outcomes < _ENOUGH:
        case.notes.found(Finding.GRINDABLE, f"{where}: the independent sources have only {breadth}, fewer than 2^64")
    note_declared(committed.commitment.sources, case.trust, reveal, where, case.notes)


def _note_schedules(independent: Collection[Source], committed: Committed, case: Case) -> None:
    """Who declares a moment later than the true one sees the value while he can still give the commitment up."""
    evidence = _revealed_after(committed, case) and _void(committed, case) is None
    for source in independent:
        shown = source.kind in ("hashchain", "secret") or beacon_for(source, case.beacons).public_from(source)
        if not shown and (source.kind == "public" or not evidence):
            unshown = f"{source.name}: nothing here shows that its value was not public before {source.not_before}"
            case.notes.skipped("schedule", committed.receipt.label, unshown)


def _check_pins(committed: Committed, case: Case) -> None:
    """A pinned chain's schedule says when a step is public; a commitment that says otherwise is false."""
    for source in committed.commitment.sources:
        if source.kind != "hashchain":
            continue
        pin = case.trust.pinned(str(source.terms["tip"]))
        if pin is None:
            unpinned = f"{source.name}: the policy pins no schedule, so an earlier reveal of its step would not show"
            case.notes.skipped("hash chain", committed.receipt.label, unpinned)
        elif pin.operator != source.terms["operator"]:
            problem = f"the pinned chain {source.name!r} is not that of the operator whom the commitment names"
            raise VerificationError("entropy", problem, where=committed.receipt.label)
        elif pin.public_from(int(source.terms["step"])) != time_seconds(source.not_before):
            raise VerificationError(
                "entropy",
                f"the pinned chain {source.name!r} does not reveal step {source.terms['step']} at {source.not_before}",
                where=committed.receipt.label,
            )
        else:
            shown = f"{source.name}: the pinned schedule reveals step {source.terms['step']} at {source.not_before}"
            case.notes.passed("hash chain", committed.receipt.label, shown)


def _judge_date(committed: Committed, case: Case) -> str | None:
    """The commitment's date; every value must come to light the policy's margin after it."""
    receipt, trust, notes = committed.receipt, case.trust, case.notes
    witnesses = case.dates.witnesses(receipt.sequence)
    earliest = earliest_independent(committed, case)
    if len(witnesses) < trust.witnesses:
        short = f"{len(witnesses)} of {trust.witnesses} needed witnesses dated the commitment"
        moment = earliest or min(source.not_before for source in committed.commitment.sources)
        late = case.as_of is not None and time_seconds(moment) < trust.earliest_lawful(case.as_of)
        if late or _revealed_after(committed, case):
            raise VerificationError("dates", short, where=receipt.label)
        notes.skipped("dates", receipt.label, f"{short}; it must be done {trust.margin} s before {moment}")
        return None
    if not witnesses:
        notes.found(Finding.UNDATED, f"{receipt.label}: no trusted witness dated it")
        notes.found(Finding.UNIQUENESS, f"{receipt.label}: no trusted witness shows that there was no other")
        return None
    dated = cast(str, case.dates.by(receipt.sequence, trust.witnesses))
    if (
        _void(committed, case) is None
        and earliest is not None
        and time_seconds(earliest) < trust.earliest_lawful(dated)
    ):
        raise VerificationError(
            "dates",
            f"an independent value can be public from {earliest}, which is not {trust.margin} s after {dated}, "
            "the commitment's date",
            where=receipt.label,
        )
    # A witness who comes when the value is known sees the one commitment that the organiser chose to show.
    if "witness" not in case.dates.kinds(receipt.sequence, until=earliest):
        alone = "only time stamps and logs date it in time, and these do not show that there was no other"
        notes.found(Finding.UNIQUENESS, f"{receipt.label}: {alone}; audit the log, where there is one")
    notes.passed("dates", receipt.label, f"dated {dated} by {', '.join(sorted(witnesses))}")
    return dated


def _following(committed: Committed, case: Case) -> Iterator[Receipt]:
    """What rests on this commitment: the receipts up to the next one."""
    return takewhile(lambda r: r.type != "commitment", case.receipts[committed.receipt.sequence :])


def _reveal(committed: Committed, case: Case) -> Receipt | None:
    """The reveal of this commitment, once it is public."""
    return next((r for r in _following(committed, case) if r.type == "reveal"), None)


def _void(committed: Committed, case: Case) -> Receipt | None:
    """The void by which the commitment was given up, so that no value will ever be used with it."""
    after = next((r for r in case.receipts[committed.receipt.sequence :] if r.type != "witness"), None)
    return after if after is not None and after.type == "void" else None


def _revealed_after(committed: Committed, case: Case) -> bool:
    """Whether the ceremony went on to a reveal, so that no witness can come in time any more."""
    return any(r.type == "reveal" for r in case.receipts[committed.receipt.sequence :])


def _judge_withholding(committed: Committed, case: Case) -> None:
    """A secret still unknown when an independent value appears lets its holder choose whether to go on."""
    sources = committed.commitment.sources
    secrets = [s for s in sources if s.kind == "secret"]
    where = committed.receipt.label
    disclosed = _disclosed(committed, case)
    dated = case.dates.by(committed.receipt.sequence, case.trust.witnesses)
    for name, time in disclosed.items():
        if dated is not None and time <= dated:
            raise VerificationError(
                "dates",
                f"the secret {name!r} was disclosed by {time}, when the commitment was only dated {dated}",
                where=where,
            )
    open_to_all = _opened_by_lock(committed, case)
    if len(secrets) == len(sources) and not open_to_all >= {s.name for s in secrets}:
        case.notes.found(Finding.WITHHOLDING, f"{where}: there are secrets only, so somebody is the last to reveal")
        return
    independent = independent_sources(committed, case)
    for source in sources:
        if source.kind != "secret" and source not in independent:
            case.notes.found(
                Finding.WITHHOLDING, f"{where}: {source.name!r} is not shown to be out of the organiser's hands"
            )
    for source in sources:
        least = shortest_text(source) if source.kind == "public" else 1
        if least > 1:
            short = f"an outcome of {source.name!r} with fewer than {least} characters has to be refused"
            case.notes.found(Finding.WITHHOLDING, f"{where}: {short}, as many more are declared than such texts")
    earliest = earliest_independent(committed, case)
    for source in secrets:
        if source.name in _misopened(committed, case) and source not in independent:
            seen = "is not shown to be out of the organiser's hands, who could so give up a draw that he had seen"
            case.notes.found(Finding.WITHHOLDING, f"{where}: {source.name!r}, whose time-lock misopened, {seen}")
        if source.name in open_to_all:
            continue
        if source.name not in disclosed or earliest is None or disclosed[source.name] >= earliest:
            before = f" before {earliest}" if earliest else ""
            case.notes.found(
                Finding.WITHHOLDING, f"{where}: no witness saw the secret {source.name!r} disclosed{before}"
            )


def _opened_by_lock(committed: Committed, case: Case) -> set[str]:
    """The secrets that could not be withheld: before the reveal all that are locked; then all that were opened so.

    A right secret whose lock was never opened may have been locked falsely, and disclosed because it suited.
    """
    reveal = _reveal(committed, case)
    locked = {s.name for s in committed.commitment.sources if s.kind == "secret" and _opens_by_itself(s, case)}
    if reveal is None:
        return locked
    entries = cast("list[dict[str, Json]]", reveal.body["values"])
    return locked & {str(entry["name"]) for entry in entries if entry.get("evidence") is not None}


def _misopened(committed: Committed, case: Case) -> Collection[str]:
    """The secrets without a value for which the commitment was given up, by name; the void is judged elsewhere."""
    void = _void(committed, case)
    return cast("dict[str, Json]", void.body.get("proof", {})) if void else ()


def _opens_by_itself(source: Source, case: Case) -> bool:
    """Whether it is locked to a network whose rounds nobody keeps back: one that the library or the policy knows."""
    if not is_locked(source):
        return False
    return lock_time(source) is not None or source.terms["chain"] in case.trust.networks


def _check_locks(committed: Committed, case: Case, dated: str) -> None:
    """What opens before the commitment is dated is no secret; what opens after the deadline can be withheld."""
    with failing("entropy", committed.receipt.label):
        for source in committed.commitment.sources:
            if source.kind == "secret" and is_locked(source):
                deadline = committed.commitment.deadlines["reveal"]
                check_lock_window(source, dated=dated, margin=case.trust.margin, reveal_by=deadline)


def _disclosed(committed: Committed, case: Case) -> dict[str, str]:
    """The secrets of one commitment that trusted witnesses recorded as disclosed, each with the first such time."""
    witnessed = [r for r in _following(committed, case) if r.type == "witness" and case.dates.at(r.sequence)]
    for receipt in witnessed:
        with failing("witness", receipt.label):
            values = cast("dict[str, str]", receipt.body.get("disclosed", {}))
            check_disclosed(committed.commitment, receipt.ceremony, values, case.beacons)
    found: dict[str, str] = {}
    for receipt in witnessed:
        for name in disclosed_in([receipt]):
            if _seen_by_another(name, receipt, committed, case):
                found.setdefault(name, receipt.time)
    return found


def _seen_by_another(name: str, receipt: Receipt, committed: Committed, case: Case) -> bool:
    """Whether somebody other than the holder witnessed a disclosure: nobody vouches for what he himself gave away."""
    source = next(s for s in committed.commitment.sources if s.name == name)
    holder = case.trust.key(str(beacon_for(source, case.beacons).holder(source)))
    return bool(case.dates.at(receipt.sequence) - ({holder.name} if holder else set()))
