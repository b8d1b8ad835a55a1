"""The ceremony folder: a ceremony on disk, whole after every step or as it was before (docs/spec, section 8).

What a folder holds follows from the ceremony alone, so a step is written by rendering the folder as it must now be and
changing what differs, all at once through the journal. Everything but ``secrets/`` and ``lock`` is public, is listed in
``SHA256SUMS``, and is covered by :meth:`CeremonyFolder.verify`.
"""

from __future__ import annotations

import os
import shlex
from collections.abc import Callable, Collection, Iterable, Iterator, Mapping, Sequence
from hashlib import sha256
from pathlib import Path
from typing import TypeVar

import attrs

from dblrandom import limits
from dblrandom.adapters import index, journal
from dblrandom.adapters.files import exposed, make_directory, os_failure, read_bytes
from dblrandom.adapters.folderfiles import (
    MANIFEST_END,
    PLAN_NAME,
    TRUST_NAME,
    Contents,
    check_files,
    confidential_files,
    files_of,
    in_order,
    manifest_of,
    no_part,
    policy_in,
    suite_of,
)
from dblrandom.adapters.journalfile import is_directory
from dblrandom.adapters.lock import FolderLock
from dblrandom.adapters.rosterplaces import is_known, note_known
from dblrandom.adapters.sm2 import all_schemes
from dblrandom.beacons import BUILT_IN, Beacon
from dblrandom.ceremony import Ceremony
from dblrandom.errors import FolderConflict, FolderError, FolderMissing, InputError, VerificationError
from dblrandom.evidence import Finding, Receipt, Report, Transcript, TrustPolicy, suggested_trust, verify
from dblrandom.evidence.origin import origin_detail
from dblrandom.kernel.canonical import decode
from dblrandom.kernel.schemes import Scheme
from dblrandom.kernel.suite import Suite
from dblrandom.model import Json
from dblrandom.roster import Manifest, Roster, RosterLike
from dblrandom.sampling import Sampler

__all__ = ["CeremonyFolder", "Contents", "sealed_name", "suggested_trust"]

T = TypeVar("T")

_LARGEST = limits.ROSTER_BYTES


def _no_opener(manifest: Manifest, suite: Suite, digest: str) -> None:
    """What opens rosters where nothing does; a named function, so that a folder can be pickled."""


def sealed_name(receipt: Receipt) -> str:
    """The name below ``secrets/`` of the body that a seal is of."""
    return f"sealed-{receipt.sequence:04d}-{receipt.body['type']}.json"


class CeremonyFolder:
    """A ceremony in a folder.

    Args:
        root: the folder's path.
        beacons: the rules of the source kinds.
        samplers: third parties' samplers that tasks may name.
        schemes: the signature algorithms; with SM2, through OpenSSL, unless told otherwise.
        rosters: rosters whose rows stay outside of the folder, in an engine; the folder has their manifests only.
        opener: asked for such a roster, by its manifest, the ceremony's suite and the commitment's digest, where it is
            not among ``rosters``; ``None`` where it has none either.
        timeout: how many seconds a step waits where another process is changing the folder; 0 to refuse at once.
        own: the caller knows that nobody else wrote the folder, such as on a service's own storage. Otherwise an
            interrupted step, and what is sealed below ``secrets/``, count only where this user began the step, or
            the ceremony, on this machine.

    Attributes:
        schemes: the signature algorithms.
        recovered: what was finished or undone of a step that had been interrupted, in words.
    """

    def __init__(
        self,
        root: str | os.PathLike[str],
        *,
        beacons: Mapping[str, Beacon] = BUILT_IN,
        samplers: Sequence[Sampler] = (),
        schemes: Mapping[str, Scheme] | None = None,
        rosters: Iterable[RosterLike] = (),
        opener: Callable[[Manifest, Suite, str], RosterLike | None] = _no_opener,
        timeout: float = 0,
        own: bool = False,
    ) -> None:
        self.root = Path(root)
        self._own = own
        self._beacons = beacons
        self._samplers = tuple(samplers)
        self._outside = {roster.name: roster for roster in rosters}
        self._opener = opener
        self._timeout = timeout
        self.recovered: tuple[str, ...] = ()
        self.passed_over: tuple[str, ...] = ()
        self.schemes = all_schemes() if schemes is None else schemes

    def exists(self) -> bool:
        """Whether there is a ceremony here, finished or interrupted.

        Raises:
            FolderError: that cannot be seen, since the folder may not be looked into.
        """
        with os_failure(self.root, "look into it"):
            try:
                os.lstat(self.root / index.INDEX_NAME)
            except (FileNotFoundError, NotADirectoryError):
                return journal.pending(self.root)
        return True

    def create(self, ceremony: Ceremony, trust: TrustPolicy, private: Mapping[str, bytes] | None = None) -> None:
        """Write a ceremony that has its first receipt into a new folder.

        Args:
            ceremony: the ceremony.
            trust: the policy to suggest to verifiers (they should bring their own).
            private: further files for ``secrets/``, by name; mode 0600.

        Raises:
            FolderError: the folder holds something already, or cannot be written.
        """
        make_directory(self.root)
        with FolderLock(self.root, timeout=self._timeout):
            self._recover()
            with os_failure(self.root, "list it"):
                there = sorted(entry.name for entry in os.scandir(self.root) if not no_part(entry))
            if there:
                raise FolderConflict(f"{self.root}: holds {there[0]!r} already; a ceremony begins in a new folder")
            # Before the first receipt: what an interruption leaves must be known for this user's own.
            note_known(self.root)
            self._write({}, files_of(ceremony, trust.to_bytes(), None), private or {}, confidential_files(ceremony))

    def update(
        self,
        action: Callable[[Ceremony, dict[str, bytes]], T],
        *,
        trust: Callable[[Ceremony], TrustPolicy] | None = None,
    ) -> T:
        """Carry out one step: nothing is written unless ``action`` returns, and then everything is.

        Args:
            action: gets the ceremony, and a mapping in which it may put files for ``secrets/`` by name. A step that
                was interrupted before is finished or undone first.
            trust: gets the ceremony after the step, and gives the policy to suggest from now on.

        Raises:
            FolderError: there is no ceremony here, somebody else is writing, or the folder cannot be read or written.
            VerificationError: the folder was changed by something other than this library, or a receipt does not hold.
        """
        with FolderLock(self.root, timeout=self._timeout):
            self._recover()
            if not self.exists():
                raise FolderMissing(f"{self.root}: there is no ceremony here; commit first", code="folder.none")
            listed = self._check()
            contents = self._read(listed)
            ceremony = self._resume(contents)
            # Before anything is signed or written on top of it; with the algorithms that this folder was given.
            ceremony.check_receipts(self.schemes)
            for body in self._kept(ceremony):
                ceremony.keep_sealed(body)
            private: dict[str, bytes] = {}
            answer = action(ceremony, private)
            policy = contents.trust if trust is None else trust(ceremony).to_bytes()
            files = files_of(ceremony, policy, contents.results, contents.outside)
            if private and not os.path.lexists(self.root / "secrets"):
                note_known(self.root)  # all that will be in there is this user's
            self._write(listed, files, private, confidential_files(ceremony))
            return answer

    def load(self) -> Ceremony:
        """The ceremony as it stands, for looking at; what is changed in it is not kept."""
        return self._resume(self._read(self._check()))

    def contents(self) -> Contents:
        """The folder's public files, held against ``SHA256SUMS``.

        Raises:
            VerificationError: a file is changed, missing or too much.
            FolderError: the folder cannot be read, or a step was interrupted in it.
        """
        return self._read(self._check())

    def trust(self) -> TrustPolicy:
        """The policy that the folder itself suggests."""
        return TrustPolicy.from_bytes(read_bytes(self.root / TRUST_NAME), str(self.root / TRUST_NAME))

    def adopt(self) -> tuple[str, ...]:
        """Take a folder for this user's own, on this machine, as after a copy or a move; end what was interrupted.

        Whoever calls this says that nobody else wrote the folder: a step that lies in it is finished as it is.

        Returns:
            What was finished or undone, in words.

        Raises:
            FolderError: there is nothing here, somebody else is writing, or it cannot be read or written.
            VerificationError: the folder was changed by something other than this library, or a receipt does not hold.
        """
        if not self.exists():
            raise FolderMissing(f"{self.root}: there is no ceremony here", code="folder.none")
        with FolderLock(self.root, timeout=self._timeout):
            self._recover(own=True)
            if self.exists():
                self.load().check_receipts(self.schemes)
            note_known(self.root)
        return self.recovered

    def read_private(self, name: str) -> bytes:
        """A file of ``secrets/``.

        Raises:
            FolderConflict: this user did not begin the ceremony here, on this machine.
            FolderError: it is not there, or others than its owner may read it.
        """
        place = self.root / "secrets"
        if not (self._own or is_known(self.root)):
            raise FolderConflict(
                f"{place / name}: is not read: you did not begin this ceremony here, on this machine; if the folder is "
                f"your own, copied or moved here, say so: dblrandom adopt {shlex.quote(str(self.root))}",
                code="folder.foreign",
            )
        if os.path.lexists(place) and not is_directory(place):
            raise FolderError(f"{place}: is not a directory itself; put the directory there, not a link to one")
        return read_bytes(place / name, private=True)

    def _kept(self, ceremony: Ceremony) -> Iterator[Mapping[str, Json]]:
        """The bodies of closed seals that are kept here; whoever takes a step must know them, if anybody does.

        Nothing is looked for in a folder that is not this user's own: whoever sent it would choose what is opened.
        """
        if not (self._own or is_known(self.root)):
            return
        for seal in ceremony.closed_seals:
            name = sealed_name(seal)
            if os.path.lexists(self.root / "secrets" / name):
                body = decode(self.read_private(name), f"secrets/{name}")
                if isinstance(body, dict):
                    yield body

    def verify(self, trust: TrustPolicy | None = None, *, as_of: str | None = None, vouched: bool = False) -> Report:
        """Verify everything in the folder; without ``trust``, against the policy that came with it.

        With ``vouched`` the caller says that the keys of ``trust`` were got from outside, and compared with what their
        holders publish; see :func:`dblrandom.evidence.verify`.

        Raises:
            VerificationError: something does not hold.
            FolderError: the folder cannot be read.
            InputError: ``vouched`` without a policy to vouch for.
        """
        if vouched and trust is None:
            raise InputError("nobody can vouch for the policy that came with the folder: give one of your own")
        contents = self.contents()
        suggested = policy_in(contents)
        policy = trust or suggested
        rosters: dict[str, RosterLike | bytes] = {**self._outside, **contents.rosters, **contents.results}
        rosters |= {roster.name: roster for roster in self._elsewhere(contents)}
        report = verify(
            contents.receipts,
            trust=policy,
            rosters=rosters,
            as_of=as_of,
            beacons=self._beacons,
            samplers=self._samplers,
            schemes=self.schemes,
            vouched=True,
        )
        check_files(contents)
        if vouched:
            return report
        detail = origin_detail(policy, Transcript.read(contents.receipts).commitments, suggested)
        return attrs.evolve(report, findings=(*report.findings, (Finding.SELF_TRUST, detail)))

    def publish(self, to: str | os.PathLike[str], *, trust: TrustPolicy | None = None) -> Report:
        """Copy what is public into a new folder: all but ``secrets/``, ``lock`` and the rows of confidential rosters.

        Everything is verified before, with the rows that are at hand, against ``trust`` or the policy in the folder: a
        copy that does not hold is not made. Deadlines are not judged; that something is late is no reason to hide it.

        Returns:
            The report of that verification.

        Raises:
            FolderError: ``to`` holds something already, or cannot be written.
            VerificationError: something does not hold, or the folder was changed by something other than this library.
        """
        if self.root.resolve() in (Path(to).resolve(), *Path(to).resolve().parents):
            raise FolderError(f"{to}: is inside the ceremony's own folder; publish into another")
        report = self.verify(trust)
        listed = self._check()
        commitment = Transcript.read(self._read(listed).receipts).commitment
        hidden = {f"rosters/{name}.tsv" for name, manifest in commitment.rosters.items() if manifest.confidential}
        target = CeremonyFolder(to)
        make_directory(target.root)
        with os_failure(target.root, "list it"):
            if any(target.root.iterdir()):
                raise FolderConflict(f"{target.root}: is not empty; publish into a new folder")
        target._write({}, {path: read_bytes(self.root / path, _LARGEST) for path in listed if path not in hidden}, {})
        return report

    def _check(self) -> dict[str, str]:
        passed: list[str] = []
        listed = index.check(self.root, passed=passed)
        self.passed_over = tuple(sorted(passed))
        return listed

    def _recover(self, *, own: bool = False) -> None:
        for done in journal.recover(self.root, own=own or self._own):
            self.recovered = (*self.recovered, done)

    def _read(self, listed: Mapping[str, str]) -> Contents:
        receipts: dict[str, bytes] = {}
        tables: dict[str, dict[str, bytes]] = {"rosters": {}, "results": {}}
        outside: dict[str, bytes] = {}
        single: dict[str, bytes] = {}
        for path in listed:
            data = read_bytes(self.root / path, _LARGEST)
            if sha256(data).hexdigest() != listed[path]:
                raise VerificationError("folder", "it was changed while it was read", where=path)
            directory, _, name = path.rpartition("/")
            if directory == "receipts":
                receipts[name] = data
            elif directory in tables and name.endswith(".tsv"):
                tables[directory][name.removesuffix(".tsv")] = data
            elif directory == "rosters" and name.endswith(MANIFEST_END):
                outside[name.removesuffix(MANIFEST_END)] = data
            elif path in (PLAN_NAME, TRUST_NAME):
                single[path] = data
            else:
                raise VerificationError("folder", "it does not belong to a ceremony", where=path)
        for needed in (PLAN_NAME, TRUST_NAME):
            if needed not in single:
                raise VerificationError("folder", "it is missing", where=needed)
        ordered = in_order(receipts)
        return Contents(ordered, tables["rosters"], outside, tables["results"], single[PLAN_NAME], single[TRUST_NAME])

    def _resume(self, contents: Contents) -> Ceremony:
        suite = suite_of(contents)
        rosters: list[RosterLike] = [Roster.from_file(suite, name, data) for name, data in contents.rosters.items()]
        rosters += self._elsewhere(contents)
        return Ceremony.read(
            contents.receipts,
            rosters,
            beacons=self._beacons,
            samplers=self._samplers,
            trust=policy_in(contents),
        )

    def _elsewhere(self, contents: Contents) -> list[RosterLike]:
        """The rosters of which the folder has the manifest only, as far as this machine knows where their rows are."""
        found: list[RosterLike] = []
        transcript = Transcript.read(contents.receipts) if contents.outside else None
        for name, data in contents.outside.items():
            roster = self._outside.get(name)
            if roster is None and transcript is not None:
                roster = self._opener(manifest_of(name, data), transcript.suite, transcript.commitment_digest)
            if roster is not None:
                found.append(roster)
        return found

    def _write(
        self,
        listed: Mapping[str, str],
        files: Mapping[str, bytes | None],
        private: Mapping[str, bytes],
        confidential: Collection[str] = (),
    ) -> None:
        """Bring the folder from what is ``listed`` to ``files``, where ``None`` keeps what is there.

        What is ``confidential`` is listed with the rest, but only its owner may read it.
        """
        hashes = {p: listed[p] if data is None else sha256(data).hexdigest() for p, data in files.items()}
        changes = {
            path: journal.Change(data, 0o600 if path in confidential else 0o644)
            for path, data in files.items()
            if data is not None
            and (hashes[path] != listed.get(path) or (path in confidential and exposed(self.root / path)))
        }
        changes |= {path: journal.Change(None) for path in listed if path not in files}
        if changes:
            changes[index.INDEX_NAME] = journal.Change(index.render(hashes))
        changes |= {f"secrets/{name}": journal.Change(data, 0o600) for name, data in private.items()}
        if changes:
            journal.apply(self.root, changes)
