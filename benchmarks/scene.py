"""A deployment of ours to be measured: engines, sessions and tokens, like those of a small shop."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec.structs import replace

from segue import Config, Engine, HttpSettings, NewSession
from segue.ids import UserId
from segue.json import JsonObject
from segue.stores.memory import MemoryStore
from segue.tokens.algorithms import Algorithm

if TYPE_CHECKING:
    from segue.migration.provider import Provider
    from segue.stores.ports import Store

API = "http://localhost:8000"
WEBSITE = "http://localhost:3000"
SECRET = "a deployment secret for benchmarks, 0123456789"  # noqa: S105 - of nothing but benchmarks

CONFIG = Config(http=HttpSettings(api_domain=API, website_domain=WEBSITE), secrets=(SECRET,))


def config(
    algorithm: Algorithm = Algorithm.RS256, *, remembered: int = 10_000, providers: tuple[Provider, ...] = ()
) -> Config:
    """A deployment; *remembered*: how many verified tokens."""
    return replace(CONFIG, signing_algorithm=algorithm, verified_cache=remembered, providers=providers)


def engine(
    algorithm: Algorithm = Algorithm.RS256, *, remembered: int = 10_000, store: Store | None = None
) -> Engine:
    """An engine, on a store in memory unless another one is given."""
    return Engine(config(algorithm, remembered=remembered), store=store or MemoryStore())


def somebody(number: int = 0) -> NewSession:
    """A session to be created, with some claims of the application's."""
    payload: JsonObject = {"st-role": {"v": ["customer"], "t": 1_700_000_000_000}, "plan": "gold"}
    return NewSession(user_id=UserId(f"user-{number:08}"), payload=payload, data={})


def access_tokens(made: Engine, count: int) -> list[str]:
    """Live access tokens of as many sessions."""
    return [made.create_session(somebody(number)).access.text for number in range(count)]
