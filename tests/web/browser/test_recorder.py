"""The main job through the page of a real recorder, seen as a person sees it: by its pixels."""

import re

from playwright.sync_api import expect

from tests.e2e.recorder import Recorder
from tests.e2e.test_persons import overlap
from tests.web.browser import numbers
from tests.web.browser.boxes import look, wait_for_box
from tests.web.browser.conftest import Open


def test_the_live_picture_moves(demo: tuple[Recorder, str], visit: Open) -> None:
    _, address = demo
    tab = visit(address)
    seen: list[int] = []

    def thirty() -> bool:
        seen.extend(drawn.number for drawn in numbers.drawn(tab.page))
        return len(seen) >= 30

    tab.wait_until("thirty pictures", thirty)
    assert seen == sorted(set(seen)), "never an older one after a newer one"


def test_the_box_lies_on_the_person_and_goes_with_her(
    demo: tuple[Recorder, str], visit: Open
) -> None:
    _, address = demo
    tab = visit(address)
    shot = wait_for_box(tab)
    assert shot.box is not None
    assert overlap(shot.box, shot.person) > 0.6, (shot.number, shot.box, shot.person)
    tab.wait_until("no box", lambda: look(tab).box is None)
    assert not look(tab).stands


def test_r_records_and_the_clip_appears_without_loading_again(
    demo: tuple[Recorder, str], visit: Open
) -> None:
    running, address = demo
    tab = visit(address)
    running.wait_ring(3)
    expect(tab.page.get_by_role("button", name="Record", exact=False).first).to_be_enabled()
    tab.page.keyboard.press("r")
    answer = tab.page.locator("#answer")
    expect(answer).to_have_text(re.compile(r"^Recording\. (\d\.\d) s before it are secured"))
    said = re.search(r"(\d\.\d) s", answer.inner_text())
    assert said is not None
    assert float(said[1]) >= 2.9
    expect(tab.page.locator(".rec").first).to_be_visible()

    entry = tab.page.locator("#entries li", has_text="Clip ready").first
    expect(entry).to_be_visible()
    expect(entry).to_contain_text("none lost")
    expect(tab.page.locator(".rec").first).to_be_hidden()
    row = running.home.rows()[0]
    assert row["state"] == "complete"
    assert row["frames_lost"] == 0
    expect(entry).to_contain_text(f"{row['frames_written']} pictures")
    (trigger,) = row["triggers"]
    assert trigger["reason"] == "page"
