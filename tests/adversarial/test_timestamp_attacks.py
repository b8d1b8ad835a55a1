"""Attacks on dates: tokens that are forged, borrowed, out of date, or signed by whoever should not.

Each token here is well formed and, unless its attack says otherwise, signed by a key whose certificate is in the chain.
"""

from __future__ import annotations

import hashlib
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from authority import (
    DAY,
    SIGNED,
    Authority,
    Certified,
    Chain,
    certified,
    chain,
    critical_extension,
    forged,
    identifiers,
    key,
    now,
    response,
    stamping,
    text,
    tst_info,
)
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.x509.oid import ExtendedKeyUsageOID

from dblrandom.adapters.network.http import Client
from dblrandom.adapters.timestamping import fetch
from dblrandom.errors import KeyFileError, NetworkError
from dblrandom.kernel.timestamps import MAX_TOKEN_BYTES, check_token, read_token

IMPRINT = hashlib.sha256(b"the honest receipt (synthetic)").digest()
HONEST = chain("attacked")


def refused(token: bytes, telling: str, links: Chain = HONEST, **changes: Any) -> None:
    basic: dict[str, Any] = {"certificates": links.ders, "roots": [links.root.der], "imprint": IMPRINT}
    with pytest.raises(KeyFileError, match=telling) as caught:
        check_token(token, **basic | changes)
    assert "\n" not in str(caught.value)


def with_leaf(**changes: Any) -> Chain:
    """The honest chain with another last certificate."""
    return Chain(HONEST.root, HONEST.middle, stamping("attacked signer", HONEST.middle, **changes))


def test_the_honest_token_holds() -> None:
    assert check_token(forged(HONEST.leaf, IMPRINT), certificates=HONEST.ders, roots=[HONEST.root.der], imprint=IMPRINT)


def test_token_for_other_bytes() -> None:
    other = hashlib.sha256(b"another receipt").digest()
    refused(forged(HONEST.leaf, other), f"dates other bytes: those with the SHA-256 {other.hex()}")


def test_text_swapped_under_the_signature() -> None:
    """The token of other bytes, with the honest digest written over theirs."""
    other = hashlib.sha256(b"another receipt").digest()
    swapped = forged(HONEST.leaf, other).replace(other, IMPRINT)
    refused(swapped, "text is not the one that was signed")


def test_time_set_back_under_the_signature() -> None:
    token = forged(HONEST.leaf, IMPRINT).replace(b"20240301120000Z", b"20240229120000Z")
    refused(token, "text is not the one that was signed")


def test_attributes_changed_under_the_signature() -> None:
    """Text and its digest are replaced together."""
    other = tst_info(hashlib.sha256(b"another receipt").digest())
    digests = [hashlib.sha256(info).digest() for info in (other, tst_info(IMPRINT))]
    token = forged(HONEST.leaf, b"", info=other).replace(other, tst_info(IMPRINT)).replace(*digests)
    refused(token, "its signature does not hold")


def test_digest_attribute_of_another_text() -> None:
    refused(forged(HONEST.leaf, IMPRINT, signed_info=b"another text"), "text is not the one")


def test_expired_certificate() -> None:
    """Expired when the token says that it was made."""
    old = with_leaf(end=SIGNED - timedelta(seconds=1))
    refused(forged(old.leaf, IMPRINT), r"certificate 1 .*expired at 2024-03-01T11:59:59Z", old)


def test_expired_within_the_accuracy() -> None:
    """The certificate ends at the token's second, but the token may be of half a second later."""
    old = with_leaf(end=SIGNED)
    refused(forged(old.leaf, IMPRINT, when="20240301120000.5Z"), "expired at 2024-03-01T12:00:00Z", old)


def test_certificate_not_yet_valid() -> None:
    new = with_leaf(start=SIGNED + timedelta(seconds=1))
    refused(forged(new.leaf, IMPRINT), "not valid before 2024-03-01T12:00:01Z", new)


def test_not_yet_valid_within_the_accuracy() -> None:
    """The certificate begins a second after the token's own time, and its date only rounds up to that."""
    new = with_leaf(start=SIGNED + timedelta(seconds=1))
    refused(forged(new.leaf, IMPRINT, when="20240301120000.5Z"), "not valid before 2024-03-01T12:00:01Z", new)


def test_expired_intermediate_under_a_fresh_leaf() -> None:
    middle = certified("attacked middle", HONEST.root, end=SIGNED - DAY, usage="issue")
    links = Chain(HONEST.root, middle, stamping("attacked signer", middle))
    refused(forged(links.leaf, IMPRINT), r"certificate 2 .*expired", links)


def test_chain_that_expired_before_it_was_renewed() -> None:
    expiry = SIGNED + 365 * DAY
    refused(forged(HONEST.leaf, IMPRINT), "must be good until", at=text(expiry + timedelta(seconds=1)))


def test_certificate_without_extended_key_usage() -> None:
    plain = with_leaf(purposes=())
    refused(forged(plain.leaf, IMPRINT), "not for time stamps alone", plain)


def test_certificate_for_signing_code_as_well() -> None:
    both = with_leaf(purposes=(ExtendedKeyUsageOID.TIME_STAMPING, ExtendedKeyUsageOID.CODE_SIGNING))
    refused(forged(both.leaf, IMPRINT), "not for time stamps alone", both)


def test_extended_key_usage_not_critical() -> None:
    lax = with_leaf(critical=False)
    refused(forged(lax.leaf, IMPRINT), "does not mark its extended key usage as critical", lax)


def test_key_for_encryption_only() -> None:
    odd = with_leaf(usage="encrypt")
    refused(forged(odd.leaf, IMPRINT), "not for signatures", odd)


def test_authority_that_may_issue_certificates() -> None:
    issuer = with_leaf(ca=True)
    refused(forged(issuer.leaf, IMPRINT), "may issue certificates; an authority's own must not", issuer)


def test_self_made_root() -> None:
    """The forger makes a whole chain of the same names; only the keys differ."""
    own = chain("attacked", "rsa")
    refused(forged(own.leaf, IMPRINT), "not a trusted root", own, roots=[HONEST.root.der])


def test_pinned_root_appended_to_a_self_made_chain() -> None:
    own = chain("attacked", "rsa")
    ders = [own.leaf.der, own.middle.der, HONEST.root.der]
    refused(forged(own.leaf, IMPRINT), "was not issued by", own, certificates=ders, roots=[HONEST.root.der])


def test_chain_link_missing() -> None:
    ders = [HONEST.leaf.der, HONEST.root.der]
    refused(forged(HONEST.leaf, IMPRINT), r"certificate 1 .*was not issued by", certificates=ders)


def test_chain_without_its_root() -> None:
    refused(forged(HONEST.leaf, IMPRINT), "not a trusted root", certificates=HONEST.ders[:2])


def test_no_chain_at_all() -> None:
    refused(forged(HONEST.leaf, IMPRINT), "without certificates", certificates=[])
    refused(forged(HONEST.leaf, IMPRINT), "has 1 certificates", certificates=HONEST.ders[:1], roots=HONEST.ders)


def test_endless_chain() -> None:
    refused(forged(HONEST.leaf, IMPRINT), "has 9 certificates", certificates=[*HONEST.ders, *[HONEST.root.der] * 6])


def test_swapped_certificate() -> None:
    """Another certificate over the same key, from a sloppier issuer: the token does not identify that one."""
    twin = with_leaf(key_name="attacked signer")
    token = forged(twin.leaf, IMPRINT, named=HONEST.leaf.der)
    refused(token, "ESSCertID", twin)


def test_swapped_certificate_under_its_old_identifier() -> None:
    twin = with_leaf(key_name="attacked signer")
    token = forged(twin.leaf, IMPRINT, identifiers=identifiers(HONEST.leaf.der, ("sha1",)))
    refused(token, "ESSCertID", twin)


def test_identifier_by_an_unknown_hash() -> None:
    wrong = [part.replace(bytes.fromhex("0609608648016503040203"), bytes.fromhex("0609608648016503040209"))
             for part in identifiers(HONEST.leaf.der, ("sha512",))]  # fmt: skip
    refused(forged(HONEST.leaf, IMPRINT, identifiers=wrong), "ESSCertID")


def test_token_signed_by_another_authority() -> None:
    other = chain("another authority")
    refused(forged(other.leaf, IMPRINT), "signed by another certificate")


def test_signature_by_another_key_under_the_same_name() -> None:
    """The certificate is the honest one; who signed has no key for it."""
    thief = Certified(HONEST.leaf.certificate, key("ec", "thief"))
    refused(forged(thief, IMPRINT), "its signature does not hold")
    other_kind = Certified(HONEST.leaf.certificate, key("rsa", "thief"))
    refused(forged(other_kind, IMPRINT), "its signature does not hold")


def test_leaf_issued_by_a_leaf() -> None:
    """Somebody with an honest signing certificate issues his own."""
    child = stamping("child", HONEST.leaf)
    links = [child.der, *HONEST.ders]
    refused(forged(child, IMPRINT), "certificate 2 .*may not issue certificates", certificates=links)


def test_issuer_below_its_depth() -> None:
    deeper = certified("deeper", HONEST.middle, usage="issue")
    leaf = stamping("deep signer", deeper)
    links = [leaf.der, deeper.der, HONEST.middle.der, HONEST.root.der]
    refused(forged(leaf, IMPRINT), "allows 0 issuers below it", certificates=links)


@pytest.mark.parametrize(
    ("changes", "telling"),
    [
        ({"usage": "sign"}, "may not sign certificates"),
        ({"ca": None}, "may not issue certificates"),
        ({"ca": False}, "may not issue certificates"),
        ({"purposes": (ExtendedKeyUsageOID.SERVER_AUTH,)}, "for other purposes"),
        ({"algorithm": hashes.SHA224()}, "no longer safe"),
        ({"kind": "rsa1024"}, "too weak"),
        ({"more": (x509.NameConstraints([x509.DNSName("synthetic.example")], None),)}, r"not understood \(2.5.29.30\)"),
    ],
)
def test_intermediate_that_must_not_be_one(changes: dict[str, Any], telling: str) -> None:
    middle = certified("attacked middle", HONEST.root, **{"usage": "issue", **changes})
    links = Chain(HONEST.root, middle, stamping("attacked signer", middle))
    refused(forged(links.leaf, IMPRINT), telling, links)


def test_sha1_imprint() -> None:
    token = forged(HONEST.leaf, hashlib.sha1(b"the honest receipt").digest(), imprint_algorithm="sha1")
    refused(token, "SHA-1 digest")


def test_sha1_signature() -> None:
    links = chain("old", "rsa")
    refused(forged(links.leaf, IMPRINT, digest="sha1"), r"algorithm that is not taken \(1.3.14.3.2.26\)", links)


def test_trailing_bytes() -> None:
    token = forged(HONEST.leaf, IMPRINT)
    refused(token + b"\0", "1 bytes follow its end")
    refused(response(token) + b"\0\0", "2 bytes follow its end")
    refused(response(token + token), "does not belong there")


def test_trailing_bytes_after_a_certificate() -> None:
    refused(forged(HONEST.leaf, IMPRINT), "certificate", certificates=[HONEST.leaf.der + b"\0", *HONEST.ders[1:]])


def test_oversized() -> None:
    refused(bytes(MAX_TOKEN_BYTES + 1), "at most 65536")
    refused(forged(HONEST.leaf, IMPRINT), "at most 16384", certificates=[bytes(20_000), *HONEST.ders[1:]])


def test_critical_extension_that_nobody_understands() -> None:
    refused(forged(HONEST.leaf, IMPRINT, tail=critical_extension()), "critical extension")


@pytest.mark.parametrize(
    ("status", "name"), [(2, "rejection"), (3, "waiting"), (5, "revocation notice"), (9, "status 9")]
)
def test_status_rejection(status: int, name: str) -> None:
    refused(response(status=status, said="busy\x1b[2J\nerror: paid"), rf"did not grant it \({name}\)")
    refused(response(forged(HONEST.leaf, IMPRINT), status=status), "did not grant it")
    refused(response(), "ends before the token")


def lively(tmp_path: Path) -> Authority:
    today = (now() - DAY, now() + DAY)
    return Authority(tmp_path / "authority", chain("lively", span=today))


def asked(authority: Authority, telling: str, imprint: bytes = IMPRINT) -> None:
    with authority.serving() as url, pytest.raises(KeyFileError, match=telling):
        fetch(url, imprint, Client())


def test_nonce_mismatch(tmp_path: Path) -> None:
    """Whoever sits between answers with a token that he had made before."""
    authority = lively(tmp_path)
    with authority.serving() as url:
        fetch(url, IMPRINT, Client())
    before = authority.reply(authority.asked[0])
    authority.answer = lambda _: before
    asked(authority, "its nonce differs")
    authority.answer = lambda _: forged(HONEST.leaf, IMPRINT)
    asked(authority, "its nonce differs")


def test_answer_for_another_digest(tmp_path: Path) -> None:
    authority = lively(tmp_path)
    other = hashlib.sha256(b"another receipt").digest()
    authority.answer = lambda query: authority.reply(query.replace(IMPRINT, other))
    asked(authority, "dates another digest")


def test_answer_that_is_no_token(tmp_path: Path) -> None:
    authority = lively(tmp_path)
    authority.answer = lambda _: b"<html>maintenance</html>"
    asked(authority, "the authority's answer")


def test_real_rejection(tmp_path: Path) -> None:
    authority = lively(tmp_path)
    authority.answer = lambda query: authority.reply(query[:-4])
    asked(authority, r"did not grant it \(rejection\)")


def test_endless_answer(tmp_path: Path) -> None:
    authority = lively(tmp_path)
    authority.answer = lambda _: bytes(MAX_TOKEN_BYTES + 1)
    with authority.serving() as url, pytest.raises(NetworkError, match="65536"):
        fetch(url, IMPRINT, Client())


def test_refusal_cannot_forge_a_line() -> None:
    with pytest.raises(KeyFileError) as caught:
        read_token(response(status=2, said="no\nerror: \x1b[2J"))
    assert str(caught.value).isprintable()
