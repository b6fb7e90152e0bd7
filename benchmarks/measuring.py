"""
Contenders take turns, and every turn is timed: CPU by the process that works, wall time beside it.

Ratios are made turn by turn between neighbours in time and their median counts, so that a busy minute of the machine
hits both sides. House rule: nothing is dropped, the spread is printed.
"""

from __future__ import annotations

import gc
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from statistics import median


@dataclass(frozen=True, slots=True)
class Sample:
    """One turn of one contender, in microseconds per operation."""

    cpu: float
    wall: float


@dataclass(frozen=True, slots=True)
class Contender:
    """Somebody who does an operation."""

    name: str
    turn: Callable[[], Sample]


@dataclass(frozen=True, slots=True)
class Measured:
    """All turns of one contender."""

    name: str
    samples: tuple[Sample, ...]

    @property
    def cpu(self) -> float:
        """Median microseconds of CPU per operation."""
        return median(sample.cpu for sample in self.samples)

    @property
    def wall(self) -> float:
        """Median microseconds of wall time per operation."""
        return median(sample.wall for sample in self.samples)

    @property
    def spread(self) -> tuple[float, float]:
        """Fastest and slowest turn, in microseconds of CPU."""
        cpu = [sample.cpu for sample in self.samples]
        return min(cpu), max(cpu)


def here(name: str, run: Callable[[int], object], *, count: int) -> Contender:
    """A contender in this process; *run* does so many operations as it is told, *count* of them a turn."""

    def turn() -> Sample:
        cpu, wall = time.process_time(), time.perf_counter()
        run(count)
        return Sample((time.process_time() - cpu) / count * 1e6, (time.perf_counter() - wall) / count * 1e6)

    return Contender(name, turn)


def repeated(operation: Callable[[], object]) -> Callable[[int], None]:
    """*operation* as often as asked."""

    def run(count: int) -> None:
        for _ in range(count):
            operation()

    return run


def alternate(contenders: Sequence[Contender], *, rounds: int) -> dict[str, Measured]:
    """Everybody in turn, *rounds* times, after one turn each that does not count."""
    samples: Mapping[str, list[Sample]] = {contender.name: [] for contender in contenders}
    for number in range(rounds + 1):
        for contender in contenders:
            gc.collect()  # nobody pays for what a neighbour left behind
            sample = contender.turn()
            if number:
                samples[contender.name].append(sample)
    return {name: Measured(name, tuple(turns)) for name, turns in samples.items()}


def times(many: Measured, few: Measured, *, wall: bool = False) -> float:
    """How many times the CPU (or wall time) of *few* an operation of *many* takes: the median of neighbouring turns."""
    pairs = zip(many.samples, few.samples, strict=True)
    return median(big.wall / small.wall if wall else big.cpu / small.cpu for big, small in pairs)


def added(more: Measured, less: Measured) -> float:
    """Microseconds of CPU that *more* takes beyond *less*: the median of neighbouring turns."""
    return median(big.cpu - small.cpu for big, small in zip(more.samples, less.samples, strict=True))
