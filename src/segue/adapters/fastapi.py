"""
FastAPI and Starlette: the browser routes, a dependency that verifies a session, and the parts to write routes by hand.

House rule: framework words in, our values out; no rule of the session protocol lives here.
"""

from __future__ import annotations

import contextlib
import logging
from collections.abc import AsyncGenerator, Awaitable, Callable

from fastapi import FastAPI, Request, Response
from fastapi.middleware.cors import CORSMiddleware
from starlette.requests import HTTPConnection

from segue.adapters.asgi import (
    ActionsMiddleware,
    ASGIApp,
    BrowserRoutes,
    add_actions,
    request_of,
    session_request_of,
)
from segue.adapters.background import BackgroundWork
from segue.adapters.current_session import CurrentSession, DeviceSession
from segue.engine import AsyncEngine
from segue.errors import NoSession, SessionError
from segue.http.message import EXPOSED
from segue.http.migrate import read_bearer
from segue.http.overlap import OldSignIn, OnTheSpot
from segue.http.routes import cors_headers
from segue.http.verify import UNAUTHENTICATED_METHODS, Source
from segue.ids import UserId
from segue.json import JsonObject
from segue.migration.model import Identity
from segue.sessions.claims import ClaimValidator
from segue.sessions.issuing import Issued, NewSession

__all__ = ["CurrentSession", "DeviceSession", "SegueFastAPI", "bearer_token"]

_MIGRATING = "segue.migrating"

logger = logging.getLogger("segue")


EitherDependency = Callable[[Request], Awaitable["CurrentSession | OldSignIn"]]
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

        Pages of another origin need `install_cors` too, or a `CORSMiddleware` of yours; either comes after this.
        """
        app.add_middleware(ActionsMiddleware)
        app.add_middleware(_Routes, engine=self.engine, answered=self._work.wake)
        app.add_exception_handler(SessionError, self._refused)
        app.add_exception_handler(_Preflight, _nothing)

    def install_cors(
        self, app: FastAPI, *, allow_headers: tuple[str, ...] = (), expose_headers: tuple[str, ...] = ()
    ) -> None:
        """
        Let the pages of `website_domain` and `trusted_origins` speak to the whole application, with cookies.

        Starlette's `CORSMiddleware` with what sessions need. In one of your own, `expose_headers` must name
        `front-token`, `st-access-token`, `st-refresh-token` and `anti-csrf`: it replaces what responses say themselves.

        Args:
            app: `install` was called before.
            allow_headers: request headers of your own.
            expose_headers: response headers of your own that pages read.
        """
        config = self.engine.config
        app.add_middleware(
            CORSMiddleware,
            allow_origins=sorted(config.trusted_origins | {config.http.website_domain}),
            allow_credentials=True,
            allow_methods=["*"],
            allow_headers=[*cors_headers(), "content-type", "idempotency-key", *allow_headers],
            expose_headers=[*sorted(EXPOSED), "retry-after", *expose_headers],
        )

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
        OPTIONS and TRACE are answered with an empty 200 before the handler runs: they carry no credentials.
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

    async def session_or_old(self, request: Request) -> CurrentSession | OldSignIn:
        """
        Dependency: the session of the request, or else the verified sign-in at a previous provider.

        Both have `user_id`, `tenant_id` and `source`; the user id is ours, mapped as in a migration.
        """
        return await self._either(request, check_database=False, anti_csrf_check=None, migrate=None)

    def sessions_or_old(
        self,
        *,
        migrate: OnTheSpot | None = None,
        check_database: bool = False,
        anti_csrf_check: bool | None = None,
    ) -> EitherDependency:
        """A dependency like `session_or_old` that demands more, or *migrate*s on the spot; see `OnTheSpot`."""

        async def demanding(request: Request) -> CurrentSession | OldSignIn:
            return await self._either(
                request, check_database=check_database, anti_csrf_check=anti_csrf_check, migrate=migrate
            )

        return demanding

    async def identify(self, request: Request) -> Identity:
        """
        The verified identity of a previous provider's bearer token, for a migrate route written by hand.

        A refusal is answered for you, with its code, and logged. Give the identity to `create_session` as *inherit*.
        """
        request.scope[_MIGRATING] = True
        return await self.engine.verify_provider_token(bearer_token(request))

    async def create_session(
        self,
        request: Request,
        user_id: str,
        *,
        payload: JsonObject | None = None,
        data: JsonObject | None = None,
        inherit: Identity | None = None,
    ) -> Issued:
        """
        Create a session for the sender of this request; its tokens go out with the response, whichever you return.

        Args:
            request: decides whether tokens ride in cookies or in headers.
            user_id: yours.
            payload: goes into every access token.
            data: stays on the server.
            inherit: a migrated sign-in: the session ends no later than it would have ended at the provider.

        Raises:
            SignInTooOld: with *inherit*, if that is past already.
        """
        new = NewSession(user_id=UserId(user_id), payload=payload or {}, data=data or {})
        if inherit is not None:
            new = self.engine.inheriting(new, inherit)
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
        if request.method in UNAUTHENTICATED_METHODS:
            if required:
                raise _Preflight
            return None
        found = await self.engine.authenticate(
            session_request_of(request.scope),
            session_required=required,
            check_database=check_database,
            anti_csrf_check=anti_csrf_check,
            validators=validators,
        )
        if found is None:
            return None
        add_actions(request.scope, found.actions)
        return CurrentSession(self.engine, request.scope, found)

    async def _either(
        self,
        request: HTTPConnection,
        *,
        check_database: bool,
        anti_csrf_check: bool | None,
        migrate: OnTheSpot | None,
    ) -> CurrentSession | OldSignIn:
        if not isinstance(request, Request):
            raise TypeError("sessions are verified on HTTP requests")
        if request.method in UNAUTHENTICATED_METHODS:
            raise _Preflight
        found = await self.engine.authenticate_either(
            request_of(request.scope),
            check_database=check_database,
            anti_csrf_check=anti_csrf_check,
            migrate=migrate,
        )
        if found is None:
            raise NoSession
        add_actions(request.scope, found.actions)
        if isinstance(found, OldSignIn):
            return found
        if found.source is Source.MIGRATED:
            self._work.wake()  # what was written to the outbox is delivered at once
        return CurrentSession(self.engine, request.scope, found)

    async def _refused(self, request: Request, error: Exception) -> Response:
        if not isinstance(error, SessionError):
            raise error
        refuse = self.engine.refuse_migration if _MIGRATING in request.scope else self.engine.refuse
        answer = refuse(error, request_of(request.scope))
        if answer.status >= 500:
            logger.error("%s %s failed: %s", request.method, request.url.path, error)
        # As actions, so that the refusal has the last word over what the handler did before.
        add_actions(request.scope, answer.actions)
        return Response(answer.body, answer.status, headers=dict(answer.headers))


class _Preflight(Exception):
    """A request without credentials by design came to a route that demands a session: nothing to verify or to run."""


async def _nothing(_request: Request, _error: Exception) -> Response:
    return Response()


class _Routes(BrowserRoutes):
    """The browser routes in front of an application, in the form that `add_middleware` takes."""

    def __init__(self, app: ASGIApp, engine: AsyncEngine, answered: Callable[[], None]) -> None:
        # What was written to the outbox is delivered at once.
        super().__init__(engine, app, posted=answered)


def bearer_token(request: Request) -> str:
    """
    The bearer token of a request, for a migrate route written by hand.

    Raises:
        TokenMissing: there is none.
    """
    return read_bearer(request_of(request.scope))
