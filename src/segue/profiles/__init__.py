"""
Profiles of previous providers: name the provider and two or three values, and what else a token must say is known.

`PROFILES` has them by id, for whoever reads a settings file; the constructors are for Python.
"""

from segue.profiles.auth0 import AUTH0, auth0
from segue.profiles.clerk import CLERK, clerk
from segue.profiles.cognito import COGNITO, cognito
from segue.profiles.descope import DESCOPE, descope
from segue.profiles.entra import B2C, ENTRA, b2c, entra
from segue.profiles.firebase import FIREBASE, FIREBASE_COOKIE, firebase, firebase_cookie
from segue.profiles.fusionauth import FUSIONAUTH, fusionauth
from segue.profiles.jwt import JWT, jwt
from segue.profiles.keycloak import KEYCLOAK, keycloak
from segue.profiles.kinde import KINDE, kinde
from segue.profiles.logto import LOGTO, logto
from segue.profiles.model import Policy, Profile, Value, ValueKind
from segue.profiles.oidc import OIDC, OIDC_ID_TOKEN, oidc, oidc_id_token
from segue.profiles.okta import OKTA, OKTA_ORG, okta, okta_org
from segue.profiles.ory import HYDRA, KRATOS, hydra, kratos
from segue.profiles.propelauth import PROPELAUTH, propelauth
from segue.profiles.stytch import STYTCH, stytch
from segue.profiles.supabase import SUPABASE, SUPABASE_SECRET, supabase, supabase_secret
from segue.profiles.supertokens import SUPERTOKENS, SUPERTOKENS_V2, supertokens, supertokens_v2
from segue.profiles.workos import WORKOS, workos
from segue.profiles.zitadel import ZITADEL, zitadel

PROFILES: dict[str, Profile] = {
    profile.id: profile
    for profile in (
        *(AUTH0, COGNITO, FIREBASE, FIREBASE_COOKIE, OKTA, OKTA_ORG, KEYCLOAK, ENTRA, B2C, CLERK),
        *(SUPABASE, SUPABASE_SECRET, WORKOS, KINDE, STYTCH, DESCOPE, FUSIONAUTH, KRATOS, HYDRA),
        *(ZITADEL, LOGTO, PROPELAUTH, SUPERTOKENS, SUPERTOKENS_V2, OIDC, OIDC_ID_TOKEN, JWT),
    )
}
"""Every profile by its id, in the order of `docs/howto/providers/`."""

__all__ = [
    "PROFILES",
    "Policy",
    "Profile",
    "Value",
    "ValueKind",
    "auth0",
    "b2c",
    "clerk",
    "cognito",
    "descope",
    "entra",
    "firebase",
    "firebase_cookie",
    "fusionauth",
    "hydra",
    "jwt",
    "keycloak",
    "kinde",
    "kratos",
    "logto",
    "oidc",
    "oidc_id_token",
    "okta",
    "okta_org",
    "propelauth",
    "stytch",
    "supabase",
    "supabase_secret",
    "supertokens",
    "supertokens_v2",
    "workos",
    "zitadel",
]
