"""The Kunming plan of 2024 with its synthetic rosters, ready to be drawn from."""

from __future__ import annotations

from importlib.resources import files

from attrs import frozen

from dblrandom.errors import FolderError
from dblrandom.examples.parties import PARTIES, Party
from dblrandom.examples.synthetic import TARGET_COLUMNS, target_rows
from dblrandom.examples.synthetic_people import DRAWN_ON, inspectors, recusals
from dblrandom.model import Plan, Population, inspector_population, planfile, recusal_population

__all__ = ["KunmingExample", "kunming_2024", "plan_text"]


@frozen(kw_only=True)
class KunmingExample:
    """A plan as it was published, and everything else that a draw needs, which is synthetic.

    Attributes:
        plan: the twelve tasks; what the published text does not say is marked in the plan file.
        targets: 2,289 invented inspection targets, one roster for all tasks (``category`` tells them apart).
        inspectors: 71 badge numbers; ``certificate`` is ``valid`` or ``expired`` on the first day of the plan's window.
        recusals: twelve typed pairs of an inspector and a target.
        parties: organiser, notary, discipline inspection and trade association, with public rehearsal keys.
    """

    plan: Plan
    targets: Population
    inspectors: Population
    recusals: Population
    parties: tuple[Party, ...] = PARTIES


def plan_text() -> str:
    """Return the text of the plan file ``kunming_2024/plan.toml`` as it is installed.

    Raises:
        FolderError: where the installation has lost the file.
    """
    file = files("dblrandom.examples") / "kunming_2024" / "plan.toml"
    try:
        return file.read_text(encoding="utf-8")
    except OSError as error:
        raise FolderError("the example's kunming_2024/plan.toml is not installed; install dblrandom again") from error


def kunming_2024() -> KunmingExample:
    """Return the worked example; the same values on every machine and at every call."""
    rows = tuple(target_rows())
    return KunmingExample(
        plan=planfile.loads(plan_text(), where="kunming_2024/plan.toml"),
        targets=Population.from_dicts("targets", TARGET_COLUMNS, rows),
        inspectors=inspector_population(inspectors(), DRAWN_ON, name="inspectors"),
        recusals=recusal_population(recusals(rows), name="recusals"),
    )
