"""A tab of Debian's Chromium on the page, and a list of all that the page should not do there."""

import io
import re
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

import numpy as np
import numpy.typing as npt
from PIL import Image
from playwright.sync_api import (
    APIResponse,
    Browser,
    ConsoleMessage,
    Locator,
    Page,
    Request,
    Route,
)

from tests.web.browser import numbers

TIMEOUT = 25.0
"""Seconds that anything may take on a machine that is busy with other tests."""
LOCAL_SCHEMES = {"blob", "data"}
_TELL_VIOLATIONS = """
document.addEventListener("securitypolicyviolation",
  (event) => console.error(`CSP: ${event.violatedDirective} forbids ${event.blockedURI}`));
"""

Pixels = npt.NDArray[np.uint8]


@dataclass
class Visit:
    """See the module.

    Attributes:
        page: The tab.
        address: Of the page.
        faults: Errors and warnings of the console, exceptions, requests to others.
        expected: What may be among them, where a test makes it happen.
    """

    page: Page
    address: str
    faults: list[str] = field(default_factory=list)
    expected: list[str] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.page.on("console", self._console)
        self.page.on("pageerror", lambda error: self.faults.append(f"exception: {error}"))
        self.page.on("request", self._request)

    def open(self) -> "Visit":
        """The page, from its beginning."""
        self.page.goto(self.address)
        return self

    def unexpected(self) -> list[str]:
        """Faults that no test has made."""
        return [
            fault
            for fault in self.faults
            if not any(re.search(pattern, fault) for pattern in self.expected)
        ]

    def wait_until(self, what: str, holds: Callable[[], bool]) -> None:
        """Until something holds that is asked of the page again and again.

        Playwright's own `wait_for_function` is forbidden by the page's Content-Security-Policy.
        """
        deadline = time.monotonic() + TIMEOUT
        while not holds():
            assert time.monotonic() < deadline, f"in vain: {what}"
            self.page.wait_for_timeout(50)

    def _console(self, message: ConsoleMessage) -> None:
        if message.type in {"error", "warning"}:
            self.faults.append(f"console {message.type}: {message.text}")

    def _request(self, request: Request) -> None:
        asked, own = urlsplit(request.url), urlsplit(self.address)
        if asked.scheme not in LOCAL_SCHEMES and asked.netloc != own.netloc:
            self.faults.append(f"request to another host: {request.url}")


class Late:
    """An answer that a tab waits for: of the moment it was asked, and it comes when it shall."""

    def __init__(self, tab: Visit, url: str) -> None:
        """Hold back what is asked next of an address like `url`, a regular expression."""
        self._tab = tab
        self._held: list[tuple[Route, APIResponse]] = []
        tab.page.route(re.compile(url), self._hold, times=1)

    def _hold(self, route: Route) -> None:
        self._held.append((route, route.fetch()))

    def wait(self) -> None:
        """Until it was asked for."""
        self._tab.wait_until("it is asked for", lambda: bool(self._held))

    def come(self) -> None:
        """Here it is, and the page has done with it what it does."""
        ((route, answer),) = self._held
        with self._tab.page.expect_event("requestfinished", lambda each: each == route.request):
            route.fulfill(response=answer)
        self._tab.page.evaluate("() => new Promise(requestAnimationFrame)")


@contextmanager
def visiting(browser: Browser, address: str, **context: Any) -> Iterator[Visit]:
    """A tab with storage of its own; `context` as of `Browser.new_context`."""
    own = browser.new_context(**context)
    try:
        own.set_default_timeout(1000 * TIMEOUT)
        own.add_init_script(_TELL_VIOLATIONS)
        own.add_init_script(numbers.WATCH)
        yield Visit(own.new_page(), address)
    finally:
        own.close()


def pixels(shown: Page | Locator) -> Pixels:
    """What a person sees of it: RGB, shape (height, width, 3)."""
    return np.asarray(Image.open(io.BytesIO(shown.screenshot())).convert("RGB"))
