"""Numbers that Python's own conversion refuses or mistakes, where ids are taken for what a spreadsheet rounded."""

from __future__ import annotations

from pathlib import Path

import pytest

from dblrandom.adapters.tables import read_csv
from dblrandom.errors import RosterError


@pytest.mark.parametrize("unit_id", ["\u00b2" * 17, "9" * 200, "9" * 5000, "\uff11" * 40])
def test_an_id_of_odd_or_many_digits_that_stands_twice_is_told_as_what_it_is(tmp_path: Path, unit_id: str) -> None:
    path = tmp_path / "targets.csv"
    path.write_text(f"id,x\n{unit_id},1\n{unit_id},2\n", encoding="utf-8")
    with pytest.raises(RosterError) as caught:
        read_csv(path, id="id", name="targets")
    assert "path" not in str(caught.value)
