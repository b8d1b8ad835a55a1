"""The command line with public randomness: the default round, relays, rounds carried in by hand, and time-locks.

The rounds are recorded ones of quicknet; the relay is a real server on this machine.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import pytest
from commandline import run, said
from offices import Offices, prepared
from relay import Relay, page
from timelocks import QUICKNET, SIGNATURES

from dblrandom.beacons.timelock import locked_secret
from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.tlock import RANDOM_BYTES

NUMBER = 21000000
ROUND_AT = "2025-08-21T19:09:24Z"
COMMITTED, DATED, LATER = "2025-08-21T18:00:00Z", "2025-08-21T18:05:00Z", "2025-08-21T19:30:00Z"
PLAIN = {"trust policy not from outside", "predictable assignment"}
"""What the report says of the two chemical plants and of the folder's own policy, whatever the beacon."""
ROUND = {"round": NUMBER, "signature": SIGNATURES["quicknet", NUMBER]}


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory) -> Offices:
    return prepared(tmp_path_factory.mktemp("offices"))


@attrs.frozen
class Case:
    """One ceremony of the offices in a folder of its own."""

    offices: Offices
    folder: Path

    def commit(self, *sources: object, keys: tuple[str, ...] = ("organiser",), **also: Any) -> Any:
        declared = {"organiser": "organiser", "notary": "witness", "discipline": "party"}
        signers = [
            text
            for office, role in declared.items()
            if role != "party" or "discipline" in keys
            for text in ("--declare", f"{role}={self.offices.root / 'public' / office}.pem,{office}")
        ]
        plan = ("--plan", self.offices.root / "organiser" / "plan.toml", "--ceremony", "small-2024")
        deadlines = ("--deadline", "reveal=2025-08-22T19:00:00Z", "--deadline", "draw=2025-08-22T19:00:00Z")
        deadlines += ("--deadline", "result=2026-01-01T00:00:00Z")
        signing = [text for name in keys for text in ("--key", self.offices.key(name))]
        given = ("--time", COMMITTED, *plan, *self.offices.rosters(), *deadlines, *signers, *signing)
        return run("commit", self.folder, *given, *sources, **also)

    def witness(self, time: str = DATED) -> None:
        run("witness", self.folder, "--key", self.offices.key("notary"), "--time", time)

    def own(self, time: str = LATER) -> tuple[object, ...]:
        return ("--key", self.offices.key("organiser"), "--time", time)

    def finish(self) -> dict[str, Any]:
        run("draw", self.folder, *self.own())
        report = said("verify", self.folder, "--as-of", LATER)["report"]
        assert report["stage"] == "drawn"
        found: dict[str, Any] = report
        return found


@pytest.fixture
def case(offices: Offices, tmp_path: Path) -> Case:
    return Case(offices, tmp_path / "ceremony")


def carried(tmp_path: Path, **changes: Any) -> Path:
    place = tmp_path / "round.json"
    place.write_text(json.dumps(ROUND | changes), encoding="utf-8")
    return place


def names(report: dict[str, Any]) -> set[str]:
    return {finding["finding"] for finding in report["findings"]}


def test_the_default_is_one_round_of_quicknet_and_nobody_is_last(case: Case, tmp_path: Path) -> None:
    told = case.commit("--at", ROUND_AT).stderr
    assert f"drand round {NUMBER} of quicknet, at {ROUND_AT}" in told
    case.witness()
    early = run(
        "reveal",
        case.folder,
        "--key",
        case.offices.key("organiser"),
        "--round",
        f"quicknet={carried(tmp_path)}",
        "--time",
        "2025-08-21T19:00:00Z",
        code=3,
    )
    assert ROUND_AT in early.stderr
    run("reveal", case.folder, *case.own(), "--offline", "--round", f"quicknet={carried(tmp_path)}")
    assert names(case.finish()) == PLAIN


def test_without_a_time_the_round_is_an_hour_away(case: Case) -> None:
    assert "at 2025-08-21T19:00:00Z" in case.commit().stderr


def test_a_round_from_a_relay(case: Case) -> None:
    """Two relays are down; the third gives the round, and nothing but chain and round was asked of any."""
    case.commit("--drand", "moon=quicknet", "--at", ROUND_AT)
    case.witness()
    with Relay({f"/{QUICKNET.hash}/public/{NUMBER}": page(ROUND)}) as relay:
        relays = ("--relay", "http://127.0.0.1:9", "--relay", relay.url)
        run("reveal", case.folder, *case.own(), *relays)
        assert [request.target for request in relay.asked] == [f"/{QUICKNET.hash}/public/{NUMBER}"]
    case.finish()


def test_a_relay_that_lies(case: Case, tmp_path: Path) -> None:
    """Whatever it gives, nothing is written, and the right round still goes in afterwards."""
    case.commit("--at", ROUND_AT)
    case.witness()
    before = sorted(path.name for path in (case.folder / "receipts").iterdir())
    forged = ROUND | {"signature": SIGNATURES["quicknet", 12040883]}
    with Relay({f"/{QUICKNET.hash}/public/{NUMBER}": page(forged)}) as relay:
        assert relay.url in run("reveal", case.folder, *case.own(), "--relay", relay.url, code=2).stderr
    wrong = carried(tmp_path, round=NUMBER - 1)
    assert (
        "not 21000000 as declared"
        in run("reveal", case.folder, *case.own(), "--round", f"quicknet={wrong}", code=2).stderr
    )
    assert sorted(path.name for path in (case.folder / "receipts").iterdir()) == before
    run("reveal", case.folder, *case.own(), "--round", f"quicknet={carried(tmp_path)}")


def test_no_network_and_nothing_given(case: Case) -> None:
    case.commit("--at", ROUND_AT)
    case.witness()
    assert "its value is missing" in run("reveal", case.folder, *case.own(), "--offline", code=2).stderr


def locked(case: Case, tmp_path: Path) -> Path:
    declaration = tmp_path / "party.json"
    given = ("--ceremony", "small-2024", "--name", "party", "--key", case.offices.key("discipline"), "--at", ROUND_AT)
    clock = ("--time", "2024-01-01T00:00:00Z")
    run("secret", "new", *given, *clock, "--lock", "quicknet", "--out", tmp_path / "p", "--declaration", declaration)
    return declaration


def test_a_time_locked_secret_that_its_holder_keeps_to_himself(case: Case, tmp_path: Path) -> None:
    """He never answers; the round opens his lock, and the report has nothing to say against it."""
    keys = ("organiser", "discipline")
    case.commit("--at", ROUND_AT, "--drand", "moon=quicknet", "--secret", f"party={locked(case, tmp_path)}", keys=keys)
    case.witness()
    place = carried(tmp_path)
    run("reveal", case.folder, *case.own(), "--offline", "--round", f"moon={place}", "--round", f"party={place}")
    assert names(case.finish()) == PLAIN


def misopening(case: Case, tmp_path: Path) -> Path:
    """Its holder locked another secret than the one whose digest he committed."""
    keyid = json.loads(locked(case, tmp_path).read_text(encoding="utf-8"))["keyid"]
    sources = [
        locked_secret(
            "party",
            keyid=keyid,
            secret=secret,
            info=QUICKNET,
            round=NUMBER,
            random=bytes(RANDOM_BYTES),
            suite=SHA256,
            ceremony="small-2024",
        )
        for secret in ("5e" * 32, "6f" * 32)
    ]
    terms = dict(sources[0].terms) | {"timelock": sources[1].terms["timelock"]}
    place = tmp_path / "false.json"
    place.write_text(json.dumps(attrs.evolve(sources[0], terms=terms).to_json()), encoding="utf-8")
    return place


def test_a_time_lock_that_opens_to_something_else(case: Case, tmp_path: Path) -> None:
    """Nothing can be drawn; the void says why, needs no date, and names the holder; then a new commitment follows."""
    keys = ("organiser", "discipline")
    false = misopening(case, tmp_path)
    case.commit("--at", ROUND_AT, "--drand", "moon=quicknet", "--secret", f"party={false}", keys=keys)
    case.witness()
    place = carried(tmp_path)
    rounds = ("--offline", "--round", f"party={place}")
    stuck = run("reveal", case.folder, *case.own(), *rounds, "--round", f"moon={place}", code=2)
    assert "dblrandom void --misopened party" in stuck.stderr
    late = run("void", case.folder, "--reason", "x", *case.own(), code=2)
    assert "too late to void" in late.stderr
    run("void", case.folder, "--reason", "no value", "--misopened", "party", *rounds, *case.own())
    report = said("verify", case.folder, "--as-of", LATER)["report"]
    (charged,) = [f["detail"] for f in report["findings"] if f["finding"] == "time-lock misopened"]
    assert "held by discipline" in charged


def test_a_void_with_proof_against_a_sound_lock(case: Case, tmp_path: Path) -> None:
    keys = ("organiser", "discipline")
    case.commit("--at", ROUND_AT, "--drand", "moon=quicknet", "--secret", f"party={locked(case, tmp_path)}", keys=keys)
    case.witness()
    given = ("--misopened", "party", "--offline", "--round", f"party={carried(tmp_path)}")
    refused = run("void", case.folder, "--reason", "x", *given, *case.own(), code=2)
    assert "opens to the committed secret" in refused.stderr


def test_a_chain_network_and_a_lock_that_cannot_be(case: Case, tmp_path: Path) -> None:
    given = ("--ceremony", "c", "--name", "party", "--key", case.offices.key("discipline"), "--at", ROUND_AT)
    chained = run("secret", "new", *given, "--lock", "default", "--out", tmp_path / "p", code=2)
    assert "chain" in chained.stderr
    unknown = run("secret", "new", *given, "--lock", "moonnet", "--out", tmp_path / "p", code=2)
    assert "quicknet" in unknown.stderr
    assert not (tmp_path / "p").exists()
