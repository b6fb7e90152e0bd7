"""
The conformance cases with the sessions in a remote core: rotation inside the refresh, and at first use.

Where a core answers otherwise than our own store, the case stands here anew, and says how.
"""

from __future__ import annotations

import re
from datetime import timedelta
from typing import Any

import pytest

from segue.http.anti_csrf import AntiCsrfMode
from tests.http.cases_claims import ClaimCases
from tests.http.cases_create import CreateCases
from tests.http.cases_refresh import RefreshCases, assert_signed_out, bearing, by_both, post
from tests.http.cases_routes import RouteCases
from tests.http.cases_transcripts import EXCHANGES, Exchange, TranscriptCases
from tests.http.cases_verify import ChangeCases, VerifyCases, get, get_with
from tests.http.over_flows import LIFETIMES
from tests.http.over_remote import OverRemote, server
from tests.http.world import Paths, claims_of, tokens_of

__all__ = ["server"]  # a fixture

KEYS = "/.well-known/jwks.json"
VERIFY = "/recipe/session/verify"
ROTATED_AT_ONCE = {"10", "17"}
"""Exchanges that are written down for rotation inside the refresh; for the other one they stand in cases below."""


class Newest(OverRemote):
    """Core protocol 5.6."""

    newest = "5.6"


class Released(OverRemote):
    """Core protocol 5.4, which every released back-end SDK speaks."""

    newest = "5.4"


class RemoteVerifyCases(VerifyCases):
    """Where the core is asked instead of our store."""

    def test_case_30_unknown_key(self) -> None:
        """case 30: an unknown key id makes the keys be fetched once, then asks for a refresh."""
        world = self.world()
        claims = claims_of(world.signed_in().access)
        world.advance(timedelta(seconds=1))
        world.asked.clear()
        for _ in range(3):
            reply = get_with(world, bearing(world.sign({"kid": "d-1"}, claims)))
            assert (reply.status, reply.json) == (401, {"message": "try refresh token"})
        assert world.asked == [KEYS]

    def test_case_46_with_a_parent(self) -> None:
        """case 46: a token that names a parent is confirmed at the core; a branch that lost stays good for its time."""
        world = self.world()
        claims = {**claims_of(world.signed_in().access), "parentRefreshTokenHash1": "0" * 64}
        world.asked.clear()
        assert get_with(world, bearing(world.sign({}, claims))).status == 200
        assert world.asked == [VERIFY]
        lost = world.sign({}, {**claims, "refreshTokenHash1": "1" * 64})
        assert get_with(world, bearing(lost)).session_headers == {}
        world.revoke(claims["sessionHandle"])
        if self.newest == "5.4":
            get_with(world, bearing(lost)).assert_cleared()

    newest: str


class RemoteRefreshCases(RefreshCases):
    """Where a refresh token is the core's business."""

    @by_both
    @pytest.mark.parametrize("text", ["abc", "A" * 200, "....", "A" * 5000])
    def test_case_69_junk(self, mode: str, text: str) -> None:
        """case 69: what the core did not make is refused; only it can tell."""
        world = self.world()
        world.asked.clear()
        headers = bearing(text) if mode == "header" else {"cookie": f"sRefreshToken={text}"}
        assert_signed_out(post(world, headers))
        assert world.asked[-1:] == ["/recipe/session/refresh"]


class RemoteRouteCases(RouteCases):
    """The core's keys at our address."""

    def test_case_87_keys(self) -> None:
        """case 87: the core's public keys are for anyone, and for caches as long as we keep them ourselves."""
        world = self.world()
        reply = world.send("GET", "/auth/jwt/jwks.json")
        assert reply.header("access-control-allow-origin") == "*"
        assert reply.header("cache-control") == "max-age=300, must-revalidate"
        kids = {key["kid"] for key in reply.json["keys"]}
        assert {kid[:2] for kid in kids} == {"d-", "s-"}
        assert all("d" not in key for key in reply.json["keys"])
        assert {key["alg"] for key in reply.json["keys"]} == {"RS256"}


class AtFirstUseVerifyCases(RemoteVerifyCases):
    """Where a refresh is settled by its first use."""

    def test_case_46_after_a_refresh(self) -> None:
        """case 46: the first use of a refreshed token brings the settled one, no refresh token; the next, nothing."""
        world = self.world(anti_csrf=AntiCsrfMode.VIA_TOKEN)
        fresh = tokens_of(world.refresh(world.signed_in()))
        assert claims_of(fresh.access)["parentRefreshTokenHash1"]
        world.asked.clear()
        reply = world.send("GET", Paths.PRIVATE, fresh.proven)
        assert world.asked == [VERIFY]
        assert set(reply.cookies) == {"sAccessToken"}
        assert reply.header("anti-csrf") == fresh.anti_csrf
        assert reply.exposed == {"front-token", "anti-csrf"}
        settled = claims_of(reply.cookies["sAccessToken"].value)
        assert settled["parentRefreshTokenHash1"] is None
        assert reply.front["up"] == settled
        world.asked.clear()
        again = get_with(world, {"cookie": f"sAccessToken={reply.cookies['sAccessToken'].value}"})
        assert (again.status, again.session_headers, world.asked) == (200, {}, [])


class AtFirstUseRefreshCases(RemoteRefreshCases):
    """Where a refresh can be repeated until its result is used."""

    @by_both
    def test_case_74_reuse(self, mode: str) -> None:
        """case 74: a refresh token that comes back after its successor was used ends the session, and says so."""
        world = self.world()
        tokens = world.signed_in(mode)
        fresh = tokens_of(world.refresh(tokens))
        world.advance(LIFETIMES.grace)
        assert get(world, fresh).status == 200
        assert_signed_out(world.refresh(tokens), "token theft detected")
        assert not world.exists(tokens.handle)

    @by_both
    def test_lost_answer(self, mode: str) -> None:
        """However late, the same token buys another successor as long as none was used: nobody is signed out."""
        world = self.world(anti_csrf=AntiCsrfMode.VIA_TOKEN)
        tokens = world.signed_in(mode)
        world.refresh(tokens)
        world.advance(LIFETIMES.grace * 2)
        again = tokens_of(world.refresh(tokens))
        assert get(world, again).status == 200
        assert world.refresh(again).status == 200


class AtFirstUseTranscriptCases(TranscriptCases):
    """Whole exchanges, but for the two that depend on the rotation."""

    @pytest.mark.parametrize(
        "exchange",
        [each for each in EXCHANGES if re.split(r"\W", each.title)[0] not in ROTATED_AT_ONCE],
        ids=lambda exchange: exchange.title,
    )
    def test_exchange(self, exchange: Exchange) -> None:
        """As with our own store."""
        anyway: Any = super()
        anyway.test_exchange(exchange)


class TestCreate56(Newest, CreateCases):
    """Cases 1 to 22."""


class TestVerify56(Newest, RemoteVerifyCases):
    """Cases 23 to 48."""


class TestChange56(Newest, ChangeCases):
    """Cases 49 to 53."""


class TestClaims56(Newest, ClaimCases):
    """Cases 54 to 63."""


class TestRefresh56(Newest, RemoteRefreshCases):
    """Cases 64 to 82."""


class TestRoutes56(Newest, RemoteRouteCases):
    """Cases 83 to 90."""


class TestTranscripts56(Newest, TranscriptCases):
    """Whole exchanges."""


class TestCreate54(Released, CreateCases):
    """Cases 1 to 22."""


class TestVerify54(Released, AtFirstUseVerifyCases):
    """Cases 23 to 48."""


class TestChange54(Released, ChangeCases):
    """Cases 49 to 53."""


class TestClaims54(Released, ClaimCases):
    """Cases 54 to 63."""


class TestRefresh54(Released, AtFirstUseRefreshCases):
    """Cases 64 to 82."""


class TestRoutes54(Released, RemoteRouteCases):
    """Cases 83 to 90."""


class TestTranscripts54(Released, AtFirstUseTranscriptCases):
    """Whole exchanges."""
