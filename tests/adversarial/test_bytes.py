"""Attacks on bytes: everything that says the same in other bytes, and everything that is no receipt at all.

A receipt has one form. If two different files could be the same receipt, a digest would not say which was lodged, and
two honest verifiers could disagree about one ceremony. Whatever the bytes are, only a ``VerificationError`` may leave.
"""

from __future__ import annotations

import base64
import copy
import json
import random
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from kit import (
    NAME,
    Forged,
    Step,
    at,
    attacked,
    closed,
    forge,
    honest,
    judge,
    keyid,
    opened,
    payload_of,
    refused,
    signed_raw,
    steps,
)

from dblrandom.errors import CanonicalError, DblrandomError, InputError, VerificationError
from dblrandom.evidence import Receipt, TrustPolicy
from dblrandom.evidence.chain import GRAMMAR
from dblrandom.kernel.canonical import MAX_BYTES, MAX_DEPTH, MAX_VALUES, decode, encode
from dblrandom.kernel.dsse import PAYLOAD_TYPE

FIRST = honest().receipts[0]


def with_first(envelope: bytes) -> tuple[bytes, ...]:
    """The sound ceremony with another file for its first receipt."""
    return (envelope, *honest().receipts[1:])


def spelled(change: Callable[[bytes], bytes]) -> tuple[bytes, ...]:
    data = change(FIRST)
    assert data != FIRST, "the attack changed nothing"
    return with_first(data)


# The envelope

ENVELOPES: dict[str, tuple[Callable[[dict[str, Any]], object], str]] = {
    "an extra member": (lambda m: m.update(extra=1), "no member 'extra'"),
    "an empty member name": (lambda m: m.update({"": 1}), "no member ''"),
    "no payload": (lambda m: m.pop("payload"), "'payload' is missing"),
    "no type": (lambda m: m.pop("payloadType"), "'payloadType' is missing"),
    "no signatures member": (lambda m: m.pop("signatures"), "'signatures' is missing"),
    "no signature": (lambda m: m.update(signatures=[]), "at least 1"),
    "signatures as an object": (lambda m: m.update(signatures={}), "a list"),
    "a signature as text": (lambda m: m.update(signatures=["x"]), "an object"),
    "another payload type": (lambda m: m.update(payloadType="application/json"), "payloadType"),
    "the payload type in upper case": (lambda m: m.update(payloadType=PAYLOAD_TYPE.upper()), "payloadType"),
    "the payload type with a parameter": (lambda m: m.update(payloadType=PAYLOAD_TYPE + ";v=1"), "payloadType"),
    "the payload type of version 2": (lambda m: m.update(payloadType=PAYLOAD_TYPE.replace("v1", "v2")), "payloadType"),
    "the payload as an object": (lambda m: m.update(payload=json.loads(base64.b64decode(m["payload"]))), "payload"),
    "an empty payload": (lambda m: m.update(payload=""), "not JSON"),
    "a payload that is null": (lambda m: m.update(payload=None), "payload"),
    "an extra member of a signature": (lambda m: m["signatures"][0].update(cert="x"), "no member 'cert'"),
    "no keyid": (lambda m: m["signatures"][0].pop("keyid"), "'keyid' is missing"),
    "an empty keyid": (lambda m: m["signatures"][0].update(keyid=""), "keyid"),
    "a keyid in upper case": (lambda m: m["signatures"][0].update(keyid=m["signatures"][0]["keyid"].upper()), "keyid"),
    "a keyid cut": (lambda m: m["signatures"][0].update(keyid=m["signatures"][0]["keyid"][:63]), "keyid"),
    "a keyid with a line break": (
        lambda m: m["signatures"][-1].update(keyid=m["signatures"][-1]["keyid"] + "\n"),
        "keyid",
    ),
    "a keyid that is null": (lambda m: m["signatures"][0].update(keyid=None), "keyid"),
    "signatures in another order": (lambda m: m["signatures"].reverse(), "not sorted by keyid"),
    "a signature twice": (lambda m: m["signatures"].insert(0, m["signatures"][0]), "one key signed twice"),
    "no sig": (lambda m: m["signatures"][0].pop("sig"), "'sig' is missing"),
    "an empty sig": (lambda m: m["signatures"][0].update(sig=""), "has 0 bytes"),
    "a sig of 63 bytes": (lambda m: m["signatures"][0].update(sig=b64(bytes(63))), "has 63 bytes"),
    "a sig of 65 bytes": (lambda m: m["signatures"][0].update(sig=b64(bytes(65))), "has 65 bytes"),
}


def b64(data: bytes) -> str:
    return base64.b64encode(data).decode("ascii")


@pytest.mark.parametrize("attack", ENVELOPES)
def test_an_envelope_with(attack: str) -> None:
    change, match = ENVELOPES[attack]
    members = opened(FIRST)
    change(members)
    refused(with_first(closed(members)), check="receipt", match=match, place="receipt 1")


SPELLINGS: dict[str, Callable[[bytes], bytes]] = {
    "a line break at the end": lambda d: d + b"\n",
    "a space at the end": lambda d: d + b" ",
    "a space at the beginning": lambda d: b" " + d,
    "a space after a colon": lambda d: d.replace(b":", b": ", 1),
    "indentation": lambda d: json.dumps(json.loads(d), indent=1, sort_keys=True).encode(),
    "members in another order": lambda d: json.dumps(
        dict(reversed(json.loads(d).items())), separators=(",", ":")
    ).encode(),
    "an escape": lambda d: d.replace(b'"payload"', b'"\\u0070ayload"'),
    "an escaped slash": lambda d: d.replace(b"application/", b"application\\/"),
    "a byte order mark": lambda d: b"\xef\xbb\xbf" + d,
    "a NUL at the end": lambda d: d + b"\x00",
    "two documents": lambda d: d + d,
    "UTF-16": lambda d: d.decode().encode("utf-16"),
    "a member twice": lambda d: d[:-1] + b',"payload":""}',
    "a member twice, once escaped": lambda d: d[:-1] + b',"\\u0070ayload":""}',
    "a trailing comma": lambda d: d[:-1] + b",}",
    "a comment": lambda d: d + b"//",
    "cut by one byte": lambda d: d[:-1],
    "cut in the middle": lambda d: d[: len(d) // 2],
    "nothing": lambda d: b"",
    "a byte that is not UTF-8": lambda d: d.replace(b"payloadType", b"payload\xffype"),
    "an overlong slash": lambda d: d.replace(b"application/", b"application\xc0\xaf"),
    "a surrogate in UTF-8": lambda d: d.replace(b"application/", b"application\xed\xa0\x80"),
}


@pytest.mark.parametrize("attack", SPELLINGS)
def test_the_same_envelope_with(attack: str) -> None:
    refused(spelled(SPELLINGS[attack]), check="receipt", match="receipt 1: ")


def _more_bits(text: str) -> str:
    """The same bytes in base64 with trailing bits that are not zero."""
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    body = text.rstrip("=")
    assert body != text, "there are no trailing bits"
    return body[:-1] + alphabet[alphabet.index(body[-1]) + 1] + text[len(body) :]


BASE64: dict[str, Callable[[str], str]] = {
    "no padding": lambda t: t.rstrip("="),
    "half of the padding": lambda t: t[:-1],
    "more padding": lambda t: t + "=",
    "a quartet of padding": lambda t: t + "====",
    "trailing bits": _more_bits,
    "a line break at the end": lambda t: t + "\n",
    "a line break in the middle": lambda t: t[:40] + "\n" + t[40:],
    "CRLF every 76 characters": lambda t: "\r\n".join(t[i : i + 76] for i in range(0, len(t), 76)) + "\r\n",
    "a space": lambda t: t[:4] + " " + t[4:],
    "a tab at the beginning": lambda t: "\t" + t,
    "characters that decoders skip": lambda t: t[:4] + "!" + t[4:],
    "padding in the middle": lambda t: t[:4] + "=" + t[4:],
    "full-width letters": lambda t: t.replace("A", "Ａ", 1),
    "another alphabet": lambda t: "-" + t[1:],
}


@pytest.mark.parametrize("attack", BASE64)
@pytest.mark.parametrize("member", ["payload", "sig"])
def test_base64_with(member: str, attack: str) -> None:
    change = BASE64[attack]
    for n, envelope in enumerate(honest().receipts):
        members = opened(envelope)
        holder = members if member == "payload" else members["signatures"][0]
        try:
            other = change(holder[member])
        except AssertionError:
            continue
        if other == holder[member]:
            continue
        holder[member] = other
        receipts = list(honest().receipts)
        receipts[n] = closed(members)
        refused(receipts, check="receipt", match="base64", place=f"receipt {n + 1}: ")
        return
    pytest.fail("no receipt could be spelled so")


# The payload: every byte of it is signed, so the organiser himself is the attacker

PAYLOAD = payload_of(FIRST)


def _numbered(text: str) -> Callable[[bytes], bytes]:
    return lambda data: data.replace(b'"reserves":2', b'"reserves":' + text.encode())


PAYLOADS: dict[str, Callable[[bytes], bytes]] = {
    **{name: change for name, change in SPELLINGS.items() if "payload" not in name and "slash" not in name},
    "an escape": lambda d: d.replace(b'"body"', b'"\\u0062ody"'),
    "an escaped slash": lambda d: d.replace(b"dblrandom/v1", b"dblrandom\\/v1"),
    "an overlong slash": lambda d: d.replace(b"dblrandom/v1", b"dblrandom\xc0\xafv1"),
    "a surrogate in UTF-8": lambda d: d.replace(b"synthetic plan", b"synthetic\xed\xa0\x80plan"),
    "a byte that is not UTF-8": lambda d: d.replace(b"synthetic plan", b"synthetic\xffplan"),
    "a lone high surrogate": lambda d: d.replace(b"synthetic plan", b"synthetic\\ud800plan"),
    "a lone low surrogate": lambda d: d.replace(b"synthetic plan", b"synthetic\\udc00plan"),
    "surrogates the wrong way round": lambda d: d.replace(b"synthetic plan", b"synthetic\\udc00\\ud800plan"),
    "a lone surrogate as a key": lambda d: b'{"\\ud800":1,' + d[1:],
    "a pair of surrogates, escaped": lambda d: d.replace(b"synthetic plan", b"synthetic\\ud83d\\ude00plan"),
    "a member twice": lambda d: d.replace(b'"suite":"sha256"', b'"suite":"sha256","suite":"sha256"'),
    "a member twice, once escaped": lambda d: d.replace(b'"suite":"sha256"', b'"suite":"sha256","\\u0073uite":"sm3"'),
    "the head twice": lambda d: d[:-1] + b',"type":"commitment"}',
    **{
        f"the number {text}": _numbered(text)
        for text in [
            *("2.0", "2.5", "-0", "-0.0", "2e0", "2E0", "1e3", "20e-1", "02", "+2", "0x2", ".5", "2.", "NaN"),
            *("Infinity", "-Infinity", "1e999", "9007199254740992", "-9007199254740992", "9" * 5000, "-" + "9" * 5000),
            *("２", "True", "2_0", "1-1"),
        ]
    },
}


@pytest.mark.parametrize("attack", PAYLOADS)
def test_a_payload_with(attack: str) -> None:
    data = PAYLOADS[attack](PAYLOAD)
    assert data != PAYLOAD, "the attack changed nothing"
    envelope = signed_raw(data, ["organiser", "discipline", "trade", "operator"])
    refused(with_first(envelope), check="receipt", match="receipt 1: ")


def test_control_the_raw_signer_signs_what_is_accepted() -> None:
    envelope = signed_raw(PAYLOAD, ["organiser", "discipline", "trade", "operator"])
    assert envelope == FIRST


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def test_depth_of_payload_and_envelope() -> None:
    """32 is the deepest; the members around it count. Far deeper nesting must not reach a parser that recurses."""
    for depth in (MAX_DEPTH, MAX_DEPTH + 1, 1000, 100_000, 1_000_000):
        payload = PAYLOAD.replace(b'"tasks":[', b'"tasks":[' + nested(depth) + b",")
        refused(with_first(signed_raw(payload)), check="receipt", match="nested deeper than 32", place="receipt 1")
        outer = b'{"payload":' + nested(depth) + FIRST[FIRST.index(b',"payloadType"') :]
        refused(with_first(outer), check="receipt", match="nested deeper than 32", place="receipt 1")


@pytest.mark.parametrize("text", ['"' + "[" * 40, '"\\"' + "[" * 40 + '"', '"' + "{" * 40 + '"'])
def test_brackets_in_text_are_not_depth(text: str) -> None:
    whole = text if text.endswith('"') else text + '"'
    assert decode(whole.encode()) == json.loads(whole)


def test_the_deepest_and_one_more() -> None:
    assert encode(decode(nested(MAX_DEPTH))) == nested(MAX_DEPTH)
    with pytest.raises(CanonicalError, match="nested deeper"):
        decode(nested(MAX_DEPTH + 1))
    with pytest.raises(CanonicalError):
        decode(b"[" * 1_000_000)
    with pytest.raises(CanonicalError):
        decode(b'{"a":' * 1_000_000)


def test_over_16_mebibytes() -> None:
    """A document of the greatest size is read, one byte more is not, and neither is parsed to find out."""
    text = b'"' + b"a" * (MAX_BYTES - 2) + b'"'
    assert len(decode(text)) == MAX_BYTES - 2  # type: ignore[arg-type]
    refused([text + b" "], check="receipt", match=f"at most {MAX_BYTES}")
    huge = b'{"payload":"' + b"A" * MAX_BYTES + b'","payloadType":"x","signatures":[]}'
    refused([huge], check="receipt", match=f"at most {MAX_BYTES}")


def test_millions_of_empty_lists() -> None:
    """Small on paper and large in memory: refused before the parser makes a list of each, in envelope and payload."""
    bomb = b"[" + b"[]," * 3_000_000 + b"[]]"
    refused([bomb], check="receipt", match=f"more than {MAX_VALUES} values")
    inside = (
        b'{"payload":"' + base64.b64encode(bomb) + b'","payloadType":"' + PAYLOAD_TYPE.encode() + b'","signatures":'
    )
    signature = b'[{"keyid":"' + b"0" * 64 + b'","sig":"' + base64.b64encode(bytes(64)) + b'"}]}'
    refused([inside + signature], check="receipt", match=f"more than {MAX_VALUES} values")


@pytest.mark.parametrize("payload", [b"null", b"true", b"0", b'""', b"[]", b"{}", b'{"body":{}}', b'{"body":null}'])
def test_a_payload_that_is_no_receipt(payload: bytes) -> None:
    refused([signed_raw(payload)], check="receipt", match="receipt 1")


@pytest.mark.parametrize("data", [b"null", b"true", b"0", b'""', b"[]", b"{}", b"\x00", b"\xff\xfe", b"-", b"{" * 9])
def test_an_envelope_that_is_none(data: bytes) -> None:
    refused([data], check="receipt", match="receipt 1")


# Payload types


@pytest.mark.parametrize("kind", [*(k for k in GRAMMAR["drawn"]), "reveal", "draw", "void", "witness", "nothing", ""])
def test_a_swapped_receipt_type(kind: str) -> None:
    """The commitment's body under every other type's name."""
    refused(attacked(lambda c: c[0].head.update(type=kind)), check="receipt", match="receipt 1")


@pytest.mark.parametrize("kind", ["Draw", "draw ", "draw\n", "DRAW", "dräw"])
def test_a_type_that_looks_like_another(kind: str) -> None:
    refused(attacked(lambda c: c[5].head.update(type=kind)), check="receipt", match="receipt 6")


@pytest.mark.parametrize(
    ("member", "values"),
    [
        ("sequence", [0, -1, True, None, "1", [], 2**53 - 1]),
        ("previous", ["", "0" * 63, "0" * 65, "G" * 64, "A" * 64, 0, [], {}, "0" * 64 + "\n"]),
        ("time", ["", "2024-03-01", "2024-02-30T00:00:00Z", "2024-03-01T00:00:60Z", "2024-03-01T24:00:00Z", None, 0]),
        (
            "time",
            ["2024-03-01T00:00:00+00:00", "2024-03-01t00:00:00z", "２024-03-01T00:00:00Z", "0000-01-01T00:00:00Z"],
        ),
        ("ceremony", ["", "A", "a" * 65, "a b", "a/b", "..\n", "é", None, 1, "other\u2028"]),
        ("body", [None, [], "", 0, True]),
        ("extra", [1]),
    ],
)
def test_a_head_that_is_none(member: str, values: list[Any]) -> None:
    for value in values:
        for place in (0, 4):
            chain = steps()
            chain[place].head[member] = value
            forged = forge(chain)
            with pytest.raises(VerificationError, match=rf"^(receipt|chain): receipt {place + 1}|^chain: receipt") as e:
                judge(forged)
            assert str(e.value).isprintable()


# Text that is not what it looks like

UNSEEN = ["\u0085", "\u2028", "\u2029", "\u202e", "\ufeff", "\x1b[2J", "\n", "\r", "\x00", "\x7f", "\u2066"]


@pytest.mark.parametrize("mark", UNSEEN, ids=lambda m: f"U+{ord(m[0]):04X}")
def test_text_for_people_with_something_unseen(mark: str) -> None:
    """A title, a reason or a name that ends a line, or turns it round, forges what a reader sees of the ceremony."""
    text = f"synthetic{mark}approved"
    for path in (("plan", "title"), ("plan", "notice"), ("plan", "authority"), ("tasks", 0, "title")):

        def change(chain: list[Any], path: tuple[Any, ...] = path) -> None:
            here = chain[0].body
            for name in path[:-1]:
                here = here[name]
            here[path[-1]] = text

        refused(attacked(change), check="commitment", match="U\\+", place="receipt 1")


@pytest.mark.parametrize("mark", UNSEEN, ids=lambda m: f"U+{ord(m[0]):04X}")
def test_a_reason_with_something_unseen(mark: str) -> None:
    body = {"reason": f"synthetic{mark}approved"}
    void = Step(type="void", time="2024-03-01T00:01:00Z", body=body, keys=["organiser"])
    forged = attacked(lambda c: c.__setitem__(slice(1, None), [void]))
    refused(forged, check="receipt", match="reason", as_of="2024-03-01T00:00:00Z")


@pytest.mark.parametrize("mark", UNSEEN, ids=lambda m: f"U+{ord(m[0]):04X}")
def test_a_signer_with_something_unseen(mark: str) -> None:
    forged = attacked(lambda c: c[0].body["signers"][0].update(name=f"synthetic{mark}approved"), recompute=True)
    refused(forged, check="receipt", match="name")


@pytest.mark.parametrize("mark", UNSEEN, ids=lambda m: f"U+{ord(m[0]):04X}")
def test_an_error_is_one_line_whatever_it_quotes(mark: str) -> None:
    """``refused`` asserts it for each case: nothing quoted from a receipt can begin a line of its own."""
    forged = mark + "passed: everything"

    def result(chain: list[Any]) -> None:
        chain[at(chain, "result")].body["outcomes"][0]["id"] = forged

    with pytest.raises(VerificationError, match=r"which no id can hold|was never drawn") as caught:
        judge(attacked(result))
    assert str(caught.value).isprintable()
    refused(attacked(lambda c: c[4].body.update({forged: 1})), check="receipt", match="no member")
    refused(attacked(lambda c: c[3].body["disclosed"].update({forged: "0" * 64})), check="witness", match="no secret")
    refused(attacked(lambda c: c[5].body["tasks"][0].update(task=forged)), check="receipt", match="not a task id")


# Everything at once: only a VerificationError may leave


def paths(value: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every value inside a body; of long lists the first three entries."""
    if path:
        yield path
    if isinstance(value, dict):
        for name in value:
            yield from paths(value[name], (*path, name))
    elif isinstance(value, list):
        for index in range(min(3, len(value))):
            yield from paths(value[index], (*path, index))


HOSTILE: list[Any] = [
    *(None, True, False, -1, 0, 1, 3, 2**53 - 1, "", "x", "X" * 300, "\n", "\u2028", "é" * 64, "0" * 64, "f" * 32),
    *("2024-02-30T00:00:00Z", "9999-12-31T23:59:59Z", "0001-01-01T00:00:00Z", [], {}, [[]], [None], {"x": 1}, ".."),
    *("F001", "A1", "selected", "organiser", "I00"),
]
CHANGES = DELETED, EXTRA, REVERSED, TWICE = tuple(object() for _ in range(4))


def spoil(body: Any, path: tuple[Any, ...], with_: Any) -> bool:
    """Change one place of a body; false where that is no change."""
    here = body
    for name in path[:-1]:
        here = here[name]
    old = here[path[-1]]
    if with_ is DELETED:
        del here[path[-1]]
    elif with_ is EXTRA and isinstance(old, dict):
        old["zzz"] = 1
    elif with_ is REVERSED and isinstance(old, list) and old != old[::-1]:
        old.reverse()
    elif with_ is TWICE and isinstance(here, list):
        here.insert(path[-1], copy.deepcopy(old))
    elif with_ in CHANGES or (type(old) is type(with_) and old == with_):
        return False
    else:
        here[path[-1]] = copy.deepcopy(with_)
    return True


LAWFUL = {("digest",), ("sequence",), ("disclosed",)}
"""Of a witness receipt: what the kit repairs, what another lawful receipt would say, and what leads to a finding."""


def test_every_member_of_every_body_spoilt() -> None:
    """A sample of all (place, value) pairs, re-signed and linked anew, with the rosters and without."""
    sound = steps()
    every = [(n, p, v) for n, s in enumerate(sound) for p in paths(s.body) for v in (*HOSTILE, *CHANGES)]
    for n, path, value in random.Random(20240301).sample(every, 350):
        chain = copy.deepcopy(sound)
        kind = chain[n].type
        repaired = kind == "witness" and (path[:1] in LAWFUL or (path, value) == (("ceremony",), DELETED))
        harmless = repaired or (kind == "result" and value is REVERSED)
        if harmless or not spoil(chain[n].body, path, value):
            continue
        try:
            forged = forge(chain)
        except (KeyError, TypeError, DblrandomError):
            continue
        error = verdict(forged)
        assert error is not None, f"accepted: {kind} {path} {value!r}"
        verdict(forged, rosters={})
        verdict(forged, rosters={}, as_of=None)


def verdict(forged: Forged, **options: Any) -> VerificationError | None:
    """The one error that may leave, in one line; or nothing, where the verifier accepts."""
    try:
        judge(forged, **options)
    except VerificationError as error:
        _one_line(error)
        return error
    return None


def _one_line(error: Exception) -> None:
    assert str(error).isprintable()


@settings(max_examples=150, deadline=None)
@given(st.integers(0, 12), st.data())
def test_bytes_changed_anywhere_in_an_envelope(place: int, data: st.DataObject) -> None:
    """One byte of one file: at worst another spelling, and there is no other spelling.

    Only the operator's key id may be spoilt without an error: his signature is not needed, and leaves a finding.
    """
    receipts = list(honest().receipts)
    raw = bytearray(receipts[place])
    spared = raw.find(keyid("operator").encode())
    offset = data.draw(st.integers(0, len(raw) - 1).filter(lambda n: spared < 0 or not spared <= n < spared + 64))
    raw[offset] ^= data.draw(st.integers(1, 255))
    receipts[place] = bytes(raw)
    with pytest.raises(VerificationError) as caught:
        judge(receipts)
    _one_line(caught.value)


@settings(max_examples=150, deadline=None)
@given(st.binary(max_size=200))
def test_any_bytes_as_a_receipt(data: bytes) -> None:
    for envelope in (data, FIRST + data, data + FIRST):
        if envelope == FIRST:
            continue
        with pytest.raises(InputError) as caught:
            Receipt.parse(envelope)
        _one_line(caught.value)
    with pytest.raises(InputError):
        TrustPolicy.from_bytes(data)


json_values = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**53) + 1, 2**53 - 1) | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=8), inner, max_size=4),
    max_leaves=12,
)


@settings(max_examples=150, deadline=None)
@given(st.sampled_from(sorted({s.type for s in steps()} | {"void", "sealed"})), json_values)
def test_any_json_as_a_body(kind: str, body: Any) -> None:
    head: dict[str, Any] = {
        "type": kind,
        "ceremony": NAME,
        "sequence": 1,
        "previous": None,
        "time": "2024-03-01T00:00:00Z",
    }
    envelope = signed_raw(encode({**head, "body": body}))
    with pytest.raises(VerificationError) as caught:
        judge([envelope])
    _one_line(caught.value)


def test_control_the_policy_of_the_kit_knows_its_keys() -> None:
    assert [s.keyid for s in Receipt.parse(honest().receipts[5]).signatures] == [keyid("organiser")]
