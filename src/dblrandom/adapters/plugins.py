"""Samplers, beacons and signers of third parties, found through entry points of what is installed.

A plug-in declares, in its own distribution, an entry point in one of three groups:

- ``dblrandom.samplers``: a sampler, or a class or function that makes one without arguments; named ``x-...``
- ``dblrandom.beacons``: a beacon, likewise; named ``x-...``, as commitments say it
- ``dblrandom.signers``: a :class:`~dblrandom.adapters.signers.SignerPlugin`, named as the scheme in
  ``--key SCHEME:...``

Nothing of a plug-in is loaded before a ceremony or a command names it, so that one that is broken stops only what
needs it. :func:`installed` tells of all of them.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import attrs

from dblrandom.beacons.base import Beacon
from dblrandom.errors import DblrandomError, InputError, PluginError
from dblrandom.kernel.suite import Suite
from dblrandom.kernel.text import is_name
from dblrandom.model import Json, Selection, Source, Task
from dblrandom.sampling.frame import Frame, Stratum
from dblrandom.sampling.samplers import Allocation, Sampler

__all__ = [
    "BEACON_GROUP",
    "SAMPLER_GROUP",
    "SIGNER_GROUP",
    "Plugin",
    "beacons",
    "installed",
    "load",
    "samplers",
]

SAMPLER_GROUP = "dblrandom.samplers"
"""The entry point group of samplers."""

BEACON_GROUP = "dblrandom.beacons"
"""The entry point group of beacons."""

SIGNER_GROUP = "dblrandom.signers"
"""The entry point group of signers."""

_SCHEME = re.compile(r"[a-z][a-z0-9+.-]{1,31}")


@attrs.frozen(kw_only=True)
class Plugin:
    """One entry point that is installed.

    Attributes:
        kind: ``sampler``, ``beacon`` or ``signer``.
        name: what ceremonies and commands call it.
        distribution: what it came with.
        trouble: why it cannot be used, where it cannot.
    """

    kind: str
    name: str
    distribution: str
    trouble: str | None = None


def samplers() -> dict[str, Sampler]:
    """Every installed third-party sampler by its name, sorted by name; each is loaded when a task first asks it.

    Asked, one that is broken, or offered by two distributions, raises a :class:`~dblrandom.errors.PluginError`.
    """
    return {name: LazySampler(name) for name in _names(SAMPLER_GROUP)}


def beacons() -> dict[str, Beacon]:
    """Every installed third-party beacon by its kind, sorted by kind; each is loaded when a source first asks it.

    Asked, one that is broken, or offered by two distributions, raises a :class:`~dblrandom.errors.PluginError`.
    """
    return {name: LazyBeacon(name) for name in _names(BEACON_GROUP)}


def load(group: str, name: str) -> Any:
    """The object of the one plug-in of a name.

    Raises:
        InputError: there is none (``plugin.unknown``).
        PluginError: there are two, or it cannot be loaded, or is not what it must be.
    """
    found = [entry for entry in _entries(group) if entry.name == name]
    kind = _KINDS[group]
    if not found:
        there = ", ".join(_names(group)) or "none"
        raise InputError(f"no {kind} {name!r} is installed; there are {there}", where=kind, code="plugin.unknown")
    where = _where(group, found[0])
    if len(found) > 1:
        others = ", ".join(_distribution(entry) for entry in found[1:])
        raise PluginError(f"is also offered by {others}; uninstall all but one", where=where)
    if (trouble := _misnamed(group, name)) is not None:
        raise PluginError(trouble, where=where)
    return _made(found[0], group, where)


def installed() -> tuple[Plugin, ...]:
    """Every entry point of the three groups; each is loaded, to say what is wrong with it."""
    found = []
    for group, kind in _KINDS.items():
        for entry in _entries(group):
            trouble = None
            try:
                load(group, entry.name)
            except DblrandomError as error:
                trouble = str(error)
            found.append(Plugin(kind=kind, name=entry.name, distribution=_distribution(entry), trouble=trouble))
    return tuple(found)


_KINDS: Mapping[str, str] = {SAMPLER_GROUP: "sampler", BEACON_GROUP: "beacon", SIGNER_GROUP: "signer"}
_OWN_NAMES: Mapping[str, Callable[[Any], object]] = {
    SAMPLER_GROUP: lambda made: made.name if isinstance(made, Sampler) else None,
    BEACON_GROUP: lambda made: made.kind if isinstance(made, Beacon) else None,
}


def _entries(group: str) -> list[EntryPoint]:
    return sorted(entry_points(group=group), key=lambda e: (e.name, _distribution(e), e.value))


def _names(group: str) -> Iterable[str]:
    """The names that can be asked for; a package cannot put itself in the place of what the protocol has."""
    return dict.fromkeys(entry.name for entry in _entries(group) if _misnamed(group, entry.name) is None)


def _misnamed(group: str, name: str) -> str | None:
    if group == SIGNER_GROUP:
        fits = _SCHEME.fullmatch(name) is not None
        return None if fits else "its name must be a scheme of 2 to 32 characters: a-z 0-9 + . -; uninstall it"
    fits = name.startswith("x-") and is_name(name)
    return None if fits else "its name must begin with x- and have only a-z 0-9 . _ -; uninstall it"


def _where(group: str, entry: EntryPoint) -> str:
    return f"{_KINDS[group]} {entry.name!r} of {_distribution(entry)}"


def _distribution(entry: EntryPoint) -> str:
    name = entry.dist.metadata["Name"] if entry.dist is not None else None
    return name or "an unnamed distribution"


def _made(entry: EntryPoint, group: str, where: str) -> Any:
    own_name = _OWN_NAMES.get(group)
    try:
        made = entry.load()
        if own_name is None:
            name = entry.name if callable(made) else None
        else:
            # A class has the protocol's methods too, so it is told apart by being a class, not by what it has.
            if isinstance(made, type) or own_name(made) is None:
                made = made()
            name = own_name(made)  # type: ignore[assignment]
    # A foreign module may fail in any way, SystemExit included, and none of them may end the program.
    except (Exception, SystemExit) as error:
        told = f"cannot be loaded: {type(error).__name__}: {error}; repair or uninstall it"
        raise PluginError(told, where=where) from error
    if name is None:
        raise PluginError(f"is not a {_KINDS[group]}; it lacks a part of the interface", where=where)
    if name != entry.name:
        raise PluginError(f"calls itself {name!r}; the two names must be the same", where=where)
    return made


@attrs.define(eq=False)
class LazySampler:
    """A third party's sampler that is loaded when a task first asks it."""

    name: str
    _made: Sampler | None = attrs.field(default=None, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.name,)

    def _sampler(self) -> Sampler:
        if self._made is None:
            self._made = load(SAMPLER_GROUP, self.name)
        return self._made

    def allocate(self, task: Task, sizes: Mapping[Stratum, int]) -> Mapping[Stratum, Allocation]:
        """See :meth:`dblrandom.sampling.Sampler.allocate`."""
        return self._sampler().allocate(task, sizes)

    def select(self, task: Task, frame: Frame, key: str) -> Selection:
        """See :meth:`dblrandom.sampling.Sampler.select`."""
        return self._sampler().select(task, frame, key)


@attrs.define(eq=False)
class LazyBeacon:
    """A third party's rules of a source kind, loaded when a source first asks them."""

    kind: str
    _made: Beacon | None = attrs.field(default=None, repr=False)

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self.kind,)

    def _beacon(self) -> Beacon:
        if self._made is None:
            self._made = load(BEACON_GROUP, self.kind)
        return self._made

    def check_source(self, source: Source) -> None:
        """See :meth:`dblrandom.beacons.base.Beacon.check_source`."""
        self._beacon().check_source(source)

    def check_value(self, source: Source, value: str, evidence: Json, *, suite: Suite, ceremony: str) -> None:
        """See :meth:`dblrandom.beacons.base.Beacon.check_value`."""
        self._beacon().check_value(source, value, evidence, suite=suite, ceremony=ceremony)

    def holder(self, source: Source) -> str | None:
        """See :meth:`dblrandom.beacons.base.Beacon.holder`."""
        return self._beacon().holder(source)

    def public_from(self, source: Source) -> str | None:
        """See :meth:`dblrandom.beacons.base.Beacon.public_from`."""
        return self._beacon().public_from(source)

    def outcomes(self, source: Source) -> int:
        """See :meth:`dblrandom.beacons.base.Beacon.outcomes`."""
        return self._beacon().outcomes(source)
