"""What cannot be read just now is no evidence that does not hold."""

from __future__ import annotations

from typing import Any

import ceremonies as kit
import pytest

import dblrandom as dr
from dblrandom.evidence.report import failing


class Lost:
    """A committed roster whose database went away."""

    def __init__(self, roster: dr.Roster, error: dr.DblrandomError) -> None:
        self._roster, self._error = roster, error

    def frame(self, *_: Any, **__: Any) -> Any:
        raise self._error

    def __getattr__(self, name: str) -> Any:
        return getattr(self._roster, name)


@pytest.mark.parametrize(
    "error",
    [
        dr.RosterUnavailable("the connection was lost", code="database.lost"),
        dr.RosterBusy("is being read"),
        dr.MissingExtra("no library"),
        dr.FolderUnavailable("the disk", code="folder.unavailable"),
        dr.NetworkError("no answer"),
        dr.PluginError("broken"),
    ],
    ids=lambda e: e.code,
)
def test_no_verdict_where_something_is_only_unavailable(error: dr.DblrandomError) -> None:
    with pytest.raises(type(error)) as caught, failing("roster", "receipt 1"):
        raise error
    assert caught.value is error


@pytest.mark.parametrize("error", [dr.RosterChanged("another row"), dr.EntropyError("no value"), dr.NotYetPublic("no")])
def test_what_was_read_and_is_wrong_is_a_failed_verification(error: dr.DblrandomError) -> None:
    with pytest.raises(dr.VerificationError, match="receipt 1"), failing("roster", "receipt 1"):
        raise error


def test_a_database_that_is_lost_while_verifying_is_not_told_as_a_forgery() -> None:
    ceremony = kit.drawn()
    rosters: dict[str, Any] = {**ceremony.rosters, **ceremony.drawn.rosters}
    lost = dr.RosterUnavailable("the connection was lost", code="database.lost")
    rosters["targets"] = Lost(rosters["targets"], lost)
    with pytest.raises(dr.RosterUnavailable, match="connection was lost"):
        dr.verify(ceremony.envelopes, trust=dr.suggested_trust(ceremony.commitment), rosters=rosters)
