"""One Chromium and one recorder for all tests of the page; each test has tabs of its own.

Both are of the package and not of the session: while Playwright runs, no other test of the same
process could start an event loop.
"""

import os
import shutil
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from typing import Any

import pytest
from playwright.sync_api import Browser, expect, sync_playwright

from smartrec.app.page_messages import Serving
from smartrec.clock import SystemClock
from smartrec.media.demo import DemoFeed, open_demo
from smartrec.model import Codec
from tests.e2e.recorder import DETECTING, Home, Recorder, environment
from tests.web.browser.visit import TIMEOUT, Visit, visiting
from tests.web.programme import FIRST, LENGTH, YARD, Programme
from tests.web.stage import Stage, staged
from tests.web.studio import FPS, Clip, Growing, Studio, Wish

PAGE = r"page: (http://\S+)"
ROWS = 10_000
"""Clips in the catalogue beside those that can be played."""
WITH_PAGE = {"SMARTREC_WEB__ENABLED": "true", "SMARTREC_WEB__PORT": "0"}
Open = Callable[..., Visit]

expect.set_options(timeout=1000 * TIMEOUT)


@pytest.hookimpl(tryfirst=True)  # xdist reads the groups in its own
def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """They share a browser, and run one after another."""
    if config.pluginmanager.hasplugin("xdist"):
        for item in items:
            if "browser" in item.path.parts:
                item.add_marker(pytest.mark.xdist_group("browser"))


@pytest.fixture(scope="package")
def browser() -> Iterator[Browser]:
    program = shutil.which("chromium")
    if program is None:
        missing = "chromium is not installed (see src/smartrec/packages.txt)"
        if os.environ.get("CI"):
            pytest.fail(missing, pytrace=False)
        pytest.skip(missing)
    with sync_playwright() as playwright:
        started = playwright.chromium.launch(
            executable_path=program,
            chromium_sandbox=os.geteuid() != 0,  # Chromium refuses it to root
        )
        yield started
        started.close()


@pytest.fixture
def visit(browser: Browser) -> Iterator[Open]:
    """Open a tab; at the end nothing may have gone wrong in any of them."""
    tabs: list[Visit] = []
    with ExitStack() as stack:

        def open_tab(address: str, **context: Any) -> Visit:
            tab = stack.enter_context(visiting(browser, address, **context))
            tabs.append(tab)
            return tab.open()

        yield open_tab
        # Within the `with`: closing a tab cuts its connections, which is no fault.
        assert not [fault for tab in tabs for fault in tab.unexpected()]


@contextmanager
def played(
    cameras: int,
    demo: DemoFeed,
    port: int = 0,
    *,
    shown: Callable[[int], int] = int,
    studio: Studio | None = None,
    **how: bool,
) -> Iterator[Stage]:
    """A page that a stand-in for the recorder feeds.

    Args:
        cameras: How many.
        demo: Their pictures.
        port: Of the page.
        shown: Which of the demo's pictures is the n-th.
        studio: Makes clips of what is recorded.
        how: See `Stage`.
    """
    with staged(cameras, port, demo, studio=studio, **how) as stage:
        said = stage.child.said.get(timeout=TIMEOUT)
        assert isinstance(said, Serving), said
        feeder = threading.Thread(target=stage.run, kwargs={"shown": shown}, daemon=True)
        feeder.start()
        try:
            yield stage
        finally:
            stage.child.hang_up()
            feeder.join(TIMEOUT)


@pytest.fixture(scope="package")
def film(tmp_path_factory: pytest.TempPathFactory) -> Iterator[DemoFeed]:
    """The demo camera's pictures."""
    feed = open_demo(tmp_path_factory.getbasetemp().parent / "demo-pictures")
    yield feed
    feed.close()


@pytest.fixture(scope="package")
def stage(film: DemoFeed) -> Iterator[Stage]:
    """Two cameras without a recorder; no test may leave it other than it was."""
    with played(2, film) as stage:
        yield stage


@dataclass(frozen=True)
class Library:
    """Clips of all kinds behind a page.

    Attributes:
        stage: The page.
        studio: Makes more; a test that changes a clip makes one of its own.
        programme: What is there from the beginning, and stays as it is.
    """

    stage: Stage
    studio: Studio
    programme: Programme

    def address(self, clip: Clip | Growing) -> str:
        """Of a clip's page."""
        return f"{self.stage.child.address}#clip/{clip.id}"

    def now(self, length: int = 2, **wish: Any) -> Wish:
        """A clip that begins now, of so many seconds: the camera's own JPEGs, a key, no person."""
        numbers = range(FIRST, FIRST + length * FPS)
        own = {"began": SystemClock().now().wall_ns, "numbers": numbers, "keys": (numbers[FPS],)}
        return Wish(**{**own, "camera": YARD, "codec": Codec.JPEG, "looked": False, **wish})

    def new(self, **wish: Any) -> Clip:
        """One that a test may change."""
        return self.studio.record(self.now(**wish))

    def __getitem__(self, name: str) -> Clip:
        return self.programme[name]


@pytest.fixture(scope="package")
def library(film: DemoFeed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Library]:
    """Two cameras without a recorder, clips of three, and rows of many more."""
    studio, now = Studio(tmp_path_factory.mktemp("library") / "clips", film), SystemClock().now()
    studio.fill(ROWS, now.wall_ns - LENGTH)
    shown = Programme(studio, now.wall_ns)
    with played(2, film, studio=studio) as stage:
        yield Library(stage, studio, shown)


def home_in(factory: pytest.TempPathFactory) -> Home:
    place = factory.mktemp("recorder")
    cache = factory.getbasetemp().parent / "demo-pictures"
    open_demo(cache).close()  # draws it the first time
    return Home(place / "clips", environment(factory.mktemp("run"), place / "state", cache))


def page_of(running: Recorder) -> str:
    """Where its page is."""
    return running.wait_for(PAGE)[1]


@pytest.fixture(scope="package")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Recorder, str]]:
    """`smartrec demo` with a person who comes and goes, and the address of its page."""
    home = home_in(tmp_path_factory)
    timing = ("--pre-roll", "3s", "--post-roll", "30s")
    environ = {**DETECTING, **WITH_PAGE, "SMARTREC_TRIGGER__PERSON": "false"}
    with Recorder(home, ("demo", *timing), environ=environ) as running:
        yield running, page_of(running)
