"""`Identities` over a dictionary. House rule: a link with a user never changes."""

from __future__ import annotations

from msgspec.structs import replace

from segue.ids import AppId, Digest, UserId, whole_milliseconds
from segue.migration.model import IdentityLink
from segue.stores.memory.state import MemoryState


class MemoryIdentities(MemoryState):
    """Who a provider's people are."""

    def find_identity(self, app_id: AppId, subject_digest: Digest) -> IdentityLink | None:
        """See `Identities.find_identity`."""
        with self._lock:
            return self._identities.get((app_id, subject_digest))

    def reserve_identity(self, link: IdentityLink) -> IdentityLink | None:
        """See `Identities.reserve_identity`."""
        kept = _kept(replace(link, user_id=None))
        with self._lock:
            there = self._identities.get((link.app_id, link.subject_digest))
            if there is not None and not _is_over(there, kept):
                return there
            self._identities[link.app_id, link.subject_digest] = kept
        return None

    def link_identity(self, link: IdentityLink) -> UserId:
        """See `Identities.link_identity`."""
        if link.user_id is None:
            raise ValueError("a link without a user is a reservation")
        with self._lock:
            there = self._identities.get((link.app_id, link.subject_digest))
            if there is not None and there.user_id is not None:
                return there.user_id
            self._identities[link.app_id, link.subject_digest] = _kept(replace(link, busy_until=None))
        return link.user_id

    def list_identities(self, app_id: AppId, user_id: UserId, *, limit: int) -> tuple[IdentityLink, ...]:
        """See `Identities.list_identities`."""
        with self._lock:
            found = [
                each for each in self._identities.values() if (each.app_id, each.user_id) == (app_id, user_id)
            ]
        return tuple(sorted(found, key=lambda each: each.subject_digest)[:limit])


def _is_over(there: IdentityLink, now: IdentityLink) -> bool:
    return there.user_id is None and (there.busy_until is None or there.busy_until <= now.linked_at)


def _kept(link: IdentityLink) -> IdentityLink:
    busy = link.busy_until
    return replace(
        link,
        linked_at=whole_milliseconds(link.linked_at),
        busy_until=None if busy is None else whole_milliseconds(busy),
    )
