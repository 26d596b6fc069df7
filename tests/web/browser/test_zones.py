"""Zones: drawn on the live picture, tried on what was recorded, saved and seen by all."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Locator, Page, expect

from smartrec.access.model import Scope
from smartrec.app.settings_question import Change, Do, Question
from smartrec.clock import SystemClock
from smartrec.config.load import load
from smartrec.detection.presence import Rules
from smartrec.detection.trial import trial
from smartrec.detection.zones import Zone
from smartrec.media.demo import PERSON_FIRST, DemoFeed
from smartrec.model import Codec
from smartrec.store import single
from smartrec.units import SECOND, Ns
from tests.web.browser import numbers
from tests.web.browser.conftest import Open, played
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
from tests.web.browser.visit import Late, Visit, pixels
from tests.web.stage import Stage
from tests.web.studio import FPS, Clip, Studio, Wish

WALKS = 60
MINUTE = 60 * SECOND
RULES = Rules(0.5, 2, 3, 0.1, 0.0, Ns(0), Ns(MINUTE))
"""Those of the settings where nobody wrote others."""
PERSON = [(0.36, 0.5), (0.66, 0.5), (0.66, 1.0), (0.36, 1.0)]
"""Where the demo's person stands, to the edge that cuts her; nobody else's feet are in it."""
DOOR = {"name": "door", "kind": "include", "polygon": [[0.1, 0.3], [0.4, 0.3], [0.4, 0.8]]}
STREET = {"name": "street", "kind": "exclude", "polygon": [[0.6, 0.2], [0.9, 0.2], [0.9, 0.6]]}
EDGE = (PERSON[0][0], 0.9)
"""On its border."""
COLOURS = {"include": (126, 226, 168), "exclude": (255, 184, 77)}
NEAR = 40
SETTINGS = "/settings$"


@dataclass(frozen=True)
class Day:
    """A page, and a day of clips before its first camera.

    Attributes:
        walks: Of what kind each is that somebody walked through, by id.
        stood: The demo's person stands there.
        came: She only comes in.
    """

    stage: Stage
    studio: Studio
    walks: dict[str, str]
    stood: Clip
    came: Clip

    @property
    def address(self) -> str:
        return f"{self.stage.child.address}#zones/cam0"

    def zones(self) -> tuple[Zone, ...]:
        """As they are in the file."""
        (camera, *_) = load(path=self.stage.settled.path, environ={}, overrides={}).config.camera
        return tuple(Zone(each.name, each.polygon, each.kind, each.anchor) for each in camera.zone)

    def put(self, *zones: Mapping[str, object]) -> None:
        """Save them, as somebody else does."""
        here = (
            Change("camera[0].zone", list(zones)) if zones else Change("camera[0].zone", unset=True)
        )
        changed(self.stage, here)

    def states(self, zones: tuple[Zone, ...]) -> dict[str, str]:
        """What should become of each clip."""
        found = {}
        with self.studio.catalog() as catalog:
            for clip in (*self.walks, self.stood.id, self.came.id):
                looks = single.looks(catalog, clip, 900)[0]
                kept = "kept" if trial(looks, RULES, zones).triggers else "dropped"
                kind = self.walks.get(clip)
                found[clip] = {"key": "manual", "lost": "unknown"}.get(str(kind), kept)
        return found


def changed(stage: Stage, *changes: Change) -> None:
    """Settings, by somebody else."""
    answer = stage.settled.settings.answer
    answer(Question(Do.SAVE, str(answer(Question(Do.READ))["digest"]), changes, "somebody"))


@pytest.fixture(scope="module")
def day(film: DemoFeed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    studio = Studio(tmp_path_factory.mktemp("zones") / "clips", film)
    now = SystemClock().now().wall_ns
    walks = studio.walk(WALKS, now - MINUTE)
    stood, came = (
        studio.record(Wish(now - 30 * SECOND, range(first, first + FPS), codec=Codec.JPEG))
        for first in (PERSON_FIRST + 3 * FPS, PERSON_FIRST)
    )
    with played(2, film, studio=studio) as stage:
        yield Day(stage, studio, walks, stood, came)


@pytest.fixture(autouse=True)
def no_zones(request: pytest.FixtureRequest) -> Iterator[None]:
    """Each test ends as it began."""
    yield
    if "day" in request.fixturenames:
        day: Day = request.getfixturevalue("day")
        if day.zones():
            day.put()


def opened(visit: Open, day: Day, **context: Any) -> Visit:
    """The view, once all clips were tried."""
    tab = visit(day.address, **{**DESK, **context})
    tried(tab.page, len(day.walks) + 2)
    return tab


def tried(page: Page, clips: int) -> None:
    """Until an answer is whole."""
    expect(page.locator(".kept:not(.busy)")).to_be_visible()
    expect(page.locator(".kept li[data-clip]")).to_have_count(clips)


def states(page: Page) -> dict[str, str]:
    """What the page says becomes of each clip."""
    found: list[tuple[str, str]] = page.locator(".kept li[data-clip]").evaluate_all(
        "(all) => all.map((each) => [each.dataset.clip, each.dataset.state])"
    )
    return dict(found)


def drawing(page: Page) -> Locator:
    return page.get_by_role("application", name="Drawing of the zones")


def areas(page: Page) -> Locator:
    """The zones upon the picture."""
    return page.locator("polygon.area")


def corners(page: Page) -> Locator:
    return drawing(page).get_by_role("button", name=re.compile("^Corner "))


def at(page: Page, x: float, y: float) -> tuple[float, float]:
    """Where that share of the picture is on the screen."""
    box = drawing(page).bounding_box()
    assert box is not None
    return box["x"] + x * (box["width"] - 1), box["y"] + y * (box["height"] - 1)


def drag(page: Page, start: tuple[float, float], end: tuple[float, float]) -> None:
    page.mouse.move(*at(page, *start))
    page.mouse.down()
    page.mouse.move(*at(page, *((a + b) / 2 for a, b in zip(start, end, strict=True))))
    page.mouse.move(*at(page, *end))
    page.mouse.up()


def placed(page: Page) -> list[tuple[float, float]]:
    """Where the corners of the zone that is chosen are, as it is said."""
    names: list[str] = corners(page).evaluate_all("(all) => all.map((each) => each.ariaLabel)")
    said = [re.findall(r"([\d.]+)%", name) for name in names]
    return [(float(left) / 100, float(top) / 100) for left, top in said]


def alike(some: list[tuple[float, float]], others: list[tuple[float, float]]) -> bool:
    """Whether these are the same corners, to a pixel or two."""
    return len(some) == len(others) and np.allclose(some, others, atol=0.003)


def save(page: Page) -> None:
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved. It counts from now on.")).to_be_visible()


def outlined(page: Page, kind: str, *points: tuple[float, float], near: int = 4) -> list[bool]:
    """Whether the first live picture has a line of that kind there."""
    shown = pixels(page.locator(".picture").first).astype(int)
    found = np.abs(shown - COLOURS[kind]).max(axis=2) < NEAR
    high, wide = found.shape
    places = [(round(y * high), round(x * wide)) for x, y in points]
    return [
        bool(found[max(0, row - near) : row + near + 1, column - near : column + near + 1].any())
        for row, column in places
    ]


def test_a_zone_that_is_drawn_keeps_the_events_that_it_should(day: Day, visit: Open) -> None:
    tab = opened(visit, day)
    page = tab.page
    other = visit(day.stage.child.address, **DESK)
    other.wait_until("pictures", lambda: bool(numbers.drawn(other.page)))
    expect(other.page.get_by_role("button", name="Zones", exact=True)).to_be_hidden()
    assert states(page) == day.states(())
    page.get_by_role("button", name="Draw a zone").click()
    for corner in PERSON:
        page.mouse.click(*at(page, *corner))
    expect(areas(page)).to_have_count(0)
    page.mouse.click(*at(page, *PERSON[0]))
    expect(areas(page)).to_have_count(1)
    page.get_by_role("textbox", name="Name").fill("Türe Süd")
    save(page)
    (zone,) = day.zones()
    assert (zone.name, zone.kind, zone.anchor) == ("ture-sud", "include", "bottom")
    assert np.allclose(zone.polygon, PERSON, atol=0.005)
    assert zone.polygon[2][1] == 1.0, "near the edge is on the edge"
    wanted = day.states((zone,))
    assert (wanted[day.stood.id], wanted[day.came.id]) == ("kept", "dropped")
    tab.wait_until("the answer", lambda: states(page) == wanted)
    kept, dropped = (list(wanted.values()).count(state) for state in ("kept", "dropped"))
    expect(page.locator(".kept .count")).to_have_text(f"{kept} of {kept + dropped} events kept")
    text = day.stage.settled.path.read_text()
    assert "# of the next R" in text
    assert "# as it is drawn" in text
    tab.wait_until("it is seen live", lambda: all(outlined(other.page, "include", EDGE)))
    other.page.keyboard.press("z")
    tab.wait_until("it is hidden", lambda: not any(outlined(other.page, "include", EDGE)))
    day.put()
    expect(areas(page)).to_have_count(0)


@pytest.mark.long
def test_everything_is_drawn_by_keys_alone(day: Day, visit: Open) -> None:
    tab = opened(visit, day)
    page = tab.page
    page.keyboard.press("n")
    expect(drawing(page)).to_be_focused()
    way = ["Shift+ArrowLeft"] * 2, ["Shift+ArrowRight"] * 6, ["Shift+ArrowDown"] * 8
    for steps in way:
        for step in steps:
            page.keyboard.press(step)
        page.keyboard.press("Space")
    expect(page.locator("#announce")).to_have_text(
        "Corner 3 placed, 70% from the left, 90% from the top"
    )
    page.keyboard.press("Enter")
    expect(areas(page).first).to_be_focused()
    page.keyboard.press("Enter")
    for key in ("Tab", "ArrowUp", "+"):
        page.keyboard.press(key)
    assert placed(page) == [(0.4, 0.5), (0.7, 0.495), (0.7, 0.698), (0.7, 0.9)]
    page.keyboard.press("Delete")
    expect(corners(page)).to_have_count(3)
    page.keyboard.press("Control+z")
    expect(corners(page)).to_have_count(4)
    page.get_by_role("radio", name="Never count").focus()
    page.keyboard.press("Space")
    page.get_by_role("radio", name="Feet").focus()
    page.keyboard.press("ArrowRight")
    save(page)
    (zone,) = day.zones()
    assert (zone.kind, zone.anchor, len(zone.polygon)) == ("exclude", "center", 4)
    tab.wait_until("the answer", lambda: states(page) == day.states((zone,)))
    areas(page).first.focus()
    page.keyboard.press("Delete")
    expect(page.locator("#announce")).to_have_text("Zone zone-1 deleted")
    save(page)
    assert not day.zones()


@pytest.mark.long
def test_corners_edges_and_zones_are_dragged_and_each_step_is_taken_back(
    day: Day, visit: Open
) -> None:
    day.put(DOOR, STREET)
    page = opened(visit, day).page
    expect(areas(page)).to_have_count(2)
    page.mouse.click(*at(page, 0.3, 0.4))
    first = placed(page)
    drag(page, (0.1, 0.3), (0.05, 0.1))
    assert alike(placed(page), [(0.05, 0.1), *first[1:]])
    moved = placed(page)
    drag(page, (0.4, 0.55), (0.5, 0.5))
    assert len(placed(page)) == 4
    page.keyboard.press("Delete")
    assert placed(page) == moved
    drag(page, (0.3, 0.4), (0.9, 0.4))
    wanted = [(x + 0.6, y) for x, y in moved]
    assert alike(placed(page), wanted), "it stops at the edge as it is"
    for _ in range(4):
        page.keyboard.press("Control+z")
    assert placed(page) == first
    page.keyboard.press("Control+Shift+z")
    assert placed(page) == moved
    page.mouse.click(*at(page, 0.5, 0.9))
    expect(corners(page)).to_have_count(0)
    page.get_by_role("button", name="Discard").click()
    page.mouse.click(*at(page, 0.3, 0.4))
    assert placed(page) == first


@pytest.mark.long
def test_a_finger_draws_and_holding_a_corner_deletes_it(day: Day, visit: Open) -> None:
    tab = opened(visit, day, **PHONE)
    page = tab.page
    page.get_by_role("button", name="Draw a zone").tap()
    for corner in PERSON:
        page.touchscreen.tap(*at(page, *corner))
    page.get_by_role("button", name="Close", exact=True).tap()
    expect(corners(page)).to_have_count(4)
    for target in page.locator(".corner .hit").all():
        box = target.bounding_box()
        assert box is not None
        assert min(box["width"], box["height"]) >= FINGER
    touch = page.context.new_cdp_session(page)
    x, y = at(page, *PERSON[0])
    scrolled = page.evaluate("scrollY")
    finger = {"type": "touchStart", "touchPoints": [{"x": x, "y": y}]}
    touch.send("Input.dispatchTouchEvent", finger)
    expect(corners(page)).to_have_count(3)
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    page.get_by_role("button", name="Undo").tap()
    expect(corners(page)).to_have_count(4)
    touch.send("Input.dispatchTouchEvent", finger)
    for step in range(1, 6):
        point = {"x": x + 4 * step, "y": y - 4 * step}
        touch.send("Input.dispatchTouchEvent", {"type": "touchMove", "touchPoints": [point]})
    touch.send("Input.dispatchTouchEvent", {"type": "touchEnd", "touchPoints": []})
    assert page.evaluate("scrollY") == scrolled, "the page stays where it is"
    # Not a tap: Chromium may swallow one that follows a touch within some milliseconds.
    page.get_by_role("button", name="Save").click()
    expect(page.get_by_text("Saved. It counts from now on.")).to_be_visible()
    (zone,) = day.zones()
    (left, top), *others = zone.polygon
    assert left > PERSON[0][0] + 0.02
    assert top < PERSON[0][1] - 0.02
    assert np.allclose(others, PERSON[1:], atol=0.01)


@pytest.mark.long
def test_zones_that_somebody_else_changed_are_not_lost_unasked(day: Day, visit: Open) -> None:
    day.put(DOOR)
    tab = opened(visit, day)
    tab.expected.append("409")
    page = tab.page
    expect(areas(page)).to_have_count(1)
    page.mouse.click(*at(page, 0.3, 0.4))
    drag(page, (0.1, 0.3), (0.05, 0.1))
    changed(day.stage, Change("camera[1].name", "Gate"))
    save(page)
    assert day.zones()[0].polygon[0] == pytest.approx((0.05, 0.1), abs=0.005)
    drag(page, (0.05, 0.1), (0.2, 0.2))
    day.put(DOOR, STREET)
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Somebody else changed these zones meanwhile.")).to_be_visible()
    assert len(day.zones()) == 2
    page.get_by_role("button", name="Take theirs").click()
    expect(areas(page)).to_have_count(2)
    page.mouse.click(*at(page, 0.3, 0.4))
    drag(page, (0.1, 0.3), (0.2, 0.2))
    day.put(STREET)
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Save mine").click()
    expect(page.get_by_text("Saved. It counts from now on.")).to_be_visible()
    assert [zone.name for zone in day.zones()] == ["door", "street"]


def removed(page: Page) -> None:
    """The only zone."""
    areas(page).first.focus()
    page.keyboard.press("Delete")
    expect(areas(page)).to_have_count(0)


def test_what_is_drawn_while_the_settings_are_read_stays(day: Day, visit: Open) -> None:
    day.put(DOOR)
    tab = opened(visit, day)
    tab.expected.append("409")
    page = tab.page
    late = Late(tab, SETTINGS)
    day.put(DOOR, STREET)
    late.wait()
    removed(page)
    late.come()
    expect(areas(page)).to_have_count(0)
    page.keyboard.press("Control+s")
    page.get_by_role("button", name="Take theirs").click()
    expect(areas(page)).to_have_count(2)


def test_settings_of_before_a_save_are_not_taken(day: Day, visit: Open) -> None:
    day.put(DOOR)
    tab = opened(visit, day)
    tab.expected.append("409")
    page = tab.page
    late = Late(tab, SETTINGS)
    changed(day.stage, Change("camera[1].name", "Yard"))
    late.wait()
    removed(page)
    save(page)
    late.come()
    expect(areas(page)).to_have_count(0)
    expect(page.get_by_text("Saved. It counts from now on.")).to_be_visible()
    assert not day.zones()
    page.keyboard.press("Control+z")
    expect(areas(page)).to_have_count(1)


@pytest.mark.long
def test_what_is_wrong_is_told_where_it_is_and_nothing_is_saved(day: Day, visit: Open) -> None:
    day.put(DOOR, STREET)
    page = opened(visit, day).page
    expect(areas(page)).to_have_count(2)
    page.mouse.click(*at(page, 0.3, 0.4))
    name = page.get_by_role("textbox", name="Name")
    name.fill("street")
    expect(page.get_by_role("alert").filter(has_text="Another zone")).to_be_visible()
    expect(name).to_have_attribute("aria-invalid", "true")
    expect(page.get_by_role("button", name="Save")).to_have_attribute("aria-disabled", "true")
    name.fill("")
    page.keyboard.press("Control+s")
    assert [zone.name for zone in day.zones()] == ["door", "street"]
    name.fill("Door 2")
    save(page)
    assert [zone.name for zone in day.zones()] == ["door-2", "street"]


@pytest.mark.long
def test_whoever_leaves_a_drawing_is_asked(day: Day, visit: Open) -> None:
    page = opened(visit, day).page
    page.keyboard.press("n")
    page.mouse.click(*at(page, 0.2, 0.2))
    for stays in (True, False):
        page.get_by_role("link", name="Events").click()
        expect(page.get_by_role("dialog", name="The zones are not saved")).to_be_visible()
        page.get_by_role("button", name="Stay" if stays else "Leave without saving").click()
        expect(page.get_by_role("slider", name="Timeline")).to_be_visible(visible=not stays)


@pytest.mark.long
def test_who_may_only_look_sees_the_zones_and_changes_nothing(film: DemoFeed, visit: Open) -> None:
    with played(1, film, users=True) as stage:
        changed(stage, Change("camera[0].zone", [DOOR, STREET]))
        tab = visit(f"{stage.child.address}#zones/cam0", **DESK)
        tab.expected.append(REFUSED)
        page = tab.page
        expect(page.get_by_role("textbox", name="Name")).to_be_focused()
        log_in(page, Scope.VIEW.value)
        expect(areas(page)).to_have_count(2)
        asked: list[str] = []
        page.on("request", lambda each: asked.append(each.url))
        for text in ("door", "street", "Persons count here", "Persons never count here"):
            expect(page.get_by_text(text, exact=True).first).to_be_visible()
        page.keyboard.press("n")
        page.locator(".lines").first.click(position={"x": 200, "y": 200}, force=True)
        expect(page.locator(".corner")).to_have_count(0)
        for name in ("Draw a zone", "Delete zone", "Save", "Undo"):
            expect(page.get_by_role("button", name=name)).to_have_count(0)
        assert not [url for url in asked if "settings" in url or "trial" in url]
        assert not violations(page)


@pytest.mark.long
def test_zones_upon_the_live_picture_are_told_by_more_than_colour_and_can_be_hidden(
    day: Day, visit: Open
) -> None:
    day.put(DOOR, STREET)
    tab = visit(day.stage.child.address, **DESK)
    page = tab.page
    solid = [(0.12 + n / 100, 0.3) for n in range(26)]
    tab.wait_until("a line", lambda: all(outlined(page, "include", *solid)))
    dashed = [(0.62 + n / 100, 0.2) for n in range(26)]
    assert {True, False} == set(outlined(page, "exclude", *dashed, near=1))
    switch = page.get_by_role("button", name="Zones", exact=True)
    expect(switch).to_have_attribute("aria-pressed", "true")
    switch.click()
    tab.wait_until("none", lambda: not any(outlined(page, "include", *solid)))
    tab.open()
    expect(switch).to_have_attribute("aria-pressed", "false")
    page.keyboard.press("z")
    tab.wait_until("lines", lambda: all(outlined(page, "include", *solid)))
    page.keyboard.press("1")
    page.get_by_role("link", name="Draw zones").click()
    expect(areas(page)).to_have_count(2)


@pytest.mark.long
def test_cameras_come_and_go_without_loading_the_page_again(film: DemoFeed, visit: Open) -> None:
    with played(2, film) as stage:
        tab = visit(stage.child.address, **DESK)
        page = tab.page
        tab.wait_until("pictures", lambda: bool(numbers.drawn(page)))
        page.evaluate("window.smartrecStays = true")
        changed(stage, Change("camera[2]", {"id": "yard", "name": "Yard", "source": "demo"}))
        expect(page.locator(".tile")).to_have_count(3)
        expect(page.get_by_role("img", name="Live picture of Yard")).to_be_visible()
        expect(page.locator("[data-camera=yard] .slate")).to_be_hidden()
        changed(stage, Change("camera[0]", unset=True))
        expect(page.locator(".tile")).to_have_count(2)
        expect(page.locator("[data-camera=cam0]")).to_have_count(0)
        numbers.drawn(page)
        tab.wait_until("the others go on", lambda: bool(numbers.drawn(page)))
        changed(stage, Change("camera[0].name", "Gate"))
        expect(page.get_by_role("heading", name="Gate")).to_be_visible()
        assert page.evaluate("window.smartrecStays")


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(PHONE, "dark", id="phone-dark", marks=pytest.mark.long),
        pytest.param(WALL, "light", id="wall-light", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_and_all_fits(
    day: Day, visit: Open, size: dict[str, Any], scheme: str
) -> None:
    day.put(DOOR, STREET)
    page = opened(visit, day, color_scheme=scheme, **size).page
    expect(areas(page)).to_have_count(2)
    page.get_by_role("button", name="door").first.click()
    expect(page.get_by_role("button", name="Delete zone")).to_be_visible()
    page.get_by_role("textbox", name="Name").fill("gate")
    expect(page.get_by_role("button", name="Save")).to_be_in_viewport(ratio=1)
    complaints = violations(page)
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved. It counts from now on.")).to_be_visible()
    page.get_by_role("button", name="Draw a zone").click()
    complaints |= violations(page)
    assert not complaints
    assert wider_than_shown(page) == 0
    assert (brightness(page) < 80) is (scheme == "dark")
    picture, width = page.locator(".zones .picture").bounding_box(), size["viewport"]["width"]
    assert picture is not None
    assert picture["width"] > (0.95 if size is PHONE else 0.5) * width
