"""One firm, or one inspector, checked from receipts and proofs, without the roster (docs/spec, section 7).

A verified ceremony says what was committed and drawn; a proof says what one row was. No verdict is given on receipts
that were not verified. Together they answer the person
concerned: was I on the list with these fields, what was my ticket, and does it lie at or below the last one drawn? What
they cannot show is that the sizes are true and that the roster was not stuffed: that takes the roster itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import attrs

from dblrandom.errors import InputError, VerificationError
from dblrandom.evidence.listed import Place, check_listed, result_roster
from dblrandom.evidence.report import Report, failing
from dblrandom.evidence.transcript import Transcript
from dblrandom.evidence.trust import TrustPolicy
from dblrandom.evidence.verify import verify
from dblrandom.kernel.rows import check_id, id_of
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Json, Task
from dblrandom.roster import Manifest, Proof, RosterLike, verify_absence, verify_presence

__all__ = ["InspectorCase", "TargetCase", "check_inspector", "check_target"]


@attrs.frozen(kw_only=True)
class TargetCase:
    """What is shown of one target in one task.

    ``ticket`` and ``last_ticket`` are hex; ``drawn`` says that the ticket lies at or below the last selected one of the
    stratum; it is ``None`` where the target is not in the frame, or where a third party's sampler decides otherwise.
    ``row`` is the committed row, by column. ``recomputed`` says whether the verification had the rows to draw the task
    again; without them ``last_ticket`` is what the organiser signed. ``listed`` says that the target was compared with
    the result roster that the draw commits to. Where neither is so, ``drawn`` says where the ticket lies, and no more.
    """

    id: str
    task: str
    on_roster: bool
    row: Mapping[str, str] | None = None
    in_frame: bool = False
    stratum: tuple[str, ...] = ()
    ticket: str | None = None
    last_ticket: str | None = None
    drawn: bool | None = None
    recomputed: bool = False
    listed: bool = False


@attrs.frozen(kw_only=True)
class InspectorCase:
    """What is shown of one inspector: the committed row, and for each task and role whether the filter lets him in."""

    id: str
    on_roster: bool
    row: Mapping[str, str] | None = None
    roles: Mapping[tuple[str, str], bool] = attrs.field(factory=dict)


def _proved(suite: Suite, manifest: Manifest, proof: Proof, row_id: str) -> dict[str, str] | None:
    """The row of ``row_id``, or ``None`` where the proof shows that there is none."""
    if proof.id != row_id:
        raise VerificationError("proof", f"it is about {proof.id!r}, not {row_id!r}")
    shown = {id_of(line) for page in proof.pages for line in page.lines.split(b"\n")}
    if check_id(row_id, "id") in shown:
        return dict(verify_presence(suite, manifest, proof))
    verify_absence(suite, manifest, proof)
    return None


def _verified(
    receipts: Sequence[bytes] | Transcript, trust: TrustPolicy | None, report: Report | None
) -> tuple[Transcript, Report]:
    """The receipts as they were verified: here, or by whoever brings the report on them."""
    if (trust is None) == (report is None):
        raise InputError("a verdict rests on verified receipts: give either trust, to verify them, or their report")
    with failing("proof"):
        transcript = receipts if isinstance(receipts, Transcript) else Transcript.read(receipts)
    if trust is not None:
        report = verify(transcript.envelopes, trust=trust, beacons=transcript.beacons, samplers=transcript.samplers)
    found = cast(Report, report)
    if (found.ceremony, found.head) != (transcript.name, transcript.head):
        raise VerificationError("proof", f"the report is on other receipts, whose head is {found.head}")
    return transcript, found


def check_target(
    receipts: Sequence[bytes] | Transcript,
    task_id: str,
    target: str,
    proof: Proof,
    *,
    trust: TrustPolicy | None = None,
    report: Report | None = None,
    results: Mapping[str, RosterLike | bytes] | None = None,
) -> TargetCase:
    """Check one target in one task from the receipts and one proof.

    Args:
        receipts: the envelopes; whoever checks many gives a transcript, so that the receipts are read once.
        task_id: the task.
        target: the target's id.
        proof: the proof of its row, or that there is none.
        trust: the verifier's policy, against which the receipts are verified first.
        report: instead of it, what :func:`~dblrandom.evidence.verify` said of these receipts; with the rosters it says
            that the draw was recomputed.
        results: the result rosters by name, ``<task>.selected`` among them, as the ceremony's folder has them.

    Raises:
        VerificationError: the receipts or the proof do not hold, or the report is on other receipts; or the result
            roster shows that the draw is forged.
        InputError: neither ``trust`` nor ``report``: there is no verdict without a verification.
    """
    transcript, found = _verified(receipts, trust, report)
    with failing("proof"):
        commitment = transcript.commitment
        commitment.check_plan()
        task = commitment.task(task_id)
        row = _proved(transcript.suite, commitment.manifest(task.roster, f"task {task_id!r}"), proof, target)
    case = TargetCase(id=target, task=task_id, on_roster=row is not None, row=row)
    drawn = transcript.last("draw")
    if row is not None and all(row[column] in values for column, values in task.filter.items()):
        stratum = tuple(row[column] for column in task.strata)
        case = _in_frame(transcript.suite, task, target, row, stratum, drawn.body if drawn else None)
        again = any(check.name == "draw" and check.subject == f"task {task_id}" for check in found.passed)
        case = attrs.evolve(case, recomputed=again)
    if drawn is None:
        return case
    entry = _entry(drawn.body, task)
    listed = result_roster(transcript.suite, task, entry, results or {})
    if listed is None:
        return case
    place = Place(id=target, stratum=case.stratum, own=case.ticket, last=case.last_ticket)
    check_listed(transcript.suite, task, entry, listed, place)
    return attrs.evolve(case, listed=True)


def _entry(body: Mapping[str, Json], task: Task) -> dict[str, Json]:
    entry = next((e for e in cast("list[dict[str, Json]]", body["tasks"]) if e["task"] == task.id), None)
    if entry is None:
        raise VerificationError("proof", "the draw leaves it out", where=f"task {task.id!r}")
    return entry


def _in_frame(
    suite: Suite,
    task: Task,
    target: str,
    row: Mapping[str, str],
    stratum: tuple[str, ...],
    body: Mapping[str, Json] | None,
) -> TargetCase:
    if body is None:
        return TargetCase(id=target, task=task.id, on_roster=True, row=row, in_frame=True, stratum=stratum)
    entry = _entry(body, task)
    strata = cast("list[dict[str, Json]]", entry["strata"])
    last = next((s["last_ticket"] for s in strata if s["stratum"] == list(stratum)), "missing")
    if last == "missing":
        raise VerificationError(
            "proof",
            f"the draw has no stratum {'/'.join(stratum)!r}, but this target is in it",
            where=f"task {task.id!r}",
        )
    key = str(cast("dict[str, Json]", entry["keys"])["targets"])
    own = ticket(suite, key, target.encode()).hex()
    return TargetCase(
        id=target,
        task=task.id,
        on_roster=True,
        row=row,
        in_frame=True,
        stratum=stratum,
        ticket=own,
        last_ticket=cast("str | None", last),
        drawn=None if task.sampler.startswith("x-") else last is not None and own <= str(last),
    )


def check_inspector(
    receipts: Sequence[bytes] | Transcript,
    roster: str,
    inspector: str,
    proof: Proof,
    *,
    trust: TrustPolicy | None = None,
    report: Report | None = None,
) -> InspectorCase:
    """Check one inspector's committed row, and which roles it lets him take, from the receipts and one proof.

    Whether he is recused from a target is on the roster of recusals, which this does not see.
    Arguments and errors are those of :func:`check_target`.
    """
    transcript, _ = _verified(receipts, trust, report)
    with failing("proof"):
        commitment = transcript.commitment
        commitment.check_plan()
        row = _proved(transcript.suite, commitment.manifest(roster, "inspector"), proof, inspector)
    if row is None:
        return InspectorCase(id=inspector, on_roster=False)
    roles = {
        (task.id, role.name): all(row[column] in values for column, values in role.filter.items())
        for task in commitment.plan.tasks
        if task.team.roster == roster
        for role in task.team.roles
    }
    return InspectorCase(id=inspector, on_roster=True, row=row, roles=roles)
