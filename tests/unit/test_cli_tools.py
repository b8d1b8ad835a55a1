"""The commands that need no ceremony: keys, secrets, chains, rosters, plans, schemas, and the shell lines."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path

import click
import pytest
from click.testing import CliRunner
from commandline import run
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dblrandom.cli.app import cli
from dblrandom.cli.result import outcomes_of
from dblrandom.cli.shell import hashed, printed, printed_lines
from dblrandom.errors import RosterError
from dblrandom.evidence.bodies import BODIES
from dblrandom.kernel.suite import SHA256
from dblrandom.model import ResultCode

PLAN = """
name = "p"
title = "A plan"
authority = "An authority"
period = "2024"
grounds = ["illness"]
recusals = "recusals"
[[task]]
id = "1"
title = "Task"
roster = "targets"
sampler = "percentage"
[task.quota]
ratio = "30%"
count = 3
rounding = "ceiling"
scope = "frame"
[task.team]
roster = "inspectors"
[[task.team.role]]
name = "lead"
filter = { post = ["leader"] }
[[task.team.role]]
name = "member"
filter = { post = ["officer"] }
"""


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A plan and its three tables."""
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    (tmp_path / "targets.csv").write_text("id,name\n" + "".join(f"T{n},N{n}\n" for n in range(7)), encoding="utf-8")
    (tmp_path / "inspectors.csv").write_text("id,post\nA,leader\nB,officer\nC,officer\n", encoding="utf-8")
    recusals = "id,inspector,target,ground,approver\nR,B,T1,other-tie:declared,C\n"
    (tmp_path / "recusals.csv").write_text(recusals, encoding="utf-8")
    return tmp_path


def rosters(place: Path) -> list[str]:
    names = ("targets", "inspectors", "recusals")
    return [x for name in names for x in ("--roster", f"{name}={place / name}.csv")] + ["--id", "id"]


def test_plan_check_shows_what_will_be_drawn_and_warns(place: Path) -> None:
    found = json.loads(run("plan", "check", place / "plan.toml", *rosters(place), "--json").stdout)
    (task,) = found["tasks"]
    assert [(s["size"], s["units"], s["probability"]) for s in task["strata"]] == [
        (7, 3, {"numerator": 3, "denominator": 7})
    ]
    assert {r["role"]: r["eligible"] for r in task["roles"]} == {"lead": 1, "member": 2}
    warnings = " | ".join(w["warning"] for w in found["warnings"])
    assert "the frame has only 7 rows" in warnings
    assert "the role 'lead' has only 1 eligible" in warnings
    assert "recusals leave 1 eligible for the role 'member' with target 'T1'" in warnings
    # 30 % of 7 is 3 once it is rounded up, so the two statements agree; of 20 rows it is 6, and they do not.
    assert "not the stated" not in warnings
    rows = "".join(f"T{n},N{n}\n" for n in range(20))
    (place / "targets.csv").write_text("id,name\n" + rows, encoding="utf-8")
    text = run("plan", "check", place / "plan.toml", *rosters(place)).stdout
    assert "3/10 of 20 rows is 6, not the stated 3" in text
    assert "the frame has only" not in text


def test_plan_with_a_typing_mistake_names_the_right_word(place: Path) -> None:
    plan = place / "plan.toml"
    plan.write_text(PLAN.replace("rounding", "roundin"), encoding="utf-8")
    assert "rounding" in run("plan", "check", plan, code=2).stderr
    plan.write_text(PLAN.replace('post = ["leader"]', 'post = ["laeder"]'), encoding="utf-8")
    assert "'laeder'" in run("plan", "check", plan, *rosters(place), code=2).stderr
    plan.write_text(PLAN, encoding="utf-8")
    assert "no roster" in run("plan", "check", plan, *rosters(place)[2:], code=2).stderr
    assert "needs its id column" in run("plan", "check", plan, *rosters(place)[:-2], code=2).stderr


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ("T1,a\nT1,b\n", "the id 'T1' is on line 2 too"),
        ('T1,"a\tb"\n', "has a TAB"),
        ("T1\n", "has 1 fields"),
        (",a\n", "is empty"),
    ],
)
def test_table_that_cannot_be_a_roster(tmp_path: Path, rows: str, message: str) -> None:
    table = tmp_path / "t.csv"
    table.write_text("id,name\n" + rows, encoding="utf-8")
    out = tmp_path / "t.tsv"
    done = run("roster", "build", table, "--id", "id", "--name", "t", "--out", out, code=2)
    assert message in done.stderr
    assert "t.csv: line" in done.stderr
    assert not out.exists()


def test_roster_build_check_and_prove(place: Path) -> None:
    table, out = place / "targets.csv", place / "firms.tsv"
    build = ("roster", "build", table, "--id", "id", "--name", "firms", "--out", out, "--rename", "name=title")
    done = run(*build)
    manifest = json.loads(done.stdout)
    assert manifest["columns"] == ["id", "title"]
    assert done.stderr == f"wrote {out}\n"
    assert "is not overwritten" in run(*build, code=2).stderr
    saved = place / "m.json"
    saved.write_text(done.stdout, encoding="utf-8")
    assert "the one that the manifest commits to" in run("roster", "check", out, "--manifest", saved).stdout
    out.write_bytes(out.read_bytes().replace(b"N3", b"N4"))
    run("roster", "check", out, "--manifest", saved, code=1)
    out.write_bytes(out.read_bytes()[:-1])
    assert "not ended by LF" in run("roster", "check", out, code=1).stderr
    for wrong in ((), (out, "--proof", saved), ("--proof", saved), (out, "--task", "1")):
        run("roster", "check", *wrong, code=2)


def test_confidential_roster_is_for_its_owner(place: Path) -> None:
    out = place / "c.tsv"
    build = ("roster", "build", place / "targets.csv", "--id", "id", "--name", "c", "--out", out, "--confidential")
    manifest = json.loads(run(*build).stdout)
    assert manifest["page_rows"] == 1
    assert manifest["columns"][-1] == "blind"
    assert out.stat().st_mode & 0o777 == 0o600
    proof = json.loads(run("roster", "prove", out, "--id", "T3").stdout)
    assert [len(page["rows"]) for page in proof["pages"]] == [1], "no neighbour is disclosed"


@pytest.mark.parametrize(
    "text", ["", "{", '{"id":"a","id":"b"}', "[" * 100_000, '{"a":1.5}', '{"a":NaN}', '"\\ud800"', "\x00", "1e999"]
)
def test_hostile_json_is_an_input_error(tmp_path: Path, text: str) -> None:
    proof = tmp_path / "p.json"
    proof.write_text(text, encoding="utf-8")
    done = run("roster", "check", "--proof", proof, "--manifest", proof, code=2)
    assert done.stderr.startswith("error: ")
    assert "internal" not in done.stderr
    assert done.stderr.count("\n") == 1


def test_keys_and_secrets_are_never_overwritten(tmp_path: Path) -> None:
    key, public = tmp_path / "k.pem", tmp_path / "k.pub"
    found = json.loads(run("keygen", "--out", key, "--public", public, "--json").stdout)
    assert found["wrote"] == [str(key), str(public)]
    assert key.stat().st_mode & 0o777 == 0o600
    before = key.read_bytes()
    for options in (("--out", key), ("--out", tmp_path / "new.pem", "--public", public)):
        assert "is not overwritten" in run("keygen", *options, code=2).stderr
    assert key.read_bytes() == before
    assert not (tmp_path / "new.pem").exists()
    new = ("secret", "new", "--ceremony", "c", "--name", "s", "--key", key, "--at", "2024-02-01T00:00:00Z")
    done = run(*new, "--out", tmp_path / "s")
    declared = json.loads(done.stdout)
    assert declared["keyid"] == found["keyid"]
    secret = (tmp_path / "s").read_text(encoding="ascii").strip()
    assert secret not in done.stdout + done.stderr
    run(*new, "--out", tmp_path / "s", code=2)
    assert (tmp_path / "s").read_text(encoding="ascii").strip() == secret


@pytest.mark.parametrize("time", ["2024-02-30T00:00:00Z", "2024-02-01", "now", "2024-02-01T00:00:60Z"])
def test_times_are_read_strictly(tmp_path: Path, time: str) -> None:
    assert "write it as YYYY-MM-DD" in run("beacon", "tick", tmp_path, "--time", time, code=2).stderr


def test_wrong_files_for_keys(tmp_path: Path) -> None:
    key, public = tmp_path / "k.pem", tmp_path / "k.pub"
    run("keygen", "--out", key, "--public", public)
    public.chmod(0o600)
    init = ("beacon", "init", tmp_path / "c", "--length", 3, "--period", 1)
    assert "is not a private key" in run(*init, "--key", public, code=2).stderr
    key.chmod(0o644)
    assert "chmod 600" in run(*init, "--key", key, code=2).stderr
    assert not (tmp_path / "c").exists()


def test_beacon_ticks_when_its_time_has_come(tmp_path: Path) -> None:
    key, chain = tmp_path / "k.pem", tmp_path / "chain"
    run("keygen", "--out", key)
    run(
        *("beacon", "init", chain, "--key", key, "--length", 10, "--period", 60),
        *("--genesis", "2024-01-01T00:00:00Z"),
    )
    assert "undecided: " in run("beacon", "tick", chain, "--time", "2024-01-01T00:00:59Z", code=3).stderr
    found = json.loads(run("beacon", "tick", chain, "--time", "2024-01-01T00:02:00Z", "--json").stdout)
    assert [pulse["step"] for pulse in found["pulses"]] == [1, 2]
    assert "up to step 2" in run("beacon", "verify", chain).stdout
    assert found["pulses"][1]["value"] in run("beacon", "verify", chain, "--step", 2).stdout
    run("beacon", "verify", chain, "--step", 3, code=3)
    run("beacon", "verify", chain, "--step", 11, code=2)
    pulse = chain / "pulses" / "0000002.json"
    pulse.write_bytes(pulse.read_bytes().replace(found["pulses"][1]["value"].encode(), b"0" * 64))
    run("beacon", "verify", chain, code=1)


def test_schemas() -> None:
    assert sorted(json.loads(run("schema").stdout)) == sorted(BODIES)
    found = json.loads(run("schema", "draw", "--json").stdout)
    assert list(found["schemas"]) == ["draw"]
    assert "there is no receipt type" in run("schema", "nonsense", code=2).stderr


def test_outcomes_are_read_from_options_and_tables(tmp_path: Path) -> None:
    table = tmp_path / "o.csv"
    table.write_text('id,codes\nB,"closed, pending"\n', encoding="utf-8")
    assert outcomes_of(["A=B=no-problem"], table) == {"A=B": ["no-problem"], "B": ["closed", "pending"]}
    for wrong in (["B=closed"], ["A=nonsense"], ["A="], ["A=注销"], ["A=未发现问题,no-problem、closed"]):
        with pytest.raises(RosterError, match="outcome of"):
            outcomes_of(wrong, table)


def test_outcomes_may_be_given_in_the_published_words(tmp_path: Path) -> None:
    table = tmp_path / "结果.csv"
    rows = [f'{code.value},"{code.chinese}；pending"\n' for code in ResultCode if code is not ResultCode.PENDING]
    table.write_text("id,codes\n" + "".join(rows), encoding="gbk")
    with pytest.raises(RosterError, match="--encoding gb18030"):
        outcomes_of((), table)
    found = outcomes_of(["X=注销、吊销、撤销、迁出，no-problem"], table, "gbk")
    assert found.pop("X") == ["deregistered", "no-problem"]
    assert found == {code.value: [code.value, "pending"] for code in ResultCode if code is not ResultCode.PENDING}


def test_a_table_with_chinese_headers_is_sent_to_roster_build(place: Path) -> None:
    (place / "targets.csv").write_text("编号,名称\nT1,甲\n", encoding="gb2312")
    check = ("plan", "check", place / "plan.toml", *rosters(place), "--id", "targets=编号")
    assert "name its encoding (--encoding gb18030)" in run(*check, code=2).stderr
    for encoding in ("gbk", "gb2312", "gb18030"):
        told = run(*check, "--encoding", encoding, code=2).stderr
        assert "'名称' is no name for a column" in told
        assert "dblrandom roster build --rename OLD=NEW" in told
    assert "'gbk', 'gb2312'" in run(*check, "--encoding", "big5", code=2).stderr
    build = ("roster", "build", place / "targets.csv", "--id", "编号", "--name", "targets", "--encoding", "gbk")
    run(*build, "--rename", "名称=name", "--out", place / "targets.tsv")
    assert (place / "targets.tsv").read_text(encoding="utf-8") == "id\tname\nT1\t甲\n"


@pytest.mark.skipif(not Path("/dev/full").exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("options", [[], ["--json"]])
def test_a_full_disk_under_stdout_is_one_clear_line(options: list[str]) -> None:
    command = [sys.executable, "-m", "dblrandom", "schema", "draw", *options]
    with open("/dev/full", "wb") as full:
        done = subprocess.run(command, stdout=full, stderr=subprocess.PIPE, check=False)
    told = done.stderr.decode()
    assert told.startswith("error: stdout: cannot write the answer: No space left on device")
    assert told.count("\n") == 1
    assert done.returncode == 2


def test_json_may_be_asked_for_before_the_command() -> None:
    @click.group()
    @click.option("--json", "as_json", is_flag=True)
    def program(as_json: bool) -> None:
        assert as_json

    program.add_command(cli.commands["schema"])
    done = CliRunner().invoke(program, ["--json", "schema", "draw"])
    assert list(json.loads(done.stdout)["schemas"]) == ["draw"]


SHELLS = [shell for shell in ("sh", "dash", "bash") if shutil.which(shell)]


def output(shell: str, line: str) -> bytes:
    done = subprocess.run([shell], input=line.encode(), capture_output=True, check=True)
    assert done.stderr == b""
    return done.stdout


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
@given(text=st.text(st.characters(exclude_categories=("Cs",), exclude_characters="\0"), max_size=30))
@pytest.mark.parametrize("shell", SHELLS)
def test_printed_text_is_exact_in_every_shell(shell: str, text: str) -> None:
    """An id may hold any quote, backslash, percent sign or unseen character; a lost byte would give another ticket."""
    assert output(shell, printed(text)) == text.encode()


@pytest.mark.parametrize("shell", SHELLS)
@pytest.mark.parametrize("text", ["'", "\\", "%s", "\u200b7", "\u00ad'%\\0", "-e", "$(id)", "1\u2066\u0031"])
def test_hashed_line_gives_the_hash(shell: str, text: str) -> None:
    assert output(shell, hashed(SHA256, printed(text))).decode().strip() == SHA256.hexhash(text.encode())
    lines = hashed(SHA256, printed_lines(["a b", "it's"]), 32)
    assert output(shell, lines).decode().strip() == SHA256.hexhash(b"a b\nit's\n")[:32]
