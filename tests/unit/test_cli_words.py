"""What commands say is so: of keys, prompts, missing columns, names and reserves."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import ceremonies as kit
import click
import pytest
from click.testing import CliRunner
from commandline import run, said

from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.cli import passphrase
from dblrandom.cli.app import cli
from dblrandom.drawing.preview import preview
from dblrandom.kernel.suite import SHA256


def test_a_public_key_is_no_secret_that_others_can_read(tmp_path: Path) -> None:
    run("keygen", "--out", tmp_path / "k.pem", "--public", tmp_path / "k.pub")
    for mode in (0o644, 0o600):
        (tmp_path / "k.pub").chmod(mode)
        told = run("pubkey", "--key", tmp_path / "k.pub", code=2).stderr
        assert "but a public one" in told
        assert "others can read" not in told
    (tmp_path / "hex").write_text(said("pubkey", "--key", tmp_path / "k.pem")["public_key"], encoding="ascii")
    assert "but a public one" in run("pubkey", "--key", tmp_path / "hex", code=2).stderr
    (tmp_path / "note").write_text("hello", encoding="ascii")
    assert "put exactly one key into a file" in run("pubkey", "--key", tmp_path / "note", code=2).stderr
    (tmp_path / "k.pem").chmod(0o644)
    assert "others can read this secret" in run("pubkey", "--key", tmp_path / "k.pem", code=2).stderr


def test_nobody_signs_a_draft_that_does_not_declare_them(tmp_path: Path) -> None:
    made = kit.opened()
    kit.commit(made)
    draft = tmp_path / "draft.json"
    draft.write_bytes(made.receipts[0].envelope)
    run("keygen", "--out", tmp_path / "k.pem")
    before = draft.read_bytes()
    done = run("sign", draft, "--key", tmp_path / "k.pem", code=2)
    assert "is of nobody in the draft" in done.stderr
    assert "all have signed" not in done.stdout
    assert draft.read_bytes() == before


def test_what_is_overdue_is_said_when_it_is_published(tmp_path: Path) -> None:
    made = kit.drawn()
    folder = CeremonyFolder(tmp_path / "c")
    folder.create(made, kit.policy())
    told = run("publish", folder.root, "--out", tmp_path / "public").stdout
    assert "overdue: " in told
    assert "results were due by" in told
    assert "results were due by" in said("publish", folder.root, "--out", tmp_path / "again")["overdue"]


def test_more_reserves_than_rows_are_told_before_anything_is_committed() -> None:
    found = preview(SHA256, kit.plan(kit.task(reserves=1000)), kit.rosters())
    assert any("1000 reserves are wanted, and" in text for text in found[0].warnings)


def test_wrong_usage_has_a_branch_too() -> None:
    error = said("keygen", code=2)["error"]
    assert (error["code"], error["branch"]) == ("usage", "bad-input")


def test_an_internal_error_has_a_branch(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("dblrandom.cli.keygen.make_key", lambda *_, **__: 1 / 0)
    error = said("keygen", "--out", tmp_path / "k", code=2)["error"]
    assert (error["code"], error["branch"]) == ("internal", "unavailable")


def keygen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *answers: object) -> tuple[Any, list[str]]:
    """Make a key while somebody types these answers; what came of it, and the prompts."""
    seen: list[str] = []
    left = list(answers)

    def prompt(text: str, **_: Any) -> str:
        seen.append(text)
        answer = left.pop(0)
        if isinstance(answer, type):
            try:
                raise answer()
            except (EOFError, KeyboardInterrupt):
                raise click.Abort from None
        return str(answer)

    monkeypatch.setattr(passphrase, "_terminal", lambda: True)
    monkeypatch.setattr(passphrase.click, "prompt", prompt)
    return CliRunner().invoke(cli, ["keygen", "--out", str(tmp_path / "k.pem"), "--passphrase"]), seen


def test_ctrl_c_at_a_prompt_is_one_line_and_130(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, _ = keygen(tmp_path, monkeypatch, KeyboardInterrupt)
    assert done.exit_code == 130
    assert done.stderr.count("\n") == 1
    assert "interrupted" in done.stderr
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(
    ("answers", "asked"), [(["", "", ""], 3), (["a", "b", "a", "", "", ""], 5), ([EOFError], 1), (["a", EOFError], 2)]
)
def test_no_new_passphrase_is_asked_for_without_end(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, answers: list[object], asked: int
) -> None:
    done, seen = keygen(tmp_path, monkeypatch, *answers)
    assert done.exit_code == 2
    assert done.stderr.splitlines()[-1].startswith("error: ")
    assert "no passphrase" in done.stderr
    assert len(seen) == asked
    assert list(tmp_path.iterdir()) == []


def test_a_passphrase_that_is_right_the_second_time_is_taken(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    done, _ = keygen(tmp_path, monkeypatch, "", "good", "good")
    assert done.exit_code == 0
    assert "ENCRYPTED" in (tmp_path / "k.pem").read_text(encoding="ascii")


def test_an_empty_passphrase_of_a_key_ends_too(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    keygen(tmp_path, monkeypatch, "good", "good")
    monkeypatch.setattr(passphrase.click, "prompt", lambda *_, **__: "")
    assert "no passphrase was given" in run("pubkey", "--key", tmp_path / "k.pem", code=2).stderr


def built(tmp_path: Path, heading: str, *options: str) -> str:
    table = tmp_path / "t.csv"
    table.write_text(f"id,{heading}\nA1,x\n", encoding="utf-8")
    return run("roster", "build", table, "--id", "id", "--name", "t", "--out", tmp_path / "o", *options, code=2).stderr


def test_a_renamed_column_is_said_to_be(tmp_path: Path) -> None:
    told = built(tmp_path, "行政区", "--rename", "行政区=district", "--columns", "行政区")
    assert "'行政区': it is renamed to 'district', so name that" in told


@pytest.mark.parametrize(("other", "plain"), [("行政区\u200b", "行政区"), ("行政\u2f06", "行政二")])
def test_a_heading_that_looks_like_the_one_named_is_said_to(tmp_path: Path, other: str, plain: str) -> None:
    told = built(tmp_path, other, "--columns", plain)
    assert "looks like" in told
    assert "\\u" in told


def test_a_bad_name_is_not_the_files_fault(tmp_path: Path) -> None:
    table = tmp_path / "t.csv"
    table.write_text("id\nA1\n", encoding="utf-8")
    told = run("roster", "build", table, "--id", "id", "--name", "a b", "--out", tmp_path / "o", code=2).stderr
    assert told.startswith("error: name: 'a b' is no name for a roster")
