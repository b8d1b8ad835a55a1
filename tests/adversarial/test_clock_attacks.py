"""Attacks with clocks: on the operator of a chain, who must reveal nothing early, and on whoever dates a step."""

from __future__ import annotations

import json
import stat
from collections.abc import Callable
from pathlib import Path

import ceremonies as kit
import pytest
import second_implementation
from chainkit import Clock, at, make
from commandline import run

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.hashchains.clockguard import BASELINE_NAME, ClockGuard, allowed_ahead, boot_id
from dblrandom.adapters.hashchains.revealer import Revealer
from dblrandom.adapters.keyfiles import write_private_key
from dblrandom.ceremony import Ceremony
from dblrandom.errors import InputError, PlanError, StepError
from dblrandom.evidence import admission, verify
from dblrandom.model import time_seconds, time_text

BOOT = "3c1cb1a3-0000-4000-8000-000000000001"
OTHER_BOOT = "3c1cb1a3-0000-4000-8000-000000000002"
SECONDS = {"at each look": (0.2, 5), "every 32 seconds": (32, 5), "by one second a minute": (60, 1)}


def started(folder: Path, clock: Clock, *, boot: str | None = BOOT, checked: bool = False) -> Revealer:
    return Revealer(
        folder=folder, now=clock.now, steady=clock.steady, warn=lambda _: None, boot=lambda: boot, clock_checked=checked
    )


def beat(revealer: Revealer) -> int:
    while revealer.beat():
        pass
    return revealer.last


@pytest.mark.parametrize(("every", "step"), SECONDS.values(), ids=SECONDS)
def test_a_clock_pushed_by_a_little_again_and_again(tmp_path: Path, every: float, step: int) -> None:
    """Each push is too small to be a jump; together they were two hours."""
    make(tmp_path)
    clock, passed, pushed = Clock.at(at(0, 600)), 0.0, 0
    revealer, begun = started(tmp_path, clock), clock.shown
    while pushed < 7200:
        passed, pushed = passed + every, pushed + step
        clock.passed, clock.shown = int(passed), begun + int(passed) + pushed
        beat(revealer)
        due = (600 + int(passed) + 60) // 3600
        assert revealer.last <= due
    assert revealer.health()["troubles"] == ["clock"]


def test_what_a_clock_may_be_ahead_has_an_end() -> None:
    assert [allowed_ahead(s) for s in (-9, 0, 7200, 86_400, 10**7, 10**12)] == [5, 5, 7, 30, 60, 60]


def test_a_clock_set_back_and_then_further_ahead(tmp_path: Path) -> None:
    """What was set back must not become the time from which the next step ahead is measured."""
    make(tmp_path)
    clock = Clock.at(at(3, 3000))
    revealer = started(tmp_path, clock)
    for _ in range(300):
        clock.shown -= 10
        clock.go(1)
        beat(revealer)
    clock.shown += 3000 + 4000
    assert beat(revealer) == 3
    assert "jumped ahead by 4000 s" in revealer.troubles["clock"]


def test_a_server_started_again_after_the_clock_was_pushed(tmp_path: Path) -> None:
    """A crash, or whoever restarts a service that stopped, must not confirm the wrong time."""
    make(tmp_path)
    clock = Clock.at(at(1))
    assert beat(started(tmp_path, clock)) == 1
    clock.go(60)
    clock.shown += 2 * 3600
    again = started(tmp_path, clock)
    assert again.due == 1, "nobody is told that more is due"
    assert beat(again) == 1
    assert "--clock-checked" in again.troubles["clock"]
    assert beat(started(tmp_path, clock, checked=True)) == 3
    assert beat(started(tmp_path, clock)) == 3, "from now on it is compared with the time that was checked"


def test_the_machine_slept(tmp_path: Path) -> None:
    make(tmp_path)
    clock = Clock.at(at(1))
    revealer = started(tmp_path, clock)
    clock.go(5 * 3600)
    assert beat(revealer) == 6


def test_the_machine_was_started_anew(tmp_path: Path) -> None:
    """Seconds of two starts cannot be compared; the operator is told that there is nothing to compare with."""
    make(tmp_path)
    beat(started(tmp_path, Clock.at(at(1))))
    later = started(tmp_path, Clock.at(at(2)), boot=OTHER_BOOT)
    assert beat(later) == 2
    assert not later.clock_compared
    assert started(tmp_path, Clock.at(at(2)), boot=OTHER_BOOT).clock_compared


def _altered(**changes: object) -> bytes:
    basic = {"boot": BOOT, "steady": 0, "time": at(1)} | changes
    return json.dumps(basic, sort_keys=True, separators=(",", ":")).encode()


FALSE: dict[str, bytes] = {
    "no JSON": b"\xff",
    "empty": b"",
    "a list": b"[]",
    "a member more": _altered(more=1),
    "a moment still to come": _altered(steady=10**6),
    "seconds below zero": _altered(steady=-1),
    "seconds as text": _altered(steady="0"),
    "no time": _altered(time="soon"),
    "no start": _altered(boot="../x"),
    "huge": b"[" * 10_000,
}


@pytest.mark.parametrize("data", FALSE.values(), ids=FALSE)
def test_a_false_baseline(tmp_path: Path, data: bytes) -> None:
    make(tmp_path)
    (tmp_path / BASELINE_NAME).write_bytes(data)
    with pytest.raises(InputError, match="--clock-checked"):
        started(tmp_path, Clock.at(at(1)))
    assert beat(started(tmp_path, Clock.at(at(1)), checked=True)) == 1


def test_a_baseline_that_lies_about_the_time_reveals_nothing_early(tmp_path: Path) -> None:
    make(tmp_path)
    for told, last in ((at(0), 0), (at(9), 1)):
        (tmp_path / BASELINE_NAME).write_bytes(_altered(time=told))
        revealer = started(tmp_path, Clock.at(at(1)))
        assert beat(revealer) == last
        assert revealer.health()["troubles"] == ["clock"]


def test_the_baseline_is_the_operators_own(tmp_path: Path) -> None:
    make(tmp_path)
    started(tmp_path, Clock.at(at(1)))
    assert stat.S_IMODE((tmp_path / BASELINE_NAME).stat().st_mode) == 0o600


@pytest.mark.skipif(boot_id() is None, reason="this system does not tell one start from another")
def test_single_ticks_hold_the_clock_against_each_other(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    make(tmp_path)
    clock: Clock = Clock.at(at(1))
    fixed: dict[str, Callable[[], object]] = {"now": clock.now, "steady_seconds": clock.steady}
    for name, stand_in in fixed.items():
        monkeypatch.setattr(f"dblrandom.cli.beacon.{name}", stand_in)
    begin = ClockGuard.begin
    monkeypatch.setattr(ClockGuard, "begin", lambda *a, **k: begin(*a, **k, steady=clock.steady))
    assert "1 file(s)" in run("beacon", "tick", tmp_path).stdout
    clock.go(60)
    clock.shown += 2 * 3600
    refused = run("beacon", "tick", tmp_path, code=2).stderr
    assert "jumped ahead by 7200 s" in refused
    assert "2 file(s)" in run("beacon", "tick", tmp_path, "--clock-checked").stdout


def test_ticks_on_a_system_that_keeps_no_baseline_say_so(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("dblrandom.cli.beacon.boot_id", lambda: None)
    monkeypatch.setattr("dblrandom.cli.beacon.now", lambda: at(2))
    make(tmp_path)
    assert "held against nothing" in run("beacon", "tick", tmp_path).stderr
    assert not (tmp_path / BASELINE_NAME).exists()
    monkeypatch.setattr("dblrandom.cli.beacon.now", lambda: at(3))
    assert "held against" not in run("beacon", "tick", tmp_path, "--clock-checked").stderr


@pytest.mark.skipif(boot_id() is None, reason="this system does not tell one start from another")
def test_a_stated_time_does_not_pass_by_the_guard(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """To state the time that a wrong clock shows is no way to have it believed."""
    make(tmp_path)
    clock: Clock = Clock.at(at(1))
    fixed: dict[str, Callable[[], object]] = {"now": clock.now, "steady_seconds": clock.steady}
    for name, stand_in in fixed.items():
        monkeypatch.setattr(f"dblrandom.cli.beacon.{name}", stand_in)
    begin = ClockGuard.begin
    monkeypatch.setattr(ClockGuard, "begin", lambda *a, **k: begin(*a, **k, steady=clock.steady))
    assert "1 file(s)" in run("beacon", "tick", tmp_path, "--time", at(1)).stdout
    clock.go(60)
    clock.shown += 2 * 3600
    for stated in (at(2), at(3), clock.now()):
        assert "jumped ahead by 7200 s" in run("beacon", "tick", tmp_path, "--time", stated, code=2).stderr
    assert len(list((tmp_path / "pulses").iterdir())) == 1
    clock.shown -= 2 * 3600
    assert f"it is not {at(2)} yet" in run("beacon", "tick", tmp_path, "--time", at(2), code=2).stderr
    clock.go(3600)
    assert "1 file(s)" in run("beacon", "tick", tmp_path, "--time", at(2)).stdout


# A step dated by a clock that is years ahead


@pytest.mark.parametrize("time", ["2099-01-01T00:00:00Z", "9999-12-31T23:59:59Z"])
def test_a_moment_that_has_not_come(tmp_path: Path, time: str) -> None:
    """It would be written into a receipt, and nobody could add an honest one after it for years."""
    make(tmp_path)
    refused = run("beacon", "tick", tmp_path, "--time", time, code=2).stderr
    assert f"{time} has not come: this machine's clock says" in refused
    for command in (
        ("witness", tmp_path, "--key", "k"),
        ("draw", tmp_path, "--key", "k"),
        ("reveal", tmp_path, "--key", "k"),
    ):
        assert "has not come" in run(*command, "--time", time, code=2).stderr


# A deadline that nobody lives to see


FAR = {"reveal": 367, "draw": 367, "result": 1831}


def _deadlines(stage: str) -> dict[str, str]:
    order = list(FAR)
    return {name: day(FAR[stage] if order.index(name) >= order.index(stage) else 10) for name in order}


def day(number: int) -> str:
    return time_text(time_seconds(kit.COMMITTED) + number * 86_400)


@pytest.mark.parametrize("stage", FAR)
def test_a_deadline_that_hides_what_was_given_up(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, stage: str) -> None:
    with pytest.raises(PlanError, match=f"the {stage} is due by .*until then nobody could say"):
        kit.commit(kit.opened(), deadlines=_deadlines(stage))
    monkeypatch.setattr(admission, "distant", lambda *_: [])
    made = kit.opened()
    kit.commit(made, deadlines=_deadlines(stage))
    made.witness(time=kit.DATED, keys=kit.keys("notary"))
    made.witness(time=kit.DATED, keys=kit.keys("discipline"))
    report = verify(made.envelopes, trust=kit.policy(), as_of=kit.DATED)
    assert stage in [
        detail.split("the ")[1].split(" ")[0] for name, detail in report.findings if name == "distant deadline"
    ]
    CeremonyFolder(tmp_path / "c").create(made, kit.policy())
    assert any("distant deadline" in line for line in second_implementation.audit(tmp_path / "c", as_of=kit.DATED))


def test_the_year_9999_is_refused() -> None:
    with pytest.raises(PlanError, match="9999"):
        kit.commit(kit.opened(), deadlines=dict.fromkeys(FAR, "9999-12-31T23:59:59Z"))


def test_a_witness_whose_clock_is_years_ahead(tmp_path: Path) -> None:
    """Whoever adds the next step honestly is refused until then; the report says why."""
    made = kit.opened()
    kit.commit(made)
    made.witness(time="2024-03-01T00:05:00Z", keys=kit.keys("notary"))
    made.witness(time="2024-11-01T00:00:00Z", keys=kit.keys("discipline"))
    found = judged_at(made, "2024-03-01T10:00:00Z")
    assert [detail for name, detail in found if name == "dated ahead"] == [
        "receipt 3 (witness): it states 2024-11-01T00:00:00Z, and it is only 2024-03-01T10:00:00Z"
    ]
    with pytest.raises(StepError, match="or the one was ahead by which that receipt was made"):
        made.witness(time="2024-03-01T10:00:00Z", keys=kit.keys("notary"))
    with pytest.raises(StepError, match="over a year after the last deadline"):
        made.witness(time="2099-01-01T00:00:00Z", keys=kit.keys("notary"))


def judged_at(made: Ceremony, as_of: str) -> list[tuple[str, str]]:
    found = verify(made.envelopes, trust=kit.policy(witnesses=1), as_of=as_of).findings
    return [(name.value, detail) for name, detail in found]


def test_a_draw_after_its_own_deadline_says_so(tmp_path: Path) -> None:
    made = kit.committed()
    folder = tmp_path / "late"
    made.reveal(kit.values(), time="2024-03-02T00:00:10Z", keys=kit.keys("organiser"))
    CeremonyFolder(folder).create(made, kit.policy())
    write_private_key(tmp_path / "key.pem", kit.h32("key of organiser"))
    late = "2024-03-05T00:00:00Z"
    done = run("draw", folder, "--key", tmp_path / "key.pem", "--time", late)
    assert f"late: the draw was due by {kit.DEADLINES['draw']}, and it is {late}" in done.stderr


def test_a_commitment_that_is_dated_ahead_is_told(tmp_path: Path) -> None:
    given = ("commit", tmp_path / "c", "--plan", tmp_path / "none.toml", "--key", "k", "--roster", "a=b")
    told = run(*given, "--ceremony", "c", "--time", "2099-01-01T00:00:00Z", code=2).stderr
    assert "warning: 2099-01-01T00:00:00Z has not come" in told
