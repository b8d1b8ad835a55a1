"""What the importer of small CSV files refuses in a field, the reader of large ones refuses as well."""

from __future__ import annotations

from pathlib import Path

import pytest

from dblrandom.adapters.engines.opening import open_roster
from dblrandom.errors import DblrandomError

pytest.importorskip("pyarrow")
pytest.importorskip("datafusion")

REFUSED = [
    "\ufeffa", "a\u200bb", "\u202eab", "=1+1", '"=""a"""', "#REF!", "#name?", "####", "Err:502", "a\ufffdb", "锟斤拷",
    "Ã©", " a", "a ", "e\u0301", "\u00a0a", "a\x85b",
]  # fmt: skip
TAKEN = ["", "a", "昆明", "-1", "+x", "@y", "a=b", "#1", "１２"]


@pytest.mark.parametrize("engine", ["memory", "datafusion"])
@pytest.mark.parametrize("field", TAKEN, ids=ascii)
def test_a_field_that_both_take(tmp_path: Path, engine: str, field: str) -> None:
    place = tmp_path / "t.csv"
    place.write_text(f"id,v\nb0,x\nb1,{field}\n", encoding="utf-8")
    assert open_roster(place, name="t", id="id", engine=engine).manifest.rows == 2


@pytest.mark.parametrize("field", REFUSED, ids=ascii)
def test_the_reader_of_large_files_refuses_it_too(tmp_path: Path, field: str) -> None:
    place = tmp_path / "t.csv"
    place.write_text(f"id,v\nb0,x\nb1,{field}\n", encoding="utf-8")
    with pytest.raises(DblrandomError):
        open_roster(place, name="t", id="id", engine="datafusion").manifest.rows  # noqa: B018
