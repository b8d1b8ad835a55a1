"""Whole ceremonies through the command line, each party with its own files, as in offices that share nothing.

The clock is never asked: every command gets its --time. What a person would paste into a shell is pasted into one.
"""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner
from commandline import run, said
from offices import AFTER, COMMITTED, DISCLOSED, DRAWN, NASTY, PLAN, VALUE, Offices, prepared

from dblrandom.cli.app import cli


def committed(offices: Offices) -> None:
    """The organiser drafts, two offices sign, the organiser commits, both witnesses date it."""
    draft = offices.root / "public" / "draft.json"
    alone = ("commit", offices.ceremony, *offices.terms(), "--key", offices.key("organiser"))
    assert "did not sign" in run(*alone, code=2).stderr
    drafted = run(*alone, "--draft", draft).stderr
    assert "deadline draw=2024-02-02T02:00:00Z: 24 hours after" in drafted
    assert "deadline result=2024-09-30T23:59:59Z: 30 days after" in drafted
    assert not offices.ceremony.exists()
    back = ("commit", offices.ceremony, "--envelope", draft, *offices.rosters())
    assert "did not sign" in run(*back, code=2).stderr
    assert not offices.ceremony.exists()
    for office, others in (("notary", "send it to Synthetic discipline"), ("discipline", "send it back")):
        shown = run("sign", draft, "--key", offices.key(office)).stdout
        assert "small-2024: A small plan 小计划" in shown
        rows = [line.split() for line in shown.splitlines()]
        assert ["1", "Shops", "by", "district", "targets", "kind", "in", "shop", "district", "stratified"] in [
            row[:10] for row in rows
        ]
        assert "ratio 3/10, count 3, rounding ceiling, scope stratum" in shown
        assert ["2", "member", "inspectors", "certificate", "in", "valid", "slack", "1"] in rows
        assert any(row[:4] == ["notary", "hashchain", VALUE, "operator"] for row in rows)
        states = {(row[0], row[2]): row[-1] for row in rows if row[1:2] == ["Synthetic"]}
        assert states.pop(("party", "discipline")) == ("missing" if office == "notary" else "signed")
        assert states[("organiser", "organiser")] == states[("operator", "notary")] == "signed"
        assert f"next: {others}" in shown
    run(*back)
    for minute, office in enumerate(("notary", "discipline")):
        memory = offices.root / office / "memory.json"
        time = f"2024-01-30T02:0{minute + 5}:00Z"
        run("witness", offices.ceremony, "--key", offices.key(office), "--time", time, "--memory", memory, "--first")


def drawn(offices: Offices) -> None:
    secret = f"discipline={offices.root / 'discipline' / 'discipline.secret'}"
    notary = ("--key", offices.key("notary"), "--memory", offices.root / "notary" / "memory.json")
    run("witness", offices.ceremony, *notary, "--time", DISCLOSED, "--disclose", secret)
    run("beacon", "tick", offices.chain, "--time", VALUE)
    own = ("--key", offices.key("organiser"), "--time", DRAWN)
    run("reveal", offices.ceremony, *own, "--chain", f"notary={offices.chain}")
    run("draw", offices.ceremony, *own)


@pytest.fixture(scope="module")
def played(tmp_path_factory: pytest.TempPathFactory) -> Offices:
    """A ceremony up to its draw; tests look at it and copy it before they change anything."""
    offices = prepared(tmp_path_factory.mktemp("played"))
    committed(offices)
    drawn(offices)
    return offices


@pytest.fixture(scope="module")
def begun(tmp_path_factory: pytest.TempPathFactory) -> Offices:
    """A ceremony up to its dated commitment."""
    offices = prepared(tmp_path_factory.mktemp("begun"))
    committed(offices)
    return offices


def copied(offices: Offices, to: Path) -> Offices:
    shutil.copytree(offices.root, to / "copy")
    return Offices(to / "copy")


def test_before_the_draw_everything_waits(begun: Offices, tmp_path: Path) -> None:
    offices = copied(begun, tmp_path)
    waiting = said("verify", offices.ceremony, "--as-of", DISCLOSED, code=3)
    assert waiting["report"]["stage"] == "committed"
    assert "reveal, due by 2024-02-02T02:00:00Z" in waiting["waits_for"]
    assert "undecided" in run("explain", offices.ceremony, "--task", "1", "--id", "S001", code=3).stderr
    own = ("--key", offices.key("organiser"), "--time", DISCLOSED)
    secret = ("--secret", f"discipline={offices.root / 'discipline' / 'discipline.secret'}")
    early = run("reveal", offices.ceremony, *own, *secret, "--chain", f"notary={offices.chain}", code=3)
    assert "due at 2024-02-01T02:00:00Z" in early.stderr
    result = ("result", offices.ceremony, "--task", "1", "--outcome", "S001=closed")
    assert "reveal and draw first" in run(*result, *own, code=2).stderr
    # Nothing above has changed the folder, and waiting for ever is not lawful either.
    assert said("verify", offices.ceremony, "--as-of", AFTER, code=1)["error"]["check"] == "deadlines"


def test_a_whole_ceremony(played: Offices, tmp_path: Path) -> None:
    offices = copied(played, tmp_path)
    folder, own = offices.ceremony, ("--key", offices.key("organiser"))
    report = said("verify", folder, "--as-of", DRAWN)["report"]
    assert report["stage"] == "drawn"
    # P1 can have no lead, which is said; the secret was disclosed in time and the keys are not the verifier's own.
    assert {f["finding"] for f in report["findings"]} == {"predictable assignment", "trust policy not from outside"}
    teams = (folder / "results" / "2.teams.tsv").read_text(encoding="utf-8").splitlines()
    assert teams[1] == "P1\t\t", "everyone who could lead is recused from P1, so it is open"
    staff = ("substitute", folder, "--task", "2", "--ground", "illness", "--open", "P1", *own, "--time", DRAWN)
    assert "(nobody)" in run(*staff).stdout, "there is a member now, and no lead"
    before = sorted((folder / "receipts").iterdir())
    assert "nobody is eligible for an empty slot of 'P1'" in run(*staff, code=2).stderr
    assert sorted((folder / "receipts").iterdir()) == before
    first = next(
        line.split("\t")[0]
        for line in (folder / "results" / "1.selected.tsv").read_text(encoding="utf-8").splitlines()[1:]
        if line.endswith("\tselected")
    )
    time = "2024-03-01T00:00:00Z"
    lost = said("substitute", folder, "--task", "1", "--ground", "not-found", "--target", first, *own, "--time", time)
    replacement = lost["substitution"]["replacement"]
    busy = lost["substitution"]["slots"][0]["inspector"]
    run("substitute", folder, "--task", "1", "--ground", "illness", "--inspector", busy, *own, "--time", time)
    chosen = run("substitute", folder, "--task", "1", "--ground", "bribe", "--inspector", busy, *own, code=2)
    assert "not in the committed list" in chosen.stderr
    table = tmp_path / "outcomes.csv"
    due = [t for t in _due(folder, "1") if t != first] + [replacement]
    quoted = ['"' + t.replace('"', '""') + '","no-problem;pending"\n' for t in due]
    table.write_text("id,codes\n" + "".join(quoted), encoding="utf-8")
    result = ("result", folder, *own, "--time", "2024-08-01T00:00:00Z")
    # One of the ids begins as a formula does, on purpose.
    run(*result, "--task", "1", "--file", table, "--accept", "formula", "--outcome", f"{first}=not-reachable")
    run(*result, "--task", "2", "--outcome", "P1=closed", "--outcome", "P2=no-problem,correction-ordered")
    memory = ("--memory", offices.root / "notary" / "memory.json")
    run("witness", folder, "--key", offices.key("notary"), "--time", "2024-08-02T00:00:00Z", *memory)
    done = run("verify", folder, "--as-of", AFTER, "--trust", folder / "trust.json")
    assert done.stdout.endswith("verified\n")
    assert "trust policy not from outside" in done.stdout
    assert "replaced later" in run("explain", folder, "--task", "1", "--id", first).stdout
    assert "called later as a reserve" in run("explain", folder, "--task", "1", "--id", replacement).stdout
    run("publish", folder, "--out", tmp_path / "everyone")
    assert not (tmp_path / "everyone" / "secrets").exists()
    run("verify", tmp_path / "everyone", "--as-of", AFTER)


def test_an_id_that_only_looks_like_one_that_is_there_is_told(played: Offices, tmp_path: Path) -> None:
    """No verdict and no proof changes by it: it is a hint for people."""
    offices = copied(played, tmp_path)
    folder, own = offices.ceremony, ("--key", offices.key("organiser"), "--time", DRAWN)
    hint = "'P1' is, and looks alike (capital or small letters)"
    assert hint in run("explain", folder, "--task", "2", "--id", "p1", code=2).stderr
    lost = ("substitute", folder, "--task", "2", "--ground", "not-found")
    assert hint in run(*lost, "--target", "p1", *own, code=2).stderr
    told = (run(*lost, "--inspector", f"i{n}", *own, code=2).stderr for n in range(8))
    busy = "".join(told)
    assert "looks alike" in busy
    assert hint in run("result", folder, "--task", "2", "--outcome", "p1=closed", *own, code=2).stderr
    sealed = ("seal", folder, "--type", "result", "--task", "2", "--outcome", "Ｐ1=closed")
    assert "'P1' is, and looks alike (width" in run(*sealed, *own, code=2).stderr


def test_outcomes_come_in_the_office_s_own_table(played: Offices, tmp_path: Path) -> None:
    table = tmp_path / "outcomes.csv"
    table.write_bytes(
        "被检查单位,社会信用代码,抽查结果\n甲,P1\t,未发现问题\n乙,P2,已关闭停业或正在组织清算\n".encode("gbk")
    )
    form = ("--encoding", "gbk", "--id", "社会信用代码", "--rename", "抽查结果=codes", "--accept", "tab-at-end")
    for command in (("result",), ("seal", "--type", "result")):
        offices = copied(played, tmp_path / command[0])
        own = ("--key", offices.key("organiser"), "--time", DRAWN)
        given = (command[0], offices.ceremony, *command[1:], "--task", "2", "--file", table, *own)
        assert "name its encoding (--encoding gb18030)" in run(*given, code=2).stderr
        assert "has a TAB" in run(*given, *form[:-2], code=2).stderr
        assert "note: tab-at-end" in run(*given, *form).stderr


def _due(folder: Path, task: str) -> list[str]:
    lines = (folder / "results" / f"{task}.selected.tsv").read_text(encoding="utf-8").splitlines()[1:]
    return [line.split("\t")[0] for line in lines if line.endswith("\tselected")]


def pasted(shell: str, text: str) -> list[str]:
    environment = {"PATH": os.environ["PATH"], "HOME": "/nowhere"}
    done = subprocess.run([shell], input=text.encode(), capture_output=True, check=True, env=environment)
    assert done.stderr == b""
    return done.stdout.decode().split()


@pytest.mark.parametrize("shell", [s for s in ("sh", "dash", "bash") if shutil.which(s)])
def test_explained_lines_work_when_pasted(played: Offices, shell: str) -> None:
    """What ``explain`` prints is for people who trust no program of ours: so it works in the shell they have."""
    drawn_ids = set(_due(played.ceremony, "1"))
    for target in ("S001", *NASTY) if shell != "bash" else ("S001", *sorted(drawn_ids)):
        # An id such as -n begins like an option, so it is given after an equals sign.
        text = run("explain", played.ceremony, "--task", "1", f"--id={_tidy(target)}").stdout
        expected = [line[4:] for line in text.splitlines() if line.startswith("#   ")]
        assert len(expected) == 5
        assert expected[-1] == "ok"
        assert pasted(shell, text) == expected
        wrong = text.replace("printf '%s' '", "printf '%s' '0", 1)
        assert "ok" not in pasted(shell, wrong + "true\n"), "another ticket is not taken for this one"
        assert text.rstrip().endswith(": drawn" if _tidy(target) in drawn_ids else "not drawn")


@pytest.mark.parametrize("encoding", ["ascii", "gb18030"])
def test_explained_lines_work_in_another_encoding(played: Offices, encoding: str) -> None:
    """A terminal in GB18030 would paste other bytes than it was given, and so hash another id."""
    environment = {**os.environ, "PYTHONIOENCODING": encoding, "PYTHONUTF8": "0"}
    command = [sys.executable, "-m", "dblrandom", "explain", str(played.ceremony), "--task", "1", "--id", NASTY[5]]
    text = subprocess.run(command, capture_output=True, check=True, env=environment).stdout
    done = subprocess.run(["sh"], input=text, capture_output=True, check=True).stdout.split()
    assert done == [line[4:] for line in text.splitlines() if line.startswith(b"#   ")]


def _tidy(target: str) -> str:
    return target.replace("e\u0301", "\u00e9")


@pytest.mark.skipif(not shutil.which("openssl"), reason="openssl is not here")
def test_explained_lines_work_with_sm3(tmp_path: Path) -> None:
    offices = prepared(tmp_path)
    shutil.rmtree(offices.chain)
    organiser, genesis = offices.key("organiser"), "2024-02-01T01:59:00Z"
    init = ("--key", offices.key("notary"), "--length", 10, "--period", 60, "--genesis", genesis)
    run("beacon", "init", offices.chain, *init, "--suite", "sm3")
    secret = ("--ceremony", "small-2024", "--name", "d", "--key", offices.key("discipline"), "--at", VALUE)
    declaration = offices.root / "public" / "d.json"
    run("secret", "new", *secret, "--out", tmp_path / "d", "--declaration", declaration, "--suite", "sm3")
    keys = [text for office in ("organiser", "notary", "discipline") for text in ("--key", offices.key(office))]
    run("commit", offices.ceremony, *offices.terms(secret="d"), *keys, "--suite", "sm3")
    witnesses = [text for office in ("notary", "discipline") for text in ("--key", offices.key(office))]
    run("witness", offices.ceremony, *witnesses, "--time", "2024-01-30T02:05:00Z")
    run("beacon", "tick", offices.chain, "--time", VALUE)
    values = ("--chain", f"notary={offices.chain}", "--secret", f"d={tmp_path / 'd'}")
    run("reveal", offices.ceremony, *values, "--key", organiser, "--time", DRAWN)
    run("draw", offices.ceremony, "--key", organiser, "--time", DRAWN)
    text = run("explain", offices.ceremony, "--task", "1", "--id", NASTY[0]).stdout
    assert pasted("sh", text) == [line[4:] for line in text.splitlines() if line.startswith("#   ")]


def test_a_sealed_draw(begun: Offices, tmp_path: Path) -> None:
    """Fixed before the visits, known to nobody outside, and opened in the lawful order."""
    offices = copied(begun, tmp_path)
    folder, own = offices.ceremony, ("--key", offices.key("organiser"), "--time", DRAWN)
    run("beacon", "tick", offices.chain, "--time", VALUE)
    assert "seal the reveal first" in run("seal", folder, "--type", "draw", *own, code=2).stderr
    values = ("--chain", f"notary={offices.chain}")
    secret = ("--secret", f"discipline={offices.root / 'discipline' / 'discipline.secret'}")
    run("seal", folder, "--type", "reveal", *values, *secret, *own)
    sealed = said("seal", folder, "--type", "draw", *own)
    kept = Path(sealed["wrote"][-1])
    assert kept.stat().st_mode & 0o777 == 0o600
    assert not (folder / "results").exists()
    assert "committed" not in run("verify", folder, "--as-of", DRAWN, code=3).stdout.splitlines()[0]
    assert run("unseal", folder, *own).stdout.startswith("opened the seal of receipt 4")
    body = kept.read_bytes()
    kept.write_bytes(body.replace(b'"size":', b'"size" :'))
    assert "not in canonical form" in run("unseal", folder, *own, code=2).stderr
    kept.write_bytes(body)
    kept.chmod(0o644)
    assert "others can read this secret" in run("unseal", folder, *own, code=2).stderr
    kept.chmod(0o600)
    run("unseal", folder, *own)
    assert "no closed seal" in run("unseal", folder, *own, code=2).stderr
    report = said("verify", folder, "--as-of", DRAWN)["report"]
    assert [c["detail"] for c in report["checks"] if c["check"] == "seal"] == [
        "opened by receipt 6 (reveal)",
        "opened by receipt 7 (draw)",
    ]
    results = ("seal", folder, "--type", "result", "--task", "2", *own)
    assert "give the outcomes" in run(*results, code=2).stderr
    run(*results, "--outcome", "P1=closed", "--outcome", "P2=closed")
    run("seal", folder, "--type", "substitution", "--task", "2", "--ground", "illness", "--target", "P2", *own)
    run("unseal", folder, "--sequence", 9, *own)
    run("unseal", folder, *own)
    run("verify", folder, "--as-of", DRAWN)


def test_a_voided_commitment_is_followed_by_another(begun: Offices, tmp_path: Path) -> None:
    offices = copied(begun, tmp_path)
    folder, own = offices.ceremony, ("--key", offices.key("organiser"))
    keys = [text for office in ("organiser", "notary", "discipline") for text in ("--key", offices.key(office))]
    again = ("commit", folder, *offices.terms(time="2024-01-31T01:00:00Z", secret="second"), *keys)
    assert "redraw after entropy" in run(*again, code=2).stderr
    assert "too late" in run("void", folder, "--reason", "x", *own, "--time", VALUE, code=2).stderr
    run("void", folder, "--reason", "a wrong roster 错误", *own, "--time", "2024-01-31T00:00:00Z")
    undecided = said("verify", folder, "--as-of", "2024-01-31T00:00:00Z", code=3)
    assert undecided["report"]["stage"] == "voided"
    assert "no witness has dated it yet" in undecided["waits_for"]
    witness = ("witness", folder, "--key", offices.key("notary"), "--memory", offices.root / "notary" / "memory.json")
    assert "let every declared witness see it" in run(*again, code=2).stderr
    run(*witness, "--time", "2024-01-31T00:01:00Z")
    run("witness", folder, "--key", offices.key("discipline"), "--time", "2024-01-31T00:02:00Z")
    run(*again)
    for office in ("notary", "discipline"):
        run("witness", folder, "--key", offices.key(office), "--time", "2024-01-31T01:01:00Z")
    run("beacon", "tick", offices.chain, "--time", VALUE)
    secret = ("--secret", f"second={offices.root / 'discipline' / 'second.secret'}")
    run("reveal", folder, "--chain", f"notary={offices.chain}", *secret, *own, "--time", DRAWN)
    run("draw", folder, *own, "--time", DRAWN)
    run("verify", folder, "--as-of", DRAWN)
    text = run("explain", folder, "--task", "1", "--id", "S001").stdout
    assert pasted("sh", text) == [line[4:] for line in text.splitlines() if line.startswith("#   ")]


def test_single_cases_are_checked_without_the_roster(played: Offices, tmp_path: Path) -> None:
    tsv = played.root / "organiser" / "targets.tsv"
    proof, manifest = tmp_path / "p.json", tmp_path / "m.json"
    manifest.write_text(run("roster", "check", tsv, "--json").stdout, encoding="utf-8")
    for target, drawn_, listed in (
        ("S001", None, True),
        ("nobody", None, False),
        (_due(played.ceremony, "1")[0], True, True),
    ):
        proof.unlink(missing_ok=True)
        run("roster", "prove", tsv, f"--id={target}", "--out", proof)
        case = said("roster", "check", "--proof", proof, "--folder", played.ceremony, "--task", "1")["case"]
        assert case["on_roster"] is listed
        assert drawn_ is None or case["drawn"] is drawn_
        assert said("roster", "check", "--proof", proof, "--manifest", manifest)["on_roster"] is listed
    unknown = said("roster", "check", "--proof", proof, "--folder", played.ceremony, "--task", "99", code=2)
    assert unknown["error"]["message"] == "plan: there is no task '99'; there are 1, 2"
    text = proof.read_text(encoding="utf-8")
    proof.write_text(text.replace("Shop", "Shap"), encoding="utf-8")
    for against in (("--folder", played.ceremony, "--task", "1"), ("--manifest", manifest)):
        assert said("roster", "check", "--proof", proof, *against, code=1)["error"]["check"] == "proof"
    inspector = played.root / "organiser" / "inspectors.tsv"
    out = tmp_path / "i.json"
    run("roster", "prove", inspector, "--id", "I3", "--out", out)
    shown = run("roster", "check", "--proof", out, "--folder", played.ceremony).stdout
    assert "does not pass" in shown


@pytest.mark.parametrize(
    ("path", "change"),
    [
        ("receipts/0001-commitment.json", lambda data: data[:-1]),
        ("receipts/0005-reveal.json", lambda data: data.replace(b"ey", b"eX", 1)),
        ("rosters/targets.tsv", lambda data: data.replace(b"Shop 7", b"Shop 8")),
        ("results/1.selected.tsv", lambda data: b""),
        ("SHA256SUMS", lambda data: data[:-5]),
        ("SHA256SUMS", None),
        ("receipts/0006-draw.json", None),
    ],
)
def test_a_changed_folder_fails(played: Offices, tmp_path: Path, path: str, change: Any) -> None:
    offices = copied(played, tmp_path)
    place = offices.ceremony / path
    if change is None:
        place.unlink()
    else:
        place.write_bytes(change(place.read_bytes()))
    error = said("verify", offices.ceremony, "--as-of", DRAWN, code=1)["error"]
    assert error["type"] == "VerificationError"
    assert error["check"] == "folder"
    witness = ("witness", offices.ceremony, "--key", offices.key("notary"), "--time", AFTER)
    before = sorted(offices.ceremony.rglob("*"))
    run(*witness, code=1)
    assert [p for p in sorted(offices.ceremony.rglob("*")) if p.name != "lock"] == [
        p for p in before if p.name != "lock"
    ]


@pytest.mark.parametrize("path", ["plan.toml", "SHA256SUMS", "receipts/0001-commitment.json"])
def test_a_link_to_the_same_bytes_fails_like_any_change(played: Offices, tmp_path: Path, path: str) -> None:
    offices = copied(played, tmp_path)
    place = offices.ceremony / path
    place.rename(tmp_path / "aside")
    place.symlink_to(tmp_path / "aside")
    error = said("verify", offices.ceremony, "--as-of", DRAWN, code=1)["error"]
    assert (error["check"], error["where"]) == ("folder", path)


def test_deadlines_that_cannot_be_are_named_with_their_times(begun: Offices, tmp_path: Path) -> None:
    commit = ("commit", tmp_path / "new", *begun.terms(), "--key", begun.key("organiser"))
    early = run(*commit, "--deadline", "reveal=2024-02-01T01:00:00Z", code=2).stderr
    assert "the reveal is due by 2024-02-01T01:00:00Z, before 'notary' can be public at 2024-02-01T02:00:00Z" in early
    backwards = run(*commit, "--deadline", "draw=2024-02-01T03:00:00Z", code=2).stderr
    assert "reveal by 2024-02-02T02:00:00Z, draw by 2024-02-01T03:00:00Z, result by 2024-09-30T23:59:59Z" in backwards


def test_witness_refuses_what_does_not_hold(begun: Offices, tmp_path: Path) -> None:
    offices = copied(begun, tmp_path)
    late = ("witness", offices.ceremony, "--key", offices.key("notary"))
    assert said(*late, "--time", AFTER, code=1)["error"]["check"] == "deadlines"
    wrong = ("--disclose", f"discipline={offices.root / 'discipline' / 'second.secret'}")
    assert "not the secret" in run(*late, "--time", DISCLOSED, *wrong, code=2).stderr
    assert len(list((offices.ceremony / "receipts").iterdir())) == 3


def test_witness_remembers_what_it_saw(begun: Offices, tmp_path: Path) -> None:
    """The organiser who shows one witness two histories is refused the second."""
    offices, other = copied(begun, tmp_path / "a"), copied(begun, tmp_path / "b")
    memory = ("--memory", tmp_path / "memory.json")
    for place in (offices, other):
        time = "2024-01-31T00:00:00Z" if place is offices else "2024-01-31T00:00:01Z"
        run("void", place.ceremony, "--reason", "x", "--key", place.key("organiser"), "--time", time)
    witness = ("--key", offices.key("notary"), "--time", "2024-01-31T00:01:00Z", *memory)
    run("witness", offices.ceremony, *witness, "--first")
    run("witness", other.ceremony, "--key", offices.key("discipline"), "--time", "2024-01-31T00:01:00Z")
    assert "fork" in run("witness", other.ceremony, *witness, code=2).stderr
    assert not list((other.ceremony / "receipts").glob("0006*"))


def test_what_cannot_be_signed_or_committed(begun: Offices, tmp_path: Path) -> None:
    offices = copied(begun, tmp_path)
    own, receipts = ("--key", offices.key("organiser")), offices.ceremony / "receipts"
    assert "only a commitment" in run("sign", receipts / "0002-witness.json", *own, code=2).stderr
    assert "has signed this receipt already" in run("sign", receipts / "0001-commitment.json", *own, code=2).stderr
    new, terms = tmp_path / "new", offices.terms()
    for wrong, message in (
        (("--deadline", "x=2024-02-01T00:00:00Z"), "the stages are"),
        (("--deadline", "draw=soon"), "not a time"),
        (("--chain", f"notary={offices.chain}"), "twice"),
        (("--secret", f"other={offices.root / 'public' / 'second.json'}"), "not the secret 'other'"),
        (("--declare", f"party={offices.key('discipline')}"), "is not a public key"),
        (("--time", VALUE), "not 60 s after"),
    ):
        done = run("commit", new, *terms, *own, *wrong, code=2)
        assert message in done.stderr, done.stderr
        assert not new.exists()
    other = offices.root / "organiser" / "other.toml"
    other.write_text(PLAN.replace("30%", "40%"), encoding="utf-8")
    envelope = ("--envelope", receipts / "0001-commitment.json", "--plan", other, *offices.rosters())
    assert "not the plan that the envelope commits to" in run("commit", new, *envelope, code=2).stderr
    assert not new.exists()


def test_keys_of_others_do_not_pass(begun: Offices, tmp_path: Path) -> None:
    offices = copied(begun, tmp_path)
    void = ("void", offices.ceremony, "--reason", "x", "--time", "2024-01-31T00:00:00Z")
    assert "none of these keys was given" in run(*void, "--key", offices.key("notary"), code=2).stderr
    assert len(list((offices.ceremony / "receipts").iterdir())) == 3


KILLED = """
import os, signal, sys
from dblrandom.adapters import journal
from dblrandom.cli import main
after = int(sys.argv.pop(1))
done = 0
def dying(method):
    def call(self, *args):
        global done
        done += 1
        if done > after:
            os.kill(os.getpid(), signal.SIGKILL)
        return method(self, *args)
    return call
for name in ("write", "rename", "unlink"):
    setattr(journal.Ops, name, dying(getattr(journal.Ops, name)))
sys.exit(main(sys.argv[1:]))
"""


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize(("after", "stands"), [(1, False), (6, True)])
def test_a_step_killed_in_the_middle_is_finished_or_undone(
    begun: Offices, tmp_path: Path, after: int, stands: bool
) -> None:
    offices = copied(begun, tmp_path)
    own = ["--key", str(offices.key("organiser")), "--reason", "x", "--time", "2024-01-31T00:00:00Z"]
    step = [sys.executable, "-c", KILLED, str(after), "void", str(offices.ceremony), *own]
    assert subprocess.run(step, capture_output=True, check=False).returncode == -signal.SIGKILL
    assert "interrupted" in run("verify", offices.ceremony, "--as-of", DISCLOSED, code=2).stderr
    if stands:
        again = CliRunner().invoke(cli, ["void", str(offices.ceremony), *own])
        assert again.exit_code == 2
        assert "recovered: finished an interrupted step: wrote receipts/0004-void.json" in again.stderr
        assert "it wrote receipts/0004-void.json; if that is this step, nothing is left to do" in again.stderr
    witness = ("witness", offices.ceremony, "--key", offices.key("notary"), "--time", "2024-01-31T00:01:00Z")
    assert ("recovered: " in run(*witness).stderr) is not stands
    # Where the void stands, one of two witnesses has dated it: neither verified nor refused.
    stage = said("verify", offices.ceremony, "--as-of", DISCLOSED, code=3)["report"]["stage"]
    assert stage == ("voided" if stands else "committed")


@pytest.mark.skipif(sys.platform == "win32", reason="there is no SIGKILL")
@pytest.mark.parametrize("after", [1, 12])
def test_a_beginning_killed_in_the_middle_can_be_made_again(tmp_path: Path, after: int) -> None:
    offices = prepared(tmp_path)
    keys = [text for office in ("organiser", "notary", "discipline") for text in ("--key", str(offices.key(office)))]
    arguments = ["commit", str(offices.ceremony), *offices.terms(), *keys]
    step = [sys.executable, "-c", KILLED, str(after), *arguments]
    assert subprocess.run(step, capture_output=True, check=False).returncode == -signal.SIGKILL
    again = CliRunner().invoke(cli, arguments)
    assert "recovered: " in again.stderr
    assert (again.exit_code == 0) is (after == 1), again.stderr
    run("verify", offices.ceremony, "--as-of", COMMITTED, code=3)
