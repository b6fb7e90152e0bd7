"""Limits and reports know every kind of credential."""

from __future__ import annotations

from segue import BearerToken, Engine
from segue.http.message import HttpRequest
from segue.stores.memory import MemoryStore
from tests.http.test_old_cookies import OWN_PAGE, PAGE, asked, code, configured
from tests.migration.issuer import NOW
from tests.migration.old_shop import DAY, TOKEN, Introspector, Rows, cookie, opaque, seconds, shop
from tests.support.clock import ManualClock


def presenting(text: str) -> HttpRequest:
    """A page, or whoever, with a bearer token, from one address."""
    headers = (("origin", PAGE), ("authorization", f"Bearer {text}"))
    return HttpRequest(method="POST", path="/auth/migrate-session", headers=headers, client_ip="203.0.113.7")


def test_t18_flood_of_made_up_tokens() -> None:
    """Whoever makes tokens up is soon heard no more, and then nobody is asked about them (T18, T21)."""
    web = Introspector()
    engine = Engine(configured(opaque()), store=MemoryStore(), clock=ManualClock(NOW), web=web)
    codes = [code(engine, presenting(f"made-up-token-of-nobody-{number}")) for number in range(300)]
    assert codes[0] == "SIGN_IN_REVOKED"
    assert codes[-1] == "TOO_MANY_ATTEMPTS"
    assert len(web.seen) < 250
    malformed = [code(engine, presenting("short")) for _ in range(3)]
    assert malformed == ["TOO_MANY_ATTEMPTS"] * 3
    assert len(web.seen) == codes.index("TOO_MANY_ATTEMPTS")


def test_t21_forged_cookies() -> None:
    """A forged cookie counts as grave as a forged token: ten from one address, and then it has to wait (T21)."""
    engine = Engine(configured(shop()), store=MemoryStore(), clock=ManualClock(NOW))
    request = asked(f"shop={cookie(by=b'another', user='alice')}", **OWN_PAGE)
    from_there = HttpRequest(
        method="POST", path=request.path, headers=request.headers, body=request.body, client_ip="203.0.113.7"
    )
    codes = [code(engine, from_there) for _ in range(15)]
    assert codes[0] == "TOKEN_SIGNATURE_INVALID"
    assert codes[-1] == "TOO_MANY_ATTEMPTS"


def test_report_of_every_kind() -> None:
    """Migrations of every kind are in the report under their provider's name; events hold no credential (T22)."""
    web = Introspector()
    rows = Rows(k1={"user": "alice", "authenticated_at": seconds(NOW - DAY)})
    lines: list[str] = []
    engine = Engine(
        configured(opaque(), shop(rows)),
        store=MemoryStore(),
        clock=ManualClock(NOW),
        web=web,
        on_event=lambda event: lines.append(event.as_line()),
    )
    assert code(engine, presenting(TOKEN)) == "MIGRATED"
    assert code(engine, asked(f"shop={cookie(row='k1')}", **OWN_PAGE)) == "MIGRATED"
    migrated = {each.provider: each.total.migrated for each in engine.report().providers}
    assert migrated == {"opaque": 1, "shop": 1}
    assert all(TOKEN not in line and "k1" not in line and "alice" not in line for line in lines)
    assert engine.verify_credential(BearerToken(text=TOKEN)).subject == "alice"
