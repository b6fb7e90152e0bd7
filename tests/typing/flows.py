"""Asks are checked both ways: arguments as the port's method takes them, the reply as it returns."""
# pyright: strict, reportUnnecessaryTypeIgnoreComment=true

from __future__ import annotations

from typing import Protocol, assert_type

from segue.flow import Ask, Flow, ask, drive, drive_async, performer, performer_async


class Shelf(Protocol):
    """A port to ask."""

    def title(self, number: int, *, language: str = "en") -> str:
        """The title of the book with this number."""
        ...

    def remove(self, number: int) -> None:
        """Take a book away."""
        ...


async def right() -> int:
    """The reply has the type that the port's method returns."""
    title = await ask(Shelf.title, 1, language="fr")
    assert_type(title, str)
    unasked: Ask[str] = ask(Shelf.title, 1)
    assert_type(await unasked, str)
    await ask(Shelf.remove, 1)
    return len(title)


async def argument_of_the_wrong_type() -> str:
    """A book has no name instead of a number."""
    return await ask(Shelf.title, "one")  # type: ignore[arg-type]


async def argument_missing() -> str:
    """The number is required."""
    return await ask(Shelf.title)  # type: ignore[call-arg]


async def argument_too_many() -> str:
    """The language is keyword only."""
    return await ask(Shelf.title, 1, "fr")  # type: ignore[call-arg]


async def argument_unknown() -> str:
    """There is no such keyword."""
    return await ask(Shelf.title, 1, tongue="fr")  # type: ignore[call-arg]


async def method_unknown() -> str:
    """The port has no such method."""
    return await ask(Shelf.colour, 1)  # type: ignore[attr-defined]


async def reply_of_the_wrong_type() -> int:
    """A title is not a number."""
    title = await ask(Shelf.title, 1)
    return title  # type: ignore[return-value]


async def await_missing_in_a_result() -> str:
    """An ask is not its answer."""
    return ask(Shelf.title, 1)  # type: ignore[return-value]


async def await_missing_before_use() -> str:
    """An ask has none of its answer's methods."""
    title = ask(Shelf.title, 1)
    return str(title.upper())  # type: ignore[attr-defined]


async def await_missing_in_a_condition() -> str:
    """An ask is neither true nor false. Only pyright sees this one."""
    if not ask(Shelf.title, 1):  # pyright: ignore[reportGeneralTypeIssues]
        return "untitled"
    return "titled"


async def await_missing_before_a_flow() -> None:
    """A flow that nobody awaits does nothing."""
    right()  # type: ignore[unused-coroutine]


def drivers() -> None:
    """Both drivers return what the flow returns."""
    assert_type(drive(right(), performer({})), int)
    right_type: Flow[int] = right()
    wrong_type: Flow[str] = right()  # type: ignore[assignment]
    right_type.close()
    wrong_type.close()


async def async_driver() -> None:
    """As `drivers`, for an event loop; its result must be awaited."""
    assert_type(await drive_async(right(), performer_async({})), int)
    drive_async(right(), performer_async({}))  # type: ignore[unused-coroutine]
