"""
A long random life of sessions, against a model: honest clients, lost replies, thieves, revocations, roll-outs.

Two instances of the engine share a store. Whatever is done, in whatever order, the plain model of `life_model.py`
says what has to be answered; what two requests at the same moment are answered, one of their two orders must explain.
"""

from __future__ import annotations

import base64
import json
import shutil
import tempfile
from copy import deepcopy
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule

from segue import ByHandle, ByProvenance, ByTenant, ByUser, NewSession
from segue.errors import SessionGone, TokenRefused
from segue.ids import Digest, SessionHandle, TenantId, UserId
from segue.sessions.model import Provenance
from segue.sessions.policy import Lifetimes
from segue.stores.memory import MemoryStore
from segue.stores.sqlite import SqliteStore
from tests.sessions.life_model import Life, Said, Times, Told
from tests.sessions.life_parties import (
    Answer,
    Chance,
    Door,
    Instance,
    Interposing,
    Tokens,
    bearing,
    refresh,
)
from tests.support.clock import ManualClock

if TYPE_CHECKING:
    from collections.abc import Callable

    from segue.sessions.model import Selection
    from segue.stores.ports import Store

START = datetime(2026, 3, 1, 12, 0, 0, 123_000, tzinfo=UTC)
SECOND, MINUTE, HOUR = 1000, 60_000, 3_600_000
KEY_INTERVAL = 30 * MINUTE
LAG = SECOND
SETTINGS = (
    Times(access=10 * MINUTE, sliding=2 * HOUR, absolute=None, grace=30 * SECOND),
    Times(access=10 * MINUTE, sliding=40 * MINUTE, absolute=5 * HOUR, grace=300 * SECOND),
    Times(access=10 * MINUTE, sliding=2 * HOUR, absolute=3 * HOUR, grace=0),
)
USERS = ("ada", "grace", "emmy")
TENANTS = ("public", "acme", "initech")
ISSUERS = ("https://old.example", "https://older.example")

picks = st.integers(0, 30)
instances = st.integers(0, 1)
doors = st.sampled_from([Door.COOKIE, Door.COOKIE, Door.HEADER, Door.API])
client_doors = st.sampled_from([Door.COOKIE, Door.COOKIE, Door.HEADER])


def milliseconds(count: int) -> timedelta:
    """A span."""
    return timedelta(milliseconds=count)


@dataclass(slots=True, kw_only=True)
class Client:
    """The one to whom the session was given: always presents the newest refresh token that reached it."""

    door: Door
    expires: int
    """As far as it knows."""
    held: int = 0
    lost_since: int | None = None
    """When the first reply was lost that it still waits for."""
    disturbed: bool = False
    """Somebody else presented one of the session's tokens, or ended it."""


@dataclass(slots=True, kw_only=True)
class Story:
    """A session: what the model thinks, what was handed out, and who holds it."""

    life: Life
    handle: str
    client: Client
    tokens: dict[int, Tokens] = field(default_factory=dict[int, Tokens])
    ended_by: int | None = None
    """The instance that ended it, where that is certain."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """An access token that was handed out."""

    story: Story
    place: int
    expires: int
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Act:
    """One of two things done at once: how to do it, and what the model says of it."""

    do: Callable[[], Answer]
    tell: Callable[[Life], Told]


class RandomLife(RuleBasedStateMachine):
    """Everything that can happen to sessions, over a store that a subclass names."""

    def __init__(self) -> None:
        super().__init__()
        self.clock = ManualClock(START)
        self.stories: list[Story] = []
        self.accesses: list[Access] = []

    def make_store(self) -> Store:
        """An empty store."""
        raise NotImplementedError

    @initialize(times=st.sampled_from(SETTINGS), token_modes=st.tuples(st.booleans(), st.booleans()))
    def begin(self, times: Times, token_modes: tuple[bool, bool]) -> None:
        """Two instances of one configuration."""
        self.times = times
        self.store = Interposing(self.make_store())
        lifetimes = Lifetimes(
            access=milliseconds(times.access),
            refresh=timedelta(hours=2),
            idle=milliseconds(times.sliding),
            absolute=None if times.absolute is None else milliseconds(times.absolute),
            grace=milliseconds(times.grace),
        )
        chance = Chance()
        self.instances = [
            Instance(
                store=self.store,
                clock=self.clock,
                chance=chance,
                lifetimes=lifetimes,
                key_interval=milliseconds(KEY_INTERVAL),
                token_mode=token_mode,
            )
            for token_mode in token_modes
        ]

    # --- beginning, and time -----------------------------------------------------------------------------------------

    @rule(
        user=st.sampled_from(USERS),
        tenant=st.sampled_from(TENANTS),
        issuer=st.none() | st.sampled_from(ISSUERS),
        ends=st.sampled_from([None, None, None, MINUTE, HOUR]),
        door=client_doors,
        at=instances,
    )
    def sign_in(
        self, *, user: str, tenant: str, issuer: str | None, ends: int | None, door: Door, at: int
    ) -> None:
        """A new session, perhaps migrated, perhaps with an end of its own."""
        instance, now = self.instances[at], self.now
        proof = instance.token_mode and door is Door.COOKIE
        new = NewSession(
            user_id=UserId(user),
            tenant_id=TenantId(tenant),
            payload={},
            data={},
            anti_csrf=proof,
            absolute_expires_at=None if ends is None else self.clock.now() + milliseconds(ends),
            provenance=None if issuer is None else migrated_from(issuer, at=self.clock.now()),
        )
        issued = instance.engine.create_session(new)
        life = Life(
            times=self.times,
            user=user,
            tenant=tenant,
            issuer=issuer,
            created=now,
            ends=None if ends is None else now + ends,
            proofs=[proof],
        ).begin()
        tokens = Tokens(refresh=issued.refresh.text, access=issued.access.text, proof=issued.anti_csrf)
        story = Story(
            life=life,
            handle=issued.session.handle,
            client=Client(door=door, expires=life.expires),
        )
        self.stories.append(story)
        told = Told(said=Said.TOKENS, place=0, proof=proof)
        self._received(story, told, Answer(said=frozenset({Said.TOKENS}), tokens=tokens, door=Door.API))

    @rule(data=st.data())
    def moments_pass(self, data: st.DataObject) -> None:
        """As much time as matters to replies that are lost and to revocations that are not felt yet."""
        grace = self.times.grace
        spans = {1, LAG // 2, LAG, grace // 2, max(grace - 1, 0), grace}
        self.clock.advance(milliseconds(data.draw(st.sampled_from(sorted(spans)))))

    @rule(data=st.data())
    def hours_pass(self, data: st.DataObject) -> None:
        """Until something is over, or just not yet."""
        access, sliding = self.times.access, self.times.sliding
        spans = [access // 2, access - 1, access, KEY_INTERVAL - 1, KEY_INTERVAL, sliding - 1]
        self.clock.advance(milliseconds(data.draw(st.sampled_from(spans))))

    # --- clients and thieves -----------------------------------------------------------------------------------------

    @precondition(lambda self: self.stories)
    @rule(pick=picks, at=st.lists(st.tuples(instances, st.booleans()), min_size=1, max_size=4))
    def client_refreshes(self, pick: int, at: list[tuple[int, bool]]) -> None:
        """An honest client that is entitled to its session is never signed out, however many replies are lost."""
        story = self._pick(pick)
        for instance, lost in at:
            self._client_refreshes(story, instance, lost=lost)
            self.clock.advance(milliseconds(self.times.grace // 4))

    def _client_refreshes(self, story: Story, at: int, *, lost: bool) -> None:
        client, now = story.client, self.now
        entitled = self._entitled(client)
        answer = self._present(story, client.held, at, client.door, proven=True)
        if entitled:
            assert answer.tokens is not None, "an honest client was signed out"
        if answer.tokens is None:
            return
        if lost:
            client.lost_since = now if client.lost_since is None else client.lost_since
        else:
            self._keep(story)

    @precondition(lambda self: self.stories)
    @rule(pick=picks, first=instances, second=instances, questions=st.integers(0, 4))
    def client_refreshes_in_two_tabs(self, pick: int, first: int, second: int, questions: int) -> None:
        """Two tabs that present one token at once end on the same next one, and both stay signed in."""
        story = self._pick(pick)
        client = story.client
        entitled = self._entitled(client) and self.times.grace > 0
        acts = [self._act(story, client.held, at, client.door, proven=True) for at in (first, second)]
        answers = self._at_once(story, acts, questions)
        received = [answer.tokens for answer in answers if answer.tokens]
        if entitled:
            assert len(received) == 2, "an honest client was signed out"
        if received:
            self._keep(story)
        client.disturbed |= len(received) < 2  # without a grace window two tabs are two hands

    @precondition(lambda self: self.stories)
    @rule(pick=picks, place=picks, at=instances, door=doors, proven=st.booleans())
    def stranger_refreshes(self, pick: int, place: int, at: int, door: Door, proven: bool) -> None:
        """Whoever comes with a token after its time ends the family, and only that one."""
        story = self._pick(pick)
        story.client.disturbed = True
        was_there = story.life.lives(self.now)
        answer = self._present(story, place % len(story.tokens), at, door, proven=proven)
        if was_there and any(said.theft for said in answer.said):
            assert story.life.gone
            for instance in self.instances:
                assert instance.engine.load_session(SessionHandle(story.handle)) is None

    @precondition(lambda self: self.stories)
    @rule(data=st.data(), pick=picks, questions=st.integers(0, 4), at=instances, other=instances)
    def two_at_once(self, data: st.DataObject, pick: int, questions: int, at: int, other: int) -> None:
        """Any two tokens of one family, or a token and a revocation: one of the two orders explains the answers."""
        story = self._pick(pick)
        story.client.disturbed = True
        places = st.integers(0, len(story.tokens) - 1)
        acts = [self._act(story, data.draw(places), at, data.draw(doors), proven=True)]
        if data.draw(st.booleans()):
            acts.append(self._revocation(story, other))
        else:
            acts.append(self._act(story, data.draw(places), other, data.draw(doors), proven=True))
        self._at_once(story, acts, questions)

    @precondition(lambda self: self.stories)
    @rule(pick=picks, at=instances, place=st.integers(0, 300))
    def somebody_forges(self, pick: int, at: int, place: int) -> None:
        """A token that we did not make is refused, and the store is not asked."""
        engine = self.instances[at].engine
        engine.warm_up()
        text = self._pick(pick).tokens[0].refresh
        place %= len(text)
        forged = text[:place] + ("A" if text[place] != "A" else "B") + text[place + 1 :]
        before = self.store.asked
        assert refresh(engine, forged, proof=None, door=Door.API).said == {Said.UNKNOWN}
        assert self.store.asked == before

    # --- the application and its operators ---------------------------------------------------------------------------

    @rule(
        at=instances,
        pick=picks,
        user=st.sampled_from(USERS),
        tenant=st.none() | st.sampled_from(TENANTS),
        issuer=st.sampled_from(ISSUERS),
        kind=st.sampled_from(["handle", "handle", "user", "others", "tenant", "provenance"]),
    )
    def revoke(self, *, at: int, pick: int, user: str, tenant: str | None, issuer: str, kind: str) -> None:
        """Exactly the sessions that a selection names are revoked."""
        chosen = self._pick(pick).handle if self.stories else "nobody's"
        selection, hit = selected(kind, chosen, user=user, tenant=tenant, issuer=issuer)
        expected = {story.handle for story in self.stories if hit(story) and story.life.lives(self.now)}
        gone = self.instances[at].engine.revoke(selection)
        assert set(gone) == expected
        for story in self.stories:
            if hit(story):
                self._end(story, by=at)

    @precondition(lambda self: self.accesses)
    @rule(pick=picks, at=instances, value=st.integers(0, 99))
    def change_payload(self, pick: int, at: int, value: int) -> None:
        """A change reaches the store and the new access token, and no refresh token."""
        access = self._newest(pick)
        engine, life = self.instances[at].engine, access.story.life
        request = bearing(access.text)
        try:
            found = engine.authenticate(request)
            assert found is not None
            changed = engine.change_payload(request, found, {f"k{value % 3}": value})
        except (TokenRefused, SessionGone):
            assert self.now >= access.expires or life.gone
            return
        life.payload[f"k{value % 3}"] = value
        claims = changed.access.claims
        assert {name: claims.custom[name] for name in life.payload} == life.payload
        assert milliseconds_at(claims.expires_at) == access.expires
        self.accesses.append(
            Access(story=access.story, place=access.place, expires=access.expires, text=changed.access.text)
        )

    @rule(at=instances)
    def roll_out_secrets(self, at: int) -> None:
        """The next step of a change of deployment secrets, on one instance; the other is at most one behind."""
        one, other = self.instances[at], self.instances[1 - at]
        if one.step <= other.step:
            one.restart(step=one.step + 1)

    @rule(at=instances)
    def toggle_anti_csrf(self, at: int) -> None:
        """An instance starts with another anti-CSRF mode."""
        self.instances[at].restart(token_mode=not self.instances[at].token_mode)

    @rule(at=instances)
    def clean_up(self, at: int) -> None:
        """What is over is deleted."""
        while self.instances[at].engine.clean_up():
            pass
        for story in self.stories:
            if not story.life.gone and not story.life.lives(self.now):
                self._end(story, by=None)

    @precondition(lambda self: self.accesses)
    @rule(pick=picks, at=instances, strict=st.booleans())
    def present_access_token(self, pick: int, at: int, strict: bool) -> None:
        """An access token holds on every instance until it or its session ends."""
        self._verify(self._newest(pick), at, strict=strict)

    @precondition(lambda self: self.accesses)
    @rule(pick=picks, by=instances, later=st.sampled_from([0, 1, LAG - 1, LAG]))
    def revoke_in_use(self, pick: int, by: int, later: int) -> None:
        """However recently an instance accepted a token: a revocation is felt at once where it was made, else soon."""
        access = self._newest(pick)
        for at in (0, 1):
            self._verify(access, at, strict=False)
        self.instances[by].engine.revoke(SessionHandle(access.story.handle))
        self._end(access.story, by=by)
        self.clock.advance(milliseconds(later))
        for at in (0, 1):
            self._verify(access, at, strict=False)

    def _verify(self, access: Access, at: int, *, strict: bool) -> None:
        try:
            found = self.instances[at].engine.authenticate(bearing(access.text), check_database=strict)
            assert found is not None
            result = "holds"
        except TokenRefused:
            result = "refresh"
        except SessionGone:
            result = "gone"
        assert result in self._verdicts(access, at, strict=strict)

    # --- what always holds -------------------------------------------------------------------------------------------

    @invariant()
    def the_store_has_what_lives(self) -> None:
        """Nothing that happens to one session touches another."""
        for user in USERS if self.stories else ():
            stored = self.instances[0].engine.list_sessions(UserId(user))
            living = {
                story.handle: story.life.payload
                for story in self.stories
                if story.life.user == user and story.life.lives(self.now)
            }
            own = {
                session.handle: {name: value for name, value in session.payload.items() if name != "iss"}
                for session in stored
            }
            assert own == living

    # --- how ---------------------------------------------------------------------------------------------------------

    @property
    def now(self) -> int:
        """Milliseconds since the beginning."""
        return milliseconds_at(self.clock.now())

    def _pick(self, pick: int) -> Story:
        """Of the sessions that live three times out of four: whatever is done to the others changes little."""
        living = [story for story in self.stories if story.life.lives(self.now)]
        stories = living if living and pick % 4 else self.stories
        return stories[-1 - pick % len(stories)]

    def _newest(self, pick: int) -> Access:
        return self.accesses[-1 - pick % len(self.accesses)]

    def _entitled(self, client: Client) -> bool:
        in_time = client.lost_since is None or self.now < client.lost_since + self.times.grace
        return in_time and not client.disturbed and self.now < client.expires

    def _keep(self, story: Story) -> None:
        """The client has got what was handed out last."""
        story.client.held, story.client.lost_since = story.life.newest, None
        story.client.expires = story.life.expires

    def _act(self, story: Story, place: int, at: int, door: Door, *, proven: bool) -> Act:
        instance, now = self.instances[at], self.now
        known = story.tokens[place]
        proof = known.proof if proven else None
        token_mode = instance.token_mode and door is Door.COOKIE

        def tell(life: Life) -> Told:
            return life.present(place, now=now, token_mode=token_mode, proven=proof is not None)

        def do() -> Answer:
            return refresh(instance.engine, known.refresh, proof=proof, door=door)

        return Act(do=do, tell=tell)

    def _revocation(self, story: Story, at: int) -> Act:
        now, engine, handle = self.now, self.instances[at].engine, SessionHandle(story.handle)

        def tell(life: Life) -> Told:
            there = life.lives(now)
            life.end(now)
            return Told(said=Said.REVOKED if there else Said.UNKNOWN)

        def do() -> Answer:
            gone = engine.revoke(handle)
            return Answer(said=frozenset({Said.REVOKED if gone else Said.UNKNOWN}), door=Door.API)

        return Act(do=do, tell=tell)

    def _present(self, story: Story, place: int, at: int, door: Door, *, proven: bool) -> Answer:
        act = self._act(story, place, at, door, proven=proven)
        was_gone = story.life.gone
        told, answer = act.tell(story.life), act.do()
        assert answer.fits(told), f"told {told}, answered {answer}"
        if story.life.gone and not was_gone:
            story.ended_by = at
        self._received(story, told, answer)
        return answer

    def _at_once(self, story: Story, acts: list[Act], questions: int) -> list[Answer]:
        """Begin the first act, and do the second one when the first has asked the store that many questions."""
        first, second = acts
        done = dict[int, Answer]()

        def do_second() -> None:
            done[1] = second.do()

        self.store.before_question(questions, do_second)
        done[0] = first.do()
        self.store.settle()
        told = self._explain(story, acts, done)
        for number in (0, 1):
            self._received(story, told[number], done[number])
        return [done[0], done[1]]

    def _explain(self, story: Story, acts: list[Act], done: dict[int, Answer]) -> dict[int, Told]:
        """One after the other, in one of two orders; or each on its own, where both find that it has to end."""
        for order in ((0, 1), (1, 0)):
            life = deepcopy(story.life)
            told = {number: acts[number].tell(life) for number in order}
            if all(done[number].fits_nearly(told[number]) for number in order):
                story.life = life
                return told
        lives = [deepcopy(story.life), deepcopy(story.life)]
        told = {number: acts[number].tell(lives[number]) for number in (0, 1)}
        assert all(done[number].fits_nearly(told[number]) for number in (0, 1)), f"what explains {done}?"
        assert all(life.gone for life in lives), f"what explains {done}?"
        story.life = lives[0]
        return told

    def _received(self, story: Story, told: Told, answer: Answer) -> None:
        """The tokens of an answer: always the same refresh token in the same place of the family."""
        tokens = answer.tokens
        if tokens is None:
            return
        known = story.tokens.setdefault(told.place, tokens)
        assert known.refresh == tokens.refresh, "two successors of one refresh token"
        others = {
            other.refresh
            for one in self.stories
            for place, other in one.tokens.items()
            if (one.handle, place) != (story.handle, told.place)
        }
        assert tokens.refresh not in others, "one refresh token in two places"
        if known.proof is None:
            story.tokens[told.place] = tokens  # header mode did not show the anti-CSRF token, this answer may
        self._received_access(story, told.place, tokens)

    def _received_access(self, story: Story, place: int, tokens: Tokens) -> None:
        claims = claims_of(tokens.access)
        expires = milliseconds_at(datetime.fromtimestamp(claims["exp"], UTC))
        longest = min(self.now + self.times.access, story.life.expires)
        assert longest - self.times.access * 0.05 - SECOND <= expires <= longest
        assert claims["sessionHandle"] == story.handle
        assert {name: claims[name] for name in story.life.payload} == story.life.payload
        self.accesses.append(Access(story=story, place=place, expires=expires, text=tokens.access))

    def _end(self, story: Story, *, by: int | None) -> None:
        if not story.life.gone:
            story.life.end(self.now)
            story.ended_by = by
        story.client.disturbed = True

    def _verdicts(self, access: Access, at: int, *, strict: bool) -> set[str]:
        """What an access token may be answered."""
        life = access.story.life
        if self.now >= access.expires:
            return {"refresh"}
        if life.gone:
            at_once = strict or access.story.ended_by == at or self.now >= life.gone_at + LAG
            return {"gone"} if at_once else {"gone", "holds"}
        return {"refresh"} if strict and access.place < life.newest - 1 else {"holds"}


def selected(
    kind: str, handle: str, *, user: str, tenant: str | None, issuer: str
) -> tuple[Selection, Callable[[Story], bool]]:
    """A selection, and the same in plain words."""
    in_tenant = TenantId(tenant) if tenant else None
    everywhere = tenant is None
    match kind:
        case "handle":
            return ByHandle(handles=(SessionHandle(handle),)), lambda story: story.handle == handle
        case "user":
            return (
                ByUser(user_id=UserId(user), tenant_id=in_tenant),
                lambda story: story.life.user == user and (everywhere or story.life.tenant == tenant),
            )
        case "others":
            return (
                ByUser(user_id=UserId(user), except_handle=SessionHandle(handle)),
                lambda story: story.life.user == user and story.handle != handle,
            )
        case "tenant":
            named = tenant or "public"
            return ByTenant(tenant_id=TenantId(named)), lambda story: story.life.tenant == named
        case _:
            return ByProvenance(issuer=issuer), lambda story: story.life.issuer == issuer


def migrated_from(issuer: str, *, at: datetime) -> Provenance:
    """Where a session came from."""
    return Provenance(
        provider="old",
        issuer=issuer,
        subject_digest=Digest(bytes(32)),
        claim_id=Digest(bytes(32)),
        authenticated_at=at,
        verifier_version="1",
    )


def claims_of(access: str) -> Any:
    """The claims of an access token, read as a stranger would."""
    text = access.split(".")[1]
    return json.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))


def milliseconds_at(instant: datetime) -> int:
    """Milliseconds since the beginning."""
    return round((instant - START) / timedelta(milliseconds=1))


class OverMemory(RandomLife):
    """In memory."""

    def make_store(self) -> Store:
        """Gone with the test."""
        return MemoryStore()


class OverSqlite(RandomLife):
    """In a file."""

    _folder: str | None = None

    def make_store(self) -> Store:
        """In a folder of its own."""
        self._folder = tempfile.mkdtemp()
        self._file = SqliteStore(Path(self._folder) / "sessions.sqlite3", synchronous="NORMAL")
        return self._file

    def teardown(self) -> None:
        """Let go of the file."""
        if self._folder is not None:
            self._file.close()
            shutil.rmtree(self._folder)


TestOverMemory = OverMemory.TestCase
TestOverMemory.settings = settings(max_examples=200, stateful_step_count=60, deadline=None)
TestOverSqlite = OverSqlite.TestCase
TestOverSqlite.settings = settings(
    max_examples=8, stateful_step_count=40, deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
