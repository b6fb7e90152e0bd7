"""What the tests of the session flows share: values to begin with, a store, and every order in which flows can meet."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

from msgspec.structs import replace

from segue.flow import Ask, Flow, drive, performer
from segue.ids import PUBLIC_APP, UserId
from segue.sessions.flows import RANDOMNESS, create
from segue.sessions.issuing import Issuance, IssuedSession, NewSession
from segue.sessions.policy import Lifetimes
from segue.stores.memory import MemoryStore
from segue.tokens.algorithms import Algorithm
from segue.tokens.secrets import Secrets
from segue.tokens.signing_keys import KeyKind, KeyPolicy, plan_keys
from tests.support.keys import make_signing_key

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping

T = TypeVar("T")

START = datetime(2026, 3, 1, 12, 0, 0, 123_456, tzinfo=UTC)
LIFETIMES = Lifetimes(access=timedelta(hours=1), access_jitter=0, refresh=timedelta(days=100))
SECRET = b"the first deployment secret, long enough"
NEXT_SECRET = b"the second deployment secret, long enough"
POLICY = KeyPolicy(
    algorithm=Algorithm.ES256, update_interval=timedelta(hours=168), access_lifetime=LIFETIMES.access
)
PLAN = plan_keys(
    tuple(make_signing_key(kind, Algorithm.ES256, now=START, unique="x") for kind in KeyKind),
    POLICY,
    now=START,
)


def issuance(
    now: datetime = START, *, lifetimes: Lifetimes = LIFETIMES, secrets: tuple[bytes, ...] = (SECRET,)
) -> Issuance:
    """What tokens are made with."""
    return Issuance(
        app_id=PUBLIC_APP,
        issuer="https://api.example.com/auth",
        secrets=Secrets(secrets),
        lifetimes=lifetimes,
        keys=PLAN,
        now=now,
        luck=0.0,
    )


@dataclass
class Scene:
    """A store and one session in it."""

    store: MemoryStore = field(default_factory=MemoryStore)
    asked: list[str] = field(default_factory=list[str])

    def perform(self, step: Ask[Any]) -> Any:
        """Answer one ask."""
        self.asked.append(step.name)
        return performer({"SessionStore": self.store, "SessionIndex": self.store})(step)

    def run(self, flow: Flow[T]) -> T:
        """Run a flow to its end."""
        return drive(flow, self.perform)

    def sign_in(self, *, with_issuance: Issuance | None = None, **given: Any) -> IssuedSession:
        """A new session of Ada's."""
        usual: dict[str, Any] = {"user_id": UserId("ada"), "payload": {}, "data": {}}
        new = NewSession(**(usual | given))
        randomness = hashlib.shake_256(str(len(self.asked)).encode()).digest(RANDOMNESS)
        return self.run(create(new, with_issuance or issuance(), randomness=randomness))


def at(seconds: float, **given: Any) -> Issuance:
    """Issuance some seconds after the start."""
    return issuance(START + timedelta(seconds=seconds), **given)


def outcome(flow: Flow[T], perform: Callable[[Ask[Any]], Any]) -> T | Exception:
    """What a flow returns or raises."""
    try:
        return drive(flow, perform)
    except Exception as error:  # noqa: BLE001 - the error is the outcome
        return error


def every_order(
    begin: Callable[[], tuple[Mapping[str, Flow[Any]], Callable[[Ask[Any]], Any]]],
) -> Iterator[tuple[str, dict[str, Any]]]:
    """
    Run concurrent flows in every order of their steps; yields the order taken and the outcome of each flow.

    Args:
        begin: a fresh store's performer, and the flows by a letter each. Called once per order.
    """
    prefixes = [""]
    while prefixes:
        prefix = prefixes.pop()
        flows, perform = begin()
        taken, outcomes = "", dict[str, Any]()
        waiting = {name: _Stepped(flow) for name, flow in flows.items()}
        while waiting:
            choices = sorted(waiting)
            chosen = prefix[len(taken)] if len(taken) < len(prefix) else choices[0]
            if len(taken) >= len(prefix):
                prefixes += [taken + other for other in choices[1:]]
            taken += chosen
            if waiting[chosen].step(perform):
                outcomes[chosen] = waiting.pop(chosen).outcome
        yield taken, outcomes


@dataclass
class _Stepped:
    """A flow that is run one ask at a time."""

    flow: Flow[Any]
    outcome: Any = None
    _pending: Ask[Any] | None = None

    def step(self, perform: Callable[[Ask[Any]], Any]) -> bool:
        """Perform one ask and run to the next; whether the flow is done."""
        try:
            step = self.flow.send(None) if self._pending is None else self._pending
            try:
                reply = perform(step)
            except Exception as error:  # noqa: BLE001 - belongs to the flow
                self._pending = self.flow.throw(error)
            else:
                self._pending = self.flow.send(reply)
        except StopIteration as done:
            self.outcome = done.value
            return True
        except Exception as error:  # noqa: BLE001 - the error is the outcome
            self.outcome = error
            return True
        return False


def later(given: Issuance, span: timedelta) -> Issuance:
    """The same at another instant."""
    return replace(given, now=given.now + span)
