"""The seam's promises, kept by a remote core in each dialect; and what is said of the rest."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import TYPE_CHECKING, Any, TypeVar

import pytest

from segue.errors import BeyondCore, CoreRefused, CoreUnavailable, SessionGone, TokenExpired
from segue.flow import Flow
from segue.ids import PUBLIC_APP, SessionHandle, TenantId
from segue.remote.exchange import Core
from segue.remote.marks import END
from segue.remote.sessions import RemoteSessions, Terms
from segue.sessions.flows import NO_ANTI_CSRF
from segue.sessions.model import ByHandle, ByProvenance, ByTenant
from segue.sessions.policy import Lifetimes
from tests.remote.in_process import InProcess
from tests.sessions.seam_contract import ADA, ISSUER, START, Place, SeamContract
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Generator

T = TypeVar("T")


class Remote(Place):
    """A core in this process."""

    def __init__(self, *, newest: str, static_keys: bool = False, absolute: timedelta | None = None) -> None:
        super().__init__()
        self.clock = ManualClock(START)
        self.wire = InProcess(self.clock, newest=newest)
        self.revoked: list[SessionHandle] = []
        self.core = Core(
            self.wire.core,
            app_id=PUBLIC_APP,
            api_domain="https://api.example.com",
            website_domain="https://www.example.com",
        )
        self.terms = Terms(
            app_id=PUBLIC_APP,
            issuer=ISSUER,
            static_keys=static_keys,
            lifetimes=Lifetimes(absolute=absolute),
        )
        made = self.wire.ask("PUT", "/recipe/multitenancy/tenant/v2", b'{"tenantId": "acme"}')
        assert made.status == 200, made.body

    def sessions(self) -> RemoteSessions:
        """At the present instant."""
        return RemoteSessions(self.core, self.terms, now=self.now, revoked=self.revoked.extend)

    def run(self, flow: Flow[T]) -> T:
        """Drive a flow."""
        return self.wire.run(flow)

    def advance(self, span: timedelta) -> None:
        """Let time pass."""
        super().advance(span)
        self.clock.advance(span)

    def close(self) -> None:
        """Let go of the core."""
        self.wire.close()


class TestRemote56(SeamContract):
    """Rotation inside the refresh."""

    def open(self) -> Place:
        """A core that serves every version."""
        return Remote(newest="5.6")


class TestRemote54(SeamContract):
    """Rotation at first use, as every released back-end SDK knows it."""

    def open(self) -> Place:
        """A core as it was."""
        return Remote(newest="5.4")


class TestRemote30(SeamContract):
    """The oldest that we speak."""

    def open(self) -> Place:
        """A core as it was."""
        return Remote(newest="3.0")


@pytest.fixture
def place() -> Generator[Remote]:
    """A core with rotation at first use."""
    place = Remote(newest="5.4")
    yield place
    place.close()


def test_first_use_settles_the_rotation(place: Remote) -> None:
    """A refreshed token names its parent until it is confirmed; then the parent is reuse, and not before."""
    first = place.create()
    lost = place.run(place.sessions().refresh(first.refresh.text, anti_csrf=NO_ANTI_CSRF))
    again = place.run(place.sessions().refresh(first.refresh.text, anti_csrf=NO_ANTI_CSRF))
    assert lost.access.claims.parent_hash == again.access.claims.parent_hash is not None
    settled = place.run(place.sessions().confirm(again.access, check_database=False))
    assert settled is not None
    assert settled.claims.parent_hash is None
    assert settled.claims.refresh_hash == again.access.claims.refresh_hash
    with pytest.raises(Exception, match=r"refresh_reuse_detected|rotated"):
        place.refresh(first)


def test_confirmed_after_the_session_ended(place: Remote) -> None:
    """The first use of a refreshed token of a session that is gone signs the client out."""
    fresh = place.run(place.sessions().refresh(place.create().refresh.text, anti_csrf=NO_ANTI_CSRF))
    place.run(place.sessions().revoke(ByHandle(handles=(fresh.session.handle,))))
    with pytest.raises(SessionGone):
        place.run(place.sessions().confirm(fresh.access, check_database=False))


def test_token_of_a_branch_that_was_rotated_out() -> None:
    """With 5.6 a token two rotations old is asked to refresh, not signed out: a faster tab has the newer one."""
    place = Remote(newest="5.6")
    first = place.create()
    place.refresh(place.refresh(first))
    with pytest.raises(TokenExpired):
        place.run(place.sessions().confirm(first.access, check_database=True))
    place.close()


@pytest.mark.parametrize(("static", "prefix"), [(False, "d-"), (True, "s-")])
def test_kind_of_key(static: bool, prefix: str) -> None:
    """The setting is passed on at creation and at refresh."""
    place = Remote(newest="5.4", static_keys=static)
    issued = place.create()
    assert issued.access.key_id.startswith(prefix)
    assert place.refresh(issued).access.key_id.startswith(prefix)
    place.close()


def test_configured_absolute_lifetime() -> None:
    """Of the two ends the earlier one counts."""
    place = Remote(newest="5.6", absolute=timedelta(hours=2))
    day = START.replace(microsecond=0) + timedelta(days=1)
    ends = [place.create(absolute_expires_at=end).session.absolute_expires_at for end in (None, day)]
    assert ends == [START.replace(microsecond=0) + timedelta(hours=2)] * 2
    place.close()


def test_tokens_after_the_end_are_never_handed_out(place: Remote) -> None:
    """The core would go on; at our door the session is over, and it is removed there."""
    issued = place.create(absolute_expires_at=START + timedelta(minutes=1))
    place.advance(timedelta(minutes=1))
    with pytest.raises(Exception, match="refresh_token_expired"):
        place.refresh(issued)
    assert place.revoked == [issued.session.handle]
    answer = place.wire.ask("GET", f"/recipe/session/user?userId={ADA}")
    assert json.loads(answer.body)["sessionHandles"] == []


def test_end_in_the_token_itself(place: Remote) -> None:
    """The claim is what other doors can read; nobody at ours can be told another end."""
    issued = place.create(absolute_expires_at=START + timedelta(minutes=30))
    stated: Any = issued.access.claims.payload[END]
    assert stated == int((START + timedelta(minutes=30)).timestamp())
    assert END not in issued.session.payload


@pytest.mark.parametrize(
    "selection", [ByTenant(tenant_id=TenantId("acme")), ByProvenance(issuer="https://old.example")]
)
def test_beyond_the_protocol(place: Remote, selection: Any) -> None:
    """What a core cannot find by is refused by name, not answered with nothing."""
    with pytest.raises(BeyondCore):
        place.run(place.sessions().revoke(selection))
    with pytest.raises(BeyondCore):
        place.run(place.sessions().find(selection, limit=1, after=None))


def test_unknown_tenant(place: Remote) -> None:
    """A tenant that the core does not know is the operator's to make known."""
    with pytest.raises(CoreRefused, match="tenantId not found"):
        place.create(tenant_id=TenantId("nobody"))


def test_core_away(place: Remote) -> None:
    """An outage is told as one, whatever was asked."""
    issued = place.create()
    place.wire.inner.broken = True
    for flow in (
        place.sessions().refresh(issued.refresh.text, anti_csrf=NO_ANTI_CSRF),
        place.sessions().confirm(issued.access, check_database=True),
        place.sessions().load(issued.session.handle),
    ):
        with pytest.raises(CoreUnavailable):
            place.run(flow)
