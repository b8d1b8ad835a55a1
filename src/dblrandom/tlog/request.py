"""What a log sends to a witness: the size that he knows, what grew from there, the checkpoint (C2SP tlog-witness).

The body of ``add-checkpoint``; here it is a file that is passed on, and can be sent by HTTP just as well.
"""

from __future__ import annotations

import attrs

from dblrandom.errors import InputError
from dblrandom.kernel.dsse import b64encode
from dblrandom.model.json import show
from dblrandom.tlog.note import MAX_NOTE
from dblrandom.tlog.texts import lines_of, read_decimal, read_hash
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
        path = "".join(f"{b64encode(step)}\n" for step in self.path)
        return f"{_OLD}{self.old}\n{path}\n{self.checkpoint}"

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
        if "" not in lines[1 : 2 + MAX_PATH]:
            raise InputError(f"has no empty line after at most {MAX_PATH} hashes", where=where)
        end = lines.index("", 1)
        path = tuple(read_hash(line, f"hash {n} of the proof", where) for n, line in enumerate(lines[1:end], 1))
        return cls(old=old, path=path, checkpoint="".join(f"{line}\n" for line in lines[end + 1 :]))
