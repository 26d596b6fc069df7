"""Take the documentation's pictures of the page, all of them: docs/images/page-*.jpg.

    .venv/bin/python -m tools.screenshots [--minutes 10] [--only live,phone] [--into docs/images]

Two cameras are watched by the real recorder: the demo's, and a film of visits to its hall
(`tools.screenshots_film`). What is seen was detected, recorded and measured in these minutes. Only
for the events of a whole day are the clips copied in the catalogue to earlier hours; health and the
single clip are photographed before that. The browser's clock is set so that it is late afternoon.

The letters are those of `FACE`, which Debian has as the package fonts-inter; a page has no font of
its own, and takes the system's. Look at each picture before it is committed.
"""

import argparse
import os
import re
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from io import BytesIO
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, Page, expect, sync_playwright
from tests.e2e.recorder import Home, Recorder
from tests.web.browser import numbers
from tests.web.browser.boxes import STANDS
from tests.web.browser.visit import visiting
from tools import screenshots_film
from tools.screenshots_day import spread

from smartrec.clock import SystemClock
from smartrec.media.demo_scene import LOOP_FRAMES

FACE = "Inter"
OF_A_DAY = ("events", "zones", "replay")
NAMES = ("live", "phone", "health", "settings", "clip", *OF_A_DAY)
DESK = {"viewport": {"width": 1280, "height": 800}}
PHONE = {
    "viewport": {"width": 360, "height": 640},
    "device_scale_factor": 2,
    "is_mobile": True,
    "has_touch": True,
    "color_scheme": "dark",
}
MOST_BYTES = 165_000
AFTERNOON = 16
ZONE = ((0.08, 0.36), (0.36, 0.36), (0.42, 0.98), (0.03, 0.98))
ASKED_S = 30
"""A clip is asked for so often: now and then somebody is there whom the detector is not sure of."""
SETTINGS = """
[recording]
pre_roll = "5s"
post_roll = "5s"

[[camera]]
name = "Hall"
source = "demo"

[[camera]]
name = "Door"
source = "file:{film}"
loop = true
fps = 15
"""
ALIAS = (
    "<match><test name='family'><string>{}</string></test><edit name='family'"
    " mode='prepend' binding='strong'><string>{}</string></edit></match>"
)
FONTS = """<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig><include>/etc/fonts/fonts.conf</include>{aliases}</fontconfig>
"""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--minutes", type=float, default=10, help="how long is recorded before")
    parser.add_argument("--only", default=",".join(NAMES), help="some of them")
    parser.add_argument("--into", type=Path, default=Path("docs/images"))
    given = parser.parse_args()
    wanted = [name for name in NAMES if name in given.only.split(",")]
    first_of_day = next((name for name in wanted if name in OF_A_DAY), None)
    expect.set_options(timeout=120_000)
    with recording() as running, lettered(running.home.clips.parent), browser() as chromium:
        address = running.wait_for(r"page: (http://\S+)")[1]
        record(running, 60 * given.minutes)
        for each in wanted:
            if each == first_of_day:
                spread(running.home.clips, SystemClock().now().wall_ns)
            size = PHONE if each == "phone" else DESK
            with visiting(chromium, address, timezone_id=afternoon(), **size) as visit:
                page = visit.open().page
                TAKEN[each](page, running)
                save(page, given.into / f"page-{each}.jpg")
                assert not visit.unexpected(), visit.unexpected()
        running.stop()


@contextmanager
def recording() -> Iterator[Recorder]:
    """Both cameras, of which nothing but the demo's drawn pictures is shared with the user's."""
    with tempfile.TemporaryDirectory(prefix="smartrec-") as name:
        place = Path(name)
        screenshots_film.make(film := place / "visits.mkv")
        (file := place / "smartrec.toml").write_text(SETTINGS.format(film=film))
        own = {"XDG_RUNTIME_DIR": name, "SMARTREC_STATE_DIR": f"{name}/state"}
        home = Home(place / "clips", {**os.environ, **own})
        with Recorder(home, ("run", "--config", str(file), "--port", "0")) as running:
            yield running


def record(running: Recorder, length: float) -> None:
    """Let time pass, and ask for a clip now and then."""
    running.wait_ring(5)
    begun = time.monotonic()
    for at in range(ASKED_S, int(length), ASKED_S):
        time.sleep(max(0.0, begun + at - time.monotonic()))
        running.home.run("trigger", "--camera", "cam1")
    time.sleep(max(0.0, begun + length - time.monotonic()))


@contextmanager
def lettered(place: Path) -> Iterator[None]:
    """Programs that are started meanwhile have `FACE` for whatever letters they have none of."""
    aliases = "".join(ALIAS.format(each, FACE) for each in ("system-ui", "sans-serif", "sans"))
    (file := place / "fonts.conf").write_text(FONTS.format(aliases=aliases))
    os.environ["FONTCONFIG_FILE"] = str(file)
    yield
    del os.environ["FONTCONFIG_FILE"]


@contextmanager
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        program = shutil.which("chromium")
        started = playwright.chromium.launch(
            executable_path=program, chromium_sandbox=os.geteuid() != 0
        )
        yield started
        started.close()


def afternoon() -> str:
    """A time zone in which it is."""
    ahead = (AFTERNOON - time.gmtime().tm_hour + 11) % 24 - 11
    return f"Etc/GMT{-ahead:+d}" if ahead else "UTC"


def live(page: Page, running: Recorder) -> None:
    """The demo's camera alone, a person in its middle, and some seconds of a clip."""
    expect(page.locator(".tile canvas").first).to_be_visible()
    page.keyboard.press("1")
    expect(page.locator("#all")).to_be_visible()
    wait_for_person(page)


def wait_for_person(page: Page) -> None:
    """Until she stands there and is recorded; the number drawn into the picture says so."""
    stood = numbers.drawn(page)[-1:]
    while not (page.locator(".rec").first.is_visible() and any(map(has_come, stood))):
        page.wait_for_timeout(50)
        stood = numbers.drawn(page)[-1:]


def has_come(drawn: numbers.Drawn) -> bool:
    """Whether she stands there, and will for two seconds."""
    return drawn.number % LOOP_FRAMES in STANDS[: len(STANDS) // 4]


def health(page: Page, running: Recorder) -> None:
    show(page, "Health")
    expect(page.get_by_text(re.compile(r"^Looked \d"))).to_be_visible()


def settings(page: Page, running: Recorder) -> None:
    show(page, "Settings")
    page.locator(".camera[data-camera=cam0] .fold").click()
    page.locator(".camera[data-camera=cam0] [data-key='camera.rotate'] select").select_option(
        "180°"
    )
    set_to(page, "recording.pre_roll", "8s")


def clip(page: Page, running: Recorder) -> None:
    """The newest of the demo's person that is whole, halfway through."""
    rows = [each for each in running.home.rows() if each["camera_id"] == "cam0"]
    whole = next(each for each in rows if each["state"] == "complete")
    page.goto(f"{page.url.partition('#')[0]}#clip/{whole['clip_id']}?at=8")
    expect(page.get_by_text(re.compile(r"^Picture \d+ of "))).to_be_visible()


def events(page: Page, running: Recorder) -> None:
    show(page, "Events")
    expect(page.locator("article[data-clip] img.there").nth(9)).to_be_visible()
    expect(page.locator("[data-state=complete] img:visible:not(.there)")).to_have_count(0)


def zones(page: Page, running: Recorder) -> None:
    page.goto(f"{page.url.partition('#')[0]}#zones/cam1")
    expect(page.locator(".kept:not(.busy) li[data-clip]").first).to_be_visible()
    page.get_by_role("button", name="Draw a zone").click()
    box = page.get_by_role("application", name="Drawing of the zones").bounding_box()
    assert box is not None
    for x, y in ZONE:
        page.mouse.click(box["x"] + x * box["width"], box["y"] + y * box["height"])
    page.keyboard.press("Enter")
    page.get_by_role("textbox", name="Name").fill("door")
    page.get_by_role("radio", name="Middle").click()
    expect(page.locator(".kept li[data-state=dropped]")).not_to_have_count(0)
    expect(page.locator(".kept:not(.busy)")).to_be_visible()


def replay(page: Page, running: Recorder) -> None:
    show(page, "Settings")
    set_to(page, "detector.min_confidence", "0.35")
    set_to(page, "trigger.min_area", "0.08")
    page.get_by_role("button", name="Try on recorded events").click()
    expect(page.locator(".summary:not(.busy)")).to_be_visible()


TAKEN = dict(zip(NAMES, (live, live, health, settings, clip, events, zones, replay), strict=True))


def show(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Views").get_by_role("link", name=name).click()


def set_to(page: Page, key: str, value: str) -> None:
    page.locator(f"[data-key='{key}'] input").fill(value)


def save(page: Page, path: Path) -> None:
    """As good as it gets with `MOST_BYTES`."""
    page.wait_for_timeout(500)  # until nothing moves to its place any more
    shown = Image.open(BytesIO(page.screenshot())).convert("RGB")
    qualities = iter(range(92, 50, -3))
    packed = b""
    while not packed or len(packed) > MOST_BYTES:
        shown.save(into := BytesIO(), "JPEG", quality=next(qualities), optimize=True)
        packed = into.getvalue()
    path.write_bytes(packed)
    print(f"{path}: {shown.width}x{shown.height}, {len(packed)} bytes")


if __name__ == "__main__":
    main()
