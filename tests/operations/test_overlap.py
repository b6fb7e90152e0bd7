"""Old or new through an engine: which of them speaks, what the answer attaches, and what a refusal makes clients do."""

from __future__ import annotations

import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from segue import Config, Engine, HttpSettings, NewSession
from segue.errors import (
    NoSession,
    OldSignInRefused,
    SessionError,
    SessionGone,
    SignatureRefused,
    StoreUnavailable,
    TokenExpired,
    TooManyAttempts,
)
from segue.http.flows import Authenticated
from segue.http.message import HttpRequest
from segue.http.overlap import OldSignIn, OnTheSpot
from segue.http.transport import TransferMethod, Transport
from segue.http.verify import Source
from segue.ids import UserId
from segue.migration.cookies.model import OldSession
from segue.migration.credential import OldCookies
from segue.migration.overlap import GRACE
from segue.migration.own_provider import OwnProvider
from segue.migration.rollout import OFF, SHADOW, Mode, Rollout
from segue.stores.memory import MemoryStore
from segue.stores.postgres import PostgresStore
from segue.stores.sqlite import SqliteStore
from tests.migration.issuer import NOW, claims, key, provider, seconds, signed, token
from tests.operations.watched import API, SECRET, Watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue.http.message import Cookie
    from segue.migration.credential import Credential
    from segue.migration.kinds import AnyProvider
    from segue.migration.model import Claim, Delivery, Identity
    from segue.migration.records import AttemptRecord
    from segue.sessions.model import Session
    from segue.stores.ports import Store

WEBSITE = "http://localhost:3000"
KEY = "0e0e7bd4-4dbb-4a6f-9f0a-0d3d6e3f2a51"
ENOUGH = 8


@pytest.fixture(params=["memory", "sqlite", "postgres"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Every kind of store."""
    kinds: dict[str, Any] = {
        "memory": MemoryStore,
        "sqlite": lambda: SqliteStore(tmp_path / "segue.sqlite3"),
        "postgres": lambda: PostgresStore(request.getfixturevalue("postgres_database")),
    }
    opened: Store = kinds[request.param]()
    yield opened
    opened.close()


def _nobody(_identity: Identity) -> Any:
    return None


UNKNOWN = _nobody
"""A mapping that knows nobody."""


class Page:
    """A browser with an old token and a cookie jar, in front of one process."""

    def __init__(self, watched: Watched, text: str | None = None, **headers: str) -> None:
        self.watched = watched
        self.text = token() if text is None else text
        self.headers = headers
        self.jar: dict[str, str] = {}

    def request(self, method: str = "GET", **headers: str) -> HttpRequest:
        """A request of the application's own."""
        given = self.headers | headers
        lines = [("authorization", f"Bearer {self.text}")] if self.text else []
        lines += [(name.replace("_", "-"), value) for name, value in given.items()]
        if self.jar:
            lines.append(("cookie", "; ".join(f"{name}={value}" for name, value in self.jar.items())))
        return HttpRequest(method=method, path="/api/me", headers=tuple(lines), client_ip="203.0.113.7")

    def call(self, *, migrate: OnTheSpot | None = None, **headers: str) -> Authenticated | OldSignIn:
        """What the application learns of the request; the browser keeps what comes with the answer."""
        found = self.watched.engine.authenticate_either(self.request(**headers), migrate=migrate)
        assert found is not None
        self.keep(*found.actions.cookies)
        return found

    def keep(self, *cookies: Cookie) -> None:
        """Take cookies of an answer."""
        for cookie in cookies:
            self.jar[cookie.name] = cookie.value

    def refusal(self, **headers: str) -> tuple[int, str, dict[str, str]]:
        """Status, code and headers of the answer to a refused request."""
        made = self.request(**headers)
        with pytest.raises(SessionError) as refused:
            self.watched.engine.authenticate_either(made)
        response = self.watched.engine.refuse(refused.value, made)
        assert not response.actions or "front-token" in dict(response.actions.headers)
        return response.status, json.loads(response.body).get("code", ""), dict(response.lines())


def watched(*providers: AnyProvider, store: Store | None = None, **changes: Any) -> Watched:
    """A process that migrates from the old provider."""
    return Watched(*providers, store=store, **changes)


# --- which of them speaks --------------------------------------------------------------------------------------------


def test_old_speaks_for_its_user(store: Store) -> None:
    """Without a session the old token names the user, nothing is attached, and nothing was attempted."""
    process = watched(store=store)
    found = Page(process).call()
    assert isinstance(found, OldSignIn)
    assert (found.user_id, found.tenant_id, found.source) == ("alice", "public", Source.OLD)
    assert (found.identity.provider, found.actions.cookies, process.events) == ("old", (), [])
    assert "alice" not in repr(found.identity)


def test_session_speaks_alone(store: Store) -> None:
    """With a session of the same user the old token is not asked about: the store is not read for it."""
    process = watched(store=store)
    page = Page(process, st_auth_mode="cookie")
    page.call(migrate=OnTheSpot.AT_ONCE)
    process.later(minutes=5)  # the grace is over
    found = page.call()
    assert isinstance(found, Authenticated)
    assert (found.user_id, found.tenant_id, found.source) == ("alice", "public", Source.SESSION)
    page.text = token(exp=seconds(NOW) - 60)  # over by now
    assert page.call().source is Source.SESSION


def test_nobody_speaks() -> None:
    """Neither is there, or a bearer that no provider has made: no session, and none of our business."""
    process = watched()
    for text in ("", "opaque", token(iss="https://stranger.example")):
        page = Page(process, text)
        assert process.engine.authenticate_either(page.request(), required=False) is None
        with pytest.raises(NoSession):
            page.call()
    assert process.engine.refuse(NoSession(), Page(process).request()).status == 401


def test_expired_session_is_refreshed_first() -> None:
    """Beside an expired session a good old token does not speak: the client refreshes, or the session is over."""
    process = watched()
    page = Page(process, st_auth_mode="cookie")
    page.call(migrate=OnTheSpot.AT_ONCE)
    process.later(hours=2)
    page.text = token(jti="token-2", exp=seconds(process.clock.now() + timedelta(minutes=9)))
    with pytest.raises(TokenExpired):
        page.call()
    assert page.refusal()[:2] == (401, "")


def test_t9_revoked_session_beside_a_good_old_token(store: Store) -> None:
    """Whoever was signed out stays so, although the page still sends the old token (T9)."""
    process = watched(store=store)
    page = Page(process, st_auth_mode="cookie")
    found = page.call(migrate=OnTheSpot.AT_ONCE)
    assert isinstance(found, Authenticated)
    process.engine.revoke(found.access.claims.handle)
    with pytest.raises(SessionGone):
        page.call()
    page.jar.clear()
    with pytest.raises(OldSignInRefused) as refused:
        page.call()
    assert refused.value.reason == "ALREADY_MIGRATED"


def test_t13_session_of_another_user() -> None:
    """A page whose old token is of another user than its session is shown neither's things (T13)."""
    process = watched()
    page = Page(process, st_auth_mode="cookie")
    page.call(migrate=OnTheSpot.AT_ONCE)
    page.text = token(sub="bob", sid="sign-in-of-bob")
    status, code, _ = page.refusal()
    assert (status, code) == (409, "OTHER_USER_SIGNED_IN")


# --- on the spot -----------------------------------------------------------------------------------------------------


def test_safely_with_the_second_request(store: Store) -> None:
    """The first answer gives the browser a key, the second one a session; the third needs the old token no more."""
    process = watched(store=store)
    page = Page(process)
    first = page.call(migrate=OnTheSpot.SAFELY)
    assert (first.source, list(page.jar), process.events) == (Source.OLD, ["sMigrationKey"], [])
    second = page.call(migrate=OnTheSpot.SAFELY)
    assert isinstance(second, Authenticated)
    assert (second.source, second.user_id, second.transport) == (Source.MIGRATED, "alice", Transport.COOKIE)
    assert {"sAccessToken", "sRefreshToken"} <= set(page.jar)
    assert "front-token" in dict(second.actions.headers)
    page.text = ""
    assert page.call(migrate=OnTheSpot.SAFELY).source is Source.SESSION
    assert (process.codes, len(process.sessions())) == (["MIGRATED"], 1)


def test_lost_answer_is_got_again(store: Store) -> None:
    """The answer that carried the session is lost; the same browser's next request carries the same session."""
    process = watched(store=store)
    page = Page(process)
    page.call(migrate=OnTheSpot.SAFELY)
    lost = process.engine.authenticate_either(page.request(), migrate=OnTheSpot.SAFELY)
    process.later(minutes=5)
    again = page.call(migrate=OnTheSpot.SAFELY)
    assert isinstance(lost, Authenticated)
    assert isinstance(again, Authenticated)
    assert again.access.claims.handle == lost.access.claims.handle
    assert (process.codes, len(process.sessions())) == (["MIGRATED", "REPEATED"], 1)


def test_lost_answer_of_a_session_that_was_ended(store: Store) -> None:
    """Half an hour later the same client has its session again; not so one that was signed out (T9)."""
    process = watched(store=store)
    page = Page(process)
    page.call(migrate=OnTheSpot.SAFELY)
    process.engine.authenticate_either(page.request(), migrate=OnTheSpot.SAFELY)
    process.later(minutes=30)
    page.text = token(exp=seconds(process.clock.now() + timedelta(minutes=9)))
    again = page.call(migrate=OnTheSpot.SAFELY)
    assert isinstance(again, Authenticated)
    assert again.source is Source.MIGRATED
    other = Page(process, token(sid="sign-in-2", exp=seconds(process.clock.now() + timedelta(minutes=9))))
    other.call(migrate=OnTheSpot.SAFELY)
    found = process.engine.authenticate_either(other.request(), migrate=OnTheSpot.SAFELY)
    assert isinstance(found, Authenticated)
    process.engine.revoke(found.access.claims.handle)
    with pytest.raises(OldSignInRefused):
        process.engine.authenticate_either(other.request(), migrate=OnTheSpot.SAFELY)


def test_client_that_keeps_no_cookies_keeps_its_old_sign_in() -> None:
    """A program that ignores what it is given is never moved, and never locked out."""
    process = watched()
    for minutes in range(8):
        program = Page(process)
        assert program.call(migrate=OnTheSpot.SAFELY).source is Source.OLD
        process.later(minutes=1 if minutes else 0)
    assert not process.sessions()


def test_header_client_brings_a_key(store: Store) -> None:
    """A client that speaks of headers and has a key gets its tokens in headers, at once and again."""
    process = watched(store=store)
    client = Page(process, st_auth_mode="header", idempotency_key=KEY)
    found = [client.call(migrate=OnTheSpot.SAFELY) for _ in range(2)]
    tokens = {dict(each.actions.headers)["st-refresh-token"] for each in found}
    assert (len(tokens), [each.source for each in found]) == (1, [Source.MIGRATED] * 2)
    assert client.jar == {}


def test_t16_stranger_with_the_token_and_a_key_of_his_own(store: Store) -> None:
    """Who holds the token too is let in for the grace, gets no session, and then nothing (T8, T16)."""
    process = watched(store=store)
    owner = Page(process)
    for _ in range(2):
        owner.call(migrate=OnTheSpot.SAFELY)
    thief = Page(process)
    for _ in range(3):
        found = thief.call(migrate=OnTheSpot.SAFELY, idempotency_key="4f6a1c0e-9a3c-4a43-8a39-7a6f7a1d9b02")
        assert (found.source, found.actions.cookies) == (Source.OLD, ())
    process.clock.advance(GRACE)
    assert thief.refusal()[:2] == (401, "ALREADY_MIGRATED")
    assert owner.call().source is Source.SESSION
    assert (process.codes, len(process.sessions())) == (["MIGRATED"], 1)


@pytest.mark.parametrize("wanted", list(OnTheSpot))
def test_t15_requests_of_one_page_at_once(store: Store, wanted: OnTheSpot) -> None:
    """However many requests a page sends at once, all are answered, and there is one session (T15)."""
    process = watched(store=store)
    page = Page(process)
    if wanted is OnTheSpot.SAFELY:
        page.call(migrate=wanted)
    made = page.request()

    def one(_number: int) -> Authenticated | OldSignIn | None:
        return process.engine.authenticate_either(made, migrate=wanted)

    with ThreadPoolExecutor(ENOUGH) as threads:
        found = list(threads.map(one, range(ENOUGH)))
    assert {each.user_id for each in found if each is not None} == {"alice"}
    assert len(process.sessions()) == 1
    moved = [each for each in found if isinstance(each, Authenticated)]
    assert {each.access.claims.handle for each in moved} == {process.sessions()[0].handle}
    if wanted is OnTheSpot.SAFELY:
        assert len(moved) == ENOUGH
    assert len(found) == ENOUGH


def test_losers_cost_their_address_nothing() -> None:
    """An office moves at once, each page with many requests of which one wins: nobody is held up for it."""
    process = watched()
    for number in range(40):
        text = token(sub=f"user-{number}", sid=f"of-{number}", jti=f"token-{number}")
        page = Page(process, text)
        losing = process.engine.authenticate_either(page.request(), migrate=OnTheSpot.AT_ONCE)
        for _ in range(10):
            process.engine.authenticate_either(page.request(), migrate=OnTheSpot.AT_ONCE)
        assert isinstance(losing, Authenticated)
    assert process.codes == ["MIGRATED"] * 40
    assert Page(process, token(sub="last", sid="last")).call().user_id == "last"


@pytest.mark.parametrize(
    ("rollout", "moved"),
    [(OFF, False), (SHADOW, False), (Rollout(mode=Mode.ON, share=0), False), (Rollout(mode=Mode.ON), True)],
    ids=["off", "shadow", "share", "on"],
)
def test_roll_out(rollout: Rollout, moved: bool) -> None:
    """Only whom the roll-out has come to is moved; all others are just old, and nothing is recorded of them."""
    process = watched(provider(rollout=rollout))
    found = Page(process).call(migrate=OnTheSpot.AT_ONCE)
    assert (found.source is Source.MIGRATED, bool(process.events)) == (moved, moved)


def test_switch_is_pulled() -> None:
    """The switch for bad days stops the moving within a second, and signs nobody out."""
    process = watched()
    process.engine.set_rollout("old", OFF)
    assert Page(process).call(migrate=OnTheSpot.AT_ONCE).source is Source.OLD


@pytest.mark.parametrize(
    ("headers", "moved"),
    [
        ({}, True),
        ({"sec_fetch_site": "none"}, True),
        ({"sec_fetch_site": "same-origin"}, True),
        ({"origin": WEBSITE, "sec_fetch_site": "same-site"}, True),
        ({"origin": API}, True),
        ({"origin": "https://evil.example"}, False),
        ({"origin": "null"}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "same-site"}, False),
    ],
    ids=str,
)
def test_t13_request_of_another_site(headers: dict[str, str], moved: bool) -> None:
    """What another site made the browser send is answered, but attaches no session (T13)."""
    found = Page(watched(), **headers).call(migrate=OnTheSpot.AT_ONCE)
    assert (found.source is Source.MIGRATED, bool(found.actions.cookies)) == (moved, moved)


@pytest.mark.parametrize(
    ("transfer", "mode", "way"),
    [
        (TransferMethod.ANY, "", Transport.COOKIE),
        (TransferMethod.ANY, "cookie", Transport.COOKIE),
        (TransferMethod.ANY, "header", Transport.HEADER),
        (TransferMethod.COOKIE, "header", Transport.COOKIE),
        (TransferMethod.HEADER, "cookie", Transport.HEADER),
        (TransferMethod.HEADER, "", None),
    ],
)
def test_how_tokens_ride(transfer: TransferMethod, mode: str, way: Transport | None) -> None:
    """As the client asks and the deployment allows; headers never go to a client that does not speak of them."""
    settings = HttpSettings(api_domain=API, website_domain=WEBSITE, token_transfer=transfer)
    config = Config(http=settings, secrets=(SECRET,), providers=(provider(),))
    process = watched()
    process.engine = Engine(config, store=process.store, clock=process.clock)
    headers = {"st_auth_mode": mode} if mode else {}
    found = Page(process, **headers).call(migrate=OnTheSpot.AT_ONCE)
    assert (found.transport if isinstance(found, Authenticated) else None) is way


def test_key_cookie_over_https() -> None:
    """Where cookies are Secure, a neighbour of the host cannot set the key: its name has the prefix for that."""
    settings = HttpSettings(api_domain="https://api.example.com", website_domain="https://example.com")
    config = Config(http=settings, secrets=(SECRET,), providers=(provider(),))
    process = watched()
    process.engine = Engine(config, store=process.store, clock=process.clock)
    page = Page(process)
    (cookie,) = page.call(migrate=OnTheSpot.SAFELY).actions.cookies
    assert (cookie.name, cookie.path, cookie.domain, cookie.secure) == (
        *("__Host-sMigrationKey", "/"),
        None,
        True,
    )
    assert len(cookie.value) == 48
    assert page.call(migrate=OnTheSpot.SAFELY).source is Source.MIGRATED


class Failing(MemoryStore):
    """A store that does not answer when a sign-in is claimed."""

    def claim_and_create(
        self,
        claim: Claim,  # noqa: ARG002
        session: Session | None,  # noqa: ARG002
        deliveries: tuple[Delivery, ...],  # noqa: ARG002
        record: AttemptRecord | None = None,  # noqa: ARG002
    ) -> Claim | None:
        """It does not answer."""
        raise StoreUnavailable("locked")


def test_failed_move_does_not_fail_the_request() -> None:
    """Where the move goes wrong the user goes on as he came, and the attempt is told as such."""
    process = watched(store=Failing())
    assert Page(process).call(migrate=OnTheSpot.AT_ONCE).source is Source.OLD
    assert process.codes == ["STORE_UNAVAILABLE"]


# --- old cookies -----------------------------------------------------------------------------------------------------


def by_cookie(credential: Credential) -> OldSession:
    """The application's own word about its old cookie: who it is of."""
    assert isinstance(credential, OldCookies)
    name, _, sign_in = credential.values["old_session"].partition(".")
    if not sign_in:
        raise SignatureRefused("not one of ours")
    return OldSession(
        subject=name,
        session_id=sign_in,
        written_at=NOW,
        authenticated_at=NOW,
        expires_at=NOW + timedelta(days=1),
        record_key=None,
        claims={},
    )


SHOP = OwnProvider(name="shop", verify=by_cookie, cookie_names=frozenset({"old_session"}))


def visitor(process: Watched, cookie: str = "ada.1", **headers: str) -> Page:
    """A browser with the old application's cookie."""
    page = Page(process, "", **headers)
    page.jar["old_session"] = cookie
    return page


def test_page_of_the_server_is_moved_by_visiting() -> None:
    """An old cookie in, new cookies out, without any script: the second page that is visited carries the session."""
    process = watched(SHOP)
    page = visitor(process, sec_fetch_site="none", sec_fetch_mode="navigate")
    assert (page.call(migrate=OnTheSpot.SAFELY).source, page.call().source) == (Source.OLD, Source.OLD)
    moved = page.call(migrate=OnTheSpot.SAFELY, sec_fetch_site="same-origin")
    assert (moved.source, moved.user_id) == (Source.MIGRATED, "ada")
    assert page.call().source is Source.SESSION
    assert page.jar["old_session"] == "ada.1"  # the old application may still want it


@pytest.mark.parametrize(
    ("headers", "moved"),
    [
        ({}, False),
        ({"sec_fetch_site": "cross-site"}, False),
        ({"sec_fetch_site": "same-site"}, False),
        ({"origin": "https://evil.example"}, False),
        ({"sec_fetch_site": "same-origin"}, True),
        ({"origin": WEBSITE}, True),
    ],
    ids=str,
)
def test_t13_old_cookie_on_a_request_of_another_site(headers: dict[str, str], moved: bool) -> None:
    """
    A browser sends old cookies by itself: no session for it, and no write in its user's name, unless the browser says
    that our own page asked (T13).
    """
    process = watched(SHOP)
    page = visitor(process, **headers)
    assert (page.call(migrate=OnTheSpot.AT_ONCE).source is Source.MIGRATED) is moved
    writing = visitor(process, "bob.2", **headers).request("POST")
    if moved:
        assert process.engine.authenticate_either(writing) is not None
        return
    with pytest.raises(OldSignInRefused) as refused:
        process.engine.authenticate_either(writing)
    assert refused.value.reason == "anti_csrf_refused"
    assert process.engine.refuse(refused.value, writing).status == 403
    assert process.engine.authenticate_either(writing, anti_csrf_check=False) is not None


def test_t28_old_cookie_that_came_twice() -> None:
    """Of two old cookies with one name neither speaks: a neighbour may have set one (T28)."""
    process = watched(SHOP)
    twice = HttpRequest(
        method="GET", path="/", headers=(("cookie", "old_session=ada.1; old_session=mallory.2"),)
    )
    with pytest.raises(OldSignInRefused):
        process.engine.authenticate_either(twice)


def test_foreign_bearer_beside_an_old_cookie() -> None:
    """A bearer token that no provider reads leaves the cookie to speak."""
    page = visitor(watched(SHOP, provider(map_user=UNKNOWN)), authorization="Bearer somebody-s-api-key")
    assert page.call().user_id == "ada"


def test_forged_old_cookie() -> None:
    """A cookie that the old application has not made speaks for nobody, and counts as forged."""
    process = watched(SHOP)
    for _ in range(10):
        assert visitor(process, "ada").refusal()[:2] == (401, "TOKEN_SIGNATURE_INVALID")
    assert visitor(process).refusal()[0] == 429


# --- refusals --------------------------------------------------------------------------------------------------------

EXPIRED = token(exp=seconds(NOW) - 60)


@pytest.mark.parametrize(
    ("headers", "status"),
    [
        ({}, 401),
        ({"st_auth_mode": "cookie"}, 401),
        ({"st_auth_mode": "header"}, 403),
        ({"cookie": "st-access-token=x; st-refresh-token=y"}, 403),
        ({"cookie": "sFrontToken=x"}, 401),
    ],
    ids=str,
)
def test_old_token_expired(headers: dict[str, str], status: int) -> None:
    """
    Its own front end is told to renew it, ours to refresh what it may have; a client that would refresh for ever gets
    another status. Nothing is cleared in any case.
    """
    found, code, lines = Page(watched(), EXPIRED).refusal(**headers)
    assert (found, code) == (status, "TOKEN_EXPIRED")
    assert ("www-authenticate" in lines) == (status == 401)
    assert not {"front-token", "st-access-token", "set-cookie"} & set(lines)


@pytest.mark.parametrize(
    ("expired_status", "headers", "status"),
    [
        (440, {}, 401),
        (440, {"cookie": "sFrontToken=x"}, 440),
        (440, {"st_auth_mode": "header"}, 401),
        (403, {"st_auth_mode": "header", "cookie": "sFrontToken=x"}, 401),
    ],
)
def test_old_token_expired_with_another_status(
    expired_status: int, headers: dict[str, str], status: int
) -> None:
    """Where another status than 401 makes front ends refresh, the old one still hears 401."""
    settings = HttpSettings(
        api_domain=API,
        website_domain=WEBSITE,
        session_expired_status=expired_status,
        invalid_claim_status=418,
    )
    process = watched()
    config = Config(http=settings, secrets=(SECRET,), providers=(provider(),))
    process.engine = Engine(config, store=process.store, clock=process.clock)
    assert Page(process, EXPIRED).refusal(**headers)[0] == status


def test_t20_refused_user_is_told_no_more_than_elsewhere() -> None:
    """Whether a user is blocked, deleted or unknown, the answer is one (T20)."""
    process = watched(provider(map_user=UNKNOWN))
    assert Page(process).refusal()[:2] == (403, "USER_REFUSED")


def test_t21_forged_tokens_are_counted_here_too() -> None:
    """Trying forged tokens on a route of the application's is held against their address as at ours (T21)."""
    process = watched()
    forged = Page(process, signed(claims(), private=key("https://stranger.example")))
    for _ in range(10):
        assert forged.refusal()[:2] == (401, "TOKEN_SIGNATURE_INVALID")
    with pytest.raises(TooManyAttempts):
        Page(process).call()
    assert Page(process).refusal()[0] == 429
    assert process.code(token(), key=KEY) == "TOO_MANY_ATTEMPTS"


def test_expired_tokens_are_not_counted() -> None:
    """A tab that polls with an expired old token does not shut out the office that it stands in."""
    process = watched()
    polling = Page(process, EXPIRED)
    for _ in range(300):
        polling.refusal()
    assert Page(process).call(migrate=OnTheSpot.AT_ONCE).source is Source.MIGRATED


def test_session_made_otherwise() -> None:
    """A session that was never migrated speaks as well, in a header too."""
    process = watched()
    issued = process.engine.create_session(NewSession(user_id=UserId("carol"), payload={}, data={}))
    assert Page(process, issued.access.text).call(migrate=OnTheSpot.AT_ONCE).user_id == "carol"
