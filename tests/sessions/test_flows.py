"""Creating, confirming and changing a session."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from segue.errors import SessionGone, StoreUnavailable, TokenExpired
from segue.ids import PUBLIC_APP, TenantId
from segue.sessions.flows import confirm, refresh, revoke
from segue.tokens.signing_keys import KeyKind
from tests.sessions.scene import LIFETIMES, START, Scene, at, issuance


class TestCreate:
    """A new session."""

    def test_row_and_tokens_agree(self) -> None:
        """What is stored is what the tokens say, in whole milliseconds, and no token is stored."""
        scene = Scene()
        issued = scene.sign_in(payload={"role": "x", "sub": "eve"}, data={"note": 1})
        stored = scene.store.load_session(PUBLIC_APP, issued.session.handle)
        assert stored is not None
        assert stored == issued.session
        assert stored.payload == {"role": "x", "iss": "https://api.example.com/auth"}
        assert stored.family.current == issued.refresh.digest
        assert stored.created_at.microsecond % 1000 == 0
        assert issued.refresh.text not in repr(stored)

    def test_tenant_is_in_the_handle(self) -> None:
        """Outside the public tenant, the handle ends with the tenant's name."""
        issued = Scene().sign_in(tenant_id=TenantId("t1"))
        assert issued.session.handle.endswith("_t1")
        assert issued.refresh.handle == issued.session.handle
        assert issued.access.claims.tenant_id == "t1"

    def test_key_kind(self) -> None:
        """A session that asked for a key which does not rotate is signed by one, unless the deployment overrules it."""
        assert Scene().sign_in(static_key=True).access.key_id.startswith(f"{KeyKind.STATIC.value}-")
        assert Scene().sign_in().access.key_id.startswith(f"{KeyKind.DYNAMIC.value}-")
        overruled = replace(issuance(), static_keys=False)
        issued = Scene().sign_in(with_issuance=overruled, static_key=True)
        assert issued.access.key_id.startswith(f"{KeyKind.DYNAMIC.value}-")

    @pytest.mark.parametrize("configured", [None, timedelta(days=10)])
    def test_absolute_end_is_the_nearer_one(self, configured: timedelta | None) -> None:
        """Of the caller's end and the configured one, the earlier counts, and the session's end with it."""
        lifetimes = replace(LIFETIMES, absolute=configured)
        near, far = START + timedelta(days=1), START + timedelta(days=20)
        for asked in (near, far):
            issued = Scene().sign_in(with_issuance=issuance(lifetimes=lifetimes), absolute_expires_at=asked)
            end = min(asked, issued.session.created_at + configured) if configured else asked
            assert issued.session.absolute_expires_at == end
            assert issued.session.expires_at == end

    def test_nothing_leaves_if_the_store_fails(self) -> None:
        """Without a durable row there is no token."""
        scene = Scene()
        scene.sign_in()
        scene.asked.clear()  # the same randomness again: a second session of one handle
        with pytest.raises(StoreUnavailable):
            scene.sign_in()

    def test_repr_shows_no_token(self) -> None:
        """A log of a session holds nothing that could be presented."""
        issued = Scene().sign_in(anti_csrf=True)
        for secret in (issued.refresh.text, issued.access.text, issued.anti_csrf):
            assert secret
            assert secret not in repr((issued, issued.refresh, issued.access))


class TestConfirm:
    """Asking the store whether an access token's session still stands."""

    def test_stands(self) -> None:
        """Tokens of the newest and of the previous refresh token are confirmed."""
        scene = Scene()
        first = scene.sign_in()
        second = scene.run(refresh(first.refresh.text, at(1)))
        for issued in (first, second):
            flow = confirm(issued.access.claims, app_id=PUBLIC_APP, now=at(2).now)
            assert scene.run(flow).handle == first.session.handle

    def test_rotated_out(self) -> None:
        """A token two rotations old is asked to refresh; the session is not said to be gone."""
        scene = Scene()
        first = scene.sign_in()
        second = scene.run(refresh(first.refresh.text, at(1)))
        scene.run(refresh(second.refresh.text, at(2)))
        with pytest.raises(TokenExpired):
            scene.run(confirm(first.access.claims, app_id=PUBLIC_APP, now=at(3).now))

    def test_revoked(self) -> None:
        """A revoked session is gone."""
        scene = Scene()
        first = scene.sign_in()
        scene.run(revoke(PUBLIC_APP, first.session.handle, at=START))
        with pytest.raises(SessionGone):
            scene.run(confirm(first.access.claims, app_id=PUBLIC_APP, now=START))

    def test_over(self) -> None:
        """A session whose time is over is gone although its row is still there."""
        scene = Scene()
        first = scene.sign_in()
        with pytest.raises(SessionGone):
            scene.run(confirm(first.access.claims, app_id=PUBLIC_APP, now=first.session.expires_at))
