"""
Have signing keys at hand: load the app's, make the ones that are due, forget the outdated, seal those of an older
deployment secret anew.

Several instances may do this at once: a key is added only if the newest of its kind still is the one that was seen,
and whoever loses loads again. House rule: as for every flow, only `ask` is awaited.
"""

from __future__ import annotations

from datetime import datetime

from segue.errors import Contended, Unavailable
from segue.flow import ask
from segue.ids import AppId
from segue.sessions.ports import KeyMaker, SigningKeyStore
from segue.tokens.secrets import Secrets
from segue.tokens.signing_keys import (
    KeyKind,
    KeyPlan,
    KeyPolicy,
    SigningKey,
    StoredSigningKey,
    name_signing_key,
    open_signing_key,
    plan_keys,
    reseal_signing_key,
    seal_signing_key,
)

ATTEMPTS = 5
RANDOMNESS = 28
"""Bytes that one attempt consumes: 16 for a static key's id, 12 to seal with; fresh for each kind."""


async def load_keys(
    app_id: AppId, policy: KeyPolicy, secrets: Secrets, *, now: datetime, randomness: bytes
) -> KeyPlan:
    """
    The plan for now, with every due key made.

    Args:
        app_id: whose keys.
        policy: how they come and go.
        secrets: unseal what is stored, seal what is new.
        now: aware UTC instant.
        randomness: `ATTEMPTS * 2 * RANDOMNESS` fresh random bytes.

    Raises:
        ConfigurationError: a stored key was sealed with a deployment secret that is not configured.
        Contended: others kept adding keys.
    """
    for attempt in range(ATTEMPTS):
        stored = await ask(SigningKeyStore.load_signing_keys, app_id)
        keys = tuple(open_signing_key(key, secrets, app_id=app_id) for key in stored)
        plan = plan_keys(keys, policy, now=now)
        if not plan.make:
            if plan.outdated:
                await ask(SigningKeyStore.delete_signing_keys, app_id, plan.outdated)
            await _reseal(plan, stored, secrets, app_id=app_id)
            return plan
        for place, kind in enumerate(plan.make):
            start = (attempt * 2 + place) * RANDOMNESS
            await _add(
                kind,
                keys,
                policy,
                secrets,
                app_id=app_id,
                now=now,
                randomness=randomness[start : start + RANDOMNESS],
            )
    raise Contended("signing keys")


async def _reseal(
    plan: KeyPlan, stored: tuple[StoredSigningKey, ...], secrets: Secrets, *, app_id: AppId
) -> None:
    """Seal with the primary secret what another one has sealed, so that this one can be dropped some day."""
    known = {key.key_id: key for key in plan.verifying}
    for each in stored:
        key = known.get(each.key_id)
        sealed = None if key is None else reseal_signing_key(key, each, secrets, app_id=app_id)
        if sealed is None:
            continue
        try:
            await ask(
                SigningKeyStore.reseal_signing_key,
                app_id,
                each.key_id,
                sealed=sealed,
                if_sealed=each.sealed_private,
            )
        except Unavailable:
            return  # the next one who loads the keys does it


async def _add(
    kind: KeyKind,
    known: tuple[SigningKey, ...],
    policy: KeyPolicy,
    secrets: Secrets,
    *,
    app_id: AppId,
    now: datetime,
    randomness: bytes,
) -> None:
    private = await ask(KeyMaker.make_private_key, policy.algorithm)
    made = name_signing_key(private, kind, policy.algorithm, now=now, unique=randomness[:16].hex())
    sealed = seal_signing_key(made, secrets, app_id=app_id, nonce=randomness[16:RANDOMNESS])
    same_kind = [key for key in known if key.kind is kind]
    newest = max(same_kind, key=lambda key: (key.created_at, key.key_id), default=None)
    if_newest = newest.key_id if newest else None
    await ask(SigningKeyStore.add_signing_key, app_id, sealed, if_newest=if_newest)
