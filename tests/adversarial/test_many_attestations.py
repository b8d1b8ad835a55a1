"""Chains with very many signatures of witnesses: dating them takes about as long as reading them."""

from __future__ import annotations

from typing import Any

import attrs
from hypothesis import given, settings
from hypothesis import strategies as st

from dblrandom.evidence.dating import Attestation, Dates, _Claim, _parted

TIMES = [f"2024-01-{day:02d}T00:00:00Z" for day in range(1, 9)]


class Counted(str):
    """A time that counts how often any of its kind is compared."""

    __slots__ = ()
    compared = 0

    def __lt__(self, other: str) -> bool:
        type(self).compared += 1
        return str.__lt__(self, other)

    def __gt__(self, other: str) -> bool:
        type(self).compared += 1
        return str.__gt__(self, other)

    def __le__(self, other: str) -> bool:
        type(self).compared += 1
        return str.__le__(self, other)


def compared(receipts: int, keys: int) -> int:
    """How many times are compared to date a chain with so many witness receipts of so many signatures."""
    Counted.compared = 0
    claims = [
        _Claim(
            Attestation(
                witness=f"w{key}", attested=number - 1, sequence=number, time=Counted(f"2024-01-{1 + number % 28:02d}")
            ),
            "witness",
            None if (number + key) % 3 else "2024-01-20",
        )
        for number in range(2, receipts + 2)
        for key in range(keys)
    ]
    accepted, _ = _parted(claims)
    dates = Dates(tuple(claim.entry for claim in accepted))
    for number in range(1, receipts + 2):
        for key in range(keys):
            dates.before(number, besides=f"w{key}")
        dates.after(number)
        dates.by(number, 2)
        dates.kinds(number, until="2024-01-09")
    return Counted.compared


def test_the_work_grows_with_the_signatures_and_not_with_their_square() -> None:
    few, many = compared(40, 16), compared(320, 16)
    assert few > 0
    assert many < 8 * few * 2, "eight times the signatures cost about eight times the work"
    assert many < 40 * 320 * 16


@attrs.frozen
class Plain:
    """The same by the plain reading of the specification: every question goes through everything."""

    entries: tuple[Attestation, ...]

    def before(self, sequence: int, besides: str | None = None) -> str | None:
        return min((a.time for a in self.entries if a.attested >= sequence and a.witness != besides), default=None)

    def by(self, sequence: int, needed: int) -> str | None:
        first: dict[str, str] = {}
        for a in self.entries:
            if a.attested >= sequence:
                first[a.witness] = min(a.time, first.get(a.witness, a.time))
        wanted = max(1, needed)
        return sorted(first.values())[wanted - 1] if len(first) >= wanted else None

    def after(self, sequence: int) -> str | None:
        return max((a.earliest or a.time for a in self.entries if a.sequence < sequence), default=None)

    def witnesses(self, sequence: int) -> set[str]:
        return {a.witness for a in self.entries if a.attested >= sequence}

    def kinds(self, sequence: int, until: str | None) -> set[str]:
        return {a.kind for a in self.entries if a.attested >= sequence and (until is None or a.time < until)}

    def at(self, sequence: int) -> set[str]:
        return {a.witness for a in self.entries if a.sequence == sequence and a.kind == "witness"}


def plainly_parted(claims: list[Any]) -> tuple[list[Any], list[Any]]:
    standing = [claim for claim in claims if claim.limit is None]
    waiting = [claim for claim in claims if claim.limit is not None]
    while True:
        dates = Plain(tuple(claim.entry for claim in standing if claim.role == "witness"))
        shown = []
        for claim in waiting:
            token = claim.entry.kind == "token"
            other = dates.before(claim.entry.sequence, None if token else claim.entry.witness)
            if other is not None and (other < claim.limit or (token and other == claim.limit)):
                shown.append(claim)
        if not shown:
            break
        standing += shown
        waiting = [claim for claim in waiting if claim not in shown]
    return [c for c in claims if c in standing], [c for c in claims if c not in standing]


@st.composite
def attestations(draw: st.DrawFn) -> Attestation:
    sequence = draw(st.integers(2, 9))
    return Attestation(
        witness=draw(st.sampled_from("abc")),
        attested=draw(st.integers(1, sequence - 1)),
        sequence=sequence,
        time=draw(st.sampled_from(TIMES)),
        kind=draw(st.sampled_from(["witness", "token", "log"])),
        earliest=draw(st.sampled_from([None, *TIMES[:3]])),
    )


CLAIMS = st.builds(
    _Claim, attestations(), st.sampled_from(["witness", "witness", "auditor"]), st.sampled_from([None, *TIMES])
)


@settings(max_examples=300, deadline=None)
@given(st.lists(attestations(), max_size=14))
def test_every_answer_is_that_of_the_plain_reading(entries: list[Attestation]) -> None:
    dates, plain = Dates(tuple(entries)), Plain(tuple(entries))
    for number in range(11):
        for name in ("a", "b", "c", "nobody", None):
            assert dates.before(number, besides=name) == plain.before(number, name)
        for needed in range(4):
            assert dates.by(number, needed) == plain.by(number, needed)
        assert dates.after(number) == plain.after(number)
        assert dates.witnesses(number) == plain.witnesses(number)
        assert dates.at(number) == plain.at(number)
        for until in (None, *TIMES):
            assert dates.kinds(number, until=until) == plain.kinds(number, until)


@settings(max_examples=300, deadline=None)
@given(st.lists(CLAIMS, max_size=14))
def test_the_same_revoked_keys_and_expired_stamps_count_as_by_the_plain_reading(claims: list[Any]) -> None:
    assert _parted(claims) == plainly_parted(claims)
