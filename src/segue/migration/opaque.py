"""
What an introspection answer proves of an opaque token (RFC 7662 §2.2).

The answer is all there is: no signature stands beside it. House rules: pure; yes, no and no answer are three things;
what the answer does not say of client or audience is not assumed; a time that is missing is taken for the worst that
the policy allows, so that renewing a token never makes its sign-in younger than that (threat T10).
"""

from __future__ import annotations

from datetime import datetime

from segue.errors import ClaimsRefused, TokenExpired, TokenMalformed, TokenNotActive
from segue.ids import Digest
from segue.json import JsonObject, JsonValue
from segue.migration.binding import Anyone
from segue.migration.credential import BearerToken, digested_text
from segue.migration.introspection import read_active
from segue.migration.model import Identity, digest_of
from segue.migration.opaque_provider import OpaqueProvider
from segue.migration.said import instant_of, is_text
from segue.migration.tenant import tenant_of
from segue.migration.web import WebRequest, WebResponse

_LENGTHS = range(16, 8193)
_MAX_AUDIENCES = 64
_KIND_MARKS = {
    "token_type": frozenset({"bearer", "access_token", "access"}),
    "token_use": frozenset({"access_token", "access"}),
}
"""What a provider must say that says of which kind a token is; Hydra tells refresh tokens by `token_use` alone."""
_OTHER_PURPOSE = frozenset({"act", "may_act", "impersonator", "impersonator_user_id", "events", "cnf"})
"""As in JWTs: somebody else acts, or the token is bound to a key that nobody showed (RFC 9449 §6, RFC 8705 §3.2)."""


def require_form(bearer: BearerToken) -> None:
    """
    Refuse what can be no token before anybody is asked about it (RFC 6749 appendix A.12; threat T18).

    Raises:
        TokenMalformed: too short to be a secret, too long, or not visible ASCII.
    """
    text = bearer.text
    if len(text) not in _LENGTHS or not text.isascii() or not text.isprintable() or " " in text:
        raise TokenMalformed("not 16 to 8192 visible characters")


def read_answer(
    request: WebRequest, response: WebResponse, provider: OpaqueProvider, *, now: datetime
) -> Identity:
    """
    The identity that an answer proves.

    Args:
        request: what was asked.
        response: what came.
        provider: who was asked.
        now: aware UTC instant.

    Raises:
        SignInRevoked: the token is not active, or never was one; the provider does not say which.
        ClaimsRefused: active, but of another issuer, client, audience or kind, or without a user.
        TokenExpired: active, and over by its own account, or older than `maximum_age`.
        TokenNotActive: active, and issued only in the future.
        StateUnavailable: any answer that says neither: a retry may help, and nobody is let in meanwhile.
    """
    said = read_active(request, response)
    _require_binding(said, provider)
    return _identity(said, provider, now)


def claim_of_token(identity: Identity, bearer: BearerToken) -> Digest:
    """The sign-in that a token is of: by session id, else by token id, else by the token."""
    who = (identity.issuer, identity.subject)
    if identity.provider_session_id is not None:
        return digest_of("claim sid", *who, identity.provider_session_id)
    if identity.token_id is not None:
        return digest_of("claim jti", *who, identity.token_id)
    return digest_of("claim opaque", *who, digested_text(bearer))


def _require_binding(said: JsonObject, provider: OpaqueProvider) -> None:
    """Active for somebody is not active for us (threats T1, T2)."""
    for name in sorted(_OTHER_PURPOSE & said.keys()):
        raise ClaimsRefused(name)
    if "iss" in said and said["iss"] != provider.issuer:
        raise ClaimsRefused("iss", "introspection names an issuer; configure exactly that one as issuer")
    for name, kinds in _KIND_MARKS.items():
        kind = said.get(name)
        if kind is not None and not (isinstance(kind, str) and kind.lower() in kinds):
            raise ClaimsRefused(name)
    if not isinstance(provider.authorized_parties, Anyone):
        parties = [said[name] for name in ("client_id", "azp") if said.get(name) is not None]
        if not parties or not all(_one_of(party, provider.authorized_parties) for party in parties):
            raise ClaimsRefused("client_id", "introspection: active, but for another client, or for none")
    if not isinstance(provider.audiences, Anyone):
        audience = said.get("aud")
        named = audience if isinstance(audience, list) else [audience]
        if len(named) > _MAX_AUDIENCES or not any(_one_of(each, provider.audiences) for each in named):
            raise ClaimsRefused("aud")
    for name, wanted in provider.required_claims:
        if said.get(name) != wanted:
            raise ClaimsRefused(name)


def _identity(said: JsonObject, provider: OpaqueProvider, now: datetime) -> Identity:
    subject = _text(said, provider.user_claim)
    if subject is None:
        raise ClaimsRefused(provider.user_claim)
    # A client that speaks for itself has itself as subject, where it has one (RFC 9068 §5, RFC 7662 §2.2).
    if subject in (_written_out(said.get("client_id")), _written_out(said.get("azp"))):
        raise ClaimsRefused(provider.user_claim, "the token speaks for a client, not for a user")
    issued_at, authenticated_at, expires_at = _times(said, provider, now)
    return Identity(
        provider=provider.name,
        issuer=provider.issuers[0],
        subject=subject,
        tenant_id=tenant_of(said, provider),
        provider_session_id=next(
            (found for name in provider.session_claims if (found := _text(said, name)) is not None), None
        ),
        token_id=_text(said, "jti"),
        issued_at=issued_at,
        authenticated_at=authenticated_at,
        expires_at=expires_at,
        claims=said,
    )


def _times(
    said: JsonObject, provider: OpaqueProvider, now: datetime
) -> tuple[datetime, datetime, datetime | None]:
    earliest, latest = now - provider.leeway, now + provider.leeway
    issued_at, expires_at = _instant(said, "iat"), _instant(said, "exp")
    not_before, signed_in_at = _instant(said, "nbf"), _instant(said, "auth_time")
    for name, instant in (("iat", issued_at), ("nbf", not_before), ("auth_time", signed_in_at)):
        if instant is not None and instant > latest:
            raise TokenNotActive(name)
    if expires_at is not None and earliest >= expires_at:
        raise TokenExpired("exp", "by introspection")
    if issued_at is not None and earliest - provider.maximum_age >= issued_at:
        raise TokenExpired("iat")
    if provider.issued_before is not None and (issued_at is None or issued_at >= provider.issued_before):
        raise ClaimsRefused("iat", "issued after issued_before, or introspection does not say when")
    # As old as the policy lets it be: who has its sign-in dated by us gets no more time than who says it himself.
    dated = issued_at or now - provider.maximum_age
    return dated, min(signed_in_at or dated, dated), expires_at


def _instant(said: JsonObject, name: str) -> datetime | None:
    """Whole seconds or a fraction since 1970 (RFC 7662 §2.2), to milliseconds; None if it is not there."""
    value = said.get(name)
    if value is None:
        return None
    instant = instant_of(value)
    if instant is None:
        raise ClaimsRefused(name)
    return instant


def _text(said: JsonObject, name: str) -> str | None:
    value = said.get(name)
    if value is None:
        return None
    value = _written_out(value)
    if not is_text(value):
        raise ClaimsRefused(name)
    return value


def _written_out(value: JsonValue) -> JsonValue:
    """Ids that are numbers in the provider's database, as text; all else as it is."""
    return str(value) if isinstance(value, int) and not isinstance(value, bool) else value


def _one_of(value: JsonValue, texts: frozenset[str]) -> bool:
    return isinstance(value, str) and value in texts
