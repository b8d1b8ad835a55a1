"""The ceremony folder: whole after every step or as it was before. Crashes are in ``tests/properties``."""

from __future__ import annotations

import stat
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import ceremonies as kit
import pytest

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.lock import FolderLock
from dblrandom.ceremony import Ceremony
from dblrandom.errors import DblrandomError, FolderError, StepError, VerificationError
from dblrandom.evidence import suggested_trust
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.roster import Roster

Tree = dict[str, bytes]


def tree(root: Path) -> Tree:
    found = {p.relative_to(root).as_posix(): p.read_bytes() for p in root.rglob("*") if p.is_file()}
    return {name: data for name, data in found.items() if name != "lock"}


def relist(root: Path) -> None:
    """Write the list anew, as an attacker would who changes a file."""
    names = sorted(
        (n for n in tree(root) if n != "SHA256SUMS" and not n.startswith("secrets/")), key=lambda n: n.encode()
    )
    lines = (f"{sha256((root / n).read_bytes()).hexdigest()}  {n}\n" for n in names)
    (root / "SHA256SUMS").write_text("".join(lines), encoding="utf-8")


@pytest.fixture
def folder(tmp_path: Path) -> CeremonyFolder:
    """A folder with a finished draw."""
    return written(tmp_path / "f", kit.drawn())


def written(root: Path, ceremony: Ceremony) -> CeremonyFolder:
    found = CeremonyFolder(root)
    found.create(ceremony, kit.policy())
    return found


def test_a_new_folder_holds_exactly_the_ceremony(tmp_path: Path) -> None:
    made = kit.committed()
    found = CeremonyFolder(tmp_path / "f")
    assert not found.exists()
    found.create(made, kit.policy(), {"blind": b"b"})
    assert found.exists()
    assert set(tree(found.root)) == {
        "SHA256SUMS",
        "plan.toml",
        "receipts/0001-commitment.json",
        "receipts/0002-witness.json",
        "receipts/0003-witness.json",
        "rosters/inspectors.tsv",
        "rosters/recusals.tsv",
        "rosters/targets.tsv",
        "secrets/blind",
        "trust.json",
    }
    assert stat.S_IMODE((found.root / "secrets/blind").stat().st_mode) == 0o600
    assert stat.S_IMODE((found.root / "secrets").stat().st_mode) == 0o700
    assert "secrets" not in (found.root / "SHA256SUMS").read_text()
    assert found.load().envelopes == made.envelopes
    assert found.trust() == kit.policy()
    assert found.read_private("blind") == b"b"


@pytest.mark.parametrize("suite", [SHA256, SM3], ids=lambda s: s.name)
def test_step_by_step_the_folder_is_what_it_would_be_at_once(tmp_path: Path, suite: Suite) -> None:
    start = kit.opened(suite=suite)
    kit.commit(start)
    found = written(tmp_path / "f", start)
    organiser, notary = kit.keys("organiser"), kit.keys("notary")
    found.update(lambda c, _: c.witness(time=kit.DATED, keys=notary))
    found.update(lambda c, _: c.witness(time=kit.DATED, keys=kit.keys("discipline")))
    secret = {"discipline": kit.secret("discipline")}
    found.update(lambda c, _: c.witness(time="2024-03-01T12:00:00Z", keys=notary, disclosed=secret))
    found.update(lambda c, _: c.reveal(kit.values(suite), time=kit.PUBLIC, keys=organiser))
    assert not (found.root / "results").exists()
    draw = found.update(lambda c, _: c.draw(time=kit.DRAWN, keys=organiser))
    assert set(tree(found.root)) >= {"results/1.selected.tsv", "results/1.teams.tsv"}
    assert tree(found.root) == tree(written(tmp_path / "g", kit.drawn(suite=suite)).root)
    assert found.load().drawn.to_json() == draw.to_json()
    assert found.verify(kit.policy(), as_of=kit.DATED).stage == "drawn"


def test_later_steps_leave_the_results_as_they_are(folder: CeremonyFolder) -> None:
    before = tree(folder.root)
    keys = kit.keys("organiser")
    lost = folder.load().drawn["1"].selected[0].id
    folder.update(lambda c, _: c.substitute("1", "not-found", time=kit.AFTER, keys=keys, target=lost))
    folder.update(lambda c, _: c.result("1", kit.results(c), time=kit.AFTER, keys=keys))
    after = tree(folder.root)
    changed = {n for n in before if before[n] != after[n]}
    assert changed == {"SHA256SUMS"}
    assert set(after) - set(before) == {"receipts/0007-substitution.json", "receipts/0008-result.json"}
    assert folder.verify(kit.policy(), as_of=kit.AS_OF).stage == "drawn"


def test_several_steps_and_secrets_go_together(tmp_path: Path) -> None:
    found = written(tmp_path / "f", kit.committed())

    def seal(ceremony: Ceremony, private: dict[str, bytes]) -> int:
        at: Any = {"time": kit.AFTER, "keys": kit.keys("organiser")}
        body = ceremony.compute_reveal(kit.values())
        ceremony.seal("reveal", body, blind=kit.BLIND, **at)
        private["sealed-reveal.json"] = b"kept"
        return len(ceremony.receipts)

    assert found.update(seal) == 4
    assert found.read_private("sealed-reveal.json") == b"kept"
    assert found.verify(kit.policy(), as_of=kit.DATED).stage == "sealing"


@pytest.mark.parametrize("error", [StepError("no"), ZeroDivisionError()])
def test_a_step_that_fails_changes_nothing(folder: CeremonyFolder, error: Exception) -> None:
    before = tree(folder.root)

    def act(ceremony: Ceremony, private: dict[str, bytes]) -> None:
        ceremony.witness(time=kit.AFTER, keys=kit.keys("notary"))
        private["x"] = b"x"
        raise error

    with pytest.raises(type(error)):
        folder.update(act)
    assert tree(folder.root) == before


def test_looking_changes_nothing(folder: CeremonyFolder) -> None:
    before = tree(folder.root)
    folder.load().witness(time=kit.AFTER, keys=kit.keys("notary"))
    folder.contents()
    folder.verify(as_of=kit.DATED)
    folder.update(lambda c, _: c.stage)
    assert tree(folder.root) == before


def test_a_ceremony_begins_in_a_new_folder(tmp_path: Path, folder: CeremonyFolder) -> None:
    with pytest.raises(FolderError, match="a ceremony begins in a new folder"):
        folder.create(kit.committed(), kit.policy())
    other = tmp_path / "g"
    other.mkdir()
    (other / "secrets").mkdir()
    written(other, kit.committed())
    (tmp_path / "h").mkdir()
    (tmp_path / "h" / "notes.txt").write_text("mine")
    with pytest.raises(FolderError, match=r"holds 'notes.txt' already"):
        written(tmp_path / "h", kit.committed())
    with pytest.raises(FolderError):
        written(tmp_path / "h" / "notes.txt", kit.committed())


def test_nothing_is_written_before_the_first_commitment(tmp_path: Path) -> None:
    with pytest.raises(StepError, match="nothing is committed"):
        written(tmp_path / "f", kit.opened())
    assert tree(tmp_path / "f") == {}


def test_one_writer_at_a_time(folder: CeremonyFolder) -> None:
    with FolderLock(folder.root), pytest.raises(FolderError):
        folder.update(lambda c, _: c.witness(time=kit.AFTER, keys=kit.keys("notary")))
    folder.update(lambda c, _: c.witness(time=kit.AFTER, keys=kit.keys("notary")))


def test_where_there_is_no_ceremony_there_is_an_error(tmp_path: Path) -> None:
    for act in (
        lambda f: f.load(),
        lambda f: f.contents(),
        lambda f: f.trust(),
        lambda f: f.verify(),
        lambda f: f.update(lambda c, _: None),
        lambda f: f.read_private("x"),
    ):
        with pytest.raises(FolderError):
            act(CeremonyFolder(tmp_path))


def test_a_secret_that_others_may_read_is_not_read(tmp_path: Path) -> None:
    found = CeremonyFolder(tmp_path / "f")
    found.create(kit.committed(), kit.policy(), {"blind": b"b"})
    (found.root / "secrets/blind").chmod(0o644)
    with pytest.raises(FolderError, match="blind"):
        found.read_private("blind")


@pytest.mark.parametrize("name", ["../plan.toml", "/etc/x", "a/../../b", ""])
def test_private_files_stay_below_secrets(folder: CeremonyFolder, name: str) -> None:
    before = tree(folder.root)
    with pytest.raises(FolderError):
        folder.update(lambda _, private: private.update({name: b"x"}))
    assert tree(folder.root) == before


# Verifying


def test_its_own_policy_is_said_not_to_come_from_outside(folder: CeremonyFolder) -> None:
    assert "trust policy not from outside" in kit.findings(folder.verify(as_of=kit.DATED))
    assert "trust policy not from outside" in kit.findings(folder.verify(kit.policy(), as_of=kit.DATED))
    assert "trust policy not from outside" not in kit.findings(
        folder.verify(kit.policy(), as_of=kit.DATED, vouched=True)
    )


ALL = (
    "plan.toml",
    "trust.json",
    "receipts/0001-commitment.json",
    "receipts/0006-draw.json",
    "rosters/targets.tsv",
    "results/1.selected.tsv",
    "results/1.teams.tsv",
)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("listed", [False, True], ids=["list kept", "list rewritten"])
def test_a_missing_file_is_missed(folder: CeremonyFolder, name: str, listed: bool) -> None:
    (folder.root / name).unlink()
    if listed:
        relist(folder.root)
    with pytest.raises(VerificationError):
        folder.verify(kit.policy(), as_of=kit.DATED)


@pytest.mark.parametrize("name", ALL)
@pytest.mark.parametrize("listed", [False, True], ids=["list kept", "list rewritten"])
def test_a_changed_file_is_seen(folder: CeremonyFolder, name: str, listed: bool) -> None:
    data = (folder.root / name).read_bytes()
    (folder.root / name).write_bytes(data + b"\n" if name == "trust.json" and not listed else data + b"x")
    if listed:
        relist(folder.root)
    with pytest.raises(VerificationError):
        folder.verify(as_of=kit.DATED)


@pytest.mark.parametrize(
    "name",
    ["notes.txt", "receipts/0007-result.json", "rosters/more.tsv", "results/2.teams.tsv", "rosters/a.csv", "x/y"],
)
@pytest.mark.parametrize("listed", [False, True], ids=["list kept", "list rewritten"])
def test_a_file_too_much_is_seen(folder: CeremonyFolder, name: str, listed: bool) -> None:
    (folder.root / name).parent.mkdir(exist_ok=True)
    (folder.root / name).write_bytes(b"id\n1\n")
    if listed:
        relist(folder.root)
    with pytest.raises(VerificationError):
        folder.verify(kit.policy(), as_of=kit.DATED)


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("0006-draw", "0007-draw"),
        ("0006-draw", "0006-reveal"),
        ("0006-draw", "6-draw"),
        ("0006-draw", "00006-draw"),
        ("0001-commitment", "0000-commitment"),
    ],
)
def test_receipts_are_called_what_they_are(folder: CeremonyFolder, old: str, new: str) -> None:
    (folder.root / f"receipts/{old}.json").rename(folder.root / f"receipts/{new}.json")
    relist(folder.root)
    with pytest.raises(VerificationError, match="it should be"):
        folder.verify(kit.policy(), as_of=kit.DATED)


def test_a_changed_folder_is_not_built_upon(folder: CeremonyFolder) -> None:
    (folder.root / "plan.toml").write_text("x")
    before = tree(folder.root)
    with pytest.raises(VerificationError, match=r"plan.toml"):
        folder.update(lambda c, _: c.witness(time=kit.AFTER, keys=kit.keys("notary")))
    assert tree(folder.root) == before


def test_a_policy_that_is_none_is_a_failed_check(folder: CeremonyFolder) -> None:
    (folder.root / "trust.json").write_bytes(b"{}")
    relist(folder.root)
    with pytest.raises(VerificationError, match="trust"):
        folder.verify()
    with pytest.raises(VerificationError, match="trust"):
        folder.verify(kit.policy(), as_of=kit.DATED)


# Voids and other rosters


def test_a_new_commitment_brings_its_own_plan_and_rosters(tmp_path: Path) -> None:
    found = written(tmp_path / "f", kit.committed())
    organiser = kit.keys("organiser")
    found.update(lambda c, _: c.void("x", time=kit.DATED, keys=organiser))
    found.update(lambda c, _: c.witness(time=kit.DATED, keys=kit.keys("notary")))

    def again(ceremony: Ceremony, private: dict[str, bytes]) -> None:
        ceremony.redraft(kit.plan(kit.task(team=kit.NOBODY), recusals=None), [kit.targets(12)])
        kit.commit(ceremony, entropy=[kit.chain()], time=kit.DATED)

    found.update(again)
    assert {n for n in tree(found.root) if n.startswith("rosters/")} == {"rosters/targets.tsv"}
    assert found.verify(kit.policy(), as_of=kit.DATED).stage == "committed"


def test_redrafting_alone_does_not_spoil_the_folder(tmp_path: Path) -> None:
    found = written(tmp_path / "f", kit.committed())
    found.update(lambda c, _: c.void("x", time=kit.DATED, keys=kit.keys("organiser")))
    found.update(lambda c, _: c.redraft(kit.plan(), [kit.targets(12), kit.inspectors(), kit.recusals()]))
    found.verify(kit.policy(), as_of=kit.DATED)


# Publishing


def test_what_is_published_has_no_secrets_and_no_confidential_rows(tmp_path: Path) -> None:
    hidden = Roster.build(SHA256, kit.targets(confidential=True), [f"{n:064x}" for n in range(30)])
    found = CeremonyFolder(tmp_path / "f")
    found.create(kit.drawn(given=[hidden, *kit.rosters()[1:]]), kit.policy(), {"blind": b"b"})
    found.publish(tmp_path / "public")
    public = CeremonyFolder(tmp_path / "public")
    assert set(tree(found.root)) - set(tree(public.root)) == {"rosters/targets.tsv", "secrets/blind"}
    report = public.verify(kit.policy(), as_of=kit.DATED)
    assert ("roster", "targets") in kit.skipped(report)
    assert not (public.root / ".pending").exists()
    with pytest.raises(FolderError, match="is not empty"):
        found.publish(public.root)


# The suggested policy


def test_everybody_declared_is_suggested_for_what_he_is() -> None:
    policy = suggested_trust(kit.committed().commitment, margin=5)
    assert {k.name: k.roles for k in policy.keys} == kit.ROLES
    assert (policy.margin, policy.witnesses) == (5, 2)


def test_a_signer_without_a_name_goes_by_his_key() -> None:
    made = kit.opened()
    import attrs

    kit.commit(made, signers=[attrs.evolve(d, name=None) for d in kit.declared()])
    names = [k.name for k in suggested_trust(made.commitment).keys]
    assert names[0] == kit.key("organiser").public_key.hex()[:16]


Act = Callable[[CeremonyFolder], object]


def test_errors_name_the_file_in_one_line(folder: CeremonyFolder) -> None:
    (folder.root / "rosters/targets.tsv").write_bytes(b"x\n")
    with pytest.raises(DblrandomError) as caught:
        folder.load()
    assert "rosters/targets.tsv" in str(caught.value)
    assert str(caught.value).isprintable()
