"""``dblrandom beacon``: the hash chain that an office can run as a source of entropy."""

from __future__ import annotations

import shlex
from pathlib import Path

import click

from dblrandom.adapters import chainstore
from dblrandom.adapters.clock import now
from dblrandom.adapters.keyfiles import read_signer
from dblrandom.adapters.randomness import random_bytes
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE, TIME, folder_argument, suite_option
from dblrandom.cli.screen import Screen, working
from dblrandom.kernel.suite import Suite

__all__ = ["beacon"]


@click.group("beacon", no_args_is_help=False)
def beacon() -> None:
    """Run a hash chain as a beacon.

    Its operator reveals its values one by one, at fixed times.
    """


@command("init")
@folder_argument
@click.option("--key", metavar="OPERATOR.pem", type=FILE, required=True, help="The operator's private key.")
@click.option("--length", metavar="N", type=int, required=True, help="How many values, 1 to 1000000.")
@click.option("--period", metavar="SECONDS", type=int, required=True, help="Seconds from one value to the next.")
@click.option("--genesis", metavar="TIME", type=TIME, default=now, help="The time of step 0; now by default.")
@suite_option
def init(folder: Path, key: Path, length: int, period: int, genesis: str, suite: Suite) -> Answer:
    """Make a new chain; its public half is chain.json and pulses/."""
    keyid = read_signer(key).keyid
    with working("hashing the chain"):
        info = chainstore.init(
            folder,
            length=length,
            genesis=genesis,
            period=period,
            operator_keyid=keyid,
            suite=suite,
            seed32=random_bytes(32),
        )
    last = info.schedule.time_of(length)
    following = f"publish chain.json; at each step's time run: dblrandom beacon tick {shlex.quote(str(folder))}"

    def show(screen: Screen) -> None:
        screen.line(f"tip {info.tip}")
        screen.line(f"{length} steps of {period} s, from {info.schedule.time_of(1)} to {last}")
        screen.line(f"wrote {folder / 'chain.json'} and {folder / 'secrets'} (keep that one to yourself)")
        screen.line(f"next: {following}")

    return Answer(data={"chain": info.to_json(), "last": last, "next": following}, show=show)


@command("tick")
@folder_argument
@click.option("--time", metavar="TIME", type=TIME, default=now, help="What time it is; the clock's by default.")
def tick(folder: Path, time: str) -> Answer:
    """Reveal every step that is due; exit code 3 where none is."""
    pulses = chainstore.tick(folder, time)

    def show(screen: Screen) -> None:
        screen.table(("step", "due", "value"), [(pulse.step, pulse.time, pulse.value) for pulse in pulses])
        screen.line(f"wrote {len(pulses)} file(s) in {folder / 'pulses'}")
        screen.line("next: publish them")

    return Answer(data={"pulses": [pulse.to_json() for pulse in pulses]}, show=show)


@command("verify")
@folder_argument
@click.option("--step", metavar="K", type=int, help="A step that must have been revealed; exit code 3 if it was not.")
def verify(folder: Path, step: int | None) -> Answer:
    """Check every revealed value of a chain; needs its public files only."""
    with working("checking the chain"):
        info, last = chainstore.verify(folder)
    pulse = None if step is None else chainstore.read_pulse(folder, step)

    def show(screen: Screen) -> None:
        until = f"up to step {last}, due at {info.schedule.time_of(last)}" if last else "none yet"
        screen.line(f"verified: every revealed value leads to the tip {info.tip}; revealed: {until}")
        if pulse is not None:
            screen.line(f"step {pulse.step}, due at {pulse.time}: {pulse.value}")

    found = {"chain": info.to_json(), "revealed": last}
    return Answer(data=found if pulse is None else {**found, "pulse": pulse.to_json()}, show=show)


for _command in (init, tick, verify):
    beacon.add_command(_command)
