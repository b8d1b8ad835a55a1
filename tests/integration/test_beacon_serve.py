"""A notary's chain as other offices meet it: served by a process of its own, copied over HTTP, used in a ceremony."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
from chainkit import ask, until
from commandline import run, said

from dblrandom.adapters.hashchains import site as chainsite
from dblrandom.adapters.hashchains.files import read_info
from dblrandom.model import time_seconds, time_text

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="ends processes as POSIX does")

RUN = "import sys; from dblrandom.cli import main; sys.exit(main())"
PLAN = """
name = "served-2024"
title = "A small synthetic plan"
authority = "Synthetic authority"
period = "2024"
grounds = ["not-found"]

[[task]]
id = "1"
title = "Two shops"
roster = "targets"
sampler = "fixed-count"
[task.quota]
count = 2
rounding = "ceiling"
scope = "frame"
[task.team]
roster = "inspectors"
[[task.team.role]]
name = "lead"
[[task.team.role]]
name = "member"
"""


@contextmanager
def serving(folder: Path, *options: object) -> Iterator[tuple[subprocess.Popen[str], str]]:
    """``dblrandom beacon serve`` in a process of its own, and where it publishes."""
    command = [sys.executable, "-c", RUN, "beacon", "serve", str(folder), "--port", "0", *map(str, options)]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    try:
        assert process.stderr is not None
        line = process.stderr.readline()
        assert line.startswith("serving http://127.0.0.1:"), line
        yield process, line.split()[1]
    finally:
        process.kill()
        process.communicate()


def chain(root: Path, *, ago: int, period: int = 3600, length: int = 100) -> tuple[Path, int]:
    """A notary's key and chain that began ``ago`` seconds ago, and that moment."""
    genesis = int(time.time()) - ago
    run("keygen", "--out", root / "notary.pem", "--public", root / "notary.pub")
    given = ("--length", length, "--period", period, "--genesis", time_text(genesis))
    run("beacon", "init", root / "chain", "--key", root / "notary.pem", *given)
    return root / "chain", genesis


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_server_stops_cleanly(tmp_path: Path, number: signal.Signals) -> None:
    folder, _ = chain(tmp_path, ago=3 * 3600 + 60)
    with serving(folder, "--json") as (process, url):
        until(lambda: json.loads(ask(url, "/health").body)["revealed"] == 3)
        process.send_signal(number)
        out, err = process.communicate(timeout=10)
    assert process.returncode == 0
    assert err == ""
    found = json.loads(out)
    assert (found["exit"], found["revealed"], found["url"]) == (0, 3, url)


def test_steps_appear_in_their_second(tmp_path: Path) -> None:
    folder, genesis = chain(tmp_path, ago=0, period=1)
    with serving(folder) as (_, url):
        latest = f"/{read_info(folder).tip}/public/latest"
        until(lambda: ask(url, latest).status == 200)
        step = json.loads(ask(url, latest).body)["step"]
        until(lambda: json.loads(ask(url, latest).body)["step"] > step)
        pulse = json.loads(ask(url, latest).body)
        assert 0 <= time.time() - (genesis + pulse["step"]) < 2
        assert time_seconds(pulse["time"]) == genesis + pulse["step"]


def test_one_line_for_each_request_where_it_is_asked_for(tmp_path: Path) -> None:
    folder, _ = chain(tmp_path, ago=60)
    for options in ((), ("-v",)):
        with serving(folder, *options) as (process, url):
            ask(url, "/chains")
            ask(url, "/nothing")
            process.terminate()
            _, err = process.communicate(timeout=10)
        lines = err.splitlines()
        assert lines == (
            ["127.0.0.1 200 'GET /chains HTTP/1.1'", "127.0.0.1 404 'GET /nothing HTTP/1.1'"] if options else []
        )


def test_mistakes_in_serving(tmp_path: Path) -> None:
    assert "only the operator can reveal" in run("beacon", "serve", tmp_path, code=2).stderr
    folder, _ = chain(tmp_path, ago=60)
    assert "could publish its secrets" in run("beacon", "serve", folder, "--port", 0, "--site", folder, code=2).stderr
    assert "could publish its secrets" in run("beacon", "site", folder, "--to", tmp_path, code=2).stderr
    assert "cannot listen there" in run("beacon", "serve", folder, "--host", "192.0.2.1", code=2).stderr
    with serving(folder):
        assert "is changing this folder" in run("beacon", "serve", folder, "--port", 0, code=2).stderr
    run("beacon", "serve", folder, "--port", 65536, code=2)


def test_the_schedule(tmp_path: Path) -> None:
    folder, genesis = chain(tmp_path, ago=7260, length=5)
    steps = said("beacon", "schedule", folder, "--from", time_text(genesis + 3601), "--count", 2)["steps"]
    assert steps == [{"step": n, "due": time_text(genesis + n * 3600)} for n in (2, 3)]
    assert [s["step"] for s in said("beacon", "schedule", folder)["steps"]] == [3, 4, 5]
    assert time_text(genesis + 5 * 3600) in run("beacon", "schedule", folder).stdout
    late = time_text(genesis + 5 * 3600 + 1)
    assert "begin a new one" in run("beacon", "schedule", folder, "--from", late, code=2).stderr


def test_a_site_for_any_web_server(tmp_path: Path) -> None:
    folder, _ = chain(tmp_path, ago=2 * 3600 + 60)
    run("beacon", "tick", folder)
    found = said("beacon", "site", folder, "--to", tmp_path / "site")
    assert (found["revealed"], found["written"]) == (2, 7)
    assert "wrote 0 file(s)" in run("beacon", "site", folder, "--to", tmp_path / "site").stdout
    (folder / "pulses" / "0000001.json").write_bytes((folder / "pulses" / "0000002.json").read_bytes())
    run("beacon", "site", folder, "--to", tmp_path / "other", code=1)
    assert not (tmp_path / "other").exists()


def test_a_ceremony_with_a_chain_of_another_office(tmp_path: Path) -> None:
    folder, genesis = chain(tmp_path, ago=10 * 3600 + 60)
    tip = read_info(folder).tip
    copy, ceremony, draft = tmp_path / "copy", tmp_path / "ceremony", tmp_path / "draft.json"
    key = ("--key", tmp_path / "organiser.pem")

    def at(hours: int, minutes: int = 0) -> str:
        return time_text(genesis + hours * 3600 + minutes * 60)

    run("keygen", "--out", tmp_path / "organiser.pem", "--public", tmp_path / "organiser.pub")
    (tmp_path / "plan.toml").write_text(PLAN, encoding="utf-8")
    for name in ("targets", "inspectors"):
        rows = "".join(f"SYN-{name}-{n}\n" for n in range(9))
        (tmp_path / f"{name}.csv").write_text(f"id\n{rows}", encoding="utf-8")
        run(
            "roster", "build", tmp_path / f"{name}.csv", "--id", "id", "--name", name, "--out", tmp_path / f"{name}.tsv"
        )
    rosters = [a for n in ("targets", "inspectors") for a in ("--roster", f"{n}={tmp_path / n}.tsv")]
    with serving(folder) as (_, url):
        until(lambda: json.loads(ask(url, "/health").body)["revealed"] == 10)
        fetch = ("beacon", "fetch", url, "--tip", tip, "--to", copy)
        assert said(*fetch, "--step", 5)["revealed"] == 5
        assert "is due at" in run(*fetch, "--step", 50, code=3).stderr
        declared = [("organiser", "organiser"), ("operator", "notary"), ("witness", "notary")]
        run(
            *("commit", ceremony, "--plan", tmp_path / "plan.toml", "--ceremony", "served-2024", *rosters),
            *("--chain", f"notary={copy}", "--at", at(6, 30), "--time", at(5), "--draft", draft, *key),
            *("--deadline", f"result={at(500)}"),
            *(a for role, office in declared for a in ("--declare", f"{role}={tmp_path / office}.pub")),
        )
        run("sign", draft, "--key", tmp_path / "notary.pem")
        run("commit", ceremony, "--envelope", draft, *rosters)
        notary = ("--key", tmp_path / "notary.pem", "--memory", tmp_path / "memory.json")
        run("witness", ceremony, *notary, "--time", at(5, 10), "--first")
        reveal = ("reveal", ceremony, "--chain", f"notary={copy}", *key, "--time", at(7))
        assert "step 7 has not been revealed" in run(*reveal, code=3).stderr
        found = said(*fetch)
        assert (found["revealed"], found["added"], found["due"]) == (10, 5, 10)
    run(*reveal)
    run("draw", ceremony, *key, "--time", at(7, 1))
    run("witness", ceremony, *notary, "--time", at(7, 2))
    assert run("verify", ceremony, "--as-of", at(8)).exit_code == 0
    assert "up to step 10" in run("beacon", "verify", copy).stdout
    assert chainsite.render(copy, tmp_path / "site") == 15
    assert not any("secrets" in path for path, _, _ in os.walk(copy))
