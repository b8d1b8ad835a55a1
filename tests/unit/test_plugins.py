"""Plug-ins are found through real entry points: each test installs a distribution into a folder on ``sys.path``."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from dblrandom.adapters.plugins import beacons, samplers
from dblrandom.beacons.base import Beacon
from dblrandom.errors import InputError
from dblrandom.sampling.samplers import Sampler

Install = Callable[..., None]

GOOD = """
class Dice:
    kind = "x-dice"
    def check_source(self, source): ...
    def check_value(self, source, value, evidence, *, suite, ceremony): ...
    def holder(self, source): return None
    def public_from(self, source): return None
    def outcomes(self, source): return 6
    def __init__(self): ...

class Systematic:
    name = "x-systematic"
    def allocate(self, task, sizes): ...
    def select(self, task, frame, key): ...

dice = Dice()
def make(): return Systematic()
nothing = object()
"""


@pytest.fixture
def install(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Install:
    monkeypatch.syspath_prepend(str(tmp_path))

    def _install(group: str, entries: str, *, dist: str = "plug", module: str = "plug_mod", code: str = GOOD) -> None:
        monkeypatch.delitem(sys.modules, module, raising=False)
        (tmp_path / f"{module}.py").write_text(code)
        info = tmp_path / f"{dist}-1.0.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {dist}\nVersion: 1.0\n")
        (info / "entry_points.txt").write_text(f"[dblrandom.{group}]\n{entries}\n")

    return _install


def test_nothing_is_installed_by_default() -> None:
    assert samplers() == {}
    assert beacons() == {}


def test_instances_classes_and_functions_are_found(install: Install) -> None:
    install("beacons", "x-dice = plug_mod:Dice")
    install("samplers", "x-systematic = plug_mod:make", dist="other")
    (beacon,) = beacons().values()
    (sampler,) = samplers().values()
    assert isinstance(beacon, Beacon)
    assert beacon.kind == "x-dice"
    assert isinstance(sampler, Sampler)
    assert list(samplers()) == ["x-systematic"]


def test_an_instance_is_taken_as_it_is(install: Install) -> None:
    install("beacons", "x-dice = plug_mod:dice")
    assert beacons()["x-dice"] is beacons()["x-dice"]


@pytest.mark.parametrize("name", ["dice", "drand", "X-dice", "x-Dice", "x-d/ce", "x-" + "d" * 63])
def test_a_name_without_the_prefix_is_refused(install: Install, name: str) -> None:
    """Otherwise an installed package could put itself in the place of a kind of the protocol."""
    install("beacons", f"{name} = plug_mod:Dice")
    with pytest.raises(InputError, match="of plug: its name must begin with x-"):
        beacons()


def test_two_of_one_name_are_refused_naming_both(install: Install) -> None:
    install("beacons", "x-dice = plug_mod:Dice")
    install("beacons", "x-dice = plug_two:Dice", dist="second", module="plug_two")
    with pytest.raises(InputError, match="of second: is also offered by plug"):
        beacons()


@pytest.mark.parametrize(
    ("code", "part"),
    [
        ("raise RuntimeError('two\\nlines')", "RuntimeError"),
        ("import no_such_module_at_all", "ModuleNotFoundError"),
        ("import sys; sys.exit(3)", "SystemExit"),
        ("x = ", "SyntaxError"),
        ("", "AttributeError"),
        ("Dice = None", "TypeError"),
        ("def Dice(): raise KeyError('x')", "KeyError"),
        ("def Dice(required): ...", "TypeError"),
    ],
)
def test_a_failure_is_one_line_naming_the_distribution(install: Install, code: str, part: str) -> None:
    install("beacons", "x-dice = plug_mod:Dice", code=code)
    with pytest.raises(InputError, match=f"beacon 'x-dice' of plug: cannot be loaded: {part}") as caught:
        beacons()
    assert "\n" not in str(caught.value)


def test_what_is_no_beacon_is_refused(install: Install) -> None:
    install("beacons", "x-systematic = plug_mod:make")
    with pytest.raises(InputError, match="of plug: is not a beacon"):
        beacons()


def test_the_object_must_bear_the_name_of_its_entry_point(install: Install) -> None:
    install("beacons", "x-coin = plug_mod:Dice")
    with pytest.raises(InputError, match="calls itself 'x-dice'"):
        beacons()
