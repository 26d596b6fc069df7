"""The main job through the page of a real recorder, seen as a person sees it: by its pixels."""

import re
from pathlib import Path

import pytest
from playwright.sync_api import expect

from tests.e2e.recorder import Recorder, settings
from tests.e2e.test_persons import overlap
from tests.media.rtsp_server import Server, needs_server, numbered, played
from tests.web.browser import numbers
from tests.web.browser.boxes import look, wait_for_box
from tests.web.browser.conftest import WITH_PAGE, Open, home_in, page_of
from tests.web.browser.shown import number_shown
from tests.web.browser.visit import Visit

SECURED = r"^Recording\..* (\d+\.\d) s .*secured"


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


@pytest.mark.long
def test_r_records_and_the_clip_appears_without_loading_again(
    demo: tuple[Recorder, str], visit: Open
) -> None:
    running, address = demo
    tab = visit(address)
    running.wait_ring(3)
    tab.page.keyboard.press("r")
    answer = tab.page.locator("#answer")
    expect(answer).to_have_text(re.compile(SECURED))
    said = re.search(SECURED, answer.inner_text())
    assert said is not None
    assert float(said[1]) >= 2.9
    lamps = [each.page.locator(".rec").first for each in (tab, visit(address))]
    for lamp in lamps:
        expect(lamp).to_contain_text(re.compile(r"\d+ s left"))
    clip_id = tab.page.locator("#entries li[data-tone=rec]").get_attribute("data-clip")
    tab.page.keyboard.press("s")
    expect(answer).to_contain_text("Stopped")

    entry = tab.page.locator(f"#entries li[data-clip='{clip_id}']")
    expect(entry).to_contain_text("Clip ready")
    expect(entry).to_contain_text("none lost")
    for lamp in lamps:
        expect(lamp).to_be_hidden()
    (row,) = [each for each in running.home.rows() if each["clip_id"] == clip_id]
    assert row["state"] == "stopped"
    assert row["frames_lost"] == 0
    expect(entry).to_contain_text(f"{row['frames_written']} pictures")
    (trigger,) = row["triggers"]
    assert trigger["reason"] == "page"


def test_what_r_records_appears_among_the_events_and_plays(
    demo: tuple[Recorder, str], visit: Open
) -> None:
    running, address = demo
    list_, tab = visit(f"{address}#events"), visit(address)
    list_.expected.append("404")  # a picture is asked for before the journal has it
    events = list_.page
    running.wait_ring(3)
    tab.page.keyboard.press("r")
    expect(tab.page.locator("#answer")).to_have_text(re.compile(SECURED))
    recording = events.locator("article[data-state=recording]")
    expect(recording).to_be_visible()
    clip_id = recording.get_attribute("data-clip")
    tab.page.keyboard.press("s")
    card = events.locator(f"article[data-clip='{clip_id}']")
    expect(card).to_have_attribute("data-state", "stopped")
    card.get_by_role("link").click()
    clip = next(row for row in running.home.rows() if row["clip_id"] == clip_id)
    expect(events.get_by_text(f"Picture 1 of {clip['frames_written']}", exact=True)).to_be_visible()
    first = number_shown(events)
    assert first is not None
    events.keyboard.press("l")
    last = events.get_by_text(re.compile(r"^Picture (\d+) of \1$"))
    expect(last).to_be_visible()
    assert number_shown(events) == first + clip["frames_written"] - 1
    tab.page.locator(f"#entries li[data-clip='{clip_id}']").get_by_role("link").click()
    expect(tab.page).to_have_url(re.compile(f"#clip/{clip_id}$"))
    expect(
        tab.page.get_by_text(f"Picture 1 of {clip['frames_written']}", exact=True)
    ).to_be_visible()


@pytest.mark.long
def test_a_camera_that_is_lost_is_shown_and_its_return_too(
    tmp_path: Path, tmp_path_factory: pytest.TempPathFactory, visit: Open
) -> None:
    needs_server()
    film = played(numbered(tmp_path / "film.mp4", "h264", 1800), "h264")
    with Server({"/door": film}) as server:
        config = settings(tmp_path / "two.toml", ["demo", server.address("/door")])
        arguments = ("run", "--config", str(config))
        with Recorder(home_in(tmp_path_factory), arguments, environ=WITH_PAGE) as running:
            tab = visit(page_of(running))
            door = tab.page.locator(".tile").nth(1)
            wait_moving(tab)
            server.kill()
            lost = door.get_by_text("Camera lost", exact=True)
            expect(lost).to_be_visible()
            expect(tab.page.locator("#entries li", has_text="Lost: ").first).to_be_visible()
            numbers.drawn(tab.page)
            tab.wait_until("the other camera goes on", lambda: bool(numbers.drawn(tab.page)))
            server.start()
            expect(tab.page.locator("#entries li", has_text="Back after").first).to_be_visible()
            expect(lost).to_be_hidden()
            wait_moving(tab)


def wait_moving(tab: Visit) -> None:
    """Until the one video of a page plays."""
    video = tab.page.locator("video")
    script = "(video) => video.readyState >= 2 ? video.currentTime : -1"
    tab.wait_until("a video", lambda: video.count() == 1 and video.evaluate(script) > 0)
    begun = video.evaluate(script)
    tab.wait_until("it moves", lambda: video.evaluate(script) not in (-1, begun))
