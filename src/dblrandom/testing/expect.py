"""Expectations with a sentence each; ``assert`` would be silent outside of the test suite that rewrites it."""

from __future__ import annotations

from collections.abc import Callable

from dblrandom.errors import DblrandomError

__all__ = ["expect", "expect_refused"]


def expect(holds: bool, otherwise: str) -> None:
    """Fail the test with the sentence ``otherwise`` unless ``holds``.

    Raises:
        AssertionError: it does not hold.
    """
    if not holds:
        raise AssertionError(otherwise)


def expect_refused(act: Callable[[], object], error: type[DblrandomError], what: str) -> None:
    """Fail the test unless ``act`` raises this error, in one printable line.

    Raises:
        AssertionError: it was accepted, or refused in another way.
    """
    try:
        act()
    except error as caught:
        expect(str(caught).isprintable(), f"{what}: the message is not one printable line")
    except Exception as caught:
        raise AssertionError(f"{what}: {type(caught).__name__} was raised, and must be {error.__name__}") from caught
    else:
        raise AssertionError(f"{what}: it was accepted")
