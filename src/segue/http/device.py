"""
What a user will see of a session in the list of their devices.

The label is the browser's own description of itself, shortened; the address is kept only if the deployment says so,
since it is personal data. House rule: both come from the client or a proxy and are shown, never believed.
"""

from __future__ import annotations

from segue.http.message import HttpRequest
from segue.http.settings import HttpSettings
from segue.sessions.model import Device

MAX_LABEL = 200
_MAX_IP = 45
"""The longest text of an IPv6 address."""


def device_of(request: HttpRequest, settings: HttpSettings) -> Device:
    """The device behind a request."""
    agent = (request.header("user-agent") or "").strip()
    label = "".join(character for character in agent[:MAX_LABEL] if character.isprintable())
    address = (request.client_ip or "")[:_MAX_IP] if settings.record_ip else ""
    return Device(label=label or None, ip=address or None)
