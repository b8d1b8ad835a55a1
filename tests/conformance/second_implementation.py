"""A second implementation of the draw protocol, written from docs/spec alone.

It shares no code with the library and never imports it: a mistake that both make would have to be made twice, or
stand in the specification.  Everything is done the plain way: a draw is recomputed in full and compared with what was
published; nothing here is meant to be fast.

    python second_implementation.py FOLDER [AS_OF]

``audit`` returns the lines of a report (``passed``, ``finding``, ``not checked``) and raises ``Refused`` at the first
rule that is broken.  The sections cited are those of docs/spec.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import json
import re
import sys
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
    return value


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


name, task_id, digest = matches(NAME, "a name"), matches(TASK_ID, "a task id"), hexadecimal(64)
roster_name = matches(re.compile(r"[A-Za-z0-9._-]{1,64}\Z"), "a roster's name")


# ---------------------------------------------------------------- section 2: rosters

FORBIDDEN_IN_FIELD = re.compile("[\x00-\x1f\x7f]")
FORBIDDEN_IN_ID = re.compile("[\x80-\xa0\u200b-\u200f\u2028-\u202e\u2060\ufeff]")

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
    unit = fields[0]
    need(1 <= len(unit.encode()) <= 255, "roster", f"{where}: the id has not 1 to 255 bytes")
    need(unit == unit.strip(" "), "roster", f"{where}: a space at an end of the id")
    need(not FORBIDDEN_IN_ID.search(unit), "roster", f"{where}: a forbidden character in the id")
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


def in_slot_order(h: Hash, key: str, slots: Iterable[Slot]) -> list[Slot]:
    return sorted(slots, key=lambda slot: (ticket(h, key, "\t".join(slot)), "\t".join(slot).encode()))


def ticket_order(h: Hash, key: str, slot: Slot, people: Iterable[str]) -> list[str]:
    return sorted(people, key=lambda who: (ticket(h, key, "\t".join([*slot, who])), who.encode()))


class Staff:
    """Who is eligible for what, in one task."""

    def __init__(self, roster: Roster, roles: Sequence[Mapping[str, Any]], recusals: Roster | None, where: str) -> None:
        self.roster, self.roles = roster, {role["name"]: role["filter"] for role in roles}
        self.pairs: dict[tuple[str, str], list[str]] = {}
        for row in recusals.rows if recusals else []:
            self.pairs.setdefault((row[1], row[2]), []).append(row[0])
        for role, wanted in self.roles.items():
            check_filter(roster.columns, roster.rows, wanted, f"{where}, role {role}")
            anybody = any(passes(roster.columns, row, wanted) for row in roster.rows)
            need(anybody, "frame", f"{where}: nobody for {role}")

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
        "allow_zero": text,
    },
)
FILTER = mapping(name, array(text, 1))
ROLE = obj({"name": name, "filter": FILTER})
TEAM = obj({"roster": name, "roles": array(ROLE)}, {"slack": integer(0), "cap": integer(1), "reason": text})
AREA = one_of("province", "city", "county")
TASK = obj(
    {
        "id": task_id,
        "title": text,
        "roster": name,
        "sampler": name,
        "filter": FILTER,
        "strata": array(name),
        "reserves": integer(0),
        "team": TEAM,
        "directed": boolean,
        "methods": array(one_of("on_site", "document_review", "online", "sample_test", "delegated")),
        "legal_bases": array(obj({"title": text}, {"title_en": text, "citation": text})),
        "items": array(text),
        "items_en": array(text),
        "targets": array(text),
        "targets_en": array(text),
    },
    {
        **dict.fromkeys(("title_en", "department", "department_en", "domain", "domain_en", "remarks", "note"), text),
        "window": obj({"start": date, "end": date}, {"text": text}),
        "level": obj({"tracks": array(obj({"draw": AREA, "inspect": array(AREA)}))}, {"text": text}),
        "parameters": mapping(text, anything),
        "quota": QUOTA,
    },
)
PLAN = obj(
    {"name": name, "title": text, "authority": text, "period": text, "grounds": array(name)},
    {"title_en": text, "authority_en": text, "source": text, "recusals": name, "notice": text},
)
SOURCE_MEMBERS: dict[str, dict[str, Checker]] = {
    "drand": {"chain": digest, "round": integer(1)},
    "nist": {"chain": integer(0), "pulse": integer(0), "time": time},
    "public": {"event": text, "form": text, "outcomes": integer(1)},
    "hashchain": {"tip": digest, "step": integer(1, 1_000_000), "operator": digest},
    "secret": {"keyid": digest, "digest": digest},
}
SIGNER = obj(
    {
        "role": one_of("organiser", "party", "operator", "witness", "auditor"),
        "algorithm": one_of("ed25519"),
        "public_key": digest,
    },
    {"name": text},
)


def source(value: Any, where: str) -> None:
    need(isinstance(value, dict) and isinstance(value.get("kind"), str), "form", f"{where} has no kind")
    common = {"kind": name, "name": name, "not_before": time}
    if value["kind"] in SOURCE_MEMBERS:
        obj({**common, **SOURCE_MEMBERS[value["kind"]]})(value, where)
    else:
        need(value["kind"].startswith("x-"), "form", f"{where}.kind is unknown")
        for member, check in common.items():
            need(member in value, "form", f"{where} lacks {member}")
            check(value[member], f"{where}.{member}")


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
CANDIDATE = obj({"inspector": text}, {"column": name, "recusal": text})
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
                "slots": array(obj({"target": text, "role": name, "eligible": integer(0), "recused": integer(0)})),
                "open": array(
                    obj({"target": text, "slots": array(obj({"role": name, "candidates": array(CANDIDATE)}))})
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
BODIES: dict[str, Checker] = {
    "commitment": COMMITMENT,
    "witness": obj(
        {"digest": digest, "ceremony": name, "sequence": integer(1), "time": time},
        {"disclosed": mapping(name, digest)},
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
            "replaced": obj({}, {"target": text, "inspector": text, "open": text}),
            "ground": name,
            "replacement": or_null(text),
            "slots": array(obj({"target": text, "role": name, "inspector": or_null(text), "cap_waived": boolean})),
        },
        BLIND,
    ),
    "void": obj({"reason": text}),
    "result": obj({"task": task_id, "outcomes": array(obj({"id": text, "codes": array(one_of(*OUTCOMES), 1)}))}, BLIND),
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
    distinct((task["id"] for task in body["tasks"]), "tasks")
    distinct(body["plan"]["grounds"], "grounds")
    deadlines = [seconds(body["deadlines"][stage]) for stage in ("reveal", "draw", "result")]
    need(deadlines == sorted(deadlines), "plan", "the deadlines are out of order")
    need(any(signer["role"] == "organiser" for signer in body["signers"]), "plan", "no organiser among the signers")
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
        self.signatures = {item["keyid"]: strict_base64(item["sig"], where) for item in envelope["signatures"]}
        need(all(len(sig) == 64 for sig in self.signatures.values()), "canonical", f"{where}: a signature's length")
        self.digest = ""  # known when the suite is
        self.signers: set[str] = set()  # keyids that the policy knows and whose signature holds


# ---------------------------------------------------------------- section 7: trust policy

KEY = obj(
    {
        "name": text,
        "algorithm": one_of("ed25519"),
        "public_key": digest,
        "roles": array(one_of("organiser", "party", "operator", "witness", "auditor"), 1),
    },
    {"valid_from": time, "valid_until": time, "revoked": time},
)
POLICY = obj(
    {
        "specification": one_of("dblrandom/v1"),
        "keys": array(KEY, 1),
        "require": mapping(one_of(*BODIES), array(obj({"role": text, "threshold": integer(1)}))),
        "chains": array(obj({"tip": digest, "operator": digest, "genesis": time, "period": integer(1)})),
        "margin": integer(0),
        "witnesses": integer(0),
    },
    {"previous_ceremony": digest},
)


def check_policy(policy: Any) -> None:
    POLICY(policy, "trust.json")
    distinct((key["public_key"] for key in policy["keys"]), "trust.json")
    organisers = {key["name"] for key in policy["keys"] if "organiser" in key["roles"]}
    for key in policy["keys"]:
        if key["name"] in organisers:
            need(key["roles"] == ["organiser"], "trust", f"{key['name']} is an organiser and something else")


# ---------------------------------------------------------------- section 8: folder


def read_folder(folder: Path) -> dict[str, bytes]:
    """Every file of the ceremony by its path, after SHA256SUMS has been checked."""
    need(folder.is_dir() and not folder.is_symlink(), "folder", f"{folder} is not a directory")
    found: dict[str, bytes] = {}
    pending = [folder]
    while pending:
        directory = pending.pop()
        entries = sorted(directory.iterdir())
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
    def __init__(self, folder: Path, policy: Any, as_of: str | None) -> None:
        self.files = read_folder(folder)
        self.report: list[str] = []
        self.as_of = None if as_of is None else seconds(as_of)
        self.passed("folder: every file is listed and unchanged")
        if policy is None:
            need("trust.json" in self.files, "trust", "there is no trust.json")
            policy = decode(self.files["trust.json"], "trust.json")
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
                public_key = bytes.fromhex(self.keys[signer]["public_key"])
                good = signature_holds(public_key, signature, pae(PAYLOAD_TYPE, receipt.payload))
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
        for receipt in self.receipts:
            if receipt.type != "witness":
                continue
            body, where = receipt.body, receipt.where
            need(body["time"] == receipt.time, "witness", f"{where}: two times")
            need(body["ceremony"] == receipt.ceremony, "witness", f"{where}: another ceremony")
            need(body["sequence"] < receipt.sequence, "witness", f"{where} attests nothing earlier")
            named = self.receipts[body["sequence"] - 1]
            need(named.digest == body["digest"], "witness", f"{where}: the digest is not that of its receipt")
            need(not organisers & set(receipt.signatures), "witness", f"{where} is signed by the organiser")
            holders = {self.keys[one]["name"] for one in receipt.signers if "witness" in self.keys[one]["roles"]}
            need(holders or not receipt.signers, "witness", f"{where} is signed by a key that is no witness's")
            for one in receipt.signers:
                if "witness" in self.keys[one]["roles"] and self.key_counts(one, receipt):
                    moment = seconds(body["time"])
                    self.attested.append((moment, body["sequence"], receipt.sequence, self.keys[one]["name"]))

    def dated(self, receipt: Receipt) -> int | None:
        """The earliest moment at which a trusted witness vouches for the receipt."""
        return min((moment for moment, sequence, _, _ in self.attested if sequence >= receipt.sequence), default=None)

    def not_before(self, receipt: Receipt) -> int | None:
        return max((moment for moment, _, own, _ in self.attested if own < receipt.sequence), default=None)

    def key_counts(self, one: str, receipt: Receipt) -> bool:
        key = self.keys[one]
        moment = seconds(receipt.time)
        if "valid_from" in key and moment < seconds(key["valid_from"]):
            return False
        if "valid_until" in key and moment > seconds(key["valid_until"]):
            return False
        if "revoked" not in key:
            return True
        return any(
            other.type == "witness"
            and other.body["sequence"] >= receipt.sequence
            and seconds(other.time) < seconds(key["revoked"])
            and any(
                "witness" in self.keys[who]["roles"]
                and "revoked" not in self.keys[who]
                and self.keys[who]["name"] != key["name"]
                for who in other.signers
            )
            for other in self.receipts
        )

    def check_signatures(self) -> None:
        for receipt in self.receipts:
            counting = {one for one in receipt.signers if self.key_counts(one, receipt)}
            required = list(self.policy["require"].get(receipt.type, []))
            if receipt.type != "witness":
                required.append({"role": "organiser", "threshold": 1})
                need(counting & self.declared_organisers, "signature", f"{receipt.where}: the organiser did not sign")
            for demand in required:
                holders = {self.keys[one]["name"] for one in counting if demand["role"] in self.keys[one]["roles"]}
                need(
                    len(holders) >= demand["threshold"],
                    "signature",
                    f"{receipt.where}: {len(holders)} of {demand['threshold']} holders of the role {demand['role']}",
                )
        self.passed("signature: every receipt has the signatures that the policy asks for")

    # -- grammar, dates

    def check_grammar(self) -> None:
        self.commitment, self.reveal, self.draw = self.receipts[0], None, None
        state, seen_digests = "start", set()
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
                moment, decisive = self.dated(receipt), self.decisive(self.commitment)
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
        first = self.receipts[0].body["previous_ceremony"]
        if "previous_ceremony" in self.policy:
            need(first == self.policy["previous_ceremony"], "chain", "previous_ceremony is not the one known")
        self.passed("chain: the types match the grammar")

    def independent(self, commitment: Receipt) -> list[dict[str, Any]]:
        """Section 3, point 1."""
        organisers = self.declared_organisers | {one for one, key in self.keys.items() if "organiser" in key["roles"]}
        names = {self.keys[one]["name"] for one in organisers if one in self.keys}

        def outside(one: str) -> bool:
            return one in self.keys and one not in organisers and self.keys[one]["name"] not in names

        found = []
        for one in commitment.body["sources"]:
            if one["kind"] in ("drand", "nist", "public"):
                found.append(one)
            elif one["kind"] == "hashchain":
                pinned = (one["tip"], one["operator"]) in {(c["tip"], c["operator"]) for c in self.policy["chains"]}
                if outside(one["operator"]) and (pinned or one["operator"] in commitment.signers):
                    found.append(one)
            elif one["kind"] == "secret" and outside(one["keyid"]) and one["keyid"] in commitment.signers:
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
        breadth = 1
        counted: dict[bytes, dict[str, Any]] = {}  # the same thing under two names counts once
        for one in independent:
            same = {member: item for member, item in one.items() if member not in ("name", "not_before", "step")}
            counted[encode(same)] = one
        for one in counted.values():
            breadth *= one["outcomes"] if one["kind"] == "public" else 2**256
        if breadth < 2**64:
            self.finding("grindable")
        pinned = {(chain["tip"], chain["operator"]): chain for chain in self.policy["chains"]}
        for one in sources:
            chain = pinned.get((one["tip"], one["operator"])) if one["kind"] == "hashchain" else None
            if chain:
                moment = seconds(chain["genesis"]) + one["step"] * chain["period"]
                need(seconds(one["not_before"]) == moment, "source", f"{one['name']}: not the chain's own not_before")
        public = [seconds(one["not_before"]) for one in sources if one["kind"] != "secret"]
        limit = min([decisive, *public]) - self.policy["margin"]
        witnesses = {
            who for moment, sequence, _, who in self.attested if moment <= limit and sequence >= commitment.sequence
        }
        if self.state == "void":
            self.not_checked("the date of a commitment that was voided")
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
                trusted = any(own == receipt.sequence for _, _, own, _ in self.attested)
                if trusted and seconds(receipt.time) < decisive:
                    in_time.add(which)
        only_secrets = bool(independent) and all(one["kind"] == "secret" for one in independent)
        if set(secrets) - in_time or only_secrets or all(one["kind"] == "secret" for one in sources):
            self.finding("withholding possible")
        if self.reveal:
            moment = self.dated(self.reveal)
            if moment is not None and public:
                need(moment >= max(public), "source", "the reveal is dated before a source could have its value")

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
                need(row[1] != row[4], "recusal", f"{row[0]}: the inspector is the approver")
                for kind, value in (("inspector", row[1]), ("target", row[2])):
                    everywhere = any(value in roster.by_id for roster in known[kind])
                    need(everywhere or not known[kind], "recusal", f"{row[0]}: there is no {kind} {value}")

    # -- seals

    def check_seals(self) -> None:
        """A seal is opened by the first later receipt of its type whose body matches."""
        self.sealed_at: dict[int, int] = {}  # sequence of the opened receipt -> sequence of its seal
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
                words = value.split(" ")
                good = value.isascii() and value.isprintable() and 1 <= len(value) <= 256 and all(words)
                need(good and "evidence" not in item, "source", f"the text of {label}")
            elif one["kind"] == "hashchain":
                hexadecimal(64)(value, f"value of {label}")
                end = chain_ahead(self.h, value, one["step"])
                need(end == one["tip"], "source", f"{label} does not lead to its tip")
                need("evidence" not in item, "source", f"{label} has evidence")
            elif one["kind"] == "secret":
                hexadecimal(64)(value, f"value of {label}")
                digest_ = secret_digest(self.h, self.commitment.ceremony, label, value)
                need(digest_ == one["digest"], "source", f"{label} is not the secret that was committed")
                need("evidence" not in item, "source", f"{label} has evidence")
            else:
                length = {"drand": 64, "nist": 128}.get(one["kind"], len(value))
                hexadecimal(length)(value, f"value of {label}")
                need(length >= 2 and length % 2 == 0, "source", f"{label}: not whole bytes")
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
            if any(slot["eligible"] < 2 for slot in record["assignment"]["slots"]):
                self.finding(f"predictable assignment (task {label})")
            self.drawn[label] = state
            self.passed(f"draw: task {label}, frame of {record['size']}, {len(state.active)} drawn, teams recomputed")
        need(not results, "draw", f"files that no task accounts for: {sorted(results)}")

    # -- substitutions and results

    def check_after_draw(self) -> None:
        if self.draw is None:
            results = [path for path in self.files if path.startswith("results/")]
            need(not results, "folder", "results without a published draw")
            return
        ids = {task["id"] for task in self.commitment.body["tasks"]}
        grounds = self.commitment.body["plan"]["grounds"]
        count = {"substitution": 0, "result": 0}
        early: list[Receipt] = []
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
                    state.substitute(receipt)
            else:
                listed = [outcome["id"] for outcome in receipt.body["outcomes"]]
                need(len(set(listed)) == len(listed), "result", f"{receipt.where} names a target twice")
                for outcome in receipt.body["outcomes"]:
                    codes = outcome["codes"]
                    need(len(set(codes)) == len(codes), "result", f"{receipt.where}: a code twice")
                if receipt.sequence < self.draw.sequence or receipt.sequence in self.sealed_at:
                    early.append(receipt)
                elif state:
                    need(set(listed) <= state.ever, "result", f"{receipt.where} names a target that was not drawn")
        for receipt in early:  # written before the draw was public: judged by all that was drawn in the end
            state = self.drawn.get(receipt.body["task"])
            listed = [outcome["id"] for outcome in receipt.body["outcomes"]]
            need(not state or set(listed) <= state.ever, "result", f"{receipt.where} names a target that was not drawn")
        self.passed(f"substitution: {count['substitution']} replayed; result: {count['result']} for drawn targets")

    def check_deadlines(self) -> None:
        deadlines = self.commitment.body["deadlines"]
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
