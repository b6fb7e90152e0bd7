"""Routes that sign for others (core protocol §12), and what SDKs before 2.21 ask once (§7.10)."""

from __future__ import annotations

from datetime import timedelta

from segue.service.core import answers
from segue.service.core.answers import Answer, Refused
from segue.service.core.call import Call, Route, Through
from segue.tokens.jwt import mint_jwt

_LARGEST = 2**53
"""Seconds; JSON readers lose digits beyond."""
_MILLISECOND = timedelta(milliseconds=1)


async def create(call: Call) -> Answer:
    """POST /recipe/jwt."""
    fields = call.fields
    algorithm, domain = fields.text("algorithm"), fields.text("jwksDomain")
    payload, lifetime = fields.object("payload"), fields.whole("validity")
    if lifetime <= 0:
        raise Refused(400, "validity must be greater than or equal to 0")
    if lifetime > _LARGEST:
        raise Refused(400, "validity is too large")
    static = fields.optional_flag("useStaticSigningKey", default=True) if call.dialect.chooses_key else True
    if algorithm.upper() != "RS256":
        return answers.outcome("UNSUPPORTED_ALGORITHM_ERROR")
    key = call.context.issuance().signing_key(static=static)
    text = mint_jwt(payload, key, issuer=domain, now=call.context.now, lifetime=lifetime)
    return answers.ok({"jwt": text})


async def handshake(call: Call) -> Answer:
    """POST /recipe/handshake: what an old SDK has to know of the core."""
    if not call.dialect.has_handshake:
        raise Refused(404, "Not found")
    settings = call.context.app.settings
    return answers.ok(
        {
            **answers.key_material(call.dialect, call.context, static=settings.static_keys),
            "accessTokenBlacklistingEnabled": settings.check_database,
            "accessTokenValidity": settings.lifetimes.access // _MILLISECOND,
            "refreshTokenValidity": settings.lifetimes.refresh // _MILLISECOND,
        }
    )


ROUTES = (
    Route(method="POST", path="/recipe/jwt", handler=create),
    Route(method="POST", path="/recipe/handshake", handler=handshake, through=Through.ANY),
)
