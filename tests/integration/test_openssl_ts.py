"""Dates from a real authority, ``openssl ts``, and OpenSSL's own verdict on the same tokens."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from authority import DAY, SIGNED, Authority, chain, forged, now, run, text
from ceremonies import committed, h32, policy
from click.testing import CliRunner, Result
from cryptography.hazmat.primitives.asymmetric import rsa

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.keyfiles import write_private_key
from dblrandom.adapters.network.http import Client
from dblrandom.adapters.timestamping import fetch, from_entry, gather_chain, read_response, request, to_entry
from dblrandom.cli.app import cli
from dblrandom.errors import KeyFileError
from dblrandom.kernel.timestamps import Stamp, check_token, order_chain, read_token

pytestmark = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl to be the authority")

PAYLOAD = b'{"synthetic":"payload of a receipt"}'
IMPRINT = hashlib.sha256(PAYLOAD).digest()


def lively(folder: Path, kind: str = "ec", *, lasts: timedelta = 30 * DAY, identifier: str = "sha256") -> Authority:
    """An authority whose chain is valid today."""
    today = now()
    the_chain = chain(f"{kind} {lasts.days} days", kind, span=(today - DAY, today + lasts))
    return Authority(folder, the_chain, identifier=identifier)


def judged(token: bytes, authority: Authority, imprint: bytes = IMPRINT, **changes: Any) -> Stamp:
    links = gather_chain(read_token(token), [authority.folder / "root.pem"])
    return check_token(token, certificates=links, roots=[authority.chain.root.der], imprint=imprint, **changes)


def believed(folder: Path, token: bytes, the_chain: Any, when: str = "") -> bool:
    """OpenSSL's own verdict on a token over ``PAYLOAD``."""
    (folder / "data").write_bytes(PAYLOAD)
    (folder / "token").write_bytes(token)
    (folder / "ca.pem").write_bytes(the_chain.root.pem)
    (folder / "untrusted.pem").write_bytes(the_chain.middle.pem + the_chain.leaf.pem)
    files = {"-data": "data", "-in": "token", "-CAfile": "ca.pem", "-untrusted": "untrusted.pem"}
    arguments = [part for option, name in files.items() for part in (option, str(folder / name))]
    command = ["openssl", "ts", "-verify", "-token_in", *arguments, *(["-attime", when] if when else [])]
    return subprocess.run(command, capture_output=True, check=False).returncode == 0


@pytest.mark.parametrize("kind", ["ec", "rsa"])
@pytest.mark.parametrize("identifier", ["sha1", "sha256"])
def test_online(tmp_path: Path, kind: str, identifier: str) -> None:
    authority = lively(tmp_path / "a", kind, identifier=identifier)
    before = now()
    with authority.serving() as url:
        token = fetch(url, IMPRINT, Client())
    stamp = judged(token, authority)
    assert text(before) <= stamp.time <= text(now() + timedelta(seconds=3))
    assert stamp.earliest < stamp.token.issued < stamp.time, "the authority states an accuracy of 1.5 s"
    assert stamp.authority == f"CN=synthetic {kind} 30 days signer"
    assert stamp.expires == text(authority.chain.leaf.certificate.not_valid_after_utc)
    assert isinstance(authority.chain.leaf.key, rsa.RSAPrivateKey) == (kind == "rsa")
    assert believed(tmp_path, token, authority.chain)


def test_authority_is_told_a_digest_and_nothing_else(tmp_path: Path) -> None:
    authority = lively(tmp_path / "a")
    with authority.serving() as url:
        token = fetch(url, IMPRINT, Client())
    nonce = read_token(token).nonce
    assert nonce is not None
    assert authority.asked == [request(IMPRINT, nonce)]


def test_request_is_what_openssl_makes(tmp_path: Path) -> None:
    out = tmp_path / "by-hand.tsq"
    run("ts", "-query", "-digest", IMPRINT.hex(), "-sha256", "-cert", "-no_nonce", "-out", out)
    assert out.read_bytes() == request(IMPRINT)


def test_by_hand(tmp_path: Path) -> None:
    authority = lively(tmp_path / "a")
    (tmp_path / "payload").write_bytes(PAYLOAD)
    query, answer = tmp_path / "q.tsq", tmp_path / "a.tsr"
    run("ts", "-query", "-data", tmp_path / "payload", "-sha256", "-cert", "-out", query)
    answer.write_bytes(authority.reply(query.read_bytes()))
    token = read_response(answer)
    assert judged(token, authority)
    (tmp_path / "bare").write_bytes(token)
    assert read_response(tmp_path / "bare") == token


def test_entry_of_a_receipt_and_back(tmp_path: Path) -> None:
    authority = lively(tmp_path / "a")
    token = read_token(authority.reply(request(IMPRINT)))
    links = gather_chain(token, [authority.folder / "root.pem"])
    assert from_entry(json.loads(json.dumps(to_entry(token.der, links)))) == (token.der, links)
    for entry in (None, [], {}, {"token": 1, "certificates": []}, {"token": "", "certificates": [1]}):
        with pytest.raises(KeyFileError, match="not a token"):
            from_entry(entry)


def test_renewal(tmp_path: Path) -> None:
    """The old chain is judged at the new token's time, the new chain at the verifier's."""
    short, long = lively(tmp_path / "short", lasts=2 * DAY), lively(tmp_path / "long", lasts=3650 * DAY)
    old = read_token(short.reply(request(IMPRINT)))
    holder = hashlib.sha256(b"synthetic receipt with " + old.der).digest()
    new = long.reply(request(holder))
    as_of = text(now() + 100 * DAY)
    assert judged(old.der, short).time <= as_of
    with pytest.raises(KeyFileError, match="must be good until"):
        judged(old.der, short, at=as_of)
    renewed = judged(new, long, holder, at=as_of)
    assert judged(old.der, short, at=renewed.time)
    with pytest.raises(KeyFileError, match="dates other bytes"):
        judged(new, long, at=as_of)


FORGERIES: dict[str, dict[str, Any]] = {
    "signature": {"signed_info": b"another text"},
    "identifier": {"named": b"another certificate"},
    "digest": {"imprint": bytes(32)},
}


@pytest.mark.parametrize("name", ["none", *FORGERIES])
def test_openssl_agrees_on_forged_tokens(tmp_path: Path, name: str) -> None:
    links = chain("differential")
    changes = {"imprint": IMPRINT, **FORGERIES.get(name, {})}
    token = forged(links.leaf, changes.pop("imprint"), **changes)
    try:
        check_token(token, certificates=links.ders, roots=[links.root.der], imprint=IMPRINT)
        ours = True
    except KeyFileError:
        ours = False
    assert ours == (name == "none") == believed(tmp_path, token, links, str(int(SIGNED.timestamp())))


# The command line


def call(*arguments: object) -> Result:
    return CliRunner().invoke(cli, ["timestamp", *map(str, arguments)])


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    place = CeremonyFolder(tmp_path / "draw")
    place.create(committed(), policy())
    write_private_key(tmp_path / "organiser.pem", h32("key of organiser"))
    return place.root


def test_command_writes_the_request(folder: Path, tmp_path: Path) -> None:
    payload = CeremonyFolder(folder).load().receipts[0].payload
    done = call("request", folder, "--to", tmp_path / "q.tsq")
    assert done.exit_code == 0, done.output
    assert (tmp_path / "q.tsq").read_bytes() == request(hashlib.sha256(payload).digest())
    assert hashlib.sha256(payload).hexdigest() in done.output
    assert call("request", folder, "--to", tmp_path / "q.tsq").exit_code == 2, "nothing is written over"
    assert call("request", folder, "--to", tmp_path / "x.tsq", "--receipt", 9).exit_code == 2


def test_command_refuses_what_does_not_hold(folder: Path, tmp_path: Path) -> None:
    authority = lively(tmp_path / "a")
    (tmp_path / "other.tsr").write_bytes(authority.reply(request(IMPRINT)))
    key = ("--key", tmp_path / "organiser.pem")
    root = ("--chain", authority.folder / "root.pem")
    for arguments, telling in (
        ((), "give --response"),
        (("--response", tmp_path / "other.tsr"), "is missing; add it to the chain"),
        (("--response", tmp_path / "other.tsr", *root), "dates other bytes"),
    ):
        done = call("add", folder, *key, *arguments)
        assert (done.exit_code, telling in done.output) == (2, True), done.output
    assert json.loads(call("show", folder, "--json").stdout)["tokens"] == []


def test_commands_from_request_to_renewal(folder: Path, tmp_path: Path) -> None:
    short, long = lively(tmp_path / "short", lasts=2 * DAY), lively(tmp_path / "long", lasts=3650 * DAY)
    key = ("--key", tmp_path / "organiser.pem")
    call("request", folder, "--to", tmp_path / "q.tsq")
    (tmp_path / "a.tsr").write_bytes(short.reply((tmp_path / "q.tsq").read_bytes()))
    root = ("--chain", short.folder / "root.pem")
    done = call("add", folder, *key, "--response", tmp_path / "a.tsr", *root)
    assert done.exit_code == 0, done.output
    held = len(CeremonyFolder(folder).load().receipts)
    with long.serving() as url:
        root = ("--chain", long.folder / "root.pem")
        done = call("add", folder, *key, "--authority", url, *root, "--receipt", held)
    assert done.exit_code == 0, done.output
    assert hashlib.sha256(long.chain.root.der).hexdigest() in done.output
    rows = json.loads(call("show", folder, "--json").stdout)["tokens"]
    assert [(row["dated"], row["holder"], row["problem"]) for row in rows] == [(1, held, ""), (held, held + 1, "")]
    assert rows[0]["expires"] < rows[1]["expires"]


def test_order_does_not_depend_on_what_is_carried(tmp_path: Path) -> None:
    authority = lively(tmp_path / "a")
    token = read_token(authority.reply(request(IMPRINT)))
    assert len(token.certificates) == 2
    assert order_chain(token, [authority.chain.root.der]) == tuple(authority.chain.ders)
