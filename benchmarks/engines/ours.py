"""What the library's own steps cost."""

from __future__ import annotations

import hashlib
import importlib
import os
import random
from pathlib import Path
from typing import Any

import rows
from measuring import Times, measured

from dblrandom.adapters.engines.opening import open_roster
from dblrandom.assigning import Eligibility, assign
from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Declared
from dblrandom.evidence import suggested_trust, verify
from dblrandom.kernel.entropy import secret_digest
from dblrandom.kernel.signing import Ed25519Signer
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Filter, Plan, Population, Quota, Role, Scope, Source, Task, TeamRule
from dblrandom.roster import Roster, verify_presence
from dblrandom.sampling import MemoryFrame

KEY = "97b4f6f5bb7bc90b9c00e3126f360eec"
ENGINES = ("datafusion", "datafusion, one core", "memory")
COMMIT, THOUSAND, PERCENT, STRATA, PROVE, CHECK, VERIFY = LABELS = (
    "commit",
    "draw 1,000",
    "draw 1 %",
    "draw 20 of each stratum",
    "prove",
    "check proof",
    "verify all",
)


def steps(place: Path, engine: str) -> Times:
    """Commit to a roster, draw from it in three ways, prove one id, and verify a whole ceremony over it."""
    found: Times = {}
    with measured(found, COMMIT):
        roster = _open(place, engine)
    size = roster.manifest.rows
    for label, count, strata in ((THOUSAND, 1000, ()), (PERCENT, size // 100, ()), (STRATA, 20, ("district",))):
        with measured(found, label):
            _draw(roster, count, strata)
    with measured(found, PROVE):
        proof = roster.prove(rows.unit(size // 2))
    with measured(found, CHECK):
        verify_presence(SHA256, roster.manifest, proof)
    made, people = _ceremony(roster)
    with measured(found, VERIFY):
        rosters = {"targets": _open(place, engine), "inspectors": people}
        verify(made.envelopes, trust=suggested_trust(made.commitment), rosters=rosters)
    return found


def of_drawn(place: Path, count: int) -> Times:
    """Draw so many."""
    roster, found = _open(place, "datafusion"), Times()
    with measured(found, "draw"):
        _draw(roster, count, ())
    return found


def of_strata(place: Path) -> Times:
    """Draw one of each stratum."""
    roster, found = _open(place, "datafusion"), Times()
    with measured(found, "draw"):
        _draw(roster, 1, ("district",))
    return found


def of_slots(slots: int) -> Times:
    """Assign a thousand inspectors to teams of two, with recusals and a filter."""
    rng = random.Random(slots)
    people, targets = [f"I{n:05d}" for n in range(1000)], [rows.unit(n) for n in range(slots // 2)]
    roles = [Role("lead", Filter({"grade": ("leader", "senior")})), Role("member", Filter())]
    table = [(one, rng.choice(("leader", "senior", "officer"))) for one in people]
    recusals = [(f"r{n}", rng.choice(people), rng.choice(targets)) for n in range(slots // 5)]
    found = Times()
    with measured(found, "assign"):
        assign(SHA256, KEY, targets, roles, Eligibility.build(("id", "grade"), table, roles, recusals))
    return found


def _open(place: Path, engine: str) -> Any:
    if engine.endswith("one core"):
        os.sched_setaffinity(0, {min(os.sched_getaffinity(0))})
    engine = engine.partition(",")[0]
    importlib.import_module("dblrandom.adapters.engines.arrow")
    return open_roster(place, name="targets", id="id", engine=engine)


def _draw(roster: Any, count: int, strata: tuple[str, ...]) -> None:
    if isinstance(roster, Roster):
        frame: Any = MemoryFrame(SHA256, roster.columns, roster.lines, {}, strata, where="benchmark")
    else:
        frame = roster.frame({}, strata, where="benchmark")
    frame.lowest(KEY, {stratum: min(count, size) for stratum, size in frame.sizes().items()})


def _ceremony(roster: Any) -> tuple[Ceremony, Roster]:
    """A thousand targets drawn with a party's secret, each for one of a hundred inspectors."""
    people = Roster.build(SHA256, Population("inspectors", ("id",), tuple((f"I{n:04d}",) for n in range(100))))
    task = Task(
        id="1",
        title="synthetic",
        roster="targets",
        sampler="fixed-count",
        quota=Quota(count=min(1000, roster.manifest.rows), scope=Scope.FRAME),
        team=TeamRule(roster="inspectors", roles=(Role("lead"), Role("member"))),
    )
    plan = Plan(name="benchmark", title="synthetic", authority="synthetic", period="2024", tasks=(task,))
    made = Ceremony.open("benchmark", plan, [roster, people])
    key = Ed25519Signer.from_private_bytes(hashlib.sha256(b"benchmark").digest())
    secret = hashlib.sha256(b"benchmark secret").hexdigest()
    terms: dict[str, str | int] = {"keyid": key.keyid, "digest": secret_digest(SHA256, "benchmark", "own", secret)}
    public = "2024-03-02T00:00:00Z"
    made.commit(
        entropy=[Source(kind="secret", name="own", not_before=public, terms=terms)],
        signers=[Declared(role="organiser", public_key=key.public_key.hex())],
        deadlines=dict.fromkeys(("reveal", "draw"), "2024-03-03T00:00:00Z") | {"result": "2024-12-31T00:00:00Z"},
        time="2024-03-01T00:00:00Z",
        keys=[key],
    )
    made.reveal({"own": secret}, time=public, keys=[key])
    made.draw(time=public, keys=[key])
    return made, people
