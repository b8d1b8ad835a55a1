"""The command line ``dblrandom``: parse, call the library, print. Nothing is decided here.

It needs the extra ``[cli]`` (click and rich); importing this package alone does not.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence

from dblrandom.cli.exits import ERROR

__all__ = ["main"]

_MISSING = "the command line needs click and rich; install them with the extra: pip install 'dblrandom[cli]'"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command line and return its exit code; see :mod:`dblrandom.cli.exits`."""
    given = list(sys.argv[1:] if arguments is None else arguments)
    try:
        from dblrandom.cli.app import cli
    except KeyboardInterrupt:
        sys.stderr.write("error: interrupted\n")
        return ERROR
    except ModuleNotFoundError as error:
        if (error.name or "").partition(".")[0] not in ("click", "rich"):
            raise
        if "--json" in given:
            failure = {"error": {"type": "ModuleNotFoundError", "message": _MISSING}, "exit": ERROR}
            sys.stdout.write(json.dumps(failure, sort_keys=True) + "\n")
        sys.stderr.write(f"error: {_MISSING}\n")
        return ERROR
    return cli.run(given)
