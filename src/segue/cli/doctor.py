"""
`segue doctor`: is everything as the settings say, and what do they really demand of a token?

House rule: it changes nothing. Exit code 1 if something would fail, 0 if there are notes at most.
"""

from __future__ import annotations

import asyncio
import os

import typer
from rich.console import Console
from rich.table import Table
from rich.text import Text

from segue.adapters.web import AsyncHttpWeb
from segue.cli.common import ConfigOption, present, settings_from
from segue.service.checks import (
    Finding,
    Verdict,
    look_at_core,
    look_at_provider,
    look_at_settings,
    look_at_store,
)
from segue.service.logs import printable
from segue.service.policy import http_rules, policy_of
from segue.service.settings import Settings

_MARKS = {Verdict.GOOD: ("✓", "green"), Verdict.NOTE: ("!", "yellow"), Verdict.BAD: ("✗", "red")}


def doctor(config: ConfigOption = None) -> None:
    """Check settings, store and providers; say which policy is in effect."""
    settings = settings_from(config)
    console = Console(highlight=False)
    findings = asyncio.run(_look(settings))
    for finding in findings:
        console.print(_line(finding), soft_wrap=True)
    _print_policies(console, settings)
    failing = sum(finding.verdict is Verdict.BAD for finding in findings)
    if failing:
        console.print(f"\n{failing} of {len(findings)} checks failed")
    raise typer.Exit(1 if failing else 0)


async def _look(settings: Settings) -> list[Finding]:
    findings = [*look_at_settings(settings, os.environ), look_at_store(settings.store)]
    if settings.core is not None:
        findings.append(await asyncio.to_thread(look_at_core, settings.core, settings.config))
    async with AsyncHttpWeb(allow_private_hosts=settings.server.private_hosts) as web:
        for provider in settings.config.providers:
            findings += [finding async for finding in look_at_provider(provider, web, present())]
    return findings


def _line(finding: Finding) -> Text:
    return Text.assemble(_MARKS[finding.verdict], f" {finding.about}: {printable(finding.text)}")


def _print_policies(console: Console, settings: Settings) -> None:
    _print_rules(console, "Sessions", http_rules(settings.config))
    for provider in settings.config.providers:
        policy = policy_of(provider)
        _print_rules(console, f"Provider {policy.name}", policy.rules)
        for sentence in policy.given_up:
            console.print(Text.assemble(_MARKS[Verdict.NOTE], f" {printable(sentence)}"), soft_wrap=True)


def _print_rules(console: Console, title: str, rules: tuple[tuple[str, str], ...]) -> None:
    table = Table(title=title, title_justify="left", show_header=False)
    for label, value in rules:
        table.add_row(Text(label), Text(printable(value), overflow="fold"))
    console.print()
    console.print(table)
