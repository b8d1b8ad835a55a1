"""``dblrandom log``: the agency's append-only log of all its receipts, its witnesses and its auditors."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import Any

import click

from dblrandom.adapters.clock import now
from dblrandom.adapters.files import write_atomic, write_new
from dblrandom.adapters.publiclog import folder as logfolder
from dblrandom.adapters.publiclog.audit import audit_log
from dblrandom.adapters.publiclog.files import Log, checkpoint_at, prove, read_log, read_text, request
from dblrandom.adapters.publiclog.witness import check_first, cosign_request, seen
from dblrandom.cli import exits
from dblrandom.cli.answer import Answer, command
from dblrandom.cli.logattach import attach
from dblrandom.cli.logoptions import (
    log_argument,
    out_option,
    private_key_option,
    vkey_option,
    witnesses_option,
)
from dblrandom.cli.options import FILE, PAST, TIME
from dblrandom.cli.passphrase import read_key
from dblrandom.cli.places import beacons, existing, receipt_at, samplers
from dblrandom.cli.screen import Screen, note, working
from dblrandom.evidence import Transcript
from dblrandom.evidence.soundness import check_so_far
from dblrandom.tlog import LOG_KEY, WITNESS_KEY, Audit, LogEntry, Note, VerifierKey, verify_proof

__all__ = ["log"]


@click.group("log", no_args_is_help=False)
def log() -> None:
    """Keep one append-only log of all ceremonies.

    A log that witnesses cosign shows what no single ceremony can: that there was no other one beside it.
    """


@command("init")
@log_argument
@click.option("--origin", metavar="NAME", required=True, help="The log's name: its address without https://.")
@private_key_option("The log's private key; best one that serves for nothing else.")
def init(folder: Path, origin: str, key: Path) -> Answer:
    """Make an empty log."""
    vkey = logfolder.init(folder, origin=origin, key=read_key(key))

    def show(screen: Screen) -> None:
        screen.line(f"vkey {vkey.text}")
        screen.line(f"wrote {folder}")
        screen.line("next: publish the vkey where nobody can change it unnoticed, and give it to the witnesses")

    return Answer(data={"vkey": vkey.text, "wrote": [str(folder)]}, show=show)


@command("vkey")
@click.option("--name", metavar="NAME", required=True, help="The key's name: the witness's address without https://.")
@private_key_option("The witness's private key; one key has one name.")
@click.option("--log", "of_log", is_flag=True, help="The vkey of a log rather than of a witness.")
def show_vkey(name: str, key: Path, of_log: bool) -> Answer:
    """Show a key as others need it to check its signatures."""
    vkey = VerifierKey.of(name, LOG_KEY if of_log else WITNESS_KEY, read_key(key))
    return Answer(data={"vkey": vkey.text}, show=lambda screen: screen.line(vkey.text))


@command("append")
@log_argument
@click.argument("ceremonies", metavar="CEREMONY...", type=FILE, nargs=-1, required=True)
@private_key_option("The log's private key.")
def append(folder: Path, ceremonies: tuple[Path, ...], key: Path) -> Answer:
    """Add the receipts of ceremonies that are not in the log yet, and sign the new checkpoint."""
    with working("reading the ceremonies"):
        found = [_receipts(place) for place in ceremonies]
    with working("writing the log"):
        done = logfolder.append(folder, found, key=read_key(key))
    for text in done.recovered:
        note(f"recovered: {text}")
    size = done.log.checkpoint.size
    following = f"each witness cosigns: dblrandom log cosign {shlex.quote(str(folder))} --key WITNESS.pem ..."

    def show(screen: Screen) -> None:
        screen.table(
            ("index", "ceremony", "receipt", "digest"),
            [
                (index, entry.ceremony, f"{entry.sequence} ({entry.type})", entry.digest)
                for index, entry in enumerate(done.added, size - len(done.added))
            ],
        )
        screen.line(f"added {len(done.added)}; the log has {size} entries")
        if done.added:
            screen.line(f"next: {following}")

    added = [{"index": n, "digest": e.digest} for n, e in enumerate(done.added, size - len(done.added))]
    return Answer(data={"added": added, "checkpoint": done.log.note.full, "size": size}, show=show)


@command("checkpoint")
@log_argument
@click.option("--size", metavar="N", type=int, help="The checkpoint of that size; the newest one by default.")
@click.option("--old", metavar="N", type=int, help="Print the request to a witness who cosigned this size last.")
@out_option
def checkpoint(folder: Path, size: int | None, old: int | None, out: Path | None) -> Answer:
    """Print the signed checkpoint, or with --old what a witness needs to cosign it."""
    if size is not None and old is not None:
        raise click.UsageError("--size and --old do not go together: a witness is asked for the newest checkpoint")
    with working("reading the log"):
        found = read_log(folder)
        text = checkpoint_at(found, found.checkpoint.size if size is None else size).full
        if old is not None:
            text = request(found, old).text
    return _text_answer("request" if old is not None else "checkpoint", text, out)


@command("cosign")
@click.argument("source", metavar="LOG|REQUEST", type=FILE)
@click.option("--name", metavar="NAME", required=True, help="The witness's name, the same for all logs.")
@private_key_option("The witness's private key.")
@click.option("--memory", metavar="FILE", type=FILE, required=True, help="What this witness cosigned before.")
@click.option("--first", is_flag=True, help="This witness has never cosigned this log; there is nothing to compare.")
@vkey_option(required=True)
@click.option("--time", metavar="TIME", type=PAST, default=now, help="The time to vouch for; now by default.")
@out_option
def cosign(
    source: Path, name: str, key: Path, memory: Path, first: bool, vkey: VerifierKey, time: str, out: Path | None
) -> Answer:
    """Cosign a log's checkpoint as a witness.

    Refuses where the log does not contain everything that was cosigned before, and where the memory knows nothing of
    the log, unless you say --first.
    """
    before = seen(memory).get(vkey.name)
    check_first(memory, vkey.name, before, first)
    if source.is_dir():
        with working("reading the log"):
            text = request(read_log(source, vkey), 0 if before is None else before.size).text
    else:
        text = read_text(source)
    signature = cosign_request(text, memory=memory, name=name, key=read_key(key), log=vkey, time=time, first=first)
    note(f"cosigned {seen(memory)[vkey.name].size} entries of {vkey.name} at {time}; wrote {memory}")
    if first:
        note(f"this is the first cosignature for {vkey.name}: it was compared with nothing; keep {memory} from now on")
    return _text_answer("cosignature", signature.line, out, first=first)


@command("merge")
@log_argument
@click.argument("cosignatures", metavar="COSIGNATURE...", type=FILE, nargs=-1, required=True)
@witnesses_option
@click.option("--size", metavar="N", type=int, help="The checkpoint that was cosigned; the newest one by default.")
def merge(folder: Path, cosignatures: tuple[Path, ...], witnesses: tuple[VerifierKey, ...], size: int | None) -> Answer:
    """Add witnesses' cosignatures to a checkpoint."""
    text = "".join(read_text(path) for path in cosignatures)
    merged = logfolder.merge_cosignatures(folder, text, witnesses=witnesses, size=size)
    names = [signature.name for signature in merged.signatures]
    data = {"checkpoint": merged.full, "signatures": names}
    return Answer(data=data, show=lambda screen: screen.line(f"the checkpoint is signed by {', '.join(names)}"))


@command("prove")
@log_argument
@click.option("--ceremony", metavar="NAME", required=True, help="The ceremony's name.")
@click.option("--sequence", metavar="N", type=int, required=True, help="The receipt's sequence; a commitment's is 1.")
@click.option("--threshold", metavar="N", type=int, default=1, help="How many cosignatures it should have; 1.")
@out_option
def prove_receipt(folder: Path, ceremony: str, sequence: int, threshold: int, out: Path | None) -> Answer:
    """Write the proof that a receipt is in the log.

    It is made against the earliest checkpoint that has enough cosignatures.
    """
    with working("reading the log"):
        found = read_log(folder)
        proof = prove(found, ceremony, sequence, threshold=threshold)
    given = len(Note.parse(proof.checkpoint).signatures) - 1
    if given < threshold:
        note(f"the checkpoint has {given} cosignatures, not {threshold}: the proof does not date the receipt yet")
    return _text_answer("proof", proof.text, out)


@command("verify")
@click.argument("proof", metavar="PROOF", type=FILE)
@click.argument("ceremony", metavar="CEREMONY", type=FILE)
@click.option("--sequence", metavar="N", type=int, default=1, help="The receipt's sequence; 1, the commitment's.")
@vkey_option(required=True)
@witnesses_option
@click.option("--threshold", metavar="N", type=int, help="How many witnesses must have cosigned; all of them.")
@click.option("--as-of", metavar="TIME", type=TIME, default=now, help="Later cosignatures are refused; now.")
def verify(
    proof: Path,
    ceremony: Path,
    sequence: int,
    vkey: VerifierKey,
    witnesses: tuple[VerifierKey, ...],
    threshold: int | None,
    as_of: str,
) -> Answer:
    """Check a proof against a receipt of a ceremony."""
    published = _receipts(ceremony)
    entry = LogEntry.of_payload(receipt_at(published, sequence).payload, published.suite)
    logged = verify_proof(
        read_text(proof),
        entry=entry.data,
        log_vkey=vkey,
        witness_vkeys=witnesses,
        threshold=len(witnesses) if threshold is None else threshold,
        as_of=as_of,
    )

    def show(screen: Screen) -> None:
        screen.line(
            f"verified: {entry.label} is entry {logged.index} of {logged.origin}, since {logged.time} or before"
        )
        screen.table(("witness", "cosigned at"), [(given.witness, given.time) for given in logged.witnesses])

    return Answer(data={"logged": logged.to_json(), "digest": entry.digest}, show=show)


@command("audit")
@log_argument
@vkey_option(required=False)
@click.option("--from", "since", metavar="CHECKPOINT", type=FILE, help="An older checkpoint that you have kept.")
@click.option("--published", metavar="CEREMONY", type=FILE, multiple=True, help="A published ceremony; for each one.")
@click.option("--as-of", metavar="TIME", type=TIME, default=now, help="When deadlines are judged; now by default.")
@click.option("--strict", is_flag=True, help="Exit code 1 where there is anything to report.")
@click.option("--keep", metavar="FILE", type=FILE, help="Keep the checkpoint here, for --from next time.")
def audit(
    folder: Path,
    vkey: VerifierKey | None,
    since: Path | None,
    published: tuple[Path, ...],
    as_of: str,
    strict: bool,
    keep: Path | None,
) -> Answer:
    """List what was committed and never drawn, and every history that forks.

    Exit code 1 where the log does not hold or is not consistent with the older checkpoint; what is listed is no failure
    unless --strict says so.
    """
    if vkey is None:
        note("the vkey came with the log: this shows that it agrees with itself, not whose it is; give --vkey")
    if since is None:
        note("no older checkpoint was given: that nothing was taken out or rewritten before is not shown; see --from")
    with working("reading the log"):
        read = read_log(folder, vkey)
        ceremonies = [_receipts(place) for place in published] or None
        found = audit_log(read, until=as_of, since=None if since is None else read_text(since), ceremonies=ceremonies)
    if keep is not None:
        write_atomic(keep, read.note.full.encode())
    code = exits.FAILED if strict and found.findings else exits.DONE
    compared = None if since is None else str(since)
    data = {
        "audit": found.to_json(),
        "compared_with": compared,
        "origin": read.key.name,
        "root": read.checkpoint.root.hex(),
    }
    return Answer(data=data, show=lambda screen: _show_audit(screen, read, found, since), exit=code)


def _show_audit(screen: Screen, read: Log, found: Audit, since: Path | None) -> None:
    held = "" if since is None else f", and it contains everything that {since} speaks of"
    screen.line(f"{read.key.name}: {found.size} entries lead to the signed root{held}")
    counts = [(name, sum(c.outcome == name for c in found.commitments)) for name in ("drawn", "voided", "open")]
    screen.line(f"commitments: {', '.join(f'{number} {name}' for name, number in counts)}")
    screen.table(
        ("commitment", "of", "index", "outcome", "draw due by"),
        [
            (c.entry.ceremony, c.entry.time, c.index, c.outcome, c.terms.deadline if c.terms else "not known")
            for c in found.commitments
        ],
    )
    for finding, detail in found.findings:
        screen.line(f"finding: {finding.value}: {detail}")


def _text_answer(what: str, text: str, out: Path | None, **more: Any) -> Answer:
    """An answer that is a text for others, to the byte: on stdout, or in a new file."""
    if out is None:
        return Answer(data={what: text, **more}, show=lambda screen: screen.exact(text))
    write_new(out, text.encode(), 0o644)
    return Answer(data={what: text, **more, "wrote": [str(out)]}, show=lambda screen: screen.line(f"wrote {out}"))


def _receipts(folder: Path) -> Transcript:
    """A ceremony's receipts, whose signatures and bodies hold: what enters a log or is found there vouches for them."""
    place = existing(folder)
    found = Transcript.read(place.contents().receipts, beacons=beacons(), samplers=samplers())
    check_so_far(found, place.schemes)
    return found


for _command in (init, show_vkey, append, checkpoint, cosign, merge, prove_receipt, verify, attach, audit):
    log.add_command(_command)
