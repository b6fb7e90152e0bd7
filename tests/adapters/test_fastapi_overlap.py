"""Old or new in a FastAPI application: what a handler sees, what a browser keeps, and what is left unanswered."""

# No postponed annotations here: FastAPI has to see the dependencies, which are local to a function.
import asyncio
from collections.abc import AsyncGenerator, Callable, Coroutine
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Annotated

import httpx2
import pytest
from fastapi import Depends, FastAPI
from fastapi.responses import PlainTextResponse
from starlette.websockets import WebSocket

from segue import AsyncEngine, Config, HttpSettings, OldSignIn, OnTheSpot
from segue.adapters.fastapi import CurrentSession, SegueFastAPI
from segue.clock import SystemClock
from segue.stores.memory import AsyncMemoryStore
from tests.support import issuer

API = "http://localhost:8000"
WEBSITE = "http://localhost:3000"


@asynccontextmanager
async def browser() -> AsyncGenerator[httpx2.AsyncClient]:
    """A browser in front of an application that takes both."""
    config = Config(
        http=HttpSettings(api_domain=API, website_domain=WEBSITE),
        secrets=("0123456789 abcdefghijklmnopqrstuvwxyz",),
        providers=(issuer.provider(),),
    )
    engine = AsyncEngine(config, store=AsyncMemoryStore(), clock=SystemClock())
    segue = SegueFastAPI(engine)
    app = FastAPI(lifespan=segue.lifespan)
    segue.install(app)
    segue.install_cors(app)

    @app.api_route("/either", methods=["GET", "POST", "OPTIONS"])
    async def either(
        who: Annotated[CurrentSession | OldSignIn, Depends(segue.session_or_old)],
    ) -> dict[str, str]:
        return {"user": who.user_id, "tenant": who.tenant_id, "by": who.source.value}

    @app.api_route("/moving", methods=["GET", "POST"])
    async def moving(
        who: Annotated[CurrentSession | OldSignIn, Depends(segue.sessions_or_old(migrate=OnTheSpot.SAFELY))],
    ) -> PlainTextResponse:
        return PlainTextResponse(f"{who.user_id} by {who.source.value}")

    @app.get("/session")
    async def session(own: Annotated[CurrentSession, Depends(segue.session)]) -> dict[str, str]:
        return {"user": own.user_id}

    transport = httpx2.ASGITransport(app=app)
    async with httpx2.AsyncClient(transport=transport, base_url=API) as client:
        yield client
    await engine.close()


def run(story: Callable[[httpx2.AsyncClient], Coroutine[object, object, None]]) -> None:
    """Run one story on a loop of its own."""

    async def whole() -> None:
        async with browser() as client:
            await story(client)

    asyncio.run(whole())


NOW = datetime.now(UTC)
"""A browser drops cookies by its own clock, so that all go by that here."""
OLD = {"authorization": f"Bearer {issuer.token(now=NOW)}"}


@pytest.mark.parametrize("method", ["GET", "POST"])
def test_a_page_of_yesterday_is_moved_by_what_it_does_anyway(method: str) -> None:
    """Old, old with a key, moved: whatever the handler returns carries the session, and no cache may keep it."""

    async def story(client: httpx2.AsyncClient) -> None:
        plain = await client.request(method, "/either", headers=OLD)
        assert plain.json() == {"user": "alice", "tenant": "public", "by": "old"}
        first = await client.request(method, "/moving", headers=OLD)
        second = await client.request(method, "/moving", headers=OLD)
        assert (first.text, second.text) == ("alice by old", "alice by migrated")
        assert "front-token" in second.headers["access-control-expose-headers"]
        assert second.headers["cache-control"] == "no-store"
        assert (await client.get("/session")).json() == {"user": "alice"}
        both = await client.get("/either", headers=OLD)
        assert both.json()["by"] == "session"

    run(story)


def test_refusals_are_answered() -> None:
    """An expired old token and no credential at all are answered by what was presented."""

    async def story(client: httpx2.AsyncClient) -> None:
        assert (await client.get("/either")).json() == {"message": "unauthorised"}
        late = issuer.token(now=NOW - timedelta(hours=9))
        refused = await client.get("/either", headers={"authorization": f"Bearer {late}"})
        assert refused.status_code == 401
        assert refused.json() == {"message": "unauthorised", "code": "TOKEN_EXPIRED", "credential": "old"}
        assert "front-token" not in refused.headers

    run(story)


def test_preflight_runs_no_handler() -> None:
    """OPTIONS carries no credentials and is answered with nothing."""

    async def story(client: httpx2.AsyncClient) -> None:
        answer = await client.request("OPTIONS", "/either")
        assert (answer.status_code, answer.text) == (200, "")

    run(story)


def test_only_http_requests() -> None:
    """A WebSocket is no request that could be answered with a session."""
    segue = SegueFastAPI(
        AsyncEngine(
            Config(
                http=HttpSettings(api_domain=API, website_domain=WEBSITE),
                secrets=("0123456789 abcdefghijklmnopqrstuvwxyz",),
            ),
            store=AsyncMemoryStore(),
        )
    )

    async def nothing() -> dict[str, str]:
        return {}

    async def dropped(_message: object) -> None:
        pass

    socket = WebSocket({"type": "websocket", "headers": []}, receive=nothing, send=dropped)

    async def story() -> None:
        with pytest.raises(TypeError):
            await segue.session_or_old(socket)  # type: ignore[arg-type]
        await segue.engine.close()

    asyncio.run(story())
