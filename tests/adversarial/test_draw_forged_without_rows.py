"""The rows are kept back, the draw is invented, and one firm with a proof of its row asks whether it was drawn."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import kit
import pytest
from commandline import run, said
from test_received_folder import listed_anew, without_rows
from test_signing_on_forgeries import stored

from dblrandom.cli.cases import verdict_of
from dblrandom.cli.exits import FAILED
from dblrandom.errors import VerificationError
from dblrandom.evidence import check_target, verify
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Population
from dblrandom.roster import Roster

NAME = "A1.selected"
Rows = list[dict[str, str]]


def split() -> tuple[Rows, str]:
    """The rows of the honest list, and a target of the frame in the stratum of its first that is not on it."""
    honest = kit.honest()
    rows = list(honest.rosters[NAME].records())
    task = kit.plan().tasks[0]
    first = next(row for row in rows if row["status"] == "selected")
    there = {row["id"] for row in rows}
    for row in kit.committed_rosters()["targets"].records():
        passes = all(row[c] in values for c, values in task.filter.items())
        if passes and row["id"] not in there and all(row[c] == first[c] for c in task.strata):
            return rows, row["id"]
    raise AssertionError("the kit draws everybody")


def forged(change: Callable[[Rows], object], **also: Any) -> tuple[tuple[bytes, ...], Mapping[str, bytes]]:
    """Receipts whose draw commits to another list, signed as an organiser can; and that list."""
    rows, _ = split()
    change(rows)
    honest = kit.honest().rosters[NAME]
    table = Population(NAME, honest.columns, tuple(tuple(row[c] for c in honest.columns) for row in rows))
    made = Roster.build(SHA256, table)

    def other(chain: list[kit.Step]) -> None:
        at = kit.at(chain, "draw")
        del chain[at + 1 :]
        entry = chain[at].body["tasks"][0]
        entry["rosters"][0] = made.manifest.to_json()
        for stratum in entry["strata"]:
            stratum.update(also)

    return kit.attacked(other).receipts, {NAME: made.to_file()}


def told(receipts: tuple[bytes, ...], results: Mapping[str, bytes], unit: str) -> Any:
    report = verify(receipts, trust=kit.policy())
    proof = kit.committed_rosters()["targets"].prove(unit)
    return check_target(receipts, "A1", unit, proof, report=report, results=results)


def first_selected(rows: Rows) -> dict[str, str]:
    return next(row for row in rows if row["status"] == "selected")


def test_the_honest_list_agrees_with_every_target() -> None:
    receipts, results = forged(lambda rows: None)
    listed = {row["id"] for row in split()[0] if row["status"] == "selected"}
    for row in kit.committed_rosters()["targets"].records():
        case = told(receipts, results, row["id"])
        assert case.listed
        assert case.in_frame is False or case.drawn == (row["id"] in listed)


def test_whoever_had_to_be_drawn_and_is_not_listed_convicts_the_organiser() -> None:
    rows, stranger = split()
    spared = first_selected(rows)["id"]
    receipts, results = forged(lambda found: first_selected(found).update(id=stranger))
    for unit, why in ((spared, "at or below the last ticket selected"), (stranger, "above the last ticket selected")):
        with pytest.raises(VerificationError, match=f"the draw is forged: .*{why}"):
            told(receipts, results, unit)


def test_a_last_ticket_that_lets_in_more_than_are_listed() -> None:
    _, stranger = split()
    receipts, results = forged(lambda rows: None, last_ticket="f" * 64)
    with pytest.raises(VerificationError, match=r"the draw is forged: .*not among the selected"):
        told(receipts, results, stranger)


def test_a_last_ticket_below_everybody_selected() -> None:
    rows, stranger = split()
    receipts, results = forged(lambda rows: None, last_ticket="0" * 64)
    with pytest.raises(VerificationError, match=r"the draw is forged: .*above the last ticket selected"):
        told(receipts, results, first_selected(rows)["id"])
    with pytest.raises(VerificationError, match="the draw is forged: the last ticket selected is not that of anybody"):
        told(receipts, results, stranger)


def test_one_selected_too_few() -> None:
    rows, stranger = split()
    gone = first_selected(rows)["id"]
    receipts, results = forged(lambda found: found.remove(first_selected(found)))
    for unit in (gone, stranger):
        with pytest.raises(VerificationError, match="its result rosters should be"):
            told(receipts, results, unit)


def test_a_reserve_in_place_of_one_selected() -> None:
    rows, _ = split()
    receipts, results = forged(lambda found: first_selected(found).update(status="reserve"))
    with pytest.raises(VerificationError, match=r"the draw is forged: .*a reserve only"):
        told(receipts, results, first_selected(rows)["id"])


def test_another_list_than_the_draw_names() -> None:
    rows, stranger = split()
    _, results = forged(lambda found: first_selected(found).update(id=stranger))
    receipts, _ = forged(lambda found: None)
    with pytest.raises(VerificationError, match="is not the result roster that the draw names"):
        told(receipts, results, first_selected(rows)["id"])


def test_without_the_list_nobody_is_said_to_be_drawn() -> None:
    rows, stranger = split()
    receipts, _ = forged(lambda found: first_selected(found).update(id=stranger))
    case = told(receipts, {}, first_selected(rows)["id"])
    assert (case.listed, case.recomputed) == (False, False)
    assert "so it was" not in verdict_of(case)
    assert "at or below" in verdict_of(case)
    assert "was not compared" in verdict_of(case)


def test_the_command_gives_no_verdict_on_a_list_that_was_not_compared(tmp_path: Path) -> None:
    rows, stranger = split()
    spared = first_selected(rows)["id"]
    receipts, results = forged(lambda found: first_selected(found).update(id=stranger))
    until = len(receipts)
    folder = stored(tmp_path / "c", list(kit.honest().receipts[:until])).root
    proof = tmp_path / "proof.json"
    run("roster", "prove", folder / "rosters/targets.tsv", "--id", spared, "--out", proof)
    whole = said("roster", "check", "--proof", proof, "--folder", folder, "--task", "A1")
    assert (whole["case"]["drawn"], whole["case"]["listed"]) == (True, True)
    without_rows(folder)
    asked = ("roster", "check", "--proof", proof, "--folder", folder, "--task", "A1")
    assert "so it was drawn for task A1" in run(*asked).stdout
    last = sorted((folder / "receipts").iterdir())[-1]
    last.write_bytes(receipts[-1])
    (folder / "results" / f"{NAME}.tsv").write_bytes(results[NAME])
    listed_anew(folder)
    refused = run(*asked, code=FAILED)
    assert "error: draw: " in refused.stderr
    assert "so it was" not in refused.stdout
    shutil.rmtree(folder / "results")
    listed_anew(folder)
    assert "it is missing" in run(*asked, code=FAILED).stderr
