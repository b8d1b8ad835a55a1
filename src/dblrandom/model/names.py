"""Names, ids, times and texts, each with the one form that it may have (docs/spec, sections 1 and 2)."""

from __future__ import annotations

import re
from collections.abc import Iterable
from datetime import UTC, date, datetime, timedelta

from dblrandom import limits
from dblrandom.errors import InputError, PlanError
from dblrandom.model.characters import SPACES, UNSEEN, first_unseen, in_class
from dblrandom.model.json import show

__all__ = [
    "BLIND",
    "LONGEST_TEXT",
    "MAX_FIELD_BYTES",
    "MAX_ID_BYTES",
    "NAME",
    "RESERVED_COLUMNS",
    "ROSTER_NAME",
    "UNSEEN_IN_ID",
    "check_date",
    "check_field",
    "check_hex",
    "check_id",
    "check_name",
    "check_names_distinct",
    "check_optional_text",
    "check_roster_name",
    "check_task_id",
    "check_text",
    "check_time",
    "time_seconds",
    "time_text",
]

BLIND = "blind"
"""The last column of a confidential roster, and of no other (docs/spec, section 2)."""

RESERVED_COLUMNS = frozenset({BLIND, "id", "rank", "status"})
"""Column names that result rosters use themselves; refused as stratum columns and roles (docs/spec, section 6)."""

LONGEST_TEXT = limits.TEXT_CHARACTERS
"""Characters of a descriptive text."""

MAX_FIELD_BYTES = limits.FIELD_BYTES
"""The longest field of a roster, in bytes of UTF-8."""

MAX_ID_BYTES = limits.ID_BYTES
"""The longest id, in bytes of UTF-8."""

NAME = re.compile(r"[a-z0-9._-]{1,64}")
"""A name of a ceremony, source, role or column."""

ROSTER_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
"""A name of a roster, which may begin with a task's id."""

UNSEEN_IN_ID = in_class(UNSEEN, least=0x80) + in_class(SPACES, least=0x80)
"""What no id may hold besides ASCII's control characters, as the inside of a character class (section 2)."""

# A task id names two result rosters, <id>.selected and <id>.teams, and those names must be names too. Were 64
# characters allowed here, the draw would fail after the entropy is known, when nothing can be repaired any more.
_LONGEST_TASK_ID = 64 - len(".selected")

_TASK_ID = re.compile(rf"[A-Za-z0-9._-]{{1,{_LONGEST_TASK_ID}}}")
_TIME = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}T(?:[01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]Z")
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_HEX = re.compile(r"[0-9a-f]*")
_NOT_IN_FIELD = re.compile("[\x00-\x1f\x7f\ud800-\udfff]")
_NOT_IN_ID = re.compile(f"[\x00-\x1f\x7f{UNSEEN_IN_ID}\ud800-\udfff]")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _text(value: object, where: str, error: type[InputError]) -> str:
    if not isinstance(value, str):
        raise error(f"{show(value)} is not text", where=where)
    return value


def check_name(text: object, where: str, *, error: type[InputError] = PlanError) -> str:
    """A name of a ceremony, source, role, column or roster: 1 to 64 of ``a-z 0-9 . _ -``.

    Raises:
        PlanError: or ``error``, as for every function of this module.
    """
    if not NAME.fullmatch(_text(text, where, error)):
        raise error(f"{show(text)} is not a name; use 1 to 64 of a-z 0-9 . _ -", where=where)
    return str(text)


def check_task_id(text: object, where: str, *, error: type[InputError] = PlanError) -> str:
    """A task's id: 1 to 55 of ``A-Z a-z 0-9 . _ -``, so that ``<id>.selected`` is still a roster name."""
    if not _TASK_ID.fullmatch(_text(text, where, error)):
        raise error(f"{show(text)} is not a task id; use 1 to {_LONGEST_TASK_ID} of A-Z a-z 0-9 . _ -", where=where)
    return str(text)


def check_roster_name(text: object, where: str, *, error: type[InputError] = PlanError) -> str:
    """A roster's name, which may have ``A-Z`` because a result roster begins with a task's id: 1 to 64 characters."""
    if not ROSTER_NAME.fullmatch(_text(text, where, error)):
        raise error(f"{show(text)} is not a roster's name; use 1 to 64 of A-Z a-z 0-9 . _ -", where=where)
    return str(text)


def check_names_distinct(names: Iterable[str], where: str, *, error: type[InputError] = PlanError) -> None:
    """Refuse two names of one list that are equal or differ only in case."""
    seen: dict[str, str] = {}
    for name in names:
        folded = name.lower()
        if folded in seen:
            other = seen[folded]
            how = "is there twice" if other == name else f"differs from {show(other)} only in case"
            raise error(f"{show(name)} {how}; give each its own name", where=where)
        seen[folded] = name


def check_text(text: object, where: str, *, maximum: int = LONGEST_TEXT, error: type[InputError] = PlanError) -> str:
    """Text for people: 1 to ``maximum`` characters, without any that are not seen on paper.

    Refused are the code points of :data:`~dblrandom.model.characters.UNSEEN`: control characters (line breaks and tabs
    too), marks that change the direction of writing, everything else without a shape of its own. Nothing is normalised.
    """
    value = _text(text, where, error)
    if not value:
        raise error("is empty; leave it out or say something", where=where)
    if len(value) > maximum:
        raise error(f"has {len(value)} characters; at most {maximum} are allowed", where=where)
    if found := first_unseen(value):
        raise error(
            f"has the character U+{ord(found[0]):04X} at position {found.start() + 1}; remove what cannot be seen",
            where=where,
        )
    return value


def check_optional_text(
    text: object, where: str, *, maximum: int = LONGEST_TEXT, error: type[InputError] = PlanError
) -> str | None:
    """``check_text`` where the text is there."""
    return None if text is None else check_text(text, where, maximum=maximum, error=error)


def check_field(text: object, where: str, *, error: type[InputError] = PlanError) -> str:
    """A roster's field: at most 1,024 bytes of UTF-8, without control characters; it may be empty (section 2)."""
    value = _text(text, where, error)
    if found := _NOT_IN_FIELD.search(value):
        raise error(
            f"{show(value)} has the character U+{ord(found[0]):04X}, which no roster field can hold", where=where
        )
    if len(value.encode("utf-8")) > MAX_FIELD_BYTES:
        raise error(f"is over {MAX_FIELD_BYTES} bytes, which no roster field can hold", where=where)
    return value


def check_id(text: object, where: str, *, error: type[InputError] = PlanError) -> str:
    """A roster row's id: 1 to 255 bytes of UTF-8, no space at either end, nothing invisible (section 2)."""
    value = _text(text, where, error)
    if not value:
        raise error("is empty; every row needs an id", where=where)
    if found := _NOT_IN_ID.search(value):
        raise error(f"{show(value)} has the character U+{ord(found[0]):04X}, which no id can hold", where=where)
    if value != value.strip(" "):
        raise error(f"{show(value)} has a space at an end; remove it", where=where)
    if len(value.encode("utf-8")) > MAX_ID_BYTES:
        raise error(f"is over {MAX_ID_BYTES} bytes, which no id can hold", where=where)
    return value


def check_hex(text: object, length: int, where: str, *, error: type[InputError] = PlanError) -> str:
    """Exactly ``length`` lower-case hexadecimal characters."""
    value = _text(text, where, error)
    if len(value) != length or not _HEX.fullmatch(value):
        raise error(f"{show(value)} is not {length} lower-case hexadecimal characters", where=where)
    return value


def check_date(text: object, where: str, *, error: type[InputError] = PlanError) -> str:
    """A real date, exactly ``YYYY-MM-DD``."""
    value = _text(text, where, error)
    try:
        if _DATE.fullmatch(value):
            date.fromisoformat(value)
            return value
    except ValueError:
        pass
    raise error(f"{show(value)} is not a date; write it as YYYY-MM-DD", where=where)


def _moment(text: str) -> datetime:
    return datetime.fromisoformat(text)


def check_time(text: object, where: str, *, error: type[InputError] = PlanError) -> str:
    """A real moment in UTC, exactly ``YYYY-MM-DDThh:mm:ssZ``, never second 60 (section 1)."""
    value = _text(text, where, error)
    try:
        if _TIME.fullmatch(value):
            _moment(value)
            return value
    except ValueError:
        pass
    raise error(f"{show(value)} is not a time in UTC; write it as YYYY-MM-DDThh:mm:ssZ", where=where)


def time_seconds(text: str) -> int:
    """Seconds from 1970-01-01T00:00:00Z to the time, leap seconds not counted."""
    return (_moment(check_time(text, "time")) - _EPOCH) // timedelta(seconds=1)


def time_text(seconds: int) -> str:
    """The time of so many seconds since 1970-01-01T00:00:00Z."""
    try:
        return (_EPOCH + timedelta(seconds=seconds)).strftime("%Y-%m-%dT%H:%M:%SZ").rjust(20, "0")
    except (OverflowError, TypeError, ValueError):
        raise PlanError(f"{show(seconds)} seconds since 1970 is not a time from year 1 to 9999", where="time") from None
