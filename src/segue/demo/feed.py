"""What the demo's server did that no page asked for, for pages to tell. House rule: facts, never a token."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from segue.json import JsonValue

KEPT = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """One thing that happened on the server, in words for the page."""

    chapter: str
    title: str
    why: str
    kind: str = "plain"
    """`old`, `own`, `fault` or `plain`: the colour that the page gives it."""
    facts: dict[str, JsonValue] = field(default_factory=dict[str, "JsonValue"])

    def for_page(self) -> dict[str, JsonValue]:
        """As the page reads it."""
        return {
            "chapter": self.chapter,
            "title": self.title,
            "why": self.why,
            "kind": self.kind,
            "facts": self.facts,
        }


class Feed:
    """The newest events, numbered from 1."""

    def __init__(self) -> None:
        self._events: deque[tuple[int, Event]] = deque(maxlen=KEPT)
        self._last = 0

    @property
    def last(self) -> int:
        """Number of the newest event; 0 before the first."""
        return self._last

    def tell(self, event: Event) -> None:
        """Add an event."""
        self._last += 1
        self._events.append((self._last, event))

    def since(self, number: int | None) -> list[Event]:
        """What came after event *number*; nothing for a page that has only just opened."""
        if number is None:
            return []
        return [event for at, event in self._events if at > number]
