"""Files nested very deeply, in a process whose limit of recursion somebody has raised.

There, a parser that recurses does not raise an error: it runs out of stack, and the process is gone. Libraries that
people import beside this one do raise that limit.
"""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from dblrandom.adapters.network.relays import json_answer
from dblrandom.errors import EntropyError

DEEP = 2_000_000
RAISED = "import sys; sys.setrecursionlimit(10**9); from dblrandom.cli.app import cli; sys.exit(cli.run(sys.argv[1:]))"


@pytest.mark.parametrize(
    ("text", "command"),
    [
        ("[" * DEEP, ("trust", "show")),
        ('{"a":' * DEEP, ("trust", "show")),
        ("x = " + "[" * DEEP, ("plan", "check")),
        ("x = " + "{a=" * (DEEP // 4), ("plan", "check")),
    ],
)
def test_a_file_that_would_end_the_process(text: str, command: tuple[str, str], tmp_path: Path) -> None:
    place = tmp_path / "deep"
    place.write_text(text, encoding="utf-8")
    done = subprocess.run(
        [sys.executable, "-c", RAISED, *command, str(place)], capture_output=True, text=True, check=False
    )
    assert done.returncode == 2, done.stderr[-300:]
    assert done.stderr.count("\n") == 1
    assert "nested" in done.stderr or "deep" in done.stderr


def test_an_answer_of_nothing_but_brackets_is_refused_before_it_is_parsed() -> None:
    """Not deep, and yet hundreds of megabytes once it is parsed."""
    with pytest.raises(EntropyError, match="more than 2097152 values"):
        json_answer(b"[" + b"0," * 2_100_000 + b"0]", "relay")
