from __future__ import annotations

import ceremonies as kit
import pytest

from dblrandom.errors import PlanError, VerificationError
from dblrandom.evidence.report import Check, Finding, Notes, Report, Status, failing
from dblrandom.kernel.canonical import decode, encode


def test_what_was_skipped_is_never_among_what_passed() -> None:
    notes = Notes()
    notes.passed("a", "x", "did")
    notes.skipped("b", "y", "why")
    notes.found(Finding.LATE, "z")
    report = Report(
        ceremony="c", stage="drawn", head="0" * 64, checks=tuple(notes.checks), findings=tuple(notes.findings)
    )
    assert report.passed == (Check("a", "x", Status.PASSED, "did"),)
    assert report.not_checked == (Check("b", "y", Status.NOT_CHECKED, "why"),)
    assert report.findings == ((Finding.LATE, "z"),)


def test_it_is_json() -> None:
    report = kit.report_on(kit.drawn(), rosters={})
    told = report.to_json()
    assert decode(encode(told)) == told
    assert told["stage"] == "drawn"
    assert {c["status"] for c in told["checks"]} == {"passed", "not checked"}  # type: ignore[union-attr,index,call-overload]


def test_every_error_within_is_a_failed_check() -> None:
    with pytest.raises(VerificationError, match="draw: here: x: wrong") as caught, failing("draw", "here"):
        raise PlanError("wrong", where="x")
    assert isinstance(caught.value.__cause__, PlanError)
    inner = VerificationError("chain", "cut")
    with pytest.raises(VerificationError) as same, failing("draw"):
        raise inner
    assert same.value is inner


def test_a_mistake_of_the_program_is_not_dressed_up_as_a_verdict() -> None:
    with pytest.raises(ZeroDivisionError), failing("draw"):
        raise ZeroDivisionError
