"""
One call of a core, whatever becomes of it on the way: version, fail-over, patience (core protocol §1, §3).

A host to which no connection can be made is passed over; one that is too busy (429) is asked again after a pause. What
may have been heard is asked again only where nothing is made twice by it. House rule: an outage is `CoreUnavailable`
and ends nobody's session; a refusal of ours by the core is for the operator; neither is taken for the user's.
"""

from __future__ import annotations

from datetime import datetime
from typing import TypeVar

from segue.errors import CoreRefused, CoreUnavailable
from segue.flow import ask
from segue.ids import AppId
from segue.json import dump
from segue.migration.web import WebResponse
from segue.remote import calls
from segue.remote.answers import Versions, read
from segue.remote.calls import CoreCall
from segue.remote.dialect import negotiate
from segue.remote.hosts import HostRing
from segue.remote.settings import CoreHost, RemoteCore, app_path
from segue.remote.wire import CoreRequest, CoreWire, Unanswered

T = TypeVar("T")

PAUSES = (0.01, 0.26, 0.51, 0.76, 1.01)
"""Seconds before a busy host is asked again, as back-end SDKs wait."""

_JSON = ("content-type", "application/json; charset=utf-8")
_SHOWN = 160


class Core:
    """One app of a core as this process knows it: its hosts, and the version that is spoken. Shared by threads."""

    def __init__(self, settings: RemoteCore, *, app_id: AppId, api_domain: str, website_domain: str) -> None:
        """
        Args:
            settings: which core.
            app_id: whose data there.
            api_domain: told to the core once, as back-end SDKs do.
            website_domain: likewise.
        """
        self._key = () if settings.api_key is None else (("api-key", settings.api_key),)
        self._base = app_path(app_id)
        self._hosts = HostRing(settings.addresses)
        self._asking = calls.versions(api_domain=api_domain, website_domain=website_domain)
        self._version: str | None = None

    async def call(self, call: CoreCall, form: type[T], *, now: datetime) -> T:
        """
        Make a call; its answer in this form.

        Raises:
            CoreUnavailable: no host answers, or the one that did is broken or too busy.
            CoreRefused: the request was refused as such, or the answer is not of the protocol.
        """
        known = self._version
        response = await self._call_as(known or await self._negotiated(now), call, now)
        if response.status == 400 and known is not None and b"cdi-version" in response.body:
            # Another core is there than the one that was asked for its versions: an upgrade, or a step back.
            response = await self._call_as(await self._negotiated(now), call, now)
        return read(_accepted(response), form)

    async def public_keys(self, *, flight: object, now: datetime) -> bytes:
        """
        The document with the keys of access tokens.

        Args:
            flight: shared by those who ask on the same occasion.
            now: aware UTC instant.

        Raises:
            CoreUnavailable, CoreRefused: as `call`.
        """
        return _accepted(await self._exchanged(calls.PUBLIC_KEYS, (), now, flight=flight))

    async def _call_as(self, version: str, call: CoreCall, now: datetime) -> WebResponse:
        return await self._exchanged(call, (*self._key, ("cdi-version", version)), now)

    async def _negotiated(self, now: datetime) -> str:
        response = await self._exchanged(self._asking, self._key, now)
        version = negotiate(read(_accepted(response), Versions).versions)
        self._version = version
        return version

    async def _exchanged(
        self,
        call: CoreCall,
        headers: tuple[tuple[str, str], ...],
        now: datetime,
        *,
        flight: object | None = None,
    ) -> WebResponse:
        body = None if call.body is None else dump(call.body)
        reasons: list[str] = []
        for host in self._hosts.order(now):
            request = CoreRequest(
                host=host,
                method=call.method,
                target=call.target(host.base_path + self._base),
                headers=headers if body is None else (*headers, _JSON),
                body=body,
                flight=flight,
            )
            response = await _patiently(request)
            if isinstance(response, WebResponse):
                self._hosts.reached(host)
                return response
            reasons.append(f"{host.authority}: {response.reason}")
            if not self._may_go_on(call, response, host, now):
                break
        raise CoreUnavailable(*reasons)

    def _may_go_on(self, call: CoreCall, failure: Unanswered, host: CoreHost, now: datetime) -> bool:
        if not failure.sent:
            self._hosts.unreachable(host, now)
            return True
        return call.repeatable and not failure.slow


async def _patiently(request: CoreRequest) -> WebResponse | Unanswered:
    response = await ask(CoreWire.exchange, request)
    for seconds in PAUSES:
        if not (isinstance(response, WebResponse) and response.status == 429):
            break
        await ask(CoreWire.pause, seconds)
        response = await ask(CoreWire.exchange, request)
    return response


def _accepted(response: WebResponse) -> bytes:
    """
    The body of an answer that is one.

    Raises:
        CoreUnavailable, CoreRefused: it is none.
    """
    if response.status == 200:
        return response.body
    if response.status == 429 or response.status >= 500:
        raise CoreUnavailable(f"status {response.status}")
    raise CoreRefused(f"status {response.status}", _said(response.body))


def _said(body: bytes) -> str:
    """The core's own words, for the log: they name a field or a setting."""
    text = body[:_SHOWN].decode("ascii", "replace").strip()
    return "".join(character if character.isprintable() else " " for character in text)
