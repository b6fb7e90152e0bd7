"""`segue users import`: mappings of user ids from a file. House rule: it may be run again, whatever happened before."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Callable, Generator, Iterator
from contextlib import ExitStack, closing, contextmanager, nullcontext
from pathlib import Path
from typing import IO, Annotated

import msgspec
import typer
from rich.console import Console
from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

from segue.cli.common import ConfigOption, print_columns, settings_from
from segue.cli.importing import Batch, adding, import_mappings, rehearsing
from segue.cli.mapping_files import Form, form_of, read_mappings
from segue.core.model import CONFLICTS, Imported
from segue.errors import ConfigurationError, Unavailable
from segue.ids import PUBLIC_APP, AppId
from segue.service.schema import StoreSection
from segue.service.settings import settings_path
from segue.service.store import SqliteSettings, StoreSettings, store_of
from segue.stores.ports import Store

users = typer.Typer(help="Look after user ids.")

UNREADABLE = "unreadable"
_WORDS = {
    Imported.ADDED: "added",
    Imported.THERE: "there already",
    Imported.USER_ID_TAKEN: "user id taken",
    Imported.EXTERNAL_ID_TAKEN: "external id taken",
    Imported.OTHER_INFO: "other info",
}


@users.command("import")
def import_users(
    file: Annotated[
        Path, typer.Argument(help="CSV or JSON lines: superTokensUserId, externalUserId, externalUserIdInfo.")
    ],
    *,
    form: Annotated[
        Form | None, typer.Option("--format", help="Of the file; else by its name.", show_default=False)
    ] = None,
    app: Annotated[
        str | None, typer.Option(help="Into this app; else the one of the settings.", show_default=False)
    ] = None,
    register: Annotated[
        bool, typer.Option("--register", help="Add the user ids to the registry, too.")
    ] = False,
    dry_run: Annotated[
        bool, typer.Option("--dry-run", help="Say what would happen, and write nothing.")
    ] = False,
    report: Annotated[
        Path | None,
        typer.Option(
            help="Where to list lines that were not imported; else beside the file.", show_default=False
        ),
    ] = None,
    database: Annotated[
        str | None,
        typer.Option(
            help="That of a core service, which has no settings file; else the settings'.", show_default=False
        ),
    ] = None,
    config: ConfigOption = None,
) -> None:
    """Add mappings of user ids to external ones; what is there already is skipped, so run it again at will."""
    kept, own_app = _place(database, config)
    app_id = own_app if app is None else AppId(app)
    listed = file.with_name(f"{file.name}.report.jsonl") if report is None else report
    chosen = form or form_of(file)
    with ExitStack() as stack:
        source = stack.enter_context(file.open("rb"))
        store = stack.enter_context(closing(kept.open()))
        if app_id != own_app:
            _require_app(store, app_id)
        add = stack.enter_context(
            rehearsing(store, app_id) if dry_run else nullcontext(adding(store, app_id, register=register))
        )
        refused = stack.enter_context(_report(listed, file))
        moved = stack.enter_context(_progress(source))
        lines = read_mappings(source, form=chosen, app_id=app_id)
        counts = _run(import_mappings(lines, add), refused, moved)
    _say(counts, listed, dry_run=dry_run)


def _place(database: str | None, config: Path | None) -> tuple[StoreSettings, AppId]:
    """The store, and the app that is there without a row."""
    known = os.environ.get("SEGUE_DATABASE")
    if database is None and config is None and known and not settings_path(None, os.environ).exists():
        database = (
            known  # by which the core service is told, too; an address with a password need not be typed
        )
    if database is None:
        settings = settings_from(config)
        return settings.store, settings.config.app_id
    store = store_of(StoreSection(database=database), Path.cwd())
    if isinstance(store, SqliteSettings) and not store.path.exists():
        raise ConfigurationError(f"there is no database {store.path}")
    return store, PUBLIC_APP


def _run(
    batches: Iterator[Batch], refused: Callable[[Batch], None], moved: Callable[[], None]
) -> Counter[str]:
    counts: Counter[str] = Counter()
    try:
        for batch in batches:
            counts.update(_WORDS[outcome] for _, outcome in batch.became)
            counts.update({UNREADABLE: len(batch.bad)})
            refused(batch)
            moved()
    except (Unavailable, KeyboardInterrupt):
        done = sum(counts.values())
        typer.echo(f"broken off after {done} lines, which stay as they are; run it again to go on", err=True)
        raise
    return counts


def _say(counts: Counter[str], listed: Path, *, dry_run: bool) -> None:
    words = [*_WORDS.values(), UNREADABLE]
    print_columns(
        ("would be" if dry_run else "lines", "how many"),
        [(word, str(counts[word])) for word in words if counts[word]],
    )
    wrong = sum(counts[word] for word in (*(_WORDS[each] for each in CONFLICTS), UNREADABLE))
    if wrong:
        typer.echo(
            f"{wrong} line(s) {'would not be' if dry_run else 'were not'} imported: see {listed}", err=True
        )
        raise typer.Exit(1)


def _require_app(store: Store, app_id: AppId) -> None:
    if app_id != PUBLIC_APP and app_id not in {app.app_id for app in store.load_apps()}:
        raise ConfigurationError(f"there is no app {app_id}")


@contextmanager
def _report(path: Path, source: Path) -> Generator[Callable[[Batch], None]]:
    """Lists lines that were not imported, one JSON object each; without any there is no file in the end."""
    if path.resolve() == source.resolve():
        raise ConfigurationError(f"{path} is what is to be imported")
    written = False
    with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:

        def list_refused(batch: Batch) -> None:
            nonlocal written
            for entry in sorted(_entries(batch), key=lambda entry: entry["line"]):
                file.write(msgspec.json.encode(entry) + b"\n")
                written = True
            file.flush()

        yield list_refused
    if not written:
        path.unlink()


def _entries(batch: Batch) -> Iterator[dict[str, int | str]]:
    for bad in batch.bad:
        yield {"line": bad.number, "outcome": UNREADABLE, "reason": bad.reason}
    for line, outcome in batch.became:
        if outcome in CONFLICTS:
            yield {
                "line": line.number,
                "outcome": _WORDS[outcome],
                "userId": line.mapping.user_id,
                "externalUserId": line.mapping.external_id,
            }


@contextmanager
def _progress(source: IO[bytes]) -> Generator[Callable[[], None]]:
    """A bar on standard error, where that is a terminal."""
    console = Console(stderr=True)
    size = os.fstat(source.fileno()).st_size
    columns = (
        TextColumn("importing"),
        BarColumn(),
        TextColumn("{task.percentage:>3.0f} %"),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=console, transient=True, disable=not console.is_terminal) as progress:
        task = progress.add_task("import", total=size)
        yield lambda: progress.update(task, completed=source.tell())


@users.callback()
def _users() -> None:
    """Keeps `import` a command of its own while it is the only one."""
