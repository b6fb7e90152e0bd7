"""
What the machine can do at all: bare signatures of the library that we call, bare durable commits of SQLite.

House rule: as little around the work as Python allows.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec, padding, rsa

from benchmarks.measuring import repeated

_DATA = b"x" * 700
"""As long as the signed part of an access token."""
_SHA256 = hashes.SHA256()


def rsa_verify() -> Callable[[int], None]:
    """RSA-2048 with SHA-256, one key, one signature."""
    key, scheme = rsa.generate_private_key(65537, 2048), padding.PKCS1v15()
    signature, public = key.sign(_DATA, scheme, _SHA256), key.public_key()
    return repeated(lambda: public.verify(signature, _DATA, scheme, _SHA256))


def rsa_sign() -> Callable[[int], None]:
    """RSA-2048 with SHA-256."""
    key, scheme = rsa.generate_private_key(65537, 2048), padding.PKCS1v15()
    return repeated(lambda: key.sign(_DATA, scheme, _SHA256))


def p256_sign() -> Callable[[int], None]:
    """ECDSA P-256 with SHA-256."""
    key, scheme = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(_SHA256)
    return repeated(lambda: key.sign(_DATA, scheme))


def p256_verify() -> Callable[[int], None]:
    """ECDSA P-256 with SHA-256, one key, one signature."""
    key, scheme = ec.generate_private_key(ec.SECP256R1()), ec.ECDSA(_SHA256)
    signature, public = key.sign(_DATA, scheme), key.public_key()
    return repeated(lambda: public.verify(signature, _DATA, scheme))


def sqlite_inserts(folder: Path, *, batch: int, synchronous: str = "FULL") -> Callable[[int], None]:
    """Rows of the size of a session, one table and no second index, *batch* of them in each durable commit."""
    connection = sqlite3.connect(folder / f"bare-{batch}-{synchronous}.sqlite3", isolation_level=None)
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute(f"PRAGMA synchronous = {synchronous}")
    connection.execute("CREATE TABLE rows (id INTEGER PRIMARY KEY, value TEXT NOT NULL)")
    row = ("x" * 450,)

    def run(count: int) -> None:
        for _ in range(count // batch):
            connection.execute("BEGIN IMMEDIATE")
            for _ in range(batch):
                connection.execute("INSERT INTO rows (value) VALUES (?)", row)
            connection.execute("COMMIT")

    return run
