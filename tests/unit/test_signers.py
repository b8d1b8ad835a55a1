"""Foreign signers behind their guard, whatever they do."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

import ceremonies as kit
import pytest
from commandline import run, said
from pluginkit import Install, install  # noqa: F401

import dblrandom as dr
from dblrandom.adapters.signers import is_address
from dblrandom.errors import KeyFileError, PluginError, SignerError
from dblrandom.testing import SignerConformance

CODE = """
import dblrandom as dr

KEY = dr.Ed25519Signer.from_private_bytes(bytes(range(32)))
asked = []

class Token:
    algorithm, public_key, keyid = KEY.algorithm, KEY.public_key, KEY.keyid
    def __init__(self, address, passphrase):
        asked.append((address, passphrase()))
    def sign(self, message):
        return KEY.sign(message)

def open_token(address, *, passphrase):
    return Token(address, passphrase)
"""
ENTRY = "test+kms = plug_mod:open_token"


def install_token(install: Install, more: str = "") -> None:
    install("signers", ENTRY, code=CODE + more)


class TestGuarded(SignerConformance):
    """What is behind the guard keeps the rules of signers."""

    @pytest.fixture(autouse=True)
    def _installed(self, install: Install) -> None:
        install_token(install)
        self.signer = dr.open_signer("test+kms://vault/key", passphrase="1234")


class TestInMemory(SignerConformance):
    """The library's own signers keep them too."""

    signer = kit.key("organiser")


def test_an_address_reaches_the_plug_in_as_it_is_and_the_passphrase_with_it(install: Install) -> None:
    install_token(install)
    signer = dr.open_signer("test+kms://vault//key;a=b", passphrase=lambda: b"1234")
    import plug_mod  # type: ignore[import-not-found]

    assert plug_mod.asked == [("test+kms://vault//key;a=b", "1234")]
    assert repr(signer) == f"GuardedSigner(algorithm='ed25519', keyid='{signer.keyid}')"
    dr.open_signer("test+kms:x")
    assert plug_mod.asked[-1] == ("test+kms:x", None)


@pytest.mark.parametrize(
    ("place", "foreign"),
    [
        ("pkcs11:token=a", True),
        ("a:b", False),
        ("C:\\keys\\k.pem", False),
        ("./pkcs11:x", False),
        ("/keys/a:b", False),
        ("k.pem", False),
        ("Pkcs11:x", False),
        (Path("pkcs11:x"), False),
    ],
)
def test_what_is_an_address_and_what_a_path(place: Any, foreign: bool) -> None:
    assert is_address(place) is foreign


def test_a_path_is_read_as_a_file(tmp_path: Path) -> None:
    dr.write_private_key(tmp_path / "k", bytes(32), passphrase="word")
    assert dr.open_signer(tmp_path / "k", passphrase="word").algorithm == "ed25519"
    assert dr.open_signer(str(tmp_path / "k"), passphrase="word").algorithm == "ed25519"


BAD_OPENING = {
    "raise RuntimeError('two\\nlines with 1234')": "RuntimeError: two lines with \\*\\*\\*",
    "raise SystemExit(3)": "SystemExit",
    "raise KeyboardInterrupt": "KeyboardInterrupt",
    "raise OSError(5, 'Input/output error')": "OSError",
    "return None": "AttributeError",
    "return object()": "AttributeError",
}


@pytest.mark.parametrize("body", BAD_OPENING)
def test_whatever_a_plug_in_raises_is_one_error(install: Install, body: str) -> None:
    install_token(install, f"\ndef open_token(address, *, passphrase):\n    passphrase()\n    {body}\n")
    with pytest.raises(SignerError, match=BAD_OPENING[body]) as caught:
        dr.open_signer("test+kms:x", passphrase="1234")
    assert "\n" not in str(caught.value)
    assert "1234" not in str(caught.value)
    assert caught.value.code == "signer.unavailable"
    assert caught.value.__cause__ is None


@pytest.mark.parametrize(
    ("more", "part"),
    [
        ("Token.public_key = KEY.public_key[:-1]", "public key"),
        ("Token.algorithm = 'rsa'", "algorithm"),
        ("Token.keyid = '0' * 64", "not the key's id"),
        ("Token.public_key = KEY.public_key.hex()", "interface"),
    ],
)
def test_a_key_that_receipts_do_not_take_is_refused(install: Install, more: str, part: str) -> None:
    install_token(install, more)
    with pytest.raises(KeyFileError, match=part):
        dr.open_signer("test+kms:x")


@pytest.mark.parametrize(
    ("body", "part", "code"),
    [
        ("return KEY.sign(message + b'x')", "does not hold", "signer.unavailable"),
        ("return KEY.sign(message).hex()", "gave a str", "signer.unavailable"),
        ("return None", "gave a NoneType", "signer.unavailable"),
        ("raise ConnectionResetError('removed')", "ConnectionResetError: removed", "signer.unavailable"),
        ("raise TimeoutError", "TimeoutError", "signer.unavailable"),
        ("raise PermissionError('locked')", "locked", "signer.refused"),
        ("raise type('PinLocked', (Exception,), {})('so')", "PinLocked", "signer.refused"),
        ("raise dr.SignerError('wrong', code='signer.refused')", "wrong", "signer.refused"),
    ],
)
def test_a_token_that_fails_while_signing(install: Install, body: str, part: str, code: str) -> None:
    install_token(install, f"\ndef sign(self, message):\n    {body}\nToken.sign = sign\n")
    signer = dr.open_signer("test+kms:x")
    with pytest.raises(SignerError, match=part) as caught:
        signer.sign(b"message")
    assert caught.value.code == code
    assert (caught.value.branch, caught.value.http_status) == ("unavailable", 503)


def test_a_token_that_never_answers_is_given_up(install: Install) -> None:
    install_token(
        install, "\nimport threading\ndef sign(self, message):\n    threading.Event().wait()\nToken.sign = sign\n"
    )
    signer = dr.open_signer("test+kms:x", seconds=0.05)
    for part in ("no answer within", "has not answered before"):
        with pytest.raises(SignerError, match=part):
            signer.sign(b"message")


def test_the_time_of_a_person_who_is_asked_is_not_the_tokens(install: Install) -> None:
    install_token(install)
    asked = threading.Event()

    def ask() -> str:
        asked.wait(0.3)
        return "1234"

    assert dr.open_signer("test+kms:x", passphrase=ask, seconds=0.1).algorithm == "ed25519"


def test_one_thread_serves_a_token_whoever_asks(install: Install) -> None:
    more = (
        "\nimport threading\nseen = set()\nreal = Token.sign\ndef sign(self, m):\n    seen.add(threading.get_ident())\n"
    )
    install_token(install, f"{more}    return real(self, m)\nToken.sign = sign\n")
    signer = dr.open_signer("test+kms:x")
    threads = [threading.Thread(target=signer.sign, args=(b"%d" % n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    import plug_mod

    assert len(plug_mod.seen) == 1


def test_the_command_line_signs_with_a_plug_in(
    install: Install, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    install_token(install)
    monkeypatch.setenv("PIN", "1234")
    key = ("--key", "test+kms://vault/key", "--passphrase-env", "PIN")
    told = said("pubkey", *key, "--out", tmp_path / "p.pem")
    assert dr.read_public_key(tmp_path / "p.pem").hex() == told["public_key"]
    named = ("--ceremony", "c", "--name", "n", "--at", "2024-03-02T00:00:00Z", "--out", tmp_path / "s")
    assert said("secret", "new", *named, *key)["declaration"]["keyid"] == told["keyid"]
    assert "no terminal" in run("pubkey", "--key", "test+kms:x", "--out", tmp_path / "q", code=2).stderr
    assert "there are test+kms" in run("pubkey", "--key", "other:x", "--out", tmp_path / "q", code=2).stderr


def test_two_plug_ins_of_one_scheme_are_told(install: Install) -> None:
    install_token(install)
    install("signers", ENTRY, dist="second", module="plug_two", code=CODE)
    with pytest.raises(PluginError, match="is also offered by second"):
        dr.open_signer("test+kms:x")
