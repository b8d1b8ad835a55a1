"""The console examples in docs/spec are run as they stand, so that nobody learns the protocol from a wrong digest."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

PAGES = Path(__file__).parents[2] / "docs" / "spec"
NEEDED = ("bash", "sha256sum", "sort", "cut")

pytestmark = pytest.mark.skipif(
    any(shutil.which(tool) is None for tool in NEEDED), reason="needs " + ", ".join(NEEDED) + " on the path"
)


def examples(text: str) -> tuple[str, str]:
    """The commands of a page's console blocks as one script, and the output that the page shows."""
    script, shown = [], []
    for block in re.findall(r"^```console\n(.*?)^```$", text, re.MULTILINE | re.DOTALL):
        for line in block.splitlines():
            if line.startswith(("$ ", "> ")):
                script.append(line[2:])
            else:
                shown.append(line)
    return "\n".join(script), "\n".join(shown) + "\n"


@pytest.mark.parametrize("page", ["roster.md", "entropy.md", "selection.md", "inspectors.md"])
def test_console_examples(page: str) -> None:
    script, shown = examples((PAGES / page).read_text(encoding="utf-8"))
    assert script
    run = subprocess.run(["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, check=True)
    assert run.stdout == shown


def test_pages_with_examples_are_all_run() -> None:
    found = {p.name for p in PAGES.glob("*.md") if "```console" in p.read_text(encoding="utf-8")}
    assert found == {"roster.md", "entropy.md", "selection.md", "inspectors.md"}
