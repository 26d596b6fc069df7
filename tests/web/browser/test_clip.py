"""The page of a clip: every picture of it can be reached, and all that is told of it is true.

Which picture is shown is read from the picture itself, and where persons are is known from the
demo's own drawing: nothing that the page says of itself is believed.
"""

import hashlib
import os
import re
from dataclasses import astuple
from functools import partial
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Page, expect

from smartrec.clock import SystemClock
from smartrec.media.demo import DemoFeed
from smartrec.model import Codec
from smartrec.units import SECOND
from tests.web.browser.boxes import frame
from tests.web.browser.conftest import Library, Open, played
from tests.web.browser.fitting import (
    DESK,
    PHONE,
    SEVERED,
    WALL,
    brightness,
    violations,
    wider_than_shown,
)
from tests.web.browser.shown import number_shown, screen, wait_for_number
from tests.web.browser.visit import Late, Visit, pixels
from tests.web.programme import FIRST, MARKUP
from tests.web.stage import ready
from tests.web.studio import FPS, Clip, Growing, Studio, Wish, where_in

pytestmark = pytest.mark.timeout(240)  # the first makes the library
HUGE = 1 << 30
"""Bytes that no server has sent before it is killed."""
FILES = ["coded", "frames"]
ONE_OF_THEM = ["coded", pytest.param("frames", marks=pytest.mark.long)]
FURTHER = ["reordered", "encoded", "lossy", "sounding", "part 2", "upside", "turned"]
KINDS = [*FILES, *(pytest.param(name, marks=pytest.mark.long) for name in FURTHER)]


def opened(visit: Open, library: Library, clip: Clip | Growing, **context: Any) -> Visit:
    """A clip's page with its first picture."""
    tab = visit(library.address(clip), **{**DESK, **context})
    expect(screen(tab.page)).to_be_visible()
    return tab


def press(tab: Visit, *keys: str) -> None:
    for key in keys:
        tab.page.keyboard.press(key)


def stand_at(tab: Visit, index: int, clip: Clip) -> None:
    """That picture is shown, and the page says so."""
    wait_for_number(tab, clip.shown[index], clip.wish.turned)
    said = tab.page.get_by_text(f"Picture {index + 1} of {len(clip.shown)}", exact=True)
    expect(said).to_be_visible()


@pytest.mark.parametrize("name", KINDS)
def test_every_picture_is_reached_one_by_one(library: Library, visit: Open, name: str) -> None:
    clip = library[name]
    last = len(clip.shown) - 1
    tab = opened(visit, library, clip)
    stand_at(tab, 0, clip)
    for index in range(1, 5):
        press(tab, ".")
        stand_at(tab, index, clip)
    press(tab, ",")
    stand_at(tab, 3, clip)
    press(tab, "End")
    stand_at(tab, last, clip)
    press(tab, ",", ",", ",")
    stand_at(tab, last - 3, clip)
    press(tab, *5 * ".")
    stand_at(tab, last, clip)
    press(tab, "Home")
    stand_at(tab, 0, clip)


@pytest.mark.parametrize("name", ONE_OF_THEM)
def test_it_plays_and_stands_still_at_a_picture(library: Library, visit: Open, name: str) -> None:
    clip = library[name]
    tab = opened(visit, library, clip)
    stand_at(tab, 0, clip)
    press(tab, "Space")
    tab.wait_until("it plays", lambda: (number_shown(tab.page) or 0) > clip.shown[8])
    press(tab, "Space")
    expect(tab.page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    here = settled(tab)
    assert clip.shown[8] < here <= clip.shown[-1]
    stand_at(tab, clip.shown.index(here), clip)
    press(tab, "j")
    stand_at(tab, 0, clip)
    press(tab, "l")
    stand_at(tab, len(clip.shown) - 1, clip)


def settled(tab: Visit) -> int:
    """The number of the picture, once the same is shown twice."""
    seen: list[int | None] = [None]

    def stands() -> bool:
        seen.append(number_shown(tab.page))
        return seen[-1] is not None and seen[-1] == seen[-2]

    tab.wait_until("it stands still", stands)
    assert seen[-1] is not None
    return seen[-1]


@pytest.mark.parametrize("name", ONE_OF_THEM)
def test_marks_lie_where_the_catalogue_says(library: Library, visit: Open, name: str) -> None:
    clip = library[name]
    record = clip.record
    assert record.first_pts is not None
    assert record.duration is not None
    tab = opened(visit, library, clip)
    slider = tab.page.get_by_role("slider", name="Position")
    bar = slider.locator(".rail").bounding_box()
    assert bar is not None
    marks = slider.locator(".pins i")
    expect(marks).to_have_count(len(record.triggers))
    for at, trigger in enumerate(record.triggers):
        share = (trigger.pts - record.first_pts) / record.duration
        box = marks.nth(at).bounding_box()
        assert box is not None
        middle = (box["x"] + box["width"] / 2 - bar["x"]) / bar["width"]
        assert middle == pytest.approx(share, abs=0.005)

    assert record.actual_pre is not None
    assert record.actual_post is not None
    parts = {
        "Before": record.actual_pre,
        "Event": record.duration - record.actual_pre - record.actual_post,
        "After": record.actual_post,
    }
    for part, length in parts.items():
        shown = slider.get_by_text(f"{part} {length / SECOND:.1f} s")
        wide = shown.bounding_box()
        assert wide is not None, part
        assert wide["width"] / bar["width"] == pytest.approx(length / record.duration, abs=0.01)


@pytest.mark.long
def test_what_led_to_it_is_told_and_leads_to_its_picture(library: Library, visit: Open) -> None:
    clip = library["coded"]
    tab = opened(visit, library, clip)
    for trigger in clip.record.triggers:
        title = "Person seen" if trigger.reason == "person" else "Key R"
        tab.page.get_by_role("button", name=f"Go to {title}").click()
        wait_for_number(tab, where_in(clip, trigger.pts))
    expect(tab.page.get_by_text("zone “hall”")).to_be_visible()
    best = clip.record.best_score
    assert best is not None
    expect(tab.page.get_by_text(f"up to {best:.0%} sure")).to_be_visible()


@pytest.mark.long
def test_a_place_on_the_bar_is_a_picture(library: Library, visit: Open) -> None:
    clip = library["frames"]
    tab = opened(visit, library, clip)
    slider = tab.page.get_by_role("slider", name="Position")
    box = slider.locator(".rail").bounding_box()
    assert box is not None
    middle = box["y"] + box["height"] / 2
    for share in (0.9, 0.2):
        tab.page.mouse.click(box["x"] + share * box["width"], middle)
        index = int(share * len(clip.shown))
        near = clip.shown[index - 1 : index + 2]
        tab.wait_until(f"{share:.0%}", partial(is_any, tab, near))


def is_any(tab: Visit, numbers: list[int]) -> bool:
    return number_shown(tab.page) in numbers


@pytest.mark.parametrize("name", ONE_OF_THEM)
def test_boxes_lie_on_the_person_and_can_be_taken_away(
    library: Library, visit: Open, name: str
) -> None:
    clip = library[name]
    tab = opened(visit, library, clip)
    press(tab, "End", ",", ",")
    wait_for_number(tab, clip.shown[-3])
    seen: list[object] = []

    def boxed() -> bool:
        seen[:] = [frame(pixels(screen(tab.page)))]
        return seen[0] is not None

    tab.wait_until("a box", boxed)
    wanted = clip.person(clip.shown[-3])
    assert astuple(seen[0]) == pytest.approx(astuple(wanted), abs=0.02)  # type: ignore[call-overload]
    press(tab, "b")
    tab.wait_until("no box", lambda: not boxed())
    tab.page.get_by_role("button", name="Show boxes").click()
    tab.wait_until("a box", boxed)


@pytest.mark.long
def test_keys_do_what_their_list_says(library: Library, visit: Open) -> None:
    clip = library["frames"]
    tab = opened(visit, library, clip)
    stand_at(tab, 0, clip)
    press(tab, "ArrowRight")
    stand_at(tab, FPS, clip)
    press(tab, "ArrowRight", "ArrowLeft")
    stand_at(tab, FPS, clip)
    press(tab, "e")
    first = min(trigger.pts for trigger in clip.record.triggers)
    wait_for_number(tab, where_in(clip, first))
    speed = tab.page.get_by_role("combobox", name="Speed")
    press(tab, "<", "<")
    expect(speed).to_have_value("0.25")
    press(tab, "Home", "l")
    expect(tab.page.get_by_role("button", name="Pause", exact=True)).to_be_visible()
    press(tab, "k")
    expect(tab.page.get_by_role("button", name="Play", exact=True)).to_be_visible()
    here = settled(tab)
    assert here < clip.shown[-1]
    press(tab, "?")
    expect(tab.page.get_by_role("dialog")).to_contain_text("One picture back")
    press(tab, "Escape")
    press(tab, "f")
    player = tab.page.get_by_role("region", name="Player")
    tab.wait_until("full screen", lambda: fills(player.bounding_box(), tab.page))
    press(tab, "f")
    tab.wait_until("back", lambda: not fills(player.bounding_box(), tab.page))


def fills(box: object, page: Page) -> bool:
    size = page.evaluate("[innerWidth, innerHeight]")
    return isinstance(box, dict) and [box["width"], box["height"]] == size


@pytest.mark.parametrize("name", ONE_OF_THEM)
def test_what_is_downloaded_is_what_was_recorded(
    library: Library, visit: Open, name: str, tmp_path: Path
) -> None:
    clip = library[name]
    tab = opened(visit, library, clip)
    with tab.page.expect_download() as coming:
        tab.page.get_by_role("link", name="Download").click()
    file = tmp_path / "clip"
    coming.value.save_as(file)
    assert clip.record.path is not None
    assert coming.value.suggested_filename == clip.record.path.name
    digest = hashlib.sha256(file.read_bytes()).hexdigest()
    assert digest == clip.record.sha256
    tab.page.get_by_text("Details", exact=True).click()
    expect(tab.page.get_by_text(digest)).to_be_visible()


@pytest.mark.long
def test_a_pin_and_a_note_are_kept_and_seen_by_others(library: Library, visit: Open) -> None:
    clip = library.new()
    tab = opened(visit, library, clip)
    tab.page.get_by_role("button", name="Pin").click()
    expect(tab.page.get_by_role("button", name="Pinned")).to_have_attribute("aria-pressed", "true")
    note = tab.page.get_by_role("textbox", name="Note")
    text = f"Post van {MARKUP}\nand more"
    note.fill(text)
    expect(tab.page.get_by_text("Saved", exact=True)).to_be_visible()
    with library.studio.catalog() as catalog:
        kept = catalog.clip(clip.id)
    assert kept.pinned
    assert kept.note == text
    other = opened(visit, library, clip)
    expect(other.page.get_by_role("textbox", name="Note")).to_have_value(text)
    expect(other.page.get_by_role("button", name="Pinned")).to_be_visible()
    assert not other.page.locator("main img, main script").count()
    other.page.get_by_role("button", name="Pinned").click()
    expect(other.page.get_by_role("button", name="Pin", exact=True)).to_be_visible()
    expect(tab.page.get_by_role("button", name="Pin", exact=True)).to_be_visible()


@pytest.mark.long
def test_a_note_is_not_taken_from_who_writes_on_after_a_pause(
    library: Library, visit: Open
) -> None:
    clip = library.new()
    tab = opened(visit, library, clip)
    note = tab.page.get_by_role("textbox", name="Note")
    note.press_sequentially("Post ")
    expect(tab.page.get_by_text("Saved", exact=True)).to_be_visible()
    # Its own change is told to it, too: it asks anew what the clip is.
    with tab.page.expect_response(f"**/clips/{clip.id}"):
        tab.page.get_by_role("button", name="Pin").click()
    expect(tab.page.get_by_role("button", name="Pinned")).to_be_visible()
    note.press("End")
    note.press_sequentially("van")
    expect(note).to_have_value("Post van")


@pytest.mark.long
def test_an_answer_from_before_takes_no_note_away(library: Library, visit: Open) -> None:
    clip = library.new()
    tab = opened(visit, library, clip)
    late = Late(tab, f"/clips/{clip.id}$")
    opened(visit, library, clip).page.get_by_role("button", name="Pin").click()
    late.wait()
    note = tab.page.get_by_role("textbox", name="Note")
    note.fill("Post van")
    expect(tab.page.get_by_text("Saved", exact=True)).to_be_visible()
    late.come()
    assert note.input_value() == "Post van", "nor for a moment"
    expect(tab.page.get_by_role("button", name="Pinned")).to_be_visible()


def test_a_deleted_clip_can_be_had_back(library: Library, visit: Open) -> None:
    clip = library.new()
    tab = opened(visit, library, clip)
    tab.page.get_by_role("button", name="Delete").click()
    expect(tab.page.get_by_text("In the trash")).to_be_visible()
    with library.studio.catalog() as catalog:
        assert clip.id not in {each.clip_id for each in catalog.clips(limit=5)}
    tab.page.get_by_role("button", name="Undo").click()
    expect(tab.page.get_by_text("In the trash")).to_be_hidden()
    wait_for_number(tab, clip.shown[0])
    with library.studio.catalog() as catalog:
        assert catalog.clip(clip.id).clip_id == clip.id


@pytest.mark.long
def test_a_pinned_clip_is_not_deleted(library: Library, visit: Open) -> None:
    clip = library.new()
    tab = opened(visit, library, clip)
    tab.page.get_by_role("button", name="Pin").click()
    expect(tab.page.get_by_role("button", name="Pinned")).to_be_visible()
    tab.page.get_by_role("button", name="Delete").click(force=True)
    expect(tab.page.get_by_text(re.compile("Pinned: unpin it first"))).to_be_visible()


@pytest.mark.long
def test_older_and_newer_clips_are_a_key_away(library: Library, visit: Open) -> None:
    here, older, newer = library["frames"], library["coded"], library["lossy"]
    tab = opened(visit, library, here)
    stand_at(tab, 0, here)
    press(tab, "[")
    expect(tab.page).to_have_url(library.address(older))
    stand_at(tab, 0, older)
    press(tab, "]")
    stand_at(tab, 0, here)
    tab.page.get_by_role("link", name="Newer clip").click()
    expect(tab.page).to_have_url(library.address(newer))
    stand_at(tab, 0, newer)
    tab.page.go_back()
    expect(tab.page).to_have_url(library.address(here))
    stand_at(tab, 0, here)


@pytest.mark.long
@pytest.mark.parametrize("codec", [Codec.H264, Codec.JPEG])
def test_an_open_clip_plays_while_it_grows(library: Library, visit: Open, codec: Codec) -> None:
    growing = library.studio.begin(library.now(5, codec=codec))
    growing.grow(2 * FPS)
    first = growing.first
    tab = opened(visit, library, growing)
    wait_for_number(tab, first)
    expect(tab.page.get_by_text("Recording", exact=True)).to_be_visible()
    press(tab, "End")
    wait_for_number(tab, first + 2 * FPS - 1)
    press(tab, "Space")
    growing.grow(FPS)
    wait_for_number(tab, first + 3 * FPS - 1)
    growing.grow(FPS)
    clip = growing.finish()
    library.stage.publish(ready(clip))
    wait_for_number(tab, first + 4 * FPS - 1)
    expect(tab.page.get_by_text("Recording", exact=True)).to_be_hidden()
    expect(tab.page.get_by_text(f"of {4 * FPS}", exact=False)).to_be_visible()


@pytest.mark.long
def test_lost_pictures_are_told(library: Library, visit: Open) -> None:
    clip = library["lossy"]
    page = opened(visit, library, clip).page
    expect(page.get_by_text("5 pictures of 90 are missing")).to_be_visible()
    expect(page.get_by_text("5 pictures never came from the camera")).to_be_visible()


@pytest.mark.long
def test_what_cannot_be_played_is_told(library: Library, visit: Open) -> None:
    page = visit(library.address(library["h265"]), **DESK).page
    expect(page.get_by_text("This browser does not play this clip")).to_be_visible()
    expect(page.get_by_role("link", name="Download")).to_be_visible()
    page = visit(library.address(library["failed"]), **DESK).page
    expect(page.get_by_text("could not be finished").first).to_be_visible()


@pytest.mark.long
def test_who_asks_for_a_clip_that_is_not_there_is_told(library: Library, visit: Open) -> None:
    tab = visit(f"{library.stage.child.address}#clip/01a20790-0000-7000-8000-000000000000", **DESK)
    tab.expected.append("404")  # Chromium's own word on it
    expect(tab.page.get_by_text("This clip is not there")).to_be_visible()
    tab.page.get_by_role("link", name="All events").click()
    expect(tab.page).to_have_url(re.compile("#events"))


@pytest.mark.long
def test_names_from_outside_are_never_markup(library: Library, visit: Open) -> None:
    clip = library["street"]
    tab = opened(visit, library, clip)
    expect(tab.page.get_by_role("heading", name=MARKUP)).to_be_visible()
    assert not tab.page.locator("main img, main script").count()


@pytest.mark.parametrize(
    "size",
    [
        pytest.param(PHONE, id="phone"),
        pytest.param(DESK, id="desk", marks=pytest.mark.long),
        pytest.param(WALL, id="wall", marks=pytest.mark.long),
    ],
)
def test_the_clip_fits(library: Library, visit: Open, size: dict[str, Any]) -> None:
    page = opened(visit, library, library["coded"], **size).page
    assert wider_than_shown(page) == 0
    width = page.viewport_size["width"] if page.viewport_size else 0
    picture = screen(page).bounding_box()
    assert picture is not None
    assert picture["width"] > (0.95 if size is PHONE else 0.5) * width
    assert picture["width"] / picture["height"] == pytest.approx(16 / 9, rel=0.01)
    expect(page.get_by_role("button", name="Play", exact=True)).to_be_in_viewport(ratio=1)


@pytest.mark.parametrize(
    ("name", "size", "scheme"),
    [
        pytest.param("coded", PHONE, "dark", id="phone-dark"),
        pytest.param("street", DESK, "light", id="desk-light", marks=pytest.mark.long),
        pytest.param("lossy", PHONE, "light", id="phone-light", marks=pytest.mark.long),
        pytest.param("failed", DESK, "dark", id="desk-dark", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing(
    library: Library, visit: Open, name: str, size: dict[str, Any], scheme: str
) -> None:
    page = visit(library.address(library[name]), color_scheme=scheme, **size).page
    expect(page.get_by_role("textbox", name="Note")).to_be_visible()
    assert (brightness(page) < 80) is (scheme == "dark")
    assert not violations(page)


@pytest.mark.long
def test_a_server_that_dies_in_mid_download_takes_nothing_else_along(
    film: DemoFeed, visit: Open, tmp_path: Path
) -> None:
    studio = Studio(tmp_path / "clips", film)
    numbers = range(FIRST, FIRST + FPS)
    wish = Wish(SystemClock().now().wall_ns, numbers, codec=Codec.JPEG, keys=(FIRST + 9,))
    small, large = studio.record(wish), studio.record(wish)
    assert large.record.path is not None
    os.truncate(large.record.path, HUGE)
    with played(1, film, studio=studio) as first:
        address = first.child.address
        port = first.child.port
        tab = visit(f"{address}#clip/{large.id}", **DESK)
        tab.expected += [SEVERED, "net::ERR"]
        with tab.page.expect_download() as coming:
            tab.page.get_by_role("link", name="Download").click()
        first.child.process.kill()
        assert coming.value.failure() is not None
        expect(tab.page.locator("#notices")).to_contain_text("does not answer")
    with played(1, film, port, studio=studio):
        expect(tab.page.locator("#notices")).not_to_contain_text("does not answer")
        tab.page.evaluate("(id) => { location.hash = `#clip/${id}`; }", small.id)
        with tab.page.expect_download() as coming:
            tab.page.get_by_role("link", name="Download").click()
        whole = Path(coming.value.path()).read_bytes()
        assert hashlib.sha256(whole).hexdigest() == small.record.sha256


@pytest.mark.parametrize(
    ("status", "stays"), [pytest.param(503, True, marks=pytest.mark.long), (403, False)]
)
def test_why_pictures_are_refused_is_told_in_the_servers_words(
    library: Library, visit: Open, status: int, stays: bool
) -> None:
    clip = library["frames"]
    tab = visit(library.stage.child.address, **DESK)
    tab.expected.append(str(status))
    refused = {"error": {"message": "the shelf is locked", "hint": "Fetch the key."}}
    times = f"**/clips/{clip.id}/frames?*"
    tab.page.route(times, lambda route: route.fulfill(status=status, json=refused))
    tab.page.goto(library.address(clip))
    expect(tab.page.get_by_text("The shelf is locked", exact=True)).to_be_visible()
    expect(tab.page.get_by_text("Fetch the key.")).to_be_visible()
    tab.page.unroute(times)
    if not stays:  # only what may mend itself is tried again
        tab.page.get_by_role("button", name="Try now").click()
    wait_for_number(tab, clip.shown[0])
