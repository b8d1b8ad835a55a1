"""Errors carry a code, belong to one branch, and survive pickle and copy."""

from __future__ import annotations

import ast
import copy
import errno
import inspect
import pickle
import re
import sqlite3
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import OperationalError

import dblrandom
from dblrandom import errors
from dblrandom.adapters.engines._sqlsnapshot import Snapshot
from dblrandom.adapters.files import os_failure, read_bytes, write_new
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.lock import FolderLock
from dblrandom.errors import CODES, Branch, DblrandomError

PACKAGE = Path(dblrandom.__file__).parent
DOCS = Path(__file__).parents[2] / "docs"
TYPES = {n: k for n, k in vars(errors).items() if inspect.isclass(k) and issubclass(k, DblrandomError)}
BASES = {
    Branch.CONFLICT: errors.ConflictError,
    Branch.UNAVAILABLE: errors.UnavailableError,
    Branch.WRONG_ORDER: errors.StepError,
    Branch.VERIFICATION_FAILED: errors.VerificationError,
}


def agree(kind: type[DblrandomError], code: str) -> bool:
    """Whether the code's branch is the one that ``except`` finds for the type."""
    branch = CODES[code].branch
    return all(issubclass(kind, base) == (found is branch) for found, base in BASES.items())


def coded_raises(source: str) -> Iterator[tuple[str, str]]:
    """Each call of an error type with a literal code."""
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id in TYPES:
            for keyword in node.keywords:
                if keyword.arg == "code" and isinstance(keyword.value, ast.Constant):
                    yield node.func.id, keyword.value.value


@pytest.mark.parametrize("name", sorted(set(TYPES) - {"VerificationError"}))
def test_the_code_of_each_type_is_listed_and_of_its_branch(name: str) -> None:
    error = TYPES[name]("boo", where="here")
    assert agree(TYPES[name], error.code)
    assert error.branch is CODES[error.code].branch
    assert error.http_status == CODES[error.code].http_status
    assert (str(error), error.where) == ("here: boo", "here")


def test_every_code_in_the_source_is_listed_and_suits_its_type() -> None:
    found = [pair for path in PACKAGE.rglob("*.py") for pair in coded_raises(path.read_text(encoding="utf-8"))]
    assert len(found) > 10
    assert [(kind, code) for kind, code in found if code not in CODES or not agree(TYPES[kind], code)] == []
    assert list(coded_raises('raise FolderError("x", code="folder.busy")')) == [("FolderError", "folder.busy")]
    assert not agree(errors.FolderError, "folder.busy")


def test_codes_are_lower_case_and_the_documentation_lists_all_of_them() -> None:
    assert [code for code in CODES if not re.fullmatch(r"[a-z]+(\.[a-z-]+)?", code)] == []
    table = [f"| `{code}` | {c.branch} | {c.http_status} | {c.meaning} |" for code, c in CODES.items()]
    lines = (DOCS / "services.md").read_text(encoding="utf-8").splitlines()
    assert [line for line in lines if re.match(r"\| `[a-z.-]+` \| [a-z-]+ \| \d{3}", line)] == table


def test_an_unknown_code_has_the_branch_of_its_type() -> None:
    error = errors.RosterUnavailable("x", code="x-plugin.gone")
    assert (error.branch, error.http_status) == (Branch.UNAVAILABLE, 503)


def test_the_code_of_a_failed_verification_names_the_check() -> None:
    assert errors.VerificationError("chain", "cut").code == "verification.chain"
    assert errors.VerificationError("time stamp", "cut").code == "verification.time-stamp"
    assert errors.VerificationError("a/b\n", "cut").code == "verification.failed"
    assert errors.VerificationError("chain", "cut").http_status == 422


@pytest.mark.parametrize("protocol", range(pickle.HIGHEST_PROTOCOL + 1))
@pytest.mark.parametrize("name", sorted(TYPES))
def test_each_error_pickles_and_copies_with_all_that_it_carries(name: str, protocol: int) -> None:
    error = TYPES[name]("what", "boo", where="here") if name == "VerificationError" else TYPES[name]("boo", where="h")
    error.code, error.more = "x-own.code", {"a": (1,)}  # type: ignore[attr-defined]
    error.add_note("noted")
    for again in (pickle.loads(pickle.dumps(error, protocol)), copy.deepcopy(error), copy.copy(error)):
        assert (type(again), again.args, str(again), vars(again)) == (
            type(error),
            error.args,
            str(error),
            vars(error),
        )


class Odd(errors.VerificationError):
    """An error of a plug-in, with a constructor of its own."""

    def __init__(self, *, first: int, second: str) -> None:
        super().__init__("odd", f"{first} {second}")
        self.first = first


def test_an_error_of_a_plug_in_pickles_whatever_its_constructor_asks_for() -> None:
    error = Odd(first=1, second="b")
    again = copy.deepcopy(error)
    assert (str(again), again.first, again.check, again.code) == ("odd: 1 b", 1, "odd", "verification.odd")


@pytest.mark.parametrize(
    ("number", "kind", "code"),
    [
        (errno.ENOENT, errors.FolderMissing, "file.none"),
        (errno.EACCES, errors.FolderUnavailable, "folder.denied"),
        (errno.EPERM, errors.FolderUnavailable, "folder.denied"),
        (errno.EROFS, errors.FolderUnavailable, "folder.read-only"),
        (errno.ENOSPC, errors.FolderUnavailable, "disk.full"),
        (errno.EDQUOT, errors.FolderUnavailable, "disk.full"),
        (errno.EIO, errors.FolderUnavailable, "folder.unavailable"),
        (errno.EEXIST, errors.FolderConflict, "file.exists"),
        (errno.ELOOP, errors.FolderError, "file.kind"),
    ],
)
def test_what_the_system_refuses_is_told_apart(number: int, kind: type[DblrandomError], code: str) -> None:
    with pytest.raises(errors.FolderError) as caught, os_failure("place", "write it"):
        raise OSError(number, "because")
    assert (type(caught.value), caught.value.code) == (kind, code)
    assert str(caught.value) == "place: cannot write it: because"


def test_busy_absent_and_existing_are_told_apart(tmp_path: Path) -> None:
    (tmp_path / "f").write_bytes(b"12345")
    with FolderLock(tmp_path), pytest.raises(errors.FolderBusy) as busy, FolderLock(tmp_path):
        pytest.fail("two locks at once")
    with pytest.raises(errors.FolderMissing) as none:
        CeremonyFolder(tmp_path).update(lambda *_: None)
    with pytest.raises(errors.FolderConflict) as exists:
        write_new(tmp_path / "f", b"", 0o600)
    with pytest.raises(errors.FolderError) as large:
        read_bytes(tmp_path / "f", 4)
    found = [(c.value.code, c.value.http_status) for c in (busy, none, exists, large)]
    assert found == [("folder.busy", 423), ("folder.none", 404), ("file.exists", 409), ("file.too-large", 422)]


@pytest.mark.parametrize(
    ("said", "code"),
    [
        ("connection to server at 127.0.0.1 failed: Connection refused", "database.unreachable"),
        ('connection failed: FATAL:  password authentication failed for user "a"', "database.refused"),
        ("(1045, \"Access denied for user 'a'@'localhost'\")", "database.refused"),
        ('FATAL:  database "b" does not exist', "database.refused"),
    ],
)
def test_a_server_that_is_down_is_not_a_login_that_is_refused(said: str, code: str) -> None:
    def connect() -> sqlite3.Connection:
        raise OperationalError("", None, sqlite3.OperationalError(said))

    with pytest.raises(errors.RosterUnavailable) as caught:
        Snapshot(sa.create_engine("sqlite://", creator=connect), None, "roster")
    assert (caught.value.code, caught.value.branch) == (code, Branch.UNAVAILABLE)


@pytest.mark.parametrize(("lost", "code"), [(True, "database.lost"), (False, "database.refused")])
def test_a_connection_that_is_lost_is_not_a_statement_that_is_refused(lost: bool, code: str) -> None:
    snapshot = Snapshot(sa.create_engine("sqlite://"), None, "roster")
    with pytest.raises(errors.RosterUnavailable) as caught, snapshot._asking():
        raise OperationalError("", None, sqlite3.OperationalError("boo"), connection_invalidated=lost)
    assert caught.value.code == code
    snapshot.close()
