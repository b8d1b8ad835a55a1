"""What tests run in processes of their own: functions here can be imported there, whatever started the tests."""

from __future__ import annotations

from dblrandom.adapters.engines.opening import open_roster

__all__ = ["draw_from_files"]


def draw_from_files(place: str, key: str) -> str:
    """Draw three rows from a table with the columns ``id`` and ``kind``, as text."""
    with open_roster(place, name="targets", id="id", engine="datafusion") as roster:
        return str(roster.frame({}, ("kind",), where="x").lowest(key, {("a",): 2, ("b",): 0, ("c",): 1}))
