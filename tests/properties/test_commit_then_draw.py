"""Whatever committing accepts can be drawn, whatever the seed turns out to be, and verifies.

The plans, people, sources and signers are odd on purpose: numbers at the limit, recusals of everybody, keys with two
roles. Committing may refuse any of it. What it lets through must lead to a draw.
"""

from __future__ import annotations

import hashlib
from fractions import Fraction
from typing import Any

import ceremonies as office
from hypothesis import event, example, given, settings
from hypothesis import strategies as st

from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Declared, make_draw
from dblrandom.drawing.commitment import Commitment, Frames
from dblrandom.drawing.largest import WorstCase, largest_substitution, largest_task
from dblrandom.errors import DblrandomError
from dblrandom.evidence import suggested_trust, verify
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Filter, Plan, Population, Quota, Role, Rounding, Scope, Task, TeamRule
from dblrandom.roster import Roster
from dblrandom.sampling import sampler_for, task_shortfall

BIGGEST = 2**53 - 1
NUMBERS = st.integers(1, 9) | st.sampled_from([BIGGEST, BIGGEST - 1, 2**52])
DISTRICTS = ("north", "south", "", 'a"b')
POSTS = ("leader", "officer")
IDS = ("F{}", 'firm "{}"', "\\{}", "公司{}", "f" * 200 + "{}")


@st.composite
def quotas(draw: st.DrawFn) -> tuple[str, tuple[str, ...], Quota]:
    sampler = draw(st.sampled_from(["fixed-count", "percentage", "stratified"]))
    scope = Scope.FRAME if sampler != "stratified" else draw(st.sampled_from([Scope.STRATUM, Scope.TOTAL]))
    ratio = None if sampler == "fixed-count" else draw(st.none() | st.sampled_from([Fraction(1, 3), Fraction(1)]))
    if sampler == "percentage" and ratio is None:
        ratio = Fraction(1, 2)
    count = draw(NUMBERS) if ratio is None or draw(st.booleans()) else None
    quota = Quota(
        ratio=ratio,
        count=count,
        cap=draw(st.none() | NUMBERS.map(lambda n: max(n, count or 1))),
        rounding=draw(st.sampled_from(Rounding)),
        scope=scope,
        minimum=draw(st.none() | st.integers(0, 3)) if scope is Scope.TOTAL else None,
        allow_zero=draw(st.none() | st.just("synthetic reason")),
    )
    return (
        sampler,
        (draw(st.sampled_from([("district",), ("district", "risk")])) if sampler == "stratified" else ()),
        quota,
    )


@st.composite
def tasks(draw: st.DrawFn, number: str) -> Task:
    sampler, strata, quota = draw(quotas())
    names = draw(st.lists(st.sampled_from(["lead", "member", "third", "r" * 64]), max_size=3, unique=True))
    posts = st.none() | st.lists(st.sampled_from(POSTS), min_size=1, max_size=2, unique=True)
    roles = tuple(Role(n, Filter({"post": tuple(p)}) if (p := draw(posts)) else Filter()) for n in names)
    loads = st.fixed_dictionaries({"slack": st.integers(0, 2) | st.just(BIGGEST)}) | st.builds(dict, cap=NUMBERS)
    return Task(
        id=number,
        title="synthetic",
        roster="targets",
        sampler=sampler,
        strata=strata,
        filter=Filter({"risk": ("high",)}) if draw(st.booleans()) else Filter(),
        quota=quota,
        reserves=draw(st.integers(0, 3) | st.just(BIGGEST)),
        team=TeamRule(
            roster="inspectors",
            roles=roles,
            reason="synthetic reason" if len(roles) < 2 else None,
            **draw(loads),
        ),
    )


@st.composite
def rosters(draw: st.DrawFn) -> list[Roster]:
    form = draw(st.sampled_from(IDS))
    ids = [form.format(n) for n in range(draw(st.integers(1, 9)))]
    rows = [(i, draw(st.sampled_from(DISTRICTS)), draw(st.sampled_from(["high", "normal"]))) for i in ids]
    people = [
        (f"I{n}" + "x" * draw(st.sampled_from([0, 200])), draw(st.sampled_from(POSTS)))
        for n in range(draw(st.integers(1, 5)))
    ]
    pairs = draw(st.lists(st.tuples(st.sampled_from(people), st.sampled_from(ids)), max_size=12))
    recusals = [(f"R{n}", who, target, "other-tie:declared", "approver") for n, ((who, _), target) in enumerate(pairs)]
    return [
        Roster.build(SHA256, Population("targets", ("id", "district", "risk"), tuple(rows))),
        Roster.build(SHA256, Population("inspectors", ("id", "post"), tuple(people))),
        Roster.build(
            SHA256, Population("recusals", ("id", "inspector", "target", "ground", "approver"), tuple(recusals))
        ),
    ]


PLANS = st.tuples(tasks("1"), st.none() | tasks("2")).map(
    lambda pair: Plan(
        name="p",
        title="t",
        authority="synthetic authority",
        period="2024",
        recusals="recusals",
        grounds=("illness",),
        tasks=tuple(t for t in pair if t is not None),
    )
)
SEEDS = [hashlib.sha256(bytes([n])).hexdigest() for n in range(8)]


def case(commitment: Commitment, task: Task, given_: dict[str, Any]) -> WorstCase:
    frames = Frames(commitment, given_)
    frame = frames.frame(task)
    counts = sampler_for(task).allocate(task, frame.sizes())
    return WorstCase(
        task=task,
        frame=frame,
        counts=counts,
        shortfall=task_shortfall(task, frame.sizes(), counts),
        eligibility=frames.eligibility(task),
        roster=given_[task.roster],
    )


@settings(max_examples=150, deadline=None)
@given(PLANS, rosters())
def test_every_seed_gives_a_draw_that_is_no_larger_than_what_was_worked_out(plan: Plan, given_: list[Roster]) -> None:
    made = office.opened(plan, given_)
    try:
        office.commit(made)
    except DblrandomError as error:
        event(f"refused: {str(error)[:40]}")
        return
    event("committed")
    commitment, by_name = made.commitment, {r.name: r for r in given_}
    bounds = {t.id: largest_task(case(commitment, t, by_name)) for t in plan.tasks}
    plain = {t.id: largest_task(case(commitment, t, by_name), plain=True) for t in plan.tasks}
    for seed in SEEDS:
        for task, drawn in make_draw(commitment, seed, by_name).items():
            body = drawn.to_json()
            assert len(encode(body)) <= bounds[task].bytes <= plain[task].bytes
            assert values_in(body) <= bounds[task].values <= plain[task].values
            # Tight as well: what is not known is only which targets come up, and some digits.
            slack = 400 + 120 * len(drawn.selection.strata)
            longest = largest_costs(case(commitment, drawn.task, by_name))
            assert bounds[task].bytes - len(encode(body)) <= slack + longest


def largest_costs(worst: WorstCase) -> int:
    """How far the targets that a seed draws can lie below those that were taken: not at all where all are drawn."""
    everything = all(worst.counts[s].units == size for s, size in worst.frame.sizes().items())
    return 0 if everything else largest_task(worst).bytes


def values_in(value: Any) -> int:
    inner = value.values() if isinstance(value, dict) else value if isinstance(value, list) else ()
    return 1 + sum(map(values_in, inner))


@settings(max_examples=60, deadline=None)
@given(PLANS, rosters(), st.data())
def test_no_substitution_is_larger_than_what_was_worked_out(
    plan: Plan, given_: list[Roster], data: st.DataObject
) -> None:
    made = office.opened(plan, given_)
    try:
        office.commit(made)
    except DblrandomError:
        return
    made.witness(time=office.DATED, keys=office.keys("notary"))
    made.witness(time=office.DATED, keys=office.keys("discipline"))
    made.reveal(office.values(), time=office.PUBLIC, keys=office.keys("organiser"))
    made.draw(time=office.DRAWN, keys=office.keys("organiser"))
    by_name = {r.name: r for r in given_}
    for task in plan.tasks:
        bound = largest_substitution(case(made.commitment, task, by_name))
        for _ in range(3):
            state = made.standing[task.id]
            people = sorted({m for team in state.teams.values() for m in team if m})
            choices = [("target", t) for t in state.teams] + [("inspector", p) for p in people]
            if not choices:
                break
            what, name = data.draw(st.sampled_from(choices))
            done = made.substitute(task.id, "illness", time=office.AFTER, keys=office.keys("organiser"), **{what: name})
            assert len(encode(dict(done.body))) <= bound.bytes
            assert values_in(dict(done.body)) <= bound.values


NAMES = ("organiser", "notary", "discipline", "archive")
ROLES = ("organiser", "party", "operator", "witness", "auditor")
LABELS = (None, "A", "B", "a")
SIGNERS = st.lists(st.tuples(st.sampled_from(ROLES), st.sampled_from(NAMES), st.sampled_from(LABELS)), max_size=4)
TIMES = tuple(
    f"{moment}Z"
    for moment in ("2024-03-01T00:00:00", "2024-03-02T00:00:00", "2024-03-02T00:00:30", "2024-03-03T00:00:00")
)


@settings(max_examples=150, deadline=None)
@given(SIGNERS, st.lists(st.sampled_from(TIMES), min_size=3, max_size=3).map(sorted), st.booleans(), st.booleans())
@example([("witness", "archive", "A"), ("organiser", "organiser", "A")], [TIMES[3]] * 3, False, False)
def test_whoever_signs_and_however_the_deadlines_lie_what_was_committed_is_drawn(
    more: list[tuple[str, str, str | None]], deadlines: list[str], without_organiser: bool, without_witness: bool
) -> None:
    made: Ceremony = office.opened()
    signers = [
        d
        for d in office.declared()
        if not (without_organiser and d.role == "organiser") and not (without_witness and d.role == "witness")
    ]
    signers += [Declared(role=r, public_key=office.key(n).public_key.hex(), name=label) for r, n, label in more]
    due = dict(zip(("reveal", "draw", "result"), deadlines, strict=True))
    try:
        office.commit(made, signers=signers, deadlines=due, keys=office.keys(*NAMES))
    except DblrandomError as error:
        event(f"refused: {str(error)[:50]}")
        return
    event("committed")
    witnesses = {s.public_key for s in signers if s.role == "witness"}
    organiser = next(
        n
        for n in NAMES
        if any(s.role == "organiser" and s.public_key == office.key(n).public_key.hex() for s in signers)
    )
    for name in NAMES:
        if office.key(name).public_key.hex() in witnesses:
            made.witness(time=office.DATED, keys=office.keys(name))
    made.reveal(office.values(), time=office.PUBLIC, keys=office.keys(organiser))
    drawn = made.draw(time=office.DRAWN, keys=office.keys(organiser))
    verify(
        made.envelopes,
        trust=suggested_trust(made.commitment),
        rosters={**made.rosters, **drawn.rosters},
        as_of=office.DATED,
    )
