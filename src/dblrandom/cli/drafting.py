"""From the options of ``commit`` to what the library's commitment takes."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import attrs
import click

from dblrandom.adapters.keyfiles import read_public_key
from dblrandom.adapters.sources import chain_source
from dblrandom.beacons.drand import drand_source
from dblrandom.cli.jsonfile import read_member
from dblrandom.cli.networks import network
from dblrandom.drawing import Declared
from dblrandom.errors import EntropyError
from dblrandom.kernel.extras import load
from dblrandom.kernel.schemes import algorithm_of_key
from dblrandom.model import Plan, Source, check_time, time_seconds, time_text

__all__ = ["STAGES", "Named", "deadlines_of", "declared_of", "sources_of"]

STAGES = ("reveal", "draw", "result")
"""The stages that have a deadline."""

_HOUR = 3_600
_DAY = 86_400
_DRAW_WITHIN = _DAY
_RESULT_WITHIN = 30 * _DAY


def declared_of(given: Iterable[tuple[str, str]]) -> tuple[Declared, ...]:
    """The signers of ``ROLE=PUBLIC.pem[,NAME]`` options."""
    found = []
    for role, text in given:
        place, _, name = text.partition(",")
        key = read_public_key(Path(place))
        algorithm = algorithm_of_key(key, place)
        found.append(Declared(role=role, algorithm=algorithm, public_key=key.hex(), name=name or None))
    if not any(signer.role == "organiser" for signer in found):
        raise click.UsageError("declare the organiser: --declare organiser=PUBLIC.pem")
    return tuple(found)


@attrs.frozen(kw_only=True)
class Named:
    """The sources that options name: folders of hash chains, drand networks, files of secrets' declarations."""

    chains: Mapping[str, str]
    rounds: Mapping[str, str]
    secrets: Mapping[str, str]


def sources_of(
    named: Named, others: Sequence[Path], *, at: str | None, time: str
) -> tuple[tuple[Source, ...], list[str]]:
    """The sources in the order in which they enter the seed: rounds, chains, other sources, secrets; and remarks.

    Where none is named at all, it is one round of quicknet and no secret: then nobody is the last to reveal.
    """
    found: list[Source] = []
    rounds, remarks = named.rounds, []
    if not (rounds or named.chains or named.secrets or others):
        load("py_arkworks_bls12381", "drand", "a drand round, the source where none is named,")
        rounds, at = {"quicknet": "quicknet"}, at or time_text(time_seconds(time) + _HOUR)
    for name, place in rounds.items():
        found.append(drand_source(network(place), name, at=_moment(at, "--drand")))
        remarks.append(f"source {name}: drand round {found[-1].terms['round']} of {place}, at {found[-1].not_before}")
    found += [chain_source(folder, name, at=_moment(at, "--chain")) for name, folder in named.chains.items()]
    found += [_declaration(path) for path in others]
    for name, place in named.secrets.items():
        source = _declaration(Path(place))
        if source.kind != "secret" or source.name != name:
            raise EntropyError(
                f"declares the {source.kind} {source.name!r}, not the secret {name!r}; give it by its own name",
                where=place,
            )
        found.append(source)
    return tuple(found), remarks


def _moment(at: str | None, option: str) -> str:
    if at is None:
        raise click.UsageError(f"{option} needs --at, the earliest lawful moment of its value")
    return at


def _declaration(path: Path) -> Source:
    return Source.from_json(read_member(path, "declaration"), str(path))


def deadlines_of(given: Mapping[str, str], sources: Sequence[Source], plan: Plan) -> tuple[dict[str, str], list[str]]:
    """The three deadlines, and a remark for each that was not stated."""
    for stage, time in given.items():
        if stage not in STAGES:
            raise click.UsageError(f"--deadline {stage}=...: the stages are {', '.join(STAGES)}")
        check_time(time, f"--deadline {stage}")
    found, remarks = dict(given), []
    by_default = time_text(max(time_seconds(source.not_before) for source in sources) + _DRAW_WITHIN)
    for stage in ("reveal", "draw"):
        if stage not in found:
            found[stage] = by_default
            remarks.append(f"deadline {stage}={by_default}: 24 hours after the last source can be public")
    if "result" not in found:
        ends = [task.window.end for task in plan.tasks if task.window is not None]
        if not ends:
            raise click.UsageError("no task has a window, so state --deadline result=TIME")
        found["result"] = time_text(time_seconds(f"{max(ends)}T23:59:59Z") + _RESULT_WITHIN)
        remarks.append(f"deadline result={found['result']}: 30 days after the last window ends")
    return found, remarks
