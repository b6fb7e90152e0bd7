"""
Everybody who takes part when `segue-web` moves a user: the provider, the application, a network that may lose things.

The application is behind the proxy in every setting, so any test can make its network fail. House rule: a test's user
signs in at the old provider without the browser, and the page finds the tokens where oidc-client-ts keeps them.
"""

from __future__ import annotations

import json
import time
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from tests.e2e.application import Application
from tests.e2e.express import ExpressApplication
from tests.e2e.sign_in import OldTokens, sign_in
from tests.e2e.stack import OldProvider, start_site
from tests.e2e.tab import Tab, new_tab
from tests.support.flaky_proxy import Fate, FlakyProxy, flaky_proxy, untouched
from tests.support.processes import free_port, wait_until

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from playwright.sync_api import BrowserContext

    from tests.support.flaky_proxy import Schedule

MIGRATE = "/auth/migrate-session"
REFRESH = "/auth/session/refresh"


@dataclass(frozen=True, slots=True, kw_only=True)
class Moving:
    """Where the page lives, who keeps its session, and how tokens travel."""

    client: str
    mode: str = "cookie"
    site_host: str | None = None
    """Host of a static site on a port of its own; None: the API serves the page."""
    express: bool = False
    """Whether the application is the Express example."""


SETTINGS = {
    "same-origin-sdk": Moving(client="supertokens"),
    "cross-origin-plain": Moving(client="plain", site_host="localhost"),
    "cross-site-header": Moving(client="supertokens", mode="header", site_host="127.0.0.1"),
}
EXPRESS = {
    "cookie": Moving(client="supertokens", express=True),
    "header": Moving(client="supertokens", mode="header", site_host="127.0.0.1", express=True),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class MovingWorld:
    """The running parties of one setting."""

    setting: Moving
    provider: OldProvider
    app: Application | ExpressApplication
    network: FlakyProxy

    @property
    def ours(self) -> Application:
        """The application whose clock a test may move."""
        assert isinstance(self.app, Application)
        return self.app

    def address(self, **settings: str) -> str:
        """The page; *settings* besides those of the world."""
        known = {
            "api": self.app.origin,
            "issuer": self.provider.issuer,
            "client": self.setting.client,
            "mode": self.setting.mode,
        }
        query = "&".join(f"{name}={value}" for name, value in (known | settings).items())
        return f"{self.app.site}/moving.html?{query}"

    def sign_in(self, user: str) -> OldTokens:
        """Sign *user* in at the old provider."""
        return sign_in(self.provider.issuer, page=self.app.site, user=user)

    def calm_down(self) -> None:
        """From now on nothing is lost, and nothing that was is remembered."""
        self.network.schedule = untouched
        self.network.exchanges.clear()

    def answers(self, path: str = MIGRATE) -> list[dict[str, Any]]:
        """What the server answered there, whoever saw it."""
        return [json.loads(one.body) for one in self.network.answered(path) if one.method == "POST"]


@contextmanager
def moving_world(setting: Moving, *, pages: Path, folder: Path) -> Generator[MovingWorld]:
    """Start the parties of a setting, and stop them when done."""
    api_port, site_port = free_port(), free_port()
    with ExitStack() as started:
        network = started.enter_context(flaky_proxy(upstream=api_port))
        own_site = setting.site_host is not None
        site = f"http://{setting.site_host}:{site_port}" if own_site else f"http://localhost:{network.port}"
        provider = OldProvider(port=free_port(), web_origins=[site], folder=folder)
        app: Application | ExpressApplication
        served, issuer = None if own_site else pages, provider.issuer
        if setting.express:
            origin = f"http://localhost:{network.port}"
            app = ExpressApplication(
                port=api_port, folder=folder, issuer=issuer, site=site, origin=origin, pages=served
            )
        else:
            app = Application(
                ports=(api_port,),
                folder=folder,
                issuer=issuer,
                site=site,
                pages=served,
                proxied=network.port,
            )
        if own_site:
            started.callback(start_site(site_port, pages=pages, logs=folder).stop)
        started.callback(provider.kill)
        provider.start()
        started.callback(app.stop)
        app.start()
        yield MovingWorld(setting=setting, provider=provider, app=app, network=network)


@dataclass(slots=True, kw_only=True)
class Mover:
    """One user with a browser profile of his own, signed in at the old provider, before the page is opened."""

    world: MovingWorld
    profile: BrowserContext
    user: str
    tokens: OldTokens
    tabs: list[Tab] = field(default_factory=list[Tab])

    @classmethod
    def arrive(cls, world: MovingWorld, profile: BrowserContext, user: str, *, left: int = 3600) -> Mover:
        """Sign in, and put the tokens where the old provider's SDK keeps them; *left*: seconds it thinks they have."""
        tokens = world.sign_in(user)
        kept = {
            "access_token": tokens.access_token,
            "refresh_token": tokens.refresh_token,
            "token_type": "Bearer",
            "scope": "openid email api",
            "profile": {"sub": user},
            "expires_at": int(time.time()) + left,
        }
        mover = cls(world=world, profile=profile, user=user, tokens=tokens)
        page = mover.tab()
        page.page.goto(world.address(wait="yes"))
        page.page.evaluate(
            "([name, value]) => localStorage.setItem(name, value)",
            [f"oidc.user:{world.provider.issuer}:spa", json.dumps(kept)],
        )
        page.page.close()
        mover.tabs.clear()
        return mover

    def tab(self) -> Tab:
        """An empty tab."""
        opened = new_tab(self.profile)
        self.tabs.append(opened)
        return opened

    def load(self, **settings: str) -> Tab:
        """Open the page in a tab of its own; it moves by itself."""
        tab = self.tab()
        tab.page.goto(self.world.address(**settings), wait_until="commit")
        return tab

    def sessions(self) -> list[str]:
        """The user's sessions in the store."""
        return self.world.app.sessions(self.user)


def outcome(tab: Tab) -> dict[str, Any]:
    """Wait until the page has moved, and tell how it ended."""
    tab.page.wait_for_function("() => window.outcome")
    found: dict[str, Any] = tab.page.evaluate("window.outcome")
    return found


def first(times: int, fate: Fate, path: str) -> Schedule:
    """The first so many POSTs to a path meet this fate."""
    left = [times]

    def schedule(method: str, asked: str) -> Fate:
        if (method, asked) != ("POST", path) or left[0] == 0:
            return Fate.PASS
        left[0] -= 1
        return fate

    return schedule


def assert_moved(mover: Mover, *tabs: Tab) -> None:
    """One session, every tab in it, the old one gone from the browser and ended at the provider."""
    handles = mover.sessions()
    assert len(handles) == 1, handles
    for tab in tabs:
        me = tab.call_api()
        assert (me.status, me.body.get("userId")) == (200, mover.user), me
        assert tab.run("doesSessionExist()") is True
        assert tab.run("oldUser()") is None
    token = mover.tokens.refresh_token
    wait_until(lambda: not mover.world.provider.is_active(token), what="the end of the old session")
    assert len([one for one in mover.world.answers() if one.get("result") == "MIGRATED"]) == 1
