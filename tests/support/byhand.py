"""The quick start's check by hand: its own shell lines and its own SQL, taken from the page word for word."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Iterator
from pathlib import Path

PAGE = Path(__file__).parents[2] / "docs" / "quickstart.md"


def section() -> str:
    """The page's section."""
    text = PAGE.read_text(encoding="utf-8")
    return text[text.index("## Check it by hand") : text.index("## A plan of your own")]


def blocks(language: str) -> list[str]:
    """Its code blocks in one language."""
    return re.findall(rf"```{language}\n(.*?)```", section(), re.DOTALL)


def key(folder: Path) -> str:
    """The key that the page's lines find in the folder; they write ``strata.tsv`` there."""
    lines = "\n".join([*blocks("sh"), 'echo "key $KEY"'])
    done = subprocess.run(["bash", "-euo", "pipefail", "-c", lines], cwd=folder, capture_output=True, check=True)
    return done.stdout.decode().rsplit("key ", 1)[1].strip()


def statement(found: str) -> str:
    """The page's SQL, with the key put in as ``psql -v`` does."""
    (text,) = blocks("sql")
    return text.replace(":'key'", f"'{found}'")


def rows(path: Path, *, header: bool = True) -> list[tuple[str, ...]]:
    """The rows of a file of tab-separated texts."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return [tuple(line.split("\t")) for line in lines[1 if header else 0 :]]


def tables(folder: Path) -> Iterator[tuple[str, tuple[str, ...], list[tuple[str, ...]]]]:
    """The two tables of the page, each with its columns and rows; :func:`key` must have run before."""
    head, *listed = rows(folder / "rosters" / "targets.tsv", header=False)
    yield "firms", head, listed
    yield "strata", ("last_ticket", "kind"), rows(folder / "strata.tsv", header=False)


def drawn(folder: Path, task: str = "1") -> set[tuple[str, str]]:
    """Id and stratum of each target that was drawn at first, as the folder has it."""
    return {(row[0], row[1]) for row in rows(folder / "results" / f"{task}.selected.tsv") if row[-1] == "selected"}
