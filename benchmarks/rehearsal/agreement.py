"""
Does everybody tell the same story: the pages, the events, the report, the store, the outbox and the old provider.

House rule: numbers are compared, never rounded; what does not agree is shown as it is.
"""

from __future__ import annotations

import asyncio
import sqlite3
import time
from collections import Counter
from collections.abc import Callable
from contextlib import closing
from dataclasses import dataclass
from pathlib import Path
from typing import TypeAlias

import psycopg

from benchmarks.rehearsal.provider import OldProvider
from benchmarks.rehearsal.service import Service
from benchmarks.rehearsal.traffic import Seen

_GOOD = {"MIGRATED": "migrated", "REPEATED": "repeated", "ALREADY": "already"}
_PATIENCE = 900.0
"""Seconds for the outbox to be emptied once the pages have gone."""


@dataclass(frozen=True, slots=True)
class Line:
    """One thing that was counted in several places."""

    what: str
    counts: dict[str, int]

    @property
    def agrees(self) -> bool:
        """Whether they all say the same."""
        return len(set(self.counts.values())) == 1

    def text(self) -> str:
        """For people."""
        counted = "  ".join(f"{place} {count}" for place, count in self.counts.items())
        return f"  {'agrees' if self.agrees else 'DIFFERS':<8} {self.what:<28} {counted}"


Count: TypeAlias = Callable[[str], int]
"""Rows of a table, by what is asked of it."""


def rows_of(database: str, folder: Path) -> Count:
    """Count with the database's own client: what our code believes is what is to be checked."""
    if database.startswith("postgresql://"):

        def count(condition: str) -> int:
            with psycopg.connect(database) as connection:
                asked = f"SELECT count(*) FROM segue.{condition}"  # noqa: S608 - our own words
                found = connection.execute(asked.encode()).fetchone()
                return int(found[0]) if found else 0

        return count

    def count_in_file(condition: str) -> int:
        with closing(sqlite3.connect(folder / database)) as connection:
            return int(connection.execute(f"SELECT count(*) FROM {condition}").fetchone()[0])  # noqa: S608 - likewise

    return count_in_file


async def emptied(count: Count) -> float:
    """Wait until no delivery is pending; how many seconds that took."""
    began = time.perf_counter()
    while count("deliveries WHERE state = 'pending'"):
        if time.perf_counter() - began > _PATIENCE:
            break
        await asyncio.sleep(1)
    return time.perf_counter() - began


def compare(seen: Seen, service: Service, provider: OldProvider, count: Count, *, ending: bool) -> list[Line]:
    """Everything that can be counted twice."""
    events = Counter(event.get("answer", event["code"]) for event in service.events())
    status = service.status()
    report = next(one for one in status["providers"] if one["provider"] == "old")
    total = report["total"]
    reported = {code: total[name] for code, name in _GOOD.items()}
    for refused in (total["refused"], status["unrecognised"]):
        for code, number in refused.items():
            reported[code] = reported.get(code, 0) + number
    codes = sorted({*seen.answers, *events, *(code for code, number in reported.items() if number)})
    migrated = seen.answers["MIGRATED"]
    return [
        *(
            Line(
                code,
                {"pages": seen.answers[code], "events": events[code], "report": reported.get(code, 0)},
            )
            for code in codes
        ),
        Line(
            "attempts",
            {
                "pages": seen.answers.total(),
                "events": events.total(),
                "operations": len({event["operation"] for event in service.events()}),
            },
        ),
        Line(
            "migrated",
            {
                "pages": migrated,
                "tokens": len(seen.migrated),
                "sessions": count("sessions"),
                "claims": count("claims"),
            },
        ),
        Line(
            "old sessions ended",
            {
                "migrated": migrated if ending else 0,
                "outbox": count("deliveries WHERE state = 'done'"),
                "report": report["outbox"].get("done", 0),
                "provider": len(provider.revoked),
                "the right ones": len(seen.migrated & set(provider.revoked)),
            },
        ),
    ]
