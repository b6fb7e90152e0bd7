"""
Whether another site made the browser send this request (Fetch §3.2, Fetch Metadata).

Cookies may have stayed at home then, so that "no session" says nothing about the visitor, and what an answer clears
would be a stranger's doing. House rule: only what a browser itself says counts against a request; without such a sign
it is our own page, or no browser at all.
"""

from __future__ import annotations

from segue.errors import ConfigurationError
from segue.http.message import HttpRequest
from segue.http.settings import HttpSettings
from segue.http.site import parse_origin


def is_foreign(request: HttpRequest, settings: HttpSettings) -> bool:
    """Whether it is a navigation, or comes from a page of neither the website's nor the API's site."""
    if request.header("sec-fetch-mode") == "navigate":
        return True  # our routes are fetched, never visited
    sites = {settings.website.site, settings.api.site}
    return any(_site(origin) not in sites for origin in request.all("origin"))


def _site(origin: str) -> str | None:
    try:
        return parse_origin(origin, setting="origin").site
    except ConfigurationError:
        return None  # `null`, or no origin at all
