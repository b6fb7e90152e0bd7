"""Outgoing HTTP against a real server: what is sent, what is refused, and when an exchange is given up."""

from __future__ import annotations

import gzip
import logging
import socket
import ssl
import threading
import time
import traceback
from contextlib import contextmanager, suppress
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from segue.adapters.web import HttpWeb
from segue.errors import ConfigurationError, FetchFailed
from segue.migration.web import MAX_BODY, WebRequest
from tests.adapters.clients import blocking, on_a_loop
from tests.adapters.loopback_server import Exchange, serving

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

    from segue.adapters.resolving import Resolve
    from tests.adapters.clients import Client
    from tests.adapters.loopback_server import Answer

both = pytest.mark.parametrize("client", [blocking, on_a_loop], ids=["threads", "loop"])
SOON = timedelta(seconds=0.2)


def get(url: str) -> WebRequest:
    """A plain request."""
    return WebRequest(url=url, purpose="a test")


def answer_ok(exchange: Exchange) -> None:
    """The usual answer."""
    exchange.reply(200, b'{"a": 1}', content_type="application/json")


def resolving(*addresses: str) -> Resolve:
    """A resolver that always finds these."""
    return lambda _host, _port: addresses


# --- what is sent ----------------------------------------------------------------------------------------------------


@both
def test_exchange(client: Client) -> None:
    """A request arrives as it was built, plus our own headers; the response comes back whole."""
    request = WebRequest(
        method="POST",
        url="",
        purpose="a test",
        headers=(("Content-Type", "text/plain"), ("Accept-Encoding", "gzip"), ("Host", "evil.example")),
        body=b"hello",
    )
    with serving(answer_ok) as server:
        response = client(replace_url(request, server.url + "/path?a=b"))
        ((path, headers, body),) = server.requests
    assert (response.status, response.body, response.header("CONTENT-type")) == (
        200,
        b'{"a": 1}',
        "application/json",
    )
    assert (path, body) == ("/path?a=b", b"hello")
    assert headers["host"] == server.url.removeprefix("http://")
    assert (headers["accept-encoding"], headers["content-type"], headers["connection"]) == (
        "identity",
        "text/plain",
        "close",
    )


def replace_url(request: WebRequest, url: str) -> WebRequest:
    """The same request to another place."""
    return WebRequest(
        method=request.method, url=url, purpose=request.purpose, headers=request.headers, body=request.body
    )


@both
@pytest.mark.parametrize("status", [200, 204, 400, 401, 404, 429, 500, 503])
def test_status_is_an_answer(client: Client, status: int) -> None:
    """Whatever the server says, short of a redirect, is for the caller to judge."""
    with serving(lambda exchange: exchange.reply(status)) as server:
        assert client(get(server.url)).status == status


@both
def test_environment_names_no_proxy(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    """A proxy in the environment is not used: it would resolve names where we cannot look."""
    for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "https_proxy", "all_proxy"):
        monkeypatch.setenv(name, "http://127.0.0.1:9")
    with serving(answer_ok) as server:
        assert client(get(server.url)).status == 200


def test_cookies_are_not_kept() -> None:
    """What a server sets in one exchange is not there in the next."""
    with serving(lambda exchange: exchange.reply(200, set_cookie="a=b")) as server, HttpWeb() as web:
        web.exchange(get(server.url))
        web.exchange(get(server.url))
        assert [headers.get("cookie") for _, headers, _ in server.requests] == [None, None]


# --- what is refused -------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("status", [300, 301, 302, 303, 304, 307, 308])
def test_t5_redirect(client: Client, status: int) -> None:
    """T5: a redirect is a failure, and its target is not asked."""
    with serving(lambda exchange: exchange.reply(status, location="/inside")) as server:
        with pytest.raises(FetchFailed, match="redirect"):
            client(get(server.url + "/start"))
        assert [path for path, _, _ in server.requests] == ["/start"]


@both
@pytest.mark.parametrize(
    "found", [["127.0.0.1"], ["::1"], ["10.0.0.1"], ["169.254.169.254"], ["8.8.8.8", "127.0.0.1"]]
)
def test_t5_name_resolves_inside(client: Client, found: list[str]) -> None:
    """T5: a public name that resolves to this machine or a private network is refused before anything is sent."""
    with serving(answer_ok) as server:
        with pytest.raises(FetchFailed, match=r"issuer\.example.*not public"):
            client(get(f"https://issuer.example:{server.server_port}/"), resolve=resolving(*found))
        assert server.requests == []


@both
@pytest.mark.parametrize(
    "url",
    [
        "http://issuer.example/",
        "https://10.0.0.1/",
        "https://[fd00::1]/",
        "https://0.0.0.0/",
        "ftp://x/",
        "https://127.1/",
    ],
)
def test_t5_url_is_refused(client: Client, url: str) -> None:
    """T5: plain HTTP off this machine, literal private addresses and odd forms are refused."""
    with pytest.raises(FetchFailed):
        client(get(url))


@both
def test_t5_rebinding(client: Client, tls_files: TlsFiles) -> None:
    """T5: a name is looked up once and the connection goes to what was judged, whatever it resolves to next."""
    answers = [["127.0.0.1"], ["10.0.0.1"], ["10.0.0.1"]]
    seen: list[str] = []

    def resolve(host: str, port: int) -> Sequence[str]:
        seen.append(host)
        return answers[len(seen) - 1]

    names: list[str] = []
    with serving(answer_ok, tls=tls_files.server(names)) as server:
        response = client(
            get(f"https://issuer.example:{server.server_port}/"),
            resolve=resolve,
            allow_private_hosts=frozenset({"issuer.example"}),
            tls=tls_files.client(),
        )
        assert response.status == 200
        assert server.requests[0][1]["host"] == f"issuer.example:{server.server_port}"
    assert seen == names == ["issuer.example"]


@both
def test_certificate_of_another_name(client: Client, tls_files: TlsFiles) -> None:
    """A certificate for another name than the URL's is refused, although the address is right."""
    with serving(answer_ok, tls=tls_files.server([])) as server:
        with pytest.raises(FetchFailed, match=r"other\.example"):
            client(
                get(f"https://other.example:{server.server_port}/"),
                resolve=resolving("127.0.0.1"),
                allow_private_hosts=frozenset({"other.example"}),
                tls=tls_files.client(),
            )
        assert server.requests == []


@both
def test_certificate_of_an_unknown_authority(client: Client, tls_files: TlsFiles) -> None:
    """Without being told otherwise, only the system's authorities are trusted."""
    with serving(answer_ok, tls=tls_files.server([])) as server, pytest.raises(FetchFailed):
        client(
            get(f"https://issuer.example:{server.server_port}/"),
            resolve=resolving("127.0.0.1"),
            allow_private_hosts=frozenset({"issuer.example"}),
        )


def test_tls_that_verifies_nothing() -> None:
    """A context that does not verify is refused when the client is built."""
    careless = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    careless.check_hostname = False
    with pytest.raises(ConfigurationError, match="does not verify"):
        HttpWeb(tls=careless)


# --- sizes -----------------------------------------------------------------------------------------------------------


@both
@pytest.mark.parametrize("size", [0, 1, 999, 1000])
def test_body_that_fits(client: Client, size: int) -> None:
    """A body up to the limit is read whole."""
    with serving(lambda exchange: exchange.reply(200, b"x" * size)) as server:
        assert len(client(get(server.url), max_body=1000).body) == size


@both
@pytest.mark.parametrize("size", [1001, 5_000_000])
def test_t5_body_too_large(client: Client, size: int) -> None:
    """T5: a body beyond the limit is refused."""
    with (
        serving(lambda exchange: send_all(exchange, size)) as server,
        pytest.raises(FetchFailed, match="larger than 1000"),
    ):
        client(get(server.url), max_body=1000)


def send_all(exchange: Exchange, size: int) -> None:
    """Send a large body to somebody who may hang up."""
    with suppress(OSError):
        exchange.reply(200, b"x" * size)


@both
def test_t5_body_without_end(client: Client) -> None:
    """T5: a body that never ends is refused when it is too large, not when it is over."""

    def endless(exchange: Exchange) -> None:
        exchange.send_response(200)
        exchange.end_headers()
        with suppress(OSError):
            while not exchange.server.released.is_set():
                exchange.wfile.write(b"x" * 65536)

    with serving(endless) as server, pytest.raises(FetchFailed, match="larger than"):
        client(get(server.url))


@both
def test_t19_gzip_bomb(client: Client) -> None:
    """T19: a compressed body is refused, and nothing is ever decompressed."""
    bomb = gzip.compress(b" " * 8 * MAX_BODY)
    assert len(bomb) < MAX_BODY
    compressed = serving(lambda exchange: exchange.reply(200, bomb, content_encoding="gzip"))
    with compressed as server, pytest.raises(FetchFailed, match="compressed"):
        client(get(server.url))
    with serving(lambda exchange: exchange.reply(200, bomb)) as server:
        assert client(get(server.url)).body == bomb


# --- time ------------------------------------------------------------------------------------------------------------


def drip_body(exchange: Exchange) -> None:
    """A body that comes byte by byte."""
    exchange.drip(b"HTTP/1.1 200 OK\r\ncontent-length: 100000\r\n\r\n")


def drip_headers(exchange: Exchange) -> None:
    """Headers that come byte by byte."""
    exchange.drip(b"HTTP/1.1 200 OK\r\nx: ")


def stall_in_body(exchange: Exchange) -> None:
    """Half a body, then silence."""
    exchange.wfile.write(b"HTTP/1.1 200 OK\r\ncontent-length: 10\r\n\r\nhalf")
    exchange.hold()


@contextmanager
def given_up_soon() -> Generator[None]:
    """What happens inside ends with the deadline's failure, and long before the other side would end it."""
    begun = time.monotonic()
    with pytest.raises(FetchFailed, match=r"no answer within 0\.2 s"):
        yield
    assert time.monotonic() - begun < 8


@both
@pytest.mark.parametrize(
    "answer", [drip_body, drip_headers, stall_in_body, Exchange.hold], ids=lambda answer: answer.__name__
)
def test_t5_slow_server(client: Client, answer: Answer) -> None:
    """T5: the deadline is for the exchange as a whole: a byte now and then does not prolong it."""
    with serving(answer) as server, given_up_soon():
        client(get(server.url), deadline=SOON)


@both
def test_t5_slow_handshake(client: Client) -> None:
    """T5: a server that accepts and then does not speak TLS is given up on."""
    with socket.create_server(("127.0.0.1", 0)) as silent:
        url = f"https://127.0.0.1:{silent.getsockname()[1]}/"
        with given_up_soon():
            client(get(url), deadline=SOON)


def test_t5_slow_resolver() -> None:
    """T5: the system's resolver has longer time-outs than we have; it is not waited for."""
    done = threading.Event()

    def resolve(host: str, port: int) -> Sequence[str]:
        done.wait(30)
        return []

    try:
        with given_up_soon():
            blocking(get("https://issuer.example/"), resolve=resolve, deadline=SOON)
    finally:
        done.set()


# --- faults ----------------------------------------------------------------------------------------------------------


def unknown_name(host: str, port: int) -> Sequence[str]:
    """A resolver that finds nothing."""
    raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")


@both
def test_name_without_address(client: Client) -> None:
    """A name that does not exist is told as such."""
    with pytest.raises(FetchFailed, match=r"issuer\.example.*not known"):
        client(get("https://issuer.example/"), resolve=unknown_name)


@both
def test_nobody_listens(client: Client) -> None:
    """A refused connection is told with host and port."""
    with socket.create_server(("127.0.0.1", 0)) as gone:
        port = gone.getsockname()[1]
    with pytest.raises(FetchFailed, match=f"127.0.0.1:{port}: connection failed"):
        client(get(f"http://127.0.0.1:{port}/"))


@both
def test_second_address_answers(client: Client) -> None:
    """When the first address of a name refuses, the next is tried."""
    with serving(answer_ok) as server:
        url = f"http://localhost:{server.server_port}/"
        assert client(get(url), resolve=resolving("127.0.0.2", "127.0.0.1")).status == 200


BROKEN = {
    "nothing": b"",
    "no http": b"canary\r\n\r\n",
    "bad status": b"HTTP/1.1 canary OK\r\n\r\n",
    "bad length": b"HTTP/1.1 200 OK\r\ncontent-length: canary\r\n\r\n",
    "cut short": b"HTTP/1.1 200 OK\r\ncontent-length: 100\r\n\r\ncanary",
    "bad chunk": b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\ncanary\r\n",
}


@both
@pytest.mark.parametrize("kind", BROKEN)
def test_t22_broken_answer_is_not_quoted(client: Client, kind: str, caplog: pytest.LogCaptureFixture) -> None:
    """T22: what is no HTTP fails, and neither error, traceback nor log repeats it."""
    caplog.set_level(logging.INFO)  # the library underneath shows response lines to those who debug it
    with (
        serving(lambda exchange: write(exchange, BROKEN[kind])) as server,
        pytest.raises(FetchFailed) as failed,
    ):
        client(get(server.url))
    assert "canary" not in "".join(traceback.format_exception(failed.value)) + caplog.text


def write(exchange: Exchange, answer: bytes) -> None:
    """Send exactly these bytes and hang up."""
    exchange.wfile.write(answer)


@both
@pytest.mark.parametrize(
    "value", ["canary", "canary\r\nx: y", "canary\x00", "canäry"], ids=["plain", "line", "nul", "ä"]
)
def test_t22_request_is_not_quoted(client: Client, value: str, caplog: pytest.LogCaptureFixture) -> None:
    """T22: a failing request leaks no query, header or body into error, traceback or log; headers are not split."""
    caplog.set_level(logging.DEBUG)
    with serving(lambda exchange: exchange.reply(302)) as server, pytest.raises(FetchFailed) as failed:
        client(
            WebRequest(
                method="POST",
                url=server.url + "/?token=canary",
                purpose="a test",
                headers=(("authorization", value),),
                body=b"canary",
            )
        )
    assert all("x" not in headers for _, headers, _ in server.requests)
    told = "".join(traceback.format_exception(failed.value)) + caplog.text + repr(failed.value)
    assert all(secret not in told for secret in ("canary", "canäry", "can\\xe4ry"))


def test_representations_hide_secrets() -> None:
    """T22: neither headers nor body show in the text form of a request."""
    request = WebRequest(
        url="https://a.example", purpose="x", headers=(("authorization", "canary"),), body=b"canary"
    )
    assert "canary" not in repr(request)


# --- certificates of the tests ---------------------------------------------------------------------------------------


class TlsFiles:
    """A certificate for issuer.example, for a server and for those who trust it."""

    def __init__(self, folder: Path) -> None:
        key = ec.generate_private_key(ec.SECP256R1())
        name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "segue test")])
        day = timedelta(days=1)
        now = datetime.now(UTC)
        certificate = (
            x509.CertificateBuilder()
            .subject_name(name)
            .issuer_name(name)
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(now - day)
            .not_valid_after(now + day)
            .add_extension(x509.SubjectAlternativeName([x509.DNSName("issuer.example")]), critical=False)
            .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
            .sign(key, hashes.SHA256())
        )
        self._path = folder / "server.pem"
        private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        self._path.write_bytes(certificate.public_bytes(Encoding.PEM) + private)

    def server(self, names: list[str]) -> ssl.SSLContext:
        """For a server; the names that clients ask for are added to *names*."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self._path)

        def note(_socket: object, name: str, _context: object) -> None:
            names.append(name)

        context.sni_callback = note
        return context

    def client(self) -> ssl.SSLContext:
        """Trusts this certificate and no other."""
        return ssl.create_default_context(cafile=str(self._path))


@pytest.fixture
def tls_files(tmp_path: Path) -> TlsFiles:
    """A certificate for issuer.example."""
    return TlsFiles(tmp_path)
