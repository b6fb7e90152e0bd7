"""
The application of the demo, as anybody would build it: an engine on SQLite, one previous provider, FastAPI.

House rule: nothing in here is there for the demo's sake but the clock that can be moved and the web that is watched.
FastAPI reads the annotations of `/api/me` while it is defined, so this module does not postpone them.
"""

import secrets
from collections.abc import AsyncGenerator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Annotated

from fastapi import Depends, FastAPI

from segue import AsyncEngine, Config, HttpSettings, Lifetimes, LiveKeys, Provider, Revocation7009
from segue.adapters.fastapi import CurrentSession, SegueFastAPI
from segue.adapters.web import AsyncHttpWeb
from segue.clock import SystemClock
from segue.demo.clock import MovableClock
from segue.demo.feed import Feed
from segue.demo.observed_web import ObservedWeb
from segue.demo.provider.clients import AUDIENCE, BACKEND_CLIENT, PAGE_CLIENT
from segue.demo.provider.ledger import SIGN_IN_LIFETIME
from segue.errors import SessionGone
from segue.migration.user_state import KEYS_ONLY
from segue.migration.web import AsyncWeb
from segue.sessions.model import Session
from segue.stores.sqlite import AsyncSqliteStore

ACCESS_LIFETIME = timedelta(minutes=2)
"""Short, so that a countdown is worth looking at."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """The application while it runs, and what the demo's levers hold of it."""

    run: str
    """Tells this beginning of the demo from every other."""
    app: FastAPI
    clock: MovableClock
    feed: Feed
    access_lifetime: timedelta


def demo_config(*, origin: str, issuer: str, backend_secret: str) -> Config:
    """Sessions for *origin*, for users who are signed in at *issuer*."""
    return Config(
        http=HttpSettings(api_domain=origin, website_domain=origin),
        secrets=(secrets.token_urlsafe(32),),
        lifetimes=Lifetimes(access=ACCESS_LIFETIME, access_jitter=0),
        providers=(
            Provider(
                name="old-provider",
                issuers=(issuer,),
                keys=LiveKeys(issuer=issuer),
                audiences=frozenset({AUDIENCE}),
                authorized_parties=frozenset({PAGE_CLIENT}),
                live_check=KEYS_ONLY,
                session_lifetime=SIGN_IN_LIFETIME,
                revocation=Revocation7009(
                    url=f"{issuer}/revoke", client_id=BACKEND_CLIENT, client_secret=backend_secret
                ),
            ),
        ),
    )


def demo_engine(config: Config, *, database: Path, clock: MovableClock, web: AsyncWeb) -> AsyncEngine:
    """The engine, on a SQLite file."""
    return AsyncEngine(config, store=AsyncSqliteStore(database), web=web, clock=clock)


def engine_app(segue: SegueFastAPI) -> FastAPI:
    """The session routes, and an API that only signed-in users may call."""
    app = FastAPI(openapi_url=None)
    segue.install(app)

    @app.get("/api/me")
    async def me(session: Annotated[CurrentSession, Depends(segue.session)]) -> dict[str, str | int]:
        """Who is calling, and how the session is."""
        stored = await session.stored()
        if not isinstance(stored, Session):  # the demo has a store of its own, which tells all
            raise SessionGone
        return {
            "userId": session.user_id,
            "handle": session.handle,
            "generation": stored.family.generation,
            "refreshExpiresAt": int(stored.expires_at.timestamp() * 1000),
        }

    return app


@asynccontextmanager
async def opened_scene(config: Config, *, database: Path) -> AsyncGenerator[Scene]:
    """The application while the context lasts."""
    clock, feed = MovableClock(SystemClock()), Feed()
    async with AsyncHttpWeb() as web:
        engine = demo_engine(config, database=database, clock=clock, web=ObservedWeb(web, feed))
        segue = SegueFastAPI(engine)
        async with segue.lifespan():
            yield Scene(
                run=secrets.token_hex(4),
                app=engine_app(segue),
                clock=clock,
                feed=feed,
                access_lifetime=config.lifetimes.access,
            )
