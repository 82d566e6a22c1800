"""A headless Chromium that reaches nobody: it counts what a page asks for and what it complains of."""

from __future__ import annotations

import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Page, Route, sync_playwright

CHROMIUM = Path("/usr/bin/chromium")
_ARGUMENTS = [
    "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking",
    "--disable-component-update", "--disable-sync", "--host-resolver-rules=MAP * ~NOTFOUND",
]  # fmt: skip
_DOT = bytes.fromhex(
    "89504e470d0a1a0a0000000d4948445200000001000000010802000000907753de"
    "0000000c4944415408d763f8ffff3f0005fe02fea7352181e20000000049454e44ae426082"
)


@contextmanager
def chromium() -> Iterator[Browser]:
    """Debian's Chromium; skips the test where there is none."""
    if not CHROMIUM.exists():
        pytest.skip("no chromium: install the Debian package chromium")
    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=str(CHROMIUM), args=_ARGUMENTS)
        yield browser
        browser.close()


@dataclass
class Opened:
    """A page, what it asked for besides itself, and what went wrong in it."""

    page: Page
    asked: list[str] = field(default_factory=list)
    complaints: list[str] = field(default_factory=list)

    def count(self) -> int:
        """Buildings that pass the filters, as the page says it."""
        text = self.page.inner_text("#count")
        return int(re.sub(r"\D", "", text.split(" ")[0]))

    def settle(self) -> None:
        """Wait until a filter that was just set has been applied."""
        self.page.wait_for_timeout(160)
        self.page.evaluate("new Promise((done) => requestAnimationFrame(() => setTimeout(done)))")

    def wait(self, expression: str) -> None:
        """Wait until an expression is true; the page's own policy forbids Playwright to do so inside it."""
        for _ in range(200):
            if self.page.evaluate(expression):
                return
            self.page.wait_for_timeout(20)
        raise AssertionError(f"never true: {expression}")

    def panel(self) -> str:
        """Text of the panel, which must be open."""
        return self.page.inner_text("#panel")


@contextmanager
def opened(
    browser: Browser, path: Path, fragment: str = "", *, internet: str = "none", width: int = 1280, height: int = 800
) -> Iterator[Opened]:
    """Open a file by its own address and wait until it is ready.

    Args:
        browser: from `chromium`.
        path: the HTML file.
        fragment: what stands behind the `#`.
        internet: `none` (the browser knows it is offline), `tiles` (every picture is answered with a dot),
            `broken` (the browser thinks it is online, and nothing answers).
        width: of the window, in pixels.
        height: of the window.
    """
    context = browser.new_context(viewport={"width": width, "height": height}, offline=internet == "none")
    page = context.new_page()
    result = Opened(page)

    def answer(route: Route) -> Any:
        return route.fulfill(body=_DOT, content_type="image/png") if internet == "tiles" else route.abort()

    context.route(re.compile("^(?!file:|data:|blob:)"), answer)
    page.on("request", lambda request: result.asked.append(request.url))
    page.on("console", lambda message: result.complaints.append(message.text) if message.type == "error" else None)
    page.on("pageerror", lambda error: result.complaints.append(str(error)))
    address = path.as_uri() + (f"#{fragment}" if fragment else "")
    page.goto(address)
    page.wait_for_selector("html[data-ready]")
    result.asked = [url for url in result.asked if url.split("#")[0] != path.as_uri()]
    yield result
    context.close()
