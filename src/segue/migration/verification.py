"""
What a previous provider's token must say to speak for a user (RFC 7519 §4.1, RFC 8725 §3, RFC 9068 §4).

A valid signature says little: with most providers one key signs access, ID, refresh, machine and e-mail tokens for
many applications. House rules: pure functions of token, keys, configuration and time; every check fails closed; no
text here repeats a claim's value.
"""

from __future__ import annotations

from datetime import UTC, datetime

from segue.errors import ClaimsRefused, TokenExpired, TokenMalformed, TokenNotActive
from segue.json import JsonObject, JsonValue, parse_object
from segue.migration.model import Identity
from segue.migration.provider import Anyone, CredentialKind, Provider
from segue.tokens.jws import UnverifiedJws, verify_parsed
from segue.tokens.keys import KeySet

_MAX_TEXT = 512
_MAX_AUDIENCES = 64
_YEAR_9999 = 253_402_300_799

_OTHER_PURPOSE = frozenset({"events", "act", "may_act", "purpose"})
"""Claims of logout tokens, impersonation, delegation and one-purpose tokens: never a user's own session."""
_ID_TOKEN_MARKS = frozenset({"nonce", "at_hash", "c_hash"})
_MACHINE_GRANTS = frozenset({"client-credentials", "client_credentials"})


def read_issuer(unverified: UnverifiedJws) -> tuple[str, JsonObject]:
    """
    The issuer that a token names, to choose the provider by, and its claims. Nothing of it is true yet.

    Raises:
        TokenMalformed: the payload is no JSON object, or names no issuer.
    """
    try:
        claims = parse_object(unverified.payload)
    except ValueError as error:
        raise TokenMalformed("payload") from error
    issuer = claims.get("iss")
    if not isinstance(issuer, str) or not 0 < len(issuer) <= _MAX_TEXT:
        raise ClaimsRefused("iss")
    return issuer, claims


def verify_credential(
    unverified: UnverifiedJws, keys: KeySet, provider: Provider, *, now: datetime
) -> Identity:
    """
    Accept a provider's token, or say why not.

    Args:
        unverified: as parsed.
        keys: of this provider and no other; the key fixes the algorithm.
        provider: chosen by the token's exact issuer.
        now: aware UTC instant.

    Raises:
        KeyUnknown: it names a key that is not in the set.
        SignatureRefused: no key fits, or the signature is wrong.
        ClaimsRefused: issuer, audience, authorised party, type or kind is not what configuration demands.
        TokenExpired: over, or issued longer ago than `maximum_age`.
        TokenNotActive: issued, valid or signed in only in the future.
        TokenMalformed: the payload is no JSON object.
    """
    verified = verify_parsed(unverified, keys, algorithms=provider.algorithms)
    issuer, claims = read_issuer(unverified)
    if issuer not in provider.issuers:
        raise ClaimsRefused("iss")
    kind = _require_type(verified.header, provider)
    _require_kind(claims, provider)
    _require_no_id_token(claims, kind, provider)
    _require_audience(claims, provider)
    _require_party(claims, provider)
    for name, wanted in provider.required_claims:
        if claims.get(name) != wanted:
            raise ClaimsRefused(name)
    issued_at, authenticated_at, expires_at = _times(claims, provider, now)
    return Identity(
        provider=provider.name,
        issuer=issuer,
        subject=_required_text(claims, provider.user_claim),
        tenant_id=provider.tenant_id,
        provider_session_id=_session_id(claims, provider),
        token_id=_text(claims, "jti"),
        issued_at=issued_at,
        authenticated_at=authenticated_at,
        expires_at=expires_at,
        claims=claims,
    )


def _require_type(header: JsonObject, provider: Provider) -> str:
    value = header.get("typ", "jwt")
    kind = value.lower().removeprefix("application/") if isinstance(value, str) else ""
    if kind not in provider.token_types:
        raise ClaimsRefused("typ")
    return kind


def _require_kind(claims: JsonObject, provider: Provider) -> None:
    """Refuse what bears the marks of another kind of token (threat T2)."""
    wanted = "access" if provider.credential is CredentialKind.ACCESS_TOKEN else "id"
    for name in _OTHER_PURPOSE & claims.keys():
        raise ClaimsRefused(name)
    if claims.get("token_use", wanted) != wanted or claims.get("gty") in _MACHINE_GRANTS:
        raise ClaimsRefused("token_use")
    # Keycloak writes the kind into the payload: Bearer, ID, Refresh, Offline …
    if claims.get("typ") not in {None, "Bearer" if wanted == "access" else "ID"}:
        raise ClaimsRefused("typ")
    if claims.get("token_type") not in {None, wanted, "Bearer", "bearer"}:
        raise ClaimsRefused("token_type")
    client = claims.get("client_id", claims.get("azp"))
    if client is not None and client == claims.get("sub"):
        raise ClaimsRefused("sub")  # a client that speaks for itself (RFC 9068 §5)


def _require_no_id_token(claims: JsonObject, kind: str, provider: Provider) -> None:
    """An ID token is no access token, unless the issuer itself says by another mark which one it is."""
    marked = kind == "at+jwt" or claims.get("typ") == "Bearer" or claims.get("token_use") == "access"
    if provider.credential is CredentialKind.ACCESS_TOKEN and not marked and _ID_TOKEN_MARKS & claims.keys():
        raise ClaimsRefused("nonce")


def _require_audience(claims: JsonObject, provider: Provider) -> None:
    if isinstance(provider.audiences, Anyone):
        return
    named = _text_list(claims.get("aud"))
    if named is None or not provider.audiences & set(named):
        raise ClaimsRefused("aud")


def _require_party(claims: JsonObject, provider: Provider) -> None:
    if isinstance(provider.authorized_parties, Anyone):
        return
    party = claims.get("azp", claims.get("client_id"))
    audience = _text_list(claims.get("aud"))
    if party is None and provider.credential is CredentialKind.ID_TOKEN and audience and len(audience) == 1:
        party = audience[0]  # OIDC Core §2: without azp the only audience is the client
    if not isinstance(party, str) or party not in provider.authorized_parties:
        raise ClaimsRefused("azp")


def _times(claims: JsonObject, provider: Provider, now: datetime) -> tuple[datetime, datetime, datetime]:
    issued_at, expires_at = _instant(claims, "iat"), _instant(claims, "exp")
    if issued_at is None or expires_at is None:
        raise ClaimsRefused("exp" if expires_at is None else "iat")
    authenticated_at = _instant(claims, "auth_time") or issued_at
    not_before = _instant(claims, "nbf") or issued_at
    if now >= expires_at + provider.leeway:
        raise TokenExpired("exp")
    if now >= issued_at + provider.maximum_age + provider.leeway:
        raise TokenExpired("iat")
    latest = now + provider.leeway
    for name, instant in (("nbf", not_before), ("iat", issued_at), ("auth_time", authenticated_at)):
        if instant > latest:
            raise TokenNotActive(name)
    if provider.issued_before is not None and issued_at >= provider.issued_before:
        raise ClaimsRefused("iat")
    return issued_at, authenticated_at, expires_at


def _instant(claims: JsonObject, name: str) -> datetime | None:
    """A NumericDate (RFC 7519 §2), to whole milliseconds; None if it is not there."""
    value = claims.get(name)
    if value is None:
        if name in claims:
            raise ClaimsRefused(name)
        return None
    if isinstance(value, bool) or not isinstance(value, int | float) or not 0 <= value <= _YEAR_9999:
        raise ClaimsRefused(name)
    return datetime.fromtimestamp(int(value * 1000) / 1000, UTC)


def _session_id(claims: JsonObject, provider: Provider) -> str | None:
    return next(
        (found for name in provider.session_claims if (found := _text(claims, name)) is not None), None
    )


def _required_text(claims: JsonObject, name: str) -> str:
    text = _text(claims, name)
    if text is None:
        raise ClaimsRefused(name)
    return text


def _text(claims: JsonObject, name: str) -> str | None:
    value = claims.get(name)
    if value is None:
        return None
    if not isinstance(value, str) or not 0 < len(value) <= _MAX_TEXT or not value.isprintable():
        raise ClaimsRefused(name)
    return value


def _text_list(value: JsonValue) -> list[str] | None:
    """One text or a list of texts, as `aud` may be (RFC 7519 §4.1.3); None if it is neither."""
    items = value if isinstance(value, list) else [value]
    texts = [item for item in items if isinstance(item, str) and item]
    return texts if len(texts) == len(items) and len(texts) <= _MAX_AUDIENCES else None
