"""The body of every receipt type: what it must hold, and the JSON Schemas made from that (docs/spec, section 6)."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType

from dblrandom.drawing.commitment import ROLES
from dblrandom.errors import ReceiptError
from dblrandom.evidence.shapes import Anything, Array, Either, Integer, Nullable, Object, OneOf, Parsed, Shape, Text
from dblrandom.kernel.schemes import KEY_SIZES
from dblrandom.model import Json, Quota, ResultCode, Source, check_id, check_text, check_time
from dblrandom.roster import Manifest

__all__ = ["BODIES", "SEALABLE", "check_body", "schema", "schemas"]

DIGEST = Text("[0-9a-f]{64}", "a digest of 64 lower-case hex characters")
KEY = Text("[0-9a-f]{32}", "a draw key of 32 lower-case hex characters")
NAME = Text("[a-z0-9._-]{1,64}", "a name of 1 to 64 of a-z 0-9 . _ -")
TASK = Text("[A-Za-z0-9._-]{1,55}", "a task id of 1 to 55 of A-Z a-z 0-9 . _ -")
ROSTER = Text("[A-Za-z0-9._-]{1,64}", "a roster's name of 1 to 64 of A-Z a-z 0-9 . _ -")
ID = Parsed(check_id, Text(".{1,255}", "an id"))
FREE = Parsed(check_text, Text(".{1,4096}", "a text of 1 to 4,096 characters"))
TIME = Parsed(check_time, Text("[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z", "a time YYYY-MM-DDThh:mm:ssZ"))
RATIO = Object({"numerator": Integer(), "denominator": Integer(1)})
MANIFEST = Parsed(
    Manifest.from_json,
    Object(
        {
            "columns": Array(Text("[a-z0-9._-]{1,64}", "a column name"), 1),
            "name": ROSTER,
            "page_rows": Integer(1, 256),
            "root": DIGEST,
            "rows": Integer(),
        }
    ),
)
QUOTA = Parsed(
    Quota.from_json,
    Object(
        {"rounding": OneOf(("ceiling", "floor", "half_up")), "scope": OneOf(("frame", "stratum", "total"))},
        {"ratio": RATIO, "count": Integer(1), "cap": Integer(1), "minimum": Integer(), "allow_zero": FREE},
    ),
)
SOURCE = Parsed(Source.from_json, Object({"kind": NAME, "name": NAME, "not_before": TIME}, others=Anything()))
ALGORITHM = OneOf(tuple(KEY_SIZES))
PUBLIC_KEY = Text(
    "|".join(f"[0-9a-f]{{{2 * size}}}" for size in KEY_SIZES.values()),
    "a raw public key in lower-case hex: " + ", ".join(f"{size} bytes ({name})" for name, size in KEY_SIZES.items()),
)
BASE64 = Text("[A-Za-z0-9+/]{4,262144}={0,2}", "bytes in standard padded base64")
SIGNER = Object({"role": OneOf(ROLES), "algorithm": ALGORITHM, "public_key": PUBLIC_KEY}, {"name": FREE})
TOKEN = Object({"token": BASE64, "certificates": Array(BASE64, 1)})
VALUE = Text("(?=.{1,256}$)[!-~]( ?[!-~])*", "a source's value of 1 to 256 characters")
BLIND: Mapping[str, Shape] = {"blind": DIGEST}

_COMMITMENT = Object(
    {
        "suite": OneOf(("sha256", "sm3")),
        "specification": OneOf(("dblrandom/v1",)),
        "plan": Object(others=Anything()),
        "tasks": Array(Object({"id": TASK}, others=Anything()), 1),
        "rosters": Array(MANIFEST, 1),
        "sources": Array(SOURCE, 1),
        "signers": Array(SIGNER, 1),
        "previous_ceremony": Nullable(DIGEST),
        "deadlines": Object({"reveal": TIME, "draw": TIME, "result": TIME}),
        "replaces": Nullable(DIGEST),
    }
)
_WITNESS = Object(
    {"digest": DIGEST, "ceremony": NAME, "sequence": Integer(1), "time": TIME},
    {
        "disclosed": Object(others=DIGEST),
        "tokens": Array(TOKEN, 1),
        "logged": Text(r"[\s\S]{1,262144}", "a log's proof"),
    },
)
_REVEAL = Object(
    {
        "values": Array(
            Object(
                {"kind": NAME, "name": NAME, "value": VALUE},
                {"evidence": Anything()},
            ),
            1,
        ),
        "seed": DIGEST,
    },
    BLIND,
)
_STRATUM = Object(
    {
        "stratum": Array(Text(".{0,1024}", "a column's value")),
        "size": Integer(1),
        "wanted": Integer(),
        "selected": Integer(),
        "reserves": Integer(),
        "shortfall": Integer(),
        "probability": RATIO,
        "last_ticket": Nullable(DIGEST),
    }
)
_OPEN = Object(
    {
        "target": ID,
        "slots": Array(
            Object(
                {
                    "role": NAME,
                    "candidates": Array(
                        Either(
                            {
                                "column": Object({"inspector": ID, "column": NAME}),
                                "recusal": Object({"inspector": ID, "recusal": ID}),
                            }
                        )
                    ),
                }
            )
        ),
    }
)
_ASSIGNMENT = Object(
    {
        "smallest_cap": Integer(),
        "cap": Integer(),
        "slots": Array(Object({"target": ID, "role": NAME, "eligible": Integer(), "recused": Integer()})),
        "open": Array(_OPEN),
    }
)
_DRAW = Object(
    {
        "tasks": Array(
            Object(
                {
                    "task": TASK,
                    "keys": Object({"targets": KEY, "inspectors": KEY}),
                    "size": Integer(1),
                    "shortfall": Integer(),
                    "strata": Array(_STRATUM, 1),
                    "assignment": _ASSIGNMENT,
                    "rosters": Array(MANIFEST, 2),
                },
                {"quota": QUOTA},
            ),
            1,
        )
    },
    BLIND,
)
_SUBSTITUTION = Object(
    {
        "task": TASK,
        "replaced": Either(
            {"target": Object({"target": ID}), "inspector": Object({"inspector": ID}), "open": Object({"open": ID})}
        ),
        "ground": NAME,
        "replacement": Nullable(ID),
        "slots": Array(
            Object({"target": ID, "role": NAME, "inspector": Nullable(ID), "cap_waived": OneOf((True, False))})
        ),
    },
    BLIND,
)
_RESULT = Object(
    {
        "task": TASK,
        "outcomes": Array(Object({"id": ID, "codes": Array(OneOf(tuple(code.value for code in ResultCode)), 1)}), 1),
    },
    BLIND,
)

SEALABLE = ("draw", "result", "reveal", "substitution")
"""The types that may be sealed first and published later; their bodies may carry ``blind``."""

BODIES: Mapping[str, Object] = MappingProxyType(
    {
        "commitment": _COMMITMENT,
        "draw": _DRAW,
        "result": _RESULT,
        "reveal": _REVEAL,
        "sealed": Object({"type": OneOf(SEALABLE), "digest": DIGEST}),
        "substitution": _SUBSTITUTION,
        "void": Object({"reason": FREE}, {"proof": Object(others=Anything())}),
        "witness": _WITNESS,
    }
)
"""Every receipt type and the shape of its body."""


def check_body(kind: str, body: Json, where: str) -> None:
    """Refuse a body that does not have the shape of its type.

    Raises:
        ReceiptError: naming the member.
    """
    if kind not in BODIES:
        raise ReceiptError(f"there is no receipt type {kind!r}", where=where)
    BODIES[kind].check(body, f"{where}: body")


def schema(kind: str) -> dict[str, Json]:
    """The JSON Schema (draft 2020-12) of a whole payload of one type.

    Raises:
        ReceiptError: an unknown type.
    """
    if kind not in BODIES:
        raise ReceiptError(f"there is no receipt type {kind!r}")
    payload = Object(
        {
            "type": OneOf((kind,)),
            "ceremony": NAME,
            "sequence": Integer(1),
            "previous": Nullable(DIGEST),
            "time": TIME,
            "body": BODIES[kind],
        }
    )
    head: dict[str, Json] = {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": f"dblrandom protocol 1: payload of a {kind} receipt",
    }
    return head | payload.schema()


def schemas() -> dict[str, dict[str, Json]]:
    """Every payload's JSON Schema, by receipt type."""
    return {kind: schema(kind) for kind in BODIES}
