"""
Ask whether the sign-in and its user still stand, in the order of cost: configuration, hook, provider, application.

Flows over `user_state` and `introspection`. House rule: the signature holds before anybody is asked (threat T18), and
an exchange that fails is no answer: try again.
"""

from __future__ import annotations

from datetime import datetime

from segue.errors import FetchFailed, StateUnavailable
from segue.flow import ask
from segue.ids import UserId
from segue.migration.binding import Anyone
from segue.migration.introspection import introspection_request, judge_introspection
from segue.migration.kinds import AnyProvider
from segue.migration.model import Identity
from segue.migration.policy import ProviderPolicy
from segue.migration.provider import Provider
from segue.migration.user_state import (
    UserState,
    require_active,
    require_since,
)
from segue.migration.web import Web


async def require_sign_in(
    identity: Identity, provider: AnyProvider, *, token: str | None, now: datetime
) -> None:
    """
    The provider has not ended this sign-in, as far as it is asked.

    Raises:
        SignInRevoked: it has.
        TokenRefused: introspection knows the token as another one than it says it is.
        StateUnavailable: it gave no answer.
    """
    require_since(identity, provider.sign_ins_since, source="sign_ins_since")
    if provider.valid_since is not None:
        require_since(identity, await ask(UserState.valid_since, identity), source="valid_since")
    if not isinstance(provider, Provider) or provider.introspection is None or token is None:
        return
    request = introspection_request(token, provider.introspection)
    try:
        response = await ask(Web.exchange, request)
    except FetchFailed as error:
        raise StateUnavailable(*error.args) from error
    parties = None if isinstance(provider.authorized_parties, Anyone) else provider.authorized_parties
    judge_introspection(request, response, identity, issuers=provider.issuers, parties=parties, now=now)


async def require_user(identity: Identity, provider: ProviderPolicy, user_id: UserId) -> None:
    """
    The application lets this user in.

    Raises:
        UserRefused: it does not.
    """
    if provider.check_user is not None:
        require_active(await ask(UserState.check_user, identity, user_id))
