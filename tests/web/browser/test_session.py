"""Who looks at the page: logging in and out, what a role may not do, a clip that is shared."""

import hashlib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Locator, Page, expect

from smartrec.access.model import Scope
from smartrec.access.vault import Vault
from smartrec.clock import SystemClock
from smartrec.media.demo import DemoFeed
from smartrec.model import Codec
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
from tests.web.browser.shown import screen, wait_for_number
from tests.web.browser.visit import Visit
from tests.web.programme import FIRST
from tests.web.stage import PASSWORD, Stage
from tests.web.studio import FPS, Clip, Studio, Wish

REFUSED = r"40[134]|WebSocket connection to .* failed"
"""What Chromium itself writes when somebody is not let in."""
MARKUP = '<img src=x onerror="alert(1)">'


@dataclass(frozen=True)
class Guarded:
    """A page where one must log in, with a clip."""

    stage: Stage
    studio: Studio
    clip: Clip

    def new(self) -> Clip:
        """One that a test may change."""
        return recorded(self.studio)

    @property
    def address(self) -> str:
        return self.stage.child.address

    def vault(self) -> Vault:
        """As another process has it."""
        return Vault.open(self.stage.state, create=False)


def recorded(studio: Studio) -> Clip:
    """Two seconds of the camera's own JPEGs."""
    numbers = range(FIRST, FIRST + 2 * FPS)
    now = SystemClock().now().wall_ns
    return studio.record(Wish(now, numbers, codec=Codec.JPEG, keys=(FIRST + 9,)))


@pytest.fixture(scope="module")
def guarded(film: DemoFeed, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    studio = Studio(tmp_path_factory.mktemp("guarded") / "clips", film)
    clip = recorded(studio)
    with played(2, film, studio=studio, users=True) as stage:
        yield Guarded(stage, studio, clip)


def asked(visit: Open, address: str, where: str = "", **context: Any) -> Visit:
    """The form in the place of the page."""
    tab = visit(f"{address}{where}", **{**DESK, **context})
    tab.expected.append(REFUSED)
    expect(tab.page.get_by_role("textbox", name="Name")).to_be_focused()
    return tab


def log_in(page: Page, name: str, password: str = PASSWORD) -> None:
    """By keys alone; the focus is where it is when the form comes."""
    page.keyboard.type(name)
    page.keyboard.press("Tab")
    page.keyboard.type(password)
    page.keyboard.press("Enter")


def entered(visit: Open, address: str, name: str, where: str = "", **context: Any) -> Visit:
    """Somebody who is logged in."""
    tab = asked(visit, address, where, **context)
    log_in(tab.page, name)
    expect(menu(tab.page, name)).to_be_visible()
    return tab


def menu(page: Page, name: str) -> Locator:
    """In the header."""
    return page.get_by_role("button", name=f"Logged in as {name}")


def test_who_logs_in_is_where_the_address_says(guarded: Guarded, visit: Open) -> None:
    tab = asked(visit, guarded.address, "#events?min_score=0.5")
    page = tab.page
    expect(page.get_by_role("textbox", name="Name")).to_have_attribute("autocomplete", "username")
    secret = page.get_by_label("Password")
    expect(secret).to_have_attribute("autocomplete", "current-password")
    expect(secret).to_have_attribute("type", "password")
    assert not page.locator("main article, nav:visible, .tile").count()
    log_in(page, "VIEW", "not the password")
    expect(page.get_by_role("alert")).to_have_text("Wrong name or password.")
    expect(secret).to_be_focused()
    expect(secret).to_have_value("")
    page.keyboard.type(PASSWORD)
    page.keyboard.press("Enter")
    expect(menu(page, "view")).to_be_visible()
    expect(page).to_have_url(re.compile("#events.min_score=0.5"))
    expect(page.get_by_role("slider", name="Timeline")).to_be_visible()
    tab.open()
    expect(menu(page, "view")).to_be_visible()


def test_nothing_of_it_is_seen_where_nobody_has_to_log_in(stage: Stage, visit: Open) -> None:
    page = visit(stage.child.address, **DESK).page
    expect(page.locator("#record")).to_be_visible()
    expect(page.get_by_role("button", name="Logged in")).to_have_count(0)
    expect(page.get_by_label("Password")).to_have_count(0)


@pytest.mark.parametrize("named", [True, pytest.param(False, marks=pytest.mark.long)])
def test_every_view_is_named_however_narrow_the_page_is(
    guarded: Guarded, stage: Stage, visit: Open, named: bool
) -> None:
    tab = entered(visit, guarded.address, "admin") if named else visit(stage.child.address)
    page = tab.page
    views = page.get_by_role("navigation", name="Views")
    expect(views).to_be_visible()
    for width in (320, 360, 390, 430, 520, 720, 900):
        page.set_viewport_size({"width": width, "height": 640})
        tab.wait_until(f"all of it fits {width}", lambda: wider_than_shown(page) == 0)
        assert views.evaluate("(nav) => nav.scrollWidth - nav.clientWidth") == 0, width
        expect(views.get_by_role("link", name="Health")).to_be_in_viewport(ratio=1)


OFFERED = {
    Scope.VIEW: {"Download"},
    Scope.RECORD: {"Download", "Pin"},
    Scope.ADMIN: {"Download", "Pin", "Share", "Delete"},
}


@pytest.mark.parametrize(
    "scope",
    [
        Scope.VIEW,
        *(pytest.param(each, marks=pytest.mark.long) for each in (Scope.RECORD, Scope.ADMIN)),
    ],
)
def test_what_a_role_may_not_do_is_not_offered(guarded: Guarded, visit: Open, scope: Scope) -> None:
    tab = entered(visit, guarded.address, scope.value)
    page = tab.page
    tab.wait_until("pictures", lambda: bool(numbers.drawn(page)))
    commands: list[str] = []
    page.on("request", lambda each: commands.append(each.url) if "commands" in each.url else None)
    records = scope.includes(Scope.RECORD)
    for button in ("Record all", "Disarm all", "Record Demo 1", "Disarm Demo 1"):
        expect(page.get_by_role("button", name=button)).to_be_visible(visible=records)
    page.keyboard.press("?")
    help_ = page.get_by_role("dialog", name="Keys")
    expect(help_).to_contain_text("Full screen")
    expect(help_.get_by_text("Stop recording")).to_be_visible(visible=records)
    page.keyboard.press("Escape")
    if not records:
        page.keyboard.press("r")
    page.evaluate("(id) => { location.hash = `#clip/${id}`; }", guarded.clip.id)
    expect(screen(page)).to_be_visible()
    wait_for_number(tab, guarded.clip.shown[0])
    acts = page.locator(".acts-of :is(a, button):visible")
    assert {each.strip() for each in acts.all_inner_texts()} == OFFERED[scope]
    expect(page.get_by_role("textbox", name="Note")).to_be_visible(visible=records)
    assert not commands


@pytest.mark.long
@pytest.mark.parametrize("scope", [Scope.RECORD, Scope.ADMIN], ids=str)
def test_the_trash_is_of_those_who_may_do_everything(
    guarded: Guarded, visit: Open, scope: Scope
) -> None:
    tab = entered(visit, guarded.address, "admin", f"#clip/{guarded.new().id}")
    tab.page.get_by_role("button", name="Delete").click()
    expect(tab.page.get_by_text("In the trash")).to_be_visible()
    other = entered(visit, guarded.address, scope.value, "#events")
    admin = scope is Scope.ADMIN
    expect(other.page.get_by_role("link", name="Trash")).to_be_visible(visible=admin)
    other.page.evaluate("location.hash = '#events?trash=true'")
    expect(other.page.locator("main article[data-clip]").first).to_be_visible()
    restore = other.page.get_by_role("button", name="Restore").first
    expect(restore).to_be_visible(visible=admin)


@pytest.mark.long
def test_a_session_that_ends_is_gone_on_with_after_logging_in(
    guarded: Guarded, visit: Open
) -> None:
    tab = entered(visit, guarded.address, "record")
    page = tab.page
    tab.wait_until("pictures", lambda: bool(numbers.drawn(page)))
    page.evaluate("window.smartrecStays = true")
    with guarded.vault() as vault:
        vault.end_sessions("record")
    expect(page.get_by_text("You are not logged in any more")).to_be_visible()
    expect(page.get_by_role("textbox", name="Name")).to_have_value("record")
    expect(page.get_by_label("Password")).to_be_focused()
    numbers.drawn(page)
    page.keyboard.press("r")  # a letter of the password, and no command
    expect(page.get_by_label("Password")).to_have_value("r")
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    expect(menu(page, "record")).to_be_visible()
    tab.wait_until("pictures", lambda: bool(numbers.drawn(page)))
    expect(page.locator("#notices")).to_be_empty()
    expect(page.locator(".tile[data-recording]")).to_have_count(0)
    assert page.evaluate("window.smartrecStays"), "without loading again"


@pytest.mark.long
def test_a_note_that_was_begun_is_kept_by_whoever_logs_in_again(
    guarded: Guarded, visit: Open
) -> None:
    clip = guarded.new()
    tab = entered(visit, guarded.address, "record", f"#clip/{clip.id}")
    page = tab.page
    wait_for_number(tab, clip.shown[0])
    note = page.get_by_role("textbox", name="Note")
    expect(note).to_be_editable()
    with guarded.vault() as vault:
        vault.end_sessions("record")
        expect(page.get_by_label("Password")).to_be_focused()
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    note.fill("the postman")
    expect(page.get_by_text("Saved", exact=True)).to_be_visible()


@pytest.mark.long
def test_who_logs_out_leaves_nothing_behind(guarded: Guarded, visit: Open) -> None:
    with guarded.vault() as vault:
        vault.add_user(MARKUP, PASSWORD, Scope.VIEW)
    tab = asked(visit, guarded.address)
    page = tab.page
    tab.wait_until("it is known", lambda: knows(guarded, MARKUP))
    log_in(page, MARKUP)
    button = menu(page, MARKUP)
    expect(button).to_be_visible()
    assert not page.locator("img").count()
    second = tab.page.context.new_page()
    second.goto(guarded.address)
    expect(menu(second, MARKUP)).to_be_visible()
    button.press("Enter")
    expect(page.get_by_text("Role: view.")).to_be_visible()
    page.keyboard.press("Escape")
    expect(page.get_by_text("Role: view.")).to_be_hidden()
    button.press("Enter")
    page.get_by_role("button", name="Log out").press("Enter")
    for each in (page, second):
        expect(each.get_by_label("Password")).to_be_visible()
        expect(each.get_by_text(MARKUP).filter(visible=True)).to_have_count(0)
    assert not [each for each in page.context.cookies() if "share" not in each["name"]]
    assert page.request.get(f"{guarded.address}api/v1/status").status == 401


def knows(guarded: Guarded, name: str) -> bool:
    with guarded.vault() as vault:
        return any(user.name == name for user in vault.users())


@pytest.mark.long
def test_who_tries_too_often_is_told_how_long_to_wait(film: DemoFeed, visit: Open) -> None:
    with played(1, film, users=True) as stage:
        tab = visit(stage.child.address, **DESK)
        tab.expected += [REFUSED, "429"]
        page = tab.page
        secret = page.get_by_label("Password")
        page.get_by_role("textbox", name="Name").fill("admin")
        waits = page.locator("#door").get_by_text(re.compile(r"again in \d+ s"))

        def tried() -> bool:
            secret.fill("wrong")
            with page.expect_response("**/session"):
                secret.press("Enter")
            expect(secret).to_have_value("")
            return waits.count() > 0

        for _ in range(9):
            if tried():
                break
        expect(page.get_by_role("alert")).to_have_text(re.compile(r"Too many tries: again in \d+"))
        first = waits.last.inner_text()
        expect(page.get_by_role("button", name="Log in")).to_have_attribute("aria-disabled", "true")
        secret.fill(PASSWORD)
        secret.press("Enter")
        tab.wait_until("it counts down", lambda: waits.last.inner_text() != first)
        expect(secret).to_be_visible()
        assert not violations(page)


@pytest.mark.long
def test_why_nobody_is_let_in_is_told(film: DemoFeed, visit: Open) -> None:
    with played(1, film, users=True) as stage:
        tab = entered(visit, stage.child.address, "view")
        tab.expected.append("503")
        with Vault.open(stage.state, create=False) as vault:
            file = vault.path
        whole = file.read_bytes()
        file.write_bytes(b"this is no vault" * 512)
        heading = tab.page.get_by_role("heading", name="Nobody can be let in")
        expect(heading).to_be_visible()
        expect(tab.page.get_by_label("Password")).to_have_count(0)
        assert not violations(tab.page)
        with tab.page.expect_response("**/session"):
            tab.page.get_by_role("button", name="Try again").press("Enter")
        expect(heading).to_be_visible()
        file.write_bytes(whole)
        expect(menu(tab.page, "view")).to_be_visible()  # nobody has to press it


def shared(tab: Visit) -> str:
    """A link to the clip, made by keys alone."""
    page = tab.page
    page.get_by_role("button", name="Share").press("Enter")
    expect(page.get_by_role("dialog", name="Share this clip")).to_be_visible()
    page.get_by_role("radio", name="1 day").focus()
    page.keyboard.press("ArrowUp")
    expect(page.get_by_role("radio", name="1 hour")).to_be_checked()
    page.keyboard.press("Enter")
    copy = page.get_by_role("button", name="Copy")
    expect(copy).to_be_focused()
    return page.locator("dialog .digest").inner_text()


def sharing(visit: Open, guarded: Guarded) -> tuple[Visit, Visit]:
    """Who shared the clip, and who came by the link."""
    tab = entered(visit, guarded.address, "admin", f"#clip/{guarded.clip.id}")
    wait_for_number(tab, guarded.clip.shown[0])
    link = shared(tab)
    assert link.startswith(f"{guarded.address}#share/")
    guest = visit(link, **DESK)
    guest.expected.append(REFUSED)
    wait_for_number(guest, guarded.clip.shown[0])
    return tab, guest


def test_a_shared_clip_is_seen_alone(guarded: Guarded, visit: Open, tmp_path: Path) -> None:
    clip = guarded.clip
    _, guest = sharing(visit, guarded)
    page = guest.page
    expect(page.get_by_text(re.compile("This link ends on"))).to_be_visible()
    assert page.locator(".acts-of :is(a, button):visible").all_inner_texts() == ["Download"]
    for name in ("Events", "Live", "Older clip", "Newer clip", "Logged in"):
        expect(page.get_by_role("link", name=name)).to_have_count(0)
        expect(page.get_by_role("button", name=name)).to_have_count(0)
    expect(page.get_by_role("textbox")).to_have_count(0)
    page.keyboard.press(".")
    wait_for_number(guest, clip.shown[1])
    for key in ("]", "[", "Escape"):
        page.keyboard.press(key)
    with page.expect_download() as coming:
        page.get_by_role("link", name="Download").click()
    coming.value.save_as(tmp_path / "clip")
    digest = hashlib.sha256((tmp_path / "clip").read_bytes()).hexdigest()
    assert digest == clip.record.sha256
    for path in ("clips", "status", "shares"):
        assert page.request.get(f"{guarded.address}api/v1/{path}").status in (401, 403)


@pytest.mark.long
def test_a_link_that_is_taken_back_opens_nothing(guarded: Guarded, visit: Open) -> None:
    with guarded.vault() as vault:
        for share in vault.shares():
            vault.remove_share(share.key)
    tab, guest = sharing(visit, guarded)
    page = guest.page
    revoke = tab.page.get_by_role("button", name="Revoke")
    expect(revoke).to_have_count(1)
    revoke.press("Enter")
    expect(tab.page.get_by_text("The link does not work any more")).to_be_visible()
    expect(revoke).to_have_count(0)
    tab.page.keyboard.press("Escape")
    expect(tab.page.get_by_role("dialog")).to_have_count(0)
    page.reload()
    expect(page.get_by_role("heading", name="This link does not work")).to_be_focused()
    assert not violations(page)
    page.get_by_role("link", name="Log in").click()
    expect(page.get_by_label("Password")).to_be_visible()


@pytest.mark.long
def test_two_links_in_two_tabs_are_both_seen(guarded: Guarded, visit: Open) -> None:
    clip, other = guarded.clip, guarded.new()
    tab, guest = sharing(visit, guarded)
    wanted = {"clip": other.id, "hours": 1}
    made = tab.page.request.post(f"{guarded.address}api/v1/shares", data=wanted).json()
    second = Visit(guest.page.context.new_page(), f"{guarded.address}#share/{made['token']}")
    wait_for_number(second.open(), other.shown[0])
    of_first = f"{guarded.address}api/v1/clips/{clip.id}"
    assert guest.page.request.get(of_first).status == 403
    with guest.page.expect_response("**/session/share"):  # as when somebody turns to the tab
        guest.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")
    guest.page.keyboard.press("End")
    wait_for_number(guest, clip.shown[-1])


@pytest.mark.parametrize(
    ("size", "scheme"),
    [
        pytest.param(PHONE, "dark", id="phone-dark", marks=pytest.mark.long),
        pytest.param(DESK, "light", id="desk-light", marks=pytest.mark.long),
        pytest.param(PHONE, "light", id="phone-light", marks=pytest.mark.long),
        pytest.param(WALL, "dark", id="wall-dark", marks=pytest.mark.long),
    ],
)
def test_axe_finds_nothing_and_all_of_it_fits(
    guarded: Guarded, visit: Open, size: dict[str, Any], scheme: str
) -> None:
    look = {**size, "color_scheme": scheme}
    tab = asked(visit, guarded.address, f"#clip/{guarded.clip.id}", **look)
    page = tab.page
    assert (brightness(page) < 80) is (scheme == "dark")
    for shown in (page.get_by_role("textbox", name="Name"), page.get_by_role("button", name="Log")):
        expect(shown).to_be_in_viewport(ratio=1)
        box = shown.bounding_box()
        assert box is not None
        assert box["height"] >= FINGER
    complaints = violations(page)
    assert wider_than_shown(page) == 0
    log_in(page, "admin")
    wait_for_number(tab, guarded.clip.shown[0])
    menu(page, "admin").click()
    expect(page.get_by_role("button", name="Log out")).to_be_in_viewport(ratio=1)
    complaints |= violations(page)
    page.keyboard.press("Escape")
    link = shared(tab)
    complaints |= violations(page)
    assert wider_than_shown(page) == 0
    guest = visit(link, **look)
    expect(guest.page.get_by_text(re.compile("This link ends on"))).to_be_in_viewport(ratio=1)
    complaints |= violations(guest.page)
    assert wider_than_shown(guest.page) == 0
    assert not complaints
