"""The applications of `examples`: users of a real OpenID provider are moved onto sessions of a real core."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING, Any

import pytest

from tests.e2e import stack
from tests.e2e.sign_in import OldTokens, sign_in
from tests.sdks import apps
from tests.sdks.contract import Device
from tests.sdks.cores import API_KEY, Core
from tests.sdks.engines import running_engine
from tests.support import npm
from tests.support.processes import Server, free_port, start

if TYPE_CHECKING:
    from collections.abc import Iterator

pytestmark = pytest.mark.processes

PAGE = "http://localhost:1"
ROUTES = {
    "express": "/auth/migrate-session",
    "fastapi-supertokens": "/migrate-session",
    "go": "/migrate-session",
}


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Iterator[stack.OldProvider]:
    """npm's oidc-provider."""
    npm.install(stack.HERE)
    old = stack.OldProvider(port=free_port(), web_origins=[PAGE], folder=tmp_path_factory.mktemp("provider"))
    old.start()
    yield old
    old.kill()


@pytest.fixture(scope="module", params=list(ROUTES))
def application(
    request: pytest.FixtureRequest,
    provider: stack.OldProvider,
    cores: dict[str, Core],
    tmp_path_factory: pytest.TempPathFactory,
) -> Iterator[tuple[str, Server]]:
    """Each example."""
    port, name = free_port(), str(request.param)
    api, logs = f"http://127.0.0.1:{port}", tmp_path_factory.mktemp("example")
    environment = {
        "PORT": str(port),
        "API": api,
        "WEBSITE": PAGE,
        "CORE": cores["sqlite"].url,
        "CORE_API_KEY": API_KEY,
        "OLD_ISSUER": provider.issuer,
        "OLD_AUDIENCE": stack.AUDIENCE,
        "OLD_CLIENT": "spa",
        "PYTHONPATH": "",
    }
    with ExitStack() as started:
        if name == "express":
            beside = running_engine(cores["sqlite"], issuer=provider.issuer, api=api, site=PAGE, folder=logs)
            environment["ENGINE"] = started.enter_context(beside).url
        server = start(name, apps.example(name), port=port, logs=logs, ready="/health", env=environment)
        started.callback(server.stop)
        yield ROUTES[name], server


def migrate(device: Device, route: str, old: OldTokens) -> dict[str, Any]:
    """Exchange an old token."""
    response = device.http.post(
        device.url + route,
        headers={"authorization": f"Bearer {old.access_token}", "st-auth-mode": "header"},
        json={"refreshToken": old.refresh_token},
    )
    assert response.status_code == 200, response.text
    device.tokens.access = response.headers["st-access-token"]
    device.tokens.refresh = response.headers["st-refresh-token"]
    moved: dict[str, Any] = response.json()
    return moved


def test_a_user_is_moved(application: tuple[str, Server], provider: stack.OldProvider) -> None:
    """The old token buys a session of the same user, which the API knows and which refreshes and signs out."""
    route, server = application
    old = sign_in(provider.issuer, page=PAGE, user="ada")
    with Device(url=server.url) as device:
        moved = migrate(device, route, old)
        assert moved["userId"] == "ada"
        assert device.me("/api/me") == {"userId": "ada", "sessionHandle": moved["sessionHandle"]}
        assert device.refresh().status_code == 200
        assert device.me("/api/me")["sessionHandle"] == moved["sessionHandle"]
        assert device.status("POST", "/auth/signout") == 200
        assert device.refresh().status_code == 401


@pytest.mark.parametrize("wrong", ["", "x", "a.b.c", "changed"])
def test_another_token_is_refused(
    application: tuple[str, Server], provider: stack.OldProvider, wrong: str
) -> None:
    """What the provider did not sign buys nothing."""
    route, server = application
    token = sign_in(provider.issuer, page=PAGE, user="eve").access_token if wrong == "changed" else wrong
    if wrong == "changed":
        head, payload, signature = token.split(".")
        token = f"{head}.{payload}.{signature[:-6]}AAAAAA"
    proof = {"authorization": f"Bearer {token}"} if token else {}
    with Device(url=server.url) as device:
        response = device.http.post(server.url + route, headers={"st-auth-mode": "header", **proof})
        assert response.status_code == 401
        assert "st-access-token" not in response.headers
