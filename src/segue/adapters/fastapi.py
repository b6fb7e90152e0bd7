"""
FastAPI and Starlette: the browser routes, a dependency that verifies a session, and the parts to write routes by hand.

House rule: framework words in, our values out; no rule of the session protocol lives here.
"""

from __future__ import annotations

import contextlib
from collections.abc import AsyncGenerator, Awaitable, Callable
from dataclasses import dataclass

from fastapi import FastAPI, Request, Response
from starlette.requests import HTTPConnection

from segue.adapters.asgi import (
    ActionsMiddleware,
    ASGIApp,
    BrowserRoutes,
    Receive,
    Scope,
    Send,
    add_actions,
    request_of,
)
from segue.adapters.background import BackgroundWork
from segue.engine import AsyncEngine
from segue.errors import NoSession, SessionError
from segue.http.flows import Authenticated
from segue.http.migrate import read_bearer
from segue.ids import SessionHandle, TenantId, UserId
from segue.json import JsonObject
from segue.sessions.claims import ClaimValidator
from segue.sessions.issuing import IssuedSession, NewSession
from segue.sessions.model import Session


@dataclass(frozen=True, slots=True)
class DeviceSession:
    """One line of a user's list of devices."""

    session: Session
    """Among other things `device`, `created_at` and `refreshed_at`."""
    current: bool
    """Whether it is the session that asks."""


@dataclass(frozen=True, slots=True)
class CurrentSession:
    """The verified session of a request."""

    _segue: SegueFastAPI
    _request: Request
    authenticated: Authenticated

    @property
    def user_id(self) -> UserId:
        """Whose session it is."""
        return self.authenticated.access.claims.user_id

    @property
    def handle(self) -> SessionHandle:
        """Names the session; not secret."""
        return self.authenticated.access.claims.handle

    @property
    def tenant_id(self) -> TenantId:
        """Where the user signed in."""
        return self.authenticated.access.claims.tenant_id

    @property
    def payload(self) -> JsonObject:
        """Every claim of the access token, the application's own among them."""
        return self.authenticated.access.claims.payload

    async def stored(self) -> Session | None:
        """The session as the store has it, or None if it has ended meanwhile."""
        return await self._segue.engine.load_session(self.handle)

    async def devices(self) -> tuple[DeviceSession, ...]:
        """All living sessions of this user, newest first, this one marked."""
        sessions = await self._segue.engine.list_sessions(self.user_id)
        return tuple(DeviceSession(session, session.handle == self.handle) for session in sessions)

    async def merge_payload(self, changes: JsonObject) -> CurrentSession:
        """
        Change the payload, one level deep; null takes a member away. The client gets the new access token.

        Raises:
            SessionGone: the session has ended meanwhile.
        """
        engine, request = self._segue.engine, request_of(self._request.scope)
        changed = await engine.change_payload(request, self.authenticated, changes)
        add_actions(self._request.scope, changed.actions)
        return CurrentSession(self._segue, self._request, changed)

    async def revoke(self) -> None:
        """End this session in the store; its tokens are cleared by the answer that the next refresh gets."""
        await self._segue.engine.revoke(self.handle)


Dependency = Callable[[Request], Awaitable[CurrentSession]]
OptionalDependency = Callable[[Request], Awaitable[CurrentSession | None]]


class SegueFastAPI:
    """
    Segue in a FastAPI or Starlette application.

    `install` it once; then depend on `session` where a session is demanded.
    """

    def __init__(self, engine: AsyncEngine) -> None:
        """*engine*: closed by `lifespan`, or by whoever made it."""
        self.engine = engine
        self._work = BackgroundWork(engine)

    def install(self, app: FastAPI) -> None:
        """
        Add the browser routes, the answers to refused sessions, and what sessions put on responses.

        Add `CORSMiddleware` after this, so that our answers pass through it too.
        """
        app.add_middleware(ActionsMiddleware)
        app.add_middleware(_Routes, engine=self.engine, answered=self._work.wake)
        app.add_exception_handler(SessionError, self._refused)

    @contextlib.asynccontextmanager
    async def lifespan(self, _app: object = None) -> AsyncGenerator[None]:
        """Keys at hand before the first request, the outbox delivered and the tables kept small meanwhile."""
        with contextlib.suppress(SessionError):
            await (
                self.engine.warm_up()
            )  # a provider or a database that is down now may be up for the first request
        try:
            async with self._work.running():
                yield
        finally:
            await self.engine.close()

    async def session(self, request: Request) -> CurrentSession:
        """
        Dependency: the verified session of the request; without one it is answered for you.

        Verification costs no I/O; use `sessions(check_database=True)` where a revocation must count at once.
        """
        current = await self._authenticate(request, required=True)
        if current is None:
            raise NoSession
        return current

    async def optional_session(self, request: Request) -> CurrentSession | None:
        """Dependency: the session if there is one; an expired one is still refused, so that it is refreshed."""
        return await self._authenticate(request, required=False)

    def sessions(
        self,
        *,
        check_database: bool = False,
        anti_csrf_check: bool | None = None,
        validators: tuple[ClaimValidator, ...] = (),
    ) -> Dependency:
        """A dependency like `session` that demands more; see `Engine.authenticate`."""

        async def demanding(request: Request) -> CurrentSession:
            found = await self._authenticate(
                request,
                required=True,
                check_database=check_database,
                anti_csrf_check=anti_csrf_check,
                validators=validators,
            )
            if found is None:
                raise NoSession
            return found

        return demanding

    async def create_session(
        self,
        request: Request,
        user_id: str,
        *,
        payload: JsonObject | None = None,
        data: JsonObject | None = None,
    ) -> IssuedSession:
        """
        Create a session for the sender of this request; its tokens go out with the response, whichever you return.

        Args:
            request: decides whether tokens ride in cookies or in headers.
            user_id: yours.
            payload: goes into every access token.
            data: stays on the server.
        """
        new = NewSession(user_id=UserId(user_id), payload=payload or {}, data=data or {})
        issued, actions = await self.engine.create_session_on(request_of(request.scope), new)
        add_actions(request.scope, actions)
        return issued

    async def _authenticate(
        self,
        request: HTTPConnection,
        *,
        required: bool,
        check_database: bool = False,
        anti_csrf_check: bool | None = None,
        validators: tuple[ClaimValidator, ...] = (),
    ) -> CurrentSession | None:
        if not isinstance(request, Request):
            raise TypeError("sessions are verified on HTTP requests")
        found = await self.engine.authenticate(
            request_of(request.scope),
            session_required=required,
            check_database=check_database,
            anti_csrf_check=anti_csrf_check,
            validators=validators,
        )
        if found is None:
            return None
        add_actions(request.scope, found.actions)
        return CurrentSession(self, request, found)

    async def _refused(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, SessionError):
            raise error
        answer = self.engine.refuse(error, request_of(request.scope))
        response = Response(answer.body, answer.status)
        response.raw_headers = [
            (name.encode("latin-1"), value.encode("latin-1"))
            for name, value in [*answer.lines(), ("content-length", str(len(answer.body)))]
        ]
        return response


class _Routes(BrowserRoutes):
    """The browser routes in front of an application, in the form that `add_middleware` takes."""

    def __init__(self, app: ASGIApp, engine: AsyncEngine, answered: Callable[[], None]) -> None:
        super().__init__(engine, app)
        self._answered = answered

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection; what our routes wrote to the outbox is delivered at once."""
        await super().__call__(scope, receive, send)
        if scope["type"] == "http" and scope["method"] == "POST":
            self._answered()


def bearer_token(request: Request) -> str:
    """
    The bearer token of a request, for a migrate route written by hand.

    Raises:
        TokenMissing: there is none.
    """
    return read_bearer(request_of(request.scope))
