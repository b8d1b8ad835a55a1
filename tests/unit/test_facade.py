"""The ten names that most programs need, used as the quickstart uses them; the house rules check the list itself."""

from __future__ import annotations

import inspect
from pathlib import Path

import ceremonies as kit
import pytest

import dblrandom as dr
from dblrandom import errors


def test_every_public_name_is_documented_and_belongs_to_the_package() -> None:
    for name in dr.__all__:
        thing = getattr(dr, name)
        if inspect.isclass(thing) or inspect.isroutine(thing):
            assert thing.__module__.startswith("dblrandom."), name
            assert inspect.getdoc(thing), name


def test_nothing_that_is_not_listed_looks_public() -> None:
    modules = {
        "adapters",
        "assigning",
        "beacons",
        "ceremony",
        "cli",
        "drawing",
        "errors",
        "evidence",
        "examples",
        "kernel",
    }
    modules |= {"limits", "model", "roster", "sampling", "testing", "tlog", "annotations"}
    loose = {n for n in vars(dr) if not n.startswith("_")} - set(dr.__all__) - modules
    assert loose == set()


def test_every_error_has_one_root() -> None:
    found = [e for e in vars(dr).values() if inspect.isclass(e) and issubclass(e, Exception)]
    assert {e.__name__ for e in found} == {n for n in errors.__all__ if n not in ("CODES", "Branch", "Cause")}
    assert all(issubclass(e, dr.DblrandomError) for e in found)
    assert str(dr.InputError("x\ny", where="z")) == "z: x\\ny"
    with pytest.raises(dr.DblrandomError):
        raise dr.VerificationError("chain", "cut", where="receipt 3")


def test_a_ceremony_from_the_facade_alone(tmp_path: Path) -> None:
    organiser, party = (dr.Ed25519Signer.from_private_bytes(kit.h32(n)) for n in ("one", "two"))
    source, secret = dr.new_secret("c", "party", keyid=party.keyid, not_before=kit.PUBLIC)
    task = dr.Task(
        id="1",
        title="synthetic",
        roster="firms",
        sampler="fixed-count",
        quota=dr.Quota(count=2, scope=dr.Scope.FRAME),
        team=dr.TeamRule(roster="people", roles=(dr.Role("a"), dr.Role("b"))),
    )
    plan = dr.Plan(name="p", title="t", authority="a", period="2024", tasks=(task,))
    firms = dr.Population("firms", ("id",), tuple((f"F{n}",) for n in range(9)))
    people = dr.Population("people", ("id",), tuple((f"I{n}",) for n in range(4)))
    ceremony = dr.Ceremony.open("c", plan, [firms, people])
    ceremony.commit(
        entropy=[source],
        signers=[
            dr.Declared(role="organiser", public_key=organiser.public_key.hex()),
            dr.Declared(role="party", public_key=party.public_key.hex()),
        ],
        deadlines=kit.DEADLINES,
        time=kit.COMMITTED,
        keys=[organiser, party],
    )
    ceremony.reveal({"party": secret}, time=kit.PUBLIC, keys=[organiser])
    draw = ceremony.draw(time=kit.DRAWN, keys=[organiser])
    assert len(draw["1"].selected) == 2
    folder = dr.CeremonyFolder(tmp_path / "c")
    folder.create(ceremony, dr.suggested_trust(ceremony.commitment))
    report = dr.verify(
        ceremony.envelopes,
        trust=dr.suggested_trust(ceremony.commitment),
        rosters={**ceremony.rosters, **draw.rosters},
    )
    assert report.stage == folder.verify().stage == "drawn"
    assert {f for f, _ in report.findings} >= {dr.Finding.WITHHOLDING, dr.Finding.UNDATED}
