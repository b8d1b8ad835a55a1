"""A witness's memory on disk, which one witness at a time reads, checks against and writes."""

from __future__ import annotations

import os
from pathlib import Path
from types import TracebackType

from dblrandom import limits
from dblrandom.adapters.files import read_bytes, write_atomic
from dblrandom.adapters.lock import FolderLock
from dblrandom.errors import StepError
from dblrandom.evidence import WitnessMemory
from dblrandom.model.portable import Bound

__all__ = ["HeldMemory"]


class HeldMemory(Bound):
    """A witness's memory, held from before it is read until the ``with`` block ends.

    Two who read it at the same moment would both find that nothing is open, and attest two commitments of one period.
    Take it before the ceremony is checked, and sign within the block.

    Args:
        path: the memory's file; it may be new. The lock is that of the directory it is in.
        timeout: how many seconds to wait for whoever holds it; 0 to refuse at once.

    Raises:
        FolderBusy: on entry, where somebody else holds it.
        FolderUnavailable: on entry, where the file system has no working locks.
        FolderError, InputError: on entry, where it cannot be read, or is damaged.
    """

    _instead = "take the memory in the process that signs"

    def __init__(self, path: str | os.PathLike[str], *, timeout: float = 0) -> None:
        # The file itself: two links to one memory must meet at one lock.
        self.path = Path(os.path.realpath(path))
        self._lock = FolderLock(self.path.parent, timeout=timeout)
        self._memory: WitnessMemory | None = None
        self.exists = False
        """Whether there was a file when it was taken."""

    def __enter__(self) -> HeldMemory:
        self._lock.__enter__()
        try:
            self.exists = os.path.lexists(self.path)
            self._memory = (
                WitnessMemory.from_bytes(read_bytes(self.path, limits.MEMORY_BYTES), str(self.path))
                if self.exists
                else WitnessMemory()
            )
        except BaseException:
            self._lock.__exit__(None, None, None)
            raise
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self._memory = None
        self._lock.__exit__(kind, error, traceback)

    @property
    def memory(self) -> WitnessMemory:
        """What is remembered.

        Raises:
            StepError: it is not held.
        """
        if self._memory is None:
            raise StepError(f"{self.path}: is not held; read and write a witness's memory within its with block")
        return self._memory

    def write(self, memory: WitnessMemory) -> None:
        """Put another memory in its place, on disk before this returns.

        Raises:
            StepError: it is not held.
            FolderError: it cannot be written.
        """
        if self._memory is None:
            raise StepError(f"{self.path}: is not held; read and write a witness's memory within its with block")
        write_atomic(self.path, memory.to_bytes(), 0o600)
        self._memory = memory
