"""The specification in code, bytes in and bytes out (docs/spec, sections 1 to 4 and 6).

Hashes and their lines, canonical JSON, rows, Merkle trees, tickets, quotas and signatures. Everything here is pure,
and this is the only place that imports the primitives of ``cryptography``.
"""
