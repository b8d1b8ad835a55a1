from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from chainkit import OPERATOR, Clock, at, make, source, value_of
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.adapters.hashchains import site as chainsite
from dblrandom.adapters.hashchains.client import Mirrored, fetch_chain, fetch_step, mirror
from dblrandom.adapters.hashchains.files import ChainInfo
from dblrandom.adapters.hashchains.store import init, read_pulse, tick, verify
from dblrandom.adapters.sources import chain_source
from dblrandom.drawing import Value
from dblrandom.errors import EntropyError, FolderError, InputError, NetworkError, NotYetPublic
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.model import Source

BASE = "https://notary.example/beacon"


class Web:
    """A web that consists of one folder of static files; an answer can be put in the place of a file."""

    def __init__(self, site: Path) -> None:
        self.site = site
        self.instead: dict[str, bytes | int] = {}
        self.asked: list[str] = []

    def get(self, url: str, *, limit: int = 65536, accept: str | None = None) -> bytes:
        path = url.removeprefix(BASE + "/")
        self.asked.append(path)
        found = self.instead.get(path)
        if found is None:
            found = (self.site / path).read_bytes() if (self.site / path).is_file() else 404
        if isinstance(found, int):
            raise NetworkError(f"{url}: answered with status {found}", status=found)
        assert len(found) <= limit
        return found


def published(tmp_path: Path, step: int = 5, **changed: Any) -> tuple[ChainInfo, Web]:
    info = make(tmp_path / "chain", **changed)
    if step:
        tick(tmp_path / "chain", at(step))
    chainsite.render(tmp_path / "chain", tmp_path / "site")
    return info, Web(tmp_path / "site")


@pytest.mark.parametrize("suite", [SHA256, SM3])
@pytest.mark.parametrize("slash", ["", "/"])
def test_a_step_is_fetched_and_checked(tmp_path: Path, suite: Suite, slash: str) -> None:
    info, web = published(tmp_path, suite=suite)
    clock = Clock.at(at(3))
    found = fetch_step(BASE + slash, source(info, 3), client=web, now=clock.now)
    assert found == Value(value_of(info, 3))
    assert web.asked == [f"{info.tip}/info", f"{info.tip}/public/3"]


def test_nothing_is_asked_before_the_time(tmp_path: Path) -> None:
    info, web = published(tmp_path)
    with pytest.raises(NotYetPublic, match=f"source 'notary': step 3 is not public before {at(3)}"):
        fetch_step(BASE, source(info, 3), client=web, now=Clock.at(at(3, -1)).now)
    assert web.asked == []


@pytest.mark.parametrize("status", [404, 425])
def test_a_step_that_is_due_and_not_published_says_so(tmp_path: Path, status: int) -> None:
    info, web = published(tmp_path)
    web.instead[f"{info.tip}/public/6"] = status
    with pytest.raises(NetworkError, match=f"step 6 was due at {at(6)} and is not published there") as caught:
        fetch_step(BASE, source(info, 6), client=web, now=Clock.at(at(6)).now)
    assert caught.value.status == 404


@pytest.mark.parametrize("status", [403, 429, 500, 503])
def test_other_failures_are_passed_on(tmp_path: Path, status: int) -> None:
    info, web = published(tmp_path)
    for path in (f"{info.tip}/info", f"{info.tip}/public/3"):
        web.instead = {path: status}
        with pytest.raises(NetworkError, match=f"status {status}"):
            fetch_step(BASE, source(info, 3), client=web, now=Clock.at(at(3)).now)


def test_the_declaration_is_checked_first(tmp_path: Path) -> None:
    info, web = published(tmp_path)
    good = source(info, 3)
    for terms in ({**good.terms, "tip": "x"}, {**good.terms, "step": 0}, {"tip": info.tip}):
        declared = Source(kind="hashchain", name="notary", not_before=at(3), terms=terms)
        with pytest.raises(EntropyError, match="source 'notary'"):
            fetch_step(BASE, declared, client=web, now=Clock.at(at(9)).now)
    assert web.asked == []


@pytest.mark.parametrize(
    "base", ["", "ftp://x", "notary.example", BASE + "?x=1", BASE + "#x", "https://u:p@x/", "http://\0"]
)
def test_addresses_that_are_none(tmp_path: Path, base: str) -> None:
    info, web = published(tmp_path)
    with pytest.raises(InputError):
        fetch_chain(base, info.tip, client=web)
    assert web.asked == []


def test_a_chain_is_described(tmp_path: Path) -> None:
    info, web = published(tmp_path)
    assert fetch_chain(BASE, info.tip, client=web) == info
    with pytest.raises(NetworkError) as caught:
        fetch_chain(BASE, "0" * 64, client=web)
    assert caught.value.status == 404
    for tip in ("", "0" * 63, info.tip.upper(), "../" + info.tip):
        with pytest.raises(EntropyError, match="tip: a chain's tip is 64"):
            fetch_chain(BASE, tip, client=web)


@given(data=st.binary(max_size=300) | st.sampled_from([b"[" * 4000, b"{}", b"null", b'{"tip":1}', b"1e5"]))
def test_answers_that_are_no_chain(tmp_path_factory: pytest.TempPathFactory, data: bytes) -> None:
    web = Web(tmp_path_factory.getbasetemp())
    web.instead[f"{'0' * 64}/info"] = data
    with pytest.raises(EntropyError, match=r"https://notary\.example/beacon/0"):
        fetch_chain(BASE, "0" * 64, client=web)


@pytest.fixture(scope="module")
def once(tmp_path_factory: pytest.TempPathFactory) -> tuple[ChainInfo, Web]:
    return published(tmp_path_factory.mktemp("web"))


@given(
    change=st.dictionaries(
        st.sampled_from(["step", "time", "tip", "value", "x"]),
        st.none() | st.booleans() | st.integers(-(2**53), 2**53) | st.text(max_size=64) | st.just([]),
        min_size=1,
    )
)
def test_answers_that_are_no_pulse(once: tuple[ChainInfo, Web], change: dict[str, Any]) -> None:
    info, web = once
    path = f"{info.tip}/public/3"
    pulse = json.loads((web.site / path).read_bytes())
    if {**pulse, **change} == pulse:
        return
    text = json.dumps({**pulse, **change}, sort_keys=True, separators=(",", ":"), ensure_ascii=False)
    web.instead = {path: text.encode("utf-8")}
    with pytest.raises(EntropyError):
        fetch_step(BASE, source(info, 3), client=web, now=Clock.at(at(3)).now)


# Copies


def test_a_copy_is_made_with_two_requests(tmp_path: Path) -> None:
    info, web = published(tmp_path)
    now = Clock.at(at(5)).now
    found = mirror(BASE, info.tip, tmp_path / "copy", client=web, now=now)
    assert found == Mirrored(info=info, revealed=5, added=5, due=5)
    assert web.asked == [f"{info.tip}/info", f"{info.tip}/public/latest"]
    assert verify(tmp_path / "copy") == (info, 5)
    assert not (tmp_path / "copy" / "secrets").exists()
    assert mirror(BASE, info.tip, tmp_path / "copy", client=web, now=now).added == 0


def test_a_copy_serves_for_committing_and_revealing(tmp_path: Path) -> None:
    info, web = published(tmp_path)
    mirror(BASE, info.tip, tmp_path / "copy", client=web, now=Clock.at(at(5)).now)
    declared = chain_source(tmp_path / "copy", "notary", at=at(7))
    assert declared == source(info, 7)
    with pytest.raises(NotYetPublic, match="step 7"):
        read_pulse(tmp_path / "copy", 7)
    tick(tmp_path / "chain", at(8))
    chainsite.render(tmp_path / "chain", tmp_path / "site")
    found = mirror(BASE, info.tip, tmp_path / "copy", client=web, now=Clock.at(at(8)).now, step=7)
    assert (found.revealed, found.added) == (7, 2)
    assert read_pulse(tmp_path / "copy", 7).value == value_of(info, 7)


def test_a_step_to_copy_that_is_not_due(tmp_path: Path) -> None:
    info, web = published(tmp_path)
    now = Clock.at(at(5)).now
    with pytest.raises(NotYetPublic, match=f"is due at {at(6)}"):
        mirror(BASE, info.tip, tmp_path / "copy", client=web, now=now, step=6)
    for step in (0, -1, 11):
        with pytest.raises(EntropyError):
            mirror(BASE, info.tip, tmp_path / "copy", client=web, now=now, step=step)
    assert not (tmp_path / "copy").exists()


def test_a_chain_of_which_nothing_is_revealed_can_be_copied(tmp_path: Path) -> None:
    info, web = published(tmp_path, 0)
    found = mirror(BASE, info.tip, tmp_path / "copy", client=web, now=Clock.at(at(0)).now)
    assert found == Mirrored(info=info, revealed=0, added=0, due=0)
    assert chain_source(tmp_path / "copy", "notary", at=at(1)) == source(info, 1)


def test_a_copy_never_loses_what_it_has(tmp_path: Path) -> None:
    info, web = published(tmp_path)
    now = Clock.at(at(5)).now
    mirror(BASE, info.tip, tmp_path / "copy", client=web, now=now)
    web.instead[f"{info.tip}/public/latest"] = (web.site / info.tip / "public" / "2").read_bytes()
    found = mirror(BASE, info.tip, tmp_path / "copy", client=web, now=now)
    assert (found.revealed, found.added) == (5, 0)
    web.instead[f"{info.tip}/public/latest"] = 404
    assert mirror(BASE, info.tip, tmp_path / "copy", client=web, now=now).revealed == 5


def test_the_same_tip_must_be_described_the_same(tmp_path: Path) -> None:
    """The tip does not fix the schedule: a server could move a step's time once a copy has been made."""
    info, web = published(tmp_path, 0)
    mirror(BASE, info.tip, tmp_path / "copy", client=web)
    for name, value in (("genesis", at(-1)), ("operator", "ee" * 32), ("period", 60), ("length", 11)):
        changed = {**info.to_json(), name: value}
        web.instead[f"{info.tip}/info"] = json.dumps(changed, sort_keys=True, separators=(",", ":")).encode()
        with pytest.raises(EntropyError, match="described otherwise than in this copy"):
            mirror(BASE, info.tip, tmp_path / "copy", client=web)


def test_the_operators_own_folder_is_no_copy(tmp_path: Path) -> None:
    info, web = published(tmp_path)
    with pytest.raises(FolderError, match="holds an operator's secrets"):
        mirror(BASE, info.tip, tmp_path / "chain", client=web)


def test_a_late_step_of_a_long_chain(tmp_path: Path) -> None:
    info = init(
        tmp_path / "chain",
        length=10**5,
        genesis=at(0),
        period=1,
        operator_keyid=OPERATOR,
        suite=SHA256,
        seed32=bytes(32),
    )
    value = value_of(info, 90_000, bytes(32))
    pulse = {"step": 90_000, "time": info.schedule.time_of(90_000), "tip": info.tip, "value": value}
    web = Web(tmp_path)
    web.instead = {
        f"{info.tip}/info": (tmp_path / "chain" / "chain.json").read_bytes(),
        f"{info.tip}/public/90000": json.dumps(pulse, sort_keys=True, separators=(",", ":")).encode(),
    }
    assert fetch_step(BASE, source(info, 90_000), client=web) == Value(value)
