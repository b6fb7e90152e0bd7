"""What a core operation works with: one app at one instant."""

from __future__ import annotations

from datetime import datetime, timedelta

import msgspec

from segue.core.apps import KnownApp
from segue.core.keys_at_hand import Randomness
from segue.ids import PUBLIC_TENANT, AppId, SessionHandle, TenantId
from segue.sessions.issuing import Issuance
from segue.tokens.access import AccessVersion


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """An app whose keys are at hand, at an instant."""

    app: KnownApp
    now: datetime
    random: Randomness

    @property
    def app_id(self) -> AppId:
        """Of the app."""
        return self.app.app_id

    def issuance(
        self,
        version: AccessVersion = AccessVersion.V5,
        *,
        static_keys: bool | None = None,
        access_lifetime: timedelta | None = None,
    ) -> Issuance:
        """
        What tokens are made with.

        Args:
            version: form of the access token.
            static_keys: kind of the signing key; None: as the session says.
            access_lifetime: of the access token; None: the configured one, with its jitter.

        Raises:
            LookupError: the keys are not at hand.
        """
        plan = self.app.keys.plan
        if plan is None:
            raise LookupError("the app's keys are not at hand; reload them first")
        return Issuance(
            app_id=self.app_id,
            issuer=None,  # the back-end SDK writes its own
            ordered_handles=False,  # the protocol knows random ones
            secrets=self.app.secrets,
            lifetimes=self.app.settings.lifetimes,
            keys=plan,
            now=self.now,
            luck=int.from_bytes(self.random(4)) / 2**32,
            static_keys=static_keys,
            access_version=version,
            access_lifetime=access_lifetime,
        )


def tenant_of(handle: SessionHandle) -> TenantId:
    """The tenant that a session handle names."""
    return TenantId(handle.partition("_")[2] or PUBLIC_TENANT)
