"""JSON values, read strictly: the doors through which plain data becomes values of the model.

Nothing here parses or writes bytes (that is ``dblrandom.kernel.canonical``); it deals with values that are already
``dict``, ``list``, ``str``, ``int``, ``bool`` or ``None``, and that may come from anybody.
"""

from __future__ import annotations

import difflib
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from enum import StrEnum
from types import NoneType
from typing import Any, NoReturn, TypeAlias, TypeVar, cast

from typing_extensions import override

from dblrandom.errors import InputError, PlanError
from dblrandom.model.characters import first_unseen

__all__ = [
    "LARGEST_INTEGER",
    "Json",
    "ReadOnly",
    "Reader",
    "at",
    "choice",
    "freeze",
    "listed",
    "placed",
    "show",
    "thaw",
    "whole",
]

Json: TypeAlias = "bool | int | str | list[Json] | dict[str, Json] | None"
"""A value that canonical JSON can carry (docs/spec, section 1)."""

LARGEST_INTEGER = 2**53 - 1
"""The greatest magnitude that an integer in canonical JSON may have."""

DEEPEST = 16

_V_co = TypeVar("_V_co", covariant=True)
_E = TypeVar("_E", bound=StrEnum)

_KINDS = {dict: "a table", list: "a list", tuple: "a list", bool: "true or false", NoneType: "null"}


def show(value: object) -> str:
    """Name a hostile value in a message: short, quoted, and without ever failing itself."""
    if isinstance(value, str):
        return repr(value if len(value) <= 60 else value[:57] + "...")
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value) if value.bit_length() <= 256 else f"a number of {value.bit_length()} bits"
    return _KINDS.get(type(value), f"a value of type {type(value).__name__}")


def at(where: str, name: str) -> str:
    """The path of the member ``name`` below ``where``; after a quoted label the path starts anew."""
    return f"{where}: {name}" if where.endswith('"') else f"{where}.{name}"


def whole(value: object, where: str, *, minimum: int = 0, error: type[InputError] = PlanError) -> int:
    """Accept an integer from ``minimum`` to 2^53-1, and nothing that only looks like one.

    Raises:
        PlanError: or ``error``, naming the value.
    """
    if type(value) is not int or value < minimum:
        raise error(f"{show(value)} is not a whole number of at least {minimum}", where=where)
    if value > LARGEST_INTEGER:
        raise error(
            f"{show(value)} is over {LARGEST_INTEGER}, the greatest integer that a receipt can carry", where=where
        )
    return value


def choice(value: object, kinds: type[_E], where: str, *, error: type[InputError] = PlanError) -> _E:
    """Accept a member of an enumeration or its text."""
    if isinstance(value, str):
        for kind in kinds:
            if kind.value == value:
                return kind
    known = ", ".join(kind.value for kind in kinds)
    raise error(f"{show(value)} is not one of {known}", where=where)


def listed(value: object, where: str, *, error: type[InputError] = PlanError) -> tuple[Any, ...]:
    """A tuple of what the list holds, so that no caller's own list stays inside a frozen value."""
    if not isinstance(value, list | tuple):
        raise error(f"{show(value)} is not a list", where=where)
    return tuple(value)


class ReadOnly(Mapping[str, _V_co]):
    """A mapping that nobody can change, hashable where its values are; equal to any mapping with the same members."""

    __slots__ = ("_members",)
    _members: dict[str, _V_co]

    def __init__(self, members: Mapping[str, _V_co] | Iterable[tuple[str, _V_co]] = ()) -> None:
        object.__setattr__(self, "_members", dict(members))

    @override
    def __getitem__(self, key: str) -> _V_co:
        return self._members[key]

    @override
    def __iter__(self) -> Iterator[str]:
        return iter(self._members)

    @override
    def __len__(self) -> int:
        return len(self._members)

    @override
    def __hash__(self) -> int:
        return hash(frozenset(self._members.items()))

    @override
    def __repr__(self) -> str:
        return f"{type(self).__name__}({self._members!r})"

    @override
    def __setattr__(self, name: str, value: object) -> NoReturn:
        raise AttributeError(f"{type(self).__name__} cannot be changed")

    @override
    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (dict(self._members),)


def freeze(value: object, where: str, *, depth: int = DEEPEST, error: type[InputError] = PlanError) -> object:
    """A deep read-only copy of a JSON value: lists become tuples, objects become ``ReadOnly``.

    Raises:
        PlanError: or ``error``, for a value that canonical JSON cannot carry, null, more than 16 levels, or text with
            characters that nobody sees.
    """
    if isinstance(value, str):
        if found := first_unseen(value):
            problem = f"has the character U+{ord(found[0]):04X} at position {found.start() + 1}"
            raise error(f"{show(value)} {problem}; remove what cannot be seen", where=where)
        return value
    if isinstance(value, bool):
        return value
    if isinstance(value, int):
        return whole(value, where, minimum=-LARGEST_INTEGER, error=error)
    if depth <= 0:
        raise error(f"is nested deeper than {DEEPEST} levels", where=where)
    if isinstance(value, list | tuple):
        return tuple(freeze(v, f"{where}[{i}]", depth=depth - 1, error=error) for i, v in enumerate(value))
    if isinstance(value, Mapping):
        for key in value:
            if not isinstance(key, str):
                raise error(f"{show(key)} is not a member's name", where=where)
            freeze(key, where, error=error)
        return ReadOnly({k: freeze(v, at(where, k), depth=depth - 1, error=error) for k, v in value.items()})
    raise error(
        f"{show(value)} is not allowed here; use text, whole numbers, true, false, lists and tables", where=where
    )


def thaw(value: object) -> Json:
    """The plain JSON value of what ``freeze`` returned."""
    if isinstance(value, tuple):
        return [thaw(v) for v in value]
    if isinstance(value, Mapping):
        return {k: thaw(v) for k, v in value.items()}
    return cast("Json", value)


@contextmanager
def placed(where: str, own: str) -> Iterator[None]:
    """Give errors that a value raises about itself their place in the whole.

    ``quota.count`` becomes ``plan.tasks[2].quota.count`` where ``own`` is ``quota``.
    """
    try:
        yield
    except InputError as error:
        place = error.where or ""
        if not place.startswith(own):
            raise
        rest = place.removeprefix(own).lstrip(".: ")
        path = where if not rest else f"{where}{rest}" if rest.startswith("[") else at(where, rest)
        raise type(error)(str(error).removeprefix(f"{place}: "), where=path) from None


class Reader:
    """The members of one JSON object, each of which must be known, there, and of its type."""

    __slots__ = ("_error", "_members", "where")

    def __init__(
        self,
        value: object,
        where: str,
        known: Iterable[str],
        *,
        error: type[InputError] = PlanError,
        kind: str = "member",
    ) -> None:
        if not isinstance(value, Mapping):
            raise error(f"{show(value)} is not a table of named members", where=where)
        self.where = where
        self._error = error
        self._members: Mapping[str, object] = value
        names = sorted(known)
        for key in value:
            if key not in names:
                near = difflib.get_close_matches(key[:64], names, n=1, cutoff=0.5) if isinstance(key, str) else []
                hint = f"did you mean {near[0]!r}?" if near else f"known are {', '.join(names)}"
                raise error(f"unknown {kind} {show(key)}; {hint}", where=where)

    def at(self, name: str) -> str:
        """The path of a member, for messages."""
        return at(self.where, name)

    def members(self) -> Mapping[str, object]:
        """All members, as they came."""
        return self._members

    def has(self, name: str) -> bool:
        """Whether the member is there."""
        return name in self._members

    def value(self, name: str) -> object:
        """The member as it is; an error where it is missing."""
        if name not in self._members:
            raise self._error("is missing and must be stated", where=self.at(name))
        return self._members[name]

    def text(self, name: str) -> str:
        """A member that is text (its characters are the receiving value's to check)."""
        value = self.value(name)
        if not isinstance(value, str):
            raise self._error(f"{show(value)} is not text", where=self.at(name))
        return value

    def text_or_none(self, name: str) -> str | None:
        """Text, or ``None`` where the member is left out; a null is refused."""
        return self.text(name) if self.has(name) else None

    def whole(self, name: str, *, minimum: int = 0) -> int:
        """A whole number from ``minimum`` to 2^53-1."""
        return whole(self.value(name), self.at(name), minimum=minimum, error=self._error)

    def whole_or_none(self, name: str, *, minimum: int = 0) -> int | None:
        """A whole number, or ``None`` where the member is left out."""
        return self.whole(name, minimum=minimum) if self.has(name) else None

    def flag(self, name: str) -> bool:
        """A member that is true or false."""
        value = self.value(name)
        if not isinstance(value, bool):
            raise self._error(f"{show(value)} is not true or false", where=self.at(name))
        return value

    def items(self, name: str) -> Iterator[tuple[object, str]]:
        """The entries of a list, each with its path."""
        path = self.at(name)
        for index, item in enumerate(listed(self.value(name), path, error=self._error)):
            yield item, f"{path}[{index}]"

    def texts(self, name: str) -> tuple[str, ...]:
        """A list of texts."""
        found = []
        for item, path in self.items(name):
            if not isinstance(item, str):
                raise self._error(f"{show(item)} is not text", where=path)
            found.append(item)
        return tuple(found)

    def choice(self, name: str, kinds: type[_E]) -> _E:
        """A member of an enumeration."""
        return choice(self.value(name), kinds, self.at(name), error=self._error)
