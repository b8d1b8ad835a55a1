"""The second implementation against known answers, against whole ceremonies, and against broken ones.

``second_implementation.py`` is written from docs/spec alone.  Where it agrees with the library on a whole folder, both
have read the text alike; the broken folders show that the agreement means something.  Most of them are *signed anew*
with the rehearsal's own keys and chained anew, so that no signature or hash stands in the way of the check that is
meant; each names the check that has to refuse it.
"""

from __future__ import annotations

import base64
import datetime
import hashlib
import itertools
import json
import random
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from . import second_implementation as second  # noqa: TID252 - there is no package; pytest finds it beside this file

VECTORS = Path(__file__).parent.parent / "vectors"
SUITES = {"sha256": "protocol_v1.json", "sm3": "protocol_v1_sm3.json"}
Body = dict[str, Any]


@pytest.fixture(scope="module", params=sorted(SUITES))
def known(request: pytest.FixtureRequest) -> tuple[second.Hash, dict[str, Any]]:
    return second.SUITES[request.param], json.loads((VECTORS / SUITES[request.param]).read_text("utf-8"))


# ---------------------------------------------------------------- known answers


def test_rosters(known: tuple[second.Hash, dict[str, Any]]) -> None:
    h, vectors = known
    for case in vectors["rosters"]:
        if "shuffled_rows" in case:
            data = second.file_of(case["columns"], case["shuffled_rows"])
        else:
            data = case["file"].encode()
        roster = second.Roster(h, "targets", data)
        assert roster.manifest["root"] == case["root"]
        assert roster.manifest["rows"] == case["rows"]
        lines = data.decode().split("\n")[1:-1]
        page_rows = int(str(roster.manifest["page_rows"]))
        for proof in [case["proof"]] if "proof" in case else case.get("proofs", []):
            rows = lines[proof["page"] * page_rows :][:page_rows]
            page = {"index": proof["page"], "rows": rows, "path": proof["path"]}
            asked = {"id": rows[0].split("\t")[0], "roster": "targets", "pages": [page]}
            assert second.check_proof(h, roster.manifest, asked) == "present"
            page["path"] = [*proof["path"], "00" * 32]
            with pytest.raises(second.Refused):
                second.check_proof(h, roster.manifest, asked)


def audit_path(h: second.Hash, pages: list[bytes], index: int) -> list[str]:
    """RFC 9162, section 2.1.3.1."""
    if len(pages) == 1:
        return []
    split = 1 << ((len(pages) - 1).bit_length() - 1)
    if index < split:
        return [*audit_path(h, pages[:split], index), second.merkle(h, pages[split:]).hex()]
    return [*audit_path(h, pages[split:], index - split), second.merkle(h, pages[:split]).hex()]


def test_absence(known: tuple[second.Hash, dict[str, Any]]) -> None:
    h, vectors = known
    for case in vectors["absence"]:
        lines = [unit.encode() for unit in case["ids"]]
        roster = second.Roster(h, "targets", b"".join(line + b"\n" for line in [b"id", *lines]))
        assert roster.manifest["root"] == case["root"]
        pages = second.pages_of(lines, 256)
        for ask in case["asks"]:
            chosen = ask["pages"]
            if chosen is None:  # it is there: no page or pair of pages may show the opposite
                candidates = [[i] for i in range(len(pages))] + [[i, i + 1] for i in range(len(pages) - 1)]
            else:
                candidates = [chosen]
            for indexes in candidates:
                proof = {
                    "id": ask["id"],
                    "roster": "targets",
                    "pages": [
                        {
                            "index": i,
                            "rows": pages[i].decode().split("\n")[:-1],
                            "path": audit_path(h, pages, i),
                        }
                        for i in indexes
                    ],
                }
                try:
                    answer = second.check_proof(h, roster.manifest, proof)
                except second.Refused:
                    answer = "refused"
                assert (answer == "absent") == (chosen is not None), (ask, indexes)


def test_seeds_keys_and_chains(known: tuple[second.Hash, dict[str, Any]]) -> None:
    h, vectors = known
    for case in vectors["seeds"]:
        values = [(one["kind"], one["name"], one["value"]) for one in case["sources"]]
        assert second.seed_of(h, case["commitment"], values) == case["seed"]
        for key in case["keys"]:
            assert second.draw_key(h, case["seed"], key["task"], key["purpose"]) == key["key"]
        for one in case["sources"]:
            if one["kind"] == "secret":
                committed = case[f"secret_commitment_of_{one['name']}"]
                assert second.secret_digest(h, case["ceremony"], one["name"], one["value"]) == committed
    for case in vectors["hashchain"]:
        assert second.chain_ahead(h, case["x"], case["k"]) == case["tip"]


def as_quota(case: dict[str, Any], scope: str = "frame") -> dict[str, Any]:
    quota = {member: case[member] for member in ("count", "cap", "minimum") if member in case}
    if "ratio" in case:
        quota["ratio"] = dict(zip(("numerator", "denominator"), case["ratio"], strict=True))
    return {"rounding": case.get("rounding", "ceiling"), "scope": scope, "allow_zero": "known answer", **quota}


def test_tickets_quotas_and_selections(known: tuple[second.Hash, dict[str, Any]]) -> None:
    h, vectors = known
    for case in vectors["tickets"]:
        assert second.ticket(h, case["key"], case["id"]).hex() == case["ticket"]
    for case in vectors["quotas"]:
        assert second.quota_of(as_quota(case), case["size"])[1:] == (case["n"], case["shortfall"])
    for case in vectors["allocations"]:
        if case["n"] is None:
            with pytest.raises(second.Refused):
                second.share_out(case["total"], case["sizes"], case["minimum"])
        else:
            assert second.share_out(case["total"], case["sizes"], case["minimum"]) == case["n"]
    for case in vectors["selections"]:
        quota = {"count": len(case["selected"]), "rounding": "ceiling", "scope": "frame"}
        task = {"filter": {}, "strata": [], "quota": quota, "reserves": len(case["reserves"])}
        _, _, (stratum,) = second.select(h, case["key"], ["id"], [[unit] for unit in case["ids"]], task)
        assert (stratum["selected"], stratum["reserves"]) == (case["selected"], case["reserves"])
    for case in vectors["frames"]:
        quota = as_quota(case["quota"], case["quota"].get("scope", "stratum"))
        task = {"filter": case["filter"], "strata": case["strata"], "quota": quota, "reserves": case["reserves"]}
        _, _, strata = second.select(h, case["key"], case["columns"], case["rows"], task)
        found = [
            {
                "stratum": one["record"]["stratum"],
                "size": one["record"]["size"],
                "selected": one["selected"],
                "reserves": one["reserves"],
            }
            for one in strata
        ]
        assert found == case["answer"]


def test_assignments(known: tuple[second.Hash, dict[str, Any]]) -> None:
    h, vectors = known
    for case in vectors["assignments"]:
        eligible = {(slot["target"], slot["role"]): slot["eligible"] for slot in case["slots"]}
        rule = {"slack": case["slack"]} if case["cap"] is None else {"cap": case["cap"]}
        found = second.assign(h, case["key"], list(eligible), eligible, rule)
        teams = [{"target": t, "role": r, "inspector": found["chosen"][t, r]} for t, r in found["order"]]
        assert found["cap"] == case["answer"]["cap"]
        assert sorted(found["open"]) == sorted(case["answer"]["open"])
        assert teams == case["answer"]["teams"]


def test_strict_reading() -> None:
    vectors = json.loads((VECTORS / "own_v1.json").read_text("utf-8"))
    for case in vectors["ed25519"]:
        parts = [bytes.fromhex(case[member]) for member in ("public_key", "signature", "message")]
        assert second.signature_holds(*parts) == case["valid"], case["name"]
    for case in vectors["pae"]:
        assert second.pae(case["type"], bytes.fromhex(case["payload"])).hex() == case["pae"]
    readers: dict[str, Callable[[bytes], Any]] = {
        "canonical": lambda data: second.decode(data, "case"),
        "files": lambda data: second.Roster(second.sha256, "targets", data),
    }
    for group, read in readers.items():
        for case in vectors[group]["accept"]:
            read(base64.b64decode(case["base64"]))
        for case in vectors[group]["reject"]:
            with pytest.raises(second.Refused):
                read(base64.b64decode(case["base64"]))


# ---------------------------------------------------------------- brute force


def all_assignments(slots: list[second.Slot], eligible: second.Eligible, cap: int) -> Iterator[dict[second.Slot, str]]:
    for people in itertools.product(*(eligible[slot] for slot in slots)):
        pairs = [(slot[0], who) for slot, who in zip(slots, people, strict=True)]
        if len(set(pairs)) == len(pairs) and all(people.count(who) <= cap for who in people):
            yield dict(zip(slots, people, strict=True))


def test_the_assignment_is_the_first_of_all_that_there_are() -> None:
    """The search with augmenting paths against a list of everything that is possible."""
    rng = random.Random(20240201)
    for _ in range(120):
        slots = [(f"t{t}", f"r{r}") for t in range(rng.randint(1, 3)) for r in range(rng.randint(1, 2))]
        people = [f"i{i}" for i in range(rng.randint(1, 4))]
        eligible = {slot: [who for who in people if rng.random() < 0.6] for slot in slots}
        slack, key = rng.randint(0, 1), f"{rng.getrandbits(128):032x}"
        found = second.assign(second.sha256, key, slots, eligible, {"slack": slack})
        for target in {slot[0] for slot in slots}:
            alone = [slot for slot in slots if slot[0] == target]
            assert (target in found["open"]) == (not any(all_assignments(alone, eligible, len(slots))))
        rest = [slot for slot in slots if slot[0] not in found["open"]]
        if not rest:
            assert (found["smallest"], found["cap"]) == (0, 0)
            continue
        smallest = next(cap for cap in itertools.count(1) if any(all_assignments(rest, eligible, cap)))
        assert (found["smallest"], found["cap"]) == (smallest, smallest + slack)

        def rank(chosen: dict[second.Slot, str], key: str = key, order: Any = found["order"]) -> list[bytes]:
            return [second.ticket(second.sha256, key, "\t".join([*slot, chosen[slot]])) for slot in order]

        assert found["chosen"] == min(all_assignments(rest, eligible, found["cap"]), key=rank)


# ---------------------------------------------------------------- ceremonies made by the library


def demo(folder: Path, suite: str) -> Path:
    import dblrandom
    from dblrandom.examples.demo import kunming_demo

    kunming_demo(folder, rehearsal=True, **({"suite": dblrandom.SM3} if suite == "sm3" else {}))
    return folder


@pytest.fixture(scope="module", params=sorted(SUITES))
def ceremony(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo(tmp_path_factory.mktemp("demo") / request.param, request.param)


@pytest.fixture(scope="module")
def plain(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return demo(tmp_path_factory.mktemp("demo") / "plain", "sha256")


def test_a_ceremony_of_the_library(ceremony: Path) -> None:
    report = second.audit(ceremony, as_of="2030-01-01T00:00:00Z")
    findings = [line for line in report if line.startswith("finding")]
    assert findings == ["finding: trust policy not from outside", "finding: rehearsal"]
    assert not [line for line in report if line.startswith("not checked")]
    assert sum("teams recomputed" in line for line in report) == 12


# ---------------------------------------------------------------- ceremonies taken apart and signed anew


class Workshop:
    """A copy of a rehearsal that can be changed and signed anew with the rehearsal's own keys."""

    def __init__(self, original: Path, folder: Path) -> None:
        shutil.copytree(original, folder)
        self.folder = folder
        self.private: dict[str, Ed25519PrivateKey] = {}
        for path in sorted((folder / "secrets" / "keys").glob("*.pem")):
            key = serialization.load_pem_private_key(path.read_bytes(), None)
            assert isinstance(key, Ed25519PrivateKey)
            public = key.public_key().public_bytes(serialization.Encoding.Raw, serialization.PublicFormat.Raw)
            self.private[hashlib.sha256(public).hexdigest()] = key
        self.receipts: list[dict[str, Any]] = []
        self.signers: list[list[str]] = []
        for path in sorted((folder / "receipts").iterdir()):
            envelope = json.loads(path.read_bytes())
            self.receipts.append(json.loads(base64.b64decode(envelope["payload"])))
            self.signers.append([item["keyid"] for item in envelope["signatures"]])
        self.h = second.SUITES[self.receipts[0]["body"]["suite"]]

    @property
    def commitment(self) -> Body:
        return next(r["body"] for r in reversed(self.receipts) if r["type"] == "commitment")

    def of(self, kind: str, which: int = 0) -> Body:
        body: Body = [r for r in self.receipts if r["type"] == kind][which]["body"]
        return body

    def index(self, kind: str, which: int = 0) -> int:
        return [i for i, r in enumerate(self.receipts) if r["type"] == kind][which]

    def insert(self, at: int, kind: str, body: Body, signers: list[str], time: str | None = None) -> None:
        model = self.receipts[at - 1]
        content = {"type": kind, "ceremony": model["ceremony"], "time": time or model["time"], "body": body}
        self.receipts.insert(at, {**content, "sequence": 0, "previous": None})
        self.signers.insert(at, signers)

    def remove(self, at: int) -> None:
        del self.receipts[at], self.signers[at]

    def keep(self, count: int) -> None:
        del self.receipts[count:], self.signers[count:]

    def roster(self, name: str) -> second.Roster:
        return second.Roster(self.h, name, (self.folder / "rosters" / f"{name}.tsv").read_bytes())

    def write_roster(self, name: str, columns: list[str], rows: list[list[str]]) -> None:
        data = second.file_of(columns, rows)
        (self.folder / "rosters" / f"{name}.tsv").write_bytes(data)
        manifests = self.commitment["rosters"]
        at = [m["name"] for m in manifests].index(name)
        manifests[at] = second.Roster(self.h, name, data).manifest

    def redraw(self) -> dict[str, second.Drawn]:
        """Make reveal, draw and result files follow from what is committed; drop all that came after."""
        draw = self.index("draw")
        self.keep(draw + 1)
        self.chain()
        values = self.of("reveal")["values"]
        commitment = self.h(second.encode(self.receipts[self.index("commitment", -1)])).hex()
        seed = second.seed_of(self.h, commitment, [(v["kind"], v["name"], v["value"]) for v in values])
        self.of("reveal")["seed"] = seed
        rosters = {m["name"]: self.roster(m["name"]) for m in self.commitment["rosters"]}
        states = {
            task["id"]: second.Drawn(self.h, seed, self.commitment["plan"], task, rosters)
            for task in self.commitment["tasks"]
        }
        self.of("draw")["tasks"] = [state.record for state in states.values()]
        shutil.rmtree(self.folder / "results")
        (self.folder / "results").mkdir()
        for label, state in states.items():
            for suffix, data in zip(("selected", "teams"), state.files, strict=True):
                (self.folder / "results" / f"{label}.{suffix}.tsv").write_bytes(data)
        return states

    def chain(self) -> None:
        """Sequence, previous and what the witnesses attest, as they must be."""
        old = {id(r): (r["sequence"], r["type"]) for r in self.receipts}
        moved = {sequence: r for r in self.receipts if (sequence := old[id(r)][0])}
        before: str | None = None
        digests: dict[int, str] = {}
        for number, receipt in enumerate(self.receipts, 1):
            receipt["previous"] = before
            if receipt["type"] == "witness":
                target = moved.get(receipt["body"]["sequence"])
                if target is not None and id(target) in digests:
                    receipt["body"]["digest"] = digests[id(target)]
                    receipt["body"]["sequence"] = target["sequence"]
            receipt["sequence"] = number
            before = digests[id(receipt)] = self.h(second.encode(receipt)).hex()

    def sign(self, rechain: bool = True) -> Path:
        if rechain:
            self.chain()
        shutil.rmtree(self.folder / "receipts")
        (self.folder / "receipts").mkdir()
        for receipt, signers in zip(self.receipts, self.signers, strict=True):
            payload = second.encode(receipt)
            message = second.pae(second.PAYLOAD_TYPE, payload)
            signatures: list[Any] = [
                {"keyid": one, "sig": base64.b64encode(self.private[one].sign(message)).decode()}
                for one in sorted(signers)
            ]
            envelope: dict[str, Any] = {
                "payload": base64.b64encode(payload).decode(),
                "payloadType": second.PAYLOAD_TYPE,
                "signatures": signatures,
            }
            path = self.folder / "receipts" / f"{receipt['sequence']:04d}-{receipt['type']}.json"
            path.write_bytes(second.encode(envelope))
        return self.sums()

    def sums(self) -> Path:
        paths = sorted(
            (
                path.relative_to(self.folder).as_posix()
                for path in self.folder.rglob("*")
                if path.is_file() and path.relative_to(self.folder).parts[0] not in ("SHA256SUMS", "lock", "secrets")
            ),
            key=str.encode,
        )
        text = "".join(f"{hashlib.sha256((self.folder / p).read_bytes()).hexdigest()}  {p}\n" for p in paths)
        (self.folder / "SHA256SUMS").write_bytes(text.encode())
        return self.folder

    def trust(self, change: Callable[[Body], None]) -> None:
        policy = json.loads((self.folder / "trust.json").read_bytes())
        change(policy)
        (self.folder / "trust.json").write_bytes(second.encode(policy))


@pytest.fixture
def workshop(plain: Path, tmp_path: Path) -> Workshop:
    return Workshop(plain, tmp_path / "w")


def test_signing_anew_changes_nothing(workshop: Workshop, plain: Path) -> None:
    """Ed25519 and canonical JSON leave no freedom: the same bytes must come back."""
    second.audit(workshop.sign())
    for path in plain.rglob("*"):
        if path.is_file():
            assert (workshop.folder / path.relative_to(plain)).read_bytes() == path.read_bytes(), path


# -- a list of changes, each with the check that has to refuse it; all are signed and chained anew


def inspector_of(w: Workshop, task: str) -> str:
    lines = (w.folder / "results" / f"{task}.teams.tsv").read_text("utf-8").splitlines()
    return lines[1].split("\t")[1]


def swap_rank(w: Workshop) -> None:
    """A result file in which selected and reserve change places, with a manifest that fits it."""
    path = w.folder / "results" / "12.selected.tsv"
    columns, *rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    first = next(row for row in rows if row[2] == "selected")
    other = next(row for row in rows if row[2] == "reserve")
    first[1:], other[1:] = other[1:], first[1:]
    data = second.file_of(columns, rows)
    path.write_bytes(data)
    w.of("draw")["tasks"][11]["rosters"][0] = second.Roster(w.h, "12.selected", data).manifest


def swap_team(w: Workshop) -> None:
    """Two teams of task 10 exchanged in file and manifest alike."""
    path = w.folder / "results" / "10.teams.tsv"
    columns, *rows = [line.split("\t") for line in path.read_text("utf-8").splitlines()]
    other = next(row for row in rows if row[1] != rows[0][1])
    rows[0][1:], other[1:] = other[1:], rows[0][1:]
    data = second.file_of(columns, rows)
    path.write_bytes(data)
    w.of("draw")["tasks"][9]["rosters"][1] = second.Roster(w.h, "10.teams", data).manifest


def void_after_witness(w: Workshop) -> None:
    """Draw, dislike it, void, commit again."""
    organiser = w.signers[w.index("draw")]
    w.insert(w.index("draw") + 1, "void", {"reason": "error"}, organiser)


def void_too_late(w: Workshop) -> None:
    w.keep(4)
    w.insert(4, "void", {"reason": "error"}, w.signers[0], "2024-02-01T01:59:59Z")
    body = {"digest": "0" * 64, "ceremony": w.receipts[0]["ceremony"], "sequence": 5, "time": "2024-02-01T02:00:00Z"}
    w.receipts[4]["sequence"] = 5
    w.insert(5, "witness", body, w.signers[1], body["time"])


def commitment_once_more(w: Workshop) -> None:
    w.insert(w.index("reveal"), "commitment", json.loads(json.dumps(w.commitment)), w.signers[0])


def task_of(w: Workshop, number: int) -> Body:
    task: Body = w.commitment["tasks"][number - 1]
    return task


def late_commitment(w: Workshop) -> None:
    """Both witnesses saw the commitment 59 seconds before the chain's value could be public."""
    for at, receipt in enumerate(w.receipts[1:4], 1):
        receipt["time"] = receipt["body"]["time"] = f"2024-02-01T01:59:{at:02d}Z"


def early_reveal(w: Workshop) -> None:
    for receipt in w.receipts[4:8]:
        receipt["time"] = "2024-02-01T01:59:59Z"
        if receipt["type"] == "witness":
            receipt["body"]["time"] = receipt["time"]


def self_approved(w: Workshop) -> None:
    roster = w.roster("recusals")
    roster.rows[0][4] = roster.rows[0][1]
    w.write_roster("recusals", roster.columns, roster.rows)


def recusal_of_nobody(w: Workshop) -> None:
    roster = w.roster("recusals")
    roster.rows[0][2] = "NOBODY"
    w.write_roster("recusals", roster.columns, roster.rows)


CHANGES: dict[str, tuple[str, Callable[[Workshop], object]]] = {
    # chain and grammar
    "two commitments": ("chain: redraw after entropy", commitment_once_more),
    "void after the draw": ("chain: redraw after entropy", void_after_witness),
    "void dated at the decisive moment": ("chain: redraw after entropy", void_too_late),
    "a second reveal": ("chain: redraw", lambda w: w.insert(7, "reveal", w.of("reveal"), w.signers[4])),
    "a second draw": ("chain: redraw", lambda w: w.insert(8, "draw", w.of("draw"), w.signers[5])),
    "a draw without a reveal": ("chain: redraw", lambda w: w.remove(w.index("reveal"))),
    "witness first": ("chain", lambda w: w.insert(0, "witness", w.of("witness"), w.signers[1])),
    "substitution before the draw": (
        "chain",
        lambda w: w.insert(4, "substitution", w.of("substitution"), w.signers[5]),
    ),
    "time goes back": ("chain", lambda w: w.receipts[5].update(time="2024-01-01T00:00:00Z")),
    "another ceremony": ("chain", lambda w: w.receipts[10].update(ceremony="rehearsal.other")),
    "replaces what was not voided": ("chain", lambda w: w.commitment.update(replaces="0" * 64)),
    # forms
    "unknown member in a body": ("form", lambda w: w.of("draw").update(note="x")),
    "unknown member in a task": ("form", lambda w: task_of(w, 1).update(extra=True)),
    "true for 1": ("form", lambda w: task_of(w, 1).update(reserves=True)),
    "a ratio not in lowest terms": (
        "form",
        lambda w: task_of(w, 3)["quota"].update(ratio={"numerator": 6, "denominator": 20}),
    ),
    "a day that does not exist": ("form", lambda w: w.receipts[22].update(time="2024-02-30T00:00:00Z")),
    "an unknown suite": ("form", lambda w: w.commitment.update(suite="md5")),
    "a mission of another version": ("form", lambda w: w.commitment.update(specification="dblrandom/v2")),
    "an unknown outcome": ("form", lambda w: w.of("result")["outcomes"][0].update(codes=["fine"])),
    "no member replaced": ("substitution", lambda w: w.of("substitution").update(replaced={})),
    # signatures
    "draw without the organiser": ("signature", lambda w: w.signers.__setitem__(5, w.signers[1])),
    "commitment without the organiser": ("signature", lambda w: w.signers[0].remove(w.signers[5][0])),
    "the organiser as a witness": ("witness", lambda w: w.signers.__setitem__(1, w.signers[5])),
    "a party as a witness": (
        "witness",
        lambda w: w.signers.__setitem__(1, [w.commitment["sources"][1]["keyid"]]),
    ),
    # witnesses and dates
    "a witness too few": ("witness", lambda w: w.remove(2)),
    "one witness twice": ("witness", lambda w: w.signers.__setitem__(2, w.signers[1])),
    "witnessed 59 seconds before": ("witness", late_commitment),
    "revealed before it could be": ("source", early_reveal),
    "two times in a witness receipt": ("witness", lambda w: w.of("witness").update(time="2024-01-29T00:00:00Z")),
    "disclosed what was not committed": (
        "source",
        lambda w: w.of("witness", 2)["disclosed"].update(association="0" * 64),
    ),
    "disclosed what is no secret": (
        "source",
        lambda w: w.of("witness", 2)["disclosed"].update(notary=w.of("reveal")["values"][0]["value"]),
    ),
    "disclosed when the commitment was dated": (
        "witness",
        lambda w: w.of("witness", 0).update(disclosed=w.of("witness", 2)["disclosed"]),
    ),
    # sources and seed
    "another value of the chain": ("source", lambda w: w.of("reveal")["values"][0].update(value="0" * 64)),
    "another secret": ("source", lambda w: w.of("reveal")["values"][1].update(value="0" * 64)),
    "values out of order": ("source", lambda w: w.of("reveal")["values"].reverse()),
    "a value is missing": ("source", lambda w: w.of("reveal")["values"].pop()),
    "another seed": ("seed", lambda w: w.of("reveal").update(seed="0" * 64)),
    "another chain step": ("source", lambda w: w.commitment["sources"][0].update(step=30)),
    # plan
    "fixed-count with a ratio": (
        "plan",
        lambda w: task_of(w, 2)["quota"].update(ratio={"numerator": 1, "denominator": 2}),
    ),
    "a minimum without a total": ("plan", lambda w: task_of(w, 2)["quota"].update(minimum=1)),
    "a cap below the count": ("plan", lambda w: task_of(w, 2)["quota"].update(cap=2)),
    "a ratio above one": (
        "plan",
        lambda w: task_of(w, 3)["quota"].update(ratio={"numerator": 11, "denominator": 10}),
    ),
    "one role and no reason": ("plan", lambda w: task_of(w, 2)["team"]["roles"].pop()),
    "slack and cap": ("plan", lambda w: task_of(w, 2)["team"].update(cap=3)),
    "a role named status": ("plan", lambda w: task_of(w, 2)["team"]["roles"][0].update(name="status")),
    "a stratum column that is not there": ("plan", lambda w: task_of(w, 1).update(strata=["size"])),
    "a roster that is not committed": ("plan", lambda w: task_of(w, 1).update(roster="others")),
    "deadlines out of order": ("plan", lambda w: w.commitment["deadlines"].update(result="2024-01-01T00:00:00Z")),
    "more steps of chains than anybody has to hash": (
        "source: more than 2,000,000 steps",
        lambda w: w.commitment["sources"].extend(
            {"kind": "hashchain", "name": f"c{n}", "not_before": "2024-03-02T00:00:00Z"}
            | {"tip": f"{n:064x}", "step": 1_000_000, "operator": "0" * 64}
            for n in range(2)
        ),
    ),
    "more sources than anybody has to check": (
        "source: more than 64 sources",
        lambda w: w.commitment["sources"].extend(
            {"kind": "secret", "name": f"s{n}", "not_before": "2024-03-02T00:00:00Z"}
            | {"keyid": "0" * 64, "digest": f"{n:064x}"}
            for n in range(64)
        ),
    ),
    "a task twice": ("form", lambda w: task_of(w, 2).update(id="1")),
    "an approver of his own recusal": ("recusal", self_approved),
    "a recusal from nobody": ("recusal", recusal_of_nobody),
    "another root": ("roster", lambda w: w.commitment["rosters"][0].update(root="0" * 64)),
    "one row more than there are": ("roster", lambda w: w.commitment["rosters"][0].update(rows=2290)),
    "256 rows on a page of a confidential roster": (
        "roster",
        lambda w: w.commitment["rosters"][0].update(page_rows=1),
    ),
    # draw
    "another key": ("draw", lambda w: w.of("draw")["tasks"][0]["keys"].update(targets="0" * 32)),
    "another size of the frame": ("draw", lambda w: w.of("draw")["tasks"][0].update(size=601)),
    "another shortfall": ("draw", lambda w: w.of("draw")["tasks"][0].update(shortfall=1)),
    "another quota": ("draw", lambda w: w.of("draw")["tasks"][1]["quota"].update(count=4)),
    "no quota": ("draw", lambda w: w.of("draw")["tasks"][1].pop("quota")),
    "another probability": (
        "draw",
        lambda w: w.of("draw")["tasks"][1]["strata"][0].update(probability={"numerator": 1, "denominator": 2}),
    ),
    "another last ticket": (
        "draw",
        lambda w: w.of("draw")["tasks"][1]["strata"][0].update(last_ticket="f" * 64),
    ),
    "strata out of order": ("draw", lambda w: w.of("draw")["tasks"][0]["strata"].reverse()),
    "tasks out of order": ("draw", lambda w: w.of("draw")["tasks"].reverse()),
    "a task less": ("draw", lambda w: w.of("draw")["tasks"].pop()),
    "another cap": ("draw", lambda w: w.of("draw")["tasks"][6]["assignment"].update(cap=7)),
    "another smallest cap": ("draw", lambda w: w.of("draw")["tasks"][6]["assignment"].update(smallest_cap=4)),
    "another count of the eligible": (
        "draw",
        lambda w: w.of("draw")["tasks"][0]["assignment"]["slots"][0].update(eligible=5),
    ),
    "slots out of order": ("draw", lambda w: w.of("draw")["tasks"][0]["assignment"]["slots"].reverse()),
    "a target declared open": (
        "draw",
        lambda w: w.of("draw")["tasks"][0]["assignment"]["open"].append({"target": "x", "slots": []}),
    ),
    "a reserve in the place of one selected": ("draw", swap_rank),
    "two teams exchanged": ("draw", swap_team),
    # substitution, result, seal
    "a ground of its own": ("substitution", lambda w: w.of("substitution").update(ground="friendship")),
    "another reserve": ("substitution", lambda w: w.of("substitution").update(replacement="92530103HC000000Y7")),
    "no reserve": ("substitution", lambda w: w.of("substitution").update(replacement=None)),
    "another inspector": (
        "substitution",
        lambda w: w.of("substitution")["slots"][0].update(inspector=inspector_of(w, "4")),
    ),
    "a slot left empty": ("substitution", lambda w: w.of("substitution", 1)["slots"][0].update(inspector=None)),
    "a slot left out": ("substitution", lambda w: w.of("substitution")["slots"].pop()),
    "a cap waived without need": (
        "substitution",
        lambda w: w.of("substitution")["slots"][0].update(cap_waived=True),
    ),
    "replaced twice": (
        "substitution",
        lambda w: w.insert(9, "substitution", w.of("substitution"), w.signers[8]),
    ),
    "an inspector without a slot": (
        "substitution",
        lambda w: w.of("substitution", 1).update(replaced={"inspector": "KM-SYN-0001"}),
    ),
    "a task that is not there": ("substitution", lambda w: w.of("substitution").update(task="99")),
    "a result for a target that was not drawn": (
        "result",
        lambda w: w.of("result")["outcomes"][0].update(id="12530102HC000448YB"),
    ),
    "a result twice": ("result", lambda w: w.of("result")["outcomes"].append(w.of("result")["outcomes"][0])),
    "a code twice": ("result", lambda w: w.of("result")["outcomes"][0].update(codes=["pending", "pending"])),
    "a blind without a seal": ("seal", lambda w: w.of("result").update(blind="0" * 64)),
    "a sealed draw that was not this one": (
        "seal",
        lambda w: w.insert(4, "sealed", {"type": "draw", "digest": "0" * 64}, w.signers[5]),
    ),
}


@pytest.mark.parametrize("label", CHANGES)
def test_refused_though_signed_anew(workshop: Workshop, label: str) -> None:
    check, change = CHANGES[label]
    change(workshop)
    with pytest.raises(second.Refused) as refusal:
        second.audit(workshop.sign())
    assert str(refusal.value).startswith(check), refusal.value


# -- the chain as it stands, without signing anew


def flip_signature(w: Workshop) -> None:
    path = w.folder / "receipts" / "0006-draw.json"
    envelope = json.loads(path.read_bytes())
    raw = bytearray(base64.b64decode(envelope["signatures"][0]["sig"]))
    raw[40] ^= 1
    envelope["signatures"][0]["sig"] = base64.b64encode(raw).decode()
    path.write_bytes(second.encode(envelope))


def edit(path: str, old: bytes, new: bytes) -> Callable[[Workshop], None]:
    def change(w: Workshop) -> None:
        data = (w.folder / path).read_bytes()
        assert old in data
        (w.folder / path).write_bytes(data.replace(old, new, 1))

    return change


def rename(old: str, new: str) -> Callable[[Workshop], None]:
    def change(w: Workshop) -> None:
        (w.folder / old).rename(w.folder / new)

    return change


FILES: dict[str, tuple[str, Callable[[Workshop], object]]] = {
    "a wrong signature": ("signature", flip_signature),
    "white space in an envelope": ("canonical", edit("receipts/0006-draw.json", b'{"payload"', b'{ "payload"')),
    "no last receipt but one": ("chain", lambda w: (w.folder / "receipts/0022-result.json").unlink()),
    "no draw": ("chain", lambda w: (w.folder / "receipts/0006-draw.json").unlink()),
    "a receipt under another name": ("folder", rename("receipts/0006-draw.json", "receipts/0006-reveal.json")),
    "a roster changed": ("roster", edit("rosters/targets.tsv", "五华区".encode(), "官渡区".encode())),
    "a roster missing": ("roster", lambda w: (w.folder / "rosters/targets.tsv").unlink()),
    "a roster without its last line feed": (
        "roster",
        lambda w: (w.folder / "rosters/targets.tsv").write_bytes((w.folder / "rosters/targets.tsv").read_bytes()[:-1]),
    ),
    "a roster that was not committed": (
        "roster",
        lambda w: shutil.copy(w.folder / "rosters/targets.tsv", w.folder / "rosters/more.tsv"),
    ),
    "a result file changed": ("draw", edit("results/12.selected.tsv", b"reserve", b"selected")),
    "a result file missing": ("draw", lambda w: (w.folder / "results/12.teams.tsv").unlink()),
    "a result file too many": (
        "draw",
        lambda w: shutil.copy(w.folder / "results/12.teams.tsv", w.folder / "results/13.teams.tsv"),
    ),
    "the policy lets the organiser witness": (
        "trust",
        lambda w: w.trust(lambda p: p["keys"][0]["roles"].append("witness")),
    ),
    "the policy asks for three witnesses": ("witness", lambda w: w.trust(lambda p: p.update(witnesses=3))),
    "the policy asks for another organiser": (
        "signature",
        lambda w: w.trust(lambda p: p["keys"][0].update(public_key="1" * 64)),
    ),
    "the organiser's key was revoked before": (
        "signature",
        lambda w: w.trust(lambda p: p["keys"][0].update(revoked="2024-01-01T00:00:00Z")),
    ),
    "the organiser's key was not valid yet": (
        "signature",
        lambda w: w.trust(lambda p: p["keys"][0].update(valid_from="2024-06-01T00:00:00Z")),
    ),
    "another ceremony came before": (
        "chain",
        lambda w: w.trust(lambda p: p.update(previous_ceremony="0" * 64)),
    ),
}


@pytest.mark.parametrize("label", FILES)
def test_refused_with_sums_written_anew(workshop: Workshop, label: str) -> None:
    check, change = FILES[label]
    change(workshop)
    with pytest.raises(second.Refused) as refusal:
        second.audit(workshop.sums())
    assert str(refusal.value).startswith(check), refusal.value


@pytest.mark.parametrize(
    "change",
    [
        edit("plan.toml", b"2024", b"2025"),
        lambda w: (w.folder / "notes.txt").write_text("x"),
        lambda w: (w.folder / "plan.toml").unlink(),
        lambda w: (w.folder / "empty").mkdir(),
        lambda w: (w.folder / "link").symlink_to("plan.toml"),
        lambda w: (w.folder / "SHA256SUMS").unlink(),
        edit("SHA256SUMS", b"  plan.toml", b" *plan.toml"),
        edit("SHA256SUMS", b"  plan.toml", b"  ./plan.toml"),
        lambda w: (w.folder / "SHA256SUMS").write_bytes((w.folder / "SHA256SUMS").read_bytes()[:-1]),
    ],
)
def test_the_sums_are_the_folder(workshop: Workshop, change: Callable[[Workshop], object]) -> None:
    change(workshop)
    with pytest.raises(second.Refused, match=r"^folder"):
        second.audit(workshop.folder)


def test_a_deadline_that_has_passed(workshop: Workshop) -> None:
    workshop.keep(4)
    shutil.rmtree(workshop.folder / "results")
    folder = workshop.sign()
    second.audit(folder, as_of="2024-02-01T08:00:00Z")
    with pytest.raises(second.Refused, match=r"^deadline"):
        second.audit(folder, as_of="2024-02-01T08:00:01Z")


# ---------------------------------------------------------------- harder ceremonies


def substitution(w: Workshop, states: dict[str, second.Drawn], task: str, kind: str, what: str) -> Body:
    replacement, slots = states[task].replace(kind, what, "the workshop")
    body: Body = {
        "task": task,
        "replaced": {kind: what},
        "ground": w.commitment["plan"]["grounds"][0],
        "replacement": replacement,
        "slots": slots,
    }
    w.insert(len(w.receipts), "substitution", body, w.signers[w.index("draw")])
    return body


def hard(w: Workshop) -> tuple[dict[str, second.Drawn], list[Body]]:
    """One task with few people, many recusals, a cap of its own and all that can happen after a draw.

    Recusals leave some targets open; the substitutions run out of reserves, of room under the cap and of people.
    """
    task = task_of(w, 10)
    people = [f"P{i}" for i in range(5)]
    columns = ["id", "post", "certificate", "field", "level", "district", "notice", "unit"]
    rows = [[who, "officer", "valid", "x", "city", "", "synthetic", ""] for who in people]
    rows[0][1] = rows[1][1] = rows[4][1] = "leader"
    w.commitment["rosters"][1]["name"] = "inspectors"
    w.write_roster("inspectors", columns, rows)
    targets = w.roster("targets")
    wanted = task["filter"]["category"]
    frame = [row[0] for row in targets.rows if row[targets.column("category")] in wanted]
    pairs = [(who, unit) for i, unit in enumerate(frame) for j, who in enumerate(people) if (3 * i + j) % 7 in (0, 3)]
    pairs += [(who, unit) for unit in frame[::4] for who in people[2:4]]
    recusals = [[f"r{n:04d}", who, unit, "party:declared", "P9"] for n, (who, unit) in enumerate(sorted(set(pairs)))]
    recusals += [["s0000", *recusals[0][1:]]]  # the same pair twice: the first id counts
    w.write_roster("recusals", ["id", "inspector", "target", "ground", "approver"], recusals)
    task["team"]["roles"] = [
        {"name": "lead", "filter": {"post": ["leader"]}},
        {"name": "member", "filter": {"certificate": ["valid"], "post": ["leader", "officer"]}},
        {"name": "extra", "filter": {}},
    ]
    w.commitment["tasks"] = [task]
    states = w.redraw()
    state, bodies = states["10"], []
    for target in [slot["target"] for slot in state.record["assignment"]["open"]][:2]:  # type: ignore[index]
        bodies.append(substitution(w, states, "10", "open", target))
    for stratum in state.strata[:2]:
        for _ in range(3):
            first = next(unit for unit in stratum["selected"] + stratum["reserves"] if unit in state.active)
            bodies.append(substitution(w, states, "10", "target", first))
            if not any(unit in state.active for unit in stratum["selected"] + stratum["reserves"]):
                break
    for who in ("P3", "P1", "P0"):
        if who in [held for (target, _), held in state.holder.items() if target in state.active]:
            bodies.append(substitution(w, states, "10", "inspector", who))
    return states, bodies


def test_a_hard_ceremony_is_sound_and_shows_what_it_should(workshop: Workshop) -> None:
    states, bodies = hard(workshop)
    report = second.audit(workshop.sign())
    record = states["10"].record["assignment"]
    assert isinstance(record, dict)
    assert record["open"]
    slots_of_open = {one["target"] for one in record["open"]} & {slot["target"] for slot in record["slots"]}
    assert len(slots_of_open) == len(record["open"])  # "for each slot": those of open targets too
    assert any(slot["recused"] for slot in record["slots"])
    slots = [slot for body in bodies for slot in body["slots"]]
    assert any(slot["cap_waived"] for slot in slots)
    assert any(slot["inspector"] is None for slot in slots)
    assert any("target" in body["replaced"] and body["replacement"] is None for body in bodies)
    assert f"substitution: {len(bodies)} replayed" in "\n".join(report)


@pytest.mark.parametrize("change", ["inspector", "cap_waived", "role"])
def test_every_word_of_a_hard_substitution_counts(workshop: Workshop, change: str) -> None:
    _, bodies = hard(workshop)
    for body in bodies:
        for slot in body["slots"]:
            kept = slot[change]
            other = {"inspector": "P2" if kept is None else None, "cap_waived": not kept, "role": "nobody"}
            slot[change] = other[change]
            with pytest.raises(second.Refused, match=r"^substitution"):
                second.audit(workshop.sign())
            slot[change] = kept
    second.audit(workshop.sign())


def seal(w: Workshop, kind: str, at: int) -> Body:
    """Seal the body of the only receipt of a type, some receipts earlier."""
    body = w.of(kind)
    body["blind"] = "5e" * 32
    sealed = {"type": kind, "digest": w.h(second.encode(body)).hex()}
    w.insert(at, "sealed", sealed, w.signers[w.index(kind)])
    return sealed


def test_a_sealed_draw(workshop: Workshop) -> None:
    sealed = seal(workshop, "draw", 4)
    assert "passed: seal: 1 opened by the body that was sealed" in second.audit(workshop.sign())
    workshop.of("draw")["blind"] = "00" * 32
    with pytest.raises(second.Refused, match=r"^seal"):
        second.audit(workshop.sign())
    sealed["digest"] = workshop.h(second.encode(workshop.of("draw"))).hex()
    second.audit(workshop.sign())


def begun_twice(w: Workshop) -> None:
    """A commitment and its void, dated in time, before the ceremony."""
    first = json.loads(json.dumps(w.commitment))
    for one in first["sources"]:
        if one["kind"] == "secret":
            one["digest"] = hashlib.sha256(one["digest"].encode()).hexdigest()
    ceremony, when = w.receipts[0]["ceremony"], "2024-01-29T02:00:00Z"
    body = {"digest": "0" * 64, "ceremony": ceremony, "sequence": 0, "time": when}
    original, organiser, notary = w.signers[0], w.signers[5], w.signers[1]
    receipt = {"ceremony": ceremony, "sequence": 0, "previous": None, "time": when}
    w.receipts[:0] = [
        {**receipt, "type": "commitment", "body": first, "sequence": 1001},
        {**receipt, "type": "void", "body": {"reason": "a typing error"}, "sequence": 1002},
        {**receipt, "type": "witness", "body": {**body, "sequence": 1002}, "sequence": 1003},
    ]
    w.signers[:0] = [original, organiser, notary]
    w.chain()
    w.commitment["replaces"] = w.h(second.encode(w.receipts[0])).hex()
    w.redraw()
    second.audit(w.sign())
    w.receipts.pop(2)
    w.signers.pop(2)
    w.chain()
    w.redraw()


def test_a_plan_that_was_voided_in_time(workshop: Workshop) -> None:
    """commitment, witness, void, witness, commitment, ...: lawful where the void is dated in time."""
    w = workshop
    begun_twice(w)
    second.audit(w.sign())  # the next date that covers the void is that of the second commitment: in time
    for number, one in enumerate(w.receipts):  # unless that comes too late as well
        one["time"] = f"2024-02-01T02:00:{number:02d}Z"
        if one["type"] == "witness":
            one["body"]["time"] = one["time"]
    with pytest.raises(second.Refused, match="redraw after entropy"):
        second.audit(w.sign())


def test_findings(workshop: Workshop) -> None:
    """Without the operator's and the parties' signatures nothing stands against the organiser."""
    workshop.signers[0] = workshop.signers[5]
    declared = workshop.commitment["signers"]
    workshop.commitment["signers"] = [one for one in declared if one["role"] in ("organiser", "witness")]
    workshop.trust(lambda p: p.update(chains=[]))
    workshop.redraw()
    report = second.audit(workshop.sign())
    assert "finding: not verifiable against the organiser" in report
    assert "finding: grindable" in report


def test_a_secret_kept_back_is_reported(workshop: Workshop) -> None:
    workshop.of("witness", 2)["disclosed"].pop("discipline")
    assert "finding: withholding possible" in second.audit(workshop.sign())


def test_a_party_that_is_declared_has_to_sign(workshop: Workshop) -> None:
    workshop.signers[0].remove(workshop.commitment["sources"][1]["keyid"])
    with pytest.raises(second.Refused, match=r"^signature: .* the party did not sign"):
        second.audit(workshop.sign())


# ---------------------------------------------------------------- public sources, time-locks, dates from outside


RECORDED = json.loads((VECTORS / "drand_rounds.json").read_text("utf-8"))
LONG_AGO = "2020-01-01T00:00:00Z"


def recorded_round(chain: str, number: int) -> tuple[Body, Body]:
    """A real round as a source and its value, made from the vectors without the library."""
    found = next(r for r in RECORDED["rounds"] if (r["chain"], r["round"]) == (chain, number))
    old = RECORDED["chains"][chain]["info"]
    info = {
        "beacon_id": old["metadata"]["beaconID"],
        "chain_hash": old["hash"],
        "genesis_seed": old["groupHash"],
        "genesis_time": old["genesis_time"],
        "period": old["period"],
        "public_key": old["public_key"],
        "scheme": old["schemeID"],
    }
    evidence = {"chain": info, "signature": found["signature"]}
    if found.get("previous_signature"):
        evidence["previous_signature"] = found["previous_signature"]
    moment = datetime.datetime.fromtimestamp(found["time_unix"], datetime.UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
    source = {"kind": "drand", "name": "league", "not_before": moment, "chain": old["hash"], "round": number}
    value = hashlib.sha256(bytes.fromhex(found["signature"])).hexdigest()
    return source, {"kind": "drand", "name": "league", "value": value, "evidence": evidence}


def lottery() -> tuple[Body, Body]:
    source = {"kind": "public", "name": "lottery", "not_before": "2024-01-31T02:00:00Z", "event": "synthetic lottery"}
    source |= {"form": "numbers 6 of 1-33, 1 of 1-16", "outcomes": 17_721_088, "cancelled": "void"}
    value = {"kind": "public", "name": "lottery", "value": "3 9 17 20 28 31 / 7"}
    return source, {**value, "evidence": {"report": "synthetic gazette"}}


def drawn_from(w: Workshop, *pairs: tuple[Body, Body]) -> None:
    """The rehearsal drawn from other sources; what comes before the reveal is moved to long before them."""
    w.commitment["sources"] = [source for source, _ in pairs]
    w.of("reveal")["values"] = [value for _, value in pairs]
    w.of("witness", 2).pop("disclosed")
    for receipt in w.receipts[:4]:
        receipt["time"] = LONG_AGO
        if receipt["type"] == "witness":
            receipt["body"]["time"] = LONG_AGO
    late = max(source["not_before"] for source, _ in pairs)
    w.commitment["deadlines"] = dict.fromkeys(("reveal", "draw", "result"), "2030-01-01T00:00:00Z")
    for receipt in w.receipts[4:]:
        receipt["time"] = max(receipt["time"], late)
        if receipt["type"] == "witness":
            receipt["body"]["time"] = receipt["time"]
    w.redraw()


def library_report(w: Workshop) -> Any:
    """What the library makes of the same folder."""
    import dblrandom

    trust = dblrandom.TrustPolicy.from_bytes((w.folder / "trust.json").read_bytes())
    rosters = {m["name"]: (w.folder / "rosters" / f"{m['name']}.tsv").read_bytes() for m in w.commitment["rosters"]}
    envelopes = [path.read_bytes() for path in sorted((w.folder / "receipts").iterdir())]
    return dblrandom.verify(envelopes, trust=trust, rosters=rosters, vouched=True)


DISTANT = "distant deadline"


def findings_of(w: Workshop) -> tuple[set[str], set[str]]:
    """The findings of both, without those that only one of them can have."""
    mine = {line.removeprefix("finding: ") for line in second.audit(w.sign()) if line.startswith("finding: ")}
    theirs = {finding.value for finding, _ in library_report(w).findings}
    # What comes before the reveal was moved to long before it, so that the deadlines are far away.
    return mine - {"trust policy not from outside", DISTANT}, theirs - {DISTANT}


@pytest.mark.parametrize(
    ("chain", "number"),
    [("quicknet", 1000), ("default", 1), ("default", 3311596), ("fastnet", 2), ("testnet-unchained-3s", 1000000)],
)
def test_real_rounds_of_every_scheme(chain: str, number: int) -> None:
    source, item = recorded_round(chain, number)
    evidence = item["evidence"]
    previous = evidence.get("previous_signature")
    assert second.check_drand(source, evidence["signature"], evidence["chain"], previous)
    later = {**source, "round": number + 1}
    with pytest.raises(second.Refused, match="not_before is not the time"):
        second.check_drand(later, evidence["signature"], evidence["chain"], previous)
    with pytest.raises(second.Refused, match="another chain"):
        second.check_drand(source, evidence["signature"], {**evidence["chain"], "period": 4}, previous)


def test_a_round_of_another_number_does_not_hold() -> None:
    source, _ = recorded_round("quicknet", 1000)
    _, other = recorded_round("quicknet", 123)
    with pytest.raises(second.Refused, match="the signature of the round does not hold"):
        second.check_drand(source, other["evidence"]["signature"], other["evidence"]["chain"], None)


def test_a_draw_from_one_round(workshop: Workshop) -> None:
    """The recommended profile: both implementations find nothing amiss."""
    drawn_from(workshop, recorded_round("quicknet", 1000))
    mine, theirs = findings_of(workshop)
    assert mine == theirs == {"rehearsal"}
    assert "passed: source league: round 1000" in second.audit(workshop.folder)


def test_a_foreign_network_counts_where_the_policy_names_it(workshop: Workshop) -> None:
    source, item = recorded_round("fastnet", 2)
    drawn_from(workshop, (source, item))
    mine, theirs = findings_of(workshop)
    assert mine - {"grindable"} == theirs  # of nothing independent, neither says how many outcomes it has
    assert "not verifiable against the organiser" in mine
    workshop.trust(lambda p: p.update(networks=[source["chain"]]))
    mine, theirs = findings_of(workshop)
    assert mine == theirs == {"rehearsal"}


def test_a_network_that_is_trusted_is_nobodys_key(workshop: Workshop) -> None:
    """A secret under the id of a trusted network, which no key can have signed, stays in the organiser's hands."""
    disguised_secret(workshop)
    mine = second.audit(workshop.sign())
    assert "finding: not verifiable against the organiser" in mine


def test_the_library_takes_no_network_for_a_key_either(workshop: Workshop) -> None:
    disguised_secret(workshop)
    workshop.sign()
    assert "not verifiable against the organiser" in {finding.value for finding, _ in library_report(workshop).findings}


def disguised_secret(w: Workshop) -> None:
    """One secret alone, the organiser's own, whose ``keyid`` is the chain hash of a network that the policy names."""
    network = RECORDED["chains"]["fastnet"]["info"]["hash"]
    own = "5e" * 32
    committed = second.secret_digest(w.h, w.receipts[0]["ceremony"], "notary", own)
    source = {"kind": "secret", "name": "notary", "not_before": "2024-02-01T02:00:00Z"}
    drawn_from(
        w,
        ({**source, "keyid": network, "digest": committed}, {"kind": "secret", "name": "notary", "value": own}),
    )
    w.trust(lambda p: p.update(networks=[network]))


def test_a_lottery_is_checked_in_its_form_only(workshop: Workshop) -> None:
    drawn_from(workshop, lottery())
    mine, theirs = findings_of(workshop)
    assert mine == theirs == {"rehearsal", "grindable"}
    assert any("its form only" in line for line in second.audit(workshop.folder))


def test_another_event_in_the_place_of_the_declared_one_is_a_finding(workshop: Workshop) -> None:
    source, value = lottery()
    value["evidence"]["event"] = "another synthetic lottery"
    drawn_from(workshop, ({**source, "cancelled": "next"}, value))
    mine, theirs = findings_of(workshop)
    assert mine == theirs == {"rehearsal", "grindable", "event replaced"}


def test_a_void_of_a_lottery_is_a_possible_redraw(workshop: Workshop) -> None:
    """Both implementations find it, and not where a party's chain is among the sources."""
    begun_twice(workshop)
    mine, theirs = findings_of(workshop)
    assert "redraw possible" not in mine | theirs
    workshop.receipts[0]["body"]["sources"] = [{**lottery()[0], "not_before": "2024-01-31T02:00:00Z"}]
    workshop.chain()
    workshop.commitment["replaces"] = workshop.h(second.encode(workshop.receipts[0])).hex()
    workshop.redraw()
    mine, theirs = findings_of(workshop)
    assert "redraw possible" in mine & theirs


@pytest.mark.parametrize(
    ("form", "value", "fits"),
    [
        ("digits 5", "03190", True),
        ("digits 5", "3190", False),
        ("dice 3", "1 6 2", True),
        ("dice 3", "1 7 2", False),
        ("decimal 2 places", "3251.40", True),
        ("decimal 2 places", "03251.40", False),
        ("numbers 3 of 1-20 in order", "9 1 20", True),
        ("numbers 3 of 1-20", "9 1 20", False),
        ("numbers 2 of 1-9, 1 of 0-3", "1 2 / 0", True),
        ("numbers 2 of 1-9, 1 of 0-3", "1 2 /  0", False),
        ("text", "AQUARIUS", True),
        ("text", "Aquarius", False),
    ],
)
def test_an_outcome_has_one_writing(form: str, value: str, fits: bool) -> None:
    import dblrandom.beacons.forms as forms

    assert second.public_fits(form, value, "test") == fits
    try:
        theirs = forms.Form.parse(form, "test").canonical(value, "test") == value
    except dblrandom_errors().DblrandomError:
        theirs = False
    assert theirs == fits


def dblrandom_errors() -> Any:
    import dblrandom.errors as errors

    return errors


@pytest.mark.parametrize(
    "form", ["digits 0", "digits 257", "1 of 1-9", "numbers 5 of 1-4", "dice 129", "digits  5", ""]
)
def test_a_form_that_is_none(form: str) -> None:
    with pytest.raises(second.Refused, match=r"^source"):
        second.parts_of(form, "test")


def test_a_known_network_has_its_times(workshop: Workshop) -> None:
    source, item = recorded_round("quicknet", 1000)
    source["not_before"] = "2023-08-23T15:59:27Z"
    drawn_from(workshop, (source, item))
    with pytest.raises(second.Refused, match=r"^source: league: not_before is not the time of its round"):
        second.audit(workshop.sign())


CHANGED_VALUES: dict[str, tuple[str, Callable[[Workshop], object]]] = {
    "another value": ("source: league: the value", lambda w: w.of("reveal")["values"][0].update(value="0" * 64)),
    "no evidence": ("form", lambda w: w.of("reveal")["values"][0].pop("evidence")),
    "evidence with more": ("form", lambda w: w.of("reveal")["values"][0]["evidence"].update(randomness="00")),
    "a chain of one's own": (
        "source: league: the evidence is of another chain",
        lambda w: w.of("reveal")["values"][0]["evidence"]["chain"].update(genesis_time=1),
    ),
    "the outcome with a leading zero": (
        "source: lottery",
        lambda w: w.of("reveal")["values"][1].update(value="03 9 17 20 28 31 / 7"),
    ),
    "another event, where that was excluded": (
        "form",
        lambda w: w.of("reveal")["values"][1]["evidence"].update(event="the next one"),
    ),
}


@pytest.mark.parametrize("label", CHANGED_VALUES)
def test_values_that_are_not_the_declared_ones(workshop: Workshop, label: str) -> None:
    drawn_from(workshop, recorded_round("quicknet", 1000), lottery())
    check, change = CHANGED_VALUES[label]
    change(workshop)
    workshop.redraw()
    with pytest.raises(second.Refused) as refusal:
        second.audit(workshop.sign())
    assert str(refusal.value).startswith(check), refusal.value
    with pytest.raises(dblrandom_errors().VerificationError):
        library_report(workshop)


# -- dates from outside


def outside(w: Workshop, at: int, signers: list[str], **members: Any) -> None:
    """A witness receipt that carries something, about the receipt of that sequence."""
    model = w.receipts[at - 1]
    body = {"digest": "0" * 64, "ceremony": model["ceremony"], "sequence": at, "time": w.receipts[-1]["time"]}
    w.insert(len(w.receipts), "witness", {**body, **members}, signers, body["time"])


def synthetic_token() -> Body:
    """Bytes in the right form whose chain ends at nobody's root."""
    coded = base64.b64encode(b"synthetic").decode()
    return {"token": coded, "certificates": [coded, coded]}


def test_time_stamps_and_log_proofs_are_passed_over(workshop: Workshop) -> None:
    organiser = workshop.signers[workshop.index("draw")]
    proof = "c2sp.org/tlog-proof@v1\nindex 0\n\nnowhere.example/log\n"
    outside(workshop, 6, organiser, tokens=[synthetic_token()])
    outside(workshop, 6, organiser, logged=proof)
    report = second.audit(workshop.sign())
    assert any(line.startswith("not checked: time stamp in receipts/0024") for line in report)
    assert any(line.startswith("not checked: log proof in receipts/0025") for line in report)


def test_without_a_date_the_organiser_cannot_sign_it(workshop: Workshop) -> None:
    outside(workshop, 6, workshop.signers[workshop.index("draw")])
    with pytest.raises(second.Refused, match=r"^witness: .* signed by the organiser"):
        second.audit(workshop.sign())


@pytest.mark.parametrize(
    "members",
    [
        {"tokens": []},
        {"tokens": [{"token": "AAAA"}]},
        {"tokens": [{"token": "AAAA", "certificates": []}]},
        {"tokens": [{"token": "not base64", "certificates": ["AAAA"]}]},
        {"tokens": {}},
        {"logged": ""},
        {"logged": 1},
        {"stamped": "x"},
    ],
)
def test_what_a_witness_receipt_can_carry(workshop: Workshop, members: Body) -> None:
    outside(workshop, 6, workshop.signers[1], **members)
    with pytest.raises(second.Refused, match=r"^form"):
        second.audit(workshop.sign())


def test_a_date_by_an_authority_alone_is_not_checked_and_shows_no_uniqueness(workshop: Workshop) -> None:
    """Where the policy trusts the authority of a token, whether it dates the commitment is for another to check."""
    token = synthetic_token()
    authority = {"name": "synthetic authority", "certificate": token["certificates"][1]}
    workshop.trust(lambda p: p.update(authorities=[authority], witnesses=1))
    workshop.keep(1)
    shutil.rmtree(workshop.folder / "results")
    outside(workshop, 1, workshop.signers[0][:1], tokens=[token])
    report = second.audit(workshop.sign())
    assert "not checked: the date of the commitment: it rests on time stamps or a log" in report
    assert "finding: uniqueness not shown" in report


# -- second signatures


def with_signature(w: Workshop, keyid: str, value: bytes, alone: bool = False) -> Path:
    """The draw's envelope with a further signature."""
    folder = w.sign()
    path = folder / "receipts" / "0006-draw.json"
    envelope = json.loads(path.read_bytes())
    added = {"keyid": keyid, "sig": base64.b64encode(value).decode()}
    kept = [] if alone else envelope["signatures"]
    envelope["signatures"] = sorted([*kept, added], key=lambda item: str(item["keyid"]))
    path.write_bytes(second.encode(envelope))
    return w.sums()


SM2_SIGNATURE = bytes.fromhex("3006020101020101")


@pytest.mark.parametrize("value", [bytes(2420), SM2_SIGNATURE])
def test_an_unknown_second_signature_counts_for_nothing(workshop: Workshop, value: bytes) -> None:
    report = second.audit(with_signature(workshop, "ab" * 32, value))
    assert any("unknown key, counts for nothing" in line for line in report)
    assert library_report(workshop).stage == "drawn"


@pytest.mark.parametrize(
    "value", [b"", bytes(63), bytes(65), bytes(2421), SM2_SIGNATURE + b"\0", bytes.fromhex("3006020100020101")]
)
def test_a_signature_of_no_form_is_refused(workshop: Workshop, value: bytes) -> None:
    folder = with_signature(workshop, "ab" * 32, value)
    with pytest.raises(second.Refused, match=r"^canonical"):
        second.audit(folder)
    with pytest.raises(dblrandom_errors().VerificationError):
        library_report(workshop)


def test_a_second_signature_never_stands_alone(workshop: Workshop) -> None:
    folder = with_signature(workshop, "ab" * 32, bytes(2420), alone=True)
    with pytest.raises(second.Refused, match=r"^canonical: .* no signature is of Ed25519"):
        second.audit(folder)


def test_a_known_second_signature_is_not_checked(workshop: Workshop) -> None:
    public = "00" * 1312
    key = {"name": "synthetic organiser", "algorithm": "ml-dsa-44", "public_key": public, "roles": ["organiser"]}
    demand = {"role": "organiser", "threshold": 1, "algorithm": "ml-dsa-44"}
    workshop.trust(lambda p: (p["keys"].append(key), p["require"].update(draw=[demand])))
    report = second.audit(with_signature(workshop, second.keyid(public), bytes(2420)))
    assert any(line.startswith("not checked: second signature of synthetic organiser") for line in report)
    assert any("the signatures by ml-dsa-44 that the policy asks for" in line for line in report)
    with pytest.raises(second.Refused, match=r"^signature: .* of another algorithm"):
        second.audit(with_signature(workshop, second.keyid(public), SM2_SIGNATURE))


# -- requirements and keys


def test_a_requirement_can_name_the_holders(workshop: Workshop) -> None:
    names = [key["name"] for key in json.loads((workshop.folder / "trust.json").read_bytes())["keys"]]
    organiser, notary = names[0], names[1]

    def ask(*of: str) -> Callable[[Body], None]:
        return lambda p: p["require"].update(draw=[{"role": "organiser", "threshold": 1, "of": list(of)}])

    workshop.trust(ask(organiser))
    second.audit(workshop.sign())
    workshop.trust(ask(notary))
    with pytest.raises(second.Refused, match=r"^signature: .* 0 of 1"):
        second.audit(workshop.sums())
    workshop.trust(ask("nobody"))
    with pytest.raises(second.Refused, match=r"^trust"):
        second.audit(workshop.sums())


def test_two_revoked_keys_do_not_vouch_for_each_other(workshop: Workshop) -> None:
    """Both witnesses' keys were revoked later, and each dates the other's receipts: neither counts."""

    def revoke(policy: Body) -> None:
        for key in policy["keys"]:
            if "witness" in key["roles"]:
                key["revoked"] = "2025-01-01T00:00:00Z"

    workshop.trust(revoke)
    folder = workshop.sign()
    with pytest.raises(second.Refused, match=r"^witness: 0 of 2"):
        second.audit(folder)
    with pytest.raises(dblrandom_errors().VerificationError, match="0 of 2 needed witnesses"):
        library_report(workshop)


def test_a_signature_out_of_its_time_is_told_and_not_counted(workshop: Workshop) -> None:
    """The last receipt is a witness's whose key had ended by then."""

    def end(policy: Body) -> None:
        policy["keys"][1]["valid_until"] = "2024-03-01T00:00:00Z"

    workshop.trust(end)
    report = second.audit(workshop.sign())
    assert any("does not count" in line for line in report)
    told = [check.detail for check in library_report(workshop).not_checked]
    assert any("does not count" in detail for detail in told)


# -- time-locks


def lock() -> tuple[Body, Body]:
    """A secret that is locked to a real round, from the tests' own kit, and its value with the round's evidence."""
    import timelocks

    source = timelocks.locked().to_json()
    value = {"kind": "secret", "name": source["name"], "value": timelocks.SECRET, "evidence": timelocks.evidence()}
    return source, value


def test_the_form_of_a_lock() -> None:
    source, value = lock()
    second.source(source, "source")
    assert second.check_drand(source, value["evidence"]["signature"], value["evidence"]["chain"], None)
    age = base64.b64decode(source["timelock"])
    for label, broken in {
        "another version": age.replace(b"/v1", b"/v2", 1),
        "another round": age.replace(b"tlock 2", b"tlock 3", 1),
        "a second stanza": age.replace(b"-> tlock", b"-> X25519 key\n\n-> tlock", 1),
        "a shorter payload": age[:-1],
        "a shorter key": age.replace(b"\n--- ", b"A\n--- ", 1),
    }.items():
        with pytest.raises(second.Refused, match=r"^(source|canonical)"):
            second.source({**source, "timelock": base64.b64encode(broken).decode()}, label)
    with pytest.raises(second.Refused, match=r"^form"):
        second.source({member: item for member, item in source.items() if member != "round"}, "a part of a lock")


def test_a_locked_secret_in_a_ceremony(workshop: Workshop) -> None:
    """Locked to a round after the draw's own: it cannot be withheld, and who holds it need not be there."""
    source, value = lock()
    held = workshop.commitment["sources"][1]["keyid"]
    ceremony = workshop.receipts[0]["ceremony"]
    source |= {"keyid": held, "digest": second.secret_digest(workshop.h, ceremony, source["name"], value["value"])}
    drawn_from(workshop, recorded_round("quicknet", 1000), (source, value))
    report = second.audit(workshop.sign())
    assert "finding: withholding possible" not in report
    assert any("that its time-lock opens to this value" in line for line in report)
    value.pop("evidence")
    workshop.redraw()
    assert "finding: withholding possible" in second.audit(workshop.sign())
    workshop.commitment["deadlines"].update(reveal="2025-08-21T19:09:23Z")
    workshop.redraw()
    with pytest.raises(second.Refused, match="outside of its window"):
        second.audit(workshop.sign())


def voided_with(w: Workshop, proof: Any) -> Path:
    source, value = lock()
    source["keyid"] = w.commitment["sources"][1]["keyid"]
    drawn_from(w, recorded_round("quicknet", 1000), (source, value))
    w.keep(4)
    shutil.rmtree(w.folder / "results")
    w.insert(4, "void", {"reason": "synthetic", "proof": proof}, w.signers[0][1:2], source["not_before"])
    w.signers[4] = [second.keyid(next(s for s in w.commitment["signers"] if s["role"] == "organiser")["public_key"])]
    return w.sign()


def test_a_void_with_proof_comes_late_and_its_round_is_verified(workshop: Workshop) -> None:
    _, value = lock()
    report = second.audit(voided_with(workshop, {"notary": value["evidence"]}))
    assert "not checked: receipts/0005-void.json: that the time-lock of notary misopens" in report


@pytest.mark.parametrize(
    ("proof", "check"),
    [
        ({}, "void: .* empty"),
        ({"league": {}}, "void: .* no time-locked secret"),
        ({"nobody": {}}, "void: .* no time-locked secret"),
        ({"notary": None}, "form"),
        ({"notary": {"chain": {}, "round": 21000000, "signature": ""}}, "source: .* scheme"),
        ([], "form"),
    ],
)
def test_a_void_with_a_proof_that_proves_nothing(workshop: Workshop, proof: Any, check: str) -> None:
    with pytest.raises(second.Refused, match=rf"^{check}"):
        second.audit(voided_with(workshop, proof))
    with pytest.raises(dblrandom_errors().VerificationError):
        library_report(workshop)
