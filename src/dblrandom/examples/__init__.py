"""Worked examples that come with the library: a published plan, and synthetic rosters to draw from."""

from __future__ import annotations

from dblrandom.examples.kunming import KunmingExample, kunming_2024, plan_text
from dblrandom.examples.parties import PARTIES, Party, rehearsal_bytes

__all__ = ["PARTIES", "KunmingExample", "Party", "kunming_2024", "plan_text", "rehearsal_bytes"]
