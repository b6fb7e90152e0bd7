"""Who takes part in a random life: two instances of the engine on one store, and doors by which tokens come and go."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING, Any, cast

from segue import Config, Engine, HttpSettings
from segue.errors import RefreshExpired, ReuseDetected, UnknownRefreshToken
from segue.http.anti_csrf import AntiCsrfMode
from segue.http.message import HttpRequest
from tests.sessions.life_model import Said, Told

if TYPE_CHECKING:
    from datetime import timedelta

    from segue.http.message import HttpResponse
    from segue.sessions.policy import Lifetimes
    from segue.stores.ports import Store
    from tests.support.clock import ManualClock

ISSUER = "http://localhost:8000"


class Interposing:
    """A store in which something else may happen just before one of the next questions."""

    def __init__(self, store: Store) -> None:
        self._store = store
        self._waiting: Callable[[], None] | None = None
        self._left = 0
        self.asked = 0

    def before_question(self, number: int, act: Callable[[], None]) -> None:
        """Do *act* when that many questions were asked; `settle` does it if there are fewer."""
        self._left, self._waiting = number, act

    def settle(self) -> None:
        """Do what still waits."""
        act, self._waiting = self._waiting, None
        if act is not None:
            act()

    def __getattr__(self, name: str) -> Any:
        method = getattr(self._store, name)

        def asked(*args: Any, **kwargs: Any) -> Any:
            self.asked += 1
            self._left -= 1
            if self._left < 0:
                self.settle()
            return method(*args, **kwargs)

        return asked


class Chance:
    """Randomness that is the same in every run."""

    def __init__(self) -> None:
        self._drawn = 0

    def __call__(self, count: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(str(self._drawn).encode()).digest(count)


def secrets_at(step: int) -> tuple[str, ...]:
    """Deployment secrets of a roll-out: at odd steps the next one is made known, at even steps it signs."""
    signing, known = step // 2, (step + 1) // 2
    order = [signing, *(number for number in range(known, -1, -1) if number != signing)]
    return tuple(f"deployment secret number {number}, long enough" for number in order)


@dataclass(slots=True, kw_only=True)
class Instance:
    """One process of the deployment; restarted whenever its configuration changes."""

    store: Interposing
    clock: ManualClock
    chance: Chance
    lifetimes: Lifetimes
    key_interval: timedelta
    step: int = 0
    """Of the roll-out of secrets."""
    token_mode: bool = False
    """Whether anti-CSRF tokens are demanded."""
    engine: Engine = field(init=False)

    def __post_init__(self) -> None:
        self.engine = self._started()

    def restart(self, *, step: int | None = None, token_mode: bool | None = None) -> None:
        """With other settings, and with nothing remembered."""
        self.step = self.step if step is None else step
        self.token_mode = self.token_mode if token_mode is None else token_mode
        self.engine = self._started()

    def _started(self) -> Engine:
        mode = AntiCsrfMode.VIA_TOKEN if self.token_mode else AntiCsrfMode.NONE
        config = Config(
            http=HttpSettings(api_domain=ISSUER, website_domain=ISSUER, anti_csrf=mode),
            secrets=secrets_at(self.step),
            lifetimes=self.lifetimes,
            key_update_interval=self.key_interval,
        )
        return Engine(config, store=cast("Store", self.store), clock=self.clock, randomness=self.chance)


class Door(Enum):
    """How a refresh token comes in."""

    API = "api"
    COOKIE = "cookie"
    HEADER = "header"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tokens:
    """What a client receives."""

    refresh: str
    access: str
    proof: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a refresh is answered; over HTTP several refusals look alike."""

    said: frozenset[Said]
    tokens: Tokens | None = None
    door: Door

    def fits(self, told: Told) -> bool:
        """Whether the model foresaw it; header mode does not show whether there is an anti-CSRF token."""
        if told.said not in self.said or self.tokens is None:
            return told.said in self.said
        return self.door is Door.HEADER or (self.tokens.proof is not None) == told.proof

    def fits_nearly(self, told: Told) -> bool:
        """Likewise, but the kind of reuse may be that of a moment before."""
        return bool(told.said.theft and self.said & THEFT) or self.fits(told)


SIGNED_OUT = frozenset({Said.UNKNOWN, Said.EXPIRED, Said.UNPROVEN})
THEFT = frozenset({Said.RECENT, Said.STALE})


def refresh(engine: Engine, text: str, *, proof: str | None, door: Door) -> Answer:
    """Present a refresh token."""
    if door is Door.API:
        return _by_api(engine, text)
    carried = (
        ("cookie", f"sRefreshToken={text}") if door is Door.COOKIE else ("authorization", f"Bearer {text}")
    )
    headers = (carried, ("rid", "session"), *((("anti-csrf", proof),) if proof else ()))
    response = engine.respond(HttpRequest(method="POST", path="/auth/session/refresh", headers=headers))
    if response.status == 200:
        return Answer(said=frozenset({Said.TOKENS}), tokens=_tokens_on(response), door=door)
    assert response.status == 401, response.cause
    assert dict(response.actions.headers)["front-token"] == "remove"
    return Answer(said=THEFT if b"token theft detected" in response.body else SIGNED_OUT, door=door)


def _by_api(engine: Engine, text: str) -> Answer:
    try:
        issued = engine.refresh(text)
    except UnknownRefreshToken:
        return Answer(said=frozenset({Said.UNKNOWN}), door=Door.API)
    except RefreshExpired:
        return Answer(said=frozenset({Said.EXPIRED}), door=Door.API)
    except ReuseDetected as error:
        return Answer(said=frozenset({Said(error.subtype)}), door=Door.API)
    tokens = Tokens(refresh=issued.refresh.text, access=issued.access.text, proof=issued.anti_csrf)
    return Answer(said=frozenset({Said.TOKENS}), tokens=tokens, door=Door.API)


def _tokens_on(response: HttpResponse) -> Tokens:
    headers = dict(response.actions.headers)
    cookies = {cookie.name: cookie.value for cookie in response.actions.cookies}
    return Tokens(
        refresh=cookies.get("sRefreshToken") or headers["st-refresh-token"],
        access=cookies.get("sAccessToken") or headers["st-access-token"],
        proof=headers.get("anti-csrf"),
    )


def bearing(access: str) -> HttpRequest:
    """A request of the application's with an access token."""
    return HttpRequest(method="GET", path="/", headers=(("authorization", f"Bearer {access}"),))
