"""
A previous application's cookies on a request, and the proof that our own page sent them.

A browser attaches cookies by itself, also to a request that a foreign page makes it send, and so a credential in
cookies demands more than a bearer token that a script had to put there (threats T13, T14): an origin that we know, or
the browser's own word that the page is of this origin; a header that no form can set; a body that no form can send.
House rules: values are as they came, nothing is decoded; of two cookies with one name neither counts, because a
neighbour of our domain can have set one of them (threat T28).
"""

from __future__ import annotations

from typing import Final

from segue.errors import AntiCsrfRefused, RequestRefused, TokenMissing
from segue.http.anti_csrf import CUSTOM_HEADER
from segue.http.cookies import BLANKS
from segue.http.cookies import MAX_COOKIES as MAX_HEADER
from segue.http.message import HttpRequest
from segue.http.transport import MODE_HEADER
from segue.migration.choosing import is_read
from segue.migration.cookies.model import MAX_COOKIES
from segue.migration.credential import OldCookies

PROOFS: Final = (CUSTOM_HEADER, MODE_HEADER, "idempotency-key")
"""
Headers of which one must be there, whatever its value: SuperTokens' front ends send the first two with every request,
`segue-web` the third. A form cannot set any, and a script of another origin only with our leave (Fetch §4.8, CORS).
"""


def read_old_cookies(request: HttpRequest, names: frozenset[str]) -> OldCookies | None:
    """
    Those cookies that providers read; None: there are none.

    Raises:
        RequestRefused: more than we read.
        TokenMissing: they are there, and each came twice.
    """
    lines = request.all("cookie")
    if not lines or not names:
        return None
    if sum(map(len, lines)) > MAX_HEADER:
        raise RequestRefused("more cookies than are read")
    found: dict[str, str] = {}
    doubled: set[str] = set()
    for line in lines:
        for part in line.split(";"):
            name, equals, value = part.partition("=")
            name = name.strip(BLANKS)
            if not equals or not is_read(name, names):
                continue
            if name in found:
                doubled.add(name)
            found[name] = value.strip(BLANKS)
    # One text under two names of chunks is the format's to refuse; one name with two values nobody can choose from, and
    # that it was there is remembered: without it another cookie of the same session would have another reading.
    single = {name: value for name, value in found.items() if name not in doubled and value}
    if not single:
        if doubled:
            raise TokenMissing(
                "the old session's cookie came twice, and which one is the user's cannot be known"
            )
        return None
    if sum(map(len, single.values())) > MAX_COOKIES:
        raise RequestRefused("the old session's cookies are larger than 16 KiB")
    return OldCookies(values=single, doubled=frozenset(doubled))


def require_own_page(request: HttpRequest) -> None:
    """
    Demand the proof that a page of ours sent this request; that its origin is known was looked at before.

    Raises:
        AntiCsrfRefused: it is missing.
    """
    if not request.all("origin") and request.header("sec-fetch-site") != "same-origin":
        raise AntiCsrfRefused(
            "cookies without Origin, nor Sec-Fetch-Site: same-origin; a server sends Origin itself"
        )
    if all(request.header(name) is None for name in PROOFS):
        raise AntiCsrfRefused(f"cookies need one of the headers {', '.join(PROOFS)}, whatever its value")
    kinds = request.all("content-type")
    if len(kinds) != 1 or kinds[0].partition(";")[0].strip().lower() != "application/json":
        raise AntiCsrfRefused("cookies need Content-Type: application/json, which a form cannot send")
