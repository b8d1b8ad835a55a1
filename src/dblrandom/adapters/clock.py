"""The world's clock: the one place where the library asks what time it is."""

from __future__ import annotations

from datetime import UTC, datetime

__all__ = ["now"]


def now() -> str:
    """Return the present time as ``YYYY-MM-DDThh:mm:ssZ``, fractions of a second cut off (docs/spec, section 1)."""
    return datetime.now(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
