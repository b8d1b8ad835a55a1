"""Every reader's budget: the most that it takes in, spent before anything is expanded.

A reader that is handed more refuses it in one line, before the parser, the decompressor or the hash that would do the
work. All budgets stand here, in one place, and docs/limits lists them; a test holds the two together. Budgets that the
specification gives are rules of the protocol, the others are this library's own.
"""

from __future__ import annotations

# Canonical JSON and other JSON

JSON_BYTES = 16 * 1024 * 1024
"""Bytes of a JSON document (specification, section 1)."""
JSON_DEPTH = 32
"""Levels of a JSON document; the outermost is 1 (specification, section 1)."""
JSON_VALUES = JSON_BYTES // 8
"""Values of a JSON document, those inside others counted too (specification, section 1)."""

# Plan files

PLAN_CHARACTERS = 4 * 1024 * 1024
"""Characters of a plan file."""
PLAN_DEPTH = 32
"""Levels of arrays and inline tables in a plan file."""
PLAN_KEY_PARTS = 32
"""Parts of a dotted key or of a table's name in a plan file."""
PLAN_TABLES = 131_072
"""Tables and arrays of a plan file; each dot outside of texts counts as one."""
PLAN_VALUES = 524_288
"""Values of a plan file."""
PLAN_TEXT = 65_536
"""Characters of one text in a plan file, as it is written there with its escapes."""
PLAN_WORD = 8_192
"""Characters of one bare key, number or date in a plan file."""

# Sources of entropy

CHAIN_STEPS = 1_000_000
"""Steps of one hash chain (specification, section 3)."""
COMMITMENT_CHAIN_STEPS = 2_000_000
"""Steps of all hash chains of one commitment, added up (specification, sections 3 and 6)."""
