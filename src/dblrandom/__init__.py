"""Double random, one public (双随机、一公开): draws of whom to inspect, and of who inspects, that anyone can check.

The names here are the library's public face; the modules behind them are free to move. See the documentation for the
quickstart, the worked example, the protocol's specification and the threat model.

Importing this package imports no optional dependency.
"""

from __future__ import annotations

import logging as _logging

from dblrandom.adapters.clock import now
from dblrandom.adapters.engines.indexed import IndexedRoster
from dblrandom.adapters.engines.indexing import open_indexed, save_index
from dblrandom.adapters.engines.opening import open_roster
from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.keyfiles import make_key, read_public_key, read_signer, write_private_key, write_public_key
from dblrandom.adapters.network.fetching import fetch_value
from dblrandom.adapters.network.http import Client
from dblrandom.adapters.planfiles import load_plan, save_plan
from dblrandom.adapters.randomness import random_bytes
from dblrandom.adapters.signers import SignerPlugin, open_signer
from dblrandom.adapters.sources import chain_source, new_secret, secret_source
from dblrandom.adapters.tables import TableImport, import_csv, read_csv
from dblrandom.adapters.witnessmemory import HeldMemory
from dblrandom.beacons import Beacon
from dblrandom.beacons.drand import drand_source
from dblrandom.beacons.drandchain import ChainInfo, profile_named
from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Commitment, Declared, Draw, TaskDraw, Value
from dblrandom.errors import (
    CanonicalError,
    ConflictError,
    DblrandomError,
    EntropyError,
    FolderBusy,
    FolderConflict,
    FolderError,
    FolderMissing,
    FolderUnavailable,
    InputError,
    KeyFileError,
    MissingExtra,
    NetworkError,
    NotYetPublic,
    PlanError,
    PluginError,
    ReceiptError,
    RosterBusy,
    RosterChanged,
    RosterError,
    RosterUnavailable,
    SignerError,
    StepError,
    UnavailableError,
    VerificationError,
)
from dblrandom.evidence import (
    Authority,
    Check,
    Finding,
    InspectorCase,
    PinnedChain,
    Receipt,
    Report,
    Requirement,
    Status,
    TargetCase,
    TrustedEvent,
    TrustedKey,
    TrustedLog,
    TrustPolicy,
    WitnessMemory,
    check_inspector,
    check_target,
    schema,
    schemas,
    suggested_trust,
    verify,
)
from dblrandom.kernel.signing import Ed25519Signer, Signer
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.model import (
    AdministrativeLevel,
    InspectionMethod,
    Inspector,
    LegalBasis,
    Level,
    Plan,
    Population,
    Quota,
    Recusal,
    RecusalGround,
    RecusalOrigin,
    ResultCode,
    Role,
    Rounding,
    Scope,
    SelectedUnit,
    Selection,
    Source,
    StratumSelection,
    Task,
    Team,
    TeamRule,
    Track,
    Window,
)
from dblrandom.model.progress import Progress, reporting
from dblrandom.roster import Manifest, Proof, Roster, RosterLike, verify_absence, verify_presence
from dblrandom.sampling import Allocation, Frame, Sampler

_logging.getLogger("dblrandom").addHandler(_logging.NullHandler())

__version__ = "0.1.0"

__all__ = [
    "SHA256",
    "SM3",
    "AdministrativeLevel",
    "Allocation",
    "Authority",
    "Beacon",
    "CanonicalError",
    "Ceremony",
    "CeremonyFolder",
    "ChainInfo",
    "Check",
    "Client",
    "Commitment",
    "ConflictError",
    "DblrandomError",
    "Declared",
    "Draw",
    "Ed25519Signer",
    "EngineRoster",
    "EntropyError",
    "Finding",
    "FolderBusy",
    "FolderConflict",
    "FolderError",
    "FolderMissing",
    "FolderUnavailable",
    "Frame",
    "HeldMemory",
    "IndexedRoster",
    "InputError",
    "InspectionMethod",
    "Inspector",
    "InspectorCase",
    "KeyFileError",
    "LegalBasis",
    "Level",
    "Manifest",
    "MissingExtra",
    "NetworkError",
    "NotYetPublic",
    "PinnedChain",
    "Plan",
    "PlanError",
    "PluginError",
    "Population",
    "Progress",
    "Proof",
    "Quota",
    "Receipt",
    "ReceiptError",
    "Recusal",
    "RecusalGround",
    "RecusalOrigin",
    "Report",
    "Requirement",
    "ResultCode",
    "Role",
    "Roster",
    "RosterBusy",
    "RosterChanged",
    "RosterError",
    "RosterLike",
    "RosterUnavailable",
    "Rounding",
    "Sampler",
    "Scope",
    "SelectedUnit",
    "Selection",
    "Signer",
    "SignerError",
    "SignerPlugin",
    "Source",
    "Status",
    "StepError",
    "StratumSelection",
    "Suite",
    "TableImport",
    "TargetCase",
    "Task",
    "TaskDraw",
    "Team",
    "TeamRule",
    "Track",
    "TrustPolicy",
    "TrustedEvent",
    "TrustedKey",
    "TrustedLog",
    "UnavailableError",
    "Value",
    "VerificationError",
    "Window",
    "WitnessMemory",
    "chain_source",
    "check_inspector",
    "check_target",
    "drand_source",
    "fetch_value",
    "import_csv",
    "load_plan",
    "make_key",
    "new_secret",
    "now",
    "open_indexed",
    "open_roster",
    "open_signer",
    "profile_named",
    "random_bytes",
    "read_csv",
    "read_public_key",
    "read_signer",
    "reporting",
    "save_index",
    "save_plan",
    "schema",
    "schemas",
    "secret_source",
    "suggested_trust",
    "verify",
    "verify_absence",
    "verify_presence",
    "write_private_key",
    "write_public_key",
]
