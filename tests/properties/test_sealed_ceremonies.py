"""Every order of seals, openings, results, substitutions and witnesses: what is admitted verifies, then and ever after.

After each step that the organiser's side lets through, the ceremony is verified; and at any moment everything that is
sealed can be opened in the order of the seals, after which it verifies as well. What would break that is refused.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from typing import Any

import ceremonies as office
import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dblrandom.ceremony import Ceremony
from dblrandom.errors import DblrandomError, StepError
from dblrandom.evidence import Receipt, sign_payload, verify
from dblrandom.evidence.receipt import payload_bytes
from dblrandom.model import Population

KEYS = office.keys("organiser")
FEW = (
    Population("targets", ("id", "district"), tuple((f"F{n}", office.DISTRICTS[n % 3]) for n in range(9))),
    office.inspectors(5, leaders=3),
    office.recusals(("I00", "F0")),
)
PLACES = st.integers(0, 8)
CODES = st.sampled_from(["closed", "pending", "no-problem"])


class Sealed(RuleBasedStateMachine):
    """One ceremony whose draw is sealed before it is public, and its organiser, who keeps what is sealed."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0
        self.kept: list[tuple[str, dict[str, Any]]] = []

    def now(self) -> str:
        self.clock += 1
        return f"2024-03-02T{self.clock // 60:02d}:{self.clock % 60:02d}:00Z"

    @initialize(sealed_reveal=st.booleans())
    def begin(self, sealed_reveal: bool) -> None:
        made = office.committed(office.plan(office.task(reserves=1)), FEW)
        self.made = made
        body = made.compute_reveal(office.values())
        if sealed_reveal:
            self.keep("reveal", body)
        self.keep("draw", made.compute_draw(str(body["seed"])).to_json())

    def keep(self, kind: str, body: dict[str, Any]) -> None:
        blind = hashlib.sha256(str(self.clock).encode()).hexdigest()
        self.kept.append((kind, self.made.seal(kind, body, blind=blind, time=self.now(), keys=KEYS)))

    def attempt(self, act: Callable[[], object]) -> bool:
        """Take a step, or nothing."""
        before = self.made.receipts
        try:
            act()
        except DblrandomError:
            assert self.made.receipts == before
            return False
        return True

    @rule(place=PLACES, codes=CODES)
    def result(self, place: int, codes: str) -> None:
        self.attempt(lambda: self.made.result("1", {f"F{place}": [codes]}, time=self.now(), keys=KEYS))

    @rule(place=PLACES, codes=CODES)
    def seal_result(self, place: int, codes: str) -> None:
        self.attempt(lambda: self.keep("result", self.made.compute_result("1", {f"F{place}": [codes]})))

    @rule(what=st.sampled_from(["target", "inspector"]), place=PLACES)
    def substitute(self, what: str, place: int) -> None:
        name = f"F{place}" if what == "target" else f"I0{place}"
        self.attempt(lambda: self.made.substitute("1", "illness", time=self.now(), keys=KEYS, **{what: name}))

    @rule(what=st.sampled_from(["target", "inspector"]), place=PLACES)
    def seal_substitution(self, what: str, place: int) -> None:
        name = f"F{place}" if what == "target" else f"I0{place}"
        self.attempt(lambda: self.keep("substitution", self.made.compute_substitution("1", "illness", **{what: name})))

    @precondition(lambda self: self.kept)
    @rule(which=PLACES)
    def unseal(self, which: int) -> None:
        kind, body = self.kept[which % len(self.kept)]
        if self.attempt(lambda: self.made.unseal(kind, body, time=self.now(), keys=KEYS)):
            self.kept.remove((kind, body))

    @rule()
    def reveal_openly(self) -> None:
        self.attempt(lambda: self.made.reveal(office.values(), time=self.now(), keys=KEYS))

    @rule()
    def draw_openly(self) -> None:
        self.attempt(lambda: self.made.draw(time=self.now(), keys=KEYS))

    @rule()
    def void(self) -> None:
        assert not self.attempt(lambda: self.made.void("synthetic", time=self.now(), keys=KEYS))

    @rule(by=st.sampled_from(["notary", "discipline"]))
    def witness(self, by: str) -> None:
        self.attempt(lambda: self.made.witness(time=self.now(), keys=office.keys(by)))

    @rule()
    def read_again(self) -> None:
        """As from a folder: the organiser keeps the receipts and the sealed bodies, and nothing else."""
        self.made = Ceremony.read(
            self.made.envelopes, self.made.rosters.values(), sealed=[body for _, body in self.kept]
        )

    @invariant()
    def it_verifies_now_and_once_all_is_open(self) -> None:
        check(self.made)
        later = Ceremony.read(self.made.envelopes, self.made.rosters.values(), sealed=[body for _, body in self.kept])
        moment = "2024-03-02T23:00:00Z"
        rest = list(self.kept)
        if later.last("reveal") is None and not any(kind == "reveal" for kind, _ in rest):
            later.reveal(office.values(), time=moment, keys=KEYS)
        for kind, body in sorted(
            rest, key=lambda one: ("reveal", "draw").index(one[0]) if one[0] in ("reveal", "draw") else 2
        ):
            later.unseal(kind, body, time=moment, keys=KEYS)
            check(later)


def check(made: Ceremony) -> None:
    results = made.drawn.rosters if made.last("draw") else {}
    verify(made.envelopes, trust=office.policy(), rosters={**made.rosters, **results}, as_of="2024-03-02T23:30:00Z")


TestSealed = Sealed.TestCase
TestSealed.settings = settings(
    max_examples=25, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)


def begun() -> Sealed:
    machine = Sealed()
    machine.begin(sealed_reveal=True)
    return machine


def first(machine: Sealed) -> str:
    """A target that the sealed draw selects."""
    body = next(body for kind, body in machine.kept if kind == "draw")
    return str(body["tasks"][0]["assignment"]["slots"][0]["target"])


def undrawn(machine: Sealed) -> str:
    body = next(body for kind, body in machine.kept if kind == "draw")
    drawn = {slot["target"] for slot in body["tasks"][0]["assignment"]["slots"]}
    return next(f"F{n}" for n in range(9) if f"F{n}" not in drawn)


def test_a_result_for_a_target_that_the_sealed_draw_does_not_have_is_refused() -> None:
    machine = begun()
    with pytest.raises(StepError, match="was never drawn"):
        machine.made.result("1", {undrawn(machine): ["closed"]}, time=machine.now(), keys=KEYS)
    machine.made.result("1", {first(machine): ["closed"]}, time=machine.now(), keys=KEYS)
    machine.it_verifies_now_and_once_all_is_open()


def test_without_the_sealed_bodies_no_open_result_is_added_while_the_draw_is_sealed() -> None:
    machine = begun()
    blank = Ceremony.read(machine.made.envelopes, machine.made.rosters.values())
    with pytest.raises(StepError, match="give the sealed bodies"):
        blank.result("1", {first(machine): ["closed"]}, time=machine.now(), keys=KEYS)


def test_a_substitution_is_sealed_beside_the_draw() -> None:
    machine = begun()
    machine.keep("substitution", machine.made.compute_substitution("1", "illness", target=first(machine)))
    machine.it_verifies_now_and_once_all_is_open()


def test_an_open_result_beside_a_sealed_final_one_is_refused() -> None:
    machine = begun()
    target = first(machine)
    machine.keep("result", machine.made.compute_result("1", {target: ["closed"]}))
    with pytest.raises(StepError, match="has a result already"):
        machine.made.result("1", {target: ["no-problem"]}, time=machine.now(), keys=KEYS)


def test_an_open_result_for_a_reserve_waits_for_the_sealed_substitution_that_calls_it() -> None:
    machine = begun()
    body = machine.made.compute_substitution("1", "illness", target=first(machine))
    machine.keep("substitution", body)
    with pytest.raises(StepError, match="was never drawn"):
        machine.made.result("1", {str(body["replacement"]): ["closed"]}, time=machine.now(), keys=KEYS)
    machine.keep("result", machine.made.compute_result("1", {str(body["replacement"]): ["closed"]}))
    machine.it_verifies_now_and_once_all_is_open()


def test_a_reveal_that_an_early_result_does_not_fit_is_refused() -> None:
    """A result that came in when the draw was not known here."""
    machine = begun()
    other = Ceremony.read(machine.made.envelopes, machine.made.rosters.values())
    other._sealed = {}
    body = {"task": "1", "outcomes": [{"id": undrawn(machine), "codes": ["closed"]}]}
    payload = payload_bytes(
        "result",
        ceremony=other.name,
        sequence=len(other.receipts) + 1,
        previous=other.head,
        time=machine.now(),
        body=body,
    )
    other.receipts = (*other.receipts, Receipt.parse(sign_payload(payload, KEYS)))
    kind, kept = machine.kept[0]
    assert kind == "reveal"
    with pytest.raises(StepError, match=r"result.* would not hold after this.*was never drawn"):
        other.unseal("reveal", kept, time=machine.now(), keys=KEYS)
