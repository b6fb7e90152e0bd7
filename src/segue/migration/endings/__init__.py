"""
How an old session is ended at its provider: one ending for each that can be told, all of them configuration.

`Ending` is the closed union of them. Which provider takes which, what each needs and how far it reaches stands in
`docs/howto/ending-the-old-session.md`.
"""

from typing import TypeAlias

from segue.migration.endings.application import ApplicationEnding, EndSession, RecordEnding, SessionEnder
from segue.migration.endings.auth0 import Auth0Ending
from segue.migration.endings.better_auth import BetterAuthEnding
from segue.migration.endings.clerk import ClerkEnding
from segue.migration.endings.cognito import CognitoEnding
from segue.migration.endings.descope import DescopeEnding
from segue.migration.endings.entra import EntraEnding
from segue.migration.endings.firebase import FirebaseEnding
from segue.migration.endings.fusionauth import FusionAuthEnding
from segue.migration.endings.keycloak import KeycloakAdminEnding, KeycloakEnding
from segue.migration.endings.model import EndOldSession, OldTokens, Reach
from segue.migration.endings.okta import OktaEnding
from segue.migration.endings.ory import HydraEnding, KratosEnding
from segue.migration.endings.propelauth import PropelAuthEnding
from segue.migration.endings.rfc7009 import Revocation7009
from segue.migration.endings.stytch import StytchEnding
from segue.migration.endings.supabase import SupabaseEnding
from segue.migration.endings.supertokens import SupertokensEnding
from segue.migration.endings.workos import WorkosEnding

Ending: TypeAlias = (
    Revocation7009
    | ApplicationEnding
    | Auth0Ending
    | BetterAuthEnding
    | ClerkEnding
    | CognitoEnding
    | DescopeEnding
    | EntraEnding
    | FirebaseEnding
    | FusionAuthEnding
    | HydraEnding
    | KeycloakAdminEnding
    | KeycloakEnding
    | KratosEnding
    | OktaEnding
    | PropelAuthEnding
    | RecordEnding
    | StytchEnding
    | SupabaseEnding
    | SupertokensEnding
    | WorkosEnding
)

__all__ = [
    "ApplicationEnding",
    "Auth0Ending",
    "BetterAuthEnding",
    "ClerkEnding",
    "CognitoEnding",
    "DescopeEnding",
    "EndOldSession",
    "EndSession",
    "Ending",
    "EntraEnding",
    "FirebaseEnding",
    "FusionAuthEnding",
    "HydraEnding",
    "KeycloakAdminEnding",
    "KeycloakEnding",
    "KratosEnding",
    "OktaEnding",
    "OldTokens",
    "PropelAuthEnding",
    "Reach",
    "RecordEnding",
    "Revocation7009",
    "SessionEnder",
    "StytchEnding",
    "SupabaseEnding",
    "SupertokensEnding",
    "WorkosEnding",
]
