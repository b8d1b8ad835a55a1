"""drand: chain information and its hash, the times of rounds, relays' answers, and the rules of the kind."""

from __future__ import annotations

import copy
import hashlib
import json
import re
import shutil
import subprocess
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import attrs
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dblrandom.beacons.base import Beacon
from dblrandom.beacons.drand import DrandBeacon, Round, check_round, drand_source, evidence_of
from dblrandom.beacons.drandchain import DEFAULT, PROFILES, QUICKNET, ChainInfo, profile_named
from dblrandom.errors import EntropyError, MissingExtra
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Source
from dblrandom.model.names import time_seconds, time_text

TREE = Path(__file__).parents[2]
RECORDED = json.loads((TREE / "tests" / "vectors" / "drand_rounds.json").read_text("utf-8"))
CHAINS = RECORDED["chains"]
ROUNDS = RECORDED["rounds"]
BEACON = DrandBeacon()
LAST_SECOND = "9999-12-31T23:59:59Z"

rounds = pytest.mark.parametrize("case", ROUNDS, ids=lambda case: f"{case['chain']}-{case['round']}")
chains = pytest.mark.parametrize("name", sorted(CHAINS))


def info_of(name: str) -> ChainInfo:
    return ChainInfo.from_json(CHAINS[name]["info"], "chain")


def recorded(chain: str, number: int) -> dict[str, Any]:
    return next(case for case in ROUNDS if (case["chain"], case["round"]) == (chain, number))


def round_of(chain: str, number: int) -> Round:
    return Round.from_json(recorded(chain, number), "round")


def declared(info: ChainInfo, number: int, **changes: Any) -> Source:
    due = time_text(info.time_of(number))
    return attrs.evolve(
        Source(kind="drand", name="league", not_before=due, terms={"chain": info.hash, "round": number}), **changes
    )


def accept(source: Source, value: Any, evidence: Any) -> None:
    BEACON.check_value(source, value, evidence, suite=SHA256, ceremony="kunming")


# Chain information


@chains
def test_the_recorded_hash_follows(name: str) -> None:
    assert info_of(name).hash == CHAINS[name]["info"]["hash"]
    assert info_of(name).beacon_id == CHAINS[name]["info"]["metadata"]["beaconID"]


@pytest.mark.parametrize("name", ["default", "quicknet"])
def test_both_published_forms_say_the_same(name: str) -> None:
    assert ChainInfo.from_json(CHAINS[name]["info_v2"], "chain") == info_of(name) == profile_named(name)
    assert info_of(name).to_json() == CHAINS[name]["info_v2"]


@chains
def test_evidence_form_survives(name: str) -> None:
    assert ChainInfo.from_json(info_of(name).to_json(), "chain") == info_of(name)


def test_the_profiles_are_the_two_public_networks() -> None:
    assert list(PROFILES) == [DEFAULT.hash, QUICKNET.hash]
    assert DEFAULT.hash == "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce"
    assert QUICKNET.hash == "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971"
    with pytest.raises(TypeError):
        PROFILES["x"] = DEFAULT  # type: ignore[index]


@pytest.mark.parametrize("name", ["fastnet", "", "QUICKNET", None])
def test_no_other_profile_has_a_name(name: Any) -> None:
    with pytest.raises(EntropyError, match="known are default, quicknet"):
        profile_named(name)


def test_a_network_without_a_name_is_the_default_one() -> None:
    assert attrs.evolve(DEFAULT, beacon_id="") == DEFAULT


@chains
@pytest.mark.parametrize("member", ["public_key", "period", "genesis_time", "hash", "groupHash", "beaconID"])
def test_a_changed_member_changes_the_hash(name: str, member: str) -> None:
    info = copy.deepcopy(CHAINS[name]["info"])
    if member == "beaconID":
        info["metadata"]["beaconID"] += "x"
    elif isinstance(info[member], int):
        info[member] += 1
    else:
        info[member] = info[member][:-1] + ("0" if info[member][-1] != "0" else "1")
    with pytest.raises(EntropyError, match="is not the hash that follows"):
        ChainInfo.from_json(info, "chain")


@pytest.mark.parametrize("form", ["info", "info_v2"])
def test_every_member_must_be_there(form: str) -> None:
    for member in CHAINS["quicknet"][form]:
        info = {name: value for name, value in CHAINS["quicknet"][form].items() if name != member}
        with pytest.raises(EntropyError, match=r"relay\.\w+: is missing"):
            ChainInfo.from_json(info, "relay")


@pytest.mark.parametrize("form", ["info", "info_v2"])
def test_members_that_drand_adds_are_passed_over(form: str) -> None:
    assert ChainInfo.from_json(CHAINS["quicknet"][form] | {"catchup_period_seconds": 1}, "relay") == QUICKNET


@pytest.mark.parametrize(
    ("member", "value", "says"),
    [
        ("public_key", QUICKNET.public_key.upper(), "192 lower-case hex"),
        ("public_key", DEFAULT.public_key, "192 lower-case hex"),
        ("public_key", QUICKNET.public_key + "00", "192 lower-case hex"),
        ("public_key", 5, "relay.public_key: 5 is not text"),
        ("period", 0, "at least 1"),
        ("period", True, "true is not a whole number"),
        ("period", 3.0, "is not a whole number"),
        ("period", "3", "'3' is not a whole number"),
        ("period", 2**32, "2^32 - 1"),
        ("genesis_time", -1, "at least 0"),
        ("genesis_time", 2**64, "greatest integer"),
        ("genesis_seed", QUICKNET.group_hash[:-2], "relay.group_hash: "),
        ("genesis_seed", None, "null is not text"),
        ("scheme", "bls-bn254-unchained-on-g1", "is not supported"),
        ("scheme", ["x"], "a list is not text"),
        ("beacon_id", "x" * 48, "at most 47"),
        ("beacon_id", "quick net", "at most 47"),
        ("beacon_id", "quicknet\n", "at most 47"),
        ("beacon_id", "тест", "at most 47"),
        ("chain_hash", DEFAULT.hash, "not the hash that follows"),
        ("chain_hash", QUICKNET.hash.upper(), "not the hash that follows"),
        ("chain_hash", 1, "1 is not text"),
    ],
)
def test_odd_members_are_refused(member: str, value: Any, says: str) -> None:
    with pytest.raises(EntropyError, match=re.escape(says)) as caught:
        ChainInfo.from_json(CHAINS["quicknet"]["info_v2"] | {member: value}, "relay")
    assert str(caught.value).startswith("relay.")
    assert len(str(caught.value)) < 400


@pytest.mark.parametrize("value", [None, [], "x", 1, {}, {1: 2}, {"groupHash": 1}, {"metadata": {}}])
def test_what_is_no_information_is_refused(value: Any) -> None:
    for read in (ChainInfo.from_json, Round.from_json):
        with pytest.raises(EntropyError, match=r"^relay"):
            read(value, "relay")


@pytest.mark.parametrize("metadata", [None, {}, [], {"beaconID": 1}, "quicknet"])
def test_odd_metadata_is_refused(metadata: Any) -> None:
    with pytest.raises(EntropyError, match=r"relay\.metadata"):
        ChainInfo.from_json(CHAINS["quicknet"]["info"] | {"metadata": metadata}, "relay")


def test_the_constructor_takes_no_foreign_types() -> None:
    for member in ("public_key", "period", "genesis_time", "group_hash", "scheme", "beacon_id"):
        odd: Any
        for odd in (None, [], 1.5, b"x"):
            changes: dict[str, Any] = {member: odd}
            with pytest.raises(EntropyError, match=f"chain.{member}"):
                attrs.evolve(QUICKNET, **changes)


# Times


@rounds
def test_recorded_times(case: dict[str, Any]) -> None:
    info = info_of(case["chain"])
    at = case["time_unix"]
    assert info.time_of(case["round"]) == at
    assert info.round_at(at) == info.round_at(at + info.period - 1) == case["round"]
    assert info.round_at(at - 1) == case["round"] - 1
    assert info.next_round(at) == info.next_round(at - info.period + 1) == case["round"]
    assert info.next_round(at + 1) == case["round"] + 1


def test_before_the_first_round() -> None:
    for seconds in (QUICKNET.genesis_time - 1, QUICKNET.genesis_time - 10**9, 0, -(10**12)):
        assert QUICKNET.round_at(seconds) == 0
        assert QUICKNET.next_round(seconds) == 1
    assert QUICKNET.round_at(QUICKNET.genesis_time) == QUICKNET.next_round(QUICKNET.genesis_time) == 1


@given(st.integers(1, 2**32 - 1), st.integers(0, 2**40), st.integers(-(2**40), 2**42))
def test_rounds_and_times_agree(period: int, genesis: int, seconds: int) -> None:
    info = attrs.evolve(QUICKNET, period=period, genesis_time=genesis)
    following, latest = info.next_round(seconds), info.round_at(seconds)
    assert info.time_of(following) >= seconds
    assert following == 1 or info.time_of(following - 1) < seconds
    assert latest == 0 or info.time_of(latest) <= seconds
    assert info.time_of(latest + 1) > seconds
    assert following - latest in (0, 1)


@pytest.mark.parametrize("number", [0, -1, True, 1.0, "1", 2**53])
def test_there_is_no_such_round(number: Any) -> None:
    with pytest.raises(EntropyError, match="round: "):
        QUICKNET.time_of(number)


# Rounds


@rounds
def test_recorded_rounds_are_read_and_hold(case: dict[str, Any]) -> None:
    found = Round.from_json(case, "round")
    assert found.value == case["randomness"]
    check_round(info_of(case["chain"]), found, "round")


def test_randomness_need_not_be_there() -> None:
    answer = {"round": 1000, "signature": recorded("quicknet", 1000)["signature"]}
    assert Round.from_json(answer, "relay") == round_of("quicknet", 1000)
    assert Round.from_json(answer | {"previous_signature": ""}, "relay") == round_of("quicknet", 1000)


@pytest.mark.parametrize("number", [0, -1, 2**53, 2**64, True, 1000.0, "1000", None])
def test_an_odd_number_is_refused(number: Any) -> None:
    with pytest.raises(EntropyError, match=r"relay\.round: "):
        Round.from_json(recorded("quicknet", 1000) | {"round": number}, "relay")


@pytest.mark.parametrize("text", ["", "00", "zz" * 48, "0" * 97, "0" * 191, "0" * 10**6, 5, None, []])
def test_an_odd_signature_is_refused(text: Any) -> None:
    with pytest.raises(EntropyError, match=r"relay\.signature: ") as caught:
        Round.from_json(recorded("quicknet", 1000) | {"signature": text}, "relay")
    assert len(str(caught.value)) < 300


@pytest.mark.parametrize("text", ["00", "0" * 96, "0" * 65, "A" * 192, 5, None, []])
def test_an_odd_previous_signature_is_refused(text: Any) -> None:
    with pytest.raises(EntropyError, match=r"relay\.previous_signature: "):
        Round.from_json(recorded("default", 72785) | {"previous_signature": text}, "relay")


def test_round_one_signs_the_group_hash() -> None:
    first = round_of("default", 1)
    assert first.previous_signature == DEFAULT.group_hash
    with pytest.raises(EntropyError, match="is not the group hash"):
        check_round(DEFAULT, attrs.evolve(first, previous_signature="00" * 96), "relay")
    with pytest.raises(EntropyError, match="is not 192 lower-case hex"):
        check_round(DEFAULT, attrs.evolve(round_of("default", 72785), previous_signature=DEFAULT.group_hash), "relay")


# The kind


def test_it_is_a_beacon() -> None:
    assert isinstance(BEACON, Beacon)
    assert BEACON.kind == "drand"
    assert BEACON.outcomes(declared(QUICKNET, 1)) == 2**256


@rounds
def test_recorded_values_are_accepted(case: dict[str, Any]) -> None:
    info = info_of(case["chain"])
    value, evidence = evidence_of(info, Round.from_json(case, "round"))
    assert value == hashlib.sha256(bytes.fromhex(case["signature"])).hexdigest()
    BEACON.check_source(declared(info, case["round"]))
    accept(declared(info, case["round"]), value, evidence)


def test_evidence_has_the_members_that_the_specification_says() -> None:
    assert evidence_of(QUICKNET, round_of("quicknet", 1000))[1] == {
        "chain": CHAINS["quicknet"]["info_v2"],
        "signature": recorded("quicknet", 1000)["signature"],
    }
    assert evidence_of(DEFAULT, round_of("default", 1))[1] == {
        "chain": CHAINS["default"]["info_v2"],
        "previous_signature": DEFAULT.group_hash,
        "signature": recorded("default", 1)["signature"],
    }


@pytest.mark.parametrize(
    ("terms", "says"),
    [
        ({"chain": QUICKNET.hash}, "does not declare 'round'"),
        ({"round": 1}, "does not declare 'chain'"),
        ({"chain": QUICKNET.hash, "round": 1, "relay": "x"}, "declares 'relay'"),
        ({"chain": QUICKNET.hash.upper(), "round": 1}, "64 lower-case hex"),
        ({"chain": "quicknet", "round": 1}, "64 lower-case hex"),
        ({"chain": 5, "round": 1}, "64 lower-case hex"),
        ({"chain": QUICKNET.hash, "round": 0}, "whole number from 1"),
        ({"chain": QUICKNET.hash, "round": "1"}, "whole number from 1"),
        ({"chain": QUICKNET.hash, "round": 2**53 - 1}, "beyond the year 9999"),
    ],
)
def test_odd_terms_are_refused(terms: dict[str, Any], says: str) -> None:
    source = Source(kind="drand", name="league", not_before=LAST_SECOND, terms=terms)
    for rule in (BEACON.check_source, BEACON.public_from):
        with pytest.raises(EntropyError, match=says):
            rule(source)


@pytest.mark.parametrize("off", [-1, 1, -3, 3])
def test_not_before_is_the_very_time_of_a_known_networks_round(off: int) -> None:
    wrong = declared(QUICKNET, 1000, not_before=time_text(QUICKNET.time_of(1000) + off))
    with pytest.raises(EntropyError, match=r"not_before: round 1000 is due at 2023-08-23T15:59:24Z, not at"):
        BEACON.check_source(wrong)


def test_not_before_of_an_unknown_network_is_checked_with_its_information() -> None:
    info = info_of("fastnet")
    value, evidence = evidence_of(info, round_of("fastnet", 2))
    wrong = declared(info, 2, not_before=time_text(info.time_of(2) - 1))
    BEACON.check_source(wrong)
    with pytest.raises(EntropyError, match="not_before: round 2 is due at"):
        accept(wrong, value, evidence)


def test_who_holds_it_and_when_it_is_public() -> None:
    for info in (DEFAULT, QUICKNET):
        assert BEACON.holder(declared(info, 5)) is None
        assert BEACON.public_from(declared(info, 5)) == declared(info, 5).not_before
    for name in ("fastnet", "testnet-default", "quicknet-t", "testnet-unchained-3s"):
        unknown = declared(info_of(name), 5)
        assert BEACON.holder(unknown) == info_of(name).hash
        assert BEACON.public_from(unknown) is None


def test_a_source_is_declared_by_its_time() -> None:
    start = time_text(QUICKNET.genesis_time)
    first = drand_source(QUICKNET, "league", at=start)
    assert first == declared(QUICKNET, 1)
    assert drand_source(QUICKNET, "league", at="1999-01-01T00:00:00Z") == first
    assert drand_source(QUICKNET, "league", at=time_text(QUICKNET.genesis_time + 1)) == declared(QUICKNET, 2)
    noon = drand_source(DEFAULT, "daily", at="2024-02-01T02:00:00Z")
    assert noon.not_before == "2024-02-01T02:00:00Z"
    assert noon.terms == {"chain": DEFAULT.hash, "round": (time_seconds(noon.not_before) - 1595431050) // 30 + 1}
    BEACON.check_source(noon)


@pytest.mark.parametrize(
    ("name", "at"),
    [("League", "2024-02-01T02:00:00Z"), ("league", "2024-02-01"), ("league", None), ("league", LAST_SECOND)],
)
def test_what_cannot_be_declared(name: str, at: Any) -> None:
    with pytest.raises(EntropyError, match=r"is not a name|is not a time|is not text|beyond the year 9999"):
        drand_source(DEFAULT, name, at=at)


def test_without_the_library_the_extra_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "py_arkworks_bls12381", None)
    with pytest.raises(MissingExtra, match=r"dblrandom\[drand\]"):
        accept(declared(QUICKNET, 1000), *evidence_of(QUICKNET, round_of("quicknet", 1000)))


# The pages

TOOLS = ("bash", "sha256sum", "sed")


def blocks(page: str) -> list[tuple[str, str, str]]:
    """Each block of a page that is followed by what it prints: its language, its text, the output."""
    text = (TREE / "docs" / page).read_text("utf-8")
    fences: list[tuple[str, str]] = re.findall(r"^```(\w+)\n(.*?)^```$", text, re.MULTILINE | re.DOTALL)
    return [(kind, script, shown) for (kind, script), (after, shown) in pairwise(fences) if after == "text"]


@pytest.mark.skipif(any(shutil.which(tool) is None for tool in TOOLS), reason="needs " + ", ".join(TOOLS))
@pytest.mark.parametrize("page", ["beacons/drand.md", "spec/drand.md"])
def test_what_the_pages_show_is_so(page: str) -> None:
    assert len(blocks(page)) == (4 if page.startswith("beacons") else 1)
    for language, script, shown in blocks(page):
        command = ["bash", "-euo", "pipefail", "-c"] if language == "sh" else [sys.executable, "-c"]
        run = subprocess.run([*command, script], capture_output=True, text=True, check=True)
        assert run.stdout == shown


def test_the_specification_shows_the_known_chains() -> None:
    text = (TREE / "docs" / "spec" / "drand.md").read_text("utf-8")
    shown = [json.loads(block) for block in re.findall(r"^```json\n(.*?)^```", text, re.MULTILINE | re.DOTALL)]
    assert shown == [QUICKNET.to_json(), DEFAULT.to_json()]
