"""
Move signed-in users from a previous auth provider onto sessions you host.

The names here are the public surface that needs no framework; stores are in `segue.stores`, frameworks and outgoing
HTTP in `segue.adapters`, errors in `segue.errors`.
"""

from segue._version import __version__
from segue.config import Config
from segue.engine import AsyncEngine, Engine
from segue.errors import SessionError
from segue.http.exchange_settings import PUBLIC_CLIENT, ExchangeClient, TokenExchange
from segue.http.overlap import OldSignIn, OnTheSpot
from segue.http.settings import HttpSettings
from segue.http.verify import Source
from segue.migration.back_channel import BackChannelLogout, LogoutReach
from segue.migration.binding import ANY_AUDIENCE, ANY_PARTY
from segue.migration.carried import CarriedRole
from segue.migration.cookie_provider import CookieProvider, OncePer
from segue.migration.cookies.model import OldSession
from segue.migration.credential import BearerToken, OldCookies
from segue.migration.endings import Revocation7009
from segue.migration.introspection import Introspection
from segue.migration.key_sources import LiveKeys, PinnedFallback, PinnedKeys
from segue.migration.mapping import SAME_ID, FromClaim, ImportedTable, Prefixed
from segue.migration.model import Identity
from segue.migration.opaque_provider import OpaqueProvider
from segue.migration.own_provider import OwnProvider
from segue.migration.provider import CredentialKind, Provider
from segue.migration.shared_secrets import SHORT_SECRETS, SharedSecrets
from segue.migration.user_state import KEYS_ONLY, Standing
from segue.remote.settings import RemoteCore
from segue.sessions.issuing import Issued, NewSession
from segue.sessions.model import ByHandle, ByProvenance, ByTenant, ByUser, SessionView
from segue.sessions.policy import Lifetimes
from segue.tokens.algorithms import Algorithm
from segue.tokens.jws import verify_jws

__all__ = [
    "ANY_AUDIENCE",
    "ANY_PARTY",
    "KEYS_ONLY",
    "PUBLIC_CLIENT",
    "SAME_ID",
    "SHORT_SECRETS",
    "Algorithm",
    "AsyncEngine",
    "BackChannelLogout",
    "BearerToken",
    "ByHandle",
    "ByProvenance",
    "ByTenant",
    "ByUser",
    "CarriedRole",
    "Config",
    "CookieProvider",
    "CredentialKind",
    "Engine",
    "ExchangeClient",
    "FromClaim",
    "HttpSettings",
    "Identity",
    "ImportedTable",
    "Introspection",
    "Issued",
    "Lifetimes",
    "LiveKeys",
    "LogoutReach",
    "NewSession",
    "OldCookies",
    "OldSession",
    "OldSignIn",
    "OnTheSpot",
    "OncePer",
    "OpaqueProvider",
    "OwnProvider",
    "PinnedFallback",
    "PinnedKeys",
    "Prefixed",
    "Provider",
    "RemoteCore",
    "Revocation7009",
    "SessionError",
    "SessionView",
    "SharedSecrets",
    "Source",
    "Standing",
    "TokenExchange",
    "__version__",
    "verify_jws",
]
