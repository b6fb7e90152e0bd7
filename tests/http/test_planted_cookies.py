"""Cookies that a neighbour of our domain planted before the user came: what they cannot fix (T28)."""

from __future__ import annotations

import json

import pytest

from segue import Config, Engine, HttpSettings, NewSession
from segue.errors import CookiesRefused
from segue.http.message import HttpRequest, HttpResponse
from segue.http.old_cookies import read_old_cookies
from segue.http.overlap import client_key, key_cookie_name
from segue.ids import SessionHandle, UserId
from segue.sessions.issuing import Issued
from segue.stores.memory import MemoryStore
from tests.support import issuer
from tests.support.clock import ManualClock

SETTINGS = HttpSettings(api_domain="https://api.example.com", website_domain="https://www.example.com")
KEY = "the-key-of-this-browser-0123456789"
MIGRATE, REFRESH = "/auth/migrate-session", "/auth/session/refresh"


class Deployment:
    """An engine behind https, and a browser that sends the cookies it is told to."""

    def __init__(self) -> None:
        self.engine = Engine(
            Config(
                http=SETTINGS,
                secrets=("a deployment secret for tests, 0123456789",),
                providers=(issuer.provider(),),
            ),
            store=MemoryStore(),
            clock=ManualClock(issuer.NOW),
        )

    def post(self, path: str, cookies: str, **headers: str) -> HttpResponse:
        """What one of our routes answers."""
        lines = [("cookie", cookies), ("st-auth-mode", "cookie"), ("origin", SETTINGS.website_domain)]
        return self.engine.respond(HttpRequest(method="POST", path=path, headers=(*lines, *headers.items())))

    def migrate(self, cookies: str, *, sid: str = "session-1") -> HttpResponse:
        """What alice's page gets, whatever cookies her browser sends along."""
        return self.post(MIGRATE, cookies, authorization=f"Bearer {issuer.token(sid=sid)}")

    def attackers(self) -> Issued:
        """A session of the attacker's own, good in all respects."""
        return self.engine.create_session(NewSession(user_id=UserId("mallory"), payload={}, data={}))

    def is_live(self, handle: SessionHandle) -> bool:
        """Whether a session is there."""
        return self.engine.load_session(handle) is not None


@pytest.fixture
def deployment() -> Deployment:
    """A deployment of its own."""
    return Deployment()


def said(response: HttpResponse) -> dict[str, str]:
    """The body of an answer."""
    content: dict[str, str] = json.loads(response.body)
    return content


def attached(response: HttpResponse) -> dict[str, str]:
    """The cookies of an answer, by name."""
    return {cookie.name: cookie.value for cookie in response.actions.cookies}


@pytest.mark.parametrize("planted", ["chosen-by-mallory", "a.b.c", "", "another deployment's"])
def test_t28_a_planted_session_is_never_taken_up(deployment: Deployment, planted: str) -> None:
    """Whatever is there before, handle and tokens are fresh, and what was planted buys nothing (T28)."""
    refresh = planted
    if planted.startswith("another"):
        foreign = Deployment().attackers()
        planted, refresh = foreign.access.text, foreign.refresh.text
    cookies = f"sAccessToken={planted}; sRefreshToken={refresh}; sFrontToken={planted}"
    answers = [deployment.migrate(cookies, sid=sid) for sid in ("one", "two")]
    assert [said(answer)["result"] for answer in answers] == ["MIGRATED", "MIGRATED"]
    assert len({said(answer)["sessionHandle"] for answer in answers}) == 2
    for answer in answers:
        tokens = attached(answer)
        assert tokens.keys() == {"sAccessToken", "sRefreshToken"}
        assert not {planted, refresh} & set(tokens.values())
    assert deployment.post(REFRESH, f"sRefreshToken={refresh}").status == 401


def test_t28_a_session_of_the_attackers_own_stays_his(deployment: Deployment) -> None:
    """Another user's live session is neither given to alice nor replaced by hers; her sign-in is not spent (T28)."""
    planted = deployment.attackers()
    refused = deployment.migrate(f"sAccessToken={planted.access.text}; sRefreshToken={planted.refresh.text}")
    assert (refused.status, said(refused)["code"]) == (409, "OTHER_USER_SIGNED_IN")
    assert not attached(refused)
    assert deployment.is_live(planted.session.handle)
    assert said(deployment.migrate("theme=dark"))["result"] == "MIGRATED"


@pytest.mark.parametrize("first", [True, False], ids=["in front", "behind"])
def test_t28_a_second_cookie_beside_the_users_own(deployment: Deployment, *, first: bool) -> None:
    """Of two session cookies with one name neither is believed, in any order, and neither session changes (T28)."""
    hers, his = deployment.migrate("").actions.cookies, deployment.attackers()
    access = [next(each.value for each in hers if each.name == "sAccessToken"), his.access.text]
    refresh = [next(each.value for each in hers if each.name == "sRefreshToken"), his.refresh.text]
    order = slice(None, None, -1) if first else slice(None)
    both = "; ".join(f"sAccessToken={text}" for text in access[order])
    with pytest.raises(CookiesRefused):
        deployment.engine.authenticate(HttpRequest(method="GET", path="/me", headers=(("cookie", both),)))
    answer = deployment.post(REFRESH, "; ".join(f"sRefreshToken={text}" for text in refresh[order]))
    assert not attached(answer)
    for text in refresh:
        assert attached(deployment.post(REFRESH, f"sRefreshToken={text}")).keys() == {
            "sAccessToken",
            "sRefreshToken",
        }


def test_t28_attributes(deployment: Deployment) -> None:
    """No script reads our cookies, no other host gets them, and only one route sees refresh tokens (T28)."""
    lines = {cookie.name: cookie.render() for cookie in deployment.migrate("").actions.cookies}
    for line in lines.values():
        assert {"HttpOnly", "Secure", "SameSite=Lax"} <= set(line.split("; "))
        assert "Domain" not in line
    assert f"; Path={REFRESH};" in lines["sRefreshToken"]
    assert "; Path=/;" in lines["sAccessToken"]


SPELLED_OTHERWISE = [
    "%5F%5FHost-{0}",
    "_%5fHost-{0}",
    "%5F_Host%2D{0}",
    "__host-{0}",
    "\xa0__Host-{0}",
    "\x85__Host-{0}",
    "\x1f__Host-{0}",
    "\x0c__Host-{0}",
    "__Host-{0}\xa0",
    "{0}",
]
"""Names that any neighbour may set: what browsers guard are the letters `__Host-` themselves."""


@pytest.mark.parametrize("name", SPELLED_OTHERWISE, ids=ascii)
def test_t28_the_prefix_is_not_talked_around(name: str) -> None:
    """The key by which a browser is moved on the spot is read from a cookie that only this host can have set (T28)."""
    assert key_cookie_name(SETTINGS).startswith("__Host-")
    planted = name.format(key_cookie_name(SETTINGS).removeprefix("__Host-"))
    assert client_key(_with(f"{planted}={KEY}"), SETTINGS) is None
    both = client_key(_with(f"{planted}={KEY[::-1]}; {key_cookie_name(SETTINGS)}={KEY}"), SETTINGS)
    assert both is not None
    assert both.text == KEY


@pytest.mark.parametrize("name", SPELLED_OTHERWISE, ids=ascii)
def test_t28_nor_that_of_an_old_cookie(name: str) -> None:
    """A previous application's cookie with a prefix is read under its very name alone (T28)."""
    assert read_old_cookies(_with(f"{name.format('sid')}=planted"), frozenset({"__Host-sid"})) is None


def test_t28_a_key_that_came_twice() -> None:
    """Of two keys, one planted where no prefix guards the name, neither counts (T28)."""
    plain = HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000")
    name = key_cookie_name(plain)
    assert client_key(_with(f"{name}={KEY}; {name}={KEY[::-1]}"), plain) is None
    assert client_key(_with(f"{name}={KEY}"), plain) is not None


def _with(cookies: str) -> HttpRequest:
    return HttpRequest(method="GET", path="/", headers=(("cookie", cookies),))
