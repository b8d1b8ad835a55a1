"""SM2 through OpenSSL, held against the example of GB/T 32918.5 and against whole-number arithmetic."""

from __future__ import annotations

import os
import shutil
import subprocess
from pathlib import Path

import pytest
import slow_sm2 as slow

from dblrandom.adapters.sm2 import DISTINGUISHING_ID, Sm2, Sm2Signer
from dblrandom.errors import KeyFileError, MissingExtra
from dblrandom.kernel.pem import private_from_pem, private_to_pem, public_from_pem, public_to_pem
from dblrandom.kernel.schemes import Scheme, sm2_integers
from dblrandom.kernel.signing import Signer, keyid


def _has_sm2() -> bool:
    if shutil.which("openssl") is None:
        return False
    return subprocess.run(["openssl", "genpkey", "-algorithm", "SM2"], capture_output=True).returncode == 0


needs_sm2 = pytest.mark.skipif(not _has_sm2(), reason="there is no OpenSSL with SM2 here")
needs_sh = pytest.mark.skipif(os.name != "posix", reason="the stand-in commands are shell scripts")

CASE = slow.KNOWN["sm2"]
D, KEY = int(CASE["private_key"], 16), bytes.fromhex(CASE["public_key"])
R, S, MESSAGE = int(CASE["r"], 16), int(CASE["s"], 16), CASE["message"].encode()
PEM = private_to_pem(slow.private_der(D), "sm2")


def stand_in(folder: Path, script: str) -> Sm2:
    """A scheme that asks a shell script."""
    path = folder / "openssl"
    path.write_text("#!/bin/sh\n" + script, encoding="utf-8")
    path.chmod(0o755)
    return Sm2(command=str(path), seconds=1)


def test_the_slow_arithmetic_gives_the_published_example() -> None:
    assert CASE["distid"] == DISTINGUISHING_ID
    assert slow.public(D) == KEY
    assert slow.z(KEY).hex() == CASE["z"]
    assert f"{slow.e(KEY, MESSAGE):064x}" == CASE["e"]
    assert slow.sign(D, MESSAGE, int(CASE["nonce"], 16)) == (R, S)
    assert slow.verifies(KEY, R, S, MESSAGE)
    assert not slow.verifies(KEY, R, S, MESSAGE + b"x")


@needs_sm2
def test_openssl_takes_the_published_example() -> None:
    Sm2().verify(KEY, slow.der(R, S), MESSAGE)
    for r, s, message in ((S, R, MESSAGE), (R, S + 1, MESSAGE), (R, S, b""), (R, slow.N - R, MESSAGE)):
        with pytest.raises(KeyFileError, match="does not match"):
            Sm2().verify(KEY, slow.der(r, s), message)


@needs_sm2
@pytest.mark.parametrize("message", [b"", b"m", bytes(range(256)) * 1000])
def test_openssl_and_the_slow_arithmetic_check_each_other(message: bytes) -> None:
    signer = Sm2Signer.from_pem(PEM)
    r, s = sm2_integers(signer.sign(message))
    assert slow.verifies(KEY, r, s, message)
    other = slow.sign(D, message, 1 + len(message))
    Sm2().verify(KEY, slow.der(*other), message)


@needs_sm2
def test_a_new_key_comes_back() -> None:
    made = Sm2Signer.generate()
    back = Sm2Signer.from_pem(made.to_pem())
    assert back == made
    assert made != Sm2Signer.generate()
    assert made.keyid == keyid(made.public_key)
    assert isinstance(made, Signer)
    assert isinstance(Sm2(), Scheme)
    assert made.algorithm == Sm2().algorithm == "sm2"
    Sm2().check_public_key(made.public_key)
    back.sign(b"m")


@needs_sm2
def test_openssl_reads_and_writes_the_same_pem(tmp_path: Path) -> None:
    made = Sm2Signer.generate()
    public = subprocess.run(["openssl", "pkey", "-pubout"], input=made.to_pem(), capture_output=True, check=True).stdout
    assert public_from_pem(public) == made.public_key
    assert public_to_pem(made.public_key) == public


@needs_sm2
def test_the_private_key_is_never_shown() -> None:
    made = Sm2Signer.generate()
    _, der = private_from_pem(made.to_pem())
    assert der[36:68].hex() not in repr(made)
    assert repr(made) == f"Sm2Signer(keyid='{made.keyid}')"


@needs_sh
def test_the_private_key_is_on_no_command_line_and_files_are_private(tmp_path: Path) -> None:
    """The stand-in notes its arguments and the modes of its files, and gives the published signature."""
    seen = tmp_path / "seen"
    (tmp_path / "sig").write_bytes(slow.der(R, S))
    scheme = stand_in(
        tmp_path,
        f"""
echo "$@" >> {seen}
case "$1 $2" in
"pkey -check") echo Key is valid;;
"pkeyutl -sign") while [ "$1" != -out ]; do [ "$1" = -in ] && ls -lnd "$2" "${{2%/*}}" >> {seen}.ls; shift; done
    cp {tmp_path}/sig "$2"; cat > {seen}.stdin;;
"pkeyutl -verify") echo Signature Verified Successfully;;
esac
""",
    )
    assert Sm2Signer.from_pem(PEM, scheme=scheme).sign(MESSAGE) == slow.der(R, S)
    arguments = seen.read_text()
    body = PEM.split(b"\n")[1].decode()
    assert body not in arguments
    assert CASE["private_key"] not in arguments
    assert (tmp_path / "seen.stdin").read_bytes() == PEM, "it goes through a pipe"
    listing = (tmp_path / "seen.ls").read_text().splitlines()
    assert [line[:10] for line in listing if line.endswith("/message")] == ["-rw-------"]
    assert {line[:10] for line in listing if line.startswith("d")} == {"drwx------"}
    folder = arguments.split(" -in ")[1].split("/message")[0]
    assert not Path(folder).exists(), "nothing is left behind"


@needs_sm2
def test_without_a_named_pipe_the_key_goes_through_a_private_file(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("dblrandom.adapters.sm2._STDIN", "/no/such/place")
    signer = Sm2Signer.from_pem(PEM)
    assert slow.verifies(KEY, *sm2_integers(signer.sign(MESSAGE)), MESSAGE)


@needs_sh
def test_the_environment_is_not_handed_on(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("OPENSSL_CONF", "hostile")
    monkeypatch.setenv("OPENSSL_MODULES", "hostile")
    code, output = stand_in(tmp_path, "env\n").ask()
    assert code == 0
    assert b"LC_ALL=C" in output
    assert b"hostile" not in output


def test_without_openssl_it_is_said(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MissingExtra, match="install OpenSSL 3"):
        Sm2().verify(KEY, slow.der(R, S), MESSAGE)
    with pytest.raises(MissingExtra, match="install OpenSSL 3"):
        Sm2Signer.generate()
    with pytest.raises(MissingExtra, match="install OpenSSL 3"):
        Sm2Signer.from_pem(PEM)
    with pytest.raises(KeyFileError, match="not a point"):
        Sm2().verify(KEY[:-1] + b"\0", slow.der(R, S), MESSAGE)


@needs_sh
def test_an_openssl_without_sm2_is_said(tmp_path: Path) -> None:
    """What LibreSSL and builds without SM2 answer: an error of their own and a usage text."""
    scheme = stand_in(tmp_path, "echo 'Algorithm SM2 not found'; exit 1\n")
    with pytest.raises(MissingExtra, match=r"cannot make a key with SM2 \(exit 1, Algorithm SM2 not found\)"):
        Sm2Signer.generate(scheme)
    with pytest.raises(MissingExtra, match="cannot read a key"):
        Sm2Signer.from_pem(PEM, scheme=scheme)
    with pytest.raises(MissingExtra, match="cannot check a signature"):
        scheme.verify(KEY, slow.der(R, S), MESSAGE)


def test_a_file_that_is_no_program(tmp_path: Path) -> None:
    path = tmp_path / "openssl"
    path.write_bytes(b"\x7fELF nonsense")
    path.chmod(0o755)
    with pytest.raises(MissingExtra, match="install OpenSSL 3"):
        Sm2(command=str(path)).ask("version")


def test_keys_of_other_algorithms() -> None:
    with pytest.raises(KeyFileError, match="is a key of ed25519"):
        Sm2Signer.from_pem(private_to_pem(bytes(32)), "my.pem")
