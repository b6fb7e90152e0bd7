"""
`segue demo`: show a migration from beginning to end on this machine, in a browser or as a list of checked steps.

House rule: what is printed can be acted on: an address to open, a port to change, a step that failed.
"""

from __future__ import annotations

import asyncio
import logging
import os
import secrets
import sys
import uuid
import webbrowser
from typing import Annotated

import httpx2
import typer
from rich.console import Console
from rich.text import Text

from segue.demo.journey import Journey
from segue.demo.ports import APP_PORT, PROVIDER_PORT, PortTaken
from segue.demo.process import ProviderFailed
from segue.demo.run import Running, running_demo, until_told_to_end
from segue.demo.visitor import Unexpected

_WIDTH = 46


def demo(
    check: Annotated[
        bool, typer.Option("--check", help="Walk the journey without a browser; exit 0 if all of it works.")
    ] = False,
    port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help=f"Port of the page, {APP_PORT} if not given; 0 takes a free one."
        ),
    ] = None,
    provider_port: Annotated[
        int | None,
        typer.Option(
            min=0, max=65535, help=f"Port of the old provider, {PROVIDER_PORT} if not given; 0 likewise."
        ),
    ] = None,
    open_browser: Annotated[
        bool, typer.Option("--open/--no-open", help="Open the page in your browser.")
    ] = True,
) -> None:
    """Watch a signed-in user move from an old provider to a session of yours."""
    console = Console(highlight=False)
    # Nobody opens a page while checking, so a check does not mind a demo that is running already.
    usual = (0, 0) if check else (APP_PORT, PROVIDER_PORT)
    ports = (usual[0] if port is None else port, usual[1] if provider_port is None else provider_port)
    try:
        finished = asyncio.run(_run(console, check=check, ports=ports, open_browser=open_browser))
    except PortTaken as error:
        console.print(
            f"[red]{error}.[/] Choose others: segue demo --port 8050 --provider-port 8051", soft_wrap=True
        )
        finished = False
    except ProviderFailed as error:
        console.print(f"[red]{error}.[/]")
        finished = False
    raise typer.Exit(0 if finished else 1)


async def _run(console: Console, *, check: bool, ports: tuple[int, int], open_browser: bool) -> bool:
    port, provider_port = ports
    secret = secrets.token_urlsafe(32)
    async with running_demo(port=port, provider_port=provider_port, backend_secret=secret) as running:
        if check:
            return await _check(console, running)
        _welcome(console, running)
        if open_browser and _has_screen():
            await asyncio.to_thread(webbrowser.open, running.app)
        await until_told_to_end()
    console.print("\n  Everything has ended; nothing is left behind.\n")
    return True


def _welcome(console: Console, running: Running) -> None:
    console.print()
    console.print(
        Text.assemble("  ", ("segue demo", "bold"), ": a signed-in user moves to a session of yours")
    )
    console.print()
    console.print(Text.assemble("  Open          ", (running.app, f"bold cyan link {running.app}")))
    console.print(f"  Old provider  {running.issuer} (process {running.provider_pid})")
    console.print()
    console.print("  Ctrl-C ends both.", style="dim")


async def _check(console: Console, running: Running) -> bool:
    journey = Journey(
        app=running.app,
        issuer=running.issuer,
        idempotency_key=str(uuid.uuid4()),
        verifier=secrets.token_urlsafe(32),
    )
    # One step is a refusal, and it is meant to be one.
    logging.getLogger("segue").setLevel(logging.ERROR)
    console.print()
    total, walked = 0.0, 0
    try:
        async for step in journey.walk():
            walked, total = walked + 1, total + step.seconds
            console.print(
                _line(True, step.title, f"{step.seconds * 1000:.0f} ms", step.result), soft_wrap=True
            )
    except (Unexpected, httpx2.HTTPError) as error:
        failed = journey.steps()[walked].title
        console.print(_line(False, failed, "", str(error) or type(error).__name__), soft_wrap=True)
        console.print()
        return False
    console.print(f"\n  All {walked} steps in {total:.1f} s.\n")
    return True


def _line(good: bool, title: str, took: str, result: str) -> Text:
    mark = ("✓", "green") if good else ("✗", "red")
    return Text.assemble("  ", mark, f" {title:<{_WIDTH}}", (f"{took:>9}", "dim"), f"   {result}")


def _has_screen() -> bool:
    """Whether a browser has somewhere to appear; without one `webbrowser` would take over the terminal."""
    return sys.platform == "darwin" or any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY"))
