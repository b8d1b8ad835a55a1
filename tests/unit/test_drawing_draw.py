from __future__ import annotations

from fractions import Fraction
from typing import Any

import attrs
import ceremonies as kit
import pytest

from dblrandom.drawing import commitment as commitment_module
from dblrandom.drawing.draw import Draw, make_draw
from dblrandom.errors import PlanError
from dblrandom.evidence.bodies import check_body
from dblrandom.kernel.entropy import draw_key
from dblrandom.kernel.suite import SHA256, SM3
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Population, Quota, Scope, Task, TeamRule
from dblrandom.roster import Roster
from dblrandom.sampling import MemoryFrame

SEED = "5e" * 32


def draw(*tasks: Task, populations: tuple[Population, ...] = (), suite: Any = SHA256) -> Draw:
    made = kit.opened(kit.plan(*tasks), {p.name: p for p in (*_standard(), *populations)}.values(), suite)
    kit.commit(made)
    return make_draw(made.commitment, SEED, made.rosters)


def _standard() -> tuple[Population, ...]:
    return kit.targets(), kit.inspectors(), kit.recusals()


def test_the_lowest_tickets_of_each_stratum_are_drawn() -> None:
    """Computed again here from tickets alone, with nothing of the sampler's own."""
    found = draw()["1"]
    key = draw_key(SHA256, SEED, "1", "targets")
    for stratum in found.selection.strata:
        (district,) = stratum.stratum
        ids = [row[0] for row in kit.targets().rows if row[1] == district]
        ordered = sorted(ids, key=lambda i: (ticket(SHA256, key, i.encode()), i.encode()))
        assert [u.id for u in (*stratum.selected, *stratum.reserves)] == ordered[:4]
        assert [u.rank for u in (*stratum.selected, *stratum.reserves)] == [1, 2, 3, 4]
        assert (stratum.size, stratum.wanted, stratum.shortfall) == (10, 2, 0)
        assert stratum.probability == Fraction(1, 5)
        assert {u.weight for u in stratum.selected} == {Fraction(5)}


def test_the_body_says_what_was_drawn_and_has_the_shape_of_its_type() -> None:
    made = draw(kit.task(), kit.task("B", team=kit.NOBODY))
    body = made.to_json()
    check_body("draw", body, "draw")
    first, second = body["tasks"]  # type: ignore[misc]
    assert first["keys"] == {p: draw_key(SHA256, SEED, "1", p) for p in ("targets", "inspectors")}  # type: ignore[index,call-overload]
    assert first["size"] == 30  # type: ignore[index,call-overload]
    assert [s["stratum"] for s in first["strata"]] == [[d] for d in kit.DISTRICTS]  # type: ignore[index,call-overload,union-attr]
    assert first["strata"][0]["last_ticket"] == made["1"].selection.strata[0].selected[-1].ticket  # type: ignore[index,call-overload]
    assert len(first["assignment"]["slots"]) == 12  # type: ignore[index,call-overload,arg-type]
    assert second["assignment"] == {"smallest_cap": 0, "cap": 0, "slots": [], "open": []}  # type: ignore[index,call-overload]


def test_two_tasks_have_keys_and_orders_of_their_own() -> None:
    made = draw(kit.task(), kit.task("2"))
    assert made["1"].selection.key != made["2"].selection.key
    assert [u.id for u in made["1"].selected] != [u.id for u in made["2"].selected]


def test_result_rosters_hold_the_selection_and_the_teams() -> None:
    made = draw()
    rosters = made.rosters
    assert list(rosters) == ["1.selected", "1.teams"]
    assert rosters["1.selected"].columns == ("id", "district", "rank", "status")
    rows = list(rosters["1.selected"].records())
    assert {r["id"] for r in rows if r["status"] == "selected"} == {u.id for u in made["1"].selected}
    assert {r["id"] for r in rows if r["status"] == "reserve"} == {u.id for u in made["1"].reserves}
    teams = {r["id"]: (r["lead"], r["member"]) for r in rosters["1.teams"].records()}
    assert teams == {t.target: tuple(m for _, m in t.members) for t in made["1"].teams}
    assert all(lead != member for lead, member in teams.values())


def test_a_task_without_roles_has_teams_of_nobody() -> None:
    made = draw(kit.task(team=kit.NOBODY))["1"]
    assert [t.members for t in made.teams] == [()] * 6
    assert made.rosters[1].columns == ("id",)
    assert len(made.rosters[1]) == 6


def test_a_stratum_may_give_nobody_where_the_task_says_why() -> None:
    """``last_ticket`` is null there, and the roster of teams of a task that draws nobody at all is empty."""
    quota = Quota(ratio=Fraction(1, 20), scope=Scope.STRATUM, rounding="floor", allow_zero="a trial (synthetic)")
    made = draw(kit.task(quota=quota, reserves=1))
    body: Any = made.to_json()
    assert [s["last_ticket"] for s in body["tasks"][0]["strata"]] == [None] * 3
    assert [s["reserves"] for s in body["tasks"][0]["strata"]] == [1] * 3
    assert made["1"].selected == ()
    assert made["1"].assignment.cap == 0
    assert made.rosters["1.teams"].manifest.root == SHA256.hexhash(b"")
    assert {u.weight for u in made["1"].reserves} == {Fraction(0)}


def test_wanting_more_than_there_is_leaves_a_shortfall() -> None:
    each = draw(kit.task(quota=Quota(count=12, scope=Scope.STRATUM)))["1"]
    assert each.shortfall == 6
    assert [s.shortfall for s in each.selection.strata] == [2, 2, 2]
    assert each.reserves == ()
    total = draw(kit.task(quota=Quota(count=40, scope=Scope.TOTAL)))["1"]
    assert total.shortfall == 10
    assert [s.shortfall for s in total.selection.strata] == [0, 0, 0]
    assert total.to_json()["shortfall"] == 10


def test_a_target_that_nobody_can_lead_is_recorded_open_with_the_reasons() -> None:
    """Every leader is recused from every firm of one district."""
    barred = [(f"I{i:02d}", f"F{n:03d}") for i in range(4) for n in range(0, 30, 3)]
    made = draw(populations=(kit.recusals(*barred),))["1"]
    gone = {u.id for u in made.selected if u.stratum == ("Guandu",)}
    assert {o.target for o in made.assignment.open} == gone
    assert all(t.members == (("lead", None), ("member", None)) for t in made.teams if t.target in gone)
    entry: Any = made.to_json()["assignment"]
    lead = entry["open"][0]["slots"][0]
    assert lead["role"] == "lead"
    assert [sorted(c) for c in lead["candidates"]] == [["inspector", "recusal"]] * 4 + [["column", "inspector"]] * 4


def test_the_cap_is_the_tasks_or_one_above_the_least() -> None:
    slack = draw()["1"].assignment
    assert (slack.smallest_cap, slack.cap) == (2, 3)
    capped = draw(kit.task(team=TeamRule(roster="inspectors", roles=(kit.LEAD, kit.MEMBER), cap=1)))["1"].assignment
    assert (capped.smallest_cap, capped.cap) == (2, 2)


def test_it_depends_on_neither_order_nor_chance() -> None:
    turned = Population("targets", ("id", "district"), tuple(reversed(kit.targets().rows)))
    assert draw(populations=(turned,)).to_json() == draw().to_json() == draw().to_json()


def test_the_suite_changes_every_ticket() -> None:
    assert draw(suite=SM3)["1"].selection.key != draw()["1"].selection.key


def test_it_reads_as_a_mapping() -> None:
    made = draw(kit.task(), kit.task("2"))
    assert list(made) == ["1", "2"]
    assert len(made) == 2
    with pytest.raises(PlanError, match="no task '3'; there are 1, 2"):
        made["3"]


def test_confidential_rosters_draw_the_same() -> None:
    """The blinds keep the rows secret and must not move anybody's ticket."""
    hidden = kit.targets(confidential=True)
    made = kit.opened(given=[Roster.build(SHA256, hidden, [f"{n:064x}" for n in range(30)]), *kit.rosters()[1:]])
    kit.commit(made)
    found = make_draw(made.commitment, SEED, made.rosters)
    assert found["1"].selected == draw()["1"].selected


def test_frames_that_checking_made_are_drawn_from_and_made_once(monkeypatch: pytest.MonkeyPatch) -> None:
    """Going over the rows is the greater part of a large draw; who has checked the rosters need not do it again."""
    made = kit.committed()
    passes: list[str] = []

    class Counting(MemoryFrame):
        def __init__(self, *args: Any, where: str, **shared: Any) -> None:
            passes.append(where)
            super().__init__(*args, where=where, **shared)

    monkeypatch.setattr(commitment_module, "MemoryFrame", Counting)
    frames = made.commitment.check_rosters(made.rosters)
    once = list(passes)
    task = made.commitment.plan.tasks[0]
    assert frames.frame(task) is frames.frame(task)
    assert frames.frame(attrs.evolve(task, id="other")) is frames.frame(task), "one roster, filter and strata"
    assert frames.eligibility(task) is frames.eligibility(task)
    drawn = make_draw(made.commitment, SEED, frames)
    assert passes == once
    assert drawn.to_json() == make_draw(made.commitment, SEED, made.rosters).to_json()
    assert len(passes) == len(once) + len(made.commitment.plan.tasks)
