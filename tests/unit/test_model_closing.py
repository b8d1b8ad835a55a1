from __future__ import annotations

import pytest

from dblrandom.model.closing import Closing


class Door(Closing):
    closed = 0

    def close(self) -> None:
        self.closed += 1


def test_the_end_of_the_block_closes() -> None:
    with Door() as door:
        assert isinstance(door, Door)
        assert not door.closed
    assert door.closed == 1


def test_an_error_closes_and_goes_on() -> None:
    door = Door()
    with pytest.raises(KeyError), door:
        raise KeyError
    assert door.closed == 1


def test_what_cannot_be_closed_is_not_made() -> None:
    with pytest.raises(TypeError, match="close"):
        Closing()  # type: ignore[abstract]
