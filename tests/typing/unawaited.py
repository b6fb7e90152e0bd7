"""An ask that nobody awaits is never asked. mypy sees it, pyright does not; hence a file of its own."""

from __future__ import annotations

from typing import Protocol

from segue.flow import ask


class Shelf(Protocol):
    """A port to ask."""

    def remove(self, number: int) -> None:
        """Take a book away."""
        ...


async def await_missing_in_a_statement() -> None:
    """Nothing is removed here."""
    ask(Shelf.remove, 1)  # type: ignore[unused-awaitable]
