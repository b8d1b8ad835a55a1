from __future__ import annotations

import base64
import json
from collections.abc import Callable
from typing import Any

import attrs
import ceremonies as kit
import pytest

from dblrandom.errors import CanonicalError, InputError, KeyFileError, ReceiptError
from dblrandom.evidence.receipt import Receipt, add_signatures, payload_bytes, sign_payload
from dblrandom.kernel.dsse import PAYLOAD_TYPE, pae
from dblrandom.kernel.mldsa import MlDsa44, MlDsa44Signer
from dblrandom.kernel.suite import SHA256, SM3

D = "0" * 64


def payload(**changes: Any) -> bytes:
    parts: dict[str, Any] = {"ceremony": "c", "sequence": 2, "previous": D, "time": kit.AFTER, "body": {"reason": "x"}}
    return payload_bytes("void", **parts | changes)


ENVELOPE = sign_payload(payload(), kit.keys("organiser", "notary"))


def reshaped(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The envelope after ``change``, canonical again."""
    members = json.loads(ENVELOPE)
    change(members)
    return json.dumps(members, sort_keys=True, separators=(",", ":")).encode()


def with_payload(change: Callable[[dict[str, Any]], object]) -> bytes:
    """The envelope around a changed payload, canonical again (its signatures no longer fit, which is not read here)."""
    inner = json.loads(payload())
    change(inner)
    data = json.dumps(inner, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
    return reshaped(lambda m: m.update(payload=base64.b64encode(data).decode()))


def test_a_receipt_is_read_back() -> None:
    receipt = Receipt.parse(ENVELOPE)
    assert (receipt.type, receipt.ceremony, receipt.sequence, receipt.previous) == ("void", "c", 2, D)
    assert receipt.time == kit.AFTER
    assert receipt.body == {"reason": "x"}
    assert receipt.payload == payload()
    assert receipt.envelope == ENVELOPE
    assert receipt.label == "receipt 2 (void)"
    assert [s.keyid for s in receipt.signatures] == sorted(k.keyid for k in kit.keys("organiser", "notary"))


def test_the_digest_is_of_the_payload_alone() -> None:
    one, other = (Receipt.parse(sign_payload(payload(), kit.keys(name))) for name in ("organiser", "notary"))
    assert one.envelope != other.envelope
    assert one.digest(SHA256) == other.digest(SHA256) == SHA256.hexhash(payload())
    assert one.digest(SM3) == SM3.hexhash(payload())


def test_a_receipt_cannot_be_changed() -> None:
    receipt = Receipt.parse(ENVELOPE)
    with pytest.raises(TypeError):
        receipt.body["reason"] = "y"  # type: ignore[index]
    with pytest.raises(attrs.exceptions.FrozenInstanceError):
        receipt.sequence = 3  # type: ignore[misc]


def test_stated_leaves_the_blind_out() -> None:
    body = {"task": "1", "outcomes": [{"id": "a", "codes": ["closed"]}]}
    data = payload_bytes(
        "result", ceremony="c", sequence=1, previous=None, time=kit.AFTER, body=body | {"blind": kit.BLIND}
    )
    receipt = Receipt.parse(sign_payload(data, kit.keys("organiser")))
    assert receipt.stated == body
    assert receipt.body["blind"] == kit.BLIND


@pytest.mark.parametrize(
    ("data", "problem"),
    [
        (b"", None),
        (b"{}", "'payload' is missing"),
        (b"[]", "not an object"),
        (ENVELOPE + b"\n", None),
        (b" " + ENVELOPE, None),
        (b"\xef\xbb\xbf" + ENVELOPE, None),
        (ENVELOPE[:-1], None),
        (ENVELOPE.replace(b'"payloadType"', b'"payloadtype"'), None),
        (reshaped(lambda m: m.update(payloadType="application/json")), "payloadType"),
        (reshaped(lambda m: m.update(more=1)), "no member 'more'"),
        (reshaped(lambda m: m.update(signatures=[])), "at least 1"),
        (reshaped(lambda m: m["signatures"].reverse()), "not sorted by keyid"),
        (reshaped(lambda m: m["signatures"].append(m["signatures"][-1])), "one key signed twice"),
        (reshaped(lambda m: m["signatures"][0].update(sig="AAAA")), "has 3 bytes, not 64"),
        (reshaped(lambda m: m["signatures"][0].update(sig="AAA")), "signature of"),
        (reshaped(lambda m: m["signatures"][0].update(keyid="A" * 64)), "keyid"),
        (reshaped(lambda m: m["signatures"][0].update(cert="x")), "no member 'cert'"),
        (reshaped(lambda m: m["signatures"][0].pop("keyid")), "'keyid' is missing"),
        (reshaped(lambda m: m.update(payload=m["payload"] + "\n")), "payload"),
        (reshaped(lambda m: m.update(payload="e30=")), "not an object with a body"),
        (reshaped(lambda m: m.update(payload="W10=")), "not an object with a body"),
        (with_payload(lambda p: p.update(more=1)), "no member 'more'"),
        (with_payload(lambda p: p.update(type="amendment")), "no receipt type 'amendment'"),
        (with_payload(lambda p: p.update(sequence=0)), "sequence"),
        (with_payload(lambda p: p.update(sequence=True)), "sequence"),
        (with_payload(lambda p: p.update(previous="x")), "previous"),
        (with_payload(lambda p: p.update(time="2024-03-10 00:00:00")), "time"),
        (with_payload(lambda p: p.update(time="2023-02-29T00:00:00Z")), "time"),
        (with_payload(lambda p: p.update(ceremony="C")), "ceremony"),
        (with_payload(lambda p: p.update(body=[])), "not an object"),
        (with_payload(lambda p: p["body"].update(reason="")), "reason"),
    ],
)
def test_anything_but_the_one_form_is_refused(data: bytes, problem: str | None) -> None:
    expected = (CanonicalError, ReceiptError) if problem is None else InputError
    with pytest.raises(expected, match=problem) as caught:
        Receipt.parse(data, "the file")
    assert str(caught.value).startswith("the file")


@pytest.mark.parametrize("cut", range(0, len(ENVELOPE), 97))
def test_no_beginning_of_a_receipt_is_a_receipt(cut: int) -> None:
    with pytest.raises(InputError):
        Receipt.parse(ENVELOPE[:cut])


def test_payloads_are_checked_before_they_are_signed() -> None:
    for change, problem in (
        ({"ceremony": "Not a name"}, "ceremony"),
        ({"sequence": 0}, "sequence"),
        ({"previous": "x"}, "previous"),
        ({"time": "now"}, "time"),
        ({"body": {}}, "'reason' is missing"),
        ({"body": {"reason": "x", "more": 1}}, "no member 'more'"),
    ):
        with pytest.raises(ReceiptError, match=problem):
            payload(**change)


def test_signing_needs_different_ed25519_keys() -> None:
    with pytest.raises(KeyFileError, match="at least one signature"):
        sign_payload(payload(), [])
    with pytest.raises(KeyFileError, match="given twice"):
        sign_payload(payload(), kit.keys("organiser", "organiser"))

    class Foreign:
        algorithm = "rsa"
        keyid = D
        public_key = b"\0" * 32

        def sign(self, message: bytes) -> bytes:
            return b"\0" * 64

    with pytest.raises(KeyFileError, match="not with rsa"):
        sign_payload(payload(), [*kit.keys("organiser"), Foreign()])
    foreign = Foreign()
    foreign.algorithm = "ml-dsa-44"
    with pytest.raises(KeyFileError, match="something else than a signature of ml-dsa-44"):
        sign_payload(payload(), [*kit.keys("organiser"), foreign])


def test_signing_together_or_one_after_the_other_gives_the_same_bytes() -> None:
    alone = sign_payload(payload(), kit.keys("notary"))
    assert add_signatures(alone, kit.keys("organiser")) == ENVELOPE
    assert sign_payload(payload(), kit.keys("notary", "organiser")) == ENVELOPE
    with pytest.raises(KeyFileError, match="has signed this receipt already"):
        add_signatures(alone, kit.keys("notary"))
    with pytest.raises(ReceiptError):
        add_signatures(b"{}", kit.keys("notary"))
    with pytest.raises(KeyFileError, match="give a key"):
        add_signatures(alone, [])


def test_second_signatures_stand_beside_the_first() -> None:
    second = MlDsa44Signer.from_private_bytes(kit.h32("second key"))
    receipt = Receipt.parse(sign_payload(payload(), [second, *kit.keys("organiser", "notary")]))
    sizes = {s.keyid: len(s.value) for s in receipt.signatures}
    assert sizes == {second.keyid: 2420, **{k.keyid: 64 for k in kit.keys("organiser", "notary")}}
    assert list(sizes) == sorted(sizes)
    later = Receipt.parse(add_signatures(ENVELOPE, [second]))
    assert {s.keyid: len(s.value) for s in later.signatures} == sizes
    assert later.payload == receipt.payload
    (value,) = (s.value for s in later.signatures if s.keyid == second.keyid)
    MlDsa44().verify(second.public_key, value, pae(PAYLOAD_TYPE, receipt.payload))
