"""The demo's own routes tell a page everything once."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

import httpx2
import pytest
from starlette.responses import JSONResponse

from segue.demo.app import demo_app
from segue.demo.feed import Event
from segue.demo.process import ProviderProcess
from segue.demo.stage import Stage

if TYPE_CHECKING:
    from starlette.types import Receive, Scope, Send

ORIGIN = "http://localhost:8040"
SECRET = "a secret of this test and nothing else"

pytestmark = pytest.mark.processes


def test_event_during_a_question_is_not_lost() -> None:
    """What happens while the server asks the provider how it is reaches the page, in this answer or the next."""

    async def story() -> None:
        provider = ProviderProcess(app_origins=(ORIGIN,), backend_secret=SECRET, port=0)
        await provider.start()
        try:
            async with Stage.opened(origin=ORIGIN, provider=provider, backend_secret=SECRET) as stage:
                await stage.http.aclose()

                async def meanwhile(scope: Scope, receive: Receive, send: Send) -> None:
                    stage.scene.feed.tell(Event(chapter="c", title="meanwhile", why=""))
                    answer = JSONResponse({"signedIn": False, "hasTokens": False})
                    await answer(scope, receive, send)

                stage.http = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=meanwhile))
                page = httpx2.AsyncClient(transport=httpx2.ASGITransport(app=demo_app(stage)))
                async with stage.http, page:
                    first = (await page.get(f"{ORIGIN}/demo/state?after=0")).json()
                    second = (await page.get(f"{ORIGIN}/demo/state?after={first['lastEvent']}")).json()
                    told = len(first["events"]) + len(second["events"])
                    assert (told, second["lastEvent"]) == (stage.scene.feed.last, stage.scene.feed.last)
        finally:
            await provider.stop()

    asyncio.run(story())
