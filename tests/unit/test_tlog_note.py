"""Notes, keys, checkpoints and cosignatures, against public known answers and in every malformed form."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import ceremonies as kit
import pytest

from dblrandom.errors import InputError, KeyFileError, VerificationError
from dblrandom.kernel.signing import verify_ed25519
from dblrandom.tlog import (
    LOG_KEY,
    WITNESS_KEY,
    Checkpoint,
    Note,
    VerifierKey,
    check_cosignature,
    cosign,
    open_checkpoint,
    sign_checkpoint,
)
from dblrandom.tlog.note import MAX_SIGNATURES, read_signature_lines

KNOWN: dict[str, Any] = json.loads((Path(__file__).parents[1] / "vectors/tlog_notes.json").read_text("utf-8"))
RECORDED = KNOWN["recorded"]
ROOT = bytes(range(32))
CHECKPOINT = Checkpoint(origin="log.example/receipts", size=5, root=ROOT)
LOG = VerifierKey.of("log.example/receipts", LOG_KEY, kit.key("log"))
TIME = "2024-03-01T00:00:00Z"


@pytest.mark.parametrize("known", KNOWN["plain"], ids=lambda k: k["vkey"].split("+")[0])
def test_known_notes_verify(known: dict[str, str]) -> None:
    key = VerifierKey.parse(known["vkey"])
    note = Note.parse(known["note"])
    signature = note.signature_of(key)
    assert signature is not None
    verify_ed25519(key.public_key, signature.value, note.text.encode())
    assert (key.text, note.full, key.type) == (known["vkey"], known["note"], LOG_KEY)
    assert known.get("key_hex", key.public_key.hex()) == key.public_key.hex()


def test_recorded_checkpoint_and_its_four_cosignatures_verify() -> None:
    note, checkpoint = open_checkpoint(RECORDED["checkpoint"], VerifierKey.parse(RECORDED["log"]))
    assert checkpoint.size == RECORDED["size"]
    assert checkpoint.text == note.text
    for text in RECORDED["witnesses"]:
        given = check_cosignature(note, VerifierKey.parse(text))
        assert given is not None
        assert given.time == "2026-05-23T21:50:24Z"


def test_a_key_that_is_not_asked_for_counts_for_nothing() -> None:
    note = Note.parse(RECORDED["checkpoint"])
    stranger = VerifierKey.of("stranger.example", WITNESS_KEY, kit.key("stranger"))
    assert check_cosignature(note, stranger) is None


@pytest.mark.parametrize("text", [*KNOWN["refused_vkeys"], "", "a", "a+00000000", "a+zz+AA==", 7, None, "a+00000000+"])
def test_vkeys_that_are_refused(text: object) -> None:
    with pytest.raises(KeyFileError):
        VerifierKey.parse(text)


def test_every_part_of_a_vkey_counts() -> None:
    text = KNOWN["plain"][0]["vkey"]
    for at in range(len(text)):
        for other in (text[:at], text[:at] + chr(ord(text[at]) + 1) + text[at + 1 :]):
            with pytest.raises(KeyFileError):
                VerifierKey.parse(other)


@pytest.mark.parametrize("name", ["", "a b", "a+b", "a\u00a0b", "a\n", "x" * 256, "\ud800", "a\u202eb", 3])
def test_names_that_no_key_can_have(name: Any) -> None:
    with pytest.raises(KeyFileError):
        VerifierKey.of(name, LOG_KEY, kit.key("log"))


@pytest.mark.parametrize("kind", [0, 2, 6, True, "1", None])
def test_types_that_are_not_known(kind: Any) -> None:
    with pytest.raises(KeyFileError, match="not known here"):
        VerifierKey.of("a.example", kind, kit.key("log"))


GOOD = sign_checkpoint(CHECKPOINT, kit.key("log")).full
LINE = GOOD.split("\n")[-2]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (GOOD[:-1], "cut off"),
        (GOOD.replace("\n\n", "\n"), "no text above"),
        ("\n" + LINE + "\n", "no text above"),
        (GOOD.replace("\u2014 ", "- "), "em dash"),
        (GOOD.replace("\u2014 log", "\u2014  log"), "name"),
        (GOOD.replace("receipts Hq", "receipts  Hq"), "base64"),
        (GOOD.replace("\n\n", "\n\r\n"), "U+000D"),
        (GOOD.replace("5\n", "5\t\n"), "U+0009"),
        (GOOD.replace("5\n", "5\ud800\n"), "U+D800"),
        (GOOD.rstrip("=\n") + "\n", "base64"),
        (GOOD.split("\n\n")[0] + "\n\n", "0 signatures"),
        (GOOD + f"{LINE}\n" * MAX_SIGNATURES, "signatures"),
        (GOOD.split("\n\n")[0] + "\n\n\u2014 a AAAAAA==\n", "no signature after"),
        (GOOD.split("\n\n")[0] + "\n\n\u2014 a+b AAAAAAAA\n", "key's name"),
        ("x" * 300_000 + "\n", "characters"),
        (b"bytes", "not text"),
    ],
)
def test_notes_that_are_refused(text: object, says: str) -> None:
    with pytest.raises(InputError) as caught:
        Note.parse(text)
    assert says in str(caught.value)


def test_a_text_may_have_empty_lines_of_its_own() -> None:
    text = f"one\n\ntwo\n\n{LINE}\n"
    assert Note.parse(text).text == "one\n\ntwo\n"
    assert Note.parse(text).full == text


def test_sixteen_signatures_are_read() -> None:
    """C2SP asks for at least so many."""
    assert len(Note.parse(GOOD + f"{LINE}\n" * 15).signatures) == 16


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("a\n05\n{root}\n", "leading zeros"),
        ("a\n-5\n{root}\n", "leading zeros"),
        ("a\n+5\n{root}\n", "leading zeros"),
        ("a\n٥\n{root}\n", "leading zeros"),
        ("a\n9007199254740992\n{root}\n", "greatest size"),
        ("a\n" + "9" * 100_000 + "\n{root}\n", "greatest size"),
        ("a\n5\n{root}\nextension\n", "extension lines"),
        ("a\n5\n", "2 lines"),
        ("a\n5\n{root}\n\n", "extension lines"),
        ("\n5\n{root}\n", "name"),
        ("a b\n5\n{root}\n", "name"),
        ("a\n5\nAAAA\n", "3 bytes"),
        ("a\n5\nnothing\n", "base64"),
        ("a\n0\n{root}\n", "hash of nothing"),
    ],
)
def test_checkpoints_that_are_refused(text: str, says: str) -> None:
    root = CHECKPOINT.text.split("\n")[2]
    with pytest.raises(InputError) as caught:
        Checkpoint.parse(text.replace("{root}", root))
    assert says in str(caught.value)


def test_a_checkpoint_is_what_its_text_says() -> None:
    assert Checkpoint.parse(CHECKPOINT.text) == CHECKPOINT
    for changes in ({"size": -1}, {"size": True}, {"root": b"short"}, {"origin": "a b"}, {"size": 2**53}):
        with pytest.raises(InputError):
            Checkpoint(**{"origin": "a", "size": 5, "root": ROOT} | changes)  # type: ignore[arg-type]


def test_only_the_logs_own_key_opens_a_checkpoint() -> None:
    assert open_checkpoint(GOOD, LOG)[1] == CHECKPOINT
    with pytest.raises(VerificationError, match="no signature by the log"):
        open_checkpoint(GOOD, VerifierKey.of("log.example/receipts", LOG_KEY, kit.key("other")))
    with pytest.raises(VerificationError, match="does not hold"):
        open_checkpoint(GOOD.replace("\n5\n", "\n6\n"), LOG)
    with pytest.raises(KeyFileError, match="a witness's, not a log's"):
        open_checkpoint(GOOD, VerifierKey.of("log.example/receipts", WITNESS_KEY, kit.key("log")))


def test_cosignatures_are_bound_to_time_text_and_key() -> None:
    key = VerifierKey.of("w.example", WITNESS_KEY, kit.key("w"))
    line = cosign(CHECKPOINT.text, name="w.example", signer=kit.key("w"), time=TIME)
    note = Note(CHECKPOINT.text, (line,))
    given = check_cosignature(note, key, as_of=TIME)
    assert given is not None
    assert (given.witness, given.time) == ("w.example", TIME)
    assert read_signature_lines(line.line) == (line,)
    with pytest.raises(VerificationError, match="does not hold"):
        check_cosignature(Note(CHECKPOINT.text.replace("5", "6"), (line,)), key)
    with pytest.raises(KeyFileError, match="not a witness's"):
        check_cosignature(note, LOG)
    for time in ("1970-01-01T00:00:00Z", "0900-01-01T00:00:00Z", "now"):
        with pytest.raises(InputError):
            cosign(CHECKPOINT.text, name="w.example", signer=kit.key("w"), time=time)


class OtherSigner:
    algorithm = "ml-dsa-44"
    public_key = bytes(1312)
    keyid = "0" * 64

    def sign(self, message: bytes) -> bytes:
        raise AssertionError(message)


def test_other_algorithms_do_not_sign_logs() -> None:
    for act in (
        lambda: sign_checkpoint(CHECKPOINT, OtherSigner()),
        lambda: cosign(CHECKPOINT.text, name="w", signer=OtherSigner(), time=TIME),
    ):
        with pytest.raises(KeyFileError, match="ed25519, not with ml-dsa-44"):
            act()
