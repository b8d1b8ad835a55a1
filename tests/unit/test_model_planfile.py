from __future__ import annotations

from fractions import Fraction

import pytest

from dblrandom.errors import PlanError
from dblrandom.model import Scope
from dblrandom.model.planfile import dumps, loads, parse_ratio, ratio_text

TEXT = """
name = "synthetic-2024"
title = "SYNTHETIC plan"
authority = "SYNTHETIC authority"
period = "2024"
grounds = ["closed"]

[[task]]
id = "3"
title = "工业大麻"
roster = "targets"
sampler = "percentage"
methods = ["on_site"]

[task.quota]
ratio = "30%"
count = 3
scope = "frame"

[task.window]
start = 2024-02-01
end = "2024-08-31"

[task.level]
tracks = [{ draw = "city", inspect = ["city", "county"] }]

[task.filter]
category = ["hemp"]

[task.team]
roster = "inspectors"

[[task.team.role]]
name = "leader"
filter = { post = ["leader"] }

[[task.team.role]]
name = "member"

[[task.legal_basis]]
title = "云南省工业大麻种植加工许可规定"
"""


def test_a_plan_file_is_read_with_its_plain_values() -> None:
    plan = loads(TEXT)
    task = plan.tasks[0]
    assert task.quota is not None
    assert (task.quota.ratio, task.quota.count, task.quota.scope) == (Fraction(3, 10), 3, Scope.FRAME)
    assert (task.team.slack, task.team.cap) == (1, None)
    assert (task.reserves, task.directed, task.strata) == (0, False, ())
    assert task.window is not None
    assert task.window.start == "2024-02-01"
    assert loads(dumps(plan)) == plan
    assert loads(TEXT.replace("\n", "\r\n")) == plan


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ('"30%"', '"310%"', 'task "3": quota.ratio: 31/10 is over 1'),
        ('"30%"', "0.3", 'task "3": quota.ratio: a value of type float is not a ratio; write "30%"'),
        ('"30%"', '"30"', "task \"3\": quota.ratio: '30' is not a ratio"),
        ('"30%"', '"3/0"', 'task "3": quota.ratio: '),
        ('scope = "frame"', "", 'task "3": quota.scope: is missing; say what the quota is of'),
        ("ratio =", "ratoi =", "task \"3\": quota: unknown key 'ratoi'; did you mean 'ratio'?"),
        ("[task.quota]", "[task.quotas]", "task \"3\": unknown key 'quotas'; did you mean 'quota'?"),
        ("[[task.team.role]]", "[[task.team.rule]]", "task \"3\": team: unknown key 'rule'; did you mean 'role'?"),
        ('title = "SYN', 'titel = "SYN', "plan: unknown key 'titel'; did you mean 'title'?"),
        (
            "[[task.legal_basis]]",
            "[[task.legal_bases]]",
            "task \"3\": unknown key 'legal_bases'; did you mean 'legal_basis'?",
        ),
        ("start =", "begin =", "task \"3\": window: unknown key 'begin'"),
        ('id = "3"', 'id = "3 3"', "task \"#1\": id: '3 3' is not a task id"),
        ('id = "3"', "id = 3", 'task "#1": id: 3 is not text'),
        ('id = "3"\n', "", 'task "#1": id: is missing'),
        ('period = "2024"', "period = 2024", "plan.period: 2024 is not text"),
        ('period = "2024"', "", "plan.period: is missing"),
        ("2024-02-01", "2024-02-31", "plan: is not TOML: Invalid date or datetime (at line 21, column 9)"),
        ("2024-02-01", "2024-02-01T00:00:00Z", 'task "3": window.start: a value of type datetime is not text'),
        ("count = 3", "count = ", "plan: is not TOML: Invalid value (at line 17, column 9)"),
        ("count = 3", "count = 3\ncount = 4", "plan: is not TOML: Cannot overwrite a value"),
        ("count = 3", "count = " + "9" * 5000, "plan: has a number of over 1024 characters"),
        ("count = 3", "count = " + "[" * 5000, "plan: is nested too deeply"),
        ('roster = "inspectors"', 'roster = "inspectors"\ncap = 2\nslack = 1', 'task "3": team.slack: '),
        ("[[task]]", "[task]", "[[task]]: a table is not a list"),
        ('name = "member"', 'name = "leader"', "task \"3\": team.roles: 'leader' is there twice"),
    ],
)
def test_mistakes_are_named_by_task_and_key(old: str, new: str, message: str) -> None:
    assert old in TEXT
    with pytest.raises(PlanError) as caught:
        loads(TEXT.replace(old, new, 1))
    assert str(caught.value).startswith(message)
    assert "\n" not in str(caught.value)


def test_the_files_name_comes_first() -> None:
    with pytest.raises(PlanError, match=r'^plan\.toml: task "3": quota\.count: 0 is not'):
        loads(TEXT.replace("count = 3", "count = 0"), "plan.toml")
    with pytest.raises(PlanError, match=r"^plan\.toml\.name: 'A' is not a name"):
        loads(TEXT.replace("synthetic-2024", "A"), "plan.toml")


@pytest.mark.parametrize(
    "text", ["", "task = 5", "[[task]]", "task = [5]", "task = [{team = 3}]", "\ufeff", "\ud800", None, 7]
)
def test_only_plan_errors_leave(text: object) -> None:
    with pytest.raises(PlanError):
        loads(text)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    "number", ["9" * 5000, "-" + "9" * 5000, "1_" + "9" * 5000, "0x" + "f" * 5000, "1e" + "9" * 5000]
)
def test_a_number_of_thousands_of_digits_is_told_in_the_librarys_words(number: str) -> None:
    with pytest.raises(PlanError, match=r"^plan: has a number of over 1024 characters.*\(line 2\)$"):
        loads(f"\nreserves = {number}")


@pytest.mark.parametrize(
    ("text", "ratio"),
    [
        ("30%", Fraction(3, 10)),
        ("2‰", Fraction(1, 500)),
        ("12.5%", Fraction(1, 8)),
        ("100%", Fraction(1)),
        ("3/10", Fraction(3, 10)),
        ("0.10%", Fraction(1, 1000)),
    ],
)
def test_ratios_are_read_exactly(text: str, ratio: Fraction) -> None:
    assert parse_ratio(text, "r") == ratio
    assert parse_ratio(ratio_text(ratio), "r") == ratio


@pytest.mark.parametrize(
    "text", ["", "%", "30", "-1%", "1e2%", ".5%", "1.%", "１%", "1/0", "1/-2", "30 %%", "9" * 40 + "%", None, 3]
)
def test_texts_that_are_no_ratio(text: object) -> None:
    with pytest.raises(PlanError):
        parse_ratio(text, "r")
