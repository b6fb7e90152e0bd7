"""The demo's previous provider keeps the promises that a migration leans on."""

from __future__ import annotations

import asyncio
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import httpx2
import msgspec
import pytest

from segue.demo.provider.app import provider_app
from segue.demo.provider.clients import AUDIENCE, BACKEND_CLIENT, PAGE_CLIENT, demo_clients
from segue.demo.provider.ledger import Ledger
from segue.demo.provider.people import person_named
from segue.demo.provider.settings import Provider
from segue.demo.provider.tokens import new_signer
from segue.demo.visitor import Visitor, old_tokens
from segue.tokens.jws import verify_jws

if TYPE_CHECKING:
    from collections.abc import AsyncGenerator, Awaitable, Callable

ISSUER = "http://127.0.0.1:8041"
APP = "http://localhost:8040"
SECRET = "a secret of this test and nothing else"
VERIFIER = "v" * 43
START = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
SIGNER = new_signer(ISSUER, key_id="k1")


class SetClock:
    """A clock that stands where it was put."""

    def __init__(self) -> None:
        self.at = START

    def now(self) -> datetime:
        """The instant it was put at."""
        return self.at


class Place:
    """A provider, and browsers and programs that can reach it."""

    def __init__(self) -> None:
        self.clock = SetClock()
        secrets = (f"secret-{number}" for number in range(1000))
        self.app = provider_app(
            Provider(
                issuer=ISSUER,
                app_origins=(APP,),
                clients=demo_clients(app_origins=(APP,), backend_secret=SECRET),
                ledger=Ledger(lambda: next(secrets)),
                signer=SIGNER,
                clock=self.clock,
                new_secret=lambda: next(secrets),
            )
        )

    @asynccontextmanager
    async def browser(self) -> AsyncGenerator[httpx2.AsyncClient]:
        """A client with its own cookies."""
        async with httpx2.AsyncClient(transport=httpx2.ASGITransport(app=self.app)) as client:
            yield client

    @asynccontextmanager
    async def visitor(self) -> AsyncGenerator[Visitor]:
        """Somebody with a browser, on behalf of the application's page."""
        async with self.browser() as browser:
            yield Visitor(browser=browser, issuer=ISSUER, redirect_uri=f"{APP}/", verifier=VERIFIER)


async def introspect(visitor: Visitor, token: str, secret: str = SECRET) -> httpx2.Response:
    """Ask about a token as the back end."""
    auth = (BACKEND_CLIENT, secret)
    return await visitor.browser.post(f"{ISSUER}/introspect", data={"token": token}, auth=auth)


def at_provider(story: Callable[[Place, Visitor], Awaitable[None]]) -> None:
    """Run one story at a fresh provider with one browser."""

    async def tell() -> None:
        place = Place()
        async with place.visitor() as visitor:
            await story(place, visitor)

    asyncio.run(tell())


def test_sign_in_brings_code_state_and_issuer_home() -> None:
    """After the sign-in page the browser returns with a code, its own state and the provider's name (RFC 9207)."""

    async def story(_: Place, visitor: Visitor) -> None:
        answer = await visitor.sign_in("Ada Lindqvist")
        assert answer.keys() == {"code", "state", "iss"}
        assert (answer["state"], answer["iss"]) == ("state-of-visitor", ISSUER)

    at_provider(story)


def test_access_token_is_verifiable_and_complete() -> None:
    """The access token verifies against the published keys and says all that a verifier may ask for (RFC 9068)."""

    async def story(_: Place, visitor: Visitor) -> None:
        tokens = await visitor.signed_in("Ada Lindqvist")
        verified = verify_jws(tokens.access, (await visitor.browser.get(f"{ISSUER}/jwks")).content)
        claims = msgspec.json.decode(verified.payload)
        assert verified.header["typ"] == "at+jwt"
        assert (claims["iss"], claims["sub"], claims["aud"]) == (ISSUER, "ada.lindqvist", AUDIENCE)
        assert claims["client_id"] == claims["azp"] == PAGE_CLIENT
        assert claims["iat"] == claims["auth_time"] == int(START.timestamp())
        assert claims["exp"] > claims["iat"]
        assert claims["sid"]
        assert claims["jti"]

    at_provider(story)


def test_id_token_carries_the_nonce() -> None:
    """The ID token is for the client, names the person and repeats the nonce."""

    async def story(_: Place, visitor: Visitor) -> None:
        tokens = await visitor.signed_in("Zoë  O'Neill")
        claims = msgspec.json.decode(verify_jws(tokens.identity, SIGNER.jwks()).payload)
        assert (claims["aud"], claims["nonce"], claims["name"]) == (
            PAGE_CLIENT,
            "nonce-of-visitor",
            "Zoë O'Neill",
        )
        assert claims["sub"] == "zoe.o.neill"

    at_provider(story)


def test_second_authorization_needs_no_sign_in() -> None:
    """A browser that is signed in gets its next code without a page; another browser is asked."""

    async def story(place: Place, visitor: Visitor) -> None:
        await visitor.sign_in("Ada")
        again = await visitor.authorize(prompt="none")
        assert "code" in visitor.home(again)
        async with place.browser() as other:
            asked = await other.get(f"{ISSUER}/authorize", params=visitor.request(prompt="none"))
            assert visitor.home(asked)["error"] == "login_required"

    at_provider(story)


def test_sign_in_ends_by_itself() -> None:
    """An SSO session is forgotten thirty days after it began."""

    async def story(place: Place, visitor: Visitor) -> None:
        await visitor.sign_in("Ada")
        place.clock.at = START + timedelta(days=30)
        asked = await visitor.authorize(prompt="none")
        assert visitor.home(asked)["error"] == "login_required"

    at_provider(story)


@pytest.mark.parametrize(
    "redirect_uri",
    ["", APP, f"{APP}/x", f"{APP}/?x=1", "http://localhost:8040.evil.example/", "http://LOCALHOST:8040/"],
)
def test_redirect_uri_not_exact(redirect_uri: str) -> None:
    """A redirect URI that was not registered to the letter is answered on the spot, never by a redirect."""

    async def story(_: Place, visitor: Visitor) -> None:
        answer = await visitor.authorize(redirect_uri=redirect_uri)
        assert answer.status_code == 400

    at_provider(story)


@pytest.mark.parametrize(
    ("changes", "error"),
    [
        ({"response_type": "token"}, "unsupported_response_type"),
        ({"scope": "profile"}, "invalid_scope"),
        ({"code_challenge": ""}, "invalid_request"),
        ({"code_challenge_method": "plain"}, "invalid_request"),
        ({"code_challenge_method": ""}, "invalid_request"),
    ],
)
def test_authorization_request_improper(changes: dict[str, str], error: str) -> None:
    """An improper request of a known client goes back to it with the error and its state."""

    async def story(_: Place, visitor: Visitor) -> None:
        answer = visitor.home(await visitor.authorize(**changes))
        assert (answer["error"], answer["state"]) == (error, "state-of-visitor")

    at_provider(story)


def test_parameter_twice() -> None:
    """A parameter that comes twice makes a request invalid (RFC 6749 §3.1)."""

    async def story(_: Place, visitor: Visitor) -> None:
        query = f"{httpx2.QueryParams(visitor.request())}&state=other"
        assert (await visitor.browser.get(f"{ISSUER}/authorize?{query}")).status_code == 400

    at_provider(story)


@pytest.mark.parametrize("origin", [None, "null", APP, "http://evil.example"])
def test_sign_in_form_from_elsewhere(origin: str | None) -> None:
    """A sign-in form that another site posted signs nobody in."""

    async def story(_: Place, visitor: Visitor) -> None:
        form = {"request": str(httpx2.QueryParams(visitor.request())), "name": "Eve"}
        headers = {"origin": origin} if origin else {}
        posted = await visitor.browser.post(f"{ISSUER}/sign-in", data=form, headers=headers)
        assert posted.status_code == 400
        assert not visitor.browser.cookies

    at_provider(story)


def test_names_are_escaped() -> None:
    """What a request says comes back as text, not as markup."""

    async def story(_: Place, visitor: Visitor) -> None:
        page = await visitor.authorize(state='"><b>')
        assert "<b>" not in page.text
        assert "default-src 'none'" in page.headers["content-security-policy"]

    at_provider(story)


@pytest.mark.parametrize(
    "changes",
    [
        {"code_verifier": "w" * 43},
        {"code_verifier": ""},
        {"redirect_uri": f"{APP}/x"},
        {"code": "unknown"},
        {"client_id": BACKEND_CLIENT, "client_secret": SECRET},
    ],
)
def test_code_redeemed_wrongly(changes: dict[str, str]) -> None:
    """A code buys nothing without its verifier, its redirect URI and its client."""

    async def story(_: Place, visitor: Visitor) -> None:
        code = (await visitor.sign_in("Ada"))["code"]
        answer = await visitor.redeem(code, **changes)
        assert (answer.status_code, answer.json()["error"]) == (400, "invalid_grant")

    at_provider(story)


def test_code_late() -> None:
    """A code lives one minute."""

    async def story(place: Place, visitor: Visitor) -> None:
        code = (await visitor.sign_in("Ada"))["code"]
        place.clock.at = START + timedelta(minutes=1)
        assert (await visitor.redeem(code)).status_code == 400

    at_provider(story)


def test_code_twice_ends_the_grant() -> None:
    """A code that comes back ends what it bought (RFC 6749 §4.1.2)."""

    async def story(_: Place, visitor: Visitor) -> None:
        code = (await visitor.sign_in("Ada"))["code"]
        tokens = old_tokens(await visitor.redeem(code))
        assert (await visitor.redeem(code)).status_code == 400
        assert (await visitor.refresh(tokens.refresh)).status_code == 400

    at_provider(story)


def test_refresh_rotates_and_reuse_ends_the_grant() -> None:
    """Each refresh token works once; one that comes back takes its successor down (RFC 9700 §4.14.2)."""

    async def story(_: Place, visitor: Visitor) -> None:
        first = await visitor.signed_in("Ada Lindqvist")
        second = old_tokens(await visitor.refresh(first.refresh))
        assert second.refresh != first.refresh
        assert (await visitor.refresh(first.refresh)).json()["error"] == "invalid_grant"
        assert (await visitor.refresh(second.refresh)).json()["error"] == "invalid_grant"

    at_provider(story)


@pytest.mark.parametrize("kind", ["access", "refresh"])
@pytest.mark.parametrize("by_backend", [True, False], ids=["backend", "page"])
def test_revoking_either_token_ends_both(kind: str, by_backend: bool) -> None:
    """RFC 7009 with the refresh or the access token, by either client, leaves nothing of the grant."""

    async def story(_: Place, visitor: Visitor) -> None:
        tokens = await visitor.signed_in("Ada Lindqvist")
        form = {"token": getattr(tokens, kind), "client_id": PAGE_CLIENT}
        if by_backend:
            form |= {"client_id": BACKEND_CLIENT, "client_secret": SECRET}
        assert (await visitor.browser.post(f"{ISSUER}/revoke", data=form)).status_code == 200
        assert (await visitor.refresh(tokens.refresh)).status_code == 400
        assert (await introspect(visitor, tokens.access)).json() == {"active": False}

    at_provider(story)


def test_revoking_nothing_is_no_error() -> None:
    """An unknown token is answered 200 (RFC 7009 §2.2); an unproven client is not."""

    async def story(_: Place, visitor: Visitor) -> None:
        unknown = await visitor.browser.post(
            f"{ISSUER}/revoke", data={"token": "x"}, auth=(BACKEND_CLIENT, SECRET)
        )
        unproven = await visitor.browser.post(
            f"{ISSUER}/revoke", data={"token": "x"}, auth=(BACKEND_CLIENT, "wrong")
        )
        assert (unknown.status_code, unproven.status_code) == (200, 401)

    at_provider(story)


def test_introspection_is_for_the_back_end() -> None:
    """The back end learns what a live token says; a wrong secret or a public client learns nothing."""

    async def story(place: Place, visitor: Visitor) -> None:
        tokens = await visitor.signed_in("Ada Lindqvist")
        told = (await introspect(visitor, tokens.access)).json()
        assert (told["active"], told["sub"]) == (True, "ada.lindqvist")
        assert (await introspect(visitor, tokens.refresh)).json()["active"] is True
        assert (await introspect(visitor, tokens.access, secret="wrong")).status_code == 401
        public = await visitor.browser.post(
            f"{ISSUER}/introspect", data={"token": tokens.access, "client_id": PAGE_CLIENT}
        )
        assert public.status_code == 401
        place.clock.at = START + timedelta(hours=1)
        assert (await introspect(visitor, tokens.access)).json() == {"active": False}

    at_provider(story)


def test_logout_with_an_id_token_ends_everything() -> None:
    """RP-initiated logout with an ID token ends the SSO session and its grants, even without the cookie."""

    async def story(place: Place, visitor: Visitor) -> None:
        tokens = await visitor.signed_in("Ada Lindqvist")
        async with place.browser() as without_cookie:
            form = {"id_token_hint": tokens.identity, "client_id": PAGE_CLIENT}
            headers = {"origin": APP, "sec-fetch-mode": "cors"}
            answer = await without_cookie.post(f"{ISSUER}/logout", data=form, headers=headers)
        assert answer.json() == {"ended": True}
        assert answer.headers["access-control-allow-origin"] == APP
        assert (await visitor.refresh(tokens.refresh)).status_code == 400
        asked = await visitor.authorize(prompt="none")
        assert visitor.home(asked)["error"] == "login_required"

    at_provider(story)


async def log_out(place: Place, hint: str) -> httpx2.Response:
    """A page's logout in place: from another site, so without the provider's cookie."""
    headers = {"origin": APP, "sec-fetch-mode": "cors"}
    async with place.browser() as without_cookie:
        form = {"id_token_hint": hint, "client_id": PAGE_CLIENT}
        return await without_cookie.post(f"{ISSUER}/logout", data=form, headers=headers)


def test_logout_after_revocation_still_ends_the_sign_in() -> None:
    """The application's server may revoke the tokens first: the ID token still says whose sign-in to end."""

    async def story(place: Place, visitor: Visitor) -> None:
        tokens = await visitor.signed_in("Ada Lindqvist")
        form = {"token": tokens.refresh, "client_id": PAGE_CLIENT}
        assert (await visitor.browser.post(f"{ISSUER}/revoke", data=form)).status_code == 200
        assert (await log_out(place, tokens.identity)).json() == {"ended": True}
        assert visitor.home(await visitor.authorize(prompt="none"))["error"] == "login_required"

    at_provider(story)


@pytest.mark.parametrize("kind", ["access", "refresh"])
def test_logout_hinted_by_another_token(kind: str) -> None:
    """Only an ID token vouches for a logout; with anything else nothing is ended, and the answer says so."""

    async def story(place: Place, visitor: Visitor) -> None:
        tokens = await visitor.signed_in("Ada Lindqvist")
        answer = await log_out(place, getattr(tokens, kind))
        assert (answer.status_code, answer.json()) == (400, {"ended": False})
        assert "code" in visitor.home(await visitor.authorize(prompt="none"))

    at_provider(story)


def test_logout_without_an_id_token_asks_first() -> None:
    """A bare link to the logout page ends nothing until the user confirms on the provider's own page."""

    async def story(_: Place, visitor: Visitor) -> None:
        tokens = await visitor.signed_in("Ada Lindqvist")
        assert "Sign out?" in (await visitor.browser.get(f"{ISSUER}/logout")).text
        forged = await visitor.browser.post(
            f"{ISSUER}/logout", data={"confirmed": "yes"}, headers={"origin": APP}
        )
        assert "Sign out?" in forged.text
        assert (await introspect(visitor, tokens.access)).json()["active"] is True
        query = {"client_id": PAGE_CLIENT, "post_logout_redirect_uri": f"{APP}/", "state": "s"}
        done = await visitor.browser.post(
            f"{ISSUER}/logout", params=query, data={"confirmed": "yes"}, headers={"origin": ISSUER}
        )
        assert visitor.home(done) == {"state": "s"}
        assert (await introspect(visitor, tokens.access)).json() == {"active": False}

    at_provider(story)


@pytest.mark.parametrize(("origin", "allowed"), [(APP, True), ("http://evil.example", False)])
@pytest.mark.parametrize("path", ["token", "revoke"])
def test_cors_is_for_the_application(path: str, origin: str, allowed: bool) -> None:
    """Only the application's pages may read the token and revocation endpoints."""

    async def story(_: Place, visitor: Visitor) -> None:
        preflight = await visitor.browser.options(
            f"{ISSUER}/{path}", headers={"origin": origin, "access-control-request-method": "POST"}
        )
        assert (preflight.headers.get("access-control-allow-origin") == origin) is allowed
        answer = await visitor.browser.post(
            f"{ISSUER}/{path}", data={"token": VERIFIER}, headers={"origin": origin}
        )
        assert (answer.headers.get("access-control-allow-origin") == origin) is allowed

    at_provider(story)


def test_foreign_host_name() -> None:
    """A page of another name that resolves to this machine is not answered (DNS rebinding)."""

    async def story(_: Place, visitor: Visitor) -> None:
        answer = await visitor.browser.get(f"{ISSUER}/status", headers={"host": "evil.example:8041"})
        assert answer.status_code == 400

    at_provider(story)


def test_discovery_names_living_doors() -> None:
    """Every end point that discovery names is there."""

    async def story(_: Place, visitor: Visitor) -> None:
        document = (await visitor.browser.get(f"{ISSUER}/.well-known/openid-configuration")).json()
        assert document["issuer"] == ISSUER
        for name, address in document.items():
            if name.endswith(("_endpoint", "_uri")):
                assert (await visitor.browser.get(address)).status_code != 404, name

    at_provider(story)


@pytest.mark.parametrize(
    ("name", "subject"), [("Ada Lindqvist", "ada.lindqvist"), ("  Łukasz ", "ukasz"), ("李", "user.")]
)
def test_a_name_is_a_subject(name: str, subject: str) -> None:
    """The same name is the same subject, in plain ASCII, whatever the script."""
    person = person_named(name)
    assert person is not None
    assert person.subject.startswith(subject)
    assert person == person_named(name)


@pytest.mark.parametrize("name", ["", "  ", "\u200b\u0007"])
def test_a_name_of_nothing(name: str) -> None:
    """A name that nobody could read is none."""
    assert person_named(name) is None
