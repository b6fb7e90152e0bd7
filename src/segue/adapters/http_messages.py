"""
What an outgoing exchange puts on the wire, what it takes from it, and how its failures are told.

Shared by the clients of `segue.adapters.web`. House rule: an error tells host and reason, never path, header or body;
where a library's own text may quote those, it is dropped.
"""

from __future__ import annotations

import re
import ssl
from collections.abc import Generator, Iterable
from contextlib import contextmanager

import httpcore2

from segue._version import __version__
from segue.errors import ConfigurationError, FetchFailed
from segue.migration.urls import Destination, UrlRefused, parse_url
from segue.migration.web import WebRequest, WebResponse

_OURS = frozenset(
    {"host", "connection", "accept-encoding", "content-length", "transfer-encoding", "user-agent"}
)
_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")
_VALUE = re.compile(r"[\t -~]*")
_RawHeaders = list[tuple[bytes, bytes]]


def destination_of(request: WebRequest) -> Destination:
    """
    Where to.

    Raises:
        FetchFailed: the URL is not one that we follow.
    """
    try:
        return parse_url(request.url)
    except UrlRefused as error:
        raise FetchFailed(request.place, str(error)) from error


def url_of(destination: Destination) -> httpcore2.URL:
    """In parts, so that nobody reads the URL a second time."""
    return httpcore2.URL(
        scheme=destination.scheme, host=destination.host, port=destination.port, target=destination.target
    )


def headers_of(request: WebRequest, destination: Destination) -> _RawHeaders:
    """
    The request's headers and our own.

    Raises:
        FetchFailed: one of them cannot be sent. Found here, because the library would log it.
    """
    headers = [
        ("host", destination.authority),
        ("user-agent", f"segue/{__version__}"),
        # No decompression: a kilobyte must not become a gigabyte.
        ("accept-encoding", "identity"),
        ("connection", "close"),
        *((name, value) for name, value in request.headers if name.lower() not in _OURS),
    ]
    if not all(_NAME.fullmatch(name) and _VALUE.fullmatch(value) for name, value in headers):
        raise FetchFailed(destination.authority, "a request header cannot be sent")
    return [(name.encode(), value.encode()) for name, value in headers]


class ResponseReader:
    """
    Takes a response as it arrives, up to a size.

    Raises:
        FetchFailed: a redirect, a compressed body, or too large; also from `add`.
    """

    def __init__(
        self, destination: Destination, *, status: int, headers: Iterable[tuple[bytes, bytes]], max_body: int
    ) -> None:
        self._place = destination.authority
        self._max_body = max_body
        self._body = bytearray()
        self._status = status
        self._headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in headers)
        if 300 <= status < 400:
            raise FetchFailed(self._place, f"redirects are not followed (status {status})")
        if any(
            name.lower() == "content-encoding" and value.strip().lower() not in {"", "identity"}
            for name, value in self._headers
        ):
            raise FetchFailed(self._place, "the body is compressed although we asked for it plain")

    def add(self, chunk: bytes) -> None:
        """Some more of the body."""
        if len(self._body) + len(chunk) > self._max_body:
            raise FetchFailed(self._place, f"the body is larger than {self._max_body} bytes")
        self._body += chunk

    def response(self) -> WebResponse:
        """The whole."""
        return WebResponse(status=self._status, headers=self._headers, body=bytes(self._body))


@contextmanager
def as_fetch_failed(destination: Destination, seconds: float) -> Generator[None]:
    """Tell every failure of the network as `FetchFailed`."""
    place = destination.authority
    try:
        yield
    except (TimeoutError, httpcore2.TimeoutException) as error:
        raise FetchFailed(place, f"no answer within {seconds:g} s") from error
    except (OSError, httpcore2.NetworkError) as error:
        raise FetchFailed(place, f"connection failed: {error}") from error
    except httpcore2.ProtocolError:
        # From None: the library's text quotes header values and response lines.
        raise FetchFailed(place, "not HTTP as we speak it") from None


def verifying(tls: ssl.SSLContext | None) -> ssl.SSLContext:
    """
    A context that checks certificates and names; by default the system's.

    Raises:
        ConfigurationError: it does not check.
    """
    context = httpcore2.default_ssl_context() if tls is None else tls
    if context.verify_mode is not ssl.CERT_REQUIRED or not context.check_hostname:
        raise ConfigurationError("tls does not verify; load the provider's CA into it instead")
    return context
