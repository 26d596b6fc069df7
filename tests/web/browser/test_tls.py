"""The page by https in a real browser: logged in, live, and at home on the network."""

from collections.abc import Iterator

import pytest
from playwright.sync_api import expect

from smartrec.media.demo import DemoFeed
from tests.web.browser import numbers
from tests.web.browser.conftest import Open, played
from tests.web.stage import PASSWORD, Stage

REFUSED = r"401|WebSocket connection to .* failed"


@pytest.fixture(scope="module")
def encrypted(film: DemoFeed) -> Iterator[Stage]:
    with played(1, film, users=True, encrypted=True) as stage:
        yield stage


def test_who_logs_in_by_https_sees_live_pictures_and_keeps_a_cookie_of_this_host_alone(
    encrypted: Stage, visit: Open
) -> None:
    tab = visit(encrypted.child.address, ignore_https_errors=True)
    tab.expected.append(REFUSED)
    page = tab.page
    page.locator("input[autocomplete=username]").fill("admin")
    page.locator("input[type=password]").fill(PASSWORD)
    page.locator("input[type=password]").press("Enter")
    tab.wait_until("a picture", lambda: bool(numbers.drawn(page)))
    (cookie,) = page.context.cookies()
    assert cookie["name"].startswith("__Host-smartrec-")  # which browsers take by https alone
    assert cookie["secure"]
    assert cookie["httpOnly"]
    assert cookie["sameSite"] == "Strict"


def test_who_types_http_is_sent_to_https(encrypted: Stage, visit: Open) -> None:
    tab = visit(encrypted.child.address, ignore_https_errors=True)
    tab.expected.append(REFUSED)
    tab.page.goto(encrypted.child.address.replace("https:", "http:"))
    expect(tab.page).to_have_url(f"{encrypted.child.address}")
    expect(tab.page.locator("input[type=password]")).to_be_visible()
