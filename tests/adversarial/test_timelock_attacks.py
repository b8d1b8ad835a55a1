"""Attacks on time-locked secrets.

What can be seen when the commitment is made is refused then. What only the round brings to light is proved by the
round and charged to the holder; and nobody can charge him with it by bringing something else than the round.
"""

from __future__ import annotations

import attrs
import py_arkworks_bls12381 as curve
import pytest
from timelocks import (
    CEREMONY,
    CHAINS,
    KEYID,
    NAME,
    NUMBER,
    QUICKNET,
    SECRET,
    SIGNATURES,
    changed,
    evidence,
    holding,
    locked,
    plain,
    sealed,
    stanza,
    wrapped,
)

from dblrandom.beacons.secret import SecretBeacon
from dblrandom.beacons.timelock import check_misopened, open_timelock
from dblrandom.errors import EntropyError
from dblrandom.kernel.age import MAX_STANZAS, Stanza, armor, read_age
from dblrandom.kernel.dsse import b64encode
from dblrandom.kernel.ibe import lockable, wrap
from dblrandom.kernel.suite import SHA256
from dblrandom.model import Source

BEACON = SecretBeacon()
GREASE = Stanza(("x-grease", "a", "b"), b"grease")


def declaration_refused(age: bytes, match: str) -> None:
    with pytest.raises(EntropyError, match=f"^source 'notary': timelock: .*{match}"):
        BEACON.check_source(holding(age))


def charged(age: bytes, match: str) -> None:
    """The declaration looks right; the round shows that it is not, and no reveal can pass with that round."""
    source = holding(age)
    BEACON.check_source(source)
    reason = check_misopened(source, evidence(), suite=SHA256, ceremony=CEREMONY)
    assert match in reason
    assert "\n" not in reason
    with pytest.raises(EntropyError, match="the value is the committed one, but the time-lock"):
        BEACON.check_value(source, SECRET, evidence(), suite=SHA256, ceremony=CEREMONY)


def opens(source: Source) -> str | None:
    return open_timelock(source, evidence(), suite=SHA256, ceremony=CEREMONY).secret


def honest() -> bytes:
    return sealed()


def test_the_honest_file_is_the_one_that_is_attacked() -> None:
    BEACON.check_source(holding(honest()))
    assert opens(holding(honest())) == SECRET


# Seen at once


def test_a_stanza_swapped_for_that_of_another_round() -> None:
    declaration_refused(sealed(SECRET.encode(), stanza(wrapped(1000), 1000)), "locked to round 1000, not")


def test_a_stanza_of_another_network() -> None:
    """Fastnet was switched off; a lock for it never opens any more, or opened long ago."""
    fastnet = CHAINS["fastnet"].hash
    declaration_refused(sealed(SECRET.encode(), stanza(chain=fastnet)), f"locked to the chain {fastnet}")


def test_a_second_tlock_stanza() -> None:
    early = stanza(wrapped(1000), 1000)
    declaration_refused(sealed(SECRET.encode(), stanza(), early), "2 tlock stanzas; exactly one")
    declaration_refused(sealed(SECRET.encode(), stanza(), stanza()), "2 tlock stanzas; exactly one")


def test_a_stanza_for_somebody_who_may_read_it_early() -> None:
    other = Stanza(("X25519", "A" * 43), bytes(32))
    for stanzas in ((stanza(), other), (other, stanza())):
        declaration_refused(sealed(SECRET.encode(), *stanzas), "could open it before the round")


def test_no_tlock_stanza() -> None:
    declaration_refused(sealed(SECRET.encode(), GREASE), "0 tlock stanzas")


@pytest.mark.parametrize("number", ["0", "021000000", "+21000000", "21000000.0", "2.1e7", str(2**64), "9" * 400, "0x1"])
def test_a_round_in_another_writing(number: str) -> None:
    declaration_refused(sealed(SECRET.encode(), stanza(number=number)), "in plain decimal")


def test_a_chain_hash_in_capitals() -> None:
    declaration_refused(sealed(SECRET.encode(), stanza(chain=CHAINS["quicknet"].hash.upper())), "64 lower-case hex")


def test_more_arguments() -> None:
    more = Stanza((*stanza().arguments, "more"), wrapped())
    declaration_refused(sealed(SECRET.encode(), more), "must have two arguments")


@pytest.mark.parametrize("size", [0, 1, 79, 127, 129, 400])
def test_a_body_that_no_scheme_writes(size: int) -> None:
    declaration_refused(sealed(SECRET.encode(), stanza(bytes(size))), f"holds {size} bytes, which no scheme writes")


def test_a_body_of_another_scheme() -> None:
    declaration_refused(sealed(SECRET.encode(), stanza(bytes(80))), "holds 80 bytes, not 128")


def test_truncated_files() -> None:
    age = honest()
    for end in range(1, len(age)):
        declaration_refused(age[:end], "(cut short|payload|MAC|padded|canonical|begin)")


def test_trailing_data() -> None:
    for more in (b"\n", b"\x00", honest()):
        declaration_refused(honest() + more, "has a payload of")


@pytest.mark.parametrize("size", [0, 63, 65, 1000])
def test_a_secret_of_another_length(size: int) -> None:
    """The length of the text shows without the key."""
    declaration_refused(sealed(b"5" * size), f"payload of {size + 32} bytes")


def test_a_huge_file() -> None:
    with pytest.raises(EntropyError, match="timelock"):
        holding(honest() + bytes(4000))
    with pytest.raises(EntropyError, match="base64 of at most 4096"):
        BEACON.check_source(_oversized(honest() + bytes(4000)))


def _oversized(age: bytes) -> Source:
    """What no source of the model lets in, in case a caller has values of another making."""
    source = attrs.evolve(locked())
    object.__setattr__(source, "terms", dict(source.terms) | {"timelock": b64encode(age)})
    return source


def test_more_grease_than_a_reader_has_patience_for() -> None:
    grease = (GREASE,) * (MAX_STANZAS - 1)
    assert opens(holding(sealed(SECRET.encode(), stanza(), *grease))) == SECRET
    line, age = GREASE.to_bytes(), sealed(SECRET.encode(), stanza(), *grease)
    declaration_refused(age.replace(line, 2 * line, 1), "more than 16 stanzas")
    declaration_refused(age.replace(b"-grease a b", b"-grease " + b"a" * 1100, 1), "too long")


ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"


def test_base64_that_is_not_canonical() -> None:
    good = b64encode(sealed(SECRET.encode(), stanza(), GREASE))
    loose = good.removesuffix("==")
    assert len(good) - len(loose) == 2, "four bits are left over"
    BEACON.check_source(changed(locked(), timelock=good))
    bits = loose[:-1] + ALPHABET[ALPHABET.index(loose[-1]) + 1] + "=="
    url = good.replace("+", "-").replace("/", "_")
    assert url != good
    for text in (bits, loose, good[:-1], good + "=", good + "====", url, good[:64] + "=" + good[64:], good + "AAAA"):
        with pytest.raises(EntropyError, match=r"timelock: not .*base64"):
            BEACON.check_source(changed(locked(), timelock=text))
    for text in ("", " " + good, good[:64] + "\n" + good[64:], good[:64] + "\u00a0" + good[64:]):
        with pytest.raises(EntropyError, match="timelock"):
            BEACON.check_source(changed(locked(), timelock=text))


def test_base64_within_the_file_that_is_not_canonical() -> None:
    header = read_age(honest()).header.decode()
    last = header.split("\n")[-2]
    assert len(last) % 4 == 3, "128 bytes leave bits over"
    loose = last[:-1] + ALPHABET[ALPHABET.index(last[-1]) ^ 1]
    declaration_refused(honest().replace(last.encode(), loose.encode(), 1), "not canonical")
    declaration_refused(honest().replace(last.encode(), last.encode() + b"=", 1), "padded")


def test_an_armored_file() -> None:
    declaration_refused(armor(honest()).encode(), "does not begin with the line")


def test_a_lock_to_a_chained_network() -> None:
    default = CHAINS["default"]
    age = sealed(SECRET.encode(), stanza(number=1000000, chain=default.hash))
    source = changed(holding(age), chain=default.hash, round=1000000)
    with pytest.raises(EntropyError, match="nothing can be locked to rounds of this scheme"):
        BEACON.check_source(source)


# Seen with the round


def test_the_headers_mac_changed() -> None:
    age = honest()
    mac = age.index(b"\n--- ") + 5
    charged(age[:mac] + (b"B" if age[mac : mac + 1] == b"A" else b"A") + age[mac + 1 :], "MAC does not match")


def test_grease_added_by_somebody_else() -> None:
    age = honest()
    place = age.index(b"\n---") + 1
    charged(age[:place] + GREASE.to_bytes() + age[place:], "MAC does not match")


def test_grease_of_the_writer() -> None:
    for stanzas in ((GREASE, stanza()), (stanza(), GREASE), (stanza(), GREASE, GREASE)):
        assert opens(holding(sealed(SECRET.encode(), *stanzas))) == SECRET


def test_the_payload_changed() -> None:
    for place in (-96, -80, -17, -16, -1):
        age = bytearray(honest())
        age[place] ^= 1
        charged(bytes(age), "does not decrypt")


def test_a_stanza_swapped_for_that_of_another_file() -> None:
    """It opens in the same round, but to the key of that other file."""
    scheme, key = lockable(QUICKNET.scheme), bytes.fromhex(QUICKNET.public_key)
    other = stanza(wrap(b"another file key", scheme, public_key=key, number=NUMBER, sigma=bytes(16)))
    charged(honest().replace(stanza().to_bytes(), other.to_bytes(), 1), "MAC does not match")


def test_parts_of_two_wrapped_keys() -> None:
    charged(sealed(SECRET.encode(), stanza(wrapped()[:-32] + bytes(32))), "not made together and for this round")


def test_a_ciphertext_for_another_round_under_this_rounds_name() -> None:
    charged(sealed(SECRET.encode(), stanza(wrapped(1000))), "not made together and for this round")


def test_it_opens_to_another_secret() -> None:
    charged(sealed(b"5f" * 32), "another secret than the one whose digest was committed")


@pytest.mark.parametrize("text", [b"5E" * 32, b"zz" * 32, bytes(64), b"\xff" * 64, SECRET[:62].encode() + b"\r\n"])
def test_it_opens_to_no_hex(text: bytes) -> None:
    charged(sealed(text), "something else than 64 lower-case hex characters")


def test_u_is_the_identity() -> None:
    """With the identity for U the pairing is 1, whatever the signature: such a lock would be open from the start."""
    charged(sealed(SECRET.encode(), stanza(b"\xc0" + bytes(95) + wrapped()[96:])), "U is the identity")


def _outside_the_subgroup() -> bytes:
    for x in range(1, 99):
        data = bytes([0x80]) + bytes(94) + bytes([x])
        try:
            point = curve.G2Point.from_compressed_bytes_unchecked(data)
        except ValueError:
            continue
        if not point.is_in_subgroup():
            return data
    raise AssertionError("no such point")


def test_u_is_not_in_the_subgroup() -> None:
    outside = _outside_the_subgroup()
    assert not curve.G2Point.from_compressed_bytes_unchecked(outside).is_in_subgroup()
    charged(sealed(SECRET.encode(), stanza(outside + wrapped()[96:])), "U is not a point of the group G2")


@pytest.mark.parametrize(
    "u",
    [
        bytes(96),
        b"\xff" * 96,
        b"\xc0" + bytes(94) + b"\x01",
        b"\xe0" + bytes(95),
        b"\xa0" + b"\xff" * 95,
    ],
)
def test_u_is_no_point(u: bytes) -> None:
    charged(sealed(SECRET.encode(), stanza(u + wrapped()[96:])), "U is ")


def test_u_with_its_sign_turned() -> None:
    turned = bytes([wrapped()[0] ^ 0x20]) + wrapped()[1:]
    charged(sealed(SECRET.encode(), stanza(turned)), "not made together and for this round")


def test_a_wrapped_key_of_the_other_curve_of_an_unknown_network() -> None:
    """The form alone does not tell which body is right there; the round does."""
    info = CHAINS["fastnet"]
    age = sealed(SECRET.encode(), stanza(bytes(80), 100000, info.hash))
    source = holding(age, locked(100000, "fastnet"))
    BEACON.check_source(source)
    reason = check_misopened(source, evidence(100000, "fastnet"), suite=SHA256, ceremony=CEREMONY)
    assert "holds 80 bytes, not 128" in reason


# Framing the holder


def test_the_wrong_rounds_signature() -> None:
    """To a wrong signature every lock looks broken; it must prove nothing."""
    false = evidence() | {"signature": SIGNATURES["quicknet", 1000]}
    for check in (check_misopened, open_timelock):
        with pytest.raises(EntropyError, match="is not the signature of round 21000000"):
            check(locked(), false, suite=SHA256, ceremony=CEREMONY)


def test_an_honest_round_of_another_number() -> None:
    for check in (check_misopened, open_timelock):
        with pytest.raises(EntropyError, match="is of round 1000, not of the declared one"):
            check(locked(), evidence(1000), suite=SHA256, ceremony=CEREMONY)


def test_an_honest_round_of_another_network() -> None:
    with pytest.raises(EntropyError, match="not of the declared one"):
        check_misopened(locked(), evidence(100000, "fastnet") | {"round": NUMBER}, suite=SHA256, ceremony=CEREMONY)


def test_a_network_that_pretends_to_another_scheme() -> None:
    """The scheme is no part of a chain's hash, but the round verifies under one scheme only."""
    pretended = plain(evidence())
    pretended["chain"]["scheme"] = "bls-unchained-on-g1"
    with pytest.raises(EntropyError, match="is not what the library knows"):
        check_misopened(locked(), pretended, suite=SHA256, ceremony=CEREMONY)
    pretended = plain(evidence(100000, "fastnet"))
    pretended["chain"]["scheme"] = "bls-unchained-g1-rfc9380"
    with pytest.raises(EntropyError, match="is not the signature of round 100000"):
        check_misopened(locked(100000, "fastnet"), pretended, suite=SHA256, ceremony=CEREMONY)


def test_the_identity_for_a_signature() -> None:
    with pytest.raises(EntropyError, match="is not the signature of round"):
        check_misopened(locked(), evidence() | {"signature": "c0" + "00" * 47}, suite=SHA256, ceremony=CEREMONY)


def test_a_malformed_declaration_is_no_misopening() -> None:
    """Such a commitment is refused from the start; no round is needed, and none makes it the holder's fault."""
    with pytest.raises(EntropyError, match="has a payload of"):
        check_misopened(holding(honest() + b"x"), evidence(), suite=SHA256, ceremony=CEREMONY)


# Copies


def test_a_lock_copied_under_another_name() -> None:
    """A party that copies another's lock would double its secret; the digest is bound to the name."""
    copy = attrs.evolve(locked(), name="copycat")
    BEACON.check_source(copy)
    reason = check_misopened(copy, evidence(), suite=SHA256, ceremony=CEREMONY)
    assert "another secret" in reason
    assert locked().name == NAME
    assert locked().terms["keyid"] == KEYID
