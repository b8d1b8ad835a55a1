"""What contributors are told is true: files about the project agree with each other and with the package."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
import yaml

import dblrandom

TREE = Path(__file__).parents[2]
DECISIONS = TREE / "docs" / "decisions"
RECORDS = sorted(DECISIONS.glob("[0-9]*.md"))
SECTIONS = ["Question", "Decision", "Reasons", "Alternatives", "Consequences", "How to change it"]
STATUS = re.compile(r"Status: [a-z][^\n]*\. Date: 20[0-9]{2}-[01][0-9]-[0-3][0-9][^\n]*\.")


def text(*path: str) -> str:
    return TREE.joinpath(*path).read_text(encoding="utf-8")


def loaded(*path: str) -> Any:
    return yaml.safe_load(text(*path))


def without_code(page: str) -> str:
    return re.sub(r"(?ms)^```.*?^```|^\|[^\n]*\|$|`[^`]*`", " x ", page)


def too_long(page: str) -> list[str]:
    """Sentences of more than 25 words, outside of tables and code."""
    parts = re.split(r"(?<=[.:;?!])\**\s+|\n\n|\n- ", without_code(page))
    return [part.strip() for part in parts if len(part.split()) > 25]


def checks() -> set[str]:
    """The names that ``nox -s`` takes, read from the file without running it."""
    found = re.findall(r'@nox\.\w+(?:\(name="([a-z]+)"\))?\ndef ([a-z]+)\(', text("noxfile.py"))
    return {named or function for named, function in found}


def test_citation_has_the_package_version_and_licence() -> None:
    cited = loaded("CITATION.cff")
    project = tomllib.loads(text("pyproject.toml"))["project"]
    assert cited["version"] == dblrandom.__version__ == project["version"]
    assert cited["license"] == project["license"]
    assert "Apache License" in text("LICENSE")


def test_citation_has_the_date_of_that_version() -> None:
    cited = loaded("CITATION.cff")
    assert f"## [{cited['version']}] - {cited['date-released']}\n" in text("CHANGELOG.md")


def test_citation_names_no_person() -> None:
    assert loaded("CITATION.cff")["authors"] == [{"name": "The dblrandom authors"}]


def test_workflow_runs_the_checks_of_ci_run_and_nothing_else() -> None:
    assert (TREE / ".ci" / "run").is_file()
    job = loaded(".github", "workflows", "ci.yml")["jobs"]["check"]
    commands = [step["run"] for step in job["steps"] if "run" in step]
    assert commands[-1].endswith(" .ci/run")
    assert not [command for command in commands[:-1] if "git config" not in command]


def test_workflow_may_only_read_and_pins_its_actions() -> None:
    workflow = loaded(".github", "workflows", "ci.yml")
    assert workflow["permissions"] == {"contents": "read"}
    assert not [job for job in workflow["jobs"].values() if "permissions" in job]
    used = [step["uses"] for job in workflow["jobs"].values() for step in job["steps"] if "uses" in step]
    assert used
    assert not [action for action in used if not re.fullmatch(r"actions/[a-z-]+@v[0-9]+", action)]


def test_workflow_tests_a_python_that_the_package_supports() -> None:
    project = tomllib.loads(text("pyproject.toml"))["project"]
    versions = loaded(".github", "workflows", "ci.yml")["jobs"]["check"]["strategy"]["matrix"]["python"]
    assert f">={versions[0]}" == project["requires-python"]
    assert {f"Programming Language :: Python :: {version}" for version in versions} <= set(project["classifiers"])


@pytest.mark.parametrize("path", sorted((TREE / ".github" / "ISSUE_TEMPLATE").glob("*.yml")), ids=lambda p: p.name)
def test_issue_form_has_what_the_forge_needs(path: Path) -> None:
    form = loaded(str(path.relative_to(TREE)))
    if path.name == "config.yml":
        assert form == {"blank_issues_enabled": True}
        return
    assert {"name", "description", "body"} <= set(form)
    fields = [part for part in form["body"] if part["type"] != "markdown"]
    assert len({part["id"] for part in fields}) == len(fields) > 0
    assert all(part["attributes"]["label"] for part in fields)


def test_hooks_fetch_nothing() -> None:
    assert [repository["repo"] for repository in loaded(".pre-commit-config.yaml")["repos"]] == ["local"]


def test_contributing_names_only_checks_that_exist() -> None:
    named = set(re.findall(r"nox -s ([a-z]+)", text("CONTRIBUTING.md")))
    assert named
    assert named <= checks()
    assert checks() == {"all", "docs", "imports", "lint", "tests", "types"}


def test_contributing_names_only_paths_that_exist() -> None:
    named = re.findall(r"`((?:\.ci|docs|examples|fuzz|src|tests|benchmarks)/[\w./-]*)`", text("CONTRIBUTING.md"))
    built = {"docs/_build/html"}
    assert len(named) > 10
    assert [path for path in named if path not in built and not (TREE / path).exists()] == []


def test_all_checks_are_also_those_of_ci_run() -> None:
    ci, local = text(".ci", "run"), text("noxfile.py")
    for tool in ("ruff", "mypy", "sphinx", "pytest"):
        assert tool in ci
        assert f'"{tool}"' in local
    assert "lint-imports" in ci
    assert "importlinter" in local


def test_records_are_numbered_without_a_gap() -> None:
    assert [int(path.name[:4]) for path in RECORDS] == list(range(1, len(RECORDS) + 1))
    assert len(RECORDS) >= 16


@pytest.mark.parametrize("path", RECORDS, ids=lambda p: p.stem)
def test_record_has_the_sections(path: Path) -> None:
    page = path.read_text(encoding="utf-8")
    assert page.startswith(f"# {int(path.name[:4])}. ")
    assert STATUS.fullmatch(page.splitlines()[2])
    assert re.findall(r"^## (.*)$", page, re.MULTILINE) == SECTIONS
    assert len(page.splitlines()) < 80


@pytest.mark.parametrize("path", [*RECORDS, DECISIONS / "index.md", TREE / "CONTRIBUTING.md"], ids=lambda p: p.stem)
def test_sentences_are_short(path: Path) -> None:
    assert too_long(path.read_text(encoding="utf-8")) == []


def test_scanner_sees_a_long_sentence() -> None:
    assert too_long("word " * 26 + ".")
    assert not too_long("word " * 20 + ".\n\n" + "word " * 20)


def test_records_are_in_the_index() -> None:
    index = (DECISIONS / "index.md").read_text(encoding="utf-8")
    stems = [path.stem for path in RECORDS]
    assert re.findall(r"^\| \[[0-9]+\]\((.*)\.md\) \|", index, re.MULTILINE) == stems
    assert re.findall(r"^([0-9]{4}-[a-z0-9-]+)$", index, re.MULTILINE) == stems
    assert "\ndecisions/index\n" in text("docs", "index.md")


def test_git_leaves_the_bytes_of_test_data_alone() -> None:
    kept = {line.split()[0] for line in text(".gitattributes").splitlines() if " -text" in line}
    assert {"fuzz/corpus/**", "tests/vectors/**", "examples/kunming_2024/published.txt"} <= kept
