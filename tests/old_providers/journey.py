"""
What every old provider goes through: its real credentials become sessions here, once, and wrong ones do not.

A provider's own test file starts the old software, configures a site for it and calls these. House rule: a check goes
over the real routes, and asks the old software itself what it still accepts.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol

from tests.support.processes import wait_until

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from contextlib import AbstractContextManager

    from tests.old_providers.site import Held, Site, Visitor


class OldProvider(Protocol):
    """Old software as its users see it."""

    def sign_in(self, user: str) -> Held:
        """Sign in through its own pages or routes."""
        ...

    def accepts(self, held: Held) -> bool:
        """Whether it still takes this for a signed-in user."""
        ...

    def sign_out(self, held: Held) -> None:
        """Sign out through its own route."""
        ...


class Rotating(OldProvider, Protocol):
    """One whose operator can change what credentials are signed with."""

    def rotate(self) -> None:
        """A new key or secret comes first; the old one is still accepted."""
        ...

    def retire(self) -> None:
        """Only the newest is accepted from now on."""
        ...


def moves(site: Site, old: OldProvider, *, user: str, user_id: str) -> Visitor:
    """
    A real sign-in becomes a session; the same client's retry gets the same one, and nobody else gets any.

    Args:
        site: configured for the old provider.
        old: where the user signs in.
        user: the name to sign in with.
        user_id: who that is here.
    """
    held = old.sign_in(user)
    assert old.accepts(held), "the old software does not take its own credential"
    mine = migrates(site, held, user_id=user_id)
    is_spent(site, held, by=mine)  # before anybody uses the new session: then the old one may be ended
    assert mine.user == user_id
    return mine


def migrates(site: Site, held: Held, *, user_id: str) -> Visitor:
    """What is held buys a session of this user, which nobody has used yet."""
    visitor = site.visitor(held)
    assert visitor.user is None, "the old credential alone opened the new API"
    answer = visitor.migrate()
    assert (answer.status, answer.code) == (200, "MIGRATED"), answer
    assert answer.json["userId"] == user_id
    return visitor


def becomes_a_session(site: Site, held: Held, *, user_id: str) -> Visitor:
    """What is held buys a session of this user, with which the API can be called."""
    visitor = migrates(site, held, user_id=user_id)
    assert visitor.user == user_id
    return visitor


def is_spent(site: Site, held: Held, *, by: Visitor) -> None:
    """The client that migrated may repeat it and has one session; another client is refused for good."""
    retry = site.visitor(held, key=by.key)
    answer = retry.migrate()
    assert (answer.status, answer.code) == (200, "REPEATED"), answer
    is_refused(site, held, code="ALREADY_MIGRATED")
    assert retry.user == by.user


def is_refused(site: Site, held: Held, *, code: str) -> None:
    """What is held buys nothing, for this reason."""
    visitor = site.visitor(held)
    answer = visitor.migrate()
    assert (answer.status >= 400, answer.code) == (True, code), answer
    assert visitor.user is None


def ends_for_real(site: Site, old: OldProvider, held: Held) -> None:
    """
    The old software does not take the migrated credential any more, soon after the new session was used.

    It is asked once, when everything is delivered: some write a session back that they were asked about meanwhile.
    """
    wait_until(lambda: site.delivered, what="the old session to be ended")
    assert not old.accepts(held), "it lives on there"


def leaves_a_tombstone(site: Site, old: OldProvider, held: Held) -> None:
    """Where the old software would take a migrated credential for ever, also after signing out, we do not."""
    old.sign_out(held)
    assert old.accepts(held), "it ended there; demand ends_for_real"
    is_refused(site, held, code="ALREADY_MIGRATED")


def survives_rotation(
    open_site: Callable[[], AbstractContextManager[Site]], old: Rotating, users: Mapping[str, str]
) -> None:
    """
    Keys change in the middle: what either key made is good until the older one is retired.

    Args:
        open_site: starts the new application, configured for what the old one accepts now.
        old: whose keys change.
        users: four names to sign in with, and who they are here; four, for some credentials move one person once.
    """
    (early, early_id), (late, late_id), (kept, _), (last, last_id) = users.items()
    early_held, kept_held = old.sign_in(early), old.sign_in(kept)
    old.rotate()
    late_held = old.sign_in(late)
    with open_site() as site:
        becomes_a_session(site, early_held, user_id=early_id)
        becomes_a_session(site, late_held, user_id=late_id)
    old.retire()
    with open_site() as site:
        # Asked before the old software is, for a visit there may give a session another key.
        is_refused(site, kept_held, code="TOKEN_SIGNATURE_INVALID")
        assert not old.accepts(kept_held)
        becomes_a_session(site, old.sign_in(last), user_id=last_id)


def follows_keys(site: Site, old: Rotating, users: Mapping[str, str]) -> None:
    """
    Published keys change while the new application runs: it finds new ones, and forgets those that are retired.

    Args:
        site: configured with live keys and a cool-down of a second.
        old: whose keys change.
        users: four names to sign in with, and who they are here.
    """
    (early, early_id), (late, late_id), (kept, _), (last, last_id) = users.items()
    early_held, kept_held = old.sign_in(early), old.sign_in(kept)
    becomes_a_session(site, early_held, user_id=early_id)
    old.rotate()
    comes_to(site, old.sign_in(late), code="MIGRATED", user_id=late_id)
    old.rotate()
    old.retire()
    comes_to(site, old.sign_in(last), code="MIGRATED", user_id=last_id)
    comes_to(site, kept_held, code="TOKEN_KID_UNKNOWN", user_id=None)


def comes_to(site: Site, held: Held, *, code: str, user_id: str | None) -> None:
    """What is held comes to this, once keys may be asked for again; until then it is "try again", and nobody is in."""
    visitor = site.visitor(held)

    def answered() -> str | None:
        answer = visitor.migrate()
        return None if answer.code == "KEYS_UNAVAILABLE" else answer.code

    assert wait_until(answered, what="keys to be asked for") == code
    assert visitor.user == user_id
