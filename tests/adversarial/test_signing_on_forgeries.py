"""Nobody signs on top of receipts that do not hold, whoever can write where they are kept."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable
from hashlib import sha256
from pathlib import Path
from typing import Any

import ceremonies as office
import kit
import pytest

from dblrandom.adapters import index
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.sm2 import Sm2Signer, all_schemes
from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Declared
from dblrandom.errors import DblrandomError, MissingExtra, VerificationError
from dblrandom.evidence import Receipt
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.signing import Ed25519Signer

LATER = "2024-06-01T00:00:00Z"


class Spy:
    """A signer that remembers whether it was ever asked to sign."""

    def __init__(self, name: str) -> None:
        self._signer = kit.signer(name)
        self.algorithm = self._signer.algorithm
        self.public_key = self._signer.public_key
        self.keyid = self._signer.keyid
        self.asked = 0

    def sign(self, message: bytes) -> bytes:
        self.asked += 1
        return self._signer.sign(message)


def changed(envelope: bytes, change: Callable[[dict[str, Any]], object]) -> bytes:
    """The envelope with its payload changed and its signatures left as they are."""
    members = json.loads(envelope)
    payload = json.loads(base64.b64decode(members["payload"]))
    change(payload)
    members["payload"] = base64.b64encode(encode(payload)).decode()
    return encode(members)


def resigned(envelope: bytes, names: list[str]) -> bytes:
    """The envelope with the signatures of these alone, each of them good."""
    return kit.signed_raw(kit.payload_of(envelope), names)


def upto(kind: str, nth: int = 0) -> list[bytes]:
    """The sound ceremony up to and with a receipt of that kind."""
    chain = kit.steps()
    return list(kit.honest().receipts[: kit.at(chain, kind, nth) + 1])


def read(receipts: list[bytes], **options: Any) -> Ceremony:
    return Ceremony.read(receipts, kit.committed_rosters().values(), **options)


def other_seed(payload: dict[str, Any]) -> None:
    payload["body"]["seed"] = "0" * 64


def other_time(payload: dict[str, Any]) -> None:
    payload["time"] = payload["time"][:-2] + "1Z"


STEPS: dict[str, tuple[str, Callable[[Ceremony, Any], object]]] = {
    "draw": ("reveal", lambda c, k: c.draw(time="2024-03-02T00:01:00Z", keys=[k])),
    "seal": (
        "reveal",
        lambda c, k: c.seal("draw", c.computed_draw().to_json(), blind="0" * 64, time=LATER, keys=[k]),
    ),
    "witness": ("draw", lambda c, k: c.witness(time=LATER, keys=[k])),
    "substitute": ("draw", lambda c, k: c.substitute("B2", "open", time=LATER, keys=[k], open=kit.OPEN)),
    "result": ("draw", lambda c, k: c.result("A1", {}, time=LATER, keys=[k])),
    "void": ("commitment", lambda c, k: c.void("synthetic", time="2024-03-01T13:00:00Z", keys=[k])),
}


@pytest.mark.parametrize("step", STEPS)
@pytest.mark.parametrize("forgery", ["changed", "unsigned", "stranger", "witness-instead"])
def test_no_step_is_signed_on_a_receipt_that_its_signers_did_not_sign(step: str, forgery: str) -> None:
    kind, take = STEPS[step]
    receipts = upto(kind)
    last = receipts[-1]
    receipts[-1] = {
        "changed": lambda: changed(last, other_seed if kind == "reveal" else other_time),
        "unsigned": lambda: encode(json.loads(last) | {"signatures": json.loads(last)["signatures"][:0]}),
        "stranger": lambda: resigned(last, ["somebody"]),
        "witness-instead": lambda: resigned(last, ["notary"]),
    }[forgery]()
    spy = Spy("notary" if step == "witness" else "organiser")
    with pytest.raises(DblrandomError):
        take(read(receipts), spy)
    assert spy.asked == 0


def test_a_stored_reveal_with_another_seed_stops_the_draw_and_says_why() -> None:
    receipts = upto("reveal")
    receipts[-1] = changed(receipts[-1], other_seed)
    spy = Spy("organiser")
    with pytest.raises(VerificationError, match="nothing was signed") as caught:
        read(receipts).draw(time=LATER, keys=[spy])
    assert caught.value.check == "signature"
    assert spy.asked == 0


def test_every_receipt_counts_and_not_the_last_one_alone() -> None:
    """A bad signature anywhere stops the next step; a changed payload would break the chain before."""
    chain = kit.steps()
    until = kit.at(chain, "reveal")
    for place in range(until + 1):
        receipts = list(kit.honest().receipts[: until + 1])
        members = json.loads(receipts[place])
        for signature in members["signatures"]:
            value = bytearray(base64.b64decode(signature["sig"]))
            value[3] ^= 1
            signature["sig"] = base64.b64encode(bytes(value)).decode()
        receipts[place] = encode(members)
        spy = Spy("organiser")
        with pytest.raises(VerificationError):
            read(receipts).draw(time=LATER, keys=[spy])
        assert spy.asked == 0, place


def test_a_witness_receipt_that_nobody_declared_signed_is_not_signed_upon() -> None:
    chain = kit.steps()[: kit.at(kit.steps(), "reveal")]
    chain.insert(1, kit.witness("2024-03-01T00:01:00Z", "somebody", 1))
    for step in chain[2:]:
        if step.type == "witness" and step.body["sequence"] > 1:
            step.body["sequence"] += 1
    spy = Spy("organiser")
    ceremony = read(list(kit.forge(chain).receipts))
    with pytest.raises(VerificationError, match="no trusted witness or auditor signed it; nothing was signed"):
        ceremony.void("synthetic", time="2024-03-01T13:00:00Z", keys=[spy])
    assert spy.asked == 0


@pytest.mark.parametrize("step", ["witness", "substitute", "result"])
def test_a_draw_that_its_organiser_signed_falsely_is_not_signed_upon(step: str) -> None:
    """All signatures are good; the draw says that somebody else was the last one drawn."""

    def spare(chain: list[kit.Step]) -> None:
        del chain[kit.at(chain, "draw") + 1 :]
        chain[-1].body["tasks"][0]["strata"][0]["last_ticket"] = "0" * 64

    receipts = list(kit.attacked(spare).receipts)
    _, take = STEPS[step]
    spy = Spy("notary" if step == "witness" else "organiser")
    with pytest.raises(VerificationError, match="nothing was signed") as caught:
        take(read(receipts), spy)
    assert caught.value.check == "draw"
    assert spy.asked == 0


def test_a_false_substitution_is_not_signed_upon() -> None:
    def favour(chain: list[kit.Step]) -> None:
        place = kit.at(chain, "substitution")
        del chain[place + 1 :]
        chain[place].body["replacement"] = None

    receipts = list(kit.attacked(favour).receipts)
    spy = Spy("organiser")
    with pytest.raises(VerificationError, match="nothing was signed"):
        read(receipts).substitute("B2", "open", time=LATER, keys=[spy], open=kit.OPEN)
    assert spy.asked == 0


def test_as_many_must_have_signed_as_the_ceremonys_own_policy_asks() -> None:
    from dblrandom.evidence import Requirement

    both = (Requirement("organiser", 1), Requirement("witness", 1))
    with pytest.raises(VerificationError, match="witness"):
        read(upto("reveal"), trust=kit.policy(require={"reveal": both})).draw(
            time=LATER, keys=[kit.signer("organiser")]
        )


def test_what_was_changed_can_still_be_looked_at() -> None:
    receipts = upto("reveal")
    receipts[-1] = changed(receipts[-1], other_seed)
    assert read(receipts).stage == "revealed"


def test_the_receipts_are_checked_once_for_a_reading_and_not_for_each_step(monkeypatch: pytest.MonkeyPatch) -> None:
    from dblrandom.evidence import soundness

    made: list[int] = []
    plain = soundness.verify
    monkeypatch.setattr(soundness, "verify", lambda *a, **k: made.append(1) or plain(*a, **k))
    ceremony = read(upto("reveal"))
    ceremony.draw(time="2024-03-02T00:01:00Z", keys=[kit.signer("organiser")])
    ceremony.witness(time=LATER, keys=[kit.signer("notary")])
    ceremony.substitute("B2", "open", time=LATER, keys=[kit.signer("organiser")], open=kit.OPEN)
    assert len(made) == 1


def stored(root: Path, receipts: list[bytes]) -> CeremonyFolder:
    """The receipts in a folder whose SHA256SUMS agree, as somebody who can write there would leave it."""
    sound = Ceremony.read(kit.honest().receipts[: len(receipts)], kit.committed_rosters().values())
    folder = CeremonyFolder(root)
    folder.create(sound, kit.policy())
    for number, data in enumerate(receipts, 1):
        name = f"{number:04d}-{Receipt.parse(kit.honest().receipts[number - 1]).type}.json"
        (root / "receipts" / name).write_bytes(data)
    listed = {
        path: sha256((root / path).read_bytes()).hexdigest() for path in index.parse((root / "SHA256SUMS").read_bytes())
    }
    (root / "SHA256SUMS").write_bytes(index.render(listed))
    return folder


def test_a_folders_step_is_not_taken_on_a_forged_receipt(tmp_path: Path) -> None:
    receipts = upto("reveal")
    receipts[-1] = changed(receipts[-1], other_seed)
    folder = stored(tmp_path / "c", receipts)
    before = {p: p.read_bytes() for p in folder.root.rglob("*") if p.is_file() and p.name != "lock"}
    called: list[int] = []
    with pytest.raises(VerificationError, match="nothing was signed"):
        folder.update(lambda ceremony, private: called.append(1))
    assert not called
    assert before == {p: p.read_bytes() for p in folder.root.rglob("*") if p.is_file() and p.name != "lock"}


def test_a_draft_with_a_bad_signature_is_not_signed(tmp_path: Path) -> None:
    from commandline import run

    from dblrandom.adapters.keyfiles import write_private_key

    draft = tmp_path / "draft.json"
    envelope = upto("commitment")[0]
    key = tmp_path / "key.pem"
    seed = sha256(b"dblrandom attack kit, key of trade").digest()
    assert Ed25519Signer.from_private_bytes(seed).keyid == kit.keyid("trade")
    write_private_key(key, seed)
    draft.write_bytes(resigned(envelope, ["organiser", "discipline"]))
    run("sign", draft, "--key", key, "--out", tmp_path / "signed.json")
    draft.write_bytes(changed(resigned(envelope, ["organiser", "discipline"]), other_time))
    refused = run("sign", draft, "--key", key, "--out", tmp_path / "never.json", code=1)
    assert "nothing was signed" in refused.stderr
    assert not (tmp_path / "never.json").exists()


def test_a_chain_that_somebody_else_made_over_a_key_that_is_not_checked_is_not_signed_upon() -> None:
    """The honest organiser's SM2 key is declared beside the attacker's own, under a signature that is none."""
    honest, evil = Sm2Signer.generate(), Sm2Signer.generate()

    class Pretending:
        algorithm, public_key, keyid = "sm2", honest.public_key, honest.keyid

        def sign(self, message: bytes) -> bytes:
            return evil.sign(message)

    made = office.opened()
    beside = Declared(role="organiser", public_key=honest.public_key.hex(), algorithm="sm2", name="honest")
    office.commit(made, signers=[*office.declared(), beside], keys=[*office.keys(*office.SIGNERS), Pretending()])
    made.witness(time=office.DATED, keys=office.keys("notary"))
    made.witness(time=office.DATED, keys=office.keys("discipline"))
    made.reveal(office.values(), time=office.PUBLIC, keys=office.keys("organiser"))
    stored = made.envelopes
    spy = Spy("organiser")
    with pytest.raises(MissingExtra, match="is of sm2, which cannot be checked here"):
        Ceremony.read(stored, made.rosters.values()).draw(time=office.DRAWN, keys=[spy])
    again = Ceremony.read(stored, made.rosters.values())
    with pytest.raises(VerificationError, match="signature of"):
        again.check_receipts(all_schemes())
    with pytest.raises(MissingExtra):
        again.draw(time=office.DRAWN, keys=[spy])
    assert spy.asked == 0


REFUSED: dict[str, tuple[str, Callable[[Ceremony, Any], object]]] = {
    "a time before the last receipt": ("reveal", lambda c, k: c.draw(time="2024-03-01T00:00:00Z", keys=[k])),
    "a void that comes too late": ("commitment", lambda c, k: c.void("synthetic", time=LATER, keys=[k])),
    "a value that is not public": (
        "commitment",
        lambda c, k: c.seal("result", {}, blind="0" * 64, time=LATER, keys=[k]),
    ),
    "a body that no seal is of": (
        "draw",
        lambda c, k: c.unseal("result", {"task": "A1", "outcomes": [], "blind": "0" * 64}, time=LATER, keys=[k]),
    ),
    "a result of nobody drawn": (
        "draw",
        lambda c, k: c._append(
            "result", {"task": "A1", "outcomes": [{"id": "nobody", "codes": ["closed"]}]}, LATER, [k]
        ),
    ),
    "a year after everything": (
        "draw",
        lambda c, k: c.result("A1", kit_outcome(c), time="2034-01-01T00:00:00Z", keys=[k]),
    ),
    "one key twice": ("reveal", lambda c, k: c.draw(time=LATER, keys=[k, k])),
}


def kit_outcome(ceremony: Ceremony) -> dict[str, list[str]]:
    return {ceremony.standing["A1"].due[0]: ["closed"]}


@pytest.mark.parametrize("what", REFUSED)
def test_nobody_is_left_with_a_signature_on_what_is_refused(what: str) -> None:
    kind, take = REFUSED[what]
    spy = Spy("organiser")
    with pytest.raises(DblrandomError):
        take(read(upto(kind)), spy)
    assert spy.asked == 0


def test_a_witness_who_is_not_declared_is_not_asked_to_sign() -> None:
    spy = Spy("somebody")
    with pytest.raises(DblrandomError, match="none of these keys was given"):
        read(upto("draw")).witness(time=LATER, keys=[spy])
    assert spy.asked == 0


def test_a_commitment_that_not_everybody_signs_is_signed_by_nobody() -> None:
    made = office.opened()

    class Asked(Spy):
        def __init__(self, name: str) -> None:
            super().__init__("organiser")
            self._signer = office.key(name)
            self.public_key, self.keyid = self._signer.public_key, self._signer.keyid

    spies = [Asked("organiser"), Asked("notary")]
    with pytest.raises(DblrandomError, match="did not sign the commitment"):
        office.commit(made, keys=spies)
    assert [spy.asked for spy in spies] == [0, 0]
    assert not made.receipts
