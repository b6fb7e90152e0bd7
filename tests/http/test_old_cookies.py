"""Old cookies on the migration route: which are read, and what proves that our own page sent them (T13, T14, T28)."""

from __future__ import annotations

import asyncio
import json
from typing import TYPE_CHECKING, Any

import httpx2
import pytest

from segue import AsyncEngine, BearerToken, Config, Engine, HttpSettings, OldCookies, Prefixed
from segue.adapters.asgi import BrowserRoutes
from segue.errors import ConfigurationError, RequestRefused, TokenMissing
from segue.http.message import HttpRequest
from segue.http.old_cookies import read_old_cookies
from segue.http.transport import OUR_COOKIES
from segue.migration.cookies.model import MAX_COOKIES
from segue.stores.memory import AsyncMemoryStore, MemoryStore
from segue.stores.sqlite import SqliteStore
from tests.migration.issuer import NOW, provider, token
from tests.migration.old_shop import HOUR, Rows, ShopCookies, cookie, own, own_token, seconds, shop
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from pathlib import Path

    from segue.stores.ports import Store

API, PAGE = "http://localhost:8000", "http://localhost:3000"
GOOD = cookie(user="alice", sid="s1", written_at=seconds(NOW - HOUR))
OWN_PAGE = {"origin": PAGE, "rid": "anti-csrf", "content-type": "application/json", "st-auth-mode": "cookie"}


def configured(*providers: Any, **changes: Any) -> Config:
    """A deployment on localhost; a JWT provider, a shop and a mall, unless others are named."""
    usual = (
        provider(),
        shop(),
        shop(name="mall", format=ShopCookies(name="mall"), map_user=Prefixed("mall|")),
    )
    return Config(
        http=HttpSettings(api_domain=API, website_domain=PAGE),
        secrets=("a deployment secret for tests, 0123456789",),
        providers=providers or usual,
        **changes,
    )


def engine(*providers: Any, store: Store | None = None) -> Engine:
    """In a thread."""
    return Engine(configured(*providers), store=store or MemoryStore(), clock=ManualClock(NOW))


def asked(*cookies: str, body: str = "{}", **headers: str) -> HttpRequest:
    """What a browser sends."""
    lines = [(name.replace("_", "-"), value) for name, value in headers.items()]
    lines += [("cookie", "; ".join(cookies))] if cookies else []
    return HttpRequest(method="POST", path="/auth/migrate-session", headers=tuple(lines), body=body.encode())


def code(made: Engine, request: HttpRequest) -> str:
    """Result or code of the answer."""
    said = json.loads(made.respond(request).body)
    return str(said.get("result") or said["code"])


def test_migration_by_cookie() -> None:
    """A page with nothing in hand but the old cookie gets cookies of ours."""
    response = engine().respond(asked(f"shop={GOOD}", **OWN_PAGE))
    assert json.loads(response.body)["result"] == "MIGRATED"
    assert {"sAccessToken", "sRefreshToken"} <= {each.name for each in response.actions.cookies}


@pytest.mark.parametrize(
    ("changes", "refusal"),
    [
        ({"origin": None}, "anti_csrf_refused"),
        ({"origin": None, "sec-fetch-site": "none"}, "anti_csrf_refused"),
        ({"origin": None, "sec-fetch-site": "same-site"}, "REQUEST_INVALID"),
        ({"origin": None, "sec-fetch-site": "cross-site"}, "REQUEST_INVALID"),
        ({"origin": "https://evil.example"}, "REQUEST_INVALID"),
        ({"origin": "null"}, "REQUEST_INVALID"),
        ({"rid": None, "st-auth-mode": None}, "anti_csrf_refused"),
        ({"content-type": None}, "anti_csrf_refused"),
        ({"content-type": "text/plain"}, "anti_csrf_refused"),
        ({"content-type": "application/x-www-form-urlencoded"}, "anti_csrf_refused"),
        ({"content-type": "text/plain; application/json"}, "anti_csrf_refused"),
    ],
    ids=str,
)
def test_t13_not_our_own_page(changes: dict[str, str | None], refusal: str) -> None:
    """Whatever of the proof is missing, a cookie that the browser attached by itself buys nothing (T13, T14)."""
    headers = {name: value for name, value in {**OWN_PAGE, **changes}.items() if value is not None}
    made = engine()
    assert code(made, asked(f"shop={GOOD}", **headers)) == refusal
    assert code(made, asked(f"shop={GOOD}", **OWN_PAGE)) == "MIGRATED"


@pytest.mark.parametrize(
    "headers",
    [
        {**OWN_PAGE, "content-type": "application/json; charset=utf-8"},
        {"origin": API, "idempotency-key": "0" * 32, "content-type": "application/json"},
        {"sec-fetch-site": "same-origin", "st-auth-mode": "header", "content-type": "application/json"},
    ],
)
def test_own_page(headers: dict[str, str]) -> None:
    """A known origin or the browser's own word, one of the headers, and JSON: that is enough."""
    assert code(engine(), asked(f"shop={GOOD}", **headers)) == "MIGRATED"


def test_bearer_demands_less() -> None:
    """A bearer token was put there by a script, so neither header nor content type is demanded of it."""
    assert code(engine(), asked(authorization=f"Bearer {token()}")) == "MIGRATED"


def test_bearer_counts_before_cookies() -> None:
    """With both there the bearer token is the credential, and a bad one is not made good by a cookie (T17)."""
    made = engine()
    request = asked(f"shop={GOOD}", **OWN_PAGE, authorization=f"Bearer {token()}")
    assert json.loads(made.respond(request).body)["userId"] == "alice"
    bad = asked(f"shop={GOOD}", **OWN_PAGE, authorization="Bearer nonsense")
    assert code(made, bad) == "TOKEN_MALFORMED"
    named = asked(f"shop={GOOD}", **OWN_PAGE, authorization=f"Bearer {token()}", body='{"provider": "shop"}')
    assert code(made, named) == "REQUEST_INVALID"


def test_t6_cookies_of_two_providers() -> None:
    """With cookies of two providers the page says which one counts; neither is tried (T6)."""
    made, cookies = engine(), (f"shop={GOOD}", f"mall={GOOD}")
    assert code(made, asked(*cookies, **OWN_PAGE)) == "PROVIDER_UNCLEAR"
    response = made.respond(asked(*cookies, **OWN_PAGE, body='{"provider": "mall"}'))
    assert json.loads(response.body)["userId"] == "mall|alice"
    for body in ('{"provider": "unknown"}', '{"provider": 1}', '{"provider": ""}', '{"provider": "old"}'):
        assert code(made, asked(*cookies, **OWN_PAGE, body=body)) == "REQUEST_INVALID"


def test_verifier_of_your_own() -> None:
    """The application's own verifier is the only provider, or is named."""
    both = engine(provider(), own())

    def request(body: str) -> HttpRequest:
        return asked(origin=PAGE, authorization=f"Bearer {own_token()}", body=body)

    assert code(both, request("{}")) == "TOKEN_MALFORMED"
    assert code(both, request('{"provider": "own"}')) == "MIGRATED"
    assert code(engine(own()), request("{}")) == "MIGRATED"


# --- reading ---------------------------------------------------------------------------------------------------------

NAMES = frozenset({"sid"})


@pytest.mark.parametrize(
    ("cookies", "read"),
    [
        ("sid=a", {"sid": "a"}),
        ("x=1; sid=s%3Aa%20b ; y=2", {"sid": "s%3Aa%20b"}),
        ('sid="a b"', {"sid": '"a b"'}),
        ("sid=a=b==", {"sid": "a=b=="}),
        ("sid.0=a; sid.1=b; sid.x=c; sidx=d", {"sid.0": "a", "sid.1": "b"}),
        ("sid.0=a; sid.0=b; sid.1=c", {"sid.1": "c"}),
        ("%73id=a", None),
        ("sid=", None),
        ("sid", None),
        ("other=a", None),
    ],
)
def test_cookies_as_they_came(cookies: str, read: dict[str, str] | None) -> None:
    """Values are not decoded, and of other cookies nothing is taken."""
    found = read_old_cookies(asked(cookies), NAMES)
    assert (dict(found.values) if found else None) == read


@pytest.mark.parametrize("second", ["b", "a", ""])
def test_t28_cookie_that_came_twice(second: str) -> None:
    """Of two cookies with one name a neighbour may have set one: neither counts (T28)."""
    with pytest.raises(TokenMissing, match="twice"):
        read_old_cookies(asked("sid=a", f"sid={second}"), NAMES)
    lines = HttpRequest(method="POST", path="/", headers=(("cookie", "sid=a"), ("cookie", "sid=b")))
    with pytest.raises(TokenMissing, match="twice"):
        read_old_cookies(lines, NAMES)


@pytest.mark.parametrize(
    "cookies",
    [
        (f"shop={GOOD}", "shop.0=a", "shop.0=b"),
        ("shop=a", "shop=b", f"shop.0={GOOD}"),
        ("shop.0=a", "shop.0=b", "shop.1=c"),
    ],
    ids=["whole", "chunk", "rest"],
)
def test_t28_planted_beside_cookies_that_came_twice(cookies: tuple[str, ...]) -> None:
    """A neighbour who doubles the cookies of the user's session does not get his own read in their place (T28)."""
    assert code(engine(), asked(*cookies, **OWN_PAGE)) == "TOKEN_MISSING"


def test_t19_too_many_cookies() -> None:
    """Sizes are looked at before anything is decoded (T19)."""
    for cookies in (f"sid={'a' * (MAX_COOKIES + 1)}", f"sid=a; x={'b' * 70_000}"):
        with pytest.raises(RequestRefused):
            read_old_cookies(asked(cookies), NAMES)
    assert read_old_cookies(asked(f"sid={'a' * MAX_COOKIES}"), NAMES) is not None


@pytest.mark.parametrize("name", sorted(OUR_COOKIES))
def test_our_own_cookies_are_never_an_old_providers(name: str) -> None:
    """No provider can be configured to read a cookie of our own sessions."""
    with pytest.raises(ConfigurationError, match="cookie of our own"):
        configured(shop(format=ShopCookies(name=name)))


def test_t22_credentials_are_not_shown() -> None:
    """Neither cookies nor tokens are in a representation (T22)."""
    assert "canary" not in f"{OldCookies(values={'sid': 'canary'})!r} {BearerToken(text='canary')!r}"


# --- whole -----------------------------------------------------------------------------------------------------------


def test_row_over_sqlite(tmp_path: Path) -> None:
    """With rows and SQLite: once, the same session for the same client, and the row is deleted after the first use."""
    rows = Rows(k1={"user": "alice", "authenticated_at": seconds(NOW - HOUR)})
    with SqliteStore(tmp_path / "segue.sqlite3") as store:
        made = engine(shop(rows), store=store)
        request = asked(f"shop={cookie(row='k1')}", **OWN_PAGE, idempotency_key="0" * 32)
        first, again = (json.loads(made.respond(request).body) for _ in range(2))
        assert (first["result"], again["result"]) == ("MIGRATED", "REPEATED")
        made.deliver()
        assert "k1" in rows.rows
        made.revoke(first["sessionHandle"])
        made.deliver()
        assert "k1" not in rows.rows
        assert code(made, request) == "SIGN_IN_REVOKED"


def test_over_asgi_with_coroutines() -> None:
    """Under an event loop the application's functions may be coroutines; plain ones run in a thread."""
    rows = Rows(k1={"user": "alice", "authenticated_at": seconds(NOW - HOUR)})

    async def find(key: str) -> bytes | None:
        await asyncio.sleep(0)
        return rows.find(key)

    async def nowhere(_scope: Any, _receive: Any, _send: Any) -> None:
        raise AssertionError("another path")

    async def moved(function: Any) -> str:
        config = configured(shop(find_session=function))
        routes = BrowserRoutes(AsyncEngine(config, store=AsyncMemoryStore(), clock=ManualClock(NOW)), nowhere)
        transport = httpx2.ASGITransport(app=routes)
        async with httpx2.AsyncClient(transport=transport, base_url=API) as browser:
            headers = {**OWN_PAGE, "cookie": f"shop={cookie(row='k1')}"}
            answer = await browser.post("/auth/migrate-session", headers=headers, json={})
        return str(answer.json().get("result") or answer.json())

    assert asyncio.run(moved(find)) == "MIGRATED"
    assert asyncio.run(moved(rows.find)) == "MIGRATED"


def test_coroutine_without_a_loop() -> None:
    """A coroutine function under `Engine` is our fault to mend, and no cookie of it is believed."""

    async def find(_key: str) -> bytes | None:
        return b"{}"

    assert code(engine(shop(find_session=find)), asked(f"shop={cookie(row='k1')}", **OWN_PAGE)) == "INTERNAL"


@pytest.mark.parametrize("answer", ["text", b"x" * 300_000], ids=["text", "too large"])
def test_row_that_is_none(answer: Any, caplog: pytest.LogCaptureFixture) -> None:
    """What a function of the application returns is looked at: no bytes, or too many, let nobody in."""
    made = engine(shop(find_session=lambda _key: answer))  # pyright: ignore[reportUnknownLambdaType]
    assert code(made, asked(f"shop={cookie(row='k1')}", **OWN_PAGE)) in {"INTERNAL", "STATE_UNAVAILABLE"}
    assert "x" * 100 not in caplog.text


def test_t22_failing_store_shows_nothing(caplog: pytest.LogCaptureFixture) -> None:
    """What the application's function raised is logged by its kind and place, never by its text (T22)."""
    rows = Rows()
    rows.down = True
    assert code(engine(shop(rows)), asked(f"shop={cookie(row='k1')}", **OWN_PAGE)) == "STATE_UNAVAILABLE"
    assert "ConnectionError" in caplog.text
    assert "canary-text" not in caplog.text
