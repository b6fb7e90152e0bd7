"""Fill a small table and a large one, refresh in both by turns, then clean up the large one under load."""

from __future__ import annotations

import argparse
import asyncio
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from random import Random

from benchmarks.reporting import RESULTS, describe_machine
from benchmarks.scale.fill import Plan
from benchmarks.scale.places import Place, place
from benchmarks.scale.running import Table, Timings

SMALL = 10_000
REAL = 5_000
"""Sessions that can be refreshed, in either table."""
TURN = 250
TURNS = 40
CALLERS = 64
LOAD_CALLERS = 16
LOAD_SECONDS = 10.0
SEED = 20261109
BAR = 2.0
"""How much longer the 99th percentile of a refresh may take in the large table."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Section:
    """One comparison."""

    rows: Mapping[str, Mapping[str, float]]
    """Figures, the same for each of what is compared."""
    facts: Mapping[str, float | bool]
    """What follows from them."""


async def measure(where: Place, *, sessions: int, expired: int) -> dict[str, Section]:
    """Everything, for one kind of store."""
    small = await _table(where, Plan(sessions=SMALL, expired=0, real=REAL))
    large = await _table(where, Plan(sessions=sessions, expired=expired, real=REAL))
    found = {
        f"{callers} at once": await _compare(small, large, sessions=sessions, callers=callers)
        for callers in (1, CALLERS)
    }
    await small.close()
    found["clean-up"] = await _clean_up(large)
    await large.close()
    return found


async def _table(where: Place, plan: Plan) -> Table:
    store, tokens = await asyncio.to_thread(where.fill, plan)
    return Table(store, tokens, luck=Random(SEED), server_cpu=where.server_cpu)  # noqa: S311 - to be repeated


async def _compare(small: Table, large: Table, *, sessions: int, callers: int) -> Section:
    timings = {small: Timings(), large: Timings()}
    for _ in range(TURNS):
        for table, into in timings.items():
            await table.turn(into, count=TURN, callers=callers)
    few, many = timings[small], timings[large]
    return Section(
        rows={
            f"{SMALL:,} sessions": few.summary() | few.cost(),
            f"{sessions:,} sessions": many.summary() | many.cost(),
        },
        facts={
            "p50 ratio": round(many.percentile(50) / few.percentile(50), 2),
            "p99 ratio": round(many.percentile(99) / few.percentile(99), 2),
            "p99 ratio at most 2": many.percentile(99) <= BAR * few.percentile(99),
        },
    )


async def _clean_up(large: Table) -> Section:
    before, creations = await large.only_load(callers=LOAD_CALLERS, seconds=LOAD_SECONDS)
    during, more, gone = await large.clean_up_under_load(callers=LOAD_CALLERS)
    return Section(
        rows={
            "refresh without clean-up": before.summary(),
            "create without clean-up": creations.summary(),
            "refresh during clean-up": during.summary(),
            "create during clean-up": more.summary(),
        },
        facts={
            "rows gone": gone,
            "rows gone a second": round(gone / during.wall, 1),
            "more than are created": gone / during.wall >= len(more.seconds) / more.wall,
        },
    )


def as_markdown(title: str, found: Mapping[str, Section], machine: Mapping[str, object]) -> str:
    """For people."""
    lines = [f"# {title}", "", f"Machine: {machine['cpu']}; load {machine['load']} when it ended.", ""]
    for name, section in found.items():
        columns = [column.replace("_", " ") for column in next(iter(section.rows.values()))]
        lines += [f"## {name}", "", f"| | {' | '.join(columns)} |", f"| --- |{' --: |' * len(columns)}"]
        for label, row in section.rows.items():
            lines.append(f"| {label} | {' | '.join(f'{value:,}' for value in row.values())} |")
        lines += ["", *(f"- {label}: {_said(value)}" for label, value in section.facts.items()), ""]
    return "\n".join(lines)


def _said(value: float | bool) -> str:
    return f"{value:,}" if not isinstance(value, bool) else "yes" if value else "no"


def main() -> None:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.scale", description=__doc__)
    parser.add_argument("--sessions", type=int, default=5_000_000)
    parser.add_argument("--expired", type=int, default=50_000, help="of them, waiting to be cleaned up")
    parser.add_argument("--store", choices=["sqlite", "postgres"], required=True)
    parser.add_argument(
        "--folder", help="where the tables are made; on the system's temporary disk unless told"
    )
    parser.add_argument("--save", action="store_true", help="keep the result in benchmarks/results")
    chosen = parser.parse_args()
    with place(chosen.store, chosen.folder) as where:
        found = asyncio.run(measure(where, sessions=chosen.sessions, expired=chosen.expired))
    machine = describe_machine()
    title = f"{chosen.sessions:,} sessions, {chosen.store}"
    text = as_markdown(title, found, machine)
    print(text, flush=True)
    if chosen.save:
        sections = {name: asdict(section) for name, section in found.items()}
        kept = {"machine": machine, "sessions": chosen.sessions, "expired": chosen.expired, **sections}
        (RESULTS / f"scale-{chosen.store}.json").write_text(json.dumps(kept, indent=2) + "\n")
        (RESULTS / f"scale-{chosen.store}.md").write_text(text)


if __name__ == "__main__":
    main()
