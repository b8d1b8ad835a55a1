"""Lines for a POSIX shell with which a person recomputes a hash, whatever characters an id has."""

from __future__ import annotations

import shlex
import sys
from collections.abc import Iterable
from pathlib import Path

from dblrandom.adapters.programs import find_program
from dblrandom.cli.screen import is_seen
from dblrandom.kernel.suite import Suite

__all__ = ["entered", "hashed", "printed", "printed_lines", "program", "quoted"]


def quoted(text: str) -> str:
    """The text as one word of a shell, in single quotes, where no character but the quote itself means anything."""
    return "'" + text.replace("'", "'\\''") + "'"


def entered(place: str) -> str:
    """A command that goes to a folder, whatever characters its name has."""
    if all(map(is_seen, place)):
        return f"cd {quoted(place)}"
    # A mark at the end, since a shell drops line breaks there.
    return f'dir=$({printed(place + "_")}) && cd "${{dir%_}}"'


def printed(text: str, *, ascii_only: bool = False) -> str:
    """A ``printf`` command that writes exactly this text in UTF-8, without a line break after it.

    What cannot be seen is written in octal, since copying from a screen would lose it; with ``ascii_only`` so is
    everything beyond ASCII, for a terminal that has another encoding.
    """
    if all(map(is_seen, text)) and (text.isascii() or not ascii_only):
        return f"printf '%s' {quoted(text)}"
    return f"printf '{''.join(_octal(c, ascii_only) for c in text)}'"


def _octal(character: str, ascii_only: bool) -> str:
    # A hyphen too: where the text begins with one, printf would take it for an option.
    if is_seen(character) and character not in "'\\%-" and (character.isascii() or not ascii_only):
        return character
    return "".join(f"\\{byte:03o}" for byte in character.encode("utf-8", "surrogateescape"))


def hashed(suite: Suite, command: str, length: int = 64) -> str:
    """The command with its output put through the suite's hash, and the first ``length`` characters of that."""
    tool = "sha256sum" if suite.name == "sha256" else f"openssl dgst -{suite.name} -r"
    return f"{command} | {tool} | cut -c 1-{length}"


def program() -> str:
    """How this program was called, as it can be pasted: its path where it is not the one that the shell would find."""
    called = sys.argv[0]
    if Path(called).name != "dblrandom" or find_program("dblrandom") == str(Path(called).absolute()):
        return "dblrandom"
    return shlex.quote(called)


def printed_lines(texts: Iterable[str]) -> str:
    """A ``printf`` command that writes each text as a line."""
    return "printf '%s\\n' " + " ".join(quoted(text) for text in texts)
