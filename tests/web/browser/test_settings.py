"""Settings on the page, in a real browser, of a real file: changed, checked, saved, in force.

Each test begins with the file as the stage wrote it, and with settings in force as it says.
"""

import re
import sys
from collections.abc import Iterator
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from smartrec.app.settings_question import Do, Question
from smartrec.config import form
from smartrec.media.demo import DemoFeed
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
from tests.web.browser.visit import Visit
from tests.web.stage import PASSWORD, Stage

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

REFUSED = r"40[139]|422|WebSocket connection to .* failed"
"""What Chromium itself writes when something is refused."""
TOO_SMALL = """
(least) => [...document.querySelectorAll(".settings :is(input, select, button, a)")]
  .filter((each) => each.checkVisibility() && each.role !== "switch")
  .filter((each) => each.getBoundingClientRect().height < least)
  .map((each) => each.outerHTML)
"""
MARKUP = '<img src=x onerror="alert(1)">'


@pytest.fixture(scope="module")
def own(film: DemoFeed) -> Iterator[Stage]:
    with played(2, film) as stage:
        yield stage


@pytest.fixture
def stage(own: Stage) -> Iterator[Stage]:
    """Settings that may be changed."""
    text = own.settled.path.read_text()
    yield own
    rewrite(own, text)


def rewrite(stage: Stage, text: str) -> None:
    """Somebody edits the file, and tells the recorder."""
    stage.settled.path.write_text(text)
    stage.settled.answer(Question(Do.RELOAD, by="somebody"))


def values(stage: Stage) -> dict[str, Any]:
    """What the file says."""
    return tomllib.loads(stage.settled.path.read_text())


def opened(visit: Open, stage: Stage, where: str = "", **size: Any) -> Visit:
    """The settings, once they are there."""
    tab = visit(f"{stage.child.address}#settings{where}", **(size or DESK))
    expect(tab.page.get_by_role("heading", name="Recording")).to_be_visible()
    return tab


def row(page: Page, key: str, camera: str | None = None) -> Locator:
    """One setting."""
    place = page.locator(f".camera[data-camera={camera}]") if camera else page
    return place.locator(f"[data-key='{key}']")


def unfolded(page: Page, camera: str) -> Locator:
    """A camera's settings."""
    card = page.locator(f".camera[data-camera={camera}]")
    head = card.get_by_role("button", expanded=False)
    if head.first.text_content() != "?":
        head.first.click()
    return card


def saved(page: Page) -> None:
    """Save, and wait until it is."""
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Saved, and in force")).to_be_visible()


def test_the_form_has_all_that_can_be_set(stage: Stage, visit: Open) -> None:
    page = opened(visit, stage).page
    keys: list[str] = page.evaluate(
        "[...document.querySelectorAll('.setting')].map((row) => row.dataset.key)"
    )
    tables: list[dict[str, Any]] = form.tables()
    described = [
        f"{table['key']}.{setting['key']}"
        for table in tables
        for setting in table["settings"]
        if table["key"] != "camera.zone"
    ]
    of_cameras = [key for key in described if key.startswith("camera.")]
    assert sorted(keys) == sorted([*described, *of_cameras, "camera.zone", "camera.zone"])
    pre_roll = row(page, "recording.pre_roll")
    expect(pre_roll.get_by_label("Time before", exact=True)).to_have_value("10s")
    expect(pre_roll).to_contain_text("smartrec.toml:4")
    about = pre_roll.get_by_text("How much of the time before a trigger")
    expect(about).to_be_hidden()
    pre_roll.get_by_role("button", name="About").click()
    expect(about).to_be_visible()
    expect_locked(page)


def expect_locked(page: Page) -> None:
    """What something says that goes before the file, and what only the file may say."""
    for key, who in (
        ("detector.threads", "Set by SMARTREC_DETECTOR__THREADS"),
        ("recording.directory", "Set by the command line"),
        ("web.port", "In the file only"),
        ("recording.smart_record_library", "In the file only"),
    ):
        expect(row(page, key).locator("input")).to_be_disabled()
        expect(row(page, key)).to_contain_text(who)
    expect(row(page, "detector.enabled").get_by_role("switch")).to_be_enabled()


def test_what_is_wrong_is_said_where_it_is_before_it_is_saved(stage: Stage, visit: Open) -> None:
    before = stage.settled.path.read_text()
    page = opened(visit, stage).page
    field = row(page, "recording.pre_roll").get_by_role("textbox")
    field.fill("30m")
    wrong = row(page, "recording.pre_roll").get_by_text("Must be 0s to 10m, not 30m")
    expect(wrong).to_be_visible()
    expect(field).to_have_attribute("aria-invalid", "true")
    expect(field).to_have_accessible_description("Must be 0s to 10m, not 30m")
    page.get_by_role("link", name="Log", exact=True).click()
    expect(page.get_by_role("heading", name="Log", exact=True)).to_be_focused()
    page.keyboard.press("Control+s")
    expect(field).to_be_focused()
    expect(field).to_be_in_viewport()
    assert stage.settled.path.read_text() == before
    field.fill("5s")
    expect(wrong).to_be_hidden()
    expect(page.get_by_text("In force at once")).to_be_visible()
    page.get_by_role("button", name="Discard").click()
    expect(field).to_have_value("10s")
    expect(page.get_by_role("button", name="Save")).to_be_hidden()


def test_what_is_saved_is_in_force_and_the_file_keeps_its_comments(
    stage: Stage, visit: Open
) -> None:
    page = opened(visit, stage).page
    before = stage.settled.path.read_text()
    row(page, "recording.pre_roll").get_by_role("textbox").fill("4s")
    saved(page)
    assert stage.settled.path.read_text() == before.replace('"10s"  # of', '"4s"  # of')
    page.get_by_role("link", name="Live").click()
    expect(page.locator(".tile").first).to_be_visible()
    page.keyboard.press("r")
    expect(page.locator("#answer")).to_contain_text("4.0 s before it are secured")
    page.keyboard.press("s")
    page.get_by_role("link", name="Settings").click()
    reset = row(page, "recording.pre_roll").get_by_role("button", name="take the default, 10s")
    reset.click()
    saved(page)
    assert "pre_roll" not in values(stage)["recording"]


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(stage: Stage, visit: Open) -> None:
    tab = opened(visit, stage)
    tab.expected.append(REFUSED)
    page = tab.page
    quality = row(page, "recording.quality").get_by_role("spinbutton")
    quality.fill("20")
    expect(page.get_by_text("In force at once")).to_be_visible()
    file = stage.settled.path
    file.write_text(file.read_text().replace('post_roll = "10s"', 'post_roll = "7s"  # mine'))
    page.keyboard.press("Control+s")
    expect(page.get_by_text("The settings file was changed meanwhile")).to_be_visible()
    assert "quality" not in values(stage)["recording"]
    page.get_by_role("button", name="Load it, keep my changes").click()
    expect(row(page, "recording.post_roll").get_by_role("textbox")).to_have_value("7s")
    expect(quality).to_have_value("20")
    saved(page)
    assert values(stage)["recording"] == {"pre_roll": "10s", "post_roll": "7s", "quality": 20}
    assert "# mine" in file.read_text()


@pytest.mark.long
def test_nobody_leaves_changes_behind_without_being_asked(stage: Stage, visit: Open) -> None:
    page = visit(stage.child.address, **DESK).page
    page.get_by_role("link", name="Settings").click()
    field = row(page, "recording.quality").get_by_role("spinbutton")
    field.fill("21")
    for go in (lambda: page.get_by_role("link", name="Events").click(), page.go_back):
        go()
        dialog = page.get_by_role("dialog", name="Leave without saving?")
        dialog.get_by_role("button", name="Stay").click()
        expect(page).to_have_url(re.compile("#settings$"))
        expect(field).to_have_value("21")
    page.go_back()
    page.get_by_role("dialog").get_by_role("button", name="Leave").click()
    expect(page.locator("#stage")).to_be_visible()
    page.go_forward()
    expect(field).to_have_value("23")
    page.go_back()
    expect(page.locator("#stage")).to_be_visible()
    page.get_by_role("link", name="Events").click()
    expect(page.get_by_role("slider", name="Timeline")).to_be_visible()


@pytest.mark.long
def test_all_of_it_is_done_by_keys(stage: Stage, visit: Open) -> None:
    page = opened(visit, stage).page
    page.keyboard.press("/")
    page.keyboard.type("mirror")
    expect(page.get_by_text("2 settings")).to_be_visible()
    expect(row(page, "recording.pre_roll")).to_be_hidden()
    mirror = row(page, "camera.flip", "cam1").get_by_role("switch", name="Mirror")
    for _ in range(40):
        if mirror.evaluate("(it) => it === document.activeElement"):
            break
        page.keyboard.press("Tab")
    page.keyboard.press("Space")
    expect(page.get_by_text("Demo 1 starts anew")).to_be_visible()
    page.keyboard.press("Control+s")
    expect(page.get_by_text("Demo 1 has started anew")).to_be_visible()
    expect(mirror).to_be_focused()
    assert values(stage)["camera"][1]["flip"] is True
    page.get_by_role("searchbox").press("Escape")
    expect(row(page, "recording.pre_roll")).to_be_visible()


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(PHONE, "dark", id="phone-dark"),
        pytest.param(DESK, "light", id="desk-light", marks=pytest.mark.long),
        pytest.param(WALL, "dark", id="wall-dark", marks=pytest.mark.long),
        pytest.param(PHONE, "light", id="phone-light", marks=pytest.mark.long),
    ],
)
def test_it_fits_and_axe_finds_nothing(
    stage: Stage, visit: Open, size: dict[str, Any], scheme: str
) -> None:
    tab = opened(visit, stage, **size, color_scheme=scheme)
    page = tab.page
    complaints = violations(page)
    assert wider_than_shown(page) == 0
    assert (brightness(page) < 80) is (scheme == "dark")
    unfolded(page, "cam1")
    page.get_by_role("button", name="Add times").click()
    page.get_by_role("button", name="Add a camera").click()
    row(page, "recording.pre_roll").get_by_role("textbox").fill("30m")
    expect(page.get_by_text("Must be 0s to 10m").first).to_be_visible()
    complaints |= violations(page)
    assert wider_than_shown(page) == 0
    save = page.get_by_role("button", name="Save")
    expect(save).to_be_in_viewport(ratio=1)
    if size is PHONE:
        small = page.evaluate(TOO_SMALL, FINGER)
        assert not small
    assert not complaints


@pytest.mark.long
def test_who_may_not_do_everything_sees_no_settings(film: DemoFeed, visit: Open) -> None:
    with played(1, film, users=True) as stage:
        tab = visit(f"{stage.child.address}#settings", **PHONE)
        tab.expected.append(REFUSED)
        page = tab.page
        page.get_by_role("textbox", name="Name").fill("record")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Settings are not open to you")).to_be_visible()
        expect(page.get_by_role("link", name="Settings")).to_be_hidden()
        assert page.locator(".setting").count() == 0


@pytest.mark.long
def test_the_header_of_who_may_do_everything_fits_a_phone(film: DemoFeed, visit: Open) -> None:
    with played(1, film, users=True) as stage:
        tab = visit(f"{stage.child.address}#settings", **PHONE)
        tab.expected.append(REFUSED)
        page = tab.page
        page.get_by_role("textbox", name="Name").fill("admin")
        page.get_by_label("Password").fill(PASSWORD)
        page.get_by_role("button", name="Log in").click()
        expect(page.get_by_role("heading", name="Recording")).to_be_visible()
        assert wider_than_shown(page) == 0
        for button in page.locator(".top > button, .top .menu button").all():
            box = button.bounding_box()
            assert box is None or min(box["width"], box["height"]) >= FINGER


@pytest.mark.long
def test_cameras_come_and_go(stage: Stage, visit: Open) -> None:
    tab = opened(visit, stage)
    page = tab.page
    live = visit(stage.child.address, **DESK).page
    expect(live.locator(".tile")).to_have_count(2)
    page.get_by_role("button", name="Add a camera").click()
    page.keyboard.type("Gate")
    gate = page.locator(".camera", has_text="Gate")
    gate.get_by_role("combobox", name="Kind of source").select_option("demo")
    page.get_by_role("button", name="Remove Demo", exact=True).click()
    expect(page.get_by_role("button", name="Keep it")).to_be_focused()
    page.keyboard.press("Enter")
    page.get_by_role("button", name="Remove Demo", exact=True).click()
    expect(page.get_by_text("Gate is added. Demo is removed")).to_be_visible()
    assert len(values(stage)["camera"]) == 2
    saved(page)
    cameras = values(stage)["camera"]
    assert [(each["id"], each["name"]) for each in cameras] == [
        ("cam1", "Demo 1"),
        ("cam2", "Gate"),
    ]
    expect(page.locator(".camera")).to_have_count(2)
    expect(live.locator(".tile")).to_have_count(2)
    expect(live.get_by_role("heading", name="Gate")).to_be_visible()
    expect(live.get_by_role("heading", name="Demo", exact=True)).to_have_count(0)
    link = gate.get_by_role("link", name="Draw zones")
    expect(link).to_have_attribute("href", "#zones/cam2")
    page.get_by_role("button", name="Add a camera").click()
    page.get_by_role("button", name="Do not add it").click()
    expect(page.get_by_role("button", name="Add a camera")).to_be_focused()
    expect(page.get_by_role("button", name="Save")).to_be_hidden()


@pytest.mark.long
def test_what_is_set_of_a_camera_is_written_as_a_person_would(stage: Stage, visit: Open) -> None:
    page = opened(visit, stage, "/camera/cam0").page
    camera = unfolded(page, "cam0")
    source = row(page, "camera.source", "cam0")
    source.get_by_role("combobox").select_option("device")
    source.get_by_role("textbox").fill("/dev/video7")
    row(page, "camera.size", "cam0").get_by_role("combobox").fill("640x480")
    row(page, "camera.fps", "cam0").get_by_role("spinbutton").fill("12.5")
    row(page, "camera.rotate", "cam0").get_by_role("combobox").select_option("90° clockwise")
    row(page, "camera.audio", "cam0").get_by_role("switch").click()
    row(page, "camera.retention.max_age", "cam0").get_by_role("textbox").fill("7d")
    expect(camera).to_contain_text("A certain USB camera · 640x480, 12.5 fps")
    expect(page.get_by_text("Demo starts anew")).to_be_visible()
    saved(page)
    assert values(stage)["camera"][0] == {
        "id": "cam0",
        "name": "Demo",
        "source": "usb:/dev/video7",
        "size": "640x480",
        "fps": 12.5,
        "rotate": 90,
        "audio": True,
        "retention": {"max_age": "7d"},
    }
    assert "# as it is drawn" in stage.settled.path.read_text()
    row(page, "camera.retention.max_age", "cam0").get_by_role("textbox").fill("")
    saved(page)
    assert "max_age" not in values(stage)["camera"][0].get("retention", {})


@pytest.mark.long
def test_what_the_camera_itself_is_told_can_be_left_to_it(stage: Stage, visit: Open) -> None:
    text = stage.settled.path.read_text()
    rewrite(stage, text.replace('source = "demo"', 'source = "usb"', 1))
    page = opened(visit, stage).page
    unfolded(page, "cam0")
    focus, extra, dark = (
        row(page, f"camera.controls.{key}", "cam0")
        for key in ("focus", "extra", "exposure_dynamic_framerate")
    )
    focus.get_by_role("combobox").select_option("Fixed at")
    page.keyboard.type("30")
    extra.get_by_role("button", name="Add").click()
    for text in ("gain", "Tab", "32"):
        page.keyboard.press(text) if text == "Tab" else page.keyboard.type(text)
    dark.get_by_role("combobox").select_option("Off")
    saved(page)
    controls = values(stage)["camera"][0]["controls"]
    assert controls == {"focus": 30, "extra": {"gain": 32}, "exposure_dynamic_framerate": False}
    extra.get_by_role("button", name="Remove gain").click()
    for each in (focus, dark):
        each.get_by_role("combobox").select_option("As the camera has it")
    saved(page)
    assert not any(values(stage)["camera"][0].get("controls", {}).values())


@pytest.mark.long
def test_lists_and_times_of_the_week_are_written_as_a_person_would(
    stage: Stage, visit: Open
) -> None:
    page = opened(visit, stage).page
    row(page, "detector.person_class_ids").get_by_role("textbox").fill("0, 2")
    times = row(page, "arming.schedule")
    expect(times).to_contain_text("Always armed")
    times.get_by_role("button", name="Add times").click()
    times.get_by_role("combobox", name="Last day").select_option("thu")
    times.get_by_label("To").fill("00:00")
    times.get_by_role("button", name="Add times").click()
    saved(page)
    said = values(stage)
    assert said["detector"] == {"person_class_ids": [0, 2]}
    assert said["arming"] == {"schedule": ["mon-thu 18:00-24:00"] * 2}
    for _ in range(2):
        times.get_by_role("button", name="Remove times 1").click()
    saved(page)
    assert not values(stage).get("arming", {}).get("schedule")


@pytest.mark.long
def test_a_file_that_somebody_edits_is_taken_or_its_mistakes_are_told(
    stage: Stage, visit: Open
) -> None:
    tab = opened(visit, stage)
    tab.expected.append("409")  # of a check that was under way when the file was changed
    page = tab.page
    text = stage.settled.path.read_text()
    quality = row(page, "recording.quality").get_by_role("spinbutton")
    quality.fill("20")
    rewrite(stage, text.replace('"10s"  # of', '"6s"  # of'))
    expect(row(page, "recording.pre_roll").get_by_role("textbox")).to_have_value("6s")
    expect(quality).to_have_value("20")
    page.get_by_role("button", name="Discard").click()
    stage.settled.path.write_text(text.replace('"10s"  # of', '"8s"  # of'))
    tab.open()
    page.reload()
    page.get_by_role("button", name="Take it").click()
    expect(page.get_by_text("The settings file was changed by hand")).to_be_hidden()
    assert stage.settled.station.config.recording.pre_roll == 8_000_000_000
    stage.settled.path.write_text(text.replace('"10s"  # of', '"8 elephants"  # of'))
    page.reload()
    expect(page.get_by_text("There are mistakes in the settings file")).to_be_visible()
    expect(page.get_by_text("recording.pre_roll: '8 elephants' is no duration")).to_be_visible()


@pytest.mark.long
def test_what_stands_in_the_file_is_never_markup(stage: Stage, visit: Open) -> None:
    text = stage.settled.path.read_text()
    rewrite(stage, text.replace('name = "Demo"', f"name = '{MARKUP}'"))
    page = opened(visit, stage).page
    expect(unfolded(page, "cam0")).to_contain_text(MARKUP)
    row(page, "recording.format").get_by_role("combobox").select_option("The camera's own bits")
    row(page, "camera.name", "cam0").get_by_role("textbox").fill(f"{MARKUP}\u0007")
    expect(page.locator(".bar")).to_contain_text("Must be text of one line")
    assert page.locator("#view img").count() == 0
