"""What a verifier may trust besides people's keys: chains, time stamp authorities, logs (docs/spec, section 7)."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any, cast

import attrs

from dblrandom.errors import DblrandomError, InputError
from dblrandom.evidence.bodies import BASE64, DIGEST, FREE, TIME
from dblrandom.evidence.shapes import Array, Integer, Object, Parsed, Text
from dblrandom.kernel.dsse import b64decode
from dblrandom.kernel.timestamps import certificate_name
from dblrandom.model import Json, time_seconds
from dblrandom.model.names import check_text
from dblrandom.tlog import VerifierKey
from dblrandom.tlog.proof import check_keys

__all__ = ["AUTHORITY", "EVENT", "LOG", "PIN", "Authority", "PinnedChain", "TrustedEvent", "TrustedLog", "from_entries"]


def _event(value: Json, where: str) -> str:
    return check_text(value, where, maximum=1024)


PIN = Object({"tip": DIGEST, "operator": DIGEST, "genesis": TIME, "period": Integer(1)})
AUTHORITY = Object({"name": FREE, "certificate": BASE64})
EVENT = Object({"event": Parsed(_event, Text(".{1,1024}", "a text of 1 to 1,024 characters")), "outcomes": Integer(2)})
LOG = Object({"key": FREE, "witnesses": Array(FREE, 1), "threshold": Integer(1)})


@attrs.frozen(kw_only=True)
class PinnedChain:
    """A hash chain that is known to be its operator's, with the schedule on which it is revealed.

    Step k is public from ``genesis`` plus k times ``period`` seconds, so that nobody can pass off a step that is known.
    """

    tip: str
    operator: str
    genesis: str
    period: int

    def __attrs_post_init__(self) -> None:
        PIN.check(self.to_json(), "pinned chain")

    def public_from(self, step: int) -> int:
        """When a step becomes public, in seconds since 1970."""
        return time_seconds(self.genesis) + step * self.period

    def to_json(self) -> dict[str, Json]:
        """The entry as the policy file has it."""
        return cast("dict[str, Json]", attrs.asdict(self))


@attrs.frozen(kw_only=True)
class TrustedEvent:
    """A public event that the verifier has looked up, and how many of its outcomes are about equally likely.

    Attributes:
        event: the event, exactly as the commitment declares it.
        outcomes: how many the verifier vouches for, whatever was declared.
    """

    event: str
    outcomes: int

    def __attrs_post_init__(self) -> None:
        EVENT.check(self.to_json(), "event")

    def to_json(self) -> dict[str, Json]:
        """The entry as the policy file has it."""
        return cast("dict[str, Json]", attrs.asdict(self))


@attrs.frozen(kw_only=True)
class Authority:
    """A time stamp authority (RFC 3161): the name under which it counts as a dater, and its root certificate.

    Attributes:
        name: two roots of one name are one authority.
        certificate: the root, DER in base64.
    """

    name: str
    certificate: str

    def __attrs_post_init__(self) -> None:
        where = f"authority {self.name!r}"
        AUTHORITY.check(self.to_json(), where)
        try:
            certificate_name(self.root, where)
        except InputError:
            raise
        except DblrandomError as error:
            raise InputError(str(error), where=where) from error

    @property
    def root(self) -> bytes:
        """The root certificate in DER."""
        return b64decode(self.certificate, f"authority {self.name!r}")

    def to_json(self) -> dict[str, Json]:
        """The entry as the policy file has it."""
        return cast("dict[str, Json]", attrs.asdict(self))


def _keys(keys: Iterable[str]) -> tuple[str, ...]:
    return tuple(keys)


@attrs.frozen(kw_only=True)
class TrustedLog:
    """A log of receipts, and whose cosignatures show that everyone sees the same one.

    Attributes:
        key: the log's verifier key as text (C2SP signed-note); its name is the log's origin.
        witnesses: the verifier keys of witnesses who cosign it.
        threshold: how many of them must have done so.
    """

    key: str
    witnesses: tuple[str, ...] = attrs.field(converter=_keys)
    threshold: int = 1

    def __attrs_post_init__(self) -> None:
        LOG.check(self.to_json(), "trusted log")
        check_keys(self.verifier, self.cosigners, self.threshold)

    @property
    def verifier(self) -> VerifierKey:
        """The log's key."""
        return VerifierKey.parse(self.key, "trusted log")

    @property
    def cosigners(self) -> tuple[VerifierKey, ...]:
        """The witnesses' keys."""
        return tuple(VerifierKey.parse(key, "trusted log: witnesses") for key in self.witnesses)

    def to_json(self) -> dict[str, Json]:
        """The entry as the policy file has it."""
        return {"key": self.key, "witnesses": list(self.witnesses), "threshold": self.threshold}


def from_entries(kind: Any, entries: Json) -> tuple[Any, ...]:
    """The anchors of one kind, from their entries in a policy file whose shape has been checked."""
    return tuple(kind(**entry) for entry in cast("list[dict[str, Any]]", entries))
