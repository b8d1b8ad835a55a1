"""Draws on Spark: whatever the partitions, and whichever worker dies, the same bytes as from memory."""

from __future__ import annotations

import sys
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import ceremonies as kit
import cluster
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dblrandom.adapters.engines._sparkscan import SparkReading
from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.engines.spark import SparkTable
from dblrandom.errors import MissingExtra, RosterError
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.model import Population
from dblrandom.roster import Roster
from dblrandom.sampling import MemoryFrame
from dblrandom.testing import EngineConformance

f = pytest.importorskip("pyspark.sql.functions", reason="PySpark is not installed")
if cluster.java() is None:
    pytest.skip("there is no Java for Spark", allow_module_level=True)

# PySpark leaves it to the collector to close the sockets through which it hands out rows.
pytestmark = [
    pytest.mark.filterwarnings("ignore:unclosed:ResourceWarning"),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

Rows = Sequence[tuple[str, ...]]


@pytest.fixture(scope="module", autouse=True)
def application() -> Iterator[None]:
    yield
    cluster.close_shared()


def table(rows: Sequence[tuple[str | None, ...]], columns: Sequence[str], **more: Any) -> SparkTable:
    return SparkTable(cluster.frame(cluster.shared(), rows, columns, 2), name="targets", id="id", **more)


def memory(rows: Rows, columns: Sequence[str], suite: Suite = SHA256) -> Roster:
    return Roster.build(suite, Population("targets", tuple(columns), tuple(rows)))


class ReadOnce(SparkTable):
    """Remembers its readings, so that the suite's many commitments to one table cost one."""

    def reading(self, suite: Suite, page_rows: int) -> SparkReading:
        if not hasattr(self, "read"):
            self.read = super().reading(suite, page_rows)
            leaves = list(self.read.leaves())
            self.read.leaves = lambda: iter(leaves)  # type: ignore[method-assign]
        return self.read


class TestSparkTable(EngineConformance):
    suites = (SHA256,)
    examples = 2
    page_counts = (257,)
    lies = ()

    def make_table(self, rows: Rows, columns: Sequence[str]) -> SparkTable:
        return ReadOnce(cluster.frame(cluster.shared(), rows, columns, 2), name="targets", id="id")


def test_a_suite_that_spark_does_not_have() -> None:
    """SM3 is hashed on the driver, to the same result."""
    rows = [(f"F{n:03d}", "ab"[n % 2]) for n in range(300)]
    found, true = table(rows, ("id", "kind")), memory(rows, ("id", "kind"), SM3)
    roster = EngineRoster.commit(found, SM3)
    assert roster.manifest == true.manifest
    wanted = {("a",): 2, ("b",): 150}
    frame = MemoryFrame(SM3, true.columns, true.lines, {}, ("kind",), where="test")
    assert roster.frame({}, ("kind",), where="test").lowest(cluster.KEY, wanted) == frame.lowest(cluster.KEY, wanted)


WAYS: list[Callable[[Any], Any]] = [
    lambda frame: frame.coalesce(1),
    lambda frame: frame.repartition(5),
    lambda frame: frame.repartition(3, "kind"),
    lambda frame: frame.repartitionByRange(2, f.col("id").desc()),
    lambda frame: frame.orderBy(f.xxhash64("id")),
]


@settings(max_examples=5, deadline=None, suppress_health_check=[*HealthCheck])
@given(ids=st.sets(st.text("az\u00e4\uffe5\U0001f600", min_size=1, max_size=3), min_size=1), way=st.sampled_from(WAYS))
def test_partitions_do_not_matter(ids: set[str], way: Callable[[Any], Any]) -> None:
    rows = [(unit_id, unit_id[-1]) for unit_id in sorted(ids, key=len)]
    made = way(cluster.frame(cluster.shared(), rows, ("id", "kind")))
    roster, true = EngineRoster.commit(SparkTable(made, name="targets", id="id")), memory(rows, ("id", "kind"))
    assert roster.manifest == true.manifest
    frame = MemoryFrame(SHA256, true.columns, true.lines, {}, ("kind",), where="test")
    wanted = {stratum: (size + 1) // 2 for stratum, size in frame.sizes().items()}
    assert roster.frame({}, ("kind",), where="test").lowest(cluster.KEY, wanted) == frame.lowest(cluster.KEY, wanted)


def test_the_receipts_are_the_same_byte_for_byte() -> None:
    population = kit.targets()
    roster = EngineRoster.commit(table(population.rows[::-1], population.columns))
    assert kit.drawn(given=[roster, *kit.rosters()[1:]]).envelopes == kit.drawn().envelopes


def test_workers_that_are_killed_change_nothing(tmp_path: Path) -> None:
    """One dies while the pages are read, another while the candidates are: a cluster of its own, on loopback."""
    with cluster.Cluster(tmp_path) as workers:
        first, second = workers.add_workers(2)
        with cluster.Program(workers.master) as program:
            assert program.hear() == "reading"
            workers.kill(first)
            workers.add_workers()
            program.go_on()
            assert program.hear() == "drawing"
            workers.kill(second)
            program.go_on()
            found = program.hear()
    true = memory(cluster.ROWS, cluster.COLUMNS)
    frame = MemoryFrame(SHA256, true.columns, true.lines, {}, ("district",), where="test")
    assert found == cluster.answers(true, frame)


def test_columns_become_text_and_nothing_is_folded() -> None:
    """Whole numbers, missing values, names that Spark itself would take for one, quote or take apart."""
    made = cluster.frame(cluster.shared(), [("2", "x", None), ("10", None, "y")], ("No. `1`", "KIND", "kind"))
    numbers = made.withColumn("size", f.lit(-7).cast("bigint")).withColumn("No. `1`", f.col("`No. ``1```").cast("int"))
    found = SparkTable(numbers, name="targets", id="No. `1`", columns=("kind", "size", "KIND"), rename={"KIND": "k"})
    roster = EngineRoster.commit(found)
    assert (
        roster.manifest == memory([("2", "", "-7", "x"), ("10", "y", "-7", "")], ("id", "kind", "size", "k")).manifest
    )


def test_a_collation_does_not_reach_the_draw() -> None:
    if not hasattr(f, "collate"):
        pytest.skip("this Spark has no collations")
    rows = [("a", "x"), ("A", "X"), ("b", "x ")]
    made = cluster.frame(cluster.shared(), rows, ("id", "kind"))
    folded = made.select(*(f.collate(f.col(name), "UTF8_LCASE_RTRIM").alias(name) for name in ("id", "kind")))
    roster = EngineRoster.commit(SparkTable(folded, name="targets", id="id"))
    assert roster.manifest == memory(rows, ("id", "kind")).manifest
    assert roster.frame({}, ("kind",), where="test").sizes() == {("X",): 1, ("x",): 1, ("x ",): 1}


def shaped(change: Callable[[Any], Any]) -> Any:
    return change(cluster.frame(cluster.shared(), [("a", "x"), ("b", "y")], ("id", "kind"), 2))


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda made: made.withColumnRenamed("id", "key"), "no column 'id'; it has 'key', 'kind'"),
        (lambda made: made.withColumnRenamed("kind", "id"), "the column 'id' twice"),
        (lambda made: made.withColumn("kind", f.lit(0.5)), "column 'kind' is of type double; cast it to text"),
        (lambda made: made.withColumn("id", f.array("id")), "column 'id' is of type array<string>"),
        (lambda made: cluster.shared().readStream.format("rate").load().withColumnRenamed("value", "id"), "stream"),
        (lambda made: [("a", "x")], "a list is not a Spark DataFrame"),
    ],
    ids=["missing", "twice", "floats", "array", "stream", "list"],
)
def test_a_frame_that_is_no_roster(change: Callable[[Any], Any], told: str) -> None:
    with pytest.raises(RosterError, match=told):
        SparkTable(shaped(change), name="targets", id="id")


@pytest.mark.parametrize(
    ("change", "told"),
    [
        (lambda made: made.withColumn("id", f.nullif("id", f.lit("b"))), "column 'id' has no value beside 'y'"),
        (lambda made: made.withColumn("kind", f.unhex(f.lit("61ff")).cast("string")), "row 'a': .*not UTF-8 at byte 1"),
        (lambda made: made.withColumn("id", f.concat("id", f.unhex(f.lit("80")).cast("string"))), "'id' is not UTF-8"),
        (lambda made: made.union(made.repartition(5).where("id = 'b'")), "the id 'b' is there 2 times"),
        (lambda made: made.withColumnRenamed("kind", "Kind"), "column 2 is 'Kind', not a name"),
        (
            lambda made: made.withColumn("kind", f.raise_error(f.lit("one\ntwo")).cast("string")),
            "Spark could not do it",
        ),
    ],
    ids=["missing id", "field of bytes", "id of bytes", "id in two partitions", "name", "failing"],
)
def test_rows_that_no_roster_may_have(change: Callable[[Any], Any], told: str) -> None:
    with pytest.raises(RosterError, match=told):
        EngineRoster.commit(SparkTable(shaped(change), name="targets", id="id"))


RANDOM = "reflect('java.util.UUID', 'randomUUID')"
"""Another value each time that it is asked for, even for one row; Spark's own rand() and uuid() keep their seeds."""


def test_a_source_that_is_never_the_same_twice() -> None:
    """Each reading gives other values: the draw is refused, and so is a proof."""
    drifting = shaped(lambda made: made.withColumn("kind", f.expr(RANDOM)))
    roster = EngineRoster.commit(SparkTable(drifting, name="targets", id="id"))
    with pytest.raises(
        RosterError, match=r"task '1': .* changed since it was committed to \(it has 2 now\); draw from"
    ):
        roster.frame({}, (), where="task '1'")
    with pytest.raises(RosterError, match="not the ones committed"):
        roster.prove("a")


def test_ids_that_are_never_the_same_twice() -> None:
    """A commitment is to the rows of one reading, whole and in order, and nothing else can be drawn under it."""
    drifting = shaped(lambda made: made.withColumn("id", f.expr(RANDOM)))
    roster = EngineRoster.commit(SparkTable(drifting, name="targets", id="id"))
    assert len(roster) == 2
    with pytest.raises(RosterError, match="changed since it was committed"):
        roster.frame({}, (), where="task '1'")


def test_files_that_are_edited_and_then_gone(tmp_path: Path) -> None:
    place = tmp_path / "rows.csv"
    place.write_text("a,x\nb,y\n")
    read = cluster.shared().read.csv(str(place), schema="id string, kind string")
    roster = EngineRoster.commit(SparkTable(read, name="targets", id="id"))
    assert roster.frame({}, ("kind",), where="test").sizes() == {("x",): 1, ("y",): 1}
    place.write_text("a,x\nb,x\n")
    with pytest.raises(RosterError, match="changed since it was committed"):
        roster.frame({}, ("kind",), where="test")
    place.unlink()
    with pytest.raises(RosterError, match="task '1': Spark could not do it"):
        roster.frame({}, (), where="task '1'")


def colliding() -> tuple[list[tuple[str, str]], list[tuple[str, str]]]:
    """Rows, and others with the same number and the same exclusive or of 64-bit hashes, by linear algebra."""
    rows = [(f"F{n:03d}", "x") for n in range(80)]
    lines = [(f"{unit}\tx\n", f"{unit}\ty\n") for unit, _ in rows]
    made = cluster.frame(cluster.shared(), lines, ("one", "other"))
    hashed = made.select("one", f.expr("xxhash64(one) ^ xxhash64(other)").alias("d")).collect()
    basis: dict[int, tuple[int, set[str]]] = {}
    for line, difference in hashed:
        left, used = difference & (2**64 - 1), {line}
        while left and left.bit_length() in basis:
            other, more = basis[left.bit_length()]
            left, used = left ^ other, used ^ more
        if not left:
            turned = {each.partition("\t")[0] for each in used}
            return rows, [(unit, "y" if unit in turned else kind) for unit, kind in rows]
        basis[left.bit_length()] = left, used
    raise AssertionError("80 rows of 64 bits have a relation")


def test_other_rows_with_the_same_unkeyed_check_sum(tmp_path: Path) -> None:
    """Whoever makes the source does not know the key of the fingerprint, so that nothing can be prepared."""
    rows, others = colliding()
    assert rows != others
    place = tmp_path / "rows.csv"
    for put in (rows, others):
        place.write_text("".join(f"{unit},{kind}\n" for unit, kind in put))
        if put is rows:
            read = cluster.shared().read.csv(str(place), schema="id string, kind string")
            roster = EngineRoster.commit(SparkTable(read, name="targets", id="id"))
            counted = roster.frame({}, (), where="test")
    for act in (
        lambda: roster.frame({}, ("kind",), where="test"),
        lambda: roster.frame({"kind": ["y"]}, (), where="test"),
        lambda: counted.lowest(cluster.KEY, {(): 5}),
    ):
        with pytest.raises(RosterError, match="changed since it was committed"):
            act()


def test_a_row_without_an_id_is_no_other_row(tmp_path: Path) -> None:
    """A missing id and a field with a tab do not make the line of a row that was committed."""
    place = tmp_path / "rows.json"
    place.write_text('{"id":"a","kind":"x"}\n{"id":"b","kind":"y"}\n')
    read = cluster.shared().read.json(str(place), schema="id string, kind string")
    roster = EngineRoster.commit(SparkTable(read, name="targets", id="id"))
    frame = roster.frame({}, (), where="test")
    place.write_text('{"id":"a","kind":"x"}\n{"id":null,"kind":"b\\ty"}\n')
    with pytest.raises(RosterError, match="changed since it was committed"):
        frame.lowest(cluster.KEY, {(): 2})


def test_a_reading_that_is_given_up_leaves_nothing_behind() -> None:
    def stop(rows: int) -> None:
        raise KeyboardInterrupt

    held = cluster.shared().sparkContext._jsc.getPersistentRDDs
    before = held().size()
    with pytest.raises(KeyboardInterrupt):
        EngineRoster.commit(table([(f"F{n}",) for n in range(400)], ("id",)), progress=stop)
    assert held().size() == before


def test_without_pyspark(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "pyspark.sql.functions", None)
    with pytest.raises(MissingExtra, match=r"dblrandom\[spark\]"):
        SparkTable(object(), name="targets", id="id")
