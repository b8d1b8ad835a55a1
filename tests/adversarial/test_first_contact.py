"""Attacks on whoever remembers: a memory that is lost, misspelt or of another must not pass for a new one."""

from __future__ import annotations

import shutil
from pathlib import Path
from typing import Any

import ceremonies as kit
import pytest
from commandline import run

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.hashchains.store import init
from dblrandom.adapters.keyfiles import write_private_key
from dblrandom.kernel.suite import SHA256

ORIGIN = "log.example/receipts"
TIME = "2024-02-01T00:00:00Z"


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """A log of one ceremony, and beside it a fork of it with another."""
    write_private_key(tmp_path / "log.pem", kit.h32("key of the log"))
    write_private_key(tmp_path / "witness.pem", kit.h32("key of the witness"))
    place = tmp_path / "log"
    run("log", "init", place, "--origin", ORIGIN, "--key", tmp_path / "log.pem")
    shutil.copytree(place, tmp_path / "fork")
    for name, at in (("one", place), ("two", tmp_path / "fork")):
        CeremonyFolder(tmp_path / name).create(kit.committed(name=name), kit.policy())
        run("log", "append", at, tmp_path / name, "--key", tmp_path / "log.pem")
    return place


def cosign(place: Path, memory: Path, *more: object, code: int = 0) -> Any:
    fixed = ("--name", "w.example", "--key", place.parent / "witness.pem", "--memory", memory, "--time", TIME)
    return run("log", "cosign", place, *fixed, "--vkey", place / "vkey", *more, code=code)


def test_a_fork_shown_to_a_witness_whose_memory_is_lost_or_misspelt(log: Path, tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    assert "--first" in cosign(log, memory, code=2).stderr
    assert not memory.exists()
    told = cosign(log, memory, "--first").stderr
    assert f"this is the first cosignature for {ORIGIN}" in told
    refused = cosign(tmp_path / "fork", tmp_path / "memmory", code=2).stderr
    assert f"is not there, so nothing is remembered of the log {ORIGIN}" in refused
    assert "forks" in cosign(tmp_path / "fork", memory, code=1).stderr
    assert "first" not in cosign(log, memory).stderr


def test_a_memory_of_other_logs_is_no_memory_of_this_one(log: Path, tmp_path: Path) -> None:
    memory = tmp_path / "memory"
    memory.write_text('{"logs":{},"specification":"dblrandom/v1"}', encoding="utf-8")
    assert f"remembers nothing of the log {ORIGIN}" in cosign(log, memory, code=2).stderr


def test_a_habit_of_saying_that_it_is_the_first_time(log: Path, tmp_path: Path) -> None:
    """Who has it in a script would not notice the day on which it is needed."""
    cosign(log, tmp_path / "memory", "--first")
    assert "leave out --first" in cosign(log, tmp_path / "memory", "--first", code=2).stderr


def _unseen(name: str) -> Any:
    made = kit.opened(name=name)
    kit.commit(made)
    return made


def test_a_second_history_shown_to_a_witness_whose_memory_is_lost(tmp_path: Path) -> None:
    folders = []
    for name in ("one", "two"):
        CeremonyFolder(tmp_path / name).create(_unseen(name), kit.policy())
        folders.append(tmp_path / name)
    write_private_key(tmp_path / "notary.pem", kit.h32("key of notary"))
    key = ("--key", tmp_path / "notary.pem", "--time", kit.DATED)
    memory = ("--memory", tmp_path / "memory")
    assert "say --first" in run("witness", folders[0], *key, *memory, code=2).stderr
    assert not (tmp_path / "memory").exists()
    first = run("witness", folders[0], *key, *memory, "--first")
    assert "the first receipt attested of this organiser" in first.stderr
    lost = run("witness", folders[1], *key, "--memory", tmp_path / "memroy", code=2)
    assert "is not there, so nothing is remembered of this organiser" in lost.stderr
    assert "leave out --first" in run("witness", folders[1], *key, *memory, "--first", code=2).stderr
    assert "the last seen of this organiser" in run("witness", folders[1], *key, *memory, code=2).stderr
    assert len(list((folders[1] / "receipts").iterdir())) == 1
    assert "--first goes with --memory" in run("witness", folders[1], *key, "--first", code=2).stderr


def test_an_audit_that_begins_with_nothing_says_so(log: Path, tmp_path: Path) -> None:
    fixed = ("log", "audit", log, "--vkey", log / "vkey", "--as-of", TIME)
    assert "no older checkpoint was given" in run(*fixed, "--keep", tmp_path / "kept").stderr
    assert "no older checkpoint" not in run(*fixed, "--from", tmp_path / "kept").stderr


def test_a_chain_of_which_there_is_no_copy_yet(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """A misspelt folder takes another schedule for the same tip; what the copy said before is not there to object."""
    from dblrandom.adapters.hashchains import client

    chain = tmp_path / "chain"
    genesis = "2024-01-01T00:00:00Z"
    info = init(chain, length=3, genesis=genesis, period=60, operator_keyid="a" * 64, suite=SHA256, seed32=b"x" * 32)
    (tmp_path / "copy").mkdir()
    monkeypatch.setattr(client, "fetch_chain", lambda *_, **__: info)
    monkeypatch.setattr(client, "_pulse", lambda *_, **__: None)
    fetch = ("beacon", "fetch", "https://chain.example", "--tip", info.tip, "--to", tmp_path / "copy")
    assert "compared with nothing" in run(*fetch).stderr
    assert "compared with nothing" not in run(*fetch).stderr
