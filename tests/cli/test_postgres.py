"""The service and the commands on PostgreSQL, named by the environment as in a container."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tests.cli.test_serve import browser, migrate, moved_by
from tests.cli.world import Deployment, sign_in
from tests.support.postgres import PASSWORD

if TYPE_CHECKING:
    from tests.support.postgres import PostgresServer

pytestmark = pytest.mark.processes


def test_service_on_postgres(deployment: Deployment, postgres_server: PostgresServer) -> None:
    """Upgraded by command, checked by doctor, served by two workers: one session of many tries, ended by command."""
    database = postgres_server.empty_database()
    env = {"SEGUE_DATABASE": postgres_server.dsn_with_password(database), "SEGUE_AUTO_UPGRADE": "false"}
    refused = deployment.run("outbox", env=env)
    assert (refused.code, "segue db upgrade" in refused.err) == (2, True)
    upgraded = deployment.run("db", "upgrade", env=env)
    assert (upgraded.code, upgraded.out.startswith("the PostgreSQL database: schema 0")) == (0, True)
    checked = deployment.run("doctor", env=env)
    assert checked.code == 0, checked.out

    server = deployment.serve("--workers", "2", env=env)
    try:
        tokens = sign_in(deployment.issuer)
        with ThreadPoolExecutor(8) as pool:
            tries = [pool.submit(moved_by, server.url, tokens, key=f"{count:032}") for count in range(8)]
        assert sorted(one.result() for one in tries) == ["ALREADY_MIGRATED"] * 7 + ["MIGRATED"]
        with browser(server.url) as page:
            moved = migrate(page, sign_in(deployment.issuer), key="m" * 32).json()
            assert page.get("/auth/session").json()["userId"] == moved["userId"]
            ended = deployment.run("revoke", "--user", moved["userId"], env=env)
            assert "ended 2 session(s)" in ended.out
            assert page.get("/auth/session").status_code == 401
    finally:
        server.stop()
    said = server.log.read_text() + checked.out + upgraded.out + refused.err
    assert PASSWORD not in said


def test_postgres_that_does_not_answer(deployment: Deployment) -> None:
    """Doctor and service say so in a line, without the password."""
    env = {"SEGUE_DATABASE": f"postgresql://segue:{PASSWORD}@127.0.0.1:9/x"}
    for command, code in (("doctor", 1), ("serve", 1), ("outbox", 1)):
        done = deployment.run(command, env=env)
        assert done.code == code, command
        assert PASSWORD not in done.out + done.err
        assert "Traceback" not in done.err
