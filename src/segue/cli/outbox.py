"""
`segue outbox`: what providers are still to be told, and what was given up.

What was given up is kept until an operator has looked at it and says so. House rule: no token is shown.
"""

from __future__ import annotations

from collections.abc import Iterable
from contextlib import closing
from typing import Annotated

import typer

from segue.cli.common import ConfigOption, print_columns, settings_from, shown
from segue.clock import SystemClock
from segue.migration.model import Delivery, DeliveryState
from segue.stores.ports import Store

_SHOWN = 20
_BATCH = 500
_MEANINGS = {
    DeliveryState.PENDING: "waiting to be told to the provider",
    DeliveryState.DONE: "old sessions ended at the provider",
    DeliveryState.DEAD: "given up; somebody has to look",
}


def outbox(
    purge: Annotated[
        bool, typer.Option("--purge", help="Forget what was given up.", show_default=False)
    ] = False,
    config: ConfigOption = None,
) -> None:
    """Count what providers are still to be told."""
    settings = settings_from(config)
    with closing(settings.store.open()) as store:
        if purge:
            typer.echo(f"forgot {_purge(store)} message(s) that were given up\n")
        counts = store.count_deliveries()
        dead = store.list_deliveries(state=DeliveryState.DEAD, limit=_SHOWN)
        pending = store.list_deliveries(state=DeliveryState.PENDING, limit=_SHOWN)
    for state, meaning in _MEANINGS.items():
        typer.echo(f"{counts.get(state, 0):>8}  {state.value:<8}  {meaning}")
    held = sum(delivery.held for delivery in pending)
    if held:
        more = " or more" if len(pending) == _SHOWN else ""
        typer.echo(f"\n{held}{more} of them wait for the first use of the new session")
    failing = [delivery for delivery in pending if delivery.last_error is not None]
    if failing:
        typer.echo("\nfailing so far, to be tried again:")
        _print(failing)
    if dead:
        typer.echo(
            f"\ngiven up, oldest first{f' (the first {_SHOWN})' if counts[DeliveryState.DEAD] > _SHOWN else ''}:"
        )
        _print(dead)


def _purge(store: Store) -> int:
    now, gone = SystemClock().now(), 0
    while batch := store.delete_deliveries(state=DeliveryState.DEAD, settled_before=now, limit=_BATCH):
        gone += batch
    return gone


def _print(deliveries: Iterable[Delivery]) -> None:
    print_columns(
        ("provider", "session", "since", "attempts", "last error"),
        [
            (
                delivery.provider,
                delivery.handle,
                shown(delivery.created_at),
                str(delivery.attempts),
                delivery.last_error or "-",
            )
            for delivery in deliveries
        ],
    )
