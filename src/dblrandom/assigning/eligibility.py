"""Who may fill which slot: the roles' filters less the recusals (docs/spec, section 5).

Sets of inspectors are whole numbers used as bit sets: bit *i* stands for inspector *i* in byte order of the ids. A
slot's set is then one AND of two numbers, whatever the size of the roster.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from itertools import compress
from types import MappingProxyType

from attrs import field, frozen

from dblrandom.assigning.slots import Ineligible, id_bytes
from dblrandom.errors import PlanError, RosterError
from dblrandom.model import Role

__all__ = ["Eligibility", "members"]

_FLAGS = bytes.maketrans(b"01", b"\0\1")


def members(mask: int) -> Iterator[int]:
    """The positions of the bits that are set, ascending."""
    flags = bin(mask)[:1:-1].encode("ascii").translate(_FLAGS)
    return compress(range(len(flags)), flags)


@frozen
class _Recused:
    """The recusals of one target: everyone concerned as a bit set, and the id to give as the reason for each."""

    mask: int
    ids: Mapping[int, str]


_NOBODY = _Recused(0, MappingProxyType({}))


@frozen(kw_only=True)
class Eligibility:
    """Answers, for each slot, who may fill it, and for everybody else why not. Make one with :meth:`build`.

    ``inspectors`` are the ids in byte order and ``roles`` the roles' names in the order of the task.
    """

    inspectors: tuple[str, ...]
    roles: tuple[str, ...]
    _passing: Mapping[str, int] = field(repr=False)
    _unfit: Mapping[str, tuple[Ineligible | None, ...]] = field(repr=False)
    _recused: Mapping[str, _Recused] = field(repr=False)

    @classmethod
    def build(
        cls,
        columns: Sequence[str],
        rows: Iterable[Sequence[str]],
        roles: Iterable[Role],
        recusals: Iterable[tuple[str, str, str]] = (),
    ) -> Eligibility:
        """Work out the sets once.

        Args:
            columns: the inspector roster's columns, ``id`` first.
            rows: the inspector roster's rows in any order, each with one text for each column.
            roles: the task's roles, in its order.
            recusals: triples of a recusal's id, an inspector's id and a target's id.

        Raises:
            RosterError: a row of the wrong width, an id that is there twice, a recusal of an unknown inspector.
            PlanError: a role that is there twice, or whose filter names an unknown column, lists no value, lists a
                value found in no row, or is passed by nobody (docs/spec, section 4, point 1).
        """
        table = _table(columns, rows)
        passing: dict[str, int] = {}
        unfit: dict[str, tuple[Ineligible | None, ...]] = {}
        for role in roles:
            if role.name in passing:
                raise PlanError("two roles have this name; give each its own", where=f"role {role.name}")
            passing[role.name], unfit[role.name] = _filtered(columns, table, role)
        inspectors = tuple(row[0] for row in table)
        return cls(
            inspectors=inspectors,
            roles=tuple(passing),
            passing=MappingProxyType(passing),
            unfit=MappingProxyType(unfit),
            recused=MappingProxyType(_by_target(inspectors, recusals)),
        )

    def passing(self, role: str) -> int:
        """How many inspectors pass the role's filter, recused or not."""
        return self._passing[role].bit_count()

    def mask(self, target: str, role: str) -> int:
        """The bit set of the inspectors who may fill the slot."""
        return self._passing[role] & ~self._recused.get(target, _NOBODY).mask

    def eligible(self, target: str, role: str) -> tuple[str, ...]:
        """The ids of the inspectors who may fill the slot, in byte order."""
        return tuple(self.inspectors[i] for i in members(self.mask(target, role)))

    def recused(self, target: str, role: str) -> int:
        """How many inspectors pass the role's filter and are kept out by a recusal."""
        return (self._passing[role] & self._recused.get(target, _NOBODY).mask).bit_count()

    @property
    def named(self) -> tuple[str, ...]:
        """The targets that recusals name."""
        return tuple(self._recused)

    def kept_out(self, target: str, role: str) -> Iterator[tuple[str, str]]:
        """Everyone who passes the role's filter and is recused from the target, each with the recusal to be given."""
        unfit = self._unfit[role]
        for place, recusal in self._recused.get(target, _NOBODY).ids.items():
            if unfit[place] is None:
                yield self.inspectors[place], recusal

    def reasons(self, target: str, role: str) -> tuple[Ineligible, ...]:
        """Everyone who may not fill the slot, in byte order of the ids, with the reason."""
        recused = self._recused.get(target, _NOBODY).ids
        found = []
        for i, unfit in enumerate(self._unfit[role]):
            if unfit is not None:
                found.append(unfit)
            elif i in recused:
                found.append(Ineligible(self.inspectors[i], None, recused[i]))
        return tuple(found)


def _table(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> list[tuple[str, ...]]:
    """The rows in byte order of their ids."""
    if not columns:
        raise RosterError("a roster of inspectors without columns; its first column is id")
    table: dict[bytes, tuple[str, ...]] = {}
    for row in rows:
        if len(row) != len(columns):
            raise RosterError(
                f"a row of {len(row)} fields under {len(columns)} columns; give one for each",
                where=f"inspector {row[0] if row else ''}",
            )
        key = id_bytes(row[0], "inspectors")
        if key in table:
            raise RosterError("this id stands in two rows; ids are unique", where=f"inspector {row[0]}")
        table[key] = tuple(row)
    return [table[key] for key in sorted(table)]


def _filtered(
    columns: Sequence[str], table: Sequence[tuple[str, ...]], role: Role
) -> tuple[int, tuple[Ineligible | None, ...]]:
    """Who passes a role's filter, and for everybody else the first column that does not."""
    failing: list[str | None] = [None] * len(table)
    for column in sorted(role.filter, key=lambda name: id_bytes(name, f"role {role.name}")):
        where = f"role {role.name}, column {column}"
        if column not in columns:
            raise PlanError("the inspectors' roster has no such column; name one that it has", where=where)
        accepted = frozenset(role.filter[column])
        if not accepted:
            raise PlanError("no value is listed, so nobody could pass; list one or leave the column out", where=where)
        place = list(columns).index(column)
        unknown = accepted.difference(row[place] for row in table)
        if unknown:
            raise PlanError(f"no inspector has the value {min(unknown)!r}; correct or remove it", where=where)
        for i, row in enumerate(table):
            if failing[i] is None and row[place] not in accepted:
                failing[i] = column
    bits = "".join("1" if column is None else "0" for column in reversed(failing))
    passing = int(bits or "0", 2)
    if not passing:
        raise PlanError("no inspector on the roster passes this role's filter; widen it", where=f"role {role.name}")
    unfit = (
        None if column is None else Ineligible(row[0], column, None) for row, column in zip(table, failing, strict=True)
    )
    return passing, tuple(unfit)


def _by_target(inspectors: Sequence[str], recusals: Iterable[tuple[str, str, str]]) -> dict[str, _Recused]:
    place = {inspector: i for i, inspector in enumerate(inspectors)}
    ids: dict[str, dict[int, str]] = {}
    for recusal, inspector, target in recusals:
        where = f"recusal {recusal}"
        if inspector not in place:
            raise RosterError(f"no inspector has the id {inspector!r}; correct or remove it", where=where)
        named = ids.setdefault(target, {})
        known = named.get(place[inspector])
        if known is None or id_bytes(recusal, where) < id_bytes(known, where):
            named[place[inspector]] = recusal
    found: dict[str, _Recused] = {}
    for target, named in ids.items():
        mask = 0
        for i in named:
            mask |= 1 << i
        found[target] = _Recused(mask, MappingProxyType(named))
    return found
