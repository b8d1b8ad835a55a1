"""What the rules of every source kind must do (docs/spec, section 3), as tests to inherit.

A beacon passes where it accepts what was declared and nothing else, depends on nothing but its arguments, and refuses
with the library's own error whatever it is given.
"""

from __future__ import annotations

from collections.abc import Sequence

import attrs

from dblrandom.beacons import Beacon
from dblrandom.errors import EntropyError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.entropy import seed_lines
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.kernel.text import is_hex
from dblrandom.model import Json, Source, check_time, time_seconds
from dblrandom.model.names import time_text
from dblrandom.testing.expect import expect, expect_refused

__all__ = ["BeaconCase", "BeaconConformance"]

_ODD_TEXTS = (
    "",
    " ",
    "0",
    "00",
    "A" * 64,
    "0" * 63,
    "0" * 65,
    "g" * 64,
    "0" * 64 + "\n",
    "\ud800",
    "中" * 32,
    "0" * 9999,
)
_ODD_TERMS: tuple[str | int, ...] = ("", "x", "0" * 64, "é", -1, 0, 1, 2**53 - 1, "9" * 400)
_ODD_EVIDENCE: tuple[Json, ...] = ({}, [], "", "x", 0, True, {"x": None}, [[[[]]]], {"signature": 1}, "0" * 999)


@attrs.frozen(kw_only=True)
class BeaconCase:
    """A declaration with its true value: known answers that a plug-in's author brings.

    ``ceremony`` and ``suite`` are those that the value belongs to, where the kind binds them.
    """

    source: Source
    value: str
    evidence: Json = None
    ceremony: str = "conformance"
    suite: Suite = SHA256


class BeaconConformance:
    """Subclass this, set ``beacon`` and ``cases``, and let pytest collect it.

    Attributes:
        beacon: the rules to test.
        cases: at least one sound declaration with its value.
        wrong: further values, of the right form, that are not the first case's.
    """

    beacon: Beacon
    cases: Sequence[BeaconCase]
    wrong: Sequence[str] = ()

    def check(self, case: BeaconCase) -> None:
        """Have the beacon check a case's value."""
        self.beacon.check_value(case.source, case.value, case.evidence, suite=case.suite, ceremony=case.ceremony)

    def test_kind(self) -> None:
        """It is a beacon, and the cases are of its kind."""
        expect(isinstance(self.beacon, Beacon), "it lacks a part of the Beacon protocol")
        expect(bool(self.cases), "give at least one case")
        for case in self.cases:
            expect(case.source.kind == self.beacon.kind, "a case must be of the beacon's kind")

    def test_sound_cases(self) -> None:
        """Declarations and values are accepted, every time."""
        for case in (*self.cases, *self.cases):
            self.beacon.check_source(case.source)
            self.check(case)

    def test_values_enter_the_seed(self) -> None:
        """A value has the form that the lines of the seed take."""
        for case in self.cases:
            seed_lines("0" * 64, [(case.source.kind, case.source.name, case.value)])

    def test_declarations_survive_a_receipt(self) -> None:
        """Written into a commitment and read back, a source is the same; so is its evidence."""
        for case in self.cases:
            again = Source.from_json(decode(encode(case.source.to_json())), "source")
            expect(again == case.source, "the source is not what was written")
            expect(decode(encode(case.evidence)) == case.evidence, "the evidence is not what was written")
            self.check(attrs.evolve(case, source=again))

    def test_other_kinds_are_refused(self) -> None:
        """It judges no kind but its own."""
        other = attrs.evolve(self.cases[0].source, kind="x-another-kind")
        expect_refused(lambda: self.beacon.check_source(other), EntropyError, "a source of another kind")

    def test_terms(self) -> None:
        """A term too much or too few is refused, and no term, however odd, ends in a foreign error."""
        for case in self.cases:
            terms = dict(case.source.terms)
            more = attrs.evolve(case.source, terms=terms | {"unheard-of": 1})
            expect_refused(lambda s=more: self.beacon.check_source(s), EntropyError, "an unknown term")  # type: ignore[misc]
            for name in terms:
                less = attrs.evolve(case.source, terms={n: v for n, v in terms.items() if n != name})
                expect_refused(lambda s=less: self.beacon.check_source(s), EntropyError, f"no {name}")  # type: ignore[misc]
                for odd in _ODD_TERMS:
                    self._no_foreign_error(attrs.evolve(case, source=_with(case.source, name, odd)))

    def test_other_values_are_refused(self) -> None:
        """Malformed values, the author's own wrong ones and the values of the other cases."""
        first = self.cases[0]
        others = {case.value for case in self.cases[1:] if case.source == first.source} - {first.value}
        for value in (*_ODD_TEXTS, *self.wrong, *others, first.value + "00", first.value.upper() + " "):
            wrong = attrs.evolve(first, value=value)
            if value != first.value:
                expect_refused(lambda c=wrong: self.check(c), EntropyError, f"the value {value[:40]!r}")  # type: ignore[misc]

    def test_odd_evidence(self) -> None:
        """Evidence that is not the case's is refused: what nobody checks must not stand beside what is checked."""
        for case in self.cases:
            for odd in _ODD_EVIDENCE:
                if odd != case.evidence:
                    wrong = attrs.evolve(case, evidence=odd)
                    expect_refused(lambda c=wrong: self.check(c), EntropyError, f"the evidence {odd!r:.40}")  # type: ignore[misc]

    def test_outcomes(self) -> None:
        """It says how many values were possible: at least one, a whole number, the same every time."""
        for case in self.cases:
            found = self.beacon.outcomes(case.source)
            expect(type(found) is int and found >= 1, f"{found!r} outcomes")
            expect(self.beacon.outcomes(case.source) == found, "the number of outcomes changes")

    def test_holder(self) -> None:
        """It names whoever could know the value beforehand, by a key or network id, or says that nobody could."""
        for case in self.cases:
            found = self.beacon.holder(case.source)
            known = found is None or is_hex(found, 64) or is_hex(found, 128)
            expect(known, "a holder is an id of 64 or 128 lower-case hex characters, or None")
            expect(self.beacon.holder(case.source) == found, "the holder changes")

    def test_public_from(self) -> None:
        """Where its schedule tells when the value is public, it takes no other ``not_before``."""
        for case in self.cases:
            found = self.beacon.public_from(case.source)
            expect(self.beacon.public_from(case.source) == found, "the moment changes")
            if found is None:
                continue
            check_time(found, "public_from")
            expect(case.source.not_before == found, f"not_before is {case.source.not_before}, and public_from {found}")
            for seconds in (-1, 1, 86400):
                moved = attrs.evolve(case.source, not_before=time_text(time_seconds(found) + seconds))
                expect_refused(lambda s=moved: self.beacon.check_source(s), EntropyError, "another not_before")  # type: ignore[misc]

    def _no_foreign_error(self, case: BeaconCase) -> None:
        try:
            self.beacon.check_source(case.source)
            self.check(case)
        except EntropyError:
            return
        except Exception as caught:
            raise AssertionError(f"{type(caught).__name__} leaks for the terms {dict(case.source.terms)!r}") from caught


def _with(source: Source, name: str, value: str | int) -> Source:
    """The source with another term, past the model's own check of what a term may hold."""
    try:
        return attrs.evolve(source, terms=dict(source.terms) | {name: value})
    except EntropyError:
        return source
