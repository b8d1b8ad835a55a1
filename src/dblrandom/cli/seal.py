"""``dblrandom seal``: fix a body now that is published later."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any, cast

import attrs
import click

from dblrandom.adapters.folder import CeremonyFolder, sealed_name
from dblrandom.adapters.randomness import random_bytes
from dblrandom.ceremony import Ceremony
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.options import folder_argument, key_option, signers, time_option
from dblrandom.cli.places import step_answer, take_step
from dblrandom.cli.result import outcomes_of, table_options
from dblrandom.cli.screen import working
from dblrandom.cli.substitute import replaced_of
from dblrandom.cli.values import Given, gathered, standing, value_options
from dblrandom.drawing import Value
from dblrandom.errors import StepError
from dblrandom.evidence import Receipt
from dblrandom.evidence.bodies import SEALABLE
from dblrandom.kernel.canonical import decode, encode
from dblrandom.model import Json

__all__ = ["read_sealed", "seal"]


def read_sealed(folder: CeremonyFolder, receipt: Receipt) -> Mapping[str, Json]:
    """The kept body of a seal.

    Raises:
        FolderError: it is not kept here.
        StepError: the file is not a body.
    """
    name = sealed_name(receipt)
    body = decode(folder.read_private(name), f"secrets/{name}")
    if not isinstance(body, dict):
        raise StepError(f"secrets/{name}: holds no sealed body; restore it from a copy")
    return body


@command("seal")
@folder_argument
@click.option(
    "--type", "kind", metavar="TYPE", type=click.Choice(SEALABLE), required=True, help=f"{', '.join(SEALABLE)}."
)
@value_options
@click.option("--task", metavar="T", help="Of a substitution or a result.")
@click.option("--ground", metavar="G", help="Of a substitution.")
@click.option("--target", metavar="ID", help="Of a substitution.")
@click.option("--inspector", metavar="ID", help="Of a substitution.")
@click.option("--open", "open_target", metavar="ID", help="Of a substitution.")
@click.option("--outcome", metavar="ID=CODE[,CODE]", multiple=True, help="Of a result.")
@table_options
@key_option
@time_option
def seal(folder: Path, kind: str, keys: tuple[Path, ...], time: str, **given: Any) -> Answer:
    """Fix something now, publish it later.

    A reveal, draw, substitution or result; its body stays in secrets/ until it is unsealed.
    """
    held = signers(keys)
    blind = random_bytes(32).hex()
    given["values"] = _values(folder, given) if kind == "reveal" else None
    compute = {"reveal": _reveal, "draw": _draw, "substitution": _substitution, "result": _result}[kind]

    def act(place: CeremonyFolder, ceremony: Ceremony, private: dict[str, bytes]) -> str:
        with working("sealing"):
            body = compute(place, ceremony, given)
        sealed = ceremony.seal(kind, body, blind=blind, time=time, keys=held)
        name = sealed_name(ceremony.receipts[-1])
        private[name] = encode(sealed)
        return name

    taken = take_step(folder, act)
    wrote = [str(folder / "secrets" / taken.value)]
    return step_answer(folder, taken.receipt, taken.digest, wrote=wrote, sealed=kind, late=taken.late)


def _reveal(_: CeremonyFolder, ceremony: Ceremony, given: Mapping[str, Any]) -> dict[str, Json]:
    return ceremony.compute_reveal(given["values"])


def _values(folder: Path, given: Mapping[str, Any]) -> dict[str, Value]:
    return gathered(standing(folder), Given(**{field.name: given[field.name] for field in attrs.fields(Given)}))


def _draw(place: CeremonyFolder, ceremony: Ceremony, _: Mapping[str, Any]) -> dict[str, Json]:
    """A sealed draw follows from the sealed reveal, which only its keeper has; or from the open one."""
    reveal = ceremony.last("reveal")
    if reveal is not None:
        return ceremony.compute_draw(str(reveal.body["seed"])).to_json()
    sealed = [receipt for receipt in ceremony.closed_seals if receipt.body["type"] == "reveal"]
    if not sealed:
        raise StepError("a sealed draw needs its seed: seal the reveal first")
    return ceremony.compute_draw(cast(str, read_sealed(place, sealed[-1])["seed"])).to_json()


def _substitution(_: CeremonyFolder, ceremony: Ceremony, given: Mapping[str, Any]) -> dict[str, Json]:
    replaced = replaced_of(given["target"], given["inspector"], given["open_target"])
    return ceremony.compute_substitution(_needed(given, "task"), _needed(given, "ground"), **replaced)


def _result(_: CeremonyFolder, ceremony: Ceremony, given: Mapping[str, Any]) -> dict[str, Json]:
    return ceremony.compute_result(_needed(given, "task"), _outcomes(given))


def _outcomes(given: Mapping[str, Any]) -> dict[str, list[str]]:
    table = {name: given[name] for name in ("table", "encoding", "column", "rename", "accept")}
    return outcomes_of(given["outcome"], **table)


def _needed(given: Mapping[str, Any], name: str) -> str:
    if given[name] is None:
        raise click.UsageError(f"this needs --{name}")
    return str(given[name])
