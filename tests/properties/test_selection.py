from __future__ import annotations

import hashlib

from hypothesis import given
from hypothesis import strategies as st

from dblrandom.kernel.suite import SHA256, SM3, Suite
from dblrandom.kernel.tickets import candidates, lowest, ticket

KEYS = st.binary(min_size=16, max_size=16).map(bytes.hex)
ID_LISTS = st.lists(st.binary(min_size=1, max_size=30), unique=True, max_size=60)
SUITES = st.sampled_from([SHA256, SM3])


@given(SUITES, KEYS, ID_LISTS, st.integers(0, 70))
def test_lowest_is_sorting_by_ticket_and_id(suite: Suite, key: str, ids: list[bytes], k: int) -> None:
    ordered = sorted(ids, key=lambda unit: (ticket(suite, key, unit), unit))
    found = lowest(suite, key, ids, k)
    assert [c[32:] for c in found] == ordered[:k]
    assert [c[:32] for c in found] == [ticket(suite, key, unit) for unit in ordered[:k]]
    assert lowest(suite, key, iter(ids), k) == found


@given(SUITES, KEYS, ID_LISTS, st.integers(0, 60), st.randoms(use_true_random=False))
def test_neither_order_nor_asking_for_more_changes_who_comes_first(
    suite: Suite, key: str, ids: list[bytes], k: int, random: object
) -> None:
    mixed = list(ids)
    random.shuffle(mixed)  # type: ignore[attr-defined]
    assert lowest(suite, key, mixed, k + 5)[:k] == lowest(suite, key, ids, k)


@given(KEYS, ID_LISTS, st.integers(1, 20), st.data())
def test_a_unit_that_was_not_drawn_can_leave_without_a_trace(
    key: str, ids: list[bytes], k: int, data: st.DataObject
) -> None:
    drawn = lowest(SHA256, key, ids, k)
    others = [unit for unit in ids if unit not in {c[32:] for c in drawn}]
    if others:
        ids.remove(data.draw(st.sampled_from(others)))
        assert lowest(SHA256, key, ids, k) == drawn


@given(KEYS, st.text(min_size=1, max_size=20).filter(lambda text: text.isprintable()))
def test_a_ticket_is_what_sha256sum_says(key: str, unit: str) -> None:
    expected = hashlib.sha256(f"{key}:{unit}".encode()).digest()
    assert ticket(SHA256, key, unit.encode()) == expected
    assert [*candidates(SHA256, key, [unit.encode()])] == [expected + unit.encode()]


def test_each_unit_is_drawn_about_as_often() -> None:
    """2,000 keys, 3 of 20 units each: the expected 300 within five standard deviations (16), for fixed keys."""
    ids = [b"unit-%02d" % n for n in range(20)]
    counts = dict.fromkeys(ids, 0)
    for n in range(2000):
        for candidate in lowest(SHA256, hashlib.sha256(b"%d" % n).hexdigest()[:32], ids, 3):
            counts[candidate[32:]] += 1
    assert sum(counts.values()) == 6000
    assert all(220 <= count <= 380 for count in counts.values())
