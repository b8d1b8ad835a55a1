"""The rules of entropy sources (docs/spec, section 3); the kinds that ship with the library are in ``BUILT_IN``."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dblrandom.beacons.base import Beacon
from dblrandom.beacons.drand import DrandBeacon
from dblrandom.beacons.hashchain import ChainSchedule, HashChainBeacon
from dblrandom.beacons.nist import NistBeacon
from dblrandom.beacons.public import PublicBeacon
from dblrandom.beacons.secret import SecretBeacon

__all__ = [
    "BUILT_IN",
    "Beacon",
    "ChainSchedule",
    "DrandBeacon",
    "HashChainBeacon",
    "NistBeacon",
    "PublicBeacon",
    "SecretBeacon",
]

BUILT_IN: Mapping[str, Beacon] = MappingProxyType(
    {b.kind: b for b in (DrandBeacon(), HashChainBeacon(), NistBeacon(), PublicBeacon(), SecretBeacon())}
)
"""The rules of the kinds that ship with the library, by kind."""
