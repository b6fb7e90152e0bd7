"""The claim of a sign-in: what it is keyed by, how long it is kept, and who may have its result again."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from msgspec.structs import replace

from segue.errors import AlreadyMigrated, RequestRefused, SignInTooOld
from segue.ids import PUBLIC_APP, PUBLIC_TENANT, Digest, UserId
from segue.migration.model import Claim, Identity
from segue.migration.once import (
    ClientKey,
    absolute_end,
    claim_id_of,
    parse_client_key,
    replay,
    seed_of,
    tombstone_until,
)
from segue.sessions.issuing import NewSession, prepare
from segue.sessions.model import Rotation, Session
from segue.sessions.rotation import rotated
from segue.tokens.refresh import RefreshToken, new_handle, succeed
from segue.tokens.secrets import Secrets
from tests.migration.issuer import ISSUER, NOW, provider
from tests.migration.world import CLIENT, NEWER_SECRETS, OTHER_SECRETS, SECRETS, STRANGER, issuance

GRACE = timedelta(seconds=30)
MILLISECOND = timedelta(milliseconds=1)
TOKEN = "header.payload.signature"
CLAIM_ID = Digest(bytes(range(32)))


def identity(**changes: Any) -> Identity:
    """Alice, as her sign-in proves her."""
    known = Identity(
        provider="old",
        issuer=ISSUER,
        subject="alice",
        tenant_id=PUBLIC_TENANT,
        provider_session_id="1",
        token_id="2",
        issued_at=NOW,
        authenticated_at=NOW,
        expires_at=NOW + timedelta(minutes=10),
        claims={},
    )
    return replace(known, **changes)


# --- the claim's id --------------------------------------------------------------------------------------------------


def test_one_claim_for_all_tokens_of_a_sign_in() -> None:
    """With a session id the sign-in counts, whatever else its tokens say."""
    later = identity(token_id="3", issued_at=NOW + timedelta(hours=1))
    assert claim_id_of(identity(), TOKEN) == claim_id_of(later, "other.token.x")


def test_one_claim_for_each_token_id() -> None:
    """Without a session id the token's own id counts, and without that the signed part of its text."""
    by_token_id = identity(provider_session_id=None)
    assert claim_id_of(by_token_id, TOKEN) == claim_id_of(by_token_id, "other.token.x")
    bare = identity(provider_session_id=None, token_id=None)
    assert claim_id_of(bare, TOKEN) == claim_id_of(bare, "header.payload.twin")
    assert claim_id_of(bare, TOKEN) != claim_id_of(bare, "header.other.signature")


@pytest.mark.parametrize(
    "changes",
    [
        {"issuer": "https://other.example"},
        {"issuer": ISSUER + "/"},
        {"subject": "bob"},
        {"provider_session_id": "2"},
        {"provider_session_id": None},
        {"provider_session_id": None, "token_id": "1"},
        {"subject": "alice1", "provider_session_id": ""},
    ],
    ids=str,
)
def test_t6_another_claim(changes: dict[str, Any]) -> None:
    """Claims differ by issuer, subject and sign-in; ids of different kinds never meet, however small (T6)."""
    assert claim_id_of(identity(**changes), TOKEN) != claim_id_of(identity(), TOKEN)


@given(texts=st.lists(st.text(max_size=6), min_size=6, max_size=6))
def test_t6_claims_never_run_into_one_another(texts: list[str]) -> None:
    """No choice of issuer, subject and session id makes two different ones equal (T6)."""
    one, other = texts[:3], texts[3:]
    ids = [
        claim_id_of(identity(issuer=issuer, subject=subject, provider_session_id=sign_in), TOKEN)
        for issuer, subject, sign_in in (one, other)
    ]
    assert (ids[0] == ids[1]) == (one == other)


# --- how long --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("age", [timedelta(0), timedelta(days=29), timedelta(days=400)], ids=str)
@pytest.mark.parametrize("maximum_age", [timedelta(hours=1), timedelta(days=60)], ids=str)
def test_t8_tombstone_outlives_every_token(age: timedelta, maximum_age: timedelta) -> None:
    """The row is kept until the last token that the sign-in could still get has become unacceptable (T8)."""
    rules = provider(maximum_age=maximum_age, session_lifetime=timedelta(days=30))
    signed_in = NOW - age
    last_issued = max(NOW, signed_in + rules.session_lifetime)
    last_accepted = last_issued + rules.maximum_age + rules.leeway
    assert tombstone_until(identity(authenticated_at=signed_in), rules, now=NOW) > last_accepted


def test_t8_tombstone_at_the_end_of_the_calendar() -> None:
    """A token that claims to live for ever does not break the calendar; its age ends it (T8, T19)."""
    endless = identity(expires_at=datetime(9999, 12, 31, 23, 59, 59, tzinfo=NOW.tzinfo))
    assert tombstone_until(endless, provider(), now=NOW) < NOW + timedelta(days=32)


def test_t10_absolute_end() -> None:
    """The session ends with the old one, and at that very instant nothing is left to inherit (T10)."""
    rules = provider(session_lifetime=timedelta(hours=2))
    assert absolute_end(identity(), rules, now=NOW) == NOW + timedelta(hours=2)
    with pytest.raises(SignInTooOld):
        absolute_end(identity(), rules, now=NOW + timedelta(hours=2))


# --- the client's key ------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("header", "text"),
    [
        ("0e0e7bd4-4dbb-4a6f-9f0a-0d3d6e3f2a51", "0e0e7bd4-4dbb-4a6f-9f0a-0d3d6e3f2a51"),
        ('"0e0e7bd4-4dbb-4a6f-9f0a-0d3d6e3f2a51"', "0e0e7bd4-4dbb-4a6f-9f0a-0d3d6e3f2a51"),
        ("  abcdefghijklmnopqrstuv ", "abcdefghijklmnopqrstuv"),
        ("k" * 255, "k" * 255),
    ],
    ids=["bare", "quoted", "shortest", "longest"],
)
def test_client_key(header: str, text: str) -> None:
    """A key is read with and without the quotes of a structured field (RFC 9651 §3.3.3)."""
    assert parse_client_key(header) == ClientKey(text=text)


def test_no_client_key() -> None:
    """Without the header there is no key; that is no error."""
    assert parse_client_key(None) is None


@pytest.mark.parametrize(
    "header",
    [
        "",
        '""',
        "short",
        "k" * 21,
        '"' + "k" * 21 + '"',
        "k" * 256,
        "k" * 30 + "é",
        "k" * 15 + " " + "k" * 15,
        "k" * 30 + "\x00",
    ],
    ids=repr,
)
def test_t16_client_key_that_could_be_guessed_or_misread(header: str) -> None:
    """A key that is short, long or of other characters is refused, not cut to size (T16)."""
    with pytest.raises(RequestRefused) as refused:
        parse_client_key(header)
    assert "kkk" not in str(refused.value)


def test_t16_client_key_of_another_claim() -> None:
    """What is stored of a key tells nothing about the same key elsewhere, and the key does not show (T16, T22)."""
    assert CLIENT.digest(CLAIM_ID) != CLIENT.digest(Digest(bytes(32)))
    assert CLIENT.text not in repr(CLIENT)


def test_seed() -> None:
    """With a client key the seed is computed again from secret, claim, session and key; without one it is fresh."""
    handle, other = (new_handle(bytes([number] * 16), PUBLIC_TENANT, at=NOW) for number in (1, 2))
    one, two = SECRETS.primary, OTHER_SECRETS.primary

    def seed(secret: Any = one, claim_id: Digest = CLAIM_ID, name: Any = handle, key: Any = CLIENT) -> bytes:
        return seed_of(secret, PUBLIC_APP, claim_id, name, key, fresh=b"f" * 16)

    assert seed() == seed()
    assert len(seed()) == 16
    different = [
        seed(),
        seed(secret=two),
        seed(claim_id=Digest(bytes(32))),
        seed(name=other),
        seed(key=STRANGER),
        seed(key=None),
    ]
    assert len(set(different)) == len(different)
    assert seed(key=None) == b"f" * 16


# --- who may have it again -------------------------------------------------------------------------------------------


def minted(
    *, client: ClientKey | None = CLIENT, anti_csrf: bool = False
) -> tuple[Claim, Session, RefreshToken]:
    """A claim as it is after its migration."""
    handle = new_handle(bytes(range(16)), PUBLIC_TENANT, at=NOW)
    claim = Claim(
        app_id=PUBLIC_APP,
        claim_id=CLAIM_ID,
        provider="old",
        issuer=ISSUER,
        subject_digest=identity().subject_digest,
        user_id=UserId("alice"),
        tenant_id=PUBLIC_TENANT,
        handle=handle,
        client_digest=client.digest(CLAIM_ID) if client else None,
        claimed_at=NOW,
        keep_until=NOW + timedelta(days=31),
    )
    seed = seed_of(SECRETS.primary, PUBLIC_APP, CLAIM_ID, handle, client, fresh=bytes(16))
    new = NewSession(user_id=claim.user_id, payload={}, data={}, anti_csrf=anti_csrf)
    session, first = prepare(new, issuance(), handle=handle, seed=seed)
    return claim, session, first


def after_refresh(
    session: Session,
    presented: RefreshToken,
    *,
    at: datetime = NOW,
    anti_csrf: bool = False,
    by: Secrets = SECRETS,
) -> tuple[Session, RefreshToken]:
    """The session after its token was rotated, and the successor."""
    successor = succeed(presented, by.primary, app_id=PUBLIC_APP, anti_csrf=anti_csrf)
    rotation = Rotation(
        app_id=PUBLIC_APP,
        handle=session.handle,
        presented=presented.digest,
        successor=successor.digest,
        secret_id=successor.secret_id,
        at=at,
    )
    return rotated(session, rotation), successor


def again(claim: Claim, session: Session | None, key: ClientKey | None = CLIENT, **how: Any) -> RefreshToken:
    """What a retry gets."""
    secrets, now, grace = how.get("secrets", SECRETS), how.get("now", NOW), how.get("grace", GRACE)
    return replay(claim, session, key, secrets, grace=grace, now=now)[1]


@pytest.mark.parametrize("anti_csrf", [False, True], ids=["plain", "anti-CSRF"])
def test_same_client(anti_csrf: bool) -> None:
    """The client that made the claim gets its first refresh token as long as the session has not gone on without it."""
    claim, session, first = minted(anti_csrf=anti_csrf)
    assert again(claim, session, now=session.expires_at - MILLISECOND) == first
    with pytest.raises(AlreadyMigrated):
        again(claim, session, now=session.expires_at)


@pytest.mark.parametrize(
    ("key", "reason"),
    [(STRANGER, "another client"), (None, "no Idempotency-Key")],
    ids=["other key", "no key"],
)
def test_t16_other_client(key: ClientKey | None, reason: str) -> None:
    """Another client gets nothing, and the log says that it was another (T16)."""
    claim, session, _ = minted()
    with pytest.raises(AlreadyMigrated, match=reason):
        again(claim, session, key)


@pytest.mark.parametrize("key", [CLIENT, None], ids=["a key", "no key"])
def test_claim_without_a_key(key: ClientKey | None) -> None:
    """Who gave no key at the claim cannot be known again."""
    claim, session, _ = minted(client=None)
    with pytest.raises(AlreadyMigrated):
        again(claim, session, key)


@pytest.mark.parametrize("anti_csrf", [False, True], ids=["plain", "anti-CSRF"])
def test_rotated_once(anti_csrf: bool) -> None:
    """After one refresh the retry gets the successor within the grace window, and then nothing."""
    claim, session, first = minted(anti_csrf=anti_csrf)
    session, second = after_refresh(session, first, anti_csrf=anti_csrf)
    assert again(claim, session, now=NOW + GRACE - MILLISECOND) == second
    with pytest.raises(AlreadyMigrated):
        again(claim, session, now=NOW + GRACE)
    with pytest.raises(AlreadyMigrated):
        again(claim, session, grace=timedelta(0))


def test_rotated_twice() -> None:
    """After two refreshes the client has what it needs: a retry is late, or somebody else's."""
    claim, session, first = minted()
    session, second = after_refresh(session, first)
    session, _ = after_refresh(session, second)
    with pytest.raises(AlreadyMigrated):
        again(claim, session)


def test_session_gone() -> None:
    """A session that was revoked or has ended is not brought back."""
    claim, session, _ = minted()
    with pytest.raises(AlreadyMigrated):
        again(claim, None)
    with pytest.raises(AlreadyMigrated):
        again(claim, replace(session, expires_at=NOW))


def test_deployment_secret_rotated() -> None:
    """A newer secret put first changes nothing for a retry; without the one that made the token it is refused."""
    claim, session, first = minted()
    assert again(claim, session, secrets=NEWER_SECRETS) == first
    with pytest.raises(AlreadyMigrated):
        again(claim, session, secrets=OTHER_SECRETS)


def test_deployment_secret_rotated_before_the_first_refresh() -> None:
    """When a newer secret made the successor, the retry gets that one; without either secret it is refused."""
    claim, session, first = minted()
    session, second = after_refresh(session, first, by=NEWER_SECRETS)
    assert again(claim, session, secrets=NEWER_SECRETS) == second
    for incomplete in (SECRETS, OTHER_SECRETS):
        with pytest.raises(AlreadyMigrated):
            again(claim, session, secrets=incomplete)


def test_claim_of_a_session_that_was_there() -> None:
    """The key of a claim that made no session opens nothing of the session that was there."""
    claim, session, _ = minted()
    present, _ = prepare(
        NewSession(user_id=claim.user_id, payload={}, data={}),
        issuance(),
        handle=session.handle,
        seed=bytes(16),
    )
    with pytest.raises(AlreadyMigrated):
        again(claim, present)
