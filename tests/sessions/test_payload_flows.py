"""Changing what a session carries: alone, and in every order with others who change it."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from msgspec import structs

from segue.errors import Contended, SessionGone
from segue.ids import PUBLIC_APP, SessionHandle, UserId
from segue.sessions.flows import refresh, revoke
from segue.sessions.model import ByUser
from segue.sessions.payload_flows import ATTEMPTS, change_payload, merge_payload
from tests.sessions.scene import START, Scene, at, every_order, issuance, outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from segue.flow import Ask, Flow
    from segue.sessions.issuing import IssuedSession
    from segue.sessions.model import Session


class TestChange:
    """Replacing a session's payload."""

    def test_new_token_keeps_its_place(self) -> None:
        """The new token keeps expiry, lineage and proof, and shows the new payload with a fresh time of issue."""
        scene = Scene()
        first = scene.sign_in(anti_csrf=True, payload={"old": 1})
        _, fresh = scene.run(change_payload(first.access.claims, {"new": 1}, at(60)))
        assert fresh is not None
        before, after = first.access.claims, fresh.claims
        assert after.custom == {"new": 1, "iss": "https://api.example.com/auth"}
        assert after.issued_at - before.issued_at == timedelta(seconds=60)
        assert structs.replace(after, issued_at=before.issued_at, payload=before.payload) == before

    def test_family_is_untouched(self) -> None:
        """Changing the payload does not rotate."""
        scene = Scene()
        first = scene.sign_in()
        session, _ = scene.run(change_payload(first.access.claims, {"new": 1}, at(60)))
        assert session.family == first.session.family
        assert session.expires_at == first.session.expires_at

    def test_expired_token(self) -> None:
        """With an expired token the change is stored and no token is made."""
        scene = Scene()
        first = scene.sign_in()
        over = issuance(first.access.claims.expires_at)
        session, fresh = scene.run(change_payload(first.access.claims, {"new": 1}, over))
        assert fresh is None
        assert session.payload["new"] == 1

    def test_gone(self) -> None:
        """There is nothing to change in a session that is not there."""
        scene = Scene()
        claims = structs.replace(
            scene.sign_in().access.claims, handle=SessionHandle("22222222-2222-4222-8222-222222222222")
        )
        assert isinstance(outcome(change_payload(claims, {}, at(1)), scene.perform), SessionGone)


def merges(
    changes: Mapping[str, dict[str, Any]], **others: Callable[[IssuedSession], Flow[Any]]
) -> tuple[Callable[[], tuple[Mapping[str, Flow[Any]], Callable[[Ask[Any]], Any]]], list[Scene]]:
    """Merges by a letter each, and other flows, into one session of each of the scenes that are listed."""
    scenes: list[Scene] = []

    def begin() -> tuple[Mapping[str, Flow[Any]], Callable[[Ask[Any]], Any]]:
        scene = Scene()
        scenes.append(scene)
        first = scene.sign_in(payload={"kept": 0, "taken away": 0})
        flows: dict[str, Flow[Any]] = {
            name: merge_payload(first.access.claims, change, at(60)) for name, change in changes.items()
        }
        return flows | {name: make(first) for name, make in others.items()}, scene.perform

    return begin, scenes


def sessions(scene: Scene) -> tuple[Session, ...]:
    """What the scene's store holds."""
    return scene.store.list_sessions(PUBLIC_APP, ByUser(user_id=UserId("ada")), at=START, limit=100)


def payload(scene: Scene) -> dict[str, Any]:
    """What the scene's session carries in the end."""
    (stored,) = sessions(scene)
    return {name: value for name, value in stored.payload.items() if name != "iss"}


class TestMerge:
    """Merging into a session's payload."""

    def test_two_at_once(self) -> None:
        """However two merges meet, both are in the payload in the end, and the later one's token shows both."""
        begin, scenes = merges({"A": {"a": 1, "taken away": None}, "B": {"b": 2}})
        for number, (order, outcomes) in enumerate(every_order(begin)):
            assert payload(scenes[number]) == {"kept": 0, "a": 1, "b": 2}, order
            shown = [outcomes[name][1].claims.payload for name in "AB"]
            assert {"kept": 0, "a": 1, "b": 2}.items() <= max(shown, key=len).items()
        tries = [scene.asked.count("update_session") for scene in scenes]
        assert sorted(set(tries)) == [2, 3]  # some met, and the one that lost has tried again

    def test_same_member(self) -> None:
        """However two merges of one member meet, the one that was written last is there, whole."""
        begin, scenes = merges({"A": {"x": "a", "a": 1}, "B": {"x": "b", "b": 1}})
        for number, (order, _) in enumerate(every_order(begin)):
            found = payload(scenes[number])
            assert (found["a"], found["b"], found["x"] in {"a", "b"}) == (1, 1, True), order

    def test_three_at_once(self) -> None:
        """The same with three, who may have to try again more than once."""
        begin, scenes = merges({name: {name: name} for name in "ABC"})
        for number, (order, _) in enumerate(every_order(begin)):
            assert payload(scenes[number]).keys() >= {"A", "B", "C"}, order

    def test_beside_a_refresh(self) -> None:
        """A refresh beside a merge disturbs neither: the payload is merged, the family rotated."""
        begin, scenes = merges({"A": {"a": 1}}, R=lambda first: refresh(first.refresh.text, at(60)))
        for number, (order, outcomes) in enumerate(every_order(begin)):
            assert payload(scenes[number])["a"] == 1, order
            (stored,) = sessions(scenes[number])
            assert stored.family.current == outcomes["R"].refresh.digest

    def test_beside_a_revocation(self) -> None:
        """A merge does not bring a revoked session back."""
        begin, scenes = merges(
            {"A": {"a": 1}}, R=lambda first: revoke(PUBLIC_APP, first.session.handle, at=at(60).now)
        )
        for number, (order, outcomes) in enumerate(every_order(begin)):
            assert sessions(scenes[number]) == (), order
            written = isinstance(outcomes["A"], tuple)
            assert written or isinstance(outcomes["A"], SessionGone)

    def test_others_never_stop(self) -> None:
        """A merge that always comes second gives up, and has written nothing."""
        scene = Scene()
        first = scene.sign_in()

        def perform(step: Ask[Any]) -> Any:
            if step.name == "update_session":
                changed = {"n": len(scene.asked)}
                scene.store.update_session(PUBLIC_APP, first.session.handle, payload=changed, data=None)
            return scene.perform(step)

        assert isinstance(outcome(merge_payload(first.access.claims, {"a": 1}, at(1)), perform), Contended)
        assert "a" not in payload(scene)
        assert scene.asked.count("update_session") == ATTEMPTS
