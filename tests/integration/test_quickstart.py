"""The quick start must work as it stands: its blocks are pasted into a shell, in order."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "quickstart.md"


def blocks(text: str, language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", text, re.DOTALL)


@pytest.mark.skipif(shutil.which("bash") is None, reason="the page is for a POSIX shell")
def test_the_ceremony_of_the_quick_start(tmp_path: Path) -> None:
    text = PAGE.read_text(encoding="utf-8")
    ceremony = text[text.index("## A whole ceremony") :]
    plan = next(block for block in blocks(text, "toml") if "[[task]]" in block)
    (tmp_path / "office").mkdir()
    (tmp_path / "office" / "plan.toml").write_text('recusals = "recusals"\n' + plan, encoding="utf-8")
    path = f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        ["bash", "-euc", "\n".join(blocks(ceremony, "sh"))],
        cwd=tmp_path,
        env=os.environ | {"PATH": path},
        capture_output=True,
        text=True,
        timeout=300,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.rstrip().endswith("verified")
    selected = (tmp_path / "ceremony" / "results" / "1.selected.tsv").read_text(encoding="utf-8")
    assert selected.count("\tselected\n") == 3
