"""What a commitment says, and whether it can be drawn from (docs/spec, sections 3, 4 and 6)."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Protocol, cast, runtime_checkable

import attrs

from dblrandom.assigning import Eligibility
from dblrandom.beacons import BUILT_IN as BEACONS
from dblrandom.beacons import Beacon
from dblrandom.drawing.alikeids import check_inspector_ids
from dblrandom.drawing.largest import WorstCase, check_reveal_fits, check_writable
from dblrandom.drawing.lookalikes import check_filter_columns, check_role_columns, check_strata
from dblrandom.drawing.recusing import check_recusals, inspector_rosters
from dblrandom.drawing.rowbudget import check_rows
from dblrandom.drawing.sourcebudget import check_number, check_steps
from dblrandom.errors import EntropyError, PlanError, RosterError
from dblrandom.kernel.schemes import KEY_SIZES
from dblrandom.kernel.suite import Suite, suite_named
from dblrandom.model import BLIND, RECUSAL_COLUMNS, Json, Plan, Source, Task, check_names_distinct
from dblrandom.model.likeness import alike_pair
from dblrandom.roster import Manifest, Roster, RosterLike
from dblrandom.sampling import Frame, MemoryFrame, Sampler, sampler_for, task_shortfall

__all__ = ["ROLES", "Commitment", "Declared", "Framed", "Frames", "eligibility_for", "frame_for"]

ROLES = ("auditor", "operator", "organiser", "party", "witness")
"""What a signer can be: the organiser (or his own), a party that holds a secret, the operator of a hash chain, a
witness, an auditor."""


@attrs.frozen(kw_only=True)
class Declared:
    """A signer that a commitment declares."""

    role: str
    public_key: str
    algorithm: str = "ed25519"
    name: str | None = None

    def to_json(self) -> dict[str, Json]:
        """The entry as the commitment has it."""
        found: dict[str, Json] = {"role": self.role, "algorithm": self.algorithm, "public_key": self.public_key}
        return found if self.name is None else found | {"name": self.name}


def _manifests(members: Mapping[str, Manifest]) -> Mapping[str, Manifest]:
    return MappingProxyType(dict(members))


def _times(members: Mapping[str, str]) -> Mapping[str, str]:
    return MappingProxyType(dict(members))


@attrs.frozen(kw_only=True)
class Commitment:
    """Everything that can matter to a draw, fixed before its entropy exists.

    Attributes:
        suite: the hash suite of the ceremony.
        plan: plan and tasks in full.
        rosters: the manifests, by name.
        sources: the entropy, in the order in which it enters the seed.
        signers: the keys of everyone with a part in the ceremony.
        deadlines: the last moment of ``reveal``, ``draw`` and ``result``.
        previous_ceremony: the last digest of the organiser's ceremony before this one.
        replaces: the digest of the voided commitment that this one replaces.
    """

    suite: Suite
    plan: Plan
    rosters: Mapping[str, Manifest] = attrs.field(converter=_manifests)
    sources: tuple[Source, ...]
    signers: tuple[Declared, ...]
    deadlines: Mapping[str, str] = attrs.field(converter=_times)
    previous_ceremony: str | None = None
    replaces: str | None = None

    def to_json(self) -> dict[str, Json]:
        """The body of the commitment's receipt."""
        return {
            "suite": self.suite.name,
            "specification": "dblrandom/v1",
            "plan": self.plan.header_json(),
            "tasks": [task.to_json() for task in self.plan.tasks],
            "rosters": [manifest.to_json() for manifest in self.rosters.values()],
            "sources": [source.to_json() for source in self.sources],
            "signers": [signer.to_json() for signer in self.signers],
            "previous_ceremony": self.previous_ceremony,
            "deadlines": dict(self.deadlines),
            "replaces": self.replaces,
        }

    @classmethod
    def from_json(cls, body: Mapping[str, Json], where: str = "commitment") -> Commitment:
        """Read a body whose shape has been checked.

        Raises:
            PlanError, RosterError, EntropyError: something in it is not allowed, or not in its one form.
        """
        manifests = [Manifest.from_json(entry, f"{where}: roster") for entry in cast("list[Json]", body["rosters"])]
        check_names_distinct([m.name for m in manifests], f"{where}: rosters")
        signers = cast("list[dict[str, str]]", body["signers"])
        found = cls(
            suite=suite_named(cast(str, body["suite"])),
            plan=Plan.from_json(body["plan"], body["tasks"], where),
            rosters={manifest.name: manifest for manifest in manifests},
            sources=tuple(Source.from_json(e, f"{where}: source") for e in cast("list[Json]", body["sources"])),
            signers=tuple(Declared(**entry) for entry in signers),
            deadlines=cast("dict[str, str]", body["deadlines"]),
            previous_ceremony=cast("str | None", body["previous_ceremony"]),
            replaces=cast("str | None", body["replaces"]),
        )
        for task, entry in zip(found.plan.tasks, cast("list[Json]", body["tasks"]), strict=True):
            _check_as_written(task.to_json(), entry, f"{where}.task {task.id!r}")
        return found

    def check(self, beacons: Mapping[str, Beacon] = BEACONS) -> None:
        """Check what can be checked without any roster's rows.

        Raises:
            EntropyError: no source, equal names, unknown kinds, or terms that a kind refuses.
            PlanError: a task names a roster or a column that is not committed, or deadlines run backwards.
        """
        check_number(self.sources)
        check_names_distinct([source.name for source in self.sources], "sources")
        for source in self.sources:
            beacon_for(source, beacons).check_source(source)
        tips = [source.terms["tip"] for source in self.sources if source.kind == "hashchain"]
        if len(set(tips)) < len(tips):
            raise EntropyError("two sources are steps of one hash chain: the later step gives the earlier away")
        check_steps(self.sources)
        self._check_signers()
        for stage in ("reveal", "draw", "result"):
            if stage not in self.deadlines:
                raise PlanError(f"there is none for {stage}", where="deadlines")
        stated = ", ".join(f"{stage} by {self.deadlines[stage]}" for stage in ("reveal", "draw", "result"))
        if not self.deadlines["reveal"] <= self.deadlines["draw"] <= self.deadlines["result"]:
            raise PlanError(f"they must not run backwards: {stated}", where="deadlines")
        for source in self.sources:
            if self.deadlines["reveal"] < source.not_before:
                problem = f"the reveal is due by {self.deadlines['reveal']}, before {source.name!r} can be public"
                raise PlanError(f"{problem} at {source.not_before}; set a later one", where="deadlines")
        check_reveal_fits(self)
        self.check_plan()

    def check_plan(self) -> None:
        """Check that every task's rosters and columns are committed.

        Raises:
            PlanError: naming the task.
        """
        for task in self.plan.tasks:
            _check_columns(task, self.rosters)
        results = [f"{task.id}.{kind}" for task in self.plan.tasks for kind in ("selected", "teams")]
        check_names_distinct([*self.rosters, *results], "rosters and results")
        used = {task.roster for task in self.plan.tasks} | {t.team.roster for t in self.plan.tasks}
        for name in self.rosters:
            if name not in used | {self.plan.recusals}:
                raise PlanError(
                    "nothing in the plan uses it: name it in a task, a team or recusals", where=f"roster {name!r}"
                )
        recusals = self.plan.recusals
        if recusals is not None:
            columns = self.manifest(recusals, "plan.recusals").columns
            if columns not in (RECUSAL_COLUMNS, (*RECUSAL_COLUMNS, BLIND)):
                raise PlanError(f"it must have the columns {', '.join(RECUSAL_COLUMNS)}", where=f"roster {recusals!r}")
        check_rows(self.plan, self.rosters)

    def _check_signers(self) -> None:
        organisers = {signer.public_key for signer in self.signers if signer.role == "organiser"}
        if not organisers:
            raise PlanError("nobody is declared as the organiser", where="signers")
        alike = alike_pair(signer.name for signer in self.signers if signer.name is not None)
        if alike is not None:
            raise PlanError(f"the names {alike[0]!r} and {alike[1]!r} look the same; write them alike", where="signers")
        for signer in self.signers:
            if signer.role not in ROLES:
                raise PlanError(f"there is no role {signer.role!r}; there are {', '.join(ROLES)}", where="signers")
            if len(signer.public_key) != 2 * KEY_SIZES.get(signer.algorithm, 0):
                raise PlanError(f"{signer.public_key[:64]} is not a key of {signer.algorithm}", where="signers")
            if signer.role in ("auditor", "witness") and signer.public_key in organisers:
                raise PlanError(
                    f"the key {signer.public_key} is the organiser's: it cannot be {signer.role} too", where="signers"
                )

    def manifest(self, name: str, where: str) -> Manifest:
        """The manifest of a committed roster.

        Raises:
            PlanError: there is none of that name.
        """
        if name not in self.rosters:
            raise PlanError(f"there is no roster {name!r}; there are {', '.join(self.rosters)}", where=where)
        return self.rosters[name]

    def task(self, task_id: str) -> Task:
        """The task of that id.

        Raises:
            PlanError: there is none.
        """
        return self.plan.task(task_id)

    def check_rosters(
        self, rosters: Mapping[str, RosterLike], samplers: Sequence[Sampler] = (), *, skip: Collection[str] = ()
    ) -> Frames:
        """Check everything that committing requires of the rosters' rows, for every task.

        Of the tasks in ``skip``, whose sampler is not known here, all but what the sampler decides is checked.

        Returns:
            The frames that were made for it, for whoever draws next.

        Raises:
            RosterError: a roster is not the one committed, or a recusal names somebody unknown or his own approver.
            PlanError: a filter, a stratum, a quota or a role that cannot be served, values that only look the same, or
                a draw that could not be written under some seed.
        """
        self.check_plan()
        self.check_manifests(rosters)
        check_inspector_ids(rosters[name] for name in inspector_rosters(self.plan))
        check_recusals(self.plan, rosters)
        frames, cases = Frames(self, rosters), []
        for task in self.plan.tasks:
            frame = frames.frame(task)
            sizes = frame.sizes()
            check_strata(task, sizes)
            check_filter_columns(task, rosters[task.roster])
            if task.team.roles:
                people = rosters[task.team.roster]
                check_role_columns(task, people.columns, [tuple(row.values()) for row in people.records()])
            eligibility = frames.eligibility(task)
            if task.id in skip:
                continue
            counts = sampler_for(task, samplers).allocate(task, sizes)
            case = WorstCase(
                task=task,
                frame=frame,
                counts=counts,
                shortfall=task_shortfall(task, sizes, counts),
                eligibility=eligibility,
                roster=rosters[task.roster],
            )
            cases.append(case)
        check_writable(self, cases)
        return frames

    def check_manifests(self, rosters: Mapping[str, RosterLike]) -> None:
        """Check that every committed roster is given, whole and unchanged.

        Raises:
            RosterError: naming the roster.
        """
        for name, manifest in self.rosters.items():
            where = f"roster {name!r}"
            if name not in rosters:
                raise RosterError("it is needed here, and was not given", where=where)
            if rosters[name].manifest != manifest:
                raise RosterError("its rows are not the ones committed (the manifests differ)", where=where)


def beacon_for(source: Source, beacons: Mapping[str, Beacon]) -> Beacon:
    """The rules of a source's kind.

    Raises:
        EntropyError: a kind that is not known here.
    """
    if source.kind not in beacons:
        raise EntropyError(
            f"the kind {source.kind!r} is not known here; known are {', '.join(sorted(beacons))}",
            where=f"source {source.name!r}",
        )
    return beacons[source.kind]


def _check_as_written(written: Json, stated: Json, where: str) -> None:
    """Refuse a task in another form than the one that its values have, so that one plan has one commitment."""
    if isinstance(written, dict) and isinstance(stated, dict) and written.keys() == stated.keys():
        for name, value in written.items():
            _check_as_written(value, stated[name], f"{where}.{name}")
    elif written != stated:
        hint = "; the values of a filter stand in the order of their bytes" if isinstance(written, list) else ""
        raise PlanError(f"is not in the one form that a commitment may have{hint}", where=where)


def _check_columns(task: Task, rosters: Mapping[str, Manifest]) -> None:
    needs: Iterable[tuple[str, Iterable[str]]] = [(task.roster, (*task.filter, *task.strata))]
    if task.team.roles:
        needs = [*needs, (task.team.roster, [column for role in task.team.roles for column in role.filter])]
    for name, columns in needs:
        where = f"task {task.id!r}"
        if name not in rosters:
            raise PlanError(f"there is no roster {name!r}; there are {', '.join(rosters)}", where=where)
        for column in columns:
            if column not in rosters[name].columns or column == BLIND:
                raise PlanError(
                    f"the roster {name!r} has no column {column!r}; it has {', '.join(rosters[name].columns)}",
                    where=where,
                )


@runtime_checkable
class Framed(Protocol):
    """A roster whose engine counts and scans for itself."""

    def frame(self, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str) -> Frame:
        """The frame of a task: the rows that pass ``keep``, by the values of ``strata``."""
        ...


def frame_for(
    commitment: Commitment, task: Task, rosters: Mapping[str, RosterLike], ids: dict[bytes, bytes] | None = None
) -> Frame:
    """The frame of a task, from its committed roster; ``ids`` are those that other frames of it hold already."""
    roster, where = rosters[task.roster], f"task {task.id!r}"
    if isinstance(roster, Framed):
        return roster.frame(task.filter, task.strata, where=where)
    if not isinstance(roster, Roster):
        raise RosterError("is neither in memory nor in an engine that draws", where=f"roster {task.roster!r}")
    return MemoryFrame(commitment.suite, roster.columns, roster.lines, task.filter, task.strata, where=where, ids=ids)


def eligibility_for(commitment: Commitment, task: Task, rosters: Mapping[str, RosterLike]) -> Eligibility:
    """Who may take which role of a task with which target.

    Raises:
        PlanError: a role's filter that breaks the rules of section 4, point 1.
    """
    if not task.team.roles:
        return Eligibility.build(("id",), (), ())
    name = commitment.plan.recusals
    recusals = [(r["id"], r["inspector"], r["target"]) for r in rosters[name].records()] if name else []
    inspectors = rosters[task.team.roster]
    people = {row["id"]: tuple(row.values()) for row in inspectors.records()}
    known = [entry for entry in recusals if entry[1] in people]
    try:
        return Eligibility.build(inspectors.columns, people.values(), task.team.roles, known)
    except PlanError as error:
        raise PlanError(str(error), where=f"task {task.id!r}") from error


class Frames:
    """The frames of a commitment's tasks and who may take their roles, each worked out when first asked for, and once.

    Who checks rosters and then draws from them hands this on, so that no roster is gone through twice. Tasks of one
    roster, filter and strata have one frame.
    """

    def __init__(self, commitment: Commitment, rosters: Mapping[str, RosterLike]) -> None:
        self._commitment = commitment
        self._rosters = rosters
        self._frames: dict[tuple[object, ...], Frame] = {}
        self._ids: dict[str, dict[bytes, bytes]] = {}
        self._eligibility: dict[str, Eligibility] = {}

    def frame(self, task: Task) -> Frame:
        """See :func:`frame_for`."""
        key = (task.roster, task.filter, task.strata)
        if key not in self._frames:
            ids = self._ids.setdefault(task.roster, {}) if len(self._commitment.plan.tasks) > 1 else None
            self._frames[key] = frame_for(self._commitment, task, self._rosters, ids)
        return self._frames[key]

    def eligibility(self, task: Task) -> Eligibility:
        """See :func:`eligibility_for`."""
        if task.id not in self._eligibility:
            self._eligibility[task.id] = eligibility_for(self._commitment, task, self._rosters)
        return self._eligibility[task.id]
