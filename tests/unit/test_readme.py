"""The README's library example must run as it stands, and show what the text below it says."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

from dblrandom import Finding

README = Path(__file__).parents[2] / "README.md"


def test_the_library_example_runs_and_shows_what_the_text_says() -> None:
    code = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)
    assert len(code) == 1
    names: dict[str, Any] = {}
    exec(code[0], names)
    assert len(names["draw"]["3"].selected) == 3
    assert all(len(team.members) == 2 for team in names["draw"]["3"].teams)
    assert {finding for finding, _ in names["report"].findings} == {
        Finding.UNDATED,
        Finding.UNIQUENESS,
        Finding.WITHHOLDING,
        Finding.SELF_TRUST,
    }


def test_the_example_is_about_ten_lines() -> None:
    code = re.findall(r"```python\n(.*?)```", README.read_text(encoding="utf-8"), re.DOTALL)[0]
    lines = [line for line in code.splitlines() if line and not line.startswith(("import", "from"))]
    assert len(lines) == 10


def test_the_plug_in_of_the_docs_passes_the_conformance_tests() -> None:
    page = README.parent / "docs" / "plugins.md"
    names: dict[str, Any] = {}
    for code in re.findall(r"```python\n(.*?)```", page.read_text(encoding="utf-8"), re.DOTALL):
        exec(code, names)
    suite = names["TestHalf"]()
    tests = [name for name in dir(suite) if name.startswith("test_")]
    assert len(tests) >= 5
    for name in tests:
        getattr(suite, name)()
