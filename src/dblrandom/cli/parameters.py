"""The base of the types of options, with every release of click that the project allows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

__all__ = ["ParamType"]

if TYPE_CHECKING:
    from click import ParamType
else:

    class ParamType(click.ParamType):
        """click's own, which takes the type of its values only since release 8.4."""

        def __class_getitem__(cls, _: Any) -> type[ParamType]:
            return cls
