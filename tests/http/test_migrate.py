"""Which session of ours a migration's request shows, and what that changes in the answer."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from segue import Config, Engine, HttpSettings
from segue.http.message import HttpRequest, HttpResponse
from segue.ids import UserId
from segue.migration.cookies.model import OldSession
from segue.migration.credential import Credential, OldCookies
from segue.migration.kinds import AnyProvider
from segue.migration.own_provider import OwnProvider
from segue.sessions.model import ByUser
from segue.stores.memory import MemoryStore
from tests.support import issuer
from tests.support.clock import ManualClock

KEY = "the-key-of-this-browser-0123456789"
NO_TOKEN = "none"
HEADER_MODE = (("st-auth-mode", "header"), ("rid", "anti-csrf"))


class Deployment:
    """An engine, and the access token that its last answer brought in a header."""

    def __init__(self, *providers: AnyProvider) -> None:
        self.clock = ManualClock(issuer.NOW)
        self.engine = Engine(
            Config(
                http=HttpSettings(api_domain="http://localhost:8000", website_domain="http://localhost:3000"),
                secrets=("a deployment secret for tests, 0123456789",),
                providers=providers or (issuer.provider(),),
            ),
            store=MemoryStore(),
            clock=self.clock,
        )
        self.access = ""

    def migrate(
        self, token: str = "", *, headers: tuple[tuple[str, str], ...] = HEADER_MODE, **body: Any
    ) -> dict[str, Any]:
        """What the answer says, and its status."""
        response = self.send(token or issuer.token(), headers=headers, **body)
        said: dict[str, Any] = json.loads(response.body)
        return said | {"http": response.status}

    def send(self, token: str, *, headers: tuple[tuple[str, str], ...], **body: Any) -> HttpResponse:
        """A page in header mode asks, as `segue-web` does."""
        bearer = (("authorization", f"Bearer {token}"),) if token != NO_TOKEN else ()
        given = (*bearer, ("idempotency-key", KEY), *headers)
        response = self.engine.respond(
            HttpRequest(
                method="POST", path="/auth/migrate-session", headers=given, body=json.dumps(body).encode()
            )
        )
        sent = dict(response.headers) | dict(response.actions.headers)
        self.access = sent.get("st-access-token", self.access)
        return response


@pytest.fixture
def deployment() -> Deployment:
    """A deployment of its own."""
    return Deployment()


def test_a_session_in_hand_is_the_proof(deployment: Deployment) -> None:
    """Shown the access token that it gave, the server says which session that is, and gives nothing new."""
    first = deployment.migrate()
    again = deployment.send(issuer.token(), headers=HEADER_MODE, session=deployment.access)
    said = json.loads(again.body)
    assert (first["result"], said["result"], said["sessionHandle"]) == (
        "MIGRATED",
        "ALREADY",
        first["sessionHandle"],
    )
    assert (again.actions.headers, again.actions.cookies) == ((), ())


def test_a_session_in_hand_of_another_user(deployment: Deployment) -> None:
    """It is never replaced, and nothing is claimed."""
    deployment.migrate(issuer.token(sub="bob", sid="bobs"))
    refused = deployment.migrate(session=deployment.access)
    assert (refused["http"], refused["code"]) == (409, "OTHER_USER_SIGNED_IN")
    assert deployment.migrate()["result"] == "MIGRATED"


def test_a_session_in_hand_that_was_revoked(deployment: Deployment) -> None:
    """Its token still verifies, and is worth nothing: the user is moved."""
    user = deployment.migrate()["userId"]
    deployment.engine.revoke(ByUser(user_id=UserId(user)))
    moved = deployment.migrate(issuer.token(sid="another"), session=deployment.access)
    assert moved["result"] == "MIGRATED"


@pytest.mark.parametrize("shown", ["", "x", "x" * 9000, 7, None, "not.of.us"])
def test_what_is_no_token_of_ours_says_nothing(deployment: Deployment, shown: Any) -> None:
    """A page may show what it likes."""
    assert deployment.migrate(session=shown)["result"] == "MIGRATED"


def test_the_token_of_another_deployment_says_nothing(deployment: Deployment) -> None:
    """Its signature is not ours."""
    other = Deployment()
    other.migrate()
    assert deployment.migrate(session=other.access)["result"] == "MIGRATED"


def test_a_session_in_hand_whose_token_is_over(deployment: Deployment) -> None:
    """Whose page cannot go on with it gets one that works; another user's is respected all the same."""
    deployment.migrate(issuer.token(sub="bob", sid="bobs"))
    deployment.clock.advance(timedelta(hours=2))
    fresh = issuer.token(now=deployment.clock.now())
    assert deployment.migrate(fresh, session=deployment.access)["code"] == "OTHER_USER_SIGNED_IN"
    assert deployment.migrate(fresh)["result"] == "MIGRATED"


@pytest.mark.parametrize(
    ("headers", "status"),
    [(HEADER_MODE, 403), (HEADER_MODE[:1], 401), (HEADER_MODE[1:], 401)],
    ids=["front end in header mode", "plain client", "front end without cookies"],
)
def test_a_refusal_makes_no_front_end_refresh(
    deployment: Deployment, headers: tuple[tuple[str, str], ...], status: int
) -> None:
    """In header mode no cookie shows that the page has a session, which a 401 would make it refresh ten times."""
    assert deployment.migrate("not.a.token", headers=headers)["http"] == status


def test_the_sdk_puts_our_own_token_where_the_old_one_would_be(deployment: Deployment) -> None:
    """In header mode, on the request of a page whose old session is a cookie: the cookie is what is presented."""

    def verify(credential: Credential) -> OldSession:
        assert isinstance(credential, OldCookies)
        return OldSession(subject=credential.values["old_sid"], session_id="1", written_at=issuer.NOW)

    own = OwnProvider(name="shop", verify=verify, cookie_names=frozenset({"old_sid"}))
    shop = Deployment(own)
    proofs = (
        ("cookie", "old_sid=ada"),
        ("origin", "http://localhost:3000"),
        ("content-type", "application/json"),
    )
    first = shop.migrate(NO_TOKEN, headers=(*HEADER_MODE, *proofs))
    assert (first["result"], first["userId"]) == ("MIGRATED", "ada")
    again = shop.migrate(shop.access, headers=(*HEADER_MODE, *proofs), session=shop.access)
    assert (again["result"], again["sessionHandle"]) == ("ALREADY", first["sessionHandle"])
    foreign = deployment.migrate() and shop.migrate(deployment.access, headers=(*HEADER_MODE, *proofs))
    assert foreign["code"] == "TOKEN_CLAIMS_INVALID"
