"""Instructions of the kernel's hot path, which do not depend on what else the machine does.

Run by itself, with a number of tickets, it is the loop that is counted.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys

from dblrandom.kernel.suite import SHA256
from dblrandom.kernel.tickets import lowest

_KEY = "97b4f6f5bb7bc90b9c00e3126f360eec"


def instructions(tickets: int = 20_000) -> float | None:
    """Instructions for each ticket: those of twice as many less those of as many; ``None`` without valgrind."""
    if shutil.which("valgrind") is None:
        return None
    one, two = _counted(tickets), _counted(2 * tickets)
    return None if one is None or two is None else round((two - one) / tickets, 1)


def _counted(tickets: int) -> int | None:
    command = ["valgrind", "--tool=callgrind", "--callgrind-out-file=/dev/null", sys.executable, __file__, str(tickets)]
    done = subprocess.run(command, capture_output=True, text=True, env={**os.environ, "PYTHONHASHSEED": "0"})
    found = re.search(r"Collected : (\d+)", done.stderr)
    return None if found is None else int(found[1])


if __name__ == "__main__":
    count = int(sys.argv[1])
    lowest(SHA256, _KEY, [b"%018d" % n for n in range(count)], 10)
