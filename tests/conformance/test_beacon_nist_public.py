"""The kinds nist and public, through the tests for plug-ins' authors."""

from __future__ import annotations

from typing import Any

import nistkit as kit

from dblrandom.beacons.nist import NistBeacon
from dblrandom.beacons.public import PublicBeacon
from dblrandom.kernel.suite import SM3
from dblrandom.model import Source
from dblrandom.testing import BeaconCase, BeaconConformance


def pulse_case(name: str, before: str | None = None, **options: Any) -> BeaconCase:
    source, value, evidence = kit.recorded_case(name, before)
    return BeaconCase(source=source, value=value, evidence=evidence, **options)


class TestNist(BeaconConformance):
    beacon = NistBeacon()
    cases = (
        pulse_case("after"),
        pulse_case("after", "before"),
        pulse_case("before", suite=SM3),
        pulse_case("recent"),
    )
    wrong = (kit.pulse("before").output_value, "0" * 128)


def event(form: str, outcomes: int, value: str, cancelled: str = "void", **evidence: str) -> BeaconCase:
    terms: dict[str, str | int] = {"event": "synthetic", "form": form, "outcomes": outcomes, "cancelled": cancelled}
    source = Source(kind="public", name="event", not_before="2031-05-01T12:00:00Z", terms=terms)
    return BeaconCase(source=source, value=value, evidence={"report": "synthetic gazette", **evidence})


class TestPublic(BeaconConformance):
    beacon = PublicBeacon()
    cases = (
        event("numbers 6 of 1-33, 1 of 1-16", 17_721_088, "3 9 17 20 28 31 / 7"),
        event("digits 5", 1000, "03190"),
        event("text", 12, "AQUARIUS", "next", event="the next one"),
        event("decimal 2 places", 5000, "3251.40", "next"),
    )
    wrong = ("3 9 17 20 28 31 / 17", "9 3 17 20 28 31 / 7")
