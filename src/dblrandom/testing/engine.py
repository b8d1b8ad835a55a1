"""What every engine must do with a table (docs/engines), as tests to inherit.

An engine passes where nobody can tell from its manifests, frames, draws and proofs that the rows were not in memory.
One test needs hypothesis besides pytest; importing this module does not.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar

from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.engines.table import Table
from dblrandom.errors import DblrandomError, PlanError, RosterError
from dblrandom.kernel.extras import load
from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.model import Population
from dblrandom.roster import Roster, verify_absence, verify_presence
from dblrandom.sampling import Frame, MemoryFrame
from dblrandom.testing.expect import expect, expect_refused
from dblrandom.testing.lying import LIES, LyingTable
from dblrandom.testing.oddrows import FAULTY_FIELDS, FAULTY_IDS, ODD_COLUMNS, odd_rows, rosters

__all__ = ["EngineConformance"]

_KEY = "97b4f6f5bb7bc90b9c00e3126f360eec"
_FIRMS = [(f"FIRM-00{n}", place) for n, place in ((3, "north"), (1, "north"), (2, "south"))]
_FIRMS_ROOT = "c47886b1bd9f4f13c914ba845428611a8ca0ca43ee10eda94f2953b50728c9bd"
_FIRST_TICKET = "58c165c46d88822a914581366f8cc58b80e0534008dbdd596de894cfb007fc09"
_NO_SUCH = ("a", "zzz", "\ufffd", "\U0010fffd", "0")
_WHERE = "conformance"

Rows = Sequence[tuple[str, ...]]


class EngineConformance:
    """Subclass this, write ``make_table``, and let pytest collect it.

    Attributes:
        suites: the suites that the engine offers.
        examples: how many generated rosters are tried; fewer where a table is expensive.
        page_counts: the numbers of rows with which the limits of pages are tried.
        large: the rows of the roster that is drawn from by thresholds.
        unstorable: characters that the store cannot hold at all, and that are therefore not tried.
        stores_duplicates: whether the store can hold one id twice.
        lies: of :data:`dblrandom.testing.lying.LIES` those that are tried; fewer where a table is expensive.
    """

    suites: Sequence[Suite] = (SHA256, SM3)
    examples: int = 25
    page_counts: Sequence[int] = (1, 255, 256, 257, 513)
    large: int = 3000
    unstorable: str = ""
    stores_duplicates: bool = True
    lies: Sequence[str] = tuple(LIES)
    name: ClassVar[str] = "targets"

    def make_table(self, rows: Rows, columns: Sequence[str]) -> Table:
        """A table named ``targets`` with these rows, stored in this order.

        The first of the columns is ``id``. The rows may be ones that no roster may have; a store that refuses them by
        itself raises a RosterError. Whatever is returned is closed after use if it has a method ``close``.
        """
        raise NotImplementedError

    def change_rows(self, table: Table, rows: Rows, columns: Sequence[str]) -> bool:
        """Put these rows where a table from :meth:`make_table` reads its own, as unseen as somebody could.

        Returns:
            Whether the table may read them now. ``False``, as here, where nobody can change what an opened table reads.
        """
        return False

    @contextmanager
    def table(self, rows: Rows, columns: Sequence[str]) -> Iterator[Table]:
        """A table for the length of one test."""
        made = self.make_table(rows, columns)
        try:
            yield made
        finally:
            getattr(made, "close", lambda: None)()

    def test_known_answers(self) -> None:
        """The roster and the tickets that the specification shows."""
        with self.table(_FIRMS, ("id", "district")) as table:
            expect(isinstance(table, Table), "it lacks a part of the Table protocol")
            expect((table.name, tuple(table.columns)) == (self.name, ("id", "district")), "the name or the columns")
            roster = EngineRoster.commit(table)
            expect(roster.manifest.root == _FIRMS_ROOT, f"the root is {roster.manifest.root}, not {_FIRMS_ROOT}")
            (lowest,) = roster.frame({}, (), where=_WHERE).lowest(_KEY, {(): 1})[()]
            expect(lowest == bytes.fromhex(_FIRST_TICKET) + b"FIRM-002", f"{lowest.hex()} is drawn first")

    def test_no_rows(self) -> None:
        """A roster may be empty; a frame may not."""
        with self.table([], ("id", "kind")) as table:
            self._same(table, [], ("id", "kind"))
            frame = EngineRoster.commit(table).frame
            expect_refused(lambda: frame({}, (), where=_WHERE), PlanError, "an empty frame")

    def test_odd_rows(self) -> None:
        """Ids and fields that collations, types and encodings confuse, in an order that is not theirs."""
        columns = ("id", *ODD_COLUMNS)
        rows = [row for row in odd_rows() if not set("".join(row)) & set(self.unstorable)][::-1]
        with self.table(rows, columns) as table:
            self._same(table, rows, columns)
            self._draws_alike(table, rows, columns, {}, ("kind",))
            self._draws_alike(table, rows, columns, {}, ("0", "select", "x.y-z_1"))
            for column in ("id", *ODD_COLUMNS[:2]):
                for row in rows[::7]:
                    self._draws_alike(table, rows, columns, {column: [row[columns.index(column)]]}, ("x.y-z_1",))

    def test_generated_rosters(self) -> None:
        """Any canonical roster, in any order, with strata and filters taken from it."""
        hypothesis = load("hypothesis", "dev", "a generated roster")

        def check(made: tuple[tuple[str, ...], Rows], places: tuple[int, int, int]) -> None:
            columns, rows = made
            strata = columns[len(columns) - places[0] % len(columns) :]
            by = places[1] % len(columns)
            keep = {columns[by]: [row[by] for row in rows[: 1 + places[2] % 9]]} if rows and places[1] % 3 else {}
            with self.table(rows, columns) as table:
                self._same(table, rows, columns)
                self._draws_alike(table, rows, columns, keep, strata)

        number = hypothesis.strategies.integers(0, 60)
        given = hypothesis.given(rosters(without=self.unstorable), hypothesis.strategies.tuples(*[number] * 3))
        every = [*hypothesis.HealthCheck]
        limits = hypothesis.settings(
            max_examples=self.examples, deadline=None, suppress_health_check=every, database=None
        )
        limits(given(check))()

    def test_pages(self) -> None:
        """Pages are full but for the last, and a part of them can be read by itself."""
        for count in self.page_counts:
            rows = [(f"R{n * 7919 % count:05d}", str(n % 3)) for n in range(count)]
            with self.table(rows, ("id", "kind")) as made:
                self._same(made, rows, ("id", "kind"))
                table = EngineRoster.commit(made).table
                lines = self._memory(SHA256, rows, ("id", "kind")).lines
                for size in (1, 100, 256) if count == max(self.page_counts) else (256,):
                    found = [(bytes(page.data), page.first) for page in table.pages(size)]
                    true = [lines[at : at + size] for at in range(0, count, size)]
                    expect(
                        [data for data, _ in found] == [b"\n".join(p) + b"\n" for p in true], f"pages of {size} rows"
                    )
                    expect([first for _, first in found] == [p[0][:6] for p in true], f"first ids of pages of {size}")
                low, high = count // 3, count // 2
                part = table.lines(b"R%05d" % low, b"R%05d" % high)
                expect(part == list(lines[low:high]), f"the lines from {low} on and below {high}")
                expect(table.lines(b"R%05d" % high, None) == list(lines[high:]), f"the lines from {high} on")

    def test_thresholds(self) -> None:
        """A large roster, of which little is drawn from some strata, much from others, and nothing from the last."""
        rows = [(f"{n:06d}\u4f01", f"s{n % 97 % 5}", "AB"[n % 11 == 0]) for n in range(self.large)]
        columns = ("id", "district", "risk")
        with self.table(rows, columns) as table:
            for suite in self.suites:
                engine = EngineRoster.commit(table, suite)
                for keep in ({}, {"risk": ["A"]}, {"risk": ["B", "A"], "district": ["s1", "s2"]}):
                    memory = self._frame(suite, rows, columns, keep, ("district",))
                    frame = engine.frame(keep, ("district",), where=_WHERE)
                    wanted = dict(zip(memory.sizes(), (3, 1, 10**9, 40, 0), strict=False))
                    expect(frame.lowest(_KEY, wanted) == memory.lowest(_KEY, wanted), f"{suite.name}, {keep}: drawn")

    def test_unknown_columns_and_values(self) -> None:
        """What a plan names and the roster lacks is refused in the same words as from memory."""
        rows = [("a", "x", ""), ("b", "y", "z"), ("c", "y ", "Z")]
        wrong: list[tuple[Mapping[str, Sequence[str]], Sequence[str]]] = [
            ({"colour": ["x"]}, ()),
            ({}, ("kind", "colour")),
            *(
                ({"kind": ["y", value]}, ("note",))
                for value in ("X", "", "y  ", " y", "\u200by", "y'--", "%", "x" * 2000)
            ),
            *(({"note": ["Z", value], "kind": ["x"]}, ()) for value in ("zz", "NULL", "\x00", "\t", "z\n")),
            ({"kind": ["x"], "note": ["z"]}, ("kind",)),
            ({"id": ["a"], "kind": ["y"]}, ()),
        ]
        with self.table(rows, ("id", "kind", "note")) as table:
            engine = EngineRoster.commit(table)
            for keep, strata in wrong:
                said = _refusal(lambda k=keep, s=strata: self._frame(SHA256, rows, engine.columns, k, s), PlanError)  # type: ignore[misc]
                told = _refusal(lambda k=keep, s=strata: engine.frame(k, s, where=_WHERE), PlanError)  # type: ignore[misc]
                expect(told == said, f"it says {told!r}; from memory it is {said!r}")

    def test_faulty_rows(self) -> None:
        """A row that is not canonical is refused, wherever it stands, naming the column."""
        fine = [(f"R{n:03d}", "x") for n in range(3)]
        faulty = [("kind", ("R001+", text)) for text in FAULTY_FIELDS] + [("id", (t, "x")) for t in FAULTY_IDS]
        for column, row in faulty:
            if not set("".join(row)) & set(self.unstorable):
                told = _refusal(lambda r=row: self._commit([*fine, r], ("id", "kind")), RosterError)  # type: ignore[misc]
                expect(repr(column) in told, f"{row!r:.60}: {told!r} does not name the column {column!r}")

    def test_one_id_twice(self) -> None:
        """However far apart its rows are stored."""
        if not self.stores_duplicates:
            return
        fine = [(f"R{n:03d}", "x") for n in range(600)]
        for row in (("R000", "x"), ("R255", "y"), ("R599", "x")):
            told = _refusal(lambda r=row: self._commit([*fine, r], ("id", "kind")), RosterError)  # type: ignore[misc]
            expect(row[0] in told, f"{told!r} does not name the id {row[0]}")

    def test_rows_that_change_unseen(self) -> None:
        """Who is drawn, counted or known is from the rows committed, or there is an error: never from other rows."""
        rows = [(f"R{n:04d}", f"k{n % 3}") for n in range(700)]
        others: Mapping[str, Rows] = {
            "other strata": [(unit, f"k{(n + n // 3) % 3}") for n, (unit, _) in enumerate(rows)],
            "one stratum": [(rows[0][0], "k1"), *rows[1:]],
            "one id": [*rows[:-1], ("R0699~", rows[-1][1])],
            "a row less": rows[1:],
            "a row more": [*rows, ("R0700", "k0")],
            "another order": [(rows[n ^ 1][0], kind) for n, (_, kind) in enumerate(rows)],
        }
        suite = self.suites[0]
        for named, changed in others.items():
            with self.table(rows, ("id", "kind")) as table:
                roster = EngineRoster.commit(table, suite)
                frame = roster.frame({"kind": ["k1"]}, ("kind",), where=_WHERE)
                if not self.change_rows(table, changed, ("id", "kind")):
                    return
                self._same_or_refused(roster, rows, ("id", "kind"), named)
                memory = self._frame(suite, rows, ("id", "kind"), {"kind": ["k1"]}, ("kind",))
                wanted = dict.fromkeys(memory.sizes(), 40)
                late = f"{named}: drawn after it was counted"
                _or_refused(lambda f=frame, w=wanted: f.lowest(_KEY, w), memory.lowest(_KEY, wanted), late)  # type: ignore[misc]

    def test_pages_that_are_not_the_ones_committed(self) -> None:
        """Each page that is read again is held against the commitment, whatever it is read for."""
        rows = [(f"R{n:04d}", f"k{n % 3}") for n in range(700)]
        for named in self.lies:
            with self.table(rows, ("id", "kind")) as table:
                lying = LyingTable(table)
                roster = EngineRoster.commit(lying, self.suites[0])
                lying.lie = LIES[named]
                self._same_or_refused(roster, rows, ("id", "kind"), named)

    def _same_or_refused(self, roster: EngineRoster, rows: Rows, columns: Sequence[str], named: str) -> None:
        """Whatever the roster answers is what the roster in memory answers, or a refusal."""
        memory = self._memory(roster.suite, rows, columns)
        tasks: list[tuple[Mapping[str, Sequence[str]], Sequence[str]]] = [
            ({}, ()),
            ({}, (columns[1],)),
            ({columns[1]: [rows[0][1]]}, ()),
            ({"id": [row[0] for row in rows[::7]]}, (columns[1],)),
        ]
        for keep, strata in tasks:
            true = MemoryFrame(roster.suite, columns, memory.lines, keep, strata, where=_WHERE)
            wanted = {s: size // 5 + 1 for s, size in true.sizes().items()}

            def drawn(keep: Any = keep, strata: Any = strata, wanted: Any = wanted) -> Any:
                frame = roster.frame(keep, strata, where=_WHERE)
                return frame.sizes(), frame.lowest(_KEY, wanted)

            _or_refused(drawn, (true.sizes(), true.lowest(_KEY, wanted)), f"{named}: a draw with {keep}, {strata}")
        some = [row[0] for row in rows[::30]]
        for ids in ([*some, "zzz"], [rows[0][0]], [rows[-1][0]], ["R0000~", rows[-1][0] + "~"]):
            _or_refused(lambda i=ids: roster.known(i), memory.known(ids), f"{named}: known {ids}")  # type: ignore[misc]
            values = memory.values(ids, columns[1])
            _or_refused(lambda i=ids: roster.values(i, columns[1]), values, f"{named}: values of {ids}")  # type: ignore[misc]
        for unit_id in (rows[0][0], rows[-1][0], rows[-1][0] + "~"):
            line = memory.find(unit_id.encode())
            _or_refused(lambda u=unit_id: roster.find(u.encode()), line, f"{named}: found {unit_id}")  # type: ignore[misc]
            proof = memory.prove(unit_id)
            _or_refused(lambda u=unit_id: roster.prove(u), proof, f"{named}: proved {unit_id}")  # type: ignore[misc]
        _or_refused(lambda: [*roster.records()], [*memory.records()], f"{named}: the records")

    def _commit(self, rows: Rows, columns: Sequence[str]) -> EngineRoster:
        with self.table(rows, columns) as table:
            return EngineRoster.commit(table)

    def _memory(self, suite: Suite, rows: Rows, columns: Sequence[str]) -> Roster:
        return Roster.build(suite, Population(self.name, tuple(columns), tuple(rows)))

    def _frame(
        self, suite: Suite, rows: Rows, columns: Sequence[str], keep: Mapping[str, Sequence[str]], strata: Sequence[str]
    ) -> Frame:
        lines = self._memory(suite, rows, columns).lines
        return MemoryFrame(suite, columns, lines, keep, strata, where=_WHERE)

    def _same(self, table: Table, rows: Rows, columns: Sequence[str]) -> None:
        """The engine's roster says and shows what the same roster in memory says and shows."""
        for suite in self.suites[::-1]:
            manifest = EngineRoster.commit(table, suite).manifest
            expect(manifest == self._memory(suite, rows, columns).manifest, f"{suite.name}: the manifest is {manifest}")
        memory, engine = self._memory(self.suites[0], rows, columns), EngineRoster.commit(table, self.suites[0])
        expect(list(engine.records()) == list(memory.records()), "the records are others")
        written: list[bytes] = []
        engine.write(written.append)
        expect(b"".join(written) == memory.to_file(), "the file is another")
        some = {row[0] for row in rows[:: len(rows) // 4 + 1]}.union(_NO_SUCH)
        expect(engine.known([*some, "", "\t"]) == memory.known(some), "others of some ids are known")
        for column in columns[1:2]:
            expect(engine.values(some, column) == memory.values(some, column), f"{column!r} of some ids is another")
        for unit_id in some:
            line, proof = memory.find(unit_id.encode()), memory.prove(unit_id)
            expect(engine.find(unit_id.encode()) == line, f"{unit_id!r} is found otherwise")
            expect(engine.prove(unit_id) == proof, f"{unit_id!r} is proved otherwise")
            (verify_absence if line is None else verify_presence)(engine.suite, engine.manifest, engine.prove(unit_id))

    def _draws_alike(
        self, table: Table, rows: Rows, columns: Sequence[str], keep: Mapping[str, Sequence[str]], strata: Sequence[str]
    ) -> None:
        """The engine's frame has the frame in memory's, and the same lowest candidates, or is refused too."""
        for suite in self.suites:
            engine = EngineRoster.commit(table, suite)
            try:
                memory = self._frame(suite, rows, columns, keep, strata)
            except PlanError:
                expect_refused(lambda e=engine: e.frame(keep, strata, where=_WHERE), PlanError, f"{keep}")  # type: ignore[misc]
                continue
            frame = engine.frame(keep, strata, where=_WHERE)
            expect(list(frame.sizes().items()) == list(memory.sizes().items()), f"{keep}: other strata {frame.sizes()}")
            for part in (0, 1, 3):
                wanted = {s: size * part // 3 for s, size in memory.sizes().items()}
                expect(frame.lowest(_KEY, wanted) == memory.lowest(_KEY, wanted), f"{suite.name}, {keep}: drawn")


def _refusal(act: Callable[[], Any], error: type[DblrandomError]) -> str:
    """What ``act`` is refused with."""
    try:
        act()
    except error as caught:
        expect(str(caught).isprintable(), "the message is not one printable line")
        return str(caught)
    raise AssertionError("it was accepted")


def _or_refused(act: Callable[[], Any], true: Any, named: str) -> None:
    """The truth or an error; never anything else."""
    try:
        found = act()
    except RosterError:
        return
    expect(found == true, f"{named}: it is another than from memory")
