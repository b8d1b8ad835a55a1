"""What a log sends to a witness: the size that he knows, what grew from there, the checkpoint (C2SP tlog-witness).

The body of ``add-checkpoint``; here it is a file that is passed on, and can be sent by HTTP just as well.
"""

from __future__ import annotations

import attrs

from dblrandom.errors import InputError
from dblrandom.model.json import show
from dblrandom.tlog.note import MAX_NOTE
from dblrandom.tlog.texts import hashes_and_note, lines_of, read_decimal, read_hashes_and_note
from dblrandom.tlog.tree import MAX_PATH

__all__ = ["AddCheckpoint"]

_OLD = "old "
_MAX = MAX_NOTE + 64 * (MAX_PATH + 2)


@attrs.frozen(kw_only=True)
class AddCheckpoint:
    """A request for a cosignature; nothing in it is verified.

    Attributes:
        old: the size that the witness cosigned last, 0 for none.
        path: the consistency proof from there, 32 bytes each.
        checkpoint: the signed note, verbatim.
    """

    old: int
    path: tuple[bytes, ...]
    checkpoint: str

    @property
    def text(self) -> str:
        """The request's body."""
        return f"{_OLD}{self.old}\n{hashes_and_note(self.path, self.checkpoint)}"

    @classmethod
    def parse(cls, text: object, where: str = "request") -> AddCheckpoint:
        """Read a request strictly.

        Raises:
            InputError: it is not one.
        """
        lines = lines_of(text, _MAX, where)
        if not lines or not lines[0].startswith(_OLD):
            raise InputError(f"{show(lines[0] if lines else '')} is not the line of the old size", where=where)
        old = read_decimal(lines[0].removeprefix(_OLD), "size", where)
        path, checkpoint = read_hashes_and_note(lines[1:], MAX_PATH, "proof", where)
        return cls(old=old, path=path, checkpoint=checkpoint)
