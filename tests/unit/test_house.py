"""The rules of the house that no type checker or linter knows: what each floor may touch, and what no file may say.

They are read from the source of the installed package, so they hold for what is shipped. Each scanner is also run on
a piece of source that breaks its rule, since a scanner that finds nothing anywhere would pass too.
"""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

import dblrandom

PACKAGE = Path(dblrandom.__file__).parent
TREE = Path(__file__).parents[2]
CORE = ("errors", "model", "kernel", "roster", "sampling", "assigning", "beacons", "tlog", "drawing", "evidence")
CORE += ("ceremony",)

PURE = frozenset(
    """
    __future__ abc array base64 binascii bisect calendar collections contextlib contextvars copy copyreg dataclasses
    datetime difflib enum fractions functools hashlib heapq hmac itertools json math operator re string struct textwrap
    tomllib types typing unicodedata
    """.split()
)
"""The parts of the standard library that the core may import: none of them reaches the world by itself."""

THIRD_PARTY = frozenset({"attr", "attrs", "dblrandom", "typing_extensions"})
WORLDLY_CALLS = frozenset({"open", "input", "print", "__import__", "eval", "exec", "breakpoint"})
CLOCK_CALLS = frozenset({"now", "utcnow", "today", "fromtimestamp"})


def modules(*tops: str) -> list[Path]:
    found: list[Path] = []
    for top in tops:
        found += [*PACKAGE.glob(f"{top}.py"), *(PACKAGE / top).rglob("*.py")]
    return sorted(found)


def name_of(path: Path) -> str:
    return path.relative_to(PACKAGE).as_posix()


def imported(tree: ast.AST) -> Iterator[str]:
    for node in ast.walk(tree):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and not node.level:
            yield node.module or ""


def impurities(source: str, *, kernel: bool) -> list[str]:
    """What a core module does that a core module must not do; the kernel also loads optional libraries, when asked."""
    tree = ast.parse(source)
    allowed = PURE | THIRD_PARTY | ({"cryptography", "importlib"} if kernel else set())
    found = [f"imports {name}" for name in imported(tree) if name.partition(".")[0] not in allowed]
    for node in ast.walk(tree):
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Name) and node.func.id in WORLDLY_CALLS:
                found.append(f"calls {node.func.id}() on line {node.lineno}")
            if isinstance(node.func, ast.Attribute) and node.func.attr in CLOCK_CALLS:
                found.append(f"calls .{node.func.attr}() on line {node.lineno}")
        if isinstance(node, ast.Assert):
            found.append(f"asserts on line {node.lineno}")
    return found


@pytest.mark.parametrize("path", modules(*CORE), ids=name_of)
def test_core_does_not_touch_the_world(path: Path) -> None:
    kernel = "kernel" in path.relative_to(PACKAGE).parts
    assert impurities(path.read_text(encoding="utf-8"), kernel=kernel) == []


@pytest.mark.parametrize(
    "source",
    [
        "import os",
        "import os.path",
        "from pathlib import Path",
        "import io",
        "import time",
        "import secrets",
        "import random",
        "import socket",
        "from urllib.request import urlopen",
        "import subprocess",
        "import tempfile",
        "import click",
        "from cryptography.hazmat.primitives import hashes",
        "open('x')",
        "import datetime\ndatetime.datetime.now()",
        "def f():\n    from os import environ",
        "assert True",
    ],
)
def test_scanner_sees_impurity(source: str) -> None:
    assert impurities(source, kernel=False)


def test_scanner_lets_the_kernel_use_cryptography() -> None:
    source = "from cryptography.hazmat.primitives import hashes"
    assert impurities(source, kernel=True) == []


def test_core_is_all_there() -> None:
    """A renamed package would otherwise leave the scan without anybody noticing."""
    missing = [top for top in CORE if not modules(top)]
    assert missing == []


def loaded_by(statement: str) -> set[str]:
    code = f"import sys\n{statement}\nprint('\\n'.join(sys.modules))"
    run = subprocess.run([sys.executable, "-I", "-c", code], capture_output=True, text=True, check=True)
    return {name.partition(".")[0] for name in run.stdout.split()}


def test_import_needs_no_extra() -> None:
    added = loaded_by("import dblrandom") - loaded_by("pass") - sys.stdlib_module_names
    assert added <= THIRD_PARTY | {"cryptography", "_cffi_backend", "_openssl", "cffi"}


def sort_key(name: str) -> tuple[int, str]:
    """Constants, then classes, then the rest: the order that ruff's RUF022 gives ``__all__``."""
    kind = 0 if name.isupper() and len(name) > 1 else 1 if name[:1].isupper() else 2
    return kind, name


def test_facade_is_sorted_and_complete() -> None:
    names = list(dblrandom.__all__)
    assert names
    assert names == sorted(set(names), key=sort_key)
    missing = [name for name in names if not hasattr(dblrandom, name)]
    assert missing == []


def test_no_module_has_grown_too_long() -> None:
    lengths = {name_of(p): len(p.read_text(encoding="utf-8").splitlines()) for p in PACKAGE.rglob("*.py")}
    assert {name: length for name, length in lengths.items() if length > 400} == {}


# The brackets keep this line from being found by itself.
UNWANTED = re.compile(
    r"/wor[k]/|/tm[p]/|\bpyp[i]\b|\bcrates\.i[o]\b|\bnpmj[s]\b|\bsessio[n]s?\b|\bissue\s+#?[0-9]|TODO-LEA[D]|\bFIXM[E]\b",
    re.IGNORECASE,
)


def published() -> list[Path]:
    if not (TREE / "pyproject.toml").is_file():
        return []
    folders = [p for top in ("src", "docs", "examples", "benchmarks", "tests", ".ci") for p in (TREE / top).rglob("*")]
    wanted = [p for p in (*TREE.glob("*.md"), TREE / "pyproject.toml", *folders) if p.is_file()]
    return sorted(
        p
        for p in wanted
        if not {"__pycache__", "_build"} & set(p.parts) and p.suffix in {".md", ".py", ".toml", ".txt", ".svg", ""}
    )


def test_no_unwanted_words() -> None:
    found = [
        f"{path.relative_to(TREE)}:{number}: {line.strip()[:80]}"
        for path in published()
        for number, line in enumerate(path.read_text(encoding="utf-8").splitlines(), 1)
        if UNWANTED.search(line)
    ]
    assert found == []


def test_scanner_sees_unwanted_words() -> None:
    assert UNWANTED.search("see /wor" + "k/x")
    assert UNWANTED.search("see Issue " + "#12")
    assert not UNWANTED.search("the work of a possession at /workshop")


def test_every_module_has_its_place_in_the_api_pages() -> None:
    """A public module that no page under docs/api lists would be missing from the documentation without a warning."""
    pages = "\n".join(p.read_text(encoding="utf-8") for p in (TREE / "docs" / "api").glob("*.md"))
    listed = set(re.findall(r"automodule:: ([\w.]+)", pages))
    public = set()
    for path in PACKAGE.rglob("*.py"):
        parts = path.relative_to(PACKAGE).with_suffix("").parts
        if parts[0] != "cli" and path.name != "__init__.py" and not any(p.startswith("_") for p in parts):
            public.add(".".join(("dblrandom", *parts)))
    assert public - listed == set(), "add an automodule directive for each of these to a page in docs/api"
    assert {
        name for name in listed - public if not (PACKAGE / Path(*name.split(".")[1:]) / "__init__.py").is_file()
    } == set()
