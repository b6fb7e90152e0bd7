"""
What the migration flow needs from outside: the ledger, the outbox, and the application's own say.

House rule as for the session store: every method is atomic; stores raise `StoreUnavailable` when broken.
"""

from __future__ import annotations

from datetime import datetime
from typing import Protocol

from segue.ids import AppId, Digest, SessionHandle, UserId
from segue.migration.buckets import Spending
from segue.migration.model import Claim, Delivery, DeliveryId, DeliveryState, Identity, IdentityLink
from segue.migration.records import AttemptCount, AttemptRecord, DeliveryCount, MintedCount
from segue.migration.rollout import Rollout
from segue.sessions.model import ByProvenance, Session


class Ledger(Protocol):
    """Makes every sign-in at a provider become a session at most once."""

    def find_claim(self, app_id: AppId, claim_id: Digest) -> Claim | None:
        """The claim of this sign-in, if there is one; also one past its `keep_until` that is not cleaned up yet."""
        ...

    def find_claims(
        self, app_id: AppId, subject_digest: Digest, *, after: Digest, limit: int
    ) -> tuple[Claim, ...]:
        """The claims of all sign-ins of a person, by `claim_id`, at most *limit*; only those greater than *after*."""
        ...

    def claim_and_create(
        self,
        claim: Claim,
        session: Session | None,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
    ) -> Claim | None:
        """
        In one transaction write claim, session, deliveries and the record of it all, unless the claim exists.

        Without a session the claim is that of one which is there already. None: all is written. A claim: the one that
        was there first; nothing was written.
        """
        ...

    def settle_claim(
        self,
        claim: Claim,
        deliveries: tuple[Delivery, ...],
        record: AttemptRecord | None = None,
        *,
        if_handle: SessionHandle,
    ) -> bool:
        """
        In one transaction write the claim anew and add deliveries and record, if it still names *if_handle*; did it?

        For sessions that are made elsewhere, after the claim: until then it names a handle that no session has.
        """
        ...

    def delete_claims(self, *, kept_until_before: datetime, limit: int) -> int:
        """Forget at most *limit* claims whose `keep_until` has passed; how many."""
        ...


class Outbox(Protocol):
    """Deliveries that wait for the provider."""

    def take_deliveries(self, *, at: datetime, lease_until: datetime, limit: int) -> tuple[Delivery, ...]:
        """
        Pending deliveries that are due, oldest due first, each with `attempts` grown by one.

        In the same transaction their `due_at` moves to *lease_until*, so that no other worker takes them meanwhile and
        a worker that dies loses nothing.
        """
        ...

    def settle_delivery(
        self,
        delivery_id: DeliveryId,
        *,
        state: DeliveryState,
        at: datetime,
        due_at: datetime,
        last_error: str | None,
    ) -> None:
        """
        Write what came of it at *at*.

        Unless still pending, that is `settled_at`, and `sealed` is emptied: the old tokens are no longer needed.

        Only a pending delivery changes: a worker whose lease ran out must not undo what a faster one has settled.
        """
        ...

    def delete_deliveries(self, *, state: DeliveryState, settled_before: datetime, limit: int) -> int:
        """Forget at most *limit* deliveries in this state that were settled earlier, oldest first; how many."""
        ...

    def held_sessions(self, app_id: AppId, *, limit: int) -> tuple[SessionHandle, ...]:
        """At most *limit* sessions whose first use a delivery waits for, greatest handle (and so the newest) first."""
        ...

    def release_deliveries(self, app_id: AppId, handles: tuple[SessionHandle, ...], *, at: datetime) -> int:
        """Deliveries held for these sessions are due at *at*; how many. What is not held stays as it is."""
        ...

    def list_deliveries(self, *, state: DeliveryState, limit: int) -> tuple[Delivery, ...]:
        """Deliveries in this state, oldest first."""
        ...

    def count_deliveries(self) -> dict[DeliveryState, int]:
        """How many are in which state; states without any are left out."""
        ...


class AttemptLog(Protocol):
    """What became of every attempt, for as long as an operator wants to know."""

    def add_attempts(self, records: tuple[AttemptRecord, ...]) -> None:
        """Write records in one transaction; one whose operation id is there already stays as it is."""
        ...

    def count_attempts(self, app_id: AppId) -> tuple[AttemptCount, ...]:
        """All that ever were, those included that were folded; in the order of their outcomes."""
        ...

    def fold_attempts(self, app_id: AppId, *, before: datetime, limit: int) -> int:
        """
        Keep of at most *limit* records, oldest first, no more than their numbers; how many rows went.

        In one transaction they move from the records to the counts: no reader sees them twice or not at all.
        """
        ...

    def count_deliveries_by_provider(self, app_id: AppId) -> tuple[DeliveryCount, ...]:
        """How many deliveries of which provider are in which state, and why; in this order."""
        ...

    def count_minted(self, app_id: AppId, minted: ByProvenance, *, at: datetime) -> MintedCount:
        """Sessions of this provenance that live at the instant."""
        ...


class Rollouts(Protocol):
    """Switches that stand above the configuration."""

    def load_rollouts(self, app_id: AppId) -> dict[str, Rollout]:
        """Those that somebody has set, by provider."""
        ...

    def set_rollout(self, app_id: AppId, provider: str, rollout: Rollout | None, *, at: datetime) -> None:
        """Set the switch of a provider; None: the configuration counts again."""
        ...


class Limiter(Protocol):
    """Failures that all processes count together."""

    def spend(self, spending: Spending, *, at: datetime) -> datetime:
        """
        Count a failure in its bucket; when that will be empty.

        A bucket that is not there is empty now. One statement; see `Budget.spent` for the arithmetic.
        """
        ...

    def delete_buckets(self, *, empty_before: datetime, limit: int) -> int:
        """Forget at most *limit* buckets that have been empty since; how many."""
        ...


class Identities(Protocol):
    """Who a provider's people are here, as far as it was written down."""

    def find_identity(self, app_id: AppId, subject_digest: Digest) -> IdentityLink | None:
        """The link of a person, also one that is only reserved."""
        ...

    def reserve_identity(self, link: IdentityLink) -> IdentityLink | None:
        """
        Write a link without a user, so that one caller alone makes him until `busy_until`.

        None: reserved. Else the link that is there: with its user, or reserved by somebody else whose time is not over
        at `linked_at`.
        """
        ...

    def link_identity(self, link: IdentityLink) -> UserId:
        """Write a link with its user, unless the person has one; the user that he has then."""
        ...

    def list_identities(self, app_id: AppId, user_id: UserId, *, limit: int) -> tuple[IdentityLink, ...]:
        """Who is this user, by digest."""
        ...


class UserMapper(Protocol):
    """The application's own say about who a provider's user is here."""

    def map_user(self, identity: Identity) -> UserId:
        """
        Our user id of a verified identity: the same each time, also when two calls run at once.

        Raises:
            UserRefused: blocked, deleted, unknown. Any other exception fails the migration closed, and so does an
                answer that is no user id, such as None.
        """
        ...

    def find_by_email(self, identity: Identity, address: str) -> UserId | None:
        """
        The user of an address that the identity's provider has verified; None: nobody has it.

        Raises:
            IdentityAmbiguous: several have it.
        """
        ...

    def create_user(self, identity: Identity, proposed: UserId) -> UserId:
        """Make the user of an identity that has none, see `segue.migration.mapping.CreateUser`."""
        ...
