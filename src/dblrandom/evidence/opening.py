"""What will come to light: the ceremony as verifiers see it once all that is sealed is open (docs/spec, section 6).

Whoever keeps sealed bodies can tell whether a step fits them. A step that does not would be found out only when the
seals are opened, and nothing amends a receipt; so it is refused at once.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import cast

from dblrandom.drawing.draw import Draw
from dblrandom.drawing.standing import Standing, apply_result, apply_substitution, standing_at_first
from dblrandom.errors import StepError
from dblrandom.evidence.comparing import difference
from dblrandom.evidence.receipt import Receipt
from dblrandom.evidence.transcript import Transcript
from dblrandom.kernel.canonical import encode
from dblrandom.model import Json

__all__ = [
    "check_known",
    "check_opening",
    "check_reveal_fits_results",
    "check_sealable",
    "known_draw",
    "standing_once_open",
]

_TOLD = ("result", "substitution")
"""What is about targets, so that one of it can stand in the way of another."""
_UNKNOWN = "the draw is sealed, and what it drew is not known here: give the sealed bodies, as they were kept"


def known_draw(transcript: Transcript) -> Draw | None:
    """The draw, public or sealed, where it follows from what is known here; ``None`` where it does not."""
    if transcript.last("reveal") is not None:
        return transcript.computed_draw()
    sealed = {str(seal.body["type"]): transcript.sealed_body(seal) for seal in transcript.closed_seals}
    reveal, draw = sealed.get("reveal"), sealed.get("draw")
    if reveal is not None:
        return transcript.compute_draw(str(reveal["seed"]))
    return None if draw is None else _by_its_keys(transcript, draw)


def _by_its_keys(transcript: Transcript, body: Mapping[str, Json]) -> Draw:
    """The draw of which a sealed body tells: its keys are in it, its seed is not."""
    entries = cast("list[dict[str, dict[str, str]]]", body["tasks"])
    keys = {str(entry["task"]): (entry["keys"]["targets"], entry["keys"]["inspectors"]) for entry in entries}
    if list(keys) != [task.id for task in transcript.commitment.plan.tasks]:
        raise StepError("its tasks are not those of the plan, in their order")
    return transcript.draw_by_keys(keys)


def standing_once_open(transcript: Transcript) -> dict[str, Standing]:
    """How every task stands once all that is sealed now is open, as far as its bodies are known here.

    Raises:
        StepError: nothing is drawn yet, or the draw is sealed and not known here.
    """
    standing = _public(transcript, None)
    _open_rest(transcript, standing, None)
    return standing


def check_opening(transcript: Transcript, kind: str, stated: Mapping[str, Json], digest: str | None) -> None:
    """Check a substitution, result or draw that is to be published against what is sealed and stays so for now.

    Args:
        transcript: the ceremony so far.
        kind: ``draw``, ``substitution`` or ``result``.
        stated: the body without its ``blind``.
        digest: of the body, where it opens a seal.

    Raises:
        StepError: after it, something that is there or that is sealed could never be verified.
    """
    standing = _public(transcript, None if kind == "draw" else (kind, stated))
    _open_rest(transcript, standing, digest)


def check_sealable(transcript: Transcript, kind: str, body: Mapping[str, Json]) -> None:
    """Check a body that is to be sealed: that it can be opened after all that is sealed before it.

    Raises:
        StepError: it could never be opened.
    """
    if kind == "draw":
        draw = known_draw(transcript) or _by_its_keys(transcript, body)
        problem = difference(dict(body), draw.to_json(), kind)
        if problem is not None:
            raise StepError(problem)
    elif kind == "substitution" and transcript.last("draw") is not None:
        # Only one of them is sealed at a time then, and it rests on what is public.
        _apply(transcript.standing, kind, body)
    elif kind in ("result", "substitution"):
        _apply(standing_once_open(transcript), kind, body)


def check_known(transcript: Transcript, receipt: Receipt) -> None:
    """Check that no result or substitution is sealed unseen that the receipt could make impossible to open.

    A seal tells neither its task nor its target. So nobody adds a result, a substitution or a seal of one beside a
    closed seal of either whose body he does not know, nor opens one before such a seal that is older: of two seals the
    later one always fits the earlier. Once the results' deadline is over, whoever has not opened has to answer for it.

    Raises:
        StepError: there is such a seal; naming it.
    """
    kind = str(receipt.body["type"]) if receipt.type == "sealed" else receipt.type
    if kind not in _TOLD or receipt.time > transcript.commitment.deadlines["result"]:
        return
    digest = transcript.suite.hexhash(encode(dict(receipt.body))) if "blind" in receipt.body else None
    for seal in transcript.closed_seals:
        what = str(seal.body["type"])
        if seal.body["digest"] == digest and what == kind:
            return
        if what in _TOLD and transcript.sealed_body(seal) is None:
            step = {"sealed": f"a sealed {kind}", kind: f"an open {kind}"}[receipt.type]
            step = f"the opening of a later {kind}" if digest is not None else step
            raise StepError(
                f"{seal.label} seals a {what} that is not known here, and after {step} it might never be opened: "
                "whoever sealed it must unseal it first, or this step is added where its sealed body is kept"
            )


def check_reveal_fits_results(transcript: Transcript, seed: str) -> None:
    """Check that what was reported while the draw was sealed is about targets that this seed draws.

    Raises:
        StepError: it is not.
    """
    early = [receipt for receipt in transcript.receipts if receipt.type == "result"]
    if early:
        _replay(transcript, transcript.compute_draw(seed), None)


def _public(transcript: Transcript, more: tuple[str, Mapping[str, Json]] | None) -> dict[str, Standing]:
    draw = known_draw(transcript)
    if draw is None:
        settled = any(r.type == "sealed" and r.body["type"] == "draw" for r in transcript.receipts)
        raise StepError(_UNKNOWN if settled else "there is no draw yet: reveal and draw first")
    return _replay(transcript, draw, more)


def _replay(transcript: Transcript, draw: Draw, more: tuple[str, Mapping[str, Json]] | None) -> dict[str, Standing]:
    """What is public, in the order of the chain, and then one body more."""
    standing = standing_at_first(transcript.suite, transcript.commitment.plan, draw)
    for receipt in transcript.receipts:
        if receipt.type in ("result", "substitution"):
            with _placed(receipt):
                _apply(standing, receipt.type, receipt.stated)
    if more is not None:
        _apply(standing, *more)
    return standing


def _open_rest(transcript: Transcript, standing: dict[str, Standing], opened: str | None) -> None:
    """Open what is sealed in the order of the seals, other than what is being opened."""
    for seal in transcript.closed_seals:
        kind, body = str(seal.body["type"]), transcript.sealed_body(seal)
        if body is not None and kind in ("result", "substitution") and seal.body["digest"] != opened:
            with _placed(seal):
                _apply(standing, kind, {name: value for name, value in body.items() if name != "blind"})


def _apply(standing: dict[str, Standing], kind: str, stated: Mapping[str, Json]) -> None:
    if kind == "result":
        apply_result(standing, stated)
        return
    problem = difference(dict(stated), apply_substitution(standing, stated), kind)
    if problem is not None:
        raise StepError(problem)


@contextmanager
def _placed(receipt: Receipt) -> Iterator[None]:
    """Say which receipt it is that a step would not fit."""
    try:
        yield
    except StepError as error:
        raise StepError(f"{receipt.label} would not hold after this: {error}") from error
