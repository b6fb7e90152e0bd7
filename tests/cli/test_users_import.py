"""`segue users import`: what is added, skipped and refused, and that it can be run again whatever happened."""

from __future__ import annotations

import json
import signal
import sqlite3
import subprocess
from contextlib import closing
from typing import TYPE_CHECKING

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from segue.cli.app import run
from segue.cli.importing import BATCH, adding, import_mappings, rehearsing
from segue.cli.mapping_files import MappingLine
from segue.core.model import CONFLICTS, App, Imported, UserIdMapping
from segue.errors import StoreUnavailable
from segue.ids import PUBLIC_APP, AppId, UserId
from segue.stores.contract.examples import NOW
from segue.stores.memory import MemoryStore
from segue.stores.sqlite import SqliteStore
from tests.cli.world import COMMAND, Deployment, clean_environment, segue
from tests.support.processes import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.postgres import PostgresServer

Captured = pytest.CaptureFixture[str]
HEAD = "superTokensUserId,externalUserId,externalUserIdInfo\n"

ids = st.sampled_from("abcd").map(UserId)
mappings = st.builds(UserIdMapping, app_id=st.just(PUBLIC_APP), user_id=ids, external_id=ids)


@settings(deadline=None, max_examples=50)
@given(st.lists(mappings, max_size=3), st.lists(mappings, max_size=8), st.integers(1, 3))
def test_rehearsal_foretells(before: list[UserIdMapping], batch: list[UserIdMapping], size: int) -> None:
    """A rehearsal says of each line what becomes of it in earnest, across batches, and writes nothing."""
    store = MemoryStore()
    for each in before:
        store.create_mapping(each)
    lines = [MappingLine(number=number, mapping=each) for number, each in enumerate(batch)]
    with rehearsing(store, PUBLIC_APP) as rehearse:
        foretold = [each for some in import_mappings(lines, rehearse, size=size) for each in some.became]
    untouched = store.preview_mappings(PUBLIC_APP, tuple(batch))
    add = adding(store, PUBLIC_APP, register=False)
    came = [each for some in import_mappings(lines, add, size=size) for each in some.became]
    assert [_kind(outcome) for _, outcome in foretold] == [_kind(outcome) for _, outcome in came]
    assert untouched.count(Imported.ADDED) >= sum(outcome is Imported.ADDED for _, outcome in came)


def _kind(outcome: Imported) -> str:
    return "conflict" if outcome in CONFLICTS else outcome.name


def test_batches_are_whole() -> None:
    """Where the store breaks, the batches before are there and the one that broke is not."""
    store, calls = MemoryStore(), 0
    lines = [
        MappingLine(
            number=number,
            mapping=UserIdMapping(
                app_id=PUBLIC_APP, user_id=UserId(f"u{number}"), external_id=UserId(f"e{number}")
            ),
        )
        for number in range(10)
    ]

    def breaking(mappings: tuple[UserIdMapping, ...]) -> tuple[Imported, ...]:
        nonlocal calls
        calls += 1
        if calls == 3:
            raise StoreUnavailable("gone")
        return store.add_mappings(PUBLIC_APP, mappings, register=False)

    with pytest.raises(StoreUnavailable):
        list(import_mappings(lines, breaking, size=3))
    there = [bool(store.find_mappings(PUBLIC_APP, UserId(f"u{number}"))) for number in range(10)]
    assert there == [True] * 6 + [False] * 4
    add = adding(store, PUBLIC_APP, register=False)
    again = [outcome for some in import_mappings(lines, add, size=3) for _, outcome in some.became]
    assert again == [Imported.THERE] * 6 + [Imported.ADDED] * 4


@pytest.fixture
def folder(deployment: Deployment, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The deployment's folder, where commands run."""
    monkeypatch.chdir(deployment.folder)
    return deployment.folder


def found(folder: Path, given: str, app_id: AppId = PUBLIC_APP) -> list[str]:
    """The external ids that go with an id."""
    with SqliteStore(folder / "segue.sqlite3") as store:
        return [each.external_id for each in store.find_mappings(app_id, UserId(given))]


@pytest.mark.processes
class TestCommand:
    """The command on a deployment."""

    def test_import(self, folder: Path, capsys: Captured) -> None:
        """Mappings are added, and a second run finds them there; no report is left."""
        (folder / "users.csv").write_text(HEAD + "a,x,\nb,y,info\n")
        assert run(["users", "import", "users.csv"]) == 0
        assert capsys.readouterr().out.split() == ["lines", "how", "many", "added", "2"]
        assert run(["users", "import", "users.csv"]) == 0
        assert capsys.readouterr().out.split()[3:] == ["there", "already", "2"]
        assert (found(folder, "a"), found(folder, "y")) == (["x"], ["y"])
        assert not (folder / "users.csv.report.jsonl").exists()

    def test_lines_that_are_refused(self, folder: Path, capsys: Captured) -> None:
        """Conflicts and bad lines are listed by number, counted, and told by the exit code; the others are added."""
        lines = ["a,x,", "b,x,", "a,z,", "nonsense", ",y,", "c,v,", "c,v,i"]
        (folder / "users.csv").write_text(HEAD + "\n".join(lines))
        assert run(["users", "import", "users.csv"]) == 1
        said = capsys.readouterr()
        assert "added              2" in said.out
        assert "unreadable         2" in said.out
        assert "5 line(s) were not imported: see users.csv.report.jsonl" in said.err
        report = folder / "users.csv.report.jsonl"
        assert report.stat().st_mode & 0o077 == 0
        assert [json.loads(line) for line in report.read_text().splitlines()] == [
            {"line": 3, "outcome": "external id taken", "userId": "b", "externalUserId": "x"},
            {"line": 4, "outcome": "user id taken", "userId": "a", "externalUserId": "z"},
            {"line": 5, "outcome": "unreadable", "reason": "1 fields where the first line names 3"},
            {"line": 6, "outcome": "unreadable", "reason": "no superTokensUserId"},
            {"line": 8, "outcome": "other info", "userId": "c", "externalUserId": "v"},
        ]
        assert found(folder, "c") == ["v"]

    def test_dry_run(self, folder: Path, capsys: Captured) -> None:
        """A dry run says what would become of each line, conflicts within the file included, and adds nothing."""
        (folder / "users.jsonl").write_text(
            '{"userId":"a","externalUserId":"x"}\n{"userId":"b","externalUserId":"x"}\n'
        )
        assert run(["users", "import", "--dry-run", "--report", "mine", "users.jsonl"]) == 1
        said = capsys.readouterr()
        assert "would be" in said.out
        assert "1 line(s) would not be imported: see mine" in said.err
        assert json.loads((folder / "mine").read_text())["line"] == 2
        assert found(folder, "a") == []

    def test_register(self, folder: Path) -> None:
        """Users go to the registry only if that is asked for."""
        (folder / "users").write_text(HEAD + "a,x,\n")
        assert run(["users", "import", "--format", "csv", "users"]) == 0
        with SqliteStore(folder / "segue.sqlite3") as store:
            assert not store.user_exists(PUBLIC_APP, UserId("a"))
        assert run(["users", "import", "--format", "csv", "--register", "users"]) == 0
        with SqliteStore(folder / "segue.sqlite3") as store:
            assert store.user_exists(PUBLIC_APP, UserId("a"))

    def test_into_an_app(self, folder: Path, capsys: Captured) -> None:
        """Mappings go into the app that is named, if there is one."""
        (folder / "users.csv").write_text(HEAD + "a,x,\n")
        assert run(["users", "import", "--app", "shop", "users.csv"]) == 2
        assert capsys.readouterr().err == "segue: there is no app shop\n"
        with SqliteStore(folder / "segue.sqlite3") as store:
            store.put_app(App(app_id=AppId("shop"), config={}, created_at=NOW))
        assert run(["users", "import", "--app", "shop", "users.csv"]) == 0
        assert (found(folder, "a", AppId("shop")), found(folder, "a")) == (["x"], [])

    def test_database_of_a_core_service(self, tmp_path: Path) -> None:
        """Without a settings file the database is named by option or variable, and is never made by mistake."""
        (tmp_path / "users.csv").write_text(HEAD + "a,x,\n")
        command = ("users", "import", "users.csv")
        refused = segue(*command, "--database", "segue-core.sqlite3", cwd=tmp_path)
        assert (refused.code, "there is no database" in refused.err) == (2, True)
        assert not (tmp_path / "segue-core.sqlite3").exists()
        with SqliteStore(tmp_path / "segue-core.sqlite3"):
            pass
        assert segue(*command, "--database", "segue-core.sqlite3", cwd=tmp_path).code == 0
        again = segue(*command, cwd=tmp_path, env={"SEGUE_DATABASE": "segue-core.sqlite3"})
        assert (again.code, "there already  1" in again.out) == (0, True)

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [
            (["none.csv"], "No such file or directory: none.csv"),
            (["users.txt"], "users.txt ends with none of .csv, .jsonl, .ndjson; say which with --format"),
            (["--format", "csv", "users.txt"], "the first line must name the columns"),
            (
                ["--format", "jsonl", "--report", "users.txt", "users.txt"],
                "users.txt is what is to be imported",
            ),
        ],
    )
    def test_wrong_usage(self, folder: Path, capsys: Captured, arguments: list[str], said: str) -> None:
        """What cannot be imported is said in one line, and the file stays as it is."""
        (folder / "users.txt").write_text("a,x\n")
        assert run(["users", "import", *arguments]) in {1, 2}
        error = capsys.readouterr().err
        assert said in error
        assert error.count("\n") == 1
        assert (folder / "users.txt").read_text() == "a,x\n"

    def test_killed_in_the_middle(self, folder: Path, capsys: Captured) -> None:
        """An import that is killed leaves whole batches; run again it adds the rest, and nothing is there twice."""
        count = 6 * BATCH
        with (folder / "users.csv").open("w") as file:
            file.write(HEAD)
            file.writelines(f"user-{number},external-{number},\n" for number in range(count))
        with SqliteStore(folder / "segue.sqlite3"):
            pass

        def rows() -> int:
            with closing(sqlite3.connect(folder / "segue.sqlite3")) as connection:
                (number,) = connection.execute("SELECT count(*) FROM user_id_mappings").fetchone()
            return int(number)

        command = [*COMMAND, "users", "import", "users.csv"]
        with subprocess.Popen(command, cwd=folder, env=clean_environment()) as process:
            wait_until(lambda: rows() > 0, what="the first batch")
            process.send_signal(signal.SIGKILL)
        there = rows()
        assert 0 < there <= count
        assert there % BATCH == 0
        assert run(["users", "import", "users.csv"]) == 0
        assert rows() == count
        assert f"there already  {there}" in capsys.readouterr().out

    def test_on_postgres(self, deployment: Deployment, postgres_server: PostgresServer) -> None:
        """The same on PostgreSQL, and no address is shown."""
        env = {"SEGUE_DATABASE": postgres_server.dsn_with_password(postgres_server.new_database())}
        (deployment.folder / "users.csv").write_text(HEAD + "a,x,\na,y,\n")
        for words in (["added", "user id taken"], ["there already", "user id taken"]):
            done = deployment.run("users", "import", "users.csv", env=env)
            assert done.code == 1
            assert all(word in done.out for word in words)
            assert "postgresql" not in done.out + done.err
