"""A plan survives its two forms: the commitment's JSON and the plan file.

Names, texts and filter values are drawn as hostile as the model lets them be (quotes, backslashes, brackets, emoji,
characters outside the basic plane), since a writer's mistake in escaping would change what is committed.
"""

from __future__ import annotations

import contextlib
import json
from datetime import date
from fractions import Fraction
from typing import Any

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from dblrandom.errors import DblrandomError
from dblrandom.model import (
    AdministrativeLevel,
    Filter,
    InspectionMethod,
    LegalBasis,
    Level,
    Plan,
    Quota,
    Role,
    Rounding,
    Scope,
    Task,
    TeamRule,
    Track,
    Window,
)
from dblrandom.model.characters import first_unassigned, first_unseen
from dblrandom.model.planfile import dumps, loads, parse_ratio, ratio_text
from dblrandom.model.reading import read_frequency, read_level, read_methods, read_quota, read_targets, read_window

NAMES = st.text("az09._-", min_size=1, max_size=8)
COLUMNS = NAMES.filter(lambda name: name not in ("id", "rank", "status", "blind"))
BIGGEST = 2**53 - 1


# Seen, and assigned in Unicode 14.0, as what is compared must be.
SEEN = st.characters(exclude_categories=("Cs", "Cn", "Cc", "Cf")).filter(
    lambda letter: not first_unseen(letter) and not first_unassigned(letter)
)
TEXTS = st.text(SEEN, min_size=1, max_size=12) | st.sampled_from(['"', "\\", "\\u0041", "'''", "# x", "= [", "双"])
OPTIONAL = st.none() | TEXTS
FIELDS = st.text(SEEN, max_size=8)
ANY_TEXT = st.text(SEEN, max_size=5)
FILTERS = st.dictionaries(NAMES, st.lists(FIELDS, min_size=1, max_size=3, unique=True), max_size=3).map(Filter)
RATIOS = st.fractions(min_value=Fraction(1, 10**6), max_value=1, max_denominator=10**6)
LEVELS = st.sampled_from(AdministrativeLevel)
TRACKS = st.builds(Track, LEVELS, st.lists(LEVELS, min_size=1, max_size=3, unique=True))
PARAMETERS = st.dictionaries(
    ANY_TEXT,
    st.recursive(
        st.booleans() | st.integers(-BIGGEST, BIGGEST) | ANY_TEXT,
        lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text('ab." ', max_size=3), inner, max_size=3),
        max_leaves=6,
    ),
    max_size=3,
)


@st.composite
def windows(draw: st.DrawFn) -> Window:
    days = sorted(draw(st.lists(st.dates(date(1, 1, 1)), min_size=2, max_size=2)))
    return Window(days[0].isoformat(), days[1].isoformat(), draw(OPTIONAL))


@st.composite
def quotas(draw: st.DrawFn, scope: Scope, *, ratio: bool, count: bool) -> Quota:
    least = draw(st.integers(1, BIGGEST)) if count else None
    return Quota(
        ratio=draw(RATIOS) if ratio else None,
        count=least,
        cap=draw(st.none() | st.integers(least or 1, BIGGEST)),
        rounding=draw(st.sampled_from(Rounding)),
        scope=scope,
        minimum=draw(st.none() | st.integers(0, 9)) if scope is Scope.TOTAL else None,
        allow_zero=draw(OPTIONAL),
    )


@st.composite
def teams(draw: st.DrawFn) -> TeamRule:
    names = draw(st.lists(COLUMNS, max_size=3, unique=True))
    capped = draw(st.booleans())
    return TeamRule(
        roster=draw(NAMES),
        roles=tuple(Role(name, draw(FILTERS)) for name in names),
        cap=draw(st.integers(1, BIGGEST)) if capped else None,
        slack=None if capped else draw(st.none() | st.integers(0, BIGGEST)),
        reason=draw(TEXTS) if len(names) < 2 else None,
    )


@st.composite
def samplers(draw: st.DrawFn) -> dict[str, Any]:
    kind = draw(st.sampled_from(["fixed-count", "percentage", "stratified", "x-own"]))
    strata = draw(st.lists(COLUMNS, min_size=1, max_size=3, unique=True))
    both = draw(st.booleans())
    if kind == "fixed-count":
        return {"sampler": kind, "quota": draw(quotas(Scope.FRAME, ratio=False, count=True))}
    if kind == "percentage":
        return {"sampler": kind, "quota": draw(quotas(Scope.FRAME, ratio=True, count=both))}
    scope = draw(st.sampled_from([Scope.STRATUM, Scope.TOTAL]))
    quota = draw(quotas(scope, ratio=both, count=True))
    if kind == "stratified":
        return {"sampler": kind, "strata": strata, "quota": quota}
    return {
        "sampler": kind,
        "strata": strata,
        "quota": draw(st.none() | st.just(quota)),
        "parameters": draw(PARAMETERS),
    }


@st.composite
def plans(draw: st.DrawFn) -> Plan:
    ids = draw(st.lists(st.text("AZ09._-", min_size=1, max_size=8), min_size=1, max_size=3, unique=True))
    tasks = []
    for name in ids:
        texts = {key: draw(OPTIONAL) for key in ("title_en", "department", "domain", "remarks", "note")}
        lists = {key: draw(st.lists(TEXTS, max_size=2)) for key in ("items", "items_en", "targets", "targets_en")}
        tasks.append(
            Task(
                id=name,
                title=draw(TEXTS),
                **texts,
                **lists,  # type: ignore[arg-type]
                window=draw(st.none() | windows()),
                methods=tuple(draw(st.lists(st.sampled_from(InspectionMethod), unique=True, max_size=3))),
                legal_bases=tuple(draw(st.lists(st.builds(LegalBasis, TEXTS, OPTIONAL, OPTIONAL), max_size=2))),
                level=draw(
                    st.none() | st.builds(Level, st.lists(TRACKS, min_size=1, max_size=2, unique=True), OPTIONAL)
                ),
                directed=draw(st.booleans()),
                roster=draw(NAMES),
                filter=draw(FILTERS),
                reserves=draw(st.integers(0, BIGGEST)),
                team=draw(teams()),
                **draw(samplers()),
            )
        )
    return Plan(
        name=draw(NAMES),
        title=draw(TEXTS),
        authority=draw(TEXTS),
        period=draw(TEXTS),
        source=draw(OPTIONAL),
        recusals=draw(st.none() | NAMES),
        grounds=tuple(draw(st.lists(NAMES, max_size=3, unique=True))),
        notice=draw(OPTIONAL),
        tasks=tuple(tasks),
    )


@settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
@given(plans())
def test_a_plan_survives_json_and_the_plan_file(plan: Plan) -> None:
    header = json.loads(json.dumps(plan.header_json()))
    tasks = json.loads(json.dumps([task.to_json() for task in plan.tasks]))
    again = Plan.from_json(header, tasks, "plan")
    assert again == plan
    assert again.to_json() == plan.to_json()
    assert hash(again) == hash(plan)
    from_file = loads(dumps(plan))
    assert from_file == plan
    assert from_file.to_json() == plan.to_json()


@given(RATIOS)
def test_a_ratio_survives_its_text(ratio: Fraction) -> None:
    assert parse_ratio(ratio_text(ratio), "r") == ratio


@settings(max_examples=300, deadline=None)
@given(st.text("0123456789年月日次底-—%‰≥/户个抽查比例市县省级全 季度不低于()", max_size=20) | st.text(max_size=20))
def test_readers_read_or_refuse_and_never_break(text: str) -> None:
    for reader in (read_quota, read_frequency, read_level, read_methods, read_targets):
        with contextlib.suppress(DblrandomError):
            reader(text)  # type: ignore[operator]
    for year in (None, 2024):
        with contextlib.suppress(DblrandomError):
            read_window(text, year)


@settings(max_examples=200, deadline=None)
@given(st.text(max_size=60) | st.text('[]{}="#.\n atsk1', max_size=40))
def test_a_plan_file_is_read_or_refused_and_never_breaks(text: str) -> None:
    with contextlib.suppress(DblrandomError):
        loads(text)
