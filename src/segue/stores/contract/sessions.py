"""What creating, loading and updating a session promise."""

from __future__ import annotations

import copy
from datetime import UTC, datetime, timedelta

import pytest
from msgspec.structs import replace

from segue.errors import StoreUnavailable
from segue.ids import PUBLIC_APP, UserId
from segue.json import JsonObject, JsonValue
from segue.stores.contract.examples import DAY, MOMENT, NOW, OTHER_APP, handle, session, whole_session
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store

JSON: dict[str, JsonObject] = {
    "empty": {},
    "an integer is no float": {"integer": 1, "float": 1.0, "zero": 0, "negative zero": -0.0},
    "integers beyond a double": {"2^53+1": 2**53 + 1, "2^63": 2**63, "2^70": -(2**70)},
    "floats to the last digit": {"values": [0.1, 1e300, 5e-324, 1.7976931348623157e308, 1 / 3]},
    "nulls and booleans": {"null": None, "list": [None, True, False], "nested": {"null": None}},
    "unicode": {"ключ ☃": "\x00 \x1f \u2028 \ufffd 😀 \\ \" '", "": "empty name"},
    "depth": {"a": [{"b": [[[{"c": {}}]]]}]},
    "names of our own": {"null": "null", "sub": "x", "payload": {"data": {}}},
}


class SessionsContract(Contract):
    """`create_session`, `load_session`, `update_session`."""

    def test_session_comes_back_as_written(self, store: Store) -> None:
        """Every field of a session is read back as it was written."""
        store.create_session(whole_session(1))
        store.create_session(session(2))
        assert store.load_session(OTHER_APP, handle(1)) == whole_session(1)
        assert store.load_session(PUBLIC_APP, handle(2)) == session(2)

    @pytest.mark.parametrize("payload", JSON.values(), ids=list(JSON))
    def test_json_comes_back_exactly(self, store: Store, payload: JsonObject) -> None:
        """Payload and data keep every number, null and character, and the order of their names."""
        store.create_session(replace(session(1), payload=payload, data={"copy": dict(payload)}))
        loaded = store.load_session(PUBLIC_APP, handle(1))
        assert loaded is not None
        assert repr(loaded.payload) == repr(payload)  # 1 == 1.0, but their texts differ
        assert repr(loaded.data) == repr({"copy": payload})

    @pytest.mark.parametrize("number", [float("nan"), float("inf"), float("-inf")], ids=str)
    def test_number_that_json_lacks(self, store: Store, number: float) -> None:
        """A number that JSON cannot write is refused before anything is written."""
        with pytest.raises(ValueError, match="JSON"):
            store.create_session(session(1, payload={"list": [{"n": number}]}))
        assert store.load_session(PUBLIC_APP, handle(1)) is None

    def test_store_keeps_a_copy(self, store: Store) -> None:
        """Changing the payload that was written or read does not change what is stored."""
        payload: JsonObject = {"list": [1]}
        written = copy.deepcopy(payload)
        store.create_session(session(1, payload=written))
        for holder in (written, _payload(store)):
            members = holder["list"]
            assert isinstance(members, list)
            members.append(2)
        assert _payload(store) == payload

    def test_microseconds_are_dropped(self, store: Store) -> None:
        """Instants and spans are kept in whole milliseconds, rounded down."""
        finer = timedelta(microseconds=999)
        written = session(1, created_at=NOW + finer, absolute_expires_at=NOW + DAY + finer)
        store.create_session(replace(written, refresh_lifetime=DAY + finer))
        assert store.load_session(PUBLIC_APP, handle(1)) == session(1, absolute_expires_at=NOW + DAY)

    def test_far_instants(self, store: Store) -> None:
        """Instants are kept to the millisecond as long as the calendar goes."""
        end = datetime(9999, 12, 31, 23, 59, 59, 999_000, tzinfo=UTC)
        written = replace(session(1), expires_at=end, absolute_expires_at=end - MOMENT)
        store.create_session(written)
        assert store.load_session(PUBLIC_APP, handle(1)) == written

    def test_handle_twice(self, store: Store) -> None:
        """A second session of the same handle is refused, and the first stays."""
        store.create_session(session(1))
        with pytest.raises(StoreUnavailable):
            store.create_session(session(1, user_id=UserId("mallory")))
        assert store.load_session(PUBLIC_APP, handle(1)) == session(1)

    def test_handle_in_two_apps(self, store: Store) -> None:
        """Apps do not share handles."""
        store.create_session(session(1))
        store.create_session(session(1, app_id=OTHER_APP, user_id=UserId("grace")))
        assert store.load_session(PUBLIC_APP, handle(1)) == session(1)
        assert store.load_session(OTHER_APP, handle(1)) == session(
            1, app_id=OTHER_APP, user_id=UserId("grace")
        )

    def test_session_never_made(self, store: Store) -> None:
        """A session that is not there is None, also when another app has one of its handle."""
        store.create_session(session(1, app_id=OTHER_APP))
        assert store.load_session(PUBLIC_APP, handle(1)) is None

    def test_session_that_is_over(self, store: Store) -> None:
        """A session whose time is over is still returned."""
        over = session(1, lifetime=MOMENT, created_at=NOW - 1000 * DAY)
        store.create_session(over)
        assert store.load_session(PUBLIC_APP, handle(1)) == over

    @pytest.mark.parametrize("payload", [None, {}, {"new": 1.0}], ids=str)
    @pytest.mark.parametrize("data", [None, {}, {"new": None}], ids=str)
    def test_update(self, store: Store, payload: JsonObject | None, data: JsonObject | None) -> None:
        """Payload and data are replaced where given, nothing else changes, and the session is returned."""
        old = whole_session(1)
        store.create_session(old)
        new = replace(
            old,
            payload=old.payload if payload is None else payload,
            data=old.data if data is None else data,
        )
        assert store.update_session(OTHER_APP, handle(1), payload=payload, data=data) == new
        assert store.load_session(OTHER_APP, handle(1)) == new

    def test_update_of_the_payload_that_was_read(self, store: Store) -> None:
        """A payload is replaced if it still is what the caller has read; otherwise nothing is written, and None."""
        store.create_session(session(1, payload={"n": 1, "list": [{"x": None}]}))
        stored, new = _payload(store), dict[str, JsonValue](n=2)
        for other in ({}, {"n": 1}, {"n": 1.0, **{k: v for k, v in stored.items() if k != "n"}}):
            refused = store.update_session(
                PUBLIC_APP, handle(1), payload=new, data={"new": 1}, if_payload=other
            )
            assert refused is None
        assert store.load_session(PUBLIC_APP, handle(1)) == session(1, payload=stored)
        written = store.update_session(PUBLIC_APP, handle(1), payload=new, data=None, if_payload=stored)
        assert written == session(1, payload=new)
        assert store.update_session(OTHER_APP, handle(1), payload=new, data=None, if_payload=new) is None

    @pytest.mark.parametrize("payload", JSON.values(), ids=list(JSON))
    def test_payload_is_recognised(self, store: Store, payload: JsonObject) -> None:
        """What was read is recognised as what is stored, whatever numbers and characters are in it."""
        store.create_session(session(1, payload=payload))
        read = _payload(store)
        assert store.update_session(PUBLIC_APP, handle(1), payload={}, data=None, if_payload=read) is not None

    def test_update_of_no_session(self, store: Store) -> None:
        """Updating a session that is not there is None and makes none; another app's is not touched."""
        store.create_session(session(1, app_id=OTHER_APP))
        assert store.update_session(PUBLIC_APP, handle(1), payload={"new": 1}, data=None) is None
        assert store.load_session(PUBLIC_APP, handle(1)) is None
        assert store.load_session(OTHER_APP, handle(1)) == session(1, app_id=OTHER_APP)


def _payload(store: Store) -> JsonObject:
    loaded = store.load_session(PUBLIC_APP, handle(1))
    assert loaded is not None
    return loaded.payload
