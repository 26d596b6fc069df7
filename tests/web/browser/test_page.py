"""The page in a real browser, on a stage: any size, any colours, keys alone, a server that dies."""

import re
from collections.abc import Iterator
from dataclasses import astuple
from functools import partial

import pytest
from playwright.sync_api import Page, expect

from smartrec.app.events import CameraLost
from smartrec.media.demo import DemoFeed
from smartrec.model import Action, Command, new_id
from tests.web.browser import numbers
from tests.web.browser.boxes import STANDS, wait_for_box
from tests.web.browser.conftest import Open, played
from tests.web.browser.fitting import (
    DESK,
    FINGER,
    PHONE,
    SEVERED,
    WALL,
    brightness,
    violations,
    wider_than_shown,
)
from tests.web.browser.visit import Visit
from tests.web.stage import Stage


@pytest.fixture(autouse=True)
def nothing_recorded(stage: Stage) -> Iterator[None]:
    """Each test ends as it began."""
    yield
    stage.recorder.obey(Command(new_id(), None, Action.STOP))


def wait_live(tab: Visit) -> Visit:
    """Until pictures are drawn."""
    tab.wait_until("a picture", lambda: bool(numbers.drawn(tab.page)))
    return tab


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(PHONE, id="phone"),
        pytest.param(DESK, id="desk", marks=pytest.mark.long),
        pytest.param(WALL, id="wall", marks=pytest.mark.long),
    ],
)
def test_the_page_fits(stage: Stage, visit: Open, size: dict[str, object]) -> None:
    tab = wait_live(visit(stage.child.address, **size))
    page = tab.page
    assert wider_than_shown(page) == 0
    width = page.viewport_size["width"] if page.viewport_size else 0
    picture = page.locator(".picture").first.bounding_box()
    assert picture is not None
    assert picture["width"] > 0.3 * width
    record = page.locator("#record")
    expect(record).to_be_in_viewport(ratio=1)
    box = record.bounding_box()
    assert box is not None
    if size is PHONE:
        assert min(box["width"], box["height"]) >= FINGER
        assert picture["width"] > 0.95 * width
        record.tap()
    else:
        record.click()
    expect(page.locator("#answer")).to_contain_text("Recording")


@pytest.mark.parametrize(
    ("scheme", "dark"), [("dark", True), pytest.param("light", False, marks=pytest.mark.long)]
)
def test_the_page_is_as_dark_as_the_system_unless_told_otherwise(
    stage: Stage, visit: Open, scheme: str, dark: bool
) -> None:
    tab = visit(stage.child.address, color_scheme=scheme)
    page = tab.page
    assert (brightness(page) < 80) is dark
    switch = page.locator("#theme")
    for _ in range(3):
        if (brightness(page) < 80) is not dark:
            break
        switch.click()
    assert (brightness(page) < 80) is not dark
    tab.open()
    assert (brightness(page) < 80) is not dark, "remembered"


def test_everything_is_done_by_keys(stage: Stage, visit: Open) -> None:
    tab = wait_live(visit(stage.child.address, **DESK))
    page = tab.page
    tiles = page.locator(".tile:visible")
    expect(tiles).to_have_count(2)
    page.keyboard.press("2")
    expect(tiles).to_have_count(1)
    expect(tiles).to_contain_text("Demo 1")
    page.keyboard.press("0")
    expect(tiles).to_have_count(2)
    page.keyboard.press("1")
    expect(tiles).to_have_count(1)
    page.keyboard.press("s")
    expect(page.locator("#answer")).to_contain_text("nothing is being recorded")
    page.keyboard.press("r")
    expect(page.locator("#answer")).to_have_text(re.compile(r"^Recording Demo\..* 10\.0 s"))
    page.keyboard.press("r")
    expect(page.locator("#answer")).to_contain_text("extended")
    page.keyboard.press("s")
    expect(page.locator("#answer")).to_contain_text("Stopped")
    page.keyboard.press("Escape")
    expect(tiles).to_have_count(2)

    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_role("dialog")).to_be_hidden()


def test_f_fills_the_screen_and_gives_it_back(stage: Stage, visit: Open) -> None:
    tab = wait_live(visit(stage.child.address, **DESK))
    page = tab.page
    for full in (True, False):
        page.keyboard.press("f")
        tab.wait_until(f"full screen: {full}", partial(is_full, page, full))


def is_full(page: Page, wanted: bool) -> bool:
    """Whether pictures fill the screen, or the window where the browser allows no more."""
    full: bool = page.evaluate(
        """() => {
          const { width, height } = document.querySelector("#stage").getBoundingClientRect();
          return width === innerWidth && height === innerHeight;
        }"""
    )
    return full is wanted


def test_tab_goes_through_all_that_can_be_done_and_shows_where_it_is(
    stage: Stage, visit: Open
) -> None:
    page = wait_live(visit(stage.child.address, **DESK)).page
    expect(page.locator("#record")).to_be_visible()  # what one may do comes beside the pictures
    reached: list[str] = []
    for _ in range(40):
        page.keyboard.press("Tab")
        where = page.evaluate(
            """() => {
              const at = document.activeElement, style = getComputedStyle(at);
              const shown = style.outlineStyle !== "none" || style.boxShadow !== "none";
              return [at.id || at.className || at.tagName, shown];
            }"""
        )
        if where[0] == "BODY":
            break
        assert where[1], f"{where[0]} has the focus and does not show it"
        reached.append(where[0])
    assert {"theme", "help", "record", "full"} <= set(reached)


def test_what_one_tab_does_another_sees(stage: Stage, visit: Open) -> None:
    one, other = (wait_live(visit(stage.child.address)).page for _ in range(2))
    one.keyboard.press("1")
    one.keyboard.press("r")
    for page in (one, other):
        expect(page.locator("#entries li").first).to_contain_text("Recording")
    recording = other.locator(".tile[data-recording]")
    expect(recording).to_have_count(1)
    expect(recording).to_contain_text("Demo")
    one.keyboard.press("s")
    expect(recording).to_have_count(0)


def test_who_opens_the_page_later_sees_what_happened_and_each_thing_once(
    stage: Stage, visit: Open
) -> None:
    for n in range(3):
        # No other test loses this camera: the page counts what was said by the stage before, too.
        stage.publish(CameraLost("cam2", f"unplugged for the {n}. time"))
    later = visit(stage.child.address)
    entry = later.page.locator("#entries li", has_text="unplugged for the 2. time")
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("\N{MULTIPLICATION SIGN}3")
    assert later.page.locator("#announce").inner_text() == "", "nothing of that is news"
    later.page.evaluate("dispatchEvent(new Event('pagehide'))")  # cuts its connection
    expect(later.page.locator("#entries li").first).to_contain_text("Connected again")
    expect(entry).to_have_count(1)
    expect(entry).to_contain_text("\N{MULTIPLICATION SIGN}3")


@pytest.mark.long
def test_a_box_lies_where_it_was_seen_whatever_the_size(film: DemoFeed, visit: Open) -> None:
    with played(1, film, shown=lambda n: STANDS[n % len(STANDS)]) as stage:
        tabs = [visit(stage.child.address, **size) for size in (PHONE, DESK)]
        for tab in tabs:
            shot = wait_for_box(tab)
            assert shot.box is not None
            sides = astuple(shot.box)
            assert sides == pytest.approx(astuple(shot.person), abs=0.015)


@pytest.mark.long
def test_a_server_that_died_is_told_and_pictures_go_on_when_it_is_back(
    film: DemoFeed, visit: Open
) -> None:
    with played(1, film) as first:
        address = first.child.address
        port = int(address.rstrip("/").rpartition(":")[2])
        tab = wait_live(visit(address))
        tab.expected.append(SEVERED)
        first.child.process.kill()
        expect(tab.page.locator("#notices")).to_contain_text("does not answer")
    tab.page.evaluate("window.smartrecStays = true")
    with played(1, film, port):
        expect(tab.page.locator("#notices")).not_to_contain_text("does not answer")
        numbers.drawn(tab.page)
        wait_live(tab)
        assert tab.page.evaluate("window.smartrecStays"), "without loading again"


def test_nothing_waits_for_the_answer_to_who_looks(stage: Stage, visit: Open) -> None:
    tab = visit(stage.child.address, **DESK)
    page = tab.page
    page.evaluate("localStorage.clear()")
    page.route("**/api/v1/session", lambda _: None)  # it is never answered
    page.reload()
    page.keyboard.press("r")
    expect(page.locator("#answer")).to_contain_text("Recording")
    wait_live(tab)


def test_what_comes_from_outside_is_never_markup(stage: Stage, visit: Open) -> None:
    page = wait_live(visit(stage.child.address)).page
    text = '<img src="x" onerror="alert(1)"><b>bold</b> & <script>alert(2)</script>'
    stage.publish(CameraLost("cam1", text, hint=text))
    entry = page.locator("#entries li").first
    expect(entry).to_contain_text(text)
    assert page.locator("main img, main b, main script").count() == 0


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(PHONE, "dark", id="phone-dark"),
        pytest.param(DESK, "light", id="desk-light", marks=pytest.mark.long),
        pytest.param(PHONE, "light", id="phone-light", marks=pytest.mark.long),
        pytest.param(DESK, "dark", id="desk-dark", marks=pytest.mark.long),
        pytest.param(WALL, "dark", id="wall-dark", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing(stage: Stage, visit: Open, size: dict[str, object], scheme: str) -> None:
    page = wait_live(visit(stage.child.address, color_scheme=scheme, **size)).page
    complaints = violations(page)
    page.keyboard.press("r")
    expect(page.locator(".tile[data-recording]")).to_have_count(2)
    complaints |= violations(page)
    page.keyboard.press("?")
    expect(page.get_by_role("dialog")).to_be_visible()
    complaints |= violations(page)
    assert not complaints


def test_what_a_page_must_not_do_is_noticed(stage: Stage, visit: Open) -> None:
    """The other tests fail by `Visit.faults`; so it must see them."""
    tab = visit(stage.child.address)
    tab.page.evaluate("console.error('an error')")
    tab.page.evaluate("document.body.insertAdjacentHTML('beforeend', '<i style=\"top:0\">')")
    tab.page.evaluate("setTimeout(() => { throw new Error('thrown'); })")
    bare = visit(stage.child.address, bypass_csp=True)
    bare.page.evaluate("fetch('http://127.0.0.1:9/').catch(() => {})")
    tab.expected, bare.expected = [""], [""]
    for each, wanted in (
        (tab, "an error"),
        (tab, "CSP: style-src"),
        (tab, "exception: thrown"),
        (bare, "another host: http://127.0.0.1:9/"),
    ):
        each.wait_until(wanted, partial(found, each, wanted))


def found(tab: Visit, text: str) -> bool:
    return any(text in fault for fault in tab.faults)
