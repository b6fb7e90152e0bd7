"""The refresh flow: alone, met by another in every order, and with every step failing."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest
from msgspec.structs import replace

from segue.errors import (
    AntiCsrfRefused,
    ConfigurationError,
    Contended,
    RefreshExpired,
    ReuseDetected,
    StoreUnavailable,
    UnknownRefreshToken,
)
from segue.ids import PUBLIC_APP, AppId
from segue.sessions.flows import AntiCsrf, refresh, revoke
from segue.sessions.issuing import IssuedSession
from tests.sessions.scene import (
    LIFETIMES,
    NEXT_SECRET,
    SECRET,
    START,
    Scene,
    at,
    every_order,
    issuance,
    outcome,
)

if TYPE_CHECKING:
    from segue.flow import Ask, Flow


class TestAlone:
    """One refresh at a time."""

    def test_rotates(self) -> None:
        """A refresh hands out the next token of the family, in one question to the store."""
        scene = Scene()
        first = scene.sign_in()
        scene.asked.clear()
        second = scene.run(refresh(first.refresh.text, at(60)))
        assert scene.asked == ["rotate_family"]
        assert second.refresh.parent == first.refresh.hash
        assert second.session.family.previous == first.refresh.digest
        assert second.access.claims.refresh_hash == second.refresh.hash

    def test_repeat_gets_the_same_successor(self) -> None:
        """Inside the grace window the parent buys exactly what it bought before."""
        scene = Scene()
        first = scene.sign_in()
        second = scene.run(refresh(first.refresh.text, at(0)))
        again = scene.run(refresh(first.refresh.text, at(29.999)))
        assert again.refresh == second.refresh
        assert again.session == second.session

    def test_grace_does_not_slide(self) -> None:
        """Repeating does not make the window longer."""
        scene = Scene()
        first = scene.sign_in()
        for seconds in (0, 20, 29):
            scene.run(refresh(first.refresh.text, at(seconds)))
        with pytest.raises(ReuseDetected):
            scene.run(refresh(first.refresh.text, at(30)))

    def test_successor_in_use_ends_the_grace(self) -> None:
        """Once the successor was used, its grandparent is reuse, however early it comes."""
        scene = Scene()
        first = scene.sign_in()
        second = scene.run(refresh(first.refresh.text, at(0)))
        scene.run(refresh(second.refresh.text, at(1)))
        with pytest.raises(ReuseDetected) as caught:
            scene.run(refresh(first.refresh.text, at(2)))
        assert caught.value.subtype == "STALE_LINEAGE"

    def test_reuse_revokes_this_session_alone(self) -> None:
        """Reuse ends the family that it happened in, and no other session of the user."""
        scene = Scene()
        first, other = scene.sign_in(), scene.sign_in()
        second = scene.run(refresh(first.refresh.text, at(0)))
        with pytest.raises(ReuseDetected) as caught:
            scene.run(refresh(first.refresh.text, at(30)))
        assert (caught.value.handle, caught.value.user_id) == (first.session.handle, "ada")
        assert caught.value.subtype == "RECENT_PREV"
        with pytest.raises(UnknownRefreshToken):
            scene.run(refresh(second.refresh.text, at(31)))
        scene.run(refresh(other.refresh.text, at(31)))
        assert [entry.handle for entry in scene.store.revocations_after(0, limit=9)] == [first.session.handle]

    def test_expired(self) -> None:
        """At the session's end, and not a microsecond before, the token is over; the session is not revoked."""
        scene = Scene()
        first = scene.sign_in()
        end = first.session.expires_at
        with pytest.raises(RefreshExpired):
            scene.run(refresh(first.refresh.text, issuance(end)))
        scene.run(refresh(first.refresh.text, issuance(end - timedelta(microseconds=1))))

    def test_gone(self) -> None:
        """A revoked session's token is unknown."""
        scene = Scene()
        first = scene.sign_in()
        assert scene.run(revoke(PUBLIC_APP, first.session.handle, at=START))
        assert not scene.run(revoke(PUBLIC_APP, first.session.handle, at=START))
        with pytest.raises(UnknownRefreshToken):
            scene.run(refresh(first.refresh.text, at(1)))

    @pytest.mark.parametrize("text", ["", "x", "é", "\ud800", "A" * 128, "A" * 5000])
    def test_junk_asks_nobody(self, text: str) -> None:
        """What we did not make never reaches the store."""
        scene = Scene()
        with pytest.raises(UnknownRefreshToken):
            scene.run(refresh(text, issuance()))
        assert scene.asked == []

    def test_other_app(self) -> None:
        """A token holds in its own app alone."""
        scene = Scene()
        first = scene.sign_in()
        scene.asked.clear()
        with pytest.raises(UnknownRefreshToken):
            scene.run(refresh(first.refresh.text, replace(issuance(), app_id=AppId("other"))))
        assert scene.asked == []

    def test_promote_after_a_lost_write(self) -> None:
        """A store that forgot the last rotation takes the client's newer token, and goes on from there."""
        scene = Scene()
        first = scene.sign_in()
        forgotten = scene.store.load_session(PUBLIC_APP, first.session.handle)
        second = scene.run(refresh(first.refresh.text, at(1)))
        assert forgotten is not None
        assert scene.store.replace_family(forgotten, if_current=second.refresh.digest)
        third = scene.run(refresh(second.refresh.text, at(60)))
        assert third.refresh.parent == second.refresh.hash
        scene.run(refresh(third.refresh.text, at(61)))

    def test_access_token_never_outlives_the_session(self) -> None:
        """Near the absolute end, access tokens become short."""
        scene = Scene()
        end = START + timedelta(minutes=30)
        first = scene.sign_in(absolute_expires_at=end)
        second = scene.run(refresh(first.refresh.text, at(1200)))
        assert first.access.claims.expires_at <= end
        assert second.access.claims.expires_at <= end
        assert second.session.expires_at <= end


class TestSecrets:
    """The deployment secret changes while sessions live."""

    NEW = (NEXT_SECRET, SECRET)

    def test_successor_is_made_with_the_new_one(self) -> None:
        """The next token of a family moves to the new secret, so that the old one can be dropped one day."""
        scene = Scene()
        first = scene.sign_in()
        second = scene.run(refresh(first.refresh.text, at(1, secrets=self.NEW)))
        third = scene.run(refresh(second.refresh.text, at(2, secrets=(NEXT_SECRET,))))
        assert third.refresh.generation == 2

    def test_repeat_across_the_change(self) -> None:
        """A retry that reaches an instance with another primary secret still gets the same successor."""
        scene = Scene()
        first = scene.sign_in()
        second = scene.run(refresh(first.refresh.text, at(1, secrets=(SECRET, NEXT_SECRET))))
        again = scene.run(refresh(first.refresh.text, at(2, secrets=self.NEW)))
        assert again.refresh == second.refresh

    def test_successor_of_an_unknown_secret(self) -> None:
        """An instance that lacks the secret in use says so, and revokes nothing."""
        scene = Scene()
        first = scene.sign_in()
        scene.run(refresh(first.refresh.text, at(1, secrets=self.NEW)))
        with pytest.raises(ConfigurationError, match="not configured"):
            scene.run(refresh(first.refresh.text, at(2)))
        assert scene.store.load_session(PUBLIC_APP, first.session.handle) is not None

    def test_dropped_too_early(self) -> None:
        """Tokens of a secret that is gone are refused like forged ones."""
        scene = Scene()
        first = scene.sign_in()
        with pytest.raises(UnknownRefreshToken):
            scene.run(refresh(first.refresh.text, at(1, secrets=(NEXT_SECRET,))))


class TestAntiCsrf:
    """Proof beside a refresh token that came in a cookie."""

    def test_wrong_proof_rotates_nothing(self) -> None:
        """A refused proof leaves the family as it was, unasked."""
        scene = Scene()
        first = scene.sign_in(anti_csrf=True)
        scene.asked.clear()
        for presented in (None, "", "wrong", "é"):
            with pytest.raises(AntiCsrfRefused):
                scene.run(
                    refresh(first.refresh.text, at(1), anti_csrf=AntiCsrf(enabled=True, presented=presented))
                )
        assert scene.asked == []

    def test_repeat_with_the_old_proof(self) -> None:
        """A retry brings the old token and the old proof, and gets the same new ones."""
        scene = Scene()
        first = scene.sign_in(anti_csrf=True)
        proof = AntiCsrf(enabled=True, presented=first.anti_csrf)
        second = scene.run(refresh(first.refresh.text, at(1), anti_csrf=proof))
        again = scene.run(refresh(first.refresh.text, at(2), anti_csrf=proof))
        assert second.anti_csrf not in {None, first.anti_csrf}
        assert (again.refresh, again.anti_csrf) == (second.refresh, second.anti_csrf)

    def test_repeat_across_a_change_of_mode(self) -> None:
        """A retry that reaches an instance with another mode still gets the successor that there is."""
        scene = Scene()
        first = scene.sign_in()
        second = scene.run(refresh(first.refresh.text, at(1), anti_csrf=AntiCsrf(enabled=True)))
        again = scene.run(refresh(first.refresh.text, at(2)))
        assert again.refresh == second.refresh
        assert again.anti_csrf == second.anti_csrf


class TestMeeting:
    """Two or three at once, in every order of their steps."""

    @pytest.mark.parametrize("letters", ["AB", "ABC"])
    def test_refreshes_with_one_token_agree(self, letters: str) -> None:
        """However refreshes with one token meet inside the grace window, all get one and the same successor."""
        seen = set[str]()
        for order, outcomes in every_order(lambda: refreshing(letters, at(0))[:2]):
            seen.add(order)
            successors = {outcomes[letter].refresh.text for letter in letters}
            assert len(successors) == 1, order
        # The first to rotate is done in one step, the others need two: 2·1 and 3·(4 over 2) orders.
        assert len(seen) == {"AB": 2, "ABC": 18}[letters]

    def test_without_grace_one_wins(self) -> None:
        """Without a grace window one rotates and the other is reuse: the session ends either way."""
        strict = at(0, lifetimes=replace(LIFETIMES, grace=timedelta(0)))
        for order, outcomes in every_order(lambda: refreshing("AB", strict)[:2]):
            kinds = sorted(type(result).__name__ for result in outcomes.values())
            assert kinds == ["IssuedSession", "ReuseDetected"], order

    def test_refresh_meets_revocation(self) -> None:
        """A revoked session never comes back: whoever is late finds it gone, and nothing is left in the store."""

        def begin() -> tuple[dict[str, Flow[Any]], Any]:
            flows, perform, scene, first = refreshing("A", at(0))
            scenes.append((scene, first))
            flows["R"] = revoke(PUBLIC_APP, first.session.handle, at=START)
            return flows, perform

        scenes: list[tuple[Scene, IssuedSession]] = []
        for order, outcomes in every_order(begin):
            scene, first = scenes[-1]
            assert outcomes["R"] is True, order
            assert isinstance(outcomes["A"], IssuedSession | UnknownRefreshToken), order
            assert scene.store.load_session(PUBLIC_APP, first.session.handle) is None, order

    def test_parent_and_successor_meet(self) -> None:
        """A slow retry of the parent beside a first use of the successor: the retry gets that successor or is reuse."""

        def begin() -> tuple[dict[str, Flow[Any]], Any]:
            scene = Scene()
            first = scene.sign_in()
            second = scene.run(refresh(first.refresh.text, at(0)))
            successors.append(second.refresh.text)
            flows: dict[str, Flow[Any]] = {
                "P": refresh(first.refresh.text, at(1)),
                "S": refresh(second.refresh.text, at(1)),
            }
            return flows, scene.perform

        successors: list[str] = []
        for order, outcomes in every_order(begin):
            parent, successor = outcomes["P"], outcomes["S"]
            assert isinstance(successor, IssuedSession | UnknownRefreshToken), order
            if isinstance(parent, IssuedSession):
                assert parent.refresh.text == successors[-1], order
            else:
                assert isinstance(parent, ReuseDetected), order

    def test_endless_change_is_contended(self) -> None:
        """When the stored family keeps changing between two looks, the flow gives up and says that a retry may help."""
        scene = Scene()
        first = scene.sign_in()

        def perform(step: Ask[Any]) -> Any:
            return None if step.name == "rotate_family" else scene.perform(step)

        assert isinstance(outcome(refresh(first.refresh.text, at(0)), perform), Contended)


def refreshing(letters: str, given: Any) -> tuple[dict[str, Flow[Any]], Any, Scene, IssuedSession]:
    """One session, and as many refreshes with its first token as there are letters."""
    scene = Scene()
    first = scene.sign_in()
    flows: dict[str, Flow[Any]] = {letter: refresh(first.refresh.text, given) for letter in letters}
    return flows, scene.perform, scene, first


class TestFailing:
    """Every step of every kind of refresh, with the store failing before it or after it."""

    @pytest.mark.parametrize("when", ["before", "after"])
    @pytest.mark.parametrize("kind", ["rotate", "repeat", "promote"])
    def test_retry_after_a_failure(self, kind: str, when: str) -> None:
        """Wherever the store fails, the same token tried again gets through, and the family stays one chain."""
        for failing in range(3):
            scene, text = prepared(kind)
            result = outcome(refresh(text, at(1)), failing_at(failing, when, scene))
            if isinstance(result, IssuedSession):
                continue
            assert isinstance(result, StoreUnavailable)
            issued = scene.run(refresh(text, at(2)))
            scene.run(refresh(issued.refresh.text, at(3)))

    @pytest.mark.parametrize("when", ["before", "after"])
    def test_reuse_is_not_forgotten(self, when: str) -> None:
        """If the revocation fails, the reuse is found again at the next try; if it succeeded, the session is gone."""
        for failing in range(3):
            scene = Scene()
            first = scene.sign_in()
            scene.run(refresh(first.refresh.text, at(0)))
            perform = failing_at(failing, when, scene)
            assert isinstance(outcome(refresh(first.refresh.text, at(60)), perform), StoreUnavailable)
            with pytest.raises((ReuseDetected, UnknownRefreshToken)):
                scene.run(refresh(first.refresh.text, at(61)))
            assert scene.store.load_session(PUBLIC_APP, first.session.handle) is None


def prepared(kind: str) -> tuple[Scene, str]:
    """A session, and a token that takes the flow down the path of this kind."""
    scene = Scene()
    first = scene.sign_in()
    if kind == "rotate":
        return scene, first.refresh.text
    forgotten = scene.store.load_session(PUBLIC_APP, first.session.handle)
    second = scene.run(refresh(first.refresh.text, at(0)))
    if kind == "repeat":
        return scene, first.refresh.text
    assert forgotten is not None
    assert scene.store.replace_family(forgotten, if_current=second.refresh.digest)
    return scene, second.refresh.text


def failing_at(place: int, when: str, scene: Scene) -> Any:
    """A performer whose ask at *place* fails: `before` it has any effect, or `after`, when only the answer is lost."""
    count = iter(range(99))

    def perform(step: Ask[Any]) -> Any:
        if next(count) != place:
            return scene.perform(step)
        if when == "after":
            scene.perform(step)
        raise StoreUnavailable("by the test")

    return perform
