"""
The suite that every store must pass: ours, and yours.

Inherit it in a test module and say how to make a store that is empty; needs nothing but pytest.

    class TestMine(StoreContract):
        @pytest.fixture
        def store(self) -> Iterator[Store]:
            with MyStore() as store:
                yield store

An asynchronous store comes in through `blocking`, which runs it on a loop in a thread of its own. House rule: every
sentence of the ports' docstrings is a test here, and no test waits for time to pass.
"""

from __future__ import annotations

import pytest

_PARTS = (
    *("apps", "core_races", "identities", "index", "keys", "ledger", "outbox", "oversight"),
    *("races", "removals", "revocation", "rotation", "sessions", "users"),
)
pytest.register_assert_rewrite(*(f"{__name__}.{part}" for part in _PARTS))  # before they are imported

from segue.stores.contract.apps import AppsContract  # noqa: E402
from segue.stores.contract.core_races import CoreRacesContract  # noqa: E402
from segue.stores.contract.identities import IdentitiesContract  # noqa: E402
from segue.stores.contract.index import IndexContract  # noqa: E402
from segue.stores.contract.keys import KeysContract  # noqa: E402
from segue.stores.contract.ledger import LedgerContract  # noqa: E402
from segue.stores.contract.on_loop import blocking  # noqa: E402
from segue.stores.contract.outbox import OutboxContract  # noqa: E402
from segue.stores.contract.oversight import OversightContract  # noqa: E402
from segue.stores.contract.races import RacesContract  # noqa: E402
from segue.stores.contract.removals import RemovalsContract  # noqa: E402
from segue.stores.contract.revocation import RevocationContract  # noqa: E402
from segue.stores.contract.rotation import RotationContract  # noqa: E402
from segue.stores.contract.sessions import SessionsContract  # noqa: E402
from segue.stores.contract.users import UsersContract  # noqa: E402
from segue.stores.ports import Store  # noqa: E402

__all__ = ["Store", "StoreContract", "blocking"]


class StoreContract(
    SessionsContract,
    RotationContract,
    IndexContract,
    RevocationContract,
    KeysContract,
    LedgerContract,
    OutboxContract,
    IdentitiesContract,
    OversightContract,
    AppsContract,
    RemovalsContract,
    UsersContract,
    RacesContract,
    CoreRacesContract,
):
    """All of it."""
