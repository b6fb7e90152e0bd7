"""
The settings file that `segue init` writes: everything somebody has to decide, each with its reason.

House rule: what is written is a file that works as soon as the provider's own values stand in it; what has a good
default is left to `docs/reference/settings.md`.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

from segue.profiles import PROFILES
from segue.service.profile_template import keys_of, quoted, times_of, values_to_fill

API_DOMAIN = "http://localhost:8090"
WEBSITE_DOMAIN = "http://localhost:3000"
"""What a first try on one machine needs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answers:
    """What is known already."""

    issuer: str | None = None
    audience: str | None = None
    client_id: str | None = None
    profile: str | None = None
    """The id of one, which takes the place of the three above."""
    values: Mapping[str, str] = field(default_factory=dict[str, str])
    """Of the profile; lists with commas."""
    api_domain: str = API_DOMAIN
    website_domain: str = WEBSITE_DOMAIN
    secret: str | None = None
    """None: it is in *secret_file*."""
    secret_file: str = "segue.secret"  # noqa: S105 - the name of a file


def render_settings(answers: Answers) -> str:
    """The text of the file."""
    known = None if answers.profile is None else PROFILES[answers.profile]
    return _TEMPLATE.format(
        provider=_written_out(answers) if known is None else values_to_fill(known, answers.values),
        times=_TIMES if known is None else times_of(known),
        keys=_DISCOVERED if known is None else keys_of(known),
        api_domain=quoted(answers.api_domain),
        website_domain=quoted(answers.website_domain),
        secret=_secret(answers),
        example_client=quoted(answers.client_id or "your-client-id"),
    )


def _written_out(answers: Answers) -> str:
    return _WRITTEN_OUT.format(
        issuers=_list(answers.issuer), audiences=_list(answers.audience), parties=_list(answers.client_id)
    )


def _secret(answers: Answers) -> str:
    if answers.secret is not None:
        return f"secret = {quoted(answers.secret)}"
    return f"secret_file = {quoted(answers.secret_file)}"


def _list(value: str | None) -> str:
    return "[]" if value is None else f"[{quoted(value)}]"


_TEMPLATE = """\
# Settings of `segue serve`. Every key: docs/reference/settings.md. Check them with: segue doctor
# The environment wins over this file: SEGUE_PORT for port, SEGUE_API_DOMAIN for api_domain, SEGUE_SECRET for secret …
# Durations are written like "30s", "1h30m" or "100d"; relative paths start at the folder of this file.

[server]
# Where this process listens. Only this machine can reach 127.0.0.1: put a proxy with TLS in front of it.
host = "127.0.0.1"
port = 8090
# Processes that share the port and the database.
workers = 1
# debug, info, warning or error. One line an event, on standard error, without tokens.
log_level = "info"

[http]
# What browsers reach this service by: scheme, host and port as they stand in the address bar.
api_domain = {api_domain}
# Where your pages come from. Cookies are as strict as the distance between the two allows.
website_domain = {website_domain}
# In front of all routes: POST /auth/migrate-session, /auth/session/refresh, /auth/signout, GET /auth/session.
api_base_path = "/auth"
# Pages of further origins that may call these routes, such as "https://admin.example.com".
trusted_origins = []

[lifetimes]
# How long an access token is good; then it is refreshed. Back ends that verify it alone learn of a revocation then.
access = "1h"
# A session ends when it was not used for this long.
refresh = "100d"
# After a refresh, the old token still gets the same answer for this long: for tabs and lost answers. At most 300s.
grace = "30s"

[keys]
# The deployment secret signs refresh tokens and seals stored keys. Whoever loses it signs everybody out; whoever shows
# it lets others make sessions. Never put it into a repository or next to a backup of the database.
# In the file: one secret a line. To change it, put the new one on top and keep the old one for as long as `refresh`.
{secret}

[store]
# An SQLite file, made if it is not there; or postgresql://user@host/database (better in SEGUE_DATABASE).
database = "segue.sqlite3"

# The provider that your users are signed in with. For several, repeat this table and give each a user_id_prefix.
[[provider]]
# For logs and reports: lower-case letters, digits, - and _.
name = "old"
{provider}# keys_only: a good signature is enough, and nobody is asked whether the user was blocked or signed out since.
# If the provider has introspection, ask there instead: take this line away and fill in [provider.introspection].
live_check = "keys_only"
{times}# From this instant on nothing is migrated any more. Set it as soon as you know the day.
# deadline = 2030-01-31T00:00:00Z

{keys}# Ask the provider about each token before it becomes a session (RFC 7662):
# [provider.introspection]
# url = "https://login.example.org/oauth/introspect"
# client_id = {example_client}
# client_secret_file = "old-client.secret"

# To end the old session at the provider (RFC 7009); without it the old tokens only stop working here.
# [provider.revocation]
# url = "https://login.example.org/oauth/revoke"
# client_id = {example_client}
# client_secret_file = "old-client.secret"    # leave it out for a public client
"""

_WRITTEN_OUT = """\
# The `iss` of its tokens to the letter, with or without a slash at the end. Its keys are found from the first one.
issuers = {issuers}
# What must stand in `aud`: the identifier of your API; for ID tokens your client id.
# "any" (without brackets) gives the check up: right only if the issuer serves no other application.
audiences = {audiences}
# The client ids (`azp` or `client_id`) that your pages sign in with; "any" gives the check up.
authorized_parties = {parties}
# Which token your pages send: access_token or id_token. One is never taken for the other.
credential = "access_token"
"""
_TIMES = """\
# A token that was issued longer ago is refused, whatever it says of itself. With keys_only at most 24h; less is better.
maximum_age = "24h"
# How long a sign-in lasts at the provider. The new session ends no later than the old one would have.
session_lifetime = "30d"
"""
_DISCOVERED = """\
# Its keys are asked for by OpenID Connect discovery, unless one of these says otherwise:
# [provider.keys]
# jwks_url = "https://login.example.org/keys"    # the provider has no discovery document
# file = "old-keys.json"    # pinned: nobody is asked; make it with: segue pin ISSUER -o old-keys.json

"""
