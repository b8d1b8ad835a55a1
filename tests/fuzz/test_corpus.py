"""The kept inputs of the fuzzers are read again: nothing but the library's own errors comes out of any reader.

``fuzz/run.py`` makes them (see ``fuzz/targets.py`` for what each reader must do); here no fuzzer is needed. What a
fuzzer once found stays among them.
"""

from __future__ import annotations

import importlib.util
import sys
from pathlib import Path
from types import ModuleType

import pytest

pytest.importorskip("pyarrow")
pytest.importorskip("datafusion")

FUZZ = Path(__file__).parents[2] / "fuzz"
MOST_BYTES = 2 * 1024 * 1024


def targets() -> ModuleType:
    if "fuzz_targets" not in sys.modules:
        spec = importlib.util.spec_from_file_location("fuzz_targets", FUZZ / "targets.py")
        assert spec is not None
        assert spec.loader is not None
        sys.modules["fuzz_targets"] = module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
    return sys.modules["fuzz_targets"]


def readers() -> list[str]:
    return sorted(path.name for path in (FUZZ / "corpus").iterdir())


@pytest.mark.parametrize("name", readers())
def test_the_kept_inputs_let_nothing_else_out(name: str) -> None:
    for path in sorted((FUZZ / "corpus" / name).iterdir()):
        data = path.read_bytes()
        try:
            targets().replay(name, data)
        except BaseException as error:
            raise AssertionError(f"{name}: {path.name} lets out {type(error).__name__}: {error}") from error


@pytest.mark.parametrize("data", [b"", b"\0", b"\xff\xfe", b"{}", b"[]", b"\n\n", b"0" * 4096, b"-----BEGIN X-----\n"])
def test_every_reader_takes_anything(data: bytes) -> None:
    for name in targets().READERS:
        targets().replay(name, data)


def test_every_reader_has_kept_inputs_and_all_of_them_are_small() -> None:
    assert readers() == sorted(targets().READERS)
    files = [path for path in (FUZZ / "corpus").rglob("*") if path.is_file()]
    assert max(path.stat().st_size for path in files) <= 65_536
    assert sum(path.stat().st_size for path in files) < MOST_BYTES
