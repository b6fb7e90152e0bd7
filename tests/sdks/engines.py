"""`segue serve` as a process beside a core: the engine that moves users onto the core's sessions."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.e2e import stack
from tests.sdks.cores import SECRET, Core
from tests.support.processes import Server, free_port, start

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

SETTINGS = """\
[http]
api_domain = "{api}"
website_domain = "{site}"

[keys]
signing_algorithm = "RS256"

[[provider]]
name = "old"
issuers = ["{issuer}"]
audiences = ["{audience}"]
authorized_parties = ["spa"]
live_check = "keys_only"

[provider.revocation]
url = "{issuer}/token/revocation"
client_id = "spa"
"""


@contextmanager
def running_engine(
    core: Core, *, issuer: str, api: str, site: str, folder: Path, access: str = "1h"
) -> Generator[Server]:
    """
    Start it on the core's database, with the core's secret.

    Args:
        core: on a database that others can open.
        issuer: the old provider.
        api: origin of the application that passes the route on.
        site: origin of the pages.
        folder: for its settings and output.
        access: how long the first access token of a session lives.
    """
    port, settings = free_port(), folder / "engine.toml"
    settings.write_text(SETTINGS.format(api=api, site=site, issuer=issuer, audience=stack.AUDIENCE))
    settings.chmod(0o600)
    server = start(
        f"engine-{port}",
        [sys.executable, "-m", "segue.cli", "serve", "--config", settings, "--port", str(port)],
        port=port,
        logs=folder,
        ready="/health",
        env={"SEGUE_DATABASE": core.database, "SEGUE_SECRET": SECRET, "SEGUE_LIFETIMES_ACCESS": access},
    )
    try:
        yield server
    finally:
        server.stop()
