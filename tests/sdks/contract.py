"""
What the application of every SDK answers, and a client for it.

    POST /signin {user, payload?, data?, tenant?}   a new session on the response; what it is
    GET, POST /me                                    verified without the core where the SDK can; what it is
    GET /checked                                     verified with the core
    GET /admin                                       demands the claim `role` to be `admin`
    POST /merge {changes}                            merged into the access token's payload
    POST /revoke                                     the request's session
    POST /call/NAME {arguments}                      a function of the SDK by handle or user; {result}
    POST /auth/session/refresh, POST /auth/signout, GET /auth/jwt/jwks.json: the SDK's own
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Literal, Self

import httpx2

if TYPE_CHECKING:
    from types import TracebackType

Transport = Literal["cookie", "header"]
AntiCsrf = Literal["NONE", "VIA_CUSTOM_HEADER", "VIA_TOKEN"]


@dataclass(slots=True, kw_only=True)
class Tokens:
    """What a client in header mode keeps."""

    access: str = ""
    refresh: str = ""
    anti_csrf: str = ""


@dataclass(slots=True, kw_only=True)
class Device:
    """One browser or phone, talking to one application."""

    url: str
    transport: Transport = "header"
    tokens: Tokens = field(default_factory=Tokens)
    http: httpx2.Client = field(default_factory=lambda: httpx2.Client(timeout=30))
    _copies: list[Device] = field(default_factory=list["Device"])

    def __enter__(self) -> Self:
        """Usable as a context."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close its connections and those of its copies."""
        for one in (*self._copies, self):
            one.http.close()

    def sign_in(self, user: str = "ada", **given: Any) -> dict[str, Any]:
        """A new session; what it is."""
        response = self.ask("POST", "/signin", {"user": user, **given})
        assert response.status_code == 200, response.text
        shown: dict[str, Any] = response.json()
        return shown

    def me(self, path: str = "/me") -> dict[str, Any]:
        """The session, which must stand."""
        response = self.ask("GET", path)
        assert response.status_code == 200, response.text
        shown: dict[str, Any] = response.json()
        return shown

    def status(self, method: str, path: str, body: object = None) -> int:
        """Only the status of an answer."""
        return self.ask(method, path, body).status_code

    def refresh(self, *, with_token: str | None = None) -> httpx2.Response:
        """Exchange the refresh token, or another one."""
        bearer = with_token or self.tokens.refresh
        return self.ask("POST", "/auth/session/refresh", bearer=bearer)

    def call(self, name: str, **arguments: Any) -> Any:
        """A function of the SDK."""
        response = self.http.post(f"{self.url}/call/{name}", json=arguments)
        assert response.status_code == 200, response.text
        return response.json()["result"]

    def ask(
        self, method: str, path: str, body: object = None, *, bearer: str | None = None
    ) -> httpx2.Response:
        """One request with whatever proves the session, and what the answer changes of it."""
        headers = {"rid": "session", "st-auth-mode": self.transport}
        proof = self.tokens.access if bearer is None else bearer
        if self.transport == "header" and proof:
            headers["authorization"] = f"Bearer {proof}"
        if self.tokens.anti_csrf:
            headers["anti-csrf"] = self.tokens.anti_csrf
        response = self.http.request(method, self.url + path, json=body, headers=headers)
        self._keep(response)
        return response

    def _keep(self, response: httpx2.Response) -> None:
        for name, place in (
            ("st-access-token", "access"),
            ("st-refresh-token", "refresh"),
            ("anti-csrf", "anti_csrf"),
        ):
            if name in response.headers:
                setattr(self.tokens, place, response.headers[name])
        for cookie in self.http.cookies.jar:
            if cookie.name == "sRefreshToken" and self.transport == "cookie":
                self.tokens.refresh = cookie.value or ""

    def copy(self) -> Device:
        """Another tab, or a thief: the same tokens at this moment."""
        other = Device(url=self.url, transport=self.transport)
        other.tokens = Tokens(
            access=self.tokens.access, refresh=self.tokens.refresh, anti_csrf=self.tokens.anti_csrf
        )
        for cookie in self.http.cookies.jar:
            other.http.cookies.jar.set_cookie(cookie)
        self._copies.append(other)
        return other
