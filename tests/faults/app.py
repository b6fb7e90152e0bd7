"""
The application that the fault tests kill: a sign-in, a protected route and our routes, configured by environment.

House rule: nothing here knows that it will be killed; it is started by `tests/faults/service.py`, on loopback only.
"""

import os
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI, Request

from segue.adapters.fastapi import CurrentSession, SegueFastAPI
from segue.adapters.web import AsyncHttpWeb
from segue.config import Config
from segue.engine import AsyncEngine
from segue.http.settings import HttpSettings
from segue.ids import SessionHandle
from segue.migration.endings import Revocation7009
from segue.migration.key_sources import PinnedKeys
from segue.migration.provider import Provider
from segue.migration.user_state import KEYS_ONLY
from segue.sessions.policy import Lifetimes
from segue.stores.ports import AsyncStore
from segue.stores.postgres import AsyncPostgresStore
from segue.stores.sqlite import AsyncSqliteStore
from tests.faults import settings


class MovableClock:
    """The machine's clock, and some."""

    def __init__(self, ahead: timedelta) -> None:
        self.ahead = ahead

    def now(self) -> datetime:
        """The present instant of this process, aware, in UTC."""
        return datetime.now(UTC) + self.ahead


def create_app() -> FastAPI:
    """The application, for `uvicorn --factory`."""
    env = os.environ
    clock = MovableClock(timedelta(seconds=float(env["FAULTS_AHEAD"])))
    config = Config(
        http=HttpSettings(api_domain=settings.API, website_domain=settings.API),
        secrets=(settings.SECRET,),
        providers=(old_provider(Path(env["FAULTS_JWKS"]), revocation=env["FAULTS_REVOCATION"]),),
        lifetimes=Lifetimes(access=settings.ACCESS, grace=settings.GRACE),
        key_update_interval=settings.KEY_INTERVAL,
        revocation_lag=settings.LAG,
    )
    engine = AsyncEngine(
        config,
        store=store_at(env["FAULTS_STORE"], pooler=bool(env["FAULTS_POOLER"])),
        web=AsyncHttpWeb(),
        clock=clock,
    )
    segue = SegueFastAPI(engine)
    app = FastAPI(lifespan=segue.lifespan)
    segue.install(app)
    add_api(app, segue)
    add_control(app, engine, clock)
    return app


def store_at(address: str, *, pooler: bool) -> AsyncStore:
    """PostgreSQL by its address, SQLite by its path."""
    if "://" in address:
        return AsyncPostgresStore(address, transaction_pooler=pooler)
    return AsyncSqliteStore(address)


def old_provider(jwks: Path, *, revocation: str) -> Provider:
    """The provider of `tests/support/issuer.py`, whose public keys are in a file."""
    return Provider(
        name="old",
        issuers=(settings.ISSUER,),
        keys=PinnedKeys.from_file(jwks, not_after=datetime(2100, 1, 1, tzinfo=UTC)),
        audiences=frozenset({settings.AUDIENCE}),
        authorized_parties=frozenset({settings.CLIENT}),
        live_check=KEYS_ONLY,
        revocation=Revocation7009(url=revocation, client_id=settings.CLIENT),
    )


def add_api(app: FastAPI, segue: SegueFastAPI) -> None:
    """What the application is there for."""

    @app.post("/signin")
    async def signin(request: Request, user: str) -> dict[str, str]:
        issued = await segue.create_session(request, user)
        return {"sessionHandle": issued.session.handle}

    @app.get("/me")
    async def me(session: Annotated[CurrentSession, Depends(segue.session)]) -> dict[str, str]:
        return {"userId": session.user_id, "sessionHandle": session.handle}


def add_control(app: FastAPI, engine: AsyncEngine, clock: MovableClock) -> None:
    """What only a test may do."""

    @app.get("/control/ready")
    async def ready() -> dict[str, bool]:
        return {"ready": True}

    @app.post("/control/clock")
    async def forward(seconds: float) -> dict[str, float]:
        clock.ahead += timedelta(seconds=seconds)
        return {"ahead": clock.ahead.total_seconds()}

    @app.post("/control/revoke")
    async def revoke(handle: str) -> list[str]:
        return list(await engine.revoke(SessionHandle(handle)))
