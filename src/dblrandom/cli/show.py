"""``dblrandom show``: where a ceremony stands, as its receipts say, and whether they hold."""

from __future__ import annotations

import shlex
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any, cast

import attrs
import click

from dblrandom.adapters import timestamping
from dblrandom.adapters.clock import now
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.beacons.declared import MARK, declared_only
from dblrandom.beacons.timelock import is_locked
from dblrandom.ceremony import MARGIN, Ceremony
from dblrandom.cli import exits
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.checked import checked, policy_options, show_checked
from dblrandom.cli.drawn import names_of
from dblrandom.cli.options import TIME, folder_argument
from dblrandom.cli.places import existing
from dblrandom.cli.screen import Screen, note, safe, working
from dblrandom.drawing import Standing, TaskDraw
from dblrandom.errors import DblrandomError, VerificationError
from dblrandom.evidence import Receipt, Report
from dblrandom.evidence.stamping import carries_date
from dblrandom.kernel.signing import keyid
from dblrandom.kernel.timestamps import certificate_name, read_token
from dblrandom.model import time_seconds, time_text
from dblrandom.tlog import LogProof

__all__ = ["show"]

_SHORT = 16


@command("show")
@folder_argument
@policy_options
@click.option("--task", metavar="T", help="This task alone.")
@click.option("--as-of", metavar="TIME", type=TIME, default=now, help="What time it is; the clock's by default.")
def show(folder: Path, trust: Path | None, vouched: bool, task: str | None, as_of: str) -> Answer:
    """Show where a ceremony stands.

    Its receipts, what is due next, its sources, and after the draw who inspects whom, with all that was replaced.
    """
    with working("reading the ceremony"):
        place = existing(folder)
        ceremony = place.load()
    if task is not None:
        ceremony.commitment.task(task)
    report, problem, code = _verified(place, trust, vouched)
    with working("reading the ceremony"):
        data = _told(ceremony, task, as_of, report is not None)
    following = f"dblrandom verify {shlex.quote(str(folder))}"
    remark = f"NOT VERIFIED, and what is shown here may be false: {problem}"

    def tell(screen: Screen) -> None:
        if report is None:
            screen.line(remark)
        _show(screen, data)
        for entry in data["tasks"]:
            _show_task(screen, entry)
        screen.line()
        if report is not None:
            show_checked(screen, report)
        screen.line(f"every check, and the deadlines: {following}")
        if report is None:
            note(f"{'error' if code == exits.FAILED else 'undecided'}: {remark}")

    found = {"verified": report is not None, "report": None if report is None else report.to_json()}
    return Answer(data={**data, **found, "problem": problem, "next": following}, show=tell, exit=code)


def _verified(place: CeremonyFolder, trust: Path | None, vouched: bool) -> tuple[Report | None, str | None, int]:
    """The report, or why there is none and the exit code for that: what does not hold can still be looked at."""
    try:
        return checked(place, trust, vouched), None, exits.DONE
    except VerificationError as error:
        return None, str(error), exits.FAILED
    except DblrandomError as error:
        return None, str(error), exits.UNDECIDED


def _told(ceremony: Ceremony, task: str | None, as_of: str, verified: bool) -> dict[str, Any]:
    """Everything that is shown, for programs; how tasks stand follows from the receipts only where they hold."""
    commitment = ceremony.commitment
    chosen = [commitment.task(task)] if task is not None else commitment.plan.tasks
    drawn = ceremony.last("draw") is not None
    hidden = sorted(set(commitment.rosters) - set(ceremony.rosters)) if drawn else []
    standing = ceremony.standing if drawn and verified and not hidden else {}
    tasks = [_task(ceremony, ceremony.drawn[one.id], standing[one.id]) for one in chosen if standing]
    dates = list(_dates(ceremony))
    return {
        "as_of": as_of,
        "ceremony": ceremony.name,
        "due": [{**item, "late": item["by"] < as_of} for item in _due(ceremony, dates, tasks)],
        "head": ceremony.head,
        "hidden": hidden,
        "plan": {"name": commitment.plan.name, "title": commitment.plan.title},
        "receipts": [_receipt(receipt, dates) for receipt in ceremony.receipts],
        "seals": [{"sequence": r.sequence, "time": r.time, "type": r.body["type"]} for r in ceremony.closed_seals],
        "sources": _sources(ceremony, as_of),
        "stage": ceremony.stage,
        "tasks": tasks,
    }


@attrs.frozen
class _Date:
    """Somebody says that receipt ``attested``, and so every one before it, existed by ``time`` (``None``: not told)."""

    attested: int
    time: str | None
    who: str


def _names(ceremony: Ceremony) -> dict[str, tuple[str, set[str]]]:
    """Every declared signer's name and roles, by the key's id."""
    found: dict[str, tuple[str, set[str]]] = {}
    for signer in (signer for commitment in ceremony.commitments for signer in commitment.signers):
        key = keyid(bytes.fromhex(signer.public_key))
        _, roles = found.get(key, ("", set()))
        found[key] = signer.name or key[:_SHORT], roles | {signer.role}
    return found


def _dates(ceremony: Ceremony) -> Iterator[_Date]:
    """What the witness receipts say, as far as they attest a receipt of this chain; no signature is checked."""
    names = _names(ceremony)
    for receipt in ceremony.receipts:
        # Who signs a token or a log's proof vouches for nothing by it, unless he is a witness.
        stranger = set() if carries_date(receipt) else {"witness"}
        if receipt.type != "witness":
            continue
        attested = cast(int, receipt.body["sequence"])
        if attested >= receipt.sequence or receipt.body["digest"] != _digest(ceremony, attested):
            continue
        for signature in receipt.signatures:
            name, roles = names.get(signature.keyid, (f"{signature.keyid[:_SHORT]}, not declared", stranger))
            if "witness" in roles and "organiser" not in roles:
                yield _Date(attested, receipt.time, name)
        for entry in cast("list[Any]", receipt.body.get("tokens", [])):
            yield _stamped(attested, entry)
        if "logged" in receipt.body:
            yield _Date(attested, None, _log(receipt))


def _digest(ceremony: Ceremony, sequence: int) -> str:
    return ceremony.receipts[sequence - 1].digest(ceremony.suite)


def _stamped(attested: int, entry: Any) -> _Date:
    try:
        token, chain = timestamping.from_entry(entry)
        return _Date(attested, read_token(token).time, f"time stamp of {certificate_name(chain[0])}")
    except DblrandomError:
        return _Date(attested, None, "a time stamp that cannot be read")


def _log(receipt: Receipt) -> str:
    try:
        origin = LogProof.parse(receipt.body["logged"]).checkpoint.partition("\n")[0]
        return f"log {origin}"
    except DblrandomError:
        return "a log's proof that cannot be read"


def _receipt(receipt: Receipt, dates: list[_Date]) -> dict[str, Any]:
    # Without a time last; of several dates by one, the earliest.
    covering = sorted(
        (d for d in dates if d.attested >= receipt.sequence), key=lambda d: (d.time is None, d.time or "")
    )
    first: dict[str, str | None] = {}
    for date in covering:
        first.setdefault(date.who, date.time)
    return {
        "about": _about(receipt),
        "dates": [{"by": who, "time": time} for who, time in first.items()],
        "sequence": receipt.sequence,
        "time": receipt.time,
        "type": receipt.type,
    }


def _about(receipt: Receipt) -> str:
    body = receipt.body
    match receipt.type:
        case "witness":
            return f"of receipt {body['sequence']}"
        case "sealed":
            return f"a {body['type']}"
        case "void":
            return str(body["reason"])
        case "substitution":
            ((what, name),) = cast("dict[str, str]", body["replaced"]).items()
            return f"task {body['task']}: {what} {name}: {body['ground']}"
        case "result":
            return f"task {body['task']}: {len(cast('list[Any]', body['outcomes']))} outcomes"
    return ""


def _due(ceremony: Ceremony, dates: list[_Date], tasks: list[dict[str, Any]]) -> Iterator[dict[str, str]]:
    """What comes next, each with the last moment for it."""
    commitment, stage = ceremony.commitment, ceremony.stage
    public = [s.not_before for s in commitment.sources if s.kind != "secret"]
    earliest = min(public or [s.not_before for s in commitment.sources])
    begun = cast(Receipt, ceremony.last("void" if stage == "voided" else "commitment"))
    seen = {date.who for date in dates if date.attested >= begun.sequence}
    missing = [name for name, roles in _names(ceremony).values() if "witness" in roles and name not in seen]
    if stage in ("committed", "sealing", "voided") and missing:
        margin = 0 if stage == "voided" else ceremony.trust.margin if ceremony.trust else MARGIN
        yield {
            "what": f"witness the {begun.type}: {', '.join(dict.fromkeys(missing))}",
            "by": _before(earliest, margin),
        }
    if stage in ("committed", "sealing"):
        latest = max(source.not_before for source in commitment.sources)
        yield {"what": "reveal", "from": latest, "by": commitment.deadlines["reveal"]}
    if stage in ("committed", "sealing", "revealed"):
        yield {"what": "draw", "by": commitment.deadlines["draw"]}
    if stage == "drawn":
        open_results = [f"task {t['task']}: {t['due'] - t['told']}" for t in tasks if t["told"] < t["due"]]
        if open_results or not tasks:
            what = f"results ({'; '.join(open_results)})" if tasks else "results"
            yield {"what": what, "by": commitment.deadlines["result"]}
        for seal in ceremony.closed_seals:
            yield {"what": f"publish what receipt {seal.sequence} seals", "by": commitment.deadlines["result"]}


def _before(time: str, seconds: int) -> str:
    try:
        return time_text(time_seconds(time) - seconds)
    except DblrandomError:  # a folder may suggest any margin
        return time


def _sources(ceremony: Ceremony, as_of: str) -> list[dict[str, Any]]:
    revealed = ceremony.last("reveal") is not None
    found = []
    for source in ceremony.commitment.sources:
        if revealed:
            state = "revealed"
        elif source.name in ceremony.disclosed:
            state = f"disclosed, seen {ceremony.disclosed[source.name].time}"
        elif source.kind == "secret" and not is_locked(source):
            state = "not disclosed"
        else:
            state = "not public yet" if as_of < source.not_before else "due to be public"
        told = {"kind": source.kind, "name": source.name, "public_from": source.not_before, "state": state}
        found.append({**told, "declared_not_checked": declared_only(source)})
    return found


def _task(ceremony: Ceremony, drawn: TaskDraw, standing: Standing) -> dict[str, Any]:
    """A task after everything that followed its draw."""
    task = drawn.task
    replaced, called, before, gone = _replacements(ceremony, task.id)
    stratum = {unit.id: unit.stratum for unit in (*drawn.selected, *drawn.reserves)}
    roles = [role.name for role in task.team.roles]
    names = names_of(ceremony.rosters.get(task.roster), standing.due)
    targets = []
    for target in standing.due:
        team = standing.teams.get(target)
        targets.append(
            {
                "codes": list(standing.told.get(target, ())),
                "id": target,
                "name": names.get(target, ""),
                "replaced": replaced.get(target),
                "replaces": called.get(target),
                "stratum": list(stratum[target]),
                "team": [
                    {"role": role, "inspector": member, "before": before.get((target, role))}
                    for role, member in zip(roles, team or (), strict=False)
                ],
            }
        )
    return {
        "called": len(called),
        "due": len(standing.due),
        "open": sum(member is None for team in standing.teams.values() for member in team),
        "replaced_inspectors": gone,
        "reserves": len(drawn.reserves),
        "roles": roles,
        "standing": len(standing.teams),
        "targets": targets,
        "task": task.id,
        "title": task.title,
        "told": len(standing.told),
    }


def _replacements(
    ceremony: Ceremony, task: str
) -> tuple[dict[str, Any], dict[str, str], dict[tuple[str, str], str], dict[str, str]]:
    """The targets that were replaced, the reserves called, who had each slot before, and the inspectors replaced."""
    replaced: dict[str, Any] = {}
    called: dict[str, str] = {}
    before: dict[tuple[str, str], str] = {}
    gone: dict[str, str] = {}
    for receipt in ceremony.receipts:
        if receipt.type != "substitution" or receipt.body["task"] != task:
            continue
        body = cast("dict[str, Any]", receipt.body)
        ((what, name),) = body["replaced"].items()
        if what == "target":
            replaced[name] = {"by": body["replacement"], "ground": body["ground"], "receipt": receipt.sequence}
            if body["replacement"] is not None:
                called[body["replacement"]] = name
        elif what == "inspector":
            gone[name] = body["ground"]
            before |= {(slot["target"], slot["role"]): name for slot in body["slots"]}
    return replaced, called, before, gone


def _show(screen: Screen, data: Mapping[str, Any]) -> None:
    screen.line(f"{data['ceremony']}: {data['stage']}; {data['plan']['title']}")
    screen.table(
        ("receipt", "type", "", "time stated", "dated (unverified)", "by"),
        [(r["sequence"], r["type"], r["about"], r["time"], *_dated(r["dates"])) for r in data["receipts"]],
    )
    screen.table(
        ("source", "kind", "public from", "now"),
        [(s["name"], s["kind"], s["public_from"], s["state"]) for s in data["sources"]],
    )
    for source in data["sources"]:
        if source["declared_not_checked"] is not None:
            screen.line(f"source {source['name']}: {MARK}: {source['declared_not_checked']}")
    for seal in data["seals"]:
        screen.line(f"sealed: a {seal['type']}, receipt {seal['sequence']} of {seal['time']}; not opened yet")
    screen.table(
        ("due next", "not before", "by", ""),
        [(d["what"], d.get("from", "-"), d["by"], "late" if d["late"] else "") for d in data["due"]],
    )
    if data["hidden"]:
        screen.line(f"the rows of {', '.join(data['hidden'])} are not in this folder, so what was drawn is not shown")


def _dated(dates: list[dict[str, Any]]) -> tuple[str, str]:
    """The first date, and by whom; then the others, each with its own."""
    if not dates:
        return "-", ""
    later = [f"{d['by']} ({d['time']})" if d["time"] else d["by"] for d in dates[1:]]
    return dates[0]["time"] or "-", "; ".join((dates[0]["by"], *later))


def _show_task(screen: Screen, task: Mapping[str, Any]) -> None:
    screen.line()
    screen.line(f"Task {task['task']}: {task['title']}")
    screen.line(
        f"  {task['standing']} targets stand, reserves called {task['called']} of {task['reserves']}, "
        f"results told {task['told']} of {task['due']}, open slots {task['open']}"
    )
    rows = []
    for target in task["targets"]:
        stratum = " / ".join(target["stratum"]) or "-"
        team = [_member(slot) for slot in target["team"]] or ["-"] * len(task["roles"])
        rows.append((target["id"], target["name"], stratum, _fate(target), *team, ", ".join(target["codes"])))
    screen.table(("target", "name", "stratum", "status", *task["roles"], "result"), rows)
    for inspector, ground in task["replaced_inspectors"].items():
        screen.line(f"  replaced: inspector {inspector!r}, {ground}")


def _fate(target: Mapping[str, Any]) -> str:
    found = f"reserve for {target['replaces']}" if target["replaces"] else "drawn"
    if target["replaced"] is None:
        return found
    follower = target["replaced"]["by"] or "nobody, no reserve is left"
    return safe(f"{found}; replaced by {follower} ({target['replaced']['ground']})")


def _member(slot: Mapping[str, Any]) -> str:
    instead = f" (for {slot['before']})" if slot["before"] else ""
    return f"{slot['inspector'] or '(open)'}{instead}"
