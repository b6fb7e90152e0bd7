"""The application behind the cases, written as anybody would write it on FastAPI."""

# No postponed annotations here: FastAPI has to see the dependencies, which are local to a function.
from collections.abc import Callable
from typing import Annotated, Any

from fastapi import Depends, FastAPI, Request
from fastapi.responses import JSONResponse
from msgspec.structs import replace
from starlette.exceptions import HTTPException

from segue.adapters.asgi import add_actions, request_of
from segue.adapters.fastapi import CurrentSession, SegueFastAPI
from segue.http.message import HttpRequest
from segue.http.transport import Transport, for_new_session
from segue.json import parse_object
from tests.http.world import Paths, Setup

METHODS = ["GET", "POST", "PUT", "DELETE", "OPTIONS", "TRACE"]
Session = CurrentSession | None


def application(segue: SegueFastAPI, setup: Setup, *, take_time: Callable[[], None]) -> FastAPI:
    """
    An application with the routes in `Paths`.

    Args:
        segue: its sessions.
        setup: its validators; looked at with every request.
        take_time: lets an access token's life pass inside a handler.
    """
    app = FastAPI(openapi_url=None)
    segue.install(app)
    app.add_exception_handler(HTTPException, _not_here)
    _add_sign_in(app, segue)
    _add_pages(app, segue)
    _add_changes(app, segue, take_time)
    _add_claims(app, segue, setup)
    _add_refresh_and_leave(app, segue)
    return app


def told(session: Session) -> dict[str, Any]:
    """What the application says of the session that it was given."""
    if session is None:
        return {"session": None}
    custom = dict(session.authenticated.access.claims.custom)
    return {"session": session.handle, "userId": session.user_id, "payload": custom}


async def _not_here(_request: Request, _error: Exception) -> JSONResponse:
    return JSONResponse({"message": "not here"}, 404)


def _add_sign_in(app: FastAPI, segue: SegueFastAPI) -> None:
    async def create(request: Request) -> dict[str, str]:
        asked = parse_object(await request.body())
        payload = asked["payload"]
        assert isinstance(payload, dict)
        issued = await segue.create_session(request, str(asked["userId"]), payload=payload)
        return {"status": "OK", "handle": issued.session.handle}

    @app.post(Paths.SIGN_IN)
    async def sign_in(request: Request) -> dict[str, str]:
        return await create(request)

    @app.post(Paths.SIGN_IN_TWICE)
    async def sign_in_twice(request: Request) -> dict[str, str]:
        await create(request)
        return await create(request)


def _add_pages(app: FastAPI, segue: SegueFastAPI) -> None:
    @app.api_route(Paths.PRIVATE, methods=METHODS)
    async def private(session: Annotated[CurrentSession, Depends(segue.session)]) -> dict[str, Any]:
        return told(session)

    @app.api_route(Paths.OPTIONAL, methods=METHODS)
    async def optional(session: Annotated[Session, Depends(segue.optional_session)]) -> dict[str, Any]:
        return told(session)

    @app.api_route(Paths.PROVEN, methods=METHODS)
    async def proven(
        session: Annotated[CurrentSession, Depends(segue.sessions(anti_csrf_check=True))],
    ) -> dict[str, Any]:
        return told(session)

    @app.api_route(Paths.STRICT, methods=METHODS)
    async def strict(
        session: Annotated[CurrentSession, Depends(segue.sessions(check_database=True))],
    ) -> dict[str, Any]:
        return told(session)


def _add_changes(app: FastAPI, segue: SegueFastAPI, take_time: Callable[[], None]) -> None:
    @app.post(Paths.MERGE)
    async def merge(
        request: Request, session: Annotated[CurrentSession, Depends(segue.session)]
    ) -> dict[str, Any]:
        changes = dict(parse_object(await request.body()))
        if changes.pop("slow", None):
            take_time()
        return told(await session.merge_payload(changes))

    @app.post(Paths.LEAVE)
    async def leave(session: Annotated[CurrentSession, Depends(segue.session)]) -> dict[str, Any]:
        await session.revoke()
        return {}


def _add_claims(app: FastAPI, segue: SegueFastAPI, setup: Setup) -> None:
    async def demanded(request: Request) -> CurrentSession:
        return await segue.sessions(validators=setup.validators)(request)

    @app.get(Paths.CLAIMS)
    async def claims(session: Annotated[CurrentSession, Depends(demanded)]) -> dict[str, Any]:
        return told(session)

    @app.get(Paths.CLAIMS_LATER)
    async def claims_later(session: Annotated[CurrentSession, Depends(segue.session)]) -> dict[str, Any]:
        return told(await session.assert_claims(*setup.validators))


def _add_refresh_and_leave(app: FastAPI, segue: SegueFastAPI) -> None:
    @app.post(Paths.REFRESH_AND_LEAVE)
    async def refresh_and_leave(request: Request) -> dict[str, Any]:
        settings = segue.engine.config.http
        asked = replace(request_of(request.scope), path=settings.refresh_path)
        refreshed = await segue.engine.respond(asked)
        add_actions(request.scope, refreshed.actions)
        text = dict(refreshed.actions.headers).get("st-access-token") or refreshed.actions.cookies[0].value
        by_cookie = for_new_session(asked, settings) is Transport.COOKIE
        carried = ("cookie", f"sAccessToken={text}") if by_cookie else ("authorization", f"Bearer {text}")
        found = await segue.engine.authenticate(HttpRequest(method="GET", path="/", headers=(carried,)))
        assert found is not None
        add_actions(request.scope, await segue.engine.revoke_session(found))
        return {}
