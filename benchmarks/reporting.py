"""
What was measured, for people and for the next run: a table, the goals, and JSON in `benchmarks/results`.

House rule: a goal is judged on a ratio or on CPU, and one that is missed says so in the same words as one that is met.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sqlite3
import sys
from collections.abc import Callable
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from cryptography.hazmat.backends.openssl.backend import backend

from benchmarks.measuring import Measured

RESULTS = Path(__file__).parent / "results"
TOLERANCE = 0.85
"""`--check` fails below this share of a goal: medians of CPU time vary by a tenth on a shared machine."""

_PACKAGES = ("cryptography", "msgspec", "uvicorn", "fastapi", "supertokens-python", "PyJWT", "Django")


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """A number and what it was to be."""

    number: int
    """As in issue and documentation."""
    text: str
    value: float
    bar: float
    unit: str = "x"
    at_least: bool = True

    @property
    def share(self) -> float:
        """How much of the goal is reached; 1 and more: all."""
        if self.value == self.bar:
            return 1
        return self.value / self.bar if self.at_least else self.bar / max(self.value, 1e-9)

    def line(self) -> str:
        """For people."""
        sign = ">=" if self.at_least else "<="
        verdict = "met" if self.share >= 1 else f"missed by {(1 - self.share) * 100:.0f} %"
        found = f"{self.value:>10,.2f} {self.unit:<6} {sign} {self.bar:,g}"
        return f"  goal {self.number:>2}  {self.text:<58} {found}: {verdict}"


@dataclass(slots=True)
class Report:
    """What a benchmark found."""

    name: str
    measured: list[Measured] = field(default_factory=list[Measured])
    goals: list[Goal] = field(default_factory=list[Goal])
    figures: dict[str, float] = field(default_factory=dict[str, float])
    """Other numbers, by what they are."""

    def add(self, measured: dict[str, Measured]) -> None:
        """Put contenders into the table."""
        self.measured += measured.values()

    def text(self) -> str:
        """For people."""
        lines = [f"{self.name}: {describe_machine()['cpu']}"]
        if self.measured:
            lines.append(f"{'':<58}{'CPU us/op':>12}{'spread':>20}{'wall us/op':>12}{'op/CPU s':>12}")
        for one in self.measured:
            low, high = one.spread
            spread = f"{low:.2f}..{high:.2f}"
            lines.append(
                f"  {one.name:<56}{one.cpu:>12.2f}{spread:>20}{one.wall:>12.2f}{1e6 / one.cpu:>12,.0f}"
            )
        lines += [f"  {name:<56}{value:>12.2f}" for name, value in self.figures.items()]
        return "\n".join([*lines, *(goal.line() for goal in self.goals)])

    def as_json(self) -> dict[str, object]:
        """For the next run."""
        return {
            "machine": describe_machine(),
            "contenders": {
                one.name: {
                    "cpu_us": round(one.cpu, 3),
                    "cpu_us_spread": [round(edge, 3) for edge in one.spread],
                    "wall_us": round(one.wall, 3),
                }
                for one in self.measured
            },
            "figures": {name: round(value, 3) for name, value in self.figures.items()},
            "goals": [
                {
                    "goal": goal.number,
                    "text": goal.text,
                    "value": round(goal.value, 3),
                    "bar": goal.bar,
                    "at_least": goal.at_least,
                    "unit": goal.unit,
                    "met": goal.share >= 1,
                }
                for goal in self.goals
            ],
        }


def describe_machine() -> dict[str, object]:
    """What the figures depend on; nothing that names the machine."""
    return {
        "cpu": f"{_cpu_model()}, {os.cpu_count()} cores, {platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "openssl": backend.openssl_version_text(),
        "sqlite": sqlite3.sqlite_version,
        "packages": {name: found for name in _PACKAGES if (found := _version(name))},
        "load": round(os.getloadavg()[0], 1),
    }


def _cpu_model() -> str:
    lines = Path("/proc/cpuinfo").read_text().splitlines() if Path("/proc/cpuinfo").exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()


def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None


def save(report: Report) -> None:
    """Keep a report as the new baseline."""
    (RESULTS / f"{report.name}.json").write_text(json.dumps(report.as_json(), indent=2) + "\n")


def main(name: str, measure: Callable[[Report, int], None]) -> None:
    """The command line of a benchmark: `--rounds`, `--save`, `--check`."""
    parser = argparse.ArgumentParser(prog=f"python -m benchmarks.{name}", description=__doc__)
    parser.add_argument("--rounds", type=int, default=7, help="turns of every contender (at least 5 count)")
    parser.add_argument("--save", action="store_true", help="keep the result as the new baseline")
    parser.add_argument("--check", action="store_true", help="fail below 85 %% of a goal")
    chosen = parser.parse_args()
    report = Report(name)
    measure(report, chosen.rounds)
    print(report.text(), flush=True)
    if chosen.save:
        save(report)
    if chosen.check and any(goal.share < TOLERANCE for goal in report.goals):
        sys.exit(1)
