"""
Do the pinned keys of a provider still look like its own?

A difference is an alarm for whoever runs this, and never a refusal: the provider may be gone, or may have rotated a key
that no old token was signed with. House rule: a key is what it is made of; a new key under an old id is a difference.
"""

from __future__ import annotations

from contextlib import nullcontext
from datetime import datetime

import msgspec

from segue.migration.key_cache import KeyCache
from segue.migration.key_flows import refresh_keys
from segue.migration.key_holder import KeyCacheHolder
from segue.migration.key_sources import KeySource, compared_part, live_part, pinned_part
from segue.tokens.jwk import KeySet


class PinDifference(msgspec.Struct, frozen=True, kw_only=True):
    """How a live set differs from a pinned one; names are key ids, or stand for a key without one."""

    withdrawn: tuple[str, ...] = ()
    """Pinned, and not published any more: the provider does not want them believed, or just moved on."""
    added: tuple[str, ...] = ()
    """Published, and not pinned: tokens signed by them are refused here."""
    replaced: tuple[str, ...] = ()
    """The same id, another key: somebody should find out who made it."""

    def __bool__(self) -> bool:
        return bool(self.withdrawn or self.added or self.replaced)

    def __str__(self) -> str:
        named = (("withdrawn", self.withdrawn), ("added", self.added), ("replaced", self.replaced))
        return "; ".join(f"{word}: {', '.join(names)}" for word, names in named if names) or "none"


class PinReport(msgspec.Struct, frozen=True, kw_only=True):
    """What comparing came to, for one provider."""

    provider: str
    difference: PinDifference | None
    """None: the provider gave no keys to compare with, and `failure` says why."""
    failure: str | None = None


class PinEvent(msgspec.Struct, frozen=True, kw_only=True):
    """What one comparison came to, for whoever listens."""

    at: datetime
    report: PinReport
    news: bool
    """The first comparison that came to this; until it changes, no other is news."""

    def as_line(self) -> str:
        """One line of JSON, members that are empty left out."""
        difference = self.report.difference
        whole = {
            "provider": self.report.provider,
            "differs": None if difference is None else bool(difference),
            "withdrawn": difference and difference.withdrawn,
            "added": difference and difference.added,
            "replaced": difference and difference.replaced,
            "failure": self.report.failure,
        }
        shown = {name: value for name, value in whole.items() if value is not None and value != ()}
        return msgspec.json.encode(shown).decode()


def compare_keys(pinned: KeySet, live: KeySet, *, left_out: frozenset[str] = frozenset()) -> PinDifference:
    """
    Compare two sets by what their keys are made of.

    Args:
        pinned: as configured.
        live: as published now.
        left_out: ids that were deliberately not pinned.
    """
    ours, theirs = _named(pinned), _named(live)
    return PinDifference(
        withdrawn=tuple(sorted(ours.keys() - theirs.keys())),
        added=tuple(sorted(theirs.keys() - ours.keys() - left_out)),
        replaced=tuple(sorted(name for name in ours.keys() & theirs.keys() if ours[name] != theirs[name])),
    )


def _named(keys: KeySet) -> dict[str, frozenset[object]]:
    """The material behind each id; a key without one is known by itself."""
    named: dict[str, set[object]] = {}
    for key in keys:
        named.setdefault(key.key_id or f"a key without id ({key.fingerprint})", set()).add(key.fingerprint)
    return {name: frozenset(found) for name, found in named.items()}


async def check_pins(
    name: str, source: KeySource, cache: KeyCacheHolder | None, now: datetime
) -> PinReport | None:
    """
    Fetch a provider's keys and compare them with the pinned ones; None: there is nothing to compare.

    Args:
        name: the provider's.
        source: its keys.
        cache: of the live part, if that part also serves tokens.
        now: aware UTC instant.
    """
    pinned, live = pinned_part(source), compared_part(source)
    if pinned is None or live is None:
        return None
    if cache is None or live_part(source) is None:
        cache = KeyCacheHolder(KeyCache(rules=live.rules), lock=nullcontext())
    await refresh_keys(live, cache, now)
    keys = cache.state.usable(now)
    if keys is None:
        return PinReport(provider=name, difference=None, failure=cache.state.failure)
    return PinReport(provider=name, difference=compare_keys(pinned.keys, keys, left_out=pinned.left_out))
