"""`provider`, `status` and `revoke --issuer`: what an operator sees and sets while others serve."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from segue.cli.app import run
from segue.cli.common import engine_on, engine_with_providers
from segue.ids import PUBLIC_APP
from segue.migration.model import DeliveryState
from segue.migration.rollout import SHADOW
from segue.service.settings import load_settings
from segue.stores.contract.examples import DAY, ISSUER, NOW, claim, delivery, provenance, session
from segue.stores.contract.oversight import EXPIRED, MIGRATED, record

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from segue.engine import Engine

Captured = pytest.CaptureFixture[str]


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A settings file for one provider, in the present folder."""
    monkeypatch.chdir(tmp_path)
    known = ("--issuer", "https://old.example", "--audience", "api", "--client-id", "page")
    assert run(["init", *known]) == 0
    return tmp_path / "segue.toml"


@pytest.fixture
def engine(settings: Path) -> Iterator[Engine]:
    """What serves meanwhile."""
    with engine_with_providers(load_settings(settings, {})) as engine:
        yield engine


def test_provider_is_switched(engine: Engine, capsys: Captured) -> None:
    """The switch is set, shown beside what is configured, and taken away again."""
    capsys.readouterr()
    assert run(["provider", "old", "shadow"]) == 0
    assert engine.rollouts() == {"old": SHADOW}
    assert run(["provider"]) == 0
    assert capsys.readouterr().out.splitlines()[1:] == [
        "provider  roll-out  configured",
        "old       shadow    on",
    ]
    assert run(["provider", "old", "12.5%"]) == 0
    assert str(engine.rollouts()["old"]) == "12.5%"
    assert run(["provider", "old", "configured"]) == 0
    assert str(engine.rollouts()["old"]) == "on"


@pytest.mark.parametrize(
    ("arguments", "says"),
    [(["old", "of"], "off, shadow, on"), (["odl", "off"], "known: old"), (["odl"], "no provider odl")],
)
def test_slip_of_the_pen(settings: Path, arguments: list[str], says: str, capsys: Captured) -> None:
    """A wrong word changes nothing and is answered with the right ones."""
    assert settings.exists()
    assert run(["provider", *arguments]) == 2
    assert says in capsys.readouterr().err


def test_status(engine: Engine, capsys: Captured) -> None:
    """The table names counts, reasons and what the date stands on; JSON is the report itself."""
    engine.store.add_attempts((record(1, MIGRATED), record(2, EXPIRED, count=3)))
    capsys.readouterr()
    assert run(["status"]) == 0
    said = capsys.readouterr().out
    assert said.startswith("old: on\n")
    assert "refused: 3 TOKEN_EXPIRED" in said
    assert "old sessions there: not ended; a tombstone here keeps their tokens from coming back" in said
    assert "outbox: empty" in said
    assert "safe to switch off: - (no old session was seen yet)" in said
    assert run(["status", "--json"]) == 0
    report = json.loads(capsys.readouterr().out)
    assert report == engine.report().as_json() | {"at": report["at"]}
    assert report["providers"][0]["total"]["refused"] == {"TOKEN_EXPIRED": 3}


def test_status_of_old_sessions(settings: Path, capsys: Captured) -> None:
    """Whether old sessions are ended for real, how far, and what was given up by code."""
    key = settings.with_name("clerk.key")
    key.touch(0o600)
    key.write_text("sk_hush")
    ended = '\n[provider.revocation]\nkind = "clerk"\napi_key_file = "clerk.key"\n'
    settings.write_text(settings.read_text() + ended)
    with engine_with_providers(load_settings(settings, {})) as engine:
        engine.store.claim_and_create(claim(1), session(1), tuple(map(delivery, (1, 2, 3))))
        for number, state, error in (
            (1, DeliveryState.DEAD, "NO_SESSION_ID"),
            (2, DeliveryState.DEAD, "NO_SESSION_ID"),
            (3, DeliveryState.PENDING, "HTTP_429"),
        ):
            engine.store.settle_delivery(
                delivery(number).delivery_id, state=state, at=NOW, due_at=NOW, last_error=error
            )
        capsys.readouterr()
        assert run(["status"]) == 0
    said = capsys.readouterr().out
    assert "old sessions there: ended by clerk: this session, at once\n" in said
    assert "failing so far: 1 HTTP_429\n" in said
    assert "given up: 2 NO_SESSION_ID\n" in said


def test_status_of_nothing(settings: Path, capsys: Captured) -> None:
    """A new deployment has a status, too."""
    assert settings.exists()
    assert run(["status"]) == 0
    assert "nothing" not in capsys.readouterr().err


def test_undo(settings: Path, capsys: Captured) -> None:
    """What was minted from an issuer is counted first, and ended only with --yes."""
    loaded = load_settings(settings, {})
    with engine_on(loaded) as engine:
        now = engine._at_hand.clock.now()
        for number in range(1, 5):
            made = session(
                number, provenance=provenance(number), created_at=now - number * DAY, lifetime=9 * DAY
            )
            engine.store.create_session(made)
        engine.store.create_session(session(9, created_at=now))
    window = ["--issuer", ISSUER, "--from", (now - 3 * DAY).isoformat(), "--version", "1.0"]
    capsys.readouterr()
    assert run(["revoke", *window]) == 0
    said = capsys.readouterr().out
    assert said.startswith(f"3 living session(s) of 1 user(s) were minted from {ISSUER} by version 1.0 since")
    assert "nothing was ended" in said
    assert run(["revoke", *window, "--yes"]) == 0
    assert "ended 3 session(s)" in capsys.readouterr().out
    with engine_on(loaded) as engine:
        left = [engine.store.load_session(PUBLIC_APP, session(number).handle) for number in (1, 4, 9)]
    assert [each is not None for each in left] == [False, True, True]


@pytest.mark.parametrize(
    "wrong",
    [
        ["--issuer", "x", "--user", "y"],
        ["some-handle", "--yes"],
        ["--user", "y", "--before", "2030-01-01"],
        ["--issuer", "x", "--from", "2030-01-01T12:00:00"],
        ["--issuer", "x", "--from", "yesterday"],
    ],
    ids=" ".join,
)
def test_wrong_usage(settings: Path, wrong: list[str]) -> None:
    """What could mean two things is refused, and so is an instant without a time zone."""
    assert settings.exists()
    assert run(["revoke", *wrong]) == 2
