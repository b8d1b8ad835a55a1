"""Lets every test import what stands in ``support`` (pytest's importlib mode puts no test folder on the path)."""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hypothesis import settings

sys.path.insert(0, str(Path(__file__).parent / "support"))

# A build must not depend on luck: there the same examples are tried each time, elsewhere new ones.
settings.register_profile("ci", derandomize=True, deadline=None)
if os.environ.get("CI"):
    settings.load_profile("ci")
