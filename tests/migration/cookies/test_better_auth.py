"""Sessions of better-auth: the signed token and its row."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import ConfigurationError
from segue.migration.cookies.better_auth import BetterAuth
from segue.migration.cookies.signed_value import sign
from tests.migration.cookies.node_reading import NOW, SECRET, VECTORS, Rows, code, read

NAME = "better-auth.session_token"
PLAIN = BetterAuth(secrets=(SECRET,), cookie_name=NAME)
TOKEN = "token-1"
SESSION: dict[str, object] = {
    "id": "row-1",
    "token": "token-1",
    "userId": "user-7",
    "createdAt": "2026-11-28T12:00:00.000Z",
    "updatedAt": "2026-11-29T12:00:00.000Z",
    "expiresAt": "2026-12-06T12:00:00.000Z",
}


def cookies(token: str = TOKEN, *, secret: str = SECRET, name: str = NAME) -> dict[str, str]:
    """The cookie as better-auth sets it."""
    return {name: quote(f"{token}.{sign(token, secret, padded=True).decode()}", safe="!'()*")}


def stored(**changes: object) -> Rows:
    """The table with one session."""
    return Rows({"token-1": SESSION | changes})


def test_row_of_the_table() -> None:
    """A signed token with a row proves its user and when he signed in."""
    rows = stored()
    found = read(PLAIN, cookies(), rows)
    assert (found.subject, found.record_key) == ("user-7", "token-1")
    assert found.session_id not in (None, "token-1")
    assert found.authenticated_at == NOW - timedelta(days=2)
    assert found.written_at == NOW - timedelta(days=1)
    assert found.expires_at == NOW + timedelta(days=6)
    assert rows.asked == [("old", "token-1")]


def test_answer_of_get_session() -> None:
    """What `get-session` answers, and what secondary storage holds, is the same session."""
    user = {"id": "user-7", "email": "u@example.test", "banned": False}
    whole = Rows({"token-1": {"session": SESSION, "user": user}})
    found = read(PLAIN, cookies(), whole)
    bare = read(PLAIN, cookies(), stored())
    assert (found.subject, found.session_id) == (bare.subject, bare.session_id)
    assert found.claims["user"] == user


@pytest.mark.parametrize("vector", VECTORS["better_auth"][:2], ids=lambda vector: vector["token"])
def test_published_cookies(vector: dict[str, str]) -> None:
    """Cookies of the published package find their row."""
    old = BetterAuth(secrets=(vector["secret"],), cookie_name=NAME)
    rows = Rows({vector["token"]: SESSION | {"token": vector["token"]}})
    assert read(old, {NAME: vector["cookie"]}, rows).subject == "user-7"


def test_secure_name_by_default() -> None:
    """On https its cookie has another name, and the plain one, which others can plant, is not read."""
    old = BetterAuth(secrets=(SECRET,))
    assert read(old, cookies(name="__Secure-better-auth.session_token"), stored()).subject == "user-7"
    assert code(old, cookies(), stored()) == "TOKEN_MISSING"


def test_signed_out() -> None:
    """A good signature without a row is a sign-out."""
    assert code(PLAIN, cookies()) == "SIGN_IN_REVOKED"


def test_other_secret() -> None:
    """Nothing is looked up for what nobody of ours has signed."""
    rows = stored()
    assert code(PLAIN, cookies(secret="another-secret-0123456789"), rows) == "TOKEN_SIGNATURE_INVALID"
    assert rows.asked == []


@pytest.mark.parametrize(
    ("change", "wanted"),
    [
        ({"expiresAt": "2026-11-30T12:00:00.000Z"}, "TOKEN_EXPIRED"),
        ({"expiresAt": None}, "TOKEN_CLAIMS_INVALID"),
        ({"expiresAt": "2026-12-06 12:00:00"}, "TOKEN_CLAIMS_INVALID"),
        ({"expiresAt": 1_796_000_000}, "TOKEN_EXPIRED"),
        ({"createdAt": "2026-11-30T12:02:00.000Z"}, "TOKEN_NOT_ACTIVE"),
        ({"userId": None}, "TOKEN_CLAIMS_INVALID"),
        ({"userId": ""}, "TOKEN_CLAIMS_INVALID"),
        ({"token": "token-2"}, "TOKEN_CLAIMS_INVALID"),
        ({"token": None}, "TOKEN_CLAIMS_INVALID"),
        ({"impersonatedBy": "admin-1"}, "TOKEN_CLAIMS_INVALID"),
        ({"impersonatedBy": None}, "read"),
    ],
    ids=repr,
)
def test_row_judged(change: dict[str, object], wanted: str) -> None:
    """Expired, from the future, nobody's, somebody else's, an administrator's: each is refused."""
    assert code(PLAIN, cookies(), stored(**change)) == wanted


def test_banned_user() -> None:
    """A banned user is refused where the answer tells."""
    rows = Rows({"token-1": {"session": SESSION, "user": {"banned": True}}})
    assert code(PLAIN, cookies(), rows) == "TOKEN_CLAIMS_INVALID"


def test_dead_session_of_get_session() -> None:
    """`null` passed on as it came is no session either."""
    assert code(PLAIN, cookies(), Rows({"token-1": b"null"})) == "TOKEN_MALFORMED"
    assert (
        code(PLAIN, cookies(), Rows({"token-1": {"session": None, "user": None}})) == "TOKEN_CLAIMS_INVALID"
    )


@given(value=st.text(max_size=100), row=st.binary(max_size=100))
def test_garbage(value: str, row: bytes) -> None:
    """Whatever is sent or stored, only our own errors come out."""
    assert code(PLAIN, {NAME: value}) != "read"
    assert code(PLAIN, cookies(), Rows({"token-1": row})) != "read"


def test_secret_is_not_shown() -> None:
    """Configuration can be logged."""
    assert SECRET not in repr(PLAIN)


@pytest.mark.parametrize(
    "change", [{"secrets": ()}, {"cookie_name": "a;b"}, {"forbidden": ("a..b",)}], ids=repr
)
def test_configuration_refused(change: dict[str, object]) -> None:
    """What cannot work is refused when it is written."""
    with pytest.raises(ConfigurationError, match="better-auth"):
        BetterAuth(**({"secrets": (SECRET,)} | change))  # type: ignore[arg-type]
