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
PLAN_NUMBER = 1_024
"""Characters of one number in a plan file."""

# Sources of entropy

SOURCES = 64
"""Sources of one commitment (specification, sections 3 and 6): each may cost a verifier a pairing of curves."""
CHAIN_STEPS = 1_000_000
"""Steps of one hash chain (specification, section 3)."""
COPIED_STEPS = 20_000
"""Steps that one call adds to a copy of a hash chain, each a file; further calls go on."""
COMMITMENT_CHAIN_STEPS = 2_000_000
"""Steps of all hash chains of one commitment, added up (specification, sections 3 and 6)."""

# Tasks

TASK_ROWS = 1 << 26
"""Rows that the tasks of one commitment go through together, those of inspectors and recusals too (specification,
section 6)."""
TASK_ROWS_PER_ROW = 16
"""Or so many for each row of its rosters, where that is more (specification, section 6)."""

CERTAIN_ASKED = 1 << 18
"""Inspectors who are asked, in the search for those who go for certain, for one task; beyond, the report says "not
checked"."""
ASSIGNED_PAIRS = 1 << 28
"""Slots of a draw times the inspectors who pass the filter of their role (specification, section 6)."""
REFILLED_PAIRS = 1 << 25
"""The same of all slots that the substitutions of a ceremony fill (specification, section 6)."""

# Tables: Parquet, Arrow, CSV and TSV files

TABLE_COLUMNS = 1_024
"""Columns of a file that become a roster's."""
TABLE_SCHEMA = 16_384
"""Columns that a file may have, those that are not taken and those inside others counted too."""
TABLE_DEPTH = 64
"""Levels of a Parquet file's schema."""
TABLE_ROWS = 2_000_000
"""Rows of a Parquet or Arrow file of any size; a larger file may have more, by the next number."""
TABLE_ROWS_PER_BYTE = 8
"""Further rows of a Parquet or Arrow file for each byte that it has."""
TABLE_EXPANDED = 256 * 1024 * 1024
"""Bytes that a file's data may have at any one time, once they are decompressed; the next number allows for more."""
TABLE_RATIO = 32
"""Further decompressed bytes for each byte that is stored."""
TABLE_FOOTER = 16 * 1024 * 1024
"""Bytes of a Parquet or Arrow file's footer."""
TABLE_PARTS = 262_144
"""Parts of a Parquet file's footer, one for each column of each row group and some more; record batches of an Arrow
file."""
PARQUET_PAGES = 65_536
"""Pages of the columns that are taken from a Parquet file; a larger file may have one more for each KiB."""
PARQUET_PAGE_HEADER = 65_536
"""Bytes of the header of a Parquet page."""
PARQUET_PREFIXED = 4 * 1024 * 1024
"""Bytes of a Parquet page of the encoding DELTA_BYTE_ARRAY, in which a value can repeat the one before."""
CSV_LINE = 4 * 1024 * 1024
"""Characters of one line of a CSV file."""

# Texts, names and rows

TEXT_CHARACTERS = 4_096
"""Characters of a free text in a plan or a receipt (specification, section 1)."""
FIELD_BYTES = 1_024
"""Bytes of a field of a roster (specification, section 2)."""
ID_BYTES = 255
"""Bytes of an id (specification, section 2)."""
WORDING_CHARACTERS = 1_000
"""Characters of a published plan's wording that is read for whoever enters it."""

# Receipts, keys and signatures

RECEIPT_SIGNATURES = 64
"""Signatures of one receipt (specification, section 6)."""
REQUIREMENTS = 64
"""Requirements of a trust policy for one type of receipt (specification, section 7)."""
KEY_BYTES = 16 * 1024
"""Bytes of a file with a key."""
CERTIFICATE_BYTES = 16 * 1024
"""Bytes of a certificate in PEM."""
CERTIFICATE_DER_BYTES = 16 * 1024
"""Bytes of a certificate of a time-stamp authority (specification, section 6)."""
CERTIFICATE_CHAIN = 8
"""Certificates from a time stamp to its root (specification, section 6)."""
CERTIFICATES = 64
"""Certificates of one PEM file."""
DER_PARTS = 256
"""Parts of one structure in DER."""
TOKEN_BYTES = 65_536
"""Bytes of a time stamp's token (specification, section 6)."""
PEM_BYTES = 262_144
"""Bytes of a file with certificates."""

# Time-locks, beacons and public events

AGE_BYTES = 1024 * 1024
"""Bytes of a time-locked file (specification, section 3)."""
AGE_STANZAS = 16
"""Recipients of a time-locked file."""
AGE_LINE = 1_024
"""Characters of a line in a time-locked file's header (specification, section 3)."""
LOCK_CHARACTERS = 4_096
"""Characters of a lock in a commitment (specification, section 3)."""
EVENT_VALUE = 256
"""Characters of a public event's value (specification, section 3)."""
EVENT_FORM = 256
"""Characters of a public event's form (specification, section 3)."""
EVENT_WRITING = 2_048
"""Characters of what somebody wrote down of a public event."""
EVENT_TEXT = 1_024
"""Characters of a public event's description (specification, section 3)."""
CHAIN_FILE_BYTES = 4_096
"""Bytes of a file of a hash chain."""

# The log

NOTE_CHARACTERS = 262_144
"""Characters of a signed note (specification, section 6)."""
NOTE_SIGNATURES = 100
"""Signatures of a note (specification, section 6)."""
TREE_PATH = 63
"""Hashes of a proof (specification, section 6)."""
ENTRY_BYTES = 65_535
"""Bytes of an entry (specification, section 6)."""

# Files and folders

FILE_BYTES = 16 * 1024 * 1024
"""Bytes of a file that is read whole, where nothing else is said."""
SUMS_BYTES = 64 * 1024 * 1024
"""Bytes of a folder's list of hashes."""
JOURNAL_BYTES = 64 * 1024 * 1024
"""Bytes of the journal of a step."""
ROSTER_BYTES = 1 << 36
"""Bytes of a canonical roster's file."""
ANSWER_BYTES = 1024 * 1024
"""Bytes of a file with a beacon's answer."""
MEMORY_BYTES = 64 * 1024 * 1024
"""Bytes of a witness's memory."""

# The network

URL_CHARACTERS = 2_048
"""Characters of an address."""
RELAYS = 16
"""Relays of one question."""
REDIRECTS = 3
"""Redirects of one answer, all to the same host; a compressed answer is refused."""
DRAND_BYTES = 8_192
"""Bytes of a drand relay's answer."""
PULSE_BYTES = 32_768
"""Bytes of an answer with a pulse."""
REQUEST_HEAD = 8_192
"""Bytes of a request's head to the server of a hash chain."""
CONNECTIONS = 128
"""Connections that this server serves at a time."""
