"""The worked example against the published plan that it types, and the synthetic rosters against what a draw needs.

The expected cells are read here from ``examples/kunming_2024/published.txt`` by a small reader that shares no code with
the library, so that a word lost or altered in ``plan.toml`` fails. What the plan does not say (frame sizes, numbers
drawn) stands in a table below, which is also compared with the example's README.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Mapping
from fractions import Fraction
from hashlib import sha256
from itertools import product
from math import ceil
from pathlib import Path

import pytest

from dblrandom.examples import KunmingExample, Party, kunming_2024, plan_text, rehearsal_bytes
from dblrandom.examples.synthetic import DISTRICTS, NOTICE
from dblrandom.model import Plan, Population, Task
from dblrandom.model.creditcode import is_valid

FOLDER = Path(__file__).parents[2] / "examples" / "kunming_2024"

# task: size of the frame, units drawn, sampler
DRAWN = {
    "1": (600, 10, "stratified"),
    "2": (160, 3, "fixed-count"),
    "3": (9, 3, "percentage"),
    "4": (90, 2, "fixed-count"),
    "5": (70, 2, "fixed-count"),
    "6": (180, 2, "fixed-count"),
    "7": (180, 25, "stratified"),
    "8": (130, 5, "stratified"),
    "9": (45, 2, "fixed-count"),
    "10": (85, 17, "stratified"),
    "11": (36, 4, "percentage"),
    "12": (640, 7, "percentage"),
}

# SHA-256 of each canonical roster file (docs/spec, section 2): header, rows by the bytes of id, TAB, LF
PINNED = {
    "targets": "20141f0d6f4c79ba58a131bde01b6e4a9f0467d66c75f6d55863bc26aef5c243",
    "inspectors": "7c69a19f73ca538a35b845d96bcc2849930a8ca9114e660803c37ca08130dc8f",
    "recusals": "afb447562abaaba9585cef429f3991d0e8bdf03fa5223d77f73b58e1475c4fdc",
}

LEVELS = {"市": "city", "县": "county"}
METHODS = {"现场检查": "on_site", "书面检查": "document_review"}
TASKS = [str(number) for number in range(1, 13)]


def published_rows() -> Iterator[list[str]]:
    for line in (FOLDER / "published.txt").read_text(encoding="utf-8").split("\n"):
        cells = line.split("\t")
        if cells[0].isdigit():
            yield cells


PUBLISHED = {cells[0]: cells for cells in published_rows()}


@pytest.fixture(scope="module")
def example() -> KunmingExample:
    return kunming_2024()


def task_of(plan: Plan, task_id: str) -> Task:
    return next(task for task in plan.tasks if task.id == task_id)


def table(population: Population) -> list[dict[str, str]]:
    return [dict(zip(population.columns, row, strict=True)) for row in population.rows]


def passing(rows: list[dict[str, str]], allowed: Mapping[str, tuple[str, ...]]) -> list[dict[str, str]]:
    return [row for row in rows if all(row[column] in values for column, values in allowed.items())]


def canonical(population: Population) -> bytes:
    rows = sorted(population.rows, key=lambda row: row[0].encode())
    return b"".join("\t".join(row).encode() + b"\n" for row in [population.columns, *rows])


def strata_sizes(task: Task, rows: list[dict[str, str]]) -> list[int]:
    sizes = Counter(tuple(row[column] for column in task.strata) for row in passing(rows, task.filter))
    return [sizes[key] for key in sorted(sizes)]


# The published plan


def test_the_published_text_is_the_one_that_the_plan_names(example: KunmingExample) -> None:
    digest = sha256((FOLDER / "published.txt").read_bytes()).hexdigest()
    assert example.plan.source is not None
    assert example.plan.source.endswith(digest)


def test_the_installed_plan_is_the_one_in_the_examples_folder() -> None:
    assert plan_text() == (FOLDER / "plan.toml").read_text(encoding="utf-8")


def test_all_twelve_tasks_in_their_order(example: KunmingExample) -> None:
    assert list(PUBLISHED) == TASKS
    assert [task.id for task in example.plan.tasks] == TASKS


def test_the_plan_has_the_published_title_and_agency(example: KunmingExample) -> None:
    plan, text = example.plan, (FOLDER / "published.txt").read_text(encoding="utf-8")
    assert plan.name == "kunming-psb-2024"
    assert plan.title in text.split("\n")
    assert plan.authority == "昆明市公安局"
    assert plan.authority in plan.title
    assert plan.title.startswith(plan.period)
    assert plan.title_en
    assert plan.authority_en
    assert plan.notice is not None
    assert NOTICE in plan.notice


@pytest.mark.parametrize("task_id", TASKS)
def test_descriptions_are_the_published_ones(example: KunmingExample, task_id: str) -> None:
    task, cells = task_of(example.plan, task_id), PUBLISHED[task_id]
    assert task.department == cells[1]
    assert task.title == task.domain == cells[2]
    numbered = [part.strip() for part in re.split(r"[;；。]\s*|\s+(?=\d\. )", cells[3])]
    assert list(task.items) == [re.sub(r"^\d(、|\. )", "", part) for part in numbered if part]
    separator = {"1": ",", "8": "、"}.get(task_id, "\n")
    assert list(task.targets) == cells[4].split(separator)
    assert task.remarks is None
    assert cells[10] == ""


@pytest.mark.parametrize("task_id", TASKS)
def test_quota_window_methods_and_level_are_the_published_ones(example: KunmingExample, task_id: str) -> None:
    task, cells = task_of(example.plan, task_id), PUBLISHED[task_id]
    assert task.note is not None
    assert task.note.startswith(f"抽查比例/户数：{cells[5]}。")
    assert task.quota is not None
    ratio, count = re.search(r"(\d+)%", cells[5]), re.search(r"(\d+)户", cells[5])
    assert task.quota.ratio == (Fraction(int(ratio[1]), 100) if ratio else None)
    assert task.quota.count == (int(count[1]) if count else None)
    assert task.window is not None
    assert (task.window.text, task.window.start, task.window.end) == (cells[6], "2024-02-01", "2024-08-31")
    assert list(task.methods) == [METHODS[method] for method in cells[7].split(" ")]
    assert task.level is not None
    assert task.level.text == cells[9]
    tracks = [(track.draw, tuple(track.inspect)) for track in task.level.tracks]
    assert tracks == [
        (LEVELS[draw], tuple(LEVELS[level] for level in levels.split("、")))
        for draw, levels in re.findall(r"(.)抽(.+?)查", cells[9])
    ]


@pytest.mark.parametrize("task_id", TASKS)
def test_legal_bases_and_citations_are_the_published_ones(example: KunmingExample, task_id: str) -> None:
    found = re.findall(r"《([^》]+)》([^《；]*)", PUBLISHED[task_id][8])
    bases = task_of(example.plan, task_id).legal_bases
    assert [(basis.title, basis.citation) for basis in bases] == [
        (title, tail.strip() or None) for title, tail in found
    ]
    assert all(basis.title_en for basis in bases)


@pytest.mark.parametrize("task_id", TASKS)
def test_everything_published_has_an_english_rendering(example: KunmingExample, task_id: str) -> None:
    task = task_of(example.plan, task_id)
    assert task.title_en
    assert task.domain_en
    assert task.department_en
    assert len(task.items_en) == len(task.items)
    assert len(task.targets_en) == len(task.targets)


def test_what_the_plan_does_not_say_is_marked_in_every_task() -> None:
    tasks = plan_text().split("[[task]]")[1:]
    for text in tasks:
        for added in ("roster = ", "rounding = ", "[task.filter]"):
            before = text[: text.index(added)].rstrip().split("\n")
            assert any("added for the worked example; not in the published plan" in line for line in before[-2:])


# The synthetic rosters


def test_every_row_says_that_it_is_synthetic(example: KunmingExample) -> None:
    assert {row["notice"] for row in table(example.targets)} == {NOTICE}
    assert all(row["name"].startswith("合成示例") for row in table(example.targets))
    assert all(re.search(r"HC\d{6}Y.$|-SYN-\d{6}$", row["id"]) for row in table(example.targets))
    assert {row["notice"] for row in table(example.inspectors)} == {NOTICE}
    assert all("-SYN-" in row["id"] for row in table(example.inspectors))
    assert all(row["id"].startswith(NOTICE) for row in table(example.recusals))


def test_credit_codes_are_valid_and_can_belong_to_nobody(example: KunmingExample) -> None:
    divisions = {name: code for name, code, _ in DISTRICTS}
    codes = [row for row in table(example.targets) if "-SYN-" not in row["id"]]
    assert len(codes) == 1899
    for row in codes:
        assert is_valid(row["id"]), row
        assert row["id"][2:8] == divisions[row["district"]]
        # The seventeenth character is the organisation code's check character in GB 11714: a digit or X, never Y.
        assert row["id"][16] == "Y"


def test_ids_are_unique_and_the_whole_stays_small(example: KunmingExample) -> None:
    populations = (example.targets, example.inspectors, example.recusals)
    for population in populations:
        assert len({row[0] for row in population.rows}) == len(population.rows)
    assert [len(population.rows) for population in populations] == [2289, 71, 12]
    assert {row["district"] for row in table(example.targets)} == {name for name, *_ in DISTRICTS}
    assert {row["risk"] for row in table(example.targets)} == {"A", "B", "C", "D"}


def test_some_certificates_have_expired_and_no_filter_takes_them(example: KunmingExample) -> None:
    staff = table(example.inspectors)
    assert Counter(row["certificate"] for row in staff) == {"valid": 66, "expired": 5}
    for task in example.plan.tasks:
        for role in task.team.roles:
            assert {row["certificate"] for row in passing(staff, role.filter)} == {"valid"}


def test_recusals_name_real_ids_and_matter_to_a_task(example: KunmingExample) -> None:
    targets, staff = table(example.targets), table(example.inspectors)
    badges = {row["id"]: row for row in staff}
    grounds, origins = set(), set()
    for recusal in table(example.recusals):
        ground, _, origin = recusal["ground"].partition(":")
        grounds.add(ground)
        origins.add(origin)
        assert recusal["approver"] != recusal["inspector"]
        assert badges[recusal["approver"]]["post"] == "leader"
        assert any(
            recusal["target"] in {row["id"] for row in passing(targets, task.filter)}
            and any(badges[recusal["inspector"]] in passing(staff, role.filter) for role in task.team.roles)
            for task in example.plan.tasks
        ), recusal
    assert grounds == {"party", "near-relative", "own-interest", "relative-interest", "other-tie"}
    assert origins == {"declared", "requested", "ordered"}


# Plan and rosters together


def test_every_value_of_every_filter_is_found_in_its_roster(example: KunmingExample) -> None:
    targets, staff = table(example.targets), table(example.inspectors)
    filters = [(targets, task.filter) for task in example.plan.tasks]
    filters += [(staff, role.filter) for task in example.plan.tasks for role in task.team.roles]
    for rows, allowed in filters:
        for column, values in allowed.items():
            assert set(values) <= {row[column] for row in rows}


@pytest.mark.parametrize("task_id", TASKS)
def test_frames_and_numbers_drawn(example: KunmingExample, task_id: str) -> None:
    task, (size, drawn, sampler) = task_of(example.plan, task_id), DRAWN[task_id]
    sizes, quota = strata_sizes(task, table(example.targets)), task.quota
    assert quota is not None
    assert task.sampler == sampler
    assert sum(sizes) == size

    def wanted(units: int) -> int:
        by_ratio = ceil(quota.ratio * units) if quota.ratio is not None else 0
        return min(units, max(by_ratio, quota.count or 0))

    assert quota.rounding == "ceiling"
    if quota.scope == "stratum":
        assert sum(wanted(units) for units in sizes) == drawn
    else:
        assert wanted(size) == drawn
        assert sum(min(quota.minimum or 0, units) for units in sizes) <= drawn
    assert task.reserves >= 1


def test_the_strata_are_what_the_readme_says(example: KunmingExample) -> None:
    targets = table(example.targets)
    assert len(strata_sizes(task_of(example.plan, "1"), targets)) == 7
    assert len(strata_sizes(task_of(example.plan, "7"), targets)) == len(DISTRICTS)
    assert sorted(strata_sizes(task_of(example.plan, "8"), targets)) == [20, 110]
    assert sorted(strata_sizes(task_of(example.plan, "10"), targets)) == [10, 15, 60]
    scopes = {task.id: str(task.quota.scope) for task in example.plan.tasks if task.quota}
    stratified = {"1": "total", "7": "total", "8": "total", "10": "stratum"}
    assert scopes == {task_id: stratified.get(task_id, "frame") for task_id in TASKS}


@pytest.mark.parametrize("task_id", TASKS)
def test_every_target_of_every_frame_can_be_staffed(example: KunmingExample, task_id: str) -> None:
    task, staff = task_of(example.plan, task_id), table(example.inspectors)
    recused = {(row["inspector"], row["target"]) for row in table(example.recusals)}
    pools = [[row["id"] for row in passing(staff, role.filter)] for role in task.team.roles]
    assert len(pools) >= 2
    for target in passing(table(example.targets), task.filter):
        free = [[badge for badge in pool if (badge, target["id"]) not in recused] for pool in pools]
        # Three persons of each role are enough to show a team of different people.
        assert any(len(set(team)) == len(team) for team in product(*(pool[:3] for pool in free))), target


def test_levels_decide_who_inspects(example: KunmingExample) -> None:
    for task in example.plan.tasks:
        assert task.level is not None
        first = task.level.tracks[0]
        levels = {level for role in task.team.roles for level in role.filter["level"]}
        assert levels == set(first.inspect), task.id


def test_the_roster_bytes_are_pinned(example: KunmingExample) -> None:
    populations = (example.targets, example.inspectors, example.recusals)
    assert {population.name: sha256(canonical(population)).hexdigest() for population in populations} == PINNED
    assert kunming_2024() == example


def test_parties_are_synthetic_and_have_distinct_public_rehearsal_keys(example: KunmingExample) -> None:
    parties: tuple[Party, ...] = example.parties
    assert {role for party in parties for role in party.roles} >= {"organiser", "operator", "witness", "party"}
    assert all("合成" in party.name and NOTICE in party.name_en for party in parties)
    seeds = {party.rehearsal_seed for party in parties}
    assert len(seeds) == len(parties) == 4
    assert rehearsal_bytes("key: notary") == sha256(b"dblrandom rehearsal key: notary").digest()
    assert rehearsal_bytes("key: notary") in seeds


def test_the_readme_states_the_same_numbers() -> None:
    rows = [
        line.split("|")[1:-1]
        for line in (FOLDER / "README.md").read_text(encoding="utf-8").split("\n")
        if line.startswith("| ")
    ]
    found = {cells[0].split()[0]: [cell.strip() for cell in cells] for cells in rows if cells[0].split()[0].isdigit()}
    assert list(found) == TASKS
    for task_id, cells in found.items():
        size, drawn, sampler = DRAWN[task_id]
        assert cells[1] == PUBLISHED[task_id][5]
        assert cells[2] == PUBLISHED[task_id][9]
        assert (cells[3], cells[4], cells[5].split()[0].rstrip(",")) == (str(size), str(drawn), sampler)
