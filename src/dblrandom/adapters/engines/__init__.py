"""Engines: rosters that stay where they are, in files, in a database or on a cluster (docs/engines).

An engine never decides a draw. It renders the canonical rows for the commitment, counts strata, and hands out the
candidates below a ticket; the kernel does the rest, so every engine gives the same receipts, byte for byte.
"""
