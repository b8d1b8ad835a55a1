"""One firm, or one inspector, checked from receipts and proofs, without the roster (docs/spec, section 7).

A verified ceremony says what was committed and drawn; a proof says what one row was. Together they answer the person
concerned: was I on the list with these fields, what was my ticket, and does it lie at or below the last one drawn? What
they cannot show is that the sizes are true and that the roster was not stuffed: that takes the roster itself.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import cast

import attrs

from dblrandom.errors import VerificationError
from dblrandom.evidence.report import failing
from dblrandom.evidence.transcript import Transcript
from dblrandom.kernel.rows import check_id, id_of
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Json, Task
from dblrandom.roster import Manifest, Proof, verify_absence, verify_presence

__all__ = ["InspectorCase", "TargetCase", "check_inspector", "check_target"]


@attrs.frozen(kw_only=True)
class TargetCase:
    """What is shown of one target in one task.

    ``ticket`` and ``last_ticket`` are hex; ``drawn`` says that the ticket lies at or below the last selected one of the
    stratum; it is ``None`` where the target is not in the frame, or where a third party's sampler decides otherwise.
    ``row`` is the committed row, by column.
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


def check_target(receipts: Sequence[bytes] | Transcript, task_id: str, target: str, proof: Proof) -> TargetCase:
    """Check one target in one task from the receipts (verified beforehand) and one proof.

    Whoever checks many gives a transcript, so that the receipts are read once.

    Raises:
        VerificationError: the proof does not hold, or the receipts are no chain.
    """
    with failing("proof"):
        transcript = receipts if isinstance(receipts, Transcript) else Transcript.read(receipts)
        commitment = transcript.commitment
        commitment.check_plan()
        task = commitment.task(task_id)
        row = _proved(transcript.suite, commitment.manifest(task.roster, f"task {task_id!r}"), proof, target)
    if row is None:
        return TargetCase(id=target, task=task_id, on_roster=False)
    if any(row[column] not in values for column, values in task.filter.items()):
        return TargetCase(id=target, task=task_id, on_roster=True, row=row)
    stratum = tuple(row[column] for column in task.strata)
    drawn = transcript.last("draw")
    return _in_frame(transcript.suite, task, target, row, stratum, drawn.body if drawn else None)


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
    entry = next((e for e in cast("list[dict[str, Json]]", body["tasks"]) if e["task"] == task.id), None)
    if entry is None:
        raise VerificationError("proof", "the draw leaves it out", where=f"task {task.id!r}")
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


def check_inspector(receipts: Sequence[bytes] | Transcript, roster: str, inspector: str, proof: Proof) -> InspectorCase:
    """Check one inspector's committed row, and which roles it lets him take, from the receipts and one proof.

    Whether he is recused from a target is on the roster of recusals, which this does not see.

    Raises:
        VerificationError: the proof does not hold, or the receipts are no chain.
    """
    with failing("proof"):
        transcript = receipts if isinstance(receipts, Transcript) else Transcript.read(receipts)
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
