"""
What the seam promises, wherever sessions live: one suite, which our own store and a remote core pass.

A subclass says where by `open`. House rule: only what both promise stands here; what one of them can besides has a test
of its own.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import pytest
from msgspec.structs import replace

from segue.errors import RefreshExpired, ReuseDetected, SessionGone, SessionRefused, UnknownRefreshToken
from segue.ids import Digest, SessionHandle, TenantId, UserId
from segue.sessions.flows import NO_ANTI_CSRF, AntiCsrf
from segue.sessions.issuing import Issued, NewSession
from segue.sessions.model import ByHandle, ByUser, Device, Position, Provenance, SessionView

if TYPE_CHECKING:
    from collections.abc import Generator

    from segue.flow import Flow
    from segue.sessions.seam import Sessions

T = TypeVar("T")

START = datetime(2026, 3, 1, 12, 0, 0, 250_000, tzinfo=UTC)
ISSUER = "https://api.example.com/auth"
ACME = TenantId("acme")
ADA = UserId("ada")
MISSING = SessionHandle("00000000-0000-4000-8000-000000000001")
MINUTE = timedelta(minutes=1)


class Place(ABC):
    """Sessions in one place, and a clock."""

    def __init__(self) -> None:
        self.now = START

    @abstractmethod
    def sessions(self) -> Sessions:
        """At the present instant."""

    @abstractmethod
    def run(self, flow: Flow[T]) -> T:
        """Drive a flow."""

    def advance(self, span: timedelta) -> None:
        """Let time pass."""
        self.now += span

    @abstractmethod
    def close(self) -> None:
        """Let go of everything."""

    # --- what the suite does ------------------------------------------------------------------------------------

    def create(self, **given: Any) -> Issued:
        """A session of Ada's."""
        usual: dict[str, Any] = {"user_id": ADA, "payload": {"plan": "gold"}, "data": {"cart": 3}}
        return self.run(self.sessions().create(NewSession(**(usual | given))))

    def refresh(self, issued: Issued, anti_csrf: AntiCsrf = NO_ANTI_CSRF) -> Issued:
        """The next tokens, used once as a client does."""
        fresh = self.run(self.sessions().refresh(issued.refresh.text, anti_csrf=anti_csrf))
        settled = fresh.access
        if settled.claims.parent_hash is not None:
            settled = self.run(self.sessions().confirm(settled, check_database=False)) or settled
        return replace(fresh, access=settled)

    def load(self, handle: SessionHandle) -> SessionView | None:
        """A session by its handle."""
        return self.run(self.sessions().load(handle))

    def found(self, handle: SessionHandle) -> SessionView:
        """One that is there."""
        session = self.load(handle)
        assert session is not None
        return session

    def find(self, user: str = "ada", **given: Any) -> list[SessionHandle]:
        """Handles of a user's sessions."""
        page: dict[str, Any] = {"limit": given.pop("limit", 100), "after": given.pop("after", None)}
        selection = ByUser(user_id=UserId(user), **given)
        return [session.handle for session in self.run(self.sessions().find(selection, **page))]


class SeamContract(ABC):
    """Every promise of `segue.sessions.seam.Sessions`."""

    @abstractmethod
    def open(self) -> Place:
        """A place without sessions, in which there is the tenant acme."""

    @contextmanager
    def place(self) -> Generator[Place]:
        """One for the length of a block."""
        place = self.open()
        try:
            yield place
        finally:
            place.close()

    def test_created(self) -> None:
        """A session carries its payload, our issuer and no protected name in its token, and its data nowhere."""
        with self.place() as place:
            issued = place.create(payload={"plan": "gold", "sub": "eve", "nothing": None})
            claims = issued.access.claims
            assert (claims.user_id, claims.tenant_id, claims.handle) == (
                ADA,
                "public",
                issued.session.handle,
            )
            assert dict(claims.custom) == {"plan": "gold", "nothing": None, "iss": ISSUER}
            assert issued.session.payload == claims.custom
            assert issued.anti_csrf is None
            assert issued.session.expires_at > place.now

    def test_loaded(self) -> None:
        """What was given at creation is told of it: data, device, origin, times, tenant."""
        origin = Provenance(
            provider="old",
            issuer="https://old.example",
            subject_digest=Digest(b"s" * 32),
            claim_id=Digest(b"c" * 32),
            authenticated_at=START - timedelta(days=1),
            verifier_version="1.0",
        )
        device = Device(label="Firefox on Linux", ip="2001:db8::1")
        with self.place() as place:
            issued = place.create(provenance=origin, device=device, tenant_id=ACME)
            session = place.found(issued.session.handle)
            assert (session.user_id, session.tenant_id) == (ADA, ACME)
            assert (session.data, session.device, session.provenance) == ({"cart": 3}, device, origin)
            assert session.created_at == START
            assert session.payload == issued.session.payload
            assert session.absolute_expires_at is None

    def test_nothing_there(self) -> None:
        """A handle that nobody has is None, and its token is refused as that of a session that is gone."""
        with self.place() as place:
            assert place.load(MISSING) is None
            assert place.find("nobody") == []
            assert not place.run(place.sessions().replace_data(MISSING, {}))

    def test_refreshed(self) -> None:
        """New tokens of the same session, again and again, with the payload as it is by then."""
        with self.place() as place:
            first = place.create()
            place.run(place.sessions().merge_payload(first.access, {"plan": "silver"}))
            place.advance(MINUTE)
            second = place.refresh(first)
            place.advance(MINUTE)
            third = place.refresh(second)
            assert {each.session.handle for each in (first, second, third)} == {first.session.handle}
            assert len({each.refresh.text for each in (first, second, third)}) == 3
            assert third.access.claims.payload["plan"] == "silver"
            assert third.access.claims.parent_hash is None

    @pytest.mark.parametrize("text", ["", "x", "é", "a" * 100_000, "a.b.c", "\r\nx: y"])
    def test_no_refresh_token(self, text: str) -> None:
        """Junk is refused like a token that nobody knows."""
        with self.place() as place, pytest.raises(UnknownRefreshToken):
            place.run(place.sessions().refresh(text, anti_csrf=NO_ANTI_CSRF))

    def test_reuse(self) -> None:
        """An old refresh token after its successor was used ends the session, and no other one."""
        with self.place() as place:
            first, other = place.create(), place.create()
            place.refresh(place.refresh(first))
            with pytest.raises(ReuseDetected) as reuse:
                place.refresh(first)
            assert (reuse.value.handle, reuse.value.user_id) == (first.session.handle, "ada")
            assert place.find() == [other.session.handle]

    def test_refresh_after_the_end(self) -> None:
        """A session that was revoked buys nothing."""
        with self.place() as place:
            first = place.create()
            place.run(place.sessions().revoke(ByHandle(handles=(first.session.handle,))))
            with pytest.raises(UnknownRefreshToken):
                place.refresh(first)

    def test_anti_csrf(self) -> None:
        """A proof that was handed out is demanded at refresh, and a new one handed out."""
        with self.place() as place:
            first = place.create(anti_csrf=True)
            assert first.anti_csrf
            assert first.access.claims.anti_csrf == first.anti_csrf
            for wrong in (None, "x"):
                with pytest.raises(Exception, match=r"anti_csrf_refused|refresh_token_unknown"):
                    place.refresh(first, AntiCsrf(enabled=True, presented=wrong))
            second = place.refresh(first, AntiCsrf(enabled=True, presented=first.anti_csrf))
            assert second.anti_csrf
            assert second.access.claims.anti_csrf == second.anti_csrf

    def test_confirmed(self) -> None:
        """A session that stands is confirmed; one that was revoked is gone."""
        with self.place() as place:
            issued = place.refresh(place.create())
            assert place.run(place.sessions().confirm(issued.access, check_database=True)) is None
            place.run(place.sessions().revoke(ByHandle(handles=(issued.session.handle,))))
            with pytest.raises(SessionRefused):
                place.run(place.sessions().confirm(issued.access, check_database=True))

    def test_merged(self) -> None:
        """A merge sets, takes away with null and leaves the rest; its token lasts as long as the one before."""
        with self.place() as place:
            issued = place.create(payload={"kept": 1, "gone": 2, "deep": {"a": 1}})
            place.advance(MINUTE)
            changes: dict[str, Any] = {"gone": None, "deep": {"b": 2}, "new": [1], "exp": 1, "tId": "x"}
            fresh = place.run(place.sessions().merge_payload(issued.access, changes))
            assert fresh is not None
            custom = {"kept": 1, "deep": {"b": 2}, "new": [1], "iss": ISSUER}
            assert dict(fresh.claims.custom) == custom
            assert fresh.claims.expires_at == issued.access.claims.expires_at
            assert fresh.claims.issued_at == issued.access.claims.issued_at + MINUTE
            assert fresh.claims.refresh_hash == issued.access.claims.refresh_hash
            assert place.found(issued.session.handle).payload == custom

    def test_merged_into_what_is_stored(self) -> None:
        """What was changed since the token was made is not undone."""
        with self.place() as place:
            issued = place.create(payload={})
            place.run(place.sessions().merge_payload(issued.access, {"a": 1}))
            fresh = place.run(place.sessions().merge_payload(issued.access, {"b": 2}))
            assert fresh is not None
            assert {"a", "b"} <= set(fresh.claims.custom)

    def test_merged_into_nothing(self) -> None:
        """A session that is gone takes no changes."""
        with self.place() as place:
            issued = place.create()
            place.run(place.sessions().revoke(ByHandle(handles=(issued.session.handle,))))
            with pytest.raises(SessionGone):
                place.run(place.sessions().merge_payload(issued.access, {"a": 1}))

    def test_shown(self) -> None:
        """The token again, with the payload as it is now."""
        with self.place() as place:
            issued = place.create(payload={})
            place.run(place.sessions().merge_payload(issued.access, {"a": 1}))
            shown = place.run(place.sessions().show(issued.access))
            assert shown is not None
            assert shown.claims.payload["a"] == 1
            assert shown.claims.expires_at == issued.access.claims.expires_at

    def test_found(self) -> None:
        """A user's sessions, newest first; of one tenant or of all, page by page."""
        with self.place() as place:
            handles: list[SessionHandle] = []
            for tenant in ("public", "acme", "public"):
                handles.insert(0, place.create(tenant_id=TenantId(tenant)).session.handle)
                place.advance(MINUTE)
            place.create(user_id=UserId("bob"))
            assert place.find() == handles
            assert place.find(tenant_id=ACME) == handles[1:2]
            assert place.find(except_handle=handles[0]) == handles[1:]
            assert place.find(limit=2) == handles[:2]
            after = Position.of(place.found(handles[0]))
            assert place.find(limit=1, after=after) == handles[1:2]

    def test_data_replaced(self) -> None:
        """Data is replaced as a whole; payload, device and tokens stay."""
        with self.place() as place:
            issued = place.create(device=Device(label="Firefox"))
            assert place.run(place.sessions().replace_data(issued.session.handle, {"b": None}))
            session = place.found(issued.session.handle)
            assert (session.data, session.device.label) == ({"b": None}, "Firefox")
            assert session.payload == issued.session.payload

    def test_revoked(self) -> None:
        """By handle, by user, by user in a tenant, all but one: those that lived are named, others stay."""
        with self.place() as place:
            bob = place.create(user_id=UserId("bob")).session.handle
            one, two, three = (place.create().session.handle for _ in range(3))
            acme = place.create(tenant_id=ACME).session.handle

            def revoke(selection: Any) -> set[SessionHandle]:
                return set(place.run(place.sessions().revoke(selection)).handles)

            assert revoke(ByHandle(handles=(one, MISSING))) == {one}
            assert revoke(ByUser(user_id=ADA, tenant_id=ACME)) == {acme}
            assert revoke(ByUser(user_id=ADA, except_handle=two)) == {three}
            assert revoke(ByUser(user_id=ADA)) == {two}
            assert revoke(ByUser(user_id=ADA)) == set()
            assert place.load(bob) is not None

    def test_absolute_end(self) -> None:
        """A fixed end is an end for tokens, cookies, refresh and look-up, however often the session is refreshed."""
        end = START.replace(microsecond=0) + timedelta(minutes=90)
        with self.place() as place:
            issued = place.create(absolute_expires_at=end)
            assert issued.session.expires_at == issued.session.absolute_expires_at == end
            place.advance(timedelta(minutes=80))
            last = place.refresh(issued)
            assert last.session.expires_at == end
            assert last.access.claims.expires_at == end
            assert place.found(last.session.handle).absolute_expires_at == end
            place.advance(timedelta(minutes=10))
            with pytest.raises((RefreshExpired, UnknownRefreshToken)):
                place.refresh(last)
            assert place.load(last.session.handle) is None
            assert place.find() == []

    def test_absolute_end_is_not_the_applications(self) -> None:
        """No payload, no merge and no data moves the end or takes it away."""
        end = START.replace(microsecond=0) + timedelta(minutes=30)
        forged: dict[str, Any] = {"segue-end": 9_999_999_999}
        with self.place() as place:
            issued = place.create(absolute_expires_at=end, payload=forged)
            for changes in (forged, {"segue-end": None}):
                fresh = place.run(place.sessions().merge_payload(issued.access, changes))
                assert fresh is not None
                assert fresh.claims.expires_at <= end
            assert place.run(place.sessions().replace_data(issued.session.handle, {"segue": {}}))
            assert place.found(issued.session.handle).absolute_expires_at == end
