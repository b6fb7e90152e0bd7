"""
The apps that a process knows: settings, signing keys, tenants, each looked up in the store at most once a second.

The public app is always there; every other one, and every tenant but the public one, has a row. Whoever asks for one
that is not known makes the process look again, so that an app made on another instance works at once. House rule: what
belongs to one app is reached through its `KnownApp` alone, and nothing crosses.
"""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

from segue.core.keys_at_hand import KeysAtHand
from segue.core.model import App
from segue.core.ports import AppStore
from segue.core.settings import AppSettings, read_app_settings
from segue.errors import ConfigurationError, Unavailable
from segue.flow import ask
from segue.ids import PUBLIC_APP, PUBLIC_TENANT, AppId, TenantId
from segue.json import JsonObject
from segue.tokens.secrets import Secrets

FRESH_FOR = timedelta(seconds=1)
_NEVER = datetime.min.replace(tzinfo=UTC)


class KnownApp:
    """One app in one process."""

    def __init__(self, app: App, settings: AppSettings, secrets: Secrets) -> None:
        """*settings*: its own over those of the deployment."""
        self.app = app
        self.settings = settings
        self.secrets = secrets
        self.keys = KeysAtHand(app.app_id, settings.keys, secrets)
        self._tenants = frozenset[TenantId]()
        self._tenants_at = _NEVER

    def __repr__(self) -> str:
        return f"<KnownApp {self.app.app_id}>"

    @property
    def app_id(self) -> AppId:
        """Its id."""
        return self.app.app_id

    def configure(self, app: App, settings: AppSettings) -> None:
        """Go on with other settings; keys that still fit stay."""
        if settings.keys != self.settings.keys:
            self.keys = KeysAtHand(app.app_id, settings.keys, self.secrets)
        self.app, self.settings = app, settings

    async def has_tenant(self, tenant_id: TenantId, *, now: datetime) -> bool:
        """Whether a tenant is there, or was a moment ago."""
        if tenant_id == PUBLIC_TENANT:
            return True
        fresh = self._tenants_at <= now < self._tenants_at + FRESH_FOR
        if not (fresh and tenant_id in self._tenants):
            found = await ask(AppStore.list_tenants, self.app_id)
            self._tenants, self._tenants_at = frozenset(tenant.tenant_id for tenant in found), now
        return tenant_id in self._tenants

    def forget_tenants(self) -> None:
        """They were changed just now."""
        self._tenants_at = _NEVER


class Apps:
    """All apps that a process knows. Belongs to one event loop."""

    def __init__(self, base: JsonObject, secrets: Secrets, *, development: bool = False) -> None:
        """
        Args:
            base: settings of the deployment.
            secrets: of the deployment; what they derive differs by app.
            development: see `read_app_settings`.

        Raises:
            ConfigurationError: the settings cannot work.
        """
        self.secrets = secrets
        self.development = development
        self._base = base
        self._public = App(app_id=PUBLIC_APP, config={}, created_at=_NEVER)
        self._known = {PUBLIC_APP: self._made(self._public)}
        self._refused: dict[AppId, ConfigurationError] = {}
        self._loaded_at = _NEVER

    def __iter__(self) -> Iterator[KnownApp]:
        return iter(tuple(self._known.values()))

    def settings_of(self, config: JsonObject) -> AppSettings:
        """
        The settings of an app that configures this.

        Raises:
            ConfigurationError: they cannot work.
        """
        return read_app_settings({**self._base, **config}, development=self.development)

    def at_hand(self, app_id: AppId, *, now: datetime) -> KnownApp | None:
        """The app, if what is known of it is fresh; None: `find` it."""
        if not self._loaded_at <= now < self._loaded_at + FRESH_FOR:
            return None
        return self._known.get(app_id)

    async def find(self, app_id: AppId, *, now: datetime) -> KnownApp | None:
        """
        The app, after a look into the store; None: there is none.

        Raises:
            ConfigurationError: its stored settings do not work here.
            Unavailable: the store does not answer, and never has.
        """
        found = self.at_hand(app_id, now=now)
        if found is None:
            await self._reload(now)
            found = self._known.get(app_id)
        if found is None and app_id in self._refused:
            raise self._refused[app_id]
        return found

    def forget(self) -> None:
        """Something was changed just now."""
        self._loaded_at = _NEVER

    async def _reload(self, now: datetime) -> None:
        try:
            stored = await ask(AppStore.load_apps)
        except Unavailable:
            if self._loaded_at == _NEVER:
                raise
            return  # what is known stays good: an outage of the database is no reason to know nobody
        known, refused = dict[AppId, KnownApp](), dict[AppId, ConfigurationError]()
        for app_id, app in ({PUBLIC_APP: self._public} | {app.app_id: app for app in stored}).items():
            try:
                known[app_id] = self._kept(app)
            except ConfigurationError as error:  # another deployment's bounds; the other apps go on
                refused[app_id] = error
        self._known, self._refused, self._loaded_at = known, refused, now

    def _kept(self, app: App) -> KnownApp:
        known = self._known.get(app.app_id)
        if known is None or (known.app.created_at != app.created_at and app.app_id != PUBLIC_APP):
            return self._made(app)
        if known.app.config != app.config:
            known.configure(app, self.settings_of(app.config))
        return known

    def _made(self, app: App) -> KnownApp:
        return KnownApp(app, self.settings_of(app.config), self.secrets)
