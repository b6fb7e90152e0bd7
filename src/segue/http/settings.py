"""
What a deployment decides about sessions on HTTP, checked when built.

Defaults follow from the two addresses: cookies are as strict as the distance between website and API lets them be, and
where they cannot be strict a proof against cross-site requests is demanded. House rule: a combination that cannot be
safe or cannot work is a `ConfigurationError` before the first request, and its text says how to mend it.
"""

from __future__ import annotations

from functools import cached_property

import msgspec
from msgspec.structs import force_setattr

from segue.errors import ConfigurationError
from segue.http.anti_csrf import AntiCsrfMode
from segue.http.exchange_settings import TokenExchange
from segue.http.site import Origin, is_local, parse_cookie_domain, parse_origin, parse_path
from segue.http.transport import TransferMethod

_SAME_SITE = {"strict": "Strict", "lax": "Lax", "none": "None"}


class HttpSettings(msgspec.Struct, frozen=True, kw_only=True, dict=True):
    """
    Sessions on HTTP.

    Raises:
        ConfigurationError: a value that cannot work; the text says which and why.
    """

    api_domain: str
    """Where browsers reach the API: `https://api.example.com`."""
    website_domain: str
    """Where the pages come from."""
    api_base_path: str = "/auth"
    """In front of all our routes; clients are configured with the same."""
    api_gateway_path: str = ""
    """What a gateway puts in front of that."""
    cookie_domain: str | None = None
    """None: cookies belong to the API's host alone."""
    older_cookie_domain: str | None = None
    """What `cookie_domain` once was; `""`: there was none. None: it never changed."""
    cookie_secure: bool | None = None
    """None: exactly if the API is https."""
    cookie_same_site: str | None = None
    """`strict`, `lax` or `none`. None: lax, unless website and API are of different sites or schemes."""
    anti_csrf: AntiCsrfMode | None = None
    """None: the custom header where cookies cross sites, else nothing."""
    session_expired_status: int = 401
    """Makes clients refresh."""
    invalid_claim_status: int = 403
    expose_access_token: bool = False
    """In cookie mode, show the access token to scripts too."""
    token_transfer: TransferMethod = TransferMethod.ANY
    record_ip: bool = False
    """Keep the client's address with its session, for the list of a user's devices."""
    use_static_keys: bool = False
    """Sign access tokens with a key that does not rotate."""
    token_exchange: TokenExchange | None = None
    """Who may exchange a previous provider's token without a page (RFC 8693); None: there is no such endpoint."""

    def __post_init__(self) -> None:
        for name, value in (
            ("api_domain", str(self.api)),
            ("website_domain", str(self.website)),
            ("api_base_path", parse_path(self.api_base_path)),
            ("api_gateway_path", parse_path(self.api_gateway_path)),
            ("cookie_domain", self.cookie_domain and parse_cookie_domain(self.cookie_domain)),
            (
                "older_cookie_domain",
                self.older_cookie_domain and parse_cookie_domain(self.older_cookie_domain),
            ),
        ):
            force_setattr(self, name, value)
        self._require_cookie_domain()
        self._require_statuses()
        _same_site(self.cookie_same_site, self.api, self.website)  # refuses what cannot be
        if self.token_transfer is TransferMethod.COOKIE:
            self.require_cookies()
            if self.token_exchange is not None:
                raise ConfigurationError(
                    "token_exchange hands out tokens that ride in headers, and token_transfer allows cookies alone: "
                    "set token_transfer to any, or leave token_exchange out"
                )

    @cached_property
    def api(self) -> Origin:
        """`api_domain`, read."""
        return parse_origin(self.api_domain, setting="api_domain")

    @cached_property
    def website(self) -> Origin:
        """`website_domain`, read."""
        return parse_origin(self.website_domain, setting="website_domain")

    @cached_property
    def issuer(self) -> str:
        """The `iss` of our access tokens."""
        return self.api_domain + self.api_base_path

    @cached_property
    def routes_path(self) -> str:
        """Gateway and base path: what stands in front of our routes on this server."""
        return self.api_gateway_path + self.api_base_path

    @cached_property
    def refresh_path(self) -> str:
        """The only path to which browsers send the refresh token."""
        return f"{self.routes_path}/session/refresh"

    @cached_property
    def secure(self) -> bool:
        """`cookie_secure`, decided."""
        return self.api.scheme == "https" if self.cookie_secure is None else self.cookie_secure

    @cached_property
    def same_site(self) -> str:
        """`cookie_same_site`, decided, as it stands in a cookie."""
        return _same_site(self.cookie_same_site, self.api, self.website)

    @cached_property
    def anti_csrf_mode(self) -> AntiCsrfMode:
        """`anti_csrf`, decided."""
        crossing = self.same_site == "None"
        return self.anti_csrf or (AntiCsrfMode.VIA_CUSTOM_HEADER if crossing else AntiCsrfMode.NONE)

    def _require_cookie_domain(self) -> None:
        domain = (self.cookie_domain or "").removeprefix(".")
        if self.cookie_domain == "":
            raise ConfigurationError(
                "cookie_domain is empty; leave it out for cookies of the API's host alone"
            )
        if domain and self.api.host != domain and not self.api.host.endswith(f".{domain}"):
            raise ConfigurationError(
                f"cookie_domain {self.cookie_domain} does not cover the API's host {self.api.host}: "
                "browsers would drop the cookies"
            )

    def _require_statuses(self) -> None:
        expired, invalid = self.session_expired_status, self.invalid_claim_status
        if expired == invalid:
            raise ConfigurationError(
                "session_expired_status and invalid_claim_status must differ, or clients cannot tell them apart"
            )
        for name, status in (("session_expired_status", expired), ("invalid_claim_status", invalid)):
            if not 400 <= status <= 499:
                raise ConfigurationError(f"{name} must lie between 400 and 499")

    def require_cookies(self) -> None:
        """
        Make sure that browsers would keep our cookies.

        Raises:
            ConfigurationError: they would drop them: `SameSite=None` demands `Secure`.
        """
        local = is_local(self.api.host) and is_local(self.website.host)
        if self.same_site == "None" and not self.secure and not local:
            raise ConfigurationError(
                f"browsers drop cookies that cross from {self.api_domain} to {self.website_domain} without Secure: "
                "serve the API over https, or let clients use headers (st-auth-mode: header)"
            )


def _same_site(given: str | None, api: Origin, website: Origin) -> str:
    if given is not None:
        known = _SAME_SITE.get(given.strip().lower())
        if known is None:
            raise ConfigurationError("cookie_same_site must be strict, lax or none")
        return known
    one_site = (
        api.site == website.site
    )  # looked at in any case: a public suffix is refused whatever the schemes
    return "Lax" if one_site and api.scheme == website.scheme else "None"
