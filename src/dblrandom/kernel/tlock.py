"""Time-locked files: age v1 with a file key that is locked to a drand round (docs/spec/timelock).

The stanza is ``tlock``, the round in decimal and the chain's hash in hex; its body is what
:func:`dblrandom.kernel.ibe.wrap` makes. Files go both ways between this module and drand's own implementations.
"""

from __future__ import annotations

import re

from attrs import frozen

from dblrandom.errors import EntropyError, KeyFileError
from dblrandom.kernel.age import KEY_BYTES, AgeFile, Stanza, open_age, read_age, seal_age
from dblrandom.kernel.bls import SCHEMES
from dblrandom.kernel.ibe import lockable, unwrap, wrap, wrapped_bytes
from dblrandom.kernel.text import is_hex

__all__ = ["RANDOM_BYTES", "Lock", "decrypt", "encrypt", "read_lock"]

RANDOM_BYTES = 3 * KEY_BYTES
"""What locking takes of fresh randomness: file key, sigma and payload nonce."""

_ROUND = re.compile(r"[1-9][0-9]{0,19}")
_BODIES = frozenset(wrapped_bytes(s) for s in SCHEMES.values() if not s.chained)


@frozen(kw_only=True)
class Lock:
    """A time-locked file that has the right form.

    Attributes:
        round: the drand round that opens it, 1 to 2^64 - 1.
        chain_hash: the chain that the round is of, 64 lower-case hex characters.
        wrapped: the stanza's body, 80 or 128 bytes.
        file: the file as a whole.
    """

    round: int
    chain_hash: str
    wrapped: bytes
    file: AgeFile


def read_lock(age: bytes) -> Lock:
    """Read a binary age file with exactly one ``tlock`` stanza.

    Other stanzas must be grease, of a type that ends in ``-grease``: some writers add it so that readers learn to skip.

    Raises:
        EntropyError: not an age file; no such stanza, or more; a stanza that could lead somebody else to the key; or
            arguments or a body of another form.
    """
    file = read_age(age)
    ours = [s for s in file.stanzas if s.arguments[0] == "tlock"]
    if any(s not in ours and not s.arguments[0].endswith("-grease") for s in file.stanzas):
        raise _bad("has a stanza of another type, whose key could open it before the round")
    if len(ours) != 1:
        raise _bad(f"has {len(ours)} tlock stanzas; exactly one is allowed")
    stanza = ours[0]
    if len(stanza.arguments) != 3:
        raise _bad("its tlock stanza must have two arguments, a round and a chain hash")
    _, number, chain_hash = stanza.arguments
    if not _ROUND.fullmatch(number) or int(number) >= 2**64:
        raise _bad("its round is not a whole number from 1 to 2^64 - 1 in plain decimal")
    if not is_hex(chain_hash, 64):
        raise _bad("its chain hash is not 64 lower-case hex characters")
    if len(stanza.body) not in _BODIES:
        raise _bad(f"its tlock stanza holds {len(stanza.body)} bytes, which no scheme writes")
    return Lock(round=int(number), chain_hash=chain_hash, wrapped=stanza.body, file=file)


def encrypt(
    plaintext: bytes,
    *,
    chain_hash: str,
    scheme: str,
    public_key: bytes,
    round: int,  # noqa: A002
    random: bytes,
) -> bytes:
    """Lock a text to a round, as a binary age file.

    ``random`` is ``RANDOM_BYTES`` fresh random bytes, used once and then forgotten: whoever has them has the text.

    Raises:
        EntropyError: an argument of another form, or a scheme whose rounds nothing can be locked to.
        KeyFileError: a public key that is none.
        MissingExtra: the library for the curve is not installed.
    """
    if len(random) != RANDOM_BYTES:
        raise _bad(f"needs {RANDOM_BYTES} random bytes, not {len(random)}")
    if not is_hex(chain_hash, 64):
        raise _bad("needs a chain hash of 64 lower-case hex characters")
    file_key, sigma, nonce = (random[i : i + KEY_BYTES] for i in range(0, RANDOM_BYTES, KEY_BYTES))
    wrapped = wrap(file_key, lockable(scheme), public_key=public_key, number=round, sigma=sigma)
    return seal_age(plaintext, [Stanza(("tlock", str(round), chain_hash), wrapped)], file_key=file_key, nonce=nonce)


def decrypt(age: bytes, *, chain_hash: str, scheme: str, round: int, signature: str) -> bytes:  # noqa: A002
    """Open a file with its round's signature in lower-case hex, which the caller has verified.

    Raises:
        EntropyError: the file is locked to another chain or round, or does not open.
        KeyFileError: a signature that is not a point of its group in lower-case hex.
        MissingExtra: the library for the curve is not installed.
    """
    lock = read_lock(age)
    if lock.chain_hash != chain_hash:
        raise _bad(f"is locked to the chain {lock.chain_hash}, not to {chain_hash}")
    if lock.round != round:
        raise _bad(f"is locked to round {lock.round}, not to {round}")
    rules = lockable(scheme)
    if not is_hex(signature, 2 * rules.signature_size):
        raise KeyFileError(f"is not {2 * rules.signature_size} lower-case hex characters", where="signature")
    return open_age(lock.file, unwrap(lock.wrapped, rules, signature=bytes.fromhex(signature)))


def _bad(message: str) -> EntropyError:
    return EntropyError(message, where="time-lock")
