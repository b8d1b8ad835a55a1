"""age files: what is written can be read, of what is read nothing can be changed, and nothing else can be read."""

from __future__ import annotations

import base64
import json
from pathlib import Path

import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from hypothesis import given, settings
from hypothesis import strategies as st

from dblrandom.errors import EntropyError
from dblrandom.kernel.age import MAX_AGE, MAX_STANZAS, Stanza, armor, dearmor, open_age, read_age, seal_age

KEY, NONCE = b"K" * 16, b"N" * 16
STANZA = Stanza(("test", "one"), b"body")
CHUNK = 2**16
RECORDED = json.loads((Path(__file__).parents[1] / "vectors" / "tlock_age.json").read_text("utf-8"))["cases"]


def sealed(plaintext: bytes = b"plain", *stanzas: Stanza) -> bytes:
    return seal_age(plaintext, stanzas or (STANZA,), file_key=KEY, nonce=NONCE)


def opened(data: bytes) -> bytes:
    return open_age(read_age(data), KEY)


def refused(data: bytes, match: str) -> None:
    with pytest.raises(EntropyError, match=match):
        opened(data)


def test_the_header_to_the_byte() -> None:
    lines = sealed().split(b"\n")
    assert lines[:3] == [b"age-encryption.org/v1", b"-> test one", b"Ym9keQ"]
    assert lines[3].startswith(b"--- ")
    assert len(lines[3]) == 4 + 43


@pytest.mark.parametrize("size", [0, 1, 64, CHUNK - 1, CHUNK, CHUNK + 1, 2 * CHUNK, 2 * CHUNK + 5])
def test_sizes_around_the_chunks(size: int) -> None:
    plaintext = bytes(i % 251 for i in range(size))
    data = sealed(plaintext)
    assert opened(data) == plaintext
    assert len(read_age(data).payload) == 16 + size + 16 * max(1, -(-size // CHUNK))


@given(st.lists(st.tuples(st.lists(st.text("!-~a", min_size=1), min_size=1), st.binary(max_size=200)), max_size=4))
@settings(max_examples=50)
def test_stanzas_come_back(given_stanzas: list[tuple[list[str], bytes]]) -> None:
    stanzas = [STANZA, *(Stanza(tuple(a), body) for a, body in given_stanzas)]
    data = sealed(b"x", *stanzas)
    assert list(read_age(data).stanzas) == stanzas
    assert opened(data) == b"x"


@pytest.mark.parametrize("size", [0, 47, 48, 49, 96])
def test_a_body_ends_with_a_short_line(size: int) -> None:
    stanza = Stanza(("t",), bytes(size))
    lines = stanza.to_bytes().decode().split("\n")[1:-1]
    assert all(len(line) == 64 for line in lines[:-1])
    assert len(lines[-1]) < 64
    assert read_age(sealed(b"", stanza)).stanzas == (stanza,)


def test_every_changed_byte_is_noticed() -> None:
    data = sealed(b"plain", STANZA, Stanza(("x-grease",), b""))
    for place in range(len(data)):
        for flip in (1, 0x20, 0x80):
            with pytest.raises(EntropyError):
                opened(data[:place] + bytes([data[place] ^ flip]) + data[place + 1 :])


def test_every_cut_is_noticed() -> None:
    data = sealed()
    for end in range(len(data)):
        with pytest.raises(EntropyError):
            opened(data[:end])


def test_chunks_cannot_be_dropped_swapped_or_added() -> None:
    data = sealed(bytes(2 * CHUNK + 9))
    head, step = len(data) - len(read_age(data).payload) + 16, CHUNK + 16
    one, two, three = data[head : head + step], data[head + step : head + 2 * step], data[head + 2 * step :]
    assert opened(data[:head] + one + two + three) == bytes(2 * CHUNK + 9)
    for chunks in (one + two, one + three, two + one + three, one + two + three + three, three, b""):
        refused(data[:head] + chunks, "does not decrypt")


def test_an_empty_last_chunk() -> None:
    """A second file would say the same as the first one."""
    data = sealed(bytes(CHUNK))
    head = len(data) - len(read_age(data).payload) + 16
    key = HKDF(algorithm=hashes.SHA256(), length=32, salt=NONCE, info=b"payload").derive(KEY)
    first = ChaCha20Poly1305(key).encrypt(bytes(12), bytes(CHUNK), None)
    last = ChaCha20Poly1305(key).encrypt(bytes(10) + b"\x01\x01", b"", None)
    refused(data[:head] + first + last, "empty chunk")


def test_another_key() -> None:
    with pytest.raises(EntropyError, match="MAC does not match"):
        open_age(read_age(sealed()), b"k" * 16)


@pytest.mark.parametrize(
    ("change", "match"),
    [
        ((b"/v1\n", b"/v2\n"), "does not begin"),
        ((b"/v1\n", b"/v1\r\n"), "does not begin"),
        ((b"age-", b"\xef\xbb\xbfage-"), "not ASCII"),
        ((b"-> test", b"->  test"), "single spaces"),
        ((b"test one", b"test one "), "single spaces"),
        ((b"test one", b"test\tone"), "visible"),
        ((b"test one", b"test \x7f"), "visible"),
        ((b"test one", "tést".encode()), "not ASCII"),
        ((b"-> test", b"-> " + b"t" * 1100), "too long"),
        ((b"-> test", b"=> test"), "neither begins a stanza"),
        ((b"Ym9keQ\n", b"Ym9keQ==\n"), "padded"),
        ((b"Ym9keQ\n", b"Ym9keR\n"), "not canonical"),
        ((b"Ym9keQ\n", b"Ym9ke\n"), "not canonical"),
        ((b"Ym9keQ\n", b"Ym9k\neQ\n"), "neither begins a stanza"),
        ((b"Ym9keQ\n", b"Ym9keQ\r\n"), "not canonical"),
        ((b"Ym9keQ\n", b"A" * 64 + b"\n"), "not canonical"),
        ((b"Ym9keQ\n", b"A" * 65 + b"\n"), "more than 64"),
        ((b"-> test one\nYm9keQ\n", b""), "no stanza"),
        ((b"--- ", b"---  "), "not canonical"),
        ((b"--- ", b"---"), "neither"),
        ((b"--- ", b"--- AAAA"), "MAC of 35 bytes"),
    ],
)
def test_headers_that_are_none(change: tuple[bytes, bytes], match: str) -> None:
    data = sealed()
    assert data.count(change[0]) == 1
    refused(data.replace(*change), match)


def test_too_many_stanzas() -> None:
    stanzas = [STANZA] * MAX_STANZAS
    assert opened(sealed(b"", *stanzas)) == b""
    line = STANZA.to_bytes()
    refused(sealed(b"", *stanzas).replace(line, 2 * line, 1), "more than 16 stanzas")
    with pytest.raises(EntropyError, match="1 to 16"):
        sealed(b"", *stanzas, STANZA)


def test_sizes_are_bounded() -> None:
    refused(bytes(MAX_AGE + 1), "over 1048576 bytes")
    with pytest.raises(EntropyError, match="would be over"):
        sealed(bytes(MAX_AGE))
    with pytest.raises(EntropyError, match="too large"):
        dearmor("A" * (2 * MAX_AGE + 1))


@pytest.mark.parametrize("arguments", [(), ("",), ("a b",), ("a", "é"), ("a\n",)])
def test_stanzas_that_are_none(arguments: tuple[str, ...]) -> None:
    with pytest.raises(EntropyError, match="visible ASCII"):
        Stanza(arguments, b"")


@pytest.mark.parametrize(("key", "nonce"), [(b"", NONCE), (KEY, b""), (KEY + b"x", NONCE), (KEY, NONCE[1:])])
def test_keys_and_nonces_of_another_length(key: bytes, nonce: bytes) -> None:
    with pytest.raises(EntropyError, match="16 bytes each"):
        seal_age(b"", [STANZA], file_key=key, nonce=nonce)


def test_no_stanza_to_write() -> None:
    with pytest.raises(EntropyError, match="1 to 16"):
        seal_age(b"", [], file_key=KEY, nonce=NONCE)


@given(st.binary(max_size=200))
def test_armor_comes_back(data: bytes) -> None:
    assert dearmor(armor(data)) == data
    assert dearmor(armor(data).removesuffix("\n")) == data


@pytest.mark.parametrize("case", RECORDED, ids=lambda case: f"{case['chain']}-{case['round']}")
def test_recorded_armor(case: dict[str, str]) -> None:
    data = dearmor(case["age"])
    assert data.startswith(b"age-encryption.org/v1\n-> tlock ")
    assert armor(data) == case["age"] + "\n"


ARMORED = armor(bytes(range(100)))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "\n",
        "x",
        " " + ARMORED,
        ARMORED + "\n",
        ARMORED + "x",
        ARMORED.replace("\n", "\r\n"),
        ARMORED.replace("BEGIN", "begin"),
        ARMORED.replace("-----END AGE ENCRYPTED FILE-----", ""),
        ARMORED.replace("\n", "", 2).replace("FILE-----", "FILE-----\n", 1),
        ARMORED.replace("=", ""),
        ARMORED.replace("-----\n", "-----\nVersion: 1\n\n", 1),
        ARMORED.replace("AAEC", "AA*C"),
        ARMORED.replace("AAEC", "AA\u00e9C"),
        base64.b64encode(bytes(100)).decode(),
    ],
)
def test_armor_in_another_form(text: str) -> None:
    with pytest.raises(EntropyError, match="armor"):
        dearmor(text)
