"""The published JSON Schemas: current, true to every receipt of the rehearsal, and of one mind with the code.

Two differences are known and tested as such. Where a model's own reader decides (times, quotas, manifests, sources)
the schema describes the outer form only, so it may accept what the code refuses, never the other way round. And a
pattern's ``.`` does not match a line break in ECMA 262, so a free text with one is refused by a schema: no text that
the model accepts has any.
"""

from __future__ import annotations

import copy
import runpy
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import ceremonies as kit
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from jsonschema import Draft202012Validator

from dblrandom.errors import ReceiptError
from dblrandom.evidence import Receipt, schemas
from dblrandom.evidence.bodies import BODIES, check_body
from dblrandom.examples.demo import kunming_demo
from dblrandom.kernel.canonical import decode

FOLDER = Path(__file__).parents[2] / "docs" / "spec" / "schemas"
VALIDATORS = {kind: Draft202012Validator(schema) for kind, schema in schemas().items()}
EXACT = ("result", "sealed", "substitution", "void", "reveal")
"""The types without a part that a reader of the model decides."""


def test_the_published_schemas_are_current() -> None:
    made = runpy.run_path(str(FOLDER / "generate.py"))["texts"]()
    assert {path.name for path in FOLDER.glob("*.json")} == set(made)
    for name, text in made.items():
        assert (FOLDER / name).read_text(encoding="utf-8") == text, f"run docs/spec/schemas/generate.py: {name}"


@pytest.mark.parametrize("kind", sorted(VALIDATORS))
def test_each_is_a_json_schema(kind: str) -> None:
    Draft202012Validator.check_schema(schemas()[kind])


def test_every_receipt_of_the_rehearsal_is_valid(tmp_path: Path) -> None:
    kunming_demo(tmp_path / "demo", rehearsal=True)
    seen = set()
    for path in sorted((tmp_path / "demo" / "receipts").iterdir()):
        receipt = Receipt.parse(path.read_bytes())
        VALIDATORS[receipt.type].validate(decode(receipt.payload))
        seen.add(receipt.type)
    assert seen == {"commitment", "witness", "reveal", "draw", "substitution", "result"}


def _sound() -> dict[str, Any]:
    made = kit.drawn()
    lost = made.drawn["1"].selected[0].id
    made.substitute("1", "not-found", time=kit.AFTER, keys=kit.keys("organiser"), target=lost)
    made.result("1", kit.results(made), time=kit.AFTER, keys=kit.keys("organiser"))
    found = {r.type: copy.deepcopy(dict(r.body)) for r in made.receipts}
    return found | {"void": {"reason": "synthetic"}, "sealed": {"type": "draw", "digest": "0" * 64}}


SOUND = _sound()


def payload(kind: str, body: Any) -> dict[str, Any]:
    head = {"type": kind, "ceremony": "c", "sequence": 2, "previous": "0" * 64, "time": kit.AFTER}
    return head | {"body": body}


def places(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The way to every value inside a value."""
    yield path
    entries = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in entries:
        yield from places(inner, (*path, key))


PLACES = {kind: list(places(body)) for kind, body in SOUND.items()}
TEXTS = st.sampled_from(["", "x", "F000", "closed", "0" * 64, "A" * 64, "0" * 32, "x" * 256, "x" * 5000, " x", "中"])
VALUES = st.one_of(
    st.none(), st.booleans(), st.sampled_from([-1, 0, 1, 2, 2**53 - 1, 2**53]), TEXTS, st.just([]), st.just({})
)


def replaced(value: Any, path: tuple[Any, ...], change: Any) -> Any:
    """The value with another one at ``path``; ``...`` removes what is there."""
    if not path:
        return change
    found = copy.copy(value)
    if len(path) == 1 and change is ...:
        del found[path[0]]
    else:
        found[path[0]] = replaced(value[path[0]], path[1:], change)
    return found


@st.composite
def mutated(draw: st.DrawFn) -> tuple[str, Any]:
    """A sound body with one to three changes: a value exchanged, removed, or a member added."""
    kind = draw(st.sampled_from(sorted(SOUND)))
    body = SOUND[kind]
    for _ in range(draw(st.integers(1, 3))):
        here = list(places(body))
        path = draw(st.sampled_from(here[1:] if len(here) > 1 else here))
        how = draw(st.sampled_from(["exchange", "remove", "add"]))
        target = body
        for step in path:
            target = target[step]
        if how == "add" and isinstance(target, dict):
            names = st.sampled_from(["blind", "extra", "name", "target", "open"])
            body = replaced(body, path, target | {draw(names): draw(VALUES)})
        elif how == "remove" and path:
            body = replaced(body, path, ...)
        else:
            body = replaced(body, path, draw(VALUES))
    return kind, body


@settings(max_examples=400, deadline=None, derandomize=True)
@given(mutated())
def test_schema_and_code_refuse_alike(case: tuple[str, Any]) -> None:
    kind, body = case
    try:
        check_body(kind, body, "r")
        accepted = True
    except ReceiptError:
        accepted = False
    valid = VALIDATORS[kind].is_valid(payload(kind, body))
    if kind in EXACT:
        assert valid == accepted
    else:
        assert valid or not accepted, "the code accepts what the published schema refuses"


def test_mutations_reach_both_answers() -> None:
    """Were every change refused, agreeing would be cheap: these are accepted by both."""
    for kind, path, value in (
        ("result", ("outcomes", 0, "codes", 0), "closed"),
        ("void", ("reason",), "中"),
        ("substitution", ("replacement",), None),
        ("draw", ("tasks", 0, "strata", 0, "last_ticket"), None),
    ):
        body = replaced(SOUND[kind], path, value)
        check_body(kind, body, "r")
        assert VALIDATORS[kind].is_valid(payload(kind, body))
    assert set(PLACES) == set(BODIES)


@pytest.mark.parametrize(
    ("member", "value"),
    [
        ("type", "x"),
        ("ceremony", "X"),
        ("sequence", 0),
        ("previous", "x"),
        ("time", "now"),
        ("body", None),
        ("more", 1),
    ],
)
def test_the_payloads_head_is_in_the_schema(member: str, value: Any) -> None:
    good = payload("void", SOUND["void"])
    assert VALIDATORS["void"].is_valid(good)
    assert not VALIDATORS["void"].is_valid(good | {member: value})
