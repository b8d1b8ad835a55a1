"""The known answers of a second implementation, in both suites (tests/vectors/README.md)."""

from __future__ import annotations

import json
from fractions import Fraction
from pathlib import Path
from typing import Any

import pytest

from dblrandom.errors import PlanError, RosterError
from dblrandom.kernel.entropy import chain_ahead, chain_step, draw_key, secret_digest, seed
from dblrandom.kernel.quota import apportion, units, units_wanted
from dblrandom.kernel.rows import fields_of, row_line
from dblrandom.kernel.suite import Suite, suite_named
from dblrandom.kernel.tickets import lowest, ticket
from dblrandom.model import Population, Quota, Rounding, Scope
from dblrandom.roster import Proof, Roster, verify_absence, verify_presence

VECTORS = Path(__file__).parents[1] / "vectors"
FILES = {name: json.loads((VECTORS / name).read_text("utf-8")) for name in ("protocol_v1.json", "protocol_v1_sm3.json")}


def cases(section: str) -> Any:
    return pytest.mark.parametrize(
        ("suite", "case"),
        [
            pytest.param(suite_named(data["suite"]), case, id=f"{data['suite']}-{number}")
            for data in FILES.values()
            for number, case in enumerate(data[section])
        ],
    )


def quota_of(case: dict[str, Any]) -> Quota:
    ratio = Fraction(*case["ratio"]) if "ratio" in case else None
    rounding = Rounding(case.get("rounding", "ceiling"))
    return Quota(ratio=ratio, count=case.get("count"), cap=case.get("cap"), rounding=rounding, scope=Scope.FRAME)


def roster_of(suite: Suite, case: dict[str, Any]) -> Roster:
    if "file" in case:
        return Roster.from_file(suite, "targets", case["file"].encode())
    return Roster.build(suite, Population.from_rows("targets", case["columns"], case["shuffled_rows"]))


@cases("rosters")
def test_roster(suite: Suite, case: dict[str, Any]) -> None:
    roster = roster_of(suite, case)
    assert roster.manifest.root == case["root"]
    assert len(roster) == roster.manifest.rows == case["rows"]
    assert roster.columns == tuple(case["columns"])
    assert roster.page_rows == case.get("page_rows", 256)
    assert Roster.from_file(suite, "targets", roster.to_file()) == roster
    known = case["proofs"] if "proofs" in case else [case["proof"]] if "proof" in case else []
    for proof in known:
        first = roster.lines[proof["page"] * roster.page_rows].split(b"\t")[0].decode()
        assert proof.get("first_id", first) == first
        made = roster.prove(first)
        assert [(page.index, list(page.path)) for page in made.pages] == [(proof["page"], proof["path"])]
        assert verify_presence(suite, roster.manifest, made) == roster.row(first)


@cases("seeds")
def test_seed_and_keys(suite: Suite, case: dict[str, Any]) -> None:
    values = [(s["kind"], s["name"], s["value"]) for s in case["sources"]]
    found = seed(suite, case["commitment"], values)
    assert found == case["seed"]
    for key in case["keys"]:
        assert draw_key(suite, found, key["task"], key["purpose"]) == key["key"]
    secret = next(s["value"] for s in case["sources"] if s["name"] == "kunming-psb")
    digest = secret_digest(suite, case["ceremony"], "kunming-psb", secret)
    assert digest == case["secret_commitment_of_kunming-psb"]


@cases("tickets")
def test_ticket(suite: Suite, case: dict[str, Any]) -> None:
    assert ticket(suite, case["key"], case["id"].encode()).hex() == case["ticket"]


@cases("quotas")
def test_quota(suite: Suite, case: dict[str, Any]) -> None:
    assert units(quota_of(case), case["size"]) == (case["n"], case["shortfall"])


@cases("allocations")
def test_allocation(suite: Suite, case: dict[str, Any]) -> None:
    if case["n"] is None:
        with pytest.raises(PlanError, match="below the"):
            apportion(case["total"], case["sizes"], case["minimum"])
    else:
        assert apportion(case["total"], case["sizes"], case["minimum"]) == case["n"]


@cases("selections")
def test_selection(suite: Suite, case: dict[str, Any]) -> None:
    ids = [i.encode() for i in case["ids"]]
    wanted = case["selected"] + case["reserves"]
    for given in (ids, iter(ids), reversed(ids)):
        assert [c[32:].decode() for c in lowest(suite, case["key"], given, len(wanted))] == wanted


@cases("absence")
def test_absence(suite: Suite, case: dict[str, Any]) -> None:
    roster = Roster.build(suite, Population.from_rows("targets", ["id"], [[i] for i in case["ids"]]))
    assert roster.manifest.root == case["root"]
    for ask in case["asks"]:
        made = roster.prove(ask["id"])
        if ask["pages"] is None:  # the id is there
            assert verify_presence(suite, roster.manifest, made) == {"id": ask["id"]}
            with pytest.raises(RosterError, match="is on the roster"):
                verify_absence(suite, roster.manifest, made)
            continue
        assert [page.index for page in made.pages] == ask["pages"]
        verify_absence(suite, roster.manifest, Proof.from_json(made.to_json(), "proof"))


@cases("frames")
def test_frame(suite: Suite, case: dict[str, Any]) -> None:
    """The order of strata, quotas and tickets, worked out here without the samplers."""
    columns, quota = case["columns"], quota_of(case["quota"])
    groups: dict[bytes, list[bytes]] = {}
    for row in case["rows"]:
        fields = fields_of(row_line(row, columns))
        if all(fields[columns.index(c)].decode() in values for c, values in case["filter"].items()):
            groups.setdefault(b"\t".join(fields[columns.index(c)] for c in case["strata"]), []).append(fields[0])
    assert [key.decode().split("\t") if case["strata"] else [] for key in sorted(groups)] == [
        answer["stratum"] for answer in case["answer"]
    ]
    for answer, key in zip(case["answer"], sorted(groups), strict=True):
        ids = groups[key]
        n, _ = units(quota, len(ids))
        drawn = [c[32:].decode() for c in lowest(suite, case["key"], ids, n + case["reserves"])]
        assert (len(ids), drawn[:n], drawn[n:]) == (answer["size"], answer["selected"], answer["reserves"])


@cases("hashchain")
def test_hash_chain(suite: Suite, case: dict[str, Any]) -> None:
    x = bytes.fromhex(case["x"])
    assert chain_ahead(suite, x, case["k"]).hex() == case["tip"]
    for _ in range(case["k"]):
        x = chain_step(suite, x)
    assert x.hex() == case["tip"]


def test_wanted_ignores_cap_and_size() -> None:
    quota = Quota(ratio=Fraction(3, 10), count=3, cap=5, scope=Scope.FRAME)
    assert [units_wanted(quota, n) for n in (0, 9, 10, 11, 100)] == [3, 3, 3, 4, 30]
