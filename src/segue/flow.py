"""
The one bridge between synchronous and asynchronous callers.

A *flow* is a coroutine that asks for I/O and does none: it awaits nothing but `ask(...)` and other flows, so no event
loop is involved and each multi-step operation exists once, for Flask and FastAPI alike. A *driver* runs a flow with
real ports. House rule: one ask is one atomic act (one store method, one HTTP exchange, one hook), and nothing is held
open across an ask.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Coroutine, Generator, Mapping
from typing import Any, Concatenate, Generic, NoReturn, ParamSpec, TypeAlias, TypeVar

import msgspec

T = TypeVar("T")
P = ParamSpec("P")


class Ask(msgspec.Struct, Generic[T], frozen=True):
    """One question to the outside: a port's method and its arguments."""

    method: Callable[..., Any]
    args: tuple[Any, ...]
    kwargs: Mapping[str, Any]

    def __await__(self) -> Generator[Ask[Any], Any, T]:
        reply: T = yield self
        return reply

    def __bool__(self) -> NoReturn:
        raise TypeError("an Ask was used as its answer: await is missing")

    @property
    def port(self) -> str:
        """Name of the Protocol that the method belongs to, by which a driver finds the port."""
        return self.method.__qualname__.rpartition(".")[0]

    @property
    def name(self) -> str:
        """Name of the method."""
        return self.method.__name__


Flow: TypeAlias = Coroutine[Any, Any, T]
Perform: TypeAlias = Callable[[Ask[Any]], Any]
PerformAsync: TypeAlias = Callable[[Ask[Any]], Awaitable[Any]]


def ask(method: Callable[Concatenate[Any, P], T], /, *args: P.args, **kwargs: P.kwargs) -> Ask[T]:
    """
    Describe a call of a port's method; `await` the result to get the reply.

    Args:
        method: the method as written on its Protocol, for instance `SessionStore.load_session`.
        args: as the method takes them, without `self`; type checkers compare them.
        kwargs: likewise.
    """
    return Ask(method, args, kwargs)


def drive(flow: Flow[T], perform: Perform) -> T:
    """
    Run a flow to its end with blocking ports.

    Args:
        flow: consumed; closed when this returns.
        perform: answers one ask. What it raises is thrown into the flow at the place that asked.
    """
    try:
        step = flow.send(None)
        while True:
            try:
                reply = perform(step)
            except Exception as error:  # noqa: BLE001 - whatever the port raised belongs to the flow
                step = flow.throw(error)
            else:
                step = flow.send(reply)
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        flow.close()


async def drive_async(flow: Flow[T], perform: PerformAsync) -> T:
    """Run a flow to its end with asynchronous ports; otherwise as `drive`."""
    try:
        step = flow.send(None)
        while True:
            try:
                reply = await perform(step)
            except Exception as error:  # noqa: BLE001 - whatever the port raised belongs to the flow
                step = flow.throw(error)
            else:
                step = flow.send(reply)
    except StopIteration as done:
        result: T = done.value
        return result
    finally:
        flow.close()


def performer(ports: Mapping[str, object]) -> Perform:
    """
    Answer asks from *ports*, keyed by the name of their Protocol.

    Raises:
        LookupError: from the returned function, when a flow asks a port that is not there.
    """
    known: dict[Callable[..., Any], Callable[..., Any]] = {}

    def perform(step: Ask[Any]) -> Any:
        method = known.get(step.method)
        if method is None:  # found by names once: doing so takes longer than the rest of a step
            method = known[step.method] = getattr(_port(ports, step), step.name)
        return method(*step.args, **step.kwargs)

    return perform


def performer_async(ports: Mapping[str, object]) -> PerformAsync:
    """As `performer`, for ports whose methods are coroutines."""
    return performer(ports)


def _port(ports: Mapping[str, object], step: Ask[Any]) -> object:
    try:
        return ports[step.port]
    except KeyError:
        raise LookupError(f"no port for {step.port}.{step.name}") from None
