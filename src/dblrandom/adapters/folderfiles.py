"""What a ceremony's folder holds, file by file: what a ceremony calls for, and whether exactly that is there."""

from __future__ import annotations

import os
from collections.abc import Collection, Mapping

import attrs

from dblrandom.adapters.droppings import is_dropping
from dblrandom.ceremony import Ceremony
from dblrandom.errors import DblrandomError, VerificationError
from dblrandom.evidence import Receipt, Transcript, TrustPolicy
from dblrandom.kernel.canonical import decode, encode
from dblrandom.kernel.suite import Suite
from dblrandom.model import planfile
from dblrandom.roster import Manifest, Roster

__all__ = [
    "MANIFEST_END",
    "PLAN_NAME",
    "TRUST_NAME",
    "Contents",
    "check_files",
    "confidential_files",
    "files_of",
    "in_order",
    "manifest_of",
    "no_part",
    "policy_in",
    "suite_of",
]

PLAN_NAME = "plan.toml"
"""The committed plan's file."""
TRUST_NAME = "trust.json"
"""The suggested policy's file."""
MANIFEST_END = ".manifest.json"
"""The end of the name of a manifest that stands in place of a roster."""


@attrs.frozen
class Contents:
    """The public files of a folder, read and sorted by what they are; nothing in them has been verified."""

    receipts: tuple[bytes, ...]
    rosters: Mapping[str, bytes]
    outside: Mapping[str, bytes]
    results: Mapping[str, bytes]
    plan: bytes
    trust: bytes


def no_part(entry: os.DirEntry[str]) -> bool:
    """Whether an entry at the top of a folder is no part of the ceremony, so that one can begin beside it."""
    return entry.name in ("lock", "secrets") or is_dropping(entry.name, folder=entry.is_dir(follow_symlinks=False))


def policy_in(contents: Contents) -> TrustPolicy:
    """The policy that came with the folder; one that is none is evidence that does not hold, whoever looks at it.

    Raises:
        VerificationError: it is none.
    """
    try:
        return TrustPolicy.from_bytes(contents.trust, TRUST_NAME)
    except DblrandomError as error:
        raise VerificationError("trust", str(error)) from error


def suite_of(contents: Contents) -> Suite:
    """The ceremony's suite, as its receipts say."""
    return Transcript.read(contents.receipts).suite


def manifest_of(name: str, data: bytes) -> Manifest:
    """A manifest that stands in place of a roster.

    Raises:
        VerificationError: the file is none.
    """
    where = f"rosters/{name}{MANIFEST_END}"
    try:
        return Manifest.from_json(decode(data, where), where)
    except DblrandomError as error:
        raise VerificationError("folder", str(error)) from error


def files_of(
    ceremony: Ceremony, trust: bytes, results: Mapping[str, bytes] | None, outside: Collection[str] = ()
) -> dict[str, bytes | None]:
    """Every public file of a ceremony, by path; results that were written before are kept as they are."""
    files: dict[str, bytes | None] = {
        f"receipts/{receipt.sequence:04d}-{receipt.type}.json": receipt.envelope for receipt in ceremony.receipts
    }
    files[PLAN_NAME] = planfile.dumps(ceremony.commitment.plan).encode()
    files[TRUST_NAME] = trust
    # A voided commitment's rosters are not kept: nothing rests on them any more, and its rows may be confidential.
    kept = {} if ceremony.stage == "voided" else ceremony.rosters
    for name, roster in kept.items():
        if isinstance(roster, Roster):
            files[f"rosters/{name}.tsv"] = roster.to_file()
        else:
            files[f"rosters/{name}{MANIFEST_END}"] = encode(roster.manifest.to_json())
    if ceremony.stage != "voided":
        files |= {f"rosters/{name}{MANIFEST_END}": None for name in outside if name not in kept}
    if results:
        return files | {f"results/{name}.tsv": None for name in results}
    if ceremony.last("draw") is not None:
        files |= {f"results/{name}.tsv": roster.to_file() for name, roster in ceremony.drawn.rosters.items()}
    return files


def confidential_files(ceremony: Ceremony) -> frozenset[str]:
    """The files that hold names or blinds which the plan keeps from the public."""
    return frozenset(f"rosters/{name}.tsv" for name, roster in ceremony.rosters.items() if roster.manifest.confidential)


def in_order(receipts: Mapping[str, bytes]) -> tuple[bytes, ...]:
    """The receipts by the numbers of their file names, which must be what the receipts say of themselves."""
    ordered = sorted(receipts.items(), key=lambda item: (len(item[0].partition("-")[0]), item[0]))
    for number, (name, data) in enumerate(ordered, 1):
        try:
            receipt = Receipt.parse(data, f"receipts/{name}")
        except DblrandomError as error:
            raise VerificationError("receipt", str(error)) from error
        if name != f"{number:04d}-{receipt.type}.json":
            raise VerificationError(
                "folder", f"it should be {number:04d}-{receipt.type}.json", where=f"receipts/{name}"
            )
    return tuple(data for _, data in ordered)


def check_files(contents: Contents) -> None:
    """Check that the folder holds exactly the files that its (verified) receipts call for."""
    transcript = Transcript.read(contents.receipts)
    commitment = transcript.commitment
    if contents.plan != planfile.dumps(commitment.plan).encode():
        raise VerificationError("folder", "it is not the committed plan", where=PLAN_NAME)
    withheld = {n for n, manifest in commitment.rosters.items() if manifest.confidential and n not in contents.rosters}
    for name, data in contents.outside.items():
        if name not in commitment.rosters or data != encode(commitment.rosters[name].to_json()):
            raise VerificationError("folder", "it is not the committed manifest", where=f"rosters/{name}{MANIFEST_END}")
        withheld.add(name)
    expected: dict[str, set[str]] = {"rosters": set(commitment.rosters) - withheld, "results": set()}
    if transcript.stage == "voided":
        # Earlier versions kept them until the next commitment.
        expected["rosters"] &= set(contents.rosters)
    if transcript.last("draw") is not None:
        expected["results"] = {f"{t.id}.{kind}" for t in commitment.plan.tasks for kind in ("selected", "teams")}
    for directory, found in (("rosters", set(contents.rosters)), ("results", set(contents.results))):
        for name in sorted(found ^ expected[directory]):
            problem = "it is missing" if name in expected[directory] else "it does not belong to this ceremony"
            raise VerificationError("folder", problem, where=f"{directory}/{name}.tsv")
