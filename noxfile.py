"""The checks of a change: ``nox`` runs all of them, ``nox -s lint`` one. They use the environment that nox is in."""

from __future__ import annotations

import sys

import nox

nox.options.default_venv_backend = "none"
nox.options.sessions = ["all"]

CHECKS = ("lint", "types", "imports", "docs", "tests")
IMPORTS = "from importlinter.cli import lint_imports_command; lint_imports_command()"


def python(session: nox.Session, *arguments: str) -> None:
    """Run Python with these arguments; its failure is the check's."""
    session.run(sys.executable, *arguments, external=True)


@nox.session
def lint(session: nox.Session) -> None:
    """Check style and format with ruff."""
    python(session, "-m", "ruff", "check", ".")
    python(session, "-m", "ruff", "format", "--check", ".")


@nox.session
def types(session: nox.Session) -> None:
    """Check types with mypy."""
    python(session, "-m", "mypy", "--strict", "src/dblrandom")


@nox.session
def imports(session: nox.Session) -> None:
    """Check that each layer imports only from below."""
    python(session, "-c", IMPORTS)


@nox.session
def docs(session: nox.Session) -> None:
    """Build the documentation; every warning is an error."""
    python(session, "-m", "sphinx", "-n", "-W", "--keep-going", "-q", "-b", "html", "docs", "docs/_build/html")


@nox.session
def tests(session: nox.Session) -> None:
    """Run the tests, or those that follow ``--``."""
    python(session, "-m", "pytest", *session.posargs)


@nox.session(name="all")
def every(session: nox.Session) -> None:
    """Run every check, the quick ones first."""
    for name in CHECKS:
        session.notify(name)
