"""
`[core]` of the settings file: a core in which sessions live instead of the store.

The store stays: it keeps the ledger of migrations and the outbox. House rule: what only a store of our own can do is
refused with a sentence, never answered with nothing.
"""

from __future__ import annotations

from contextlib import closing
from pathlib import Path

from segue.adapters.core import HttpCore
from segue.config import Config
from segue.engine import Engine
from segue.errors import ConfigurationError
from segue.ids import SessionHandle
from segue.remote.settings import RemoteCore
from segue.service.private_files import read_private
from segue.service.schema import CoreSection

_NO_SESSION = SessionHandle("doctor")
"""Looked up to see whether the core answers; there is none of this name."""


def core_of(section: CoreSection, folder: Path) -> RemoteCore | None:
    """
    The core that a `[core]` names; None: sessions live in the store.

    Raises:
        ConfigurationError: it names none and says more, or what `RemoteCore` refuses.
    """
    if not section.hosts:
        if section != CoreSection():
            raise ConfigurationError(
                'core.hosts is empty: list the addresses of the core, such as ["http://core-1:3567"], or leave [core] '
                "out to keep sessions in the store"
            )
        return None
    if section.api_key is not None and section.api_key_file is not None:
        raise ConfigurationError("give core.api_key or core.api_key_file, not both")
    api_key = section.api_key
    if section.api_key_file is not None:
        api_key = read_private(folder / section.api_key_file).strip()
    return RemoteCore(
        hosts=section.hosts,
        api_key=api_key,
        timeout=section.timeout.span,
        keys_max_age=section.keys_max_age.span,
        keys_stale_for=section.keys_stale_for.span,
    )


def named(core: RemoteCore) -> str:
    """Its addresses, for people."""
    return ", ".join(host.url for host in core.addresses)


def knock(core: RemoteCore, config: Config) -> None:
    """
    Ask the core for a session that is not there.

    Raises:
        SessionError: it does not answer, or not to us.
    """
    with closing(HttpCore(core)) as wire, closing(Engine(config, core=wire)) as engine:
        engine.load_session(_NO_SESSION)
