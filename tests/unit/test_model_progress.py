"""Long work tells how far it is, and ends where the one who is told says so."""

from __future__ import annotations

import logging
from pathlib import Path

import ceremonies as kit
import pytest

import dblrandom as dr


class Stop(Exception):
    """What a service raises when its user went away."""


def drawn() -> dr.Ceremony:
    return kit.drawn()


def verified() -> dr.Report:
    ceremony = kit.drawn()
    rosters = {**ceremony.rosters, **ceremony.drawn.rosters}
    return dr.verify(ceremony.envelopes, trust=dr.suggested_trust(ceremony.commitment), rosters=rosters)


def test_each_long_piece_of_work_tells(tmp_path: Path) -> None:
    told: list[dr.Progress] = []
    (tmp_path / "firms.csv").write_text("id\n" + "".join(f"F{n}\n" for n in range(9000)))
    with dr.reporting(told.append):
        firms = dr.read_csv(tmp_path / "firms.csv", id="id", name="firms")
        dr.Roster.build(dr.SHA256, firms)
        drawn()
        verified()
    doing = {progress.doing for progress in told}
    assert doing == {"reading the table", "making the roster", "reading the frame", "drawing", "checking receipts"}
    assert [p.rows for p in told if p.doing == "making the roster"][:4] == [0, 4096, 8192, 9000]
    assert all(p.total is None or p.rows <= p.total for p in told)
    told.clear()
    drawn()
    assert told == []


@pytest.mark.parametrize("doing", ["drawing", "checking receipts", "reading the frame"])
def test_an_exception_ends_the_work_and_comes_out_as_it_was_raised(doing: str) -> None:
    def stop(progress: dr.Progress) -> None:
        if progress.doing == doing:
            raise Stop

    with dr.reporting(stop), pytest.raises(Stop):
        verified()


def test_a_step_that_was_stopped_leaves_the_folder_as_it_was(tmp_path: Path) -> None:
    ceremony = kit.revealed()
    folder = dr.CeremonyFolder(tmp_path / "c")
    folder.create(ceremony, dr.suggested_trust(ceremony.commitment))
    before = {p: p.read_bytes() for p in folder.root.rglob("*") if p.is_file()}

    def stop(progress: dr.Progress) -> None:
        if progress.doing == "drawing":
            raise Stop

    with dr.reporting(stop), pytest.raises(Stop):
        folder.update(lambda c, _: c.draw(time=kit.DRAWN, keys=kit.keys("organiser")))
    assert {p: p.read_bytes() for p in folder.root.rglob("*") if p.is_file()} == before


def test_a_step_is_logged_without_its_secrets(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    ceremony = kit.revealed()
    with caplog.at_level(logging.DEBUG, "dblrandom"):
        dr.CeremonyFolder(tmp_path / "c").create(
            ceremony, dr.suggested_trust(ceremony.commitment), {"note": b"private"}
        )
    (record,) = [r for r in caplog.records if r.name == "dblrandom.adapters.journal"]
    assert "0001-commitment.json" in record.getMessage()
    assert "private" not in caplog.text
    assert [type(h) for h in logging.getLogger("dblrandom").handlers] == [logging.NullHandler]
