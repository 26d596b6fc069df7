"""How the recorder is doing, in a real browser.

The page's own process hears the stage's cameras, asks its disk and its log, and has the real doctor
look at this machine, whatever that finds.
"""

import itertools
import json
import re
import zipfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from smartrec.access.model import Scope
from smartrec.app.events import CameraState
from smartrec.media.demo import DemoFeed
from tests.web.browser.conftest import Library, Open, played
from tests.web.browser.fitting import (
    DESK,
    FINGER,
    PHONE,
    WALL,
    brightness,
    violations,
    wider_than_shown,
)
from tests.web.browser.test_session import REFUSED, log_in
from tests.web.browser.visit import Visit
from tests.web.http import ask
from tests.web.stage import FPS, Stage

AWAY = r"50[034]|ERR_FAILED"
"""What Chromium itself writes when it hears that not all is well."""
LOST, DAMAGED = 7, 2
NOON = 1_800_014_400_000
"""Of a Friday, in milliseconds."""
DAY = 86_400_000
FORECASTS: list[tuple[dict[str, object], str]] = [
    ({}, "How long it lasts is known after a day of clips"),
    ({"per_day_bytes": 1}, "It does not get full like this"),
    ({"full_ms": NOON - DAY}, "Full: no clip can be written any more"),
    ({"full_ms": NOON + 9 * DAY}, "Full in 9 days, if it goes on like this"),
    (
        {"full_ms": NOON + DAY // 4, "begins_to_delete_ms": NOON + DAY // 4, "keeps_days": 20.4},
        "Full in 6 hours, if it goes on like this; the oldest clips are deleted then; clips of"
        " about 20 days are kept",
    ),
    (
        {"begins_to_delete_ms": NOON + DAY, "why_delete": "age", "keeps_days": 1},
        "Older clips are deleted from tomorrow on for their age; clips of about 1 day are kept",
    ),
    (
        {"begins_to_delete_ms": NOON + 3 * DAY, "why_delete": "bytes"},
        "Older clips are deleted from Monday on to keep to the limit",
    ),
    (
        {"begins_to_delete_ms": NOON, "why_delete": "room", "keeps_days": 400},
        "The oldest clips are being deleted to make room; clips of about 13 months are kept",
    ),
]
NO_FORECAST = dict.fromkeys(
    ("full_ms", "begins_to_delete_ms", "why_delete", "keeps_days", "per_day_bytes")
)
SAID = """
async ([disks, now]) => {
  const { say } = await import("/js/health/strings.js");
  return disks.map((disk) => say.forecast(disk, now));
}
"""
LINE = """
async ([values]) => {
  const { Graph } = await import("/js/health/graph.js");
  const line = { kind: "line", name: "fps", row: "fps" };
  const graph = new Graph("fps", "", [line], 1, () => "", () => {});
  const at = values.map((_, i) => 1000 * i);
  const course = { step_ms: 1000, at_ms: at, rows: { fps: values }, from: 0, to: 1000 * at.length };
  graph.show({ ...course, since: 0 }, null, "");
  return graph.element.querySelector(".line").getAttribute("d");
}
"""
TOO_SMALL = """
(least) => [...document.querySelectorAll(".health :is(button, select, summary)")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < least)
  .map((each) => each.outerHTML)
"""


@pytest.fixture(scope="module")
def own(film: DemoFeed) -> Iterator[Stage]:
    """Two cameras, of which pictures may get lost."""
    with played(2, film) as stage:
        yield stage


def health(visit: Open, stage: Stage, **size: Any) -> Visit:
    """The view, once all parts of it are there."""
    tab = visit(f"{stage.child.address}#health", **(size or DESK))
    expect(tab.page.locator(".one")).to_have_count(len(stage.cameras))
    expect(tab.page.locator(".lines li")).not_to_have_count(0)
    return tab


def served(stage: Stage, path: str) -> dict[str, Any]:
    answer: dict[str, Any] = json.loads(ask(stage.child.port, f"/api/v1/{path}").body)
    return answer


def examined(page: Page) -> None:
    """Until the doctor has looked."""
    expect(page.locator(".doctor:not(.busy)").get_by_text(re.compile("^Looked "))).to_be_visible()


def graph(page: Page, name: str, camera: str = "Demo") -> Locator:
    one = page.locator(".one").filter(has=page.get_by_role("heading", name=camera, exact=True))
    return one.locator(f".graph[data-name='{name}']")


def value(page: Page, name: str, camera: str = "Demo") -> Locator:
    return graph(page, name, camera).locator(".value")


def lose(stage: Stage, camera: str) -> None:
    """Pictures of it."""
    stage.publish(CameraState(camera, FPS, 12.0, 34_000_000, FPS, DAMAGED, LOST))


@contextmanager
def deaf(stage: Stage) -> Iterator[None]:
    """Nobody hears at the recorder's socket."""
    socket = Path(stage.setup.socket)
    aside = socket.with_suffix(".aside")
    socket.rename(aside)
    try:
        yield
    finally:
        aside.rename(socket)


def test_how_it_is_doing_is_said_drawn_and_found(own: Stage, visit: Open) -> None:
    page = health(visit, own).page
    examined(page)
    found = served(own, "doctor")
    broken, remarks = (
        [each for each in found["checks"] if each["status"] == status] for status in ("bad", "warn")
    )
    said = f"The doctor found {len(broken)} thing" if broken else "All is well"
    expect(page.get_by_role("heading", level=1)).to_contain_text(said)
    shown = page.locator(".doctor > .checks > li")
    expect(shown).to_have_count(len(broken) + len(remarks))
    for each, finding in zip(shown.all(), broken + remarks, strict=True):
        expect(each).to_contain_text(finding["what"], ignore_case=True)
        expect(each.locator("code")).to_have_text([finding["mend"]] if finding["mend"] else [])
    expect(value(page, "fps")).to_have_text(str(FPS))
    expect(value(page, "ring")).to_have_text("12 s, 34 MB")
    expect(page.locator(".forecast")).to_have_text(
        "How long it lasts is known after a day of clips."
    )
    expect(page.locator(".lines li").first).to_contain_text("warning no recorder is behind this")


@pytest.mark.long
def test_what_gets_lost_is_counted(own: Stage, visit: Open) -> None:
    page = health(visit, own).page
    expect(value(page, "lost", "Demo 1")).to_have_text("0")
    lose(own, "cam1")
    expect(value(page, "lost", "Demo 1")).to_have_text(f"{LOST} lost, {DAMAGED} damaged")
    expect(graph(page, "lost", "Demo 1").locator("path[data-name='damaged']")).to_have_attribute(
        "d", re.compile("^M")
    )
    expect(value(page, "lost")).to_have_text("0")


@pytest.mark.long
def test_what_is_pointed_at_is_told_of_all_graphs(own: Stage, visit: Open) -> None:
    tab = health(visit, own)
    page = tab.page
    expect(page.get_by_text("nothing is known: the page was started then")).to_be_visible()
    expect(value(page, "fps")).to_have_text(str(FPS))
    plot = graph(page, "fps").locator(".plot")
    box = plot.bounding_box()
    assert box is not None
    plot.hover(position={"x": 4, "y": 20})
    for camera in ("Demo", "Demo 1"):
        for name in ("fps", "lost", "ring"):
            expect(value(page, name, camera)).to_have_text("\u2013")
            expect(graph(page, name, camera).locator(".cursor")).to_be_visible()
    times = page.locator(".when.pointed").all_text_contents()
    assert len(times) == 2
    assert len(set(times)) == 1
    edges = itertools.cycle((2, 3))

    def told_of_now() -> bool:
        plot.hover(position={"x": box["width"] - next(edges), "y": 20})
        return value(page, "ring", "Demo 1").text_content() == "12 s, 34 MB"

    tab.wait_until("the newest is told", told_of_now)
    line = graph(page, "fps").locator("path.line").get_attribute("d") or ""
    assert float(line[1:].split()[0]) > 300, "nothing is drawn of a time that is not known"
    page.mouse.move(0, 0)
    expect(page.locator(".when.pointed")).to_have_count(0)
    expect(graph(page, "fps").locator(".cursor")).to_be_hidden()


@pytest.mark.long
def test_what_is_not_known_is_a_gap_and_never_bridged(own: Stage, visit: Open) -> None:
    page = health(visit, own).page
    values = [30, 30, None, 15, None, None, 0, 30]
    drawn: str = page.evaluate(LINE, [values])
    parts = [re.findall(r"[\d.]+", part) for part in drawn.split("M")[1:]]
    assert [float(part[0]) for part in parts] == [62.5, 437.5, 812.5], "where each begins"
    assert [len(part) // 2 for part in parts] == [2, 1, 2], "points of each"
    assert float(parts[2][1]) == 100, "nothing comes: at the bottom"


@pytest.mark.long
def test_graphs_reach_further_back_and_are_a_table_too(own: Stage, visit: Open) -> None:
    page = health(visit, own).page
    page.keyboard.press("3")
    expect(page.get_by_role("button", name="24 hours")).to_have_attribute("aria-pressed", "true")
    expect(page.locator(".of:not(.old)")).to_be_visible()
    page.get_by_role("button", name="1 hour").click()
    page.get_by_role("button", name="As a table").click()
    expect(page.locator(".of:not(.old)")).to_be_visible()
    table = page.get_by_role("table", name="Demo 1")
    assert 1 < table.get_by_role("row").count() < 5, "of what is known"
    newest = table.get_by_role("row").nth(1)
    expect(newest.get_by_role("cell").first).to_have_text(str(FPS))
    expect(graph(page, "fps")).to_be_hidden()
    assert not violations(page)
    page.get_by_role("button", name="As a table").click()
    expect(graph(page, "fps")).to_be_visible()


@pytest.mark.long
def test_the_log_follows_waits_and_shows_what_is_grave(own: Stage, visit: Open) -> None:
    page = health(visit, own).page
    lines = page.locator(".lines li")
    page.locator(".lines").scroll_into_view_if_needed()
    own.book.take("error", "cam0: the lens fell off")
    expect(lines.last).to_contain_text("the lens fell off")
    expect(lines.last).to_be_in_viewport()
    page.get_by_role("button", name="Pause").click()
    own.book.take("info", "cam0: somebody came")
    expect(page.get_by_role("button", name="Follow (1 new)")).to_be_visible()
    expect(lines.last).to_contain_text("the lens fell off")
    page.keyboard.press("p")
    expect(lines.last).to_contain_text("somebody came")
    page.get_by_role("button", name="Errors").click()
    expect(lines).to_have_count(1)
    expect(lines).to_contain_text("error cam0: the lens fell off")
    own.book.take("info", "of no interest here")
    own.book.take("error", "cam1: gone <b>for good</b>")
    expect(lines).to_have_count(2)
    expect(lines.last).to_contain_text("<b>for good</b>")
    page.get_by_role("button", name="All", exact=True).click()
    expect(lines.filter(has_text="of no interest here")).to_have_count(1)


@pytest.mark.long
def test_the_log_is_copied_line_by_line(own: Stage, visit: Open) -> None:
    permissions = {"permissions": ["clipboard-read", "clipboard-write"]}
    page = health(visit, own, **DESK, **permissions).page
    own.book.take("warning", "to be copied")
    expect(page.locator(".lines li").last).to_contain_text("to be copied")
    page.locator(".log").get_by_role("button", name="Copy").click()
    expect(page.locator(".log").get_by_role("button", name="Copied")).to_be_visible()
    copied: str = page.evaluate("navigator.clipboard.readText()")
    assert re.search(r"^\d\d:\d\d:\d\d warning to be copied$", copied, re.MULTILINE)


@pytest.mark.long
def test_the_doctor_looks_again(own: Stage, visit: Open) -> None:
    page = health(visit, own).page
    examined(page)
    before = served(own, "doctor")["at_ms"]
    page.get_by_role("button", name="Look again").click()
    expect(page.get_by_role("button", name="Look again")).to_have_attribute("aria-disabled", "true")
    examined(page)
    assert served(own, "doctor")["at_ms"] > before
    fine = page.locator(".fine")
    fine.locator("summary").click()
    expect(fine.locator("li").first).to_be_visible()


@pytest.mark.long
def test_that_the_recorder_is_gone_is_said_at_once_and_so_is_its_return(
    own: Stage, visit: Open
) -> None:
    tab = health(visit, own)
    tab.expected.append(AWAY)
    page = tab.page
    examined(page)
    well = page.get_by_role("heading", level=1).text_content()
    with deaf(own):
        title = re.compile("The recorder does not answer|2 things are wrong")
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        expect(page.locator(".overall[data-tone='bad']")).to_be_visible()
    expect(page.get_by_role("heading", level=1)).to_have_text(well or "")


@pytest.mark.long
def test_the_report_is_an_archive(own: Stage, visit: Open) -> None:
    page = health(visit, own).page
    with page.expect_download() as download:
        page.get_by_role("button", name="Download report").click()
    assert download.value.suggested_filename == "smartrec-report.zip"
    with zipfile.ZipFile(download.value.path()) as archive:
        assert archive.namelist()
        assert archive.testzip() is None


@pytest.mark.long
def test_the_disk_is_told_by_camera_and_as_long_as_it_lasts(library: Library, visit: Open) -> None:
    page = visit(f"{library.stage.child.address}#health", **DESK).page
    disk = served(library.stage, "disk")
    rows = page.locator(".disk tbody tr")
    expect(rows).to_have_count(len(disk["cameras"]))
    names = rows.get_by_role("rowheader").all_text_contents()
    assert names == [camera["name"] for camera in disk["cameras"]]
    expect(page.locator(".legend li").first).to_contain_text(f"{disk['clips']:,} clips")
    expect(page.locator(".forecast")).to_have_text(
        re.compile(r"^(Full in \d+ (hour|day|month|year)|Older clips|The oldest clips|It does not)")
    )


@pytest.mark.long
def test_what_will_become_of_the_disk_is_a_sentence(own: Stage, visit: Open) -> None:
    page = health(visit, own, **DESK, locale="en-GB", timezone_id="UTC").page
    disks = [{**NO_FORECAST, **disk} for disk, _ in FORECASTS]
    assert page.evaluate(SAID, [disks, NOON]) == [words for _, words in FORECASTS]


@pytest.mark.long
def test_who_may_only_record_does_not_find_it(film: DemoFeed, visit: Open) -> None:
    with played(1, film, users=True) as stage:
        tab = visit(f"{stage.child.address}#health", **DESK)
        tab.expected.append(REFUSED)
        expect(tab.page.get_by_role("textbox", name="Name")).to_be_focused()
        log_in(tab.page, Scope.RECORD.value)
        expect(tab.page.get_by_role("heading", name="This is not open to you")).to_be_visible()
        expect(tab.page.get_by_role("link", name="Health")).to_be_hidden()


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(PHONE, "dark", id="phone-dark", marks=pytest.mark.long),
        pytest.param(DESK, "light", id="desk-light", marks=pytest.mark.long),
        pytest.param(WALL, "dark", id="wall-dark", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_and_all_fits(
    own: Stage, visit: Open, size: dict[str, Any], scheme: str
) -> None:
    page = health(visit, own, color_scheme=scheme, **size).page
    examined(page)
    assert not violations(page)
    assert wider_than_shown(page) == 0
    assert (brightness(page) < 80) is (scheme == "dark")
    if size is PHONE:
        assert not page.evaluate(TOO_SMALL, FINGER)
