"""The browser package knows the codes that the migration route sends."""

from __future__ import annotations

import re
from pathlib import Path

from segue.http.status import FAULT_CODE, MIGRATION_STATUSES, VAGUE

OUTCOME = Path(__file__).parents[2] / "js" / "browser" / "src" / "outcome.ts"


def test_package_names_every_code_of_the_route() -> None:
    """`SERVER_CODES` is the table of refusals, with one code for all faults of ours."""
    source = OUTCOME.read_text(encoding="utf-8")
    listed = re.search(r"SERVER_CODES = \[(.*?)\]", source, re.DOTALL)
    assert listed is not None
    shown = {VAGUE.get(code, code) for code, status in MIGRATION_STATUSES.items() if status != 500}
    sent = shown | {FAULT_CODE}
    assert set(re.findall(r'"(\w+)"', listed[1])) == sent
