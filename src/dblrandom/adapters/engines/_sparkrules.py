"""The canonical file's rules as expressions that Spark evaluates on its executors (docs/spec, section 2).

Nothing here runs Python outside the driver. Texts are compared, grouped and sorted by Spark as UTF-8 bytes, which is
what the specification asks for; a column with another collation is brought back to bytes before anything is decided.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from functools import reduce
from operator import or_
from typing import Any

from dblrandom.adapters.engines.turns import OneProcess
from dblrandom.errors import DblrandomError, RosterChanged, RosterError, RosterUnavailable
from dblrandom.kernel.extras import load
from dblrandom.kernel.rows import MAX_FIELD_BYTES, MAX_ID_BYTES, row_line
from dblrandom.model.json import show
from dblrandom.model.names import UNSEEN_IN_ID

__all__ = ["failing", "faulty", "functions", "line", "local", "name_fault", "name_twice", "once", "streamed", "texts"]

_GATEWAY = OneProcess("Spark")
_TEXT = frozenset({"char", "string", "varchar"})
_WHOLE = frozenset({"bigint", "int", "smallint", "tinyint"})
_CONTROL = r"[\x00-\x1f\x7f]"
_NOT_AN_ID = rf"^ | \z|[{UNSEEN_IN_ID}]"


def functions() -> Any:
    """Spark's functions on columns.

    Raises:
        MissingExtra: PySpark is not installed.
        RosterError: this process was forked from one that had used it.
    """
    _GATEWAY.enter("Spark")
    return load("pyspark.sql.functions", "spark", "a roster on a Spark cluster")


@contextmanager
def failing(where: str) -> Iterator[None]:
    """Turn what Spark raises into one line of the library's own.

    Raises:
        RosterError: Spark failed.
    """
    try:
        yield
    except DblrandomError:
        raise
    except Exception as error:
        # Besides its own errors there are those of the gateway to the JVM, of its sockets, and, once the application
        # has been stopped, whatever the first missing object leads to.
        told = str(error).strip().splitlines() or [type(error).__name__]
        raise RosterUnavailable(f"Spark could not do it: {told[0][:300]}", where=where) from error


def texts(frame: Any, sources: Sequence[str], where: str) -> Any:
    """The columns named, as texts ``c0``, ``c1``, ...: whole numbers in decimal, a missing value as the empty text.

    A missing id stays missing. The columns are taken by their places, so no name needs to be quoted and none is folded.

    Raises:
        RosterError: a column that is not there, or twice, or of another type.
    """
    f = functions()
    fields = frame.schema.fields
    names = [field.name for field in fields]
    for source in sources:
        if names.count(source) != 1:
            found = f"has the column {show(source)} twice" if source in names else f"has no column {show(source)}"
            raise RosterError(f"the DataFrame {found}; it has {', '.join(map(show, names))}", where=where)
    plain = frame.toDF(*(f"s{n}" for n in range(len(names))))
    columns = []
    for place, source in enumerate(sources):
        at = names.index(source)
        text = _text(f.col(f"s{at}"), source, fields[at].dataType.simpleString(), where)
        columns.append((text if place == 0 else f.coalesce(text, f.lit(""))).alias(f"c{place}"))
    return plain.select(*columns)


def _text(column: Any, source: str, kind: str, where: str) -> Any:
    if kind == "string" or kind in _WHOLE:
        return column.cast("string")
    if kind.partition("(")[0].split(" ")[0] in _TEXT:
        return column.cast("binary").cast("string")
    raise RosterError(
        f"column {show(source)} is of type {kind}; cast it to text, so that its form is decided", where=where
    )


def line(count: int) -> Any:
    """The canonical line of a row with ``count`` columns, with its LF; a missing id is an empty one, and not left out.

    Rows that differ have different lines, if those of one of them are canonical: in those no field has a tab.
    """
    f = functions()
    unit_id, *others = _cells(count)
    return f.concat(f.concat_ws("\t", f.coalesce(unit_id, f.lit("")), *others), f.lit("\n"))


def once(rows: Any, count: int) -> Any:
    """The same rows, of which a job evaluates each once, however often it uses their columns.

    Spark puts the expressions of a column in the place of each use of it, so that a function that is not what it
    claims to be, and answers otherwise each time, would tell a fingerprint one thing and a draw another. Nothing is
    put through what generates rows.
    """
    f = functions()
    return rows.select(f.inline(f.array(f.struct(*(cell.alias(f"c{n}") for n, cell in enumerate(_cells(count)))))))


def faulty(count: int) -> Any:
    """Whether a row breaks a rule of the canonical file other than order."""
    f = functions()
    unit_id, *others = cells = _cells(count)
    together = f.concat(*cells)
    valid = getattr(f, "is_valid_utf8", None)
    # Before Spark 4 decoding replaces what is not UTF-8; since Spark 4 it fails, and there is a test for it instead.
    broken = ~valid(together) if valid else f.encode(f.decode(together, "UTF-8"), "UTF-8") != together.cast("binary")
    tests = [
        unit_id.isNull(),
        unit_id == f.lit(""),
        f.octet_length(unit_id) > MAX_ID_BYTES,
        unit_id.rlike(_NOT_AN_ID),
        *(f.octet_length(cell) > MAX_FIELD_BYTES for cell in others),
        together.rlike(_CONTROL),
        broken,
    ]
    return reduce(or_, tests)


def _cells(count: int) -> list[Any]:
    f = functions()
    return [f.col(f"c{n}") for n in range(count)]


def name_fault(rows: Any, columns: Sequence[str], where: str) -> RosterError:
    """What is wrong with the first of the faulty rows, in the kernel's words."""
    cells = _cells(len(columns))
    with failing(where):
        first = rows.where(faulty(len(columns))).orderBy("c0").limit(1).select(*(c.cast("binary") for c in cells))
        found = first.collect()
    if not found:
        return _changed(where)
    fields: list[str] = []
    for name, cell in zip(columns, found[0], strict=True):
        if cell is None:
            shown = ", ".join(show(bytes(c).decode("utf-8", "replace")) for c in found[0][1:4]) or "no other column"
            return RosterError(f"column 'id' has no value beside {shown}; every row needs an id", where=where)
        try:
            fields.append(bytes(cell).decode("utf-8"))
        except UnicodeDecodeError as error:
            shown = show(bytes(found[0][0]).decode("utf-8", "replace"))
            return RosterError(
                f"column {name!r} is not UTF-8 at byte {error.start}; mend the source", where=f"{where}, row {shown}"
            )
    try:
        row_line(fields, columns, f"{where}, row {show(fields[0])}")
    except RosterError as error:
        return error
    return RosterError("Spark refuses this row and the kernel does not", where=f"{where}, row {show(fields[0])}")


def name_twice(rows: Any, where: str) -> RosterError:
    """Which id is there more than once; where none is, the rows were not the same when they were read again."""
    f = functions()
    with failing(where):
        several = rows.groupBy("c0").agg(f.count(f.lit(1)).alias("times")).where("times > 1")
        found = several.orderBy("c0").limit(1).select(f.col("c0").cast("binary"), "times").collect()
    if not found:
        return _changed(where)
    shown = show(bytes(found[0][0]).decode("utf-8", "replace"))
    return RosterError(f"the id {shown} is there {found[0][1]} times; ids are unique", where=where)


def _changed(where: str) -> RosterError:
    return RosterChanged("its rows changed while they were read; read them from a snapshot", where=where)


def local(spark: Any, schema: str, rows: Sequence[Mapping[str, Any]]) -> Any:
    """A few rows of the driver as a DataFrame.

    They travel as one text that the JVM reads: rows that PySpark sends by itself need Python on every executor.
    """
    f = functions()
    return spark.range(0, 1, 1, 1).select(f.inline(f.from_json(f.lit(json.dumps(rows)), f"array<struct<{schema}>>")))


def streamed(frame: Any) -> Iterator[Any]:
    """The rows of a small result, in order.

    They are computed at once on all executors and held there: an iterator alone would have the partitions computed one
    after the other.
    """
    held = frame.persist()
    try:
        held.count()
        yield from held.toLocalIterator()
    finally:
        held.unpersist()
