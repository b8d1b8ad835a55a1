"""Opening a ceremony's folder, taking a step in it, and saying what was written and what comes next."""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Any, Generic, TypeVar

import attrs

from dblrandom.adapters import plugins
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.journal import FINISHED
from dblrandom.adapters.rosterplaces import is_known
from dblrandom.beacons import BUILT_IN, Beacon
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer
from dblrandom.cli.jsonfile import read_json
from dblrandom.cli.options import lock_timeout
from dblrandom.cli.outside import opener
from dblrandom.cli.screen import Screen, note, told_once
from dblrandom.errors import FolderMissing, StepError, VerificationError
from dblrandom.evidence import Receipt, Transcript, TrustPolicy
from dblrandom.evidence.moments import late
from dblrandom.kernel.canonical import encode
from dblrandom.model import Json
from dblrandom.roster import RosterLike
from dblrandom.sampling import Sampler

__all__ = [
    "Taken",
    "beacons",
    "existing",
    "read_trust",
    "receipt_at",
    "receipt_json",
    "recovering",
    "samplers",
    "some_folder",
    "sound",
    "step_answer",
    "take_step",
]

T = TypeVar("T")

_NEXT: Mapping[str, str] = {
    "commitment": "each witness runs: dblrandom witness {dir} --key WITNESS.pem",
    "witness": "dblrandom verify {dir} shows where the ceremony stands and what it waits for",
    "reveal": "the organiser runs: dblrandom draw {dir} --key ORGANISER.pem",
    "draw": "each witness runs: dblrandom witness {dir} --key WITNESS.pem; anyone can run: dblrandom verify {dir}",
    "substitution": "when inspected: dblrandom result {dir} --task TASK --outcome ID=CODE --key ORGANISER.pem",
    "void": "each witness dates this, before any value can be public; then a new plan: dblrandom commit {dir} ...",
    "result": "each witness runs: dblrandom witness {dir} --key WITNESS.pem; anyone can run: dblrandom verify {dir}",
    "sealed": "a witness dates the seal; when it may be known: dblrandom unseal {dir} --key ORGANISER.pem",
}


def beacons() -> dict[str, Beacon]:
    """The rules of every source kind that is installed."""
    return {**BUILT_IN, **plugins.beacons()}


def samplers() -> tuple[Sampler, ...]:
    """Every third-party sampler that is installed."""
    return tuple(plugins.samplers().values())


def some_folder(path: Path, rosters: Iterable[RosterLike] = ()) -> CeremonyFolder:
    """The folder at ``path``, whether or not there is a ceremony in it; ``rosters`` are open ones outside of it."""
    return CeremonyFolder(
        path,
        beacons=beacons(),
        samplers=samplers(),
        rosters=rosters,
        opener=opener(path),
        timeout=lock_timeout(),
    )


def existing(path: Path, rosters: Iterable[RosterLike] = ()) -> CeremonyFolder:
    """The folder of a ceremony that has begun; ``rosters`` are open ones outside of it.

    Raises:
        FolderError: there is none.
        VerificationError: there is one, and its list of files is gone.
    """
    folder = some_folder(path, rosters)
    if not folder.exists():
        if (path / "receipts").is_dir():
            raise VerificationError("folder", "is missing; get the folder again", where="SHA256SUMS")
        raise FolderMissing(f"{path}: there is no ceremony here; begin one with: dblrandom commit", code="folder.none")
    # Asked of the folder's own entries alone: what is in there is for its owner to see.
    if os.path.lexists(path / "secrets") and not is_known(path):
        told_once(
            f"{path}: has secrets/, which are the organiser's own, and you have not committed here on this machine: "
            "nothing in there is opened; where somebody sent you this folder, tell them; if it is your own, copied or "
            f"moved here, say so: dblrandom adopt {shlex.quote(str(path))}"
        )
    return folder


def sound(path: Path) -> Ceremony:
    """The ceremony in a folder, whose receipts hold, and are signed by those whom its commitments declare.

    Raises:
        VerificationError: a receipt does not hold.
    """
    folder = existing(path)
    ceremony = folder.load()
    ceremony.check_receipts(folder.schemes)
    return ceremony


@contextmanager
def recovering(folder: CeremonyFolder) -> Iterator[None]:
    """Say what was finished or undone of a step that had been interrupted before.

    Whoever gives an interrupted command again is told that it has been carried out, not only that it cannot be now.

    Raises:
        StepError: as it came, with the receipt of the step that was finished.
    """
    try:
        yield
    except StepError as error:
        wrote = f"{FINISHED}wrote receipts/"
        found = [text.removeprefix(wrote) for text in folder.recovered if text.startswith(wrote)]
        if not found:
            raise
        raise StepError(
            f"the step that had been interrupted is finished now: it wrote receipts/{found[0]}; if that is this step, "
            f"nothing is left to do, and otherwise: {error}"
        ) from error
    finally:
        for done in folder.recovered:
            note(f"recovered: {done}")


@attrs.frozen
class Taken(Generic[T]):
    """A step that was taken: its receipt and digest, what the action returned, and the deadline that it missed."""

    receipt: Receipt
    digest: str
    value: T
    late: str | None = None


def take_step(path: Path, action: Callable[[CeremonyFolder, Ceremony, dict[str, bytes]], T]) -> Taken[T]:
    """Carry out one step in the folder, which must have begun."""
    folder = existing(path)

    def act(ceremony: Ceremony, private: dict[str, bytes]) -> Taken[T]:
        value = action(folder, ceremony, private)
        receipt = ceremony.receipts[-1]
        kind = str(receipt.body["type"]) if receipt.type == "sealed" else receipt.type
        missed = late(ceremony.commitment, kind, receipt.time)
        return Taken(receipt, receipt.digest(ceremony.suite), value, missed)

    with recovering(folder):
        taken = folder.update(act)
    if taken.late is not None:
        note(f"late: {taken.late}; every verifier will be told")
    return taken


def read_trust(path: Path | None) -> TrustPolicy | None:
    """The policy in a file, where one is given; people write it, so it need not be canonical."""
    return None if path is None else TrustPolicy.from_bytes(encode(read_json(path)), str(path))


def receipt_at(ceremony: Transcript, number: int | None) -> Receipt:
    """The receipt of that sequence; the last commitment where none is named.

    Raises:
        StepError: there is none.
    """
    if number is None:
        return next(receipt for receipt in reversed(ceremony.receipts) if receipt.type == "commitment")
    if not 1 <= number <= len(ceremony.receipts):
        raise StepError(f"{ceremony.name!r} has no receipt {number}; it has {len(ceremony.receipts)}")
    return ceremony.receipts[number - 1]


def receipt_json(receipt: Receipt, digest: str) -> dict[str, Json]:
    """What programs are told of a receipt."""
    return {
        "ceremony": receipt.ceremony,
        "digest": digest,
        "sequence": receipt.sequence,
        "time": receipt.time,
        "type": receipt.type,
    }


def step_answer(
    path: Path,
    receipt: Receipt,
    digest: str,
    *,
    show: Callable[[Screen], None] | None = None,
    wrote: Sequence[str] = (),
    still_sealed: str | None = None,
    **data: Any,
) -> Answer:
    """The answer of a command that added a receipt to a folder; ``still_sealed`` is what is to be opened next."""
    name = str(path / "receipts" / f"{receipt.sequence:04d}-{receipt.type}.json")
    following = _NEXT[receipt.type].format(dir=shlex.quote(str(path)))
    if still_sealed is not None:
        following = f"the {still_sealed} is sealed: dblrandom unseal {shlex.quote(str(path))} --key ORGANISER.pem"

    def tell(screen: Screen) -> None:
        if show is not None:
            show(screen)
        for place in (name, *wrote):
            screen.line(f"wrote {place}")
        screen.line(f"digest {digest}")
        screen.line(f"next: {following}")

    written = {"wrote": [name, *wrote], "receipt": receipt_json(receipt, digest), "next": following}
    return Answer(data={**data, **written}, show=tell)
