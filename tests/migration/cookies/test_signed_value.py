"""A text and its HMAC in a cookie."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import SignatureRefused, TokenMalformed, TokenMissing, TokenRefused
from segue.migration.cookies.model import MAX_COOKIES
from segue.migration.cookies.signed_value import read_cookie, read_signed, sign
from tests.migration.cookies.node_reading import VECTORS


@pytest.mark.parametrize("vector", VECTORS["express_session"], ids=lambda vector: vector["id"])
def test_cookie_signature_vectors(vector: dict[str, str]) -> None:
    """What the published cookie-signature and cookie have made is read."""
    value = read_cookie({"connect.sid": vector["cookie"]}, "connect.sid")
    assert read_signed(value.removeprefix("s:"), (vector["secret"],), padded=False) == vector["id"]


@pytest.mark.parametrize("vector", VECTORS["better_auth"], ids=lambda vector: vector["token"])
def test_better_call_vectors(vector: dict[str, str]) -> None:
    """What the published better-call has made is read."""
    value = read_cookie({"it": vector["cookie"]}, "it")
    assert read_signed(value, (vector["secret"],), padded=True) == vector["token"]


def test_any_of_several_secrets() -> None:
    """A cookie under the second secret holds as well as one under the first."""
    for secret in ("new", "old"):
        value = f"id.{sign('id', secret, padded=False).decode()}"
        assert read_signed(value, ("new", "old"), padded=False) == "id"


def test_other_secret() -> None:
    """A cookie under a secret that is not configured is refused."""
    with pytest.raises(SignatureRefused):
        read_signed(f"id.{sign('id', 'theirs', padded=False).decode()}", ("ours", "older"), padded=False)


@pytest.mark.parametrize("padded", [True, False])
@given(text=st.text(min_size=1, max_size=40), place=st.integers(min_value=0), bit=st.integers(0, 6))
def test_any_flipped_bit(padded: bool, text: str, place: int, bit: int) -> None:
    """Whatever character of text or signature differs by a bit, it does not hold."""
    value = f"{text}.{sign(text, 'secret', padded=padded).decode()}"
    place %= len(value)
    changed = value[:place] + chr(ord(value[place]) ^ 1 << bit) + value[place + 1 :]
    with pytest.raises(TokenRefused):
        read_signed(changed, ("secret",), padded=padded)


@pytest.mark.parametrize("padded", [True, False])
@given(value=st.text(max_size=80))
def test_garbage(padded: bool, value: str) -> None:
    """Whatever a stranger sends is refused as a token."""
    with pytest.raises(TokenRefused):
        read_signed(read_cookie({"it": value}, "it"), ("secret",), padded=padded)


def test_respelled_signature() -> None:
    """Padding that does not belong, and base64 with other unused bits, are other texts and do not hold."""
    signature = sign("id", "secret", padded=False).decode()
    last = signature[-1]
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
    respelled = signature[:-1] + alphabet[alphabet.index(last) ^ 1]
    with pytest.raises(SignatureRefused):
        read_signed(f"id.{respelled}", ("secret",), padded=False)
    with pytest.raises(TokenMalformed):
        read_signed(f"id.{signature}=", ("secret",), padded=False)
    with pytest.raises(TokenMalformed):
        read_signed(f"id.{signature}", ("secret",), padded=True)


def test_missing_cookie() -> None:
    """A request without the cookie is told apart from one with a bad one."""
    with pytest.raises(TokenMissing):
        read_cookie({"other": "x"}, "it")


@pytest.mark.parametrize(
    "value",
    ["", " ", "a b", "a%", "a%2", "a%zz", "%ff", "%c3%28", "ü", "a\x00", "a" * (MAX_COOKIES + 1)],
    ids=[
        "empty",
        "space",
        "inner space",
        "lone %",
        "short %",
        "no hex",
        "no UTF-8",
        "bad UTF-8",
        "raw",
        "NUL",
        "long",
    ],
)
def test_not_percent_encoded(value: str) -> None:
    """What no server's encoder writes is refused, not repaired."""
    with pytest.raises(TokenMalformed):
        read_cookie({"it": value}, "it")


def test_decoded_once() -> None:
    """An escape of an escape stays one: decoding twice would let two texts be one."""
    assert read_cookie({"it": "a%252Fb"}, "it") == "a%2Fb"
