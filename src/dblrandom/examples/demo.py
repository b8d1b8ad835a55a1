"""The worked example played to its end: one machine acts for every party, on synthetic rosters.

The times are those of the plan's own year and are scripted; what each party does is done through the same functions
that it would use in its own office. A rehearsal takes its keys, secrets and chain from public labels, so that every
byte can be repeated anywhere, and says so in the ceremony's name.
"""

from __future__ import annotations

import os
from collections.abc import Iterator, Mapping
from pathlib import Path

import attrs

from dblrandom.adapters.files import make_directory, os_failure
from dblrandom.adapters.folder import CeremonyFolder
from dblrandom.adapters.hashchains import store as chainstore
from dblrandom.adapters.keyfiles import write_private_key
from dblrandom.adapters.randomness import random_bytes
from dblrandom.adapters.secretfiles import write_secret
from dblrandom.adapters.sources import chain_source, secret_source
from dblrandom.adapters.trustfiles import read_chain, with_chain
from dblrandom.ceremony import Ceremony
from dblrandom.drawing import Declared, Draw
from dblrandom.drawing.standing import Standing
from dblrandom.errors import FolderConflict
from dblrandom.evidence import REHEARSAL_PREFIX, Report, suggested_trust
from dblrandom.examples.kunming import kunming_2024
from dblrandom.examples.parties import PARTIES, rehearsal_bytes
from dblrandom.kernel.signing import Ed25519Signer
from dblrandom.kernel.suite import SHA256, Suite
from dblrandom.model import ResultCode, Source
from dblrandom.roster import Roster

__all__ = ["AS_OF", "DemoOutcome", "kunming_demo"]

AS_OF = "2024-12-31T00:00:00Z"
"""When the demo's ceremony is over, and its deadlines can be judged."""

_CHAIN = {"length": 366, "genesis": "2024-01-01T02:00:00Z", "period": 86_400}
_REVEAL = "2024-02-01T02:00:00Z"
_DEADLINES = {"reveal": "2024-02-01T08:00:00Z", "draw": "2024-02-01T08:00:00Z", "result": "2024-09-30T08:00:00Z"}
_HOLDERS = ("association", "discipline")
_WITNESSES = ("notary", "discipline")


@attrs.frozen(kw_only=True)
class DemoOutcome:
    """What the demo left behind: the folder, the draw, how it stands after the substitutions, and the verification."""

    folder: Path
    draw: Draw
    standing: Mapping[str, Standing]
    report: Report


@attrs.frozen
class _Cast:
    """The parties' keys and secrets, and where the notary keeps his chain."""

    ceremony: str
    suite: Suite
    keys: Mapping[str, Ed25519Signer]
    secrets: Mapping[str, str]
    chain: Path

    def sources(self) -> list[Source]:
        """The notary's chain first, then a secret of each holder."""
        chain = chain_source(self.chain, "notary", at=_REVEAL)
        held = (
            secret_source(self.ceremony, n, s, keyid=self.keys[n].keyid, not_before=chain.not_before, suite=self.suite)
            for n, s in self.secrets.items()
        )
        return [chain, *held]

    def declared(self) -> list[Declared]:
        """Everybody with a part in the ceremony, once for each role."""
        return [
            Declared(role=role, public_key=self.keys[p.key].public_key.hex(), name=f"{p.name} ({p.name_en})")
            for p in PARTIES
            for role in p.roles
        ]


def kunming_demo(out: str | os.PathLike[str], *, rehearsal: bool = False, suite: Suite = SHA256) -> DemoOutcome:
    """Play the Kunming 2024 ceremony into a new folder and verify it.

    Args:
        out: the folder, which must not exist yet or be empty.
        rehearsal: take every key, secret and chain from public labels; the same bytes everywhere, for no real use.
        suite: the hash suite.

    Raises:
        FolderError: the folder is in use or cannot be written.
    """
    root = Path(out)
    make_directory(root)
    with os_failure(root, "list it"):
        if any(root.iterdir()):
            raise FolderConflict(f"{root}: is not empty; give a new folder to the demo")
    cast = _cast(root, rehearsal, suite)
    folder = CeremonyFolder(root)
    _commit(folder, cast)
    _reveal_and_draw(folder, cast)
    _inspect(folder, cast)
    ceremony = folder.load()
    return DemoOutcome(folder=root, draw=ceremony.drawn, standing=ceremony.standing, report=folder.verify(as_of=AS_OF))


def _cast(root: Path, rehearsal: bool, suite: Suite) -> _Cast:
    """Make every party's key and secret, and the notary's chain, below ``secrets/``."""
    make_directory(root / "secrets" / "keys", 0o700)
    keys = {}
    for party in PARTIES:
        seed = party.rehearsal_seed if rehearsal else random_bytes(32)
        write_private_key(root / "secrets" / "keys" / f"{party.key}.pem", seed)
        keys[party.key] = Ed25519Signer.from_private_bytes(seed)
    secrets = {}
    for name in _HOLDERS:
        secret = rehearsal_bytes(f"secret: {name}") if rehearsal else random_bytes(32)
        write_secret(root / "secrets" / f"{name}.secret", secret)
        secrets[name] = secret.hex()
    chain = root / "secrets" / "notary-chain"
    chainstore.init(
        chain,
        operator_keyid=keys["notary"].keyid,
        suite=suite,
        seed32=rehearsal_bytes("chain: notary") if rehearsal else random_bytes(32),
        length=_CHAIN["length"],  # type: ignore[arg-type]
        genesis=_CHAIN["genesis"],  # type: ignore[arg-type]
        period=_CHAIN["period"],  # type: ignore[arg-type]
    )
    name = f"{REHEARSAL_PREFIX if rehearsal else ''}{kunming_2024().plan.name}"
    return _Cast(name, suite, keys, secrets, chain)


def _commit(folder: CeremonyFolder, cast: _Cast) -> None:
    """The organiser, the holders and the notary sign the commitment; both witnesses date it; the secrets come out."""
    example = kunming_2024()
    rosters = [Roster.build(cast.suite, p) for p in (example.targets, example.inspectors, example.recusals)]
    ceremony = Ceremony.open(cast.ceremony, example.plan, rosters, suite=cast.suite)
    ceremony.commit(
        entropy=cast.sources(),
        signers=cast.declared(),
        deadlines=_DEADLINES,
        time="2024-01-30T02:00:00Z",
        keys=[cast.keys[party] for party in ("organiser", "notary", *_HOLDERS)],
    )
    folder.create(ceremony, with_chain(suggested_trust(ceremony.commitment), read_chain(cast.chain)))
    for minute, witness in enumerate(_WITNESSES):
        _witness(folder, cast, witness, f"2024-01-30T02:0{minute + 5}:00Z")
    _witness(folder, cast, "notary", "2024-01-31T02:00:00Z", cast.secrets)


def _witness(
    folder: CeremonyFolder, cast: _Cast, witness: str, time: str, disclosed: Mapping[str, str] | None = None
) -> None:
    keys = [cast.keys[witness]]
    folder.update(lambda ceremony, _: ceremony.witness(time=time, keys=keys, disclosed=disclosed))


def _reveal_and_draw(folder: CeremonyFolder, cast: _Cast) -> None:
    """The notary's chain reaches the declared step; the organiser reveals and draws; the witnesses date it."""
    chainstore.tick(cast.chain, _REVEAL)
    step = int(next(s for s in folder.load().commitment.sources if s.kind == "hashchain").terms["step"])
    values = {"notary": chainstore.read_pulse(cast.chain, step).value, **cast.secrets}
    keys = [cast.keys["organiser"]]
    folder.update(lambda ceremony, _: ceremony.reveal(values, time="2024-02-01T02:01:00Z", keys=keys))
    folder.update(lambda ceremony, _: ceremony.draw(time="2024-02-01T02:02:00Z", keys=keys))
    for minute, witness in enumerate(_WITNESSES):
        _witness(folder, cast, witness, f"2024-02-01T02:0{minute + 5}:00Z")


def _inspect(folder: CeremonyFolder, cast: _Cast) -> None:
    """A target that cannot be found, an inspector with a conflict, and then the results of every task."""
    keys = [cast.keys["organiser"]]
    lost = folder.load().drawn["4"].selected[0].id
    folder.update(lambda c, _: c.substitute("4", "not-found", time="2024-03-05T02:00:00Z", keys=keys, target=lost))
    person = str(folder.load().drawn["9"].teams[0].members[1][1])
    folder.update(
        lambda c, _: c.substitute("9", "conflict-of-interest", time="2024-03-12T02:00:00Z", keys=keys, inspector=person)
    )
    for task, standing in folder.load().standing.items():
        codes = dict(_outcomes(standing))
        folder.update(lambda c, _, t=task, o=codes: c.result(t, o, time="2024-08-30T02:00:00Z", keys=keys))  # type: ignore[misc]
    _witness(folder, cast, "notary", "2024-08-30T03:00:00Z")


def _outcomes(standing: Standing) -> Iterator[tuple[str, list[ResultCode]]]:
    """Synthetic results: most found nothing, every fifth was told to mend something, the lost one was not found."""
    for number, target in enumerate(standing.due, 1):
        if target not in standing.teams:
            yield target, [ResultCode.NOT_REACHABLE]
        else:
            yield target, [ResultCode.CORRECTION_ORDERED if number % 5 == 0 else ResultCode.NO_PROBLEM]
