"""
Every error that segue raises on purpose.

    SessionError
    ├── TokenRefused            a token of any issuer does not hold
    │   ├── TokenMissing
    │   ├── TokenMalformed
    │   ├── TokenExpired
    │   ├── TokenNotActive
    │   ├── ClaimsRefused
    │   ├── KeyUnknown
    │   ├── SignatureRefused
    │   ├── AntiCsrfRefused
    │   └── CookiesRefused
    ├── SessionRefused          the access token holds, the session behind it does not
    │   ├── NoSession
    │   ├── SessionGone
    │   ├── ClaimInvalid
    │   └── OldSignInRefused
    ├── RefreshRefused          the refresh token does not buy a new one
    │   ├── RefreshMissing
    │   ├── UnknownRefreshToken
    │   ├── RefreshExpired
    │   └── ReuseDetected
    ├── MigrationRefused        the previous provider's credential does not become a session
    │   ├── RequestRefused
    │   │   └── ProviderUnclear
    │   ├── AlreadyMigrated
    │   ├── UserRefused
    │   │   ├── UserUnknown
    │   │   ├── UserBlocked
    │   │   ├── UserDeleted
    │   │   ├── IdentityAmbiguous
    │   │   ├── MappingConflict
    │   │   └── UserIdCollision
    │   ├── SignInRevoked
    │   ├── SignInTooOld
    │   ├── MigrationClosed
    │   ├── NotYet
    │   └── OtherUserSignedIn
    ├── Unavailable             a retry may help
    │   ├── StoreUnavailable
    │   ├── KeysUnavailable
    │   ├── StateUnavailable
    │   ├── FetchFailed
    │   ├── CoreUnavailable
    │   ├── Contended
    │   └── TooManyAttempts
    ├── ExchangeRefused         a token exchange is not one that we take
    │   └── ClientRefused
    ├── PayloadTooLarge         the application's claims do not fit into an access token
    └── ConfigurationError      ours to fix, raised when the engine is built
        ├── KeyRefused
        ├── CoreRefused
        └── BeyondCore

`code` is stable and documented, and is the only part that a client ever sees. The text is for logs: facts, never a
token. No error knows HTTP; `segue.http.status` maps codes to answers.
"""

from __future__ import annotations

from typing import ClassVar


class SessionError(Exception):
    """Root of all errors that segue raises on purpose."""

    code: ClassVar[str] = "session_error"

    def __str__(self) -> str:
        detail = ": ".join(str(part) for part in self.args)
        return f"{self.code}: {detail}" if detail else self.code


# --- tokens ----------------------------------------------------------------------------------------------------------


class TokenRefused(SessionError):
    """A token does not hold. The arguments say what is wrong with it, never what it says."""

    code = "TOKEN_REFUSED"


class TokenMissing(TokenRefused):
    """No credential was presented."""

    code = "TOKEN_MISSING"


class TokenMalformed(TokenRefused):
    """Not a compact JWS of the strict form that we read (RFC 7515 §7.1), or too large."""

    code = "TOKEN_MALFORMED"


class TokenExpired(TokenRefused):
    """Its own time is over (RFC 7519 §4.1.4), or it is older than we accept."""

    code = "TOKEN_EXPIRED"


class TokenNotActive(TokenRefused):
    """Its time has not come: `nbf`, `iat` or `auth_time` lies in the future (RFC 7519 §4.1.5)."""

    code = "TOKEN_NOT_ACTIVE"


class ClaimsRefused(TokenRefused):
    """Issuer, audience, authorised party, type or another claim is not what configuration demands."""

    code = "TOKEN_CLAIMS_INVALID"


class KeyUnknown(TokenRefused):
    """The issuer's current key set, freshly known, has no key of this id."""

    code = "TOKEN_KID_UNKNOWN"


class SignatureRefused(TokenRefused):
    """No key fits, or the signature is wrong; deliberately not told apart."""

    code = "TOKEN_SIGNATURE_INVALID"


class AntiCsrfRefused(TokenRefused):
    """A cookie came without the proof that our own page sent it."""

    code = "anti_csrf_refused"


class CookiesRefused(TokenRefused):
    """Cookies of two sessions, or of an outdated kind, came together; a refresh puts them in order."""

    code = "session_cookies_refused"


# --- sessions --------------------------------------------------------------------------------------------------------


class SessionRefused(SessionError):
    """There is no session to act in."""

    code = "session_refused"


class NoSession(SessionRefused):
    """The request carries no access token of ours."""

    code = "session_missing"


class SessionGone(SessionRefused):
    """The session was revoked, signed out or cleaned up."""

    code = "session_gone"


class ClaimInvalid(SessionRefused):
    """The session holds but lacks a claim that this route demands; `failures` lists id and reason."""

    code = "session_claim_invalid"


class OldSignInRefused(SessionRefused):
    """The request carries no session, and the old credential in it speaks for nobody; `reason` is the code why."""

    code = "old_sign_in_refused"

    def __init__(self, reason: str, family: str, detail: str) -> None:
        super().__init__(reason, family, detail)
        self.reason = reason
        """The code that a migration with this credential would have ended with."""
        self.family = family
        """The same, or that of the ancestor that segue knows of an application's own error."""
        self.detail = detail

    def __str__(self) -> str:
        return f"{self.code}: {self.detail}"


# --- refresh ---------------------------------------------------------------------------------------------------------


class RefreshRefused(SessionError):
    """A refresh token does not buy a new one."""

    code = "refresh_refused"


class RefreshMissing(RefreshRefused):
    """The request carries no refresh token."""

    code = "refresh_token_missing"


class UnknownRefreshToken(RefreshRefused):
    """Not made by us, or its session is gone; deliberately not told apart."""

    code = "refresh_token_unknown"


class RefreshExpired(RefreshRefused):
    """The session's refresh, idle or absolute lifetime is over."""

    code = "refresh_token_expired"


class ReuseDetected(RefreshRefused):
    """An already rotated refresh token came back (RFC 9700 §4.14.2); its family is now revoked."""

    code = "refresh_reuse_detected"

    def __init__(self, handle: str, user_id: str, subtype: str) -> None:
        super().__init__(handle, user_id, subtype)
        self.handle = handle
        self.user_id = user_id
        self.subtype = subtype

    def __str__(self) -> str:
        return f"refresh token of session {self.handle} came back after it was rotated ({self.subtype})"


# --- migration -------------------------------------------------------------------------------------------------------


class MigrationRefused(SessionError):
    """The previous provider's credential does not become a session."""

    code = "MIGRATION_REFUSED"


class RequestRefused(MigrationRefused):
    """The request itself is not one that we take: origin, size, form."""

    code = "REQUEST_INVALID"


class ProviderUnclear(RequestRefused):
    """Credentials of several providers came together, and the request does not say which of them counts."""

    code = "PROVIDER_UNCLEAR"


class AlreadyMigrated(MigrationRefused):
    """This sign-in was migrated before, by a client that cannot be shown to be this one."""

    code = "ALREADY_MIGRATED"


class UserRefused(MigrationRefused):
    """The application's own mapping or policy says no to this identity."""

    code = "USER_REFUSED"


class UserUnknown(UserRefused):
    """Nobody here is this identity."""

    code = "USER_UNKNOWN"


class UserBlocked(UserRefused):
    """The application has blocked this user."""

    code = "USER_BLOCKED"


class UserDeleted(UserRefused):
    """This user was deleted here."""

    code = "USER_DELETED"


class IdentityAmbiguous(UserRefused):
    """Several users here could be this identity; none is chosen."""

    code = "IDENTITY_AMBIGUOUS"


class MappingConflict(UserRefused):
    """This identity was given two users; the first one stays, and somebody has to look."""

    code = "MAPPING_CONFLICT"


class UserIdCollision(UserRefused):
    """The user id of this identity is already that of another one."""

    code = "RAW_USER_ID_COLLISION"


class SignInRevoked(MigrationRefused):
    """The provider has ended this sign-in: its cut-off or its introspection says so."""

    code = "SIGN_IN_REVOKED"


class SignInTooOld(MigrationRefused):
    """The sign-in at the provider is older than a session there may live; nothing is left to inherit."""

    code = "SIGN_IN_TOO_OLD"


class MigrationClosed(MigrationRefused):
    """The provider's deadline has passed: nothing is migrated from it any more."""

    code = "MIGRATION_CLOSED"


class NotYet(MigrationRefused):
    """The provider is not rolled out (to this user) at the moment: the old session goes on as it is."""

    code = "MIGRATION_NOT_YET"


class OtherUserSignedIn(MigrationRefused):
    """A live session of another user is in this browser; it is never replaced silently."""

    code = "OTHER_USER_SIGNED_IN"


# --- token exchange --------------------------------------------------------------------------------------------------


class ExchangeRefused(SessionError):
    """A request at the token endpoint is not one that we take (RFC 6749 §5.2); `word` is the protocol's."""

    code = "EXCHANGE_INVALID"

    def __init__(self, word: str, detail: str) -> None:
        super().__init__(word, detail)
        self.word = word
        self.detail = detail


class ClientRefused(ExchangeRefused):
    """The client at the token endpoint is unknown, or did not prove who it is."""

    code = "CLIENT_REFUSED"

    def __init__(self, detail: str) -> None:
        super().__init__("invalid_client", detail)
        self.args = (detail,)


# --- faults ----------------------------------------------------------------------------------------------------------


class Unavailable(SessionError):
    """Something that we need does not answer; nothing is lost and a retry may help."""

    code = "UNAVAILABLE"
    retry_after: int = 5
    """Seconds that a client should wait."""


class StoreUnavailable(Unavailable):
    """The database does not answer, or is locked for too long."""

    code = "STORE_UNAVAILABLE"


class KeysUnavailable(Unavailable):
    """The provider's keys could not be had, or may not be asked for again yet."""

    code = "KEYS_UNAVAILABLE"
    retry_after = 10  # the default cool-down: sooner, the answer would be the same


class StateUnavailable(Unavailable):
    """Whether the sign-in still stands could not be learned; neither yes nor no."""

    code = "STATE_UNAVAILABLE"


class FetchFailed(Unavailable):
    """An outgoing HTTP exchange failed or was refused by policy."""

    code = "FETCH_FAILED"


class CoreUnavailable(Unavailable):
    """The remote core does not answer, is broken or too busy."""

    code = "CORE_UNAVAILABLE"


class Contended(Unavailable):
    """Others changed the same session again and again while we tried."""

    code = "CONTENDED"
    retry_after = 1


class TooManyAttempts(Unavailable):
    """Too much has failed from this address, or for this person; it is not even looked at now."""

    code = "TOO_MANY_ATTEMPTS"

    def __init__(self, limit: str, retry_after: int) -> None:
        super().__init__(limit, retry_after)
        self.retry_after = retry_after


class PayloadTooLarge(SessionError):
    """An access token with this payload would be longer than verification, or a browser's cookie, takes."""

    code = "PAYLOAD_TOO_LARGE"


class ConfigurationError(SessionError):
    """The configuration cannot be safe or cannot work; the text says how to mend it."""

    code = "CONFIGURATION_INVALID"


class KeyRefused(ConfigurationError):
    """A key or key set cannot verify signatures safely; the text says why, and never holds the key."""

    code = "KEY_INVALID"


class CoreRefused(ConfigurationError):
    """The remote core refuses a request as such (a wrong API key, an unknown tenant), or speaks another protocol."""

    code = "CORE_REFUSED"


class BeyondCore(ConfigurationError):
    """A remote core cannot do what was asked for; the text says what it can."""

    code = "BEYOND_CORE"
