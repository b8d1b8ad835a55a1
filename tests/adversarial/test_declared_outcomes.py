"""Attacks on breadth: public events whose number of outcomes, or whose very being, is the organiser's word."""

from __future__ import annotations

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import attrs
import ceremonies as kit
import outside
import pytest
import second_implementation
from commandline import run
from outside import Known, judged

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.beacons.public import PublicBeacon
from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Value
from dblrandom.errors import EntropyError, InputError, VerificationError
from dblrandom.evidence import Report, TrustedEvent, TrustPolicy
from dblrandom.kernel.suite import SHA256

MOST = 2**53 - 1
LOTTERY = "numbers 6 of 1-33, 1 of 1-16"
WAYS = 17_721_088
DRAWN = ("3 9 17 20 28 31 / 7", "1 2 3 4 5 6 / 7", "8 9 10 20 21 33 / 16")


def toss(number: int, value: str = "HEADS", outcomes: int = MOST) -> Known:
    event = f"coin toss {number} at the public meeting"
    return outside.public(value, name=f"toss{number}", event=event, form="text", outcomes=outcomes)


def lottery(number: int, event: str, **terms: Any) -> Known:
    basic: dict[str, Any] = {"form": LOTTERY, "outcomes": WAYS, "event": event}
    return outside.public(DRAWN[number], name=f"lottery{number}", **basic | terms)


def said(report: Report, finding: str) -> list[str]:
    return [detail for name, detail in report.findings if name.value == finding]


def second(made: Ceremony, folder: Path, trust: TrustPolicy | None = None) -> list[str]:
    CeremonyFolder(folder).create(made, trust or kit.policy())
    return second_implementation.audit(folder, as_of=made.receipts[-1].time)


def test_two_coin_tosses_with_every_outcome_that_a_number_can_claim(tmp_path: Path) -> None:
    """20,000 commitments are tried in seconds until each of the four outcomes draws the same firm."""
    made = outside.committed(toss(1), toss(2))
    report = judged(made)
    uncounted = f"(declared, not checked and not counted: toss1 {MOST}, toss2 {MOST})"
    what = f"the independent sources have only 1 outcomes {uncounted}, fewer than 2^64"
    assert said(report, "grindable") == [f"receipt 1 (commitment): {what}"]
    told = [check.detail for check in report.not_checked if check.name == "outcomes"]
    assert [str(MOST) in detail and "declared, not checked" in detail for detail in told] == [True, True]
    assert "finding: grindable" in "\n".join(second(made, tmp_path / "second"))


def test_a_price_has_not_as_many_outcomes_as_it_has_digits() -> None:
    """Twelve digits before the point can be written; the first ten of an index are known the day before."""
    prices = [
        outside.public("3251.40", name=f"index{n}", event=f"index {n}", form="decimal 2 places", outcomes=10**14)
        for n in range(3)
    ]
    assert said(judged(outside.drawn(*prices)), "grindable")


def test_an_outcome_too_short_for_the_number_declared() -> None:
    made = outside.committed(toss(1))
    with pytest.raises(EntropyError, match=f"toss1': {MOST} outcomes were declared, but only 62193780 texts"):
        outside.finished(made, toss(1))
    PublicBeacon().check_value(
        toss(1, outcomes=62_193_780).source, "HEADS", {"report": "x"}, suite=SHA256, ceremony="x"
    )


def test_a_verifier_refuses_the_outcome_that_is_too_short(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """The organiser's own program may take it; no verifier does."""
    with monkeypatch.context() as loose:
        loose.setattr(PublicBeacon, "check_value", lambda *_, **__: None)
        made = outside.drawn(toss(1))
    with pytest.raises(VerificationError, match=r"^seed: .*outcomes were declared"):
        judged(made)
    with pytest.raises(second_implementation.Refused, match="fewer such texts than outcomes were declared"):
        second(made, tmp_path / "second")


def test_an_outcome_that_must_be_refused_is_a_way_to_give_up_the_draw() -> None:
    """Who declares too much can let the draw fail where the outcome is WIN, and not where it is LOSS."""
    made = outside.committed(toss(1, outcomes=50_000))
    assert "fewer than 4 characters" in said(judged(made), "withholding possible")[-1]


def vouching(made: Ceremony, *others: str) -> TrustPolicy:
    """The policy of a verifier who looked up every event that is declared, and these."""
    names = {str(source.terms["event"]) for source in made.commitment.sources} | set(others)
    return attrs.evolve(kit.policy(), events=[TrustedEvent(event=name, outcomes=WAYS) for name in sorted(names)])


SPELLINGS: Sequence[Sequence[str]] = (
    ("Double Colour Ball, draw 2024026", "double colour ball draw 2024026", "Double-Colour Ball: draw 2024026"),
    ("双色球 2024026", "双色球２０２４０２６", "双色球 2024026 "),
    ("lottery 26", "Lottery No.26".replace(" No.", " "), "LOTTERY 26."),
)


@pytest.mark.parametrize("names", SPELLINGS)
def test_one_lottery_under_three_spellings(names: Sequence[str]) -> None:
    made = outside.committed(*(lottery(n, name.strip() or name) for n, name in enumerate(names)))
    assert f"only {WAYS} outcomes" in said(judged(made, trust=vouching(made)), "grindable")[0]


def test_one_lottery_under_three_names(tmp_path: Path) -> None:
    """Nobody can tell that the names mean the same before the numbers are out; then they are the same numbers."""
    names = ("Double Colour Ball 2024026", "双色球 2024026", "China Welfare Lottery of 31 March")
    same = [
        attrs.evolve(lottery(n, name), value=Value(DRAWN[0], {"report": "gazette"})) for n, name in enumerate(names)
    ]
    made = outside.drawn(*same)
    policy = vouching(made)
    assert f"only {WAYS} outcomes" in said(judged(made, trust=policy), "grindable")[0]
    assert "finding: grindable" in "\n".join(second(made, tmp_path / "second", policy))


def test_two_events_that_both_end_in_a_third() -> None:
    """Two were cancelled, it is said, and the same next one took the place of both."""
    moved = {"report": "gazette", "event": "lottery 2024028"}
    given = [lottery(0, "lottery 2024026", cancelled="next"), lottery(1, "lottery 2024027", cancelled="next")]
    made = outside.drawn(*(known.showing(moved) for known in given), lottery(2, "lottery 2024028"))
    policy = vouching(made, "lottery 2024028")
    assert f"only {WAYS} outcomes" in said(judged(made, trust=policy), "grindable")[0]


def test_three_lotteries_are_enough_for_those_who_vouch_for_them(tmp_path: Path) -> None:
    made = outside.drawn(*(lottery(n, f"lottery {n}") for n in range(3)))
    policy = vouching(made)
    assert not said(judged(made, trust=policy), "grindable")
    assert "grindable" not in "\n".join(second(made, tmp_path / "second", policy))
    assert "only 1 outcomes" in said(judged(made), "grindable")[0]
    assert "finding: grindable" in "\n".join(second(made, tmp_path / "third"))


def test_one_digit_of_one_lottery_under_twenty_names(tmp_path: Path) -> None:
    """Each name has ten outcomes, and so has all of it: 811 commitments are enough to steer every one of them."""
    given = [
        outside.public(
            "7",
            name=f"s{n:02d}",
            event=f"figure {'abcdefghijklmnopqrst'[n]} of the evening",
            form="digits 1",
            outcomes=10,
        )
        for n in range(20)
    ]
    made = outside.drawn(*given)
    assert "only 1 outcomes" in said(judged(made), "grindable")[0]
    assert "finding: grindable" in "\n".join(second(made, tmp_path / "second"))


def test_ten_digits_for_a_number_that_is_hardly_above_ten(tmp_path: Path) -> None:
    """How many people come to a meeting, written with ten digits: the form can write what cannot happen."""
    given = [
        outside.public("0000000012", name=f"n{n}", event=f"people at meeting {n}", form="digits 10", outcomes=10**10)
        for n in range(2)
    ]
    made = outside.drawn(*given)
    assert "only 1 outcomes" in said(judged(made), "grindable")[0]
    assert "finding: grindable" in "\n".join(second(made, tmp_path / "second"))


# What the verifier vouches for


def test_only_the_verifier_can_vouch_for_a_text(tmp_path: Path) -> None:
    given = [toss(n, value="AB"[n - 1] * 12, outcomes=2**40) for n in (1, 2)]
    events = [TrustedEvent(event=str(known.source.terms["event"]), outcomes=2**40) for known in given]
    policy = attrs.evolve(kit.policy(), events=events)
    assert TrustPolicy.from_bytes(policy.to_bytes()) == policy
    made = outside.drawn(*given)
    assert said(judged(made), "grindable")
    report = judged(made, trust=policy)
    assert not said(report, "grindable")
    assert [check.name for check in report.passed if check.name == "outcomes"] == ["outcomes"] * 2
    assert "grindable" not in "\n".join(second(made, tmp_path / "second", policy))


def test_what_is_vouched_for_is_that_event_and_no_other() -> None:
    known = toss(1, value="A" * 12)
    policy = attrs.evolve(kit.policy(), events=[TrustedEvent(event="Coin toss 1 at the public meeting", outcomes=MOST)])
    assert f"toss1 {MOST}" in said(judged(outside.drawn(known), trust=policy), "grindable")[0]


def test_an_event_is_vouched_for_once() -> None:
    with pytest.raises(InputError, match="one event is there twice"):
        attrs.evolve(kit.policy(), events=[TrustedEvent(event="a", outcomes=2), TrustedEvent(event="a", outcomes=3)])


# What people see


def test_every_screen_marks_what_is_only_declared(tmp_path: Path) -> None:
    made = outside.drawn(lottery(0, "lottery 0"))
    folder = tmp_path / "ceremony"
    CeremonyFolder(folder).create(made, kit.policy())
    first = next(iter(made.drawn["1"].selected)).id
    for command in (
        ["show", str(folder)],
        ["explain", str(folder), "--task", "1", "--id", first],
        ["verify", str(folder), "--as-of", made.receipts[-1].time],
    ):
        for form in ([], ["--json"]):
            out = run(*command, *form).stdout
            assert str(WAYS) in out, command
            assert "declared, not checked" in out or "declared_not_checked" in out, command


def test_who_declares_an_event_is_told_that_it_is_a_word(tmp_path: Path) -> None:
    out = tmp_path / "event.json"
    basic = ["source", "public", "--name", "toss", "--event", "toss", "--cancelled", "void", "--at", kit.PUBLIC]
    shown = run(*basic, "--form", "text", "--outcomes", str(MOST), "--out", str(out), "--json")
    told = json.loads(shown.stdout)
    assert told["declared_not_checked"].startswith(f"{MOST} outcomes, none of them counted")
    assert told["grindable"] is True
    more = run(*basic, "--form", "dice 2", "--outcomes", "37", "--out", str(tmp_path / "dice.json"), code=2)
    assert "37 is more than the 36 outcomes" in more.stderr
    assert not (tmp_path / "dice.json").exists()
