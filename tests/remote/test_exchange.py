"""One call of a core: version, fail-over, patience, and whose fault it is when nothing comes of it."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from segue.errors import CoreRefused, CoreUnavailable
from segue.ids import AppId, TenantId, UserId
from segue.remote import calls
from segue.remote.answers import Answer, Done
from segue.remote.calls import CoreCall
from segue.remote.exchange import PAUSES
from tests.remote.wire import DOWN, KEY, LOST, NOW, SLOW, VERSIONS, ScriptedWire, core, on, refused, said

if TYPE_CHECKING:
    from segue.migration.web import WebResponse
    from segue.remote.wire import CoreRequest, Unanswered

HELLO = CoreCall(method="GET", path="/x")
MAKE = CoreCall(method="POST", path="/x", body={"a": 1}, repeatable=False)
OK = said({"status": "OK"})


def test_version_is_asked_once_and_spoken_for_ever() -> None:
    """The first call asks for versions, with the key alone; every call names the highest that both know."""
    wire, one = ScriptedWire(on({"/x": OK})), core()
    for _ in range(2):
        assert wire.run(one.call(HELLO, Done, now=NOW)).status == "OK"
    assert [path for _, path in wire.asked] == ["/apiversion", "/x", "/x"]
    assert dict(wire.requests[0].headers) == {"api-key": KEY}
    assert "apiDomain=https%3A%2F%2Fapi.example.com" in wire.requests[0].target
    assert dict(wire.requests[1].headers) == {"api-key": KEY, "cdi-version": "5.4"}


@pytest.mark.parametrize(
    ("served", "spoken"),
    [
        (["5.4", "5.6", "5.10"], "5.6"),
        (["2.21", "3.0"], "3.0"),
        (["4.0", "3.1"], "4.0"),
        (["5.0", "5.5", "6.0"], "5.5"),
    ],
)
def test_highest_common_version(served: list[str], spoken: str) -> None:
    """Versions are compared as the protocol numbers them; newer ones than ours are left alone."""
    wire = ScriptedWire(on({"/apiversion": said({"versions": served}), "/x": OK}))
    wire.run(core().call(HELLO, Done, now=NOW))
    assert dict(wire.requests[1].headers)["cdi-version"] == spoken


def test_no_common_version() -> None:
    """A core that is too old is an operator's business, and the text says what would do."""
    wire = ScriptedWire(on({"/apiversion": said({"versions": ["2.7", "2.21"]})}))
    with pytest.raises(CoreRefused, match=r"3\.0 to 5\.6"):
        wire.run(core().call(HELLO, Done, now=NOW))


def test_core_that_was_exchanged_for_another() -> None:
    """When the version that was agreed on is served no more, versions are asked for again and the call repeated."""
    versions = iter([["5.6"], ["5.4"]])

    def answer(request: CoreRequest) -> WebResponse:
        if request.target.startswith("/apiversion"):
            return said({"versions": next(versions)})
        spoken = dict(request.headers)["cdi-version"]
        return OK if spoken == served else refused(400, f"cdi-version {spoken} not supported")

    wire, one, served = ScriptedWire(answer), core(), "5.6"
    wire.run(one.call(HELLO, Done, now=NOW))
    served = "5.4"
    assert wire.run(one.call(HELLO, Done, now=NOW)).status == "OK"


def test_app_and_base_path_stand_in_front() -> None:
    """Paths are those of the app, behind the base path of the host; the public app has none."""
    wire = ScriptedWire(lambda _: VERSIONS)
    with pytest.raises(CoreRefused):
        wire.run(core("http://one:3567/base/", app_id=AppId("shop")).call(HELLO, Done, now=NOW))
    assert wire.requests[0].target.startswith("/base/appid-shop/apiversion?")


def test_keys_are_asked_for_without_a_key() -> None:
    """The document of public keys is for everybody: neither the API key nor a version goes with it."""
    wire = ScriptedWire(lambda _: said({"keys": []}))
    wire.run(core().public_keys(flight=None, now=NOW))
    assert wire.requests[0].headers == ()


def test_hosts_take_turns() -> None:
    """Each call begins with another host."""
    wire, two = ScriptedWire(on({"/x": OK})), core("http://one:1", "http://two:2")
    for _ in range(3):
        wire.run(two.call(HELLO, Done, now=NOW))
    assert [host for host, path in wire.asked if path == "/x"] == ["two", "one", "two"]


def down_is(name: str, failure: Unanswered) -> ScriptedWire:
    """One host fails in this way, others answer."""
    answered = on({"/x": OK})
    return ScriptedWire(lambda request: failure if request.host.host == name else answered(request))


def test_host_that_is_down_is_passed_over() -> None:
    """Without a connection the next host is asked, whatever the call; the other is asked last for a while."""
    wire, two = down_is("one", DOWN), core("http://one:1", "http://two:2")
    for _ in range(4):
        wire.run(two.call(MAKE, Done, now=NOW))
    assert [host for host, _ in wire.asked].count("one") == 1
    wire.asked.clear()
    for _ in range(2):
        wire.run(two.call(MAKE, Done, now=NOW + timedelta(seconds=5)))
    assert [host for host, _ in wire.asked].count("one") == 1


def test_host_that_came_back_gets_its_turn() -> None:
    """A host that answers again is no longer avoided."""
    wire, two = down_is("one", DOWN), core("http://one:1", "http://two:2")
    wire.run(two.call(HELLO, Done, now=NOW))
    wire.answer = on({"/x": OK})
    later = NOW + timedelta(seconds=6)
    wire.asked.clear()
    for _ in range(4):
        wire.run(two.call(HELLO, Done, now=later))
    assert [host for host, _ in wire.asked].count("one") == 2


def test_connection_lost_over_a_call_that_makes_something() -> None:
    """What may have been heard and makes something is not asked again: the caller learns that it is not known."""
    wire, two = down_is("one", LOST), core("http://one:1", "http://two:2")
    wire.run(two.call(HELLO, Done, now=NOW))  # the next turn begins with the other host
    with pytest.raises(CoreUnavailable, match="one:1: connection lost"):
        wire.run(two.call(MAKE, Done, now=NOW))


def test_connection_lost_over_a_call_that_may_be_repeated() -> None:
    """Where nothing is made twice, the next host is asked."""
    wire, two = down_is("one", LOST), core("http://one:1", "http://two:2")
    for _ in range(4):
        assert wire.run(two.call(HELLO, Done, now=NOW)).status == "OK"


def test_slow_host() -> None:
    """A host that did not answer in time is not waited for at another door."""
    wire, two = ScriptedWire(lambda _: SLOW), core("http://one:1", "http://two:2")
    with pytest.raises(CoreUnavailable):
        wire.run(two.call(HELLO, Done, now=NOW))
    assert len(wire.asked) == 1


def test_all_hosts_down() -> None:
    """The text for the log names each host and why; it is a fault of nobody's session."""
    wire, two = ScriptedWire(lambda _: DOWN), core("http://one:1", "http://two:2")
    with pytest.raises(CoreUnavailable) as failed:
        wire.run(two.call(HELLO, Done, now=NOW))
    assert "one:1" in str(failed.value)
    assert "two:2" in str(failed.value)


def test_busy_core_is_asked_again() -> None:
    """429 is answered with patience, as back-end SDKs have it."""
    answers = iter([refused(429, "slow down"), refused(429, "slow down"), OK])
    wire = ScriptedWire(lambda request: next(answers) if request.target == "/x" else VERSIONS)
    assert wire.run(core().call(HELLO, Done, now=NOW)).status == "OK"
    assert wire.pauses == [0.01, 0.26]


def test_core_that_stays_busy() -> None:
    """Patience has an end."""
    wire = ScriptedWire(on({"/x": refused(429, "slow down")}))
    with pytest.raises(CoreUnavailable, match="429"):
        wire.run(core().call(HELLO, Done, now=NOW))
    assert tuple(wire.pauses) == PAUSES


@pytest.mark.parametrize("status", [500, 502, 503])
def test_broken_core(status: int) -> None:
    """A fault of the core's is an outage, not a refusal."""
    wire = ScriptedWire(on({"/x": refused(status, "oops")}))
    with pytest.raises(CoreUnavailable, match=str(status)):
        wire.run(core().call(HELLO, Done, now=NOW))


@pytest.mark.parametrize(
    ("status", "text"), [(401, "Invalid API key"), (400, "AppId or tenantId not found"), (404, "Not found")]
)
def test_core_that_refuses(status: int, text: str) -> None:
    """What the core says of our request is in the log, cut short and in printable characters."""
    wire = ScriptedWire(on({"/x": refused(status, text + "\x1b[31m" + "x" * 1000)}))
    with pytest.raises(CoreRefused, match=text) as failed:
        wire.run(core().call(HELLO, Done, now=NOW))
    assert str(failed.value).isprintable()
    assert len(str(failed.value)) < 250


@pytest.mark.parametrize("body", [b"", b"Hello", b"[]", b'{"status": 1}', b'{"session": {}}', b"\xff"])
def test_answer_of_another_form(body: bytes) -> None:
    """An answer that is none is the core's fault, and is not quoted."""
    wire = ScriptedWire(on({"/x": said({})}))
    wire.answer = on({"/x": type(VERSIONS)(status=200, body=body)})
    with pytest.raises(CoreRefused, match="form Answer") as failed:
        wire.run(core().call(HELLO, Answer, now=NOW))
    assert failed.value.__context__ is None


def test_names_in_paths_and_queries_are_quoted() -> None:
    """No user id and no tenant can lead to another path or add a parameter."""
    call = calls.handles_of(UserId("a&b=c d/é"), TenantId("x/../y"))
    assert call.target("") == (
        "/x%2F..%2Fy/recipe/session/user?userId=a%26b%3Dc+d%2F%C3%A9"
        "&fetchAcrossAllTenants=false&fetchSessionsForAllLinkedAccounts=false"
    )


def test_representations_keep_secrets() -> None:
    """Neither a call nor a request shows tokens, keys or people."""
    wire = ScriptedWire(on({"/recipe/session/refresh": OK}))
    call = calls.refresh("secret-token", dynamic_key=True, anti_csrf=True, anti_csrf_token="secret-proof")
    wire.run(core().call(call, Done, now=NOW))
    shown = repr(call) + repr(wire.requests)
    assert "secret" not in shown
    assert KEY not in shown
    assert json.loads(wire.requests[-1].body or b"")["refreshToken"] == "secret-token"
