"""The declaration of a source of entropy (docs/spec, section 3)."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Self

import attrs

from dblrandom.errors import EntropyError
from dblrandom.model.json import LARGEST_INTEGER, Json, ReadOnly, at, placed, show, whole
from dblrandom.model.names import check_name, check_text, check_time

__all__ = ["SOURCE_KINDS", "Source"]

SOURCE_KINDS = ("drand", "hashchain", "nist", "public", "secret")
"""The kinds of the specification; a third party's begins with ``x-``."""

_OWN = ("kind", "name", "not_before")
_FOREIGN_KIND = re.compile(r"x-[a-z0-9._-]{1,62}")


def _terms(given: object, where: str) -> ReadOnly[str | int]:
    if not isinstance(given, Mapping):
        raise EntropyError(f"{show(given)} is not a table of terms", where=where)
    terms: dict[str, str | int] = {}
    for key, value in given.items():
        check_name(key, where, error=EntropyError)
        if key in _OWN:
            raise EntropyError(f"{key!r} is not a term; it is a member of every source", where=where)
        if isinstance(value, str):
            terms[key] = check_text(value, at(where, key), error=EntropyError)
        else:
            terms[key] = whole(value, at(where, key), minimum=-LARGEST_INTEGER, error=EntropyError)
    return ReadOnly(terms)


@attrs.frozen(kw_only=True)
class Source:
    """One declared source of entropy; its kind's own rules for ``terms`` are the beacon's.

    Attributes:
        kind: ``drand``, ``nist``, ``public``, ``hashchain``, ``secret``, or ``x-...`` of a third party.
        name: unique within a commitment.
        not_before: the first moment at which the value can be public, ``YYYY-MM-DDThh:mm:ssZ``.
        terms: what the kind declares besides, such as ``round``; read-only.

    Raises:
        EntropyError: naming the member.
    """

    kind: str
    name: str
    not_before: str
    terms: Mapping[str, str | int] = attrs.field(factory=dict)

    def __attrs_post_init__(self) -> None:
        kind: object = self.kind
        if not isinstance(kind, str) or not (kind in SOURCE_KINDS or _FOREIGN_KIND.fullmatch(kind)):
            known = ", ".join(SOURCE_KINDS)
            raise EntropyError(f"{show(self.kind)} is not one of {known}, or x-...", where="source.kind")
        check_name(self.name, "source.name", error=EntropyError)
        check_time(self.not_before, "source.not_before", error=EntropyError)
        object.__setattr__(self, "terms", _terms(self.terms, "source"))

    def to_json(self) -> dict[str, Json]:
        """One flat object: kind, name, not_before and the terms."""
        return {"kind": self.kind, "name": self.name, "not_before": self.not_before, **self.terms}

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read one flat object.

        Raises:
            EntropyError: naming the path.
        """
        if not isinstance(value, Mapping):
            raise EntropyError(f"{show(value)} is not a table of named members", where=where)
        for name in _OWN:
            if name not in value:
                raise EntropyError("is missing and must be stated", where=at(where, name))
        terms = {key: term for key, term in value.items() if key not in _OWN}
        with placed(where, "source"):
            return cls(kind=value["kind"], name=value["name"], not_before=value["not_before"], terms=terms)
