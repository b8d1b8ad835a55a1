"""Private keys under a passphrase: PKCS#8 with PBES2 (RFC 8018), PBKDF2 with HMAC-SHA-256, and AES-256 in CBC mode.

This is what ``openssl pkcs8 -topk8 -v2 aes-256-cbc`` writes, so OpenSSL reads what is written here and the reverse.
As in :mod:`dblrandom.kernel.pem` there is one form, which is built again and compared as a whole. The library
``cryptography`` writes the same form, but with 2,048 rounds only and not for SM2.
"""

from __future__ import annotations

import re

from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.pbkdf2 import PBKDF2HMAC
from cryptography.hazmat.primitives.padding import PKCS7

from dblrandom.errors import KeyFileError

__all__ = ["MAX_ROUNDS", "ROUNDS", "decrypted", "encrypted", "passphrase_bytes"]

ROUNDS = 600_000
"""The rounds of PBKDF2 for new keys, about a fifth of a second."""

MAX_ROUNDS = 10_000_000
"""The most rounds that a file can ask for, some seconds."""

_MAX_PASSPHRASE = 1024
_PBES2 = bytes.fromhex("06092a864886f70d01050d")
_PBKDF2 = bytes.fromhex("06092a864886f70d01050c")
_HMAC_SHA256 = bytes.fromhex("300c06082a864886f70d02090500")
_AES_256_CBC = bytes.fromhex("060960864801650304012a")
_FORM = re.compile(
    re.escape(_PBKDF2)
    + rb"\x30.\x04(?P<size>[\x08-\x40])(?P<rest>.+?)"
    + re.escape(_HMAC_SHA256 + b"\x30\x1d" + _AES_256_CBC)
    + rb"\x04\x10(?P<iv>.{16})\x04(?P<data>.+)",
    re.DOTALL,
)


def passphrase_bytes(passphrase: str | bytes, where: str = "passphrase") -> bytes:
    """A passphrase as it enters the derivation: UTF-8, from 1 to 1,024 bytes.

    Raises:
        KeyFileError: it is empty, too long, or not text.
    """
    try:
        data = passphrase.encode("utf-8") if isinstance(passphrase, str) else bytes(passphrase)
    except UnicodeEncodeError:
        raise KeyFileError("is not Unicode text", where=where) from None
    if not 1 <= len(data) <= _MAX_PASSPHRASE:
        raise KeyFileError(f"has {len(data)} bytes; it must have from 1 to {_MAX_PASSPHRASE}", where=where)
    return data


def encrypted(der: bytes, passphrase: str | bytes, *, salt: bytes, iv: bytes, rounds: int = ROUNDS) -> bytes:
    """The encrypted form of a PKCS#8 structure, as the DER of an ``EncryptedPrivateKeyInfo``.

    Args:
        der: the structure.
        passphrase: the passphrase.
        salt: 16 random bytes.
        iv: 16 random bytes.
        rounds: the rounds of PBKDF2.

    Raises:
        KeyFileError: a passphrase that cannot be used.
    """
    padder = PKCS7(128).padder()
    padded = padder.update(der) + padder.finalize()
    cipher = Cipher(algorithms.AES256(_key(passphrase_bytes(passphrase), salt, rounds)), modes.CBC(iv)).encryptor()
    return _structure(salt, rounds, iv, cipher.update(padded) + cipher.finalize())


def decrypted(der: bytes, passphrase: str | bytes, where: str) -> bytes:
    """What :func:`encrypted` was given.

    Raises:
        KeyFileError: another form, too many rounds, or (``key.passphrase-wrong``) another passphrase.
    """
    salt, rounds, iv, data = _parts(der, where)
    key = _key(passphrase_bytes(passphrase, f"{where}: passphrase"), salt, rounds)
    cipher = Cipher(algorithms.AES256(key), modes.CBC(iv)).decryptor()
    unpadder = PKCS7(128).unpadder()
    try:
        found = unpadder.update(cipher.update(data) + cipher.finalize()) + unpadder.finalize()
    except ValueError:
        raise wrong_passphrase(where) from None
    # The form has no check of its own; another passphrase passes the padding once in some 256 times.
    if found[:2] not in (b"\x30\x2e", b"\x30\x34", b"\x30\x81") or found[2:5] not in (b"\x02\x01\x00", b"\x87\x02\x01"):
        raise wrong_passphrase(where)
    return found


def wrong_passphrase(where: str) -> KeyFileError:
    """The error for a passphrase that does not open the key."""
    return KeyFileError("the passphrase does not open this key", where=where, code="key.passphrase-wrong")


def _key(passphrase: bytes, salt: bytes, rounds: int) -> bytes:
    return PBKDF2HMAC(algorithm=SHA256(), length=32, salt=salt, iterations=rounds).derive(passphrase)


def _parts(der: bytes, where: str) -> tuple[bytes, int, bytes, bytes]:
    match = _FORM.search(der[:400])
    if match is not None:
        size = match["size"][0]
        salt, number = match["rest"][:size], match["rest"][size:]
        data = der[match.start("data") :]
        data = data[1:] if data[0] < 0x80 else data[1 + (data[0] & 0x7F) :]
        if number[:1] == b"\x02" and number[1:2] == bytes((len(number) - 2,)) and len(number) <= 6:
            rounds = int.from_bytes(number[2:], "big")
            if rounds > MAX_ROUNDS:
                raise KeyFileError(f"asks for {rounds} rounds of PBKDF2; at most {MAX_ROUNDS} are done", where=where)
            whole = len(data) % 16 == 0 and bool(data) and rounds > 0
            if whole and _structure(salt, rounds, match["iv"], data) == der:
                return salt, rounds, match["iv"], data
    raise KeyFileError(
        "is encrypted in a way that is not read here; encrypt it anew with: "
        "openssl pkcs8 -topk8 -v2 aes-256-cbc -in OLD -out NEW",
        where=where,
    )


def _structure(salt: bytes, rounds: int, iv: bytes, data: bytes) -> bytes:
    number = rounds.to_bytes(rounds.bit_length() // 8 + 1, "big")
    derivation = _sequence(_PBKDF2, _sequence(_tlv(0x04, salt), _tlv(0x02, number), _HMAC_SHA256))
    scheme = _sequence(_AES_256_CBC, _tlv(0x04, iv))
    return _sequence(_sequence(_PBES2, _sequence(derivation, scheme)), _tlv(0x04, data))


def _sequence(*parts: bytes) -> bytes:
    return _tlv(0x30, b"".join(parts))


def _tlv(tag: int, content: bytes) -> bytes:
    size = len(content)
    length = (
        bytes((size,))
        if size < 0x80
        else bytes((0x80 | (size.bit_length() + 7) // 8,)) + size.to_bytes((size.bit_length() + 7) // 8, "big")
    )
    return bytes((tag,)) + length + content
