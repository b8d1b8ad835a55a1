"""An organiser asks one witness twice at the same moment, for two commitments of one authority and period."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from commandline import run

import dblrandom as dr
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.ceremony import Ceremony
from dblrandom.examples import kunming_2024

TIME = ("--time", "2026-12-01T00:00:00Z")
DUE = dict.fromkeys(("reveal", "draw", "result"), "2027-09-30T00:00:00Z")


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Two ceremonies of one organiser, both committed for one period, and the key of a witness."""
    base = tmp_path_factory.mktemp("twice")
    lists = kunming_2024()
    for name in ("office", "union", "witness"):
        dr.make_key(base / f"{name}.pem")
    office, union = (dr.read_signer(base / f"{name}.pem") for name in ("office", "union"))
    signers = [dr.Declared(role=r, public_key=k.public_key.hex()) for r, k in (("organiser", office), ("party", union))]
    for name in ("first", "second"):
        made = dr.Ceremony.open(name, lists.plan, [lists.targets, lists.inspectors, lists.recusals])
        source, _ = dr.new_secret(name, "union", keyid=union.keyid, not_before="2027-02-01T02:00:00Z")
        committed = "2026-11-30T02:00:00Z"
        made.commit(entropy=[source], signers=signers, deadlines=DUE, time=committed, keys=[office, union])
        CeremonyFolder(base / name).create(made, dr.suggested_trust(made.commitment))
    return base


def attested(folder: Path) -> bool:
    return len(list((folder / "receipts").iterdir())) == 2


@pytest.mark.parametrize("linked", [False, True], ids=["one path", "by a link"])
def test_the_second_process_finds_the_memory_held(
    office: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, linked: bool
) -> None:
    """While the first has read its memory and is about to sign, another process is asked for the other ceremony."""
    for name in ("first", "second"):
        CeremonyFolder(office / name).publish(tmp_path / name)
    (tmp_path / "home").mkdir()
    memory = other = tmp_path / "home" / "memory.json"
    if linked:
        other = tmp_path / "link.json"
        other.symlink_to(memory)
    arguments = ("--key", str(office / "witness.pem"), "--first", *TIME)
    sign = Ceremony.witness
    told = []

    def meanwhile(self: Ceremony, **given: Any) -> Any:
        command = (sys.executable, "-m", "dblrandom", "witness", str(tmp_path / "second"), "--memory", str(other))
        told.append(subprocess.run((*command, *arguments), capture_output=True, text=True, env=dict(os.environ)))
        return sign(self, **given)

    monkeypatch.setattr(Ceremony, "witness", meanwhile)
    run("witness", tmp_path / "first", "--memory", memory, *arguments)
    monkeypatch.undo()
    assert (attested(tmp_path / "first"), attested(tmp_path / "second")) == (True, False)
    assert told[0].returncode != 0
    assert "is changing this folder" in told[0].stderr
    again = run("witness", tmp_path / "second", "--memory", other, "--key", office / "witness.pem", *TIME, code=2)
    assert "the last seen of this organiser is" in again.stderr
    assert not attested(tmp_path / "second")


def test_the_memory_is_not_kept_in_a_ceremony(office: Path) -> None:
    memory = office / "first" / "memory.json"
    asked = ("--memory", memory, "--key", office / "witness.pem", "--first", *TIME)
    assert "keep it elsewhere" in run("witness", office / "first", *asked, code=2).stderr
    assert not memory.exists()


def test_the_memory_is_read_and_written_only_while_it_is_held(tmp_path: Path) -> None:
    held = dr.HeldMemory(tmp_path / "memory.json")
    with pytest.raises(dr.DblrandomError, match="is not held"):
        held.memory  # noqa: B018
    with held, pytest.raises(dr.FolderBusy), dr.HeldMemory(tmp_path / "memory.json"):
        pass
    (tmp_path / "memory.json").write_bytes(b"damaged")
    with pytest.raises(dr.DblrandomError), dr.HeldMemory(tmp_path / "memory.json"):
        pass
    (tmp_path / "memory.json").unlink()
    with dr.HeldMemory(tmp_path / "memory.json") as again:
        known = again.memory
        again.write(known)
    with pytest.raises(dr.DblrandomError, match="is not held"):
        again.write(known)
