"""
Names to addresses, and the deadline that it all has to be done by.

House rule: what is found is not judged here (`segue.adapters.addresses` does), and nobody waits past the deadline.
"""

from __future__ import annotations

import asyncio
import socket
import threading
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from typing import TypeAlias

Resolve: TypeAlias = Callable[[str, int], Sequence[str]]
"""Host and port to numeric addresses; raises OSError."""
AsyncResolve: TypeAlias = Callable[[str, int], Awaitable[Sequence[str]]]


class Deadline:
    """An instant after which an exchange is given up."""

    def __init__(self, seconds: float) -> None:
        self._end = time.monotonic() + seconds

    def left(self) -> float:
        """
        Seconds until then, more than none.

        Raises:
            TimeoutError: it is over.
        """
        left = self._end - time.monotonic()
        if left <= 0:
            raise TimeoutError
        return left


def system_resolve(host: str, port: int) -> Sequence[str]:
    """Ask the operating system, in its order of preference."""
    return _numeric(socket.getaddrinfo(host, port, type=socket.SOCK_STREAM))


async def system_resolve_async(host: str, port: int) -> Sequence[str]:
    """As `system_resolve`, without blocking the loop."""
    loop = asyncio.get_running_loop()
    return _numeric(await loop.getaddrinfo(host, port, type=socket.SOCK_STREAM))


_AddressInfo: TypeAlias = tuple[int, int, int, str, tuple[str | int, ...] | tuple[int, bytes]]


def _numeric(infos: Iterable[_AddressInfo]) -> Sequence[str]:
    return list(dict.fromkeys(str(info[4][0]) for info in infos))


def resolve_in_time(resolve: Resolve, host: str, port: int, deadline: Deadline) -> Sequence[str]:
    """
    Look a name up, but not for longer than we have.

    The system's resolver has longer time-outs of its own: if need be it is left behind in its thread.

    Raises:
        TimeoutError: the deadline is over.
        OSError: as *resolve*.
    """
    outcome: list[Sequence[str] | BaseException] = []

    def work() -> None:
        try:
            outcome.append(resolve(host, port))
        except BaseException as error:  # noqa: BLE001 - raised below, where somebody waits
            outcome.append(error)

    thread = threading.Thread(target=work, name="segue-resolve", daemon=True)
    thread.start()
    thread.join(deadline.left())
    if not outcome:
        raise TimeoutError
    if isinstance(outcome[0], BaseException):
        raise outcome[0]
    return outcome[0]
