"""A hash chain, the beacon that an office can run itself, as its operator and its copyists keep it.

The operator's folder holds the chain's public files and ``secrets/``; a copy holds the public files alone
(docs/spec, section 3).
"""

from __future__ import annotations

import os
from pathlib import Path

from dblrandom import limits
from dblrandom.adapters.files import make_directory, read_bytes, write_atomic
from dblrandom.adapters.hashchains.files import (
    INFO_NAME,
    PULSES_NAME,
    ChainInfo,
    Pulse,
    count_pulses,
    load_pulse,
    pulse_path,
    read_info,
    write_pulses,
)
from dblrandom.adapters.journal import Change, apply, recover
from dblrandom.adapters.lock import FolderLock
from dblrandom.adapters.secretfiles import read_secret, secret_file
from dblrandom.beacons.hashchain import ChainSchedule
from dblrandom.errors import (
    EntropyError,
    FolderConflict,
    FolderError,
    FolderUnavailable,
    InputError,
    NotYetPublic,
    StepError,
    VerificationError,
)
from dblrandom.kernel.canonical import encode
from dblrandom.kernel.entropy import chain_ahead, chain_step
from dblrandom.kernel.suite import Suite

__all__ = ["SECRETS_NAME", "extend_copy", "init", "read_pulse", "tick", "verify"]

SECRETS_NAME = "secrets"
"""The directory that only the operator has."""

_SEED = f"{SECRETS_NAME}/chain.seed"
_MARKS = f"{SECRETS_NAME}/chain.marks"
# Values this many steps apart are kept beside the seed, so that a tick does not hash the whole chain again.
_MARK_EVERY = 1000


def init(
    folder: str | os.PathLike[str],
    *,
    length: int,
    genesis: str,
    period: int,
    operator_keyid: str,
    suite: Suite,
    seed32: bytes,
) -> ChainInfo:
    """Make a new chain of ``length`` steps from 32 secret bytes; all its files appear together or none does.

    Raises:
        EntropyError: a length, period, genesis, key id or seed that a chain cannot have.
        FolderError: there is a chain already, or the folder cannot be written.
    """
    place = Path(folder)
    schedule = ChainSchedule(genesis, period, length)
    marks = [seed32]
    chain_ahead(suite, seed32, 0)
    for step in range(_last_mark(length), -1, -_MARK_EVERY):
        above = min(step + _MARK_EVERY, length)
        marks.append(chain_ahead(suite, marks[-1], above - step))
    tip = marks.pop()
    info = ChainInfo(suite=suite, tip=tip.hex(), schedule=schedule, operator=operator_keyid)
    make_directory(place)
    with FolderLock(place):
        recover(place)
        if any(os.path.lexists(place / name) for name in (INFO_NAME, _SEED, PULSES_NAME)):
            raise FolderConflict(f"{place}: holds a chain already; choose another folder")
        apply(
            place,
            {
                INFO_NAME: Change(encode(info.to_json())),
                _SEED: Change(secret_file(seed32), 0o600),
                _MARKS: Change("".join(f"{mark.hex()}\n" for mark in reversed(marks[1:])).encode("ascii"), 0o600),
            },
        )
    return info


def read_pulse(folder: str | os.PathLike[str], step: int) -> Pulse:
    """Read one revealed step; that its value leads to the tip is for the beacon's rules to check.

    Raises:
        NotYetPublic: the step is one of the chain's and has not been revealed, saying when it is due.
        FolderError: the file cannot be read.
        InputError: there is no such step, the file is not canonical, or it is another step or another chain's.
    """
    info = read_info(folder)
    due = info.schedule.time_of(step)
    if step == 0:
        raise EntropyError("step 0 is the tip itself and has no pulse; ask for 1 or more", where=str(folder))
    path = pulse_path(folder, step)
    if not os.path.lexists(path):
        raise NotYetPublic(f"{path}: step {step} has not been revealed; it is due at {due}")
    return load_pulse(folder, info, step)


def tick(folder: str | os.PathLike[str], now: str, *, limit: int | None = None) -> list[Pulse]:
    """Reveal, in order, every step that is due at ``now`` and has not been revealed; return them.

    Args:
        folder: the operator's folder.
        now: what time it is.
        limit: reveal at most so many, the earliest.

    Raises:
        NotYetPublic: nothing is due, saying when the next step is.
        StepError: ``now`` is before a step that is revealed already, so that the clock is wrong; or none is left.
        FolderError: the folder cannot be read or written, its secrets do not belong to it, or another process is
            at work in it.
        InputError: a file of the chain is malformed.
    """
    place = Path(folder)
    with FolderLock(place):
        # Only the operator has the chain's secrets, and a server has to go on by itself after a power cut.
        recover(place, own=True)
        info = read_info(place)
        last = count_pulses(place, info)
        due = info.schedule.due(now)
        if last and due < last:
            raise StepError(
                f"{place}: the clock says {now}, but step {last}, due at {info.schedule.time_of(last)}, is revealed "
                "already; nothing was revealed: set the clock right"
            )
        if last == info.schedule.length:
            raise StepError(f"{place}: all {last} steps are revealed; make a new chain")
        if due == last:
            raise NotYetPublic(f"{place}: step {last + 1} is due at {info.schedule.time_of(last + 1)}")
        step = due if limit is None else min(due, last + limit)
        before, pulses = _pulses_back(info, _value_of(place, info, step), step, last)
        if before != _known(place, info, last):
            told = f"{place / SECRETS_NAME}: these secrets do not lead to the chain's last pulse; restore them"
            raise FolderUnavailable(told, code="folder.damaged")
        write_pulses(place, pulses)
        return pulses


def extend_copy(folder: str | os.PathLike[str], info: ChainInfo, pulse: Pulse | None) -> tuple[int, int]:
    """Make a copy of a chain's public files, or bring one up to ``pulse``.

    Every earlier pulse follows from a later one, so one that somebody handed over is enough. It is checked against
    the tip, or the last pulse that the copy has, before anything is written; an interrupted call can be repeated.
    One call adds at most :data:`~dblrandom.limits.COPIED_STEPS` pulses, the earliest; further calls go on.

    Args:
        folder: a copy of this chain, or where one is to be made; never an operator's own folder.
        info: what the chain is said to be.
        pulse: the step to copy up to; ``None`` where none is revealed.

    Returns:
        How many pulses were added, and the last step that the copy has now.

    Raises:
        EntropyError: the pulse is not of this chain or does not lead to the tip, or ``chain.json`` says otherwise.
        FolderError: the folder holds an operator's secrets, or cannot be read or written.
        InputError: a file of the copy is malformed.
    """
    place = Path(folder)
    if pulse is not None:
        pulse.check(info, f"step {pulse.step}")
    if os.path.lexists(place / SECRETS_NAME):
        raise FolderError(f"{place}: holds an operator's secrets; choose another folder for a copy")
    make_directory(place)
    with FolderLock(place):
        begun = os.path.lexists(place / INFO_NAME)
        if begun and read_info(place) != info:
            raise EntropyError("the chain is described otherwise than in this copy; ask its operator", where=str(place))
        last = count_pulses(place, info)
        pulses = [] if pulse is None else _following(place, info, pulse, last)
        if not begun:
            write_atomic(place / INFO_NAME, encode(info.to_json()))
        if pulses:
            write_pulses(place, pulses)
        return len(pulses), last + len(pulses)


def verify(folder: str | os.PathLike[str]) -> tuple[ChainInfo, int]:
    """Check every pulse of a chain and return what it is and the last revealed step (0 for none).

    Needs no secret, so that anyone can do it with a copy of the public files.

    Raises:
        VerificationError: naming the pulse that is missing, does not belong here or does not lead to the tip.
        FolderError: the folder cannot be read.
        InputError: ``chain.json`` is malformed.
    """
    place = Path(folder)
    info = read_info(place)
    try:
        last = count_pulses(place, info)
    except FolderError as error:
        raise VerificationError("hashchain", str(error), where=PULSES_NAME) from error
    before = info.tip
    for step in range(1, last + 1):
        where = f"{PULSES_NAME}/{pulse_path(place, step).name}"
        try:
            pulse = load_pulse(place, info, step)
        except InputError as error:
            raise VerificationError("hashchain", str(error), where=where) from error
        if chain_step(info.suite, bytes.fromhex(pulse.value)).hex() != before:
            raise VerificationError("hashchain", "its value does not lead to the value before it", where=where)
        before = pulse.value
    return info, last


def _known(place: Path, info: ChainInfo, step: int) -> bytes:
    """The value of a revealed step, or the tip for step 0."""
    return bytes.fromhex(load_pulse(place, info, step).value if step else info.tip)


def _pulses_back(info: ChainInfo, value: bytes, step: int, last: int) -> tuple[bytes, list[Pulse]]:
    """From the value of ``step``: what the value of ``last`` must then be, and the pulses after ``last`` in order."""
    pulses = []
    for at in range(step, last, -1):
        pulses.append(Pulse(tip=info.tip, step=at, value=value.hex(), time=info.schedule.time_of(at)))
        value = chain_step(info.suite, value)
    return value, pulses[::-1]


def _following(place: Path, info: ChainInfo, pulse: Pulse, last: int) -> list[Pulse]:
    """The pulses that a copy lacks up to this one, which must lead to what the copy has."""
    known = min(pulse.step, last)
    step = min(pulse.step, known + limits.COPIED_STEPS)
    # Whoever runs the chain decides how long it is; so what a copy costs at once is decided here.
    value = chain_ahead(info.suite, bytes.fromhex(pulse.value), pulse.step - step)
    before, pulses = _pulses_back(info, value, step, known)
    if before != _known(place, info, known):
        goal = f"step {known} of this copy" if known else f"the tip {info.tip}"
        raise EntropyError(f"its value does not lead to {goal}", where=f"step {pulse.step}")
    return pulses


def _last_mark(length: int) -> int:
    """The highest step below ``length`` whose value is kept as a mark; 0, the tip, where the chain is short."""
    return (length - 1) // _MARK_EVERY * _MARK_EVERY


def _value_of(place: Path, info: ChainInfo, step: int) -> bytes:
    """The value of a step, hashed from the nearest mark above it, or from the seed."""
    length = info.schedule.length
    mark = -(-step // _MARK_EVERY) * _MARK_EVERY
    path = place / _MARKS
    # The marks follow from the seed: an operator who lost them is slower, not stuck.
    if mark > _last_mark(length) or not os.path.lexists(path):
        return chain_ahead(info.suite, bytes.fromhex(read_secret(place / _SEED)), length - step)
    lines = read_bytes(path, 65 * (_last_mark(length) // _MARK_EVERY), private=True).split(b"\n")
    try:
        value = bytes.fromhex(lines[mark // _MARK_EVERY - 1].decode("ascii"))
    except (IndexError, ValueError) as error:
        raise FolderUnavailable(f"{path}: is damaged; restore it from a copy", code="folder.damaged") from error
    if len(value) != 32:
        raise FolderUnavailable(f"{path}: is damaged; remove it, the seed alone will do", code="folder.damaged")
    return chain_ahead(info.suite, value, mark - step)
