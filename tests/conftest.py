"""Lets every test import what stands in ``support`` (pytest's importlib mode puts no test folder on the path)."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent / "support"))

# A build must not depend on luck: there the same examples are tried each time, elsewhere new ones.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")


@pytest.fixture(autouse=True, scope="module")
def own_state(tmp_path_factory: pytest.TempPathFactory) -> Iterator[None]:
    """What commands note for their user goes to a folder of the tests, and never to the user's own."""
    with pytest.MonkeyPatch.context() as patch:
        state = str(tmp_path_factory.mktemp("state"))
        patch.setenv("XDG_STATE_HOME", state)
        patch.setenv("LOCALAPPDATA", state)
        yield


def pytest_terminal_summary(terminalreporter: Any) -> None:
    """With ``DBLRANDOM_NO_SKIPS`` a skipped test is a failure: there, every server has to be at hand."""
    skipped = terminalreporter.stats.get("skipped", [])
    if os.environ.get("DBLRANDOM_NO_SKIPS") and skipped:
        terminalreporter.write_line(f"{len(skipped)} skipped, and nothing may be: {skipped[0].longrepr}", red=True)
        raise pytest.exit.Exception("skipped tests", returncode=1)
