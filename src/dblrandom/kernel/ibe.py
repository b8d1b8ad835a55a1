"""Identity-based encryption to a drand round: what tlock puts around a file key (docs/spec/timelock; ePrint 2023/189).

Boneh and Franklin's scheme with the transform of Fujisaki and Okamoto, over BLS12-381. The identity is what a network
signs in a round, and its secret key is that signature: whoever has it can open what was locked, and nobody before.
The transform makes the opening check itself, so bytes that were not made by locking do not open at all.
"""

from __future__ import annotations

import hashlib
from typing import Any

from dblrandom.errors import EntropyError, KeyFileError, MissingExtra
from dblrandom.kernel.bls import SCHEMES, Scheme, curve, point, round_message
from dblrandom.kernel.text import is_hex

__all__ = ["MESSAGE_BYTES", "lockable", "unwrap", "wrap", "wrapped_bytes"]

MESSAGE_BYTES = 16
"""What is wrapped is always as long as an age file key."""

_ORDER = 0x73EDA753299D7D483339D80809A1D80553BDA402FFFE5BFEFFFFFFFF00000001
_WHERE = "tlock stanza"


def lockable(name: str) -> Scheme:
    """The drand scheme of that name, if its rounds can be locked to.

    Those of a chained scheme cannot: what a round will sign is not known before the round before it.

    Raises:
        EntropyError: it is chained, or is not known.
    """
    scheme = SCHEMES.get(name)
    if scheme is None or scheme.chained:
        known = ", ".join(s.name for s in SCHEMES.values() if not s.chained)
        raise EntropyError(f"nothing can be locked to rounds of this scheme; it must be one of {known}", where="chain")
    return scheme


def wrapped_bytes(scheme: Scheme) -> int:
    """How many bytes :func:`wrap` returns: U, a point of the keys' group, and V and W."""
    return scheme.key_size + 2 * MESSAGE_BYTES


def wrap(message: bytes, scheme: Scheme, *, public_key: bytes, number: int, sigma: bytes) -> bytes:
    """Lock 16 bytes to the round ``number`` of the network with this compressed key: U, V and W one after another.

    ``sigma`` is 16 fresh random bytes.

    Raises:
        EntropyError: a message, sigma or round number of another size.
        KeyFileError: a public key that is none.
        MissingExtra: the library for the curve is not installed.
    """
    if len(message) != MESSAGE_BYTES or len(sigma) != MESSAGE_BYTES:
        raise EntropyError(f"the message and sigma are {MESSAGE_BYTES} bytes each", where=_WHERE)
    if type(number) is not int or not 1 <= number < 2**64:
        raise EntropyError("a round is a whole number from 1 to 2^64 - 1", where=_WHERE)
    key, library = point(scheme.keys, public_key, "the public key"), curve()
    groups = {"G1": library.G1Point, "G2": library.G2Point}
    r = library.Scalar(_h3(sigma, message))
    identity = groups[scheme.signatures].hash_to_curve(round_message(number), scheme.dst)
    u = bytes((groups[scheme.keys]() * r).to_compressed_bytes())
    return u + _xor(sigma, _h2(_pairing(scheme, key * r, identity))) + _xor(message, _h4(sigma))


def unwrap(wrapped: bytes, scheme: Scheme, *, signature: bytes) -> bytes:
    """The 16 bytes that were locked to the round with this signature.

    With a signature that is not the round's every lock looks broken: verify it first.

    Raises:
        EntropyError: the lock does not open: another length, U that is no point of its group or is the identity, or
            U, V and W that were not made together and for this signature.
        KeyFileError: a signature that is no point of its group.
        MissingExtra: the library for the curve is not installed.
    """
    if len(wrapped) != wrapped_bytes(scheme):
        raise EntropyError(f"holds {len(wrapped)} bytes, not {wrapped_bytes(scheme)}", where=_WHERE)
    secret_key = point(scheme.signatures, signature, "the signature")
    rest = wrapped[scheme.key_size :]
    try:
        u = point(scheme.keys, wrapped[: scheme.key_size], "U", where=_WHERE)
    except KeyFileError as error:
        raise EntropyError(str(error)) from error
    sigma = _xor(rest[:MESSAGE_BYTES], _h2(_pairing(scheme, u, secret_key)))
    message = _xor(rest[MESSAGE_BYTES:], _h4(sigma))
    if type(u)() * curve().Scalar(_h3(sigma, message)) != u:
        raise EntropyError("U, V and W were not made together and for this round", where=_WHERE)
    return message


def _pairing(scheme: Scheme, of_keys: Any, of_signatures: Any) -> bytes:
    """The pairing's value, 576 bytes: its twelve coefficients from the highest power down, each big endian.

    The library shows them in hex from the lowest power up, each little endian: the same bytes from the other end.
    """
    target = curve().GT
    sides = (of_keys, of_signatures) if scheme.keys == "G1" else (of_signatures, of_keys)
    text = str(target.pairing(*sides))
    if not is_hex(text, 1152) or str(target.one()) != "01".ljust(1152, "0"):
        raise MissingExtra("this py-arkworks-bls12381 shows pairings in a form that is not known; install version 0.5")
    return bytes.fromhex(text)[::-1]


def _h2(pairing: bytes) -> bytes:
    return hashlib.sha256(b"IBE-H2" + pairing).digest()[:MESSAGE_BYTES]


def _h3(sigma: bytes, message: bytes) -> int:
    """The scalar r: the first in a row of hashes, each with its first byte halved, that is below the groups' order."""
    seed = hashlib.sha256(b"IBE-H3" + sigma + message).digest()
    for counter in range(1, 2**16 - 1):
        digest = hashlib.sha256(counter.to_bytes(2, "little") + seed).digest()
        r = int.from_bytes(bytes([digest[0] >> 1]) + digest[1:], "big")
        if r < _ORDER:
            return r
    raise EntropyError("no scalar follows from sigma and the message", where=_WHERE)


def _h4(sigma: bytes) -> bytes:
    return hashlib.sha256(b"IBE-H4" + sigma).digest()[:MESSAGE_BYTES]


def _xor(one: bytes, other: bytes) -> bytes:
    return bytes(a ^ b for a, b in zip(one, other, strict=True))
