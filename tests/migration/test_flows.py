"""The migration flow: what it makes, what it refuses, and what a retry or a replay gets."""

from __future__ import annotations

import traceback
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from msgspec.structs import replace

from segue.errors import (
    AlreadyMigrated,
    ClaimsRefused,
    MigrationClosed,
    OtherUserSignedIn,
    RefreshExpired,
    RequestRefused,
    SessionError,
    SignatureRefused,
    SignInTooOld,
    TokenExpired,
    UserRefused,
)
from segue.ids import PUBLIC_APP, TenantId
from segue.migration.credential import BearerToken
from segue.migration.flows import migrate
from segue.migration.key_sources import LiveKeys
from segue.migration.minting import LocalMinting, MigrationResult
from segue.migration.model import Identity
from segue.sessions.flows import refresh, revoke
from segue.tokens import base64url
from tests.migration.issuer import ABSENT, ISSUER, NOW, claims, key, provider, seconds, signed, token
from tests.migration.world import (
    CLIENT,
    LATER,
    NEWER_SECRETS,
    STRANGER,
    World,
    issuance,
    mapped,
    refresh_text,
    request,
    revoking,
    signed_in,
)

# --- what comes of it ------------------------------------------------------------------------------------------------


def test_migrated() -> None:
    """A good token becomes a session of its user, with tokens, provenance and nothing copied that is not named."""
    world = World(providers=(revoking(carried_claims=frozenset({"plan", "sub"})),))
    migrated = world.migrate(request(token=token(plan="gold", roles=["admin"])))
    assert (migrated.result, migrated.user_id) == (MigrationResult.MIGRATED, "alice")
    session = world.session(migrated.handle)
    assert session.payload == {"plan": "gold", "iss": "https://api.example/auth"}
    assert session.provenance is not None
    assert session.provenance.authenticated_at == NOW - timedelta(hours=1)
    assert (session.provenance.provider, session.provenance.verifier_version) == ("old", "test")
    assert [delivery.handle for delivery in world.deliveries()] == [migrated.handle]


def test_one_transaction_with_warm_keys() -> None:
    """With keys at hand a migration asks one thing: to claim and create. No exchange goes out."""
    world = World(providers=(revoking(keys=LiveKeys(issuer=ISSUER)),))
    world.migrate()
    assert world.asked == ["exchange", "exchange", "claim_and_create"]
    world.asked.clear()
    world.migrate(request(token=token(sid="sign-in-2")), number=2)
    assert world.asked == ["claim_and_create"]


def test_provider_without_revocation() -> None:
    """Where nothing can be ended at the provider, the ledger alone keeps the old token from coming back."""
    world = World()
    world.migrate()
    assert not world.deliveries()
    with pytest.raises(AlreadyMigrated):
        world.migrate(request(client_key=STRANGER), number=2)


def test_t10_laundering() -> None:
    """The new session ends when the old one would have, however often it is refreshed (T10)."""
    end = NOW - timedelta(hours=1) + timedelta(hours=2)
    world = World(providers=(provider(session_lifetime=timedelta(hours=2)),))
    migrated = world.migrate()
    assert world.session(migrated.handle).expires_at == end
    almost = issuance(now=end - timedelta(seconds=1))
    renewed = world.drive(refresh(refresh_text(migrated), almost))
    assert renewed.session.expires_at == end
    assert renewed.access.claims.expires_at <= end
    with pytest.raises(RefreshExpired):
        world.drive(refresh(renewed.refresh.text, issuance(now=end)))


def test_t23_tenant_from_the_provider() -> None:
    """The tenant is the provider's, whatever the token says of tenants (T23)."""
    world = World(providers=(provider(tenant_id=TenantId("blue")),))
    migrated = world.migrate(request(token=token(tId="red", tenant="red", tenant_id="red")))
    assert world.session(migrated.handle).tenant_id == "blue"
    assert migrated.handle.endswith("_blue")


def test_t6_same_subject_in_two_issuers() -> None:
    """Two issuers' alices are two people, with two claims, although sign-in and token ids are equal (T6)."""
    other = "https://other.example"
    rules = provider(name="other", issuers=(other,), map_user=mapped)
    world = World(providers=(provider(), rules))
    first = world.migrate()
    second = world.migrate(request(token=token(iss=other)), number=2)
    assert (first.user_id, second.user_id) == ("alice", "user-of-alice")
    assert first.handle != second.handle


# --- refusals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("rules", "made", "refusal"),
    [
        ({}, {"token": token(exp=seconds(NOW) - 60)}, TokenExpired),
        ({}, {"token": token(iss="https://stranger.example")}, ClaimsRefused),
        ({}, {"token": signed(claims(), private=key("https://stranger.example"))}, SignatureRefused),
        ({"deadline": NOW}, {}, MigrationClosed),
        ({"session_lifetime": timedelta(hours=1)}, {}, SignInTooOld),
        ({}, {"token": token(sub="a" * 129)}, UserRefused),
        ({}, {"old_refresh_token": ""}, RequestRefused),
        ({}, {"old_refresh_token": "x" * 8193}, RequestRefused),
        ({}, {"old_refresh_token": "token\r\n"}, RequestRefused),
        ({}, {"old_refresh_token": "\ud800"}, RequestRefused),
    ],
    ids=[
        "token expired",
        "issuer unknown",
        "signature of a stranger",
        "deadline passed",
        "sign-in too old",
        "user id too long",
        "refresh token empty",
        "refresh token huge",
        "refresh token with line break",
        "refresh token with half a surrogate pair",
    ],
)
def test_refused(rules: dict[str, Any], made: dict[str, Any], refusal: type[SessionError]) -> None:
    """What does not hold is refused with its code, and nothing is written: the good token still migrates."""
    world = World(providers=(revoking(**rules),))
    with world.nothing_written(), pytest.raises(refusal):
        world.migrate(request(**made))
    world.providers = (revoking(),)
    assert world.migrate().result is MigrationResult.MIGRATED


@pytest.mark.parametrize("answer", [None, "", 7, ["alice"], "a" * 129, "alice\x00"], ids=repr)
def test_mapping_without_a_user_id(answer: object) -> None:
    """A mapping that answers anything but a user id refuses the migration; a table that lacks the user says None."""
    world = World(providers=(revoking(map_user=mapped),))
    world.users.answer = lambda _identity: answer
    with world.nothing_written(), pytest.raises(UserRefused):
        world.migrate()


@pytest.mark.parametrize(
    "error", [UserRefused("blocked"), KeyError("alice"), RuntimeError("down"), OSError()], ids=repr
)
def test_t12_mapping_raises(error: Exception) -> None:
    """Whatever the application's mapping raises, nothing is written; the same token migrates when it answers (T12)."""
    world = World(providers=(revoking(map_user=mapped),))
    good = world.users.answer

    def failing(_identity: Identity) -> str:
        raise error

    world.users.answer = failing
    with world.nothing_written(), pytest.raises(type(error)):
        world.migrate()
    world.users.answer = good
    assert world.migrate().result is MigrationResult.MIGRATED


def test_too_little_randomness() -> None:
    """A handle or refresh token is never made of less randomness than it should be."""
    world = World()
    for short in (b"", bytes(59)):
        with world.nothing_written(), pytest.raises(ValueError, match="60 random bytes"):
            world.drive(_with_randomness(world, short))


def _with_randomness(world: World, randomness: bytes) -> Any:
    return migrate(request(), world.migration, LocalMinting(issuance()), randomness=randomness)


def test_no_signing_key() -> None:
    """A deployment that could not sign the tokens does not spend the claim."""
    world = World()
    plan = replace(issuance().keys, dynamic=None)
    with world.nothing_written(), pytest.raises(LookupError):
        world.migrate(by=issuance(plan=plan))
    assert world.migrate().result is MigrationResult.MIGRATED


# --- the session that is there already -------------------------------------------------------------------------------


def test_already_signed_in() -> None:
    """Who is signed in here already as the same user keeps that session, and the old one is ended all the same."""
    world = World(providers=(revoking(),))
    present = signed_in(world, "alice")
    migrated = world.migrate(request(present_session=present))
    assert (migrated.result, migrated.handle, migrated.issued) == (MigrationResult.ALREADY, present, None)
    assert not world.sessions()
    assert [delivery.handle for delivery in world.deliveries()] == [present]
    assert world.migrate(request(present_session=present), number=2).result is MigrationResult.ALREADY
    assert len(world.deliveries()) == 1


def test_t9_already_signed_in_then_signed_out() -> None:
    """A token that was claimed for a session that is there buys nothing once that session is gone (T9)."""
    world = World()
    present = signed_in(world, "alice")
    world.migrate(request(present_session=present))
    with pytest.raises(AlreadyMigrated):
        world.migrate(request(), number=2)
    world.drive(revoke(PUBLIC_APP, present, at=NOW))
    for shown in (present, None):
        with pytest.raises(AlreadyMigrated):
            world.migrate(request(present_session=shown), number=3)
    assert not world.sessions()


@pytest.mark.parametrize(
    ("name", "tenant"), [("mallory", "public"), ("alice", "blue")], ids=["another user", "another tenant"]
)
def test_t13_other_user_signed_in(name: str, tenant: str) -> None:
    """A live session of another user, or of this one in another tenant, is never replaced (T13, T23)."""
    world = World(providers=(revoking(),))
    present = signed_in(world, name, tenant=tenant)
    with world.nothing_written(), pytest.raises(OtherUserSignedIn) as refused:
        world.migrate(request(present_session=present))
    assert name not in str(refused.value)
    world.drive(revoke(PUBLIC_APP, present, at=NOW))
    assert world.migrate(request(present_session=present)).result is MigrationResult.MIGRATED


def test_session_of_another_user_whose_time_is_over() -> None:
    """A session that has ended stands in nobody's way."""
    world = World()
    present = signed_in(world, "mallory")
    later = issuance(now=NOW + timedelta(days=101))
    good = token(**dict.fromkeys(("iat", "auth_time"), seconds(later.now)), exp=seconds(later.now) + 60)
    migrated = world.migrate(request(token=good, present_session=present), by=later)
    assert migrated.result is MigrationResult.MIGRATED


def test_t8_present_session_does_not_open_anothers_claim() -> None:
    """A session of the same user is no proof of being the client that migrated: its claim stays closed (T8)."""
    world = World()
    thief = world.migrate(request(client_key=STRANGER))
    present = signed_in(world, "alice")
    for client_key in (CLIENT, None):
        with pytest.raises(AlreadyMigrated):
            world.migrate(request(client_key=client_key, present_session=present), number=2)
    assert [session.handle for session in world.sessions()] == [thief.handle]


def test_t17_present_session_is_not_replaced_by_a_retry() -> None:
    """Who migrated, lost the answer and signed in here meanwhile keeps the session he signed in with (T17)."""
    world = World()
    world.migrate()
    present = signed_in(world, "alice")
    migrated = world.migrate(request(present_session=present), number=2)
    assert (migrated.result, migrated.handle, migrated.issued) == (MigrationResult.ALREADY, present, None)


def test_retry_with_the_session_it_made() -> None:
    """A retry that carries the very session of its claim is told so and needs no new tokens."""
    world = World()
    first = world.migrate()
    again = world.migrate(request(present_session=first.handle, client_key=None), number=2)
    assert (again.result, again.handle, again.issued) == (MigrationResult.ALREADY, first.handle, None)


# --- retries and replays ---------------------------------------------------------------------------------------------


def test_t15_retry_of_the_same_client() -> None:
    """The same client gets the same session and refresh token again, and the old session is ended once (T15)."""
    world = World(providers=(revoking(),))
    first = world.migrate()
    again = world.migrate(number=2, by=issuance(now=LATER))
    assert (again.result, again.handle) == (MigrationResult.REPEATED, first.handle)
    assert refresh_text(again) == refresh_text(first)
    assert len(world.sessions()) == len(world.deliveries()) == 1
    assert world.drive(refresh(refresh_text(again), issuance(now=LATER))).session.handle == first.handle


def test_retry_with_a_renewed_token_of_the_sign_in() -> None:
    """The page's library may have renewed the old token before the retry: it is the same sign-in."""
    world = World()
    first = world.migrate()
    renewed = token(jti="token-2", iat=seconds(NOW), exp=seconds(NOW) + 600)
    again = world.migrate(request(token=renewed), number=2)
    assert (again.result, again.handle) == (MigrationResult.REPEATED, first.handle)


@pytest.mark.parametrize("client_key", [STRANGER, None], ids=["other key", "no key"])
@pytest.mark.parametrize("first_key", [CLIENT, None], ids=["claimed with key", "claimed without"])
def test_t8_replay_of_a_captured_token(first_key: Any, client_key: Any) -> None:
    """Anybody but the client that migrated is refused for good, with an equal or another token of the sign-in (T8)."""
    world = World(providers=(revoking(),))
    world.migrate(request(client_key=first_key))
    for text in (token(), token(jti="token-2")):
        with world.nothing_written(), pytest.raises(AlreadyMigrated):
            world.migrate(request(token=text, client_key=client_key, old_refresh_token="junk"), number=2)


@pytest.mark.parametrize("sid", ["sign-in-1", ABSENT], ids=["session id", "token id alone"])
def test_t9_replay_after_logout(sid: object) -> None:
    """After a sign-out here no token of the old sign-in makes a session again, not even by the same client (T9)."""
    world = World()
    first = world.migrate(request(token=token(sid=sid)))
    world.drive(revoke(PUBLIC_APP, first.handle, at=NOW))
    with pytest.raises(AlreadyMigrated):
        world.migrate(request(token=token(sid=sid)), number=2)
    assert not world.sessions()


def test_t8_signature_written_in_its_other_form() -> None:
    """An ECDSA signature has a twin that holds as well; a token with it is the same token (T8)."""
    text = token(sid=ABSENT, jti=ABSENT)
    twin = with_twin_signature(text)
    assert twin != text
    for first, second in ((text, twin), (twin, text)):
        world = World()
        world.migrate(request(token=first))
        with pytest.raises(AlreadyMigrated):
            world.migrate(request(token=second, client_key=STRANGER), number=2)
        assert len(world.sessions()) == 1


def with_twin_signature(text: str) -> str:
    """The same token with (r, n - s) for (r, s)."""
    order = 0xFFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551
    signed_part, _, signature = text.rpartition(".")
    raw = base64url.decode(signature.encode())
    flipped = (order - int.from_bytes(raw[32:], "big")).to_bytes(32, "big")
    return f"{signed_part}.{base64url.encode(raw[:32] + flipped).decode()}"


def test_mapping_that_changed_its_mind() -> None:
    """A retry whose identity is mapped to another user now gets nobody's session."""
    world = World(providers=(provider(map_user=mapped),))
    world.migrate()
    world.users.answer = lambda _identity: "somebody-else"
    with pytest.raises(AlreadyMigrated):
        world.migrate(number=2)
    present = signed_in(world, "somebody-else")
    with pytest.raises(AlreadyMigrated):
        world.migrate(request(present_session=present), number=3)
    assert [session.user_id for session in world.sessions()] == ["user-of-alice"]


def test_user_blocked_between_migration_and_retry() -> None:
    """A retry asks the application again: who is blocked meanwhile gets no tokens (T12)."""
    world = World(providers=(provider(map_user=mapped),))
    world.migrate()
    world.users.answer = lambda _identity: None
    with pytest.raises(UserRefused):
        world.migrate(number=2)


def test_retry_on_an_instance_with_a_newer_secret() -> None:
    """A retry that lands where a newer deployment secret is first gets the same refresh token."""
    world = World()
    first = world.migrate()
    again = world.migrate(number=2, by=issuance(secrets=NEWER_SECRETS))
    assert refresh_text(again) == refresh_text(first)


# --- canary ----------------------------------------------------------------------------------------------------------


def test_t22_nothing_shows_a_secret() -> None:
    """Neither errors nor representations of what travels show tokens, claims, refresh tokens or keys (T22)."""
    world = World(providers=(revoking(),))
    text = token(email="canary-email", sid="canary-sid", jti="canary-jti", sub="canary-sub")
    made = request(token=text, old_refresh_token="canary-refresh-token")
    refuse: list[Callable[[], object]] = [
        lambda: world.migrate(replace(made, client_key=STRANGER), number=2),
        lambda: world.migrate(replace(made, client_key=None), number=2),
        lambda: world.migrate(replace(made, present_session=signed_in(world, "bob")), number=2),
        lambda: world.migrate(replace(made, credential=BearerToken(text=text + "A")), number=2),
        lambda: world.migrate(replace(made, old_refresh_token="canary\n"), number=2),
    ]
    identity = world.migrate(made).identity
    shown = [repr(made), repr(identity), repr(world.deliveries())]
    for call in refuse:
        with pytest.raises(SessionError) as refused:
            call()
        shown.append("".join(traceback.format_exception_only(refused.value)) + repr(refused.value))
    for secret in ("canary", *text.split("."), CLIENT.text, STRANGER.text):
        assert not [line for line in shown if secret in line]
