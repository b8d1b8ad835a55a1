"""Two outputs of a command never go into one file, and the demonstration's folder is its player's own."""

from __future__ import annotations

from pathlib import Path

from commandline import run


def test_a_key_pair_does_not_overwrite_its_private_half(tmp_path: Path) -> None:
    same = tmp_path / "k.pem"
    told = run("keygen", "--out", same, "--public", tmp_path / "." / "k.pem", code=2).stderr
    assert "--out and --public are both" in told
    assert not same.exists()


def test_a_secret_and_its_declaration_are_two_files(tmp_path: Path) -> None:
    key, same = tmp_path / "k.pem", tmp_path / "s"
    run("keygen", "--out", key)
    given = ("--ceremony", "c", "--name", "p", "--key", key, "--at", "2099-01-01T00:00:00Z")
    assert (
        "--out and --declaration are both"
        in run("secret", "new", *given, "--out", same, "--declaration", same, code=2).stderr
    )
    assert not same.exists()


def test_a_roster_and_its_report_are_two_files(tmp_path: Path) -> None:
    table, same = tmp_path / "t.csv", tmp_path / "t.txt"
    table.write_text("id\nA1\n", encoding="utf-8")
    told = run("roster", "build", table, "--id", "id", "--name", "t", "--out", same, "--report", same, code=2).stderr
    assert "--out and --report are both" in told
    assert not same.exists()


def test_a_descriptor_beyond_every_number_is_no_internal_error(tmp_path: Path) -> None:
    key = tmp_path / "k.pem"
    (tmp_path / "p").write_text("synthetic", encoding="utf-8")
    (tmp_path / "p").chmod(0o600)
    run("keygen", "--out", key, "--passphrase-file", tmp_path / "p")
    told = run("pubkey", "--key", key, "--passphrase-fd", "9" * 20, code=2).stderr
    assert "cannot be read" in told
    assert "internal" not in told


def test_whoever_plays_the_demonstration_is_not_warned_of_a_received_folder(tmp_path: Path) -> None:
    played = run("demo", "kunming", "--out", tmp_path / "d", "--rehearsal")
    shown = run("show", tmp_path / "d")
    assert "somebody sent you" not in played.stderr + shown.stderr
