"""``python -m dblrandom``: the command line."""

from __future__ import annotations

from dblrandom.cli import main

if __name__ == "__main__":
    raise SystemExit(main())
