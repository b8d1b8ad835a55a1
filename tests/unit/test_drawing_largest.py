"""What a draw takes at most, where the rows of its targets stay elsewhere."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from typing import Any

import attrs
import ceremonies as office
import pytest

from dblrandom.drawing import largest as rules
from dblrandom.drawing import make_draw
from dblrandom.drawing.commitment import Commitment, Frames
from dblrandom.drawing.largest import WorstCase, largest_substitution, largest_task
from dblrandom.drawing.sizes import Size, limits, text_size
from dblrandom.errors import PlanError
from dblrandom.kernel.canonical import encode
from dblrandom.model import Population
from dblrandom.roster import Roster
from dblrandom.sampling import Frame, MemoryFrame, sampler_for, task_shortfall


class Elsewhere:
    """A roster as an engine has it: it answers, and gives no rows of a frame."""

    def __init__(self, rows: Roster) -> None:
        self._rows = rows

    def __getattr__(self, name: str) -> Any:
        if name == "lines":
            raise AttributeError(name)
        return getattr(self._rows, name)

    def frame(self, keep: Mapping[str, Sequence[str]], strata: Sequence[str], *, where: str) -> Frame:
        inner = MemoryFrame(self._rows.suite, self._rows.columns, self._rows.lines, keep, strata, where=where)
        return Counted(inner)


class Counted:
    """A frame without ids."""

    def __init__(self, inner: MemoryFrame) -> None:
        self.sizes, self.lowest = inner.sizes, inner.lowest


def case(commitment: Commitment, rosters: Mapping[str, Any]) -> WorstCase:
    frames, task = Frames(commitment, rosters), commitment.plan.tasks[0]
    frame = frames.frame(task)
    counts = sampler_for(task).allocate(task, frame.sizes())
    return WorstCase(
        task=task,
        frame=frame,
        counts=counts,
        shortfall=task_shortfall(task, frame.sizes(), counts),
        eligibility=frames.eligibility(task),
        roster=rosters[task.roster],
    )


@pytest.fixture
def committed() -> Any:
    """Firms with ids of very different length; all leaders are recused from three of them, in two strata."""
    rows = tuple((f"F{n:03d}" + "x" * (n % 7) * 20, office.DISTRICTS[n % 3]) for n in range(30))
    people = office.inspectors()
    named = [(f"I{i:02d}", rows[n][0]) for n in (0, 3, 4) for i in range(4)]
    made = office.opened(
        office.plan(), [Population("targets", ("id", "district"), rows), people, office.recusals(*named)]
    )
    office.commit(made)
    return made


def test_rows_elsewhere_are_bounded_soundly_and_not_much_worse(committed: Any) -> None:
    rosters = dict(committed.rosters)
    exact = largest_task(case(committed.commitment, rosters))
    elsewhere = largest_task(case(committed.commitment, {**rosters, "targets": Elsewhere(rosters["targets"])}))
    plain = largest_task(case(committed.commitment, rosters), plain=True)
    assert exact.bytes <= elsewhere.bytes <= plain.bytes
    assert exact.values == elsewhere.values <= plain.values
    assert elsewhere.bytes < 1.5 * exact.bytes
    sizes = [
        len(encode(make_draw(committed.commitment, hashlib.sha256(bytes([n])).hexdigest(), rosters).to_json()))
        for n in range(40)
    ]
    assert max(sizes) <= exact.bytes + 20


def test_a_commitment_over_rows_elsewhere_is_refused_where_it_could_not_be_drawn(
    committed: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    rosters = {**committed.rosters, "targets": Elsewhere(committed.rosters["targets"])}
    committed.commitment.check_rosters(rosters)
    monkeypatch.setattr(rules, "limits", lambda commitment: Size(2500, 10**6))
    monkeypatch.setattr(rules, "MAX_BYTES", 2500)
    with pytest.raises(PlanError, match="could not be written"):
        committed.commitment.check_rosters(rosters)


def test_a_text_takes_its_bytes_its_quotes_and_its_escapes() -> None:
    for text in ("F1", 'a"b', "a\\b", "公司", "\u2028"):
        assert text_size(text.encode()) == len(encode(text))


def test_the_room_is_what_the_envelope_leaves(committed: Any) -> None:
    room = limits(committed.commitment)
    assert 12_000_000 < room.bytes < 16 * 1024 * 1024 * 3 // 4
    # Each declared key may sign, once.
    twice = attrs.evolve(committed.commitment, signers=(*committed.commitment.signers, *office.declared()))
    assert limits(twice) == room
    fewer = attrs.evolve(committed.commitment, signers=committed.commitment.signers[:1])
    assert limits(fewer).bytes > room.bytes


def test_an_inspector_may_come_to_have_every_target(committed: Any) -> None:
    worst = case(committed.commitment, committed.rosters)
    assert largest_substitution(worst).values >= 5 * worst.units
