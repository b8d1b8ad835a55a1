"""The command line as tests call it: in this process, with what every answer must be, whatever it says."""

from __future__ import annotations

import json
from typing import Any

from click.testing import CliRunner, Result

from dblrandom.cli.app import cli


def run(*arguments: object, code: int = 0) -> Result:
    """Run a command that must end with this exit code; one that is refused says so in its last line."""
    result = CliRunner().invoke(cli, [str(a) for a in arguments])
    assert result.exit_code == code, (arguments, result.stdout, result.stderr)
    assert "Traceback" not in result.stderr
    if code in (1, 2) and not {"--json", "--strict"} & set(arguments):
        assert result.stderr.strip().splitlines()[-1].startswith("error: ")
    return result


def said(*arguments: object, code: int = 0) -> dict[str, Any]:
    """What a command answers to programs."""
    found: dict[str, Any] = json.loads(run(*arguments, "--json", code=code).stdout)
    assert found["exit"] == code
    return found
