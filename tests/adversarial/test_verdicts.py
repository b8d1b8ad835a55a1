"""No verdict without a verification, and no policy that passes for one from outside."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import attrs
import kit
import pytest
from commandline import run, said
from test_received_folder import listed_anew, without_rows
from test_signing_on_forgeries import changed, stored

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.cli.exits import FAILED, UNDECIDED
from dblrandom.errors import InputError, VerificationError
from dblrandom.evidence import Finding, TrustedKey, TrustPolicy, suggested_trust, verify
from dblrandom.evidence.transcript import Transcript
from dblrandom.kernel.canonical import encode

TASK = ("--task", "A1")


@pytest.fixture(scope="module")
def sound(tmp_path_factory: pytest.TempPathFactory) -> Path:
    chain = kit.steps()
    until = kit.at(chain, "draw") + 2
    return stored(tmp_path_factory.mktemp("sound") / "c", list(kit.honest().receipts[:until])).root


def drawn_one(sound: Path) -> str:
    rows = [line.split("\t") for line in (sound / "results/A1.selected.tsv").read_text().splitlines()]
    head = rows[0]
    return next(r[0] for r in rows[1:] if r[head.index("status")] == "selected")


def spare(payload: dict[str, Any]) -> None:
    for stratum in payload["body"]["tasks"][0]["strata"]:
        stratum["last_ticket"] = "0" * 64


def other_seed(payload: dict[str, Any]) -> None:
    payload["body"]["seed"] = "0" * 64


@pytest.fixture(params=["draw", "reveal", "commitment", "unsigned", "signed falsely"])
def forged(request: pytest.FixtureRequest, sound: Path, tmp_path: Path) -> Path:
    """A folder whose SHA256SUMS agree and whose receipts do not hold: the one who was drawn seems spared."""
    found = tmp_path / "forged"
    shutil.copytree(sound, found)
    receipts = found / "receipts"
    last = sorted(receipts.iterdir())[-1]
    last.unlink()
    draw = next(receipts.glob("*-draw.json"))
    match request.param:
        case "draw":
            draw.write_bytes(changed(draw.read_bytes(), spare))
        case "reveal":
            draw.unlink()
            reveal = next(receipts.glob("*-reveal.json"))
            reveal.write_bytes(changed(reveal.read_bytes(), other_seed))
            shutil.rmtree(found / "results")
        case "commitment":
            only = next(receipts.glob("*-commitment.json"))
            for other in receipts.iterdir():
                if other != only:
                    other.unlink()
            only.write_bytes(changed(only.read_bytes(), lambda p: p["body"]["tasks"][0].update(title="another")))
            shutil.rmtree(found / "results")
        case "unsigned":
            members = json.loads(draw.read_bytes())
            members["signatures"] = [{"keyid": "0" * 64, "sig": members["signatures"][0]["sig"]}]
            draw.write_bytes(encode(members))
        case _:
            chain = kit.steps()[: kit.at(kit.steps(), "draw") + 1]
            spare({"body": chain[-1].body})
            draw.write_bytes(kit.forge(chain).receipts[-1])
    listed_anew(found)
    return found


def test_no_command_gives_a_verdict_on_forged_receipts(forged: Path, sound: Path, tmp_path: Path) -> None:
    one = drawn_one(sound)
    proof = tmp_path / "proof.json"
    run("roster", "prove", sound / "rosters/targets.tsv", "--id", one, "--out", proof)
    for extra in ((), ("--json",)):
        run("verify", forged, "--as-of", "2024-03-02T12:00:00Z", *extra, code=1)
        run("roster", "check", "--proof", proof, "--folder", forged, *TASK, *extra, code=FAILED)
        run("publish", forged, "--out", tmp_path / "published", *extra, code=FAILED)
    assert not (tmp_path / "published").exists()
    drawn = any((forged / "receipts").glob("*-draw.json"))
    refused = run("explain", forged, *TASK, "--id", one, code=FAILED if drawn else UNDECIDED)
    assert "drawn" not in refused.stdout
    with pytest.raises(VerificationError):
        CeremonyFolder(forged).publish(tmp_path / "published")
    assert not (tmp_path / "published").exists()


def test_what_does_not_hold_can_be_looked_at_and_is_called_so(forged: Path) -> None:
    shown = run("show", forged, code=FAILED)
    assert shown.stdout.startswith("NOT VERIFIED, and what is shown here may be false: ")
    told = said("show", forged, code=FAILED)
    assert told["verified"] is False
    assert told["report"] is None
    assert told["problem"]
    assert told["tasks"] == []


def test_programs_are_told_what_was_found_beside_every_verdict(sound: Path, tmp_path: Path) -> None:
    """A person reads on the screen that the trust policy came with the ceremony; a program must be able to, too."""
    one = drawn_one(sound)
    proof = tmp_path / "proof.json"
    run("roster", "prove", sound / "rosters/targets.tsv", "--id", one, "--out", proof)
    for command in (
        ("explain", sound, *TASK, "--id", one),
        ("roster", "check", "--proof", proof, "--folder", sound, *TASK),
        ("show", sound),
        ("verify", sound, "--as-of", "2024-03-02T12:00:00Z"),
        ("publish", sound, "--out", tmp_path / "published"),
    ):
        found = json.dumps(said(*command)["report"]["findings"])
        assert "trust policy not from outside" in found, command


def test_what_holds_is_told_with_what_was_checked(sound: Path, tmp_path: Path) -> None:
    one = drawn_one(sound)
    assert "verified before this was said" in run("show", sound).stdout
    assert said("show", sound)["verified"] is True
    explained = run("explain", sound, *TASK, "--id", one).stdout
    assert "# verified before this was said: chain, signatures, dates, seed and draw" in explained
    assert "# finding: trust policy not from outside" in explained
    proof = tmp_path / "proof.json"
    run("roster", "prove", sound / "rosters/targets.tsv", "--id", one, "--out", proof)
    checked = said("roster", "check", "--proof", proof, "--folder", sound, *TASK)
    assert checked["case"]["drawn"] is True
    assert checked["case"]["recomputed"] is True
    less = tmp_path / "less"
    shutil.copytree(sound, less)
    without_rows(less, "inspectors")
    checked = said("roster", "check", "--proof", proof, "--folder", less, *TASK)
    assert checked["case"]["recomputed"] is False
    text = run("roster", "check", "--proof", proof, "--folder", less, *TASK).stdout
    assert "not checked: the draw was not recomputed: the rosters inspectors were not given" in text


def test_a_proof_against_a_manifest_alone_says_what_it_does_not_show(sound: Path, tmp_path: Path) -> None:
    manifest, proof = tmp_path / "manifest.json", tmp_path / "proof.json"
    manifest.write_bytes(encode(kit.committed_rosters()["targets"].manifest.to_json()))
    made = said("roster", "prove", sound / "rosters/targets.tsv", "--id", "F000", "--out", proof)
    assert made["commitment_verified"] is False
    assert said("roster", "check", "--proof", proof, "--manifest", manifest)["commitment_verified"] is False
    text = run("roster", "check", "--proof", proof, "--manifest", manifest).stdout
    assert "not verified: that a ceremony committed to this manifest" in text


# Whose policy it is


def renamed(policy: TrustPolicy) -> TrustPolicy:
    return attrs.evolve(policy, keys=tuple(attrs.evolve(key, name=f"office {n}") for n, key in enumerate(policy.keys)))


def widened(policy: TrustPolicy) -> TrustPolicy:
    stranger = TrustedKey(name="a stranger", public_key=kit.public("stranger"), roles=("witness",))
    return attrs.evolve(policy, keys=(*policy.keys, stranger), margin=policy.margin + 1)


CHANGES: dict[str, Callable[[TrustPolicy], TrustPolicy]] = {
    "the same": lambda policy: policy,
    "another order": lambda policy: attrs.evolve(policy, keys=policy.keys[::-1]),
    "other names": renamed,
    "one key more": widened,
    "fewer witnesses": lambda policy: attrs.evolve(policy, witnesses=1),
    "a validity": lambda policy: attrs.evolve(
        policy, keys=tuple(attrs.evolve(key, valid_from="2020-01-01T00:00:00Z") for key in policy.keys)
    ),
    "one key less": lambda policy: attrs.evolve(policy, keys=tuple(k for k in policy.keys if "party" not in k.roles)),
}


@pytest.mark.parametrize("name", CHANGES)
def test_no_copy_of_the_ceremonys_own_policy_passes_for_one_from_outside(
    sound: Path, tmp_path: Path, name: str
) -> None:
    receipts = kit.honest().receipts
    own = suggested_trust(*Transcript.read(receipts).commitments)
    assert Finding.SELF_TRUST in kit.findings(verify(receipts, trust=CHANGES[name](own)))
    assert Finding.SELF_TRUST not in kit.findings(verify(receipts, trust=CHANGES[name](own), vouched=True))
    folder = CeremonyFolder(sound)
    policy = CHANGES[name](folder.trust())
    copy = tmp_path / "mine.json"
    copy.write_bytes(policy.to_bytes())
    at = ("--as-of", "2024-03-02T12:00:00Z")
    for arguments in ((), ("--trust", sound / "trust.json"), ("--trust", copy)):
        assert "finding: trust policy not from outside" in run("verify", sound, *arguments, *at).stdout
        found = said("verify", sound, *arguments, *at)["report"]["findings"]
        assert "trust policy not from outside" in {entry["finding"] for entry in found}
    assert Finding.SELF_TRUST in kit.findings(folder.verify(policy))
    assert "not from outside" not in run("verify", sound, "--trust", copy, "--vouched", *at).stdout


def test_nobody_vouches_for_the_policy_in_the_folder(sound: Path) -> None:
    refused = run("verify", sound, "--vouched", code=2)
    assert "--trust" in refused.stderr
    with pytest.raises(InputError, match="of your own"):
        CeremonyFolder(sound).verify(vouched=True)


@pytest.mark.parametrize("name", ["targets", "inspectors"])
def test_a_draw_from_rows_that_are_kept_back_is_not_verified(sound: Path, tmp_path: Path, name: str) -> None:
    """Who keeps the committed list back can write down any draw: nobody who lacks the rows can tell."""
    less = tmp_path / "less"
    shutil.copytree(sound, less)
    without_rows(less, name)
    told = run("verify", str(less), "--as-of", "2024-06-01T00:00:00Z", code=UNDECIDED)
    assert "everything that is there holds; draw: receipt" in told.stdout
    assert f"not recomputed: the rosters {name} were not given" in told.stdout
    assert not told.stdout.endswith("verified\n")
    assert said("verify", str(less), "--as-of", "2024-06-01T00:00:00Z", code=UNDECIDED)["waits_for"].startswith(
        "draw: "
    )
    rows = sound / "rosters" / f"{name}.tsv"
    run("verify", str(less), "--as-of", "2024-06-01T00:00:00Z", "--roster", f"{name}={rows}")


def test_a_policy_in_the_folder_that_is_none_fails_every_command_in_the_same_way(sound: Path, tmp_path: Path) -> None:
    one, place = drawn_one(sound), tmp_path / "c"
    shutil.copytree(sound, place)
    (place / "trust.json").write_bytes(b"{}")
    listed_anew(place)
    for command in (
        ("verify", place),
        ("show", place),
        ("explain", place, *TASK, "--id", one),
        ("publish", place, "--out", tmp_path / "published"),
    ):
        assert "trust" in run(*command, code=FAILED).stderr, command
