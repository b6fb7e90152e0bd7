"""
`find_session` and `end_session` of a provider on better-auth, where its tables are out of reach: over its own routes.

House rule: what is asked and what is believed is decided in `segue.migration.cookies.better_auth_api`.
"""

from __future__ import annotations

from segue.errors import FetchFailed, StateUnavailable
from segue.migration.cookies.better_auth_api import BetterAuthRoutes, read_session, require_signed_out
from segue.migration.web import AsyncWeb, Web, WebRequest, WebResponse


class BetterAuthApi:
    """
    better-auth of the previous application, for threads.

    Args:
        routes: where it answers, and how its cookies are made.
        web: the client to ask with, such as `HttpWeb()`; the engine's own will do.
    """

    def __init__(self, routes: BetterAuthRoutes, web: Web) -> None:
        self._routes = routes
        self._web = web

    def find_session(self, key: str) -> bytes | None:
        """
        The session with this token; None: it was ended, or never was.

        Raises:
            StateUnavailable: it does not answer, or says neither.
        """
        request = self._routes.session_request(key)
        return read_session(request, self._exchange(request))

    def end_session(self, key: str) -> None:
        """
        Sign out.

        Raises:
            StateUnavailable: it does not answer, or the session is still there.
        """
        self._exchange(self._routes.sign_out_request(key))
        request = self._routes.session_request(key)
        require_signed_out(request, self._exchange(request))

    def _exchange(self, request: WebRequest) -> WebResponse:
        try:
            return self._web.exchange(request)
        except FetchFailed as error:
            raise StateUnavailable(*error.args) from error


class AsyncBetterAuthApi:
    """The same for an event loop, with `AsyncHttpWeb()`."""

    def __init__(self, routes: BetterAuthRoutes, web: AsyncWeb) -> None:
        self._routes = routes
        self._web = web

    async def find_session(self, key: str) -> bytes | None:
        """As `BetterAuthApi.find_session`."""
        request = self._routes.session_request(key)
        return read_session(request, await self._exchange(request))

    async def end_session(self, key: str) -> None:
        """As `BetterAuthApi.end_session`."""
        await self._exchange(self._routes.sign_out_request(key))
        request = self._routes.session_request(key)
        require_signed_out(request, await self._exchange(request))

    async def _exchange(self, request: WebRequest) -> WebResponse:
        try:
            return await self._web.exchange(request)
        except FetchFailed as error:
            raise StateUnavailable(*error.args) from error
