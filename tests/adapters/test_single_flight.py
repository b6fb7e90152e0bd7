"""One exchange for many who ask the same: threads, tasks, and callers who give up."""

from __future__ import annotations

import asyncio
import gc
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from segue.adapters.single_flight import MAX_ENDED, TaskFlights, ThreadFlights
from segue.adapters.web import AsyncHttpWeb, HttpWeb
from segue.errors import FetchFailed, KeysUnavailable, KeyUnknown
from segue.flow import drive, drive_async, performer, performer_async
from segue.migration.key_cache import KeyCache
from segue.migration.key_flows import keys_for
from segue.migration.key_holder import KeyCacheHolder
from segue.migration.key_sources import LiveKeys
from segue.migration.web import WebRequest, WebResponse
from tests.adapters.loopback_server import Exchange, LoopbackServer, serving
from tests.migration.key_material import jwks_bytes

if TYPE_CHECKING:
    from collections.abc import Callable

NOW = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)
OK = WebResponse(status=200, body=b"ok")
MANY = 32


def get(url: str = "https://issuer.example/", flight: object | None = None) -> WebRequest:
    """A request that may be shared."""
    return WebRequest(url=url, purpose="a test", flight=flight)


def counting(
    outcome: WebResponse | BaseException = OK,
) -> tuple[list[WebRequest], Callable[[WebRequest], WebResponse]]:
    """An exchange and the list of what it was asked."""
    asked: list[WebRequest] = []

    def exchange(request: WebRequest) -> WebResponse:
        asked.append(request)
        if isinstance(outcome, BaseException):
            raise outcome
        return outcome

    return asked, exchange


# --- threads ---------------------------------------------------------------------------------------------------------


def test_who_comes_meanwhile_joins() -> None:
    """A second caller waits for the first one's exchange and makes none."""
    flights = ThreadFlights()
    asked, second = counting()

    def first(request: WebRequest) -> WebResponse:
        with ThreadPoolExecutor(1) as pool:  # whoever joins an exchange that does not end gives up in the end
            late = pool.submit(flights.run, request, second, patience=0.01)
            with pytest.raises(FetchFailed, match="no answer in time"):
                late.result(10)
        return OK

    assert flights.run(get(), first, patience=1) is OK
    assert asked == []


def test_who_comes_later_asks_anew() -> None:
    """An exchange that has ended is not an answer to later callers."""
    flights, (asked, exchange) = ThreadFlights(), counting()
    flights.run(get(), exchange, patience=1)
    flights.run(get(), exchange, patience=1)
    assert len(asked) == 2


def test_same_flight_is_one_exchange_even_when_late() -> None:
    """Callers of one flight share its outcome, whenever they come; another flight asks anew."""
    flights, (asked, exchange) = ThreadFlights(), counting()
    one, two = object(), object()
    for flight in (one, one, two, two):
        flights.run(get(flight=flight), exchange, patience=1)
    assert [request.flight for request in asked] == [one, two]


@pytest.mark.parametrize(
    "other",
    [get("https://issuer.example/other"), WebRequest(url=get().url, purpose="", headers=(("accept", "x"),))],
    ids=["url", "headers"],
)
def test_other_requests_are_other_exchanges(other: WebRequest) -> None:
    """Only equal requests share, even in one flight."""
    flights, (asked, exchange) = ThreadFlights(), counting()
    name = object()
    for request in (get(), other):
        shared = WebRequest(url=request.url, purpose="", headers=request.headers, flight=name)
        flights.run(shared, exchange, patience=1)
    assert len(asked) == 2


def test_failure_is_everybodys() -> None:
    """Those who joined see the same failure, each as an exception of its own."""
    flights, (asked, exchange) = ThreadFlights(), counting(FetchFailed("issuer.example", "refused"))
    flight = object()
    failures: list[FetchFailed] = []
    for _ in range(3):
        with pytest.raises(FetchFailed) as failed:
            flights.run(get(flight=flight), exchange, patience=1)
        failures.append(failed.value)
    assert len(asked) == 1
    assert len({id(failure) for failure in failures}) == 3
    assert {str(failure) for failure in failures} == {"FETCH_FAILED: issuer.example: refused"}


def test_interrupted_leader() -> None:
    """When the leading thread is interrupted, those who joined fail and need not wait."""
    flights, (_, exchange) = ThreadFlights(), counting(KeyboardInterrupt())
    flight = object()
    with pytest.raises(KeyboardInterrupt):
        flights.run(get(flight=flight), exchange, patience=1)
    with pytest.raises(FetchFailed, match="broken off"):
        flights.run(get(flight=flight), exchange, patience=1)


def test_lost_leader_does_not_block_for_ever() -> None:
    """When an exchange never ends, as after a fork, one joiner gives up and the next caller leads."""
    flights, (asked, exchange) = ThreadFlights(), counting()
    leading, never = threading.Event(), threading.Event()

    def lost(_request: WebRequest) -> WebResponse:
        leading.set()
        never.wait(30)
        return OK

    leader = threading.Thread(target=flights.run, args=(get(), lost), kwargs={"patience": 1})
    leader.start()
    try:
        assert leading.wait(10)
        with pytest.raises(FetchFailed, match="no answer in time"):
            flights.run(get(), exchange, patience=0.01)
        assert asked == []
        assert flights.run(get(), exchange, patience=0.01) is OK
    finally:
        never.set()
        leader.join(10)


def test_ended_flights_are_bounded() -> None:
    """However many places are asked, few responses are kept for late companions."""
    flights, (asked, exchange) = ThreadFlights(), counting()
    flight = object()
    for k in range(MAX_ENDED + 10):
        flights.run(get(f"https://issuer.example/{k}", flight), exchange, patience=1)
    flights.run(get("https://issuer.example/0", flight), exchange, patience=1)
    flights.run(get(f"https://issuer.example/{MAX_ENDED + 9}", flight), exchange, patience=1)
    assert len(asked) == MAX_ENDED + 11


# --- tasks -----------------------------------------------------------------------------------------------------------


def hold_then_answer(exchange: Exchange) -> None:
    """Answer when the test says so."""
    exchange.hold()
    exchange.reply(200, b"ok")


async def arrived(server: LoopbackServer) -> None:
    """Wait until the server has a request."""
    assert await asyncio.to_thread(server.entered.acquire, timeout=10)


def test_t18_tasks_share_one_exchange() -> None:
    """T18: 32 tasks that ask the same at the same time cost one request."""

    async def main(server: LoopbackServer) -> list[WebResponse]:
        async with AsyncHttpWeb() as web:
            tasks = [asyncio.create_task(web.exchange(get(server.url))) for _ in range(MANY)]
            await arrived(server)
            server.released.set()
            return await asyncio.gather(*tasks)

    with serving(hold_then_answer) as server:
        responses = asyncio.run(main(server))
        assert [response.body for response in responses] == [b"ok"] * MANY
        assert len(server.requests) == 1


def test_cancelled_callers_take_nothing_from_the_others() -> None:
    """The first caller and some others are cancelled; the exchange goes on and the rest have its response."""

    async def main(server: LoopbackServer) -> list[WebResponse | BaseException]:
        async with AsyncHttpWeb() as web:
            tasks = [asyncio.create_task(web.exchange(get(server.url))) for _ in range(6)]
            await arrived(server)
            for task in (tasks[0], tasks[3]):
                task.cancel()
            await asyncio.wait([tasks[0], tasks[3]])
            server.released.set()
            return await asyncio.gather(*tasks, return_exceptions=True)

    with serving(hold_then_answer) as server:
        outcomes = asyncio.run(main(server))
        assert [type(outcome) for outcome in outcomes] == [
            asyncio.CancelledError,
            WebResponse,
            WebResponse,
            asyncio.CancelledError,
            WebResponse,
            WebResponse,
        ]
        assert len(server.requests) == 1


def test_all_callers_cancelled_and_the_exchange_fails() -> None:
    """A failure that nobody waits for any more is no complaint of the event loop."""

    async def abandoned() -> None:
        ended = asyncio.Event()

        async def exchange(request: WebRequest) -> WebResponse:
            await asyncio.sleep(0)
            ended.set()
            raise FetchFailed(request.place, "refused")

        caller = asyncio.create_task(TaskFlights().run(get(), exchange))
        await asyncio.sleep(0)
        caller.cancel()
        await ended.wait()

    async def main() -> list[str]:
        complaints: list[str] = []
        asyncio.get_running_loop().set_exception_handler(
            lambda _loop, context: complaints.append(str(context["message"]))
        )
        await abandoned()
        await asyncio.sleep(0)
        gc.collect()
        return complaints

    assert asyncio.run(main()) == []


def test_exchange_of_another_loop_is_not_joined() -> None:
    """An exchange that hangs on a loop that no longer turns keeps nobody on another loop waiting."""
    flights, first = TaskFlights(), asyncio.new_event_loop()

    async def hanging(_request: WebRequest) -> WebResponse:
        await asyncio.Event().wait()
        return OK

    async def quick(_request: WebRequest) -> WebResponse:
        return OK

    async def depart() -> asyncio.Task[WebResponse]:
        caller = asyncio.create_task(flights.run(get(), hanging))
        await asyncio.sleep(0)
        return caller

    try:
        caller = first.run_until_complete(depart())
        (stuck,) = asyncio.all_tasks(first) - {caller}
        assert asyncio.run(asyncio.wait_for(flights.run(get(), quick), 10)) is OK
        stuck.cancel()
        first.run_until_complete(asyncio.wait([caller]))
        assert isinstance(caller.exception(), FetchFailed)
    finally:
        first.close()


def test_closing_breaks_off() -> None:
    """Who waits when the client is closed gets a failure, not a cancellation; afterwards nothing is asked."""

    async def main(server: LoopbackServer) -> None:
        web = AsyncHttpWeb()
        caller = asyncio.create_task(web.exchange(get(server.url)))
        await arrived(server)
        await web.close()
        with pytest.raises(FetchFailed, match="broken off"):
            await caller
        with pytest.raises(FetchFailed, match="closed"):
            await web.exchange(get(server.url))

    with serving(hold_then_answer) as server:
        asyncio.run(main(server))
        assert len(server.requests) == 1


def test_closed_client_of_threads() -> None:
    """A closed client asks nobody."""
    with serving(hold_then_answer) as server:
        with HttpWeb() as web:
            pass
        with pytest.raises(FetchFailed, match="closed"):
            web.exchange(get(server.url))
        assert server.requests == []


def test_one_client_on_two_loops() -> None:
    """A client outlives an event loop: what was shared on the old one is not waited for on the new one."""
    with serving(lambda exchange: exchange.reply(200, b"ok")) as server:
        web, flight = AsyncHttpWeb(), object()
        for _ in range(2):
            assert asyncio.run(web.exchange(get(server.url, flight))).body == b"ok"


def test_posts_are_never_shared() -> None:
    """Two equal requests with an effect are two requests, also at the same time."""
    with serving(hold_then_answer) as server, HttpWeb() as web, ThreadPoolExecutor(2) as pool:
        post = WebRequest(method="POST", url=server.url, purpose="a test", body=b"x")
        calls = [pool.submit(web.exchange, post) for _ in range(2)]
        for _ in calls:
            assert server.entered.acquire(timeout=10)
        server.released.set()
        assert [call.result(10).body for call in calls] == [b"ok", b"ok"]


# --- keys over the wire ----------------------------------------------------------------------------------------------


def serve_keys(exchange: Exchange) -> None:
    """Keys a and b."""
    exchange.reply(200, jwks_bytes("a", "b"))


def cold() -> KeyCacheHolder:
    """Nothing known yet."""
    return KeyCacheHolder(KeyCache(rules=LiveKeys(issuer="https://i.example").rules), lock=threading.Lock())


def live(server: LoopbackServer) -> LiveKeys:
    """The server as a source of keys."""
    return LiveKeys(issuer=server.url, jwks_url=server.url + "/jwks")


def test_t18_threads_with_any_keys_cost_one_fetch() -> None:
    """T18: 32 threads, a cold cache, known and invented key ids: one request, and no known key is let down."""
    with serving(serve_keys) as server, HttpWeb() as web, ThreadPoolExecutor(MANY) as pool:
        cache, barrier = cold(), threading.Barrier(MANY)

        def call(key_id: str) -> str:
            barrier.wait(10)
            try:
                drive(keys_for(live(server), cache, key_id, NOW), performer({"Web": web}))
            except (KeyUnknown, KeysUnavailable) as error:
                return error.code
            return "found"

        asked = ["a" if k % 2 else f"x{k}" for k in range(MANY)]
        outcomes = list(pool.map(call, asked))
        assert {outcome for key_id, outcome in zip(asked, outcomes, strict=True) if key_id == "a"} == {
            "found"
        }
        assert "found" not in {
            outcome for key_id, outcome in zip(asked, outcomes, strict=True) if key_id != "a"
        }
        assert len(server.requests) == 1


def test_t18_tasks_with_any_keys_cost_one_fetch() -> None:
    """T18: the same for the tasks of an event loop."""

    async def main(server: LoopbackServer) -> list[object]:
        cache = cold()
        async with AsyncHttpWeb() as web:
            perform = performer_async({"Web": web})
            flows = [keys_for(live(server), cache, key_id, NOW) for key_id in ("a", "x", "b", "y") * 8]
            return await asyncio.gather(
                *(drive_async(flow, perform) for flow in flows), return_exceptions=True
            )

    with serving(serve_keys) as server:
        outcomes = asyncio.run(main(server))
        assert [isinstance(outcome, KeyUnknown) for outcome in outcomes] == [False, True] * 16
        assert len(server.requests) == 1


def test_provider_stops_and_comes_back() -> None:
    """Warm keys outlive the provider; cold ones are "try again" while it is down, and had when it is back."""
    cache, other = cold(), cold()
    with HttpWeb() as web:
        perform = performer({"Web": web})
        with serving(serve_keys) as server:
            source = live(server)
            drive(keys_for(source, cache, "a", NOW), perform)
        hours = NOW + timedelta(hours=3)
        assert drive(keys_for(source, cache, "a", hours), perform).find("a")
        with pytest.raises(KeysUnavailable, match="connection failed"):
            drive(keys_for(source, other, "a", hours), perform)
        with serving(serve_keys) as server:
            back = live(server)
            with pytest.raises(KeysUnavailable):
                drive(keys_for(back, other, "a", hours + timedelta(seconds=9)), perform)
            assert drive(keys_for(back, other, "a", hours + timedelta(seconds=10)), perform).find("a")
