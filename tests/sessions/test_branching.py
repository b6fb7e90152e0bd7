"""Rotation at first use: the worked examples of the core protocol, every order of two, and every step failing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from segue.errors import (
    AntiCsrfRefused,
    RefreshExpired,
    ReuseDetected,
    SessionGone,
    StoreUnavailable,
    TokenExpired,
    UnknownRefreshToken,
)
from segue.ids import PUBLIC_APP, AppId
from segue.sessions.branching_flows import VerifiedBranch, refresh_branch, verify_branch
from segue.sessions.flows import AntiCsrf, confirm, refresh, revoke
from segue.tokens.access import AccessVersion
from tests.sessions.scene import LIFETIMES, START, Scene, at, every_order, issuance, outcome

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.flow import Ask, Flow
    from segue.sessions.issuing import Issuance, IssuedSession
    from segue.sessions.model import Session


class Branching(Scene):
    """A store, one session, and short names for what the worked examples do."""

    def again(
        self, issued: IssuedSession, seconds: float = 0, *, seed: int = 1, **given: Any
    ) -> IssuedSession:
        """Refresh with a session's refresh token; the seed tells siblings apart."""
        made = given.pop("made", None) or at(seconds)
        return self.run(refresh_branch(issued.refresh.text, made, randomness=bytes([seed]) * 16, **given))

    def verify(self, issued: IssuedSession, seconds: float = 0, *, check: bool = False) -> VerifiedBranch:
        """Verify a session's access token."""
        return self.run(verify_branch(issued.access.claims, at(seconds), check_database=check))

    def row(self, issued: IssuedSession) -> Session:
        """The session as stored."""
        session = self.store.load_session(PUBLIC_APP, issued.session.handle)
        assert session is not None
        return session

    def lineage(self, issued: IssuedSession) -> tuple[bytes, bytes | None]:
        """The two digests of the row."""
        family = self.row(issued).family
        return family.current, family.previous


class TestWorkedExample:
    """The table of the core protocol's section 8.9 for versions up to 5.5."""

    def test_refresh_leaves_the_row_alone(self) -> None:
        """A child names its parent; the row keeps token and end, however many children there are."""
        scene = Branching()
        first = scene.sign_in()
        before = scene.row(first)
        children = [scene.again(first, 60, seed=seed) for seed in (1, 2, 3)]
        assert len({child.refresh.text for child in children}) == 3
        assert {child.access.claims.parent_hash for child in children} == {first.refresh.hash}
        assert [child.access.claims.refresh_hash for child in children] == [
            child.refresh.hash for child in children
        ]
        assert scene.row(first) == before

    def test_first_verification_promotes(self) -> None:
        """The first verified use of a child puts it in its parent's place, and gives a token without a parent."""
        scene = Branching()
        first = scene.sign_in()
        child = scene.again(first, 10)
        verified = scene.verify(child, 20)
        assert verified.fresh is not None
        claims = verified.fresh.claims
        assert (claims.parent_hash, claims.refresh_hash) == (None, child.refresh.hash)
        assert claims.expires_at == at(20).now.replace(microsecond=0) + LIFETIMES.access
        row = scene.row(first)
        assert (row.family.current, row.family.previous) == (child.refresh.digest, first.refresh.digest)
        assert row.expires_at - row.refreshed_at == LIFETIMES.refresh
        assert scene.verify(child, 30).fresh is not None, "its own hash is the newest: a settled token again"
        settled = scene.run(verify_branch(claims, at(31), check_database=False))
        assert settled.fresh is None

    def test_losing_branch_stays_usable_until_it_expires(self) -> None:
        """An access token of a sibling that lost is accepted, and promotes nothing."""
        scene = Branching()
        first = scene.sign_in()
        winner, loser = scene.again(first, seed=1), scene.again(first, seed=2)
        scene.verify(winner)
        before = scene.row(first)
        assert scene.verify(loser) == VerifiedBranch(payload=loser.access.claims.custom, fresh=None)
        assert scene.row(first) == before

    @pytest.mark.parametrize(
        ("subtype", "which"), [("RECENT_PREV", 0), ("ORPHANED_BRANCH", 1)], ids=["parent", "sibling"]
    )
    def test_reuse_leaves_the_session(self, subtype: str, which: int) -> None:
        """After a promotion the parent and the siblings are reuse; the row stays, for the back end to remove."""
        scene = Branching()
        first = scene.sign_in()
        winner, loser = scene.again(first, seed=1), scene.again(first, seed=2)
        scene.verify(winner)
        before = scene.row(first)
        with pytest.raises(ReuseDetected) as caught:
            scene.again((first, loser)[which])
        assert caught.value.subtype == subtype
        assert (caught.value.handle, caught.value.user_id) == (first.session.handle, "ada")
        assert scene.row(first) == before
        assert scene.again(winner).access.claims.parent_hash == winner.refresh.hash

    def test_refresh_without_a_verification_promotes(self) -> None:
        """A child that is presented takes its parent's place and gets a child; the grandparent is then old."""
        scene = Branching()
        zero = scene.sign_in()
        one = scene.again(zero, 5)
        two = scene.again(one, 10)
        assert two.access.claims.parent_hash == one.refresh.hash
        assert scene.lineage(zero) == (one.refresh.digest, zero.refresh.digest)
        three = scene.again(two, 15)
        assert scene.lineage(zero) == (two.refresh.digest, one.refresh.digest)
        for old, subtype in ((one, "RECENT_PREV"), (zero, "STALE_LINEAGE")):
            with pytest.raises(ReuseDetected) as caught:
                scene.again(old, 15)
            assert caught.value.subtype == subtype
        assert scene.verify(zero).fresh is None, "a grandparent's access token promotes nothing"
        assert scene.row(zero).expires_at == scene.row(zero).refreshed_at + LIFETIMES.refresh
        assert scene.verify(three, 20).fresh is not None


class TestRefresh:
    """What else a refresh may meet."""

    def test_expired(self) -> None:
        """Past the session's end nothing branches."""
        scene = Branching()
        first = scene.sign_in()
        with pytest.raises(RefreshExpired):
            scene.again(first, made=issuance(first.session.expires_at))

    def test_gone(self) -> None:
        """A revoked session's token is unknown, and the row does not come back."""
        scene = Branching()
        first = scene.sign_in()
        child = scene.again(first)
        scene.run(revoke(PUBLIC_APP, first.session.handle, at=START))
        for issued in (first, child):
            with pytest.raises(UnknownRefreshToken):
                scene.again(issued)
        with pytest.raises(SessionGone):
            scene.verify(child)

    def test_other_app(self) -> None:
        """A token of another app is refused before the store is asked."""
        scene = Branching()
        first = scene.sign_in()
        scene.asked.clear()
        with pytest.raises(UnknownRefreshToken):
            scene.again(first, made=replace(at(0), app_id=AppId("other")))
        assert scene.asked == []

    def test_anti_csrf(self) -> None:
        """Off and on again at will; where both sides have a token they must agree, else nothing happens."""
        scene = Branching()
        first = scene.sign_in()
        assert first.anti_csrf is None
        on = scene.again(first, anti_csrf=AntiCsrf(enabled=True))
        assert on.anti_csrf is not None
        for wrong in (None, "", "wrong", first.refresh.text):
            with pytest.raises(AntiCsrfRefused):
                scene.again(on, anti_csrf=AntiCsrf(enabled=True, presented=wrong))
        kept = scene.again(on, anti_csrf=AntiCsrf(enabled=True, presented=on.anti_csrf))
        off = scene.again(kept, anti_csrf=AntiCsrf(enabled=False))
        assert off.anti_csrf is None
        assert scene.again(off, anti_csrf=AntiCsrf(enabled=True)).anti_csrf is not None

    @pytest.mark.parametrize(
        "version", [AccessVersion.V3, AccessVersion.V4, AccessVersion.V5], ids=lambda version: version.name
    )
    def test_version_follows_the_request(self, version: AccessVersion) -> None:
        """A refresh makes the form that its request knows; a verification keeps the token's."""
        scene = Branching()
        child = scene.again(scene.sign_in(), made=replace(at(0), access_version=version))
        assert child.access.claims.version is version
        verified = scene.verify(child)
        assert verified.fresh is not None
        assert verified.fresh.claims.version is version


class TestVerify:
    """What a verification shows."""

    def test_without_a_parent_asks_nobody(self) -> None:
        """The access token of a new session needs no store, unless the back end wants it."""
        scene = Branching()
        first = scene.sign_in(payload={"a": 1})
        scene.asked.clear()
        assert scene.verify(first) == VerifiedBranch(payload=first.access.claims.custom, fresh=None)
        assert scene.asked == []
        assert scene.verify(first, check=True).fresh is None
        assert scene.asked == ["load_session"]

    def test_changed_payload(self) -> None:
        """With the database, a changed payload gives a token that shows it, for a full life; without, the old one."""
        scene = Branching()
        first = scene.sign_in(payload={"a": 1, "n": None})
        changed = dict(first.session.payload) | {"a": 2}
        scene.store.update_session(PUBLIC_APP, first.session.handle, payload=changed, data=None)
        assert scene.verify(first, 60).payload == first.session.payload
        verified = scene.verify(first, 60, check=True)
        assert verified.payload == changed
        assert verified.fresh is not None
        assert verified.fresh.claims.custom == changed
        assert verified.fresh.claims.expires_at > first.access.claims.expires_at
        assert scene.lineage(first) == (first.refresh.digest, None)

    def test_same_numbers_are_no_change(self) -> None:
        """1 and 1.0 are one JSON number; true is not."""
        scene = Branching()
        first = scene.sign_in(payload={"n": 1})
        for value, changed in ((1.0, False), (True, True), (2, True)):
            payload = dict(first.session.payload) | {"n": value}
            scene.store.update_session(PUBLIC_APP, first.session.handle, payload=payload, data=None)
            assert (scene.verify(first, check=True).fresh is not None) is changed


class TestTogetherWithTheOtherRule:
    """Clients of different protocol versions may share a session."""

    def test_newer_client_rotates_a_child(self) -> None:
        """A child that was never used is rotated at once by a newer client; its siblings are then orphans."""
        scene = Branching()
        first = scene.sign_in()
        child, sibling = scene.again(first, seed=1), scene.again(first, seed=2)
        after = scene.run(refresh(child.refresh.text, at(5)))
        assert scene.lineage(first) == (after.refresh.digest, child.refresh.digest)
        with pytest.raises(ReuseDetected):
            scene.run(refresh(sibling.refresh.text, at(5)))

    def test_older_client_branches_from_a_rotated_token(self) -> None:
        """A token that a newer client got is a parent like any other to an older one."""
        scene = Branching()
        after = scene.run(refresh(scene.sign_in().refresh.text, at(0)))
        child = scene.again(after, 5)
        assert child.access.claims.parent_hash == after.refresh.hash
        assert scene.verify(child, 6).fresh is not None

    def test_newer_client_repeats_a_parent_whose_child_is_in_use(self) -> None:
        """Inside the window the parent buys a token; the child, which cannot be derived again, dies by it."""
        scene = Branching()
        first = scene.sign_in()
        child = scene.again(first)
        scene.verify(child, 1)
        before = scene.row(first)
        instead = scene.run(refresh(first.refresh.text, at(2)))
        row = scene.row(first)
        assert row.family.current == instead.refresh.digest
        assert (row.family.previous, row.family.rotated_at) == (
            first.refresh.digest,
            before.family.rotated_at,
        )
        assert row.expires_at == before.expires_at
        assert scene.run(refresh(first.refresh.text, at(3))).refresh == instead.refresh
        with pytest.raises(ReuseDetected) as caught:
            scene.run(refresh(child.refresh.text, at(4)))
        assert caught.value.subtype == "ORPHANED_BRANCH"

    def test_old_generation_needs_a_refresh(self) -> None:
        """A newer client's check of the database tells an access token two promotions old to refresh."""
        scene = Branching()
        zero = scene.sign_in()
        one = scene.again(zero)
        two = scene.again(one)
        scene.again(two)
        now = START + timedelta(seconds=5)
        scene.run(confirm(one.access.claims, app_id=PUBLIC_APP, now=now))
        with pytest.raises(TokenExpired):
            scene.run(confirm(zero.access.claims, app_id=PUBLIC_APP, now=now))


def _two(
    make: Callable[[Branching, IssuedSession], dict[str, Flow[Any]]],
) -> list[tuple[str, dict[str, Any], Branching, IssuedSession]]:
    """Every order of two flows that *make* builds on a fresh session."""
    seen: list[tuple[Branching, IssuedSession]] = []

    def begin() -> tuple[dict[str, Flow[Any]], Any]:
        scene = Branching()
        first = scene.sign_in()
        seen.append((scene, first))
        return make(scene, first), scene.perform

    return [(taken, outcomes, *seen[-1]) for taken, outcomes in every_order(begin)]


def _branch(issued: IssuedSession, seed: int, made: Issuance | None = None) -> Flow[IssuedSession]:
    return refresh_branch(issued.refresh.text, made or at(1), randomness=bytes([seed]) * 16)


class TestEveryOrder:
    """Two at once."""

    def test_two_refreshes_with_one_token(self) -> None:
        """Both get a child, whatever the order (case 131), and nothing is promoted."""
        for taken, outcomes, scene, first in _two(
            lambda _scene, first: {"A": _branch(first, 1), "B": _branch(first, 2)}
        ):
            texts = {issued.refresh.text for issued in outcomes.values()}
            assert len(texts) == 2, taken
            assert scene.lineage(first) == (first.refresh.digest, None)

    def test_two_siblings_are_verified(self) -> None:
        """One of them is promoted, the other loses; both are answered."""

        def make(scene: Branching, first: IssuedSession) -> dict[str, Flow[Any]]:
            one, two = scene.again(first, seed=1), scene.again(first, seed=2)
            return {
                "A": verify_branch(one.access.claims, at(2), check_database=False),
                "B": verify_branch(two.access.claims, at(2), check_database=False),
            }

        for taken, outcomes, _scene, _first in _two(make):
            fresh = [verified.fresh is not None for verified in outcomes.values()]
            assert sorted(fresh) == [False, True], taken

    def test_parent_is_presented_while_its_child_is_promoted(self) -> None:
        """The parent gets a child or is reuse; the promoted child stays the newest either way."""

        def make(scene: Branching, first: IssuedSession) -> dict[str, Flow[Any]]:
            child = scene.again(first, seed=1)
            return {
                "A": verify_branch(child.access.claims, at(2), check_database=False),
                "B": _branch(first, 2, at(2)),
            }

        kinds = set[str]()
        for taken, outcomes, scene, first in _two(make):
            verified, branched = outcomes["A"], outcomes["B"]
            assert verified.fresh is not None, taken
            assert scene.row(first).family.previous == first.refresh.digest
            kinds.add(type(branched).__name__)
            if not isinstance(branched, Exception):
                late = outcome(_branch(branched, 3, at(3)), scene.perform)
                assert isinstance(late, ReuseDetected), "there are never two live branches"
        assert kinds == {"IssuedSession", "ReuseDetected"}

    def test_refresh_and_revocation(self) -> None:
        """Whatever the order, the session is gone afterwards (case 144)."""

        def make(_scene: Branching, first: IssuedSession) -> dict[str, Flow[Any]]:
            child = _scene.again(first, seed=1)
            return {
                "A": _branch(child, 2, at(2)),
                "B": revoke(PUBLIC_APP, first.session.handle, at=START),
            }

        for taken, outcomes, scene, first in _two(make):
            assert outcomes["B"] is True, taken
            assert scene.store.load_session(PUBLIC_APP, first.session.handle) is None


class TestFaults:
    """The store fails at each step, before or after it acted."""

    @pytest.mark.parametrize("acts", [False, True], ids=["before", "after"])
    @pytest.mark.parametrize("failing", [0, 1], ids=["load", "replace"])
    def test_refresh_can_be_tried_again(self, failing: int, acts: bool) -> None:
        """After a fault the same token is accepted once more."""
        scene = Branching()
        first = scene.sign_in()
        child = scene.again(first)
        steps = 0

        def perform(step: Ask[Any]) -> Any:
            nonlocal steps
            steps += 1
            if steps - 1 == failing:
                if acts:
                    scene.perform(step)
                raise StoreUnavailable("test")
            return scene.perform(step)

        assert isinstance(outcome(_branch(child, 2, at(2)), perform), StoreUnavailable)
        again = scene.again(child, 3, seed=3)
        assert again.access.claims.parent_hash == child.refresh.hash
        assert scene.lineage(first)[0] == child.refresh.digest
