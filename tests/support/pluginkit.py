"""Installs plug-ins for a test: each is a distribution in a folder on ``sys.path``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

Install = Callable[..., None]

GOOD = """
class Dice:
    kind = "x-dice"
    def check_source(self, source): ...
    def check_value(self, source, value, evidence, *, suite, ceremony): ...
    def holder(self, source): return None
    def public_from(self, source): return None
    def outcomes(self, source): return 6
    def __init__(self): ...

class Systematic:
    name = "x-systematic"
    def allocate(self, task, sizes): ...
    def select(self, task, frame, key): ...

dice = Dice()
def make(): return Systematic()
nothing = object()
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    monkeypatch.syspath_prepend(str(tmp_path))

    def _install(group: str, entries: str, *, dist: str = "plug", module: str = "plug_mod", code: str = GOOD) -> None:
        monkeypatch.delitem(sys.modules, module, raising=False)
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{dist}-1.0.dist-info"
        info.mkdir(exist_ok=True)
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[dblrandom.{group}]\n{entries}\n")

    return _install
