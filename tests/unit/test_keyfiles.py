from __future__ import annotations

import stat
from pathlib import Path

import pytest

from dblrandom.adapters.keyfiles import make_key, read_public_key, read_signer, write_private_key, write_public_key
from dblrandom.adapters.sm2 import Sm2, Sm2Signer
from dblrandom.errors import FolderError, KeyFileError, MissingExtra
from dblrandom.kernel.schemes import SCHEMES, algorithm_of_key
from dblrandom.kernel.signing import Ed25519Signer, verify_ed25519

SEED = bytes(range(32))
RAW = Ed25519Signer.from_private_bytes(SEED).public_key


def test_a_private_key_comes_back_and_signs(tmp_path: Path) -> None:
    write_private_key(tmp_path / "key.pem", SEED)
    assert stat.S_IMODE((tmp_path / "key.pem").stat().st_mode) == 0o600
    signer = read_signer(tmp_path / "key.pem")
    assert signer.public_key == RAW
    verify_ed25519(RAW, signer.sign(b"message"), b"message")


def test_a_private_key_is_never_overwritten(tmp_path: Path) -> None:
    write_private_key(tmp_path / "key.pem", SEED)
    with pytest.raises(FolderError, match="not overwritten"):
        write_private_key(tmp_path / "key.pem", bytes(32))
    assert read_signer(tmp_path / "key.pem").public_key == RAW


@pytest.mark.parametrize("mode", [0o644, 0o660, 0o602])
def test_a_private_key_that_others_can_read_is_refused(tmp_path: Path, mode: int) -> None:
    write_private_key(tmp_path / "key.pem", SEED)
    (tmp_path / "key.pem").chmod(mode)
    with pytest.raises(FolderError, match="chmod 600"):
        read_signer(tmp_path / "key.pem")


def test_a_public_key_comes_back_from_pem_and_from_hex(tmp_path: Path) -> None:
    write_public_key(tmp_path / "a", RAW)
    (tmp_path / "b").write_text(RAW.hex())
    (tmp_path / "c").write_text(RAW.hex() + "\n")
    assert {read_public_key(tmp_path / name) for name in "abc"} == {RAW}


@pytest.mark.parametrize(
    "text", ["", RAW.hex().upper(), RAW.hex()[:-2], RAW.hex() + "\n\n", " " + RAW.hex(), "00" * 32]
)
def test_what_is_no_public_key_is_refused_naming_the_file(tmp_path: Path, text: str) -> None:
    (tmp_path / "key.pub").write_text(text)
    with pytest.raises(KeyFileError, match=r"key\.pub"):
        read_public_key(tmp_path / "key.pub")


def test_the_private_key_is_not_read_as_a_public_one(tmp_path: Path) -> None:
    write_private_key(tmp_path / "key.pem", SEED)
    with pytest.raises(KeyFileError, match="not a public key"):
        read_public_key(tmp_path / "key.pem")


def test_missing_and_large_files(tmp_path: Path) -> None:
    with pytest.raises(FolderError):
        read_signer(tmp_path / "missing")
    (tmp_path / "large").write_bytes(b"x" * 100_000)
    with pytest.raises(FolderError, match="larger"):
        read_public_key(tmp_path / "large")


@pytest.mark.parametrize("algorithm", ["ed25519", "ml-dsa-44", "sm2"])
def test_keys_of_each_algorithm_are_made_and_read_back(tmp_path: Path, algorithm: str) -> None:
    path = tmp_path / "key.pem"
    try:
        made = make_key(path, algorithm)
    except MissingExtra as error:
        pytest.skip(str(error))
    assert stat.S_IMODE(path.stat().st_mode) == 0o600
    back = read_signer(path)
    assert (back.algorithm, back.keyid, back.public_key) == (algorithm, made.keyid, made.public_key)
    scheme = Sm2() if algorithm == "sm2" else SCHEMES[algorithm]
    scheme.verify(made.public_key, back.sign(b"message"), b"message")
    with pytest.raises(FolderError, match="not overwritten"):
        make_key(path, algorithm)
    write_public_key(tmp_path / "a", made.public_key)
    (tmp_path / "b").write_text(made.public_key.hex() + "\n")
    assert {read_public_key(tmp_path / name) for name in "ab"} == {made.public_key}
    assert algorithm_of_key(made.public_key) == algorithm
    path.chmod(0o640)
    with pytest.raises(FolderError, match="chmod 600"):
        read_signer(path)


def test_no_other_algorithm(tmp_path: Path) -> None:
    with pytest.raises(KeyFileError, match="no algorithm 'rsa'"):
        make_key(tmp_path / "key.pem", "rsa")
    assert not (tmp_path / "key.pem").exists()


def test_nothing_is_written_where_a_key_cannot_be_made(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def generate() -> Sm2Signer:
        raise MissingExtra("no OpenSSL")

    monkeypatch.setattr(Sm2Signer, "generate", generate)
    with pytest.raises(MissingExtra):
        make_key(tmp_path / "key.pem", "sm2")
    assert list(tmp_path.iterdir()) == []
