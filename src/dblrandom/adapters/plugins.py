"""Samplers and beacons of third parties, found through entry points of what is installed.

A plug-in declares, in its own distribution, an entry point in the group ``dblrandom.samplers`` or
``dblrandom.beacons``. The entry point's name begins with ``x-`` and is what plans and commitments say; its object is
a sampler or beacon, or a class or function that makes one without arguments. Nothing is kept between calls.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib.metadata import EntryPoint, entry_points
from typing import Any

from dblrandom.beacons.base import Beacon
from dblrandom.errors import InputError
from dblrandom.kernel.text import is_name
from dblrandom.sampling.samplers import Sampler

__all__ = ["BEACON_GROUP", "SAMPLER_GROUP", "beacons", "samplers"]

SAMPLER_GROUP = "dblrandom.samplers"
"""The entry point group of samplers."""

BEACON_GROUP = "dblrandom.beacons"
"""The entry point group of beacons."""


def samplers() -> dict[str, Sampler]:
    """Every installed third-party sampler by its name, sorted by name.

    Raises:
        InputError: naming the distribution whose sampler cannot be used.
    """
    return _found(SAMPLER_GROUP, lambda made: made.name if isinstance(made, Sampler) else None, "sampler")


def beacons() -> dict[str, Beacon]:
    """Every installed third-party beacon by its kind, sorted by kind.

    Raises:
        InputError: naming the distribution whose beacon cannot be used.
    """
    return _found(BEACON_GROUP, lambda made: made.kind if isinstance(made, Beacon) else None, "beacon")


def _found(group: str, own_name: Callable[[Any], object], what: str) -> dict[str, Any]:
    found: dict[str, tuple[str, Any]] = {}
    for entry in sorted(entry_points(group=group), key=lambda e: (e.name, _distribution(e), e.value)):
        where = f"{what} {entry.name!r} of {_distribution(entry)}"
        if not entry.name.startswith("x-") or not is_name(entry.name):
            raise InputError("its name must begin with x- and have only a-z 0-9 . _ -; uninstall it", where=where)
        if entry.name in found:
            raise InputError(f"is also offered by {found[entry.name][0]}; uninstall one of them", where=where)
        found[entry.name] = _distribution(entry), _made(entry, own_name, what, where)
    return {name: made for name, (_, made) in found.items()}


def _distribution(entry: EntryPoint) -> str:
    name = entry.dist.metadata["Name"] if entry.dist is not None else None
    return name or "an unnamed distribution"


def _made(entry: EntryPoint, own_name: Callable[[Any], object], what: str, where: str) -> Any:
    try:
        made = entry.load()
        # A class has the protocol's methods too, so it is told apart by being a class, not by what it has.
        if isinstance(made, type) or own_name(made) is None:
            made = made()
        name = own_name(made)
    # A foreign module may fail in any way, SystemExit included, and none of them may end the program.
    except (Exception, SystemExit) as error:
        raise InputError(
            f"cannot be loaded: {type(error).__name__}: {error}; repair or uninstall it", where=where
        ) from (error)
    if name is None:
        raise InputError(f"is not a {what}; it lacks a part of the interface", where=where)
    if name != entry.name:
        raise InputError(f"calls itself {name!r}; the two names must be the same", where=where)
    return made
