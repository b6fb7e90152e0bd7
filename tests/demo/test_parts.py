"""The demo's small parts: its clock, its feed, its ports."""

from __future__ import annotations

import socket
from datetime import UTC, datetime, timedelta

import pytest

from segue.demo.clock import MovableClock
from segue.demo.feed import KEPT, Event, Feed
from segue.demo.ports import PortTaken, listen_on_localhost, require_free

NOON = datetime(2026, 3, 1, 12, 0, tzinfo=UTC)


class Stopped:
    """A clock that stands at noon."""

    def now(self) -> datetime:
        """Noon."""
        return NOON


def event(title: str) -> Event:
    """Something that happened."""
    return Event(chapter="c", title=title, why="w")


def test_clock_moves_on_by_what_it_is_told() -> None:
    """Moves add up on top of the machine's time."""
    clock = MovableClock(Stopped())
    clock.move_on(timedelta(seconds=90))
    clock.move_on(timedelta(seconds=30))
    assert clock.now() == NOON + timedelta(minutes=2)
    assert clock.ahead == timedelta(minutes=2)


def test_clock_never_goes_back() -> None:
    """A session engine may rely on it."""
    with pytest.raises(ValueError, match="back"):
        MovableClock(Stopped()).move_on(timedelta(seconds=-1))


def test_feed_tells_only_what_is_new() -> None:
    """A page hears each event once; one that has just opened hears none of the past."""
    feed = Feed()
    feed.tell(event("one"))
    assert feed.since(None) == []
    heard = feed.last
    feed.tell(event("two"))
    assert [told.title for told in feed.since(heard)] == ["two"]
    assert feed.since(feed.last) == []


def test_feed_forgets_the_oldest() -> None:
    """The feed is bounded; numbers go on."""
    feed = Feed()
    for number in range(KEPT + 5):
        feed.tell(event(str(number)))
    assert feed.last == KEPT + 5
    assert next(told.title for told in feed.since(0)) == "5"


def test_localhost_is_one_port_on_every_address() -> None:
    """Both addresses of localhost listen on the same port, so that no other program answers in our place."""
    sockets = listen_on_localhost(0)
    try:
        assert len({listening.getsockname()[1] for listening in sockets}) == 1
    finally:
        for listening in sockets:
            listening.close()


def test_connections_answer_at_once() -> None:
    """An accepted connection does not hold back small writes: that costs 40 ms an answer."""
    sockets = listen_on_localhost(0)
    try:
        with socket.create_connection(sockets[0].getsockname()):
            accepted, _ = sockets[0].accept()
            with accepted:
                assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
    finally:
        for listening in sockets:
            listening.close()


def test_taken_port_is_named() -> None:
    """A port that is taken is refused with its number, in either place."""
    with socket.create_server(("127.0.0.1", 0)) as other:
        port = other.getsockname()[1]
        with pytest.raises(PortTaken, match=str(port)):
            listen_on_localhost(port)
        with pytest.raises(PortTaken, match=str(port)):
            require_free(port)
