"""Django's sessions in a database: a new session saved, with the same SQLite settings as ours."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING

import django
from django.conf import settings
from django.core.management import call_command

if TYPE_CHECKING:
    from django.contrib.sessions.backends.base import SessionBase


def set_up(folder: Path, *, synchronous: str) -> None:
    """Django as for one process, and the table of sessions. Once a process."""
    pragmas = f"PRAGMA journal_mode = WAL; PRAGMA synchronous = {synchronous};"
    settings.configure(
        SECRET_KEY="for benchmarks only",  # noqa: S106 - and of no use elsewhere
        INSTALLED_APPS=["django.contrib.sessions"],
        DATABASES={
            "default": {
                "ENGINE": "django.db.backends.sqlite3",
                "NAME": folder / "django.sqlite3",
                "OPTIONS": {"init_command": pragmas, "transaction_mode": "IMMEDIATE"},
            }
        },
        USE_TZ=True,
    )
    django.setup()
    call_command("migrate", verbosity=0)


def creating(engine: str) -> Callable[[int], None]:
    """`SessionStore().save()` of "db" or "signed_cookies", with what a sign-in leaves in it."""
    from importlib import import_module  # noqa: PLC0415 - only after `set_up`

    store: type[SessionBase] = import_module(f"django.contrib.sessions.backends.{engine}").SessionStore

    def run(count: int) -> None:
        for number in range(count):
            session = store()
            session["_auth_user_id"] = str(number)
            session["_auth_user_backend"] = "django.contrib.auth.backends.ModelBackend"
            session["_auth_user_hash"] = "0" * 64
            session["plan"] = "gold"
            session.save()

    return run
