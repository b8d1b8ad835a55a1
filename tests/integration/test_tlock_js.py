"""Time-locks in both directions between this project and the published tlock-js, offline, on recorded rounds.

Needs node and npm, and the package ``tlock-js`` that ``tlock_js/package-lock.json`` pins: it is installed into a
temporary folder, or used from the folder that ``DBLRANDOM_TLOCK_JS`` names, the parent of its ``node_modules``.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
from timelocks import RANDOM, RECORDED

from dblrandom.kernel.age import armor, dearmor
from dblrandom.kernel.tlock import decrypt, encrypt

HERE = Path(__file__).parent / "tlock_js"
ROUNDS = {"fastnet": 100000, "quicknet": 21000000, "testnet-unchained-3s": 1000000}
# Each network has a scheme of its own; the last text takes three chunks.
SECRET, LONG = b"5e" * 32, bytes(i % 251 for i in range(150_000))
TEXTS = {"fastnet": [SECRET], "quicknet": [SECRET, b"\x00", LONG], "testnet-unchained-3s": [SECRET]}


def run(*command: str, cwd: Path) -> None:
    done = subprocess.run(command, cwd=cwd, capture_output=True, text=True, timeout=300, check=False)
    assert done.returncode == 0, f"{command[0]}: {done.stdout[-2000:]}{done.stderr[-2000:]}"


@pytest.fixture(scope="module")
def package(tmp_path_factory: pytest.TempPathFactory) -> Path:
    for tool in ("node", "npm"):
        if shutil.which(tool) is None:
            pytest.skip(f"{tool} is not installed, so tlock-js cannot be run")
    folder = tmp_path_factory.mktemp("tlock-js")
    for file in HERE.iterdir():
        shutil.copy(file, folder)
    if installed := os.environ.get("DBLRANDOM_TLOCK_JS"):
        (folder / "node_modules").symlink_to(Path(installed, "node_modules").resolve(strict=True))
    else:
        run("npm", "ci", "--ignore-scripts", "--no-audit", "--no-fund", cwd=folder)
    return folder


def tasks() -> list[dict[str, Any]]:
    """One for each scheme and text: what tlock-js is to lock, and what was locked here for it to open."""
    found = []
    for recorded in RECORDED["rounds"]:
        info, number = RECORDED["chains"][recorded["chain"]], recorded["round"]
        if ROUNDS.get(recorded["chain"]) != number:
            continue
        for text in TEXTS[recorded["chain"]]:
            age = encrypt(
                text,
                chain_hash=info["hash"],
                scheme=info["schemeID"],
                public_key=bytes.fromhex(info["public_key"]),
                round=number,
                random=RANDOM,
            )
            known = {"info": info, "round": number, "signature": recorded["signature"]}
            found.append(known | {"plaintext": text.hex(), "armored": [armor(age)]})
    return found


def test_both_ways(package: Path) -> None:
    asked = tasks()
    assert len(asked) == sum(map(len, TEXTS.values()))
    (package / "job.json").write_text(json.dumps(asked), "utf-8")
    run("node", "interop.mjs", "job.json", "answer.json", cwd=package)
    answers = json.loads((package / "answer.json").read_text("utf-8"))
    for task, answer in zip(asked, answers, strict=True):
        info, where = task["info"], f"{task['info']['schemeID']}, {len(task['plaintext']) // 2} bytes"
        assert answer["opened"] == [task["plaintext"]], f"tlock-js reads another text: {where}"
        opened = decrypt(
            dearmor(answer["made"]),
            chain_hash=info["hash"],
            scheme=info["schemeID"],
            round=task["round"],
            signature=task["signature"],
        )
        assert opened.hex() == task["plaintext"], f"another text than tlock-js locked: {where}"
