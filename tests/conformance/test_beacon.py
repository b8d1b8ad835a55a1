"""The source kinds that ship with the library, and a third party's, through the tests for plug-ins' authors."""

from __future__ import annotations

import hashlib

import attrs
import ceremonies as kit
import pytest

from dblrandom.beacons import HashChainBeacon, SecretBeacon
from dblrandom.errors import EntropyError
from dblrandom.kernel.suite import SM3, Suite
from dblrandom.model import Json, Source
from dblrandom.testing import BeaconCase, BeaconConformance


class TestSecret(BeaconConformance):
    beacon = SecretBeacon()
    cases = (
        BeaconCase(source=kit.held(), value=kit.secret("discipline"), ceremony=kit.NAME),
        BeaconCase(source=kit.held(SM3), value=kit.secret("discipline"), ceremony=kit.NAME, suite=SM3),
    )
    wrong = (kit.secret("notary"), "0" * 64)


class TestHashChain(BeaconConformance):
    beacon = HashChainBeacon()
    cases = (
        BeaconCase(source=kit.chain(), value=kit.chain_value(3)),
        BeaconCase(source=kit.chain(step=1), value=kit.chain_value(1)),
        BeaconCase(source=kit.chain(SM3), value=kit.chain_value(3, SM3), suite=SM3),
    )
    wrong = (kit.chain_value(2), kit.chain_value(4), kit.chain_value(0))


class Newspaper:
    """A third party's kind: SHA-256 of a page that is published later, with the page as evidence."""

    kind = "x-newspaper"

    def check_source(self, source: Source) -> None:
        if source.kind != self.kind or set(source.terms) != {"title"} or not isinstance(source.terms["title"], str):
            raise EntropyError("a newspaper has a title and nothing else", where=f"source {source.name!r}")
        if not source.terms["title"].isascii() or not source.terms["title"]:
            raise EntropyError("a title is in ASCII", where=f"source {source.name!r}")

    def check_value(self, source: Source, value: str, evidence: Json, *, suite: Suite, ceremony: str) -> None:
        self.check_source(source)
        page = f"{source.terms['title']}: it rained"
        if evidence != page or hashlib.sha256(page.encode()).hexdigest() != value:
            raise EntropyError("that is not what the newspaper printed", where=f"source {source.name!r}")

    def outcomes(self, source: Source) -> int:
        return 2**64

    def holder(self, source: Source) -> str | None:
        return None

    def public_from(self, source: Source) -> str | None:
        return None


class TestNewspaper(BeaconConformance):
    beacon = Newspaper()
    cases = (
        BeaconCase(
            source=Source(kind="x-newspaper", name="n", not_before=kit.PUBLIC, terms={"title": "Daily"}),
            value=hashlib.sha256(b"Daily: it rained").hexdigest(),
            evidence="Daily: it rained",
        ),
    )
    wrong = ("0" * 64,)


class Credulous(Newspaper):
    """Wrong: it takes any value."""

    def check_value(self, source: Source, value: str, evidence: Json, *, suite: Suite, ceremony: str) -> None:
        self.check_source(source)


class Blank(Newspaper):
    """Wrong: it takes any declaration, of any kind."""

    def check_source(self, source: Source) -> None:
        return


class Leaking(Newspaper):
    """Wrong: it fails over evidence that it did not expect."""

    def check_value(self, source: Source, value: str, evidence: Json, *, suite: Suite, ceremony: str) -> None:
        assert isinstance(evidence, str)
        bytes.fromhex(value)
        super().check_value(source, value, evidence, suite=suite, ceremony=ceremony)


class Boundless(Newspaper):
    """Wrong: infinitely many outcomes."""

    def outcomes(self, source: Source) -> int:
        return float("inf")  # type: ignore[return-value]


class Owned(Newspaper):
    """Wrong: a holder who is no key."""

    def holder(self, source: Source) -> str | None:
        return "the editor"

    def public_from(self, source: Source) -> str | None:
        return None


def outcome(case: BeaconConformance) -> set[str]:
    """The tests that fail."""
    failed = set()
    for name in dir(case):
        if name.startswith("test_"):
            try:
                getattr(case, name)()
            except Exception:
                failed.add(name)
    return failed


@pytest.mark.parametrize("wrong", [Credulous, Blank, Leaking, Boundless, Owned])
def test_a_beacon_that_is_wrong_does_not_pass(wrong: type[Newspaper]) -> None:
    case = TestNewspaper()
    assert outcome(case) == set()
    case.beacon = wrong()
    assert outcome(case)


def test_a_case_that_is_wrong_does_not_pass() -> None:
    case = TestSecret()
    case.cases = (attrs.evolve(case.cases[0], value=kit.secret("notary")),)
    assert "test_sound_cases" in outcome(case)
