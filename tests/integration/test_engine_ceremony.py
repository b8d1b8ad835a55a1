"""A whole ceremony whose targets stay in Parquet: the receipts as from memory, and verified by whoever has less."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import attrs
import ceremonies as kit
import pytest

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.ceremony import Ceremony
from dblrandom.drawing.preview import preview
from dblrandom.errors import DblrandomError, RosterError
from dblrandom.kernel.suite import SHA256
from dblrandom.roster import Roster, RosterLike

pa = pytest.importorskip("pyarrow")
parquet = pytest.importorskip("pyarrow.parquet")
arrow = pytest.importorskip("dblrandom.adapters.engines.arrow")
engines = pytest.importorskip("dblrandom.adapters.engines.roster")

from dblrandom.adapters.engines import committed  # noqa: E402
from dblrandom.adapters.engines.arrowreading import ArrowReading  # noqa: E402


def written(place: Path, *, leave_out: str | None = None) -> Path:
    """The kit's targets as two Parquet files, in no order."""
    place.mkdir(parents=True)
    population = kit.targets()
    rows = [row for row in reversed(population.rows) if row[0] != leave_out]
    for number, part in enumerate((rows[: len(rows) // 2], rows[len(rows) // 2 :])):
        columns = {name: [row[n] for row in part] for n, name in enumerate(population.columns)}
        parquet.write_table(pa.table(columns), place / f"part{number}.parquet")
    return place


def engine_roster(place: Path) -> RosterLike:
    found: RosterLike = engines.EngineRoster.commit(arrow.ArrowTable.open(place, name="targets", id="id"))
    return found


def drawn(targets: RosterLike | None) -> Ceremony:
    given = [targets, *kit.rosters()[1:]] if targets else kit.rosters()
    return kit.drawn(given=given)


def test_the_receipts_are_the_same_byte_for_byte(tmp_path: Path) -> None:
    roster = engine_roster(written(tmp_path / "targets"))
    assert isinstance(roster, RosterLike)
    assert drawn(roster).envelopes == drawn(None).envelopes


def test_recusals_are_looked_up_in_one_reading(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    readings: list[object] = []
    pages_at = ArrowReading.pages_at

    def counted(self: ArrowReading, wanted: Sequence[int]) -> object:
        readings.append(wanted)
        return pages_at(self, wanted)

    def refused(self: object, *words: object) -> object:
        raise AssertionError("the table is read for each recusal")

    monkeypatch.setattr(committed, "_FEW", 0)
    monkeypatch.setattr(ArrowReading, "pages_at", counted)
    roster = engine_roster(written(tmp_path / "targets"))
    monkeypatch.setattr(arrow.ArrowTable, "lines", refused)
    recusals = kit.recusals(*((f"I{n % 4:02d}", row[0]) for n, row in enumerate(kit.targets().rows)))
    made = kit.opened(given=[roster, kit.inspectors(), recusals])
    kit.commit(made)
    assert made.stage == "committed"
    # The recusals' targets, when the commitment is made and when it is taken.
    assert readings == [[0], [0]]


def test_a_recusal_of_nobody_is_told(tmp_path: Path) -> None:
    roster = engine_roster(written(tmp_path / "targets"))
    made = kit.opened(given=[roster, kit.inspectors(), kit.recusals(("I00", "F000"), ("I01", "F999"))])
    with pytest.raises(RosterError, match=r"'R1'.*'F999' is on no roster of targets"):
        kit.commit(made)


def test_the_preview_reads_rows_only_of_targets_whom_too_few_may_inspect(tmp_path: Path) -> None:
    roster = engine_roster(written(tmp_path / "targets"))
    narrow = [(f"I{n:02d}", "F003") for n in range(3)] + [("I00", "F004")]
    people = [Roster.build(SHA256, population) for population in (kit.inspectors(), kit.recusals(*narrow))]
    told = [preview(SHA256, kit.plan(), [given, *people])[0].warnings for given in (roster, kit.rosters()[0])]
    assert told[0] == told[1]
    assert "recusals leave 1 eligible for the role 'lead' with target 'F003'" in told[0]
    assert not any("F004" in text for text in told[0])


def test_a_folder_has_the_manifest_and_verifies_with_the_rows_or_says_that_it_has_not_seen_them(tmp_path: Path) -> None:
    roster = engine_roster(written(tmp_path / "targets"))
    place = tmp_path / "ceremony"
    CeremonyFolder(place, rosters=[roster]).create(drawn(roster), kit.policy())
    assert (place / "rosters" / "targets.manifest.json").exists()
    assert not (place / "rosters" / "targets.tsv").exists()
    full = CeremonyFolder(place, rosters=[roster]).verify(kit.policy(), as_of=kit.DRAWN)
    assert any(check.name == "draw" for check in full.passed)
    without = CeremonyFolder(place).verify(kit.policy(), as_of=kit.DRAWN)
    assert {"roster", "draw"} <= {check.name for check in without.not_checked}
    results = {target: ["closed"] for target in full_targets(drawn(roster))}
    CeremonyFolder(place, rosters=[roster]).update(
        lambda c, _: c.result("1", results, time=kit.AFTER, keys=kit.keys("organiser"))
    )
    assert CeremonyFolder(place, rosters=[roster]).verify(kit.policy(), as_of=kit.AFTER).stage == "drawn"


def full_targets(made: Ceremony) -> list[str]:
    return [unit.id for unit in made.drawn["1"].selected]


def test_a_table_that_changed_between_commitment_and_draw(tmp_path: Path) -> None:
    roster = engine_roster(written(tmp_path / "targets"))
    made = kit.revealed(given=[roster, *kit.rosters()[1:]])
    first = kit.targets().rows[0][0]
    changed = engine_roster(written(tmp_path / "later", leave_out=first))
    again = Ceremony.read(made.envelopes, [changed, *kit.rosters()[1:]])
    with pytest.raises(RosterError, match="not the ones committed"):
        again.draw(time=kit.DRAWN, keys=kit.keys("organiser"))


def test_files_that_are_overwritten_under_the_ceremony(tmp_path: Path) -> None:
    place = written(tmp_path / "targets")
    roster = engine_roster(place)
    made = kit.revealed(given=[roster, *kit.rosters()[1:]])
    parquet.write_table(pa.table({"id": ["X"], "district": ["d"]}), place / "part0.parquet")
    with pytest.raises(RosterError, match="changed since"):
        made.draw(time=kit.DRAWN, keys=kit.keys("organiser"))
    assert made.stage == "revealed"


def test_proofs_from_the_engine(tmp_path: Path) -> None:
    roster, memory = engine_roster(written(tmp_path / "targets")), kit.rosters()[0]
    for name in [*(row[0] for row in kit.targets().rows), "0", "ZZZ", "F000a"]:
        assert roster.prove(name) == memory.prove(name)
        assert roster.row(name) == memory.row(name)


def test_a_manifest_in_the_folder_that_is_not_the_committed_one(tmp_path: Path) -> None:
    roster = engine_roster(written(tmp_path / "targets"))
    place = tmp_path / "ceremony"
    made = drawn(roster)
    false = attrs.evolve(roster, manifest=attrs.evolve(roster.manifest, rows=7))  # type: ignore[misc]
    CeremonyFolder(place, rosters=[roster]).create(made, kit.policy())
    file = place / "rosters" / "targets.manifest.json"
    sums = place / "SHA256SUMS"
    import hashlib

    old = file.read_bytes()
    new = old.replace(b'"rows":' + str(roster.manifest.rows).encode(), b'"rows":' + str(false.manifest.rows).encode())
    file.write_bytes(new)
    text = sums.read_text().replace(hashlib.sha256(old).hexdigest(), hashlib.sha256(new).hexdigest())
    sums.write_text(text)
    with pytest.raises(DblrandomError, match="not the committed manifest"):
        CeremonyFolder(place, rosters=[roster]).verify(kit.policy())
