"""What checking each source, date and signature costs: `python benchmarks/beacons.py [runs]`.

Each is checked offline as a verifier does it, several times (11 unless told otherwise), and the median is told in
milliseconds; then a whole ceremony that has all of them. Rounds and pulses are recorded ones, all else is synthetic.
Prints one JSON object and then a table. It needs the extras `drand`, the kits in `tests/support`, and for SM2 the
command `openssl`.
"""

from __future__ import annotations

import hashlib
import json
import statistics
import sys
import time
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1] / "tests" / "support"))

import authority
import ceremonies as kit
import outside
from outside import Known

from dblrandom.adapters.sm2 import Sm2, Sm2Signer
from dblrandom.beacons import BUILT_IN
from dblrandom.ceremony import Ceremony
from dblrandom.drawing.revealing import Value
from dblrandom.errors import MissingExtra
from dblrandom.evidence import Requirement
from dblrandom.kernel.dsse import PAYLOAD_TYPE, pae
from dblrandom.kernel.entropy import chain_ahead
from dblrandom.kernel.mldsa import MlDsa44, MlDsa44Signer
from dblrandom.kernel.signing import verify_ed25519
from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.timestamps import check_token
from dblrandom.model import Source
from dblrandom.tlog import LogEntry, verify_proof

RUNS = 11
SPAN = (datetime(2018, 1, 1, tzinfo=UTC), datetime(2048, 1, 1, tzinfo=UTC))
ROUNDS = (("quicknet", outside.LAST), ("default", 3311596), ("fastnet", 100000), ("testnet-unchained-3s", 1000000))
PULSE = outside.nist()
START = outside.later(PULSE.source.not_before, -outside.DAY)
STAMPED = outside.later(START, 600)


def chain(steps: int, not_before: str = kit.PUBLIC) -> Known:
    """A value from which so many steps lead to the tip."""
    value = kit.h32("chain of a benchmark")
    terms: dict[str, str | int] = {
        "tip": chain_ahead(SHA256, value, steps).hex(),
        "step": steps,
        "operator": kit.key("notary").keyid,
    }
    return Known(Source(kind="hashchain", name="chain", not_before=not_before, terms=terms), Value(value.hex()))


def dice(name: str = "dice") -> Known:
    """Twenty synthetic dice."""
    text = " ".join("314156265335"[n % 12] for n in range(20))
    return outside.public(text, name=name, form="dice 20", outcomes=6**20, event=f"synthetic {name}")


def median(act: Callable[[], Any], runs: int) -> float:
    """In milliseconds, after one run that is not counted."""
    act()
    times = []
    for _ in range(runs):
        begin = time.perf_counter()
        act()
        times.append(time.perf_counter() - begin)
    return round(1000 * statistics.median(times), 3)


def checking(known: Known) -> Callable[[], None]:
    beacon = BUILT_IN[known.source.kind]
    value, evidence = known.value.value, known.value.evidence
    return lambda: beacon.check_value(known.source, value, evidence, suite=SHA256, ceremony=kit.NAME)


def sources(runs: int) -> dict[str, float]:
    figures = {}
    for network, number in ROUNDS:
        scheme = outside.chain_info(network).scheme
        figures[f"drand {scheme}"] = median(checking(outside.drand(network, number)), runs)
    figures["nist"] = median(checking(PULSE), runs)
    figures["public"] = median(checking(dice()), runs)
    figures["hashchain, 10^3 steps"] = median(checking(chain(1000)), runs)
    figures["hashchain, 10^6 steps"] = median(checking(chain(1_000_000)), min(runs, 3))
    figures["secret"] = median(checking(outside.secret()), runs)
    figures["secret, its time-lock opened"] = median(checking(outside.lock()), runs)
    return figures


def dates(runs: int, payload: bytes) -> dict[str, float]:
    figures = {}
    imprint = hashlib.sha256(payload).digest()
    for kind in ("ec", "rsa"):
        links = authority.chain(f"benchmark {kind}", kind, span=SPAN)
        token = authority.forged(links.leaf, imprint)
        ders, root = links.ders, links.root.der
        figures[f"time stamp, {kind}, 3 certificates"] = median(
            lambda token=token, ders=ders, root=root: check_token(  # type: ignore[misc]
                token, certificates=ders, roots=[root], imprint=imprint
            ),
            runs,
        )
    text, entry = outside.proof(payload, w1=STAMPED, w2=STAMPED), LogEntry.of_payload(payload, SHA256).data
    keys = [outside.cosigner("w1"), outside.cosigner("w2")]
    figures["log proof, 2 cosignatures"] = median(
        lambda: verify_proof(text, entry=entry, log_vkey=outside.log_key(), witness_vkeys=keys, threshold=2), runs
    )
    return figures


def national() -> Any:
    """A signer by SM2, or ``None`` where OpenSSL has none."""
    try:
        return Sm2Signer.generate()
    except MissingExtra:
        return None


def signatures(runs: int, payload: bytes, quantum: MlDsa44Signer, sm2: Any) -> dict[str, float]:
    message, first = pae(PAYLOAD_TYPE, payload), kit.key("organiser")
    one, two = first.sign(message), quantum.sign(message)
    figures = {
        "ed25519": median(lambda: verify_ed25519(first.public_key, one, message), runs),
        "ml-dsa-44": median(lambda: MlDsa44().verify(quantum.public_key, two, message), runs),
    }
    if sm2 is not None:
        three = sm2.sign(message)
        figures["sm2, by the openssl command"] = median(lambda: Sm2().verify(sm2.public_key, three, message), runs)
    return figures


def ceremony(quantum: MlDsa44Signer, sm2: Any) -> Ceremony:
    """One ceremony with every kind of source, date and signature, from 2018 to 2025."""
    seconds = [key for key in (quantum, sm2) if key is not None]
    last = outside.drand().source.not_before
    given = [
        PULSE,
        outside.drand(number=outside.BEFORE, name="quicknet"),
        outside.drand("default", 3311596, name="default"),
        *(outside.drand(*network, name=f"net-{n}") for n, network in enumerate(ROUNDS[2:])),
        outside.public(at=last),
        chain(1000, last),
        outside.lock(),
        Known(kit.held(name="second", not_before=last), Value(kit.secret("second"))),
    ]
    links = authority.chain("benchmark ec", span=SPAN)
    asked = (Requirement("organiser", 1), *(Requirement("organiser", 1, algorithm=k.algorithm) for k in seconds))
    trust = kit.policy(
        also=[outside.second_key(key, "organiser", "organiser") for key in seconds],
        require=dict.fromkeys(("commitment", "reveal", "draw"), asked),
        authorities=(outside.trusted(links),),
        logs=(outside.trusted_log("w1", "w2", threshold=2),),
        networks=tuple(outside.chain_info(network).hash for network, _ in ROUNDS[2:]),
        witnesses=4,
    )
    declared = [outside.second_declared(key, "organiser") for key in seconds]
    made = outside.committed(*given, trust=trust, also=declared, seconds=seconds, start=START)
    payload = made.receipts[0].payload
    token = outside.stamp(payload, links, when=outside.at(STAMPED))
    text = outside.proof(payload, w1=STAMPED, w2=STAMPED)
    made.witness(time=STAMPED, keys=kit.keys("organiser"), tokens=[token], logged=text)
    secret = {"second": kit.secret("second")}
    made.witness(time=outside.later(START, 3600), keys=kit.keys("notary"), disclosed=secret)
    return outside.finished(made, *given, seconds=seconds)


def main(runs: int) -> dict[str, float]:
    quantum, sm2 = MlDsa44Signer.from_private_bytes(kit.h32("second key of a benchmark")), national()
    made = ceremony(quantum, sm2)
    report = outside.judged(made, schemes={"sm2": Sm2()})
    if report.stage != "drawn" or report.findings:
        raise SystemExit(f"the ceremony is not sound: {report.findings}")
    payload = made.receipts[0].payload
    figures = sources(runs) | dates(runs, payload) | signatures(runs, payload, quantum, sm2)
    everything = {"schemes": {"sm2": Sm2()}, "rosters": kit.all_rosters(made)}
    figures["ceremony with all of them"] = median(lambda: outside.judged(made, **everything), runs)
    plain = outside.drawn(outside.drand())
    rosters = kit.all_rosters(plain)
    figures["ceremony with one quicknet round"] = median(lambda: outside.judged(plain, rosters=rosters), runs)
    return figures


if __name__ == "__main__":
    words = [word for word in sys.argv[1:] if word.isdigit()]
    told = main(int(words[0]) if words else RUNS)
    print(json.dumps(told, sort_keys=True))
    for name, value in told.items():
        print(f"{name:<36}{value:>12.3f} ms")
