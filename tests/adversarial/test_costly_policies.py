"""A folder's own trust policy, and receipts in great numbers, cost whoever verifies no more than their length."""

from __future__ import annotations

from typing import Any

import ceremonies as office
import pytest

from dblrandom.assigning import Eligibility, Refill, replace
from dblrandom.assigning.slots import Slot
from dblrandom.drawing.standing import Standing
from dblrandom.errors import InputError
from dblrandom.evidence import TrustedKey, TrustPolicy
from dblrandom.evidence.trust import Requirement
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Role


def test_a_policy_states_a_few_requirements_for_a_type_and_not_thousands() -> None:
    few = {"witness": (Requirement("witness", 1),) * 64}
    assert TrustPolicy(keys=office.policy().keys, require=few).require["witness"] == few["witness"]
    with pytest.raises(InputError, match=r"65 requirements, and 64 are the most.*|require\.witness"):
        TrustPolicy(keys=office.policy().keys, require={"witness": (Requirement("witness", 1),) * 65})


def test_the_holders_whom_a_requirement_names_are_looked_up() -> None:
    need = Requirement("witness", 1, ("notary", "discipline"))
    assert need.among == {"notary", "discipline"}
    assert need == Requirement("witness", 1, ("notary", "discipline"))


def test_every_key_of_a_policy_is_looked_at_a_few_times(monkeypatch: pytest.MonkeyPatch) -> None:
    asked = 0

    class Name(str):
        """A name that counts how often it is compared."""

        __slots__ = ()
        __hash__ = str.__hash__

        def __eq__(self, other: object) -> bool:
            nonlocal asked
            asked += 1
            return str.__eq__(self, other)

    keys = [
        TrustedKey(
            name=Name(f"office {n}"), public_key=office.key(f"office {n}").public_key.hex(), roles=("organiser",)
        )
        for n in range(200)
    ]
    TrustPolicy(keys=tuple(keys))
    assert asked < 20 * len(keys)


def test_nobody_who_is_the_organiser_holds_another_role_by_another_key() -> None:
    again = TrustedKey(name="organiser", public_key=office.key("beside").public_key.hex(), roles=("witness",))
    with pytest.raises(InputError, match="holds another key with another role"):
        office.policy(also=(again,))


def test_where_people_abound_no_team_is_searched(monkeypatch: pytest.MonkeyPatch) -> None:
    roles = (Role("lead"), Role("member"))
    plenty = Eligibility.build(("id",), [(f"I{n}",) for n in range(9)], roles)
    slots = [Slot("F1", "lead"), Slot("F1", "member")]

    def fill() -> Any:
        return Refill(SHA256, "0" * 32, plenty, replaced=(), loads={}, cap=1).fill(slots, {})

    quick = fill()

    def never(*args: object, **options: object) -> Any:
        raise AssertionError("a team was searched")

    monkeypatch.setattr(replace, "largest_team", never)
    assert fill() == quick


def test_results_are_told_by_looking_each_target_up() -> None:
    state = Standing(SHA256, office.drawn().drawn["1"], ("not-found",))
    assert state._ever == set(state.due)
    told = state.told
    for target in state.due:
        state.tell({target: ("no-problem",)})
    assert state.told is told, "no copy is made for each receipt"
