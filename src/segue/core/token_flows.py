"""
Which session an access token belongs to, and whether it may act for it.

House rule: the signature is checked, unless the protocol says that the back end has done it and the token may be old.
"""

from __future__ import annotations

from msgspec.structs import replace

from segue.core.context import Context
from segue.errors import KeyUnknown, SignatureRefused, TokenExpired, TokenMalformed
from segue.tokens.access import AccessClaims, read_access
from segue.tokens.access_v2 import is_v2, read_v2, verify_v2


async def verify_token(text: str, context: Context) -> AccessClaims:
    """
    Accept an access token of any form; once more with newer keys if none at hand made it.

    Raises:
        TokenMalformed, KeyUnknown, SignatureRefused, TokenExpired: it does not hold.
    """
    try:
        return _verified(text, context)
    except (KeyUnknown, SignatureRefused) as error:
        # Form 2 names no key: a wrong signature may be one of a key that is not at hand.
        foreign = isinstance(error, KeyUnknown) or is_v2(text)
        if not foreign or not context.app.keys.may_be_outdated(context.now):
            raise
    await context.app.keys.reload(context.now, context.random)
    return _verified(text, context)


async def recognise_token(text: str, context: Context) -> AccessClaims:
    """
    What a token says that may be over, or whose key may be gone.

    Only one that is over may be of a key that is gone, for keys stay longer than any token that they signed. Were a
    living one believed unverified, its writer would choose how long the next one lives.

    Raises:
        TokenMalformed: not an access token.
        SignatureRefused: a key that we know did not make it, or it is not over and none did.
    """
    claims = read_v2(text) if is_v2(text) else read_access(text)
    over = context.now >= claims.expires_at
    try:
        return await verify_token(text, context)
    except TokenExpired:
        return replace(claims, expires_at=min(claims.expires_at, context.now))
    except KeyUnknown as error:
        if over:
            return claims
        raise SignatureRefused("none that is known") from error
    except SignatureRefused:
        if over and is_v2(text):  # it names no key, so this one may be gone
            return claims
        raise


def looks_like_token(text: str) -> bool:
    """Whether a text has the three parts of a token at all."""
    return text.count(".") == 2 and all(text.split("."))


def _verified(text: str, context: Context) -> AccessClaims:
    keys = context.app.keys
    if not is_v2(text):
        return keys.verifier.verify(text, now=context.now).claims
    if keys.plan is None:
        raise TokenMalformed("no keys are at hand")
    return verify_v2(text, keys.plan.verifying, now=context.now).claims
