"""What every part of the contract needs."""

from __future__ import annotations

import pytest

from segue.stores.ports import Store


class Contract:
    """A part of the suite."""

    @pytest.fixture
    def store(self) -> Store:
        """An empty store; to be replaced by the class that inherits."""
        raise NotImplementedError("a test class that inherits StoreContract has a fixture `store`")
