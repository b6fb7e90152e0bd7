"""
An honest client, as a front end behaves: it uses the newest tokens it was given, and asks again when unanswered.

Session after session it signs in or migrates, calls the API, refreshes (sometimes in two tabs at once), and in the end
signs out, is robbed of an old refresh token, or just stays. House rule: it never gives up and never cheats, so whatever
refuses it is wrong; what it was promised it holds against the server.
"""

from __future__ import annotations

import asyncio
import time
from datetime import UTC, datetime, timedelta
from random import Random
from uuid import UUID

from segue.ids import SessionHandle
from tests.faults.journal import PATIENCE, End, Journal, Life
from tests.faults.wire import Answer, Wire
from tests.support import issuer

_LONG = timedelta(hours=20)
_TRY_REFRESH = {"message": "try refresh token"}
_REFRESHES = 5
"""In a row for one call: the clock may jump again right after one of them."""


class Client:
    """One user after the other, at one machine."""

    def __init__(self, name: str, wire: Wire, journal: Journal, *, luck: Random, lag: float) -> None:
        """
        Args:
            name: of the client; its users are called after it.
            wire: to the servers.
            journal: shared by all clients.
            luck: decides what it does.
            lag: seconds for which a revoked session's access token may still be accepted.
        """
        self._name = name
        self._wire = wire
        self._journal = journal
        self._luck = luck
        self._lag = lag
        self._users = 0
        self._leaving = False

    def leave(self) -> None:
        """Finish what is under way, then return from `live`; the last session stays."""
        self._leaving = True

    async def live(self) -> None:
        """One session after the other."""
        while not self._leaving:
            life = await (self._migrate() if self._luck.random() < 0.4 else self.sign_in())
            if life is None:
                return
            for _ in range(self._luck.randrange(3, 12)):
                if self._leaving:
                    return
                if not await self._act(life):
                    return
            await self._end(life)

    # --- beginnings --------------------------------------------------------------------------------------------------

    async def sign_in(self) -> Life | None:
        """A new user; None: it was refused, which is noted."""
        user = self._new_user()
        return self._begun(user, await self._wire.ask("POST", f"/signin?user={user}"), old_token=None)

    async def _migrate(self) -> Life | None:
        user = self._new_user()
        now = datetime.now(UTC) + self._journal.ahead
        token = issuer.token(user, now=now, sid=f"sign-in of {user}", exp=int((now + _LONG).timestamp()))
        key = str(UUID(int=self._luck.getrandbits(128), version=4))
        self._journal.migrating.add(user)
        answer = await self._wire.ask(
            "POST", "/migrate-session", bearer=token, headers={"idempotency-key": key}
        )
        if answer.status == 200 and answer.body.get("result") not in {"MIGRATED", "REPEATED"}:
            self._journal.accuse(f"{user} was answered {answer.body}")
        return self._begun(user, answer, old_token=token)

    def _begun(self, user: str, answer: Answer, *, old_token: str | None) -> Life | None:
        if answer.status != 200 or answer.access is None or answer.refresh is None:
            self._journal.accuse(f"{user} could not begin: {answer.status} {answer.body}")
            return None
        life = Life(
            user=user,
            handle=SessionHandle(answer.body["sessionHandle"]),
            access=answer.access,
            tokens=[answer.refresh],
            old_token=old_token,
        )
        self._journal.lives.append(life)
        self._journal.answered("signed in" if old_token is None else "migrated")
        return life

    # --- in between --------------------------------------------------------------------------------------------------

    async def _act(self, life: Life) -> bool:
        """Whether the session still lives, as it must."""
        luck = self._luck.random()
        if luck < 0.4:
            return await self.call_api(life)
        return await self.refresh(life, tabs=1 if luck < 0.85 else 2)

    async def call_api(self, life: Life) -> bool:
        """Use the access token; where it is over or its key unknown, refresh first, as front ends do."""
        for _ in range(_REFRESHES):
            answer = await self._wire.ask("GET", "/me", bearer=life.access)
            if answer.status != 401 or answer.body != _TRY_REFRESH:
                break
            self._journal.happened["told to refresh"] += 1
            if not await self.refresh(life, tabs=1):
                return False
        else:
            self._journal.accuse(f"{life.handle} is told to refresh for ever")
            return False
        if answer.status != 200 or answer.body["sessionHandle"] != life.handle:
            self._journal.accuse(f"{life.handle} may not call the API: {answer.status} {answer.body}")
            return False
        self._journal.answered("called the API")
        return True

    async def refresh(self, life: Life, *, tabs: int) -> bool:
        """Exchange the newest refresh token, in so many tabs at once; all must get the same successor."""
        newest = life.tokens[-1]
        answers = await asyncio.gather(*(self._refresh_with(newest) for _ in range(tabs)))
        successors = {answer.refresh for answer in answers if answer.status == 200}
        if len(successors) != 1 or any(answer.status != 200 for answer in answers):
            told = [(answer.status, answer.body, answer.lost) for answer in answers]
            self._journal.accuse(f"{life.handle} is logged out or forked: {told}")
            return False
        for answer in answers:
            life.access = answer.access or life.access
        life.tokens.append(str(successors.pop()))
        self._journal.answered("refreshed")
        return True

    async def _refresh_with(self, token: str) -> Answer:
        return await self._wire.ask("POST", "/auth/session/refresh", bearer=token)

    # --- ends --------------------------------------------------------------------------------------------------------

    async def _end(self, life: Life) -> None:
        luck = self._luck.random()
        if luck < 0.4:
            await self.sign_out(life)
        elif luck < 0.65 and len(life.tokens) > 2:
            await self.be_robbed(life)

    async def sign_out(self, life: Life) -> None:
        """End the session; from then on nothing of it is accepted."""
        life.end = End.ENDING
        answer = await self._wire.ask("POST", "/auth/signout", bearer=life.access)
        if answer.status == 401 and answer.body == _TRY_REFRESH and not answer.lost:
            await self.refresh(life, tabs=1)
            answer = await self._wire.ask("POST", "/auth/signout", bearer=life.access)
        # Asked for once more, it may have been ended by the first request.
        if answer.status != 200 and not (answer.lost and answer.status == 401):
            self._journal.accuse(f"{life.handle} could not sign out: {answer.status} {answer.body}")
            return
        life.end, life.ended_at = End.ENDED, time.monotonic()
        self._journal.answered("signed out")
        await self.find_nothing_left(life)

    async def be_robbed(self, life: Life) -> None:
        """A thief presents a token whose successor was used: he is refused, and the session is over."""
        life.end = End.ENDING
        answer = await self._refresh_with(self._luck.choice(life.tokens[:-2]))
        if answer.status != 401:
            self._journal.accuse(f"{life.handle} was given to a thief: {answer.status}")
            return
        life.end, life.ended_at = End.ENDED, time.monotonic()
        self._journal.answered("refused to a thief")
        await self.find_nothing_left(life)

    async def find_nothing_left(self, life: Life) -> None:
        """No token of an ended session is accepted: refresh tokens at once, the access token after the lag."""
        deadline = life.ended_at + self._lag
        for token in life.tokens[-2:]:
            if (answer := await self._refresh_with(token)).status != 401:
                self._journal.accuse(f"{life.handle} was refreshed after its end: {answer.status}")
        async with asyncio.timeout(PATIENCE):
            answer = await self._wire.ask("GET", "/me", bearer=life.access)
            while answer.status == 200 and answer.sent_at < deadline:
                answer = await self._wire.ask("GET", "/me", bearer=life.access)
        if answer.status != 401:
            self._journal.accuse(f"{life.handle} called the API after its end: {answer.status}")

    def _new_user(self) -> str:
        self._users += 1
        return f"{self._name}-{self._users}"
