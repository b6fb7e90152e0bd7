"""Laravel's sessions: cookies that its encrypter made, and rows as its stores keep them."""

from __future__ import annotations

import hashlib
import hmac
import json
from base64 import b64decode, b64encode
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
    TokenMalformed,
    TokenMissing,
    TokenRefused,
)
from segue.migration.cookies.contents import name_of
from segue.migration.cookies.laravel import LaravelSession, PasswordMark
from segue.migration.cookies.laravel_box import LaravelCipher
from segue.migration.cookies.php_values import PhpObjects
from tests.migration.cookies.old_application import Storage, read

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "php_sessions.json").read_text())["laravel"]
COOKIES: list[dict[str, str]] = VECTORS["cookies"]
ID: str = VECTORS["session_id"]
GUARD = "login_web_59ba36addc2b2f9401580f014c7f58ea4e30989d"
HASH = "$2y$04$abcdefghijklmnopqrstuv"
PLAIN = f'a:3:{{s:6:"_token";s:1:"x";s:{len(GUARD)}:"{GUARD}";i:7;s:4:"name";s:3:"Ada";}}'.encode()
ERRORS = f'a:2:{{s:6:"errors";O:1:"E":0:{{}}s:{len(GUARD)}:"{GUARD}";i:7;}}'.encode()


def keys(cipher: LaravelCipher) -> tuple[str, ...]:
    """The current key and the one before it."""
    return tuple(one["app_key"] for one in COOKIES if one["cipher"] == cipher.value)


def made(cipher: LaravelCipher, age: str = "current", *, which: str = "cookie") -> dict[str, str]:
    """A cookie that Laravel made, escaped as PHP does."""
    (one,) = [one for one in COOKIES if (one["cipher"], one["key"]) == (cipher.value, age)]
    return {"laravel_session": quote(one[which], safe="")}


CBC, GCM = LaravelCipher.AES_256_CBC, LaravelCipher.AES_256_GCM
FORMAT = LaravelSession(app_keys=keys(CBC), password_mark=PasswordMark.NOT_COMPARED)
IN_GCM = LaravelSession(app_keys=keys(GCM), cipher=GCM, password_mark=PasswordMark.NOT_COMPARED)
MARKED = LaravelSession(app_keys=keys(CBC), password_mark=PasswordMark.COMPARED)


def stored(content: bytes) -> Storage:
    """A store in which the session of the cookies has this content."""
    return Storage(sessions={ID: content})


@pytest.mark.parametrize("age", ["current", "previous"])
@pytest.mark.parametrize("cipher", LaravelCipher)
def test_cookie_that_laravel_made(cipher: LaravelCipher, age: str) -> None:
    """Each cipher, with the current key and with the one before it: the id in the cookie finds the row."""
    how = LaravelSession(app_keys=keys(cipher), cipher=cipher, password_mark=PasswordMark.NOT_COMPARED)
    found = read(how, made(cipher, age), stored(PLAIN))
    assert (found.subject, found.session_id, found.record_key) == ("7", name_of(ID), ID)
    assert found.claims == {"name": "Ada"}
    assert ID not in repr(found)
    assert keys(cipher)[0] not in repr(how)


@pytest.mark.parametrize("cipher", LaravelCipher)
def test_other_key(cipher: LaravelCipher) -> None:
    """A key that is not configured opens nothing, and nothing is looked up."""
    how = LaravelSession(app_keys=keys(cipher)[1:], cipher=cipher, password_mark=PasswordMark.NOT_COMPARED)
    storage = stored(PLAIN)
    with pytest.raises(SignatureRefused):
        read(how, made(cipher), storage)
    assert storage.asked == []


@pytest.mark.parametrize("which", ["another_name", "no_name"])
@pytest.mark.parametrize("cipher", LaravelCipher)
def test_made_as_another_cookie(cipher: LaravelCipher, which: str) -> None:
    """What was encrypted as another cookie, or before Laravel named them inside, is no session."""
    how = LaravelSession(app_keys=keys(cipher), cipher=cipher, password_mark=PasswordMark.NOT_COMPARED)
    with pytest.raises(ClaimsRefused, match="cookie name"):
        read(how, made(cipher, which=which), stored(PLAIN))


def test_this_cookie_under_another_name() -> None:
    """The same cookie under another name is refused."""
    how = LaravelSession(
        app_keys=keys(CBC), password_mark=PasswordMark.NOT_COMPARED, cookie_name="admin_session"
    )
    with pytest.raises(ClaimsRefused, match="cookie name"):
        read(how, {"admin_session": made(CBC)["laravel_session"]}, stored(PLAIN))


def test_content_that_laravel_encrypted() -> None:
    """`session.encrypt` puts the row into a box of its own; only our keys open it."""
    content = VECTORS["encrypted_content"].encode()
    assert read(FORMAT, made(CBC), stored(content)).subject == "7"
    other = LaravelSession(app_keys=keys(CBC)[1:], password_mark=PasswordMark.NOT_COMPARED)
    with pytest.raises(SignatureRefused):
        read(other, made(CBC, "previous"), stored(content))


@pytest.mark.parametrize(
    "content",
    [
        PLAIN,
        b64encode(PLAIN),
        b's:%d:"%s";' % (len(PLAIN), PLAIN),
        json.dumps({GUARD: 7, "_token": "x", "name": "Ada"}).encode(),
        b64encode(json.dumps({GUARD: 7, "name": "Ada"}).encode()),
    ],
    ids=["file", "table", "cache", "JSON", "JSON in a table"],
)
def test_content_of_each_store(content: bytes) -> None:
    """Whatever a store puts around it, and whether PHP or JSON wrote it, the content is the same."""
    found = read(FORMAT, made(CBC), stored(content))
    assert (found.subject, found.claims) == ("7", {"name": "Ada"})


@pytest.mark.parametrize(
    "content", [b64encode(VECTORS["encrypted_content"].encode()), b64encode(b64encode(PLAIN))]
)
def test_several_layers(content: bytes) -> None:
    """An encrypted row of a table has all the layers that there are."""
    assert read(FORMAT, made(CBC), stored(content)).subject == "7"


@pytest.mark.parametrize(
    "content",
    [
        b"N;",
        b"i:7;",
        b"a:1:{",
        b's:4:"i:7;";',
        b'{"a":1',
        b'{"a":1,"a":2}',
        b"[1]",
        b"=" * 40,
        b"hello world",
        b64encode(b64encode(b64encode(b64encode(b64encode(PLAIN))))),
        b"x" * 300_000,
        b"a:1:{i:0;" * 40,
    ],
)
def test_content_that_is_none(content: bytes) -> None:
    """What is neither PHP's nor JSON's, too large, too deep or wrapped too often is refused."""
    with pytest.raises(TokenMalformed):
        read(FORMAT, made(CBC), stored(content))


@pytest.mark.parametrize("content", [b"", b"a:0:{}", b"{}", b"[]", b'a:1:{s:6:"_token";s:1:"x";}'])
def test_nobody_signed_in(content: bytes) -> None:
    """A visitor's session is nobody's."""
    with pytest.raises(ClaimsRefused):
        read(FORMAT, made(CBC), stored(content))


def test_other_guard() -> None:
    """Who is signed in with one guard is nobody with another."""
    mark = PasswordMark.NOT_COMPARED
    for how in (
        LaravelSession(app_keys=keys(CBC), password_mark=mark, guard="admin"),
        LaravelSession(app_keys=keys(CBC), password_mark=mark, guard_class="App\\Auth\\Guard"),
    ):
        with pytest.raises(ClaimsRefused, match="nobody"):
            read(how, made(CBC), stored(PLAIN))


def test_no_row() -> None:
    """A good cookie whose row is gone was signed out."""
    with pytest.raises(SignInRevoked):
        read(FORMAT, made(CBC))


def test_object_in_the_session() -> None:
    """The errors of a form are passed over, unless objects are to refuse a session."""
    found = read(FORMAT, made(CBC), stored(ERRORS))
    assert (found.subject, found.claims) == ("7", {})
    strict = LaravelSession(
        app_keys=keys(CBC), password_mark=PasswordMark.NOT_COMPARED, objects=PhpObjects.REFUSED
    )
    with pytest.raises(TokenMalformed, match="object"):
        read(strict, made(CBC), stored(ERRORS))


def with_mark(mark: str | None, name: str = "password_hash_web") -> bytes:
    """Content of a session with this mark of a password."""
    return json.dumps({GUARD: 7} | ({} if mark is None else {name: mark})).encode()


def keyed(key: str) -> str:
    """The mark of Laravel 12.45 and newer."""
    return hmac.new(key.encode(), HASH.encode(), "sha256").hexdigest()


@pytest.mark.parametrize(
    "content",
    [
        with_mark(HASH),
        with_mark(HASH, "password_hash"),
        with_mark(keyed(keys(CBC)[0])),
        with_mark(keyed(keys(CBC)[1])),
        with_mark(keyed("base-key-for-password-hash-mac")),
    ],
)
def test_password_mark(content: bytes) -> None:
    """The hash itself, or since Laravel 12.45 an HMAC of it, must be that of the stored one."""
    assert read(MARKED, made(CBC), Storage(sessions={ID: content}, passwords={"7": HASH})).subject == "7"
    for passwords in ({}, {"7": ""}, {"7": HASH + "x"}, {"8": HASH}):
        with pytest.raises(SignInRevoked):
            read(MARKED, made(CBC), Storage(sessions={ID: content}, passwords=passwords))


@pytest.mark.parametrize(
    "content", [with_mark(None), with_mark(""), PLAIN, with_mark(HASH, "password_hash_admin")]
)
def test_no_password_mark(content: bytes) -> None:
    """Where marks are compared, a session without one does not show that its password still stands."""
    with pytest.raises(ClaimsRefused, match="password_hash"):
        read(MARKED, made(CBC), Storage(sessions={ID: content}, passwords={"7": HASH}))


def test_mark_that_is_not_compared() -> None:
    """Without the comparison nobody is asked for a password."""
    storage = stored(with_mark(HASH))
    assert read(FORMAT, made(CBC), storage).subject == "7"
    assert storage.asked == [ID]


@given(st.sampled_from([FORMAT, IN_GCM]), st.integers(0), st.integers(0, 7))
def test_any_flipped_bit(how: LaravelSession, at: int, bit: int) -> None:
    """Whichever bit of the text inside base64 is another, the cookie is refused."""
    (one,) = [one for one in COOKIES if (one["cipher"], one["key"]) == (how.cipher.value, "current")]
    box = bytearray(b64decode(one["cookie"]))
    box[at % len(box)] ^= 1 << bit
    with pytest.raises(TokenRefused):
        read(how, {"laravel_session": quote(b64encode(box).decode(), safe="")}, stored(PLAIN))


@pytest.mark.parametrize("how", [FORMAT, IN_GCM], ids=["CBC", "GCM"])
@pytest.mark.parametrize(
    "change",
    [
        {"mac": "x"},
        {"mac": None},
        {"mac": ["x"]},
        {"iv": ""},
        {"iv": "AAAA"},
        {"value": ""},
        {"value": 7},
        {"tag": "AAAA"},
        {"tag": None},
        {"tag": b64encode(b"x" * 16).decode()},
        {"more": ""},
    ],
)
def test_box_of_another_form(how: LaravelSession, change: dict[str, Any]) -> None:
    """A box that lacks something, has something more, or a shorter tag, is refused."""
    (one,) = [one for one in COOKIES if (one["cipher"], one["key"]) == (how.cipher.value, "current")]
    box = json.loads(b64decode(one["cookie"])) | change
    with pytest.raises(TokenRefused):
        read(how, {"laravel_session": b64encode(json.dumps(box).encode()).decode()}, stored(PLAIN))


def test_id_that_laravel_does_not_make() -> None:
    """Even under a good key, what is inside must be an id before anybody looks it up."""
    key = b64decode(keys(GCM)[0].removeprefix("base64:"))
    storage = stored(PLAIN)
    for inside in ("../../../etc/passwd", ID[:39], ID + "a", ID[:39] + "/", ID[:39] + "\n", ""):
        with pytest.raises(TokenMalformed):
            read(IN_GCM, {"laravel_session": sealed(key, inside)}, storage)
    assert storage.asked == []


def sealed(key: bytes, inside: str) -> str:
    """A box of ours around *inside*, in GCM."""
    from cryptography.hazmat.primitives.ciphers.aead import AESGCM  # noqa: PLC0415

    prefix = hmac.new(key, b"laravel_sessionv2", hashlib.sha1).hexdigest()
    box = AESGCM(key).encrypt(b"n" * 12, f"{prefix}|{inside}".encode(), b"")
    members = {
        "iv": b64encode(b"n" * 12).decode(),
        "value": b64encode(box[:-16]).decode(),
        "mac": "",
        "tag": b64encode(box[-16:]).decode(),
    }
    return b64encode(json.dumps(members).encode()).decode()


@given(st.text(max_size=300) | st.binary(max_size=200).map(lambda raw: b64encode(raw).decode()))
def test_hostile_cookie(value: str) -> None:
    """Whatever a cookie says, it is refused with an error of ours."""
    with pytest.raises(SessionError):
        read(FORMAT, {"laravel_session": value})


@given(st.binary(max_size=300))
def test_hostile_content(content: bytes) -> None:
    """Whatever a store holds, reading it ends in a refusal of ours."""
    for text in (content, b64encode(content), b"a:1:{" + content, b"{" + content, b's:5:"' + content):
        with pytest.raises(SessionError):
            read(FORMAT, made(CBC), stored(text))


def test_no_cookie() -> None:
    """Without the cookie of this name there is nothing to read."""
    with pytest.raises(TokenMissing):
        read(FORMAT, {"remember_web_59ba36addc2b2f9401580f014c7f58ea4e30989d": "x"})


def test_configuration() -> None:
    """No key, one of the wrong length, a lone text, a name that is none: refused when the value is built."""
    mark = PasswordMark.NOT_COMPARED
    lone: Any = keys(CBC)[0]
    for wrong in (
        (),
        ("base64:" + b64encode(b"x" * 16).decode(),),
        ("short",),
        ("base64:???",),
        lone,
    ):
        with pytest.raises(ConfigurationError, match="app_keys"):
            LaravelSession(app_keys=wrong, password_mark=mark)
    with pytest.raises(ConfigurationError, match="guard"):
        LaravelSession(app_keys=keys(CBC), password_mark=mark, guard="")
    with pytest.raises(ConfigurationError, match="guard"):
        LaravelSession(app_keys=keys(CBC), password_mark=mark, guard_class="\\Illuminate\\Auth\\SessionGuard")
    with pytest.raises(ConfigurationError, match="cookie"):
        LaravelSession(app_keys=keys(CBC), password_mark=mark, cookie_name="")
