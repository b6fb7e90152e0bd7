"""The token endpoint: who may use it, what is taken, what comes of it, and what it refuses in which words."""

from __future__ import annotations

import base64
import json
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any
from urllib.parse import quote_plus, urlencode

import pytest

from segue import PUBLIC_CLIENT, Config, Engine, ExchangeClient, HttpSettings, TokenExchange
from segue.errors import ConfigurationError, StoreUnavailable
from segue.http.message import HttpRequest, HttpResponse
from segue.http.routes import discovery_response
from segue.http.transport import TransferMethod
from segue.migration.provider import CredentialKind, Provider
from segue.migration.rollout import OFF, SHADOW
from segue.stores.memory import MemoryStore
from segue.stores.sqlite import SqliteStore
from tests.migration.issuer import NOW, claims, key, provider, seconds, signed, token
from tests.operations.watched import API, SECRET, Watched

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue.stores.ports import Store

GRANT = "urn:ietf:params:oauth:grant-type:token-exchange"
TYPE = "urn:ietf:params:oauth:token-type:"
CLIENT_SECRET = "a client's secret: 0123456789 and +/%"
FORMER_SECRET = "the secret before: abcdefghijklmnopqrst"
KEY = "0e0e7bd4-4dbb-4a6f-9f0a-0d3d6e3f2a51"
EXCHANGE = TokenExchange(
    clients=(
        ExchangeClient(client_id="app", secrets=PUBLIC_CLIENT),
        ExchangeClient(client_id="reports", secrets=(CLIENT_SECRET, FORMER_SECRET)),
        ExchangeClient(client_id="elsewhere", secrets=PUBLIC_CLIENT, providers=frozenset({"another"})),
    ),
    audiences=frozenset({"https://api.example"}),
)


@pytest.fixture(params=["memory", "sqlite"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[Store]:
    """Stores that need no server."""
    opened: Store = MemoryStore() if request.param == "memory" else SqliteStore(tmp_path / "segue.sqlite3")
    yield opened
    opened.close()


def serving(
    *providers: Provider, store: Store | None = None, exchange: TokenExchange | None = EXCHANGE
) -> Watched:
    """A process with a token endpoint."""
    process = Watched(*providers, store=store)
    settings = HttpSettings(api_domain=API, website_domain="http://localhost:3000", token_exchange=exchange)
    config = Config(http=settings, secrets=(SECRET,), providers=providers or (provider(),))
    process.engine = Engine(config, store=process.store, clock=process.clock, on_event=process.events.append)
    return process


def form(**changes: str | None) -> str:
    """What the app sends, with parameters changed, added or left out."""
    good: dict[str, str | None] = {
        "grant_type": GRANT,
        "subject_token": token(),
        "subject_token_type": f"{TYPE}access_token",
        "client_id": "app",
    }
    return urlencode({name: value for name, value in {**good, **changes}.items() if value is not None})


def made(body: str | None = None, *, path: str = "/auth/token", **headers: str) -> HttpRequest:
    """A request at the token endpoint; the public app's unless told."""
    lines = {"content-type": "application/x-www-form-urlencoded", "idempotency-key": KEY}
    lines |= {name.replace("_", "-"): value for name, value in headers.items()}
    kept = tuple((name, value) for name, value in lines.items() if value)
    encoded = (form() if body is None else body).encode()
    return HttpRequest(method="POST", path=path, headers=kept, body=encoded, client_ip="203.0.113.7")


def basic(client_id: str = "reports", secret: str = CLIENT_SECRET) -> str:
    """HTTP Basic of a client (RFC 6749 §2.3.1)."""
    text = f"{quote_plus(client_id)}:{quote_plus(secret)}"
    return f"Basic {base64.b64encode(text.encode()).decode()}"


def content(response: HttpResponse) -> dict[str, Any]:
    """The JSON of an answer."""
    read: dict[str, Any] = json.loads(response.body)
    return read


def refused(process: Watched, asked: HttpRequest) -> tuple[int, str, str]:
    """Status, the protocol's word and our code."""
    response = process.engine.respond(asked)
    said = content(response)
    assert not response.actions
    assert ("cache-control", "no-store") in response.headers
    return response.status, said["error"], said["code"]


# --- what comes of it ------------------------------------------------------------------------------------------------


def test_exchanged(store: Store) -> None:
    """An app's old token becomes a session: its tokens are in the answer, work, and end with the old sign-in (T10)."""
    process = serving(provider(session_lifetime=timedelta(hours=2)), store=store)
    response = process.engine.respond(made())
    said = content(response)
    assert (response.status, said["token_type"], said["issued_token_type"]) == (
        *(200, "Bearer"),
        f"{TYPE}access_token",
    )
    assert ("cache-control", "no-store") in response.headers
    assert not response.actions
    claims_of = process.engine.verify_access_token(said["access_token"])
    assert claims_of.user_id == "alice"
    assert said["expires_in"] == int((claims_of.expires_at - NOW).total_seconds())
    (session,) = process.sessions()
    assert session.expires_at == NOW + timedelta(hours=1)
    renewed = process.engine.refresh(said["refresh_token"])
    assert renewed.session.handle == claims_of.handle
    assert process.codes == ["MIGRATED"]


def test_mobile_sdk_has_its_headers_too() -> None:
    """SuperTokens' mobile SDKs, which say `st-auth-mode: header`, find the tokens where they look for them."""
    response = serving().engine.respond(made(st_auth_mode="header"))
    lines, said = dict(response.lines()), content(response)
    assert lines["st-access-token"] == said["access_token"]
    assert lines["st-refresh-token"] == said["refresh_token"]
    assert "front-token" in lines
    assert "set-cookie" not in lines


@pytest.mark.parametrize(
    ("body", "headers"),
    [
        (form(client_id=None), {"authorization": basic()}),
        (form(client_id="reports"), {"authorization": basic(secret=FORMER_SECRET)}),
        (form(client_id="reports", client_secret=CLIENT_SECRET), {}),
    ],
    ids=["basic", "basic with the former secret", "post"],
)
def test_confidential_client_needs_no_key(body: str, headers: dict[str, str]) -> None:
    """A service is known by its secret: its retry has the same session again without an Idempotency-Key."""
    process = serving()
    asked = made(body, idempotency_key="", **headers)
    first, again = (content(process.engine.respond(asked)) for _ in range(2))
    assert first["refresh_token"] == again["refresh_token"]
    assert process.codes == ["MIGRATED", "REPEATED"]
    assert refused(process, made())[2] == "ALREADY_MIGRATED"  # the app is somebody else


def test_old_refresh_token_stands_for_a_key() -> None:
    """An app that sends the old refresh token along, to be ended, is known by it."""
    process = serving()
    body = form(old_refresh_token="the old refresh token")
    first, again = (content(process.engine.respond(made(body, idempotency_key=""))) for _ in range(2))
    assert first["refresh_token"] == again["refresh_token"]
    other = made(form(old_refresh_token="another one"), idempotency_key="")
    assert refused(process, other)[2] == "ALREADY_MIGRATED"


def test_t16_other_key(store: Store) -> None:
    """Whoever else holds the old token gets nothing for it (T8, T16)."""
    process = serving(store=store)
    process.engine.respond(made())
    other = made(idempotency_key="4f6a1c0e-9a3c-4a43-8a39-7a6f7a1d9b02")
    assert refused(process, other) == (400, "invalid_request", "ALREADY_MIGRATED")
    assert len(process.sessions()) == 1


def test_t15_exchanges_at_once(store: Store) -> None:
    """However many retries of one app come at once, all get the tokens of one session (T15)."""
    process = serving(store=store)
    with ThreadPoolExecutor(8) as threads:
        answers = list(threads.map(process.engine.respond, [made()] * 8))
    assert {answer.status for answer in answers} == {200}
    assert len({content(answer)["refresh_token"] for answer in answers}) == 1
    assert len(process.sessions()) == 1
    assert sorted(process.codes) == ["MIGRATED", *["REPEATED"] * 7]


def test_page_and_app_claim_the_same_sign_in_once() -> None:
    """What the migration route has claimed the token endpoint does not give away again, and the other way round."""
    process = serving()
    assert process.code(token(), key="4f6a1c0e-9a3c-4a43-8a39-7a6f7a1d9b02") == "MIGRATED"
    assert refused(process, made())[2] == "ALREADY_MIGRATED"


class Broken(MemoryStore):
    """A store whose answer about a claim does not arrive, once; before it is written, or after."""

    def __init__(self, *, written: bool) -> None:
        super().__init__()
        self.written, self.broken = written, True

    def claim_and_create(self, *args: Any, **named: Any) -> Any:
        """It does not answer."""
        if not self.broken:
            return super().claim_and_create(*args, **named)
        self.broken = False
        if self.written:
            super().claim_and_create(*args, **named)
        raise StoreUnavailable("locked")


@pytest.mark.parametrize("written", [False, True], ids=["before", "after"])
def test_t26_retry_after_a_fault(written: bool) -> None:
    """Whether the claim was written or not when the store failed: the app's retry has the one session (T26)."""
    process = serving(store=Broken(written=written))
    assert refused(process, made()) == (503, "temporarily_unavailable", "STORE_UNAVAILABLE")
    assert process.engine.respond(made()).status == 200
    assert len(process.sessions()) == 1
    assert process.codes == ["STORE_UNAVAILABLE", "REPEATED" if written else "MIGRATED"]


def test_store_down() -> None:
    """What a retry may mend says so, with a time."""
    process = serving(store=Broken(written=False))
    response = process.engine.respond(made())
    said = content(response)
    assert (response.status, said["error"], said["code"]) == (
        *(503, "temporarily_unavailable"),
        "STORE_UNAVAILABLE",
    )
    assert said["retryable"] is True
    assert dict(response.headers)["retry-after"] == "5"


# --- what is refused -------------------------------------------------------------------------------------------------

INVALID = (400, "invalid_request", "EXCHANGE_INVALID")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (form(grant_type="authorization_code"), (400, "unsupported_grant_type", "EXCHANGE_INVALID")),
        (form(grant_type=None), (400, "unsupported_grant_type", "EXCHANGE_INVALID")),
        (form(subject_token=None), (400, "invalid_request", "TOKEN_MISSING")),
        (form(subject_token="x" * 8193), (400, "invalid_request", "REQUEST_INVALID")),
        (form(subject_token_type=None), INVALID),
        (form(subject_token_type=f"{TYPE}refresh_token"), INVALID),
        (form(subject_token_type=f"{TYPE}id_token"), INVALID),
        (form(requested_token_type=f"{TYPE}id_token"), INVALID),
        (form(actor_token="x", actor_token_type=f"{TYPE}jwt"), INVALID),
        (form(scope="admin"), (400, "invalid_scope", "EXCHANGE_INVALID")),
        (form(audience="https://other.example"), (400, "invalid_target", "EXCHANGE_INVALID")),
        (form(resource="https://other.example"), (400, "invalid_target", "EXCHANGE_INVALID")),
        (
            form() + "&audience=" + quote_plus(API) + "&audience=other",
            (400, "invalid_target", "EXCHANGE_INVALID"),
        ),
        (form() + "&subject_token=x", INVALID),
        (form() + "&&&", INVALID),
        ("{}", INVALID),
        ("subject_token=%ff", INVALID),
        ("a=1&" * 40 + form(), INVALID),
        (form(subject_token="x" * 17_000), INVALID),
        (form(client_id="elsewhere"), (400, "unauthorized_client", "EXCHANGE_INVALID")),
        (form(provider="nowhere"), (400, "invalid_request", "REQUEST_INVALID")),
        (form(old_refresh_token="x" * 8193), (400, "invalid_request", "REQUEST_INVALID")),
        (form(subject_token=token(exp=seconds(NOW) - 60)), (400, "invalid_request", "TOKEN_EXPIRED")),
        (form(subject_token="opaque"), (400, "invalid_request", "TOKEN_MALFORMED")),
        (
            form(subject_token=signed(claims(), private=key("https://stranger.example"))),
            (400, "invalid_request", "TOKEN_SIGNATURE_INVALID"),
        ),
    ],
)
def test_refused(body: str, expected: tuple[int, str, str]) -> None:
    """Whatever is wrong with the form or the token has its word, its code, and makes nothing."""
    process = serving()
    assert refused(process, made(body)) == expected
    assert not process.sessions()
    assert process.codes == [expected[2]]


@pytest.mark.parametrize("target", [API, f"{API}/auth", "https://api.example"])
def test_target_of_ours(target: str) -> None:
    """The API's own address, our issuer and what is configured may be named."""
    body = form(audience=target, resource=target, requested_token_type=f"{TYPE}access_token")
    assert serving().engine.respond(made(body)).status == 200


@pytest.mark.parametrize(
    ("body", "headers", "status"),
    [
        (form(client_id="unknown"), {}, 400),
        (form(client_id=None), {}, 400),
        (form(client_id="reports"), {}, 400),
        (form(client_id="reports", client_secret="wrong"), {}, 400),
        (form(client_id="app", client_secret=CLIENT_SECRET), {}, 400),
        (form(client_id=None), {"authorization": basic(secret="wrong")}, 401),
        (form(client_id=None), {"authorization": basic("unknown")}, 401),
        (form(client_id=None), {"authorization": basic("unknown", "")}, 401),
        (form(client_id=None), {"authorization": basic("app", "")}, 401),
        (form(client_id="app"), {"authorization": basic()}, 401),
        (form(), {"authorization": "Bearer x"}, 401),
        (form(), {"authorization": "Basic !"}, 401),
        (form(), {"authorization": "Basic eA=="}, 401),
    ],
)
def test_client_refused(body: str, headers: dict[str, str], status: int) -> None:
    """Who is not one of the clients is told so, with 401 and a challenge if it used that header."""
    process = serving()
    response = process.engine.respond(made(body, **headers))
    said = content(response)
    assert (response.status, said["error"], said["code"]) == (status, "invalid_client", "CLIENT_REFUSED")
    assert ("www-authenticate" in dict(response.headers)) == (status == 401)
    assert not process.sessions()


def test_two_ways_of_authentication() -> None:
    """A client that authenticates by two ways at once is refused, whichever of them is right."""
    body = form(client_id=None, client_secret=CLIENT_SECRET)
    assert refused(serving(), made(body, authorization=basic())) == INVALID


def test_t21_guessing_a_client_secret() -> None:
    """Guessing a client's secret is counted like forging a token (T21)."""
    process = serving()
    for number in range(10):
        guess = form(client_id="reports", client_secret=f"guess {number}")
        assert refused(process, made(guess))[2] == "CLIENT_REFUSED"
    assert refused(process, made()) == (429, "temporarily_unavailable", "TOO_MANY_ATTEMPTS")


def test_public_client_without_a_key() -> None:
    """An app that nobody could tell from others after a lost answer is refused before anything is claimed."""
    process = serving()
    assert refused(process, made(idempotency_key="")) == INVALID
    assert refused(process, made(idempotency_key="short"))[2] == "REQUEST_INVALID"
    assert process.engine.respond(made()).status == 200


@pytest.mark.parametrize("origin", ["https://evil.example", "null"])
def test_t13_page_of_another_site(origin: str) -> None:
    """A stranger's page may send a form, and gets nothing by it (T13)."""
    process = serving()
    assert refused(process, made(origin=origin))[2] == "REQUEST_INVALID"
    assert refused(process, made(sec_fetch_site="cross-site"))[2] == "REQUEST_INVALID"
    assert not process.sessions()


@pytest.mark.parametrize("content_type", ["application/json", "text/plain", ""])
def test_other_content_type(content_type: str) -> None:
    """Only a form is read."""
    assert refused(serving(), made(content_type=content_type)) == INVALID


def test_t2_kind_of_token() -> None:
    """ID tokens are exchanged where a provider gives those, and never as access tokens (T2)."""
    process = serving(provider(credential=CredentialKind.ID_TOKEN, audiences=frozenset({"page"})))
    text = token(aud="page")
    assert refused(process, made(form(subject_token=text))) == INVALID
    good = form(subject_token=text, subject_token_type=f"{TYPE}id_token")
    assert process.engine.respond(made(good)).status == 200


@pytest.mark.parametrize("rollout", [OFF, SHADOW], ids=["off", "shadow"])
def test_roll_out(rollout: Any) -> None:
    """Who is not to be migrated yet is told so, as at the migration route; nothing is made."""
    process = serving(provider(rollout=rollout))
    assert refused(process, made()) == (400, "invalid_request", "MIGRATION_NOT_YET")
    assert not process.sessions()


def test_t20_refused_user() -> None:
    """Of a user nothing is told, and nothing of a fault in the application's mapping (T20)."""

    def unknown(_identity: object) -> Any:
        return None

    def broken(_identity: object) -> Any:
        raise LookupError("no such table")

    assert refused(serving(provider(map_user=unknown)), made()) == (400, "invalid_request", "USER_REFUSED")
    assert refused(serving(provider(map_user=broken)), made()) == (500, "server_error", "INTERNAL")


def test_t23_tenant_in_the_path() -> None:
    """The path's tenant has to be the credential's (T23)."""
    process = serving()
    assert refused(process, made(path="/auth/blue/token"))[2] == "REQUEST_INVALID"
    assert process.engine.respond(made(path="/auth/public/token")).status == 200


def test_off() -> None:
    """Unless a client is named there is no such endpoint, and the discovery document does not name it."""
    process = serving(exchange=None)
    assert not process.engine.answers(made())
    assert set(content(discovery_response(process.engine.config.http))) == {"issuer", "jwks_uri"}
    named = content(discovery_response(serving().engine.config.http))
    assert named["token_endpoint"] == f"{API}/auth/token"
    assert named["grant_types_supported"] == [GRANT]
    assert named["token_endpoint_auth_methods_supported"] == [
        *("client_secret_basic", "client_secret_post"),
        "none",
    ]


@pytest.mark.parametrize(
    ("wrong", "mend"),
    [
        (lambda: TokenExchange(clients=()), "leave it out"),
        (lambda: ExchangeClient(client_id="", secrets=PUBLIC_CLIENT), "visible characters"),
        (lambda: ExchangeClient(client_id="a b", secrets=PUBLIC_CLIENT), "visible characters"),
        (lambda: ExchangeClient(client_id="a", secrets=()), "PUBLIC_CLIENT"),
        (lambda: ExchangeClient(client_id="a", secrets=("short",)), "32"),
        (lambda: TokenExchange(clients=(EXCHANGE.clients[0],) * 2), "twice"),
        (
            lambda: HttpSettings(
                api_domain=API,
                website_domain=API,
                token_transfer=TransferMethod.COOKIE,
                token_exchange=EXCHANGE,
            ),
            "token_transfer",
        ),
    ],
)
def test_wrong_configuration(wrong: Any, mend: str) -> None:
    """What cannot be safe or cannot work is refused when it is built, with words that mend it."""
    with pytest.raises(ConfigurationError, match=mend):
        wrong()


def test_t22_no_secret_in_text() -> None:
    """Neither the configuration's text nor any event holds a secret or a token (T22)."""
    process = serving()
    process.engine.respond(made(form(client_id=None), authorization=basic()))
    said = f"{EXCHANGE!r} {process.engine.config!r} {process.events!r}"
    assert CLIENT_SECRET not in said
    assert token() not in said
    assert "reports" in repr(EXCHANGE)
