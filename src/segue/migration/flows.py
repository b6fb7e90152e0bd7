"""
Move one signed-in user: old credential in, new session out, old session on its way to its end.

The order is the safety (threat T26): verify, ask the application, then claim and mint together with the delivery that
will end the old session (`segue.migration.minting`); only what is durable leaves as a token. Every refusal has a stable
code. House rule: awaits only `ask` and other flows; with warm keys and our own store a migration costs one transaction
and no outgoing call.
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime
from typing import ClassVar

import msgspec

from segue.discreet import Discreet
from segue.errors import OtherUserSignedIn, RequestRefused, SignInRevoked
from segue.flow import ask
from segue.ids import AppId, Digest, SessionHandle, TenantId, UserId
from segue.migration.carried import carried_roles
from segue.migration.credential import Credential
from segue.migration.endings import EndOldSession, OldTokens
from segue.migration.key_cache import CacheRules, KeyCache
from segue.migration.key_holder import KeyCacheHolder
from segue.migration.mapping_flows import map_user
from segue.migration.minting import RANDOMNESS as MINTING
from segue.migration.minting import Draft, MigrationResult, Minting, S, Settled
from segue.migration.model import Claim, Delivery, DeliveryId, Identity
from segue.migration.once import (
    ClientKey,
    absolute_end,
    provenance_of,
    refuse_stranger,
    tombstone_until,
)
from segue.migration.policy import ProviderPolicy
from segue.migration.ports import Ledger
from segue.migration.records import Stage
from segue.migration.rehearsal import rehearsed, require_turn
from segue.migration.sign_out_flows import require_not_cut_off
from segue.migration.state_flows import require_sign_in, require_user
from segue.migration.trail import Trail
from segue.migration.verifying import Migration, Verified, verify
from segue.sessions.issuing import Issued, NewSession
from segue.sessions.model import Device
from segue.tokens.access import AccessToken

RANDOMNESS = MINTING + 28
"""Bytes that a migration consumes: those of its draft, and for a delivery id 16, nonce 12."""

_MAX_REFRESH_TOKEN = 8192
_NO_CACHE = KeyCacheHolder(KeyCache(rules=CacheRules()), lock=nullcontext())
"""For pinned keys, which need none; it stays empty."""


class MigrationRequest(msgspec.Struct, frozen=True, kw_only=True):
    """What a caller presents to be migrated."""

    credential: Credential
    """As it came."""
    provider: str | None = None
    """The provider that the caller named; needed only where the credential leaves several."""
    client_key: ClientKey | None = None
    old_refresh_token: str | None = None
    """The provider's refresh token, to be ended with the old session; nothing is ever bought with it."""
    present_session: SessionHandle | None = None
    """Our own session that the same request carries, its access token's signature verified, its time maybe over."""
    present_works: bool = True
    """Its access token is good now. Otherwise the browser may have nothing left to go on with."""
    present_access: AccessToken | None = None
    """That access token; with it the answer shows the session to the page anew."""
    tenant_id: TenantId | None = None
    """The tenant that the request's path names; it has to be that of the verified credential (threat T23)."""
    anti_csrf: bool = False
    device: Device = Device()
    trail: Trail = msgspec.field(default_factory=Trail)
    """Where the flow notes how far it comes."""

    def __repr__(self) -> str:
        return "<MigrationRequest>"


class Migrated(Discreet, frozen=True, kw_only=True):
    """A migration that ended well."""

    unshown: ClassVar = frozenset({"identity"})

    result: MigrationResult
    provider: str
    user_id: UserId
    handle: SessionHandle
    issued: Issued | None
    """The tokens to attach; None if the browser keeps those it has."""
    shown: AccessToken | None = None
    """The access token that shows a kept session to the page: it may have lost sight of it in a reload."""
    recorded: bool = False
    """The store keeps a record of it, written with the claim."""
    identity: Identity


async def migrate(
    request: MigrationRequest, migration: Migration, minting: Minting[S], *, randomness: bytes
) -> Migrated:
    """
    Turn a provider's credential into a session of ours, once.

    Args:
        request: what the caller presents.
        migration: providers and their key caches.
        minting: where sessions are made.
        randomness: `RANDOMNESS` fresh random bytes.

    Raises:
        TokenRefused: the credential does not hold.
        MigrationRefused: it holds, and still becomes no session.
        Unavailable: keys, store or core do not answer. The same call may be made again: if something was written after
            all, the same client has its session then.
    """
    _require_form(request, randomness)
    trail = request.trail
    verified = await verify(
        request.credential, migration, now=minting.now, trail=trail, named=request.provider
    )
    provider, identity, claim_id = verified.provider, verified.identity, verified.claim_id
    if request.tenant_id not in {None, identity.tenant_id}:
        raise RequestRefused("the path names another tenant than the credential")
    await require_turn(
        identity, trail, claim_id=claim_id, client_key=request.client_key, app_id=minting.app_id
    )
    trail.reached(Stage.USER)
    if provider.asks_outside and request.present_session is None:
        refuse_stranger(await ask(Ledger.find_claim, minting.app_id, claim_id), request.client_key)
    await require_not_cut_off(identity, provider, app_id=minting.app_id)
    await require_sign_in(identity, provider, token=verified.bearer, now=minting.now)
    trail.reached(Stage.MAPPING)
    user_id = await map_user(
        identity,
        provider,
        app_id=minting.app_id,
        now=minting.now,
        shared=migration.has_table,
        rehearsing=trail.rehearsing,
    )
    trail.mapped(user_id, provider.map_user)
    trail.reached(Stage.USER)
    await require_user(identity, provider, user_id)
    trail.reached(Stage.SESSION)
    end = absolute_end(identity, provider, now=minting.now)
    present = None if request.present_session is None else await minting.load(request.present_session)
    if present is not None and (present.user_id, present.tenant_id) != (user_id, identity.tenant_id):
        raise OtherUserSignedIn("the request carries a live session of another user or tenant")
    if not request.present_works:
        present = (
            None  # whoever proves an unspent sign-in gets tokens that work, not a session that cannot be used
        )

    own, rest = randomness[:MINTING], randomness[MINTING:]
    handle = present.handle if present else minting.reserve(claim_id, identity.tenant_id, randomness=own)
    claim = _claim(identity, provider, request, minting, claim_id=claim_id, user_id=user_id, handle=handle)
    if trail.rehearsing:
        raise await rehearsed(claim, trail, client_key=request.client_key, has_session=present is not None)
    result = MigrationResult.ALREADY if present else MigrationResult.MIGRATED
    settled = await minting.settle(
        Draft(
            claim=claim,
            new=_new_session(claim, identity, request, version=migration.version, end=end, provider=provider),
            deliveries=_deliveries(
                claim,
                _old_tokens(request, verified),
                provider,
                minting,
                held_until=None if present else end,
                randomness=rest,
            ),
            present=present,
            client_key=request.client_key,
            randomness=own,
            record=trail.record(trail.outcome(result.value, stage=Stage.DONE)),
        )
    )
    trail.handle = settled.session.handle
    await _require_still_standing(verified, settled, minting)
    trail.reached(Stage.DONE)
    shown = None
    if settled.issued is None and present is not None and request.present_access is not None:
        shown = await minting.show(present, request.present_access)
    return Migrated(
        result=settled.result,
        provider=identity.provider,
        user_id=settled.session.user_id,
        handle=settled.session.handle,
        issued=settled.issued,
        shown=shown,
        identity=identity,
        recorded=settled.recorded,
    )


async def _require_still_standing(verified: Verified, settled: Settled, minting: Minting[S]) -> None:
    """Whoever ended the person's sign-ins while this one was being claimed has seen the claim, or is seen here."""
    try:
        await require_not_cut_off(verified.identity, verified.provider, app_id=minting.app_id)
    except SignInRevoked:
        if settled.result is not MigrationResult.ALREADY:
            await minting.revoke(settled.session.handle)
        raise


def _require_form(request: MigrationRequest, randomness: bytes) -> None:
    """Refuse what would fail, or pass half, once the claim is written."""
    if len(randomness) != RANDOMNESS:
        raise ValueError(f"a migration needs {RANDOMNESS} random bytes")
    old = request.old_refresh_token
    if old is not None and not (0 < len(old) <= _MAX_REFRESH_TOKEN and old.isascii() and old.isprintable()):
        raise RequestRefused(
            "the old refresh token is not 1 to 8192 visible characters (RFC 6749 appendix A.17)"
        )


def _new_session(
    claim: Claim,
    identity: Identity,
    request: MigrationRequest,
    *,
    provider: ProviderPolicy,
    version: str,
    end: datetime,
) -> NewSession:
    carried = provider.carried_claims
    return NewSession(
        user_id=claim.user_id,
        tenant_id=claim.tenant_id,
        payload={name: identity.claims[name] for name in carried if name in identity.claims}
        | carried_roles(identity, provider.carried_roles, now=claim.claimed_at),
        data={},
        anti_csrf=request.anti_csrf,
        absolute_expires_at=end,
        provenance=provenance_of(identity, claim.claim_id, version=version),
        device=request.device,
    )


def _claim(
    identity: Identity,
    provider: ProviderPolicy,
    request: MigrationRequest,
    minting: Minting[S],
    *,
    claim_id: Digest,
    user_id: UserId,
    handle: SessionHandle,
) -> Claim:
    return Claim(
        app_id=minting.app_id,
        claim_id=claim_id,
        provider=provider.name,
        issuer=identity.issuer,
        subject_digest=identity.subject_digest,
        user_id=user_id,
        tenant_id=identity.tenant_id,
        handle=handle,
        client_digest=request.client_key.digest(claim_id) if request.client_key else None,
        claimed_at=minting.now,
        keep_until=tombstone_until(identity, provider, now=minting.now),
    )


def _old_tokens(request: MigrationRequest, verified: Verified) -> OldTokens:
    """What ends the old session, whatever its ending needs of it."""
    identity = verified.identity
    return OldTokens(
        access_token=verified.bearer or "",
        refresh_token=request.old_refresh_token,
        subject=identity.subject,
        session_id=identity.provider_session_id,
        record_key=verified.record_key,
        expires_at=identity.expires_at,
    )


def _deliveries(
    claim: Claim,
    old: OldTokens,
    provider: ProviderPolicy,
    minting: Minting[S],
    *,
    held_until: datetime | None,
    randomness: bytes,
) -> tuple[Delivery, ...]:
    """What ends the old session; a new one that is not in use yet may hold it back until then."""
    if provider.ending is None:
        return ()
    held = provider.ending.when is EndOldSession.AFTER_FIRST_USE and held_until is not None
    delivery = Delivery(
        delivery_id=DeliveryId(randomness[:16].hex()),
        app_id=AppId(claim.app_id),
        provider=provider.name,
        claim_id=claim.claim_id,
        handle=claim.handle,
        sealed=old.sealed(minting.secrets, app_id=claim.app_id, nonce=randomness[16:28]),
        created_at=claim.claimed_at,
        due_at=held_until if held and held_until else claim.claimed_at,
        held=held,
    )
    return (delivery,)
