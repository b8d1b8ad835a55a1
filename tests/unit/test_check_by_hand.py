"""The check by hand of the quick start gives what was drawn, with the page's own lines and its own SQL."""

from __future__ import annotations

import hashlib
import shutil
import sqlite3
from pathlib import Path

import byhand
import pytest

from dblrandom.examples.demo import kunming_demo

pytestmark = pytest.mark.skipif(shutil.which("bash") is None, reason="the page is for a POSIX shell")


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    made = tmp_path_factory.mktemp("byhand") / "kunming"
    kunming_demo(made)
    return made


def sqlite(folder: Path) -> sqlite3.Connection:
    """The committed list in SQLite, with PostgreSQL's three functions."""
    base = sqlite3.connect(":memory:")
    base.create_function("convert_to", 2, lambda text, encoding: text.encode(encoding))
    base.create_function("sha256", 1, lambda data: hashlib.sha256(data).digest())
    base.create_function("encode", 2, lambda data, _: data.hex())
    for table, columns, rows in byhand.tables(folder):
        base.execute(f"create table {table} ({', '.join(f'{column} text' for column in columns)})")
        base.executemany(f"insert into {table} values ({', '.join('?' * len(columns))})", rows)
    return base


def test_the_sql_of_the_page_names_exactly_those_who_were_drawn(folder: Path) -> None:
    statement = byhand.statement(byhand.key(folder))
    found = sqlite(folder).execute(statement).fetchall()
    assert len(found) == 10
    assert set(found) == byhand.drawn(folder)


def test_without_strata_it_would_name_others(folder: Path) -> None:
    """What the page warns of: it is another draw."""
    statement = byhand.statement(byhand.key(folder))
    one = statement.replace("strata.kind = firms.kind", "strata.kind = '企业法人'")
    assert set(sqlite(folder).execute(one).fetchall()) != byhand.drawn(folder)


def test_the_lists_columns_are_those_of_the_page(folder: Path) -> None:
    (load,) = byhand.blocks("psql")
    head = (folder / "rosters" / "targets.tsv").read_text("utf-8").partition("\n")[0].split("\t")
    assert ", ".join(f"{column} text" for column in head) in load
