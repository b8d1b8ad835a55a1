"""Keys in a PKCS #11 token, with SoftHSM and the plug-in of the examples; all tokens and PINs are made for the test."""

from __future__ import annotations

import importlib.util
import json
import os
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

import dblrandom as dr
from dblrandom.kernel.signing import verify_ed25519
from dblrandom.testing import SignerConformance

PLACES = (
    "/usr/lib/softhsm",
    "/usr/lib/x86_64-linux-gnu/softhsm",
    "/usr/lib/aarch64-linux-gnu/softhsm",
    "/usr/lib64/pkcs11",
)
EXAMPLE = Path(__file__).parents[2] / "examples" / "pkcs11"
PIN = "271828"
KEY = "pkcs11:token=office;object=organiser"
ED25519 = bytes.fromhex("130c656477617264733235353139")  # the curve's name, as SoftHSM takes it


def missing() -> str | None:
    if shutil.which("softhsm2-util") is None or not module():
        return "SoftHSM is not installed"
    if importlib.util.find_spec("pkcs11") is None:
        return "python-pkcs11 is not installed"
    return None


def module() -> str:
    found = [Path(place) / "libsofthsm2.so" for place in PLACES]
    return next((str(path) for path in found if path.is_file()), "")


@pytest.fixture(scope="module")
def token(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """A folder on ``sys.path`` with the plug-in installed, and a token with a key; the environment names both."""
    reason = missing()
    if reason is not None:
        pytest.skip(reason)
    place = tmp_path_factory.mktemp("token")
    (place / "tokens").mkdir()
    (place / "softhsm2.conf").write_text(f"directories.tokendir = {place}/tokens\n")
    shutil.copy(EXAMPLE / "dblrandom_pkcs11.py", place)
    info = place / "dblrandom_pkcs11-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: dblrandom-pkcs11\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[dblrandom.signers]\npkcs11 = dblrandom_pkcs11:open_token\n")
    with pytest.MonkeyPatch.context() as patch:
        patch.setenv("SOFTHSM2_CONF", str(place / "softhsm2.conf"))
        patch.setenv("PKCS11_MODULE", module())
        patch.syspath_prepend(str(place))
        made = ["softhsm2-util", "--init-token", "--free", "--label", "office", "--pin", PIN, "--so-pin", "314159"]
        subprocess.run(made, check=True, capture_output=True)
        in_another_process(place, _MAKE)
        yield place


_MAKE = f"""
import os, pkcs11
from pkcs11 import Attribute, KeyType, Mechanism
with pkcs11.lib(os.environ["PKCS11_MODULE"]).get_token(token_label="office").open(user_pin={PIN!r}, rw=True) as opened:
    curve = opened.create_domain_parameters(
        KeyType.EC_EDWARDS, {{Attribute.EC_PARAMS: bytes.fromhex({ED25519.hex()!r})}}, local=True
    )
    curve.generate_keypair(label="organiser", store=True, mechanism=Mechanism.EC_EDWARDS_KEY_PAIR_GEN)
"""


def in_another_process(
    place: Path, *arguments: str, code: int = 0, **environment: str
) -> subprocess.CompletedProcess[str]:
    """Python with the plug-in; a token's library keeps the login of a process, so each case has its own."""
    given = {**os.environ, "PYTHONPATH": os.pathsep.join([str(place), *sys.path]), **environment}
    called = [sys.executable, *(("-c",) if len(arguments) == 1 else ("-m", "dblrandom")), *arguments]
    done = subprocess.run(called, env=given, capture_output=True, text=True, timeout=120, stdin=subprocess.DEVNULL)
    assert done.returncode == code, done.stderr
    assert PIN not in done.stdout + done.stderr
    return done


def command(place: Path, *arguments: object, code: int = 0, **environment: str) -> dict[str, Any]:
    done = in_another_process(place, *map(str, arguments), "--json", code=code, **environment)
    found: dict[str, Any] = json.loads(done.stdout)
    return found


class TestToken(SignerConformance):
    """The token's key keeps the rules of signers."""

    messages = (b"", b"message", bytes(range(256)), b"x" * 20_000)

    @pytest.fixture(autouse=True)
    def _opened(self, token: Path) -> None:
        self.signer = dr.open_signer(KEY, passphrase=PIN)

    def open(self) -> dr.Signer:
        return dr.open_signer(KEY, passphrase=lambda: PIN)


def test_a_ceremony_is_signed_by_the_token_from_the_command_line(token: Path, tmp_path: Path) -> None:
    key = ("--key", KEY, "--passphrase-env", "PIN")
    told = command(token, "pubkey", *key, "--out", tmp_path / "office.pub", PIN=PIN)
    public = dr.read_public_key(tmp_path / "office.pub")
    assert told["public_key"] == public.hex()
    made = command(
        token, "secret", "new", "--ceremony", "c", "--name", "n", "--at", "2024-03-02T00:00:00Z", *key,
        "--out", tmp_path / "secret", PIN=PIN,
    )  # fmt: skip
    assert made["declaration"]["keyid"] == told["keyid"]
    (tmp_path / "firms.csv").write_text("id\n" + "".join(f"F{n}\n" for n in range(9)))
    (tmp_path / "plan.toml").write_text(PLAN)
    (tmp_path / "source.json").write_text(json.dumps(made["declaration"]))
    command(
        token, "commit", tmp_path / "c", "--ceremony", "c", "--plan", tmp_path / "plan.toml",
        "--roster", f"firms={tmp_path}/firms.csv", "--id", "id", "--secret", f"n={tmp_path}/source.json",
        "--declare", f"organiser={tmp_path}/office.pub", "--declare", f"party={tmp_path}/office.pub",
        "--deadline", "result=2024-12-31T00:00:00Z", "--time", "2024-03-01T00:00:00Z", *key, PIN=PIN,
    )  # fmt: skip
    receipt = dr.CeremonyFolder(tmp_path / "c").load().receipts[0]
    (signature,) = receipt.signatures
    from dblrandom.kernel.dsse import PAYLOAD_TYPE, pae

    verify_ed25519(public, signature.value, pae(PAYLOAD_TYPE, receipt.payload))


PLAN = """
name = "p"
title = "synthetic plan"
authority = "synthetic authority"
period = "2024"

[[task]]
id = "1"
title = "synthetic"
roster = "firms"
sampler = "fixed-count"
quota = { count = 2, scope = "frame" }

[task.team]
roster = "firms"
reason = "nobody goes out"
"""


@pytest.mark.parametrize(
    ("key", "pin", "kind", "code", "part"),
    [
        (KEY, "0000", "SignerError", "signer.refused", "PIN"),
        ("pkcs11:token=gone;object=organiser", PIN, "SignerError", "signer.unavailable", "token"),
        ("pkcs11:token=office;object=gone", PIN, "SignerError", "signer.unavailable", "key"),
        ("pkcs11:nonsense", PIN, "KeyFileError", "key.invalid", "an address is"),
        ("other:x", PIN, "InputError", "plugin.unknown", "there are pkcs11"),
    ],
)
def test_what_a_token_refuses_is_one_error_of_the_library(
    token: Path, tmp_path: Path, key: str, pin: str, kind: str, code: str, part: str
) -> None:
    given = ("pubkey", "--key", key, "--passphrase-env", "PIN", "--out", tmp_path / "p")
    error = command(token, *given, code=2, PIN=pin)["error"]
    assert (error["type"], error["code"]) == (kind, code)
    assert part.lower() in error["message"].lower()
    assert not (tmp_path / "p").exists()


def test_a_token_that_is_removed_between_two_signatures(token: Path) -> None:
    in_another_process(
        token,
        f"""
import os, shutil
import dblrandom as dr
signer = dr.open_signer({KEY!r}, passphrase={PIN!r})
signer.sign(b"before")
os.rename({str(token / "tokens")!r}, {str(token / "away")!r})
try:
    signer.sign(b"after")
except dr.SignerError as error:
    assert error.code == "signer.unavailable", error.code
else:
    raise SystemExit("it signed")
finally:
    os.rename({str(token / "away")!r}, {str(token / "tokens")!r})
""",
    )
