"""The seam's promises, kept by our own store."""

from __future__ import annotations

import hashlib
from datetime import timedelta
from typing import TYPE_CHECKING, TypeVar

from segue.flow import Flow, drive, performer
from segue.ids import PUBLIC_APP
from segue.sessions.issuing import Issuance
from segue.sessions.local import LocalSessions
from segue.sessions.policy import Lifetimes
from segue.stores.memory import MemoryStore
from segue.tokens.algorithms import Algorithm
from segue.tokens.secrets import Secrets
from segue.tokens.signing_keys import KeyKind, KeyPlan
from tests.sessions.seam_contract import ISSUER, START, Place, SeamContract
from tests.support.keys import make_signing_key

if TYPE_CHECKING:
    from segue.sessions.seam import Sessions

T = TypeVar("T")

KEY = make_signing_key(KeyKind.DYNAMIC, Algorithm.ES256, now=START - timedelta(hours=1), unique="")
PLAN = KeyPlan(
    dynamic=KEY,
    static=None,
    verifying=(KEY,),
    outdated=(),
    make=(),
    next_change=START + timedelta(days=1),
)


class Local(Place):
    """A store in memory."""

    def __init__(self) -> None:
        super().__init__()
        self.store = MemoryStore()
        self._drawn = 0

    def sessions(self) -> Sessions:
        """At the present instant."""
        issuance = Issuance(
            app_id=PUBLIC_APP,
            issuer=ISSUER,
            secrets=Secrets([bytes(range(32))]),
            lifetimes=Lifetimes(access_jitter=0),
            keys=PLAN,
            now=self.now,
            luck=0.0,
        )
        return LocalSessions(issuance, draw=self._draw)

    def run(self, flow: Flow[T]) -> T:
        """Drive a flow."""
        return drive(flow, performer({"SessionStore": self.store, "SessionIndex": self.store}))

    def close(self) -> None:
        """Nothing is open."""

    def _draw(self, count: int) -> bytes:
        self._drawn += 1
        return hashlib.shake_256(str(self._drawn).encode()).digest(count)


class TestLocal(SeamContract):
    """In memory."""

    def open(self) -> Place:
        """A place without sessions."""
        return Local()
