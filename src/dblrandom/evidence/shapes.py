"""Shapes: one definition of each payload that both checks it and becomes its JSON Schema.

A shape has two faces: :meth:`Shape.check` refuses a value that does not have it, naming the path, and
:meth:`Shape.schema` says the same in JSON Schema (draft 2020-12), so that the published schemas cannot drift from the
code. Only what the payloads need is here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from typing import Protocol

import attrs

from dblrandom.errors import DblrandomError, ReceiptError
from dblrandom.model import LARGEST_INTEGER, Json

__all__ = ["Anything", "Array", "Either", "Integer", "Nullable", "Object", "OneOf", "Parsed", "Shape", "Text"]


class Shape(Protocol):
    """A set of JSON values."""

    def check(self, value: Json, where: str) -> None:
        """Raise :class:`~dblrandom.errors.ReceiptError` naming ``where`` unless ``value`` has this shape."""
        ...

    def schema(self) -> dict[str, Json]:
        """The same set as a JSON Schema."""
        ...


def _refuse(where: str, wanted: str, value: Json) -> ReceiptError:
    shown = repr(value)
    return ReceiptError(f"{shown if len(shown) <= 60 else shown[:57] + '...'} is not {wanted}", where=where)


@attrs.frozen
class Text:
    """A text that matches ``pattern`` as a whole; ``says`` is what an error calls it."""

    pattern: str
    says: str

    def check(self, value: Json, where: str) -> None:
        """See :meth:`Shape.check`."""
        if not isinstance(value, str) or not re.fullmatch(self.pattern, value, re.DOTALL):
            raise _refuse(where, self.says, value)

    def schema(self) -> dict[str, Json]:
        """See :meth:`Shape.schema`."""
        return {"type": "string", "pattern": f"^(?:{self.pattern})$", "description": self.says}


@attrs.frozen
class OneOf:
    """One of a few texts or booleans."""

    values: tuple[str | bool, ...]

    def check(self, value: Json, where: str) -> None:
        """See :meth:`Shape.check`."""
        if not any(type(value) is type(v) and value == v for v in self.values):
            raise _refuse(where, "one of " + ", ".join(map(repr, self.values)), value)

    def schema(self) -> dict[str, Json]:
        """See :meth:`Shape.schema`."""
        return {"enum": list(self.values)}


@attrs.frozen
class Integer:
    """A whole number from ``least`` to ``most``."""

    least: int = 0
    most: int = LARGEST_INTEGER

    def check(self, value: Json, where: str) -> None:
        """See :meth:`Shape.check`."""
        if not isinstance(value, int) or isinstance(value, bool) or not self.least <= value <= self.most:
            raise _refuse(where, f"a whole number from {self.least} to {self.most}", value)

    def schema(self) -> dict[str, Json]:
        """See :meth:`Shape.schema`."""
        return {"type": "integer", "minimum": self.least, "maximum": self.most}


@attrs.frozen
class Nullable:
    """``null``, or the inner shape."""

    inner: Shape

    def check(self, value: Json, where: str) -> None:
        """See :meth:`Shape.check`."""
        if value is not None:
            self.inner.check(value, where)

    def schema(self) -> dict[str, Json]:
        """See :meth:`Shape.schema`."""
        return {"anyOf": [self.inner.schema(), {"type": "null"}]}


@attrs.frozen
class Array:
    """A list of at least ``least`` items of one shape."""

    item: Shape
    least: int = 0

    def check(self, value: Json, where: str) -> None:
        """See :meth:`Shape.check`."""
        if not isinstance(value, list) or len(value) < self.least:
            raise _refuse(where, f"a list of at least {self.least} items" if self.least else "a list", value)
        for index, item in enumerate(value):
            self.item.check(item, f"{where}[{index}]")

    def schema(self) -> dict[str, Json]:
        """See :meth:`Shape.schema`."""
        return {"type": "array", "items": self.item.schema(), "minItems": self.least}


@attrs.frozen
class Object:
    """An object with exactly the members named; ``others`` is the shape of any further member, where some may be."""

    required: Mapping[str, Shape] = attrs.field(factory=dict)
    optional: Mapping[str, Shape] = attrs.field(factory=dict)
    others: Shape | None = None

    def check(self, value: Json, where: str) -> None:
        """See :meth:`Shape.check`."""
        if not isinstance(value, dict):
            raise _refuse(where, "an object", value)
        for name in self.required:
            if name not in value:
                raise ReceiptError(f"the member {name!r} is missing", where=where)
        for name, inner in value.items():
            shape = self.required.get(name) or self.optional.get(name) or self.others
            if shape is None:
                raise ReceiptError(f"there is no member {name!r} here", where=where)
            shape.check(inner, f"{where}.{name}")

    def schema(self) -> dict[str, Json]:
        """See :meth:`Shape.schema`."""
        members: dict[str, Json] = {n: s.schema() for n, s in {**self.required, **self.optional}.items()}
        return {
            "type": "object",
            "required": list(self.required),
            "properties": members,
            "additionalProperties": self.others.schema() if self.others else False,
        }


@attrs.frozen
class Either:
    """Exactly one of a few objects, told apart by the member that each must have."""

    choices: Mapping[str, Object]

    def check(self, value: Json, where: str) -> None:
        """See :meth:`Shape.check`."""
        found = [name for name in self.choices if isinstance(value, dict) and name in value]
        if len(found) != 1:
            raise _refuse(where, "an object with exactly one of " + ", ".join(self.choices), value)
        self.choices[found[0]].check(value, where)

    def schema(self) -> dict[str, Json]:
        """See :meth:`Shape.schema`."""
        return {"oneOf": [choice.schema() for choice in self.choices.values()]}


@attrs.frozen
class Parsed:
    """A value whose own reader in the model decides; the schema gives the outer form that ``form`` describes."""

    read: Callable[[Json, str], object]
    form: Shape

    def check(self, value: Json, where: str) -> None:
        """See :meth:`Shape.check`."""
        self.form.check(value, where)
        try:
            self.read(value, where)
        except ReceiptError:
            raise
        except DblrandomError as error:
            raise ReceiptError(str(error)) from error

    def schema(self) -> dict[str, Json]:
        """See :meth:`Shape.schema`."""
        return self.form.schema()


@attrs.frozen
class Anything:
    """Any JSON value, where another standard or a plug-in says what may stand there."""

    def check(self, value: Json, where: str) -> None:
        """See :meth:`Shape.check`; nothing is refused."""

    def schema(self) -> dict[str, Json]:
        """See :meth:`Shape.schema`."""
        return {}
