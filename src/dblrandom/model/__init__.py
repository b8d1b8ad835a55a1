"""The values of the field: plans, quotas, windows, teams, people and outcomes.

Every value is frozen, checks itself when it is made, and has ``to_json`` and ``from_json``. There is no input or output
and no cryptography here.
"""

from __future__ import annotations

from dblrandom.model.json import LARGEST_INTEGER, Json, Reader, ReadOnly
from dblrandom.model.names import (
    BLIND,
    RESERVED_COLUMNS,
    check_date,
    check_field,
    check_hex,
    check_id,
    check_name,
    check_names_distinct,
    check_optional_text,
    check_roster_name,
    check_task_id,
    check_text,
    check_time,
    time_seconds,
    time_text,
)
from dblrandom.model.outcome import ResultCode, SelectedUnit, Selection, StratumSelection, Team
from dblrandom.model.people import (
    RECUSAL_COLUMNS,
    Inspector,
    Recusal,
    RecusalGround,
    RecusalOrigin,
    inspector_population,
    recusal_population,
)
from dblrandom.model.plan import Plan
from dblrandom.model.population import Population
from dblrandom.model.quota import Quota, Rounding, Scope
from dblrandom.model.ratio import ratio_from_json, ratio_to_json
from dblrandom.model.source import Source
from dblrandom.model.task import SAMPLERS, Task
from dblrandom.model.team import Filter, Role, TeamRule
from dblrandom.model.terms import AdministrativeLevel, InspectionMethod, LegalBasis, Level, Track, Window

__all__ = [
    "BLIND",
    "LARGEST_INTEGER",
    "RECUSAL_COLUMNS",
    "RESERVED_COLUMNS",
    "SAMPLERS",
    "AdministrativeLevel",
    "Filter",
    "InspectionMethod",
    "Inspector",
    "Json",
    "LegalBasis",
    "Level",
    "Plan",
    "Population",
    "Quota",
    "ReadOnly",
    "Reader",
    "Recusal",
    "RecusalGround",
    "RecusalOrigin",
    "ResultCode",
    "Role",
    "Rounding",
    "Scope",
    "SelectedUnit",
    "Selection",
    "Source",
    "StratumSelection",
    "Task",
    "Team",
    "TeamRule",
    "Track",
    "Window",
    "check_date",
    "check_field",
    "check_hex",
    "check_id",
    "check_name",
    "check_names_distinct",
    "check_optional_text",
    "check_roster_name",
    "check_task_id",
    "check_text",
    "check_time",
    "inspector_population",
    "ratio_from_json",
    "ratio_to_json",
    "recusal_population",
    "time_seconds",
    "time_text",
]
