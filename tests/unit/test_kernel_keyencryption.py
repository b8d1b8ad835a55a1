"""Private keys under a passphrase, and OpenSSL on the other side."""

from __future__ import annotations

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest
from click.testing import CliRunner
from commandline import run, said
from cryptography.hazmat.primitives.serialization import (
    BestAvailableEncryption,
    Encoding,
    PrivateFormat,
    load_pem_private_key,
)

import dblrandom as dr
from dblrandom.adapters.keyfiles import make_key, read_signer, write_private_key
from dblrandom.cli import passphrase
from dblrandom.cli.app import cli
from dblrandom.errors import FolderError, KeyFileError, MissingExtra
from dblrandom.kernel.keyencryption import MAX_ROUNDS, _structure, decrypted, encrypted
from dblrandom.kernel.pem import encrypted_pem, private_from_pem, private_to_pem

SEED = bytes(range(32))
PLAIN = private_to_pem(SEED)
SALT, IV = bytes(16), bytes(range(16))
WORD = "a long passphrase, 口令"
needs_openssl = pytest.mark.skipif(shutil.which("openssl") is None, reason="there is no openssl")


@pytest.mark.parametrize("algorithm", ["ed25519", "ml-dsa-44", "sm2"])
def test_each_kind_of_key_comes_back_under_its_passphrase(tmp_path: Path, algorithm: str) -> None:
    path = tmp_path / "key.pem"
    try:
        made = make_key(path, algorithm, passphrase=WORD)
    except MissingExtra as error:
        pytest.skip(str(error))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    assert path.read_bytes().startswith(b"-----BEGIN ENCRYPTED PRIVATE KEY-----\n")
    for given in (WORD, WORD.encode(), lambda: WORD):
        assert read_signer(path, passphrase=given).public_key == made.public_key
    with pytest.raises(KeyFileError, match="does not open") as wrong:
        read_signer(path, passphrase="another")
    with pytest.raises(KeyFileError, match="needs its passphrase") as missing:
        read_signer(path)
    assert (wrong.value.code, missing.value.code) == ("key.passphrase-wrong", "key.passphrase-needed")
    assert WORD not in str(wrong.value)
    assert wrong.value.__cause__ is None


def test_a_passphrase_is_not_asked_for_where_none_is_needed(tmp_path: Path) -> None:
    write_private_key(tmp_path / "k", SEED)
    assert dr.read_signer(tmp_path / "k", passphrase=lambda: pytest.fail("asked")).algorithm == "ed25519"


def test_a_wrong_passphrase_is_told_even_where_the_padding_happens_to_fit() -> None:
    der = encrypted(b"\x30\x2e\x02\x01\x00" + bytes(43), "right", salt=SALT, iv=IV, rounds=1)
    for number in range(2000):
        with pytest.raises(KeyFileError, match="does not open"):
            decrypted(der, f"wrong {number}", "key")


@pytest.mark.parametrize("given", ["", b"", "x" * 1025, "\ud800"])
def test_a_passphrase_that_cannot_be_used(given: str | bytes) -> None:
    with pytest.raises(KeyFileError):
        encrypted_pem(PLAIN, given, salt=SALT, iv=IV)


def test_more_rounds_than_anybody_needs_are_not_done() -> None:
    for rounds in (MAX_ROUNDS + 1, 2**31 - 1):
        with pytest.raises(KeyFileError, match="rounds"):
            decrypted(_structure(SALT, rounds, IV, bytes(48)), "x", "key")


def test_every_change_of_a_byte_is_refused() -> None:
    der = encrypted(b"\x30\x2e\x02\x01\x00" + bytes(43), "x", salt=SALT, iv=IV, rounds=1)
    data_at = len(der) - 64
    for place in range(data_at):
        changed = bytearray(der)
        changed[place] ^= 1
        try:
            found = decrypted(bytes(changed), "x", "key")
        except KeyFileError:
            continue
        # The salt and the rounds make another key, which is refused; of the vector 16 bytes reach the first block.
        assert found != der, place
        assert found[16:] == (b"\x30\x2e\x02\x01\x00" + bytes(43))[16:]
    for cut in (0, 1, 20, len(der) - 1, len(der) - 16):
        with pytest.raises(KeyFileError):
            decrypted(der[:cut], "x", "key")
    with pytest.raises(KeyFileError):
        decrypted(der + b"\0", "x", "key")


def test_what_cryptography_writes_and_reads_is_the_same_form() -> None:
    key = load_pem_private_key(encrypted_pem(PLAIN, WORD, salt=SALT, iv=IV), WORD.encode())
    theirs = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, BestAvailableEncryption(b"word"))
    assert private_from_pem(theirs, passphrase="word") == ("ed25519", SEED)


@needs_openssl
@pytest.mark.parametrize("algorithm", ["ed25519", "sm2"])
def test_openssl_reads_what_is_written_here_and_the_reverse(tmp_path: Path, algorithm: str) -> None:
    path, word = tmp_path / "key.pem", tmp_path / "word"
    try:
        made = make_key(path, algorithm, passphrase="word")
    except MissingExtra as error:
        pytest.skip(str(error))
    word.write_text("word\n")
    opened = ["openssl", "pkey", "-in", path, "-passin", f"file:{word}", "-out", tmp_path / "plain"]
    subprocess.run(opened, check=True)
    (tmp_path / "plain").chmod(0o600)
    assert read_signer(tmp_path / "plain").public_key == made.public_key
    closed = ["openssl", "pkcs8", "-topk8", "-v2", "aes-256-cbc", "-in", tmp_path / "plain", "-out", tmp_path / "again"]
    subprocess.run([*closed, "-passout", f"file:{word}"], check=True)
    (tmp_path / "again").chmod(0o600)
    assert read_signer(tmp_path / "again", passphrase="word").public_key == made.public_key
    for other in ("-v1", "PBE-SHA1-3DES"), ("-v2", "des3"), ("-scrypt",):
        subprocess.run([*closed[:3], *other, *closed[5:], "-passout", f"file:{word}"], check=True)
        with pytest.raises(KeyFileError, match="not read here"):
            read_signer(tmp_path / "again", passphrase="word")


def test_the_command_line_takes_a_passphrase_from_each_place(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "word").write_text("word\r\nmore\n")
    (tmp_path / "word").chmod(0o600)
    key, named = tmp_path / "k.pem", ("--ceremony", "c", "--name", "n", "--at", "2024-03-02T00:00:00Z")
    made = said("keygen", "--out", key, "--passphrase-file", tmp_path / "word")
    assert made["encrypted"] is True
    assert read_signer(key, passphrase="word").keyid == made["keyid"]

    def new(number: int, *options: object, code: int = 0) -> str:
        done = run("secret", "new", *named, "--key", key, "--out", tmp_path / f"s{number}", *options, code=code)
        return done.stderr

    new(1, "--passphrase-file", tmp_path / "word")
    monkeypatch.setenv("WORD", "word")
    new(2, "--passphrase-env", "WORD")
    reading, writing = os.pipe()
    os.write(writing, b"word\nthe next line")
    new(3, "--passphrase-fd", str(reading))
    assert os.read(reading, 100) == b"the next line"
    os.close(reading)
    os.close(writing)
    assert "no terminal" in new(4, code=2)
    monkeypatch.setenv("WORD", "other")
    assert "does not open" in new(5, "--passphrase-env", "WORD", code=2)
    assert "not set" in new(6, "--passphrase-env", "NOBODYS", code=2)
    assert "one way" in new(7, "--passphrase-env", "WORD", "--passphrase-file", tmp_path / "word", code=2)
    assert "descriptor" in new(8, "--passphrase-fd", "999", code=2)
    (tmp_path / "word").chmod(0o644)
    assert "chmod 600" in new(9, "--passphrase-file", tmp_path / "word", code=2)
    assert not (tmp_path / "s4").exists()


def test_a_terminal_is_asked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(passphrase, "_terminal", lambda: True)
    asked = CliRunner().invoke(cli, ["keygen", "--out", str(tmp_path / "k"), "--passphrase"], input="word\nword\n")
    assert asked.exit_code == 0, asked.stderr
    assert "word" not in asked.output
    named = ["--ceremony", "c", "--name", "n", "--at", "2024-03-02T00:00:00Z", "--out", str(tmp_path / "s")]
    done = CliRunner().invoke(cli, ["secret", "new", *named, "--key", str(tmp_path / "k")], input="word\n")
    assert done.exit_code == 0, done.stderr
    assert "passphrase of" in done.stderr


def test_a_passphrase_is_nobodys_argument() -> None:
    for command in ("keygen", "draw"):
        assert "--passphrase-file" in run(command, "--help").stdout
    refused = CliRunner().invoke(cli, ["keygen", "--out", "k", "--passphrase=word"])
    assert refused.exit_code == 2
    assert "word" not in refused.stderr.replace("password", "")


def test_the_file_of_a_key_that_is_encrypted_is_private_too(tmp_path: Path) -> None:
    write_private_key(tmp_path / "k", SEED, passphrase="word")
    (tmp_path / "k").chmod(0o644)
    with pytest.raises(FolderError, match="chmod 600"):
        read_signer(tmp_path / "k", passphrase="word")
