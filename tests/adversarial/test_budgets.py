"""Small inputs that would cost much: each is refused before the work begins, and its reader is told why."""

from __future__ import annotations

import tracemalloc

import pytest
from kit import Step, at, attacked, chain_source, refused

from dblrandom import limits
from dblrandom.beacons import hashchain
from dblrandom.errors import PlanError
from dblrandom.model import planfile

MIB = 1024 * 1024


PLANS = {
    "escaped quotes in a text without an end": ('title = "' + '\\"' * 40_000, "a text of over 65536"),
    "escaped quotes in a text with an end": ('title = "' + '\\"' * 40_000 + '"', "a text of over 65536"),
    "quotes in a long text": ('title = """' + '\\"' * 40_000, "a text of over 65536"),
    "apostrophes in a long text": ("title = '''" + "''x" * 40_000, "a text of over 65536"),
    "backslashes": ('title = "' + "\\" * 80_000, "a text of over 65536"),
    "a dotted key": (".".join(["a"] * 20_000) + " = 1", "nested too deeply"),
    "a dotted key of quoted parts": (".".join(['"a"'] * 20_000) + " = 1", "nested too deeply"),
    "a dotted key with blanks": (" . ".join(["a"] * 20_000) + " = 1", "nested too deeply"),
    "a dotted key in an inline table": ("x = {" + ".".join(["a"] * 20_000) + " = 1}", "nested too deeply"),
    "a table of a dotted name": ("[" + ".".join(["a"] * 20_000) + "]", "nested too deeply"),
    "tables of a dotted name": ("[[" + ".".join(["a"] * 20_000) + "]]", "nested too deeply"),
    "arrays in arrays": ("x = " + "[" * 5_000, "nested too deeply"),
    "inline tables in inline tables": ("x = " + "{a=" * 5_000, "nested too deeply"),
    "empty tables": ("".join(f"[a{n}]\n" for n in range(140_000)), "over 131072 tables"),
    "an array of empty tables": ("[[a]]\n" * 70_000, "over 131072 tables"),
    "empty inline tables": ("a = [" + "{}," * 140_000 + "]", "over 131072 tables"),
    "keys": ("".join(f"a{n}=1\n" for n in range(530_000)), "or 524288 values|over 4194304 characters"),
    "numbers": ("a = [" + "1," * 530_000 + "]", "or 524288 values"),
    "digits": ("reserves = " + "1" * 9_000, "over 8192 characters"),
    "hexadecimal digits": ("reserves = 0x" + "f" * 100_000, "over 8192 characters"),
    "digits and underscores": ("reserves = " + "1_" * 100_000 + "1", "over 8192 characters"),
    "characters": ("#" * (4 * MIB + 1), "over 4194304 characters"),
}


@pytest.mark.parametrize("name", PLANS)
def test_a_plan_file_that_costs_more_than_it_weighs_is_refused_before_it_is_parsed(
    name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    text, problem = PLANS[name]

    def never(text: str) -> object:
        raise AssertionError("the parser saw it")

    monkeypatch.setattr(planfile.tomllib, "loads", never)
    with pytest.raises(PlanError, match=problem):
        planfile.loads(text)


@pytest.mark.parametrize("name", ["a dotted key", "empty tables", "keys", "escaped quotes in a text without an end"])
def test_refusing_a_plan_file_takes_little_memory(name: str) -> None:
    text, problem = PLANS[name]
    tracemalloc.start()
    try:
        with pytest.raises(PlanError, match=problem):
            planfile.loads(text)
        assert tracemalloc.get_traced_memory()[1] < 2 * MIB
    finally:
        tracemalloc.stop()


@pytest.mark.parametrize(
    "text",
    [
        'a = "#[[[[" # [[[[\nb = \'{{{{\'\nc = """\n" "" \\""" [[ """\nd = \'\'\'\n\'[[ \'\'\'\n',
        'a = """x"""""\nb = \'\'\'y\'\'\'\'\'\n"c.d" . e = "\\\\"\nf = 1979-05-27T07:32:00.5+01:00\n',
    ],
)
def test_what_stands_in_texts_and_remarks_spends_nothing(text: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Where the count and the parser disagreed on where a text ends, one of them could be passed by."""
    monkeypatch.setattr(limits, "PLAN_DEPTH", 1)
    monkeypatch.setattr(limits, "PLAN_TABLES", 2)
    with pytest.raises(PlanError, match="unknown key"):
        planfile.loads(text)


@pytest.mark.parametrize(("chains", "step"), [(24, 1_000_000), (2, 1_000_000), (60, 40_000)])
def test_steps_of_many_chains_are_added_up_before_one_is_hashed(
    chains: int, step: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A verifier hashes every chain: some kilobytes of receipts could ask for any number of steps."""

    def declare(receipts: list[Step]) -> None:
        sources = receipts[at(receipts, "commitment")].body["sources"]
        for number in range(chains):
            terms = {"tip": f"{number:064x}", "step": step, "operator": chain_source().terms["operator"]}
            sources.append(chain_source().to_json() | {"name": f"chain{number}"} | terms)

    def never(*given: object) -> bytes:
        raise AssertionError("a chain was hashed")

    forged = attacked(declare)
    monkeypatch.setattr(hashchain, "chain_ahead", never)
    refused(forged, check="commitment", match="2000000 are the most", place="sources")


def test_sources_are_counted_before_one_is_looked_at(monkeypatch: pytest.MonkeyPatch) -> None:
    """Each of them may ask for a pairing or an RSA signature."""

    def declare(receipts: list[Step]) -> None:
        sources = receipts[at(receipts, "commitment")].body["sources"]
        sources += [chain_source().to_json() | {"name": f"c{n}", "tip": f"{n:064x}", "step": 1} for n in range(64)]

    def never(*given: object) -> None:
        raise AssertionError("a source was looked at")

    forged = attacked(declare)
    monkeypatch.setattr(hashchain.HashChainBeacon, "check_source", never)
    refused(forged, check="commitment", match="at most 64 are allowed", place="sources")
