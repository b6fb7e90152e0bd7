"""A session of a SuperTokens core, ended: against the real service of `segue core`, in this process."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from segue.flow import drive, performer
from segue.migration.endings import SupertokensEnding
from segue.migration.endings.model import Attempt, Outcome
from segue.migration.urls import parse_url
from segue.migration.web import WebRequest, WebResponse
from segue.service.core.service import CoreRequest
from tests.migration.endings.scene import errand, old
from tests.remote.in_process import KEY, InProcess
from tests.support.clock import ManualClock
from tests.support.issuer import NOW

if TYPE_CHECKING:
    from collections.abc import Generator

SESSION: dict[str, object] = {
    "userId": "alice",
    "enableAntiCsrf": False,
    "userDataInJWT": {},
    "userDataInDatabase": {},
    "useDynamicSigningKey": True,
}


class CoreWeb:
    """The port `Web` over the core's service."""

    def __init__(self, core: InProcess) -> None:
        self._core = core

    def exchange(self, request: WebRequest) -> WebResponse:
        """Hand a request over as its server would."""
        headers, path = dict(request.headers), parse_url(request.url).target
        asked = CoreRequest(
            method=request.method,
            path=path,
            query=b"",
            body=request.body or b"",
            api_key=headers.get("api-key"),
            cdi_version=headers.get("cdi-version"),
            client_ip="127.0.0.1",
        )
        answer = self._core.runner.run(self._core.inner.service.answer(asked))
        return WebResponse(status=answer.status, body=answer.body)


@pytest.fixture
def core() -> Generator[InProcess]:
    """A core with nothing in it."""
    core = InProcess(ManualClock(NOW))
    yield core
    core.close()


def end(core: InProcess, handle: str, *, key: str = KEY) -> Attempt:
    """What ending this session there comes to."""
    ending = SupertokensEnding(url="https://core.example/base", api_key=key)
    flow = ending.end(old(session_id=handle), errand())
    return drive(flow, performer({"Web": CoreWeb(core)}))


def test_session_is_ended_and_stays_so(core: InProcess) -> None:
    """It is gone after the first call, the user's other one is not, and a second call finds that in order."""
    handles = [
        json.loads(core.ask("POST", "/recipe/session", json.dumps(SESSION).encode()).body)["session"][
            "handle"
        ]
        for _ in range(2)
    ]
    assert [end(core, handles[0]).outcome for _ in range(2)] == [Outcome.DONE, Outcome.DONE]
    states = [
        json.loads(core.ask("GET", f"/recipe/session?sessionHandle={handle}").body)["status"]
        for handle in handles
    ]
    assert states == ["UNAUTHORISED", "OK"]


def test_wrong_key(core: InProcess) -> None:
    """A key that the core refuses is ours to mend."""
    attempt = end(core, "session-1", key="another-key-of-these-tests-0123456789")
    assert (attempt.outcome, attempt.error) == (Outcome.WAIT, "CLIENT_REFUSED")
