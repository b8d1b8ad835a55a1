from __future__ import annotations

import re
from datetime import UTC, datetime

from dblrandom.adapters.clock import now


def test_now_is_the_present_in_the_protocols_form() -> None:
    before = datetime.now(UTC).replace(microsecond=0)
    text = now()
    after = datetime.now(UTC)
    assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", text)
    assert before <= datetime.fromisoformat(text) <= after
