"""
What a settings file may say: its sections, keys, types and defaults.

The names are those of the values they become. House rules: a key that is not here is refused; a default here equals the
library's own, and a test compares; `docs/reference/settings.md` has a line for every key, and a test looks for it.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, Literal, TypeAlias

from segue.http.anti_csrf import AntiCsrfMode
from segue.http.transport import TransferMethod
from segue.migration.throttle import Outage, Sharing
from segue.service.durations import Duration
from segue.sessions.revocations import StaleFeed
from segue.tokens.algorithms import Algorithm

LogLevel = Literal["debug", "info", "warning", "error"]


@dataclass(frozen=True, slots=True, kw_only=True)
class ServerSection:
    """Where the process listens and what it says."""

    host: str = "127.0.0.1"
    port: int = 8090
    workers: int = 1
    log_level: LogLevel = "info"
    trusted_proxies: tuple[str, ...] = ()
    private_hosts: frozenset[str] = frozenset()
    metrics_port: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class HttpSection:
    """Sessions on HTTP; see `segue.http.settings.HttpSettings`."""

    api_domain: str
    website_domain: str
    trusted_origins: tuple[str, ...] = ()
    api_base_path: str = "/auth"
    api_gateway_path: str = ""
    cookie_domain: str | None = None
    older_cookie_domain: str | None = None
    cookie_secure: bool | None = None
    cookie_same_site: Literal["strict", "lax", "none"] | None = None
    anti_csrf: AntiCsrfMode | None = None
    session_expired_status: int = 401
    invalid_claim_status: int = 403
    expose_access_token: bool = False
    token_transfer: TransferMethod = TransferMethod.ANY


@dataclass(frozen=True, slots=True, kw_only=True)
class LifetimesSection:
    """How long things live; see `segue.sessions.policy.Lifetimes`."""

    access: Duration = field(default=Duration("1h"))
    access_jitter: float = 0.05
    refresh: Duration = field(default=Duration("100d"))
    absolute: Duration | None = None
    idle: Duration | None = None
    grace: Duration = field(default=Duration("30s"))
    revocation_lag: Duration = field(default=Duration("1s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class KeysSection:
    """Deployment secret and signing keys."""

    secret: str | None = field(default=None, repr=False)
    secret_file: str | None = None
    signing_algorithm: Literal["ES256", "RS256", "EdDSA"] = "ES256"
    update_interval: Duration = field(default=Duration("168h"))
    use_static_keys: bool = False
    verified_cache: int = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class StoreSection:
    """Where sessions are kept."""

    database: str = field(default="segue.sqlite3", repr=False)
    synchronous: Literal["FULL", "NORMAL"] = "FULL"
    busy_timeout: Duration = field(default=Duration("5s"))
    pool_size: int = 10
    statement_timeout: Duration = field(default=Duration("5s"))
    transaction_pooler: bool = False
    auto_upgrade: bool = True
    attempts_kept: Duration = field(default=Duration("30d"))
    stale_feed: StaleFeed = StaleFeed.REFUSE


@dataclass(frozen=True, slots=True, kw_only=True)
class CoreSection:
    """A core in which sessions live instead of the store; see `segue.remote.settings.RemoteCore`."""

    hosts: tuple[str, ...] = ()
    api_key: str | None = field(default=None, repr=False)
    api_key_file: str | None = None
    timeout: Duration = field(default=Duration("5s"))
    keys_max_age: Duration = field(default=Duration("5m"))
    keys_stale_for: Duration = field(default=Duration("24h"))


@dataclass(frozen=True, slots=True, kw_only=True)
class LimitsSection:
    """How often migrating may fail; see `segue.migration.throttle.Limits`."""

    sharing: Sharing = Sharing.STORE
    on_outage: Outage = Outage.OPEN
    address_failures: int = 10
    address_every: Duration = field(default=Duration("10m"))
    subject_failures: int = 100
    subject_every: Duration = field(default=Duration("10s"))


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderKeysSection:
    """Keys of a previous provider: asked for live, pinned by `file`, `inline` or `pem`, or both; or a shared secret."""

    discovery_url: str | None = None
    jwks_url: str | None = None
    allowed_hosts: frozenset[str] = frozenset()
    max_age: Duration | None = None
    stale_for: Duration | None = None
    cool_down: Duration | None = None
    file: str | None = None
    inline: dict[str, Any] | None = None
    pem: str | None = None
    key_id: str | None = None
    key_ids: frozenset[str] | None = None
    secret: str | None = field(default=None, repr=False)
    secret_file: str | None = None
    secret_encoding: Literal["text", "base64", "hex"] = "text"  # noqa: S105 - the name of an encoding
    short_secrets: Literal["accept"] | None = None
    use_pinned: Literal["always", "as_fallback"] = "always"
    compare: bool = False
    pinned_at: datetime | None = None
    not_after: datetime | None = None


EndingKind = Literal[
    "rfc7009",
    "auth0",
    "clerk",
    "cognito",
    "descope",
    "entra",
    "firebase",
    "fusionauth",
    "hydra",
    "keycloak",
    "keycloak_admin",
    "kratos",
    "okta",
    "propelauth",
    "stytch",
    "supabase",
    "supertokens",
    "workos",
]


@dataclass(frozen=True, slots=True, kw_only=True)
class RevocationSection:
    """How the old session is ended; see `segue.migration.endings`. Which keys a kind takes: `segue.service.endings`."""

    kind: EndingKind = "rfc7009"
    when: Literal["at_once", "after_first_use"] = "at_once"
    reach: Literal["this_session", "this_grant", "all_of_the_user"] | None = None
    url: str | None = None
    client_id: str | None = None
    client_secret: str | None = field(default=None, repr=False)
    client_secret_file: str | None = None
    allowed_token_types: frozenset[Literal["refresh_token", "access_token"]] | None = None
    api_key: str | None = field(default=None, repr=False)
    api_key_file: str | None = None
    domain: str | None = None
    issuer: str | None = None
    admin_url: str | None = None
    region: str | None = None
    tenant: str | None = None
    project_id: str | None = None
    service_account_file: str | None = None
    private_key_file: str | None = None
    key_id: str | None = None
    b2b: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class IntrospectionSection:
    """Where to ask whether a token is still active; see `segue.migration.introspection.Introspection`."""

    url: str
    client_id: str
    client_secret: str | None = field(default=None, repr=False)
    client_secret_file: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BackChannelSection:
    """Whose logout tokens are believed; see `segue.migration.back_channel.BackChannelLogout`."""

    audiences: frozenset[str] | None = None
    reach: Literal["sign_in", "user"] = "sign_in"


@dataclass(frozen=True, slots=True, kw_only=True)
class CarriedRoleSection:
    """Roles that a new session shows for a while; see `segue.migration.carried.CarriedRole`."""

    claim: tuple[str, ...] | str
    session_claim: str
    maximum_age: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class ProviderSection:
    """A previous provider; see `segue.migration.provider.Provider`. By a profile: `segue.service.profiled`."""

    name: str
    profile: str | None = None
    values: dict[str, Any] = field(default_factory=dict[str, Any])
    issuers: tuple[str, ...] = ()
    audiences: tuple[str, ...] | str = ()
    authorized_parties: tuple[str, ...] | str = ()
    keys: ProviderKeysSection = ProviderKeysSection()
    credential: Literal["access_token", "id_token"] = "access_token"
    algorithms: frozenset[Algorithm] | None = None
    token_types: frozenset[str] = frozenset({"at+jwt", "jwt"})
    required_claims: dict[str, str] = field(default_factory=dict[str, str])
    user_claim: str = "sub"
    user_id_prefix: str = ""
    user_id_claim: str | None = None
    user_ids: Literal["computed", "imported"] = "computed"
    session_claims: tuple[str, ...] = ("sid", "session_id", "origin_jti")
    leeway: Duration = field(default=Duration("10s"))
    maximum_age: Duration = field(default=Duration("24h"))
    session_lifetime: Duration = field(default=Duration("30d"))
    live_check: Literal["keys_only"] | None = None
    introspection: IntrospectionSection | None = None
    back_channel_logout: BackChannelSection | None = None
    sign_ins_since: datetime | None = None
    issued_before: datetime | None = None
    deadline: datetime | None = None
    rollout: str = "on"
    tenant: str = "public"
    tenant_claim: str | None = None
    tenants: dict[str, str] = field(default_factory=dict[str, str])
    carried_claims: frozenset[str] = frozenset()
    carried_roles: tuple[CarriedRoleSection, ...] = ()
    revocation: RevocationSection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ExchangeClientSection:
    """A client of the token endpoint; see `segue.http.exchange_settings.ExchangeClient`."""

    client_id: str
    public: bool = False
    client_secret: str | None = field(default=None, repr=False)
    client_secret_file: str | None = None
    providers: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class TokenExchangeSection:
    """The token endpoint; on if it has a client."""

    audiences: frozenset[str] = frozenset()
    client: tuple[ExchangeClientSection, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class OpaqueProviderSection:
    """A previous provider of opaque tokens; see `segue.migration.opaque_provider.OpaqueProvider`."""

    name: str
    introspection: IntrospectionSection
    audiences: tuple[str, ...] | str
    authorized_parties: tuple[str, ...] | str
    issuer: str | None = None
    required_claims: dict[str, str] = field(default_factory=dict[str, str])
    user_claim: str = "sub"
    session_claims: tuple[str, ...] = ("sid", "session_id")
    maximum_age: Duration = field(default=Duration("24h"))
    user_id_prefix: str = ""
    user_id_claim: str | None = None
    user_ids: Literal["computed", "imported"] = "computed"
    leeway: Duration = field(default=Duration("10s"))
    session_lifetime: Duration = field(default=Duration("30d"))
    sign_ins_since: datetime | None = None
    issued_before: datetime | None = None
    deadline: datetime | None = None
    rollout: str = "on"
    tenant: str = "public"
    tenant_claim: str | None = None
    tenants: dict[str, str] = field(default_factory=dict[str, str])
    carried_claims: frozenset[str] = frozenset()
    carried_roles: tuple[CarriedRoleSection, ...] = ()
    revocation: RevocationSection | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CookieProviderSection:
    """A previous application with session cookies; see `segue.migration.cookie_provider.CookieProvider`."""

    name: str
    format: dict[str, Any]
    store: dict[str, Any] | None = None
    issuer: str | None = None
    maximum_age: Duration = field(default=Duration("14d"))
    once_per: Literal["person", "credential"] = "person"
    live_check: Literal["keys_only"] | None = None
    user_id_prefix: str = ""
    user_id_claim: str | None = None
    user_ids: Literal["computed", "imported"] = "computed"
    leeway: Duration = field(default=Duration("10s"))
    session_lifetime: Duration = field(default=Duration("30d"))
    sign_ins_since: datetime | None = None
    issued_before: datetime | None = None
    deadline: datetime | None = None
    rollout: str = "on"
    tenant: str = "public"
    tenant_claim: str | None = None
    tenants: dict[str, str] = field(default_factory=dict[str, str])
    carried_claims: frozenset[str] = frozenset()
    carried_roles: tuple[CarriedRoleSection, ...] = ()
    revocation: RevocationSection | None = None


AnyProviderSection: TypeAlias = ProviderSection | OpaqueProviderSection | CookieProviderSection


@dataclass(frozen=True, slots=True, kw_only=True)
class SettingsFile:
    """The whole file."""

    http: HttpSection
    server: ServerSection = ServerSection()
    lifetimes: LifetimesSection = LifetimesSection()
    keys: KeysSection = KeysSection()
    store: StoreSection = StoreSection()
    core: CoreSection = CoreSection()
    limits: LimitsSection = LimitsSection()
    provider: tuple[ProviderSection, ...] = ()
    token_exchange: TokenExchangeSection = TokenExchangeSection()
    opaque_provider: tuple[OpaqueProviderSection, ...] = ()
    cookie_provider: tuple[CookieProviderSection, ...] = ()

    @property
    def providers(self) -> tuple[AnyProviderSection, ...]:
        """Of every kind."""
        return (*self.provider, *self.opaque_provider, *self.cookie_provider)


OVERRIDABLE: tuple[tuple[str, type], ...] = (
    ("server", ServerSection),
    ("http", HttpSection),
    ("lifetimes", LifetimesSection),
    ("keys", KeysSection),
    ("store", StoreSection),
    ("core", CoreSection),
    ("limits", LimitsSection),
)
"""Sections whose keys the environment may set."""
