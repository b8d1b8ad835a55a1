"""Fuzzes one reader with atheris; run.py calls it. The first argument is the reader, the rest are libFuzzer's."""

from __future__ import annotations

import sys

import atheris

with atheris.instrument_imports(include=["dblrandom"], enable_loader_override=False):
    import targets

NAME = sys.argv.pop(1)


def act(data: bytes) -> None:
    targets.replay(NAME, data)


if __name__ == "__main__":
    # What a reader imports when it is first called is instrumented then.
    with atheris.instrument_imports(include=["dblrandom"], enable_loader_override=False):
        targets.replay(NAME, b"")
        targets.replay(NAME, b"{}")
    atheris.Setup(sys.argv, act)
    atheris.Fuzz()
