"""Every value of the library can be pickled and copied; what cannot says so in one line."""

from __future__ import annotations

import collections.abc
import copy
import importlib
import inspect
import pickle
import pkgutil
import sqlite3
from concurrent.futures import ProcessPoolExecutor
from enum import Enum
from fractions import Fraction
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from types import MappingProxyType, ModuleType
from typing import Any

import attrs
import ceremonies as kit
import pytest

import dblrandom as dr
from dblrandom.adapters.engines.opening import open_roster
from dblrandom.adapters.plugins import LazyBeacon, LazySampler
from dblrandom.adapters.sm2 import Sm2Signer
from dblrandom.errors import DblrandomError
from dblrandom.kernel.mldsa import MlDsa44Signer
from dblrandom.kernel.suite import SHA256
from dblrandom.model.portable import Bound

PROTOCOLS = range(pickle.HIGHEST_PROTOCOL + 1)


def modules() -> list[ModuleType]:
    names = [m.name for m in pkgutil.walk_packages(dr.__path__, "dblrandom.")]
    skipped = ("dblrandom.cli", "dblrandom.__main__", "dblrandom.testing")
    return [importlib.import_module(n) for n in names if not n.startswith(skipped) and "._" not in n]


def public_classes() -> list[type]:
    found = [c for m in modules() for c in vars(m).values() if inspect.isclass(c) and c.__module__ == m.__name__]
    return [c for c in found if not c.__name__.startswith("_") and not getattr(c, "_is_protocol", False)]


VALUES = [c for c in public_classes() if attrs.has(c) and not issubclass(c, Bound)]
TUPLES = [c for c in public_classes() if issubclass(c, tuple) and hasattr(c, "_fields")]
OWN_WAY = {"LazyBeacon", "LazySampler", "RsaCertificate"}
"""Values that are made again from one of their fields; they have tests of their own."""


def filler(field: attrs.Attribute[Any]) -> object:
    """Something that a field of this type can hold, as awkward to pickle as it gets."""
    text = str(field.type)
    if "Mapping" in text or "ReadOnly" in text or "Json" in text or "dict" in text:
        return MappingProxyType({"a": MappingProxyType({"b": (Fraction(1, 3), b"\x00")})})
    if "Callable" in text:
        return len
    return ("x", 1, None, b"\xff")


def blank(kind: type) -> Any:
    """An instance whose fields are filled without the class's own checks, which have nothing to do with pickling."""
    made = object.__new__(kind)
    for field in attrs.fields(kind):
        object.__setattr__(made, field.name, filler(field))
    return made


def content(value: object) -> object:
    """A value field by field, also where its class compares by identity."""
    if attrs.has(type(value)):
        return type(value), {f.name: content(getattr(value, f.name)) for f in attrs.fields(type(value))}
    if isinstance(value, collections.abc.Mapping):
        return type(value), {k: content(v) for k, v in value.items()}
    if isinstance(value, list | tuple):
        return type(value), [content(v) for v in value]
    if isinstance(value, frozenset | set):
        return type(value), value
    if type(value).__module__.startswith("dblrandom.") and not isinstance(value, Enum) and hasattr(value, "__dict__"):
        return type(value), {k: content(v) for k, v in vars(value).items()}
    return value


def check_round_trips(value: Any) -> None:
    for protocol in PROTOCOLS:
        assert content(pickle.loads(pickle.dumps(value, protocol))) == content(value)
    if attrs.has(type(value)) and type(value).__eq__ is not object.__eq__:
        assert pickle.loads(pickle.dumps(value)) == value == copy.deepcopy(value)
    assert content(copy.deepcopy(value)) == content(value)
    assert content(copy.copy(value)) == content(value)


def test_the_walk_finds_the_classes() -> None:
    names = {c.__name__ for c in VALUES}
    assert {"Commitment", "TaskDraw", "Receipt", "Report", "Roster", "Plan", "TrustPolicy", "Declared"} <= names
    assert len(VALUES) > 90
    unlisted = [c.__name__ for c in public_classes() if c.__name__ in dr.__all__ and c not in VALUES]
    rest = {"Ceremony", "CeremonyFolder", "Ed25519Signer", "EngineRoster", "HeldMemory", "IndexedRoster"}
    assert {n for n in unlisted if not issubclass(getattr(dr, n), Exception | Enum | collections.abc.Mapping)} <= rest


@pytest.mark.parametrize("kind", [c for c in VALUES if c.__name__ not in OWN_WAY], ids=lambda c: c.__qualname__)
def test_each_class_of_values(kind: type) -> None:
    check_round_trips(blank(kind))


@pytest.mark.parametrize("kind", TUPLES, ids=lambda c: c.__qualname__)
def test_each_named_tuple(kind: Any) -> None:
    check_round_trips(kind(*range(len(kind._fields))))


@cache
def finished() -> dr.Ceremony:
    return kit.drawn()


def samples() -> dict[str, Any]:
    ceremony = finished()
    trust = dr.suggested_trust(ceremony.commitment)
    report = dr.verify(ceremony.envelopes, trust=trust, rosters={**ceremony.rosters, **ceremony.drawn.rosters})
    found: dict[str, Any] = {"ceremony": ceremony, "trust": trust, "report": report, "draw": ceremony.drawn}
    found["commitment"] = ceremony.commitment
    found |= {f"receipt {r.sequence}": r for r in ceremony.receipts}
    found |= {f"roster {n}": r for n, r in ceremony.rosters.items()}
    found |= {"plan": ceremony.commitment.plan, "population": kit.targets(), "standing": ceremony.standing}
    found |= {"memory": dr.WitnessMemory(), "proof": ceremony.rosters["targets"].prove("F001"), "suite": dr.SM3}
    return found


@pytest.mark.parametrize("name", list(samples()))
def test_real_values(name: str) -> None:
    check_round_trips(samples()[name])


@pytest.mark.parametrize("kind", [LazyBeacon, LazySampler])
def test_a_plug_in_is_loaded_again_where_it_arrives(kind: Any) -> None:
    loaded = kind("x-synthetic", object())
    for again in (pickle.loads(pickle.dumps(loaded)), copy.deepcopy(loaded)):
        assert type(again) is kind
        assert content(again) == content(kind("x-synthetic"))


def test_a_ceremony_goes_on_where_it_was_unpickled() -> None:
    again = pickle.loads(pickle.dumps(finished()))
    assert again.envelopes == finished().envelopes
    assert again.drawn["1"].selected == finished().drawn["1"].selected
    again.result(
        "1", {u.id: ["no-problem"] for u in again.drawn["1"].selected}, time=kit.AFTER, keys=kit.keys("organiser")
    )
    assert len(again.receipts) == len(finished().receipts) + 1


def test_what_is_read_only_stays_read_only() -> None:
    for again in (pickle.loads(pickle.dumps(finished().commitment)), copy.deepcopy(finished().commitment)):
        assert type(again.rosters) is MappingProxyType
        with pytest.raises(TypeError):
            again.rosters["targets"] = None
        with pytest.raises(attrs.exceptions.FrozenInstanceError):
            again.plan = None


def test_a_failed_verification_comes_back_from_another_process() -> None:
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        failed = pool.submit(dr.verify, [], trust=dr.suggested_trust(finished().commitment)).exception(timeout=120)
        assert isinstance(failed, DblrandomError)
        drawn = pool.submit(dr.suggested_trust, finished().commitment).result(timeout=120)
    assert drawn == dr.suggested_trust(finished().commitment)


def bound(tmp_path: Path) -> list[Any]:
    (tmp_path / "firms.db").touch()
    connection = sqlite3.connect(tmp_path / "firms.db")
    connection.execute("create table firms (id text primary key, district text)")
    connection.execute("insert into firms values ('F1', 'a')")
    connection.commit()
    connection.close()
    (tmp_path / "parts").mkdir()
    (tmp_path / "parts" / "part-0.csv").write_text("id,district\nF1,a\n")
    return [
        kit.key("organiser"),
        MlDsa44Signer(public_key=b"", keyid="", private=None),
        Sm2Signer(public_key=b"", keyid="", pem=b"private", scheme=None),  # type: ignore[arg-type]
        open_roster(f"sqlite:///{tmp_path}/firms.db#firms", name="firms", id="id", suite=SHA256),
        open_roster(tmp_path / "parts", name="firms", id="id", suite=SHA256),
        dr.HeldMemory(tmp_path / "memory.json"),
    ]


def test_what_belongs_to_a_process_says_so(tmp_path: Path) -> None:
    for thing in bound(tmp_path):
        for protocol in PROTOCOLS:
            with pytest.raises(dr.InputError, match="cannot be pickled") as caught:
                pickle.dumps({"in": [thing]}, protocol)
            assert caught.value.code == "value.not-portable"
            assert "private" not in str(caught.value).replace("private key", "")
        assert copy.deepcopy(thing) is thing
        assert copy.copy(thing) is thing


def test_a_folder_can_be_handed_to_another_process(tmp_path: Path) -> None:
    folder = dr.CeremonyFolder(tmp_path, timeout=2)
    assert pickle.loads(pickle.dumps(folder)).root == folder.root
