"""Draws, substitutions and results that say something else than the rule gives.

Every forged draw is consistent in itself as far as its author can make it so: the result rosters are rebuilt, their
manifests and counts fit, all receipts are linked and signed. With the committed rosters each must be refused. Without
them some of it cannot be seen; then the report must not say that the draw was checked.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Iterator
from typing import Any

import attrs
import pytest
from kit import (
    OPEN,
    Forged,
    Step,
    at,
    attacked,
    committed_rosters,
    forge,
    honest,
    judge,
    refused,
    steps,
)

from dblrandom.ceremony import Ceremony
from dblrandom.errors import DblrandomError, VerificationError
from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Population
from dblrandom.roster import Roster

DRAW = "receipt 6 (draw)"
Row = dict[str, str]


# Every node of every body


def nodes(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of everything below ``value``."""
    inner = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for name, item in inner:
        yield (*path, name)
        yield from nodes(item, (*path, name))


def another(value: Any) -> Iterator[Any]:
    """Values of the same type that look as harmless, and one of another type."""
    if isinstance(value, bool):
        yield from (not value, int(value))
    elif isinstance(value, int):
        yield from (value + 1, value - 1, str(value))
    elif isinstance(value, str):
        yield ("0" if value[:1] != "0" else "1") + value[1:]
        yield from (value + " ", None)
    elif value is None:
        yield from ("ab" * 32, 0)
    elif isinstance(value, list):
        if len(value) > 1:
            yield value[::-1]
        yield from ([*value, *value[-1:]], value[:-1], {})
    else:
        yield from ({**value, "more": 1}, [])


def put(body: Any, path: tuple[Any, ...], value: Any) -> None:
    for name in path[:-1]:
        body = body[name]
    body[path[-1]] = value


def remove(body: Any, path: tuple[Any, ...]) -> None:
    for name in path[:-1]:
        body = body[name]
    del body[path[-1]]


def mutants(place: int) -> Iterator[tuple[str, Forged]]:
    """The sound ceremony with one node of one body changed or removed, linked and signed anew."""
    sound = steps()
    for path in nodes(sound[place].body):
        value: Any = sound[place].body
        for name in path:
            value = value[name]
        for number, new in enumerate([*another(value), ...]):
            chain = copy.deepcopy(sound)
            if new is ...:
                remove(chain[place].body, path)
            else:
                put(chain[place].body, path, new)
            if chain[place].body != sound[place].body or number == 99:
                yield f"{path} -> {'removed' if new is ... else repr(new)}", forge(chain)


LAWFUL = {
    # What no rule decides may be stated otherwise: the ground, among those committed, and what was found on the spot.
    "substitution": ("'ground'",),
    "result": ("'codes'",),
}


@pytest.mark.parametrize("place", [4, 5, 7, 8, 9, 10, 11], ids=lambda p: f"{p + 1}-{steps()[p].type}")
def test_every_node_of_a_body_is_checked(place: int) -> None:
    """Whatever one changes in a reveal, draw, substitution or result is refused, in one line and by this library."""
    kind = steps()[place].type
    accepted = []
    for number, (name, forged) in enumerate(mutants(place)):
        # A draw has too many nodes for the time there is; four to six changes of each make sure that most are touched.
        if kind == "draw" and number % 5:
            continue
        try:
            judge(forged)
        except VerificationError as error:
            assert str(error).isprintable(), name  # noqa: PT017 -- acceptance is lawful here too
        else:
            accepted.append(name)
    unexpected = [name for name in accepted if not any(word in name for word in LAWFUL.get(kind, ()))]
    assert unexpected == []


@pytest.mark.parametrize(
    "door",
    [
        "verify",
        "committed anew",
        "read",
    ],
)
def test_every_node_of_a_commitment_breaks_nothing(door: str) -> None:
    """A commitment is the organiser's to write: whatever is in it, no reader may fail in a way of its own.

    ``committed anew`` makes a whole ceremony that fits the changed commitment; then some changes are lawful.
    """
    sound = steps()
    accepted: list[str] = []
    broken: list[str] = []
    for number, path in enumerate(nodes(sound[0].body)):
        value: Any = sound[0].body
        for name in path:
            value = value[name]
        for turn, new in enumerate([*another(value), ..., None, [], {}, "targets", "\u2028", 2**53 - 1, [[]]]):
            # A node gets every kind of change only together with its neighbours: there is no time for all of them.
            if (turn + number) % (8 if door == "verify" else 13):
                continue
            chain = copy.deepcopy(sound)
            remove(chain[0].body, path) if new is ... else put(chain[0].body, path, new)
            if chain[0].body == sound[0].body:
                continue
            what = f"{path} -> {'removed' if new is ... else repr(new)}"
            try:
                forged = forge(chain, recompute=door == "committed anew")
            except Exception:
                continue
            try:
                if door == "read":
                    assert Ceremony.read(forged.receipts, committed_rosters().values()).standing
                else:
                    judge(forged)
                    accepted.append(what)
            except DblrandomError as error:
                assert str(error).isprintable(), what  # noqa: PT017 -- acceptance is lawful here too
            except (LookupError, StopIteration, ValueError, TypeError, AttributeError) as error:
                broken.append(f"{what}: {type(error).__name__} {error}")
    assert broken == []
    if door == "verify":
        assert accepted == [], "the seed is over the commitment: any change of it must show"


def test_a_signer_with_an_unknown_role() -> None:
    """A key declared as ``observer`` escapes every rule that is about organisers, parties and witnesses."""
    chain = steps()
    chain[0].body["signers"][4]["role"] = "observer"
    with pytest.raises(VerificationError, match=r"role|observer"):
        judge(forge(chain, recompute=True))


# Draws that are consistent in themselves


@attrs.define
class Lie:
    """One task's part of a draw, open to change: the entry of the receipt and the rows of its two result rosters."""

    entry: dict[str, Any]
    selected: list[Row]
    teams: list[Row]
    tasks: list[dict[str, Any]]

    def row(self, target: str) -> Row:
        return next(r for r in self.selected if r["id"] == target)

    def team(self, target: str) -> Row:
        return next(r for r in self.teams if r["id"] == target)

    def rename(self, old: str, new: str) -> None:
        """Put another target in the place of a drawn one, wherever it is named."""
        self.row(old)["id"] = new
        for row in self.teams:
            row["id"] = new if row["id"] == old else row["id"]
        for slot in self.entry["assignment"]["slots"]:
            slot["target"] = new if slot["target"] == old else slot["target"]

    def ranked(self, stratum: int = 0) -> list[Row]:
        values = self.entry["strata"][stratum]["stratum"]
        rows = [r for r in self.selected if not values or r["district"] == values[0]]
        return sorted(rows, key=lambda r: int(r["rank"]))

    def ticket(self, target: str) -> str:
        return ticket(SHA256, self.entry["keys"]["targets"], target.encode()).hex()

    def settle(self, stratum: int = 0) -> None:
        """Rank the rows of a stratum by their tickets, and state the last ticket that this gives."""
        rows = sorted(self.ranked(stratum), key=lambda r: self.ticket(r["id"]))
        count = self.entry["strata"][stratum]["selected"]
        for rank, row in enumerate(rows, 1):
            row.update(rank=str(rank), status="selected" if rank <= count else "reserve")
        self.entry["strata"][stratum]["last_ticket"] = self.ticket(rows[count - 1]["id"])


def lied(change: Callable[[Lie], object], task: int = 0) -> Forged:
    """The ceremony with ``change`` made to one task's draw, with result rosters and manifests that fit it."""
    chain = steps()
    rosters = dict(honest().rosters)
    tasks = chain[5].body["tasks"]
    entry = tasks[task]
    names = [m["name"] for m in entry["rosters"]]
    stated = copy.deepcopy(entry["rosters"])
    lie = Lie(entry, *([dict(r) for r in rosters[n].records()] for n in names), tasks)
    change(lie)
    for number, (name, rows) in enumerate(zip(names, (lie.selected, lie.teams), strict=True)):
        columns = rosters[name].columns
        built = Roster.build(SHA256, Population.from_dicts(name, columns, rows))
        rosters[name] = built
        if entry["rosters"][number] == stated[number]:
            entry["rosters"][number] = built.manifest.to_json()
    return attrs.evolve(forge(chain), rosters=rosters)


def stuff(lie: Lie) -> None:
    """A firm with a high ticket takes the place of one that was drawn, and stands where its ticket puts it."""
    drawn = {r["id"] for r in lie.selected}
    worst = max((f"F{n:03d}" for n in range(0, 40, 3) if f"F{n:03d}" not in drawn), key=lie.ticket)
    lie.rename(lie.ranked()[2]["id"], worst)
    lie.row(worst)["rank"] = "3"


def spare(lie: Lie) -> None:
    """The firm with the lowest ticket is left out and everybody moves up: perfect, but for the one who is not there."""
    rows = lie.ranked()
    spared, promoted = rows[0]["id"], rows[3]["id"]
    last = lie.row(rows[4]["id"])
    lie.selected.remove(lie.row(promoted))
    lie.rename(spared, promoted)
    drawn = {r["id"] for r in lie.selected}
    others = [f"F{n:03d}" for n in range(0, 40, 3) if f"F{n:03d}" not in {*drawn, spared}]
    lie.selected.append({**last, "id": min(others, key=lie.ticket)})
    lie.settle()


def skip_reserve(lie: Lie) -> None:
    """The first reserve is passed over in favour of another firm of the stratum."""
    rows = lie.ranked()
    drawn = {r["id"] for r in lie.selected}
    others = sorted((f"F{n:03d}" for n in range(0, 40, 3) if f"F{n:03d}" not in drawn), key=lie.ticket)
    rows[3]["id"] = others[0]
    lie.settle()


def one_more(lie: Lie) -> None:
    """The first reserve is selected too; every number in the receipt goes along, but the quota says 3."""
    row = lie.ranked()[3]
    row["status"] = "selected"
    lie.entry["strata"][0].update(
        selected=4,
        wanted=4,
        reserves=1,
        last_ticket=lie.ticket(row["id"]),
        probability={"numerator": 2, "denominator": 7},
    )
    lie.teams.append({"id": row["id"], "lead": "I00", "member": "I01"})
    for role in ("lead", "member"):
        count = 4 if role == "lead" else 9
        lie.entry["assignment"]["slots"].append({"target": row["id"], "role": role, "eligible": count, "recused": 0})


def relabel(lie: Lie) -> None:
    """A drawn firm is said to be of another district, in place of one that was drawn there."""
    moved, gone = lie.ranked(0)[0]["id"], lie.ranked(1)[0]
    lie.selected.remove(gone)
    lie.row(moved)["district"] = "Panlong"
    lie.settle(1)


def leave_out_stratum(lie: Lie) -> None:
    """A whole district is never drawn from: its rows, teams and slots are nowhere."""
    gone = {r["id"] for r in lie.ranked(2)}
    del lie.entry["strata"][2]
    lie.entry["size"] = 27
    lie.selected[:] = [r for r in lie.selected if r["id"] not in gone]
    lie.teams[:] = [r for r in lie.teams if r["id"] not in gone]
    slots = lie.entry["assignment"]["slots"]
    slots[:] = [s for s in slots if s["target"] not in gone]


def merge_sizes(lie: Lie) -> None:
    """Two districts trade a firm on paper: the sizes are false, all that follows from them is right."""
    lie.entry["strata"][0].update(size=15, probability={"numerator": 1, "denominator": 5})
    lie.entry["strata"][1].update(size=12, probability={"numerator": 1, "denominator": 4})


def swap_teams(lie: Lie) -> None:
    one, other = lie.teams[0], lie.teams[1]
    for role in ("lead", "member"):
        one[role], other[role] = other[role], one[role]


def twice_in_team(lie: Lie) -> None:
    lie.teams[0]["member"] = lie.teams[0]["lead"]


def over_cap(lie: Lie) -> None:
    for team in lie.teams:
        team["lead"] = "I00"
        team["member"] = "I01"


def lift_cap(lie: Lie) -> None:
    """Everything goes to two people, and the caps are stated high enough for it."""
    over_cap(lie)
    lie.entry["assignment"].update(smallest_cap=8, cap=9)


def favour(person: str, target: str | None = None) -> Callable[[Lie], None]:
    def change(lie: Lie) -> None:
        (lie.team(target) if target else lie.teams[0])["member"] = person

    return change


def hide_open(lie: Lie) -> None:
    """The open target is given to two people who are recused from it."""
    lie.team(OPEN).update(lead="I00", member="I03")
    lie.entry["assignment"]["open"] = []


def fake_open(lie: Lie) -> None:
    """A target that could be staffed is left without a team, with invented recusals as the reason."""
    target = lie.teams[0]["id"] if lie.teams[0]["id"] != OPEN else lie.teams[1]["id"]
    lie.team(target).update(lead="", member="")
    candidates = [{"inspector": f"I{n:02d}", "recusal": f"R{n}"} for n in range(10)]
    opened = {"target": target, "slots": [{"role": r, "candidates": candidates} for r in ("lead", "member")]}
    lie.entry["assignment"]["open"].append(opened)
    lie.entry["assignment"]["open"].sort(key=lambda o: o["target"])


def entry(**changes: Any) -> Callable[[Lie], None]:
    return lambda lie: lie.entry.update(changes)


def stratum(number: int = 0, **changes: Any) -> Callable[[Lie], None]:
    return lambda lie: lie.entry["strata"][number].update(changes)


def assignment(**changes: Any) -> Callable[[Lie], None]:
    return lambda lie: lie.entry["assignment"].update(changes)


def slot(number: int = 0, **changes: Any) -> Callable[[Lie], None]:
    return lambda lie: lie.entry["assignment"]["slots"][number].update(changes)


def swap_keys_between_purposes(lie: Lie) -> None:
    keys = lie.entry["keys"]
    keys["targets"], keys["inspectors"] = keys["inspectors"], keys["targets"]


def swap_keys_between_tasks(lie: Lie) -> None:
    one, other = lie.tasks[0], lie.tasks[1]
    one["keys"], other["keys"] = other["keys"], one["keys"]


def swap_rosters_between_tasks(lie: Lie) -> None:
    one, other = lie.tasks[0], lie.tasks[1]
    one["rosters"], other["rosters"] = other["rosters"], one["rosters"]


def rename_rosters_between_tasks(lie: Lie) -> None:
    """The other task's results under this task's names."""
    for mine, theirs in zip(lie.tasks[0]["rosters"], copy.deepcopy(lie.tasks[1]["rosters"]), strict=True):
        mine.update({**theirs, "name": mine["name"]})


SEEN = "seen"
HIDDEN = "hidden without the rosters"

LIES: dict[str, tuple[int, Callable[[Lie], object], str, str]] = {
    # name: task, change, what the refusal must say, and whether it is seen without the committed rosters too
    "stuffed selection": (0, stuff, "order of the tickets|last selected ticket", SEEN),
    "stuffed selection, last ticket moved along": (
        0,
        lambda lie: (stuff(lie), lie.settle()),
        "last_ticket|selected|root|target",
        HIDDEN,
    ),
    "the lowest ticket spared": (0, spare, "last_ticket|root|target", HIDDEN),
    "a reserve skipped": (0, skip_reserve, "root", HIDDEN),
    "one more than the quota": (0, one_more, "selected|wanted|probability", SEEN),
    "a drawn firm relabelled": (0, relabel, "ranks|rows|result rosters", SEEN),
    "strata reordered": (0, lambda lie: lie.entry["strata"].reverse(), "order of their bytes", SEEN),
    "a stratum twice": (0, lambda lie: lie.entry["strata"].append(lie.entry["strata"][0]), "distinct", SEEN),
    "a stratum left out": (0, leave_out_stratum, "strata|size|slots", HIDDEN),
    "a stratum renamed": (0, stratum(2, stratum=["Xishan"]), "ranks|strata|stratum", SEEN),
    "a stratum of two columns": (0, stratum(2, stratum=["Wuhua", ""]), "distinct|order", SEEN),
    "sizes traded": (0, merge_sizes, "size|probability", HIDDEN),
    "a size raised": (0, stratum(size=15), "size", SEEN),
    "the frame's size raised": (0, entry(size=41), "size", SEEN),
    "a wrong probability": (0, stratum(probability={"numerator": 3, "denominator": 13}), "probability", SEEN),
    "a probability not in lowest terms": (0, stratum(probability={"numerator": 6, "denominator": 28}), "prob", SEEN),
    "a probability over nothing": (0, stratum(probability={"numerator": 3, "denominator": 0}), "denominator", SEEN),
    "the last ticket raised": (0, stratum(last_ticket="ff" * 32), "last selected ticket", SEEN),
    "the last ticket lowered": (0, stratum(last_ticket="00" * 32), "last selected ticket", SEEN),
    "the last ticket taken away": (0, stratum(last_ticket=None), "last selected ticket", SEEN),
    "a shortfall invented": (0, stratum(shortfall=1), "shortfall", SEEN),
    "a shortfall of the task invented": (0, entry(shortfall=1), "shortfall", HIDDEN),
    "fewer wanted": (0, stratum(wanted=2), "wanted", SEEN),
    "fewer reserves": (0, stratum(reserves=1), "reserves", SEEN),
    "another quota": (0, lambda lie: lie.entry["quota"].update(count=3), "quota", SEEN),
    "no quota": (0, lambda lie: lie.entry.pop("quota"), "quota", SEEN),
    "teams swapped": (0, swap_teams, "root", HIDDEN),
    "one person twice in a team": (0, twice_in_team, "on the team twice", SEEN),
    "an expired certificate": (0, favour("I08"), "root", HIDDEN),
    "somebody who is no inspector": (0, favour("F000"), "root", HIDDEN),
    "somebody recused": (1, favour("I01", "F013"), "root", HIDDEN),
    "over the cap": (0, over_cap, "more than 4 targets", SEEN),
    "over the cap, caps raised": (0, lift_cap, "cap", HIDDEN),
    "a blank in a team": (0, lambda lie: lie.teams[0].update(member=""), "not complete", SEEN),
    "a blank team": (0, lambda lie: lie.teams[0].update(lead="", member=""), "not complete", SEEN),
    "smallest cap lied": (0, assignment(smallest_cap=2), "cap", SEEN),
    "cap lied": (0, assignment(cap=5), "cap", HIDDEN),
    "cap of nothing": (0, assignment(cap=0), "more than 0 targets|cap", SEEN),
    "eligible lied": (0, slot(eligible=9), "eligible", HIDDEN),
    "recused lied": (0, slot(recused=1), "recused", HIDDEN),
    "a slot left out": (0, lambda lie: lie.entry["assignment"]["slots"].pop(), "slots", HIDDEN),
    "slots reordered": (0, lambda lie: lie.entry["assignment"]["slots"].reverse(), "slots", HIDDEN),
    "an open target hidden": (1, hide_open, "open|root", HIDDEN),
    "an open target faked": (0, fake_open, "open|root", HIDDEN),
    "the reason of an open target changed": (
        1,
        lambda lie: lie.entry["assignment"]["open"][0]["slots"][0]["candidates"].pop(),
        "candidates",
        HIDDEN,
    ),
    "keys swapped between purposes": (0, swap_keys_between_purposes, "keys", SEEN),
    "keys swapped between tasks": (0, swap_keys_between_tasks, "keys", SEEN),
    "result rosters swapped between tasks": (0, swap_rosters_between_tasks, "result rosters|columns|name", SEEN),
    "result rosters of the other task renamed": (0, rename_rosters_between_tasks, "result rosters|columns|rows", SEEN),
    "tasks reordered": (0, lambda lie: lie.tasks.reverse(), "tasks are not those committed", SEEN),
    "a task left out": (0, lambda lie: lie.tasks.pop(), "tasks are not those committed", SEEN),
    "a task twice": (0, lambda lie: lie.tasks.append(lie.tasks[0]), "tasks are not those committed", SEEN),
    "a task invented": (0, lambda lie: lie.tasks.append({**lie.tasks[0], "task": "C3"}), "tasks are not", SEEN),
    "a task renamed": (0, entry(task="a1"), "tasks are not those committed", SEEN),
    "a teams roster without a target": (0, lambda lie: lie.teams.pop(), "result rosters", SEEN),
    "a selected roster with a row more": (
        0,
        lambda lie: lie.selected.append({"id": "F039x", "district": "Wuhua", "rank": "9", "status": "reserve"}),
        "result rosters",
        SEEN,
    ),
    "a rank in other digits": (0, lambda lie: lie.selected[0].update(rank="１"), "rank", SEEN),
    "a rank with a zero before it": (0, lambda lie: lie.selected[0].update(rank="01"), "rank", SEEN),
    "a rank of a thousand digits": (0, lambda lie: lie.selected[0].update(rank="9" * 1000), "rank", SEEN),
    "an empty rank": (0, lambda lie: lie.selected[0].update(rank=""), "rank", SEEN),
    "a negative rank": (0, lambda lie: lie.selected[0].update(rank="-1"), "rank", SEEN),
    "a status of its own": (0, lambda lie: lie.selected[0].update(status="chosen"), "selected and then", SEEN),
}


@pytest.mark.parametrize("attack", LIES)
def test_a_false_draw_is_refused_with_the_rosters(attack: str) -> None:
    task, change, message, _ = LIES[attack]
    with pytest.raises(VerificationError, match=message) as caught:
        judge(lied(change, task))
    assert caught.value.check in ("draw", "receipt")
    assert str(caught.value).isprintable()
    assert DRAW in str(caught.value) or caught.value.check == "receipt"


@pytest.mark.parametrize("attack", LIES)
def test_a_false_draw_is_never_called_checked_without_the_rosters(attack: str) -> None:
    """With the results alone: either refused, or said to be not checked; which of the two is fixed here."""
    task, change, _, seen = LIES[attack]
    forged = lied(change, task)
    results = {n: r for n, r in forged.rosters.items() if n not in committed_rosters()}
    if seen == SEEN:
        with pytest.raises(VerificationError):
            judge(forged, rosters=results)
        return
    try:
        report = judge(forged, rosters=results)
    except VerificationError:
        return
    assert not {c.name for c in report.passed} & {"draw", "roster", "commitment", "substitution", "result"}
    assert ("draw", DRAW) in {(c.name, c.subject) for c in report.not_checked}


def test_a_false_shortfall_is_seen_without_the_rosters() -> None:
    forged = lied(entry(shortfall=1))
    results = {n: r for n, r in forged.rosters.items() if n not in committed_rosters()}
    refused(forged, check="draw", match="shortfall", rosters=results)


@pytest.mark.parametrize("leave_out", ["targets", "inspectors", "recusals"])
@pytest.mark.parametrize("attack", [name for name, lie in LIES.items() if lie[3] == HIDDEN])
def test_one_missing_roster_is_enough_to_leave_the_draw_unchecked(attack: str, leave_out: str) -> None:
    """Nothing may be half recomputed and then called passed."""
    task, change, _, _ = LIES[attack]
    forged = lied(change, task)
    try:
        report = judge(forged, rosters={n: r for n, r in forged.rosters.items() if n != leave_out})
    except VerificationError:
        return
    assert not {c.name for c in report.passed} & {"draw", "commitment", "substitution", "result"}


def test_the_results_of_another_ceremony() -> None:
    """Rosters of the same names, honestly drawn by another seed."""
    chain = steps()
    chain[0].body["plan"]["title"] = "another ceremony"
    others = forge(chain, recompute=True).rosters
    for name in ("A1.selected", "A1.teams", "B2.teams"):
        rosters = {**honest().rosters, name: others[name]}
        refused(honest(), check="draw", match="its rows are not", place=name, rosters=rosters)


def test_the_result_rosters_given_under_each_others_names() -> None:
    own = honest().rosters
    for one, other in (("A1.selected", "B2.selected"), ("A1.teams", "B2.teams"), ("A1.selected", "A1.teams")):
        rosters = {**own, one: own[other], other: own[one]}
        refused(honest(), check="draw", match="its rows are not", rosters=rosters)
        swapped = {**own, one: own[other].to_file(), other: own[one].to_file()}
        with pytest.raises(VerificationError):
            judge(honest(), rosters=swapped)


def test_teams_of_other_targets_than_those_selected() -> None:
    """From the result rosters alone it is visible that a team visits somebody who was not selected."""

    def change(lie: Lie) -> None:
        lie.teams[0]["id"] = "F000x"

    forged = lied(change)
    refused(forged, check="draw", match="root|target|team", place=DRAW)


def test_teams_of_other_targets_than_those_selected_without_the_rosters() -> None:
    forged = lied(lambda lie: lie.teams[0].update(id="F000x"))
    results = {n: r for n, r in forged.rosters.items() if n not in committed_rosters()}
    refused(forged, check="draw", match="A1.teams", rosters=results)


# Substitutions


def substituted(nth: int, change: Callable[[dict[str, Any]], object]) -> Forged:
    return attacked(lambda chain: change(chain[at(chain, "substitution", nth)].body))


FIRST, SECOND, THIRD = (steps()[at(steps(), "substitution", n)].body for n in range(3))
GONE, CALLED, ILL = FIRST["replaced"]["target"], FIRST["replacement"], SECOND["replaced"]["inspector"]

SUBSTITUTIONS: dict[str, tuple[int, Callable[[dict[str, Any]], object], str]] = {
    "an unlawful ground": (0, lambda b: b.update(ground="convenience"), "not in the committed list"),
    "a ground of another case": (0, lambda b: b.update(ground="not-Found"), "ground"),
    "a chosen target": (0, lambda b: b.update(replacement="F000"), "replacement"),
    "another drawn target": (0, lambda b: b.update(replacement="F019"), "replacement"),
    "no replacement though there is a reserve": (
        0,
        lambda b: b.update(replacement=None, slots=[]),
        "replacement|slots",
    ),
    "an inspector with a replacement target": (1, lambda b: b.update(replacement="F000"), "replacement"),
    "a chosen inspector": (0, lambda b: b["slots"][0].update(inspector="I02"), "inspector"),
    "somebody with an expired certificate": (0, lambda b: b["slots"][0].update(inspector="I08"), "inspector"),
    "a person of the team again": (
        0,
        lambda b: b["slots"][0].update(inspector=b["slots"][1]["inspector"]),
        "inspector",
    ),
    "nobody though somebody could": (0, lambda b: b["slots"][0].update(inspector=None), "inspector"),
    "the replaced inspector himself": (1, lambda b: b["slots"][0].update(inspector=ILL), "inspector"),
    "a waived cap claimed": (0, lambda b: b["slots"][0].update(cap_waived=True), "cap_waived"),
    "a waived cap as a number": (0, lambda b: b["slots"][0].update(cap_waived=0), "one of True, False"),
    "somebody who is recused": (2, lambda b: b["slots"][1].update(inspector="I00"), "inspector"),
    "slots in another order": (0, lambda b: b["slots"].reverse(), "slots"),
    "a slot left out": (0, lambda b: b["slots"].pop(), "slots"),
    "a slot more": (0, lambda b: b["slots"].append(dict(b["slots"][0])), "slots"),
    "a slot of another target": (0, lambda b: b["slots"][0].update(target="F019"), "target"),
    "a slot of another role": (0, lambda b: b["slots"][0].update(role="lead"), "role"),
    "a target that was not drawn": (0, lambda b: b["replaced"].update(target="F000"), "not a target that stands drawn"),
    "a reserve that was not called": (0, lambda b: b["replaced"].update(target=CALLED), "not a target that stands"),
    "a target of the other task": (0, lambda b: b["replaced"].update(target=OPEN), "not a target that stands drawn"),
    "somebody who serves nowhere": (1, lambda b: b["replaced"].update(inspector="I99"), "serves in none"),
    "a full team said to be open": (2, lambda b: b["replaced"].update(open="F013"), "empty slot"),
    "an unknown task": (0, lambda b: b.update(task="C3"), "no task 'C3'"),
    "the other task": (0, lambda b: b.update(task="B2"), "not a target that stands drawn"),
    "a target and an inspector at once": (0, lambda b: b["replaced"].update(inspector="I00"), "exactly one of"),
    "nothing replaced": (0, lambda b: b.update(replaced={}), "exactly one of"),
    "a blind without a seal, too short": (0, lambda b: b.update(blind="ab"), "digest"),
}


@pytest.mark.parametrize("attack", SUBSTITUTIONS)
def test_a_substitution_that_the_rule_does_not_give(attack: str) -> None:
    nth, change, message = SUBSTITUTIONS[attack]
    forged = substituted(nth, change)
    with pytest.raises(VerificationError, match=message) as caught:
        judge(forged)
    assert caught.value.check in ("substitution", "receipt")
    assert f"receipt {8 + nth}" in str(caught.value)
    assert str(caught.value).isprintable()


def test_a_target_replaced_twice() -> None:
    def again(chain: list[Step]) -> None:
        place = at(chain, "substitution", 0)
        chain.insert(place + 1, copy.deepcopy(chain[place]))

    forged = attacked(again)
    refused(forged, check="substitution", match="not a target that stands drawn", place="receipt 9")


def test_an_inspector_replaced_twice() -> None:
    def again(chain: list[Step]) -> None:
        place = at(chain, "substitution", 1)
        chain.insert(place + 1, copy.deepcopy(chain[place]))

    refused(attacked(again), check="substitution", match="serves in none", place="receipt 10")


def test_a_replaced_inspector_returns_with_a_later_substitution() -> None:
    """Whoever was replaced for illness stays out of the task: a later substitution may not bring him back."""

    def swap(chain: list[Step]) -> None:
        one, other = at(chain, "substitution", 0), at(chain, "substitution", 1)
        chain[one].body, chain[other].body = chain[other].body, chain[one].body
        chain[other].body["slots"][1]["inspector"] = ILL

    refused(attacked(swap), check="substitution", match="inspector")


def test_substitutions_in_another_order() -> None:
    """The order matters to loads and teams; the same two in the other order are only lawful if the rule says so."""

    def swap(chain: list[Step]) -> None:
        one, other = at(chain, "substitution", 0), at(chain, "substitution", 1)
        chain[one].body, chain[other].body = chain[other].body, chain[one].body

    forged = attacked(swap)
    try:
        judge(forged)
    except VerificationError as error:
        assert error.check == "substitution"  # noqa: PT017 -- acceptance is lawful here too


def test_a_hidden_substitution() -> None:
    """The receipt is left out, and the results speak of somebody who was never called."""

    def hide(chain: list[Step]) -> None:
        del chain[at(chain, "substitution", 0)]
        for step in chain:
            if step.type == "witness" and step.body["sequence"] > 8:
                step.body["sequence"] -= 1

    with pytest.raises(VerificationError, match=r"never drawn|inspector|slots") as caught:
        judge(attacked(hide))
    assert caught.value.check in ("substitution", "result")


def test_a_substitution_before_the_draw() -> None:
    def early(chain: list[Step]) -> None:
        chain.insert(5, chain.pop(at(chain, "substitution", 0)))
        chain[5].time = chain[4].time

    refused(attacked(early), check="chain", match="cannot stand here|not lawful here")


# Results


def outcome(change: Callable[[dict[str, Any]], object], nth: int = 0) -> Forged:
    return attacked(lambda chain: change(chain[at(chain, "result", nth)].body))


def _name(body: dict[str, Any], target: str) -> None:
    body["outcomes"].append({"id": target, "codes": ["no-problem"]})


RESULTS: dict[str, tuple[Callable[[dict[str, Any]], object], str, str]] = {
    "an unknown target": (lambda b: _name(b, "F999"), "never drawn", "result"),
    "a firm that was not drawn": (lambda b: _name(b, "F000"), "never drawn", "result"),
    "a reserve that was not called": (lambda b: _name(b, "F005"), "never drawn", "result"),
    "a target of the other task": (lambda b: _name(b, OPEN), "never drawn", "result"),
    "a target twice": (lambda b: b["outcomes"].append(b["outcomes"][0]), "is named twice", "result"),
    "a target twice with two outcomes": (
        lambda b: b["outcomes"].append({**b["outcomes"][0], "codes": ["closed"]}),
        "is named twice",
        "result",
    ),
    "a code twice": (lambda b: b["outcomes"][0]["codes"].append("no-problem"), "code twice", "result"),
    "an unknown code": (lambda b: b["outcomes"][0].update(codes=["fine"]), "one of", "receipt"),
    "no code": (lambda b: b["outcomes"][0].update(codes=[]), "at least 1", "receipt"),
    "an unknown task": (lambda b: b.update(task="C3"), "no task 'C3'", "result"),
    "the other task": (lambda b: b.update(task="B2"), "never drawn", "result"),
    "the task in another case": (lambda b: b.update(task="a1"), "no task 'a1'", "result"),
    "one outcome left out": (lambda b: b["outcomes"].pop(), "results were due by", "deadlines"),
    "no outcomes": (lambda b: b.update(outcomes=[]), "at least 1", "receipt"),
    "the replaced target left out": (
        lambda b: b.update(outcomes=[o for o in b["outcomes"] if o["id"] != GONE]),
        "results were due by",
        "deadlines",
    ),
}


@pytest.mark.parametrize("attack", RESULTS)
def test_a_false_result(attack: str) -> None:
    change, message, check = RESULTS[attack]
    refused(outcome(change), check=check, match=message)


def test_no_result_at_all_is_late_only_after_the_deadline() -> None:
    def cut(chain: list[Step]) -> None:
        del chain[at(chain, "result") :]

    forged = attacked(cut)
    refused(forged, check="deadlines", match="results were due by")
    assert judge(forged, as_of="2024-12-31T00:00:00Z").stage == "drawn"
    skipped = {(c.name, c.subject) for c in judge(forged, as_of=None).not_checked}
    assert ("deadlines", "ceremony") in skipped


def test_two_results_for_one_target() -> None:
    """First fined, then found without fault: there is no receipt that amends, so the report must at least say it."""

    def amend(chain: list[Step]) -> None:
        place = at(chain, "result", 0)
        chain[place].body["outcomes"][0]["codes"] = ["refused"]
        more = copy.deepcopy(chain[place])
        more.body["outcomes"] = [{**more.body["outcomes"][0], "codes": ["no-problem"]}]
        chain.insert(place + 1, more)
        chain[-1].body["sequence"] += 1

    try:
        report = judge(attacked(amend))
    except VerificationError as error:
        assert error.check == "result"  # noqa: PT017 -- acceptance is lawful here too
        return
    sound = judge(honest())
    assert len(report.findings) > len(sound.findings) or any("twice" in c.detail for c in report.checks)


def test_a_result_of_a_reserve_before_it_was_called() -> None:
    """The reserve has been inspected before anybody was missing: somebody knew that it would be needed."""

    def early(chain: list[Step]) -> None:
        result = chain.pop(at(chain, "result", 0))
        place = at(chain, "substitution", 0)
        result.time = chain[place].time
        chain.insert(place, result)

    refused(attacked(early), check="result", match=f"'{CALLED}'")
