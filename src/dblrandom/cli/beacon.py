"""``dblrandom beacon``: the hash chain that an office can run as a source of entropy."""

from __future__ import annotations

import shlex
import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import click

from dblrandom.adapters.clock import now
from dblrandom.adapters.hashchains import client as chainclient
from dblrandom.adapters.hashchains import files as chainfiles
from dblrandom.adapters.hashchains import site as chainsite
from dblrandom.adapters.hashchains import store as chainstore
from dblrandom.adapters.hashchains.clockguard import ClockGuard, boot_id, steady_seconds
from dblrandom.adapters.hashchains.server import ChainServer
from dblrandom.adapters.network.http import Client
from dblrandom.adapters.randomness import random_bytes
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import FILE, PAST, TIME, folder_argument, suite_option
from dblrandom.cli.passphrase import KEY, passphrase_options, read_key
from dblrandom.cli.screen import Screen, note, working
from dblrandom.errors import StepError
from dblrandom.kernel.suite import Suite

__all__ = ["beacon"]


@click.group("beacon", no_args_is_help=False)
def beacon() -> None:
    """Run a hash chain as a beacon.

    Its operator reveals its values one by one, at fixed times.
    """


@command("init")
@folder_argument
@click.option("--key", metavar="OPERATOR.pem", type=KEY, required=True, help="The operator's private key.")
@passphrase_options
@click.option("--length", metavar="N", type=int, required=True, help="How many values, 1 to 1000000.")
@click.option("--period", metavar="SECONDS", type=int, required=True, help="Seconds from one value to the next.")
@click.option("--genesis", metavar="TIME", type=TIME, default=now, help="The time of step 0; now by default.")
@suite_option
def init(folder: Path, key: Path, length: int, period: int, genesis: str, suite: Suite) -> Answer:
    """Make a new chain; its public half is chain.json and pulses/."""
    keyid = read_key(key).keyid
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
    quoted = shlex.quote(str(folder))
    following = f"dblrandom beacon serve {quoted}; or at each step's time: dblrandom beacon tick {quoted}"

    def show(screen: Screen) -> None:
        screen.line(f"tip {info.tip}")
        screen.line(f"{length} steps of {period} s, from {info.schedule.time_of(1)} to {last}")
        screen.line(f"wrote {folder / 'chain.json'} and {folder / 'secrets'} (keep that one to yourself)")
        screen.line(f"next: {following}")

    return Answer(data={"chain": info.to_json(), "last": last, "next": following}, show=show)


def _believed(folder: Path, checked: bool) -> str:
    """What the clock says, where it is not ahead of what has really passed since an earlier run.

    Raises:
        StepError: it is.
    """
    moment = now()
    if (folder / chainfiles.INFO_NAME).exists():
        boot = boot_id()
        if boot is None and not checked:
            note(
                "this system does not tell when it was started, so the clock is held against nothing: it says "
                f"{moment}; a step that is revealed too early spoils every draw that relies on it"
            )
        guard = ClockGuard.begin(folder, moment, boot=boot, checked=checked)
        if guard.too_far(moment, steady_seconds()):
            raise StepError(guard.complaint(moment, steady_seconds()))
    return moment


_checked_option = click.option(
    "--clock-checked", is_flag=True, help="You have made sure that this machine's clock is right."
)


@command("tick")
@folder_argument
@click.option("--time", metavar="TIME", type=PAST, help="What time it is; the clock's by default.")
@_checked_option
def tick(folder: Path, time: str | None, clock_checked: bool) -> Answer:
    """Reveal every step that is due; exit code 3 where none is."""
    moment = _believed(folder, clock_checked)
    if time is not None and time > moment:
        raise StepError(f"it is not {time} yet: what is revealed too early spoils every draw that relies on it")
    pulses = chainstore.tick(folder, time or moment)

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


@command("schedule")
@folder_argument
@click.option("--from", "start", metavar="TIME", type=TIME, default=now, help="From when on; from now by default.")
@click.option("--count", metavar="N", type=click.IntRange(1, 1000), default=10, help="How many steps; 10 by default.")
def schedule(folder: Path, start: str, count: int) -> Answer:
    """List the steps that become public from a time on."""
    info = chainfiles.read_info(folder)
    first = info.step_at(start)
    steps = [(step, info.schedule.time_of(step)) for step in range(first, min(first + count, info.schedule.length + 1))]

    def show(screen: Screen) -> None:
        screen.table(("step", "due"), steps)

    return Answer(data={"steps": [{"due": due, "step": step} for step, due in steps], "tip": info.tip}, show=show)


@command("site")
@folder_argument
@click.option("--to", "site", metavar="SITE", type=FILE, required=True, help="A folder that a web server publishes.")
def site(folder: Path, site: Path) -> Answer:
    """Write the public files as a tree for any web server.

    Run it after each tick. It needs no secrets, so a copy can be published just as well.
    """
    with working("writing the site"):
        info, last = chainstore.verify(folder)
        written = chainsite.render(folder, site, last=last)

    def show(screen: Screen) -> None:
        screen.line(f"wrote {written} file(s) in {site}; the last step there is {last}")

    return Answer(data={"revealed": last, "tip": info.tip, "written": written}, show=show)


@command("serve")
@folder_argument
@click.option("--host", metavar="ADDRESS", default="127.0.0.1", help="Where to listen; this machine only by default.")
@click.option("--port", metavar="N", type=click.IntRange(0, 65535), default=8080, help="The port; 8080 by default.")
@click.option("--site", metavar="SITE", type=FILE, help="Keep the tree of 'beacon site' up to date there too.")
@_checked_option
@click.option("--verbose", "-v", is_flag=True, help="Show a line for each request.")
def serve(folder: Path, host: str, port: int, site: Path | None, clock_checked: bool, verbose: bool) -> Answer:
    """Publish a chain over HTTP and reveal its steps on time.

    Runs until it is interrupted or terminated. What fell due while it was not running is revealed when it starts.
    """
    log = note if verbose else None
    server = ChainServer(folder, host=host, port=port, site=site, warn=note, log=log, clock_checked=clock_checked)
    with _until_stopped() as stopped, server:
        moment = server.revealer.time
        unsure = "" if server.revealer.clock_compared else f"; make sure that it is {moment}: nothing shows it yet"
        note(f"serving {server.url} (stop with Ctrl-C){unsure}")
        # Waiting in turns, since on Windows a wait without an end cannot be interrupted.
        while not stopped.wait(0.5):
            pass
    revealed, url = server.revealer.last, server.url

    def show(screen: Screen) -> None:
        screen.line(f"stopped; the last revealed step is {revealed}")

    return Answer(data={"revealed": revealed, "tip": server.revealer.info.tip, "url": url}, show=show)


@contextmanager
def _until_stopped() -> Iterator[threading.Event]:
    """An event that an interruption or a termination sets, instead of ending the process in the middle of a step."""
    stopped = threading.Event()
    numbers = (signal.SIGINT, signal.SIGTERM)
    before = [signal.signal(number, lambda *_: stopped.set()) for number in numbers]
    try:
        yield stopped
    finally:
        for number, handler in zip(numbers, before, strict=True):
            signal.signal(number, handler)


@command("fetch")
@click.argument("url", metavar="URL")
@click.option("--tip", metavar="HEX", required=True, help="The chain's tip, from its operator or your trust policy.")
@click.option(
    "--step", metavar="K", type=int, help="The step to fetch; exit code 3 before it is due; the last by default."
)
@click.option("--to", "folder", metavar="DIR", type=FILE, required=True, help="The copy, for --chain NAME=DIR.")
def fetch(url: str, tip: str, step: int | None, folder: Path) -> Answer:
    """Copy another office's chain and check it.

    The copy serves 'commit --chain' and 'reveal --chain'. Run it again to bring the copy up to date.
    """
    first = not (folder / chainfiles.INFO_NAME).exists()
    with working("fetching the chain"):
        found = chainclient.mirror(url, tip, folder, client=Client(), step=step)
    due, info = found.due, found.info
    if first:
        note(
            f"first copy of this chain in {folder}: operator and schedule are what the server says, compared with "
            "nothing; a trust policy pins them"
        )
    if found.left:
        note(f"note: {found.left} more step(s) are to be copied; run the command again to go on")
    elif step is None and found.revealed < due:
        note(f"note: step {due} was due at {info.schedule.time_of(due)} and is not published there yet")
    if found.revealed > due:
        early = info.schedule.time_of(found.revealed)
        note(f"warning: step {found.revealed} is public before its time, {early}, or this clock is late")

    def show(screen: Screen) -> None:
        screen.line(f"verified: every value leads to the tip {info.tip}")
        screen.line(f"operator {info.operator}; genesis {info.schedule.genesis}, {info.schedule.period} s a step")
        screen.line(f"wrote {found.added} new pulse(s) in {folder}; the last step there is {found.revealed}")

    data = {"added": found.added, "first": first, "chain": info.to_json(), "due": due, "revealed": found.revealed}
    if found.left:
        data["left"] = found.left
    return Answer(data=data, show=show)


for _command in (init, tick, serve, site, schedule, fetch, verify):
    beacon.add_command(_command)
