"""What is public already, named as if it were secret or still to come."""

from __future__ import annotations

import json
from pathlib import Path

import ceremonies as kit
import pytest
from commandline import run

from dblrandom.adapters.keyfiles import write_private_key

PAST = "2024-01-01T00:00:00Z"


@pytest.fixture
def new(tmp_path: Path) -> tuple[object, ...]:
    write_private_key(tmp_path / "k.pem", kit.h32("key of party"))
    return ("secret", "new", "--ceremony", "c", "--name", "p", "--key", tmp_path / "k.pem", "--out", tmp_path / "s")


def test_a_secret_locked_to_a_round_that_is_out(new: tuple[object, ...], tmp_path: Path) -> None:
    """Anybody can open it, while its holder is told to keep it secret."""
    declaration = tmp_path / "s.json"
    refused = run(*new, "--at", PAST, "--lock", "quicknet", "--declaration", declaration, code=2).stderr
    assert "was due at 2024-01-01T00:00:00Z, so anybody can open this lock: the secret is public already" in refused
    assert not (tmp_path / "s").exists()
    assert not declaration.exists()


def test_a_secret_whose_moment_is_over(new: tuple[object, ...]) -> None:
    assert f"it may be revealed since {PAST}" in run(*new, "--at", PAST).stderr


def test_a_party_who_signs_a_draft_on_values_that_are_out(tmp_path: Path) -> None:
    made = kit.opened()
    kit.commit(made, signers=kit.declared(("witness", "another")))
    draft = tmp_path / "draft.json"
    draft.write_bytes(made.envelopes[0])
    write_private_key(tmp_path / "k.pem", kit.h32("key of another"))
    shown = run("sign", draft, "--key", tmp_path / "k.pem", "--out", tmp_path / "signed.json").stdout
    assert "its value can be public since" in shown
    assert "vouches for nothing" in shown


def test_a_round_that_is_out_declared_as_a_source(tmp_path: Path) -> None:
    given = ("source", "drand", "--name", "d", "--at", PAST, "--out", tmp_path / "d.json")
    assert "its value is public since" in run(*given).stderr
    assert json.loads((tmp_path / "d.json").read_text("utf-8"))["not_before"].startswith("2024")
