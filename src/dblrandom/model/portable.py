"""What travels between processes, and what says that it cannot.

Every value of the library can be pickled and copied. What holds a connection, a file or a private key cannot be
pickled: :class:`Bound` says so in one line, where Python would fail with an error of some library below.
"""

from __future__ import annotations

import copyreg
from types import MappingProxyType
from typing import Any, ClassVar, NoReturn, Self, SupportsIndex

from typing_extensions import override

from dblrandom.errors import InputError

__all__ = ["Bound"]


def _read_only(members: dict[Any, Any]) -> MappingProxyType[Any, Any]:
    return MappingProxyType(members)


def _reduced(proxy: MappingProxyType[Any, Any]) -> tuple[Any, ...]:
    return _read_only, (dict(proxy),)


# The members of values are kept in such proxies, for which Python has no way to pickle or copy them.
copyreg.pickle(MappingProxyType, _reduced)


class Bound:
    """Something that belongs to this process: it cannot be pickled, and a copy of it is the thing itself."""

    __slots__ = ()
    _instead: ClassVar[str] = "make it again in the other process"

    @override
    def __reduce_ex__(self, protocol: SupportsIndex) -> NoReturn:
        raise InputError(
            f"cannot be pickled: it belongs to this process; {self._instead}",
            where=type(self).__name__,
            code="value.not-portable",
        )

    def __copy__(self) -> Self:
        return self

    def __deepcopy__(self, memo: dict[int, Any]) -> Self:
        return self
