"""What is fuzzed: one function for each reader, which gets bytes and may let out nothing but the library's own errors.

Where what was read has one form of its own, that is written and read again: it must be the same. The functions know
nothing of atheris; the tests replay the kept corpus with them.
"""

from __future__ import annotations

import contextlib
import io
import tempfile
from collections.abc import Callable
from pathlib import Path
from types import SimpleNamespace
from typing import Any

from dblrandom.errors import DblrandomError

Act = Callable[[bytes], object]
READERS: dict[str, Act] = {}

_PLACE = tempfile.TemporaryDirectory(prefix="dblrandom-fuzz-", dir="/dev/shm" if Path("/dev/shm").is_dir() else None)
PLACE = Path(_PLACE.name)


def reader(act: Act) -> Act:
    READERS[act.__name__] = act
    return act


def replay(name: str, data: bytes) -> None:
    """Let a reader read; the library's own errors are what an input that is not good should end in."""
    with contextlib.suppress(DblrandomError):
        READERS[name](data)


def text_of(data: bytes) -> str:
    return data.decode("utf-8", "surrogateescape")


def written(name: str, data: bytes) -> Path:
    place = PLACE / name
    place.write_bytes(data)
    place.chmod(0o600)
    return place


def same(one: object, other: object) -> None:
    if one != other:
        raise AssertionError(f"read again it is another: {one!r:.200} and {other!r:.200}")


# JSON


@reader
def canonical_json(data: bytes) -> None:
    from dblrandom.kernel.canonical import decode, encode

    same(encode(decode(data)), data)


@reader
def relay_json(data: bytes) -> None:
    from dblrandom.adapters.network.relays import json_answer
    from dblrandom.kernel.canonical import decode, encode

    found = json_answer(data, "relay")
    same(decode(encode(found)), found)


@reader
def json_file(data: bytes) -> None:
    from dblrandom.cli.jsonfile import read_json

    read_json(written("a.json", data))


@reader
def receipt(data: bytes) -> None:
    from dblrandom.evidence import Receipt

    same(Receipt.parse(data).envelope, data)


@reader
def receipt_body(data: bytes) -> None:
    """The type on the first line, then a body, as deep as a body is checked and a commitment is built of it."""
    from dblrandom.drawing import Commitment
    from dblrandom.evidence.bodies import check_body
    from dblrandom.kernel.canonical import decode

    kind, _, rest = data.partition(b"\n")
    body: Any = decode(rest)
    check_body(text_of(kind), body, "body")
    if kind == b"commitment":
        Commitment.from_json(body, "body").check()


@reader
def trust_policy(data: bytes) -> None:
    from dblrandom.evidence import TrustPolicy

    found = TrustPolicy.from_bytes(data)
    same(TrustPolicy.from_bytes(found.to_bytes()), found)


@reader
def witness_memory(data: bytes) -> None:
    from dblrandom.evidence.witnessing import WitnessMemory

    found = WitnessMemory.from_bytes(data)
    same(WitnessMemory.from_bytes(found.to_bytes()), found)


@reader
def roster_proof(data: bytes) -> None:
    from dblrandom.kernel.canonical import decode
    from dblrandom.kernel.suite import SHA256
    from dblrandom.roster import Manifest, Proof, verify_absence, verify_presence

    value: Any = decode(data)
    if not isinstance(value, dict):
        return
    proof = Proof.from_json(value.get("proof"), "proof")
    same(Proof.from_json(proof.to_json(), "proof"), proof)
    manifest = Manifest.from_json(value.get("manifest"), "manifest")
    with contextlib.suppress(DblrandomError):
        verify_presence(SHA256, manifest, proof)
    verify_absence(SHA256, manifest, proof)


# Files of the organiser


@reader
def plan_file(data: bytes) -> None:
    from dblrandom.model import planfile

    found = planfile.loads(text_of(data))
    same(planfile.loads(planfile.dumps(found)), found)


@reader
def plan_words(data: bytes) -> None:
    from dblrandom.model import reading
    from dblrandom.model.readwindow import read_window

    text = text_of(data)
    for read in (
        reading.read_quota,
        reading.read_frequency,
        reading.read_level,
        reading.read_methods,
        reading.read_directed,
        reading.read_targets,
        lambda words: read_window(words, 2024),
    ):
        with contextlib.suppress(DblrandomError):
            read(text)


@reader
def csv_file(data: bytes) -> None:
    """The first byte chooses the encoding."""
    from dblrandom.adapters.tables import ENCODINGS, read_csv

    encoding = ENCODINGS[data[0] % len(ENCODINGS)] if data else "utf-8"
    read_csv(written("a.csv", data[1:]), id="id", name="a", encoding=encoding)


@reader
def canonical_roster(data: bytes) -> None:
    from dblrandom.kernel.suite import SHA256
    from dblrandom.roster import Roster

    same(Roster.from_file(SHA256, "a", data).to_file(), data)


def _engine(name: str, data: bytes) -> None:
    from dblrandom.adapters.engines.arrowfiles import Files
    from dblrandom.adapters.engines.opening import open_roster

    place = written(name, data)
    with contextlib.suppress(DblrandomError):
        Files.open(place, "id", None, {}, "utf-8")
    open_roster(place, name="a", id="id", engine="datafusion")


@reader
def parquet_file(data: bytes) -> None:
    _engine("a.parquet", data)


@reader
def parquet_headers(data: bytes) -> None:
    """Only what this library itself reads of Parquet: the footer, and the structures of headers."""
    from dblrandom.adapters.engines._thrift import Malformed, Structures
    from dblrandom.adapters.engines.parquetbudget import check_footer

    with contextlib.suppress(Malformed, IndexError):
        Structures(64).read(data, 0)
    check_footer(str(written("h.parquet", b"PAR1" + data + len(data).to_bytes(4, "little") + b"PAR1")))


@reader
def arrow_file(data: bytes) -> None:
    _engine("a.arrow", data)


@reader
def arrow_messages(data: bytes) -> None:
    """Only what this library itself reads of Arrow: the footer, and the sizes in its messages."""
    from dblrandom.adapters.engines.ipcbudget import check_messages

    check_messages(str(written("m.arrow", data)))


@reader
def engine_csv(data: bytes) -> None:
    _engine("e.csv", data)


@reader
def engine_tsv(data: bytes) -> None:
    _engine("e.tsv", data)


# Keys, certificates, tokens


@reader
def key_file(data: bytes) -> None:
    from dblrandom.adapters.keyfiles import read_public_key, read_signer

    place = written("key.pem", data)
    with contextlib.suppress(DblrandomError):
        read_signer(place)
    read_public_key(place)


@reader
def secret_file(data: bytes) -> None:
    from dblrandom.adapters.secretfiles import read_secret

    read_secret(written("a.secret", data))


@reader
def certificate(data: bytes) -> None:
    from dblrandom.kernel.timestamps import certificate_name, certificates_from_pem
    from dblrandom.kernel.x509sig import RsaCertificate

    with contextlib.suppress(DblrandomError):
        for one in certificates_from_pem(data):
            certificate_name(one)
    RsaCertificate.from_pem(data.decode("latin-1"))


@reader
def der(data: bytes) -> None:
    from dblrandom.kernel._der import node

    node(data, "data")


@reader
def time_stamp(data: bytes) -> None:
    from dblrandom.kernel._token import read_token
    from dblrandom.kernel.timestamps import order_chain

    token = read_token(data)
    order_chain(token, ())


@reader
def age_file(data: bytes) -> None:
    from dblrandom.kernel.age import dearmor, open_age, read_age
    from dblrandom.kernel.tlock import read_lock

    for act in (lambda: dearmor(text_of(data)), lambda: read_lock(data), lambda: open_age(read_age(data), bytes(16))):
        with contextlib.suppress(DblrandomError):
            act()


# Beacons


@reader
def drand_answer(data: bytes) -> None:
    from dblrandom.adapters.network.relays import json_answer
    from dblrandom.beacons.drand import Round
    from dblrandom.beacons.drandchain import ChainInfo

    value = json_answer(data, "relay")
    with contextlib.suppress(DblrandomError):
        ChainInfo.from_json(value, "relay").hash  # noqa: B018
    Round.from_json(value, "relay")


@reader
def nist_answer(data: bytes) -> None:
    from dblrandom.adapters.network.nist import pulse_of
    from dblrandom.adapters.network.relays import json_answer
    from dblrandom.beacons.nistcerts import PINNED

    found = pulse_of(json_answer(data, "relay"), "relay")
    for known in PINNED.values():
        with contextlib.suppress(DblrandomError):
            found.check(known.pem)


@reader
def public_form(data: bytes) -> None:
    """The form on the first line, and after it what somebody wrote down."""
    from dblrandom.beacons.forms import Form, canonical_value

    form, _, text = text_of(data).partition("\n")
    Form.parse(form, "form")
    value = canonical_value(form, text)
    same(canonical_value(form, value), value)


@reader
def chain_files(data: bytes) -> None:
    from dblrandom.adapters.hashchains.files import ChainInfo, Pulse
    from dblrandom.kernel.canonical import decode

    value = decode(data)
    with contextlib.suppress(DblrandomError):
        found = ChainInfo.from_json(value, "chain")
        same(ChainInfo.from_json(found.to_json(), "chain"), found)
    Pulse.from_json(value, "pulse")


class _Connection:
    """A connection on which a whole request is there at once."""

    def __init__(self, data: bytes) -> None:
        self._data, self.sent = io.BytesIO(data), io.BytesIO()

    def recv(self, size: int) -> bytes:
        return self._data.read(size)

    def sendall(self, data: bytes) -> None:
        self.sent.write(data)

    def makefile(self, mode: str, *given: object) -> io.BytesIO:
        return io.BytesIO()

    def settimeout(self, seconds: float) -> None: ...

    def setsockopt(self, *given: object) -> None: ...

    def shutdown(self, how: int) -> None: ...


@reader
def server_request(data: bytes) -> None:
    from dblrandom.adapters.hashchains.answers import answer
    from dblrandom.adapters.hashchains.files import ChainInfo
    from dblrandom.adapters.hashchains.server import _Handler
    from dblrandom.beacons import ChainSchedule
    from dblrandom.kernel.suite import SHA256

    info = ChainInfo(
        tip="0" * 64,
        suite=SHA256,
        operator="0" * 64,
        schedule=ChainSchedule(genesis="2024-01-01T00:00:00Z", period=60, length=10),
    )
    revealer: Any = SimpleNamespace(
        info=info, last=0, due=0, time="2024-01-01T00:00:00Z", troubles={}, folder=PLACE, health=dict
    )
    server: Any = SimpleNamespace(revealer=revealer, log=lambda line: None, tell=lambda text: None)
    connection: Any = _Connection(data)
    _Handler(connection, ("127.0.0.1", 1), server)
    answer(data.decode("latin-1"), revealer)


# The log


@reader
def log_note(data: bytes) -> None:
    from dblrandom.tlog.note import Note, VerifierKey

    text = text_of(data)
    with contextlib.suppress(DblrandomError):
        VerifierKey.parse(text)
    same(Note.parse(text).full, text)


@reader
def log_checkpoint(data: bytes) -> None:
    from dblrandom.tlog.checkpoint import Checkpoint

    text = text_of(data)
    same(Checkpoint.parse(text).text, text)


@reader
def log_proof(data: bytes) -> None:
    from dblrandom.tlog.proof import LogProof

    text = text_of(data)
    same(LogProof.parse(text).text, text)


@reader
def log_request(data: bytes) -> None:
    from dblrandom.tlog.request import AddCheckpoint

    text = text_of(data)
    same(AddCheckpoint.parse(text).text, text)


@reader
def log_entry(data: bytes) -> None:
    from dblrandom.tlog.entry import LogEntry
    from dblrandom.tlog.tiles import read_bundle, read_tile

    with contextlib.suppress(DblrandomError):
        read_bundle(data, 3, "bundle")
    with contextlib.suppress(DblrandomError):
        read_tile(data, 3, "tile")
    LogEntry.parse(data)


# Folders


@reader
def sums(data: bytes) -> None:
    from dblrandom.adapters.index import parse, render

    same(render(parse(data)), data)


@reader
def journal(data: bytes) -> None:
    from dblrandom.adapters.journalfile import read_journal

    read_journal(PLACE, written("journal", data))
