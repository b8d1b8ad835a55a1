"""Our own edge cases, which were worked out without the library (tests/vectors/README.md)."""

from __future__ import annotations

import base64
import hashlib
import json
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from dblrandom.errors import CanonicalError, KeyFileError, RosterError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.dsse import pae
from dblrandom.kernel.signing import check_public_key, verify_ed25519
from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.tickets import ticket
from dblrandom.model import Population
from dblrandom.roster import Proof, Roster, verify_absence, verify_presence

VECTORS = Path(__file__).parents[1] / "vectors"
OWN: dict[str, Any] = json.loads((VECTORS / "own_v1.json").read_text("utf-8"))


def named(cases: list[dict[str, Any]]) -> Any:
    return pytest.mark.parametrize("case", [pytest.param(case, id=case["name"]) for case in cases])


def test_generator_gives_the_file() -> None:
    run = subprocess.run([sys.executable, VECTORS / "generate.py", "--stdout"], capture_output=True, check=True)
    assert run.stdout == (VECTORS / "own_v1.json").read_bytes()


@pytest.mark.parametrize("case", OWN["tickets"])
def test_ticket(case: dict[str, str]) -> None:
    assert ticket(SHA256, case["key"], case["id"].encode()).hex() == case["ticket"]


def build(case: dict[str, Any]) -> Roster:
    ids = [f"{2 * i + 1:05d}" for i in range(case["rows"])]
    if case["confidential"]:
        population = Population.from_rows("targets", ["id"], [[i] for i in ids], confidential=True)
        return Roster.build(SHA256, population, [hashlib.sha256(b"blind %d" % i).hexdigest() for i in range(len(ids))])
    rows = [[name, f"合成 {i}"] for i, name in enumerate(ids)]
    return Roster.build(SHA256, Population.from_rows("targets", ["id", "notice"], rows[::-1]))


@pytest.mark.parametrize("case", OWN["rosters"], ids=lambda c: f"{c['rows']}{'-confidential' * c['confidential']}")
def test_roster_and_proofs(case: dict[str, Any]) -> None:
    roster = build(case)
    assert hashlib.sha256(roster.to_file()).hexdigest() == case["file_sha256"]
    assert roster.manifest.root == case["root"]
    for known in case["proofs"]:
        made = roster.prove(known["id"])
        pages = [
            {"index": p.index, "page_sha256": hashlib.sha256(p.lines).hexdigest(), "path": list(p.path)}
            for p in made.pages
        ]
        assert pages == known["pages"]
        again = Proof.from_json(decode(encode(made.to_json())), "proof")
        assert again == made
        holds, fails = (verify_presence, verify_absence) if known["present"] else (verify_absence, verify_presence)
        holds(SHA256, roster.manifest, again)
        with pytest.raises(RosterError):
            fails(SHA256, roster.manifest, again)


@named(OWN["files"]["accept"])
def test_file_is_taken(case: dict[str, str]) -> None:
    data = base64.b64decode(case["base64"])
    assert Roster.from_file(SHA256, "targets", data).to_file() == data


@named(OWN["files"]["reject"])
def test_file_is_refused(case: dict[str, str]) -> None:
    with pytest.raises(RosterError) as caught:
        Roster.from_file(SHA256, "targets", base64.b64decode(case["base64"]))
    assert "roster targets" in str(caught.value)
    assert str(caught.value).isprintable()


@named(OWN["canonical"]["accept"])
def test_json_is_taken(case: dict[str, str]) -> None:
    data = base64.b64decode(case["base64"])
    assert encode(decode(data)) == data


@named(OWN["canonical"]["reject"] + OWN["canonical"]["reject_repeated"])
def test_json_is_refused(case: dict[str, str]) -> None:
    data = base64.b64decode(case["base64"]) * int(case.get("times", "1"))
    with pytest.raises(CanonicalError, match=r"^receipt 7: "):
        decode(data, "receipt 7")


@named(OWN["ed25519"])
def test_ed25519(case: dict[str, Any]) -> None:
    key, signature, message = (bytes.fromhex(case[name]) for name in ("public_key", "signature", "message"))
    if case["valid"]:
        verify_ed25519(key, signature, message)
        return
    with pytest.raises(KeyFileError):
        verify_ed25519(key, signature, message)
    if case["name"].startswith(("A of small order", "A not canonical", "key of")):
        with pytest.raises(KeyFileError):
            check_public_key(key)


@pytest.mark.parametrize("case", OWN["pae"])
def test_pae(case: dict[str, str]) -> None:
    assert pae(case["type"], bytes.fromhex(case["payload"])).hex() == case["pae"]
