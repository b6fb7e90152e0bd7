"""
What `segue doctor` looks at, as findings: does the store open, and do the providers answer as they are configured to.

House rule: a check changes nothing, neither here nor there: no table is upgraded, no token is sent.
"""

from __future__ import annotations

import os
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import closing
from dataclasses import dataclass
from datetime import datetime
from enum import Enum

from msgspec.structs import replace

from segue.config import Config
from segue.errors import ConfigurationError, FetchFailed, SessionError, StoreUnavailable
from segue.json import JsonObject
from segue.migration.cookie_provider import CookieProvider
from segue.migration.discovery import discovery_request, read_discovery
from segue.migration.endings import EndOldSession, Revocation7009
from segue.migration.endings.model import in_words
from segue.migration.key_flows import jwks_request, read_keys
from segue.migration.key_sources import LiveKeys, PinnedKeys, compared_part, live_part, pinned_part
from segue.migration.kinds import AnyProvider
from segue.migration.opaque_provider import OpaqueProvider
from segue.migration.own_provider import OwnProvider
from segue.migration.pins import compare_keys
from segue.migration.provider import Provider
from segue.migration.shared_secrets import SharedSecrets
from segue.migration.web import AsyncWeb, read_json
from segue.remote.settings import RemoteCore
from segue.service.environment import overridable, stray_variables
from segue.service.reading import nearest
from segue.service.remote_core import knock, named
from segue.service.settings import Settings
from segue.service.store import SqliteSettings, StoreSettings
from segue.stores.sql.schema import check_version
from segue.stores.sqlite.schema import SCRIPTS, schema_version
from segue.tokens.jwk import KeySet


class Verdict(Enum):
    """How a check ended."""

    GOOD = "good"
    NOTE = "note"
    """Works, and somebody should know."""
    BAD = "bad"
    """Something will fail."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """What a check found."""

    verdict: Verdict
    about: str
    text: str


def good(about: str, text: str) -> Finding:
    """It works."""
    return Finding(verdict=Verdict.GOOD, about=about, text=text)


def note(about: str, text: str) -> Finding:
    """It works, but."""
    return Finding(verdict=Verdict.NOTE, about=about, text=text)


def bad(about: str, text: str) -> Finding:
    """It will fail."""
    return Finding(verdict=Verdict.BAD, about=about, text=text)


def look_at_core(core: RemoteCore, config: Config) -> Finding:
    """Whether the core answers, and to us."""
    try:
        knock(core, replace(config, providers=()))
    except SessionError as error:
        return bad("core", f"sessions live at {named(core)}: {sentence_of(error)}")
    return good(
        "core", f"sessions live at {named(core)}, and it answers; the store keeps what migrations need"
    )


def look_at_settings(settings: Settings, environment: Mapping[str, str]) -> Iterator[Finding]:
    """What the settings say that is allowed but may not be meant."""
    config = settings.config
    yield good("settings", f"{settings.source} can be read; {len(config.secrets)} deployment secret(s)")
    for name in stray_variables(environment, tuple(provider.name for provider in config.providers)):
        meant = nearest(name, list(overridable()))
        if meant:
            yield note("environment", f"{name} sets nothing{meant}")
    try:
        config.http.require_cookies()
    except ConfigurationError as error:
        yield note("cookies", sentence_of(error))
    if not config.providers:
        yield bad("providers", "none is configured: nobody can be migrated")


def look_at_store(store: StoreSettings) -> Finding:
    """Whether the database can be used as it is; an SQLite file that is not there yet is looked at by its folder."""
    if isinstance(store, SqliteSettings):
        if not os.access(store.path.parent, os.W_OK | os.X_OK):
            return bad("store", f"the folder {store.path.parent} is not there or not writable")
        if not store.path.exists():
            return good("store", f"{store.path} will be made")
        if not os.access(store.path, os.R_OK | os.W_OK):
            return bad("store", f"{store.path} must be readable and writable")
    return _look_at_database(store)


def _look_at_database(store: StoreSettings) -> Finding:
    try:
        _require_schema(store)
    except (sqlite3.Error, StoreUnavailable) as error:
        return bad("store", f"{store.name} cannot be used: {error}")
    except ConfigurationError as error:
        if store.auto_upgrade and "segue db upgrade" in str(error):
            return note("store", "the schema will be upgraded when the service starts")
        return bad("store", sentence_of(error))
    return good("store", f"{store.name} answers and has the schema of this program")


def _require_schema(store: StoreSettings) -> None:
    if isinstance(store, SqliteSettings):  # without opening it for writing, which would make files beside it
        with closing(sqlite3.connect(f"{store.path.absolute().as_uri()}?mode=ro", uri=True)) as connection:
            check_version(schema_version(connection), known=len(SCRIPTS))
    else:
        store.open(upgrade=False).close()


async def look_at_provider(provider: AnyProvider, web: AsyncWeb, now: datetime) -> AsyncIterator[Finding]:
    """Whether tokens of a provider could be verified now, and old sessions be ended."""
    if provider.deadline is not None and now >= provider.deadline:
        yield bad(provider.name, f"nothing is migrated any more since {provider.deadline}: its deadline")
    if not isinstance(provider, Provider):
        for finding in _look_at_other(provider):
            yield finding
        return
    if isinstance(provider.keys, SharedSecrets):
        yield _look_at_secrets(provider, provider.keys, now)
    pinned, live = pinned_part(provider.keys), compared_part(provider.keys) or live_part(provider.keys)
    if pinned is not None:
        for finding in _look_at_pinned(provider, pinned, now):
            yield finding
    if live is not None:
        async for finding in _look_at_live(provider, live, web):
            yield finding


def _look_at_secrets(provider: Provider, secrets: SharedSecrets, now: datetime) -> Finding:
    if not secrets.serving(now):
        return bad(provider.name, f"the shared secret served until {secrets.not_after}")
    return good(
        provider.name,
        f"{len(secrets.keys)} shared secret(s); whether they are the right ones only a token tells",
    )


def _look_at_other(provider: CookieProvider | OpaqueProvider | OwnProvider) -> Iterator[Finding]:
    """What can be seen without a credential; asking about one that does not exist would be an attempt of ours."""
    asks_again = isinstance(provider, OpaqueProvider) or (
        isinstance(provider, CookieProvider) and provider.find_session is not None
    )
    ending = provider.ending
    if asks_again and ending is not None and ending.when is EndOldSession.AT_ONCE:
        yield note(
            provider.name,
            "ends old sessions at once, and a client whose answer was lost cannot prove itself again; "
            'say when = "after_first_use"',
        )
    if isinstance(provider, CookieProvider):
        named = ", ".join(sorted(provider.cookie_names))
        yield good(
            provider.name, f"reads {named}; the cookie has to reach the API: look at its Domain and Path"
        )


def _look_at_pinned(provider: Provider, pinned: PinnedKeys, now: datetime) -> Iterator[Finding]:
    if not pinned.serving(now):
        yield bad(provider.name, f"the pinned keys served until {pinned.not_after}")
    yield from _look_at_keys(provider, pinned.keys, "pinned")


async def _look_at_live(provider: Provider, live: LiveKeys, web: AsyncWeb) -> AsyncIterator[Finding]:
    try:
        url, document = await _located(live, web)
        if document is not None:
            yield good(provider.name, f"{live.document_url} is the document of {live.issuer}")
        request = jwks_request(url, issuer=live.issuer)
        keys = read_keys(request, await web.exchange(request), form=live.form)
    except FetchFailed as error:
        yield bad(provider.name, sentence_of(error))
        return
    for finding in _look_at_keys(provider, keys, f"at {url}"):
        yield finding
    for finding in _compare(provider, keys):
        yield finding
    if document is not None:
        for finding in _look_at_revocation(provider, document):
            yield finding


async def _located(live: LiveKeys, web: AsyncWeb) -> tuple[str, JsonObject | None]:
    """Where the keys are, and the discovery document if there was one to ask for."""
    if live.jwks_url is not None:
        return live.jwks_url, None
    request = discovery_request(live.document_url, issuer=live.issuer)
    response = await web.exchange(request)
    url = read_discovery(request, response, issuer=live.issuer, hosts=live.jwks_hosts)
    return url, read_json(request, response)


def _look_at_keys(provider: Provider, keys: KeySet, where: str) -> Iterator[Finding]:
    usable = [key for key in keys if key.algorithms & provider.algorithms]
    named = ", ".join(sorted(key.key_id or "without id" for key in usable))
    if usable:
        yield good(provider.name, f"{len(usable)} usable key(s) {where}: {named}")
    else:
        yield bad(provider.name, f"no key {where} fits the algorithms that are allowed; look at algorithms")
    for reason in keys.skipped:
        yield note(provider.name, f"not used: {reason}")


def _compare(provider: Provider, live: KeySet) -> Iterator[Finding]:
    pinned = pinned_part(provider.keys)
    if pinned is None:
        return
    difference = compare_keys(pinned.keys, live, left_out=pinned.left_out)
    if difference:
        yield bad(provider.name, f"its keys are not the pinned ones; {difference}")
    else:
        yield good(provider.name, "its keys are the pinned ones")


def _look_at_revocation(provider: Provider, document: JsonObject) -> Iterator[Finding]:
    offered = document.get("revocation_endpoint")
    if provider.ending is None:
        if isinstance(offered, str):
            yield note(
                provider.name, f"offers revocation at {offered}; without revocation.url it is not used"
            )
    elif not isinstance(provider.ending, Revocation7009):
        yield good(provider.name, f"old sessions are ended there by {in_words(provider.ending)}")
    elif offered is None:
        yield note(provider.name, "its discovery document names no revocation endpoint; one is configured")
    elif offered != provider.ending.url:
        yield note(provider.name, f"names {offered} for revocation; {provider.ending.url} is configured")
    else:
        yield good(provider.name, f"{offered} is where old sessions are ended")


def sentence_of(error: Exception) -> str:
    """An error's text without its code."""
    return ": ".join(str(part) for part in error.args)
