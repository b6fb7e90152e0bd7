"""Expiry that is extended and roles that outlive their withdrawal: what a session keeps of the old sign-in (T11)."""

from __future__ import annotations

import json
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

import pytest

from segue import Config, Engine, HttpSettings, SessionView
from segue.errors import ClaimInvalid, ConfigurationError
from segue.http.message import HttpRequest
from segue.ids import SessionHandle, TenantId, UserId, to_milliseconds
from segue.migration.carried import LONGEST, CarriedRole, carried_roles
from segue.sessions.claims import ClaimRule, Rule, claim_value, without_ended
from segue.stores.memory import MemoryStore
from tests.migration.issuer import NOW, claims, provider, seconds, token, verified
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from segue.application import FetchClaim
    from segue.json import JsonObject, JsonValue

HOUR = timedelta(hours=1)
MADE = NOW - timedelta(minutes=1)
"""When the old token was made."""
ROLES = CarriedRole(claim=("realm_access", "roles"), session_claim="st-role", maximum_age=HOUR)
EDITOR = ClaimRule(claim="st-role", rule=Rule.INCLUDES, expected="editor")
EDITORS: dict[str, Any] = {"realm_access": {"roles": ["editor", "reader"]}}
API = "http://localhost:8000"


class Deployment:
    """An engine that carries roles, and a client in header mode that has migrated."""

    def __init__(
        self, *, fetch_claim: FetchClaim | None = None, of_token: JsonObject | None = None, **rules: Any
    ) -> None:
        self.clock = ManualClock(NOW)
        self.engine = Engine(
            Config(
                http=HttpSettings(api_domain=API, website_domain="http://localhost:3000"),
                secrets=("a deployment secret for tests, 0123456789",),
                providers=(provider(**{"carried_roles": (ROLES,), **rules}),),
            ),
            store=MemoryStore(),
            clock=self.clock,
            fetch_claim=fetch_claim,
        )
        self.access = self.refresh = ""
        self.handle = self.migrate(token(**(EDITORS if of_token is None else of_token)))

    def migrate(self, text: str) -> SessionHandle:
        """The client's one migration."""
        response = self.post("/auth/migrate-session", text)
        self._keep(response.lines())
        return SessionHandle(json.loads(response.body)["sessionHandle"])

    def go_on(self) -> None:
        """The client refreshes."""
        self._keep(self.post("/auth/session/refresh", self.refresh).lines())

    def post(self, path: str, bearer: str) -> Any:
        """One of our routes."""
        return self.engine.respond(
            HttpRequest(method="POST", path=path, headers=(("authorization", f"Bearer {bearer}"),))
        )

    def _keep(self, lines: Any) -> None:
        sent = dict(lines)
        self.access = sent.get("st-access-token", self.access)
        self.refresh = sent.get("st-refresh-token", self.refresh)

    @property
    def session(self) -> SessionView:
        """As it is stored."""
        found = self.engine.load_session(self.handle)
        assert found is not None
        return found

    @property
    def shown(self) -> JsonObject:
        """What the client's access token says."""
        return self.engine.verify_access_token(self.access).payload

    def may_edit(self) -> bool:
        """Whether a route that demands the role lets the client in."""
        page = HttpRequest(method="GET", path="/", headers=(("authorization", f"Bearer {self.access}"),))
        try:
            found = self.engine.authenticate(page, validators=(EDITOR,))
        except ClaimInvalid:
            return False
        assert found is not None
        self._keep(found.actions.headers)
        return True


# --- roles -----------------------------------------------------------------------------------------------------------


def test_t11_roles_are_not_copied() -> None:
    """Unless somebody says so no role of the old token is in the new session (T11)."""
    made = Deployment(carried_roles=(), of_token={**EDITORS, "roles": ["editor"], "st-role": ["editor"]})
    assert made.session.payload.keys() == {"iss"}
    assert not made.may_edit()


def test_t11_a_carried_role_has_the_age_of_its_token() -> None:
    """It is a session claim whose time is that of the old token, not that of the migration (T11)."""
    entry = Deployment().session.payload["st-role"]
    assert isinstance(entry, dict)
    assert (entry["v"], entry["t"]) == (["editor", "reader"], to_milliseconds(MADE))


def test_t11_a_carried_role_ends() -> None:
    """An hour after the old token was made the role is not there, although the access token still shows it (T11)."""
    made = Deployment()
    made.clock.advance(MADE + HOUR - NOW - timedelta(milliseconds=1))
    made.go_on()
    assert made.may_edit()
    made.clock.advance(timedelta(milliseconds=1))
    assert not made.may_edit()
    assert "st-role" in made.shown


def test_t11_no_refresh_extends_it() -> None:
    """However often the session is refreshed, the role ends when it would have, and new tokens do not show it (T11)."""
    made = Deployment()
    for _ in range(4):
        made.clock.advance(timedelta(minutes=14))
        made.go_on()
        assert made.may_edit()
        assert "st-role" in made.shown
    made.clock.advance(timedelta(minutes=14))
    made.go_on()
    assert not made.may_edit()
    assert "st-role" not in made.shown


def test_t11_the_application_has_the_last_word() -> None:
    """After its end the application is asked, and what it says holds from then on, by its own age (T11)."""
    present: dict[str, JsonValue] = {"roles": ["reader"]}
    asked: list[str] = []

    def fetch(claim: str, _user: UserId, _tenant: TenantId) -> JsonValue:
        asked.append(claim)
        return present["roles"]

    made = Deployment(fetch_claim=fetch)
    assert (made.may_edit(), asked) == (True, [])
    made.clock.advance(HOUR)
    made.go_on()
    assert (made.may_edit(), asked) == (False, ["st-role"])
    assert made.session.payload["st-role"] == {"v": ["reader"], "t": to_milliseconds(made.clock.now())}
    made.clock.advance(timedelta(days=1))
    made.go_on()
    assert claim_value(made.shown, "st-role", now=made.clock.now()) == ["reader"]


def test_t11_nothing_to_say_leaves_it_absent() -> None:
    """An application that knows nothing of the claim does not bring an ended role back (T11)."""
    made = Deployment(fetch_claim=lambda _claim, _user, _tenant: None)
    made.clock.advance(HOUR)
    made.go_on()
    assert not made.may_edit()


def test_t11_a_younger_token_raises_nothing() -> None:
    """The sign-in's next token, later and with more roles, changes nothing of the session that is there (T11)."""
    made = Deployment()
    before = made.session
    made.clock.advance(timedelta(minutes=30))
    later = token(
        realm_access={"roles": ["admin"]},
        iat=seconds(made.clock.now()),
        exp=seconds(made.clock.now() + HOUR),
    )
    headers = (("authorization", f"Bearer {later}"),)
    body = json.dumps({"session": made.access}).encode()
    answer = made.engine.respond(
        HttpRequest(method="POST", path="/auth/migrate-session", headers=headers, body=body)
    )
    assert json.loads(answer.body)["result"] == "ALREADY"
    assert made.session == before


@pytest.mark.parametrize(
    "said",
    [
        None,
        7,
        True,
        "",
        {"editor": True},
        ["editor", 7],
        [["editor"]],
        [""],
        ["r" * 257],
        ["r"] * 65,
    ],
    ids=lambda said: repr(said)[:20],
)
def test_what_is_no_role_is_not_carried(said: JsonValue) -> None:
    """Roles are a text or a list of texts, of a length that has an end."""
    assert "st-role" not in Deployment(of_token={"realm_access": {"roles": said}}).session.payload


def test_a_token_older_than_its_roles() -> None:
    """What would be over at once is not written."""
    old = verified(token(**EDITORS, iat=seconds(NOW - HOUR)))
    assert carried_roles(old, (ROLES,), now=NOW) == {}


def test_a_token_from_a_fast_clock() -> None:
    """A time that has not come yet does not make the role younger than the migration."""
    early = verified(token(**EDITORS, iat=seconds(NOW + timedelta(seconds=5))))
    entry = carried_roles(early, (ROLES,), now=NOW)["st-role"]
    assert isinstance(entry, dict)
    assert entry["t"] == to_milliseconds(NOW)


@pytest.mark.parametrize("until", [None, "9999", True, [], -1], ids=repr)
def test_an_end_that_cannot_be_read_has_passed(until: JsonValue) -> None:
    """Fails closed, in a validator and in the next access token."""
    payload: JsonObject = {"roles": {"v": ["editor"], "t": 0, "segueUntil": until}, "plan": "gold"}
    assert claim_value(payload, "roles", now=NOW) is None
    assert without_ended(payload, now=NOW) == {"plan": "gold"}


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ({"maximum_age": timedelta(0)}, "at most 24 hours"),
        ({"maximum_age": LONGEST + timedelta(seconds=1)}, "fetch_claim"),
        ({"claim": ""}, "names nothing"),
        ({"claim": ("realm_access", "")}, "names nothing"),
        ({"claim": ()}, "names nothing"),
        *[
            ({"session_claim": name}, "no name for it")
            for name in ("", "sub", "sessionHandle", "iss", "acr", "amr", "auth_time", "st-mfa", "st-ev")
        ],
    ],
    ids=repr,
)
def test_t24_roles_that_cannot_be_safe(wrong: dict[str, Any], sentence: str) -> None:
    """Roles for longer than a day, or under a name that says how somebody signed in, are refused (T24, T11)."""
    settings: dict[str, Any] = {"claim": "roles", "session_claim": "roles", "maximum_age": HOUR}
    with pytest.raises(ConfigurationError, match=sentence):
        CarriedRole(**{**settings, **wrong})


def test_one_claim_from_two_sources() -> None:
    """Which of them counted nobody could know."""
    for rules in (
        {"carried_roles": (ROLES, ROLES)},
        {
            "carried_roles": (CarriedRole(claim="a", session_claim="b", maximum_age=HOUR),),
            "carried_claims": frozenset({"b"}),
        },
    ):
        with pytest.raises(ConfigurationError, match="filled twice"):
            provider(**rules)


# --- times and strength ----------------------------------------------------------------------------------------------


def test_t11_the_end_is_fixed_when_the_session_is_made() -> None:
    """No refresh moves the end, which counts from the sign-in at the provider (T11)."""
    made = Deployment(session_lifetime=timedelta(hours=3))
    end = datetime.fromtimestamp(claims()["auth_time"], tz=NOW.tzinfo) + timedelta(hours=3)
    for _ in range(3):
        assert made.session.absolute_expires_at == made.session.expires_at == end
        made.clock.advance(timedelta(minutes=30))
        made.go_on()
    made.clock.advance(end - made.clock.now())
    assert made.post("/auth/session/refresh", made.refresh).status == 401


def test_t11_the_time_of_the_sign_in_is_kept() -> None:
    """The application reads when the user signed in at the provider, however old the session grows (T11)."""
    made = Deployment(of_token={"acr": "gold", "amr": ["mfa"]})
    made.clock.advance(timedelta(days=2))
    made.go_on()
    origin = made.session.provenance
    assert origin is not None
    assert origin.authenticated_at == NOW - HOUR
    assert made.shown.keys() & {"acr", "amr", "auth_time"} == set()
