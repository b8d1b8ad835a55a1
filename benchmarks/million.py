"""One million synthetic targets from roster to proof, in memory: `python benchmarks/million.py [rows] [--profile]`.

The targets to meet: one pass of about one hash for each row, less than 1 GB, a proof in milliseconds. Prints one JSON
object and then a table. With `--profile` it also says where the time of the draw goes.
"""

from __future__ import annotations

import cProfile
import hashlib
import json
import pstats
import resource
import statistics
import sys
import time
from collections.abc import Callable
from fractions import Fraction
from typing import Any

from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Declared
from dblrandom.evidence import check_target, suggested_trust, verify
from dblrandom.kernel.entropy import secret_digest
from dblrandom.kernel.signing import Ed25519Signer
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Plan, Population, Quota, Role, Scope, Source, Task, TeamRule
from dblrandom.roster import Roster, verify_presence

DISTRICTS = 14
PROOFS = 200
NOT_BEFORE = "2024-03-02T00:00:00Z"
DEADLINES = {"reveal": "2024-03-03T00:00:00Z", "draw": "2024-03-03T00:00:00Z", "result": "2024-12-31T00:00:00Z"}


class Counter:
    """Counts the calls of SHA-256, whoever makes them: a ceremony names its suite, so it cannot be given another."""

    def __init__(self) -> None:
        self.calls = 0
        self.tickets = 0
        object.__setattr__(SHA256, "hash", self._hash)

    def _hash(self, data: bytes) -> bytes:
        self.calls += 1
        # A target's ticket is hashed of key, colon and id; whatever else is hashed has a TAB or a LF.
        self.tickets += b"\t" not in data and b"\n" not in data
        return hashlib.sha256(data).digest()


def population(rows: int) -> Population:
    """Synthetic firms: an id of 18 characters, one of fourteen districts, one of four risk classes."""
    found = tuple((f"91530102HC{n:08d}", f"district-{n % DISTRICTS:02d}", "ABCD"[n * 7 % 4]) for n in range(rows))
    return Population("targets", ("id", "district", "risk"), found)


def plan() -> Plan:
    """Two in a thousand of each district, with a team of two."""
    task = Task(
        id="1",
        title="synthetic",
        roster="targets",
        sampler="stratified",
        strata=("district",),
        reserves=20,
        quota=Quota(ratio=Fraction(2, 1000), scope=Scope.STRATUM),
        team=TeamRule(roster="inspectors", roles=(Role("lead"), Role("member"))),
    )
    return Plan(name="million", title="synthetic", authority="synthetic", period="2024", tasks=(task,))


def memory() -> int:
    """The peak so far, in MB."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss // 1024


def main(rows: int, profile: bool) -> dict[str, Any]:
    figures: dict[str, Any] = {"rows": rows}
    counter = Counter()
    spent = 0

    def stage(name: str, act: Callable[[], Any]) -> Any:
        nonlocal spent
        start = time.perf_counter()
        found = act()
        figures[f"{name}_s"] = round(time.perf_counter() - start, 2)
        figures[f"{name}_hashes"] = counter.calls - spent
        figures[f"{name}_peak_mb"] = memory()
        spent = counter.calls
        return found

    given = [stage("population", lambda: population(rows))]
    roster = stage("roster", lambda: Roster.build(SHA256, given.pop()))
    people = Roster.build(SHA256, Population("inspectors", ("id",), tuple((f"I{n:04d}",) for n in range(400))))
    key = Ed25519Signer.from_private_bytes(hashlib.sha256(b"benchmark").digest())
    secret = hashlib.sha256(b"benchmark secret").hexdigest()
    made = Ceremony.open("million", plan(), [roster, people])
    terms = {"keyid": key.keyid, "digest": secret_digest(SHA256, "million", "own", secret)}
    source = Source(kind="secret", name="own", not_before=NOT_BEFORE, terms=terms)
    signers = [Declared(role="organiser", public_key=key.public_key.hex())]
    stage(
        "commit",
        lambda: made.commit(
            entropy=[source], signers=signers, deadlines=DEADLINES, time="2024-03-01T00:00:00Z", keys=[key]
        ),
    )
    made.reveal({"own": secret}, time=NOT_BEFORE, keys=[key])
    profiler = cProfile.Profile()
    if profile:
        profiler.enable()
    draw = stage("draw", lambda: made.draw(time=NOT_BEFORE, keys=[key]))
    profiler.disable()
    figures["draw_ticket_hashes_per_row"] = round(counter.tickets / rows, 3)
    trust, given_rosters = suggested_trust(made.commitment), {"targets": roster, "inspectors": people}
    stage("verify", lambda: verify(made.envelopes, trust=trust, rosters=given_rosters))
    figures["draw_slots"] = len(draw["1"].assignment.slots)
    figures["selected"] = len(draw["1"].selected)
    ids = [f"91530102HC{n * rows // PROOFS:08d}" for n in range(PROOFS)]
    makes, checks, firms = [], [], []
    for unit in ids:
        start = time.perf_counter()
        proof = roster.prove(unit)
        middle = time.perf_counter()
        verify_presence(SHA256, roster.manifest, proof)
        end = time.perf_counter()
        makes.append(middle - start)
        checks.append(end - middle)
    for unit in ids[:20]:
        proof = roster.prove(unit)
        start = time.perf_counter()
        check_target(made.envelopes, "1", unit, proof)
        firms.append(time.perf_counter() - start)
    for name, times in (("prove", makes), ("verify_proof", checks), ("check_firm", firms)):
        figures[f"{name}_median_ms"] = round(1000 * statistics.median(times), 3)
    figures["proof_bytes"] = len(json.dumps(roster.prove(ids[1]).to_json()))
    figures["peak_mb"] = memory()
    if profile:
        pstats.Stats(profiler).sort_stats("tottime").print_stats(14)
    return figures


if __name__ == "__main__":
    words = sys.argv[1:]
    counts = [int(word) for word in words if word.isdigit()]
    told = main(counts[0] if counts else 1_000_000, "--profile" in words)
    print(json.dumps(told, sort_keys=True))
    for name, value in told.items():
        print(f"{name:<24}{value:>14}")
