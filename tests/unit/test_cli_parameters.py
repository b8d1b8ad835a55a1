"""Types of options work with a click whose own type takes no parameter, as before its release 8.4."""

from __future__ import annotations

import importlib
from typing import Any

import click
import pytest

from dblrandom.cli import parameters


def test_a_type_of_options_needs_no_generic_click(monkeypatch: pytest.MonkeyPatch) -> None:
    class Plain:
        """As click 8.1 has it."""

    monkeypatch.setattr(click, "ParamType", Plain)
    try:
        base: Any = importlib.reload(parameters).ParamType
        assert issubclass(type("Mine", (base[str],), {}), Plain)
    finally:
        monkeypatch.undo()
        importlib.reload(parameters)
