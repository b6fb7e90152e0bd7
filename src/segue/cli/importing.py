"""
Add mappings to a store batch by batch, and count what became of them.

Each batch is one transaction, so wherever it breaks off, a batch is there or not, and beginning again skips what is
there. House rule: no more than two batches are in memory, the one that is written and the next.
"""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import Protocol, TypeAlias

from segue.cli.mapping_files import BadLine, MappingLine
from segue.core.model import Imported, UserIdMapping
from segue.core.ports import UserIdMappings
from segue.ids import AppId
from segue.stores.sqlite import SqliteStore

BATCH = 20_000
"""
Mappings of one transaction: about half a second, in which others who write to an SQLite file wait.

Ids have no order, so a batch writes a page of the table for nearly each of its rows; smaller batches write the same
pages over and over.
"""

Became: TypeAlias = tuple[MappingLine, Imported]


class Add(Protocol):
    """Adds a batch, or finds out what would become of it."""

    def __call__(self, mappings: tuple[UserIdMapping, ...]) -> Sequence[Imported]:
        """What became of each."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Batch:
    """What became of some lines."""

    became: tuple[Became, ...]
    bad: tuple[BadLine, ...]


def import_mappings(
    lines: Iterable[MappingLine | BadLine], add: Add, *, size: int = BATCH
) -> Iterator[Batch]:
    """
    Add the lines' mappings; each batch is told when it is durable.

    Args:
        lines: as read.
        add: one of the two below.
        size: lines of a batch.
    """
    waiting = iter(lines)
    with ThreadPoolExecutor(1) as writer:
        written: Callable[[], Batch] | None = None
        while some := tuple(islice(waiting, size)):  # read while the batch before is written
            if written is not None:
                yield written()
            written = _begin(writer, add, some)
        if written is not None:
            yield written()


def _begin(
    writer: ThreadPoolExecutor, add: Add, lines: Sequence[MappingLine | BadLine]
) -> Callable[[], Batch]:
    """Add in the other thread; what is returned waits until it is done."""
    good = tuple(line for line in lines if isinstance(line, MappingLine))
    bad = tuple(line for line in lines if isinstance(line, BadLine))
    outcomes = writer.submit(add, tuple(line.mapping for line in good))
    return lambda: Batch(became=tuple(zip(good, outcomes.result(), strict=True)), bad=bad)


def adding(store: UserIdMappings, app_id: AppId, *, register: bool) -> Add:
    """Add to the store, and to the registry if told to."""

    def add(mappings: tuple[UserIdMapping, ...]) -> Sequence[Imported]:
        return store.add_mappings(app_id, mappings, register=register)

    return add


@contextmanager
def rehearsing(store: UserIdMappings, app_id: AppId) -> Generator[Add]:
    """
    Find out what would become of mappings if they were added one batch after the other; the store is only read.

    What would be added goes to a database of its own, so that a line that conflicts with an earlier one is found
    however far apart they are. Of a line both of whose ids are taken it may name the other one than an import does.
    """
    with (
        tempfile.TemporaryDirectory(prefix="segue-import-") as folder,
        SqliteStore(Path(folder) / "rehearsal.sqlite3", synchronous="NORMAL") as scratch,
    ):

        def add(mappings: tuple[UserIdMapping, ...]) -> Sequence[Imported]:
            outcomes = list(store.preview_mappings(app_id, mappings))
            fresh = [place for place, outcome in enumerate(outcomes) if outcome is Imported.ADDED]
            among = scratch.add_mappings(app_id, tuple(mappings[place] for place in fresh), register=False)
            for place, outcome in zip(fresh, among, strict=True):
                outcomes[place] = outcome
            return outcomes

        yield add
