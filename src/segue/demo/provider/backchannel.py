"""
The doors that programs use: discovery, keys, token, revocation, introspection.

RFC 8414 and OpenID Connect Discovery, RFC 6749 §4.1.3 and §6, RFC 7009, RFC 7662. House rule: a client learns nothing
about another application's tokens.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from starlette.responses import JSONResponse, Response

from segue.demo.provider.clients import Client, authenticate
from segue.demo.provider.ledger import Grant, GrantRefused, Issued
from segue.demo.provider.requests import read_form
from segue.demo.provider.tokens import ACCESS_LIFETIME, access_claims, id_claims

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from starlette.requests import Request

    from segue.demo.provider.settings import Provider
    from segue.json import JsonObject

NEVER_STORED = {"cache-control": "no-store"}


class BackChannel:
    """Handlers of the routes that answer in JSON."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def discovery(self, _: Request) -> Response:
        """What this provider is and where its doors are."""
        return JSONResponse(discovery_document(self._provider.issuer))

    async def jwks(self, _: Request) -> Response:
        """The public keys."""
        return JSONResponse(self._provider.signer.jwks(), headers={"cache-control": "max-age=300"})

    async def token(self, request: Request) -> Response:
        """Tokens for a code, or fresh ones for a refresh token."""
        form = await read_form(request)
        client = authenticate(self._provider.clients, request.headers.get("authorization"), form)
        if client is None:
            return _refused("invalid_client", 401)
        now = self._provider.clock.now()
        try:
            grant = self._grant(form, client, now)
        except GrantRefused:
            return _refused("invalid_grant", 400)
        except LookupError:
            return _refused("unsupported_grant_type", 400)
        return JSONResponse(self._tokens(grant, now), headers=NEVER_STORED)

    async def revoke(self, request: Request) -> Response:
        """End what hangs on a token; 200 also for a token that nobody knows (RFC 7009 §2.2)."""
        form = await read_form(request)
        client = authenticate(self._provider.clients, request.headers.get("authorization"), form)
        if client is None:
            return _refused("invalid_client", 401)
        grant = self._provider.ledger.grant_of(form.get("token", ""))
        if grant is not None and client.may_act_on(grant.client_id):
            self._provider.ledger.end_grants(grant.sign_in.sid)
        return Response(status_code=200, headers=NEVER_STORED)

    async def introspect(self, request: Request) -> Response:
        """What a token is worth now, for a confidential client."""
        form = await read_form(request)
        client = authenticate(self._provider.clients, request.headers.get("authorization"), form)
        if client is None or client.secret_digest is None:
            return _refused("invalid_client", 401)
        token = form.get("token", "")
        grant = self._provider.ledger.grant_of(token)
        claims = self._provider.ledger.active(token, self._provider.clock.now())
        if grant is None or claims is None or not client.may_act_on(grant.client_id):
            return JSONResponse({"active": False}, headers=NEVER_STORED)
        return JSONResponse({"active": True, **claims}, headers=NEVER_STORED)

    async def status(self, request: Request) -> Response:
        """For the demo's page: is this sign-in live, and can anybody still get tokens for it."""
        sid = request.query_params.get("sid", "")
        ledger = self._provider.ledger
        return JSONResponse({"signedIn": ledger.is_live(sid), "hasTokens": ledger.has_grants(sid)})

    def _grant(self, form: Mapping[str, str], client: Client, now: datetime) -> Grant:
        match form.get("grant_type"):
            case "authorization_code":
                return self._provider.ledger.redeem_code(
                    form.get("code", ""),
                    client_id=client.client_id,
                    redirect_uri=form.get("redirect_uri", ""),
                    verifier=form.get("code_verifier", ""),
                    now=now,
                )
            case "refresh_token":
                return self._provider.ledger.rotate(form.get("refresh_token", ""), client_id=client.client_id)
            case _:
                raise LookupError

    def _tokens(self, grant: Grant, now: datetime) -> JsonObject:
        issuer = self._provider.issuer
        access = access_claims(grant, issuer=issuer, jti=self._provider.new_secret(), now=now)
        return {
            "token_type": "Bearer",
            "access_token": self._issue("at+jwt", access, grant, now),
            "expires_in": int(ACCESS_LIFETIME.total_seconds()),
            "refresh_token": self._provider.ledger.new_refresh_token(grant),
            "id_token": self._issue("JWT", id_claims(grant, issuer=issuer, now=now), grant, now),
            "scope": grant.scope,
        }

    def _issue(self, kind: str, claims: JsonObject, grant: Grant, now: datetime) -> str:
        token = self._provider.signer.sign(kind, claims)
        issued = Issued(
            grant_id=grant.grant_id,
            sid=grant.sign_in.sid,
            claims=claims,
            expires_at=now + ACCESS_LIFETIME,
            names_user=kind == "JWT",
        )
        self._provider.ledger.remember_issued(token, issued)
        return token


def discovery_document(issuer: str) -> JsonObject:
    """OpenID Connect Discovery §3, with the end points of RFC 7009, RFC 7662 and RP-Initiated Logout."""
    return {
        "issuer": issuer,
        "authorization_endpoint": f"{issuer}/authorize",
        "token_endpoint": f"{issuer}/token",
        "jwks_uri": f"{issuer}/jwks",
        "revocation_endpoint": f"{issuer}/revoke",
        "introspection_endpoint": f"{issuer}/introspect",
        "end_session_endpoint": f"{issuer}/logout",
        "response_types_supported": ["code"],
        "grant_types_supported": ["authorization_code", "refresh_token"],
        "subject_types_supported": ["public"],
        "scopes_supported": ["openid", "profile", "offline_access"],
        "id_token_signing_alg_values_supported": ["RS256"],
        "code_challenge_methods_supported": ["S256"],
        "token_endpoint_auth_methods_supported": ["none", "client_secret_basic", "client_secret_post"],
        "authorization_response_iss_parameter_supported": True,
    }


def _refused(error: str, status: int) -> Response:
    headers = NEVER_STORED | ({"www-authenticate": "Basic"} if status == 401 else {})
    return JSONResponse({"error": error}, status_code=status, headers=headers)
