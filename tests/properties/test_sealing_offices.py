"""Two offices of one ceremony seal and open in every order, each with the bodies that it has, and none is stuck.

The receipts are shared, the sealed bodies are not, unless one office hands a body to the other. After each step that
is let through, all that is sealed can still be opened in the order of the seals, and the ceremony then verifies.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from typing import Any

import ceremonies as office
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from dblrandom.ceremony import Ceremony
from dblrandom.errors import DblrandomError
from dblrandom.evidence import TrustedKey, verify
from dblrandom.model import Population

NAMES = ("organiser", "second")
FEW = (
    Population("targets", ("id", "district"), tuple((f"F{n}", office.DISTRICTS[n % 3]) for n in range(9))),
    office.inspectors(5, leaders=3),
    office.recusals(("I00", "F0")),
)
POLICY = office.policy(
    also=(TrustedKey(name="second", public_key=office.key("second").public_key.hex(), roles=("organiser",)),)
)
PLACES = st.integers(0, 8)
CODES = st.sampled_from(["closed", "pending"])
WHO = st.integers(0, 1)
LAST = "2024-03-02T23:00:00Z"


class Offices(RuleBasedStateMachine):
    """One chain, and for each office the sealed bodies that it keeps."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = 0
        self.kept: tuple[list[Mapping[str, Any]], ...] = ([], [])
        self.sealed: list[tuple[str, Mapping[str, Any]]] = []

    def now(self) -> str:
        self.clock += 1
        return f"2024-03-02T{self.clock // 60:02d}:{self.clock % 60:02d}:00Z"

    @initialize(early=st.booleans())
    def begin(self, early: bool) -> None:
        """The draw is public, or it is sealed and both offices know it."""
        made = office.opened(office.plan(office.task(reserves=1)), FEW)
        signers = office.declared(("organiser", "second"))
        office.commit(made, signers=signers, keys=office.keys(*office.SIGNERS, "second"))
        for witness in ("notary", "discipline"):
            made.witness(time=office.DATED, keys=office.keys(witness))
        if early:
            seed = str(made.compute_reveal(office.values())["seed"])
            body = made.seal(
                "draw",
                made.compute_draw(seed).to_json(),
                blind="d" * 64,
                time=self.now(),
                keys=office.keys("organiser"),
            )
            self.sealed.append(("draw", body))
            for kept in self.kept:
                kept.append(body)
        else:
            made.reveal(office.values(), time=self.now(), keys=office.keys("organiser"))
            made.draw(time=self.now(), keys=office.keys("organiser"))
        self.envelopes, self.rosters = made.envelopes, made.rosters

    def step(self, who: int, act: Callable[[Ceremony, dict[str, Any]], object]) -> bool:
        made = Ceremony.read(self.envelopes, self.rosters.values(), sealed=self.kept[who])
        try:
            act(made, {"time": self.now(), "keys": office.keys(NAMES[who])})
        except DblrandomError:
            assert made.envelopes == self.envelopes
            return False
        self.envelopes = made.envelopes
        return True

    def seal(self, who: int, kind: str, compute: Callable[[Ceremony], dict[str, Any]]) -> None:
        def act(made: Ceremony, how: dict[str, Any]) -> None:
            blind = hashlib.sha256(str(self.clock).encode()).hexdigest()
            body = made.seal(kind, compute(made), blind=blind, **how)
            self.kept[who].append(body)
            self.sealed.append((kind, body))

        self.step(who, act)

    @rule(who=WHO, place=PLACES, codes=CODES)
    def seal_result(self, who: int, place: int, codes: str) -> None:
        self.seal(who, "result", lambda made: made.compute_result("1", {f"F{place}": [codes]}))

    @rule(who=WHO, place=PLACES, what=st.sampled_from(["target", "inspector"]))
    def seal_substitution(self, who: int, place: int, what: str) -> None:
        name = f"F{place}" if what == "target" else f"I0{place}"
        self.seal(who, "substitution", lambda made: made.compute_substitution("1", "illness", **{what: name}))

    @rule(who=WHO, place=PLACES, codes=CODES)
    def result(self, who: int, place: int, codes: str) -> None:
        self.step(who, lambda made, how: made.result("1", {f"F{place}": [codes]}, **how))

    @rule(who=WHO, place=PLACES)
    def substitute(self, who: int, place: int) -> None:
        self.step(who, lambda made, how: made.substitute("1", "illness", target=f"F{place}", **how))

    @precondition(lambda self: self.sealed)
    @rule(who=WHO, which=PLACES)
    def unseal(self, who: int, which: int) -> None:
        kind, body = self.sealed[which % len(self.sealed)]
        if body in self.kept[who] and self.step(who, lambda made, how: made.unseal(kind, body, **how)):
            self.sealed.remove((kind, body))

    @precondition(lambda self: self.sealed)
    @rule(who=WHO, which=PLACES)
    def hand_over(self, who: int, which: int) -> None:
        """One office gives a body to the other."""
        _, body = self.sealed[which % len(self.sealed)]
        if body not in self.kept[who]:
            self.kept[who].append(body)

    @invariant()
    def nobody_is_stuck(self) -> None:
        """Each opens what it has sealed, in the order of the seals, with no more bodies than it has now."""
        envelopes = self.envelopes
        reveal = Ceremony.read(envelopes, self.rosters.values(), sealed=self.kept[0])
        if reveal.last("reveal") is None:
            reveal.reveal(office.values(), time=LAST, keys=office.keys("organiser"))
            envelopes = reveal.envelopes
        for kind, body in self.sealed:
            who = next(n for n, kept in enumerate(self.kept) if body in kept)
            made = Ceremony.read(envelopes, self.rosters.values(), sealed=self.kept[who])
            made.unseal(kind, body, time=LAST, keys=office.keys(NAMES[who]))
            envelopes = made.envelopes
        done = Ceremony.read(envelopes, self.rosters.values())
        assert not done.closed_seals
        results = done.drawn.rosters if done.last("draw") else {}
        verify(envelopes, trust=POLICY, rosters={**done.rosters, **results}, as_of=LAST)


TestOffices = Offices.TestCase
TestOffices.settings = settings(
    max_examples=25, stateful_step_count=12, deadline=None, suppress_health_check=list(HealthCheck)
)
