"""Optional libraries: loaded when first needed, and missed with a word on how to get them."""

from __future__ import annotations

from importlib import import_module
from types import ModuleType

from dblrandom.errors import MissingExtra

__all__ = ["load"]


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
