"""The synthetic parties of the worked example and the fixed keys with which a rehearsal can be run.

A rehearsal key is SHA-256 of a public label: anyone can make it, so it proves nothing and is good for exactly one
thing, to show a ceremony whose every byte can be repeated. A real ceremony never uses one.
"""

from __future__ import annotations

from hashlib import sha256

from attrs import frozen

__all__ = ["PARTIES", "Party", "rehearsal_bytes"]


def rehearsal_bytes(label: str) -> bytes:
    """Return the 32 public bytes that a rehearsal uses for ``label``: SHA-256 of ``dblrandom rehearsal <label>``.

    Never a secret: whoever reads this line can compute them.
    """
    return sha256(f"dblrandom rehearsal {label}".encode()).digest()


@frozen
class Party:
    """A synthetic party of the ceremony.

    ``key`` is a short name for files and messages, ``roles`` are the signer roles of a commitment (docs/spec,
    section 6), and ``name`` and ``name_en`` say in both languages that the party is synthetic.
    """

    key: str
    roles: tuple[str, ...]
    name: str
    name_en: str

    @property
    def rehearsal_seed(self) -> bytes:
        """The 32-byte Ed25519 seed of this party in a rehearsal: public, and of no worth outside one."""
        return rehearsal_bytes(f"key: {self.key}")


PARTIES = (
    Party("organiser", ("organiser",), "合成主办单位（示例公安局）", "synthetic organiser (example bureau)"),
    Party("notary", ("operator", "witness"), "合成公证处", "synthetic notary office"),
    Party("discipline", ("party", "witness"), "合成纪检监察机构", "synthetic discipline inspection office"),
    Party("association", ("party",), "合成行业协会", "synthetic trade association"),
)
"""The organiser; a notary who runs the hash chain and witnesses; discipline inspection, a second witness, and a trade
association, which hold a secret each."""
