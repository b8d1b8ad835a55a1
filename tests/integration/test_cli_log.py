"""The log through the command line: an agency, two witness offices that get files only, and an auditor."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import attrs
import ceremonies as kit
import commandline
import pytest
from click.testing import Result

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.keyfiles import write_private_key
from dblrandom.ceremony import Ceremony
from dblrandom.evidence import TrustedLog

ORIGIN = "log.agency.example/receipts"
TIME = "2024-03-01T00:30:00Z"


def run(*arguments: object, code: int = 0) -> Result:
    return commandline.run("log", *arguments, code=code)


def said(*arguments: object, code: int = 0) -> dict[str, Any]:
    return commandline.said("log", *arguments, code=code)


@attrs.frozen
class Offices:
    root: Path

    @property
    def log(self) -> Path:
        return self.root / "log"

    def key(self, office: str) -> Path:
        path = self.root / f"{office}.pem"
        if not path.exists():
            write_private_key(path, kit.h32(f"key of {office}"))
        return path

    def ceremony(self, made: Ceremony) -> Path:
        place = self.root / f"{made.name}-{len(made.receipts)}"
        CeremonyFolder(place).create(made, kit.policy())
        return place

    def vkey(self, office: str) -> str:
        return str(said("vkey", "--name", f"{office}.example", "--key", self.key(office))["vkey"])

    def add(self, *places: Path) -> dict[str, Any]:
        return said("append", self.log, *places, "--key", self.key("log"))

    def cosign(self, office: str, source: Path, *more: object, code: int = 0) -> Result:
        memory = self.root / f"{office}.memory"
        first = () if memory.exists() else ("--first",)
        fixed = ("--name", f"{office}.example", "--key", self.key(office), "--memory", memory, *first)
        return run("cosign", source, *fixed, "--vkey", self.log / "vkey", "--time", TIME, *more, code=code)

    def merge(self, *offices: str) -> None:
        """Each witness office cosigns and the agency merges."""
        for office in offices:
            path = self.root / f"{office}-{len(list(self.root.iterdir()))}.cosignature"
            self.cosign(office, self.log, "--out", path)
            run("merge", self.log, path, "--witness", self.vkey(office))


@pytest.fixture
def offices(tmp_path: Path) -> Offices:
    made = Offices(tmp_path)
    run("init", made.log, "--origin", ORIGIN, "--key", made.key("log"))
    return made


def test_a_commitment_is_logged_cosigned_proved_and_verified(offices: Offices) -> None:
    place = offices.ceremony(kit.committed())
    assert offices.add(place)["size"] == 3
    assert offices.add(place)["added"] == []
    offices.merge("notary", "archive")
    proof = offices.root / "commitment.tlog-proof"
    run("prove", offices.log, "--ceremony", kit.NAME, "--sequence", 1, "--threshold", 2, "--out", proof)
    keys = ("--vkey", offices.log / "vkey", "--witness", offices.vkey("notary"), "--witness", offices.vkey("archive"))
    logged = said("verify", proof, place, *keys)["logged"]
    assert (logged["index"], logged["size"], logged["time"], logged["origin"]) == (0, 3, TIME, ORIGIN)
    assert f"since {TIME} or before" in run("verify", proof, place, *keys).stdout
    failed = said("verify", proof, place, *keys, "--sequence", 2, code=1)
    assert failed["error"]["check"] == "log"
    assert "is another one" in failed["error"]["message"]
    assert "from the future" in run("verify", proof, place, *keys, "--as-of", kit.COMMITTED, code=1).stderr
    assert "has no receipt 9" in run("verify", proof, place, *keys, "--sequence", 9, code=2).stderr
    assert "not a log's" in run("verify", proof, place, "--vkey", offices.vkey("notary"), *keys[2:], code=2).stderr


def test_a_witness_office_needs_a_file_only(offices: Offices) -> None:
    offices.add(offices.ceremony(kit.committed()))
    request, answer = offices.root / "request", offices.root / "answer"
    run("checkpoint", offices.log, "--old", 0, "--out", request)
    result = offices.cosign("notary", request, "--out", answer)
    assert f"cosigned 3 entries of {ORIGIN}" in result.stderr
    assert answer.read_text("utf-8").startswith("\u2014 notary.example ")
    assert (
        run("merge", offices.log, answer, "--witness", offices.vkey("notary"))
        .stdout.strip()
        .endswith(f"{ORIGIN}, notary.example")
    )
    offices.add(offices.ceremony(kit.drawn()))
    run("checkpoint", offices.log, "--old", 0, "--out", offices.root / "again")
    assert "cosigned 3 entries" in offices.cosign("notary", offices.root / "again", code=2).stderr
    printed = run("checkpoint", offices.log, "--old", 3).stdout
    assert printed.startswith("old 3\n")
    (offices.root / "third").write_bytes(printed.encode())
    offices.cosign("notary", offices.root / "third")


def test_printed_checkpoints_are_exact(offices: Offices) -> None:
    assert run("checkpoint", offices.log).stdout.encode() == (offices.log / "checkpoint").read_bytes()
    offices.add(offices.ceremony(kit.committed()))
    assert run("checkpoint", offices.log, "--size", 0).stdout.splitlines()[:2] == [ORIGIN, "0"]
    assert said("checkpoint", offices.log)["checkpoint"].encode() == (offices.log / "checkpoint").read_bytes()
    assert "no checkpoint of 2 entries" in run("checkpoint", offices.log, "--size", 2, code=2).stderr
    assert "do not go together" in run("checkpoint", offices.log, "--size", 0, "--old", 0, code=2).stderr


def test_an_audit_lists_what_was_left_open(offices: Offices) -> None:
    left = offices.ceremony(kit.committed(name="left"))
    drawn = offices.ceremony(kit.drawn())
    offices.add(left, drawn)
    kept = offices.root / "kept"
    fixed = ("audit", offices.log, "--vkey", offices.log / "vkey", "--as-of", kit.AFTER)
    found = said(*fixed, "--keep", kept)
    assert kept.read_bytes() == (offices.log / "checkpoint").read_bytes()
    assert [(c["ceremony"], c["outcome"]) for c in found["audit"]["commitments"]] == [
        ("left", "open"),
        (kit.NAME, "drawn"),
    ]
    assert [f["finding"] for f in found["audit"]["findings"]] == ["open commitment"]
    text = run(*fixed, "--published", left, "--published", drawn).stdout
    assert f"due by {kit.DEADLINES['draw']}" in text
    assert "finding: same period: synthetic authority committed 2 times for 2024" in text
    assert said(*fixed, "--strict", code=1)["audit"]["findings"]
    offices.add(offices.ceremony(kit.committed(name="later")))
    assert "contains everything that" in run(*fixed, "--from", kept).stdout
    result = run("audit", offices.log, "--as-of", kit.AFTER)
    assert "the vkey came with the log" in result.stderr


def test_an_audit_fails_where_the_log_was_rewritten(offices: Offices) -> None:
    offices.add(offices.ceremony(kit.committed(name="one")))
    kept = offices.root / "kept"
    kept.write_bytes((offices.log / "checkpoint").read_bytes())
    other = Offices(offices.root / "other")
    other.root.mkdir()
    run("init", other.log, "--origin", ORIGIN, "--key", offices.key("log"))
    run("append", other.log, other.ceremony(kit.committed(name="two")), "--key", offices.key("log"))
    vkey = ("--vkey", offices.log / "vkey")
    failed = said("audit", other.log, *vkey, "--from", kept, code=1)
    assert "the log forks: two roots for 3 entries" in failed["error"]["message"]
    run("append", other.log, other.ceremony(kit.committed(name="three")), "--key", offices.key("log"))
    assert "the log was rewritten" in run("audit", other.log, *vkey, "--from", kept, code=1).stderr


def test_mistakes_are_one_line(offices: Offices) -> None:
    place = offices.ceremony(kit.committed())
    assert "not the key of the log" in run("append", offices.log, place, "--key", offices.key("x"), code=2).stderr
    assert "no log here" in run("append", offices.root, place, "--key", offices.key("log"), code=2).stderr
    assert "holds" in run("init", offices.log, "--origin", ORIGIN, "--key", offices.key("log"), code=2).stderr
    new = offices.root / "new"
    assert "key's name" in run("init", new, "--origin", "a b", "--key", offices.key("log"), code=2).stderr
    assert not new.exists()
    assert "is not in the log" in run("prove", offices.log, "--ceremony", "x", "--sequence", 1, code=2).stderr
    assert "verifier key" in run("audit", offices.log, "--vkey", "a+b+c", code=2).stderr
    assert "cannot read it" in run("audit", offices.log, "--vkey", offices.root / "nothing", code=2).stderr
    offices.add(place)
    result = run("prove", offices.log, "--ceremony", kit.NAME, "--sequence", 1)
    assert "does not date the receipt yet" in result.stderr
    assert result.stdout.startswith("c2sp.org/tlog-proof@v1\nindex 0\n")


def test_a_ceremony_carries_the_proof_of_its_commitment(offices: Offices) -> None:
    """The organiser attaches it; a verifier who trusts the log has the commitment dated, another is told why not."""
    made = kit.opened(name="logged")
    kit.commit(made)
    place = offices.ceremony(made)
    offices.add(place)
    offices.merge("first", "second")
    proof = offices.root / "proof"
    run("prove", offices.log, "--ceremony", "logged", "--sequence", 1, "--threshold", 2, "--out", proof)
    own = ("--key", offices.root / "organiser.pem", "--time", TIME)
    write_private_key(offices.root / "organiser.pem", kit.h32("key of organiser"))
    given = json.loads(run("attach", place, "--proof", proof, *own, "--json").stdout)
    assert given["log"]["origin"] == ORIGIN
    anchor = TrustedLog(
        key=(offices.log / "vkey").read_text().strip(),
        witnesses=(offices.vkey("first"), offices.vkey("second")),
        threshold=2,
    )
    trusting = attrs.evolve(kit.policy(), logs=(anchor,))
    report = CeremonyFolder(place).verify(trusting, as_of=TIME)
    assert any(ORIGIN in check.detail for check in report.passed if check.name == "dates")
    assert "uniqueness not shown" in {finding.value for finding, _ in report.findings}
    blind = CeremonyFolder(place).verify(kit.policy(), as_of=TIME)
    assert any("the policy does not name" in check.detail for check in blind.not_checked)


def test_a_proof_of_another_ceremony_is_not_attached(offices: Offices) -> None:
    places = []
    for name in ("one", "two"):
        made = kit.opened(name=name)
        kit.commit(made)
        places.append(offices.ceremony(made))
    offices.add(*places)
    offices.merge("first", "second")
    proof = offices.root / "proof"
    run("prove", offices.log, "--ceremony", "one", "--sequence", 1, "--threshold", 2, "--out", proof)
    write_private_key(offices.root / "organiser.pem", kit.h32("key of organiser"))
    before = sorted(path.name for path in (places[1] / "receipts").iterdir())
    own = ("--key", offices.root / "organiser.pem", "--time", TIME)
    refused = run("attach", places[1], "--proof", proof, *own, code=2)
    assert "is no proof of receipt 1" in refused.stderr
    assert sorted(path.name for path in (places[1] / "receipts").iterdir()) == before
