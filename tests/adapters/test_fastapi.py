"""The FastAPI adapter: the ready-made routes, the dependency, and a migrate route written by hand."""

# No postponed annotations here: FastAPI has to see the dependencies, which are local to a function.
import asyncio
import base64
import json
import logging
from collections.abc import AsyncGenerator, Callable, Coroutine, MutableMapping
from contextlib import asynccontextmanager
from datetime import timedelta
from pathlib import Path
from typing import Annotated, Any

import httpx2
import pytest
from fastapi import Depends, FastAPI, Request
from fastapi.responses import PlainTextResponse
from msgspec.structs import replace

from segue import AsyncEngine, Config, HttpSettings, Identity
from segue.adapters import asgi
from segue.adapters.fastapi import CurrentSession, SegueFastAPI
from segue.errors import UserRefused
from segue.http.anti_csrf import AntiCsrfMode
from segue.ids import UserId
from segue.stores.memory import AsyncMemoryStore
from segue.stores.ports import AsyncStore
from segue.stores.sqlite import AsyncSqliteStore
from tests.support import issuer
from tests.support.clock import ManualClock

API = "http://localhost:8000"
WEBSITE = "http://localhost:3000"
KEY = "00000000-0000-4000-8000-000000000001"
COOKIES = {"st-auth-mode": "cookie"}


class Site:
    """An application with Segue, a browser in front of it, and the clock of both."""

    def __init__(self, config: Config, store: AsyncStore | None = None) -> None:
        self.clock = ManualClock(issuer.NOW)
        self.store = store or AsyncMemoryStore()
        self.engine = AsyncEngine(config, store=self.store, clock=self.clock)
        self.segue = SegueFastAPI(self.engine)
        self.app = FastAPI()
        self.segue.install(self.app)
        self.segue.install_cors(self.app)
        add_routes(self.app, self.segue)

    @asynccontextmanager
    async def browser(self) -> AsyncGenerator[httpx2.AsyncClient]:
        """A client with a cookie jar of its own."""
        transport = httpx2.ASGITransport(app=self.app)
        async with httpx2.AsyncClient(transport=transport, base_url=API) as client:
            yield client


def add_routes(app: FastAPI, segue: SegueFastAPI) -> None:
    """The application's own routes."""

    @app.get("/me")
    async def me(session: Annotated[CurrentSession, Depends(segue.session)]) -> dict[str, str]:
        return {"user": session.user_id}

    @app.get("/perhaps")
    async def perhaps(
        session: Annotated[CurrentSession | None, Depends(segue.optional_session)],
    ) -> dict[str, str | None]:
        return {"user": session.user_id if session else None}

    @app.get("/strict")
    async def strict(
        session: Annotated[CurrentSession, Depends(segue.sessions(check_database=True))],
    ) -> dict[str, str]:
        return {"user": session.user_id}

    @app.post("/plan")
    async def plan(session: Annotated[CurrentSession, Depends(segue.session)]) -> PlainTextResponse:
        await session.merge_payload({"plan": "gold"})
        return PlainTextResponse("changed")

    @app.post("/twice")
    async def twice(session: Annotated[CurrentSession, Depends(segue.session)]) -> None:
        await session.merge_payload({"plan": "gold"})
        await segue.engine.revoke(session.handle)
        await session.merge_payload({"plan": "silver"})

    @app.post("/leave")
    async def leave(session: Annotated[CurrentSession, Depends(segue.session)]) -> None:
        await session.revoke()

    @app.get("/devices")
    async def devices(
        session: Annotated[CurrentSession, Depends(segue.session)],
    ) -> list[dict[str, str | bool | None]]:
        return [
            {"label": line.session.device.label, "ip": line.session.device.ip, "current": line.current}
            for line in await session.devices()
        ]

    @app.post("/by-hand")
    async def by_hand(request: Request) -> dict[str, str]:
        identity = await segue.identify(request)
        await segue.create_session(request, identity.subject, inherit=identity)
        return {"status": "OK"}


def site(*, anti_csrf: AntiCsrfMode | None = None, refuse: str | None = None) -> Site:
    """A site that migrates from the test issuer; *refuse* names a user that the application blocks."""

    def map_user(identity: Identity) -> str:
        if identity.subject == refuse:
            raise UserRefused("blocked")
        return f"user-{identity.subject}"

    provider = replace(issuer.provider(), map_user=map_user)
    settings = HttpSettings(api_domain=API, website_domain=WEBSITE, anti_csrf=anti_csrf)
    return Site(
        Config(http=settings, secrets=("0123456789 abcdefghijklmnopqrstuvwxyz",), providers=(provider,))
    )


def run(story: Callable[[], Coroutine[object, object, None]]) -> None:
    """Run one story on a loop of its own."""
    asyncio.run(story())


def bearer(token: str, **more: str) -> dict[str, str]:
    """Headers of a migration."""
    return {"authorization": f"Bearer {token}", **more}


@pytest.mark.parametrize(
    "path", ["/migrate-session", "/auth/migrate-session", "/auth/public/migrate-session"]
)
def test_a_migrated_user_is_signed_in(path: str) -> None:
    """The old token becomes a session in cookies; the protected route knows the mapped user at once."""

    async def story() -> None:
        async with site().browser() as browser:
            reply = await browser.post(path, headers=bearer(issuer.token(), **COOKIES))
            assert reply.status_code == 200
            answer = reply.json()
            assert (answer["status"], answer["result"], answer["userId"]) == ("OK", "MIGRATED", "user-alice")
            assert answer["endPreviousSession"] is True
            assert "front-token" in reply.headers
            assert {"sAccessToken", "sRefreshToken"} <= set(browser.cookies)
            assert (await browser.get("/me")).json() == {"user": "user-alice"}

    run(story)


def test_header_mode_migrates_into_headers() -> None:
    """A client that asks for headers, or for nothing, gets no cookies."""

    async def story() -> None:
        async with site().browser() as browser:
            reply = await browser.post("/migrate-session", headers=bearer(issuer.token()))
            assert not browser.cookies
            access = reply.headers["st-access-token"]
            assert (await browser.get("/me", headers=bearer(access))).status_code == 200

    run(story)


def test_retry_of_the_same_client() -> None:
    """The same Idempotency-Key gets the same session and the same refresh token again; another key is refused."""

    async def story() -> None:
        made = site()
        async with made.browser() as browser, made.browser() as retry, made.browser() as thief:
            mine = bearer(issuer.token(), **{"idempotency-key": KEY})
            first = await browser.post("/migrate-session", headers=mine)
            again = await retry.post("/migrate-session", headers=mine)
            other = await thief.post(
                "/migrate-session", headers={**mine, "idempotency-key": KEY.replace("1", "2")}
            )
            none = await thief.post("/migrate-session", headers=bearer(issuer.token()))
        assert again.json()["result"] == "REPEATED"
        assert first.headers["st-refresh-token"] == again.headers["st-refresh-token"]
        for refused in (other, none):
            assert (refused.status_code, refused.json()["code"]) == (409, "ALREADY_MIGRATED")

    run(story)


def test_second_tab_with_the_session_already_there() -> None:
    """A browser that holds the session asks again without a key: nothing new is made, nothing is replaced."""

    async def story() -> None:
        async with site().browser() as browser:
            first = await browser.post("/migrate-session", headers=bearer(issuer.token(), **COOKIES))
            again = await browser.post("/migrate-session", headers=bearer(issuer.token(), **COOKIES))
            assert again.json()["result"] == "ALREADY"
            assert again.json()["sessionHandle"] == first.json()["sessionHandle"]
            assert again.headers["front-token"] != "remove"
            assert "sRefreshToken" not in again.headers["set-cookie"]

    run(story)


def test_reload_before_the_answer_was_read() -> None:
    """Cookies stored, front token lost: asking again shows the page its session, so it is not stranded."""

    async def story() -> None:
        async with site().browser() as browser:
            mine = bearer(issuer.token(), **COOKIES, **{"idempotency-key": KEY})
            first = await browser.post("/migrate-session", headers=mine)
            again = await browser.post("/migrate-session", headers=mine)
            shown = json.loads(base64.b64decode(again.headers["front-token"]))
            assert shown["uid"] == "user-alice"
            assert shown["up"]["sessionHandle"] == first.json()["sessionHandle"]
            assert (await browser.get("/me")).status_code == 200

    run(story)


def test_session_that_cannot_be_used_does_not_spend_a_sign_in() -> None:
    """An expired access token and no way to refresh it: a fresh sign-in at the provider buys working tokens."""

    async def story() -> None:
        made = site()
        async with made.browser() as browser:
            await browser.post("/migrate-session", headers=bearer(issuer.token(), **COOKIES))
            browser.cookies.delete("sRefreshToken")
            made.clock.advance(timedelta(hours=2))
            later = issuer.token(now=made.clock.now(), sid="another")
            reply = await browser.post("/migrate-session", headers=bearer(later, **COOKIES))
            assert reply.json()["result"] == "MIGRATED"
            assert (await browser.get("/me")).status_code == 200

    run(story)


@pytest.mark.parametrize(
    "foreign",
    [
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site", "sec-fetch-mode": "navigate"},
        {"origin": "https://evil.example", "sec-fetch-site": "cross-site", "sec-fetch-mode": "no-cors"},
        {"origin": "null"},
        {"origin": "https://evil.example"},
        {"sec-fetch-mode": "navigate"},
    ],
    ids=["form of another site", "image of another site", "sandboxed frame", "old browser", "navigation"],
)
def test_other_sites_cannot_sign_a_visitor_out(foreign: dict[str, str]) -> None:
    """A form on another site posts to the refresh route without cookies; the answer must not clear them."""

    async def story() -> None:
        async with site().browser() as stranger:
            reply = await stranger.post("/auth/session/refresh", headers=foreign)
            assert reply.status_code == 401
            assert "set-cookie" not in reply.headers
            assert "front-token" not in reply.headers

    run(story)


def test_other_users_session_is_never_replaced() -> None:
    """Login by another's old token is refused while a live session is there (T13)."""

    async def story() -> None:
        async with site().browser() as browser:
            await browser.post("/migrate-session", headers=bearer(issuer.token(), **COOKIES))
            reply = await browser.post(
                "/migrate-session", headers=bearer(issuer.token("mallory", sid="other"), **COOKIES)
            )
            assert (reply.status_code, reply.json()["code"]) == (409, "OTHER_USER_SIGNED_IN")
            assert (await browser.get("/me")).json() == {"user": "user-alice"}

    run(story)


@pytest.mark.parametrize(
    ("headers", "status", "code"),
    [
        ({}, 401, "TOKEN_MISSING"),
        ({"authorization": "Basic YTpi"}, 401, "TOKEN_MISSING"),
        ({"authorization": "Bearer abc"}, 401, "TOKEN_MALFORMED"),
        ({"authorization": "Bearer abc", "origin": "https://evil.example"}, 400, "REQUEST_INVALID"),
        ({"authorization": "Bearer abc", "idempotency-key": "short"}, 400, "REQUEST_INVALID"),
    ],
    ids=["no header", "other scheme", "no JWS", "foreign origin", "short key"],
)
def test_refused_requests(headers: dict[str, str], status: int, code: str) -> None:
    """Every refusal answers at once with a stable code, and clears nothing."""

    async def story() -> None:
        async with site().browser() as browser:
            reply = await browser.post("/migrate-session", headers=headers)
        assert (reply.status_code, reply.json()["code"]) == (status, code)
        assert "set-cookie" not in reply.headers
        assert "front-token" not in reply.headers

    run(story)


def test_header_inside_the_body(caplog: pytest.LogCaptureFixture) -> None:
    """A page that passes axios its options as the body is refused; the log names the mistake and not the token."""

    async def story() -> None:
        async with site().browser() as browser:
            body = {"headers": {"Authorization": "Bearer secret-token-in-the-body"}}
            reply = await browser.post("/migrate-session", json=body)
        assert (reply.status_code, reply.json()["code"]) == (401, "TOKEN_MISSING")

    with caplog.at_level(logging.INFO, "segue"):
        run(story)
    assert "axios" in caplog.text
    assert "secret-token-in-the-body" not in caplog.text


def test_blocked_user() -> None:
    """The application's mapping has the last word."""

    async def story() -> None:
        async with site(refuse="alice").browser() as browser:
            reply = await browser.post("/migrate-session", headers=bearer(issuer.token()))
        assert (reply.status_code, reply.json()["code"]) == (403, "USER_REFUSED")

    run(story)


def test_refused_token_beside_a_live_session_is_no_401() -> None:
    """SuperTokens front ends answer 401 with refresh and retry; a bad old token must not start that loop."""

    async def story() -> None:
        async with site().browser() as browser:
            await browser.post("/migrate-session", headers=bearer(issuer.token(), **COOKIES))
            reply = await browser.post("/migrate-session", headers=bearer("abc", **COOKIES))
            assert reply.status_code == 403

    run(story)


def test_silent_refresh() -> None:
    """An expired access token is told from no session; the refresh route makes both whole again."""

    async def story() -> None:
        made = site()
        async with made.browser() as browser:
            await browser.post("/migrate-session", headers=bearer(issuer.token(), **COOKIES))
            made.clock.advance(timedelta(hours=1))
            expired = await browser.get("/me")
            assert (expired.status_code, expired.json()) == (401, {"message": "try refresh token"})
            refreshed = await browser.post("/auth/session/refresh", headers={"rid": "session"})
            assert (refreshed.status_code, refreshed.json()) == (200, {})
            assert (await browser.get("/me")).status_code == 200

    run(story)


def test_sign_out_and_replay_of_the_old_token() -> None:
    """After sign-out neither the session nor the old token works any more (T9)."""

    async def story() -> None:
        async with site().browser() as browser:
            await browser.post(
                "/migrate-session", headers=bearer(issuer.token(), **COOKIES, **{"idempotency-key": KEY})
            )
            assert (await browser.post("/auth/signout")).json() == {"status": "OK"}
            assert (await browser.get("/me")).status_code == 401
            reply = await browser.post(
                "/migrate-session", headers=bearer(issuer.token(), **COOKIES, **{"idempotency-key": KEY})
            )
            assert (reply.status_code, reply.json()["code"]) == (409, "ALREADY_MIGRATED")

    run(story)


def test_changed_payload_reaches_the_client_whatever_the_handler_returns() -> None:
    """A handler that returns a response object of its own still carries the session's new tokens."""

    async def story() -> None:
        async with site().browser() as browser:
            await browser.post("/by-hand", headers=bearer(issuer.token(), **COOKIES))
            reply = await browser.post("/plan")
            assert reply.text == "changed"
            assert "front-token" in reply.headers
            assert "sAccessToken" in reply.headers["set-cookie"]

    run(story)


def test_refusal_has_the_last_word() -> None:
    """A session that ends while its handler changes it is taken off the client, whatever was put on before."""

    async def story() -> None:
        async with site().browser() as browser:
            await browser.post("/by-hand", headers=bearer(issuer.token(), **COOKIES))
            reply = await browser.post("/twice")
            assert (reply.status_code, reply.headers["front-token"]) == (401, "remove")
            assert len(reply.headers.get_list("set-cookie")) == 2
            assert not browser.cookies

    run(story)


def test_handler_ends_the_session() -> None:
    """Revoking the session of a request deletes it and takes its tokens off the client with the same answer."""

    async def story() -> None:
        made = site()
        async with made.browser() as browser:
            await browser.post("/by-hand", headers=bearer(issuer.token(), **COOKIES))
            reply = await browser.post("/leave")
            assert (reply.status_code, reply.headers["front-token"]) == (200, "remove")
            assert not browser.cookies
            assert await made.engine.list_sessions(UserId("alice")) == ()

    run(story)


@pytest.mark.parametrize("method", ["OPTIONS", "TRACE"])
def test_preflight_is_not_verified(method: str) -> None:
    """Methods without credentials are never refused for the lack of a session, and never reach its handler."""

    async def story() -> None:
        made = site()

        @made.app.api_route("/every", methods=[method, "GET"])
        async def every(session: Annotated[CurrentSession, Depends(made.segue.session)]) -> str:
            return session.user_id

        @made.app.api_route("/any", methods=[method, "GET"])
        async def any_method(
            session: Annotated[CurrentSession | None, Depends(made.segue.optional_session)],
        ) -> bool:
            return session is None

        async with made.browser() as browser:
            reply = await browser.request(method, "/every")
            assert (reply.status_code, reply.content) == (200, b"")
            reply = await browser.request(method, "/any", headers=bearer(issuer.token()))
            assert reply.json() is True

    run(story)


def test_fault_is_in_the_log(tmp_path: Path, caplog: pytest.LogCaptureFixture) -> None:
    """Of a fault of ours a client learns that it may try again; the log says what it was."""

    async def story() -> None:
        made = Site(site().engine.config, AsyncSqliteStore(tmp_path / "sessions.sqlite3"))
        async with made.browser() as browser:
            await browser.post("/by-hand", headers=bearer(issuer.token(), **COOKIES))
            await made.engine.close()
            reply = await browser.get("/strict")
            assert (reply.status_code, reply.json()) == (503, {"message": "try again later"})

    with caplog.at_level(logging.ERROR, "segue"):
        run(story)
    assert "GET /strict failed" in caplog.text


def test_migrate_route_by_hand() -> None:
    """The low-level parts suffice: token, identity, session on the response, OK."""

    async def story() -> None:
        made = site()
        async with made.browser() as browser:
            reply = await browser.post("/by-hand", headers=bearer(issuer.token(), **COOKIES))
            assert reply.json() == {"status": "OK"}
            assert reply.headers["cache-control"] == "no-store"
            (session,) = await made.engine.list_sessions(UserId("alice"))
            assert session.absolute_expires_at is not None
            assert session.provenance is not None
            assert (await browser.get("/me")).json() == {"user": "alice"}

        async with made.browser() as stranger:
            refused = await stranger.post("/by-hand", headers=bearer("abc"))
            assert (refused.status_code, refused.json()["code"]) == (401, "TOKEN_MALFORMED")
            expired = await stranger.post("/by-hand", headers=bearer(issuer.token(exp=1)))
            assert (expired.status_code, expired.json()["code"]) == (401, "TOKEN_EXPIRED")
            long_ago = int((issuer.NOW - timedelta(days=40)).timestamp())
            old = await stranger.post("/by-hand", headers=bearer(issuer.token(auth_time=long_ago)))
            assert (old.status_code, old.json()["code"]) == (403, "SIGN_IN_TOO_OLD")

    run(story)


def test_tenant_in_the_path() -> None:
    """The tenant comes from the verified credential; a path that names another one is refused (T23)."""

    async def story() -> None:
        async with site().browser() as browser:
            reply = await browser.post("/auth/acme/migrate-session", headers=bearer(issuer.token()))
            assert (reply.status_code, reply.json()["code"]) == (400, "REQUEST_INVALID")

    run(story)


def test_body_that_does_not_arrive(monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that sends half a body is answered and closed, not held."""
    monkeypatch.setattr(asgi, "BODY_DEADLINE", 0.01)
    sent: list[MutableMapping[str, Any]] = []

    async def receive() -> MutableMapping[str, Any]:
        await asyncio.Event().wait()
        raise AssertionError("nothing ever comes")

    async def send(message: MutableMapping[str, Any]) -> None:
        sent.append(message)

    async def story() -> None:
        scope: dict[str, Any] = {
            "type": "http",
            "method": "POST",
            "path": "/auth/migrate-session",
            "headers": [],
        }
        await asgi.BrowserRoutes(site().engine, site().app)(scope, receive, send)
        assert sent[0]["status"] == 408

    run(story)


def test_revoked_session_where_the_database_is_asked() -> None:
    """The strict dependency sees a revocation at once, and takes the tokens off the client."""

    async def story() -> None:
        made = site()
        async with made.browser() as browser:
            reply = await browser.post("/migrate-session", headers=bearer(issuer.token(), **COOKIES))
            await made.engine.revoke(reply.json()["sessionHandle"])
            strict = await browser.get("/strict")
            assert (strict.status_code, strict.headers["front-token"]) == (401, "remove")

    run(story)


def test_list_of_devices() -> None:
    """A user sees every session with the browser's own description, and which one is this; no address is kept."""

    async def story() -> None:
        made = site()
        async with made.browser() as phone, made.browser() as desk:
            for browser, agent in ((phone, "Phone/1"), (desk, "Desk/2")):
                headers = bearer(issuer.token(), **COOKIES, **{"user-agent": agent})
                await browser.post("/by-hand", headers=headers)
                made.clock.advance(timedelta(minutes=1))
            listed = (await desk.get("/devices")).json()
        assert listed == [
            {"label": "Desk/2", "ip": None, "current": True},
            {"label": "Phone/1", "ip": None, "current": False},
        ]

    run(story)


def test_optional_session() -> None:
    """Where none is required, a stranger passes and a signed-in user is known."""

    async def story() -> None:
        async with site().browser() as browser:
            assert (await browser.get("/perhaps")).json() == {"user": None}
            await browser.post("/migrate-session", headers=bearer(issuer.token(), **COOKIES))
            assert (await browser.get("/perhaps")).json() == {"user": "user-alice"}

    run(story)


def test_refusals_pass_through_cors() -> None:
    """A page of another origin can read a 401, or it could never refresh."""

    async def story() -> None:
        async with site().browser() as browser:
            for path in ("/me", "/auth/signout"):
                method = "POST" if path.startswith("/auth") else "GET"
                reply = await browser.request(method, path, headers={"origin": WEBSITE})
                assert reply.status_code == 401
                assert reply.headers["access-control-allow-origin"] == WEBSITE

    run(story)


def test_session_headers_can_be_read_across_origins() -> None:
    """A page of the website's origin reads every session header, and may send what a migration needs."""

    async def story() -> None:
        async with site().browser() as browser:
            headers = bearer(issuer.token(), origin=WEBSITE, **COOKIES)
            reply = await browser.post("/auth/migrate-session", headers=headers)
            exposed = {name.strip() for name in reply.headers["access-control-expose-headers"].split(",")}
            assert {"front-token", "st-access-token", "st-refresh-token", "anti-csrf"} <= exposed
            wanted = "authorization,content-type,fdi-version,idempotency-key,rid,st-auth-mode"
            preflight = await browser.options(
                "/auth/migrate-session",
                headers={
                    "origin": WEBSITE,
                    "access-control-request-method": "POST",
                    "access-control-request-headers": wanted,
                },
            )
            assert preflight.status_code == 200
            assert preflight.headers["access-control-allow-credentials"] == "true"

    run(story)


def test_body_larger_than_our_routes_take() -> None:
    """A large body is refused before it is read to its end."""

    async def story() -> None:
        async with site().browser() as browser:
            body = json.dumps({"refreshToken": "x" * 20_000})
            reply = await browser.post("/migrate-session", headers=bearer(issuer.token()), content=body)
        assert (reply.status_code, reply.json()["code"]) == (400, "REQUEST_INVALID")

    run(story)


def test_lifespan_prepares_and_closes() -> None:
    """After start-up the keys are at hand; after the end the store is closed."""

    async def story() -> None:
        made = site()
        async with made.segue.lifespan():
            assert await made.store.load_signing_keys(made.engine.config.app_id)

    run(story)
