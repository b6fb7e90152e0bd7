"""One browser tab with the application's page in it, in the words of a user and of the SDKs."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, cast

from playwright.sync_api import Page

if TYPE_CHECKING:
    from playwright.sync_api import BrowserContext, Request, Response


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the page got from a call."""

    status: int
    body: dict[str, Any]
    retry_after: str | None
    """As sent; a page of another origin does not see it."""


@dataclass(slots=True, kw_only=True)
class Tab:
    """A tab; `requests` holds "METHOD path" of everything sent since it was opened, preflights left out."""

    page: Page
    requests: list[str] = field(default_factory=list[str])

    def open(self, address: str) -> None:
        """Load the application's page and wait until it is ready."""
        self.page.goto(address)
        self._ready()

    def reload(self) -> None:
        """Load the page again, as a user would."""
        self.page.reload()
        self._ready()

    def sign_in_old(self, user: str) -> None:
        """Sign in at the old provider through its own page and come back with its tokens."""
        self.page.evaluate("void flow.signInOld()")  # it navigates: nothing to wait for in this document
        self.page.wait_for_url("**/sign-in/*")
        self.page.get_by_label("Name").fill(user)
        self.page.get_by_label("Password").fill("correct horse")
        self.page.get_by_role("button", name="Sign in").click()
        self._ready()

    def run(self, call: str) -> Any:
        """Await one call of the page's `flow`."""
        return self.page.evaluate(f"flow.{call}")

    def migrate(self) -> Answer:
        """Present the old provider's token to our server."""
        with self.page.expect_response(_is_migration) as received:
            answer = self.run("migrate()")
        return _answer(answer, received.value.headers.get("retry-after"))

    def begin_migration(self) -> None:
        """As `migrate`, without waiting; `end_migration` gets the answer."""
        self.begin("migrate()")

    def end_migration(self) -> Answer:
        """The answer to what `begin_migration` began."""
        return self.end()

    def begin(self, call: str) -> None:
        """Begin a call of the page's `flow`; `end` gets its answer."""
        self.page.evaluate(f"void (window.pending = flow.{call})")

    def end(self) -> Answer:
        """The answer to what `begin` began."""
        return _answer(self.page.evaluate("window.pending"))

    def call_api(self, path: str = "/api/me", method: str = "GET") -> Answer:
        """Call the application's API through the SDK."""
        return _answer(self.page.evaluate("([path, method]) => flow.callApi(path, method)", [path, method]))

    def sent(self, path: str) -> int:
        """How many requests for *path* this tab sent."""
        return sum(line.partition(" ")[2] == path for line in self.requests)

    def _ready(self) -> None:
        self.page.wait_for_function("() => window.flow !== undefined")


def new_tab(context: BrowserContext) -> Tab:
    """Open an empty tab that records what it sends."""
    tab = Tab(page=context.new_page())

    def record(request: Request) -> None:
        path = "/" + request.url.split("/", 3)[3].partition("?")[0]
        tab.requests.append(f"{request.method} {path}")

    tab.page.on("request", record)
    return tab


def _is_migration(response: Response) -> bool:
    return response.request.method == "POST" and response.url.endswith("/auth/migrate-session")


def _answer(raw: object, retry_after: str | None = None) -> Answer:
    given = cast("dict[str, Any]", raw)
    return Answer(status=given["status"], body=given["body"], retry_after=retry_after)
