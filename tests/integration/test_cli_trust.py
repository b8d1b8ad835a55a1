"""A verifier's policy through the command line: suggested, looked at, changed, and used to verify."""

from __future__ import annotations

import json
import re
from pathlib import Path

import attrs
import authority
import ceremonies as kit
import chainkit
import pytest
from click.testing import Result
from commandline import run, said

from dblrandom.adapters import trustfiles
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.hashchains import store as chainstore
from dblrandom.adapters.keyfiles import write_public_key
from dblrandom.errors import FolderError, InputError
from dblrandom.evidence import PinnedChain, Requirement, TrustedKey, TrustPolicy
from dblrandom.tlog import VerifierKey
from dblrandom.tlog.note import LOG_KEY, WITNESS_KEY

UNTIL = "2024-12-31T00:00:00Z"


def vkey(name: str, kind: int = WITNESS_KEY) -> str:
    return VerifierKey.of(name, kind, kit.key(name)).text


@attrs.frozen
class Desk:
    """A verifier's desk: a ceremony that was published, and a policy of his own."""

    root: Path

    @property
    def ceremony(self) -> Path:
        return self.root / "ceremony"

    @property
    def policy(self) -> Path:
        return self.root / "mine.json"

    def read(self) -> TrustPolicy:
        return TrustPolicy.from_bytes(self.policy.read_bytes())

    def edit(self, *arguments: object, code: int = 0) -> Result:
        return run("trust", "edit", self.policy, *arguments, code=code)

    def refused(self, *arguments: object, code: int = 2) -> str:
        """The error of an edit that must leave the file as it was."""
        before = self.policy.read_bytes()
        error = self.edit(*arguments, code=code).stderr
        assert self.policy.read_bytes() == before
        return error

    def public(self, name: str) -> Path:
        path = self.root / f"{name}.pem"
        write_public_key(path, kit.key(name).public_key)
        return path


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    made = Desk(tmp_path)
    CeremonyFolder(made.ceremony).create(kit.drawn(), kit.policy())
    run("trust", "new", made.ceremony, "--out", made.policy)
    return made


def test_a_suggested_policy_verifies_and_says_what_it_is_worth(desk: Desk) -> None:
    again = desk.root / "again.json"
    done = run("trust", "new", desk.ceremony, "--out", again)
    assert "compare each key with what its holder publishes" in done.stdout
    for name in ("organiser", "notary", "discipline"):
        assert kit.key(name).keyid in done.stdout, "what is to be compared is there in full"
    assert {key.name: key.roles for key in desk.read().keys} == kit.ROLES
    verified = run("verify", desk.ceremony, "--trust", desk.policy, "--as-of", kit.DRAWN)
    assert "trust policy not from outside" in verified.stdout
    vouched = run("verify", desk.ceremony, "--trust", desk.policy, "--vouched", "--as-of", kit.DRAWN)
    assert "trust policy not from outside" not in vouched.stdout
    assert "trust policy not from outside" in run("verify", desk.ceremony, "--as-of", kit.DRAWN).stdout
    assert "exists already" in run("trust", "new", desk.ceremony, "--out", again, code=2).stderr
    assert "no ceremony here" in run("trust", "new", desk.root / "none", "--out", desk.root / "x", code=2).stderr


def test_a_ceremonys_folder_is_never_written_into(desk: Desk) -> None:
    """Its SHA256SUMS lists every file: a policy that is changed or added there would spoil the folder."""
    own = desk.ceremony / "trust.json"
    assert "ceremony's folder" in run("trust", "edit", own, "--margin", 1, code=2).stderr
    inside = ("--out", desk.ceremony / "mine.json")
    assert "ceremony's folder" in run("trust", "new", desk.ceremony, *inside, code=2).stderr
    run("verify", desk.ceremony, "--as-of", kit.DRAWN)
    run("trust", "edit", own, "--margin", 1, "--out", desk.root / "other.json")
    assert "exists already" in run("trust", "edit", own, "--margin", 1, "--out", desk.policy, code=2).stderr
    with pytest.raises(FolderError, match="ceremony's folder"):
        trustfiles.write_policy(own, desk.read(), replace=True)


def test_everything_can_be_edited_and_shown(desk: Desk) -> None:
    chain = chainkit.make(desk.root / "chain")
    root = authority.certified("authority root", usage="issue")
    (desk.root / "root.pem").write_bytes(root.pem)
    (desk.root / "log.vkey").write_text(vkey("log.example", LOG_KEY) + "\n", encoding="utf-8")
    office = f"{desk.public('auditor')},审计 office"
    done = desk.edit(
        *("--key", f"auditor={office}", "--key", f"operator={office}"),
        *("--chain", desk.root / "chain", "--authority", f"Synthetic TSA={desk.root / 'root.pem'}"),
        *("--log", desk.root / "log.vkey", "--log-witness", vkey("w1.example"), "--log-witness", vkey("w2.example")),
        *("--network", "ab" * 32, "--network", "cd" * 64, "--previous", "ef" * 32),
        *("--require", "draw=organiser:1", "--require", "draw=witness:1:notary|discipline"),
        *("--revoke", f"discipline={kit.AFTER}", "--valid-until", f"审计 office={UNTIL}"),
        *("--witnesses", 2, "--margin", 120),
    )
    assert "authority Synthetic TSA: CN=synthetic authority root, SHA-256 " in done.stdout
    policy = desk.read()
    assert policy.chains == (
        PinnedChain(
            tip=chain.tip, operator=chain.operator, genesis=chain.schedule.genesis, period=chain.schedule.period
        ),
    )
    auditor = policy.key(kit.key("auditor").keyid)
    assert auditor is not None
    assert (auditor.name, auditor.roles, auditor.valid_until) == ("审计 office", ("auditor", "operator"), UNTIL)
    assert policy.authorities[0].root == root.der
    assert (policy.logs[0].threshold, len(policy.logs[0].cosigners)) == (2, 2)
    assert policy.networks == ("ab" * 32, "cd" * 64)
    assert policy.require["draw"] == (Requirement("organiser", 1), Requirement("witness", 1, ("notary", "discipline")))
    assert policy.require["reveal"] == (Requirement("organiser", 1),)
    assert (policy.witnesses, policy.margin, policy.previous_ceremony) == (2, 120, "ef" * 32)
    shown = run("trust", "show", desk.policy).stdout
    for text in (kit.AFTER, UNTIL, "CN=synthetic authority root", "2025-03-01T12:00:00Z", "log.example", "w2.example"):
        assert text in shown
    assert "1 organiser; 1 witness of notary, discipline" in shown
    assert "dated by 2, 120 s before" in shown
    assert re.search(f"{'ab' * 32} +drand chain\n", shown)
    assert re.search(f"{'cd' * 64} +certificate\n", shown)
    told = said("trust", "show", desk.policy)
    assert told["trust"] == policy.to_json()
    assert told["roots"][0]["expires"] == "2025-03-01T12:00:00Z"
    assert told["suggested"] is False


def test_the_same_again_changes_nothing(desk: Desk) -> None:
    chainkit.make(desk.root / "chain")
    same = ("--chain", desk.root / "chain", "--key", f"witness={desk.public('notary')},notary", "--network", "ab" * 32)
    desk.edit(*same)
    before = desk.policy.read_bytes()
    told = said("trust", "edit", desk.policy, *same)
    assert all(change.endswith(": was so already") for change in told["changes"])
    assert desk.policy.read_bytes() == before


def test_a_file_that_people_wrote_is_read_and_written_in_canonical_form(desk: Desk) -> None:
    pretty = json.dumps(json.loads(desk.policy.read_bytes()), indent=4, ensure_ascii=False)
    desk.policy.write_text("\ufeff" + pretty, encoding="utf-8")
    run("trust", "show", desk.policy)
    desk.edit("--margin", 90)
    assert desk.read().margin == 90
    assert b"\n" not in desk.policy.read_bytes()
    twice = pretty.replace('"margin": 60', '"margin": 60, "margin": 0')
    desk.policy.write_text(twice, encoding="utf-8")
    assert "occurs twice" in desk.refused("--margin", 90)


def test_the_folders_own_policy_is_shown_as_a_suggestion(desk: Desk) -> None:
    shown = run("trust", "show", desk.ceremony).stdout
    assert "compare each key with what its holder publishes" in shown
    assert kit.key("notary").keyid[:16] in shown
    assert said("trust", "show", desk.ceremony)["suggested"] is True
    assert "compare each key" not in run("trust", "show", desk.policy).stdout


def test_a_stranger_cannot_take_the_place_of_a_known_anchor(desk: Desk) -> None:
    """Same name, other key: nothing is replaced, and the file stays as it was."""
    chainkit.make(desk.root / "chain")
    desk.edit("--chain", desk.root / "chain")
    info = desk.root / "chain" / "chain.json"
    info.write_bytes(info.read_bytes().replace(b'"period":3600', b'"period":3601'))
    assert desk.read().chains[0].period == 3600
    assert "pinned with another operator or schedule" in desk.refused("--chain", desk.root / "chain")
    assert "as that of 'notary'" in desk.refused("--key", f"witness={desk.public('notary')},somebody")
    log = ("--log-witness", vkey("w1.example"), "--log")
    desk.edit(*log, vkey("log.example", LOG_KEY))
    other = VerifierKey.of("log.example", LOG_KEY, kit.key("another")).text
    assert "another key of 'log.example'" in desk.refused(*log, other)
    desk.edit("--log", vkey("log.example", LOG_KEY), "--log-witness", vkey("w2.example"))
    assert [key.name for key in desk.read().logs[0].cosigners] == ["w2.example"]
    (desk.root / "root.pem").write_bytes(authority.certified("authority root", usage="issue").pem)
    desk.edit("--authority", f"TSA={desk.root / 'root.pem'}")
    assert "as that of 'TSA'" in desk.refused("--authority", f"TSA two={desk.root / 'root.pem'}")
    assert "a key's holder too" in desk.refused("--authority", f"notary={_other_root(desk)}")


def _other_root(desk: Desk) -> Path:
    path = desk.root / "other.pem"
    path.write_bytes(authority.certified("other root", usage="issue").pem)
    return path


def test_one_of_several_keys_is_named_by_its_id(desk: Desk) -> None:
    desk.edit("--key", f"witness={desk.public('notary-second')},notary")
    assert "has 2 keys; name the one by its id" in desk.refused("--revoke", f"notary={kit.AFTER}")
    second = kit.key("notary-second").keyid
    desk.edit("--revoke", f"{second[:11]}={kit.AFTER}")
    assert {key.keyid: key.revoked for key in desk.read().keys if key.name == "notary"} == {
        second: kit.AFTER,
        kit.key("notary").keyid: None,
    }
    assert "holder of no key" in desk.refused("--revoke", f"{second[:4]}={kit.AFTER}")


def test_a_name_may_hold_an_equals_sign(desk: Desk) -> None:
    desk.edit("--key", f"witness={desk.public('extra')},a=b, c")
    desk.edit("--valid-until", f"a=b, c={UNTIL}")
    found = desk.read().key(kit.key("extra").keyid)
    assert found is not None
    assert (found.name, found.valid_until) == ("a=b, c", UNTIL)


def test_revoked_before_it_is_valid(desk: Desk) -> None:
    limited = TrustedKey(
        name="limited", public_key=kit.key("limited").public_key.hex(), roles=("witness",), valid_from=kit.PUBLIC
    )
    trustfiles.write_policy(desk.policy, trustfiles.with_key(desk.read(), limited), replace=True)
    assert "before it is valid from" in desk.refused("--revoke", f"limited={kit.COMMITTED}")
    assert "valid until before it is valid from" in desk.refused("--valid-until", f"limited={kit.COMMITTED}")
    desk.edit("--revoke", f"limited={kit.PUBLIC}")


def test_a_revoked_witness_no_longer_dates(desk: Desk) -> None:
    """An edit has the effect that it says: the verifier who revokes refuses what he took before."""
    verify = ("verify", desk.ceremony, "--trust", desk.policy, "--as-of", kit.DRAWN)
    run(*verify)
    desk.edit("--revoke", f"notary={kit.COMMITTED}", "--revoke", f"discipline={kit.COMMITTED}")
    run(*verify, code=1)


def test_what_nobody_can_meet_is_remarked(desk: Desk) -> None:
    chainkit.make(desk.root / "chain", operator_keyid="0f" * 32)
    more = ("--require", "void=witness/ml-dsa-44:1", "--require", "reveal=witness:3", "--witnesses", 3)
    done = desk.edit("--chain", desk.root / "chain", *more)
    assert "remark: no void can pass: it needs 1 of role witness, of 0" in done.stderr
    assert "remark: no reveal can pass: it needs 3 of role witness, of 2" in done.stderr
    assert "remark: no commitment can pass: 3 must date it, of 2" in done.stderr
    assert f"its operator {'0f' * 8} is the holder of no key here" in done.stderr
    assert "remark: no void can pass" in run("trust", "show", desk.policy).stdout


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ((), "nothing to change"),
        (("--key", "witness={notary}"), "names no holder"),
        (("--key", "boss={auditor},A"), "is not one of"),
        (("--key", "witness={organiser},organiser"), "cannot have another role"),
        (("--key", "witness={missing},A"), "cannot read it"),
        (("--key", "witness={bad},A"), "holds 0 PEM blocks"),
        (("--revoke", "nobody=2024-01-01T00:00:00Z"), "is the holder of no key; there are organiser, notary"),
        (("--revoke", "notary=yesterday"), "is not a time"),
        (("--revoke", "notary"), "is not NAME=TIME"),
        (("--chain", "{missing}"), "cannot read it"),
        (("--authority", "TSA={bad}"), "holds no certificates in PEM"),
        (("--authority", "TSA={two}"), "holds 2 certificates"),
        (("--authority", "TSA={middle}"), "is no root: 'CN=synthetic authority root' issued it"),
        (("--log", "nothing+plus+"), "is not a verifier key"),
        (("--log-threshold", "1"), "go together"),
        (("--log", "{log}"), "go together"),
        (("--log", "{witness}", "--log-witness", "{witness}"), "not a log's"),
        (("--log", "{log}", "--log-witness", "{witness}", "--log-threshold", "2"), "2"),
        (("--network", "AB" * 32), "a drand chain's hash"),
        (("--require", "draw"), "is not TYPE=ROLE:N"),
        (("--require", "draw=witness:x"), "is not TYPE=ROLE:N"),
        (("--require", "lottery=witness:1"), "no receipt type 'lottery'"),
        (("--require", "draw=boss:1"), "is not one of"),
        (("--require", "draw=witness:0"), "a whole number from 1"),
        (("--require", "draw=witness:1:stranger"), "'stranger' is the holder of no key"),
        (("--require", "draw=witness/rot13:1"), "is not one of"),
        (("--witnesses", "-1"), "a whole number from 0"),
        (("--margin", str(2**60)), "a whole number from 0"),
        (("--previous", "xyz"), "is not"),
    ],
)
def test_what_cannot_be_edited(desk: Desk, arguments: tuple[str, ...], message: str) -> None:
    chain = authority.chain("authority")
    (desk.root / "bad").write_bytes(b"\x00 no key \xff")
    (desk.root / "two").write_bytes(chain.middle.pem + chain.root.pem)
    (desk.root / "middle").write_bytes(chain.middle.pem)
    places: dict[str, object] = {name: desk.root / name for name in ("missing", "bad", "two", "middle")}
    places |= {name: desk.public(name) for name in ("notary", "auditor", "organiser")}
    places |= {"log": vkey("log.example", LOG_KEY), "witness": vkey("w1.example")}
    given = [text.format(**places) for text in arguments]
    assert message in desk.refused(*given)


def test_a_chain_that_does_not_hold_is_not_pinned(desk: Desk) -> None:
    chainkit.make(desk.root / "chain")
    chainstore.tick(desk.root / "chain", chainkit.at(2))
    pulse = desk.root / "chain" / "pulses" / "0000002.json"
    data = pulse.read_bytes()
    place = data.index(b'"value":"') + 9
    pulse.write_bytes(data[:place] + (b"0" if data[place : place + 1] != b"0" else b"1") + data[place + 1 :])
    assert "does not lead to the value before it" in desk.refused("--chain", desk.root / "chain", code=1)


@pytest.mark.parametrize("command", [("show",), ("edit", "--margin", "1")])
@pytest.mark.parametrize("content", [None, b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"keys": 1.5}'])
def test_a_bad_policy_file(tmp_path: Path, command: tuple[str, ...], content: bytes | None) -> None:
    place = tmp_path / "policy.json"
    if content is not None:
        place.write_bytes(content)
    run("trust", command[0], place, *command[1:], code=2)
    assert content is None or place.read_bytes() == content


def test_functions_give_new_policies() -> None:
    policy = kit.policy()
    changed = trustfiles.with_limits(policy, "notary", valid_until=UNTIL)
    assert policy == kit.policy()
    assert TrustPolicy.from_bytes(changed.to_bytes()) == changed != policy
    with pytest.raises(InputError, match="a drand chain's hash"):
        trustfiles.with_network(policy, "xyz")
