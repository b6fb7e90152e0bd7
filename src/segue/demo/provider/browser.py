"""
The doors that a browser walks through: authorize, sign in, log out (OpenID Connect Core §3.1.2, RP-Initiated Logout).

House rule: a form counts only when it was posted by one of the provider's own pages, except a logout that an ID token
vouches for.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

from starlette.datastructures import URL
from starlette.responses import HTMLResponse, JSONResponse, RedirectResponse, Response

from segue.demo.provider import pages
from segue.demo.provider.ledger import SIGN_IN_LIFETIME, Authorization, SignIn
from segue.demo.provider.people import person_named
from segue.demo.provider.requests import (
    AuthorizationRefused,
    RequestInvalid,
    comes_from,
    judge_authorization,
    parse_form,
    read_form,
    redirect_target,
)

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.requests import Request

    from segue.demo.provider.settings import Provider

SSO_COOKIE = "old_provider_sso"


class BrowserDoors:
    """Handlers of the routes that show pages or redirect."""

    def __init__(self, provider: Provider) -> None:
        self._provider = provider

    async def authorize(self, request: Request) -> Response:
        """Hand out a code to a browser that is signed in; otherwise ask it to sign in."""
        query = parse_form(request.url.query)
        client, redirect_uri = redirect_target(query, self._provider.clients)
        try:
            wanted = judge_authorization(query, client, redirect_uri)
        except AuthorizationRefused as refused:
            return self._refuse(redirect_uri, query, refused.error, refused.description)
        sign_in = self._signed_in(request)
        if sign_in is not None and query.get("prompt") != "login":
            return self._to_client(wanted, query, sign_in)
        if query.get("prompt") == "none":
            return self._refuse(redirect_uri, query, "login_required", "nobody is signed in")
        return HTMLResponse(pages.sign_in_page(request=request.url.query, client_id=client.client_id))

    async def sign_in(self, request: Request) -> Response:
        """Take a name, begin the SSO session and lead back to the authorization request."""
        if not comes_from(request, self._provider.issuer):
            raise RequestInvalid("this form was not posted by the provider's own page")
        form = await read_form(request)
        query = parse_form(form.get("request", ""))
        client, _ = redirect_target(query, self._provider.clients)
        person = person_named(form.get("name", ""))
        if person is None:
            page = pages.sign_in_page(
                request=urlencode(query), client_id=client.client_id, problem="Please give a name."
            )
            return HTMLResponse(page, status_code=422)
        cookie, _ = self._provider.ledger.sign_in(person, self._provider.clock.now())
        # Without prompt: the browser has just signed in, asking again would go round in circles.
        onward = urlencode({name: value for name, value in query.items() if name != "prompt"})
        response = RedirectResponse(f"/authorize?{onward}", status_code=303)
        response.set_cookie(
            SSO_COOKIE, cookie, max_age=int(SIGN_IN_LIFETIME.total_seconds()), httponly=True, samesite="lax"
        )
        return response

    async def logout(self, request: Request) -> Response:
        """End the SSO session and its grants; asks first unless an ID token of that session comes along."""
        form = await read_form(request) if request.method == "POST" else {}
        asked = parse_form(request.url.query) | form
        # The application may have revoked the tokens a moment ago; the hint still says whose browser this is.
        sid = self._provider.ledger.sid_hinted_by(asked.get("id_token_hint", ""))
        if sid is None and (sign_in := self._signed_in(request)) is not None:
            if not (form.get("confirmed") and comes_from(request, self._provider.issuer)):
                return HTMLResponse(pages.confirm_logout_page(request.url.query))
            sid = sign_in.sid
        if sid is not None:
            self._provider.ledger.end_sign_in(sid)
        response = self._after_logout(request, asked, ended=sid is not None)
        response.delete_cookie(SSO_COOKIE, httponly=True, samesite="lax")
        return response

    def _after_logout(self, request: Request, asked: Mapping[str, str], *, ended: bool) -> Response:
        if request.headers.get("sec-fetch-mode") == "cors":
            return JSONResponse({"ended": ended}, status_code=200 if ended else 400)
        target = asked.get("post_logout_redirect_uri", "")
        client = self._provider.clients.get(asked.get("client_id", ""))
        if client is not None and target in client.after_logout_uris:
            return self._redirect(target, {}, asked)
        return HTMLResponse(pages.message_page("Signed out", "You are signed out of the old provider."))

    def _signed_in(self, request: Request) -> SignIn | None:
        return self._provider.ledger.signed_in_by(request.cookies.get(SSO_COOKIE), self._provider.clock.now())

    def _to_client(self, wanted: Authorization, query: Mapping[str, str], sign_in: SignIn) -> Response:
        code = self._provider.ledger.hand_out_code(wanted, sign_in, self._provider.clock.now())
        return self._redirect(wanted.redirect_uri, {"code": code}, query)

    def _refuse(self, target: str, query: Mapping[str, str], error: str, description: str) -> Response:
        return self._redirect(target, {"error": error, "error_description": description}, query)

    def _redirect(self, target: str, answer: Mapping[str, str], query: Mapping[str, str]) -> Response:
        # iss tells the client which provider answered (RFC 9207).
        extra = dict(answer) | ({"iss": self._provider.issuer} if answer else {})
        if "state" in query:
            extra["state"] = query["state"]
        return RedirectResponse(str(URL(target).include_query_params(**extra)), status_code=303)
