"""One plug-in that is broken stops only what names it."""

from __future__ import annotations

from pathlib import Path

import pytest
from commandline import run, said
from pluginkit import Install, install  # noqa: F401

BROKEN = "raise RuntimeError('half an upgrade')"


def broken(install: Install) -> None:
    install("beacons", "x-dice = plug_mod:Dice\ndrand = plug_mod:Dice", code=BROKEN)
    install("samplers", "x-half = plug_bad:Half", dist="second", module="plug_bad", code="import no_such_module")
    install("signers", "pkcs11 = plug_exit:Sign", dist="third", module="plug_exit", code="import sys; sys.exit(7)")
    install("samplers", "x-half = plug_bad:Half", dist="fourth", module="plug_bad", code="import no_such_module")


def test_commands_that_name_none_of_them_work(install: Install, tmp_path: Path) -> None:
    broken(install)
    run("demo", "kunming", "--out", tmp_path / "demo", "--rehearsal")
    run("verify", tmp_path / "demo")
    run("show", tmp_path / "demo")
    run("keygen", "--out", tmp_path / "k.pem")


def test_a_plan_that_names_one_gets_one_clear_error(install: Install, tmp_path: Path) -> None:
    broken(install)
    (tmp_path / "firms.csv").write_text("id\nF1\nF2\nF3\n")
    (tmp_path / "plan.toml").write_text(PLAN)
    given = ("plan", "check", tmp_path / "plan.toml", "--roster", f"firms={tmp_path}/firms.csv", "--id", "id")
    error = said(*given, code=2)["error"]
    assert error["code"] == "plugin.broken"
    assert "x-half" in error["message"]
    assert "is also offered by" in error["message"]


def test_a_key_of_one_gets_one_clear_error(install: Install, tmp_path: Path) -> None:
    broken(install)
    error = said("pubkey", "--key", "pkcs11:token=a", "--out", tmp_path / "p", code=2)["error"]
    assert (error["code"], error["type"]) == ("plugin.broken", "PluginError")
    assert "SystemExit" in error["message"]


def test_the_list_tells_of_all_of_them(install: Install) -> None:
    broken(install)
    found = {(p["kind"], p["name"], p["distribution"]): p["trouble"] for p in said("plugins")["plugins"]}
    assert "half an upgrade" in found["beacon", "x-dice", "plug"]
    assert "must begin with x-" in found["beacon", "drand", "plug"]
    assert "is also offered by" in found["sampler", "x-half", "second"]
    assert "SystemExit" in found["signer", "pkcs11", "third"]
    assert "cannot be loaded" in run("plugins").stdout


def test_nothing_is_installed_and_nothing_is_listed() -> None:
    assert said("plugins")["plugins"] == []


@pytest.mark.parametrize("name", ["drand", "nist", "secret", "hashchain", "public"])
def test_a_plug_in_cannot_take_the_place_of_a_kind_of_the_protocol(install: Install, name: str) -> None:
    from dblrandom.beacons import BUILT_IN
    from dblrandom.cli.places import beacons

    install("beacons", f"{name} = plug_mod:Dice", code=BROKEN)
    assert beacons()[name] is BUILT_IN[name]


PLAN = """
name = "p"
title = "synthetic plan"
authority = "synthetic authority"
period = "2024"

[[task]]
id = "1"
title = "synthetic"
roster = "firms"
sampler = "x-half"

[task.team]
roster = "firms"
reason = "nobody goes out"
"""
