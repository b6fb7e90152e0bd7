"""The bridge between flows and their callers: what a driver returns, throws, closes and refuses."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, Any, Protocol

import pytest

from segue.flow import Ask, Flow, ask, drive, drive_async, performer, performer_async

if TYPE_CHECKING:
    from collections.abc import Callable


class Shelf(Protocol):
    """A port to ask."""

    def title(self, number: int, *, language: str = "en") -> str:
        """The title of the book with this number."""
        ...


class WoodenShelf:
    """The port, blocking."""

    def title(self, number: int, *, language: str = "en") -> str:
        """Name the book, or fail as a real shelf would."""
        if number < 0:
            raise OSError("no such board")
        return f"book {number} ({language})"


class AsyncShelf:
    """The port for an event loop, over the same books."""

    async def title(self, number: int, *, language: str = "en") -> str:
        """As `WoodenShelf.title`, after one turn of the loop."""
        await asyncio.sleep(0)
        return WoodenShelf().title(number, language=language)


def run(flow: Flow[str]) -> str:
    """Drive with blocking ports."""
    return drive(flow, performer({"Shelf": WoodenShelf()}))


def run_async(flow: Flow[str]) -> str:
    """Drive with asynchronous ports."""
    return asyncio.run(drive_async(flow, performer_async({"Shelf": AsyncShelf()})))


both_drivers = pytest.mark.parametrize("run", [run, run_async], ids=["sync", "async"])


async def two_titles() -> str:
    """A flow of two asks, one of them in a flow of its own."""
    return f"{await ask(Shelf.title, 1)}, {await title_in_french(2)}"


async def title_in_french(number: int) -> str:
    """A flow that another flow awaits."""
    return await ask(Shelf.title, number, language="fr")


@both_drivers
def test_result(run: Callable[[Flow[str]], str]) -> None:
    """A flow's return value is the driver's, and asks of inner flows reach the same ports."""
    assert run(two_titles()) == "book 1 (en), book 2 (fr)"


@both_drivers
def test_flow_without_asks(run: Callable[[Flow[str]], str]) -> None:
    """A flow that never asks runs to its end."""

    async def quiet() -> str:
        return "nothing asked"

    assert run(quiet()) == "nothing asked"


@both_drivers
def test_port_error_is_thrown_where_the_flow_asked(run: Callable[[Flow[str]], str]) -> None:
    """What a port raises can be caught around the very ask, and the flow goes on asking."""

    async def careful() -> str:
        try:
            return await ask(Shelf.title, -1)
        except OSError as error:
            return f"{error}, then {await ask(Shelf.title, 3)}"

    assert run(careful()) == "no such board, then book 3 (en)"


@both_drivers
def test_port_error_passes_through(run: Callable[[Flow[str]], str]) -> None:
    """An error that the flow does not catch reaches the caller as it was raised."""

    async def careless() -> str:
        return await ask(Shelf.title, -1)

    with pytest.raises(OSError, match="no such board"):
        run(careless())


@both_drivers
def test_error_of_the_flow_itself(run: Callable[[Flow[str]], str]) -> None:
    """An error raised between asks reaches the caller."""

    async def failing() -> str:
        raise ValueError(await ask(Shelf.title, 4))

    with pytest.raises(ValueError, match=r"book 4 \(en\)"):
        run(failing())


@both_drivers
def test_port_missing(run: Callable[[Flow[str]], str]) -> None:
    """Asking a port that nobody plugged in names the port and the method."""

    class Attic(Protocol):
        def dust(self) -> str: ...

    async def lost() -> str:
        return await ask(Attic.dust)

    with pytest.raises(LookupError, match=r"Attic\.dust"):
        run(lost())


@both_drivers
def test_await_missing_in_condition(run: Callable[[Flow[str]], str]) -> None:
    """An ask used as its own answer raises instead of counting as true."""

    async def forgetful() -> str:
        return "true" if ask(Shelf.title, 1) else "false"  # type: ignore[redundant-expr]  # the point

    with pytest.raises(TypeError, match="await is missing"):
        run(forgetful())


def test_cancelled_task_closes_the_flow() -> None:
    """Cancelling the task that drives a flow runs the flow's `finally` blocks before the task ends."""
    events: list[str] = []

    async def waiting() -> str:
        try:
            return await ask(Shelf.title, 1)
        finally:
            events.append("closed")

    async def main() -> None:
        asked = asyncio.Event()

        async def never_answers(step: Ask[Any]) -> str:
            events.append(step.name)
            asked.set()
            never: asyncio.Future[str] = asyncio.get_running_loop().create_future()
            return await never

        task = asyncio.create_task(drive_async(waiting(), never_answers))
        await asked.wait()
        task.cancel()
        with pytest.raises(asyncio.CancelledError):
            await task

    asyncio.run(main())
    assert events == ["title", "closed"]


def test_interrupt_closes_the_flow() -> None:
    """Ctrl-C inside a blocking port does not go into the flow as an answer; the flow is closed and it goes on."""
    events: list[str] = []

    async def waiting() -> str:
        try:
            return await ask(Shelf.title, 1)
        except Exception:
            events.append("caught")
            raise
        finally:
            events.append("closed")

    def interrupted(step: Ask[Any]) -> str:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        drive(waiting(), interrupted)
    assert events == ["closed"]


def test_asyncio_awaited_in_a_flow() -> None:
    """A flow that awaits an event loop's own things fails at once under the blocking driver."""

    async def confused() -> str:
        await asyncio.sleep(0.1)
        return "never"

    with pytest.raises(RuntimeError, match="no running event loop"):
        run(confused())


def test_flow_awaited_by_asyncio() -> None:
    """A flow given to the event loop without a driver fails at its first ask."""
    with pytest.raises(RuntimeError, match="bad yield"):
        asyncio.run(two_titles())


def test_ask_names_its_port_and_method() -> None:
    """An ask is data: the Protocol's name, the method's name and the arguments."""
    step = ask(Shelf.title, 7, language="de")
    assert (step.port, step.name, step.args, dict(step.kwargs)) == (
        "Shelf",
        "title",
        (7,),
        {"language": "de"},
    )
