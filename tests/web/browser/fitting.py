"""Whether a page fits whoever looks: any size, any colours, keys alone, a screen reader."""

from importlib import resources

from playwright.sync_api import Page

from tests.web.browser.visit import pixels

PHONE = {
    "viewport": {"width": 360, "height": 640},
    "device_scale_factor": 3,
    "is_mobile": True,
    "has_touch": True,
}
DESK = {"viewport": {"width": 1280, "height": 720}}
WALL = {"viewport": {"width": 3840, "height": 2160}}
FINGER = 44
"""CSS pixels that a finger hits (WCAG 2.2, 2.5.5)."""
SETTLED = """
Promise.allSettled(
  document.getAnimations().filter((one) => one instanceof CSSTransition).map((one) => one.finished)
)
"""
SEVERED = r"WebSocket connection to .* failed|ERR_CONNECTION_(REFUSED|RESET)"
"""What Chromium itself writes when a server goes away."""


def wider_than_shown(page: Page) -> int:
    """CSS pixels that one would have to scroll to the side."""
    wider: int = page.evaluate(
        "document.scrollingElement.scrollWidth - document.documentElement.clientWidth"
    )
    return wider


def brightness(page: Page) -> float:
    """Of the page's ground, below the list, 0 to 255."""
    return float(pixels(page)[-40:, -40:].mean())


def violations(page: Page) -> set[str]:
    """What axe has to say, one line for each element, once no colour is on its way to another."""
    page.evaluate(SETTLED)
    page.evaluate(resources.files("axe_playwright_python").joinpath("axe.min.js").read_text())
    found = page.evaluate("axe.run({ resultTypes: ['violations'] })")["violations"]
    return {
        f"{each['id']}: {' '.join(node['target'])}: {node['failureSummary']}"
        for each in found
        for node in each["nodes"]
    }
