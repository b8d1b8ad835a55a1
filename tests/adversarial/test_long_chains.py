"""A chain whose operator makes every copy cost files and hours."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from dblrandom import limits
from dblrandom.adapters.hashchains.store import extend_copy, init, read_pulse, tick, verify
from dblrandom.kernel.suite import suite_named


def test_one_call_adds_a_bounded_number_of_steps_and_the_next_goes_on(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    info = init(
        tmp_path / "c",
        length=9,
        genesis="2024-01-01T00:00:00Z",
        period=1,
        operator_keyid="ab" * 32,
        suite=suite_named("sha256"),
        seed32=b"s" * 32,
    )
    tick(tmp_path / "c", "2024-01-02T00:00:00Z")
    last = read_pulse(tmp_path / "c", 9)
    monkeypatch.setattr(limits, "COPIED_STEPS", 4)
    copy = tmp_path / "copy"
    assert extend_copy(copy, info, last) == (4, 4)
    assert len(os.listdir(copy / "pulses")) == 4
    assert verify(copy) == (info, 4)
    assert extend_copy(copy, info, last) == (4, 8)
    assert extend_copy(copy, info, last) == (1, 9)
    assert extend_copy(copy, info, last) == (0, 9)
    assert verify(copy) == (info, 9)
    assert limits.CHAIN_STEPS > 4
