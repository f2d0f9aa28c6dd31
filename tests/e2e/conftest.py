"""A real Chromium before a real server; any request to another origin fails the test."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

from tests.conftest import chromium_path, give_up
from tests.e2e.stand import Stand, plant, tell_story

WIDE = {"width": 1280, "height": 900}
PHONE = {"width": 360, "height": 740}

# Notes the id of every event that any stream of the page is given, in the order they come.
NOTE_EVENTS = """
window.ids = [];
const Native = window.EventSource;
window.EventSource = class extends Native {
  constructor(url) {
    super(url);
    for (const name of ["message", "alert"])
      this.addEventListener(name, (event) => window.ids.push(Number(event.lastEventId)));
  }
};
"""


@pytest.fixture(scope="module")
def chromium() -> Iterator[Browser]:
    """Run one Chromium for the tests of a module.

    Not for longer: while it runs, no other test of this process can run an event loop.
    """
    path = chromium_path()
    if path is None:
        give_up("chromium")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(
            executable_path=path,
            args=["--no-sandbox", "--disable-dev-shm-usage", "--disable-background-networking"],
        )
        yield browser
        browser.close()


_GONE = ("ERR_CONNECTION", "ERR_INCOMPLETE", "ERR_SOCKET_NOT_CONNECTED")
"""What a browser says where the server is stopped, as some tests do."""


class Desktop:
    """Opens tabs on a stand, and notes what they must not do."""

    def __init__(self, browser: Browser) -> None:
        self._browser = browser
        self._contexts: list[BrowserContext] = []
        self.foreign: list[str] = []
        self.wrong: list[str] = []

    def person(self, stand: Stand, **options: Any) -> BrowserContext:
        """Give somebody a browser of their own."""
        context = self._browser.new_context(**{"viewport": WIDE, **options})
        context.set_default_timeout(15_000)  # CI fills both cores
        context.add_init_script(NOTE_EVENTS)
        context.on("request", lambda request: self._note(request.url, stand.url))
        context.on("page", self._listen)
        self._contexts.append(context)
        return context

    def tab(self, stand: Stand, path: str = "/", **options: Any) -> Page:
        """Open a page, and wait until it is live."""
        return go(self.person(stand, **options).new_page(), stand, path)

    def close(self) -> None:
        """Close all tabs."""
        for context in self._contexts:
            context.close()

    def _note(self, url: str, ours: str) -> None:
        if not url.startswith(f"{ours}/"):
            self.foreign.append(url)

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.wrong.append(str(error)))
        page.on("dialog", lambda dialog: self.wrong.append(dialog.message))
        page.on("console", lambda message: self._said(message.type, message.text))

    def _said(self, kind: str, text: str) -> None:
        if kind == "error" and not any(gone in text for gone in _GONE):
            self.wrong.append(text)


def go(page: Page, stand: Stand, path: str = "/") -> Page:
    """Go to a page, and wait until it is live."""
    page.goto(f"{stand.url}{path}", wait_until="domcontentloaded")  # a plot may take longer
    page.wait_for_selector("#link.live")
    return page


@pytest.fixture
def desktop(chromium: Browser) -> Iterator[Desktop]:
    """Lend a browser, and see that it spoke to nobody else and met no error."""
    given = Desktop(chromium)
    yield given
    given.close()
    assert given.foreign == []
    assert given.wrong == []


@pytest.fixture(scope="session")
def told(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Tell the story once, for all who only read on from its end."""
    folder = tmp_path_factory.mktemp("told")
    stand = Stand(folder, plant())
    tell_story(stand)
    stand.stop()
    return folder


@pytest.fixture
def make_stand(tmp_path: Path, told: Path) -> Iterator[Callable[..., Stand]]:
    """Build stands whose story is told, and stop them at the end."""
    stands: list[Stand] = []

    def make(token: str | None = None, title: str = "") -> Stand:
        folder = tmp_path / f"stand{len(stands)}"
        if title:
            folder.mkdir()
        else:
            shutil.copytree(told, folder)
        stand = Stand(folder, plant(title) if title else plant(), token)
        stands.append(stand)
        if title:
            tell_story(stand)
        stand.start()
        return stand

    yield make
    for stand in stands:
        stand.stop()


@pytest.fixture
def stand(make_stand: Callable[..., Stand]) -> Stand:
    """Serve the usual plant."""
    return make_stand()


@pytest.fixture
def picture() -> Callable[[Page, str], None]:
    """Keep a screenshot where MILLWRIGHT_SCREENSHOTS names a folder."""
    folder = os.environ.get("MILLWRIGHT_SCREENSHOTS")

    def keep(page: Page, name: str) -> None:
        if folder:
            Path(folder).mkdir(parents=True, exist_ok=True)
            page.screenshot(path=Path(folder) / f"{name}.png", full_page=True)

    return keep
