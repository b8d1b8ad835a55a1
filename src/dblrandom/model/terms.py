"""The descriptive terms of a plan's task: methods, window, levels and legal bases.

None of them decides who is drawn; they are committed because the public reads them.
"""

from __future__ import annotations

from enum import StrEnum
from typing import Self

import attrs

from dblrandom.errors import PlanError
from dblrandom.model.json import Json, Reader, choice, listed, placed, show
from dblrandom.model.names import check_date, check_optional_text, check_text

__all__ = ["AdministrativeLevel", "InspectionMethod", "LegalBasis", "Level", "Track", "Window"]


class InspectionMethod(StrEnum):
    """How an inspection is made."""

    ON_SITE = "on_site"
    DOCUMENT_REVIEW = "document_review"
    ONLINE = "online"
    SAMPLE_TEST = "sample_test"
    DELEGATED = "delegated"

    @property
    def chinese(self) -> str:
        """The word that published plans use most."""
        return _METHODS[self]


_METHODS = {
    InspectionMethod.ON_SITE: "现场检查",
    InspectionMethod.DOCUMENT_REVIEW: "书面检查",
    InspectionMethod.ONLINE: "网络监测",
    InspectionMethod.SAMPLE_TEST: "抽样检测",
    InspectionMethod.DELEGATED: "委托专业机构检查",
}


class AdministrativeLevel(StrEnum):
    """The level of an authority that draws or inspects."""

    PROVINCE = "province"
    CITY = "city"
    COUNTY = "county"

    @property
    def chinese(self) -> str:
        """省, 市 or 县 (which stands for districts too)."""
        return {"province": "省", "city": "市", "county": "县"}[self.value]


@attrs.frozen
class Window:
    """The time in which a task's inspections are made.

    Attributes:
        start: the first day, ``YYYY-MM-DD``.
        end: the last day, not before the first.
        text: the words of the published plan.

    Raises:
        PlanError: naming the member.
    """

    start: str
    end: str
    text: str | None = None

    def __attrs_post_init__(self) -> None:
        check_date(self.start, "window.start")
        check_date(self.end, "window.end")
        check_optional_text(self.text, "window.text")
        if self.end < self.start:
            raise PlanError(f"{self.end} is before the start, {self.start}", where="window.end")

    def to_json(self) -> dict[str, Json]:
        """``{"start", "end", "text"?}``."""
        found: dict[str, Json] = {"start": self.start, "end": self.end}
        if self.text is not None:
            found["text"] = self.text
        return found

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a window strictly; a ``PlanError`` names the path."""
        reader = Reader(value, where, ("start", "end", "text"))
        with placed(where, "window"):
            return cls(reader.text("start"), reader.text("end"), reader.text_or_none("text"))


@attrs.frozen
class Track:
    """Who draws, and which levels inspect; 市抽县查 is: the city draws, counties inspect.

    Raises:
        PlanError: where no level inspects, or one is named twice.
    """

    draw: AdministrativeLevel
    inspect: tuple[AdministrativeLevel, ...]

    def __attrs_post_init__(self) -> None:
        object.__setattr__(self, "draw", choice(self.draw, AdministrativeLevel, "track.draw"))
        levels = tuple(
            choice(level, AdministrativeLevel, f"track.inspect[{index}]")
            for index, level in enumerate(listed(self.inspect, "track.inspect"))
        )
        if not levels or len(set(levels)) != len(levels):
            raise PlanError("name at least one level, each only once", where="track.inspect")
        object.__setattr__(self, "inspect", levels)

    def to_json(self) -> dict[str, Json]:
        """``{"draw", "inspect"}``."""
        return {"draw": self.draw.value, "inspect": [level.value for level in self.inspect]}

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a track strictly; a ``PlanError`` names the path."""
        reader = Reader(value, where, ("draw", "inspect"))
        draw = reader.choice("draw", AdministrativeLevel)
        levels = tuple(choice(item, AdministrativeLevel, path) for item, path in reader.items("inspect"))
        with placed(where, "track"):
            return cls(draw, levels)


@attrs.frozen
class Level:
    """The level at which a task is carried out (实施层级): one track or several.

    How a quota is shared among counties is not said by it: the quota's scope and the task's strata say so.

    Raises:
        PlanError: where there is no track, or one is there twice.
    """

    tracks: tuple[Track, ...]
    text: str | None = None

    def __attrs_post_init__(self) -> None:
        tracks = listed(self.tracks, "level.tracks")
        for index, track in enumerate(tracks):
            if not isinstance(track, Track):
                raise PlanError(f"{show(track)} is not a track", where=f"level.tracks[{index}]")
        if not tracks or len(set(tracks)) != len(tracks):
            raise PlanError("give at least one track, each only once", where="level.tracks")
        object.__setattr__(self, "tracks", tracks)
        check_optional_text(self.text, "level.text")

    def involves(self, level: AdministrativeLevel) -> bool:
        """Whether that level draws or inspects in any track."""
        return any(track.draw is level or level in track.inspect for track in self.tracks)

    def to_json(self) -> dict[str, Json]:
        """``{"tracks", "text"?}``."""
        found: dict[str, Json] = {"tracks": [track.to_json() for track in self.tracks]}
        if self.text is not None:
            found["text"] = self.text
        return found

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a level strictly; a ``PlanError`` names the path."""
        reader = Reader(value, where, ("tracks", "text"))
        tracks = tuple(Track.from_json(item, path) for item, path in reader.items("tracks"))
        with placed(where, "level"):
            return cls(tracks, reader.text_or_none("text"))


@attrs.frozen
class LegalBasis:
    """A law, regulation or rule on which a task rests.

    Attributes:
        title: as published.
        title_en: in English.
        citation: decree number, article, or another part of the reference.

    Raises:
        PlanError: naming the member.
    """

    title: str
    title_en: str | None = None
    citation: str | None = None

    def __attrs_post_init__(self) -> None:
        check_text(self.title, "legal_basis.title")
        check_optional_text(self.title_en, "legal_basis.title_en")
        check_optional_text(self.citation, "legal_basis.citation")

    def to_json(self) -> dict[str, Json]:
        """``{"title", "title_en"?, "citation"?}``."""
        found: dict[str, Json] = {"title": self.title}
        if self.title_en is not None:
            found["title_en"] = self.title_en
        if self.citation is not None:
            found["citation"] = self.citation
        return found

    @classmethod
    def from_json(cls, value: object, where: str) -> Self:
        """Read a legal basis strictly; a ``PlanError`` names the path."""
        reader = Reader(value, where, ("title", "title_en", "citation"))
        title, title_en, citation = (
            reader.text("title"),
            reader.text_or_none("title_en"),
            reader.text_or_none("citation"),
        )
        with placed(where, "legal_basis"):
            return cls(title, title_en, citation)
