"""The kind ``drand`` through the tests for plug-ins' authors, with recorded rounds of every scheme."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from dblrandom.beacons.drand import DrandBeacon, Round, evidence_of
from dblrandom.beacons.drandchain import ChainInfo
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.model import Source
from dblrandom.model.names import time_text
from dblrandom.testing import BeaconCase, BeaconConformance

RECORDED = json.loads((Path(__file__).parents[1] / "vectors" / "drand_rounds.json").read_text("utf-8"))


def case_of(recorded: dict[str, Any], suite: Suite = SHA256) -> BeaconCase:
    info = ChainInfo.from_json(RECORDED["chains"][recorded["chain"]]["info"], "chain")
    value, evidence = evidence_of(info, Round.from_json(recorded, "round"))
    source = Source(
        kind="drand",
        name="league",
        not_before=time_text(recorded["time_unix"]),
        terms={"chain": info.hash, "round": recorded["round"]},
    )
    return BeaconCase(source=source, value=value, evidence=evidence, suite=suite)


QUICKNET = [case_of(recorded) for recorded in RECORDED["rounds"] if recorded["chain"] == "quicknet"]


class TestQuicknet(BeaconConformance):
    beacon = DrandBeacon()
    cases = QUICKNET
    wrong = tuple(case.value for case in QUICKNET[1:])


class TestChainedAndUnknown(BeaconConformance):
    beacon = DrandBeacon()
    cases = tuple(case_of(recorded) for recorded in RECORDED["rounds"] if recorded["chain"] != "quicknet")
    wrong = (QUICKNET[0].value,)


class TestInTheOtherSuite(BeaconConformance):
    """A beacon's own hash stays SHA-256 whatever the ceremony's is."""

    beacon = DrandBeacon()
    cases = (case_of(RECORDED["rounds"][0], SM3),)
