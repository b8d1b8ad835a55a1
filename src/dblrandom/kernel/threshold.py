"""Thresholds: below which ticket the wanted units of a stratum almost surely lie (docs/spec, section 4).

Tickets are uniform, so of N rows about ``p * N`` have a ticket below the fraction ``p`` of all tickets. A scan that
keeps only these keeps few rows; where it kept too few, it is made again with a wider threshold, so the answer is exact.
"""

from __future__ import annotations

from math import isqrt

__all__ = ["threshold", "wider"]

_ALL = 1 << 256


def threshold(wanted: int, size: int) -> bytes | None:
    """The ticket below which ``wanted`` of ``size`` rows will be found but for a chance of less than 10^-14.

    It is the fraction ``(k + 8 * sqrt(k) + 40) / N`` of 2^256, with the root rounded up: eight standard deviations and
    a term for small k.

    Returns:
        32 bytes, or ``None`` where every row has to be kept.
    """
    share = wanted + 8 * (isqrt(wanted) + 1) + 40
    return None if share >= size else (_ALL * share // size).to_bytes(32, "big")


def wider(wanted: int, size: int, times: int) -> bytes | None:
    """The threshold after ``times`` scans that found too few: four times as wide each time."""
    return threshold(wanted * 4**times, size)
