"""Prints the table of docs/limits.md from the module whose numbers it lists."""

from __future__ import annotations

import ast
import re
import sys
from itertools import pairwise
from pathlib import Path

from dblrandom import limits

SOURCE = Path(limits.__file__)


def table() -> str:
    """One table for each heading of the module: name, number, and what it bounds."""
    text = SOURCE.read_text(encoding="utf-8")
    headings = {n: line[2:] for n, line in enumerate(text.splitlines(), 1) if re.match(r"# [A-Z]", line)}
    body = ast.parse(text).body
    found: list[str] = []
    for node, said in pairwise(body):
        if not (isinstance(node, ast.Assign) and isinstance(node.targets[0], ast.Name)):
            continue
        name = node.targets[0].id
        if name.startswith("_") or name == "__all__":
            continue
        assert isinstance(said, ast.Expr), name
        assert isinstance(said.value, ast.Constant), name
        for line in [n for n in headings if n < node.lineno]:
            found += ["", f"## {headings.pop(line)}", "", "| name | at most | what |", "|---|---:|---|"]
        meaning = " ".join(str(said.value.value).split())
        found.append(f"| `{name}` | {getattr(limits, name):,} | {meaning} |")
    return "\n".join(found) + "\n"


if __name__ == "__main__":
    sys.stdout.write(table())
