"""How long a flow waited for whom. House rule: the flow does not know that it is watched."""

from __future__ import annotations

from collections.abc import Generator
from time import perf_counter
from typing import Generic

from segue.flow import Ask, Flow, T


class Stopwatch:
    """Time since it was made, and what of it was spent where."""

    def __init__(self) -> None:
        self._begun = perf_counter()
        self._spent: dict[str, float] = {}

    def elapsed(self) -> float:
        """Seconds so far."""
        return perf_counter() - self._begun

    def spend(self, name: str, seconds: float) -> None:
        """So much of it was waiting for *name*."""
        self._spent[name] = self._spent.get(name, 0.0) + seconds

    def milliseconds(self) -> dict[str, float]:
        """All of it, to the microsecond."""
        whole = {"total": self.elapsed(), **self._spent}
        return {name: round(seconds * 1000, 3) for name, seconds in whole.items()}


class Timed(Generic[T]):
    """A flow to be awaited by another one, its asks timed."""

    def __init__(self, flow: Flow[T], watch: Stopwatch) -> None:
        """
        Args:
            flow: consumed.
            watch: told of each ask.
        """
        self._flow = flow
        self._watch = watch

    def __await__(self) -> Generator[Ask[object], object, T]:
        flow, watch = self._flow, self._watch
        try:
            step: Ask[object] = flow.send(None)
            while True:
                begun = perf_counter()
                try:
                    reply = yield step
                except Exception as error:  # noqa: BLE001 - whatever the port raised belongs to the flow
                    watch.spend(step.port, perf_counter() - begun)
                    step = flow.throw(error)
                else:
                    watch.spend(step.port, perf_counter() - begun)
                    step = flow.send(reply)
        except StopIteration as done:
            result: T = done.value
            return result
        finally:
            flow.close()
