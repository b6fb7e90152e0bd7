"""The two HTTP clients behind one face, so that every promise is tested for both."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING, TypedDict

from segue.adapters.resolving import system_resolve
from segue.adapters.web import AsyncHttpWeb, HttpWeb

if TYPE_CHECKING:
    import ssl
    from collections.abc import Sequence
    from datetime import timedelta
    from typing import Protocol, Unpack

    from segue.adapters.resolving import Resolve
    from segue.migration.web import WebRequest, WebResponse

    class Client(Protocol):
        """Makes one exchange with a client that is built for it and closed after it."""

        def __call__(
            self, request: WebRequest, *, resolve: Resolve = ..., **options: Unpack[Options]
        ) -> WebResponse:
            """The response."""
            ...


class Options(TypedDict, total=False):
    """What both clients are built with."""

    allow_private_hosts: frozenset[str]
    deadline: timedelta
    max_body: int
    tls: ssl.SSLContext | None


def blocking(
    request: WebRequest, *, resolve: Resolve = system_resolve, **options: Unpack[Options]
) -> WebResponse:
    """With `HttpWeb`."""
    with HttpWeb(resolve=resolve, **options) as web:
        return web.exchange(request)


def on_a_loop(
    request: WebRequest, *, resolve: Resolve = system_resolve, **options: Unpack[Options]
) -> WebResponse:
    """With `AsyncHttpWeb`, on an event loop of its own."""

    async def resolve_in_thread(host: str, port: int) -> Sequence[str]:
        return await asyncio.to_thread(resolve, host, port)

    async def main() -> WebResponse:
        async with AsyncHttpWeb(resolve=resolve_in_thread, **options) as web:
            return await web.exchange(request)

    return asyncio.run(main())
