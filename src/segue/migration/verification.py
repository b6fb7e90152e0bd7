"""
What a previous provider's token must say to speak for a user (RFC 7519 §4.1, RFC 8725 §3, RFC 9068 §4).

A valid signature says little: with most providers one key signs access, ID, refresh, machine and e-mail tokens for
many applications. House rules: pure functions of token, keys, configuration and time; every check fails closed; no
text here repeats a claim's value.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from segue.errors import ClaimsRefused, SignatureRefused, TokenMalformed
from segue.json import JsonObject, JsonValue
from segue.migration.binding import Anyone
from segue.migration.claim_rules import NO_RULES, IssuerClaim, find, has_form, spelled
from segue.migration.model import Identity
from segue.migration.provider import CredentialKind, Provider
from segue.migration.said import MAX_TEXT
from segue.migration.tenant import tenant_of
from segue.migration.token_times import authenticated_at, sign_in_ends, times_of
from segue.migration.token_user import find_text, session_id_of, subject_of
from segue.tokens.access_v2 import is_v2, parse_v2
from segue.tokens.algorithms import ALGORITHMS
from segue.tokens.jws import UnverifiedJws, parse_jws, verify_parsed
from segue.tokens.keys import KeySet

_MAX_AUDIENCES = 64
_OTHER_PURPOSE = frozenset(
    {"events", "act", "may_act", "impersonator", "impersonator_user_id", "purpose", "cnf"}
)
"""
Claims of logout tokens, impersonation, delegation and one-purpose tokens: never a user's own session. `cnf` binds a
token to a key (RFC 9449 §6): taking it without that proof would launder a stolen token that is useless elsewhere.
"""
_KIND_MARKS: Mapping[CredentialKind, Mapping[str, frozenset[str]]] = {
    CredentialKind.ACCESS_TOKEN: {
        "token_use": frozenset({"access"}),
        "typ": frozenset(
            {"Bearer"}
        ),  # Keycloak writes the kind into the payload: Bearer, ID, Refresh, Offline …
        "token_type": frozenset({"access", "Bearer", "bearer"}),
    },
    CredentialKind.ID_TOKEN: {
        "token_use": frozenset({"id"}),
        "typ": frozenset({"ID"}),
        "token_type": frozenset({"id"}),
    },
}
"""What an issuer that marks its kinds must say, if it says anything."""
_ID_TOKEN_MARKS = frozenset({"nonce", "at_hash", "c_hash", "s_hash"})
_MACHINE_GRANTS = frozenset({"client-credentials", "client_credentials"})
_CLIENT_CLAIMS = ("azp", "client_id")


def parse_token(text: str) -> UnverifiedJws:
    """
    Take a token apart: a compact JWS, or what a SuperTokens core before 2.21 made, which is spelled otherwise.

    Raises:
        TokenMalformed: neither.
    """
    return parse_v2(text) if is_v2(text) else parse_jws(text)


def read_issuer(unverified: UnverifiedJws) -> tuple[str | None, JsonObject]:
    """
    The issuer that a token names, to choose the provider by, and its claims. Nothing of it is true yet.

    Returns:
        None as the issuer of a token without `iss`: at most one configured provider makes such.

    Raises:
        TokenMalformed: the payload is no JSON object.
        ClaimsRefused: what it names is no issuer.
    """
    try:
        claims = unverified.claims
    except ValueError as error:
        raise TokenMalformed("payload") from error
    if "iss" not in claims:
        return None, claims
    issuer = claims["iss"]
    if not isinstance(issuer, str) or not 0 < len(issuer) <= MAX_TEXT:
        raise ClaimsRefused("iss")
    return issuer, claims


def require_algorithm(unverified: UnverifiedJws, provider: Provider) -> None:
    """
    Refuse a token that no key of the provider could ever verify, before anybody is asked for keys (threat T18).

    Raises:
        SignatureRefused: its algorithm is not accepted from this provider.
    """
    if ALGORITHMS.get(unverified.algorithm_name) not in provider.algorithms:
        raise SignatureRefused("algorithm not accepted")


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
    claims, issuer = _require_issuer(unverified, provider)
    kind = _require_type(verified.header, provider)
    _require_kind(claims, provider)
    _require_rules(claims, verified.header, provider)
    _require_user(claims, provider)
    _require_no_id_token(claims, kind, provider)
    _require_audience(claims, provider)
    _require_party(claims, provider)
    for name, wanted in provider.required_claims:
        if claims.get(name) != wanted:
            raise ClaimsRefused(name)
    issued_at, signed_in_at, expires_at = times_of(claims, provider, now=now)
    by_time = provider.rules.times.name_the_sign_in and authenticated_at(claims, provider) is not None
    return Identity(
        provider=provider.name,
        issuer=issuer,
        subject=subject_of(claims, provider),
        tenant_id=tenant_of(claims, provider),
        provider_session_id=session_id_of(claims, provider),
        token_id=find_text(claims, "jti"),
        issued_at=issued_at,
        authenticated_at=signed_in_at,
        expires_at=expires_at,
        one_sign_in_at_a_time=by_time,
        session_ends_at=sign_in_ends(claims, provider, now=now),
        claims=claims,
    )


def _require_issuer(unverified: UnverifiedJws, provider: Provider) -> tuple[JsonObject, str]:
    """A token names one of the provider's issuers; or none, where its tokens name none (RFC 8725 §3.8)."""
    issuer, claims = read_issuer(unverified)
    if provider.rules.issuer_claim is IssuerClaim.ABSENT:
        if issuer is not None:
            raise ClaimsRefused("iss")
        return claims, provider.issuers[0]
    if issuer is None or issuer not in provider.issuers:
        raise ClaimsRefused("iss")
    return claims, issuer


def _require_rules(claims: JsonObject, header: JsonObject, provider: Provider) -> None:
    """What this provider's tokens in particular must and must not say."""
    rules = provider.rules
    if rules is NO_RULES:
        return
    for wanted in rules.required:
        if not has_form(find(claims, wanted.path), wanted.form):
            raise ClaimsRefused(spelled(wanted.path))
    for choice in rules.one_of:
        value = find(claims, choice.path)
        if not (isinstance(value, str) and value in choice.values):
            raise ClaimsRefused(spelled(choice.path))
    for mark in rules.refused:
        if mark.fits(claims):
            raise ClaimsRefused(spelled(mark.path), mark.because.value)
    for mark in rules.refused_headers:
        if mark.fits(header):
            raise ClaimsRefused(spelled(mark.path), mark.because.value)
    for tie in rules.issuer_ties:
        if tie.issuer == claims.get("iss") and find(claims, tie.path) != tie.value:
            raise ClaimsRefused(spelled(tie.path))


def _require_type(header: JsonObject, provider: Provider) -> str:
    value = header.get("typ", provider.rules.missing_type)
    kind = value.lower().removeprefix("application/") if isinstance(value, str) else ""
    if kind not in provider.token_types:
        raise ClaimsRefused("typ")
    return kind


def _require_kind(claims: JsonObject, provider: Provider) -> None:
    """Refuse what bears the marks of another kind of token (threat T2)."""
    if not _OTHER_PURPOSE.isdisjoint(claims):
        raise ClaimsRefused(min(_OTHER_PURPOSE & claims.keys()))
    for name, allowed in _KIND_MARKS[provider.credential].items():
        if name in claims and not _one_of(claims[name], allowed):
            raise ClaimsRefused(name)


def _require_user(claims: JsonObject, provider: Provider) -> None:
    """Refuse a machine that speaks for itself (RFC 9068 §5)."""
    granted = claims.get("gty")
    if granted is not None:
        grants = granted if isinstance(granted, list) else [granted]
        if any(_one_of(grant, _MACHINE_GRANTS) for grant in grants):
            raise ClaimsRefused("gty")
    clients = [claims[name] for name in (*_CLIENT_CLAIMS, *provider.rules.client_claims) if name in claims]
    if any(claims.get(subject) in clients for subject in ("sub", provider.user_claim)):
        raise ClaimsRefused("sub")


def _require_no_id_token(claims: JsonObject, kind: str, provider: Provider) -> None:
    """An ID token is no access token and the reverse, unless the issuer itself says by another mark which one it is."""
    if provider.credential is CredentialKind.ID_TOKEN:
        if kind == "at+jwt":
            raise ClaimsRefused("typ")
        return
    marked = kind == "at+jwt" or claims.get("typ") == "Bearer" or claims.get("token_use") == "access"
    if not marked and _ID_TOKEN_MARKS & claims.keys():
        raise ClaimsRefused("nonce")


def _require_audience(claims: JsonObject, provider: Provider) -> None:
    """At least one audience is ours; of an ID token every one is, or is declared so (OIDC Core §3.1.3.7, 3)."""
    if isinstance(provider.audiences, Anyone):
        return
    named = _text_list(claims.get("aud"))
    if not named or not provider.audiences & set(named):
        raise ClaimsRefused("aud", _expected(provider.audiences))
    if provider.credential is CredentialKind.ID_TOKEN and not provider.audiences >= set(named):
        raise ClaimsRefused("aud", _expected(provider.audiences))


def _require_party(claims: JsonObject, provider: Provider) -> None:
    """The client to which the token was given is ours; where it is named twice, both times (threat T1)."""
    if isinstance(provider.authorized_parties, Anyone):
        return
    named = [claims[name] for name in provider.rules.client_claims if name in claims]
    if not named and provider.credential is CredentialKind.ID_TOKEN:
        audience = _text_list(claims.get("aud")) or []
        named = [*audience] if len(audience) == 1 else []  # OIDC Core §2: the only audience is the client
    if not named or not all(_one_of(party, provider.authorized_parties) for party in named):
        raise ClaimsRefused("azp", _expected(provider.authorized_parties))


def _one_of(value: JsonValue, texts: frozenset[str]) -> bool:
    return isinstance(value, str) and value in texts


def _expected(values: frozenset[str] | Anyone) -> str:
    """What configuration demands, for the log; what the token said is not repeated."""
    return "expected " + (values.value if isinstance(values, Anyone) else " or ".join(sorted(values)))


def _text_list(value: JsonValue) -> list[str] | None:
    """One text or a list of texts, as `aud` may be (RFC 7519 §4.1.3); None if it is neither."""
    items = value if isinstance(value, list) else [value]
    texts = [item for item in items if isinstance(item, str) and item]
    return texts if len(texts) == len(items) and len(texts) <= _MAX_AUDIENCES else None
