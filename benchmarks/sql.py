"""A draw in a database: `python benchmarks/sql.py [rows] [URL]`; a SQLite file in a temporary folder unless told.

Fills a table `dblrandom_benchmark` with synthetic firms, which it drops in the end; commits to it, draws some
of each of fourteen districts, and proves one firm. Prints one JSON object; CPU seconds are those of this process, of
which SQLite is a part and a server is not.
"""

from __future__ import annotations

import json
import resource
import sys
import tempfile
import time
from collections.abc import Callable
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.mysql import VARCHAR

from dblrandom.adapters.engines.roster import EngineRoster
from dblrandom.adapters.engines.sql import SqlTable
from dblrandom.kernel.suite import SHA256, SM3, Suite

KEY = "97b4f6f5bb7bc90b9c00e3126f360eec"
BATCH = 10_000


def fill(engine: sa.Engine, rows: int) -> sa.Table:
    text = sa.String(64).with_variant(VARCHAR(64, charset="ascii", collation="ascii_bin"), "mysql")
    text = text.with_variant(sa.String(64, collation="C"), "postgresql")
    columns = (
        sa.Column("uscc", text, primary_key=True),
        sa.Column("district", sa.String(20)),
        sa.Column("risk", sa.CHAR(1)),
    )
    table = sa.Table("dblrandom_benchmark", sa.MetaData(), *columns)
    table.drop(engine, checkfirst=True)
    table.create(engine)
    with engine.begin() as connection:
        for start in range(0, rows, BATCH):
            made = range(start, min(rows, start + BATCH))
            firms = [(f"91530102HC{n * 7919 % rows:08d}", f"district-{n % 14:02d}", "ABCD"[n * 7 % 4]) for n in made]
            connection.execute(table.insert(), [dict(zip(table.c.keys(), firm, strict=True)) for firm in firms])
    return table


def main(rows: int, url: str) -> dict[str, Any]:
    engine = sa.create_engine(url)
    figures: dict[str, Any] = {"database": engine.dialect.name, "rows": rows}

    def stage(name: str, act: Callable[[], Any]) -> Any:
        start, cpu = time.perf_counter(), time.process_time()
        found = act()
        figures[f"{name}_s"] = round(time.perf_counter() - start, 2)
        figures[f"{name}_cpu_s"] = round(time.process_time() - cpu, 2)
        return found

    def draw(roster: EngineRoster, suite: Suite) -> int:
        frame = roster.frame({}, ("district",), where="benchmark")
        wanted = {stratum: size // 500 + 20 for stratum, size in frame.sizes().items()}
        return sum(map(len, stage(f"draw_{suite.name}", lambda: frame.lowest(KEY, wanted)).values()))

    table = stage("fill", lambda: fill(engine, rows))
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with SqlTable(engine, table.name, name="targets", id="uscc") as opened:
        roster = stage("commit", lambda: EngineRoster.commit(opened))
        stage("sizes", lambda: roster.frame({}, ("district",), where="benchmark"))
        stage("filtered_sizes", lambda: roster.frame({"risk": ["A", "B"]}, ("district",), where="benchmark"))
        figures["drawn"] = draw(roster, SHA256)
        draw(EngineRoster.commit(opened, SM3), SM3)
        stage("prove", lambda: roster.prove(f"91530102HC{rows // 2:08d}"))
    figures["growth_mb"] = (resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024
    table.drop(engine)
    engine.dispose()
    return figures


if __name__ == "__main__":
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 1_000_000
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(main(count, sys.argv[2] if len(sys.argv) > 2 else f"sqlite:///{folder}/base.db")))
