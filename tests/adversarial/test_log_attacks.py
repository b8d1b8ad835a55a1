"""Attacks on the agency's log: each by its name, with the check that stops it.

The attacker has the log's own key wherever that makes the attack stronger: a log is not trusted, it is watched.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable
from pathlib import Path

import attrs
import kit
import pytest

from dblrandom.adapters.publiclog.audit import audit_log, check_since
from dblrandom.adapters.publiclog.files import Log, prove, read_log, request
from dblrandom.adapters.publiclog.folder import append, init
from dblrandom.adapters.publiclog.witness import cosign_request, seen
from dblrandom.ceremony import Ceremony
from dblrandom.errors import StepError, VerificationError
from dblrandom.evidence import Transcript
from dblrandom.kernel.merkle import inclusion_path
from dblrandom.kernel.suite import SHA256
from dblrandom.tlog import (
    LOG_KEY,
    WITNESS_KEY,
    AddCheckpoint,
    Checkpoint,
    LogEntry,
    LogFinding,
    LogProof,
    Note,
    NoteSignature,
    VerifierKey,
    cosign,
    sign_checkpoint,
    verify_proof,
)
from dblrandom.tlog.tiles import files
from dblrandom.tlog.tree import consistency_path, root_of

ORIGIN = "log.agency.example/receipts"
OPERATOR = kit.signer("log")
LOG = VerifierKey.of(ORIGIN, LOG_KEY, OPERATOR)
NAMES = ("notary.example/log", "archive.example/log")
WITNESSES = tuple(VerifierKey.of(name, WITNESS_KEY, kit.signer(name)) for name in NAMES)
TIME = "2024-03-01T01:00:00Z"
AS_OF = "2025-01-01T00:00:00Z"


def entry(number: int, label: str = "") -> LogEntry:
    digest = SHA256.hexhash(f"synthetic receipt {number} {label}".encode())
    return LogEntry(
        ceremony=f"synthetic-{number}",
        sequence=1,
        type="commitment",
        time=TIME,
        suite="sha256",
        digest=digest,
        previous=None,
        payload_sha256=digest,
    )


ENTRIES = tuple(entry(number) for number in range(7))


def signed(entries: tuple[LogEntry, ...], origin: str = ORIGIN) -> Note:
    checkpoint = Checkpoint(origin=origin, size=len(entries), root=root_of([e.leaf for e in entries]))
    return sign_checkpoint(checkpoint, OPERATOR)


def cosigned(note: Note, *names: str, time: str = TIME) -> Note:
    lines = [cosign(note.text, name=name, signer=kit.signer(name), time=time) for name in names or NAMES]
    return Note(note.text, (*note.signatures, *lines))


def proof(index: int = 2, note: Note | None = None) -> LogProof:
    path = inclusion_path(SHA256, [e.leaf for e in ENTRIES], index)
    return LogProof(index=index, path=tuple(path), checkpoint=(note or cosigned(signed(ENTRIES))).full)


def refused(text: str, says: str, *, of: LogEntry = ENTRIES[2], as_of: str | None = AS_OF) -> None:
    with pytest.raises(VerificationError) as caught:
        verify_proof(text, entry=of.data, log_vkey=LOG, witness_vkeys=WITNESSES, threshold=2, as_of=as_of)
    assert says in str(caught.value)
    assert caught.value.check == "log"


def write(place: Path, entries: tuple[LogEntry, ...]) -> Path:
    """A log's public files as its operator could write them without this program."""
    shutil.rmtree(place, ignore_errors=True)
    found = dict(files([e.data for e in entries], [e.leaf for e in entries]))
    found |= {"checkpoint": signed(entries).full.encode(), "vkey": f"{LOG.text}\n".encode()}
    for path, data in found.items():
        (place / path).parent.mkdir(parents=True, exist_ok=True)
        (place / path).write_bytes(data)
    return place


def witness(log: Log, memory: Path, *, old: int) -> NoteSignature:
    first = ORIGIN not in seen(memory)
    return cosign_request(
        request(log, old).text, memory=memory, name=NAMES[0], key=kit.signer(NAMES[0]), log=LOG, time=TIME, first=first
    )


def test_the_sound_proof_holds() -> None:
    logged = verify_proof(
        proof().text, entry=ENTRIES[2].data, log_vkey=LOG, witness_vkeys=WITNESSES, threshold=2, as_of=AS_OF
    )
    assert (logged.index, logged.size, logged.time) == (2, 7, TIME)


# What the operator can do to his log


def test_log_that_forks(tmp_path: Path) -> None:
    """Two roots for one size, both signed: no witness signs the second, and no auditor who kept the first takes it."""
    honest = read_log(write(tmp_path / "log", ENTRIES), LOG)
    witness(honest, tmp_path / "memory", old=0)
    forked = read_log(write(tmp_path / "fork", (*ENTRIES[:6], entry(6, "other"))), LOG)
    for old in (0, 7):
        with pytest.raises(VerificationError, match="the log forks: two roots for 7 entries"):
            witness(forked, tmp_path / "memory", old=old)
    with pytest.raises(VerificationError, match="the log forks: two roots for 7 entries"):
        check_since(forked, honest.note.full)
    assert seen(tmp_path / "memory")[ORIGIN].root == honest.checkpoint.root.hex()


def test_log_that_shrinks(tmp_path: Path) -> None:
    honest = read_log(write(tmp_path / "log", ENTRIES), LOG)
    witness(honest, tmp_path / "memory", old=0)
    shorter = read_log(write(tmp_path / "log", ENTRIES[:5]), LOG)
    with pytest.raises(VerificationError, match="the log shrinks, from 7 entries to 5"):
        witness(shorter, tmp_path / "memory", old=5)
    with pytest.raises(VerificationError, match="the log shrinks, from 7 entries to 5"):
        request(shorter, 7)
    with pytest.raises(VerificationError, match="the log shrinks, from 7 entries to 5"):
        check_since(shorter, honest.note.full)


def test_rewritten_entry_in_a_longer_log(tmp_path: Path) -> None:
    honest = read_log(write(tmp_path / "log", ENTRIES[:5]), LOG)
    witness(honest, tmp_path / "memory", old=0)
    rewritten = read_log(write(tmp_path / "log", (entry(0, "other"), *ENTRIES[1:])), LOG)
    for path in (consistency_path(rewritten.leaves, 5), consistency_path([e.leaf for e in ENTRIES], 5)):
        asked = AddCheckpoint(old=5, path=tuple(path), checkpoint=rewritten.note.full)
        with pytest.raises(VerificationError, match="the log was rewritten"):
            cosign_request(
                asked.text,
                memory=tmp_path / "memory",
                name=NAMES[0],
                key=kit.signer(NAMES[0]),
                log=LOG,
                time=TIME,
            )
    with pytest.raises(VerificationError, match="the log was rewritten"):
        check_since(rewritten, honest.note.full)


def test_witness_that_is_asked_to_forget(tmp_path: Path) -> None:
    """A request from size 0 would need no consistency proof; a witness who knows a size begins there."""
    witness(read_log(write(tmp_path / "log", ENTRIES[:5]), LOG), tmp_path / "memory", old=0)
    longer = read_log(write(tmp_path / "log", (entry(0, "other"), *ENTRIES[1:])), LOG)
    with pytest.raises(StepError, match="cosigned 5 entries"):
        witness(longer, tmp_path / "memory", old=0)


def test_fork_inside_a_ceremony(tmp_path: Path) -> None:
    """A second commitment under the same name: the log of an agency refuses it, an audit of a forged log lists it."""
    init(tmp_path / "log", origin=ORIGIN, key=OPERATOR)
    first, second = _one(kit.NAME, "1"), _one(kit.NAME, "2")
    append(tmp_path / "log", [first], key=OPERATOR)
    before = (tmp_path / "log" / "checkpoint").read_bytes()
    with pytest.raises(StepError, match="a fork inside the ceremony; nothing was added"):
        append(tmp_path / "log", [second], key=OPERATOR)
    assert (tmp_path / "log" / "checkpoint").read_bytes() == before
    both = tuple(LogEntry.of_payload(one.receipts[0].payload, one.suite) for one in (first, second))
    found = audit_log(read_log(write(tmp_path / "forged", both), LOG), until=AS_OF)
    assert LogFinding.FORK in [finding for finding, _ in found.findings]
    assert len(found.open) == 2


def _one(name: str, period: str) -> Transcript:
    """A ceremony of one receipt, its commitment for a period."""
    made = Ceremony.open(name, attrs.evolve(kit.plan(), period=period), kit.committed_rosters().values())
    made.commit(
        entropy=[kit.chain_source()],
        signers=kit.declared(),
        deadlines=kit.DEADLINES,
        time=kit.COMMITTED,
        keys=[kit.signer(name) for name in ("organiser", "discipline", "trade", "operator")],
    )
    return made


def test_ten_ceremonies_of_which_one_is_published(tmp_path: Path) -> None:
    """Whoever lets the log see ten commitments, as he must to have one of them dated, is left with nine to explain."""
    init(tmp_path / "log", origin=ORIGIN, key=OPERATOR)
    tries = [_one(f"try-{number}", "2024") for number in range(10)]
    append(tmp_path / "log", tries, key=OPERATOR)
    drawn = [
        attrs.evolve(
            LogEntry.of_payload(tries[4].receipts[0].payload, SHA256),
            type=kind,
            sequence=sequence,
            previous=before,
            digest=digest,
            payload_sha256=digest,
        )
        for kind, sequence, before, digest in (
            ("reveal", 2, str(tries[4].head), "aa" * 32),
            ("draw", 3, "aa" * 32, "bb" * 32),
        )
    ]
    log = read_log(tmp_path / "log", LOG)
    log = read_log(write(tmp_path / "log", (*log.entries, *drawn)), LOG)
    found = audit_log(log, until=AS_OF)
    assert [made.entry.ceremony for made in found.open] == [f"try-{n}" for n in range(10) if n != 4]
    assert [finding for finding, _ in found.findings] == [LogFinding.OPEN_COMMITMENT] * 9
    with_receipts = audit_log(log, until=AS_OF, ceremonies=tries)
    assert [made.due for made in with_receipts.open] == [True] * 9
    details = [detail for finding, detail in with_receipts.findings if finding is LogFinding.SAME_PERIOD]
    assert len(details) == 1
    assert "committed 10 times for 2024" in details[0]
    assert "'try-4' (drawn)" in details[0]


def test_ten_ceremonies_all_drawn_and_one_published(tmp_path: Path) -> None:
    """Entries that say of nine that they were drawn do not help: nobody has seen the draws."""
    entries = [
        attrs.evolve(
            e, sequence=s, type=t, previous=None if s == 1 else f"{s - 1:02x}" * 32, digest=d, payload_sha256=d
        )
        for e in ENTRIES
        for s, t in ((1, "commitment"), (2, "reveal"), (3, "draw"))
        for d in (f"{s:02x}" * 32,)
    ]
    log = read_log(write(tmp_path / "log", tuple(entries)), LOG)
    assert audit_log(log, until=AS_OF).open == ()
    found = audit_log(log, until=AS_OF, ceremonies=[])
    assert [finding for finding, _ in found.findings] == [LogFinding.NOT_PUBLISHED] * 7


# What can be done to a proof


def test_note_with_a_second_signature_by_the_same_key() -> None:
    note = cosigned(signed(ENTRIES), NAMES[0])
    twice = cosigned(note, NAMES[0], time="2024-03-01T02:00:00Z")
    refused(proof(note=twice).text, f"a second signature by the same key, {NAMES[0]}")
    log_twice = Note(note.text, (note.signatures[0], *note.signatures))
    refused(proof(note=log_twice).text, f"a second signature by the same key, {ORIGIN}")


def test_one_witness_under_two_names() -> None:
    """The signed message has no name in it, so a second line by the same key costs nothing."""
    note = signed(ENTRIES)
    lines = [cosign(note.text, name=name, signer=kit.signer(NAMES[0]), time=TIME) for name in NAMES]
    refused(proof(note=Note(note.text, (*note.signatures, *lines))).text, "1 known witnesses cosigned, and 2")


def test_cosignature_over_another_origin() -> None:
    other = cosigned(signed(ENTRIES, "other.example"))
    mixed = Note(signed(ENTRIES).text, (*signed(ENTRIES).signatures, *other.signatures[1:]))
    refused(proof(note=mixed).text, "does not hold")
    refused(proof(note=other).text, f"no signature by the log {ORIGIN}")


def test_checkpoint_of_another_origin_signed_with_the_logs_key_name() -> None:
    text = signed(ENTRIES, "other.example").text
    signature = NoteSignature(ORIGIN, LOG.key_id, OPERATOR.sign(text.encode()))
    refused(proof(note=Note(text, (signature,))).text, "its origin is 'other.example'")


def test_cosignature_from_the_future() -> None:
    note = cosigned(signed(ENTRIES), time="2025-01-01T00:00:01Z")
    refused(proof(note=note).text, "is from the future: 2025-01-01T00:00:01Z")
    far = kit.signer(NAMES[0]).sign(b"cosignature/v1\ntime %d\n" % 2**63 + note.text.encode())
    line = NoteSignature(NAMES[0], WITNESSES[0].key_id, (2**63).to_bytes(8, "big") + far)
    refused(proof(note=Note(note.text, (note.signatures[0], line))).text, "is not a time", as_of=None)


def test_cosignature_without_timestamp() -> None:
    note = signed(ENTRIES)
    plain = NoteSignature(NAMES[0], WITNESSES[0].key_id, kit.signer(NAMES[0]).sign(note.text.encode()))
    refused(proof(note=Note(note.text, (*note.signatures, plain))).text, "has no time")
    at_zero = kit.signer(NAMES[0]).sign(b"cosignature/v1\ntime 0\n" + note.text.encode())
    zero = NoteSignature(NAMES[0], WITNESSES[0].key_id, bytes(8) + at_zero)
    refused(proof(note=Note(note.text, (*note.signatures, zero))).text, "has no time")


def test_cosignature_with_another_time_than_was_signed() -> None:
    note = cosigned(signed(ENTRIES))
    line = note.signatures[1]
    earlier = attrs.evolve(line, value=bytes(8)[:7] + b"\x01" + line.value[8:])
    refused(proof(note=Note(note.text, (note.signatures[0], earlier))).text, "does not hold")


def test_signature_by_a_stranger_is_never_counted() -> None:
    note = cosigned(signed(ENTRIES), NAMES[0], "stranger.example")
    refused(proof(note=note).text, "1 known witnesses cosigned, and 2 are asked for")


def test_proof_for_another_leaf() -> None:
    refused(proof(2).text, "entry 2 of 7 is another one", of=ENTRIES[3])
    refused(proof(2).text.replace("index 2", "index 3"), "entry 3 of 7 is another one")


def test_index_out_of_range() -> None:
    refused(proof(2).text.replace("index 2", "index 7"), "there is no leaf 7 in a tree of 7")
    refused(proof(2).text.replace("index 2", f"index {2**53}"), "the greatest index")


def test_node_of_the_tree_passed_off_as_an_entry() -> None:
    """An inner node's two hashes as an entry: leaves and nodes are hashed with different first bytes."""
    leaves = [e.leaf for e in ENTRIES]
    path = inclusion_path(SHA256, leaves, 0)
    inner = LogProof(index=0, path=tuple(path[1:]), checkpoint=cosigned(signed(ENTRIES)).full)
    with pytest.raises(VerificationError):
        verify_proof(
            inner.text, entry=leaves[0] + leaves[1], log_vkey=LOG, witness_vkeys=WITNESSES, threshold=2, as_of=AS_OF
        )


BAD_CHECKPOINTS: tuple[tuple[str, Callable[[str], str], str], ...] = (
    ("leading zeros", lambda text: text.replace("\n7\n", "\n07\n"), "leading zeros"),
    ("huge size", lambda text: text.replace("\n7\n", "\n" + "9" * 30 + "\n"), "the greatest size"),
    ("junk line", lambda text: text.replace("\n7\n", "\n7\njunk\n"), "4 lines"),
    ("empty line", lambda text: text + "\n", "4 lines"),
    ("signed extension line", lambda text: text + "extension\n", "without extension lines"),
)


@pytest.mark.parametrize(("name", "change", "says"), BAD_CHECKPOINTS, ids=[name for name, _, _ in BAD_CHECKPOINTS])
def test_malformed_checkpoint_that_the_log_signs(name: str, change: Callable[[str], str], says: str) -> None:
    text = change(signed(ENTRIES).text)
    note = Note(text, (NoteSignature(ORIGIN, LOG.key_id, OPERATOR.sign(text.encode())),))
    refused(proof(note=cosigned(note)).text, says)


@pytest.mark.parametrize("change", [c for _, c, _ in BAD_CHECKPOINTS], ids=[name for name, _, _ in BAD_CHECKPOINTS])
def test_unsigned_lines_in_a_checkpoint(change: Callable[[str], str]) -> None:
    """An extension line, or any other change, that was added after the log signed."""
    note = cosigned(signed(ENTRIES))
    refused(proof(note=Note(change(note.text), note.signatures)).text, "the signature by log.agency.example/receipts")


# What can be done to the files


def many(count: int) -> tuple[LogEntry, ...]:
    return tuple(entry(number) for number in range(count))


@pytest.mark.parametrize(
    ("path", "change", "says"),
    [
        ("tile/0/000.p/7", lambda data: data[:-1], "a tile of 7 hashes has 224"),
        ("tile/0/000.p/7", lambda data: data[:-32], "a tile of 7 hashes has 224"),
        ("tile/0/000.p/7", lambda data: data + bytes(32), "a tile of 7 hashes has 224"),
        ("tile/0/000.p/7", lambda data: bytes(32) + data[32:], "not the one whose hash stands there"),
        ("tile/entries/000.p/7", lambda data: data[:-1], "cut off"),
        ("tile/entries/000.p/7", lambda data: data + b"\x00", "1 bytes after its 7 entries"),
        ("tile/entries/000.p/7", lambda data: b"\xff\xff" + data[2:], "cut off"),
        ("tile/entries/000.p/7", lambda data: b"\x00\x00" + data[2:], "entry 1 of 7 is cut off"),
        ("tile/entries/000.p/7", lambda data: data.replace(b"commitment", b"commitmenX", 1), "commitmenX"),
        ("tile/entries/000.p/7", lambda data: data.replace(b"synthetic-3", b"synthetic-9", 1), "hash stands there"),
    ],
    ids=[
        "truncated tile",
        "tile without its last hash",
        "tile with an extra hash",
        "tile with another hash",
        "truncated bundle",
        "bundle with a byte too many",
        "bundle with a length beyond its end",
        "bundle with an empty entry",
        "entry that is malformed",
        "rewritten entry",
    ],
)
def test_damaged_file(tmp_path: Path, path: str, change: Callable[[bytes], bytes], says: str) -> None:
    place = write(tmp_path / "log", ENTRIES)
    (place / path).write_bytes(change((place / path).read_bytes()))
    with pytest.raises(VerificationError) as caught:
        read_log(place, LOG)
    assert says in str(caught.value)


def test_rewritten_entry_with_its_tile(tmp_path: Path) -> None:
    """Entry and tile fit together, and the checkpoint that stands is the old one."""
    note = signed(ENTRIES).full
    place = write(tmp_path / "log", (*ENTRIES[:3], entry(3, "other"), *ENTRIES[4:]))
    (place / "checkpoint").write_bytes(note.encode())
    with pytest.raises(VerificationError, match="do not lead to the signed root"):
        read_log(place, LOG)


def test_upper_tile_of_another_tree(tmp_path: Path) -> None:
    """Proofs are often made from upper tiles alone, so they are held against the entries too."""
    place = write(tmp_path / "log", many(257))
    (place / "tile/1/000.p/1").write_bytes(bytes(32))
    with pytest.raises(VerificationError, match=r"000.p.1: is not what the entries lead to"):
        read_log(place, LOG)


@pytest.mark.parametrize("path", ["tile/0/000.p/7", "tile/entries/000.p/7"])
def test_missing_file(tmp_path: Path, path: str) -> None:
    place = write(tmp_path / "log", ENTRIES)
    (place / path).unlink()
    with pytest.raises(VerificationError, match="is missing"):
        read_log(place, LOG)


def test_full_file_stands_in_for_the_partial_one(tmp_path: Path) -> None:
    """No attack, but a copy taken while the log grew; C2SP lets the partial file go once the full one is there."""
    place = write(tmp_path / "log", many(256))
    (place / "checkpoint").write_bytes(signed(many(255)).full.encode())
    assert read_log(place, LOG).entries == many(255)


def test_log_that_claims_more_than_it_has(tmp_path: Path) -> None:
    """A signed size of 2^53-1 must not make a reader count up to it."""
    place = write(tmp_path / "log", ENTRIES)
    huge = sign_checkpoint(Checkpoint(origin=ORIGIN, size=2**53 - 1, root=bytes(32)), OPERATOR)
    (place / "checkpoint").write_bytes(huge.full.encode())
    with pytest.raises(VerificationError, match="is missing"):
        read_log(place, LOG)


def test_archived_checkpoint_of_another_tree(tmp_path: Path) -> None:
    place = write(tmp_path / "log", ENTRIES)
    (place / "checkpoints").mkdir()
    other = cosigned(signed((entry(0, "other"), *ENTRIES[1:4])))
    (place / "checkpoints" / "4").write_bytes(other.full.encode())
    with pytest.raises(VerificationError, match="is not of the first 4 entries: the log forks"):
        prove(read_log(place, LOG), "synthetic-1", 1)


def test_log_without_its_operators_key(tmp_path: Path) -> None:
    """The key in the folder proves nothing; the one from outside does."""
    place = write(tmp_path / "log", ENTRIES)
    other = VerifierKey.of(ORIGIN, LOG_KEY, kit.signer("other"))
    with pytest.raises(VerificationError, match="no signature by the log"):
        read_log(place, other)
