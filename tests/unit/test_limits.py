"""The list of budgets in the documentation is that of the module."""

from __future__ import annotations

import importlib.util
import re
from pathlib import Path

from dblrandom import limits

DOCS = Path(__file__).parents[2] / "docs"


def test_the_page_lists_every_budget_with_its_number() -> None:
    spec = importlib.util.spec_from_file_location("limits_table", DOCS / "limits_table.py")
    assert spec is not None
    assert spec.loader is not None
    made = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(made)
    page = (DOCS / "limits.md").read_text(encoding="utf-8")
    assert page.endswith(made.table()), "run: python docs/limits_table.py, and put what it prints at the page's end"
    names = {name for name in vars(limits) if name.isupper() and not name.startswith("_")}
    assert names == set(re.findall(r"^\| `([A-Z_0-9]+)` \|", page, re.MULTILINE))


def test_every_budget_is_a_whole_number_and_not_endless() -> None:
    for name, value in vars(limits).items():
        if name.isupper() and not name.startswith("_"):
            assert type(value) is int, name
            assert 0 < value <= 1 << 36, name


def test_what_the_specification_gives_is_what_it_says() -> None:
    """Numbers of the protocol cannot be tuned here: another implementation would disagree about what is valid."""
    spec = "\n".join(page.read_text(encoding="utf-8") for page in (DOCS / "spec").glob("*.md"))
    assert limits.JSON_BYTES == 16 * 1024 * 1024
    for value in (limits.JSON_VALUES, limits.CHAIN_STEPS, limits.COMMITMENT_CHAIN_STEPS, limits.SOURCES):
        assert f"{value:,}" in spec
    for value in (limits.TASK_ROWS, limits.ASSIGNED_PAIRS, limits.REFILLED_PAIRS):
        assert f"{value:,}" in spec
    assert f"{limits.TASK_ROWS_PER_ROW} times" in spec
