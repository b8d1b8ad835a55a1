"""The source kinds that ship with the library, and a third party's, through the tests for plug-ins' authors."""

from __future__ import annotations

import hashlib

import attrs
import ceremonies as kit
import pytest
import timelocks as locks

from dblrandom.beacons import HashChainBeacon, SecretBeacon
from dblrandom.errors import EntropyError
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.model import Json, Source
from dblrandom.testing import BeaconCase, BeaconConformance


class TestSecret(BeaconConformance):
    beacon = SecretBeacon()
    cases = (
        BeaconCase(source=kit.held(), value=kit.secret("discipline"), ceremony=kit.NAME),
        BeaconCase(source=kit.held(SM3), value=kit.secret("discipline"), ceremony=kit.NAME, suite=SM3),
    )
    wrong = (kit.secret("notary"), "0" * 64)


class TestTimeLockedSecret(BeaconConformance):
    beacon = SecretBeacon()
    cases = (
        BeaconCase(
            source=locks.locked(), value=locks.SECRET, evidence=locks.evidence(), ceremony=locks.CEREMONY, suite=SHA256
        ),
    )
    wrong = ("0" * 64,)


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


class Foreseen(Newspaper):
    """Wrong: it knows when the value is public, and takes any other moment all the same."""

    def public_from(self, source: Source) -> str | None:
        return kit.PUBLIC


class Vague(Newspaper):
    """Wrong: a moment that is no time."""

    def public_from(self, source: Source) -> str | None:
        return "tomorrow"


class Unscheduled(Newspaper):
    """Wrong: it names another moment than the declaration that it has just accepted."""

    def public_from(self, source: Source) -> str | None:
        return "2031-01-01T00:00:00Z"


class Timeless:
    """Wrong: the protocol as it was, without ``public_from``."""

    kind = Newspaper.kind
    check_source = Newspaper.check_source
    check_value = Newspaper.check_value
    outcomes = Newspaper.outcomes
    holder = Newspaper.holder


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


class Weekly(Newspaper):
    """Sound: it appears at a fixed time, takes no other, and has an editor with a long id."""

    def check_source(self, source: Source) -> None:
        super().check_source(source)
        if source.not_before != kit.PUBLIC:
            raise EntropyError(f"it appears at {kit.PUBLIC}", where=f"source {source.name!r}")

    def holder(self, source: Source) -> str | None:
        return "0f" * 64

    def public_from(self, source: Source) -> str | None:
        return kit.PUBLIC


@pytest.mark.parametrize(
    ("wrong", "fails"),
    [
        (Credulous, "test_other_values_are_refused"),
        (Blank, "test_terms"),
        (Leaking, "test_odd_evidence"),
        (Boundless, "test_outcomes"),
        (Owned, "test_holder"),
        (Foreseen, "test_public_from"),
        (Vague, "test_public_from"),
        (Unscheduled, "test_public_from"),
        (Timeless, "test_kind"),
    ],
)
def test_a_beacon_that_is_wrong_does_not_pass(wrong: type[Newspaper], fails: str) -> None:
    case = TestNewspaper()
    assert outcome(case) == set()
    case.beacon = wrong()
    assert fails in outcome(case)


def test_a_beacon_with_a_schedule_passes() -> None:
    case = TestNewspaper()
    case.beacon = Weekly()
    assert outcome(case) == set()


def test_a_case_that_is_wrong_does_not_pass() -> None:
    case = TestSecret()
    case.cases = (attrs.evolve(case.cases[0], value=kit.secret("notary")),)
    assert "test_sound_cases" in outcome(case)
