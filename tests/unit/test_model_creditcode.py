from __future__ import annotations

import pytest

from dblrandom.errors import InputError
from dblrandom.model.creditcode import ALPHABET, check_character, is_valid

# Published in the annual reports and business licences of large companies and ministries.
REAL = [
    "9144030071526726XG",
    "91330100799655058B",
    "914403001922038216",
    "91110000802100433B",
    "91440300708461136T",
    "91110000100000489L",
]


@pytest.mark.parametrize("code", REAL)
def test_real_codes_are_valid(code: str) -> None:
    assert is_valid(code)
    assert check_character(code[:17]) == code[17]


@pytest.mark.parametrize("code", REAL)
def test_every_single_slip_and_every_swap_of_neighbours_is_found(code: str) -> None:
    """The weights are distinct powers of a generator modulo a prime, so that both kinds of slip change the sum."""
    for place in range(18):
        for other in ALPHABET:
            if other != code[place]:
                assert not is_valid(code[:place] + other + code[place + 1 :])
    for place in range(17):
        if code[place] != code[place + 1]:
            assert not is_valid(code[:place] + code[place + 1] + code[place] + code[place + 2 :])


@pytest.mark.parametrize(
    "bad", ["", "9" * 16, "9" * 18, "I" * 17, "91A" + "0" * 14, "９" * 17, "9144030071526726x", None, 5]
)
def test_what_is_not_the_first_17_is_refused(bad: object) -> None:
    with pytest.raises(InputError):
        check_character(bad)  # type: ignore[arg-type]
    assert not is_valid(bad)  # type: ignore[arg-type]
