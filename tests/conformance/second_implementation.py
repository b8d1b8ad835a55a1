"""A second implementation of the draw protocol, written from docs/spec alone.

It shares no code with the library and never imports it: a mistake that both make would have to be made twice, or
stand in the specification.  Everything is done the plain way: a draw is recomputed in full and compared with what was
published; nothing here is meant to be fast.

    python second_implementation.py FOLDER [AS_OF]

``audit`` returns the lines of a report (``passed``, ``finding``, ``not checked``) and raises ``Refused`` at the first
rule that is broken.  The sections cited are those of docs/spec.

Of what stands on the pages of its own, it verifies drand rounds (with py_ecc, in pure Python) and the texts of public
events.  It reads the form of all the rest, and says of it that it is not checked: NIST pulses, what a time-lock holds,
second signatures, time stamps and log proofs.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import importlib
import json
import math
import re
import sys
import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from fractions import Fraction
from pathlib import Path
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey

Hash = Callable[[bytes], bytes]
Checker = Callable[[Any, str], None]


class Refused(Exception):
    """A rule of the specification is broken; the text begins with the name of the check."""


def need(condition: object, check: str, message: str) -> None:
    if not condition:
        raise Refused(f"{check}: {message}")


# ---------------------------------------------------------------- section 1: hashes, JSON, times


def sha256(data: bytes) -> bytes:
    return hashlib.sha256(data).digest()


def sm3(data: bytes) -> bytes:
    digest = hashes.Hash(hashes.SM3())
    digest.update(data)
    return digest.finalize()


SUITES: dict[str, Hash] = {"sha256": sha256, "sm3": sm3}


def hash_lines(h: Hash, *texts: str) -> str:
    for text in texts:
        need("\n" not in text, "lines", "a line must not contain a line feed")
    return h("".join(text + "\n" for text in texts).encode()).hex()


def encode(value: Any) -> bytes:
    """Canonical JSON of a value that ``decode`` could have returned."""
    if isinstance(value, dict):
        names = sorted(value, key=lambda name: name.encode("utf-16-be", "surrogatepass"))
        return b"{" + b",".join(encode(name) + b":" + encode(value[name]) for name in names) + b"}"
    if isinstance(value, list):
        return b"[" + b",".join(map(encode, value)) + b"]"
    if isinstance(value, str):
        return json.dumps(value, ensure_ascii=False).encode("utf-8")
    if value is None or isinstance(value, bool):
        return json.dumps(value).encode()
    if isinstance(value, int) and abs(value) < 2**53:
        return str(value).encode()
    raise Refused(f"canonical: {type(value).__name__} or its size has no place in canonical JSON")


def decode(data: bytes, where: str) -> Any:
    need(len(data) <= 16 * 1024 * 1024, "canonical", f"{where} is over 16 MiB")
    try:
        text = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused(f"canonical: {where} is not UTF-8") from None
    depth, in_string, escaped = 0, False, False
    for character in text:
        if in_string:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                in_string = False
        elif character == '"':
            in_string = True
        elif character in "[{":
            depth += 1
            need(depth <= 32, "canonical", f"{where} is nested deeper than 32")
        elif character in "]}":
            depth -= 1

    def refuse_float(literal: str) -> Any:
        raise Refused(f"canonical: {where} has the number {literal[:30]}")

    def integer(literal: str) -> int:
        need(len(literal) <= 17, "canonical", f"{where} has a number beyond 2^53 - 1")
        return int(literal)

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        need(len({name for name, _ in items}) == len(items), "canonical", f"{where} names a member twice")
        return dict(items)

    try:
        value = json.loads(
            text, object_pairs_hook=pairs, parse_float=refuse_float, parse_constant=refuse_float, parse_int=integer
        )
        again = encode(value)
    except ValueError:  # not JSON at all, or a lone surrogate
        raise Refused(f"canonical: {where} is not JSON") from None
    need(again == data, "canonical", f"{where} is not in canonical form")
    need(values_in(value) <= 2_097_152, "canonical", f"{where} has more than 2,097,152 values")
    return value


def values_in(value: Any) -> int:
    found, waiting = 0, [value]
    while waiting:
        found += 1
        one = waiting.pop()
        waiting += one.values() if isinstance(one, dict) else one if isinstance(one, list) else ()
    return found


HEX = re.compile(r"[0-9a-f]*\Z")
NAME = re.compile(r"[a-z0-9._-]{1,64}\Z")
TASK_ID = re.compile(r"[A-Za-z0-9._-]{1,55}\Z")
TIME = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z\Z", re.ASCII)


def seconds(text: str) -> int:
    """A time as seconds since year 1, in integers."""
    moment = datetime.datetime.fromisoformat(text[:-1])
    return moment.toordinal() * 86400 + moment.hour * 3600 + moment.minute * 60 + moment.second


# ---------------------------------------------------------------- shapes of JSON


def anything(value: Any, where: str) -> None:
    pass


def text(value: Any, where: str) -> None:
    need(isinstance(value, str), "form", f"{where} is not a string")


def boolean(value: Any, where: str) -> None:
    need(isinstance(value, bool), "form", f"{where} is not true or false")


def integer(low: int, high: int = 2**53 - 1) -> Checker:
    def check(value: Any, where: str) -> None:
        need(type(value) is int and low <= value <= high, "form", f"{where} is not an integer from {low} to {high}")

    return check


def matches(pattern: re.Pattern[str], what: str) -> Checker:
    def check(value: Any, where: str) -> None:
        need(isinstance(value, str) and pattern.match(value), "form", f"{where} is not {what}")

    return check


def hexadecimal(length: int) -> Checker:
    def check(value: Any, where: str) -> None:
        need(
            isinstance(value, str) and len(value) == length and HEX.match(value),
            "form",
            f"{where} is not {length} lower-case hexadecimal characters",
        )

    return check


def one_of(*values: Any) -> Checker:
    def check(value: Any, where: str) -> None:
        need(isinstance(value, str) and value in values, "form", f"{where} is none of {', '.join(values)}")

    return check


def or_null(inner: Checker) -> Checker:
    def check(value: Any, where: str) -> None:
        if value is not None:
            inner(value, where)

    return check


def array(inner: Checker, low: int = 0, high: int = 2**53) -> Checker:
    def check(value: Any, where: str) -> None:
        need(isinstance(value, list) and low <= len(value) <= high, "form", f"{where} is not an array of {low} or more")
        for index, item in enumerate(value):
            inner(item, f"{where}[{index}]")

    return check


def mapping(name: Checker, inner: Checker) -> Checker:
    def check(value: Any, where: str) -> None:
        need(isinstance(value, dict), "form", f"{where} is not an object")
        for member, item in value.items():
            name(member, f"{where}, member {member!r}")
            inner(item, f"{where}.{member}")

    return check


def obj(required: Mapping[str, Checker], optional: Mapping[str, Checker] | None = None) -> Checker:
    known = {**required, **(optional or {})}

    def check(value: Any, where: str) -> None:
        need(isinstance(value, dict), "form", f"{where} is not an object")
        for member in required:
            need(member in value, "form", f"{where} lacks {member}")
        for member, item in value.items():
            need(member in known, "form", f"{where} has the unknown member {member}")
            known[member](item, f"{where}.{member}")

    return check


def time(value: Any, where: str) -> None:
    need(isinstance(value, str) and TIME.match(value), "form", f"{where} is not a time")
    try:
        seconds(value)
    except ValueError:
        raise Refused(f"form: {where} is not a time that exists") from None


def date(value: Any, where: str) -> None:
    need(isinstance(value, str), "form", f"{where} is not a date")
    time(value + "T00:00:00Z", where)


def ratio(value: Any, where: str) -> None:
    obj({"numerator": integer(0), "denominator": integer(1)})(value, where)
    fraction = Fraction(value["numerator"], value["denominator"])
    need(fraction.denominator == value["denominator"], "form", f"{where} is not in lowest terms")


def distinct(names: Iterable[str], where: str) -> None:
    """Section 1, names: equal, or equal after folding A-Z, is refused."""
    seen: set[str] = set()
    for item in names:
        folded = "".join(chr(ord(c) + 32) if "A" <= c <= "Z" else c for c in item)
        need(folded not in seen, "form", f"{where} has {item} twice")
        seen.add(folded)


# ---------------------------------------------------------------- section 1, characters


def code_points(block: str) -> set[int]:
    found: set[int] = set()
    for entry in block.split():
        first, _, last = entry.partition("-")
        found.update(range(int(first, 16), int(last or first, 16) + 1))
    return found


PAGE = Path(__file__).parents[2] / "docs" / "spec" / "characters.md"
# The tables are the specification's own: the two blocks of that page, in this order.
UNSEEN, UNASSIGNED = (
    code_points(block)
    for block in re.findall(r"^```text\n(.*?)^```$", PAGE.read_text("utf-8"), re.MULTILINE | re.DOTALL)
)
SPACES = code_points("20 A0 1680 2000-200A 202F 205F 3000")
DASHES = code_points("2010 2012-2015 2212")


def alike(value: str) -> str:
    """What two texts have in common if they are alike."""
    out, piece = "", ""
    for character in [*(c for c in value if ord(c) not in UNSEEN), None]:
        if character is not None and ord(character) not in UNASSIGNED:
            piece += character
            continue
        out += unicodedata.normalize("NFKC", unicodedata.normalize("NFKC", piece).casefold())
        out, piece = out + (character or ""), ""
    return "".join("-" if ord(c) in DASHES else c for c in out if ord(c) not in SPACES)


def visible(value: Any, where: str) -> None:
    text(value, where)
    need(not any(ord(c) in UNSEEN for c in value), "form", f"{where} has a character that nobody sees")


def compared(value: Any, where: str) -> None:
    visible(value, where)
    need(not any(ord(c) in UNASSIGNED for c in value), "form", f"{where} has a character of a later Unicode")


def parameter(value: Any, where: str) -> None:
    """All texts inside of any JSON value, names of members too."""
    if isinstance(value, str):
        visible(value, where)
    elif isinstance(value, dict):
        parameter([*value.keys(), *value.values()], where)
    elif isinstance(value, list):
        for item in value:
            parameter(item, where)


def unit_id(value: Any, where: str) -> None:
    visible(value, where)
    need(1 <= len(value.encode()) <= 255, "form", f"{where} has not 1 to 255 bytes")
    need(not any(ord(c) in SPACES for c in value.replace(" ", "")), "form", f"{where} has a space of another kind")
    need(value == value.strip(" "), "form", f"{where} has a space at an end")


def check_alike(names: Iterable[str], check: str, where: str) -> None:
    """Names that are alike must be equal."""
    seen: dict[str, str] = {}
    for one in names:
        need(seen.setdefault(alike(one), one) == one, check, f"{where}: {one} looks like another")


name, task_id, digest = matches(NAME, "a name"), matches(TASK_ID, "a task id"), hexadecimal(64)
roster_name = matches(re.compile(r"[A-Za-z0-9._-]{1,64}\Z"), "a roster's name")


# ---------------------------------------------------------------- section 2: rosters

FORBIDDEN_IN_FIELD = re.compile("[\x00-\x1f\x7f]")

MANIFEST = obj(
    {
        "columns": array(name, 1),
        "name": roster_name,
        "page_rows": integer(1, 256),
        "root": digest,
        "rows": integer(0),
    }
)


def check_manifest(value: Any, where: str) -> None:
    MANIFEST(value, where)
    columns = value["columns"]
    need(columns[0] == "id", "roster", f"{where}: the first column is not id")
    distinct(columns, where)
    need("blind" not in columns[:-1], "roster", f"{where}: blind is not the last column")
    need(value["page_rows"] == (1 if columns[-1] == "blind" else 256), "roster", f"{where}: page_rows")


def parse_line(line: bytes, columns: Sequence[str], where: str) -> list[str]:
    try:
        fields = line.decode("utf-8").split("\t")
    except UnicodeDecodeError:
        raise Refused(f"roster: {where} is not UTF-8") from None
    need(len(fields) == len(columns), "roster", f"{where} has {len(fields)} fields, not {len(columns)}")
    for column, field in zip(columns, fields, strict=True):
        need(len(field.encode()) <= 1024, "roster", f"{where}, {column}: over 1,024 bytes")
        need(not FORBIDDEN_IN_FIELD.search(field), "roster", f"{where}, {column}: a control character")
    try:
        unit_id(fields[0], "the id")
    except Refused as refusal:
        raise Refused(f"roster: {where}: {refusal}") from None
    if columns[-1] == "blind":
        hexadecimal(64)(fields[-1], f"{where}, blind")
    return fields


def merkle(h: Hash, leaves: Sequence[bytes]) -> bytes:
    """RFC 9162, section 2.1.1, over leaf data."""
    if not leaves:
        return h(b"")
    if len(leaves) == 1:
        return h(b"\x00" + leaves[0])
    split = 1
    while split * 2 < len(leaves):
        split *= 2
    return h(b"\x01" + merkle(h, leaves[:split]) + merkle(h, leaves[split:]))


def pages_of(lines: Sequence[bytes], page_rows: int) -> list[bytes]:
    return [b"".join(line + b"\n" for line in lines[at : at + page_rows]) for at in range(0, len(lines), page_rows)]


class Roster:
    """A canonical file, read in full."""

    def __init__(self, h: Hash, roster: str, data: bytes) -> None:
        need(data.endswith(b"\n"), "roster", f"{roster} does not end with a line feed")
        header, *lines = data[:-1].split(b"\n")
        try:
            self.columns = header.decode("ascii").split("\t")
        except UnicodeDecodeError:
            raise Refused(f"roster: the heading of {roster} has no column names") from None
        page_rows = 1 if self.columns[-1] == "blind" else 256
        self.name = roster
        self.rows = [parse_line(line, self.columns, f"{roster}, row {n}") for n, line in enumerate(lines, 1)]
        ids = [row[0].encode() for row in self.rows]
        need(all(a < b for a, b in zip(ids, ids[1:])), "roster", f"the ids of {roster} do not ascend")  # noqa: B905, RUF007
        self.manifest = {
            "columns": self.columns,
            "name": roster,
            "page_rows": page_rows,
            "root": merkle(h, pages_of(lines, page_rows)).hex(),
            "rows": len(lines),
        }
        check_manifest(self.manifest, f"roster {roster}")
        self.by_id = {row[0]: row for row in self.rows}

    def column(self, column: str) -> int:
        return self.columns.index(column)


def file_of(columns: Sequence[str], rows: Iterable[Sequence[str]]) -> bytes:
    ordered = sorted(rows, key=lambda row: row[0].encode())
    return b"".join("\t".join(fields).encode() + b"\n" for fields in [columns, *ordered])


def root_from_path(h: Hash, leaf: bytes, index: int, size: int, path: Sequence[bytes]) -> bytes:
    """RFC 9162, section 2.1.3.2, steps 2 to 5 (index < size)."""
    node, last, current = index, size - 1, leaf
    for sibling in path:
        need(last != 0, "proof", "the audit path is too long")
        if node & 1 or node == last:
            current = h(b"\x01" + sibling + current)
            while not node & 1 and node != 0:
                node, last = node >> 1, last >> 1
        else:
            current = h(b"\x01" + current + sibling)
        node, last = node >> 1, last >> 1
    need(last == 0, "proof", "the audit path is too short")
    return current


def check_proof(h: Hash, manifest: Any, proof: Any) -> str:
    """'present' or 'absent', for the id that the proof names."""
    check_manifest(manifest, "manifest")
    page = obj({"index": integer(0), "rows": array(text, 1), "path": array(digest)})
    obj({"id": text, "roster": roster_name, "pages": array(page, 0, 2)})(proof, "proof")
    need(proof["roster"] == manifest["name"], "proof", "it is for another roster")
    rows, page_rows, wanted = manifest["rows"], manifest["page_rows"], proof["id"].encode()
    count = -(-rows // page_rows)
    found: list[tuple[int, list[bytes]]] = []
    for item in proof["pages"]:
        index, lines = item["index"], [line.encode() for line in item["rows"]]
        need(index < count, "proof", "the page's index is beyond the roster")
        full = page_rows if index < count - 1 else rows - page_rows * (count - 1)
        need(len(lines) == full, "proof", "the page has not as many lines as it must have")
        ids = [parse_line(line, manifest["columns"], "proof")[0].encode() for line in lines]
        need(all(a < b for a, b in zip(ids, ids[1:])), "proof", "ids do not ascend")  # noqa: B905, RUF007
        leaf = h(b"\x00" + b"".join(line + b"\n" for line in lines))
        root = root_from_path(h, leaf, index, count, [bytes.fromhex(node) for node in item["path"]])
        need(root.hex() == manifest["root"], "proof", "it does not lead to the root")
        found.append((index, ids))
    if not found:
        need(rows == 0 and manifest["root"] == h(b"").hex(), "proof", "there is no page")
        return "absent"
    if len(found) == 1:
        index, ids = found[0]
        if wanted in ids:
            return "present"
        need(
            ids[0] < wanted < ids[-1] or (index == 0 and wanted < ids[0]) or (index == count - 1 and ids[-1] < wanted),
            "proof",
            "one page does not show that the id is absent",
        )
        return "absent"
    (first, left), (second, right) = found
    need(second == first + 1 and left[-1] < wanted < right[0], "proof", "two pages do not show the absence")
    return "absent"


# ---------------------------------------------------------------- section 3: seed and keys


def secret_digest(h: Hash, ceremony: str, source: str, secret: str) -> str:
    return hash_lines(h, "dblrandom/v1/secret", ceremony, source, secret)


def chain_ahead(h: Hash, value: str, steps: int) -> str:
    for _ in range(steps):
        value = hash_lines(h, "dblrandom/v1/hashchain", value)
    return value


def seed_of(h: Hash, commitment: str, values: Iterable[tuple[str, str, str]]) -> str:
    return hash_lines(h, "dblrandom/v1/seed", commitment, *(" ".join(value) for value in values))


def draw_key(h: Hash, seed: str, task: str, purpose: str) -> str:
    return hash_lines(h, "dblrandom/v1/key", seed, task, purpose)[:32]


# ---------------------------------------------------------------- section 3, drand

NUL = "_SSWU_RO_NUL_"
# scheme: the key is in G1, the signature is in G1, the tag's group, chained
SCHEMES = {
    "pedersen-bls-chained": (True, False, "G2", True),
    "pedersen-bls-unchained": (True, False, "G2", False),
    "bls-unchained-on-g1": (False, True, "G2", False),
    "bls-unchained-g1-rfc9380": (False, True, "G1", False),
}
# chain hash: genesis_time and period of the networks that everybody knows
KNOWN_NETWORKS = {
    "52db9ba70e0cc0f6eaf7803dd07447a1f5477735fd3f661792ba94600c84e971": (1692803367, 3),
    "8990e7a9aaed2ffed73dbd7092123d6f289930540d7651336225dc172e51b2ce": (1595431050, 30),
}
PINNED_CERTIFICATES = {
    "5501e3d72bc42f3b96e16de4dcadcb16768e109662bd16d667d5fd9aee585af31bbdc5dd4f53592276064b53dddd76c8f3604b2a41db6e09f78f82bb5d6569e7",
    "528943a555f5f8ca54423be6dfb95925a35c7b552046420e7d7cd072058a14d6536ad3a8e9754b6582f164a90b0cd86a65d659f5426a2659a947595d1c816c8c",
}
UNIX_EPOCH = datetime.date(1970, 1, 1).toordinal() * 86400


def check_round_time(one: Mapping[str, Any], genesis: int, period: int) -> None:
    due = UNIX_EPOCH + genesis + (one["round"] - 1) * period
    need(seconds(one["not_before"]) == due, "source", f"{one['name']}: not_before is not the time of its round")


def check_network(one: Mapping[str, Any]) -> None:
    """What a declaration must keep to where everybody knows the chain."""
    if one["chain"] in KNOWN_NETWORKS:
        check_round_time(one, *KNOWN_NETWORKS[one["chain"]])


def chain_hash(info: Mapping[str, Any]) -> str:
    network = "" if info["beacon_id"] == "default" else info["beacon_id"]
    numbers = info["period"].to_bytes(4, "big") + info["genesis_time"].to_bytes(8, "big")
    return sha256(
        numbers + bytes.fromhex(info["public_key"]) + bytes.fromhex(info["genesis_seed"]) + network.encode()
    ).hex()


def check_drand(one: Mapping[str, Any], signature: Any, info: Any, previous: Any) -> bool:
    """Whether the round could be verified here; ``Refused`` if it is not the declared one."""
    label = one["name"]
    need(isinstance(info, dict) and info.get("scheme") in SCHEMES, "source", f"{label}: the scheme of its chain")
    key_in_g1, signed_in_g1, tag, chained = SCHEMES[info["scheme"]]
    obj(
        {
            "beacon_id": matches(re.compile(r"[A-Za-z0-9._-]{1,47}\Z"), "a network's name"),
            "chain_hash": digest,
            "genesis_seed": digest,
            "genesis_time": integer(0),
            "period": integer(1, 2**32 - 1),
            "public_key": hexadecimal(96 if key_in_g1 else 192),
            "scheme": text,
        }
    )(info, f"chain of {label}")
    need(chain_hash(info) == info["chain_hash"] == one["chain"], "source", f"{label}: the evidence is of another chain")
    check_round_time(one, info["genesis_time"], info["period"])
    hexadecimal(96 if signed_in_g1 else 192)(signature, f"signature of {label}")
    need((previous is not None) == chained, "source", f"{label}: the previous signature")
    before = b""
    if chained:
        hexadecimal(64 if one["round"] == 1 else 192)(previous, f"previous signature of {label}")
        need(one["round"] > 1 or previous == info["genesis_seed"], "source", f"{label}: the group hash")
        before = bytes.fromhex(previous)
    message = sha256(before + one["round"].to_bytes(8, "big"))
    suite = f"BLS_SIG_BLS12381{tag}_XMD:SHA-256{NUL}".encode()
    try:
        good = bls_holds(info["public_key"], signature, message, suite, signed_in_g1)
    except ImportError:
        return False
    need(good, "source", f"{label}: the signature of the round does not hold")
    return True


def bls_holds(public_key: str, signature: str, message: bytes, tag: bytes, signed_in_g1: bool) -> bool:
    hashing: Any = importlib.import_module("py_ecc.bls.hash_to_curve")
    coding: Any = importlib.import_module("py_ecc.bls.point_compression")
    groups: Any = importlib.import_module("py_ecc.bls.g2_primitives")
    curve: Any = importlib.import_module("py_ecc.optimized_bls12_381")

    def point(encoded: str) -> Any:
        """A point from its only encoding, in its subgroup and not the identity; None for anything else."""
        if int(encoded[:2], 16) >> 6 != 0b10:
            return None
        words = [int(encoded[at : at + 96], 16) for at in range(0, len(encoded), 96)]
        try:
            if len(words) == 1:
                found = coding.decompress_G1(words[0])
                again = [coding.compress_G1(found)]
            else:
                found = coding.decompress_G2(tuple(words))
                again = list(coding.compress_G2(found))
        except ValueError:
            return None
        return found if again == words and groups.subgroup_check(found) else None

    key, signed = point(public_key), point(signature)
    if key is None or signed is None:
        return False
    if signed_in_g1:
        hashed = hashing.hash_to_G1(message, tag, hashlib.sha256)
        return bool(curve.pairing(curve.G2, signed) == curve.pairing(key, hashed))
    hashed = hashing.hash_to_G2(message, tag, hashlib.sha256)
    return bool(curve.pairing(signed, curve.G1) == curve.pairing(hashed, key))


# ---------------------------------------------------------------- section 3, public

PART = re.compile(
    r"digits (?P<digits>[1-9]\d{0,2})|dice (?P<dice>[1-9]\d{0,2})|decimal (?P<places>[1-9]) places"
    r"|(?P<word>numbers )?(?P<n>[1-9]\d{0,2}) of (?P<low>0|[1-9]\d{0,8})-(?P<high>[1-9]\d{0,8})(?P<ordered> in order)?",
    re.ASCII,
)


def parts_of(form: str, where: str) -> list[re.Match[str]]:
    """The parts of a form, checked; none for the form ``text``."""
    need(len(form) <= 256, "source", f"{where}: a form of over 256 characters")
    if form == "text":
        return []
    found, longest, after_numbers = [], -3, False
    for piece in form.split(", "):
        part = PART.fullmatch(piece)
        if part is None:
            raise Refused(f"source: {where}: the form {form!r}")
        if part["n"]:
            need(part["word"] or after_numbers, "source", f"{where}: a part without the word numbers")
            need(int(part["high"]) - int(part["low"]) + 1 >= int(part["n"]), "source", f"{where}: too few numbers")
        after_numbers = bool(part["n"])
        longest += 3 + longest_of(part)
        found.append(part)
    need(longest <= 256, "source", f"{where}: its values could be longer than 256 characters")
    return found


def longest_of(part: re.Match[str]) -> int:
    if part["digits"]:
        return int(part["digits"])
    if part["dice"]:
        return 2 * int(part["dice"]) - 1
    if part["places"]:
        return 13 + int(part["places"])
    return int(part["n"]) * len(part["high"]) + int(part["n"]) - 1


def how_many(part: re.Match[str]) -> int:
    if part["digits"]:
        return int(10 ** int(part["digits"]))
    if part["dice"]:
        return int(6 ** int(part["dice"]))
    if part["places"]:
        return int(10 ** (12 + int(part["places"])))
    there = int(part["high"]) - int(part["low"]) + 1
    return math.perm(there, int(part["n"])) if part["ordered"] else math.comb(there, int(part["n"]))


def part_fits(part: re.Match[str], value: str) -> bool:
    if part["digits"]:
        return bool(re.fullmatch("[0-9]+", value)) and len(value) == int(part["digits"])
    if part["places"]:
        whole, _, places = value.partition(".")
        good = re.fullmatch("0|[1-9][0-9]{0,11}", whole) and re.fullmatch("[0-9]+", places)
        return bool(good) and len(places) == int(part["places"])
    if not re.fullmatch(r"(0|[1-9][0-9]{0,8})( (0|[1-9][0-9]{0,8}))*", value):
        return False
    numbers = [int(word) for word in value.split(" ")]
    if part["dice"]:
        return len(numbers) == int(part["dice"]) and all(1 <= number <= 6 for number in numbers)
    inside = all(int(part["low"]) <= number <= int(part["high"]) for number in numbers)
    different = len(set(numbers)) == len(numbers) == int(part["n"])
    return inside and different and (bool(part["ordered"]) or numbers == sorted(numbers))


def check_public(one: Mapping[str, Any]) -> None:
    parts = parts_of(one["form"], one["name"])
    most = math.prod(map(how_many, parts)) if parts else 2**53 - 1
    need(one["outcomes"] <= most, "source", f"{one['name']}: more outcomes than the form can write")


def shown_outcomes(one: Mapping[str, Any], vouched: int | None) -> int:
    """How many outcomes count: what the policy vouches for, at most what the form can write; else none but one."""
    if vouched is None:
        return 1
    if one["form"] == "text":
        return vouched
    return min(vouched, math.prod(map(how_many, parts_of(one["form"], one["name"]))))


def text_outcomes(length: int) -> int:
    """How many texts of 1 to so many characters there are."""
    return sum(36**n for n in range(1, length + 1))


def public_fits(form: str, value: str, where: str) -> bool:
    parts = parts_of(form, where)
    if not parts:
        return bool(re.fullmatch(r"[A-Z0-9]{1,256}", value))
    values = value.split(" / ")
    return len(values) == len(parts) and all(map(part_fits, parts, values))


# ---------------------------------------------------------------- section 3, nist


def output_value(pulse: Mapping[str, Any], form: str | None) -> str:
    """What the output value of a pulse must be; its signature is not checked."""

    def sized(data: bytes) -> bytes:
        return len(data).to_bytes(4, "big") + data

    def hashed(value: str) -> bytes:
        return sized(bytes.fromhex(value))

    outer, number = pulse["external"], lambda value, size=4: value.to_bytes(size, "big")
    signature = bytes.fromhex(pulse["signatureValue"])
    parts = [
        sized(pulse["uri"].encode()),
        sized(pulse["version"].encode()),
        number(pulse["cipherSuite"]),
        number(pulse["period"]),
        hashed(pulse["certificateId"]),
        number(pulse["chainIndex"], 8),
        number(pulse["pulseIndex"], 8),
        sized(pulse["timeStamp"].encode()),
        hashed(pulse["localRandomValue"]),
        hashed(outer["sourceId"]),
        number(outer["statusCode"]),
        hashed(outer["value"]),
        *(hashed(link["value"]) for link in pulse["listValues"]),
        hashed(pulse["precommitmentValue"]),
        number(pulse["statusCode"]),
        sized(signature) if form else signature,
    ]
    return hashlib.sha512(b"".join(parts)).hexdigest()


# ---------------------------------------------------------------- section 3, time-locks


def check_lock(one: Mapping[str, Any]) -> None:
    """The form of a time-lock; whether it opens to the secret takes more curve than there is here."""
    where = f"time-lock of {one['name']}"
    need(len(one["timelock"]) <= 4096, "source", f"{where}: too long")
    age = strict_base64(one["timelock"], where)
    header, separator, rest = age.partition(b"\n--- ")
    mac, feed, payload = rest.partition(b"\n")
    need(separator and feed and len(payload) == 96, "source", f"{where}: not header, MAC and a payload of 96 bytes")
    need(re.fullmatch(rb"[A-Za-z0-9+/]{43}", mac), "source", f"{where}: its MAC")
    first, *lines = header.split(b"\n")
    need(first == b"age-encryption.org/v1", "source", f"{where}: not a file of age v1")
    need(all(len(line) <= 1023 for line in [first, *lines]), "source", f"{where}: a line of its header")
    stanzas: list[tuple[list[bytes], list[bytes]]] = []
    for line in lines:
        if line.startswith(b"-> "):
            stanzas.append((line[3:].split(b" "), []))
        else:
            need(stanzas, "source", f"{where}: a line before the first stanza")
            stanzas[-1][1].append(line)
    need(1 <= len(stanzas) <= 16, "source", f"{where}: no stanza, or too many")
    for arguments, body in stanzas:
        need(all(re.fullmatch(rb"[!-~]+", one_) for one_ in arguments), "source", f"{where}: an argument")
        need(body and len(body[-1]) < 64 and all(len(b) == 64 for b in body[:-1]), "source", f"{where}: a body's lines")
        need(arguments[0] == b"tlock" or arguments[0].endswith(b"-grease"), "source", f"{where}: a stanza of its own")
    locks = [(arguments, body) for arguments, body in stanzas if arguments[0] == b"tlock"]
    need(len(locks) == 1, "source", f"{where}: not exactly one stanza tlock")
    (arguments, body), wanted = locks[0], [b"tlock", str(one["round"]).encode(), one["chain"].encode()]
    need(arguments == wanted, "source", f"{where}: is to another round or chain than declared")
    check_network(one)
    if one["chain"] in KNOWN_NETWORKS:
        coded = b"".join(body).decode("ascii", "replace")
        wrapped = strict_base64(coded + "=" * (-len(coded) % 4), where)
        need(KNOWN_NETWORKS[one["chain"]][1] == 3, "source", f"{where}: nothing can be locked to a chained network")
        need(len(wrapped) == 128, "source", f"{where}: the length of its key")


# ---------------------------------------------------------------- section 4: selection


def ticket(h: Hash, key: str, unit: str) -> bytes:
    return h(f"{key}:{unit}".encode())


def rounded(value: Fraction, rounding: str) -> int:
    if rounding == "ceiling":
        return -(-value.numerator // value.denominator)
    if rounding == "floor":
        return value.numerator // value.denominator
    doubled = value + Fraction(1, 2)
    return doubled.numerator // doubled.denominator


def quota_of(quota: Mapping[str, Any], size: int) -> tuple[int, int, int]:
    """wanted, n and shortfall for so many rows."""
    terms = []
    if "ratio" in quota:
        share = Fraction(quota["ratio"]["numerator"], quota["ratio"]["denominator"])
        terms.append(rounded(share * size, quota["rounding"]))
    if "count" in quota:
        terms.append(quota["count"])
    wanted = max(terms)
    capped = min([wanted, quota["cap"]] if "cap" in quota else [wanted])
    return wanted, min(size, capped), max(0, capped - size)


def share_out(total: int, sizes: Sequence[int], minimum: int) -> list[int]:
    need(total >= sum(min(minimum, size) for size in sizes), "quota", "the total is below the sum of the minima")
    given: dict[int, int] = {}
    rest = total
    while True:
        still_open = [h for h in range(len(sizes)) if h not in given]
        whole = sum(sizes[h] for h in still_open)
        share = {h: Fraction(rest * sizes[h], whole) for h in still_open}
        closing = [h for h in still_open if share[h] < min(minimum, sizes[h])]
        if not closing:
            break
        for h in closing:
            given[h] = min(minimum, sizes[h])
        rest -= sum(given[h] for h in closing)
    for h in still_open:
        given[h] = share[h].numerator // share[h].denominator
    left = total - sum(given.values())
    for h in sorted(still_open, key=lambda h: (given[h] - share[h], h))[:left]:
        given[h] += 1
    return [given[h] for h in range(len(sizes))]


def check_filter(columns: Sequence[str], rows: Sequence[Sequence[str]], wanted: Mapping[str, Any], where: str) -> None:
    for column, values in wanted.items():
        need(column in columns, "frame", f"{where}: there is no column {column}")
        need(values, "frame", f"{where}: the set for {column} is empty")
        present = {row[columns.index(column)] for row in rows}
        for value in values:
            need(value in present, "frame", f"{where}: no row has {value!r} in {column}")
        passing = {alike(value) for value in values}
        for value in present if column != "id" else ():
            compared(value, f"{where}, column {column}")
            need(value in values or alike(value) not in passing, "frame", f"{where}: {value!r} only looks like a value")


def passes(columns: Sequence[str], row: Sequence[str], wanted: Mapping[str, Any]) -> bool:
    return all(row[columns.index(column)] in values for column, values in wanted.items())


def select(
    h: Hash, key: str, columns: Sequence[str], rows: Sequence[Sequence[str]], task: Mapping[str, Any]
) -> tuple[int, int, list[dict[str, Any]]]:
    """Size of the frame, shortfall of the task, and its strata with the units drawn."""
    where = f"task {task.get('id', '?')}"
    check_filter(columns, rows, task["filter"], where)
    frame = [row for row in rows if passes(columns, row, task["filter"])]
    need(frame, "frame", f"{where}: no row passes the filter")
    groups: dict[tuple[str, ...], list[str]] = {}
    for row in frame:
        groups.setdefault(tuple(row[columns.index(column)] for column in task["strata"]), []).append(row[0])
    ordered = sorted(groups, key=lambda values: "\t".join(values).encode())
    for values in ordered:
        for value in values:
            compared(value, f"{where}, stratum")
    looks = {tuple(map(alike, values)) for values in ordered}
    need(len(looks) == len(ordered), "frame", f"{where}: two strata look the same")
    sizes, quota = [len(groups[values]) for values in ordered], task["quota"]
    if quota["scope"] == "total":
        _, total, shortfall = quota_of(quota, len(frame))
        counts = [(n, n, 0) for n in share_out(total, sizes, quota.get("minimum", 1))]
    else:
        counts = [quota_of(quota, size) for size in sizes]
        shortfall = sum(short for _, _, short in counts)
    strata = []
    for values, size, (wanted, n, short) in zip(ordered, sizes, counts, strict=True):
        need(n > 0 or "allow_zero" in quota, "quota", f"{where}: nobody would be drawn in stratum {values}")
        in_order = sorted((ticket(h, key, unit), unit.encode(), unit) for unit in groups[values])
        units = [(unit, tick.hex()) for tick, _, unit in in_order]
        reserves = units[n : n + task["reserves"]]
        probability = Fraction(n, size)
        strata.append(
            {
                "record": {
                    "stratum": list(values),
                    "size": size,
                    "wanted": wanted,
                    "selected": n,
                    "reserves": len(reserves),
                    "shortfall": short,
                    "probability": {"numerator": probability.numerator, "denominator": probability.denominator},
                    "last_ticket": units[n - 1][1] if n else None,
                },
                "everybody": set(groups[values]),
                "selected": [unit for unit, _ in units[:n]],
                "reserves": [unit for unit, _ in reserves],
            }
        )
    return len(frame), shortfall, strata


# ---------------------------------------------------------------- section 5: inspectors

Slot = tuple[str, str]  # target, role
Eligible = Mapping[Slot, Sequence[str]]


def fill(slots: Iterable[Slot], eligible: Eligible, room: Callable[[str], int]) -> dict[Slot, str]:
    """As many slots as possible, nobody twice in a team and nobody above his room: augmenting paths.

    The network is slot -> (target, inspector), capacity 1 -> inspector, capacity room -> sink.  A pair that is in use
    leads back to the slot that uses it; an inspector without room leads back to every slot that he holds.
    """
    holder: dict[Slot, str] = {}
    for start in slots:
        came_from: dict[Slot, tuple[Slot, str] | None] = {start: None}
        queue, end = [start], None
        while queue and end is None:
            slot = queue.pop(0)
            for person in eligible[slot]:
                users = [other for other, held in holder.items() if held == person]
                same_team = [other for other in users if other[0] == slot[0]]
                if not same_team and len(users) < room(person):
                    end = (slot, person)
                    break
                for other in same_team or users:
                    if other not in came_from:
                        came_from[other] = (slot, person)
                        queue.append(other)
        while end is not None:
            slot, person = end
            holder[slot] = person
            end = came_from[slot]
    return holder


def assign(h: Hash, key: str, slots: Sequence[Slot], eligible: Eligible, rule: Mapping[str, Any]) -> dict[str, Any]:
    """Open targets, c, the cap in force, and the lexicographically first assignment."""
    teams: dict[str, list[Slot]] = {}
    for slot in slots:
        teams.setdefault(slot[0], []).append(slot)
    is_open = {target for target, team in teams.items() if len(fill(team, eligible, lambda _: 1)) < len(team)}
    order = in_slot_order(h, key, (slot for slot in slots if slot[0] not in is_open))
    smallest = 0
    while len(fill(order, eligible, lambda _, cap=smallest: cap)) < len(order):  # type: ignore[misc]
        smallest += 1
    cap = smallest + rule["slack"] if "slack" in rule else max(smallest, rule["cap"])
    if not order:
        cap = 0
    chosen: dict[Slot, str] = {}
    for position, slot in enumerate(order):
        later = order[position + 1 :]
        for person in ticket_order(h, key, slot, eligible[slot]):
            trial = {**chosen, slot: person}
            load = {who: list(trial.values()).count(who) for who in trial.values()}
            if load[person] > cap or any(chosen.get(mate) == person for mate in teams[slot[0]]):
                continue
            free = {
                other: [who for who in eligible[other] if all(trial.get(mate) != who for mate in teams[other[0]])]
                for other in later
            }
            if len(fill(later, free, lambda who, load=load: cap - load.get(who, 0))) == len(later):  # type: ignore[misc]
                chosen = trial
                break
        else:
            raise AssertionError("the cap admits no assignment")  # cannot happen: cap >= c
    return {"open": is_open, "order": order, "smallest": smallest, "cap": cap, "chosen": chosen}


def certain(eligible: Eligible, chosen: Mapping[Slot, str], cap: int) -> set[Slot]:
    """The slots whose inspectors no complete assignment can keep from that target."""
    found = set()
    for target, role in chosen:
        person = chosen[(target, role)]
        others = {slot: [who for who in eligible[slot] if slot[0] != target or who != person] for slot in chosen}
        if len(fill(chosen, others, lambda _: cap)) < len(chosen):
            found.add((target, role))
    return found


def in_slot_order(h: Hash, key: str, slots: Iterable[Slot]) -> list[Slot]:
    return sorted(slots, key=lambda slot: (ticket(h, key, "\t".join(slot)), "\t".join(slot).encode()))


def ticket_order(h: Hash, key: str, slot: Slot, people: Iterable[str]) -> list[str]:
    return sorted(people, key=lambda who: (ticket(h, key, "\t".join([*slot, who])), who.encode()))


class Staff:
    """Who is eligible for what, in one task."""

    def __init__(self, roster: Roster, roles: Sequence[Mapping[str, Any]], recusals: Roster | None, where: str) -> None:
        self.roster, self.roles = roster, {role["name"]: role["filter"] for role in roles}
        self.pairs: dict[tuple[str, str], list[str]] = {}
        self.choices: dict[str, int] = {}
        for row in recusals.rows if recusals else []:
            self.pairs.setdefault((row[1], row[2]), []).append(row[0])
        for role, wanted in self.roles.items():
            check_filter(roster.columns, roster.rows, wanted, f"{where}, role {role}")
            anybody = any(passes(roster.columns, row, wanted) for row in roster.rows)
            need(anybody, "frame", f"{where}: nobody for {role}")

    def choice(self, role: str) -> int:
        """How many pass the role's filter, recused or not."""
        if role not in self.choices:
            self.choices[role] = sum(passes(self.roster.columns, row, self.roles[role]) for row in self.roster.rows)
        return self.choices[role]

    def reason(self, slot: Slot, row: Sequence[str]) -> dict[str, str] | None:
        """Why the inspector is not eligible, or None."""
        wanted = self.roles[slot[1]]
        for column in sorted(wanted):
            if row[self.roster.column(column)] not in wanted[column]:
                return {"inspector": row[0], "column": column}
        recusals = self.pairs.get((row[0], slot[0]))
        return {"inspector": row[0], "recusal": min(recusals, key=str.encode)} if recusals else None

    def reasons(self, slot: Slot) -> list[dict[str, str]]:
        return [why for row in self.roster.rows if (why := self.reason(slot, row))]

    def eligible(self, slot: Slot) -> list[str]:
        return [row[0] for row in self.roster.rows if not self.reason(slot, row)]


# ---------------------------------------------------------------- section 6: forms

QUOTA = obj(
    {"rounding": one_of("ceiling", "floor", "half_up"), "scope": one_of("frame", "stratum", "total")},
    {
        "ratio": ratio,
        "count": integer(1),
        "cap": integer(1),
        "minimum": integer(0),
        "allow_zero": visible,
    },
)
FILTER = mapping(name, array(compared, 1))
ROLE = obj({"name": name, "filter": FILTER})
TEAM = obj({"roster": name, "roles": array(ROLE)}, {"slack": integer(0), "cap": integer(1), "reason": visible})
AREA = one_of("province", "city", "county")
TASK = obj(
    {
        "id": task_id,
        "title": visible,
        "roster": name,
        "sampler": name,
        "filter": FILTER,
        "strata": array(name),
        "reserves": integer(0),
        "team": TEAM,
        "directed": boolean,
        "methods": array(one_of("on_site", "document_review", "online", "sample_test", "delegated")),
        "legal_bases": array(obj({"title": visible}, {"title_en": visible, "citation": visible})),
        "items": array(visible),
        "items_en": array(visible),
        "targets": array(visible),
        "targets_en": array(visible),
    },
    {
        **dict.fromkeys(("title_en", "department", "department_en", "domain", "domain_en", "remarks", "note"), visible),
        "window": obj({"start": date, "end": date}, {"text": visible}),
        "level": obj({"tracks": array(obj({"draw": AREA, "inspect": array(AREA)}))}, {"text": visible}),
        "parameters": parameter,
        "quota": QUOTA,
    },
)
PLAN = obj(
    {"name": name, "title": visible, "authority": compared, "period": compared, "grounds": array(name)},
    {"title_en": visible, "authority_en": visible, "source": visible, "recusals": name, "notice": visible},
)
SOURCE_MEMBERS: dict[str, dict[str, Checker]] = {
    "drand": {"chain": digest, "round": integer(1)},
    "nist": {"chain": integer(1), "pulse": integer(1), "time": time},
    "public": {"event": compared, "form": visible, "outcomes": integer(2), "cancelled": one_of("next", "void")},
    "hashchain": {"tip": digest, "step": integer(1, 1_000_000), "operator": digest},
    "secret": {"keyid": digest, "digest": digest},
}
LOCK_MEMBERS: dict[str, Checker] = {"timelock": visible, "chain": digest, "round": integer(1)}
KEY_BYTES = {"ed25519": 32, "ml-dsa-44": 1312, "sm2": 65}
ROLES = ("organiser", "party", "operator", "witness", "auditor")


def key_hex(value: Any, where: str) -> None:
    lengths = {2 * size for size in KEY_BYTES.values()}
    good = isinstance(value, str) and len(value) in lengths and HEX.match(value)
    need(good, "form", f"{where} is not a raw public key in lower-case hexadecimal")


SIGNER = obj({"role": one_of(*ROLES), "algorithm": one_of(*KEY_BYTES), "public_key": key_hex}, {"name": visible})


def source(value: Any, where: str) -> None:
    need(isinstance(value, dict) and isinstance(value.get("kind"), str), "form", f"{where} has no kind")
    common = {"kind": name, "name": name, "not_before": time}
    kind = value["kind"]
    if kind not in SOURCE_MEMBERS:
        need(kind.startswith("x-"), "form", f"{where}.kind is unknown")
        for member, check in common.items():
            need(member in value, "form", f"{where} lacks {member}")
            check(value[member], f"{where}.{member}")
        for member in value.keys() - common.keys():
            parameter(value[member], f"{where}.{member}")
        return
    members = {**common, **SOURCE_MEMBERS[kind]}
    if kind == "secret" and LOCK_MEMBERS.keys() & value.keys():
        members |= LOCK_MEMBERS
    optional = {"certificate": hexadecimal(128), "form": one_of("nistir-8213")} if kind == "nist" else None
    obj(members, optional)(value, where)
    if kind == "drand":
        check_network(value)
    elif kind == "nist":
        need(value["not_before"] == value["time"], "source", f"{where}: not_before is not the pulse's time")
        foreign = value.get("certificate") is not None and value["certificate"] not in PINNED_CERTIFICATES
        need(foreign or "form" not in value, "source", f"{where}: a form for NIST's own certificates")
    elif kind == "public":
        need(1 <= len(value["event"]) <= 1024, "source", f"{where}: the event")
        check_public(value)
    elif "timelock" in value:
        check_lock(value)


COMMITMENT = obj(
    {
        "suite": one_of(*SUITES),
        "specification": one_of("dblrandom/v1"),
        "plan": PLAN,
        "tasks": array(TASK, 1),
        "rosters": array(check_manifest),
        "sources": array(source, 1),
        "signers": array(SIGNER, 1),
        "previous_ceremony": or_null(digest),
        "deadlines": obj({"reveal": time, "draw": time, "result": time}),
        "replaces": or_null(digest),
    }
)
STRATUM = obj(
    {
        "stratum": array(text),
        **dict.fromkeys(("size", "wanted", "selected", "reserves", "shortfall"), integer(0)),
        "probability": ratio,
        "last_ticket": or_null(digest),
    }
)
CANDIDATE = obj({"inspector": unit_id}, {"column": name, "recusal": unit_id})
DRAWN_TASK = obj(
    {
        "task": task_id,
        "keys": obj({"targets": hexadecimal(32), "inspectors": hexadecimal(32)}),
        "size": integer(0),
        "shortfall": integer(0),
        "strata": array(STRATUM),
        "assignment": obj(
            {
                "smallest_cap": integer(0),
                "cap": integer(0),
                "slots": array(obj({"target": unit_id, "role": name, "eligible": integer(0), "recused": integer(0)})),
                "open": array(
                    obj({"target": unit_id, "slots": array(obj({"role": name, "candidates": array(CANDIDATE)}))})
                ),
            }
        ),
        "rosters": array(check_manifest, 2, 2),
    },
    {"quota": QUOTA},
)
OUTCOMES = (
    "no-problem",
    "not-published",
    "false-publication",
    "not-reachable",
    "correction-ordered",
    "pending",
    "refused",
    "not-in-business",
    "closed",
    "deregistered",
)
BLIND = {"blind": digest}
BASE64 = matches(re.compile(r"[A-Za-z0-9+/]{4,262144}={0,2}\Z"), "base64")
BODIES: dict[str, Checker] = {
    "commitment": COMMITMENT,
    "witness": obj(
        {"digest": digest, "ceremony": name, "sequence": integer(1), "time": time},
        {
            "disclosed": mapping(name, digest),
            "tokens": array(obj({"token": BASE64, "certificates": array(BASE64, 1)}), 1),
            "logged": matches(re.compile(r".{1,262144}\Z", re.DOTALL), "a log's proof"),
        },
    ),
    "reveal": obj(
        {
            "values": array(obj({"kind": name, "name": name, "value": text}, {"evidence": anything}), 1),
            "seed": digest,
        },
        BLIND,
    ),
    "draw": obj({"tasks": array(DRAWN_TASK, 1)}, BLIND),
    "sealed": obj({"type": one_of("reveal", "draw", "substitution", "result"), "digest": digest}),
    "substitution": obj(
        {
            "task": task_id,
            "replaced": obj({}, {"target": unit_id, "inspector": unit_id, "open": unit_id}),
            "ground": name,
            "replacement": or_null(unit_id),
            "slots": array(
                obj({"target": unit_id, "role": name, "inspector": or_null(unit_id), "cap_waived": boolean})
            ),
        },
        BLIND,
    ),
    "void": obj({"reason": visible}, {"proof": mapping(name, anything)}),
    "result": obj(
        {"task": task_id, "outcomes": array(obj({"id": unit_id, "codes": array(one_of(*OUTCOMES), 1)}))}, BLIND
    ),
}
PAYLOAD = obj(
    {
        "type": one_of(*BODIES),
        "ceremony": name,
        "sequence": integer(1),
        "previous": or_null(digest),
        "time": time,
        "body": mapping(text, anything),
    }
)
PAYLOAD_TYPE = "application/vnd.dblrandom.v1+json"


def check_task(task: Mapping[str, Any], manifests: Mapping[str, Any]) -> None:
    where = f"task {task['id']}"
    for roster in (task["roster"], task["team"]["roster"]):
        need(roster in manifests, "plan", f"{where} names the roster {roster}, which is not committed")
    for wanted in [task["filter"], *(role["filter"] for role in task["team"]["roles"])]:
        for column, values in wanted.items():
            ordered = sorted(set(values), key=str.encode)
            need(values == ordered, "plan", f"{where}: the values for {column} are not in order, each once")
    roles = [role["name"] for role in task["team"]["roles"]]
    for names, what in ((roles, "roles"), (task["strata"], "strata")):
        distinct(names, f"{where}, {what}")
        for taken in ("id", "rank", "status", "blind"):
            need(taken not in names, "plan", f"{where}: {taken} among the {what}")
    for column in task["strata"]:
        need(column in manifests[task["roster"]]["columns"], "plan", f"{where}: there is no column {column}")
    need(("slack" in task["team"]) != ("cap" in task["team"]), "plan", f"{where}: not one of slack and cap")
    need(("reason" in task["team"]) == (len(roles) < 2), "plan", f"{where}: a reason goes with fewer than two roles")
    sampler, quota = task["sampler"], task.get("quota")
    if sampler.startswith("x-"):
        return
    need("parameters" not in task, "plan", f"{where}: parameters are for x- samplers")
    if quota is None:
        raise Refused(f"plan: {where} has no quota")
    need("ratio" in quota or "count" in quota, "plan", f"{where}: neither ratio nor count")
    if "ratio" in quota:
        need(0 < quota["ratio"]["numerator"] <= quota["ratio"]["denominator"], "plan", f"{where}: ratio")
    need("cap" not in quota or quota["cap"] >= quota.get("count", 1), "plan", f"{where}: cap below count")
    need("minimum" not in quota or quota["scope"] == "total", "plan", f"{where}: minimum without a total")
    fits = {
        "fixed-count": "count" in quota and "ratio" not in quota and quota["scope"] == "frame" and not task["strata"],
        "percentage": "ratio" in quota and quota["scope"] == "frame" and not task["strata"],
        "stratified": quota["scope"] in ("stratum", "total") and bool(task["strata"]),
    }
    need(fits.get(sampler), "plan", f"{where}: the quota does not fit the sampler {sampler}")


def check_commitment(body: Mapping[str, Any]) -> None:
    manifests = {manifest["name"]: manifest for manifest in body["rosters"]}
    distinct((manifest["name"] for manifest in body["rosters"]), "rosters")
    for manifest in body["rosters"]:
        name(manifest["name"], "rosters")
    distinct((one["name"] for one in body["sources"]), "sources")
    need(len(body["sources"]) <= 64, "source", "more than 64 sources in one commitment")
    steps = sum(one["step"] for one in body["sources"] if one["kind"] == "hashchain")
    need(steps <= 2_000_000, "source", "more than 2,000,000 steps of hash chains in one commitment")
    rows = {one["name"]: one["rows"] for one in body["rosters"]}
    through = 0
    for task in body["tasks"]:
        through += rows.get(task["roster"], 0)
        if task["team"]["roles"]:
            through += len(task["team"]["roles"]) * rows.get(task["team"]["roster"], 0)
            through += rows.get(body["plan"].get("recusals"), 0)
    need(through <= max(1 << 26, 16 * sum(rows.values())), "plan", "the tasks go through too many rows together")
    distinct((task["id"] for task in body["tasks"]), "tasks")
    distinct(body["plan"]["grounds"], "grounds")
    deadlines = [seconds(body["deadlines"][stage]) for stage in ("reveal", "draw", "result")]
    need(deadlines == sorted(deadlines), "plan", "the deadlines are out of order")
    need(any(signer["role"] == "organiser" for signer in body["signers"]), "plan", "no organiser among the signers")
    check_alike((signer["name"] for signer in body["signers"] if "name" in signer), "plan", "signers")
    check_reveal_room(body)
    for task in body["tasks"]:
        check_task(task, manifests)
    recusals = body["plan"].get("recusals")
    if recusals is not None:
        need(recusals in manifests, "plan", f"the roster {recusals} is not committed")
        columns = [column for column in manifests[recusals]["columns"] if column != "blind"]
        need(columns == ["id", "inspector", "target", "ground", "approver"], "plan", "the columns of the recusals")


# ---------------------------------------------------------------- section 6: envelopes

P = 2**255 - 19
# The y coordinates of the eight points of small order; a point and its negative share y.
SMALL_ORDER_Y = {
    0,
    1,
    P - 1,
    int.from_bytes(bytes.fromhex("26e8958fc2b227b045c3f489f2ef98f0d5dfac05d3c63339b13802886d53fc05"), "little"),
    int.from_bytes(bytes.fromhex("c7176a703d4dd84fba3c0b760d10670f2a2053fa2c39ccc64ec7fd7792ac037a"), "little"),
}
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493


def signature_holds(public_key: bytes, signature: bytes, message: bytes) -> bool:
    if len(public_key) != 32 or len(signature) != 64:
        return False
    for point in (public_key, signature[:32]):
        y = int.from_bytes(point, "little") & (2**255 - 1)
        if y >= P or y in SMALL_ORDER_Y:
            return False
    if int.from_bytes(signature[32:], "little") >= GROUP_ORDER:
        return False
    try:
        Ed25519PublicKey.from_public_bytes(public_key).verify(signature, message)
    except (InvalidSignature, ValueError):
        return False
    return True


def pae(payload_type: str, payload: bytes) -> bytes:
    kind = payload_type.encode()
    return b"DSSEv1 %d %b %d %b" % (len(kind), kind, len(payload), payload)


def strict_base64(value: str, where: str) -> bytes:
    try:
        data = base64.b64decode(value, validate=True)
    except ValueError:
        raise Refused(f"canonical: {where} is not base64") from None
    need(base64.b64encode(data).decode() == value, "canonical", f"{where} is not canonical base64")
    return data


def keyid(public_key: str) -> str:
    return sha256(bytes.fromhex(public_key)).hex()


SM2_ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123


def is_sm2(signature: bytes) -> bool:
    """Whether these are the bytes of two DER integers of an SM2 signature; 64 bytes are Ed25519's."""
    if not 8 <= len(signature) <= 72 or signature[0] != 0x30 or signature[1] != len(signature) - 2:
        return False
    rest = signature[2:]
    for _ in range(2):
        if len(rest) < 3 or rest[0] != 2 or not 1 <= rest[1] <= 33 or len(rest) < 2 + rest[1]:
            return False
        content, rest = rest[2 : 2 + rest[1]], rest[2 + rest[1] :]
        if content[0] & 0x80 or (len(content) > 1 and content[0] == 0 and not content[1] & 0x80):
            return False
        if not 0 < int.from_bytes(content, "big") < SM2_ORDER:
            return False
    return not rest


# ---------------------------------------------------------------- section 6: what must be writable

MOST = 2**53 - 1
EVIDENCE = {"drand": (2048, 32), "secret": (2048, 32), "nist": (32768, 128), "public": (8448, 4), "hashchain": (0, 0)}
SIGNATURE_LENGTH = {"ed25519": 88, "ml-dsa-44": 3228, "sm2": 96}
Weight = tuple[int, int]  # bytes, values


def weight(value: Any) -> Weight:
    return len(encode(value)), values_in(value)


def plus(*weights: Weight) -> Weight:
    return sum(w[0] for w in weights), sum(w[1] for w in weights)


def entry(value: Any) -> Weight:
    return plus(weight(value), (1, 0))


def room_of(body: Mapping[str, Any]) -> Weight:
    """What a body may take."""
    keys = {one["public_key"]: one["algorithm"] for one in body["signers"]}
    lengths = sorted((SIGNATURE_LENGTH[algorithm] for algorithm in keys.values()), reverse=True)[:64]
    signatures = [{"keyid": "0" * 64, "sig": "A" * length} for length in lengths]
    around = len(encode({"payload": "", "payloadType": PAYLOAD_TYPE, "signatures": signatures}))
    head = {"type": "substitution", "ceremony": "c" * 64, "sequence": MOST, "previous": "0" * 64, "time": "t" * 20}
    taken = plus(weight({**head, "body": {}}), weight({"blind": "0" * 64}))
    return (2**24 - around) // 4 * 3 - taken[0], 2_097_152 - taken[1]


def check_room(found: Weight, body: Mapping[str, Any], what: str) -> None:
    room = room_of(body)
    need(found[0] <= room[0] and found[1] <= room[1], "size", f"{what} could be too large to be written")


def check_reveal_room(body: Mapping[str, Any]) -> None:
    found = weight({"seed": "0" * 64, "values": []})
    for one in body["sources"]:
        said = {"kind": one["kind"], "name": one["name"], "value": "v" * 256, "evidence": 0}
        found = plus(found, entry(said), EVIDENCE.get(one["kind"], (65536, 4096)))
    check_room(found, body, "the reveal")


def check_task_room(body: Mapping[str, Any], task: Mapping[str, Any], targets: Roster, staff: Staff) -> Weight:
    """What the task takes of a draw at most; refuses numbers and substitutions that are too large."""
    key, where = "0" * 32, f"task {task['id']}"
    size, shortfall, strata = select(sha256, key, targets.columns, targets.rows, task)
    n, roles, team = sum(s["record"]["selected"] for s in strata), list(staff.roles), task["team"]
    worst_cap = n + team["slack"] if "slack" in team else max(n, team["cap"])
    numbers = [shortfall, worst_cap, *(s["record"]["wanted"] for s in strata)]
    need(max(numbers) <= MOST, "size", f"{where}: a number that no receipt can carry")
    if roles:
        longest = sorted((len(encode(row[0])) for row in targets.rows), reverse=True)
        person = max([len("null"), *(len(encode(row[0])) for row in staff.roster.rows)])
        slot = {"target": 0, "role": max(roles, key=len), "inspector": 0, "cap_waived": False}
        each = plus(entry(slot), (person - 2, 0))
        fixed = {"task": task["id"], "replaced": {"inspector": 0}, "ground": "g" * 64, "replacement": 0, "slots": []}
        around = plus(weight(fixed), (512 + max(512, person), 0))
        everywhere = plus(around, *[each] * n, *((length, 0) for length in longest[:n]))
        for found in (everywhere, plus(around, *[each] * len(roles), (longest[0] * len(roles), 0))):
            check_room(found, body, f"{where}: a substitution")
    manifests: list[Any] = [
        {"name": f"{task['id']}.{suffix}", "columns": columns, "page_rows": 256, "root": "0" * 64, "rows": MOST}
        for suffix, columns in (("selected", ["id", *task["strata"], "rank", "status"]), ("teams", ["id", *roles]))
    ]
    fixed = {
        "task": task["id"],
        "keys": {"targets": key, "inspectors": key},
        "size": size,
        "shortfall": shortfall,
        "quota": task["quota"],
        "strata": [],
        "assignment": {"smallest_cap": MOST, "cap": MOST, "slots": [], "open": []},
        "rosters": manifests,
    }
    total = weight(fixed)
    # Whom no recusal names differs in nothing but the id.
    named = {target for _, target in staff.pairs}
    (base, values), (longer, _) = cost_of("", roles, staff), cost_of("x", roles, staff)
    times = longer - base
    for stratum in strata:
        record = stratum["record"]
        units = [row[0] for row in targets.rows if row[0] in stratum["everybody"]]
        ratio_ = {"numerator": record["selected"], "denominator": record["size"]}
        most = {"reserves": record["size"] - record["selected"], "probability": ratio_, "last_ticket": "0" * 64}
        costs = [
            cost_of(unit, roles, staff) if unit in named else (base + times * (len(encode(unit)) - 2), values)
            for unit in units
        ]
        greatest = (sum(sorted((c[k] for c in costs), reverse=True)[: record["selected"]]) for k in (0, 1))
        total = plus(total, entry({**record, **most}), tuple(greatest))  # type: ignore[arg-type]
    return total


def cost_of(unit: str, roles: Sequence[str], staff: Staff) -> Weight:
    """What one target adds to a draw where it is selected."""
    slots = [(unit, role) for role in roles]
    reasons = {slot: staff.reasons(slot) for slot in slots}
    eligible = {slot: staff.eligible(slot) for slot in slots}
    found = [(0, 0)]
    for slot in slots:
        recused = sum("recusal" in why for why in reasons[slot])
        found.append(entry({"target": unit, "role": slot[1], "eligible": len(eligible[slot]), "recused": recused}))
    if len(fill(slots, eligible, lambda _: 1)) < len(slots):
        found.append(entry({"target": unit, "slots": []}))
        for slot in slots:
            found.append(entry({"role": slot[1], "candidates": []}))
            found += map(entry, reasons[slot])
    return plus(*found)


class Receipt:
    def __init__(self, data: bytes, where: str) -> None:
        envelope = decode(data, where)
        signature = obj({"keyid": digest, "sig": text})
        obj({"payload": text, "payloadType": one_of(PAYLOAD_TYPE), "signatures": array(signature, 1)})(envelope, where)
        self.payload = strict_base64(envelope["payload"], f"{where}.payload")
        content = decode(self.payload, f"{where}.payload")
        PAYLOAD(content, where)
        BODIES[content["type"]](content["body"], f"{where}, body")
        self.where = where
        self.type, self.body, self.time = content["type"], content["body"], content["time"]
        self.sequence, self.previous, self.ceremony = content["sequence"], content["previous"], content["ceremony"]
        ids = [item["keyid"] for item in envelope["signatures"]]
        need(ids == sorted(set(ids)), "canonical", f"{where}: signatures are not sorted, each once")
        need(len(ids) <= 64, "canonical", f"{where}: more than 64 signatures")
        self.signatures = {item["keyid"]: strict_base64(item["sig"], where) for item in envelope["signatures"]}
        for sig in self.signatures.values():
            need(len(sig) in (64, 2420) or is_sm2(sig), "canonical", f"{where}: a signature of no known form")
        first = any(len(sig) == 64 for sig in self.signatures.values())
        need(first, "canonical", f"{where}: no signature is of Ed25519")
        self.carries_date = self.type == "witness" and bool({"tokens", "logged"} & self.body.keys())
        self.digest = ""  # known when the suite is
        self.signers: set[str] = set()  # keyids that the policy knows and whose Ed25519 signature holds


# ---------------------------------------------------------------- section 7: trust policy

KEY = obj(
    {
        "name": visible,
        "algorithm": one_of(*KEY_BYTES),
        "public_key": key_hex,
        "roles": array(one_of(*ROLES), 1),
    },
    {"valid_from": time, "valid_until": time, "revoked": time},
)
DEMAND = obj({"role": one_of(*ROLES), "threshold": integer(1)}, {"of": array(text, 1), "algorithm": one_of(*KEY_BYTES)})
POLICY = obj(
    {
        "specification": one_of("dblrandom/v1"),
        "keys": array(KEY, 1),
        "require": mapping(one_of(*BODIES), array(DEMAND)),
        "chains": array(obj({"tip": digest, "operator": digest, "genesis": time, "period": integer(1)})),
        "margin": integer(0),
        "witnesses": integer(0),
    },
    {
        "authorities": array(obj({"name": visible, "certificate": BASE64}), 1),
        "logs": array(obj({"key": text, "witnesses": array(text, 1), "threshold": integer(1)}), 1),
        "events": array(obj({"event": visible, "outcomes": integer(2)}), 1),
        "networks": array(matches(re.compile(r"([0-9a-f]{64}|[0-9a-f]{128})\Z"), "a network"), 1),
        "previous_ceremony": digest,
    },
)


def vkey(value: str, where: str) -> tuple[str, bytes]:
    """Name and public key of a verifier's key of a log or of one of its witnesses."""
    holder, first, rest = value.partition("+")
    key_id, second, coded = rest.partition("+")
    need(holder and first and second, "trust", f"{where}: not a vkey")
    data = strict_base64(coded, where)
    need(len(data) == 33 and data[0] in (1, 4), "trust", f"{where}: a key of another type")
    made = sha256(holder.encode() + b"\n" + data)[:4].hex()
    need(made == key_id, "trust", f"{where}: its id is not that of its key")
    return holder, data[1:]


def check_policy(policy: Any) -> None:
    POLICY(policy, "trust.json")
    distinct((key["public_key"] for key in policy["keys"]), "trust.json")
    organisers = {key["name"] for key in policy["keys"] if "organiser" in key["roles"]}
    for key in policy["keys"]:
        size = 2 * KEY_BYTES[key["algorithm"]]
        need(len(key["public_key"]) == size, "trust", f"the key of {key['name']} has not the size of its algorithm")
        if key["name"] in organisers:
            need(key["roles"] == ["organiser"], "trust", f"{key['name']} is an organiser and something else")
    holders = {key["name"] for key in policy["keys"]}
    origins = [vkey(log["key"], "a log's key")[0] for log in policy.get("logs", [])]
    anchors = [one["name"] for one in policy.get("authorities", [])] + origins
    check_alike([*sorted(holders), *anchors], "trust", "trust.json")
    for demands in policy["require"].values():
        need(len(demands) <= 64, "trust", "more than 64 requirements for one type of receipt")
        for demand in demands:
            need(set(demand.get("of", [])) <= holders, "trust", "a requirement names somebody who holds no key")
    for authority in policy.get("authorities", []):
        need(authority["name"] not in holders, "trust", f"{authority['name']} is an authority and holds a key")
    public = {key["public_key"] for key in policy["keys"]}
    for log in policy.get("logs", []):
        origin, own = vkey(log["key"], "a log's key")
        need(origin not in holders, "trust", f"{origin} is a log and holds a key")
        cosigners = [vkey(witness, "a log's witness")[1] for witness in log["witnesses"]]
        need(len({own, *cosigners}) == len(cosigners) + 1, "trust", f"{origin}: one key under two names")
        need(log["threshold"] <= len(cosigners), "trust", f"{origin}: its threshold cannot be reached")
        need(not public & {key.hex() for key in cosigners}, "trust", f"{origin}: a witness whose key stands elsewhere")


# ---------------------------------------------------------------- section 8: folder


LEFT_FILES = re.compile(
    r"\.ds_store|\.localized|\.volumeicon\.icns|\.apdisk|icon\r|thumbs\.db|ehthumbs\.db|ehthumbs_vista\.db|desktop\.ini"
    r"|\.directory|(\._|~\$|\.smbdelete).+|\.~lock\..+#|(\.nfs|\.fuse_hidden)[0-9a-f]+",
    re.DOTALL,
)
LEFT_FOLDERS = re.compile(
    r"__macosx|\.spotlight-v100|\.fseventsd|\.trashes|\.temporaryitems|\.documentrevisions-v100|\.appledouble|\.appledb"
    r"|\.appledesktop|\$recycle\.bin|system volume information|@eadir|#recycle|\.trash-[0-9]+"
)


def is_left(entry: Path, path: str, listed: set[str]) -> bool:
    """Whether a desktop or a file server left it there."""
    if entry.is_dir():
        return bool(LEFT_FOLDERS.fullmatch(entry.name.lower())) and not any(n.startswith(path + "/") for n in listed)
    return entry.is_file() and bool(LEFT_FILES.fullmatch(entry.name.lower())) and path not in listed


def read_folder(folder: Path) -> dict[str, bytes]:
    """Every file of the ceremony by its path, after SHA256SUMS has been checked."""
    need(folder.is_dir() and not folder.is_symlink(), "folder", f"{folder} is not a directory")
    sums = folder / "SHA256SUMS"
    need(sums.is_file() and not sums.is_symlink(), "folder", "there is no SHA256SUMS")
    listed = {line[66:] for line in sums.read_bytes().decode("utf-8", "replace").split("\n")}
    found: dict[str, bytes] = {}
    pending = [folder]
    while pending:
        directory = pending.pop()
        below = "" if directory == folder else f"{directory.relative_to(folder).as_posix()}/"
        entries = sorted(e for e in directory.iterdir() if e.is_symlink() or not is_left(e, below + e.name, listed))
        need(entries, "folder", f"{directory} is empty")
        for entry in entries:
            path = entry.relative_to(folder).as_posix()
            need(not entry.is_symlink(), "folder", f"{path} is a link")
            if path in ("secrets", "lock"):
                continue
            if entry.is_dir():
                pending.append(entry)
                continue
            need(entry.is_file(), "folder", f"{path} is not a regular file")
            need("\\" not in path and "\n" not in path and "\r" not in path, "folder", f"the path {path!r}")
            found[path] = entry.read_bytes()
    need("SHA256SUMS" in found, "folder", "there is no SHA256SUMS")
    written = found.pop("SHA256SUMS")
    lines = [
        hashlib.sha256(found[path]).hexdigest().encode() + b"  " + path.encode() + b"\n"
        for path in sorted(found, key=str.encode)
    ]
    need(written == b"".join(lines), "folder", "SHA256SUMS does not describe the files that are there")
    return found


# ---------------------------------------------------------------- the audit


class Audit:
    def __init__(self, folder: Path, policy: Any, as_of: str | None, vouched: bool = False) -> None:
        self.files = read_folder(folder)
        self.report: list[str] = []
        self.as_of = None if as_of is None else seconds(as_of)
        self.passed("folder: every file is listed and unchanged")
        if policy is None:
            need("trust.json" in self.files, "trust", "there is no trust.json")
            policy = decode(self.files["trust.json"], "trust.json")
            vouched = False
        if not vouched:
            self.finding("trust policy not from outside")
        check_policy(policy)
        self.policy = policy
        self.keys = {keyid(key["public_key"]): key for key in policy["keys"]}

    def passed(self, line: str) -> None:
        self.report.append(f"passed: {line}")

    def finding(self, line: str) -> None:
        self.report.append(f"finding: {line}")

    def not_checked(self, line: str) -> None:
        self.report.append(f"not checked: {line}")

    def run(self) -> list[str]:
        self.read_receipts()
        self.check_chain()
        self.check_dates()
        self.check_signatures()
        self.check_grammar()
        self.check_precedence()
        self.read_rosters()
        self.check_seals()
        if self.reveal:
            self.check_reveal()
        if self.draw:
            self.check_draw()
        self.check_after_draw()
        self.check_deadlines()
        if self.commitment.ceremony.startswith("rehearsal."):
            self.finding("rehearsal")
        return self.report

    # -- envelopes, chain, signatures

    def read_receipts(self) -> None:
        paths = sorted(path for path in self.files if path.startswith("receipts/"))
        need(paths, "chain", "there are no receipts")
        self.receipts = sorted((Receipt(self.files[path], path) for path in paths), key=lambda r: r.sequence)
        for receipt in self.receipts:
            expected = f"receipts/{receipt.sequence:04d}-{receipt.type}.json"
            need(receipt.where == expected, "folder", f"{receipt.where} holds what belongs into {expected}")
        self.passed(f"canonical: {len(self.receipts)} envelopes and payloads")

    def check_chain(self) -> None:
        first = self.receipts[0]
        need(first.type == "commitment", "chain", "the first receipt is no commitment")
        self.suite = first.body["suite"]
        self.h = SUITES[self.suite]
        before: Receipt | None = None
        for number, receipt in enumerate(self.receipts, 1):
            receipt.digest = self.h(receipt.payload).hex()
            need(receipt.sequence == number, "chain", f"sequence {number} is missing or there twice")
            need(receipt.previous == (before.digest if before else None), "chain", f"{receipt.where}: previous")
            need(receipt.ceremony == first.ceremony, "chain", f"{receipt.where} is of another ceremony")
            need(not before or before.time <= receipt.time, "chain", f"{receipt.where}: time goes back")
            if receipt.type == "commitment":
                need(receipt.body["suite"] == self.suite, "chain", f"{receipt.where} changes the suite")
                check_commitment(receipt.body)
            before = receipt
        self.passed("chain: sequence, previous, ceremony, suite and time")

    def verify_all(self) -> None:
        for receipt in self.receipts:
            for signer, signature in receipt.signatures.items():
                if signer not in self.keys:
                    self.not_checked(f"signature of {signer} on {receipt.where}: unknown key, counts for nothing")
                    continue
                key = self.keys[signer]
                if key["algorithm"] != "ed25519":
                    kind = 2420 if key["algorithm"] == "ml-dsa-44" else None
                    fits = len(signature) == kind if kind else is_sm2(signature) and len(signature) != 64
                    need(fits, "signature", f"{receipt.where}: the signature of {signer} is of another algorithm")
                    self.not_checked(f"second signature of {key['name']} on {receipt.where}: {key['algorithm']}")
                    continue
                good = signature_holds(bytes.fromhex(key["public_key"]), signature, pae(PAYLOAD_TYPE, receipt.payload))
                need(good, "signature", f"{receipt.where}: the signature of {signer} is wrong")
                receipt.signers.add(signer)

    def check_dates(self) -> None:
        """Collect what trusted witnesses say: (time, sequence attested, sequence of the witness, holder)."""
        self.verify_all()
        organisers = {
            keyid(signer["public_key"])
            for receipt in self.receipts
            if receipt.type == "commitment"
            for signer in receipt.body["signers"]
            if signer["role"] == "organiser"
        }
        self.declared_organisers = organisers
        self.attested: list[tuple[int, int, int, str]] = []
        self.outside: list[int] = []  # what receipts are attested by tokens and proofs, which are not checked here
        waiting: list[tuple[int, tuple[int, int, int, str]]] = []  # with the moment at which the key was revoked
        for receipt in self.receipts:
            if receipt.type != "witness":
                continue
            body, where = receipt.body, receipt.where
            need(body["time"] == receipt.time, "witness", f"{where}: two times")
            need(body["ceremony"] == receipt.ceremony, "witness", f"{where}: another ceremony")
            need(body["sequence"] < receipt.sequence, "witness", f"{where} attests nothing earlier")
            named = self.receipts[body["sequence"] - 1]
            need(named.digest == body["digest"], "witness", f"{where}: the digest is not that of its receipt")
            vouching = {one for one in receipt.signers if {"witness", "auditor"} & set(self.keys[one]["roles"])}
            if receipt.carries_date:
                self.outside_dates(receipt)
            else:
                need(not organisers & set(receipt.signatures), "witness", f"{where} is signed by the organiser")
                need(vouching, "witness", f"{where} is signed by no witness or auditor")
            for one in sorted(vouching - organisers):
                key, moment = self.keys[one], seconds(body["time"])
                entry = (moment, body["sequence"], receipt.sequence, key["name"])
                if "witness" not in key["roles"]:
                    continue
                if not self.within(key, moment, moment):
                    self.not_checked(f"{where}: {key['name']} does not count, whose key is out of its time")
                elif "revoked" in key:
                    waiting.append((seconds(key["revoked"]), entry))
                else:
                    self.attested.append(entry)
        while sound := [
            (revoked, entry)
            for revoked, entry in waiting
            if any(m < revoked and s >= entry[2] and who != entry[3] for m, s, _, who in self.attested)
        ]:
            self.attested += [entry for _, entry in sound]
            waiting = [one for one in waiting if one not in sound]
        for _, (_, _, own, who) in waiting:
            self.not_checked(f"receipt {own}: {who} does not count, whose key was revoked")

    def outside_dates(self, receipt: Receipt) -> None:
        """Time stamps and log proofs: their form; what they show is not checked."""
        for entry in receipt.body.get("tokens", []):
            for coded in (entry["token"], *entry["certificates"]):
                strict_base64(coded, receipt.where)
            root = entry["certificates"][-1]
            known = [one["name"] for one in self.policy.get("authorities", []) if one["certificate"] == root]
            self.not_checked(
                f"time stamp in {receipt.where}: {known[0] if known else 'an authority not in the policy'}"
            )
            if known:
                need(2 <= len(entry["certificates"]) <= 8, "time stamp", f"{receipt.where}: the length of its chain")
                self.outside.append(receipt.body["sequence"])
        if "logged" in receipt.body:
            first, *rest = receipt.body["logged"].split("\n")
            need(first == "c2sp.org/tlog-proof@v1" and "" in rest, "log", f"{receipt.where}: not a proof")
            origin = rest[rest.index("") + 1 :][:1]
            logs = [vkey(log["key"], "a log's key")[0] for log in self.policy.get("logs", [])]
            self.not_checked(f"log proof in {receipt.where}: {origin[0] if origin else 'no log'}")
            if origin and origin[0] in logs:
                self.outside.append(receipt.body["sequence"])

    def dated(self, receipt: Receipt, besides: str | None = None) -> int | None:
        """The earliest moment at which a trusted witness vouches for the receipt."""
        moments = [m for m, sequence, _, who in self.attested if sequence >= receipt.sequence and who != besides]
        return min(moments, default=None)

    def dated_outside(self, receipt: Receipt) -> bool:
        """Whether something that is not checked here, and that the policy would let count, dates the receipt."""
        return any(sequence >= receipt.sequence for sequence in self.outside)

    def not_before(self, receipt: Receipt) -> int | None:
        return max((moment for moment, _, own, _ in self.attested if own < receipt.sequence), default=None)

    def within(self, key: Mapping[str, Any], earliest: int | None, latest: int | None) -> bool:
        if "valid_from" in key and earliest is not None and earliest < seconds(key["valid_from"]):
            return False
        return not ("valid_until" in key and latest is not None and latest > seconds(key["valid_until"]))

    def key_counts(self, one: str, receipt: Receipt) -> bool:
        """Section 7, when a signature counts."""
        key = self.keys[one]
        other = self.dated(receipt, besides=key["name"])
        if "revoked" in key and (other is None or other >= seconds(key["revoked"])):
            return False
        own = seconds(receipt.time) if receipt.type == "witness" else None
        latest = next((m for m in (own, other, self.as_of) if m is not None), None)
        earliest = next((m for m in (own, other, self.not_before(receipt), self.as_of) if m is not None), None)
        if ("valid_from" in key and earliest is None) or ("valid_until" in key and latest is None):
            self.not_checked(f"{receipt.where}: the time of the key of {key['name']}, without as_of")
        return self.within(key, earliest, latest)

    def check_signatures(self) -> None:
        self.counting: dict[int, set[str]] = {}
        organisers: set[str] = set()
        for receipt in self.receipts:
            if receipt.type == "commitment":
                declared = receipt.body["signers"]
                organisers = {keyid(one["public_key"]) for one in declared if one["role"] == "organiser"}
                for one in declared:
                    if one["role"] in ("organiser", "party"):
                        self.check_declared(receipt, one)
            counting = {one for one in receipt.signers if self.key_counts(one, receipt)}
            for one in sorted(receipt.signers - counting):
                self.not_checked(f"{receipt.where}: {self.keys[one]['name']} does not count, out of the key's time")
            self.counting[receipt.sequence] = counting
            default = [] if receipt.type == "witness" else [{"role": "organiser", "threshold": 1}]
            for demand in self.policy["require"].get(receipt.type, default):
                self.check_demand(receipt, demand, counting, organisers)
        self.passed("signature: every receipt has the signatures that the policy asks for")

    def check_declared(self, receipt: Receipt, declared: Mapping[str, Any]) -> None:
        """Organisers and parties sign the commitment, whether or not the policy knows them."""
        signature = receipt.signatures.get(keyid(declared["public_key"]))
        need(signature, "signature", f"{receipt.where}: the {declared['role']} did not sign")
        if signature is None or declared["algorithm"] != "ed25519":
            self.not_checked(f"{receipt.where}: the declared second signature of a {declared['role']}")
            return
        public_key = bytes.fromhex(declared["public_key"])
        good = signature_holds(public_key, signature, pae(PAYLOAD_TYPE, receipt.payload))
        need(good, "signature", f"{receipt.where}: the signature of the {declared['role']} is wrong")

    def check_demand(
        self, receipt: Receipt, demand: Mapping[str, Any], counting: set[str], organisers: set[str]
    ) -> None:
        if demand.get("algorithm", "ed25519") != "ed25519":
            self.not_checked(f"{receipt.where}: the signatures by {demand['algorithm']} that the policy asks for")
            return
        fitting = {one for one in counting if demand["role"] in self.keys[one]["roles"]}
        if demand["role"] == "organiser":
            fitting &= organisers
        holders = {self.keys[one]["name"] for one in fitting}
        if "of" in demand:
            holders &= set(demand["of"])
        need(
            len(holders) >= demand["threshold"],
            "signature",
            f"{receipt.where}: {len(holders)} of {demand['threshold']} holders of the role {demand['role']}",
        )

    # -- grammar, dates

    def check_grammar(self) -> None:
        self.commitment, self.reveal, self.draw = self.receipts[0], None, None
        state, seen_digests, settled = "start", set(), False
        voided: Receipt | None = None
        allowed = {
            "start": {"commitment": "committed"},
            "committed": {"void": "void", "sealed": "waiting", "result": "waiting", "reveal": "revealed"},
            "void": {"commitment": "committed"},
            "waiting": {"sealed": "waiting", "result": "waiting", "reveal": "revealed"},
            "revealed": {"draw": "drawn"},
            "drawn": {"substitution": "drawn", "sealed": "drawn", "result": "drawn"},
        }
        for receipt in self.receipts:
            if receipt.type == "witness":
                continue
            if receipt.type not in allowed[state]:
                again = receipt.type in ("commitment", "void", "reveal", "draw")
                raise Refused(f"chain: {'redraw after entropy: ' * again}{receipt.where} has no place here")
            state = allowed[state][receipt.type]
            sealed = receipt.body["type"] if receipt.type == "sealed" else None
            if receipt.type == "commitment":
                settled = False
            settled = settled or receipt.type == "draw" or sealed == "draw"
            rests = receipt.type == "result" or sealed in ("result", "substitution")
            need(settled or not rests, "chain", f"{receipt.where} rests on a draw that is neither public nor sealed")
            if receipt.type == "commitment":
                expected = voided.digest if voided else None
                need(receipt.body["replaces"] == expected, "chain", f"{receipt.where}: replaces")
                for one in receipt.body["sources"]:
                    if one["kind"] == "secret":
                        need(one["digest"] not in seen_digests, "source", f"{one['name']}: a digest used before")
                        seen_digests.add(one["digest"])
                self.commitment = receipt
            elif receipt.type == "void":
                voided = self.commitment
                if "proof" in receipt.body:
                    self.check_proof(receipt)
                    continue
                moment, decisive = self.dated(receipt), self.decisive(self.commitment)
                if not self.unknown_at(receipt, moment):
                    self.finding("redraw possible")
                if moment is None and self.dated_outside(receipt):
                    self.not_checked(f"{receipt.where}: the void is dated by what is not checked here")
                    continue
                pending = moment is None and receipt is [r for r in self.receipts if r.type != "witness"][-1]
                if pending and self.as_of is not None and self.as_of < decisive:
                    self.not_checked(f"{receipt.where}: the void is not dated yet")
                else:
                    need(
                        moment is not None and moment < decisive,
                        "chain",
                        f"redraw after entropy: {receipt.where} is not dated before the decisive moment",
                    )
            elif receipt.type == "reveal":
                self.reveal = receipt
            elif receipt.type == "draw":
                self.draw = receipt
        self.state = state
        named = self.commitment.body["previous_ceremony"]
        if "previous_ceremony" in self.policy:
            need(named == self.policy["previous_ceremony"], "chain", "previous_ceremony is not the one known")
        self.passed("chain: the types match the grammar")

    def unknown_at(self, void: Receipt, moment: int | None) -> bool:
        """Section 3, point 6: whether an independent source is shown to have been unknown at a void."""
        told = set()
        for receipt in self.receipts[self.commitment.sequence :]:
            if receipt.type == "commitment":
                break
            holders = {one["name"]: one.get("keyid") for one in self.commitment.body["sources"]}
            for which in receipt.body.get("disclosed", {}) if receipt.type == "witness" else {}:
                holder = self.keys.get(holders.get(which), {}).get("name")
                if any(own == receipt.sequence and who != holder for _, _, own, who in self.attested):
                    told.add(which)
        for one in self.independent(self.commitment):
            shown = one["kind"] in ("nist", "hashchain") or one.get("chain") in KNOWN_NETWORKS
            shown = one["name"] not in told if one["kind"] == "secret" else shown
            if shown and (moment is None or seconds(one["not_before"]) > moment):
                return True
        return False

    def check_proof(self, receipt: Receipt) -> None:
        """A void with proof: the round is verified; that the lock misopens is not."""
        sources, proof = {one["name"]: one for one in self.commitment.body["sources"]}, receipt.body["proof"]
        need(proof, "void", f"{receipt.where}: the proof is empty")
        for label, evidence in proof.items():
            need("timelock" in sources.get(label, {}), "void", f"{receipt.where}: {label} is no time-locked secret")
            self.check_lock_round(sources[label], evidence)
            self.not_checked(f"{receipt.where}: that the time-lock of {label} misopens")

    def check_lock_round(self, one: Mapping[str, Any], evidence: Any) -> None:
        where = f"evidence of {one['name']}"
        obj({"chain": anything, "round": integer(1), "signature": text})(evidence, where)
        need(evidence["round"] == one["round"], "source", f"{where}: is of another round")
        if not check_drand(one, evidence["signature"], evidence["chain"], None):
            self.not_checked(f"{where}: the round's signature")

    def independent(self, commitment: Receipt) -> list[dict[str, Any]]:
        """Section 3, point 1."""
        organisers = self.declared_organisers | {one for one, key in self.keys.items() if "organiser" in key["roles"]}
        names = {self.keys[one]["name"] for one in organisers if one in self.keys}

        def outside(one: str) -> bool:
            return one in self.keys and one not in organisers and self.keys[one]["name"] not in names

        found = []
        for one in commitment.body["sources"]:
            if one["kind"] == "public":
                found.append(one)
            elif one["kind"] == "drand":
                if one["chain"] in KNOWN_NETWORKS or one["chain"] in self.policy.get("networks", []):
                    found.append(one)
            elif one["kind"] == "nist":
                certificate = one.get("certificate")
                public = certificate is None or certificate in PINNED_CERTIFICATES
                if public or certificate in self.policy.get("networks", []):
                    found.append(one)
            elif one["kind"] == "hashchain":
                pinned = (one["tip"], one["operator"]) in {(c["tip"], c["operator"]) for c in self.policy["chains"]}
                if outside(one["operator"]) and (pinned or one["operator"] in self.counting[commitment.sequence]):
                    found.append(one)
            elif one["kind"] != "secret":
                self.not_checked(f"source {one['name']}: who holds one of kind {one['kind']}; taken as not independent")
            elif outside(one["keyid"]) and one["keyid"] in self.counting[commitment.sequence]:
                found.append(one)
        return found

    def decisive(self, commitment: Receipt) -> int:
        independent = self.independent(commitment)
        others = [one for one in independent if one["kind"] != "secret"]
        return min(seconds(one["not_before"]) for one in others or independent or commitment.body["sources"])

    def check_precedence(self) -> None:
        commitment = self.commitment
        independent, decisive = self.independent(commitment), self.decisive(commitment)
        sources = commitment.body["sources"]
        if not independent:
            self.finding("not verifiable against the organiser")
        revealed = self.reveal.body["values"] if self.reveal else []
        evidence = {item["name"]: item.get("evidence") for item in revealed}
        values = {item["name"]: item["value"] for item in revealed}
        vouched = {known["event"]: known["outcomes"] for known in self.policy.get("events", [])}
        groups: list[tuple[set[Any], int]] = []  # the same thing under two names counts once
        for one in independent:
            same = {member: item for member, item in one.items() if member not in ("name", "not_before", "step")}
            marks: set[Any] = {encode(same)}
            many = 2 ** (512 if one["kind"] == "nist" else 256)
            if one["kind"] == "public":
                said = evidence.get(one["name"])
                moved = said.get("event") if isinstance(said, dict) else None
                event = moved if isinstance(moved, str) else one["event"]
                many = shown_outcomes(one, vouched.get(event))
                marks = {"".join(letter for letter in alike(event) if letter.isalnum())}
                if one["name"] in values and many >= 2**20:
                    marks.add(tuple(sorted(re.findall("[A-Z0-9.]+", values[one["name"]]))))
                if event not in vouched:
                    self.not_checked(f"source {one['name']}: {one['outcomes']} outcomes are declared; {many} counted")
            for before in [group for group in groups if group[0] & marks]:
                groups.remove(before)
                marks, many = marks | before[0], max(many, before[1])
            groups.append((marks, many))
        breadth = math.prod(many for _, many in groups)
        if breadth < 2**64:
            self.finding("grindable")
        pinned = {(chain["tip"], chain["operator"]): chain for chain in self.policy["chains"]}
        for one in sources:
            chain = pinned.get((one["tip"], one["operator"])) if one["kind"] == "hashchain" else None
            if chain:
                moment = seconds(chain["genesis"]) + one["step"] * chain["period"]
                need(seconds(one["not_before"]) == moment, "source", f"{one['name']}: not the chain's own not_before")
        public = [seconds(one["not_before"]) for one in sources if one["kind"] != "secret"]
        limit = decisive - self.policy["margin"]
        witnesses = {
            who for moment, sequence, _, who in self.attested if moment <= limit and sequence >= commitment.sequence
        }
        if self.state == "void":
            self.not_checked("the date of a commitment that was voided")
        elif len(witnesses) < max(1, self.policy["witnesses"]) and self.dated_outside(commitment):
            self.not_checked("the date of the commitment: it rests on time stamps or a log")
            if not witnesses:
                self.finding("uniqueness not shown")
        elif len(witnesses) < self.policy["witnesses"]:
            early = self.reveal is None and self.as_of is not None and self.as_of <= limit
            wanted = self.policy["witnesses"]
            need(early, "witness", f"{len(witnesses)} of {wanted} witnesses dated the commitment in time")
            self.not_checked("the date of the commitment: there is still time for it")
        elif not witnesses:
            self.finding("commitment not dated")
            self.finding("uniqueness not shown")
        else:
            self.passed(f"witness: {len(witnesses)} dated the commitment early enough")
        secrets = {one["name"]: one for one in sources if one["kind"] == "secret"}
        in_time: set[str] = set()
        for receipt in self.receipts:
            for which, value in receipt.body.get("disclosed", {}).items() if receipt.type == "witness" else []:
                if receipt.sequence < commitment.sequence:
                    continue
                need(which in secrets, "source", f"{receipt.where} discloses {which}, which is no secret source")
                date_ = self.dated(commitment)
                after = date_ is not None and seconds(receipt.time) > date_
                need(after, "witness", f"{receipt.where} discloses {which} no later than the commitment is dated")
                fits = secret_digest(self.h, receipt.ceremony, which, value) == secrets[which]["digest"]
                need(fits, "source", f"{receipt.where}: what it discloses of {which} is not what was committed")
                holder = self.keys.get(secrets[which]["keyid"], {}).get("name")
                trusted = any(own == receipt.sequence and who != holder for _, _, own, who in self.attested)
                if trusted and seconds(receipt.time) < decisive:
                    in_time.add(which)
        locked = self.locked(secrets, self.dated(commitment))
        only_secrets = len(secrets) == len(sources) and not set(secrets) <= locked
        short = [one for one in sources if one["kind"] == "public" and one["form"] == "text" and one["outcomes"] > 36]
        dependent = [one for one in sources if one["kind"] != "secret" and one not in independent]
        if set(secrets) - in_time - locked or only_secrets or dependent or short:
            self.finding("withholding possible")
        if self.reveal:
            moment = self.dated(self.reveal)
            if moment is not None and public:
                need(moment >= max(public), "source", "the reveal is dated before a source could have its value")

    def locked(self, secrets: Mapping[str, Any], dated: int | None) -> set[str]:
        """The secrets that could not be withheld, as far as the form of their locks shows it."""
        opened = {
            item["name"]
            for item in (self.reveal.body["values"] if self.reveal else [])
            if item.get("evidence") is not None
        }
        found = set()
        for label, one in secrets.items():
            if "timelock" not in one:
                continue
            opens, limit = seconds(one["not_before"]), seconds(self.commitment.body["deadlines"]["reveal"])
            if self.state != "void":
                early = dated is not None and opens < dated + self.policy["margin"]
                need(not early and opens <= limit, "source", f"{label}: its time-lock opens outside of its window")
            if one["chain"] in KNOWN_NETWORKS or one["chain"] in self.policy.get("networks", []):
                found.add(label)
        return found & opened if self.reveal else found

    # -- rosters

    def read_rosters(self) -> None:
        body = self.commitment.body
        self.rosters: dict[str, Roster] = {}
        for manifest in body["rosters"]:
            path = f"rosters/{manifest['name']}.tsv"
            if path not in self.files:
                need(manifest["page_rows"] == 1, "roster", f"{path} is missing")
                self.not_checked(f"roster {manifest['name']}: confidential, not in the folder")
                continue
            roster = Roster(self.h, manifest["name"], self.files[path])
            need(encode(roster.manifest) == encode(manifest), "roster", f"{path} is not what was committed")
            self.rosters[manifest["name"]] = roster
        committed = {f"rosters/{manifest['name']}.tsv" for manifest in body["rosters"]}
        for path in self.files:
            need(not path.startswith("rosters/") or path in committed, "roster", f"{path} was not committed")
        self.passed(f"roster: {len(self.rosters)} read in full, rows and roots as committed")
        people = {task["team"]["roster"] for task in body["tasks"] if task["team"]["roles"]}
        self.check_apart({row[0] for name_ in people if name_ in self.rosters for row in self.rosters[name_].rows})
        for name_ in sorted({task["roster"] for task in body["tasks"]} & set(self.rosters)):
            ids = {row[0] for row in self.rosters[name_].rows}
            if len({alike(one) for one in ids}) < len(ids):
                self.finding(f"ids that look alike (roster {name_})")
        recusals = self.rosters.get(body["plan"].get("recusals", ""))
        if recusals:
            known = {
                kind: [self.rosters[name_] for name_ in names if name_ in self.rosters]
                for kind, names in (
                    ("target", {task["roster"] for task in body["tasks"]}),
                    ("inspector", {task["team"]["roster"] for task in body["tasks"]}),
                )
            }
            for row in recusals.rows:
                need(alike(row[1]) != alike(row[4]), "recusal", f"{row[0]}: the inspector is the approver")
                compared(row[3], f"ground of recusal {row[0]}")
                for kind, value in (("inspector", row[1]), ("target", row[2])):
                    everywhere = any(value in roster.by_id for roster in known[kind])
                    need(everywhere or not known[kind], "recusal", f"{row[0]}: there is no {kind} {value}")
        self.check_room()

    def check_apart(self, ids: set[str]) -> None:
        need(len({alike(one) for one in ids}) == len(ids), "roster", "two ids of inspectors are alike")

    def check_room(self) -> None:
        """Whether every draw that any seed gives can be written."""
        body = self.commitment.body
        found, chosen = weight({"tasks": []}), 0
        recusals = self.rosters.get(body["plan"].get("recusals", ""))
        for task in body["tasks"]:
            team = task["team"]["roster"]
            at_hand = {task["roster"], team} <= set(self.rosters) and ("recusals" in body["plan"]) == bool(recusals)
            if task["sampler"].startswith("x-") or not at_hand:
                self.not_checked(f"task {task['id']}: whether a draw of it can be written for every seed")
                continue
            staff = Staff(self.rosters[team], task["team"]["roles"], recusals, f"task {task['id']}")
            targets = self.rosters[task["roster"]]
            _, _, strata = select(sha256, "0" * 32, targets.columns, targets.rows, task)
            chosen += sum(s["record"]["selected"] for s in strata) * sum(map(staff.choice, staff.roles))
            need(chosen <= 1 << 28, "work", "the slots have too many inspectors to choose from")
            found = plus(found, check_task_room(body, task, targets, staff), (1, 0))
            share = task["quota"].get("ratio")
            part = share is not None and share["numerator"] < share["denominator"]
            records = [s["record"] for s in strata]
            if any(not s["selected"] or (part and s["selected"] == s["size"]) for s in records):
                self.finding("nothing left to chance")
        check_room(found, body, "the draw")
        self.passed("size: every draw of the tasks at hand can be written")

    # -- seals

    def check_seals(self) -> None:
        """A seal is opened by the first later receipt of its type whose body matches."""
        self.sealed_at: dict[int, int] = {}  # sequence of the opened receipt -> sequence of its seal
        self.closed: list[Receipt] = []
        for receipt in self.receipts:
            if receipt.type != "sealed":
                continue
            opened = next(
                (
                    later
                    for later in self.receipts[receipt.sequence :]
                    if later.type == receipt.body["type"] and self.h(encode(later.body)).hex() == receipt.body["digest"]
                ),
                None,
            )
            if opened is None:
                self.not_checked(f"seal {receipt.where}: still closed")
                self.closed.append(receipt)
                if self.draw and receipt.body["type"] in ("reveal", "draw"):
                    raise Refused(f"seal: {receipt.where} was not opened by what was published")
                continue
            need("blind" in opened.body, "seal", f"{opened.where} was sealed without a blind")
            self.sealed_at.setdefault(opened.sequence, receipt.sequence)
        for receipt in self.receipts:
            if "blind" in receipt.body:
                need(receipt.sequence in self.sealed_at, "seal", f"{receipt.where} has a blind, but no seal")
        self.passed(f"seal: {len(self.sealed_at)} opened by the body that was sealed")

    # -- reveal

    def check_reveal(self) -> None:
        if self.reveal is None:
            return
        sources, values = self.commitment.body["sources"], self.reveal.body["values"]
        need(len(sources) == len(values), "source", "a source has no value, or one is too many")
        for one, item in zip(sources, values, strict=True):
            label, value = one["name"], item["value"]
            need((one["kind"], label) == (item["kind"], item["name"]), "source", f"{label} is out of order")
            if one["kind"] == "public":
                need(public_fits(one["form"], value, label), "source", f"{label}: not in its form's one writing")
                few = one["form"] == "text" and one["outcomes"] > text_outcomes(len(value))
                need(not few, "source", f"{label}: fewer such texts than outcomes were declared")
                said = obj({"report": visible}, {"event": compared} if one["cancelled"] == "next" else None)
                said(item.get("evidence"), f"evidence of {label}")
                need(all(1 <= len(word) <= 1024 for word in item["evidence"].values()), "source", f"{label}: evidence")
                again = alike(item["evidence"].get("event", "")) == alike(one["event"])
                need(not again, "source", f"{label}: the declared event again")
                if "event" in item["evidence"]:
                    self.finding("event replaced")
                self.not_checked(f"public event {label}: its form only; compare it with {item['evidence']['report']!r}")
            elif one["kind"] == "drand":
                hexadecimal(64)(value, f"value of {label}")
                evidence = item.get("evidence")
                form = {"chain": anything, "signature": text}
                obj(form, {"previous_signature": text})(evidence, f"evidence of {label}")
                checked = check_drand(one, evidence["signature"], evidence["chain"], evidence.get("previous_signature"))
                same = sha256(bytes.fromhex(evidence["signature"])).hex() == value
                need(same, "source", f"{label}: the value is not SHA-256 of the signature")
                if checked:
                    self.passed(f"source {label}: round {one['round']}")
                else:
                    self.not_checked(f"source {label}: the round's signature, for want of a library for the curve")
            elif one["kind"] == "hashchain":
                hexadecimal(64)(value, f"value of {label}")
                end = chain_ahead(self.h, value, one["step"])
                need(end == one["tip"], "source", f"{label} does not lead to its tip")
                need("evidence" not in item, "source", f"{label} has evidence")
            elif one["kind"] == "secret":
                hexadecimal(64)(value, f"value of {label}")
                digest_ = secret_digest(self.h, self.commitment.ceremony, label, value)
                need(digest_ == one["digest"], "source", f"{label} is not the secret that was committed")
                if item.get("evidence") is not None:
                    need("timelock" in one, "source", f"{label} has evidence")
                    self.check_lock_round(one, item["evidence"])
                    self.not_checked(f"source {label}: that its time-lock opens to this value")
            else:
                length = {"nist": 128}.get(one["kind"], len(value))
                hexadecimal(length)(value, f"value of {label}")
                need(length >= 2 and length % 2 == 0, "source", f"{label}: not whole bytes")
                if one["kind"] == "nist":
                    same = output_value(item["evidence"]["pulse"], one.get("form")) == value
                    need(same, "source", f"{label}: the value is not the hash of its pulse")
                self.not_checked(f"source {label}: the evidence of kind {one['kind']}")
        triples = [(item["kind"], item["name"], item["value"]) for item in values]
        self.seed = seed_of(self.h, self.commitment.digest, triples)
        need(self.reveal.body["seed"] == self.seed, "seed", "the seed is not what the values give")
        known_before = {
            value
            for receipt in self.receipts[: self.commitment.sequence]
            if receipt.type == "witness"
            for value in receipt.body.get("disclosed", {}).values()
        }
        for kind, label, value in triples:
            need(kind != "secret" or value not in known_before, "source", f"{label} was known before the commitment")
        self.passed(f"seed: {self.seed} from {len(values)} sources")

    # -- draw

    def check_draw(self) -> None:
        if self.draw is None:
            return
        tasks, drawn = self.commitment.body["tasks"], self.draw.body["tasks"]
        need([t["id"] for t in tasks] == [d["task"] for d in drawn], "draw", "not the tasks of the plan, in its order")
        self.drawn: dict[str, Drawn] = {}
        results = {path for path in self.files if path.startswith("results/")}
        for task, record in zip(tasks, drawn, strict=True):
            label = task["id"]
            for manifest, suffix in zip(record["rosters"], ("selected", "teams"), strict=True):
                need(manifest["name"] == f"{label}.{suffix}", "draw", f"task {label}: the name of a result roster")
                path = f"results/{label}.{suffix}.tsv"
                need(path in self.files, "draw", f"{path} is missing")
                read = Roster(self.h, manifest["name"], self.files[path]).manifest
                need(encode(read) == encode(manifest), "draw", f"{path} is not what the draw names")
                results.discard(path)
            needed = {task["roster"], task["team"]["roster"]}
            if "recusals" in self.commitment.body["plan"]:
                needed.add(self.commitment.body["plan"]["recusals"])
            if task["sampler"].startswith("x-") or not needed <= set(self.rosters):
                self.not_checked(f"draw of task {label}: a sampler of its own, or a roster is missing")
                continue
            state = Drawn(self.h, self.seed, self.commitment.body["plan"], task, self.rosters)
            compare(record, state.record, f"task {label}")
            for manifest, data in zip(record["rosters"], state.files, strict=True):
                need(self.files[f"results/{manifest['name']}.tsv"] == data, "draw", f"{manifest['name']}: the rows")
            if any(slot["eligible"] < 2 for slot in record["assignment"]["slots"]) or state.certain():
                self.finding(f"predictable assignment (task {label})")
            self.drawn[label] = state
            self.passed(f"draw: task {label}, frame of {record['size']}, {len(state.active)} drawn, teams recomputed")
        need(not results, "draw", f"files that no task accounts for: {sorted(results)}")

    # -- substitutions and results

    def check_results(self) -> None:
        """Whatever is known of the draw: no target has two results of which the first is final."""
        told: dict[tuple[str, str], list[str]] = {}
        for receipt in self.receipts[self.commitment.sequence :]:
            if receipt.type != "result":
                continue
            listed = [outcome["id"] for outcome in receipt.body["outcomes"]]
            need(len(set(listed)) == len(listed), "result", f"{receipt.where} names a target twice")
            for outcome in receipt.body["outcomes"]:
                one, codes = (receipt.body["task"], outcome["id"]), outcome["codes"]
                need(len(set(codes)) == len(codes), "result", f"{receipt.where}: a code twice")
                need("pending" in told.get(one, ["pending"]), "result", f"{receipt.where}: a second result of {one[1]}")
                told[one] = codes

    def check_after_draw(self) -> None:
        self.check_results()
        if self.draw is None:
            results = [path for path in self.files if path.startswith("results/")]
            need(not results, "folder", "results without a published draw")
            return
        ids = {task["id"] for task in self.commitment.body["tasks"]}
        grounds = self.commitment.body["plan"]["grounds"]
        count, chosen = {"substitution": 0, "result": 0}, 0
        for receipt in self.receipts[self.commitment.sequence :]:
            if receipt.type not in count:
                continue
            count[receipt.type] += 1
            need(receipt.body["task"] in ids, receipt.type, f"{receipt.where} is for no task of the plan")
            state = self.drawn.get(receipt.body["task"])
            if receipt.type == "substitution":
                lawful = receipt.body["ground"] in grounds
                need(lawful, "substitution", f"{receipt.where}: the ground is not in the plan")
                if state:
                    filled = [slot["role"] for slot in receipt.body["slots"] if slot["role"] in state.staff.roles]
                    chosen += sum(map(state.staff.choice, filled))
                    need(chosen <= 1 << 25, "work", f"{receipt.where}: too many inspectors to choose from")
                    state.substitute(receipt)
            else:
                # What stands before the draw counts as if it stood right after it: no reserve was called yet.
                listed = [outcome["id"] for outcome in receipt.body["outcomes"]]
                if state:
                    need(set(listed) <= state.ever, "result", f"{receipt.where} names a target that was not drawn")
        self.passed(f"substitution: {count['substitution']} replayed; result: {count['result']} for drawn targets")

    def check_deadlines(self) -> None:
        deadlines = self.commitment.body["deadlines"]
        for receipt in self.receipts:
            for stage, days in (
                (("reveal", 366), ("draw", 366), ("result", 1830)) if receipt.type == "commitment" else ()
            ):
                if seconds(receipt.body["deadlines"][stage]) > seconds(receipt.time) + days * 86_400:
                    self.finding("distant deadline")
        if self.as_of is not None and any(seconds(receipt.time) > self.as_of + 86_400 for receipt in self.receipts):
            self.finding("dated ahead")
        for stage, receipt in (("reveal", self.reveal), ("draw", self.draw)):
            limit = seconds(deadlines[stage])
            if receipt is not None:
                upper, lower = self.dated(receipt), self.not_before(receipt)
                if (upper is not None and upper > limit) or (lower is not None and lower > limit):
                    self.finding(f"late ({stage})")
            elif self.state != "void" and self.as_of is None:
                self.not_checked(f"deadline of the {stage}: no as_of given")
            elif self.state != "void":
                need(self.as_of is not None and self.as_of <= limit, "deadline", f"the {stage} is missing")
        for seal in self.closed if self.as_of is not None and self.state != "void" else ():
            in_time = self.as_of is not None and self.as_of <= seconds(deadlines["result"])
            by = ", ".join(sorted(seal.signatures))
            need(in_time, "deadline", f"{seal.where} is still closed, and {by} sealed it")


def compare(published: Any, computed: Any, where: str) -> None:
    """Raise where the published value first departs from the computed one."""
    if isinstance(published, dict) and isinstance(computed, dict) and set(published) == set(computed):
        for member in sorted(computed):
            compare(published[member], computed[member], f"{where}.{member}")
    elif isinstance(published, list) and isinstance(computed, list) and len(published) == len(computed):
        for index, item in enumerate(computed):
            compare(published[index], item, f"{where}[{index}]")
    else:
        same = encode(published) == encode(computed)
        need(same, "draw", f"{where} is {str(published)[:200]}, but comes out as {str(computed)[:200]}")


class Drawn:
    """One task: the draw recomputed, then the state that substitutions change."""

    def __init__(
        self,
        h: Hash,
        seed: str,
        plan: Mapping[str, Any],
        task: Mapping[str, Any],
        rosters: Mapping[str, Roster],
    ) -> None:
        self.h, self.task = h, task
        label, targets = task["id"], rosters[task["roster"]]
        recusals = rosters[plan["recusals"]] if "recusals" in plan else None
        self.staff = Staff(rosters[task["team"]["roster"]], task["team"]["roles"], recusals, f"task {label}")
        keys = {purpose: draw_key(h, seed, label, purpose) for purpose in ("targets", "inspectors")}
        self.key, self.roles = keys["inspectors"], [role["name"] for role in task["team"]["roles"]]
        size, shortfall, self.strata = select(self.h, keys["targets"], targets.columns, targets.rows, task)
        selected = [unit for stratum in self.strata for unit in stratum["selected"]]
        slots = [(unit, role) for unit in selected for role in self.roles]
        outcome = assign(self.h, self.key, slots, {slot: self.staff.eligible(slot) for slot in slots}, task["team"])
        self.outcome = outcome
        self.cap: int = outcome["cap"]
        self.holder: dict[Slot, str | None] = {slot: outcome["chosen"].get(slot) for slot in slots}
        self.active, self.ever, self.replaced = list(selected), set(selected), set[str]()
        self.files = self.result_files(targets, selected)
        manifests = [
            Roster(self.h, f"{label}.{suffix}", data).manifest
            for suffix, data in zip(("selected", "teams"), self.files, strict=True)
        ]
        self.record = {
            "task": label,
            "keys": keys,
            "size": size,
            "shortfall": shortfall,
            "quota": task["quota"],
            "strata": [stratum["record"] for stratum in self.strata],
            "assignment": {
                "smallest_cap": outcome["smallest"],
                "cap": outcome["cap"],
                "slots": [
                    {
                        "target": slot[0],
                        "role": slot[1],
                        "eligible": len(self.staff.eligible(slot)),
                        "recused": sum("recusal" in why for why in self.staff.reasons(slot)),
                    }
                    for slot in in_slot_order(self.h, self.key, slots)
                ],
                "open": [
                    {
                        "target": target,
                        "slots": [
                            {"role": role, "candidates": self.staff.reasons((target, role))} for role in self.roles
                        ],
                    }
                    for target in sorted(outcome["open"], key=str.encode)
                ],
            },
            "rosters": manifests,
        }

    def certain(self) -> set[Slot]:
        chosen = self.outcome["chosen"]
        return certain({slot: self.staff.eligible(slot) for slot in chosen}, chosen, self.outcome["cap"])

    def result_files(self, targets: Roster, selected: Sequence[str]) -> list[bytes]:
        strata, rows = self.task["strata"], []
        for stratum in self.strata:
            for rank, unit in enumerate(stratum["selected"] + stratum["reserves"], 1):
                status = "selected" if rank <= len(stratum["selected"]) else "reserve"
                rows.append([unit, *(targets.by_id[unit][targets.column(c)] for c in strata), str(rank), status])
        teams = [[unit, *(self.holder[unit, role] or "" for role in self.roles)] for unit in selected]
        return [file_of(["id", *strata, "rank", "status"], rows), file_of(["id", *self.roles], teams)]

    def substitute(self, receipt: Receipt) -> None:
        body, where = receipt.body, receipt.where
        need(len(body["replaced"]) == 1, "substitution", f"{where}: replaced has not one member")
        ((kind, what),) = body["replaced"].items()
        replacement, filled = self.replace(kind, what, where)
        need(body["replacement"] == replacement, "substitution", f"{where}: the replacement must be {replacement}")
        need(encode(body["slots"]) == encode(filled), "substitution", f"{where}: the slots must be {filled}")

    def replace(self, kind: str, what: str, where: str) -> tuple[str | None, list[dict[str, Any]]]:
        """Change the state; the replacement and the slots that a lawful substitution has to name."""
        replacement: str | None = None
        if kind == "target":
            need(what in self.active, "substitution", f"{where}: {what} is not drawn, or was replaced already")
            stratum = next(s for s in self.strata if what in s["selected"] + s["reserves"])
            replacement = next((unit for unit in stratum["reserves"] if unit not in self.ever), None)
            self.active.remove(what)
            to_fill: list[Slot] = []
            if replacement is not None:
                self.active.append(replacement)
                self.ever.add(replacement)
                to_fill = [(replacement, role) for role in self.roles]
        elif kind == "inspector":
            to_fill = [slot for slot, who in self.holder.items() if who == what and slot[0] in self.active]
            need(to_fill, "substitution", f"{where}: {what} holds no slot of this task")
            self.replaced.add(what)
        else:
            need(what in self.active, "substitution", f"{where}: {what} is not drawn, or was replaced already")
            to_fill = [(what, role) for role in self.roles if self.holder[what, role] is None]
            need(to_fill, "substitution", f"{where}: {what} has no empty slot")
        for slot in to_fill:
            self.holder[slot] = None
        to_fill = in_slot_order(self.h, self.key, to_fill)
        filled = []
        for position, slot in enumerate(to_fill):
            mates = [other for other in to_fill[position + 1 :] if other[0] == slot[0]]
            person, waived = self.choose(slot, mates)
            self.holder[slot] = person
            filled.append({"target": slot[0], "role": slot[1], "inspector": person, "cap_waived": waived})
        return replacement, filled

    def choose(self, slot: Slot, mates: Sequence[Slot]) -> tuple[str | None, bool]:
        team = {who for (target, _), who in self.holder.items() if target == slot[0]}

        def free(one: Slot) -> list[str]:
            return [who for who in self.staff.eligible(one) if who not in self.replaced and who not in team]

        def load(who: str) -> int:
            return sum(held == who and target in self.active for (target, _), held in self.holder.items())

        everybody = ticket_order(self.h, self.key, slot, free(slot))
        for waived in (False, True):
            candidates = [who for who in everybody if waived or load(who) < self.cap]
            if candidates:
                others = {who: {m: [p for p in free(m) if p != who] for m in mates} for who in candidates}
                reach = {who: len(fill(mates, others[who], lambda _: 1)) for who in candidates}
                return next(who for who in candidates if reach[who] == max(reach.values())), waived
        return None, False


def audit(folder: str | Path, policy: Any = None, as_of: str | None = None) -> list[str]:
    """Check a ceremony folder from end to end; the report's lines, or ``Refused``."""
    return Audit(Path(folder), policy, as_of).run()


def main(folder: str | Path, as_of: str | None = None) -> int:
    try:
        print("\n".join(audit(folder, as_of=as_of)))
    except Refused as refusal:
        print(f"refused: {refusal}")
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:3]))
