from __future__ import annotations

import hashlib
from typing import Any

import pytest

from dblrandom.errors import EntropyError, InputError
from dblrandom.kernel.entropy import (
    chain_ahead,
    chain_step,
    draw_key,
    key_lines,
    secret_digest,
    secret_lines,
    seed,
    seed_lines,
)
from dblrandom.kernel.suite import SHA256, SM3, SUITES, Suite, lines, suite_named
from dblrandom.kernel.tickets import candidates, lowest, ticket

D = "ab" * 32
KEY = "0123456789abcdef" * 2


def test_suites() -> None:
    assert SHA256.hexhash(b"abc") == "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
    assert SM3.hexhash(b"abc") == "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"
    assert [suite_named(name) for name in SUITES] == [SHA256, SM3]
    assert Suite("sha256", lambda data: data) == SHA256
    for name in ("SHA256", "md5", "", None, 1, ["sha256"]):
        with pytest.raises(InputError, match="sha256 and sm3"):
            suite_named(name)


def test_lines() -> None:
    assert lines("a", "", "昆明") == "a\n\n昆明\n".encode()
    for bad in ("a\nb", "\n", "\ud800"):
        with pytest.raises(InputError):
            lines("x", bad)


def test_lines_are_what_a_person_would_write() -> None:
    values = [("drand", "quicknet", D), ("public", "lottery", "4. 8. 15.")]
    written = f"dblrandom/v1/seed\n{D}\ndrand quicknet {D}\npublic lottery 4. 8. 15.\n".encode()
    assert seed_lines(D, values) == written
    assert seed(SHA256, D, iter(values)) == hashlib.sha256(written).hexdigest()
    assert key_lines(D, "12", "targets") == f"dblrandom/v1/key\n{D}\n12\ntargets\n".encode()
    assert draw_key(SHA256, D, "12", "targets") == hashlib.sha256(key_lines(D, "12", "targets")).hexdigest()[:32]
    assert secret_lines("c", "psb", D) == f"dblrandom/v1/secret\nc\npsb\n{D}\n".encode()
    assert secret_digest(SM3, "c", "psb", D) == SM3.hexhash(secret_lines("c", "psb", D))


@pytest.mark.parametrize("bad", ["", "AB" * 32, "ab" * 31, "ab" * 33, "0x" + "ab" * 31, "ab" * 32 + "\n", None, 5])
def test_digests_and_secrets_are_64_hex(bad: Any) -> None:
    for call in (
        lambda: seed_lines(bad, []),
        lambda: key_lines(bad, "1", "targets"),
        lambda: secret_lines("c", "psb", bad),
    ):
        with pytest.raises(EntropyError):
            call()


@pytest.mark.parametrize(
    "source",
    [
        ("Drand", "q", D),
        ("drand", "q q", D),
        ("drand", "", D),
        ("drand", "q\n", D),
        ("drand", "q" * 65, D),
        ("drand", "q", D.upper()),
        ("drand", "q", ""),
        ("drand", "q", "abc"),
        ("x-dice", "q", "four"),
        ("public", "q", ""),
        ("public", "q", " 4"),
        ("public", "q", "4 "),
        ("public", "q", "4  8"),
        ("public", "q", "4\t8"),
        ("public", "q", "4\n"),
        ("public", "q", "四"),
        ("public", "q", "4\x7f"),
        ("public", "q", "4" * 257),
        ("public", "q", None),
        ("drand", "q", 5),
        (None, "q", D),
    ],
)
def test_sources_that_are_refused(source: Any) -> None:
    with pytest.raises(EntropyError):
        seed_lines(D, [source])


def test_values_at_the_limits() -> None:
    seed_lines(D, [("public", "q", "~" * 256), ("x-dice", "z" * 64, "00"), ("nist", "n", "ab" * 64)])


@pytest.mark.parametrize(
    ("task", "purpose"),
    [
        ("", "targets"),
        ("a b", "targets"),
        ("x" * 65, "targets"),
        ("1", "target"),
        ("1", ""),
        ("1", "Targets"),
        ("一", "targets"),
    ],
)
def test_keys_that_are_refused(task: str, purpose: str) -> None:
    with pytest.raises(EntropyError):
        draw_key(SHA256, D, task, purpose)


def test_purposes_and_tasks_have_different_keys() -> None:
    keys = {draw_key(SHA256, D, t, p) for t in ("1", "11", "A", "a") for p in ("targets", "inspectors")}
    assert len(keys) == 8


def test_hash_chain() -> None:
    x = b"\x01" * 32
    assert chain_step(SHA256, x) == hashlib.sha256(b"dblrandom/v1/hashchain\n" + b"01" * 32 + b"\n").digest()
    assert chain_ahead(SHA256, x, 0) == x
    assert chain_ahead(SM3, chain_ahead(SM3, x, 3), 4) == chain_ahead(SM3, x, 7)
    for bad_x, steps in ((b"", 1), (b"x" * 31, 1), (b"x" * 33, 1), (x, -1), (x, 1_000_001)):
        with pytest.raises(EntropyError):
            chain_ahead(SHA256, bad_x, steps)


@pytest.mark.parametrize("key", ["", KEY[:-2], KEY + "00", KEY.upper(), "g" * 32, KEY[:-1] + "\n", "é" * 32])
def test_ticket_needs_a_key(key: str) -> None:
    for call in (
        lambda: ticket(SHA256, key, b"a"),
        lambda: candidates(SHA256, key, []),
        lambda: lowest(SHA256, key, [], 0),
    ):
        with pytest.raises(InputError, match="not a draw key"):
            call()


def test_lowest_is_the_sorted_beginning() -> None:
    ids = [b"%d" % n for n in range(500)]
    everything = sorted(candidates(SHA256, KEY, ids))
    assert everything[0][:32] == ticket(SHA256, KEY, everything[0][32:])
    for k in (-1, 0, 1, 2, 24, 25, 26, 499, 500, 501):
        assert lowest(SHA256, KEY, ids, k) == everything[: max(k, 0)]
        assert lowest(SHA256, KEY, iter(ids), k) == everything[: max(k, 0)]


def test_equal_tickets_are_ordered_by_id() -> None:
    """No two SHA-256 tickets will ever be equal, so a suite is made where all of them are."""
    flat = Suite("flat", lambda data: bytes(32))
    assert [c[32:] for c in lowest(flat, KEY, [b"b", b"a!", b"a", b"\xff"], 3)] == [b"a", b"a!", b"b"]
