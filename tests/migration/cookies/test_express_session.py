"""Sessions of express-session: the signed id and its row."""

from __future__ import annotations

from datetime import timedelta
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import ConfigurationError
from segue.migration.cookies.express_session import ExpressSession
from segue.migration.cookies.model import MAX_SESSION
from segue.migration.cookies.signed_value import sign
from tests.migration.cookies.node_reading import NOW, SECRET, VECTORS, Rows, code, read

PASSPORT = ExpressSession(secrets=(SECRET,), user_id="passport.user")
COOKIE = {"originalMaxAge": 86_400_000, "expires": "2026-12-01T06:00:00.000Z", "httpOnly": True, "path": "/"}
ROW = {"cookie": COOKIE, "passport": {"user": "user-7"}}


def cookies(session_id: str = "sid-1", *, secret: str = SECRET, name: str = "connect.sid") -> dict[str, str]:
    """The cookie as express-session sets it."""
    signed = f"s:{session_id}.{sign(session_id, secret, padded=False).decode()}"
    return {name: quote(signed, safe="!'()*")}


def test_passport_session() -> None:
    """A signed id with a row proves the user of Passport; the row's own times say when it was saved."""
    rows = Rows({"sid-1": ROW})
    found = read(PASSPORT, cookies(), rows)
    assert (found.subject, found.record_key) == ("user-7", "sid-1")
    assert found.session_id not in (None, "sid-1")
    assert found.written_at == NOW - timedelta(hours=6)
    assert (found.authenticated_at, found.expires_at) == (None, None)
    assert found.claims == ROW
    assert rows.asked == [("old", "sid-1")]


@pytest.mark.parametrize("vector", VECTORS["express_session"][:4], ids=lambda vector: vector["id"])
def test_published_cookies(vector: dict[str, str]) -> None:
    """Cookies of the published packages find their row, whatever characters the id has."""
    rows = Rows({vector["id"]: {"userId": 7}})
    old = ExpressSession(secrets=(vector["secret"],), user_id="userId")
    assert read(old, {"connect.sid": vector["cookie"]}, rows).subject == "7"


def test_time_of_sign_in() -> None:
    """Where the application has noted the sign-in, that counts; milliseconds and ISO 8601 are one."""
    old = ExpressSession(secrets=(SECRET,), user_id="userId", signed_in_at="createdAt")
    for written in ("2026-11-29T12:00:00.000Z", 1_795_953_600_000):
        rows = Rows({"sid-1": {"userId": "u", "createdAt": written}})
        assert read(old, cookies(), rows).authenticated_at == NOW - timedelta(days=1)


def test_session_without_length() -> None:
    """A session that lasts as long as the browser says nothing of when it was written."""
    row = {"cookie": {"originalMaxAge": None, "expires": None}, "passport": {"user": "u"}}
    assert read(PASSPORT, cookies(), Rows({"sid-1": row})).written_at is None


def test_end_inside_row_is_not_the_end() -> None:
    """A store that only touches a row leaves an old end in it: that the row is there decides."""
    row = {
        "cookie": {"originalMaxAge": 3_600_000, "expires": "2026-11-30T02:00:00.000Z"},
        "passport": {"user": "u"},
    }
    found = read(PASSPORT, cookies(), Rows({"sid-1": row}))
    assert (found.expires_at, found.written_at) == (None, NOW - timedelta(hours=11))


def test_signed_out() -> None:
    """A good signature without a row is a sign-out."""
    assert code(PASSPORT, cookies()) == "SIGN_IN_REVOKED"


def test_other_secret() -> None:
    """Nothing is looked up for what nobody of ours has signed."""
    rows = Rows({"sid-1": ROW})
    assert code(PASSPORT, cookies(secret="another-secret-0123456789"), rows) == "TOKEN_SIGNATURE_INVALID"
    assert rows.asked == []


def test_secrets_rotated() -> None:
    """Cookies of both secrets hold while both are configured."""
    both = ExpressSession(secrets=("the new one", SECRET), user_id="passport.user")
    for secret in both.secrets:
        assert read(both, cookies(secret=secret), Rows({"sid-1": ROW})).subject == "user-7"
    newest = ExpressSession(secrets=("the new one",), user_id="passport.user")
    assert code(newest, cookies(), Rows({"sid-1": ROW})) == "TOKEN_SIGNATURE_INVALID"


def test_other_cookie_name() -> None:
    """Only the configured cookie is looked at."""
    assert code(PASSPORT, cookies(name="other.sid"), Rows({"sid-1": ROW})) == "TOKEN_MISSING"


@pytest.mark.parametrize(
    "row",
    [
        {"cookie": COOKIE},
        {"passport": {}},
        {"passport": "user-7"},
        {"passport": {"user": None}},
        {"passport": {"user": ""}},
        {"passport": {"user": True}},
        {"passport": {"user": 1.5}},
        {"passport": {"user": {"id": "user-7"}}},
        {"passport": {"user": ["user-7"]}},
        {"passport": {"user": "a\x00b"}},
        {"passport": {"user": 2**80}},
        {"passport.user": "user-7"},
    ],
    ids=repr,
)
def test_row_without_user(row: dict[str, object]) -> None:
    """Visitors have rows as well; without a user's id at the very place, nobody is signed in."""
    assert code(PASSPORT, cookies(), Rows({"sid-1": row})) == "TOKEN_CLAIMS_INVALID"


@pytest.mark.parametrize(
    "row",
    [b"", b"null", b"[]", b"\xff", b"{", b'{"a":1,"a":2}', b'"' + b"x" * MAX_SESSION + b'"'],
    ids=["empty", "null", "list", "no UTF-8", "cut", "doubled", "huge"],
)
def test_row_of_another_form(row: bytes) -> None:
    """A row that is no JSON object, or too large, is refused."""
    assert code(PASSPORT, cookies(), Rows({"sid-1": row})) == "TOKEN_MALFORMED"


def test_sign_in_from_the_future() -> None:
    """A row that says its user will sign in tomorrow is refused."""
    old = ExpressSession(secrets=(SECRET,), user_id="userId", signed_in_at="at")
    rows = Rows({"sid-1": {"userId": "u", "at": "2026-12-01T12:00:00.000Z"}})
    assert code(old, cookies(), rows) == "TOKEN_NOT_ACTIVE"


@pytest.mark.parametrize("value", ["tomorrow", True, -1, 1e300, {}, "2026-11-29T12:00:00"], ids=repr)
def test_time_of_another_form(value: object) -> None:
    """What is no instant is refused, also a time without a zone: it would be another one elsewhere."""
    old = ExpressSession(secrets=(SECRET,), user_id="userId", signed_in_at="at")
    rows = Rows({"sid-1": {"userId": "u", "at": value}})
    assert code(old, cookies(), rows) == "TOKEN_CLAIMS_INVALID"


def test_half_a_sign_in() -> None:
    """A session whose second factor is still to come, or in which somebody acts as the user, is refused."""
    old = ExpressSession(
        secrets=(SECRET,), user_id="userId", required=(("mfa.passed", True),), forbidden=("actingAs",)
    )
    whole = {"userId": "u", "mfa": {"passed": True}, "actingAs": False}
    assert read(old, cookies(), Rows({"sid-1": whole})).subject == "u"
    changes: list[dict[str, object]] = [
        {"mfa": None},
        {"mfa": {"passed": 1}},
        {"mfa": {"passed": "true"}},
        {"actingAs": "support-3"},
    ]
    for wrong in changes:
        assert code(old, cookies(), Rows({"sid-1": whole | wrong})) == "TOKEN_CLAIMS_INVALID"


@pytest.mark.parametrize("session_id", ["a" * 513, "a\nb", "a\x00b"], ids=["long", "newline", "NUL"])
def test_signed_text_that_is_no_id(session_id: str) -> None:
    """The secret signs other cookies too, so what was signed is not asked for blindly."""
    rows = Rows({session_id: ROW})
    assert code(PASSPORT, cookies(session_id), rows) == "TOKEN_MALFORMED"
    assert rows.asked == []


@given(value=st.text(max_size=100), row=st.binary(max_size=100))
def test_garbage(value: str, row: bytes) -> None:
    """Whatever is sent or stored, only our own errors come out."""
    code(PASSPORT, {"connect.sid": value}, Rows())
    assert code(PASSPORT, cookies(), Rows({"sid-1": row})) != "read"


def test_unsigned_id() -> None:
    """An id without a signature is what anybody can write."""
    for value in ("sid-1", "s:sid-1", "s%3Asid-1", "s%3Asid-1.", "j:{}"):
        assert code(PASSPORT, {"connect.sid": value}, Rows({"sid-1": ROW})) == "TOKEN_MALFORMED"


def test_secret_is_not_shown() -> None:
    """Configuration can be logged."""
    assert SECRET not in repr(PASSPORT)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"secrets": ()}, "at least one"),
        ({"secrets": SECRET}, "tuple of texts"),
        ({"secrets": ("",)}, "fewer than 1"),
        ({"secrets": (b"bytes",)}, "tuple of texts"),
        ({"user_id": ""}, "no path"),
        ({"user_id": "passport..user"}, "no path"),
        ({"forbidden": ("",)}, "no path"),
        ({"required": (("a.", True),)}, "no path"),
        ({"signed_in_at": ""}, "no path"),
        ({"cookie_name": ""}, "no name of a cookie"),
        ({"cookie_name": "a b"}, "no name of a cookie"),
    ],
    ids=repr,
)
def test_configuration_refused(change: dict[str, object], said: str) -> None:
    """What cannot work is refused when it is written, and the text says what to write."""
    fields: dict[str, object] = {"secrets": (SECRET,), "user_id": "userId"}
    with pytest.raises(ConfigurationError, match=said):
        ExpressSession(**(fields | change))  # type: ignore[arg-type]
