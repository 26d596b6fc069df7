"""Settings tried on recorded events, in a real browser, before they are saved.

The page's own process looks through a real catalogue; what it should find is worked out here, by
the trigger logic or from what was drawn into the pictures.
"""

import json
import os
import re
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, Route, expect

from smartrec.access.model import Scope
from smartrec.app.replay_question import MOST_CLIPS
from smartrec.app.settings_question import Change, Do, Question
from smartrec.clock import SystemClock
from smartrec.config.load import load
from smartrec.detection.presence import Rules
from smartrec.detection.trial import trial
from smartrec.media.demo import PERSON_FIRST, DemoFeed
from smartrec.model import Codec
from smartrec.store import single
from smartrec.units import SECOND, Ns
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
from tests.web.browser.visit import TIMEOUT, Visit
from tests.web.http import ask
from tests.web.recorder import JSON
from tests.web.stage import Stage
from tests.web.studio import FPS, Clip, Studio, Wish

WALKS = 40
MINUTE = 60 * SECOND
DAY_MS = 86_400_000
HIGH = 0.92
"""A confidence that some walks have, and some have not."""
SAID = """
async (numbers) => {
  const { say } = await import("/js/replay/strings.js");
  return numbers.map((n) => say.clips(n));
}
"""
TOO_SMALL = """
(least) => [...document.querySelectorAll(".replay :is(button, select, a)")]
  .filter((each) => each.checkVisibility() && each.getBoundingClientRect().height < least)
  .map((each) => each.outerHTML)
"""


@dataclass(frozen=True)
class Day:
    """A page, and a day of clips before its first camera.

    Attributes:
        walks: Of what kind each is that somebody walked through, by id.
        asked: By key, two days ago, with the demo's person in it, and nobody looked for her.
    """

    stage: Stage
    studio: Studio
    walks: dict[str, str]
    asked: Clip

    @property
    def ids(self) -> set[str]:
        return {*self.walks, self.asked.id}

    @property
    def text(self) -> str:
        """Of the settings file."""
        return self.stage.settled.path.read_text()

    def confidence(self) -> float | None:
        """As it is in the file."""
        return load(
            path=self.stage.settled.path, environ={}, overrides={}
        ).config.detector.min_confidence

    def save(self, *changes: Change) -> None:
        """Settings, by somebody else."""
        answer = self.stage.settled.settings.answer
        digest = str(answer(Question(Do.READ))["digest"])
        answer(Question(Do.SAVE, digest, changes, "somebody"))

    def become(self, confidence: float) -> dict[str, str]:
        """What should become of each walk, were this the confidence and not 0.5."""
        found = {}
        with self.studio.catalog() as catalog:
            for clip, kind in self.walks.items():
                looks = single.looks(catalog, clip, 900)[0]
                rules = [
                    Rules(each, 2, 3, 0.1, 0.0, Ns(0), Ns(MINUTE)) for each in (0.5, confidence)
                ]
                now, then = (bool(trial(looks, each, ()).triggers) for each in rules)
                by_hand = "manual" if kind == "by key" else "neither"
                kinds = {(True, True): "stays", (True, False): "vanishes", (False, True): "appears"}
                found[clip] = kinds.get((now, then), by_hand) if looks else "unknown"
        return found


@pytest.fixture(scope="module")
def own(film: DemoFeed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Day]:
    studio = Studio(tmp_path_factory.mktemp("replay") / "clips", film)
    now = SystemClock().now().wall_ns
    walks = studio.walk(WALKS, now - MINUTE, faint=True)
    numbers = range(PERSON_FIRST + 3 * FPS, PERSON_FIRST + 5 * FPS)
    wish = Wish(now - 2880 * MINUTE, numbers, codec=Codec.JPEG, keys=(numbers[FPS],), looked=False)
    asked = studio.record(wish)
    with played(2, film, studio=studio) as stage:
        yield Day(stage, studio, walks, asked)


@pytest.fixture
def day(own: Day) -> Iterator[Day]:
    """Settings that may be changed."""
    text = own.text
    yield own
    own.stage.settled.path.write_text(text)
    own.stage.settled.answer(Question(Do.RELOAD, by="somebody"))


def settings(visit: Open, day: Day, **size: Any) -> Visit:
    """The form, once it is there."""
    tab = visit(f"{day.stage.child.address}#settings", **(size or DESK))
    expect(tab.page.get_by_role("heading", name="Recording")).to_be_visible()
    return tab


def set_to(page: Page, key: str, value: object) -> None:
    page.locator(f"[data-key='{key}'] input").fill(str(value))


def try_it(page: Page) -> None:
    """Take along what is not saved, and wait until it is known what comes of it."""
    page.get_by_role("button", name="Try on recorded events").click()
    looked(page)


def go_by_menu(page: Page, name: str) -> None:
    page.get_by_role("navigation", name="Views").get_by_role("link", name=name).click()


def looked(page: Page) -> None:
    """Until it is known."""
    expect(page.locator(".summary:not(.busy)")).to_be_visible()
    expect(page.get_by_role("button", name="Stop", exact=True)).to_be_hidden()


def chosen(page: Page, name: str) -> Locator:
    """One of the choices below the bar."""
    shown = page.get_by_role("group", name="Shown events")
    return shown.get_by_role("button", name=re.compile(rf"^{name} \d"))


def listed(page: Page) -> dict[str, str]:
    """What the page says becomes of each clip that it shows."""
    found: list[tuple[str, str]] = page.locator(".clips li").evaluate_all(
        "(all) => all.map((each) => [each.dataset.clip, each.dataset.kind])"
    )
    return dict(found)


@contextmanager
def unanswered(tab: Visit) -> Iterator[None]:
    """How far it is is asked, and no answer comes."""
    tab.expected.append("ERR_FAILED")
    waiting: list[Route] = []

    def keep(each: Route) -> None:
        waiting.append(each)

    tab.page.route(re.compile("/replays/"), keep)
    yield
    for each in waiting:
        each.abort()
    tab.page.unroute_all()


def process_of(day: Day) -> int:
    """Of the replay that was begun."""
    own = Path(f"/proc/{day.stage.child.process.pid}/task")
    begun = SystemClock().monotonic()
    while not (
        found := [pid for each in own.glob("*/children") for pid in each.read_text().split()]
    ):
        assert SystemClock().monotonic() - begun < TIMEOUT * SECOND
    return int(found[0])


def card(page: Page, clip: str) -> Locator:
    return page.locator(f".clips li[data-clip='{clip}']")


def vanishing(day: Day, confidence: float) -> set[str]:
    """Walks that should."""
    return {clip for clip, kind in day.become(confidence).items() if kind == "vanishes"}


def test_which_events_would_vanish_is_seen_before_it_is_saved(day: Day, visit: Open) -> None:
    page = settings(visit, day).page
    set_to(page, "recording.pre_roll", "7s")
    expect(page.get_by_role("button", name="Try on recorded events")).to_be_hidden()
    set_to(page, "detector.min_confidence", HIGH)
    before = day.text
    try_it(page)
    expect(page.get_by_text("Has no say in what was recorded: Time before.")).to_be_visible()
    expect(page.locator(".tried")).to_contain_text(re.compile(rf"Confidence.*{HIGH}"))
    vanish = vanishing(day, HIGH)
    assert vanish
    one = card(page, next(iter(vanish)))
    expect(one).to_contain_text(re.compile(r"Now\s*\d\d% at 10\.\d s"))
    expect(one).to_contain_text(re.compile(r"Then\s*nobody"))
    assert set(listed(page)) == vanish
    chosen(page, "All").click()
    found = day.become(HIGH)
    assert listed(page) == found
    stay = list(found.values()).count("stays")
    expect(page.locator(".count")).to_have_text(
        f"{len(vanish)} vanish, {stay} stay of {WALKS} clips"
    )
    assert day.text == before, "nothing is changed by trying"


def test_of_very_many_it_is_told_that_the_newest_were_tried(day: Day, visit: Open) -> None:
    page = settings(visit, day).page
    told = page.evaluate(SAID, [MOST_CLIPS - 1, MOST_CLIPS])
    assert told == [f"of {MOST_CLIPS - 1:,} clips", f"of the newest {MOST_CLIPS:,} clips"]


@pytest.mark.long
def test_who_comes_back_from_a_clip_finds_all_as_it_was_and_saves(day: Day, visit: Open) -> None:
    page = settings(visit, day).page
    set_to(page, "recording.pre_roll", "7s")
    set_to(page, "detector.min_confidence", HIGH)
    try_it(page)
    chosen(page, "Stay").click()
    stay = listed(page)
    assert set(stay.values()) == {"stays"}
    first = page.locator(".clips a").first
    expect(first).to_have_attribute("href", re.compile(r"\?at=1\d(\.\d+)?$"))
    first.click()
    expect(page.get_by_role("region", name="Player")).to_be_visible()
    page.go_back()
    expect(chosen(page, "Stay")).to_have_attribute("aria-pressed", "true")
    assert listed(page) == stay
    page.get_by_role("button", name="Save 2 changes").click()
    expect(page.get_by_text("Saved, and in force")).to_be_visible()
    assert day.confidence() == HIGH
    page.get_by_role("link", name="Back").click()
    expect(page.locator("[data-key='recording.pre_roll'] input")).to_have_value("7s")
    expect(page.get_by_role("button", name="Save")).to_be_hidden()


@pytest.mark.long
def test_what_is_not_saved_is_still_there_after_it_was_tried(day: Day, visit: Open) -> None:
    page = settings(visit, day).page
    set_to(page, "recording.pre_roll", "7s")
    set_to(page, "detector.min_confidence", 0.3)
    try_it(page)
    wanted = day.become(0.3)
    appear = {clip for clip, kind in wanted.items() if kind == "appears"}
    assert appear
    assert set(listed(page)) == appear
    one = card(page, next(iter(appear)))
    expect(one).to_contain_text(re.compile(r"Now\s*nobody\s*Then\s*4\d% at 10\.\d s"))
    page.keyboard.press("Escape")
    expect(page.get_by_text("2 changes")).to_be_visible()
    expect(page.locator("[data-key='detector.min_confidence'] input")).to_have_value("0.3")
    set_to(page, "detector.min_confidence", HIGH)
    try_it(page)
    assert set(listed(page)) == vanishing(day, HIGH)
    go_by_menu(page, "Events")
    go_by_menu(page, "Settings")
    expect(page.get_by_text("2 changes")).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    go_by_menu(page, "Live")
    go_by_menu(page, "Settings")
    expect(page.locator("[data-key='recording.pre_roll'] input")).to_have_value("3s")


@pytest.mark.long
def test_zones_that_are_drawn_are_tried_and_saved(day: Day, visit: Open) -> None:
    tab = visit(f"{day.stage.child.address}#zones/cam0", **DESK)
    page = tab.page
    expect(page.locator(".kept:not(.busy) li[data-clip]")).to_have_count(WALKS)
    page.get_by_role("button", name="Draw a zone").click()
    drawing = page.get_by_role("application", name="Drawing of the zones").bounding_box()
    assert drawing is not None
    for x, y in ((0, 0.85), (0.5, 0.85), (0.5, 1), (0, 1)):
        at = drawing["x"] + x * (drawing["width"] - 1), drawing["y"] + y * (drawing["height"] - 1)
        page.mouse.click(*at)
    expect(page.get_by_role("button", name="Try on recorded events")).to_be_hidden()
    page.keyboard.press("Enter")
    try_it(page)
    expect(page.locator(".tried")).to_contain_text(re.compile("everywhere .* zone-1"))
    expect(page.get_by_role("combobox", name="Camera")).to_have_value("cam0")
    kinds = {"hall": "stays", "street": "vanishes", "door": "vanishes"}
    chosen(page, "All").click()
    found = listed(page)
    walked = {clip: kinds[kind] for clip, kind in day.walks.items() if kind in kinds}
    assert {clip: found[clip] for clip in walked} == walked
    page.get_by_role("link", name="Change more").click()
    expect(page.locator("polygon.area")).to_have_count(1)
    expect(page.get_by_text("Not saved yet")).to_be_visible()
    try_it(page)
    assert listed(page) == found, "it is known already"
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text("Saved, and in force")).to_be_visible()
    assert "zone-1" in day.text
    page.get_by_role("link", name="Back").click()
    expect(page.locator("polygon.area")).to_have_count(1)
    expect(page.get_by_text("Not saved yet")).to_be_hidden()


@pytest.mark.long
def test_the_detector_looks_again_of_the_time_and_camera_that_are_chosen(
    day: Day, visit: Open
) -> None:
    day.save(Change("trigger.person", value=False))
    page = settings(visit, day).page
    page.locator("[data-key='trigger.person'] input").click()
    try_it(page)
    page.get_by_role("button", name="Last hour").click()
    expect(page.locator(".clips li")).not_to_have_count(0)
    looked(page)
    assert len(listed(page)) < WALKS / 10
    page.get_by_role("button", name="All", exact=True).click()
    page.get_by_role("switch", name="Look again with the detector").click()
    expect(card(page, day.asked.id)).to_contain_text(re.compile(r"Then\s*\d\d%"))
    looked(page)
    assert listed(page) == {day.asked.id: "appears"}, "of the others there are no pictures"
    page.get_by_role("combobox", name="Camera").select_option("cam1")
    expect(page.locator(".count")).to_have_text("There are no clips of that time.")
    page.get_by_role("combobox", name="Camera").select_option("")
    looked(page)
    page.get_by_role("button", name="A day").click()
    page.get_by_label("Day", exact=True).fill("2001-02-03")
    expect(page.locator(".count")).to_have_text("There are no clips of that time.")


@pytest.mark.long
def test_what_a_detector_sees_otherwise_is_looked_at_again_and_can_be_stopped(
    day: Day, visit: Open
) -> None:
    tab = settings(visit, day)
    page = tab.page
    set_to(page, "detector.fps", 9)
    page.get_by_role("button", name="Try on recorded events").click()
    switch = page.get_by_role("switch", name="Look again with the detector")
    expect(switch).to_be_checked()
    expect(switch).to_be_disabled()
    looked(page)
    with unanswered(tab):
        page.get_by_role("button", name="All", exact=True).click()
        page.get_by_role("button", name="Stop", exact=True).click()
        expect(page.get_by_text("Stopped")).to_be_visible()
    page.get_by_role("button", name="Try again").click()
    looked(page)
    chosen(page, "All").click()
    expect(page.locator(".clips li")).to_have_count(WALKS + 1)
    assert listed(page)[day.asked.id] == "stays"


@pytest.mark.long
def test_somebody_elses_replay_is_ended_only_if_one_asks_for_it(day: Day, visit: Open) -> None:
    tab = settings(visit, day)
    tab.expected.append("409")
    page = tab.page
    body = {
        "changes": [],
        "from_ms": 0,
        "to_ms": 2 * DAY_MS + SystemClock().now().wall_ns // 10**6,
        "again": True,
    }
    reply = ask(
        day.stage.child.port,
        "/api/v1/replays",
        "POST",
        headers=JSON,
        body=json.dumps(body).encode(),
    )
    assert reply.status == 202, reply.body
    os.kill(process_of(day), signal.SIGSTOP)
    set_to(page, "detector.min_confidence", HIGH)
    page.get_by_role("button", name="Try on recorded events").click()
    expect(page.get_by_text("Another replay is running")).to_be_visible()
    page.get_by_role("button", name="End it, try mine").click()
    looked(page)
    assert set(listed(page)) == vanishing(day, HIGH)


@pytest.mark.long
def test_settings_that_somebody_else_changed_are_not_lost_unasked(day: Day, visit: Open) -> None:
    tab = settings(visit, day)
    tab.expected.append("409")
    page = tab.page
    set_to(page, "detector.min_confidence", HIGH)
    try_it(page)
    day.save(Change("recording.post_roll", value="8s"))
    page.get_by_role("button", name="Save 1 change").click()
    expect(page.get_by_text("The settings file was changed meanwhile")).to_be_visible()
    assert day.confidence() is None
    page.get_by_role("link", name="Change more").click()
    expect(page.locator("[data-key='recording.post_roll'] input")).to_have_value("8s")
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved, and in force")).to_be_visible()
    assert day.confidence() == HIGH


@pytest.mark.long
def test_what_is_wrong_cannot_be_tried(day: Day, visit: Open) -> None:
    page = settings(visit, day).page
    set_to(page, "detector.min_confidence", 7)
    expect(page.get_by_text("1 mistake")).to_be_visible()
    button = page.get_by_role("button", name="Try on recorded events")
    expect(button).to_have_attribute("aria-disabled", "true")
    button.click(force=True)
    expect(page.get_by_role("heading", name="Recording")).to_be_visible()


@pytest.mark.long
def test_without_changes_it_says_what_it_is_for(day: Day, visit: Open) -> None:
    page = visit(f"{day.stage.child.address}#replay", **DESK).page
    expect(page.get_by_role("heading", name="Nothing is tried yet")).to_be_visible()
    assert not violations(page)
    page.get_by_role("link", name="To the zones").click()
    expect(page.get_by_role("button", name="Draw a zone")).to_be_visible()


@pytest.mark.long
def test_who_may_only_look_is_told_so(film: DemoFeed, visit: Open) -> None:
    with played(1, film, users=True) as stage:
        tab = visit(f"{stage.child.address}#replay", **DESK)
        tab.expected.append(REFUSED)
        page = tab.page
        expect(page.get_by_role("textbox", name="Name")).to_be_focused()
        log_in(page, Scope.RECORD.value)
        expect(page.get_by_role("heading", name="This is not open to you")).to_be_visible()


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(PHONE, "dark", id="phone-dark", marks=pytest.mark.long),
        pytest.param(DESK, "light", id="desk-light", marks=pytest.mark.long),
        pytest.param(WALL, "dark", id="wall-dark", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_and_all_fits(
    day: Day, visit: Open, size: dict[str, Any], scheme: str
) -> None:
    page = settings(visit, day, color_scheme=scheme, **size).page
    set_to(page, "detector.min_confidence", HIGH)
    try_it(page)
    assert page.evaluate("document.scrollingElement.scrollTop") == 0
    expect(page.locator(".count")).to_be_in_viewport()
    chosen(page, "All").click()
    assert not violations(page)
    assert wider_than_shown(page) == 0
    assert (brightness(page) < 80) is (scheme == "dark")
    if size is PHONE:
        assert not page.evaluate(TOO_SMALL, FINGER)
