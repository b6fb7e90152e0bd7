"""
The application that the browser tests move users to: an API and our routes on SQLite, configured by environment.

What stands here is what anybody would write, but for the control routes, with which a test makes time pass and counts
sessions. House rule: it is started by `tests/e2e/application.py` and listens on loopback only.
"""

import os
import secrets
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request, Response
from fastapi.staticfiles import StaticFiles

from segue.adapters.fastapi import CurrentSession, SegueFastAPI
from segue.adapters.web import AsyncHttpWeb
from segue.config import Config
from segue.engine import AsyncEngine
from segue.errors import TokenExpired
from segue.http.anti_csrf import AntiCsrfMode
from segue.http.overlap import OldSignIn, OnTheSpot
from segue.http.settings import HttpSettings
from segue.ids import UserId
from segue.migration.cookies.model import OldSession
from segue.migration.credential import Credential, OldCookies
from segue.migration.endings import Revocation7009
from segue.migration.key_sources import KeySource, LiveKeys, PinnedKeys
from segue.migration.mapping import Prefixed
from segue.migration.own_provider import OwnProvider
from segue.migration.provider import Provider
from segue.migration.user_state import KEYS_ONLY
from segue.sessions.claims import ClaimRule, Rule
from segue.sessions.model import ByUser
from segue.sessions.policy import Lifetimes
from segue.stores.sqlite import AsyncSqliteStore


class MovableClock:
    """The machine's clock, and some."""

    def __init__(self) -> None:
        self.ahead = timedelta()

    def now(self) -> datetime:
        """The present instant of this application, aware, in UTC."""
        return datetime.now(UTC) + self.ahead


def create_app() -> FastAPI:
    """The application, for `uvicorn --factory`."""
    env = os.environ
    clock = MovableClock()
    engine = AsyncEngine(
        Config(
            http=HttpSettings(
                api_domain=env["E2E_API"],
                website_domain=env["E2E_SITE"],
                anti_csrf=AntiCsrfMode(env["E2E_ANTI_CSRF"]) if env["E2E_ANTI_CSRF"] else None,
            ),
            secrets=(env["E2E_SECRET"],),
            providers=(old_provider(env["E2E_ISSUER"], jwks=env["E2E_JWKS"]), old_application()),
            lifetimes=Lifetimes(access=timedelta(seconds=int(env["E2E_ACCESS_LIFETIME"]))),
        ),
        store=AsyncSqliteStore(env["E2E_DATABASE"]),
        web=AsyncHttpWeb(),
        clock=clock,
    )
    segue = SegueFastAPI(engine)
    app = FastAPI(lifespan=segue.lifespan)
    segue.install(app)
    segue.install_cors(app)
    add_api(app, segue)
    add_overlap(app, segue)
    add_refusals(app, segue)
    add_control(app, segue, clock)
    if env["E2E_PAGES"]:
        app.mount("/", StaticFiles(directory=env["E2E_PAGES"], html=True))
    return app


def old_provider(issuer: str, *, jwks: str) -> Provider:
    """The provider of `tests/e2e/provider`; its keys from the file *jwks*, else live."""
    keys: KeySource = LiveKeys(issuer=issuer)
    if jwks:
        keys = PinnedKeys.from_file(Path(jwks), not_after=datetime(2100, 1, 1, tzinfo=UTC))
    return Provider(
        name="old",
        issuers=(issuer,),
        keys=keys,
        audiences=frozenset({"https://api.example.test"}),
        authorized_parties=frozenset({"spa"}),
        live_check=KEYS_ONLY,
        revocation=Revocation7009(url=f"{issuer}/token/revocation", client_id="spa"),
    )


OLD_SIGN_INS: dict[str, tuple[str, datetime]] = {}
"""The previous application's sessions: its cookie's value, the user, and when."""


def old_application() -> OwnProvider:
    """A previous application with sessions in a cookie of its own, which this one can look up."""

    def verify(credential: Credential) -> OldSession:
        assert isinstance(credential, OldCookies)
        value = credential.values["old_sid"]
        if value not in OLD_SIGN_INS:
            raise TokenExpired("the previous application has ended it")
        user, made_at = OLD_SIGN_INS[value]
        return OldSession(subject=user, session_id=value, written_at=made_at, authenticated_at=made_at)

    return OwnProvider(
        name="shop",
        verify=verify,
        cookie_names=frozenset({"old_sid"}),
        map_user=Prefixed("shop-"),
    )


def add_api(app: FastAPI, segue: SegueFastAPI) -> None:
    """What the application is there for."""

    @app.api_route("/api/me", methods=["GET", "POST"])
    async def me(session: Annotated[CurrentSession, Depends(segue.session)]) -> dict[str, str]:
        return {"userId": session.user_id, "sessionHandle": session.handle}

    @app.post("/api/plan")
    async def plan(session: Annotated[CurrentSession, Depends(segue.session)], name: str) -> dict[str, str]:
        changed = await session.merge_payload({"plan": name})
        return {"sessionHandle": changed.handle}


def add_overlap(app: FastAPI, segue: SegueFastAPI) -> None:
    """What takes old tokens as well."""

    @app.get("/api/either")
    async def either(
        who: Annotated[CurrentSession | OldSignIn, Depends(segue.session_or_old)],
    ) -> dict[str, str]:
        return {"userId": who.user_id, "by": who.source.value}

    @app.get("/api/moving")
    async def moving(
        who: Annotated[CurrentSession | OldSignIn, Depends(segue.sessions_or_old(migrate=OnTheSpot.SAFELY))],
    ) -> dict[str, str]:
        return {"userId": who.user_id, "by": who.source.value}


def add_refusals(app: FastAPI, segue: SegueFastAPI) -> None:
    """What the application says no to, and how."""
    verified = ClaimRule(claim="st-ev", rule=Rule.HAS_VALUE, expected=True)

    @app.get("/api/verified")
    async def of_verified(
        session: Annotated[CurrentSession, Depends(segue.sessions(validators=(verified,)))],
    ) -> dict[str, str]:
        return {"userId": session.user_id}

    @app.get("/api/forbidden")
    async def forbidden() -> Response:
        return Response(status_code=403)

    @app.get("/api/never")
    async def never(session: Annotated[CurrentSession, Depends(segue.session)]) -> Response:
        return Response(status_code=401, headers={"x-user": session.user_id})

    @app.get("/api/leave")
    async def leave(session: Annotated[CurrentSession, Depends(segue.session)]) -> Response:
        await session.revoke()
        return Response(status_code=401)


def add_control(app: FastAPI, segue: SegueFastAPI, clock: MovableClock) -> None:
    """What only a test may do."""
    engine = segue.engine

    @app.get("/control/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/control/sign-in")
    async def sign_in(request: Request, user: str) -> dict[str, str]:
        issued = await segue.create_session(request, user)
        return {"sessionHandle": issued.session.handle}

    @app.post("/control/old-sign-in")
    async def old_sign_in(user: str) -> Response:
        answer = Response()
        OLD_SIGN_INS[value := secrets.token_hex(16)] = (user, clock.now())
        answer.set_cookie("old_sid", value, httponly=True)
        return answer

    @app.post("/control/old-sign-out")
    async def old_sign_out(request: Request) -> Response:
        OLD_SIGN_INS.pop(request.cookies["old_sid"])
        answer = Response()
        answer.delete_cookie("old_sid")
        return answer

    @app.post("/control/clock")
    async def forward(seconds: int) -> dict[str, float]:
        clock.ahead += timedelta(seconds=seconds)
        return {"ahead": clock.ahead.total_seconds()}

    @app.post("/control/revoke")
    async def revoke(user: str) -> int:
        return len(await engine.revoke(ByUser(user_id=UserId(user))))

    @app.get("/control/sessions")
    async def sessions(user: str) -> list[str]:
        return [session.handle for session in await engine.list_sessions(UserId(user))]
