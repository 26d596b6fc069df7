"""The page of events: the timeline and the list are the catalogue's, and stay so."""

import re
from functools import partial
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from smartrec.app.events import ClipOpened
from smartrec.model import new_id
from smartrec.store import keeping
from smartrec.units import SECOND
from tests.web.browser.conftest import Library, Open
from tests.web.browser.fitting import DESK, PHONE, WALL, brightness, violations, wider_than_shown
from tests.web.browser.listing import (
    DAY,
    SCROLL,
    Viewer,
    card,
    counted,
    drawn,
    ids,
    ms,
    newest,
    timeline,
    words,
)
from tests.web.browser.shown import number_shown
from tests.web.browser.visit import Late, Visit
from tests.web.programme import MARKUP
from tests.web.stage import Stage, ready
from tests.web.studio import FPS

pytestmark = pytest.mark.timeout(240)  # the first makes the library
FEW = 3
"""Clips that a page has in its document even where each is of another day, below a heading."""


def opened(
    visit: Open, library: Library, query: str = "", viewer: Viewer | None = None, **context: Any
) -> Visit:
    """The page of events, with clips in its list."""
    address = f"{library.stage.child.address}#events{query}"
    tab = visit(address, **{**DESK, **(viewer or Viewer()).context, **context})
    expect(tab.page.locator("main article[data-clip]").first).to_be_visible()
    return tab


def test_the_day_is_counted_and_drawn_as_the_catalogue_has_it(
    library: Library, visit: Open
) -> None:
    viewer = Viewer()
    begin, end = viewer.today
    page = opened(visit, library, viewer=viewer).page
    with library.studio.catalog() as catalog:
        wanted = counted(catalog, "start_wall_ns BETWEEN ? AND ?", begin, end - 1)
        first = newest(catalog, FEW)
    expect(page.get_by_text(words(*wanted), exact=True)).to_be_visible()
    assert ids(page)[:FEW] == first
    clip = library["street"]
    (bar,) = drawn(page, "Street")
    share = (clip.wish.began - begin) / (end - begin)
    assert bar[0] - 0.003 <= share <= bar[1] + 0.003
    assert bar[1] - bar[0] < 0.02
    expect(card(page, clip.id)).to_contain_text(viewer.clock(clip.wish.began))


def test_zoom_goes_from_a_month_to_seconds_and_back(library: Library, visit: Open) -> None:
    clip = library["street"]
    begin, length = clip.wish.began, clip.record.duration
    assert length is not None
    span = f"?from={ms(begin - 5 * SECOND)}&to={ms(begin + 15 * SECOND)}"
    viewer = Viewer()
    tab = opened(visit, library, span, viewer)
    page = tab.page
    tab.wait_until("one clip", lambda: len(drawn(page, "Street")) == 1)
    ((left, right),) = drawn(page, "Street")
    assert left == pytest.approx(0.25, abs=0.01)
    assert right == pytest.approx(0.25 + length / SECOND / 20, abs=0.01)

    page.keyboard.press("m")
    expect(page.get_by_role("button", name="Month", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    with library.studio.catalog() as catalog:
        wanted = counted(catalog, "start_wall_ns BETWEEN ? AND ?", *viewer.month(begin))
    expect(page.get_by_text(words(*wanted), exact=True)).to_be_visible()
    page.keyboard.press("-")
    expect(page.get_by_role("button", name="Month", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )
    page.keyboard.press("h")
    expect(page.get_by_role("button", name="Hour", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )
    box = timeline(page).bounding_box()
    assert box is not None
    page.mouse.move(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    page.mouse.wheel(0, -1000)
    expect(page.get_by_role("button", name="Hour", exact=True)).to_have_attribute(
        "aria-pressed", "false"
    )
    expect(page).to_have_url(re.compile(r"from=\d+&to=\d+"))
    page.keyboard.press("t")
    expect(page.get_by_role("button", name="Day", exact=True)).to_have_attribute(
        "aria-pressed", "true"
    )


def unit(page: Page, name: str, *, chosen: bool) -> Locator:
    """A button that says how much the timeline shows."""
    return page.get_by_role("button", name=name, exact=True, pressed=chosen)


@pytest.mark.long
def test_a_place_on_the_timeline_leads_the_list_there(library: Library, visit: Open) -> None:
    viewer = Viewer()
    begin = viewer.today[0] - 3 * DAY
    page = opened(visit, library, f"?from={ms(begin)}&to={ms(begin + DAY)}", viewer).page
    box = timeline(page).bounding_box()
    assert box is not None
    page.mouse.click(box["x"] + box["width"] / 2, box["y"] + 0.8 * box["height"])
    with library.studio.catalog() as catalog:
        (wanted,) = newest(catalog, 1, "start_wall_ns <= ?", begin + DAY // 2 + DAY // 500)
    expect(card(page, wanted)).to_be_in_viewport()


@pytest.mark.parametrize(
    ("query", "where"),
    [
        ("camera=till", "camera_id = 'till'"),
        (
            "camera=door&camera=yard&zone=gate",
            "camera_id IN ('door', 'yard') AND zones LIKE '%gate%'",
        ),
        ("reason=key-R", "reasons LIKE '%key-R%'"),
        ("min_score=0.9", "best_score >= 0.9"),
        ("pinned=true", "pinned"),
        ("text=courier", "note LIKE '%courier%'"),
    ],
    ids=["camera", "zone", "reason", "score", "pinned", "text"],
)
@pytest.mark.long
def test_an_address_with_filters_shows_what_they_mean(
    library: Library, visit: Open, query: str, where: str
) -> None:
    viewer = Viewer()
    _, end = viewer.today
    page = opened(visit, library, f"?{query}&from={ms(end - 30 * DAY)}&to={ms(end)}", viewer).page
    with library.studio.catalog() as catalog:
        first = newest(catalog, 50, where)
        within = f"{where} AND start_wall_ns BETWEEN ? AND ?"
        wanted = counted(catalog, within, end - 30 * DAY, end - 1)
    listed = ids(page)
    assert listed == first[: len(listed)]
    assert len(listed) >= 3
    expect(page.get_by_text(words(*wanted), exact=True)).to_be_visible()


@pytest.mark.long
def test_filters_are_chosen_kept_and_cleared(library: Library, visit: Open) -> None:
    tab = opened(visit, library)
    page = tab.page
    with library.studio.catalog() as catalog:
        till = newest(catalog, FEW, "camera_id = 'till'")
        noted = newest(catalog, FEW, "camera_id = 'till' AND note LIKE '%courier%'")
        everything = newest(catalog, FEW)
    page.get_by_role("button", name="Camera").click()
    page.get_by_role("checkbox", name="Till").check()
    tab.wait_until("the till's", lambda: ids(page)[:FEW] == till)
    page.keyboard.press("Escape")
    search = page.get_by_role("searchbox")
    search.fill("courier")
    tab.wait_until("with that note", lambda: ids(page)[:FEW] == noted)
    expect(page).to_have_url(re.compile(r"camera=till.*text=courier"))
    page.reload()
    tab.wait_until("the same", lambda: ids(page)[:FEW] == noted)
    search.focus()
    page.evaluate("location.hash = '#events?camera=till'")
    tab.wait_until("the till's again", lambda: ids(page)[:FEW] == till)
    expect(search).to_have_value("")
    page.get_by_role("button", name="Clear").click()
    tab.wait_until("all", lambda: ids(page)[:FEW] == everything)


def scrolled(library: Library, visit: Open, wanted: int) -> None:
    page = opened(visit, library).page
    found = page.evaluate(SCROLL, wanted)
    with library.studio.catalog() as catalog:
        assert found["ids"] == newest(catalog, len(found["ids"]))
    assert len(found["ids"]) >= wanted
    assert found["nodes"] < 2000


def test_the_list_goes_on_and_the_page_stays_small(library: Library, visit: Open) -> None:
    scrolled(library, visit, 300)


@pytest.mark.long
def test_thousands_are_scrolled_through(library: Library, visit: Open) -> None:
    scrolled(library, visit, 3600)


def test_pictures_are_shown_and_play_when_pointed_at(library: Library, visit: Open) -> None:
    tab = opened(visit, library)
    page = tab.page
    for name in ("coded", "frames"):
        clip = library[name]
        here = card(page, clip.id)
        here.scroll_into_view_if_needed()
        tab.wait_until("a thumbnail", partial(pictured, here))
        here.get_by_role("link").hover()
        seen: set[int | None] = {None}
        tab.wait_until("it plays", partial(plays, page, seen))
        event = (min(t.pts for t in clip.record.triggers) - (clip.record.first_pts or 0)) / SECOND
        first = clip.shown[0] + round((event - 0.5) * FPS) - 2
        assert seen <= {None, *range(first, first + 3 * FPS + 5)}
        page.mouse.move(0, 0)
        tab.wait_until("it ends", lambda: number_shown(page) is None)
    assert page.evaluate("[...document.querySelectorAll('video')].every((v) => v.muted)")


def pictured(here: Locator) -> bool:
    width: int = here.locator("img").evaluate("(img) => img.naturalWidth")
    return width > 0


def plays(page: Page, seen: set[int | None]) -> bool:
    """Note what is shown; whether some pictures were."""
    seen.add(number_shown(page))
    return len(seen) > 4


@pytest.mark.long
def test_one_goes_to_a_clip_and_comes_back_to_where_one_was(library: Library, visit: Open) -> None:
    tab = opened(visit, library)
    page = tab.page
    page.evaluate(SCROLL, 120)
    shown = ids(page)
    here = next(each for each in shown if card(page, each).is_visible())
    link = card(page, here).get_by_role("link")
    link.scroll_into_view_if_needed()
    tab.expected.append("404")  # rows of very many have no file
    link.click()
    expect(page).to_have_url(re.compile(f"#clip/{here}"))
    page.go_back()
    expect(card(page, here)).to_be_in_viewport()
    expect(card(page, here).get_by_role("link")).to_be_focused()
    page.get_by_role("link", name="Live").click()
    expect(page.locator(".tile").first).to_be_visible()
    page.go_back()
    expect(card(page, here)).to_be_in_viewport()


def test_what_is_recorded_appears_and_what_is_deleted_goes_without_loading_again(
    library: Library, visit: Open
) -> None:
    tab = opened(visit, library)
    page = tab.page
    page.evaluate("window.smartrecStays = true")
    growing = library.studio.begin(library.now(4))
    growing.grow(FPS)
    camera, event = growing.head.camera_id, growing.head.event_id
    library.stage.publish(ClipOpened(camera, growing.id, event, new_id(), "key-R", 1.0, 1.0))
    here = card(page, growing.id)
    expect(here).to_be_in_viewport()
    expect(here).to_have_attribute("data-state", "recording")
    growing.grow(FPS)
    clip = growing.finish()
    library.stage.publish(ready(clip))
    expect(here).to_have_attribute("data-state", "complete")
    expect(here).to_contain_text("2 s")
    other = visit(library.address(clip), **DESK).page
    other.get_by_role("button", name="Delete").click()
    expect(other.get_by_text("In the trash")).to_be_visible()
    expect(here).to_be_hidden()
    other.get_by_role("button", name="Undo").click()
    expect(here).to_be_visible()
    assert page.evaluate("window.smartrecStays")


@pytest.mark.long
def test_a_list_from_before_brings_nothing_back(library: Library, visit: Open) -> None:
    clip = library.new()
    tab = opened(visit, library)
    gone = card(tab.page, clip.id)
    expect(gone).to_be_visible()
    late = Late(tab, "/clips[?]")
    new = library.new()
    library.stage.publish(ready(new))
    late.wait()
    other = visit(library.address(clip), **DESK).page
    other.get_by_role("button", name="Delete").click()
    expect(gone).to_be_hidden()
    late.come()
    expect(card(tab.page, new.id)).to_be_visible()
    expect(gone).to_be_hidden()


@pytest.mark.long
def test_what_is_in_the_trash_can_be_had_back(library: Library, visit: Open) -> None:
    clip = library.new()
    with library.studio.catalog() as catalog:
        keeping.trash(catalog, [clip.id], Viewer().now)
    page = opened(visit, library).page
    expect(card(page, clip.id)).to_be_hidden()
    page.get_by_role("link", name="Trash").click()
    here = card(page, clip.id)
    expect(here).to_be_visible()
    here.get_by_role("button", name="Restore").click()
    expect(here).to_be_hidden()
    page.get_by_role("link", name="Back to events").click()
    expect(card(page, clip.id)).to_be_visible()


@pytest.mark.long
def test_times_are_the_viewers_own(library: Library, visit: Open) -> None:
    clip = library["quiet"]
    page = opened(visit, library, timezone_id="Asia/Kathmandu").page
    second = (clip.wish.began // SECOND + 20_700) % 86_400
    wanted = f"{second // 3600:02}:{second // 60 % 60:02}:{second % 60:02}"
    expect(card(page, clip.id)).to_contain_text(wanted)


@pytest.mark.long
def test_who_has_no_clips_is_told_how_to_get_some(stage: Stage, visit: Open) -> None:
    page = visit(f"{stage.child.address}#events", **DESK).page
    expect(page.get_by_text("No clips yet")).to_be_visible()


@pytest.mark.long
def test_names_from_outside_are_never_markup(library: Library, visit: Open) -> None:
    page = opened(visit, library).page
    expect(card(page, library["street"].id)).to_contain_text(MARKUP)
    page.get_by_role("button", name="Camera").click()
    expect(page.get_by_role("checkbox", name=MARKUP)).to_be_visible()
    assert page.evaluate("document.querySelectorAll('main script, main img[onerror]').length") == 0


@pytest.mark.long
@pytest.mark.parametrize("size", [PHONE, DESK, WALL], ids=["phone", "desk", "wall"])
def test_the_list_fits(library: Library, visit: Open, size: dict[str, Any]) -> None:
    page = opened(visit, library, **size).page
    assert wider_than_shown(page) == 0
    expect(timeline(page)).to_be_in_viewport(ratio=1)
    expect(page.locator("main article[data-clip]").first).to_be_in_viewport(ratio=0.9)


@pytest.mark.parametrize(
    ("size", "scheme", "query"),
    [
        pytest.param(PHONE, "dark", "", id="phone-dark"),
        pytest.param(DESK, "light", "?camera=till", id="desk-light", marks=pytest.mark.long),
        pytest.param(PHONE, "light", "?pinned=true", id="phone-light", marks=pytest.mark.long),
        pytest.param(DESK, "dark", "?trash=true", id="desk-dark", marks=pytest.mark.long),
        pytest.param(WALL, "dark", "", id="wall-dark", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing(
    library: Library, visit: Open, size: dict[str, Any], scheme: str, query: str
) -> None:
    page = opened(visit, library, query, color_scheme=scheme, **size).page
    assert (brightness(page) < 80) is (scheme == "dark")
    assert not violations(page)
