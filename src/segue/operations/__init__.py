"""
What an engine can do, as flows bound to one configuration: the whole of `Engine` and `AsyncEngine` but the driving.

    home       where sessions live: in our own store, or in a remote core (`remote_home`)
    at_hand    keys and revocations that this process knows, and what can be answered from them without asking anybody
    sessions   create, authenticate, refresh, change, revoke
    migration  previous providers' tokens
    overlap    sessions of ours, or previous providers' credentials
    exchange   the token endpoint
    back_channel  providers that sign somebody out
    routes     the browser routes
    oversight  what an operator asks and sets
    upkeep     what has to be done beside answering

House rule: clock and randomness are read here and nowhere below; no port is called here.
"""

from __future__ import annotations

from segue.clock import Clock
from segue.config import Config
from segue.ids import SessionHandle
from segue.operations.at_hand import AtHand, Randomness
from segue.operations.attempts import OnEvent
from segue.operations.back_channel import BackChannelOperations
from segue.operations.exchange import ExchangeOperations
from segue.operations.home import Home, LocalHome
from segue.operations.migration import MigrationOperations
from segue.operations.overlap import OverlapOperations
from segue.operations.oversight import OversightOperations
from segue.operations.routes import RouteOperations
from segue.operations.sessions import SessionOperations
from segue.operations.upkeep import UpkeepOperations
from segue.remote.settings import RemoteCore

__all__ = ["Operations", "Randomness"]


class Operations:
    """The operations of one engine, each a flow to be driven with the engine's ports."""

    def __init__(
        self,
        config: Config,
        *,
        core: RemoteCore | None = None,
        clock: Clock,
        randomness: Randomness,
        on_event: OnEvent | None = None,
    ) -> None:
        """
        Args:
            config: checked already.
            core: where sessions live; None: in our own store.
            clock: tells the time of every operation.
            randomness: that many bytes, as `os.urandom` gives them.
            on_event: told of every attempt to migrate.
        """
        home: Home = LocalHome(config, draw=randomness)
        if core is not None:
            # Only now: most deployments have no core, and start sooner without the code for one.
            from segue.operations.remote_home import RemoteHome  # noqa: PLC0415

            home = RemoteHome(config, core, draw=randomness, ended=self._ended)
        self.at_hand = AtHand(config, home, clock=clock, randomness=randomness)
        self.sessions = SessionOperations(self.at_hand)
        self.migration = MigrationOperations(self.at_hand, on_event=on_event)
        self.overlap = OverlapOperations(self.at_hand, self.sessions, self.migration)
        self.routes = RouteOperations(
            self.at_hand,
            self.migration,
            ExchangeOperations(self.at_hand, self.migration),
            BackChannelOperations(self.at_hand, self.migration.configured),
        )
        self.oversight = OversightOperations(self.at_hand, self.migration)
        self.upkeep = UpkeepOperations(self.at_hand, self.migration, self.oversight)

    def _ended(self, handle: SessionHandle) -> None:
        self.at_hand.first_use.note(handle)
