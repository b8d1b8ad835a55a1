"""Entries, proofs and requests: what they say, what is refused, and which moment a proof vouches for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import attrs
import ceremonies as kit
import pytest

from dblrandom.errors import CanonicalError, InputError, KeyFileError, ReceiptError, VerificationError
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.merkle import inclusion_path
from dblrandom.kernel.suite import SHA256, SM3
from dblrandom.tlog import (
    LOG_KEY,
    WITNESS_KEY,
    AddCheckpoint,
    Checkpoint,
    LogEntry,
    LogProof,
    Note,
    VerifierKey,
    cosign,
    sign_checkpoint,
    verify_proof,
)
from dblrandom.tlog.tree import root_of

ORIGIN = "log.example/receipts"
LOG = VerifierKey.of(ORIGIN, LOG_KEY, kit.key("log"))
NAMES = ("w1.example", "w2.example", "w3.example")
WITNESSES = tuple(VerifierKey.of(name, WITNESS_KEY, kit.key(name)) for name in NAMES)
TIMES = ("2024-03-01T03:00:00Z", "2024-03-01T01:00:00Z", "2024-03-01T02:00:00Z")


def entry(number: int) -> LogEntry:
    digest = kit.h32(f"digest {number}").hex()
    return LogEntry(
        ceremony=f"synthetic-{number}",
        sequence=1,
        type="commitment",
        time=kit.COMMITTED,
        suite="sha256",
        digest=digest,
        previous=None,
        payload_sha256=digest,
    )


ENTRIES = [entry(number) for number in range(5)]
LEAVES = [one.leaf for one in ENTRIES]


def proof(index: int = 3, size: int = 5, cosigners: Sequence[str] = NAMES) -> LogProof:
    note = sign_checkpoint(Checkpoint(origin=ORIGIN, size=size, root=root_of(LEAVES[:size])), kit.key("log"))
    for name, time in zip(NAMES, TIMES, strict=True):
        if name in cosigners:
            line = cosign(note.text, name=name, signer=kit.key(name), time=time)
            note = Note(note.text, (*note.signatures, line))
    path = inclusion_path(SHA256, LEAVES[:size], index)
    return LogProof(index=index, path=tuple(path), checkpoint=note.full)


def check(text: object, index: int = 3, **changes: Any) -> Any:
    basic = {"entry": ENTRIES[index].data, "log_vkey": LOG, "witness_vkeys": WITNESSES, "threshold": 2}
    return verify_proof(text, **basic | changes)


@pytest.mark.parametrize(("threshold", "time"), list(enumerate(sorted(TIMES), 1)))
def test_a_proof_dates_by_the_last_witness_that_was_needed(threshold: int, time: str) -> None:
    logged = check(proof().text, threshold=threshold)
    assert (logged.origin, logged.index, logged.size, logged.time) == (ORIGIN, 3, 5, time)
    assert [given.witness for given in logged.witnesses] == ["w2.example", "w3.example", "w1.example"]
    assert logged.to_json()["witnesses"][0] == {"name": "w2.example", "time": TIMES[1]}


@pytest.mark.parametrize("size", [1, 2, 3, 4, 5])
def test_every_entry_of_every_size_is_proved(size: int) -> None:
    for index in range(size):
        made = proof(index, size)
        assert LogProof.parse(made.text) == made
        assert check(made.text, index).index == index


def test_too_few_cosignatures_date_nothing() -> None:
    for cosigners in ((), NAMES[:1]):
        with pytest.raises(VerificationError, match=f"{len(cosigners)} known witnesses cosigned, and 2 are asked for"):
            check(proof(cosigners=cosigners).text)


@pytest.mark.parametrize("threshold", [0, -1, True, 4, "2", None, 2.0])
def test_thresholds_that_make_no_sense(threshold: Any) -> None:
    with pytest.raises(InputError):
        check(proof().text, threshold=threshold)


def test_keys_that_make_no_sense_together() -> None:
    again = VerifierKey.of("second-name.example", WITNESS_KEY, kit.key(NAMES[0]))
    own = VerifierKey.of("own.example", WITNESS_KEY, kit.key("log"))
    for witnesses, says in (((*WITNESSES, again), "are one key"), ((own,), "are one key"), ((LOG,), "not a witness")):
        with pytest.raises(KeyFileError, match=says):
            check(proof().text, witness_vkeys=witnesses, threshold=1)
    with pytest.raises(KeyFileError, match="not a log's"):
        check(proof().text, log_vkey=WITNESSES[0])


TEXT = proof().text


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cut off"),
        (TEXT[:-1], "cut off"),
        (TEXT.replace("@v1", "@v2"), "does not begin"),
        (TEXT.replace("index 3", "index 03"), "leading zeros"),
        (TEXT.replace("index 3", "index -3"), "leading zeros"),
        (TEXT.replace("index 3", "index 9" + "9" * 20), "greatest index"),
        (TEXT.replace("index 3", "extra AAAA\nindex 3"), "extra data"),
        (TEXT.replace("index 3\n", ""), "line of the index"),
        (TEXT.replace("index 3\n", "index 3\nAAAA\n"), "3 bytes"),
        (TEXT.replace("index 3\n", "index 3\n" + "A" * 43 + "=\n"), "longer"),
        (TEXT.replace("index 3\n", "index 3\n" + ("A" * 43 + "=\n") * 64), "at most 63"),
        (TEXT.replace("\n", "\r\n"), "U+000D"),
        (TEXT.split("\n\n")[0] + "\n\n", "cut off"),
        (TEXT.encode(), "not text"),
        (None, "not text"),
    ],
)
def test_proofs_that_are_refused(text: object, says: str) -> None:
    with pytest.raises(VerificationError) as caught:
        check(text)
    assert says in str(caught.value)
    assert caught.value.check == "log"


def test_an_entry_is_what_the_receipts_payload_says() -> None:
    for suite in (SHA256, SM3):
        made = kit.committed(suite=suite)
        for receipt in made.receipts:
            one = LogEntry.of_payload(receipt.payload, suite)
            assert (one.ceremony, one.sequence, one.type, one.time) == (
                receipt.ceremony,
                receipt.sequence,
                receipt.type,
                receipt.time,
            )
            assert (one.digest, one.previous, one.suite) == (receipt.digest(suite), receipt.previous, suite.name)
            assert one.payload_sha256 == SHA256.hexhash(receipt.payload)
            assert LogEntry.parse(one.data) == one
            assert len(one.data) < 600


@pytest.mark.parametrize(
    ("changes", "says"),
    [
        ({"sequence": 0}, "sequence"),
        ({"sequence": True}, "sequence"),
        ({"sequence": 2}, "no other"),
        ({"previous": "ab" * 32}, "no other"),
        ({"previous": "AB" * 32, "sequence": 2}, "previous"),
        ({"ceremony": "A B"}, "ceremony"),
        ({"type": ""}, "type"),
        ({"time": "2024-03-01"}, "time"),
        ({"suite": "md5"}, "md5"),
        ({"digest": "ab" * 31}, "digest"),
        ({"payload_sha256": "ab" * 32}, "not the digest"),
        ({"more": 1}, "more"),
        ({"time": None}, "not text"),
    ],
)
def test_entries_that_are_refused(changes: dict[str, Any], says: str) -> None:
    members = decode(ENTRIES[0].data)
    assert isinstance(members, dict)
    with pytest.raises(ReceiptError) as caught:
        LogEntry.parse(encode(members | changes))
    assert says in str(caught.value)


def test_entries_have_one_form() -> None:
    with pytest.raises(CanonicalError):
        LogEntry.parse(ENTRIES[0].data + b" ")
    with pytest.raises(ReceiptError, match="at most 65535"):
        LogEntry.parse(bytes(65536))
    members = decode(ENTRIES[0].data)
    assert isinstance(members, dict)
    with pytest.raises(ReceiptError, match="missing"):
        LogEntry.parse(encode({name: value for name, value in members.items() if name != "digest"}))
    with pytest.raises(ReceiptError):
        LogEntry.of_payload(b"[]", SHA256)
    with pytest.raises(ReceiptError):
        attrs.evolve(ENTRIES[0], digest="x")


def test_requests_are_read_as_they_are_written() -> None:
    made = AddCheckpoint(old=3, path=(bytes(32), bytes(range(32))), checkpoint=proof().checkpoint)
    assert AddCheckpoint.parse(made.text) == made
    assert made.text.startswith("old 3\n" + "A" * 43 + "=\n")


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "cut off"),
        ("\n", "old size"),
        ("size 3\n\nx\n", "old size"),
        ("old 03\n\nx\n", "leading zeros"),
        ("old 3\nx\n\nx\n", "base64"),
        ("old 3\n" + ("A" * 43 + "=\n") * 64 + "\nx\n", "at most 63"),
        ("old 3\n", "no empty line"),
    ],
)
def test_requests_that_are_refused(text: str, says: str) -> None:
    with pytest.raises(InputError) as caught:
        AddCheckpoint.parse(text)
    assert says in str(caught.value)
