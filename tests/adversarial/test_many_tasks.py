"""Folders whose tasks and rosters are small each, and together would hold whoever verifies them for hours."""

from __future__ import annotations

from typing import Any

import attrs
import ceremonies as office
import pytest

from dblrandom.drawing import Commitment
from dblrandom.drawing.rowbudget import check_rows
from dblrandom.errors import PlanError, VerificationError
from dblrandom.evidence import Receipt, sign_payload, verify
from dblrandom.evidence.receipt import payload_bytes
from dblrandom.limits import TASK_ROWS


def sized(rows: int, tasks: int, **sizes: int) -> Commitment:
    """A commitment to rosters that have so many rows, whoever has them."""
    made = office.committed()
    manifests = {
        name: attrs.evolve(manifest, rows={"targets": rows, **sizes}.get(name, manifest.rows))
        for name, manifest in made.commitment.rosters.items()
    }
    plan = office.plan(*(office.task(f"{n}") for n in range(tasks)))
    return attrs.evolve(made.commitment, plan=plan, rosters=manifests)


def test_a_thousand_tasks_over_two_hundred_thousand_rows_are_refused_before_a_row_is_read() -> None:
    hostile = sized(200_000, 1_000)
    with pytest.raises(PlanError, match=r"1000 tasks go through 200016000 rows together.*several ceremonies"):
        hostile.check()
    payload = payload_bytes(
        "commitment", ceremony=office.NAME, sequence=1, previous=None, time=office.COMMITTED, body=hostile.to_json()
    )
    envelope = sign_payload(payload, office.keys(*office.SIGNERS))
    assert Receipt.parse(envelope).type == "commitment"
    with pytest.raises(VerificationError, match="go through") as caught:
        verify([envelope], trust=office.policy(witnesses=0))
    assert caught.value.check == "commitment"


@pytest.mark.parametrize("what", ["inspectors", "recusals"])
def test_rows_of_inspectors_and_recusals_count_as_well(what: str) -> None:
    with pytest.raises(PlanError, match="go through"):
        sized(10, 1_000, **{what: 200_000}).check()


def test_whoever_writes_refuses_what_readers_would(monkeypatch: pytest.MonkeyPatch) -> None:
    from dblrandom.drawing import rowbudget

    monkeypatch.setattr(rowbudget, "TASK_ROWS", 10)
    monkeypatch.setattr(rowbudget, "TASK_ROWS_PER_ROW", 1)
    with pytest.raises(PlanError, match="go through"):
        office.committed()


def test_few_tasks_over_many_rows_and_many_tasks_over_few_are_allowed() -> None:
    def go(**how: Any) -> None:
        made = sized(**how)
        check_rows(made.plan, made.rosters)

    go(rows=1 << 36, tasks=15)
    go(rows=60_000, tasks=1_000)
    most = TASK_ROWS // 8 - 2 * 8
    go(rows=most, tasks=8)
    with pytest.raises(PlanError):
        go(rows=most // 4 + 1000, tasks=33)
