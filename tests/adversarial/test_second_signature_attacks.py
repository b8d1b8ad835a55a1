"""Attacks on second signatures: one in place of Ed25519, two spellings of one, keys that are none, false tools.

A second signature may add to a receipt and never take anything away from it: no receipt stands on it alone, and a
machine that cannot check it must say so, not take it for good or for bad.
"""

from __future__ import annotations

import base64
import os
import time
from pathlib import Path

import pytest
import slow_sm2 as slow
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat, PublicFormat
from kit import closed, honest, opened, signer

from dblrandom.adapters.keyfiles import read_public_key, read_signer
from dblrandom.adapters.sm2 import Sm2, Sm2Signer
from dblrandom.errors import KeyFileError, MissingExtra, ReceiptError
from dblrandom.evidence import Receipt, add_signatures
from dblrandom.evidence.receipt import sign_payload
from dblrandom.kernel.mldsa import MlDsa44, MlDsa44Signer
from dblrandom.kernel.pem import private_from_pem, private_to_pem, public_from_pem
from dblrandom.kernel.schemes import SCHEMES, Scheme, check_key, check_sm2_key, sm2_integers
from dblrandom.kernel.signing import Ed25519Signer, keyid

FIRST = honest().receipts[0]
PAYLOAD = Receipt.parse(FIRST).payload
CASE = slow.KNOWN["sm2"]
D, KEY = int(CASE["private_key"], 16), bytes.fromhex(CASE["public_key"])
R, S, MESSAGE = int(CASE["r"], 16), int(CASE["s"], 16), CASE["message"].encode()
SECOND = MlDsa44Signer.from_private_bytes(bytes(range(32)))
posix_only = pytest.mark.skipif(os.name != "posix", reason="the stand-in commands are shell scripts")


def has_sm2() -> bool:
    try:
        Sm2Signer.generate()
    except MissingExtra:
        return False
    return True


needs_sm2 = pytest.mark.skipif(not has_sm2(), reason="there is no OpenSSL with SM2 here")


class SlowSigner:
    """SM2 without OpenSSL; the nonce is public, as befits a key that is printed in a standard."""

    algorithm, public_key, keyid = "sm2", KEY, keyid(KEY)

    def sign(self, message: bytes) -> bytes:
        return slow.der(*slow.sign(D, message, 12345))


def envelope(*signatures: tuple[str, bytes]) -> bytes:
    """The first receipt of the sound ceremony with these signatures beside, or in place of, its own."""
    members = opened(FIRST)
    members["signatures"] = sorted(
        ({"keyid": name, "sig": base64.b64encode(value).decode()} for name, value in signatures),
        key=lambda entry: str(entry["keyid"]),
    )
    return closed(members)


def own() -> list[tuple[str, bytes]]:
    return [(s.keyid, s.value) for s in Receipt.parse(FIRST).signatures]


# The envelope


@pytest.mark.parametrize("alone", [SECOND, SlowSigner()], ids=["ml-dsa-44", "sm2"])
def test_second_signature_alone(alone: MlDsa44Signer | SlowSigner) -> None:
    with pytest.raises(KeyFileError, match=f"{alone.algorithm} stands beside one of ed25519, never alone"):
        sign_payload(PAYLOAD, [alone])
    with pytest.raises(ReceiptError, match="no signature is of ed25519"):
        Receipt.parse(envelope((alone.keyid, alone.sign(b"x"))))
    Receipt.parse(add_signatures(FIRST, [alone]))


def test_all_second_algorithms_together_are_still_no_first() -> None:
    both = [(s.keyid, s.sign(b"x")) for s in (SECOND, SlowSigner())]
    with pytest.raises(ReceiptError, match="no signature is of ed25519"):
        Receipt.parse(envelope(*both))
    Receipt.parse(envelope(*own(), *both))


def test_sixty_five_signatures() -> None:
    crowd = [Ed25519Signer.from_private_bytes(bytes([n]) * 32) for n in range(65)]
    full = sign_payload(PAYLOAD, crowd[:64])
    assert len(Receipt.parse(full).signatures) == 64
    with pytest.raises(KeyFileError, match="at most 64 signatures, not 65"):
        sign_payload(PAYLOAD, crowd)
    with pytest.raises(KeyFileError, match="at most 64 signatures, not 65"):
        add_signatures(full, crowd[64:])
    entries = [(s.keyid, s.value) for s in Receipt.parse(full).signatures]
    with pytest.raises(ReceiptError, match="has 65 signatures; at most 64"):
        Receipt.parse(envelope(*entries, ("f" * 64, bytes(64))))


def test_one_key_twice() -> None:
    with pytest.raises(KeyFileError, match="given twice"):
        sign_payload(PAYLOAD, [signer("organiser"), SECOND, SECOND])
    with pytest.raises(KeyFileError, match="has signed this receipt already"):
        add_signatures(add_signatures(FIRST, [SECOND]), [SECOND])
    with pytest.raises(ReceiptError, match="one key signed twice"):
        Receipt.parse(envelope(*own(), (SECOND.keyid, SECOND.sign(b"1")), (SECOND.keyid, SECOND.sign(b"2"))))


def test_ed25519_key_signs_once_more_in_another_algorithms_form() -> None:
    """One keyid with a good and a foreign signature: which of the two would count?"""
    name = own()[0][0]
    with pytest.raises(ReceiptError, match="one key signed twice"):
        Receipt.parse(envelope(*own(), (name, SECOND.sign(b"x"))))


@pytest.mark.parametrize("size", [0, 1, 63, 65, 96, 128, 2419, 2421, 3309, 4627])
def test_signature_of_no_known_size(size: int) -> None:
    with pytest.raises(ReceiptError, match=f"has {size} bytes, not 64"):
        Receipt.parse(envelope(*own(), ("f" * 64, bytes(size))))


# DER: one signature, one spelling


def der_attacks() -> dict[str, tuple[bytes, str]]:
    r, s, good = slow.integer(R), slow.integer(S), slow.der(R, S)

    def raw_integer(content: bytes) -> bytes:
        return b"\x02" + bytes([len(content)]) + content

    return {
        "r negative": (slow.sequence(raw_integer(b"\xff" + R.to_bytes(32, "big")[1:]), s), "r is negative"),
        "r negative by its missing zero": (slow.sequence(raw_integer(R.to_bytes(32, "big")), s), "r is negative"),
        "r zero": (slow.sequence(raw_integer(b"\0"), s), "r is not from 1 to n - 1"),
        "s zero": (slow.sequence(r, raw_integer(b"\0")), "s is not from 1 to n - 1"),
        "s = n": (slow.der(R, slow.N), "s is not from 1 to n - 1"),
        "r + n": (slow.der(1 + slow.N, S), "r is not from 1 to n - 1"),
        "r of 34 bytes": (b"\x30\x44\x02\x22\x01" + bytes(33) + raw_integer(bytes([1] * 30)), "r is not a DER INTEGER"),
        "r not minimal": (slow.sequence(raw_integer(b"\0\x01"), s), "r is not in its shortest form"),
        "s not minimal": (slow.sequence(slow.integer(1), raw_integer(b"\0" + bytes([1] * 31))), "s is not in its shor"),
        "empty integer": (slow.sequence(raw_integer(b""), s, r)[:72], "SEQUENCE"),
        "trailing byte after the sequence": (slow.der(1, S) + b"\0", "nothing after it"),
        "trailing byte inside": (slow.sequence(slow.integer(1), s, b"\0"), "trailing bytes"),
        "third integer": (slow.sequence(slow.integer(1), s, slow.integer(1)), "trailing bytes"),
        "one integer": (slow.sequence(s), "s is not a DER INTEGER"),
        "long form of the length": (b"\x30\x81" + slow.der(1, S)[1:], "one DER SEQUENCE"),
        "indefinite length": (b"\x30\x80" + slow.der(1, 1)[2:] + b"\0\0", "one DER SEQUENCE"),
        "a SET": (b"\x31" + good[1:], "one DER SEQUENCE"),
        "an OCTET STRING for r": (good[:2] + b"\x04" + good[3:], "r is not a DER INTEGER"),
        "an integer longer than the rest": (good[:2] + b"\x02\x21" + good[4:20] + good[36:], "SEQUENCE"),
        "cut": (good[:-1], "one DER SEQUENCE"),
        "64 bytes": (slow.der(2**231 - 1, 2**231 - 1), "never 64"),
    }


@pytest.mark.parametrize("name", der_attacks())
def test_der(name: str) -> None:
    data, problem = der_attacks()[name]
    with pytest.raises(KeyFileError, match=problem):
        sm2_integers(data)
    with pytest.raises(KeyFileError, match=problem):
        Sm2(command="/no/such/command").verify(KEY, data, MESSAGE)
    if len(data) != 64:
        with pytest.raises(ReceiptError, match=problem):
            Receipt.parse(envelope(*own(), (keyid(KEY), data)))


# The equation


@needs_sm2
def test_wrong_distid() -> None:
    """The same key and message under another identity is another statement."""
    for distid in (b"", b"1234567812345679", b"TLSv1.3+GM+Cipher+Suite"):
        r, s = slow.sign(D, MESSAGE, 99, distid)
        assert slow.verifies(KEY, r, s, MESSAGE, distid)
        with pytest.raises(KeyFileError, match="does not match"):
            Sm2().verify(KEY, slow.der(r, s), MESSAGE)


def test_ml_dsa_signature_of_another_message() -> None:
    signature = SECOND.sign(MESSAGE)
    for message in (b"", MESSAGE + b"\0", MESSAGE[:-1]):
        with pytest.raises(KeyFileError, match="does not match"):
            MlDsa44().verify(SECOND.public_key, signature, message)


@pytest.mark.parametrize("size", [0, 64, 2419, 2421, 3309])
def test_ml_dsa_signature_of_another_size(size: int) -> None:
    with pytest.raises(KeyFileError, match=f"2420 bytes, not {size}"):
        MlDsa44().verify(SECOND.public_key, (SECOND.sign(MESSAGE) * 2)[:size], MESSAGE)


def test_key_of_another_algorithm_under_a_keyid() -> None:
    """A policy that calls a key by another algorithm, or an envelope with another algorithm's signature for a keyid."""
    schemes: dict[str, Scheme] = {**SCHEMES, "sm2": Sm2(command="/no/such/command")}
    ed = signer("organiser")
    keys = {"ed25519": ed.public_key, "ml-dsa-44": SECOND.public_key, "sm2": KEY}
    signatures = {"ed25519": ed.sign(MESSAGE), "ml-dsa-44": SECOND.sign(MESSAGE), "sm2": slow.der(R, S)}
    for mine in schemes:
        for other in schemes.keys() - {mine}:
            with pytest.raises(KeyFileError, match="bytes"):
                schemes[mine].check_public_key(keys[other])
            with pytest.raises(KeyFileError, match="bytes"):
                check_key(mine, keys[other])
            with pytest.raises(KeyFileError, match="bytes"):
                schemes[mine].verify(keys[other], signatures[other], MESSAGE)
            with pytest.raises(KeyFileError, match="bytes"):
                schemes[mine].verify(keys[mine], signatures[other], MESSAGE)


# Keys


SM2_KEYS = {
    "infinity": (b"\0", "65 bytes, not 1"),
    "infinity at full size": (bytes(65), "begins with 04"),
    "the origin": (b"\x04" + bytes(64), "not a point"),
    "not on the curve": (KEY[:-1] + bytes([KEY[-1] ^ 1]), "not a point"),
    "compressed": (b"\x02" + KEY[1:33], "65 bytes, not 33"),
    "hybrid": (b"\x07" + KEY[1:], "begins with 04"),
    "x + p": (b"\x04" + (slow.P + 1).to_bytes(32, "big") + KEY[33:], "not a point"),
    "a point of P-256": (
        ec.derive_private_key(7, ec.SECP256R1())
        .public_key()
        .public_bytes(Encoding.X962, PublicFormat.UncompressedPoint),
        "not a point",
    ),
    "without 04": (KEY[1:], "65 bytes, not 64"),
}


@pytest.mark.parametrize("name", SM2_KEYS)
def test_sm2_key(name: str, tmp_path: Path) -> None:
    key, problem = SM2_KEYS[name]
    with pytest.raises(KeyFileError, match=problem):
        check_sm2_key(key)
    with pytest.raises(KeyFileError, match=problem):
        Sm2(command="/no/such/command").verify(key, slow.der(R, S), MESSAGE)
    (tmp_path / "key.pub").write_text(key.hex())
    with pytest.raises(KeyFileError, match=r"key\.pub"):
        read_public_key(tmp_path / "key.pub")


def test_x_beyond_p_with_its_true_y() -> None:
    """x and x + p are the same number modulo p; only one of them may be written."""
    x = next(x for x in range(1, 99) if pow(x**3 - 3 * x + slow.B, (slow.P - 1) // 2, slow.P) == 1)
    y = pow(x**3 - 3 * x + slow.B, (slow.P + 1) // 4, slow.P)
    check_sm2_key(b"\x04" + x.to_bytes(32, "big") + y.to_bytes(32, "big"))
    with pytest.raises(KeyFileError, match="not a point"):
        check_sm2_key(b"\x04" + (x + slow.P).to_bytes(32, "big") + y.to_bytes(32, "big"))


@needs_sm2
def test_private_key_with_another_ones_public_key() -> None:
    """Its signatures would hold for nobody, or leak what the other key signs with."""
    pem = private_to_pem(slow.private_der(D, slow.public(D + 1)), "sm2")
    with pytest.raises(KeyFileError, match=r"my\.pem: its public key does not belong to its private key"):
        Sm2Signer.from_pem(pem, "my.pem")


@pytest.mark.parametrize("d", [0, slow.N - 1, slow.N, 2**256 - 1])
def test_private_key_out_of_range(d: int) -> None:
    with pytest.raises(KeyFileError, match="not from 1 to n - 2"):
        Sm2Signer.from_pem(private_to_pem(slow.private_der(d, KEY), "sm2"))


def pem_of(label: str, der: bytes) -> bytes:
    return f"-----BEGIN {label}-----\n".encode() + base64.encodebytes(der) + f"-----END {label}-----\n".encode()


def test_hostile_pem_with_huge_parameters(tmp_path: Path) -> None:
    """Keys that would make a general reader test large numbers for being prime cost a comparison here."""
    huge = b"\x02\x82\x20\x00" + b"\x7f" * 0x2000
    explicit = bytes.fromhex("3082200f06072a8648ce3d02013082") + huge
    started = time.perf_counter()
    for der in (
        explicit,
        b"\x30\x82\x20\x20\x02\x01\x00" + explicit,
        huge,
        b"\x30\x84\xff\xff\xff\xff",
        b"\x30" * 9000,
    ):
        for label, read in (("PRIVATE KEY", private_from_pem), ("PUBLIC KEY", public_from_pem)):
            with pytest.raises(KeyFileError, match=r"^k: "):
                read(pem_of(label, der), "k")
        (tmp_path / "k.pem").write_bytes(pem_of("PRIVATE KEY", der))
        (tmp_path / "k.pem").chmod(0o600)
        with pytest.raises(KeyFileError, match=r"k\.pem: is not a private key"):
            read_signer(tmp_path / "k.pem")
    key = rsa.generate_private_key(65537, 1024)  # other algorithms in good form
    with pytest.raises(KeyFileError, match="not a private key of ed25519, ml-dsa-44, sm2"):
        private_from_pem(key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()))
    assert time.perf_counter() - started < 20


# False tools


def stand_in(folder: Path, script: str, monkeypatch: pytest.MonkeyPatch, seconds: float = 5) -> Sm2:
    """An ``openssl`` that comes first in PATH."""
    path = folder / "openssl"
    path.write_text("#!/bin/sh\n" + script, encoding="utf-8")
    path.chmod(0o755)
    monkeypatch.setenv("PATH", str(folder), prepend=os.pathsep)
    return Sm2(seconds=seconds)


HANGS = {
    "itself": "exec sleep 30",
    "its child": "sleep 30; exit 0",
    "a child in the background that keeps the pipe": "sleep 30 & exit 0",
    "after its answer": "echo Signature Verified Successfully; exec sleep 30",
    "with its output closed": "exec >&- 2>&-; sleep 30",
}


@posix_only
@pytest.mark.parametrize("how", HANGS)
def test_openssl_that_hangs(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scheme = stand_in(tmp_path, HANGS[how], monkeypatch, seconds=0.15)
    started = time.perf_counter()
    with pytest.raises(MissingExtra, match="gave no answer within"):
        scheme.verify(KEY, slow.der(R, S), MESSAGE)
    assert time.perf_counter() - started < 25


GARBAGE = {
    "says nothing and fails": "exit 1",
    "says nothing and succeeds": "exit 0",
    "says yes and fails": "echo Signature Verified Successfully; exit 1",
    "says no and succeeds": "echo Signature Verification Failure; exit 0",
    "says yes in the middle of a line": "echo not Signature Verified Successfully; exit 0",
    "dies": "kill -9 $$",
    "bytes": r"printf '\377\000\033[31mforged line\nsecond'; exit 3",
}


@posix_only
@pytest.mark.parametrize("how", GARBAGE)
def test_openssl_that_prints_garbage(how: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither a yes nor a no: it must not become either."""
    scheme = stand_in(tmp_path, GARBAGE[how], monkeypatch)
    with pytest.raises(MissingExtra, match="openssl cannot check a signature") as caught:
        scheme.verify(KEY, slow.der(R, S), MESSAGE)
    assert str(caught.value).isprintable()
    with pytest.raises(MissingExtra, match="openssl cannot read a key"):
        Sm2Signer.from_pem(private_to_pem(slow.private_der(D), "sm2"), scheme=scheme)
    with pytest.raises(MissingExtra, match="cannot make a key"):
        Sm2Signer.generate(scheme)


@posix_only
def test_openssl_that_never_stops_printing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    scheme = stand_in(tmp_path, "while :; do echo Signature Verified Successfully; done", monkeypatch)
    with pytest.raises(MissingExtra, match="prints more than any answer"):
        scheme.verify(KEY, slow.der(R, S), MESSAGE)


@posix_only
def test_openssl_that_makes_no_signature_or_a_false_one(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """What is handed out as a signature has been checked."""
    say_valid = 'case "$1" in pkey) echo Key is valid; exit 0;; esac\n'
    pem = private_to_pem(slow.private_der(D), "sm2")
    silent = Sm2Signer.from_pem(pem, scheme=stand_in(tmp_path, say_valid, monkeypatch))
    with pytest.raises(MissingExtra, match="openssl cannot sign"):
        silent.sign(MESSAGE)
    junk = say_valid + 'while [ $# -gt 1 ]; do [ "$1" = -out ] && echo junk > "$2"; shift; done\n'
    with pytest.raises(KeyFileError, match="8 to 72 bytes"):
        Sm2Signer.from_pem(pem, scheme=stand_in(tmp_path, junk, monkeypatch)).sign(MESSAGE)


@posix_only
def test_new_key_is_not_printed_where_openssl_misbehaves(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A key that is made and cannot be used must not end in an error message."""
    script = "echo -----BEGIN PRIVATE KEY-----; echo c2VjcmV0; echo -----END PRIVATE KEY-----"
    with pytest.raises(MissingExtra) as caught:
        Sm2Signer.generate(stand_in(tmp_path, script, monkeypatch))
    assert "c2VjcmV0" not in str(caught.value)
    assert "BEGIN" not in str(caught.value)
