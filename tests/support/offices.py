"""Offices that share nothing, for tests of the command line: each party's files lie in a folder of its own.

Everything in them is synthetic, and every command gets its --time, so that no clock is asked.
"""

from __future__ import annotations

from pathlib import Path

import attrs
from commandline import run

COMMITTED = "2024-01-30T02:00:00Z"
DISCLOSED = "2024-01-31T02:00:00Z"
VALUE = "2024-02-01T02:00:00Z"
DRAWN = "2024-02-01T02:05:00Z"
AFTER = "2024-12-31T00:00:00Z"

PLAN = """
name = "small-2024"
title = "A small plan 小计划"
authority = "Synthetic authority"
period = "2024"
recusals = "recusals"
grounds = ["not-found", "illness"]
notice = "synthetic"

[[task]]
id = "1"
title = "Shops by district"
roster = "targets"
sampler = "stratified"
strata = ["district"]
reserves = 2
[task.filter]
kind = ["shop"]
[task.quota]
ratio = "30%"
count = 3
rounding = "ceiling"
scope = "stratum"
[task.window]
start = "2024-02-01"
end = "2024-08-31"
[task.team]
roster = "inspectors"
[[task.team.role]]
name = "lead"
filter = { post = ["leader"] }
[[task.team.role]]
name = "member"
filter = { certificate = ["valid"] }

[[task]]
id = "2"
title = "The two chemical plants"
roster = "targets"
sampler = "fixed-count"
[task.filter]
kind = ["plant"]
[task.quota]
count = 2
rounding = "ceiling"
scope = "frame"
[task.team]
roster = "inspectors"
[[task.team.role]]
name = "lead"
filter = { post = ["leader"] }
[[task.team.role]]
name = "member"
filter = { certificate = ["valid"] }
"""

NASTY = (
    'it\'s "q"',
    "100%s%n",
    "back\\slash\\",
    "$HOME`id`",
    "-n",
    "五华 公司!",
    "a;b|c&d>e",
    "#no",
    "~",
    "e\u0301t\u00e9",
)
"""Ids that a careless shell line would mangle, run or lose."""


@attrs.frozen
class Offices:
    """The files of everyone: what only one office has lies in that office's folder."""

    root: Path

    @property
    def ceremony(self) -> Path:
        return self.root / "public" / "ceremony"

    def key(self, office: str) -> Path:
        return self.root / office / "key.pem"

    @property
    def chain(self) -> Path:
        return self.root / "notary" / "chain"

    def rosters(self) -> list[str]:
        places = [(n, self.root / "organiser" / f"{n}.tsv") for n in ("targets", "inspectors", "recusals")]
        return [text for name, place in places for text in ("--roster", f"{name}={place}")]

    def terms(self, *, time: str = COMMITTED, at: str = VALUE, secret: str = "discipline") -> list[str]:
        declared = {"organiser": ["organiser"], "notary": ["operator", "witness"], "discipline": ["party", "witness"]}
        signers = [
            text
            for office, roles in declared.items()
            for role in roles
            for text in ("--declare", f"{role}={self.root / 'public' / office}.pem,Synthetic {office}")
        ]
        return [
            *("--plan", str(self.root / "organiser" / "plan.toml"), "--ceremony", "small-2024", "--time", time),
            *self.rosters(),
            *("--chain", f"notary={self.chain}", "--at", at),
            *("--secret", f"{secret}={self.root / 'public' / secret}.json"),
            *signers,
        ]

    def tables(self, *, duplicate: bool = False) -> None:
        shops = [*(f"S{n:03d}" for n in range(20)), *NASTY]
        rows = [[shop, "shop", ("五华区", "盘龙区")[n % 2], f"Shop {n}"] for n, shop in enumerate(shops)]
        rows += [["P1", "plant", "五华区", "Plant 1"], ["P2", "plant", "五华区", "Plant 2"]]
        self._csv("targets", ["id", "kind", "district", "name"], rows + ([rows[0]] if duplicate else []))
        people = [[f"I{n}", ("leader", "officer")[n % 2], "valid"] for n in range(8)]
        self._csv("inspectors", ["id", "post", "certificate"], people)
        recused = [[f"R{n}", f"I{n}", "P1", "other-tie:declared", "I1"] for n in range(0, 8, 2)]
        self._csv("recusals", ["id", "inspector", "target", "ground", "approver"], recused)

    def _csv(self, name: str, columns: list[str], rows: list[list[str]]) -> None:
        quoted = [[field.replace('"', '""') for field in row] for row in rows]
        text = ",".join(columns) + "\n" + "".join('"' + '","'.join(row) + '"\n' for row in quoted)
        (self.root / "organiser" / f"{name}.csv").write_text(text, encoding="utf-8")


def prepared(root: Path) -> Offices:
    """Keys, a chain, a secret and rosters, each made where it belongs."""
    offices = Offices(root)
    for office in ("organiser", "notary", "discipline", "public"):
        (root / office).mkdir(parents=True)
    for office in ("organiser", "notary", "discipline"):
        run("keygen", "--out", offices.key(office), "--public", root / "public" / f"{office}.pem")
    chain = ("--length", 366, "--period", 86400, "--genesis", "2024-01-01T02:00:00Z")
    run("beacon", "init", offices.chain, "--key", offices.key("notary"), *chain)
    for name in ("discipline", "second"):
        out, declaration = root / "discipline" / f"{name}.secret", root / "public" / f"{name}.json"
        given = ("--ceremony", "small-2024", "--name", name, "--key", offices.key("discipline"), "--at", VALUE)
        run("secret", "new", *given, "--out", out, "--declaration", declaration)
    (root / "organiser" / "plan.toml").write_text(PLAN, encoding="utf-8")
    offices.tables()
    for name in ("targets", "inspectors", "recusals"):
        table = root / "organiser" / f"{name}.csv"
        # One of the ids begins as a formula does, on purpose.
        given = ("--id", "id", "--name", name, "--accept", "formula")
        run("roster", "build", table, *given, "--out", table.with_suffix(".tsv"))
    return offices
