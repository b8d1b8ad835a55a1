"""Optional libraries: loaded when first needed, and missed with a word on how to get them."""

from __future__ import annotations

from importlib import import_module
from importlib.util import find_spec
from types import ModuleType

from dblrandom.errors import MissingExtra

__all__ = ["installed", "load"]


def installed(*modules: str) -> bool:
    """Whether all of these are there; none is loaded."""
    return all(find_spec(module) is not None for module in modules)


def load(module: str, extra: str, what: str) -> ModuleType:
    """The module, which ``what`` (a few words, such as ``a drand round``) cannot be checked or made without.

    Raises:
        MissingExtra: it is not installed; ``extra`` brings it.
    """
    try:
        return import_module(module)
    except ImportError as error:
        raise MissingExtra(
            f"{what} needs the library {module}, which is not installed: pip install 'dblrandom[{extra}]'"
        ) from error
