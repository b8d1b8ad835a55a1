"""Synthetic rosters on which engines go astray: canonical rows, and rows that are not (docs/spec, section 2)."""

from __future__ import annotations

import re
from typing import Any

from dblrandom.kernel.extras import load
from dblrandom.kernel.rows import MAX_FIELD_BYTES, MAX_ID_BYTES
from dblrandom.model.names import UNSEEN_IN_ID

__all__ = ["FAULTY_FIELDS", "FAULTY_IDS", "ODD_COLUMNS", "ODD_FIELDS", "ODD_IDS", "Rows", "odd_rows", "rosters"]

Rows = tuple[tuple[str, ...], ...]
"""Rows of text, each in the order of the columns."""

ODD_COLUMNS = ("kind", "select", "x.y-z_1", "0")
"""Column names that the specification allows, and SQL or Python would rather not."""

ODD_FIELDS = (
    *(
        "",
        "a",
        "A",
        "a ",
        " a",
        " ",
        "  ",
        "aa",
        "\u00e4",
        "a\u0308",
        "\u00df",
        "ss",
        "\u1e9e",
        "\u0131",
        "I",
        "i",
        "\u0130",
    ),
    *(
        "\uff21",
        "\u516c",
        "\u516c\u53f8",
        "\uff5e",
        "\U0001f600",
        "\U00020000",
        "\ue000",
        "\ufffd",
        "\uffff",
        "\u0085",
        "\u2028",
    ),
    *(
        "\u00a0",
        "\u200b",
        "\ufeff",
        "\u202e",
        "0",
        "00",
        "-0",
        "1e3",
        "1.0",
        "NULL",
        "null",
        "None",
        "nan",
        "true",
        "\\N",
    ),
    *(
        "'",
        '"',
        "`",
        "\\",
        "\\'",
        "%",
        "%s",
        "%(x)s",
        "_",
        ":x",
        "?",
        "$1",
        "{}",
        "${x}",
        "--",
        "/*",
        ";",
        "#",
        "&",
        "<",
    ),
    *(
        "x" * MAX_FIELD_BYTES,
        "\u516c" * (MAX_FIELD_BYTES // 3),
        "a,b",
        "[1]",
        '{"a":1}',
        "2024-01-01",
        "1970-01-01 00:00:00",
    ),
)
"""Fields that differ by bytes and, in many a collation, encoding or type, in nothing else."""

_NOT_IN_ID = re.compile(f"[{UNSEEN_IN_ID}]")
ODD_IDS = (
    *(
        field
        for field in ODD_FIELDS
        if field and field.strip(" ") == field and not _NOT_IN_ID.search(field) and len(field) < 99
    ),
    *("i" * MAX_ID_BYTES, "\u516c" * (MAX_ID_BYTES // 3), "a b", "\u00e4b", "\u0300", "91530102HC00000001"),
)
"""Ids that differ by bytes and are in an order of their own in many a collation."""

FAULTY_FIELDS = (
    *("\x00", "\x01", "\t", "a\tb", "\n", "a\nb", "\r", "\x0b", "\x0c", "\x1f", "\x7f", "x\x7f"),
    *("x" * (MAX_FIELD_BYTES + 1), "\u00e4" * (MAX_FIELD_BYTES // 2) + "x", "\u516c" * MAX_FIELD_BYTES),
)
"""Fields that no roster may have."""

FAULTY_IDS = (
    *(
        "",
        " ",
        " a",
        "a ",
        "\u0080",
        "\u0085",
        "a\u00a0",
        "\u200b",
        "\u200fa",
        "\u2028",
        "\u202ea",
        "\u2060",
        "\ufeffa",
        *("a\u00ad", "a\u3000", "a\u3164", "a\u034fb", "\uffff", "a\ufe0f", "\U000e0041"),
    ),
    *("a\tb", "a\nb", "\x7f", "i" * (MAX_ID_BYTES + 1), "\u00e4" * (MAX_ID_BYTES // 2) + "xx"),
)
"""Ids that no roster may have."""


def odd_rows() -> Rows:
    """Every odd id, with odd fields for the columns :data:`ODD_COLUMNS`."""
    count = len(ODD_FIELDS)
    return tuple(
        (unit_id, *(ODD_FIELDS[(place * step + step) % count] for step in range(1, len(ODD_COLUMNS) + 1)))
        for place, unit_id in enumerate(sorted(ODD_IDS))
    )


def rosters(*, without: str = "", most: int = 60) -> Any:
    """A hypothesis strategy: columns, ``id`` first, and at most ``most`` canonical rows in any order.

    Args:
        without: characters that occur nowhere.
        most: the largest number of rows.

    Raises:
        MissingExtra: hypothesis is not installed.
    """
    st = load("hypothesis", "dev", "a generated roster").strategies
    return st.lists(st.sampled_from(ODD_COLUMNS), max_size=3, unique=True).flatmap(
        lambda names: st.tuples(st.just(("id", *names)), _rows(st, len(names), without, most))
    )


def _rows(st: Any, width: int, without: str, most: int) -> Any:
    barred = "".join(chr(code) for code in (*range(32), 127)) + without
    letters = st.characters(exclude_categories=["Cs"], exclude_characters=barred)
    in_ids = st.characters(exclude_categories=["Cs"], exclude_characters=barred).filter(
        lambda letter: not _NOT_IN_ID.search(letter)
    )
    ids = _usable(st, ODD_IDS, without) | st.text(in_ids, min_size=1, max_size=60).map(lambda t: t.strip(" ")).filter(
        bool
    )
    # Few different values, so that strata have several rows; and now and then any text at all.
    fields = _usable(st, ODD_FIELDS[:8], without) | _usable(st, ODD_FIELDS, without) | st.text(letters, max_size=30)
    row = st.tuples(*[fields] * width)
    return st.dictionaries(ids, row, max_size=most).flatmap(
        lambda found: st.permutations([(unit_id, *rest) for unit_id, rest in found.items()]).map(tuple)
    )


def _usable(st: Any, texts: tuple[str, ...], without: str) -> Any:
    return st.sampled_from([text for text in texts if not set(text) & set(without)])
