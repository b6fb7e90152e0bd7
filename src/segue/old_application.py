"""
The previous application's own storage and verifiers, as ports over the functions that the configuration gives.

Under `AsyncEngine` all may be coroutine functions, and plain ones, which read files or ask a database, run in a thread;
under `Engine` a coroutine is refused loudly. House rules: an error of ours passes untouched, and any other exception
means that nothing is known: nobody is let in, and a retry may help. Its text is not logged: it may hold a secret.
"""

from __future__ import annotations

import inspect
import logging
import traceback
from collections.abc import Awaitable, Callable, Sequence
from typing import TypeVar

from segue.errors import ConfigurationError, SessionError, StateUnavailable
from segue.migration.cookie_provider import CookieProvider
from segue.migration.cookies.model import MAX_SESSION, OldSession
from segue.migration.credential import Credential
from segue.migration.own_provider import OwnProvider
from segue.migration.policy import ProviderPolicy

T = TypeVar("T")

logger = logging.getLogger("segue")


class OldApplicationHooks:
    """What both kinds of engine do with such functions."""

    def __init__(self, providers: Sequence[ProviderPolicy]) -> None:
        """
        Args:
            providers: those that are configured.
        """
        self._cookies = {each.name: each for each in providers if isinstance(each, CookieProvider)}
        self._own = {each.name: each for each in providers if isinstance(each, OwnProvider)}

    def _finding(self, provider: str, key: str) -> bytes | Awaitable[bytes | None] | None:
        return _given(self._cookies[provider].find_session, provider, "find_session")(key)

    def _ending(self, provider: str, key: str) -> Awaitable[None] | None:
        return _given(self._cookies[provider].end_session, provider, "end_session")(key)

    def _hash(self, provider: str, user_id: str) -> str | Awaitable[str | None] | None:
        return _given(self._cookies[provider].password_hash, provider, "password_hash")(user_id)

    def _verifying(self, provider: str, credential: Credential) -> OldSession | Awaitable[OldSession]:
        return self._own[provider].verify(credential)


class BlockingOldApplication(OldApplicationHooks):
    """The ports `OldApplication` and `CredentialVerifier` over plain functions."""

    def find_session(self, provider: str, key: str) -> bytes | None:
        """See `OldApplication.find_session`."""
        return _content(_called(lambda: self._finding(provider, key), provider, "find_session"), provider)

    def end_session(self, provider: str, key: str) -> None:
        """See `OldApplication.end_session`."""
        _called(lambda: self._ending(provider, key), provider, "end_session")

    def password_hash(self, provider: str, user_id: str) -> str | None:
        """See `OldApplication.password_hash`."""
        return _text(_called(lambda: self._hash(provider, user_id), provider, "password_hash"), provider)

    def verify_credential(self, provider: str, credential: Credential) -> object:
        """See `CredentialVerifier.verify_credential`."""
        return _called(lambda: self._verifying(provider, credential), provider, "verify")


class AsyncOldApplication(OldApplicationHooks):
    """The same for an event loop; the functions may be coroutine functions."""

    async def find_session(self, provider: str, key: str) -> bytes | None:
        """See `OldApplication.find_session`."""
        found = await _awaited(lambda: self._finding(provider, key), provider, "find_session")
        return _content(found, provider)

    async def end_session(self, provider: str, key: str) -> None:
        """See `OldApplication.end_session`."""
        await _awaited(lambda: self._ending(provider, key), provider, "end_session")

    async def password_hash(self, provider: str, user_id: str) -> str | None:
        """See `OldApplication.password_hash`."""
        return _text(
            await _awaited(lambda: self._hash(provider, user_id), provider, "password_hash"), provider
        )

    async def verify_credential(self, provider: str, credential: Credential) -> object:
        """See `CredentialVerifier.verify_credential`."""
        return await _awaited(lambda: self._verifying(provider, credential), provider, "verify")


def _given(function: Callable[[str], T] | None, provider: str, name: str) -> Callable[[str], T]:
    if function is None:
        raise ConfigurationError(f"{provider}: its format needs {name}, and none is configured")
    return function


def _called(call: Callable[[], T | Awaitable[T]], provider: str, name: str) -> T:
    try:
        answer = call()
    except SessionError:
        raise
    except Exception as error:
        raise _unknown(error, provider, name) from error
    if inspect.iscoroutine(answer):
        answer.close()
    if inspect.isawaitable(answer):
        raise ConfigurationError(
            f"{provider}: {name} is a coroutine function; use AsyncEngine, or a plain one"
        )
    return answer


async def _awaited(call: Callable[[], T | Awaitable[T]], provider: str, name: str) -> T:
    import asyncio  # noqa: PLC0415 - programs without a loop need not load it

    try:
        # Whether it blocks cannot be seen from outside; making a coroutine in a thread does no harm.
        answer = await asyncio.to_thread(call)
        if not inspect.isawaitable(answer):
            return answer
        awaited: T = await answer
    except SessionError:
        raise
    except Exception as error:
        raise _unknown(error, provider, name) from error
    return awaited


def _unknown(error: Exception, provider: str, name: str) -> StateUnavailable:
    where = "".join(traceback.format_tb(error.__traceback__))
    logger.error("%s of provider %s raised %s\n%s", name, provider, type(error).__name__, where)
    return StateUnavailable(provider, f"{name} raised {type(error).__name__}")


def _content(found: object, provider: str) -> bytes | None:
    if found is None:
        return None
    if not isinstance(found, bytes):
        raise ConfigurationError(
            f"{provider}: find_session must return the session's content as bytes, or None"
        )
    if len(found) > MAX_SESSION:
        raise StateUnavailable(provider, f"find_session returned more than {MAX_SESSION} bytes")
    return found


def _text(found: object, provider: str) -> str | None:
    if found is None or isinstance(found, str):
        return found
    raise ConfigurationError(f"{provider}: password_hash must return text, or None")
