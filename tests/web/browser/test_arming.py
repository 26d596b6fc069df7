"""Arming and disarming on the page, in a real browser: what it does, tells and shows."""

import re
from collections.abc import Iterator

import pytest
from playwright.sync_api import Page, expect

from smartrec.app.events import ArmingChanged
from smartrec.model import Action, Command, new_id
from tests.web.browser.conftest import Open
from tests.web.browser.fitting import DESK, PHONE, violations
from tests.web.stage import Stage


@pytest.fixture(autouse=True)
def armed(stage: Stage) -> Iterator[None]:
    """Each test ends as it began."""
    yield
    stage.recorder.until = None
    stage.recorder.obey(Command(new_id(), None, Action.ARM))


def disarmed(page: Page, camera: str) -> None:
    """Until that is said of it."""
    expect(page.locator(f"[data-camera={camera}] .disarmed")).to_be_visible()


@pytest.mark.long
def test_one_camera_is_disarmed_and_every_page_says_so(stage: Stage, visit: Open) -> None:
    one = visit(stage.child.address, **DESK).page
    stage.recorder.until = "2030-01-01T18:00:00+00:00"
    one.get_by_role("button", name="Disarm Demo 1", exact=True).click()
    expect(one.locator("#answer")).to_have_text(re.compile("^Disarmed Demo 1 until .*00"))
    expect(one.locator("#entries li").first).to_contain_text("Disarmed until")
    other = visit(stage.child.address, **DESK).page
    for page in (one, other):
        disarmed(page, "cam1")
        expect(page.locator("[data-camera=cam0] .disarmed")).to_be_hidden()
    stage.recorder.unrecorded["cam1"] = 3
    expect(other.locator("[data-camera=cam1] .disarmed")).to_contain_text("3 persons not recorded")
    assert not violations(other)
    other.get_by_role("button", name="Arm Demo 1", exact=True).press("Enter")
    expect(one.locator("[data-camera=cam1] .disarmed")).to_be_hidden()
    stage.publish(ArmingChanged("cam1", True, "schedule", None, unrecorded=3))
    expect(one.locator("#entries li").first).to_contain_text("3 persons not recorded meanwhile")


@pytest.mark.long
@pytest.mark.parametrize("size", [pytest.param(PHONE, id="phone"), pytest.param(DESK, id="desk")])
def test_all_are_disarmed_and_armed_at_once_and_no_key_does_it(
    stage: Stage, visit: Open, size: dict[str, object]
) -> None:
    page = visit(stage.child.address, **size).page
    button = page.locator("#arm")
    expect(button).to_be_in_viewport(ratio=1)
    expect(button).to_have_accessible_name("Disarm all")
    page.keyboard.press("a")
    page.keyboard.press("d")
    button.click()
    expect(button).to_have_accessible_name("Arm all")
    for camera in ("cam0", "cam1"):
        disarmed(page, camera)
    page.locator("#record").click()
    expect(page.locator(".tile[data-recording]")).to_have_count(2)
    expect(page.locator("#answer")).to_contain_text("Recording")
    page.locator("#stop").click()
    expect(page.locator(".tile[data-recording]")).to_have_count(0)
    button.click()
    expect(page.locator("#answer")).to_contain_text("Armed Demo, Demo 1.")
    expect(page.locator(".disarmed:visible")).to_have_count(0)
