"""``dblrandom plugins``: what third parties have installed, and what is wrong with it."""

from __future__ import annotations

import attrs

from dblrandom.adapters.plugins import installed
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.screen import Screen

__all__ = ["plugins"]


@command("plugins")
def plugins() -> Answer:
    """List samplers, beacons and signers of third parties.

    Loads each of them. Other commands load only what the ceremony or the command names.
    """
    found = installed()

    def show(screen: Screen) -> None:
        screen.table(
            ("kind", "name", "distribution", "state"),
            [(p.kind, p.name, p.distribution, p.trouble or "ready") for p in found],
        )
        if not found:
            screen.line("no plug-in is installed")

    return Answer(data={"plugins": [attrs.asdict(plugin) for plugin in found]}, show=show)
