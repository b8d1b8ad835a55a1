"""Declarations of public sources through the command line, up to a commitment that takes them."""

from __future__ import annotations

import json
from pathlib import Path

import ceremonies as kit
import pytest
from commandline import run, said

from dblrandom.adapters.keyfiles import write_private_key, write_public_key
from dblrandom.beacons.drandchain import QUICKNET
from dblrandom.model import Source, planfile

LOTTERY = (
    "--event",
    "Synthetic lottery 双色球 2030-001",
    "--form",
    "numbers 6 of 1-33, 1 of 1-16",
    "--cancelled",
    "void",
)
AT = ("--at", "2030-01-01T00:00:00Z")
PULSE = "2018-07-23T19:26:00Z"


def test_a_round_of_quicknet(tmp_path: Path) -> None:
    """The first round that is due at the time or after it, whose own time is what is declared."""
    out = tmp_path / "d.json"
    shown = run("source", "drand", "--name", "q", "--at", "2030-01-01T00:00:01Z", "--out", out).stdout
    assert "public from 2030-01-01T00:00:03Z; 2^256 outcomes" in shown
    assert "grindable" not in shown
    assert "--network" not in shown
    declared = Source.from_json(json.loads(out.read_bytes()), "it")
    assert declared.terms == {"chain": QUICKNET.hash, "round": 66884213}
    assert declared.not_before == "2030-01-01T00:00:03Z"
    assert QUICKNET.time_of(66884213) == 1893456003
    before = out.read_bytes()
    assert "exists already" in run("source", "drand", "--name", "q", *AT, "--out", out, code=2).stderr
    assert out.read_bytes() == before


def test_a_round_of_the_first_network_and_one_that_is_past(tmp_path: Path) -> None:
    out = ("--out", tmp_path / "d.json")
    done = run("source", "drand", "--name", "q", "--chain", "default", "--at", "2024-01-01T00:00:00Z", *out)
    assert "warning: its value is public since 2024-01-01T00:00:00Z" in done.stderr
    assert json.loads(out[1].read_bytes())["not_before"] == "2024-01-01T00:00:00Z"


def test_a_network_that_the_library_does_not_vouch_for(tmp_path: Path) -> None:
    """It is declared by what a relay says of it, and counts only for those who trust it."""
    info = {**QUICKNET.to_json(), "beacon_id": "synthetic"}
    place, out = tmp_path / "info.json", tmp_path / "d.json"
    place.write_text(json.dumps(info), encoding="utf-8")
    drand = ("source", "drand", "--name", "q", *AT, "--out", out)
    assert "is not the hash that follows" in run(*drand, "--chain", place, code=2).stderr
    assert not out.exists()
    error = run(*drand, "--chain", place, code=2).stderr
    info["chain_hash"] = error.rsplit(" ", 1)[1].strip()
    place.write_text(json.dumps(info), encoding="utf-8")
    told = said(*drand, "--chain", place)
    assert told["holder"] == info["chain_hash"] == told["declaration"]["chain"]
    assert f"--network {info['chain_hash']}" in run(*drand[:-1], tmp_path / "e", "--chain", place).stdout


def test_a_pulse(tmp_path: Path) -> None:
    nist = ("source", "nist", "--name", "n", "--chain", 1, "--pulse", 220394)
    out = ("--out", tmp_path / "n.json")
    told = said(*nist, "--time", PULSE, *out)
    assert told["outcomes"] == "2^512"
    assert told["holder"] is None
    assert told["declaration"] == {
        "chain": 1,
        "kind": "nist",
        "name": "n",
        "not_before": PULSE,
        "pulse": 220394,
        "time": PULSE,
    }
    own = ("--certificate", "ab" * 64, "--out", tmp_path / "own.json")
    assert said(*nist, "--time", "2030-01-01T00:00:00Z", *own)["holder"] == "ab" * 64
    late = run(*nist, "--time", "2030-01-01T00:00:00Z", "--out", tmp_path / "x", code=2).stderr
    assert "no pinned certificate of NIST is valid" in late
    assert not (tmp_path / "x").exists()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (("--certificate", "AB"), "not 128 lower-case"),
        (("--pulse", 0), "not a whole number from 1"),
        (("--chain", 2**53), "greatest integer"),
        (("--name", "No Name"), "not a name"),
        (("--time", "2018-07-23"), "not a time"),
        (("--pulse", "1" * 5000), "not a valid integer"),
    ],
)
def test_a_pulse_that_cannot_be(tmp_path: Path, change: tuple[object, ...], message: str) -> None:
    nist = ("source", "nist", "--name", "n", "--pulse", 5, "--time", PULSE, "--out", tmp_path / "n.json")
    assert message in run(*nist, *change, code=2).stderr
    assert not list(tmp_path.iterdir())


def test_a_lottery_is_grindable_by_itself(tmp_path: Path) -> None:
    public = ("source", "public", "--name", "lottery", *LOTTERY, *AT)
    out = tmp_path / "l.json"
    shown = run(*public, "--outcomes", 17721088, "--out", out).stdout
    assert "17721088 outcomes" in shown
    assert "grindable by itself" in shown
    assert "双色球" in out.read_text(encoding="utf-8")
    assert said(*public, "--outcomes", 17721088, "--out", tmp_path / "m")["grindable"] is True
    too_many = run(*public, "--outcomes", 17721089, "--out", tmp_path / "n", code=2).stderr
    assert "more than the 17721088 outcomes" in too_many
    for change, message in (
        (("--form", "six numbers"), "is not a form"),
        (("--cancelled", "later"), "is not one of"),
        (("--event", ""), "is empty"),
        (("--event", "two\nlines"), "U+000A"),
        (("--outcomes", 1), "not a whole number from 2"),
    ):
        wrong = (*public, "--outcomes", 2, "--out", tmp_path / "n", *change)
        assert message in run(*wrong, code=2).stderr
    assert not (tmp_path / "n").exists()


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (None, "No such file"),
        (b"{", "not JSON"),
        (b"[]", "table"),
        (b"\xff", "not JSON"),
        (b"[" * 100_000, "nested deeper"),
    ],
)
def test_a_network_in_a_bad_file(tmp_path: Path, content: bytes | None, message: str) -> None:
    place = tmp_path / "info.json"
    if content is not None:
        place.write_bytes(content)
    wrong = ("source", "drand", "--name", "q", "--chain", place, *AT, "--out", tmp_path / "out")
    assert message in run(*wrong, code=2).stderr
    assert not (tmp_path / "out").exists()


def test_a_commitment_takes_them(tmp_path: Path) -> None:
    """What is declared here is what 'commit --source' reads, from the file and from what --json printed."""
    drand = ("source", "drand", "--name", "quicknet", *AT, "--out", tmp_path / "d.json")
    (tmp_path / "wrapped.json").write_text(run(*drand, "--json").stdout, encoding="utf-8")
    public = ("source", "public", "--name", "lottery", *LOTTERY, "--outcomes", 17721088, *AT)
    run(*public, "--out", tmp_path / "l.json")
    (tmp_path / "plan.toml").write_text(planfile.dumps(kit.plan()), encoding="utf-8")
    rosters = []
    for roster in kit.rosters():
        (tmp_path / f"{roster.name}.tsv").write_bytes(roster.to_file())
        rosters += ["--roster", f"{roster.name}={tmp_path / roster.name}.tsv"]
    write_private_key(tmp_path / "key.pem", kit.h32("key of organiser"))
    write_public_key(tmp_path / "organiser.pem", kit.key("organiser").public_key)
    run(
        *("commit", tmp_path / "ceremony", "--plan", tmp_path / "plan.toml", "--ceremony", kit.NAME, *rosters),
        *("--source", tmp_path / "wrapped.json", "--source", tmp_path / "l.json", "--key", tmp_path / "key.pem"),
        *("--declare", f"organiser={tmp_path / 'organiser.pem'}", "--time", "2029-12-31T00:00:00Z"),
        *("--deadline", "result=2030-12-31T00:00:00Z"),
    )
    shown = said("show", tmp_path / "ceremony", "--as-of", "2029-12-31T00:00:00Z")
    assert [s["state"] for s in shown["sources"]] == ["not public yet"] * 2
