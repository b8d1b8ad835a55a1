"""``keygen`` and ``sign`` with keys of each algorithm."""

from __future__ import annotations

import json
from pathlib import Path

import ceremonies as kit
import pytest
from click.testing import CliRunner
from commandline import run

from dblrandom.adapters.keyfiles import read_public_key, read_signer, write_private_key
from dblrandom.adapters.sm2 import Sm2
from dblrandom.cli.app import cli
from dblrandom.drawing import Declared
from dblrandom.evidence import Receipt
from dblrandom.kernel.dsse import PAYLOAD_TYPE, pae
from dblrandom.kernel.schemes import SCHEMES

ALGORITHMS = ("ed25519", "ml-dsa-44", "sm2")


def made(folder: Path, algorithm: str) -> dict[str, str]:
    done = CliRunner().invoke(
        cli,
        [
            "keygen",
            "--algorithm",
            algorithm,
            "--out",
            str(folder / "k.pem"),
            "--public",
            str(folder / "k.pub"),
            "--json",
        ],
    )
    if done.exit_code and algorithm == "sm2":
        pytest.skip("there is no OpenSSL with SM2 here")
    found: dict[str, str] = json.loads(done.stdout)
    return found


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_a_key_of_each_algorithm_signs_a_draft(tmp_path: Path, algorithm: str) -> None:
    found = made(tmp_path, algorithm)
    assert found["algorithm"] == algorithm
    assert read_public_key(tmp_path / "k.pub").hex() == found["public_key"]
    assert (tmp_path / "k.pem").stat().st_mode & 0o777 == 0o600
    draft = tmp_path / "draft.json"
    ceremony = kit.opened()
    held = Declared(role="witness", algorithm=algorithm, public_key=found["public_key"], name="a second one")
    kit.commit(ceremony, signers=[*kit.declared(), held])
    draft.write_bytes(ceremony.receipts[0].envelope)
    done = json.loads(run("sign", draft, "--key", tmp_path / "k.pem", "--json").stdout)
    assert found["keyid"] in done["signatures"]
    receipt = Receipt.parse(draft.read_bytes())
    (value,) = (s.value for s in receipt.signatures if s.keyid == found["keyid"])
    scheme = Sm2() if algorithm == "sm2" else SCHEMES[algorithm]
    scheme.verify(bytes.fromhex(found["public_key"]), value, pae(PAYLOAD_TYPE, receipt.payload))
    assert "has signed this receipt already" in run("sign", draft, "--key", tmp_path / "k.pem", code=2).stderr


def test_keygen_says_which_key_it_is(tmp_path: Path) -> None:
    out = run("keygen", "--algorithm", "ml-dsa-44", "--out", tmp_path / "k.pem").stdout
    signer = read_signer(tmp_path / "k.pem")
    assert "algorithm   ml-dsa-44" in out
    assert signer.keyid in out
    assert max(map(len, out.splitlines())) < 400, "a key of 2,624 characters is not printed in full"
    assert "algorithm   ed25519" in run("keygen", "--out", tmp_path / "first.pem").stdout


def test_no_other_algorithm(tmp_path: Path) -> None:
    assert "rsa" in run("keygen", "--algorithm", "rsa", "--out", tmp_path / "k.pem", code=2).stderr
    assert list(tmp_path.iterdir()) == []


def test_where_a_key_cannot_be_made_nothing_is_written(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    done = CliRunner().invoke(cli, ["keygen", "--algorithm", "sm2", "--out", str(tmp_path / "k.pem")])
    assert done.exit_code != 0
    assert "install OpenSSL 3" in done.stderr
    assert done.stderr.count("\n") == 1
    assert list(tmp_path.iterdir()) == []


def test_a_draft_needs_no_first_key_twice(tmp_path: Path) -> None:
    """An organiser who signs with both in one step."""
    write_private_key(tmp_path / "second.pem", bytes(32), "ml-dsa-44")
    write_private_key(tmp_path / "first.pem", kit.h32("key of another"))
    draft = tmp_path / "draft.json"
    ceremony = kit.opened()
    second = read_signer(tmp_path / "second.pem")
    also = Declared(role="witness", algorithm="ml-dsa-44", public_key=second.public_key.hex(), name="another, again")
    kit.commit(ceremony, signers=[*kit.declared(("witness", "another")), also])
    draft.write_bytes(ceremony.receipts[0].envelope)
    run(
        "sign", draft, "--key", tmp_path / "first.pem", "--key", tmp_path / "second.pem", "--out", tmp_path / "out.json"
    )
    before, after = Receipt.parse(draft.read_bytes()), Receipt.parse((tmp_path / "out.json").read_bytes())
    assert len(after.signatures) == len(before.signatures) + 2
    assert after.payload == before.payload
