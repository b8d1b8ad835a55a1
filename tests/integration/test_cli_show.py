"""Where a ceremony stands, through the command line, at every stage; and that nothing there passes for verified."""

from __future__ import annotations

import hashlib
import json
import re
from pathlib import Path
from typing import Any

import attrs
import authority
import ceremonies as kit
import commandline
import pytest
from click.testing import Result
from rich.cells import cell_len

from dblrandom.adapters import timestamping
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.ceremony import Ceremony
from dblrandom.evidence import TrustPolicy
from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.timestamps import read_token
from dblrandom.model import Population
from dblrandom.roster import Roster

LAST = re.compile(r"every check, and the deadlines: dblrandom verify .*")


def run(*arguments: object, code: int = 0) -> Result:
    result = commandline.run("show", *arguments, code=code)
    if code == 0 and "--json" not in arguments:
        assert LAST.fullmatch(result.stdout.splitlines()[-1])
    return result


def said(*arguments: object) -> dict[str, Any]:
    found: dict[str, Any] = json.loads(run(*arguments, "--json").stdout)
    assert found["verified"] is True
    return found


@pytest.fixture
def stored(tmp_path: Path) -> Any:
    """Puts a ceremony into a folder of its own."""

    def put(made: Ceremony, policy: TrustPolicy | None = None) -> Path:
        place = tmp_path / f"{made.stage}-{len(made.receipts)}"
        CeremonyFolder(place).create(made, policy or kit.policy())
        return place

    return put


def test_a_commitment_that_nobody_has_dated(stored: Any) -> None:
    made = kit.opened()
    kit.commit(made)
    found = said(stored(made), "--as-of", kit.COMMITTED)
    assert found["stage"] == "committed"
    assert found["receipts"][0]["dates"] == []
    assert found["due"] == [
        {"what": "witness the commitment: notary, discipline", "by": "2024-03-01T23:59:00Z", "late": False},
        {"what": "reveal", "from": kit.PUBLIC, "by": kit.DEADLINES["reveal"], "late": False},
        {"what": "draw", "by": kit.DEADLINES["draw"], "late": False},
    ]
    assert [(s["name"], s["state"]) for s in found["sources"]] == [
        ("notary", "not public yet"),
        ("discipline", "not disclosed"),
    ]
    made.witness(time=kit.DATED, keys=kit.keys("discipline"))
    place = stored(made)
    assert said(place, "--as-of", kit.DATED)["due"][0]["what"] == "witness the commitment: notary"
    assert said(place, "--as-of", kit.PUBLIC)["sources"][0]["state"] == "due to be public"
    late = said(place, "--as-of", kit.AFTER)
    assert [item["late"] for item in late["due"]] == [True, True, True]
    assert re.search(r"reveal +2024-03-02T00:00:00Z  2024-03-03T00:00:00Z  late", run(place).stdout)


def test_any_margin_may_be_suggested(stored: Any) -> None:
    """A folder's own policy may be nonsense; what is shown must not depend on it."""
    made = kit.opened()
    kit.commit(made)
    policy = attrs.evolve(kit.policy(), margin=2**53 - 1)
    assert said(stored(made, policy))["due"][0]["by"] == kit.PUBLIC


def test_each_receipt_has_its_dates(stored: Any) -> None:
    found = said(stored(kit.disclosed()), "--as-of", kit.DATED)
    first = found["receipts"][0]
    assert first["dates"] == [{"by": "notary", "time": kit.DATED}, {"by": "discipline", "time": kit.DATED}]
    assert found["receipts"][3]["dates"] == []
    disclosed = {s["name"]: s["state"] for s in found["sources"]}["discipline"]
    assert disclosed == "disclosed, seen 2024-03-01T12:00:00Z"
    assert [d["what"] for d in found["due"]] == ["reveal", "draw"]


def test_organiser_and_auditor_date_nothing_and_strangers_are_told(stored: Any) -> None:
    made = kit.opened()
    kit.commit(made, signers=kit.declared(("auditor", "auditor")))
    made.witness(time=kit.DATED, keys=kit.keys("notary", "auditor", "stranger"))
    dates = said(stored(made))["receipts"][0]["dates"]
    stranger = f"{kit.key('stranger').keyid[:16]}, not declared"
    assert sorted(date["by"] for date in dates) == sorted(["notary", stranger])


def test_tokens_date_by_their_own_time(stored: Any, tmp_path: Path) -> None:
    made = kit.opened()
    kit.commit(made)
    tsa = authority.Authority(tmp_path / "tsa", authority.chain(span=_now()))
    query = timestamping.request(hashlib.sha256(made.receipts[0].payload).digest())
    token = read_token(tsa.reply(query))
    chain = [tsa.chain.leaf.der, tsa.chain.middle.der, tsa.chain.root.der]
    stamped = authority.text(authority.now() + authority.DAY)
    entry = timestamping.to_entry(token.der, chain)
    made.witness(time=stamped, keys=kit.keys("organiser"), tokens=[entry], sequence=1)
    place = stored(made)
    assert said(place)["receipts"][0]["dates"] == [
        {"by": "time stamp of CN=synthetic authority signer", "time": token.time}
    ]
    assert token.time < stamped
    assert "witness the commitment: notary, discipline" in run(place).stdout, "a token is nobody's witness"


def _now() -> tuple[Any, Any]:
    return authority.now() - authority.DAY, authority.now() + 90 * authority.DAY


def test_a_void(stored: Any) -> None:
    made = kit.committed()
    made.void("a wrong roster 错误", time="2024-03-01T01:00:00Z", keys=kit.keys("organiser"))
    place = stored(made)
    found = said(place, "--as-of", kit.COMMITTED)
    assert found["stage"] == "voided"
    assert found["due"] == [{"what": "witness the void: notary, discipline", "by": kit.PUBLIC, "late": False}]
    assert "a wrong roster 错误" in run(place).stdout


def test_before_the_draw(stored: Any) -> None:
    found = said(stored(kit.revealed()), "--as-of", kit.DRAWN)
    assert {s["state"] for s in found["sources"]} == {"revealed"}
    assert [d["what"] for d in found["due"]] == ["draw"]
    assert found["tasks"] == []


def test_a_sealed_reveal(stored: Any) -> None:
    made = kit.committed()
    made.seal("reveal", made.compute_reveal(kit.values()), blind=kit.BLIND, time=kit.PUBLIC, keys=kit.keys("organiser"))
    place = stored(made)
    found = said(place, "--as-of", kit.PUBLIC)
    assert found["stage"] == "sealing"
    assert found["seals"] == [{"sequence": 4, "time": kit.PUBLIC, "type": "reveal"}]
    assert "sealed: a reveal, receipt 4" in run(place).stdout


def played() -> Ceremony:
    """A draw with every kind of substitution after it, and some results."""
    made = kit.drawn(kit.plan(kit.task(), kit.task("2", team=kit.NOBODY)))
    own: dict[str, Any] = {"time": kit.DRAWN, "keys": kit.keys("organiser")}
    first = made.standing["1"].due[0]
    made.substitute("1", "not-found", target=first, **own)
    made.substitute("1", "not-found", target=made.standing["1"].due[-1], **own)
    inspector = next(iter(made.standing["1"].teams.values()))[0]
    made.substitute("1", "illness", inspector=str(inspector), **own)
    made.result("1", {first: ["not-reachable"]}, **own)
    made.result("2", kit.results(made, "2"), **own)
    return made


def test_after_the_draw_everything_is_marked(stored: Any) -> None:
    made = played()
    place = stored(made)
    found = said(place, "--as-of", kit.DRAWN)
    task, second = found["tasks"]
    standing = made.standing["1"]
    targets = {target["id"]: target for target in task["targets"]}
    assert list(targets) == standing.due
    first, twice, last = standing.due[0], standing.due[-2], standing.due[-1]
    assert targets[first]["replaced"] == {"by": twice, "ground": "not-found", "receipt": 7}
    assert targets[first]["team"] == []
    assert targets[first]["codes"] == ["not-reachable"]
    assert targets[twice]["replaces"] == first
    assert targets[twice]["replaced"]["by"] == last
    assert (task["called"], task["reserves"], task["standing"], task["due"], task["told"]) == (2, 6, 6, 8, 1)
    ill = next(iter(task["replaced_inspectors"]))
    now = {(t["id"], s["role"]): s["inspector"] for t in task["targets"] for s in t["team"]}
    assert now == {
        (target, role): member
        for target, team in standing.teams.items()
        for role, member in zip(("lead", "member"), team, strict=True)
    }
    assert ill not in now.values()
    moved = [s for t in task["targets"] for s in t["team"] if s["before"] == ill]
    assert moved
    assert (second["roles"], second["told"], second["due"]) == ([], 6, 6)
    assert [d["what"] for d in found["due"]] == ["results (task 1: 7)"]
    shown = run(place, "--task", "1").stdout
    assert f"drawn; replaced by {twice} (not-found)" in shown
    assert f"reserve for {first}; replaced by {last} (not-found)" in shown
    assert f"{moved[0]['inspector']} (for {ill})" in shown
    assert f"replaced: inspector {ill!r}, illness" in shown
    assert "Task 2" not in shown
    assert "Task 2" in run(place).stdout


def test_open_slots_and_an_empty_list_of_reserves(stored: Any) -> None:
    """Where nobody may inspect a target its slots stay open; where no reserve is left, nobody follows."""
    barred = [(f"I{n:02d}", f"F{m:03d}") for n in range(4) for m in range(30)]
    given = [kit.targets(), kit.inspectors(), kit.recusals(*barred)]
    made = kit.drawn(kit.plan(kit.task(reserves=0)), given)
    gone = made.standing["1"].due[0]
    made.substitute("1", "not-found", target=gone, time=kit.DRAWN, keys=kit.keys("organiser"))
    place = stored(made)
    task = said(place)["tasks"][0]
    assert task["open"] == 10
    shown = run(place).stdout
    assert "open slots 10" in shown
    assert "(open)" in shown
    assert "replaced by nobody, no reserve is left (not-found)" in shown


def test_chinese_names_are_aligned(stored: Any) -> None:
    """Columns begin at the same place on a screen, where such a character is two cells wide."""
    names = ("昆明示例一号有限公司", "A", "合成二号")
    rows = tuple((f"F{n:03d}", kit.DISTRICTS[n % 3], names[n % 3]) for n in range(30))
    rosters = [Population("targets", ("id", "district", "name"), rows), kit.inspectors(), kit.recusals()]
    shown = run(stored(kit.drawn(given=rosters)), "--task", "1").stdout.splitlines()
    begin = next(i for i, line in enumerate(shown) if line.startswith("  target "))
    places = {cell_len(line[: re.search(r"(drawn|status)", line).start()]) for line in shown[begin : begin + 7]}  # type: ignore[union-attr]
    assert len(places) == 1


def test_text_from_files_cannot_move_the_cursor(stored: Any) -> None:
    rows = tuple((f"F{n:03d}", f"{kit.DISTRICTS[n % 3]}\u3000x") for n in range(30))
    made = kit.drawn(given=[Population("targets", ("id", "district"), rows), kit.inspectors(), kit.recusals()])
    shown = run(stored(made)).stdout
    assert "\u3000" not in shown
    assert "\\u3000" in shown


def test_without_confidential_rows_the_receipts_are_shown(stored: Any, tmp_path: Path) -> None:
    population = kit.targets(confidential=True)
    secret = Roster.build(SHA256, population, [kit.h32(f"blind {n}").hex() for n in range(30)])
    made = kit.drawn(given=[secret, *kit.rosters()[1:]])
    CeremonyFolder(stored(made)).publish(tmp_path / "public")
    found = said(tmp_path / "public", "--as-of", kit.DRAWN)
    assert found["hidden"] == ["targets"]
    assert found["tasks"] == []
    assert [d["what"] for d in found["due"]] == ["results"]
    assert "the rows of targets are not in this folder" in run(tmp_path / "public").stdout


def test_wrong_use(stored: Any, tmp_path: Path) -> None:
    place = stored(kit.drawn())
    assert "no ceremony here" in run(tmp_path / "none", code=2).stderr
    assert "there is no task '9'" in run(place, "--task", "9", code=2).stderr
    assert "is not a time" in run(place, "--as-of", "now", code=2).stderr
    receipt = place / "receipts" / "0001-commitment.json"
    receipt.write_bytes(receipt.read_bytes() + b" ")
    assert "folder" in run(place, code=1).stderr
