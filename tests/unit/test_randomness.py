from __future__ import annotations

import pytest

from dblrandom.adapters.randomness import random_bytes
from dblrandom.errors import InputError


def test_length_and_freshness() -> None:
    assert [len(random_bytes(n)) for n in (1, 32, 1000)] == [1, 32, 1000]
    assert len({random_bytes(32) for _ in range(100)}) == 100


@pytest.mark.parametrize("n", [0, -1])
def test_nothing_is_not_a_secret(n: int) -> None:
    with pytest.raises(InputError, match="at least 1"):
        random_bytes(n)
