"""Writes the first inputs of each reader into fuzz/corpus, from the example, the vectors and small made-up files."""

from __future__ import annotations

import base64
import json
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

TREE = Path(__file__).parents[1]
sys.path[:0] = [str(TREE), str(TREE / "tests" / "adversarial"), str(TREE / "tests" / "support")]
VECTORS = TREE / "tests" / "vectors"

PLAN = """name = "p"
title = "t"
authority = "a"
period = "2024"
grounds = ["ill"]
[[task]]
id = "1"
title = 'x'
roster = "targets"
sampler = "stratified"
strata = ["d"]
reserves = 1
[task.quota]
ratio = "12.5%"
scope = "stratum"
[task.window]
start = 2024-01-01
end = "2024-12-31"
text = \"\"\"全年\"\"\"
[task.filter]
d = ["a", "b"]
[task.team]
roster = "inspectors"
[[task.team.role]]
name = "lead"
filter = { kind = ["x"] }
[[task.legal_basis]]
title = "l"
"""
TABLE = {"id": ["1", "2", "3"], "d": ["a", "b", "a"]}


def receipts() -> Iterator[tuple[str, bytes]]:
    import kit

    for envelope in kit.honest().receipts:
        yield "receipt", envelope
        payload = json.loads(base64.b64decode(json.loads(envelope)["payload"]))
        from dblrandom.kernel.canonical import encode

        yield "receipt_body", f"{payload['type']}\n".encode() + encode(payload["body"])
    yield "trust_policy", kit.policy().to_bytes()
    from dblrandom.kernel.canonical import encode

    forged = kit.honest()
    roster = forged.rosters["targets"]
    for unit in ("F001", "zzz"):
        both = {"proof": roster.prove(unit).to_json(), "manifest": roster.manifest.to_json()}
        yield "roster_proof", encode(both)
    yield "canonical_roster", b"".join(roster.to_file().splitlines(keepends=True)[:4])


def tables() -> Iterator[tuple[str, bytes]]:
    import pyarrow as pa
    import pyarrow.parquet as pq

    table = pa.table(TABLE)
    shared = pa.table({"id": TABLE["id"], "d": pa.array(TABLE["d"]).dictionary_encode()})
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder) / "a"
        for given, options in (
            (table, {"compression": "zstd"}),
            (table, {"compression": "none", "use_dictionary": False, "store_schema": False}),
            (table, {"compression": "snappy", "data_page_version": "2.0"}),
            (pa.table({"id": [1, 2, 3]}), {"compression": "gzip"}),
            (shared, {"compression": "none"}),
        ):
            pq.write_table(given, place, **options)
            data = place.read_bytes()
            yield "parquet_file", data
            size = int.from_bytes(data[-8:-4], "little")
            yield "parquet_headers", data[-8 - size : -8]
        for given, packed in ((table, None), (table, "zstd"), (shared, "lz4")):
            with pa.ipc.new_file(place, given.schema, options=pa.ipc.IpcWriteOptions(compression=packed)) as file:
                file.write_table(given)
            yield "arrow_file", place.read_bytes()
            yield "arrow_messages", place.read_bytes()
    text = b'id,d\n1,a\n2,"b ""c"", d"\n3,\xe5\x8c\x97\n'
    yield "csv_file", b"\0" + text
    yield "csv_file", b"\2" + "id,d\n1,北\n".encode("gb18030")
    yield "csv_file", b"\1\xef\xbb\xbf" + text.replace(b"\n", b"\r\n")
    yield "engine_csv", text
    yield "engine_tsv", b"id\td\n1\ta\n2\tb\n"


def keys() -> Iterator[tuple[str, bytes]]:
    from dblrandom.kernel.pem import private_to_pem, public_to_pem
    from dblrandom.kernel.signing import Ed25519Signer

    yield "key_file", private_to_pem(bytes(32))
    yield "key_file", public_to_pem(Ed25519Signer.from_private_bytes(bytes(32)).public_key)
    from dblrandom.adapters.secretfiles import secret_file

    yield "secret_file", secret_file(bytes(32))
    from dblrandom.beacons.nistcerts import PINNED

    for known in list(PINNED.values())[:1]:
        yield "certificate", known.pem.encode()
        yield "der", base64.b64decode("".join(known.pem.splitlines()[1:-1]))
    from tests.support import authority

    chain = authority.chain()
    token = authority.forged(chain.leaf if hasattr(chain, "leaf") else chain.certificates[0], bytes(32))
    yield "time_stamp", token
    yield "time_stamp", authority.response(token)
    yield "der", token


def beacons() -> Iterator[tuple[str, bytes]]:
    rounds = json.loads((VECTORS / "drand_rounds.json").read_text())
    for one in rounds["rounds"][:3]:
        wanted = ("round", "signature", "previous_signature", "randomness")
        yield "drand_answer", json.dumps({n: one[n] for n in wanted if one.get(n)}).encode()
    for one in list(rounds["chains"].values())[:2]:
        yield "drand_answer", json.dumps(one).encode()
        yield "relay_json", json.dumps(one, indent=1).encode()
    for one in list(json.loads((VECTORS / "nist_pulses.json").read_text())["pulses"].values())[:1]:
        yield "nist_answer", json.dumps(one if "pulse" in one else {"pulse": one}).encode()
    for one in json.loads((VECTORS / "tlock_age.json").read_text())["cases"][:3]:
        age = one["age"]
        yield "age_file", age.encode() if isinstance(age, str) and age.startswith("-----") else base64.b64decode(age)
    yield "public_form", b"decimal 2 places\n1,234.50"
    for form in ("text", "digits 5", "decimal 2 places", "numbers 6 of 1-33, numbers 1 of 1-16"):
        yield "public_form", form.encode() + b"\n03 9 17 20 28 31 / 7"
    from dblrandom.kernel.canonical import encode

    schedule = {"genesis": "2024-01-01T00:00:00Z", "period": 60, "length": 10}
    yield "chain_files", encode({"suite": "sha256", "tip": "0" * 64, "operator": "0" * 64} | schedule)
    yield "chain_files", encode({"chain": "0" * 64, "round": 1, "value": "0" * 64, "time": schedule["genesis"]})
    for line in ("/chains", "/" + "0" * 64 + "/public/latest", "/health", "/"):
        yield "server_request", f'GET {line} HTTP/1.1\r\nHost: a\r\nIf-None-Match: "a", W/"b"\r\n\r\n'.encode()
    yield "server_request", b"POST / HTTP/1.0\r\n\r\n"


def logs() -> Iterator[tuple[str, bytes]]:
    notes = json.loads((VECTORS / "tlog_notes.json").read_text())
    for one in notes["plain"]:
        yield "log_note", one["note"].encode()
        yield "log_note", one["vkey"].encode()
    recorded = notes["recorded"]["checkpoint"]
    yield "log_note", recorded.encode()
    yield "log_checkpoint", recorded.partition("\n\n")[0].encode() + b"\n"
    zeros = base64.b64encode(bytes(32)).decode()
    yield "log_proof", f"c2sp.org/tlog-proof@v1\nindex 0\n{zeros}\n\n{recorded}".encode()
    yield "log_request", f"old 1\n{zeros}\n\n{recorded}".encode()
    from dblrandom.kernel.canonical import encode

    names = {"specification": "dblrandom/v1", "ceremony": "a", "suite": "sha256", "type": "commitment"}
    digests = {"digest": "0" * 64, "payload_sha256": "0" * 64, "previous": None}
    yield "log_entry", encode(names | digests | {"sequence": 1, "time": "2024-01-01T00:00:00Z"})


def others() -> Iterator[tuple[str, bytes]]:
    yield "plan_file", PLAN.encode()
    from dblrandom.examples.kunming import plan_text

    yield "plan_file", "[[task]]".join(plan_text().split("[[task]]")[:3]).encode()


def words() -> Iterator[tuple[str, bytes]]:
    for text in ("30%/3户", "按不低于5%的比例随机抽取55个", "25%,不少于1次/年", "10月底", "1—12月", "市抽市查 县抽县查",
                 "现场检查或书面检查", "本年度完成所有任务抽取工作", "不少于2‰", "3月1日-6月30日"):  # fmt: skip
        yield "plan_words", text.encode()
    for data in ('{"a":[1,-2,true,null,"é"]}'.encode(), b"[]", b'{"\\u0000":"\\"","b":{}}'):
        yield "canonical_json", data
        yield "json_file", data
        yield "relay_json", b" " + data
    yield "sums", b"0" * 64 + b"  receipts/0001-commitment.json\n"
    from dblrandom.adapters.journalfile import Entry, journal_bytes

    yield "journal", journal_bytes([Entry("receipts/a.json", "0" * 64, 0o644), Entry("b", None, 0o600)])
    yield "witness_memory", b'{"organisers":[],"specification":"dblrandom/v1"}'


def main() -> None:
    kept = Path(__file__).parent / "corpus"
    for make in (receipts, tables, keys, beacons, logs, others, words):
        try:
            for number, (name, data) in enumerate(make()):
                place = kept / name / f"seed-{make.__name__}-{number:02d}"
                place.parent.mkdir(parents=True, exist_ok=True)
                place.write_bytes(data)
        except Exception as error:  # a seed less is no harm, and is told
            sys.stderr.write(f"{make.__name__}: {type(error).__name__}: {error}\n")


if __name__ == "__main__":
    main()
