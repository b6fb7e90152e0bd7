"""Migration onto a core in this process: ledger and outbox in memory, and flows that stop where a test wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeVar

from segue.errors import SessionError, StoreUnavailable
from segue.flow import Ask, Flow, drive, performer
from segue.ids import PUBLIC_APP, SessionHandle, UserId
from segue.migration.flows import Migrated, MigrationRequest, migrate
from segue.migration.model import Claim, Delivery, DeliveryState
from segue.migration.verifying import Migration
from segue.remote.exchange import Core
from segue.remote.minting import RemoteMinting
from segue.remote.sessions import RemoteSessions, Terms
from segue.remote.wire import Unanswered
from segue.sessions.flows import NO_ANTI_CSRF
from segue.sessions.issuing import Issued, NewSession
from segue.sessions.model import ByUser, SessionView
from segue.stores.memory import MemoryStore
from tests.migration.issuer import NOW
from tests.migration.world import SECRETS, Users, random_bytes, request, revoking
from tests.remote.in_process import UP, InProcess
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from datetime import datetime

T = TypeVar("T")


class CoreWorld:
    """One deployment whose sessions live in a core."""

    def __init__(self, newest: str = "5.6") -> None:
        self.store = MemoryStore()
        self.users = Users()
        self.providers = (revoking(),)
        self.clock = ManualClock(NOW)
        self.wire = InProcess(self.clock, newest=newest, hosts=(UP,))
        self.asked: list[str] = []
        self._core = Core(
            self.wire.core,
            app_id=PUBLIC_APP,
            api_domain="https://api.example",
            website_domain="https://example",
        )
        self._terms = Terms(app_id=PUBLIC_APP, issuer="https://api.example/auth", static_keys=False)
        self.number = 0
        self.drive(self.at(NOW).find(ByUser(user_id=UserId("nobody")), limit=1, after=None))
        self.asked.clear()  # the version is known by now

    def perform(self, step: Ask[Any]) -> Any:
        """Answer one ask."""
        self.asked.append(step.name)
        stores = dict.fromkeys(("Ledger", "Outbox", "Identities"), self.store)
        users = {"UserMapper": self.users, "UserState": self.users}
        return performer({**stores, **users, "CoreWire": self.wire})(step)

    def drive(self, flow: Flow[T]) -> T:
        """Any flow from beginning to end."""
        return drive(flow, self.perform)

    def at(self, now: datetime) -> RemoteSessions:
        """The core's sessions at an instant."""
        return RemoteSessions(self._core, self._terms, now=now, revoked=lambda _: None)

    def flow(self, made: MigrationRequest | None = None, *, now: datetime = NOW) -> Flow[Migrated]:
        """A migration that has not begun."""
        self.number += 1
        minting = RemoteMinting(self.at(now), app_id=PUBLIC_APP, secrets=SECRETS, now=now)
        migration = Migration(providers=self.providers, key_caches={}, version="test")
        return migrate(made or request(), migration, minting, randomness=random_bytes(self.number))

    def migrate(self, made: MigrationRequest | None = None, *, now: datetime = NOW) -> Migrated:
        """A migration from beginning to end."""
        return self.drive(self.flow(made, now=now))

    def sign_in(self, user: str) -> Issued:
        """A session without any migration."""
        return self.drive(self.at(NOW).create(NewSession(user_id=UserId(user), payload={}, data={})))

    def sessions(self, user: str = "alice") -> list[SessionView]:
        """Those of a user that live at the core, newest first."""
        found = self.at(NOW).find(ByUser(user_id=UserId(user)), limit=100, after=None)
        return list(self.drive(found))

    def handles(self) -> list[SessionHandle]:
        """Of alice's sessions."""
        return [session.handle for session in self.sessions()]

    def claims(self) -> list[Claim]:
        """The ledger."""
        return list(self.store._claims.values())

    def deliveries(self) -> list[Delivery]:
        """The outbox."""
        return list(self.store.list_deliveries(state=DeliveryState.PENDING, limit=100))

    def works(self, migrated: Migrated) -> bool:
        """Whether the tokens that came of a migration can be refreshed."""
        assert migrated.issued is not None
        text = migrated.issued.refresh.text
        try:
            issued = self.drive(self.at(NOW).refresh(text, anti_csrf=NO_ANTI_CSRF))
        except SessionError:
            return False
        return issued.session.handle == migrated.handle

    def interrupted(self, flow: Flow[Any], *, at: int, done: bool, stopped: bool) -> object:
        """
        Run a flow until its *at*-th ask; what became of it, None if it was stopped there.

        Args:
            flow: consumed.
            at: from 0; a flow that ends before has not been interrupted.
            done: the ask takes effect, and its answer is lost.
            stopped: the process dies; otherwise the flow learns that there was no answer.
        """
        try:
            step: Ask[Any] = flow.send(None)
            for _ in range(at):
                step = flow.send(self.perform(step))
            if done:
                self.perform(step)
            if stopped:
                flow.close()
                return None
            step = _fail(flow, step, sent=done)
            while True:
                step = flow.send(self.perform(step))
        except StopIteration as ended:
            return ended.value
        except SessionError as error:
            return error


def _fail(flow: Flow[Any], step: Ask[Any], *, sent: bool) -> Ask[Any]:
    following: Ask[Any]
    if step.port == "CoreWire":
        following = flow.send(Unanswered(reason="broken", sent=sent))
    else:
        following = flow.throw(StoreUnavailable("broken"))
    return following
