"""What a file's locks are worth when several stores and several processes use it."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

from segue.ids import PUBLIC_APP
from segue.stores.sqlite import SqliteStore
from segue.tokens.algorithms import Algorithm
from segue.tokens.signing_keys import KeyKind, StoredSigningKey
from tests.support import issuer

if TYPE_CHECKING:
    from pathlib import Path

OTHER_PROCESS = """
import sys
from segue.ids import PUBLIC_APP
from segue.stores.sqlite import SqliteStore
store = SqliteStore(sys.argv[1])
print(len(store.load_signing_keys(PUBLIC_APP)))
store.close()
"""


def key(name: str) -> StoredSigningKey:
    """Something small to write."""
    return StoredSigningKey(
        key_id=name,
        kind=KeyKind.STATIC,
        algorithm=Algorithm.ES256,
        created_at=issuer.NOW,
        sealed_private=b"x",
    )


def count_elsewhere(path: Path) -> int:
    """How many keys another process finds, which then closes the file as its last user would."""
    command = [sys.executable, "-c", OTHER_PROCESS, str(path)]
    done = subprocess.run(command, check=True, capture_output=True, text=True, timeout=60)
    return int(done.stdout)


def test_second_store_in_a_process_keeps_the_locks_of_the_first(tmp_path: Path) -> None:
    """Opening a file again must not drop the process's locks on it, or another process deletes the journal in use."""
    path = tmp_path / "sessions.sqlite3"
    first = SqliteStore(path)
    assert first.add_signing_key(PUBLIC_APP, key("one"), if_newest=None)
    second = SqliteStore(path)
    assert count_elsewhere(path) == 1
    assert first.add_signing_key(PUBLIC_APP, key("two"), if_newest="one")
    assert count_elsewhere(path) == 2
    first.close()
    second.close()
