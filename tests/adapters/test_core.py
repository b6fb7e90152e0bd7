"""A remote core over real sockets: what goes on the wire, what is kept, and how it is told that nothing came back."""

from __future__ import annotations

import asyncio
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

import pytest

from segue.adapters.core import AsyncHttpCore, HttpCore
from segue.migration.web import MAX_BODY, WebResponse
from segue.remote.settings import RemoteCore, parse_host
from segue.remote.wire import CoreRequest, Unanswered
from tests.adapters.loopback_server import Exchange, LoopbackServer, serving
from tests.support.processes import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Coroutine


class Client(Protocol):
    """Makes exchanges one after the other over one client, which is closed at the end."""

    def __call__(self, *requests: CoreRequest) -> list[WebResponse | Unanswered]: ...


TIMEOUT = timedelta(seconds=0.3)


def settings(request: CoreRequest) -> RemoteCore:
    """A core at the host of a request."""
    return RemoteCore(hosts=(request.host.url,), timeout=TIMEOUT)


def blocking(*requests: CoreRequest) -> list[WebResponse | Unanswered]:
    """In this thread."""
    with HttpCore(settings(requests[0])) as client:
        return [client.exchange(request) for request in requests]


def on_a_loop(*requests: CoreRequest) -> list[WebResponse | Unanswered]:
    """On an event loop."""

    async def exchanged() -> list[WebResponse | Unanswered]:
        async with AsyncHttpCore(settings(requests[0])) as client:
            return [await client.exchange(request) for request in requests]

    return asyncio.run(exchanged())


both = pytest.mark.parametrize("client", [blocking, on_a_loop], ids=["threads", "loop"])


def to(server: LoopbackServer, **given: object) -> CoreRequest:
    """A request to a server."""
    return at(server.url, **given)


def at(url: str, **given: object) -> CoreRequest:
    """A request to an address."""
    usual: dict[str, object] = {
        "method": "POST",
        "target": "/base/recipe/session?a=b",
        "headers": (("cdi-version", "5.4"),),
        "body": b"{}",
    }
    return CoreRequest(host=parse_host(url), **(usual | given))  # type: ignore[arg-type]


def ok(exchange: Exchange) -> None:
    """The usual answer; the connection stays open."""
    exchange.close_connection = False
    exchange.reply(200, b'{"status": "OK"}', content_type="application/json")


@both
def test_exchange(client: Client) -> None:
    """Method, target, headers and body arrive as they are; status and body come back."""
    with serving(ok) as server:
        (answer,) = client(to(server))
    assert isinstance(answer, WebResponse)
    assert (answer.status, answer.body) == (200, b'{"status": "OK"}')
    ((path, headers, body),) = server.requests
    assert (path, body, headers["cdi-version"]) == ("/base/recipe/session?a=b", b"{}", "5.4")
    assert headers["accept-encoding"] == "identity"
    assert headers["host"] == f"127.0.0.1:{server.server_port}"


@both
def test_connection_is_kept(client: Client) -> None:
    """Several exchanges share a connection."""
    ports: list[int] = []

    def noted(exchange: Exchange) -> None:
        ports.append(exchange.client_address[1])
        ok(exchange)

    with serving(noted) as server:
        client(*[to(server)] * 3)
    assert len(ports) == 3
    assert len(set(ports)) == 1


@both
def test_connection_that_the_server_has_closed(client: Client) -> None:
    """A kept connection that is closed meanwhile is replaced, not an error."""

    def once(exchange: Exchange) -> None:
        exchange.reply(200, b"{}", connection="close")

    with serving(once) as server:
        answers = client(*[to(server)] * 3)
    assert [isinstance(answer, WebResponse) for answer in answers] == [True] * 3


@both
def test_nobody_listens(client: Client) -> None:
    """Without a connection nothing was sent."""
    (answer,) = client(at(f"http://127.0.0.1:{free_port()}"))
    assert isinstance(answer, Unanswered)
    assert (answer.sent, answer.slow) == (False, False)


def held(exchange: Exchange) -> None:
    """Say nothing."""
    exchange.hold()


def hung_up(exchange: Exchange) -> None:
    """Break off."""
    exchange.connection.close()


def elsewhere(exchange: Exchange) -> None:
    """A redirect."""
    exchange.reply(302, b"", location="http://127.0.0.1:1/")


def too_large(exchange: Exchange) -> None:
    """More than is read."""
    exchange.reply(200, bytes(MAX_BODY + 1))


def compressed(exchange: Exchange) -> None:
    """In a form that was not asked for."""
    exchange.reply(200, b"", content_encoding="gzip")


@both
@pytest.mark.parametrize(
    ("failing", "slow"),
    [(held, True), (hung_up, False), (elsewhere, False), (too_large, False), (compressed, False)],
)
def test_heard_and_not_answered(client: Client, failing: Callable[[Exchange], None], slow: bool) -> None:
    """What may have been heard is told as such, whatever went wrong after."""
    with serving(failing) as server:
        (answer,) = client(to(server))
    assert isinstance(answer, Unanswered)
    assert (answer.sent, answer.slow) == (True, slow)
    assert "127.0.0.1:1/" not in answer.reason


def test_one_flight_of_many_threads() -> None:
    """Those who ask for the keys on the same occasion share one exchange."""
    with serving(_held) as server:
        request = to(server, method="GET", body=None, flight=object())
        with HttpCore(settings(request)) as client, ThreadPoolExecutor(8) as pool:
            asked = [pool.submit(client.exchange, request) for _ in range(8)]
            server.entered.acquire()
            server.released.set()
            assert {type(one.result()) for one in asked} == {WebResponse}
    assert len(server.requests) == 1


def test_one_flight_of_many_tasks() -> None:
    """Likewise on an event loop."""

    async def asked(server: LoopbackServer) -> set[type]:
        request = to(server, method="GET", body=None, flight=object())
        async with AsyncHttpCore(settings(request)) as client:
            waiting: list[Coroutine[object, object, object]] = [client.exchange(request) for _ in range(8)]
            threading.Timer(0.05, server.released.set).start()
            return {type(answer) for answer in await asyncio.gather(*waiting)}

    with serving(_held) as server:
        assert asyncio.run(asked(server)) == {WebResponse}
    assert len(server.requests) == 1


def _held(exchange: Exchange) -> None:
    exchange.hold()
    ok(exchange)
