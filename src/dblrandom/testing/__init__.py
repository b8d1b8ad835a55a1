"""Conformance tests that the author of a sampler, a beacon, an engine or a signer runs on a plug-in.

Subclass one of the four classes in a pytest module, say what to test, and run pytest. Only what is tested needs
pytest: importing this package does not import it.
"""

from __future__ import annotations

from dblrandom.testing.beacon import BeaconCase, BeaconConformance
from dblrandom.testing.engine import EngineConformance
from dblrandom.testing.sampler import SamplerConformance
from dblrandom.testing.signer import SignerConformance

__all__ = ["BeaconCase", "BeaconConformance", "EngineConformance", "SamplerConformance", "SignerConformance"]
