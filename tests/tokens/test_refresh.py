"""Refresh tokens: what they are made of, what is refused, and that a successor is always the same."""

from __future__ import annotations

import hmac
import re
from base64 import urlsafe_b64decode, urlsafe_b64encode
from datetime import UTC, datetime, timedelta
from uuid import RFC_4122, UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from segue.errors import UnknownRefreshToken
from segue.ids import PUBLIC_APP, PUBLIC_TENANT, AppId, TenantId, to_milliseconds
from segue.tokens.refresh import (
    RefreshToken,
    anti_csrf_token,
    digest_hash,
    first_refresh_token,
    hash_token,
    new_handle,
    read_refresh_token,
    succeed,
)
from segue.tokens.secrets import Secrets

START = datetime(2026, 11, 23, tzinfo=UTC)
SECRETS = Secrets([b"the first deployment secret, long enough"])
OTHERS = Secrets([b"quite another deployment secret, 32 bytes"])


def first(
    seed: bytes = bytes(16), *, tenant: TenantId = PUBLIC_TENANT, anti_csrf: bool = False
) -> RefreshToken:
    """The first token of a family."""
    handle = new_handle(b"h" * 16, tenant, at=START)
    return first_refresh_token(
        SECRETS.primary, app_id=PUBLIC_APP, handle=handle, seed=seed, anti_csrf=anti_csrf
    )


def read(text: str, secrets: Secrets = SECRETS, app_id: AppId = PUBLIC_APP) -> RefreshToken:
    """The token of a text."""
    return read_refresh_token(text, secrets, app_id=app_id)


def child(token: RefreshToken, *, anti_csrf: bool = False) -> RefreshToken:
    """Its successor."""
    return succeed(token, SECRETS.primary, app_id=PUBLIC_APP, anti_csrf=anti_csrf)


@pytest.mark.parametrize("tenant", ["public", "t1", "a-tenant-with-a-rather-long-name"])
@pytest.mark.parametrize("anti_csrf", [True, False])
def test_read_what_was_written(tenant: str, anti_csrf: bool) -> None:
    """Text and token are the same thing, for the first of a family and for its successors."""
    token = first(tenant=TenantId(tenant), anti_csrf=anti_csrf)
    for generation in range(3):
        assert token.generation == generation
        assert read(token.text) == token
        token = child(token, anti_csrf=anti_csrf)


def test_form() -> None:
    """About 130 characters that need no encoding in a cookie, a header or a URL."""
    assert re.fullmatch(r"[A-Za-z0-9_-]{100,140}", first().text)


def test_successor_is_always_the_same() -> None:
    """The same parent, secret and mode give the same successor on every machine; anything else another one."""
    parent = first()
    assert child(parent) == child(read(parent.text))
    others = {
        child(parent, anti_csrf=True).text,
        child(first(b"x" * 16)).text,
        succeed(parent, OTHERS.primary, app_id=PUBLIC_APP, anti_csrf=False).text,
        child(child(parent)).text,
    }
    assert len(others | {child(parent).text}) == 5


def test_lineage() -> None:
    """A successor names its parent by the hash that access tokens show; the first has none."""
    parent = first()
    assert parent.parent is None
    assert child(parent).parent == parent.hash == hash_token(parent.text)


def test_store_and_access_token_know_different_things() -> None:
    """The store's digest is a hash of the hash, so that an access token does not reveal a key of the database."""
    token = first()
    assert token.digest == digest_hash(token.hash)
    assert len(token.digest) == 32
    assert token.digest.hex() != token.hash


def test_any_changed_bit() -> None:
    """A token with any bit changed is refused, without asking anybody."""
    raw = urlsafe_b64decode(first().text + "==")
    for index in range(len(raw) * 8):
        changed = bytearray(raw)
        changed[index // 8] ^= 1 << index % 8
        with pytest.raises(UnknownRefreshToken):
            read(urlsafe_b64encode(bytes(changed)).rstrip(b"=").decode())


@pytest.mark.parametrize("spelling", ["{}=", "{}==", " {}", "{}\n", "{}A", "+{}", "{}."])
def test_another_spelling(spelling: str) -> None:
    """One token has one spelling."""
    with pytest.raises(UnknownRefreshToken):
        read(spelling.format(first().text))


def test_unused_bits() -> None:
    """The bits that base64 leaves over must be zero, or one token would have several texts and digests."""
    text = first(tenant=TenantId("a")).text
    assert len(text) % 4, "a length with bits left over"
    alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_"
    twin = text[:-1] + alphabet[alphabet.index(text[-1]) + 1]
    assert urlsafe_b64decode(twin + "==") == urlsafe_b64decode(text + "==")
    with pytest.raises(UnknownRefreshToken):
        read(twin)


def test_foreign() -> None:
    """Another deployment's token and another app's are refused."""
    with pytest.raises(UnknownRefreshToken):
        read(first().text, OTHERS)
    with pytest.raises(UnknownRefreshToken):
        read(first().text, app_id=AppId("other"))


@given(st.text(max_size=400))
def test_any_text(text: str) -> None:
    """Whatever the text, the refusal is the one that we know."""
    with pytest.raises(UnknownRefreshToken):
        read(text)


@given(st.binary(max_size=400))
def test_any_bytes(raw: bytes) -> None:
    """Likewise for well-formed base64url of whatever."""
    with pytest.raises(UnknownRefreshToken):
        read(urlsafe_b64encode(raw).rstrip(b"=").decode())


def test_anti_csrf_token() -> None:
    """It belongs to one refresh token, is the same whenever it is asked for, and is not there unless handed out."""
    with_one, without = first(anti_csrf=True), first()
    token = anti_csrf_token(with_one, SECRETS.primary, app_id=PUBLIC_APP)
    assert token == anti_csrf_token(read(with_one.text), SECRETS.primary, app_id=PUBLIC_APP)
    assert re.fullmatch(r"[0-9a-f]{8}-[0-9a-f]{4}-4[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}", token or "")
    assert anti_csrf_token(without, SECRETS.primary, app_id=PUBLIC_APP) is None
    following = child(with_one, anti_csrf=True)
    assert anti_csrf_token(following, SECRETS.primary, app_id=PUBLIC_APP) != token


def test_handle() -> None:
    """A UUID of the time and the randomness, with the tenant behind it unless it is the public one."""
    plain = new_handle(bytes(range(16)), PUBLIC_TENANT, at=START)
    read = UUID(plain)
    assert (read.version, read.variant, str(read)) == (7, RFC_4122, plain)
    assert read.int >> 80 == to_milliseconds(START)
    assert new_handle(bytes(range(16)), TenantId("t1"), at=START) == f"{plain}_t1"


def test_handles_ascend() -> None:
    """A session that was made later has the greater handle, whatever the randomness."""
    older = new_handle(b"\xff" * 16, PUBLIC_TENANT, at=START)
    assert older < new_handle(bytes(16), PUBLIC_TENANT, at=START + timedelta(milliseconds=1))


def test_mac_is_hmac() -> None:
    """What authenticates is HMAC-SHA256 (RFC 2104) with the derived key."""
    secret, message = SECRETS.primary, b"message"
    expected = hmac.digest(secret.derive("any", PUBLIC_APP), message, "sha256")
    assert [secret.authenticate("any", PUBLIC_APP, message) for _ in range(2)] == [expected] * 2


def test_repr_shows_no_token() -> None:
    """A log of a token does not hold it."""
    assert first().text not in repr(first())


def test_random_handles() -> None:
    """Without a time a handle is a UUID of version 4, and all of its other bits are random."""
    handle = new_handle(b"\xff" * 16, TenantId("t1"), at=None)
    identity = UUID(handle.partition("_")[0])
    assert (identity.version, identity.variant) == (4, "specified in RFC 4122")
    assert identity.bytes[:6] == b"\xff" * 6
