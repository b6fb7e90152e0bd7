"""
One exchange for many who ask the same at the same time: for threads, and for the tasks of an event loop.

`WebRequest.flight` says what "the same time" is. House rule: whoever joins waits no longer than whoever leads may
take, and one who gives up or is cancelled takes nothing from the others.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Callable, Coroutine
from concurrent.futures import Future
from typing import Generic, Protocol, TypeAlias, TypeVar

from segue.errors import FetchFailed
from segue.migration.web import Headers, WebRequest, WebResponse

MAX_ENDED = 64
"""Flights that have ended and are remembered for those who come late."""

Exchange: TypeAlias = Callable[[WebRequest], WebResponse]
AsyncExchange: TypeAlias = Callable[[WebRequest], Coroutine[object, None, WebResponse]]


class _Outcome(Protocol):
    def done(self) -> bool: ...


R = TypeVar("R", bound=_Outcome)


class _Board(Generic[R]):
    """The flights there are, by what they fetch. Its owner keeps threads apart."""

    def __init__(self) -> None:
        self._flights: dict[tuple[str, Headers], tuple[object | None, R]] = {}

    def joinable(self, request: WebRequest) -> R | None:
        """The flight to join: it is under way, or is the very one that *request* names."""
        flight, outcome = self._flights.get(_subject(request), (None, None))
        if outcome is None or (outcome.done() and (flight is None or flight is not request.flight)):
            return None
        return outcome

    def announce(self, request: WebRequest, outcome: R) -> None:
        """A flight takes off."""
        self.forget(request)
        self._flights[_subject(request)] = (request.flight, outcome)
        ended = [subject for subject, (_, outcome) in self._flights.items() if outcome.done()]
        for subject in ended[: max(0, len(ended) - MAX_ENDED)]:
            del self._flights[subject]

    def forget(self, request: WebRequest) -> None:
        """Nobody shall join the flight that fetches this."""
        self._flights.pop(_subject(request), None)

    def under_way(self) -> list[R]:
        """The outcomes that are still to come."""
        return [outcome for _, outcome in self._flights.values() if not outcome.done()]


def _subject(request: WebRequest) -> tuple[str, Headers]:
    return request.url, request.headers


def is_shareable(request: WebRequest) -> bool:
    """Whether one exchange may serve several callers."""
    return request.method == "GET" and request.body is None


class ThreadFlights:
    """Shares exchanges among threads."""

    def __init__(self) -> None:
        self._board: _Board[Future[WebResponse]] = _Board()
        self._lock = threading.Lock()

    def run(self, request: WebRequest, exchange: Exchange, *, patience: float) -> WebResponse:
        """
        Make the exchange, or wait at most *patience* seconds for the one that somebody makes.

        Raises:
            FetchFailed: as *exchange*, also for those who joined.
        """
        mine: Future[WebResponse] = Future()
        with self._lock:
            running = self._board.joinable(request)
            if running is None:
                self._board.announce(request, mine)
        return (
            self._lead(request, exchange, mine) if running is None else self._join(request, running, patience)
        )

    def _lead(self, request: WebRequest, exchange: Exchange, outcome: Future[WebResponse]) -> WebResponse:
        try:
            response = exchange(request)
        except BaseException as error:
            known = error if isinstance(error, FetchFailed) else FetchFailed(request.place, "broken off")
            outcome.set_exception(known)
            raise
        outcome.set_result(response)
        return response

    def _join(self, request: WebRequest, outcome: Future[WebResponse], patience: float) -> WebResponse:
        try:
            error = outcome.exception(patience)
        except TimeoutError:
            with self._lock:
                self._board.forget(request)  # whoever led is gone, for instance left behind by a fork
            raise FetchFailed(request.place, "no answer in time") from None
        if error is not None:
            raise FetchFailed(*error.args) from error
        return outcome.result()


class TaskFlights:
    """Shares exchanges among the tasks of one event loop."""

    def __init__(self) -> None:
        self._board: _Board[asyncio.Task[WebResponse]] = _Board()

    async def run(self, request: WebRequest, exchange: AsyncExchange) -> WebResponse:
        """
        Make the exchange, or wait for the one under way. It belongs to nobody: cancelling a caller leaves it running.

        Raises:
            FetchFailed: as *exchange*, also for those who joined, or the flights were ended.
        """
        task = self._board.joinable(request)
        if task is None or task.get_loop() is not asyncio.get_running_loop():
            task = asyncio.create_task(exchange(request))
            task.add_done_callback(_note_outcome)
            self._board.announce(request, task)
        try:
            return await asyncio.shield(task)
        except FetchFailed as error:
            raise FetchFailed(*error.args) from error
        except asyncio.CancelledError:
            if _is_cancelled(asyncio.current_task()) or not task.cancelled():
                raise
            raise FetchFailed(request.place, "broken off") from None

    async def end(self) -> None:
        """Cancel what is under way and wait until it is over."""
        tasks = self._board.under_way()
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)


def _is_cancelled(task: asyncio.Task[object] | None) -> bool:
    return task is not None and task.cancelling() > 0


def _note_outcome(task: asyncio.Task[WebResponse]) -> None:
    """Asyncio complains of errors that nobody looked at; here everybody may have been cancelled."""
    if not task.cancelled():
        task.exception()
