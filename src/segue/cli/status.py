"""
`segue status`: how far the move has come, and when the old provider can be switched off.

House rule: a date is never shown without what it stands on; what `--json` prints is the report itself.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from datetime import datetime
from typing import Annotated

import typer

from segue.cli.common import ConfigOption, engine_with_providers, print_columns, settings_from, shown
from segue.migration.report import Because, ProviderReport, Report, TenantReport

_STANDS_ON = {
    Because.DEADLINE: "its deadline: nothing is migrated after it",
    Because.CUT_OVER: "no sign-in from before the cut-over (issued_before) lives longer",
    Because.LAST_SEEN: "the longest life of an old session that was seen; newer sign-ins there move it on",
    Because.NOTHING_SEEN: "no old session was seen yet",
}


def status(
    as_json: Annotated[bool, typer.Option("--json", help="Print the whole report as JSON.")] = False,
    config: ConfigOption = None,
) -> None:
    """Say how far the move has come, and when the old provider can be switched off."""
    with engine_with_providers(settings_from(config)) as engine:
        report = engine.report()
    if as_json:
        typer.echo(json.dumps(report.as_json(), indent=2))
    else:
        _print(report)


def _print(report: Report) -> None:
    for number, provider in enumerate(report.providers):
        typer.echo(("\n" if number else "") + _headline(provider))
        _print_counts(provider)
        _print_end(provider)
    if not report.providers:
        typer.echo("no provider is configured")
    if report.unrecognised:
        typer.echo(f"\nof no provider of ours: {_listed(report.unrecognised)}")


def _headline(provider: ProviderReport) -> str:
    configured = "" if provider.configured else " (not configured any more)"
    return f"{provider.provider}{configured}: {provider.rollout}"


def _print_counts(provider: ProviderReport) -> None:
    rows = [_row("all tenants", provider.total)]
    if len(provider.tenants) > 1:
        rows += [_row(tenant.tenant_id or "(none)", tenant) for tenant in provider.tenants]
    head = ("", "migrated", "repeated", "already", "refused", "in shadow", "last seen", "last migrated")
    print_columns(head, rows)
    for label, counts in (("refused", provider.total.refused), ("in shadow", provider.total.shadow)):
        if counts:
            typer.echo(f"  {label}: {_listed(counts)}")
    typer.echo(f"  old sessions there: {_ended(provider)}")
    typer.echo(f"  outbox: {_listed(provider.outbox) or 'empty'}")
    for label, codes in (
        ("done without ending anything", provider.nothing_ended),
        ("failing so far", provider.failing),
        ("given up", provider.given_up),
    ):
        if codes:
            typer.echo(f"  {label}: {_listed(codes)}")


def _ended(provider: ProviderReport) -> str:
    if provider.ending is not None:
        return f"ended by {provider.ending}"
    return "not ended; a tombstone here keeps their tokens from coming back" if provider.configured else "-"


def _row(name: str, tenant: TenantReport) -> tuple[str, ...]:
    counts = (tenant.migrated, tenant.repeated, tenant.already, _sum(tenant.refused), _sum(tenant.shadow))
    return ("  " + name, *map(str, counts), _when(tenant.last_seen_at), _when(tenant.last_migrated_at))


def _print_end(provider: ProviderReport) -> None:
    date = provider.safe_to_switch_off_at
    typer.echo(f"  old sessions that were seen end by {_when(provider.total.old_sessions_end_at)}")
    typer.echo(f"  safe to switch off: {_when(date)} ({_STANDS_ON[provider.because]})")
    if provider.waiting_for:
        typer.echo(f"  not before: {'; '.join(provider.waiting_for)}")


def _when(moment: datetime | None) -> str:
    return "-" if moment is None else shown(moment)


def _sum(counts: Mapping[str, int]) -> int:
    return sum(counts.values())


def _listed(counts: Mapping[str, int]) -> str:
    return ", ".join(_pairs(counts))


def _pairs(counts: Mapping[str, int]) -> Iterable[str]:
    return (f"{count} {name}" for name, count in counts.items())
