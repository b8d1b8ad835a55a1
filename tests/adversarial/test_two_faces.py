"""Files, databases and plug-ins that say one thing when they are committed to and another when they are drawn from.

In each case the draw is that of the committed rows in memory, or it is refused.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Any

import parquetfooter as footer
import pytest

from dblrandom.adapters.engines.opening import open_roster
from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.engines.table import Leaf, Page
from dblrandom.errors import PlanError, RosterError
from dblrandom.kernel.merkle import leaf_hash
from dblrandom.kernel.rows import header_line, id_of
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.model import Population
from dblrandom.roster import Roster
from dblrandom.sampling import MemoryFrame

KEY = "97b4f6f5bb7bc90b9c00e3126f360eec"
COLUMNS = ("id", "district")
COUNT = 2000
ROWS = [(f"F{n:07d}", "north" if n % 2 else "south") for n in range(COUNT)]
SPARED = {unit for unit, district in ROWS[:200] if district == "north"}
TASKS: list[tuple[Mapping[str, Sequence[str]], Sequence[str]]] = [
    ({}, ()),
    ({"district": ["north"]}, ()),
    ({}, ("district",)),
    ({"district": ["south", "north"]}, ("district",)),
    ({"id": [unit for unit, _ in ROWS[:100]]}, ("district",)),
]


def turned(rows: Sequence[tuple[str, str]]) -> list[tuple[str, str]]:
    """As many in each district, but those who are to be spared are in the other one."""
    found = [[unit, district] for unit, district in rows]
    for n in range(1, 200, 2):
        found[n][1], found[COUNT - 1 - n][1] = "south", "north"
    return [(unit, district) for unit, district in found]


def plain(rows: Sequence[tuple[str, ...]], suite: Suite = SHA256) -> Roster:
    return Roster.build(suite, Population("targets", COLUMNS, tuple(rows)))


def drawn(roster: Any, keep: Mapping[str, Sequence[str]], strata: Sequence[str]) -> Any:
    if isinstance(roster, Roster):
        frame: Any = MemoryFrame(roster.suite, roster.columns, roster.lines, keep, strata, where="task")
    else:
        frame = roster.frame(keep, strata, where="task")
    wanted = {stratum: min(50, size) for stratum, size in frame.sizes().items()}
    return dict(frame.sizes()), {stratum: list(found) for stratum, found in frame.lowest(KEY, wanted).items()}


def same_or_refused(roster: Any) -> int:
    """Every draw and every question is answered from the committed rows or refused; how often it was refused."""
    committed = committed_rows(roster)
    refused = 0
    some = [unit for unit, _ in ROWS[::40]] + ["zzz"]
    acts: list[Callable[[Any], Any]] = [
        *(lambda r, k=keep, s=strata: drawn(r, k, s) for keep, strata in TASKS),  # type: ignore[misc]
        lambda r: r.known(some),
        lambda r: r.known(some[:3]),
        lambda r: r.values(some, "district"),
    ]
    for act in acts:
        try:
            found = act(roster)
        except (RosterError, PlanError):
            refused += 1
            continue
        assert committed is not None, "rows are drawn that nobody can show"
        assert found == act(committed)
    return refused


def committed_rows(roster: Any) -> Roster | None:
    """The committed rows in memory, where the table still says them."""
    if isinstance(roster, Roster):
        return roster
    pieces: list[bytes] = []
    try:
        roster.write(pieces.append)
    except RosterError:
        return None
    return Roster.from_file(roster.suite, "targets", b"".join(pieces))


# -- files -------------------------------------------------------------------------------------------------------------


class TestFiles:
    pa: Any
    pq: Any

    @pytest.fixture(autouse=True)
    def libraries(self) -> None:
        pytest.importorskip("datafusion")
        self.pa, self.pq = pytest.importorskip("pyarrow"), pytest.importorskip("pyarrow.parquet")

    def written(self, place: Path, rows: Sequence[tuple[str, ...]], **options: Any) -> bytes:
        """The bytes of a Parquet file with one page for each column."""
        made = self.pa.table([self.pa.array(each) for each in zip(*rows, strict=True)], names=list(COLUMNS))
        simple = {"compression": "none", "use_dictionary": False, "store_schema": False, "write_statistics": False}
        self.pq.write_table(made, place, **{**simple, "row_group_size": 10**9, "data_page_size": 1 << 30, **options})
        return place.read_bytes()

    def opened(self, place: Path, suite: Suite = SHA256) -> EngineRoster:
        found = open_roster(place, name="targets", id="id", engine="datafusion", suite=suite)
        assert isinstance(found, EngineRoster)
        return found

    @pytest.mark.parametrize("suite", [SHA256, SM3], ids=lambda suite: suite.name)
    def test_a_footer_that_two_readers_read_differently(self, tmp_path: Path, suite: Suite) -> None:
        """One reader ignores where a dictionary is said to be, and another begins there: it reads another column."""
        one, two = self.written(tmp_path / "a.parquet", ROWS), self.written(tmp_path / "b.parquet", turned(ROWS))
        (first, before), (second, behind) = footer.read(one), footer.read(two)
        mine, theirs = (footer.column(footer.groups(each)[0], 1) for each in (first, second))
        start, size = (footer.get(theirs, number)[2] for number in (9, 7))
        footer.put(mine, 11, 6, len(before))
        place = tmp_path / "two.parquet"
        place.write_bytes(footer.write(first, before + behind[start : start + size]))
        roster = self.opened(place, suite)
        assert roster.manifest == plain(ROWS, suite).manifest
        assert same_or_refused(roster) == 0
        found = drawn(roster, {"district": ["north"]}, ())[1][()]
        assert found == drawn(plain(ROWS, suite), {"district": ["north"]}, ())[1][()]

    @pytest.mark.parametrize("groups", [None, 500])
    @pytest.mark.parametrize("said", [-200, -1, 1, 5000])
    def test_metadata_that_say_another_number_of_rows(self, tmp_path: Path, said: int, groups: int | None) -> None:
        """Rows that are there and not committed are never drawn; rows that are committed are never passed over."""
        place = tmp_path / "a.parquet"
        made, before = footer.read(self.written(place, ROWS, **({} if groups is None else {"row_group_size": groups})))
        for struct in (made, footer.groups(made)[0]):
            footer.get(struct, 3)[2] += said
        place.write_bytes(footer.write(made, before))
        try:
            roster = self.opened(place)
        except RosterError:
            return
        same_or_refused(roster)

    @pytest.mark.parametrize("column", [0, 1])
    def test_one_column_that_has_another_number_of_rows(self, tmp_path: Path, column: int) -> None:
        place = tmp_path / "a.parquet"
        made, before = footer.read(self.written(place, ROWS))
        footer.get(footer.column(footer.groups(made)[0], column), 5)[2] -= 200
        place.write_bytes(footer.write(made, before))
        try:
            roster = self.opened(place)
        except RosterError:
            return
        same_or_refused(roster)

    def test_page_indexes_and_statistics_that_say_what_is_not_so(self, tmp_path: Path) -> None:
        """Whatever a file says about its pages, none is passed over in a draw."""
        place = tmp_path / "a.parquet"
        rows = [(unit, "mid" if n < 1000 else "zzz") for n, (unit, _) in enumerate(ROWS)]
        options = {"write_statistics": True, "write_page_index": True, "data_page_size": 1000, "write_batch_size": 50}
        made, before = footer.read(self.written(place, rows, **options, row_group_size=1000))
        for group in footer.groups(made):
            chunk = footer.get(group, 1)[2][1][1]
            start, size = (footer.get(chunk, number)[2] for number in (6, 7))  # its column index
            index = before[start : start + size]
            before = before[:start] + index.replace(b"mid", b"zzz") + before[start + size :]
            for limit in footer.get(footer.column(group, 1), 12)[2]:
                if limit[2] == b"mid":
                    limit[2] = b"zzz"
        place.write_bytes(footer.write(made, before))
        group = self.pq.read_metadata(place).row_group(0).column(1)
        assert group.has_column_index
        assert (group.statistics.min, group.statistics.max) == ("zzz", "zzz")
        roster = self.opened(place)
        expected = plain(rows)
        assert roster.manifest == expected.manifest
        assert drawn(roster, {"district": ["mid"]}, ()) == drawn(expected, {"district": ["mid"]}, ())
        assert drawn(roster, {}, ("district",)) == drawn(expected, {}, ("district",))

    @pytest.mark.parametrize("ordered", [True, False])
    @pytest.mark.parametrize("end", ["parquet", "csv", "arrow"])
    def test_a_file_that_is_another_at_each_reading(self, tmp_path: Path, end: str, ordered: bool) -> None:
        """Of the same size, with its old time, in the same place on the disk: its draws are refused."""
        place = tmp_path / f"a.{end}"

        def write(rows: Sequence[tuple[str, ...]]) -> None:
            rows = rows if ordered else rows[::-1]
            if end == "parquet":
                data = self.written(tmp_path / "made.parquet", rows)
            elif end == "csv":
                data = "".join(f"{a},{b}\n" for a, b in [COLUMNS, *rows]).encode()
            else:
                arrays = [self.pa.array(each) for each in zip(*rows, strict=True)]
                made = self.pa.table(arrays, names=list(COLUMNS))
                with (
                    self.pa.OSFile(str(tmp_path / "made"), "wb") as file,
                    self.pa.ipc.new_file(file, made.schema) as writer,
                ):
                    writer.write_table(made)
                data = (tmp_path / "made").read_bytes()
            with place.open("r+b" if place.exists() else "wb") as opened:
                opened.write(data)

        write(ROWS)
        before = os.stat(place)
        roster = self.opened(place)
        counted = roster.frame({}, ("district",), where="task")
        write(turned(ROWS))
        os.utime(place, ns=(before.st_atime_ns, before.st_mtime_ns))
        roster.table.check_unchanged()
        for keep, strata in TASKS:
            if keep or strata:
                with pytest.raises(RosterError, match="not the ones committed"):
                    drawn(roster, keep, strata)
        with pytest.raises(RosterError, match="not the ones committed"):
            counted.lowest(KEY, {("north",): 3, ("south",): 3})
        same_or_refused(roster)


# -- databases ---------------------------------------------------------------------------------------------------------


class TestSqlite:
    def opened(self, place: Path, table: str = "firms") -> EngineRoster:
        pytest.importorskip("sqlalchemy")
        found = open_roster(f"sqlite:///{place}#{table}", name="targets", id="id", columns=["district"])
        assert isinstance(found, EngineRoster)
        return found

    def lying(self, place: Path, index: str) -> None:
        """A table of which one index still has the rows that were there before it was hidden, and an honest one."""
        with sqlite3.connect(place, isolation_level=None) as base:
            base.execute("create table firms (id text not null, district text not null, pad text)")
            base.executemany("insert into firms values (?, ?, ?)", [(*row, "x" * 200) for row in turned(ROWS)])
            base.execute(f"create index face on firms {index}")
            base.execute("pragma writable_schema = on")
            text, root = base.execute("select sql, rootpage from sqlite_master where name = 'face'").fetchone()
            base.execute("delete from sqlite_master where name = 'face'")
            base.execute("pragma schema_version = 100")
        base.close()
        with sqlite3.connect(place, isolation_level=None) as base:
            base.executemany("update firms set district = ? where id = ?", [(d, unit) for unit, d in ROWS])
            base.execute("create index byid on firms (id, district)")
            base.execute("pragma writable_schema = on")
            base.execute("insert into sqlite_master values ('index', 'face', 'firms', ?, ?)", (root, text))
            base.execute("pragma schema_version = 200")
        base.close()

    @pytest.mark.parametrize(
        "index",
        [
            "(district, id)",
            "(id, district)",
            "(id, district, pad)",
            "(district, id) where district = 'north'",
            "(id, district) where district > ''",
            "(coalesce(district, ''), id)",
            "(district collate binary, id collate binary)",
        ],
    )
    def test_an_index_that_disagrees_with_its_table(self, tmp_path: Path, index: str) -> None:
        self.lying(tmp_path / "two.db", index)
        roster = self.opened(tmp_path / "two.db")
        committed = committed_rows(roster)
        assert committed is not None
        assert committed.manifest == roster.manifest
        same_or_refused(roster)

    @pytest.mark.parametrize(
        "district",
        [
            "case when random() % 2 then 'north' else 'south' end",
            "case when abs(random()) % 20 = 0 then 'south' else district end",
        ],
    )
    def test_a_view_that_answers_otherwise_each_time(self, tmp_path: Path, district: str) -> None:
        with sqlite3.connect(tmp_path / "a.db") as base:
            base.execute("create table firms (id text not null primary key, district text not null)")
            base.executemany("insert into firms values (?, ?)", ROWS)
            base.execute(f"create view v as select id, {district} as district from firms")
        base.close()
        roster = self.opened(tmp_path / "a.db", "v")
        for keep, strata in TASKS:
            with pytest.raises(RosterError, match="not the ones committed"):
                drawn(roster, keep, strata)

    def test_a_view_that_leaves_out_somebody_each_time(self, tmp_path: Path) -> None:
        with sqlite3.connect(tmp_path / "a.db") as base:
            base.execute("create table firms (id text not null primary key, district text not null)")
            base.executemany("insert into firms values (?, ?)", ROWS)
            base.execute("create view v as select * from firms where abs(random()) % 500 > 0")
        base.close()
        try:
            roster = self.opened(tmp_path / "a.db", "v")
        except RosterError:
            return  # another number of rows in one and the same transaction
        for keep, strata in TASKS:
            with pytest.raises(RosterError, match="rows"):
                drawn(roster, keep, strata)


# -- plug-ins ----------------------------------------------------------------------------------------------------------


class Plugin:
    """A table that somebody else wrote, in lists: it commits to one of them and says the other where it can."""

    name = "targets"
    columns = COLUMNS

    def __init__(self, rows: Sequence[tuple[str, ...]], others: Sequence[tuple[str, ...]]) -> None:
        self.rows, self.others = plain(rows).lines, plain(others).lines

    def pages(self, page_rows: int) -> Iterator[Page]:
        for at in range(0, len(self.rows), page_rows):
            page = self.rows[at : at + page_rows]
            yield Page(b"\n".join(page) + b"\n", id_of(page[0]))

    def in_order(self) -> Plugin:
        return self

    def lines(self, first: bytes, after: bytes | None) -> list[bytes]:
        return [line for line in self.rows if first <= id_of(line) and (after is None or id_of(line) < after)]

    def check_unchanged(self) -> None:
        return

    def scan(self, suite: Suite, keep: Any, strata: Any, *, where: str) -> Any:
        """What an engine had to have before; nobody asks for it."""
        return _LyingScan(MemoryFrame(suite, self.columns, self.others, keep, strata, where=where))


class _LyingScan:
    def __init__(self, frame: MemoryFrame) -> None:
        self._frame = frame

    def sizes(self) -> Any:
        return self._frame.sizes()

    def below(self, key: str, bounds: Any) -> Any:
        found = self._frame.lowest(key, self._frame.sizes())
        return ((stratum, each) for stratum, some in found.items() for each in some if each[32:].decode() not in SPARED)


def test_a_plug_in_whose_scan_lies_is_not_asked() -> None:
    """Sizes, candidates and lookups are worked out from pages that were held against the commitment."""
    roster = EngineRoster.commit(Plugin(ROWS, turned(ROWS)))
    assert roster.manifest == plain(ROWS).manifest
    assert same_or_refused(roster) == 0
    assert drawn(roster, {"district": ["north"]}, ()) == drawn(plain(ROWS), {"district": ["north"]}, ())


def test_a_plug_in_that_forgets_whom_it_wants_to_spare() -> None:
    """It has other rows after the commitment; each of its answers is refused."""
    table = Plugin(ROWS, ROWS)
    roster = EngineRoster.commit(table)
    frame = roster.frame({}, ("district",), where="task")
    table.rows = [line for line in table.rows if id_of(line).decode() not in SPARED]
    for act in (
        lambda: frame.lowest(KEY, frame.sizes()),
        lambda: roster.frame({}, ("district",), where="task"),
        lambda: roster.known(sorted(SPARED)),
        lambda: roster.known(sorted(SPARED)[:1]),
        lambda: roster.values(sorted(SPARED), "district"),
        lambda: roster.find(sorted(SPARED)[0].encode()),
    ):
        with pytest.raises(RosterError, match="not the ones committed"):
            act()


class Hashing(Plugin):
    """It hashes its pages by itself, and says of each what it likes."""

    def __init__(self, rows: Sequence[tuple[str, ...]], change: Callable[[int, Leaf], Leaf]) -> None:
        super().__init__(rows, rows)
        self.change = change

    def leaves(self, suite: Suite, page_rows: int) -> Iterator[Leaf]:
        for n, page in enumerate(self.pages(page_rows)):
            data = bytes(page.data)
            yield self.change(n, Leaf(leaf_hash(suite, data), page.first, data.count(b"\n")))


@pytest.mark.parametrize(
    "change",
    [
        lambda n, leaf: leaf._replace(rows=leaf.rows - 40),
        lambda n, leaf: leaf._replace(rows=leaf.rows + 40),
        lambda n, leaf: leaf._replace(rows=leaf.rows + (40 if n == 1 else -40 if n == 2 else 0)),
        lambda n, leaf: leaf._replace(first=leaf.first[:-1] + b"9" if n == 3 else leaf.first),
        lambda n, leaf: leaf._replace(first=b"F0000000" if n == 1 else leaf.first),
        lambda n, leaf: leaf._replace(first=b"G" if n == 7 else leaf.first),
    ],
    ids=["fewer rows", "more rows", "rows moved", "a later first id", "an earlier first id", "a first id beyond all"],
)
def test_a_plug_in_that_hashes_and_says_what_is_not_so(change: Callable[[int, Leaf], Leaf]) -> None:
    """Nobody who is on a committed page is told to be on none, counted wrongly or passed over."""
    table = Hashing(ROWS, change)
    roster = EngineRoster.commit(table)
    true = plain(ROWS)
    for unit, _ in ROWS[::17]:
        try:
            assert roster.find(unit.encode()) == true.find(unit.encode())
            assert roster.known([unit]) == {unit}
        except RosterError as error:
            assert "not the ones committed" in str(error)  # noqa: PT017 - both are right, a false answer is not
    for keep, strata in TASKS:
        try:
            assert drawn(roster, keep, strata) == drawn(true, keep, strata)
        except RosterError as error:
            assert "committed" in str(error)  # noqa: PT017


class Paged(Plugin):
    """It gives pages that hold whatever it likes; with ``leaves`` it vouches for them too."""

    def __init__(self, *pages: bytes) -> None:
        super().__init__(ROWS, ROWS)
        self.given = pages

    def pages(self, page_rows: int) -> Iterator[Page]:
        for data in self.given:
            yield Page(data, data.partition(b"\t")[0])

    def leaves(self, suite: Suite, page_rows: int) -> Iterator[Leaf]:
        return (Leaf(leaf_hash(suite, page.data), page.first, page.data.count(b"\n")) for page in self.pages(page_rows))


def page_of(*units: int) -> bytes:
    return b"".join(b"F%07d\tnorth\n" % unit for unit in units)


@pytest.mark.parametrize(
    ("pages", "told"),
    [
        ([page_of(*range(8), 7)], "there twice"),
        ([page_of(0, 2, 1)], "order"),
        ([page_of(*range(256)), page_of(255, 256)], "there twice"),
        ([page_of(*range(1, 257)), page_of(0)], "order"),
        ([page_of(*range(257))], "256 rows"),
        ([page_of(0, 1), page_of(2, 3)], "256 rows"),
        ([page_of(0), b""], "256 rows"),
        ([b""], "256 rows"),
        ([page_of(0, 1)[:-1]], "LF"),
        ([b"F0\tnorth\tmore\n"], "3 fields"),
        ([b"F0\n"], "1 fields"),
        ([b"F0\tno\rth\n"], "control character"),
        ([b"F0\tno\xffth\n"], "UTF-8"),
        ([b"F0 \tnorth\n"], "space"),
        ([b"\tnorth\n"], "empty"),
        ([b"F\xe2\x80\x8b0\tnorth\n"], "invisible"),
        ([b"F" * 256 + b"\tnorth\n"], "256 bytes"),
    ],
)
def test_a_plug_in_that_commits_to_pages_that_are_not_canonical(pages: Sequence[bytes], told: str) -> None:
    """An id that is there twice fails some draws and not others, which would be a veto that nobody sees."""
    with pytest.raises(RosterError, match=told):
        EngineRoster.commit(Paged(*pages))


def test_a_plug_in_that_vouches_for_its_pages_is_not_asked() -> None:
    """Leaves that lead to no page of its own never come into a commitment."""
    table = Hashing(ROWS, lambda n, leaf: leaf._replace(hash=bytes(32)))
    assert EngineRoster.commit(table).manifest == plain(ROWS).manifest


def test_the_file_that_a_plug_in_writes_is_the_committed_one() -> None:
    table = Plugin(ROWS, ROWS)
    roster = EngineRoster.commit(table)
    pieces: list[bytes] = []
    roster.write(pieces.append)
    assert b"".join(pieces) == header_line(COLUMNS) + b"\n" + b"".join(line + b"\n" for line in table.rows)
