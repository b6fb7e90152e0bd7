"""
What we write down with a session in a remote core, because the core has no place for it.

The absolute end goes into the payload, so that every token of the session says it and every refresh shows it: a
session that was migrated ends with the old one, whatever lifetime the core gives. Where it came from, its device and
the attempt that made it go into the data on the server. House rule: the application sees neither of the two members in
what is stored, and cannot take the end away.
"""

from __future__ import annotations

from collections.abc import Mapping
from datetime import UTC, datetime

import msgspec

from segue.ids import Digest, SessionHandle, from_milliseconds, to_milliseconds
from segue.json import JsonObject, JsonValue
from segue.sessions.model import Device, Provenance

END = "segue-end"
"""The claim with the absolute end, in whole seconds since the epoch like `exp`."""
MARK = "segue"
"""The member of the data on the server."""

_LONG_OVER = datetime.min.replace(tzinfo=UTC)


class Mark(msgspec.Struct, frozen=True, kw_only=True):
    """What is known of a session beside what the core knows."""

    provenance: Provenance | None = None
    device: Device = Device()
    after: SessionHandle | None = None
    """The handle that the claim named when this session was made for it; it tells attempts at one migration apart."""


def end_of(payload: JsonObject) -> datetime | None:
    """The absolute end that a payload states; one that cannot be read has long been reached."""
    if END not in payload:
        return None
    stated = payload[END]
    if type(stated) is not int:
        return _LONG_OVER
    try:
        return datetime.fromtimestamp(stated, UTC)
    except (OverflowError, OSError, ValueError):
        return _LONG_OVER


def with_end(payload: JsonObject, end: datetime | None) -> JsonObject:
    """The payload with this end and no other; rounded down."""
    rest = without_end(payload)
    return rest if end is None else {**rest, END: int(end.timestamp())}


def without_end(payload: JsonObject) -> JsonObject:
    """The application's own."""
    return {name: value for name, value in payload.items() if name != END} if END in payload else payload


def with_mark(data: JsonObject, mark: Mark) -> JsonObject:
    """The data with this mark and no other."""
    written = _written(mark)
    rest = without_mark(data)
    return {**rest, MARK: written} if written else rest


def without_mark(data: JsonObject) -> JsonObject:
    """The application's own."""
    return {name: value for name, value in data.items() if name != MARK} if MARK in data else data


def kept_mark(data: JsonObject, stored: JsonObject) -> JsonObject:
    """New data of the application's with the mark that is stored."""
    rest = without_mark(data)
    return {**rest, MARK: stored[MARK]} if MARK in stored else rest


def mark_of(data: JsonObject) -> Mark:
    """The mark in stored data; what cannot be read was written by somebody else and says nothing."""
    written = data.get(MARK)
    if not isinstance(written, Mapping):
        return Mark()
    after = written.get("after")
    return Mark(
        provenance=_provenance(written.get("from")),
        device=Device(label=_text(written.get("device")), ip=_text(written.get("ip"))),
        after=SessionHandle(after) if isinstance(after, str) else None,
    )


def _written(mark: Mark) -> dict[str, JsonValue]:
    members: dict[str, JsonValue] = {
        "from": None if mark.provenance is None else _origin(mark.provenance),
        "device": mark.device.label,
        "ip": mark.device.ip,
        "after": mark.after,
    }
    return {name: value for name, value in members.items() if value is not None}


def _origin(provenance: Provenance) -> dict[str, JsonValue]:
    return {
        "provider": provenance.provider,
        "issuer": provenance.issuer,
        "subject": provenance.subject_digest.hex(),
        "claim": provenance.claim_id.hex(),
        "at": to_milliseconds(provenance.authenticated_at),
        "version": provenance.verifier_version,
    }


def _provenance(written: JsonValue) -> Provenance | None:
    if not isinstance(written, Mapping):
        return None
    texts = [_text(written.get(name)) for name in ("provider", "issuer", "subject", "claim", "version")]
    provider, issuer, subject, claim, version = texts
    at = written.get("at")
    if not (provider and issuer and subject and claim and version) or type(at) is not int:
        return None
    try:
        return Provenance(
            provider=provider,
            issuer=issuer,
            subject_digest=Digest(bytes.fromhex(subject)),
            claim_id=Digest(bytes.fromhex(claim)),
            authenticated_at=from_milliseconds(at),
            verifier_version=version,
        )
    except (OverflowError, ValueError):
        return None


def _text(value: JsonValue) -> str | None:
    return value if isinstance(value, str) else None
