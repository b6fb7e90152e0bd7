"""Rails' cookie store: cookies that Rails encrypted, and what must not pass for one."""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import (
    ClaimsRefused,
    ConfigurationError,
    SessionError,
    SignatureRefused,
    SignInRevoked,
    TokenExpired,
    TokenMalformed,
    TokenMissing,
    TokenRefused,
)
from segue.json import dump
from segue.migration.cookies.devise import Devise
from segue.migration.cookies.rails import ANY_AGE, ANY_PURPOSE, RailsSession
from segue.migration.cookies.rails_message import unwrap
from tests.migration.cookies.old_application import NOW, Storage, read

VECTORS: Any = json.loads((Path(__file__).parents[2] / "vectors" / "rails_cookies.json").read_text())
SECRETS = (VECTORS["secret"], VECTORS["older"])
NAME = "_old_session"
FORMAT = RailsSession(secret_key_bases=SECRETS, cookie_name=NAME, user="user_id")
DEVISE = RailsSession(secret_key_bases=SECRETS, cookie_name=NAME, user=Devise())
LOOSE = RailsSession(
    secret_key_bases=SECRETS, cookie_name=NAME, user="user_id", given_up=frozenset({ANY_PURPOSE})
)
ENDS = datetime(2030, 1, 2, 3, 4, 5, tzinfo=UTC)
SEEN = datetime.fromtimestamp(1764500000, UTC)
HASH = "$2a$04$abcdefghijklmnopqrstuvWXYZwxyzWXYZwxyzWXYZwxyzWXYZwxy"


def cookies(name: str) -> dict[str, str]:
    """The browser's cookie, escaped as Rack does."""
    return {NAME: quote(VECTORS["cookies"][name], safe="")}


@pytest.mark.parametrize("name", ["SHA1 current", "SHA1 older", "SHA256 current", "SHA256 older", "7.1"])
def test_cookie_that_rails_made(name: str) -> None:
    """Either hash of PBKDF2, the current secret and the one before it, the envelope of 7.1: each yields the session."""
    found = read(FORMAT, cookies(name))
    assert (found.subject, found.session_id, found.record_key) == (
        "7",
        VECTORS["session"]["session_id"],
        None,
    )
    assert found.claims == {"user_id": 7, "signed_in_at": 1764500000, "name": "Zoë </script>"}
    assert (found.written_at, found.authenticated_at, found.expires_at) == (None, None, None)


def test_sign_in_that_is_recorded() -> None:
    """Where the application keeps it, the instant of the sign-in is known."""
    how = RailsSession(
        secret_key_bases=SECRETS, cookie_name=NAME, user="user_id", signed_in_at="signed_in_at"
    )
    assert read(how, cookies("7.1")).authenticated_at == SEEN


@pytest.mark.parametrize("name", ["with an end", "7.1, with an end"])
def test_end_of_the_envelope(name: str) -> None:
    """A cookie with an end is good until then, and not at it."""
    assert read(FORMAT, cookies(name)).expires_at == ENDS
    assert read(FORMAT, cookies(name), now=ENDS - timedelta(microseconds=1)).subject == "7"
    with pytest.raises(TokenExpired):
        read(FORMAT, cookies(name), now=ENDS)


def test_age() -> None:
    """When it was made is what the envelope's end or the application says; else nothing is, unless that is given up."""
    how = RailsSession(
        secret_key_bases=SECRETS, cookie_name=NAME, user="user_id", expire_after=timedelta(days=14)
    )
    assert read(how, cookies("with an end")).written_at == ENDS - timedelta(days=14)
    assert read(how, cookies("7.1")).written_at is None
    kept = RailsSession(secret_key_bases=SECRETS, cookie_name=NAME, user="user_id", written_at="signed_in_at")
    assert read(kept, cookies("7.1")).written_at == SEEN
    anyhow = RailsSession(
        secret_key_bases=SECRETS, cookie_name=NAME, user="user_id", given_up=frozenset({ANY_AGE})
    )
    assert read(anyhow, cookies("7.1")).written_at == NOW


@pytest.mark.parametrize("name", ["another cookie", "no purpose, with an end", "no envelope"])
def test_made_as_another_cookie(name: str) -> None:
    """A cookie that was made under another name, or under none, is no session."""
    with pytest.raises(ClaimsRefused, match="purpose"):
        read(FORMAT, cookies(name))


def test_purpose_given_up() -> None:
    """With ANY_PURPOSE a cookie may say none; one that says another is refused all the same."""
    assert read(LOOSE, cookies("no envelope")).subject == "7"
    assert read(LOOSE, cookies("no purpose, with an end")).expires_at == ENDS
    assert read(LOOSE, cookies("7.1")).subject == "7"
    with pytest.raises(ClaimsRefused, match="purpose"):
        read(LOOSE, cookies("another cookie"))


def test_this_cookie_under_another_name() -> None:
    """A session cookie that is presented for another application's is refused, though the secret is the same."""
    how = RailsSession(secret_key_bases=SECRETS, cookie_name="_admin_session", user="user_id")
    with pytest.raises(ClaimsRefused, match="purpose"):
        read(how, {"_admin_session": cookies("7.1")[NAME]})


@pytest.mark.parametrize("name", ["Marshal", "Marshal, no envelope"])
def test_session_that_marshal_wrote(name: str) -> None:
    """It is refused, and the text says what to do."""
    with pytest.raises(TokenMalformed, match="cookies_serializer"):
        read(LOOSE, cookies(name))


def test_other_secret() -> None:
    """A secret that is not configured opens nothing."""
    how = RailsSession(secret_key_bases=(VECTORS["older"],), cookie_name=NAME, user="user_id")
    with pytest.raises(SignatureRefused):
        read(how, cookies("SHA256 current"))
    salted = RailsSession(secret_key_bases=SECRETS, cookie_name=NAME, user="user_id", salt="their own")
    with pytest.raises(SignatureRefused):
        read(salted, cookies("SHA256 current"))


def test_nobody_signed_in() -> None:
    """A visitor's session is a session of nobody."""
    for how in (FORMAT, DEVISE):
        with pytest.raises(ClaimsRefused, match="nobody"):
            read(how, cookies("nobody"))


def test_session_without_an_id() -> None:
    """Without its id, the same sign-in could be claimed with each cookie anew."""
    with pytest.raises(TokenMalformed, match="session_id"):
        read(FORMAT, cookies("no session id"))


def test_devise() -> None:
    """Devise's key names the user, and the salt in it must be that of the stored hash."""
    found = read(DEVISE, cookies("7.1"), Storage(passwords={"7": HASH}))
    assert (found.subject, found.written_at, found.expires_at) == ("7", SEEN, None)
    assert not any(name.startswith("warden") for name in found.claims)
    for passwords in ({}, {"8": HASH}):
        with pytest.raises(SignInRevoked, match="no such user"):
            read(DEVISE, cookies("7.1"), Storage(passwords=passwords))
    for stored in ("", HASH[:28], "$2a$04$bbcdefghijklmnopqrstuv" + HASH[29:]):
        with pytest.raises(SignInRevoked, match="password"):
            read(DEVISE, cookies("7.1"), Storage(passwords={"7": stored}))


def test_devise_of_another_scope() -> None:
    """A user's session is none of an administrator's."""
    how = RailsSession(secret_key_bases=SECRETS, cookie_name=NAME, user=Devise(scope="admin"))
    with pytest.raises(ClaimsRefused, match="nobody"):
        read(how, cookies("7.1"), Storage(passwords={"7": HASH}))


def test_devise_timeoutable() -> None:
    """Unseen for as long as Devise allows, the user is signed out."""
    how = RailsSession(
        secret_key_bases=SECRETS, cookie_name=NAME, user=Devise(timeout_in=timedelta(minutes=30))
    )
    storage = Storage(passwords={"7": HASH})
    end = SEEN + timedelta(minutes=30)
    assert read(how, cookies("7.1"), storage, now=end - timedelta(seconds=1)).expires_at == end
    with pytest.raises(TokenExpired, match="timeout_in"):
        read(how, cookies("7.1"), storage, now=end)
    both = read(how, cookies("with an end"), storage, now=SEEN)
    assert both.expires_at == end


@pytest.mark.parametrize(
    "key",
    ["7", [], [7], [[7]], [[7, 8], "x"], [[], "x"], [[7], 8], [["a"], "x", "y"], {"id": 7}, [[[7]], ""]],
)
def test_devise_key_of_another_form(key: object) -> None:
    """What Devise does not write names nobody."""
    with pytest.raises(ClaimsRefused):
        read_devise({"warden.user.user.key": key})


def read_devise(session: dict[str, object]) -> str:
    """The subject that Devise's part of a session names."""
    from segue.flow import drive, performer  # noqa: PLC0415

    flow = Devise().read(json.loads(json.dumps(session)), "old", now=ENDS)
    return drive(flow, performer({"OldApplication": Storage(passwords={"7": "", "": ""})})).subject


def test_devise_user_without_a_password() -> None:
    """Who has no password has no salt: `null` and empty are the same, and nobody else's mark fits."""
    for salt in ("", None):
        assert read_devise({"warden.user.user.key": [[7], salt]}) == "7"
    with pytest.raises(SignInRevoked):
        read_devise({"warden.user.user.key": [["7"], "$2a$"]})


@given(st.sampled_from(["SHA1 current", "7.1, with an end"]), st.integers(0), st.integers(0, 7))
def test_any_flipped_bit(name: str, at: int, bit: int) -> None:
    """Whichever bit of ciphertext, nonce or tag is another, the cookie is refused."""
    parts = [bytearray(b64decode(part)) for part in VECTORS["cookies"][name].split("--")]
    place = at % sum(map(len, parts))
    for part in parts:
        if place < len(part):
            part[place] ^= 1 << bit
            break
        place -= len(part)
    value = "--".join(b64encode(part).decode() for part in parts)
    with pytest.raises(SignatureRefused):
        read(FORMAT, {NAME: quote(value, safe="")})


@given(st.integers(0), st.integers(0, 6))
def test_any_flipped_bit_of_the_text(at: int, bit: int) -> None:
    """Neither is there a second way to write the same cookie."""
    text = VECTORS["cookies"]["SHA1 current"]
    place = at % len(text)
    changed = text[:place] + chr(ord(text[place]) ^ 1 << bit) + text[place + 1 :]
    with pytest.raises(TokenRefused):
        read(FORMAT, {NAME: quote(changed, safe="")})


TEXT, NONCE, TAG = str(VECTORS["cookies"]["7.1"]).split("--")


@pytest.mark.parametrize(
    "parts",
    [
        (TEXT, NONCE),
        (TEXT, NONCE, TAG, ""),
        ("", NONCE, TAG),
        (TEXT, NONCE, b64encode(b64decode(TAG)[:4]).decode()),
        (TEXT, NONCE, b64encode(b64decode(TAG)[:15]).decode()),
        (TEXT, b64encode(b64decode(NONCE) + b"\0").decode(), TAG),
        (TEXT + "\n", NONCE, TAG),
        (TEXT, NONCE, TAG.rstrip("=")),
    ],
)
def test_parts_of_another_form(parts: tuple[str, ...]) -> None:
    """A part that is missing, too many, shorter or written otherwise refuses the cookie before any key is tried."""
    with pytest.raises(TokenMalformed):
        read(FORMAT, {NAME: quote("--".join(parts), safe="")})


def test_no_cookie() -> None:
    """Without the cookie of this name there is nothing to read."""
    with pytest.raises(TokenMissing):
        read(FORMAT, {"_other_session": "x"})


@given(st.text(max_size=300))
def test_hostile_cookie(value: str) -> None:
    """Whatever a cookie says, it is refused with an error of ours."""
    with pytest.raises(SessionError):
        read(FORMAT, {NAME: value})


@given(
    st.dictionaries(
        st.sampled_from(["_rails", "session_id", "user_id"]),
        st.recursive(
            st.none() | st.booleans() | st.integers() | st.text(max_size=20),
            lambda inner: (
                st.dictionaries(st.sampled_from(["message", "data", "exp", "pur"]), inner) | st.lists(inner)
            ),
        ),
    )
)
def test_hostile_envelope(envelope: dict[str, object]) -> None:
    """Whatever the envelope holds, it is read or refused with an error of ours."""
    try:
        unwrap(dump(json.loads(json.dumps(envelope))))
    except TokenRefused:
        return


@pytest.mark.parametrize(
    "exp", ["0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "2030-01-01", "soon", 1, "x" * 99]
)
def test_end_that_is_none(exp: object) -> None:
    """An end that is no instant in UTC, or beyond the calendar, refuses the cookie."""
    with pytest.raises(TokenMalformed):
        unwrap(dump({"_rails": {"data": {}, "exp": exp, "pur": None}}))  # type: ignore[dict-item]


def test_configuration() -> None:
    """No secret, a short one, a lone text, a path to nowhere: refused when the value is built."""
    lone: Any = SECRETS[0]
    for secrets in ((), ("short",), lone, SECRETS * 5):
        with pytest.raises(ConfigurationError, match="secret"):
            RailsSession(secret_key_bases=secrets, cookie_name=NAME, user="user_id")
    with pytest.raises(ConfigurationError, match="user"):
        RailsSession(secret_key_bases=SECRETS, cookie_name=NAME, user="")
    with pytest.raises(ConfigurationError, match="salt"):
        RailsSession(secret_key_bases=SECRETS, cookie_name=NAME, user="user_id", salt="")
    with pytest.raises(ConfigurationError, match="scope"):
        Devise(scope="User")
    with pytest.raises(ConfigurationError, match="timeout_in"):
        Devise(timeout_in=timedelta(0))


def test_secret_is_not_shown() -> None:
    """Neither the secret nor the session is in the text of a value."""
    assert VECTORS["secret"][:20] not in repr(FORMAT)
    found = read(FORMAT, cookies("7.1"))
    assert "Zoë" not in repr(found)
    assert VECTORS["session"]["session_id"] not in repr(found)
