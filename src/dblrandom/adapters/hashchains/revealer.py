"""Revealing the steps of a hash chain when they are due, for as long as a server runs (docs/spec, section 3).

A step that is revealed too late can be caught up with; one that is revealed too early spoils every draw that relies on
it. So wherever the clock is in doubt, nothing is revealed and the operator is told.
"""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from attrs import define, field

from dblrandom.adapters.hashchains import site as chainsite
from dblrandom.adapters.hashchains.clockguard import ClockGuard, boot_id, steady_seconds
from dblrandom.adapters.hashchains.files import ChainInfo, count_pulses, read_info
from dblrandom.adapters.hashchains.store import tick
from dblrandom.errors import DblrandomError, NotYetPublic
from dblrandom.model import Json

__all__ = ["GREATEST_STEP", "Revealer", "steady_seconds"]

GREATEST_STEP = 5
"""Seconds by which the clock may be set back before it is told."""

# So many files are written before the server looks at the clock, and at whether it shall stop, again.
_SLICE = 100
_RETRY_AFTER = 1


@define(kw_only=True)
class Revealer:
    """Looks at the clock, reveals what is due, and remembers what is wrong.

    Attributes:
        folder: the operator's folder.
        now: the clock, ``YYYY-MM-DDThh:mm:ssZ``.
        warn: where a line goes when something goes wrong, and when it is right again.
        site: a folder in which the chain is kept as static files too, if any.
        steady: seconds that only ever pass.
        boot: which start of the machine those are of; by default
            :func:`~dblrandom.adapters.hashchains.clockguard.boot_id`, and nothing for other seconds.
        clock_checked: the operator has made sure that the clock is right, so that it is compared from now on.
        info: what the chain is.
        last: the last revealed step, 0 for none.
        time: what time it is, as far as the clock is believed; what is due is judged by it.
        troubles: what is wrong at present: ``clock``, ``chain`` or ``site``, with the line that was shown.

    Raises:
        FolderError: there is no chain that can be read, or the site cannot be written.
        InputError: a file of the chain, or what its clock is held against, is malformed.
    """

    folder: Path
    now: Callable[[], str]
    warn: Callable[[str], None]
    site: Path | None = None
    steady: Callable[[], int] = steady_seconds
    boot: Callable[[], str | None] | None = None
    clock_checked: bool = False
    info: ChainInfo = field(init=False)
    last: int = field(init=False)
    time: str = field(init=False)
    troubles: dict[str, str] = field(init=False, factory=dict)
    _guard: ClockGuard = field(init=False)
    _retry_at: int = field(init=False)
    _shown: int = field(init=False, default=0)

    def __attrs_post_init__(self) -> None:
        self.info = read_info(self.folder)
        self.last = count_pulses(self.folder, self.info)
        self.time = self.now()
        self._retry_at = self.steady()
        if self.site is not None:
            self._shown = chainsite.rendered(self.site, self.info)
            chainsite.render(self.folder, self.site, first=self._shown + 1, last=self._shown)
        boot = self.boot or (boot_id if self.steady is steady_seconds else lambda: None)
        self._guard = ClockGuard.begin(
            self.folder, self.time, steady=self.steady, boot=boot(), checked=self.clock_checked
        )
        if self._guard.too_far(self.time, self._retry_at):
            self.time = self._guard.truly(self._retry_at)

    @property
    def clock_compared(self) -> bool:
        """Whether an earlier process left something that the clock is held against."""
        return self._guard.resumed

    @property
    def due(self) -> int:
        """The step that is due at ``time``."""
        return self.info.schedule.due(self.time)

    def beat(self) -> bool:
        """Look once, and do what there is to do; whether there is more to do at once. Raises nothing."""
        try:
            if not self._look():
                return False
            if self.steady() >= self._retry_at:
                self._reveal()
                self._show()
        except DblrandomError as error:
            self._fail("chain", str(error))
        except Exception as error:
            # A thread that died of a mistake would leave a server that looks well and reveals nothing.
            self._fail("chain", f"internal: {type(error).__name__}: {error}; please report")
        behind = self.site is not None and self._shown < self.last
        return not self.troubles and (behind or self.last < self.due)

    def health(self) -> dict[str, Json]:
        """What a monitor wants to know: due, next (when, or null), revealed, tip, troubles (their names)."""
        schedule = self.info.schedule
        following = schedule.time_of(self.last + 1) if self.last < schedule.length else None
        return {
            "due": self.due,
            "next": following,
            "revealed": self.last,
            "tip": self.info.tip,
            "troubles": [*sorted(self.troubles)],
        }

    def _look(self) -> bool:
        """Read the clock; whether anything may be revealed by it. That it is ahead is held against it until undone."""
        now, steady = self.now(), self.steady()
        if self._guard.too_far(now, steady):
            self._fail("clock", self._guard.complaint(now, steady))
            return False
        off = self._guard.ahead(now, steady)
        self.time = now
        if self.due < self.last:
            due = self.info.schedule.time_of(self.last)
            self._fail("clock", f"the clock says {now}, but step {self.last}, due at {due}, is revealed; set it right")
            return False
        if off < -GREATEST_STEP:
            # A later jump ahead is still measured from the time before, which may have been the right one.
            self._fail("clock", f"the clock went back by {-off} s, to {now}; set it right; steps come late till then")
            return True
        self._mend("clock")
        return True

    def _reveal(self) -> None:
        if self.last < self.due:
            try:
                self.last = tick(self.folder, self.time, limit=_SLICE)[-1].step
            except NotYetPublic:
                self.last = count_pulses(self.folder, self.info)  # Another process was there first.
            self._mend("chain")

    def _show(self) -> None:
        """Bring the static files up to what is revealed, or a part of the way."""
        if self.site is None or self._shown >= self.last:
            return
        last = min(self._shown + _SLICE, self.last)
        try:
            chainsite.render(self.folder, self.site, first=self._shown + 1, last=last)
        except DblrandomError as error:
            self._fail("site", str(error))
            return
        self._shown = last
        self._mend("site")

    def _fail(self, trouble: str, text: str) -> None:
        """Remember what is wrong, say so once, and try again a little later."""
        if trouble not in self.troubles:
            self.warn(f"warning: {text}")
        self.troubles[trouble] = text
        if trouble != "clock":
            self._retry_at = self.steady() + _RETRY_AFTER

    def _mend(self, trouble: str) -> None:
        if self.troubles.pop(trouble, None) is not None:
            self.warn(f"the {trouble} is in order again; step {self.last} is revealed")
