"""Plug-ins are found through real entry points: each test installs a distribution into a folder on ``sys.path``."""

from __future__ import annotations

import copy
import pickle

import pytest
from pluginkit import Install, install  # noqa: F401

from dblrandom.adapters.plugins import BEACON_GROUP, SAMPLER_GROUP, Plugin, beacons, installed, load, samplers
from dblrandom.beacons.base import Beacon
from dblrandom.errors import InputError, PluginError
from dblrandom.sampling.samplers import Sampler


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
    assert load(BEACON_GROUP, "x-dice") is load(BEACON_GROUP, "x-dice")


@pytest.mark.parametrize("name", ["dice", "drand", "X-dice", "x-Dice", "x-d/ce", "x-" + "d" * 63])
def test_a_name_without_the_prefix_is_never_used(install: Install, name: str) -> None:
    """Otherwise an installed package could put itself in the place of a kind of the protocol."""
    install("beacons", f"{name} = plug_mod:Dice")
    assert beacons() == {}
    with pytest.raises(PluginError, match="of plug: its name must begin with x-"):
        load(BEACON_GROUP, name)
    (told,) = installed()
    assert told.trouble is not None


def test_two_of_one_name_are_refused_naming_both_where_one_is_asked(install: Install) -> None:
    install("beacons", "x-dice = plug_mod:Dice")
    install("beacons", "x-dice = plug_two:Dice", dist="second", module="plug_two")
    asked = beacons()["x-dice"]
    with pytest.raises(PluginError, match="of plug: is also offered by second"):
        asked.outcomes(None)  # type: ignore[arg-type]


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
def test_a_failure_is_one_line_naming_the_distribution_and_comes_when_it_is_asked(
    install: Install, code: str, part: str
) -> None:
    install("beacons", "x-dice = plug_mod:Dice", code=code)
    asked = beacons()["x-dice"]
    with pytest.raises(PluginError, match=f"beacon 'x-dice' of plug: cannot be loaded: {part}") as caught:
        asked.outcomes(None)  # type: ignore[arg-type]
    assert "\n" not in str(caught.value)
    assert (caught.value.code, caught.value.http_status) == ("plugin.broken", 500)


def test_what_is_no_beacon_is_refused(install: Install) -> None:
    install("beacons", "x-systematic = plug_mod:make")
    with pytest.raises(PluginError, match="of plug: is not a beacon"):
        load(BEACON_GROUP, "x-systematic")


def test_the_object_must_bear_the_name_of_its_entry_point(install: Install) -> None:
    install("beacons", "x-coin = plug_mod:Dice")
    with pytest.raises(PluginError, match="calls itself 'x-dice'"):
        load(BEACON_GROUP, "x-coin")


def test_what_is_not_installed_is_told_with_what_is(install: Install) -> None:
    install("samplers", "x-systematic = plug_mod:make")
    with pytest.raises(InputError, match="no sampler 'x-half' is installed; there are x-systematic") as caught:
        load(SAMPLER_GROUP, "x-half")
    assert caught.value.code == "plugin.unknown"


def test_each_plug_in_is_listed(install: Install) -> None:
    install("samplers", "x-systematic = plug_mod:make")
    assert installed() == (Plugin(kind="sampler", name="x-systematic", distribution="plug"),)


def test_a_plug_in_is_loaded_when_it_is_asked_and_travels_by_its_name(install: Install) -> None:
    install("beacons", "x-dice = plug_mod:Dice")
    beacon = beacons()["x-dice"]
    assert beacon.outcomes(None) == 6  # type: ignore[arg-type]
    for again in (pickle.loads(pickle.dumps(beacon)), copy.deepcopy(beacon)):
        assert again.kind == "x-dice"
        assert again.outcomes(None) == 6
