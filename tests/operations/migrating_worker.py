"""A process that migrates with many threads at once: reads what to do, waits for a line, writes what came of it."""

from __future__ import annotations

import json
import sys
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier

from segue import Engine, PinnedKeys
from segue.migration.report import Report
from segue.stores.ports import Store
from tests.migration.issuer import NOW, provider
from tests.operations.watched import config, request
from tests.support.clock import ManualClock


def opened(place: str) -> Store:
    """The store at a path or an address."""
    if place.startswith("postgresql://"):
        from segue.stores.postgres import PostgresStore  # noqa: PLC0415 - only where it is meant

        return PostgresStore(place)
    from segue.stores.sqlite import SqliteStore  # noqa: PLC0415 - likewise

    return SqliteStore(place)


def main() -> None:
    """Do it."""
    told = json.loads(sys.stdin.readline())
    keys = PinnedKeys.from_jwks(told["jwks"], pinned_at=NOW, not_after=NOW + timedelta(days=30))
    engine = Engine(config(provider(keys=keys)), store=opened(told["store"]), clock=ManualClock(NOW))
    engine.warm_up()
    barrier = Barrier(len(told["keys"]))

    def migrate(key: str) -> dict[str, object]:
        barrier.wait()
        answer = engine.respond(request(told["token"], key=key, ip=None))
        tokens = [
            value for name, value in answer.lines() if name == "set-cookie" and "sRefreshToken=" in value
        ]
        return {"status": answer.status, "body": json.loads(answer.body), "tokens": tokens}

    sys.stdout.write("ready\n")
    sys.stdout.flush()
    sys.stdin.readline()
    with ThreadPoolExecutor(len(told["keys"])) as pool:
        answers = list(pool.map(migrate, told["keys"]))
    report: Report = engine.report()
    engine.close()
    sys.stdout.write(json.dumps({"answers": answers, "report": report.as_json()}) + "\n")


if __name__ == "__main__":
    main()
