"""Conformance tests that the author of a sampler, a beacon or an engine runs on a plug-in.

Subclass one of the three classes in a pytest module, say what to test, and run pytest. Only what is tested needs
pytest: importing this package does not import it.
"""

from __future__ import annotations

from dblrandom.testing.beacon import BeaconCase, BeaconConformance
from dblrandom.testing.engine import EngineConformance
from dblrandom.testing.sampler import SamplerConformance

__all__ = ["BeaconCase", "BeaconConformance", "EngineConformance", "SamplerConformance"]
