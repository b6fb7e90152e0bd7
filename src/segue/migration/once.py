"""
One sign-in at the provider becomes one session here: the claim, and who may have its result again.

The claim is keyed by the sign-in (issuer, subject and session id, else token id, else the token itself). A retry whose
answer was lost gets the *same* session back if it proves to be the same client: by the Idempotency-Key that made the
claim, until that session is refreshed for the first time. Anybody else is refused for good (threats T8, T15, T16).

That end is not one of the clock's. Whose answer was lost comes back when the machine is opened again, and a refusal
would leave him with neither session. Time would stop nobody, either: the key opens a session that its client has never
gone on with, an old token must come with it that still holds, and who has both before the client has gone on could have
made the claim himself. Once it goes on (a refresh, `grace` for its own lost answer) the key is of no more use; two who
got the same tokens meet at that refresh, where reuse ends the session. House rule: pure; the first refresh token of a
migrated session is derived, so a retry can be answered although no token was ever stored.
"""

from __future__ import annotations

import hashlib
import hmac
import itertools
from datetime import datetime, timedelta
from typing import Final

import msgspec

from segue.errors import AlreadyMigrated, RequestRefused, SignInRevoked, SignInTooOld
from segue.ids import AppId, Digest, SessionHandle
from segue.migration.model import Claim, Identity, digest_of
from segue.migration.policy import ProviderPolicy
from segue.sessions.model import Provenance, Session
from segue.tokens.refresh import SEED, RefreshToken, first_refresh_token, succeed
from segue.tokens.secrets import Secret, Secrets

SIGNED_OUT: Final = SessionHandle("signed-out")
"""What the claim of a sign-in names that the provider has ended: no session, now and ever."""

_MARGIN = timedelta(hours=1)
_KEY_LENGTHS = range(22, 256)


class ClientKey(msgspec.Struct, frozen=True, kw_only=True):
    """What tells the client that made a claim from everybody else: its Idempotency-Key."""

    text: str

    def __repr__(self) -> str:
        return "<ClientKey>"

    def digest(self, claim_id: Digest) -> Digest:
        """What the ledger keeps of it; of no use for another claim."""
        return digest_of("client", claim_id.hex(), self.text)


def parse_client_key(header: str | None) -> ClientKey | None:
    """
    Read an `Idempotency-Key` header, with or without the quotes of a structured field (RFC 9651 §3.3.3).

    Raises:
        RequestRefused: shorter than 22 characters, so that it can be guessed; longer than 255; not visible ASCII.
    """
    if header is None:
        return None
    text = header.strip()
    if len(text) >= 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    if len(text) not in _KEY_LENGTHS or not text.isascii() or not text.isprintable() or " " in text:
        raise RequestRefused("Idempotency-Key must be 22 to 255 visible characters; a random UUID will do")
    return ClientKey(text=text)


def claim_id_of(identity: Identity, token: str) -> Digest:
    """
    The sign-in that a credential belongs to.

    A provider that gives one session id to two sign-ins of a user gets the second refused, never another user's.
    """
    who = (identity.issuer, identity.subject)
    if identity.provider_session_id is not None:
        return claim_id_of_session(*who, identity.provider_session_id)
    if identity.one_sign_in_at_a_time:
        return digest_of("claim time", *who, identity.authenticated_at.isoformat())
    if identity.token_id is not None:
        return digest_of("claim jti", *who, identity.token_id)
    # Without the signature: whoever holds an ES256 signature (r, s) can write it as (r, n - s), which holds as well.
    signed, _, _ = token.rpartition(".")
    return digest_of("claim token", *who, hashlib.sha256(signed.encode()).hexdigest())


def claim_id_of_session(issuer: str, subject: str, session_id: str) -> Digest:
    """The sign-in that a provider names by its session id."""
    return digest_of("claim sid", issuer, subject, session_id)


def refuse_signed_out(claim: Claim | None) -> None:
    """
    Refuse a sign-in that the provider has ended (threat T9).

    Raises:
        SignInRevoked: its claim says so.
    """
    if claim is not None and claim.handle == SIGNED_OUT:
        raise SignInRevoked("the provider has signed this sign-in out")


def seed_of(
    secret: Secret,
    app_id: AppId,
    claim_id: Digest,
    handle: SessionHandle,
    key: ClientKey | None,
    *,
    fresh: bytes,
) -> bytes:
    """
    Randomness of the session's first refresh token.

    With a client key it can be computed again by this deployment for that client alone; without one it is *fresh*.
    """
    if key is None:
        return fresh
    message = b"\x00".join((claim_id, handle.encode(), key.text.encode()))
    return secret.authenticate("migrated seed", app_id, message)[:SEED]


def absolute_end(identity: Identity, provider: ProviderPolicy, *, now: datetime) -> datetime:
    """
    When the new session ends at the latest: with the old one (threat T10).

    Raises:
        SignInTooOld: that is already past.
    """
    end = identity.authenticated_at + provider.session_lifetime
    if identity.session_ends_at is not None:
        end = min(end, identity.session_ends_at)
    if now >= end:
        raise SignInTooOld(provider.name)
    return end


def provenance_of(identity: Identity, claim_id: Digest, *, version: str) -> Provenance:
    """Where a migrated session came from, as it is stored with it."""
    return Provenance(
        provider=identity.provider,
        issuer=identity.issuer,
        subject_digest=identity.subject_digest,
        claim_id=claim_id,
        authenticated_at=identity.authenticated_at,
        verifier_version=version,
    )


def tombstone_until(identity: Identity, provider: ProviderPolicy, *, now: datetime) -> datetime:
    """
    How long the ledger has to remember: until no credential of the sign-in can be presented any more (threat T8).

    The provider may go on issuing tokens of the sign-in until it ends, and the last of them has a life of its own.
    """
    last_issued = max(now, identity.authenticated_at + provider.session_lifetime)
    return last_issued + provider.maximum_age + 2 * provider.leeway + _MARGIN


def refuse_stranger(claim: Claim | None, key: ClientKey | None) -> None:
    """
    Refuse a replay before anybody is asked about it again: hooks may have effects, and exchanges have a cost.

    Raises:
        AlreadyMigrated: the sign-in is claimed, by a client with a key of its own, and this is not that one.
        SignInRevoked: the provider has ended it.
    """
    refuse_signed_out(claim)
    if claim is None or claim.client_digest is None:
        return
    if key is None or not hmac.compare_digest(key.digest(claim.claim_id), claim.client_digest):
        raise AlreadyMigrated("by another client")


def replay(
    claim: Claim,
    session: Session | None,
    key: ClientKey | None,
    secrets: Secrets,
    *,
    grace: timedelta,
    now: datetime,
) -> tuple[Session, RefreshToken]:
    """
    What the same client's retry gets: the session and its first refresh token, or within the grace window the second.

    Raises:
        AlreadyMigrated: another client, or the session has moved on or ended.
    """
    if key is None or claim.client_digest is None:
        raise AlreadyMigrated("no Idempotency-Key to know the client by")
    if not hmac.compare_digest(key.digest(claim.claim_id), claim.client_digest):
        raise AlreadyMigrated("by another client")
    if session is None or now >= session.expires_at:
        raise AlreadyMigrated("its session has ended")
    family = session.family
    rotated_at = family.rotated_at
    # The secret that made the first token may not be the one that made its successor: a newer one was put first since.
    for secret, anti_csrf in itertools.product(secrets, (False, True)):
        seed = seed_of(secret, claim.app_id, claim.claim_id, claim.handle, key, fresh=b"")
        first = first_refresh_token(
            secret, app_id=claim.app_id, handle=claim.handle, seed=seed, anti_csrf=anti_csrf
        )
        if first.digest == family.current:
            return session, first
        if first.digest == family.previous and rotated_at is not None and now < rotated_at + grace:
            return session, _successor(first, secrets, claim.app_id, session)
    raise AlreadyMigrated("and its session was refreshed since, or its deployment secret is gone")


def _successor(first: RefreshToken, secrets: Secrets, app_id: AppId, session: Session) -> RefreshToken:
    secret = secrets.find(session.family.secret_id)
    if secret is None:
        raise AlreadyMigrated("and refreshed with a deployment secret that is gone")
    for anti_csrf in (False, True):
        successor = succeed(first, secret, app_id=app_id, anti_csrf=anti_csrf)
        if successor.digest == session.family.current:
            return successor
    raise AlreadyMigrated("and its session was refreshed since")
