"""What keeping our own signing keys promises."""

from __future__ import annotations

from datetime import timedelta

import pytest
from msgspec.structs import replace

from segue.errors import StoreUnavailable
from segue.ids import PUBLIC_APP
from segue.stores.contract.examples import DAY, MOMENT, NOW, OTHER_APP, signing_key
from segue.stores.contract.subject import Contract
from segue.stores.ports import Store
from segue.tokens.algorithms import Algorithm
from segue.tokens.signing_keys import SIGNING_ALGORITHMS, KeyKind


class KeysContract(Contract):
    """`load_signing_keys`, `add_signing_key`, `reseal_signing_key`, `delete_signing_keys`."""

    @pytest.mark.parametrize("kind", list(KeyKind), ids=str)
    @pytest.mark.parametrize("algorithm", sorted(SIGNING_ALGORITHMS, key=str), ids=str)
    def test_key_comes_back_as_written(self, store: Store, kind: KeyKind, algorithm: Algorithm) -> None:
        """Every field of a key is read back as it was written, instants in whole milliseconds."""
        key = replace(signing_key("k", kind=kind), algorithm=algorithm, sealed_private=bytes(range(256)))
        finer = replace(key, created_at=NOW + timedelta(microseconds=999))
        assert store.add_signing_key(PUBLIC_APP, finer, if_newest=None)
        assert store.load_signing_keys(PUBLIC_APP) == (key,)

    def test_oldest_first(self, store: Store) -> None:
        """Keys of both kinds come oldest first."""
        newest = signing_key("d-2", created_at=NOW + DAY)
        static = signing_key("s-1", kind=KeyKind.STATIC, created_at=NOW + MOMENT)
        oldest = signing_key("d-1")
        assert store.add_signing_key(PUBLIC_APP, oldest, if_newest=None)
        assert store.add_signing_key(PUBLIC_APP, newest, if_newest="d-1")
        assert store.add_signing_key(PUBLIC_APP, static, if_newest=None)
        assert store.load_signing_keys(PUBLIC_APP) == (oldest, static, newest)

    def test_keys_of_another_app(self, store: Store) -> None:
        """Apps share no keys: neither for loading nor for comparing nor for deleting."""
        assert store.add_signing_key(OTHER_APP, signing_key("d-1"), if_newest=None)
        assert store.load_signing_keys(PUBLIC_APP) == ()
        assert store.add_signing_key(PUBLIC_APP, signing_key("d-1"), if_newest=None)
        store.delete_signing_keys(PUBLIC_APP, ("d-1",))
        assert store.load_signing_keys(OTHER_APP) == (signing_key("d-1"),)

    @pytest.mark.parametrize("if_newest", [None, "d-1", "s-1", "d-3"])
    def test_another_key_is_the_newest(self, store: Store, if_newest: str | None) -> None:
        """A key is refused unless the newest of its own kind is the one named."""
        store.add_signing_key(PUBLIC_APP, signing_key("d-1"), if_newest=None)
        store.add_signing_key(PUBLIC_APP, signing_key("d-2", created_at=NOW + DAY), if_newest="d-1")
        store.add_signing_key(PUBLIC_APP, signing_key("s-1", kind=KeyKind.STATIC), if_newest=None)
        before = store.load_signing_keys(PUBLIC_APP)
        assert not store.add_signing_key(PUBLIC_APP, signing_key("d-3"), if_newest=if_newest)
        assert store.load_signing_keys(PUBLIC_APP) == before

    def test_first_key_but_another_is_named(self, store: Store) -> None:
        """Where there is no key, naming one is refused."""
        assert not store.add_signing_key(PUBLIC_APP, signing_key("d-1"), if_newest="d-0")
        assert store.load_signing_keys(PUBLIC_APP) == ()

    def test_key_id_twice(self, store: Store) -> None:
        """A second key of the same id is refused, and the first stays."""
        store.add_signing_key(PUBLIC_APP, signing_key("d-1"), if_newest=None)
        with pytest.raises(StoreUnavailable):
            store.add_signing_key(PUBLIC_APP, signing_key("d-1", created_at=NOW + DAY), if_newest="d-1")
        assert store.load_signing_keys(PUBLIC_APP) == (signing_key("d-1"),)

    def test_reseal_signing_key(self, store: Store) -> None:
        """The sealed half is replaced, and nothing else, of the named key of that app alone."""
        key, other = signing_key("d-1"), signing_key("d-2", created_at=NOW + DAY)
        store.add_signing_key(PUBLIC_APP, key, if_newest=None)
        store.add_signing_key(PUBLIC_APP, other, if_newest="d-1")
        store.add_signing_key(OTHER_APP, key, if_newest=None)
        assert store.reseal_signing_key(PUBLIC_APP, "d-1", sealed=b"anew", if_sealed=key.sealed_private)
        assert store.load_signing_keys(PUBLIC_APP) == (replace(key, sealed_private=b"anew"), other)
        assert store.load_signing_keys(OTHER_APP) == (key,)

    def test_resealed_by_another(self, store: Store) -> None:
        """A key that was sealed otherwise meanwhile, or is gone, stays as it is."""
        key = signing_key("d-1")
        store.add_signing_key(PUBLIC_APP, key, if_newest=None)
        assert not store.reseal_signing_key(PUBLIC_APP, "d-1", sealed=b"anew", if_sealed=b"another")
        assert not store.reseal_signing_key(PUBLIC_APP, "d-2", sealed=b"anew", if_sealed=key.sealed_private)
        assert store.load_signing_keys(PUBLIC_APP) == (key,)

    def test_delete_signing_keys(self, store: Store) -> None:
        """The named keys go, those that are not there are ignored, and the next newest counts again."""
        store.add_signing_key(PUBLIC_APP, signing_key("d-1"), if_newest=None)
        store.add_signing_key(PUBLIC_APP, signing_key("d-2", created_at=NOW + DAY), if_newest="d-1")
        store.delete_signing_keys(PUBLIC_APP, ("d-2", "unknown"))
        store.delete_signing_keys(PUBLIC_APP, ())
        assert store.load_signing_keys(PUBLIC_APP) == (signing_key("d-1"),)
        assert store.add_signing_key(PUBLIC_APP, signing_key("d-3", created_at=NOW + DAY), if_newest="d-1")
