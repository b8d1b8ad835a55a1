"""Reading and checking RFC 3161 tokens: every rule of docs/spec/timestamps.md that a forger could test."""

from __future__ import annotations

import hashlib
from functools import cache
from typing import Any

import pytest
from authority import (
    DAY,
    SIGNED,
    Chain,
    certified,
    chain,
    encode,
    forged,
    identifiers,
    number,
    octets,
    response,
    text,
    tst_info,
)
from hypothesis import given, settings
from hypothesis import strategies as st

from dblrandom.errors import KeyFileError
from dblrandom.kernel import timestamps
from dblrandom.kernel._der import BOOLEAN, INTEGER, SEQUENCE, context, node
from dblrandom.kernel.timestamps import (
    MAX_TOKEN_BYTES,
    Stamp,
    certificate_name,
    certificates_from_pem,
    check_token,
    make_request,
    order_chain,
    read_token,
)

IMPRINT = hashlib.sha256(b"a synthetic receipt").digest()


@cache
def made(kind: str = "ec") -> Chain:
    return chain("unit", kind)


def checked(token: bytes, the_chain: Chain | None = None, **changes: Any) -> Stamp:
    links = the_chain or made()
    basic: dict[str, Any] = {"certificates": links.ders, "roots": [links.root.der], "imprint": IMPRINT}
    return check_token(token, **basic | changes)


@pytest.mark.parametrize("kind", ["ec", "rsa"])
def test_token_holds(kind: str) -> None:
    stamp = checked(forged(made(kind).leaf, IMPRINT), made(kind))
    assert stamp.time == stamp.earliest == text(SIGNED)
    assert stamp.authority == "CN=synthetic unit signer"
    assert stamp.expires == text(SIGNED + 365 * DAY)
    assert (stamp.token.policy, stamp.token.serial, stamp.token.nonce) == ("1.2.3.4.1", 7, None)
    assert stamp.token.certificates == (made(kind).leaf.der,)


def test_response_is_read_as_its_token() -> None:
    token = forged(made().leaf, IMPRINT)
    for status in (0, 1):
        assert read_token(response(token, status)) == read_token(token)
        assert checked(response(token, status)).token.der == token


@pytest.mark.parametrize("names", [("sha1",), ("sha256",), ("sha512",), ("sha1", "sha256")])
def test_each_identifier_of_the_certificate_is_understood(names: tuple[str, ...]) -> None:
    assert checked(forged(made().leaf, IMPRINT, identifiers=identifiers(made().leaf.der, names)))


def test_old_identifier_does_not_cover_for_a_wrong_new_one() -> None:
    mixed = [*identifiers(made().leaf.der, ("sha1",)), *identifiers(made().middle.der, ("sha256",))]
    with pytest.raises(KeyFileError, match="ESSCertID"):
        checked(forged(made().leaf, IMPRINT, identifiers=mixed))


def accuracy(seconds: int | None = None, millis: int | None = None, micros: int | None = None) -> bytes:
    parts = [] if seconds is None else [number(seconds)]
    for tag, value in ((context(0, constructed=False), millis), (context(1, constructed=False), micros)):
        if value is not None:
            parts.append(encode(tag, number(value)[2:]))
    return encode(SEQUENCE, *parts)


@pytest.mark.parametrize(
    ("when", "tail", "earliest", "latest"),
    [
        ("20240301120000Z", b"", "12:00:00", "12:00:00"),
        ("20240301120000.001Z", b"", "12:00:00", "12:00:01"),
        ("20240301120000.999999Z", b"", "12:00:00", "12:00:01"),
        ("20240301120000Z", accuracy(1), "11:59:59", "12:00:01"),
        ("20240301120000.25Z", accuracy(1, 500), "11:59:58", "12:00:02"),
        ("20240301120000.5Z", accuracy(None, 500), "12:00:00", "12:00:01"),
        ("20240301120000.5Z", accuracy(None, 500, 1), "11:59:59", "12:00:02"),
        ("20240301120000Z", encode(SEQUENCE), "12:00:00", "12:00:00"),
    ],
)
def test_date_is_the_latest_moment_that_the_token_allows(when: str, tail: bytes, earliest: str, latest: str) -> None:
    token = read_token(forged(made().leaf, IMPRINT, when=when, tail=tail))
    assert (token.earliest, token.time) == (f"2024-03-01T{earliest}Z", f"2024-03-01T{latest}Z")
    assert token.issued == "2024-03-01T12:00:00Z"


@pytest.mark.parametrize(
    "when",
    [
        "20240301120000",
        "20240301120060Z",
        "20240230120000Z",
        "202403011200Z",
        "20240301120000.Z",
        "20240301120000.50Z",
        "20240301120000.1234567890123Z",
        "20240301120000+0100",
        "20240301120000z",
        "00000301120000Z",
    ],
)
def test_time_that_is_none(when: str) -> None:
    with pytest.raises(KeyFileError, match="not a real one in UTC"):
        read_token(forged(made().leaf, IMPRINT, when=when))


def test_accuracy_at_the_end_of_time() -> None:
    with pytest.raises(KeyFileError, match="from year 1 to 9999"):
        read_token(forged(made().leaf, IMPRINT, when="99991231235959Z", tail=accuracy(1)))


@pytest.mark.parametrize(
    ("tail", "telling"),
    [
        (accuracy(86_400), "dates nothing"),
        (accuracy(-1), "out of range"),
        (accuracy(1, 1000), "out of range"),
        (encode(BOOLEAN, b"\xff") + encode(BOOLEAN, b"\xff"), "does not belong there"),
        (encode(INTEGER, b"\0\1"), "shortest form"),
        (octets(b"more"), "does not belong there"),
    ],
)
def test_text_that_is_malformed(tail: bytes, telling: str) -> None:
    with pytest.raises(KeyFileError, match=telling):
        read_token(forged(made().leaf, IMPRINT, tail=tail))


@pytest.mark.parametrize(
    ("changes", "telling"),
    [
        ({"info": tst_info(IMPRINT, version=2)}, "another version"),
        ({"identifiers": ()}, "does not say which certificate"),
        ({"identifiers": identifiers(b"x") * 2}, "twice"),
        ({"content_type": "data"}, "as something else"),
        ({"info": octets(b"x")}, "is not where it must be"),
    ],
)
def test_token_that_is_malformed(changes: dict[str, Any], telling: str) -> None:
    with pytest.raises(KeyFileError, match=telling):
        read_token(forged(made().leaf, IMPRINT, **changes))


def test_other_hash_is_read_but_dates_nothing() -> None:
    token = forged(made().leaf, hashlib.sha512(b"x").digest(), imprint_algorithm="sha512")
    assert read_token(token).imprint_algorithm == "sha512"
    with pytest.raises(KeyFileError, match="ask for SHA-256"):
        checked(token)


def test_chain_is_good_until_the_moment_asked_for() -> None:
    token = forged(made().leaf, IMPRINT)
    last = text(SIGNED + 365 * DAY)
    assert checked(token, at=last).expires == last
    with pytest.raises(KeyFileError, match=r"expired at .* must be good until"):
        checked(token, at=text(SIGNED + 366 * DAY))
    assert checked(token, at="2000-01-01T00:00:00Z"), "an earlier moment asks for nothing more"


def test_expiry_is_that_of_the_first_certificate_to_expire() -> None:
    short = chain("short", end=SIGNED + DAY)
    assert checked(forged(short.leaf, IMPRINT), short).expires == text(SIGNED + DAY)


def test_token_is_still_checked_when_the_clock_is_past_its_chain() -> None:
    """The chain of ``made`` expired in 2025; only the moments that are given may count."""
    assert checked(forged(made().leaf, IMPRINT))


@pytest.mark.parametrize("carried", [0, 1, 3])
def test_chain_is_put_in_order(carried: int) -> None:
    links = made()
    token = read_token(forged(links.leaf, IMPRINT, carried=links.ders[:carried]))
    other = chain("other")
    assert order_chain(token, [other.root.der, *reversed(links.ders), other.leaf.der]) == tuple(links.ders)


def test_chain_is_completed_from_what_the_token_carries() -> None:
    links = made()
    token = read_token(forged(links.leaf, IMPRINT, carried=links.ders[:2]))
    assert order_chain(token, [links.root.der]) == tuple(links.ders)
    with pytest.raises(KeyFileError, match="'CN=synthetic unit root' is missing"):
        order_chain(token, [])
    bare = read_token(forged(links.leaf, IMPRINT, carried=[]))
    with pytest.raises(KeyFileError, match="add it to the chain"):
        order_chain(bare, links.ders[1:])


def test_root_that_is_given_ends_the_chain_before_a_cross_signed_one() -> None:
    links, older = made(), chain("older")
    crossed = certified("unit root", older.root, usage="issue")
    token = read_token(forged(links.leaf, IMPRINT, carried=[*links.ders[:2], crossed.der]))
    assert order_chain(token, [crossed.der, links.root.der]) == tuple(links.ders)
    assert order_chain(token, [older.root.der]) == (*links.ders[:2], crossed.der, older.root.der)


def test_pem_becomes_der_in_order() -> None:
    links = made()
    assert certificates_from_pem(links.root.pem + b"words between\n" + links.leaf.pem) == (
        links.root.der,
        links.leaf.der,
    )
    assert certificate_name(links.root.der) == "CN=synthetic unit root"
    for pem in (b"", b"-----BEGIN CERTIFICATE-----\nx\n-----END CERTIFICATE-----\n", b"\xff"):
        with pytest.raises(KeyFileError, match="no certificates in PEM"):
            certificates_from_pem(pem)
    with pytest.raises(KeyFileError, match="more than 64"):
        certificates_from_pem(links.root.pem * 65)


@given(st.binary(min_size=32, max_size=32), st.none() | st.integers(0, 2**64 - 1))
def test_request_says_what_is_asked(imprint: bytes, nonce: int | None) -> None:
    fields = node(make_request(imprint, nonce), "request").fields("request")
    assert fields.take(INTEGER, "version").integer("version") == 1
    asked = fields.take(SEQUENCE, "imprint").fields("imprint")
    assert asked.take(SEQUENCE, "algorithm").whole == encode(SEQUENCE, bytes.fromhex("06096086480165030402010500"))
    assert asked.take(4, "digest").content == imprint
    sent = fields.optional(INTEGER)
    assert (None if sent is None else sent.integer("nonce")) == nonce
    assert fields.take(BOOLEAN, "certificate wanted").content == b"\xff"
    fields.end()


@pytest.mark.parametrize(("imprint", "nonce"), [(b"", 1), (bytes(20), 1), (bytes(32), -1), (bytes(32), 2**64)])
def test_request_for_something_else(imprint: bytes, nonce: int) -> None:
    with pytest.raises(KeyFileError, match=r"32 bytes|nonce"):
        make_request(imprint, nonce)


@given(st.binary(max_size=300))
def test_garbage_is_refused(data: bytes) -> None:
    with pytest.raises(KeyFileError):
        read_token(data)
    with pytest.raises(KeyFileError):
        timestamps.certificate_name(data)


@cache
def whole_token() -> bytes:
    return forged(made().leaf, IMPRINT, carried=made().ders, tail=accuracy(1, 2, 3) + number(99))


def accepted(data: bytes, **changes: Any) -> Stamp | None:
    try:
        return checked(data, **changes)
    except KeyFileError:
        return None


@settings(max_examples=300)
@given(st.data())
def test_flipped_bits_change_nothing_that_was_signed(data: st.DataObject) -> None:
    """A flip is refused, or lies in what is only carried beside it: certificates and the list of algorithms."""
    token = bytearray(whole_token())
    for _ in range(data.draw(st.integers(1, 3))):
        token[data.draw(st.integers(0, len(token) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    stamp = accepted(bytes(token))
    if stamp is not None:
        said = checked(whole_token())
        assert (stamp.time, stamp.earliest, stamp.expires) == (said.time, said.earliest, said.expires)
        assert stamp.token.imprint == IMPRINT


@given(st.integers(0, 10_000))
def test_truncated_token_is_refused(length: int) -> None:
    token = whole_token()
    assert accepted(token[: length % len(token)]) is None


@settings(max_examples=150)
@given(st.data())
def test_flipped_bits_in_a_chain_are_refused(data: st.DataObject) -> None:
    ders = [bytearray(der) for der in made().ders]
    which = data.draw(st.integers(0, 2))
    ders[which][data.draw(st.integers(0, len(ders[which]) - 1))] ^= 1 << data.draw(st.integers(0, 7))
    assert accepted(whole_token(), certificates=[bytes(der) for der in ders]) is None


def test_oversized_lengths_are_refused() -> None:
    for data in (
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30\x80\0\0",
        b"\x30\x81\x01\0",
        b"\x3f\x81\1\0",
        b"\x30",
        bytes(70_000),
    ):
        with pytest.raises(KeyFileError):
            read_token(data)
    assert MAX_TOKEN_BYTES == 65_536


@pytest.mark.parametrize("length", ["8100", "8101", "820080", "8400000001"])
def test_length_has_one_form(length: str) -> None:
    data = bytes.fromhex("30" + length) + bytes(int.from_bytes(bytes.fromhex(length)[1:], "big"))
    with pytest.raises(KeyFileError, match="shortest form"):
        read_token(data)


def test_deep_nesting_is_no_recursion() -> None:
    data = b""
    for _ in range(20_000):
        data = encode(SEQUENCE, data) if len(data) < 60_000 else data
    with pytest.raises(KeyFileError):
        read_token(data)
