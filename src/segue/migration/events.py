"""
What is told of every attempt to migrate, once, when it is over.

House rule: no token and no raw id: whom it was about is told by digests that nobody without the deployment secret can
make, the same for the same person, so that lines can be joined and people cannot be looked up.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from segue.migration.records import Outcome


class MigrationEvent(msgspec.Struct, frozen=True, kw_only=True):
    """One attempt."""

    operation_id: str
    """Also in the store's record of it."""
    at: datetime
    """When it began."""
    outcome: Outcome
    """Provider, tenant, mode, stage, code, and whether a retry may help."""
    answer: str
    """The code that the caller saw: in shadow and behind limits another one than the outcome's."""
    subject: str | None
    """The person at the provider."""
    user: str | None
    """The user here."""
    session: str | None
    mapping: str | None
    """How the user was found: `SameId`, `FromClaim`, `function` …"""
    milliseconds: dict[str, float]
    """`total`, and what of it was waited for: `Ledger` and other ports by name; the rest is our own work."""
    detail: str | None = None
    """Of a refusal: what was wrong, in words for an operator."""

    def as_line(self) -> str:
        """One line of JSON, members that are empty left out."""
        outcome = self.outcome
        whole = {
            "operation": self.operation_id,
            "code": outcome.code,
            "answer": self.answer if self.answer != outcome.code else None,
            "stage": outcome.stage.value,
            "retryable": outcome.retryable,
            "provider": outcome.provider or None,
            "tenant": outcome.tenant_id or None,
            "mode": outcome.mode or None,
            "subject": self.subject,
            "user": self.user,
            "session": self.session,
            "mapping": self.mapping,
            "ms": self.milliseconds,
            "detail": self.detail,
        }
        return _encode({name: value for name, value in whole.items() if value is not None}).decode()


_encode = msgspec.json.Encoder().encode
