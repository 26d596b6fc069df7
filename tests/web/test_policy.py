"""Nothing in the page is inline and no text becomes a script: its policy says so, and it is so."""

import re
from html.parser import HTMLParser

import pytest

from smartrec.web.assets import STATIC
from smartrec.web.server import headers_of
from tests.web.child import Child
from tests.web.http import ask

OURS = "'self'"
MARKUP = (
    *("innerHTML", "outerHTML", "insertAdjacentHTML", "setHTMLUnsafe", "document.write", "srcdoc"),
    *("eval(", "new Function", "DOMParser", "createContextualFragment", "javascript:"),
)
"""How a script makes markup or scripts of a text."""


class Inline(HTMLParser):
    """Finds what a policy without 'unsafe-inline' forbids."""

    def __init__(self) -> None:
        super().__init__()
        self.found: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        if tag == "style" or (tag == "script" and "src" not in given):
            self.found.append(f"<{tag}>")
        for name, value in attrs:
            if name == "style" or name.startswith("on") or "javascript:" in (value or ""):
                self.found.append(f"<{tag} {name}>")


def policy(header: str) -> dict[str, list[str]]:
    directives = (each.split() for each in header.split(";"))
    return {name: sources for name, *sources in directives}


@pytest.mark.parametrize("path", ["/", "/js/app.js", "/api/v1/facets", "/nothing"])
def test_scripts_and_styles_are_files_of_the_page_alone(page: Child, path: str) -> None:
    found = policy(ask(page.port, path).headers["content-security-policy"])
    for name in ("default-src", "script-src", "style-src", "connect-src", "form-action"):
        assert found[name] == [OURS], name
    for name in ("object-src", "base-uri", "frame-ancestors"):
        assert found[name] == ["'none'"], name
    for name in ("img-src", "media-src"):
        assert found[name] == [OURS, "blob:"], name


@pytest.mark.parametrize(
    ("certificate", "port", "strict"),
    [("/own.pem", 443, True), ("/own.pem", 8787, False), (None, 443, False)],
)
def test_browsers_are_held_to_https_where_that_is_the_owners_wish_and_nobody_elses_harm(
    certificate: str | None, port: int, strict: bool
) -> None:
    names = dict(headers_of({"certificate": certificate}, port))
    assert ("Strict-Transport-Security" in names) is strict
    assert "Strict-Transport-Security" not in dict(headers_of({}, 443))


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.html")), ids=lambda path: path.name)
def test_nothing_is_inline(path: object) -> None:
    inline = Inline()
    inline.feed(STATIC.joinpath(str(path)).read_text())
    assert inline.found == []


def test_what_is_inline_is_found() -> None:
    inline = Inline()
    inline.feed('<style></style><script>1</script><p style="x" onclick="y"><a href="javascript:1">')
    assert inline.found == ["<style>", "<script>", "<p style>", "<p onclick>", "<a href>"]


@pytest.mark.parametrize("path", sorted(STATIC.rglob("*.js")), ids=lambda path: path.name)
def test_no_script_makes_markup_of_a_text(path: object) -> None:
    text = STATIC.joinpath(str(path)).read_text()
    assert [each for each in MARKUP if each in text] == []
    assert not re.search(r'setAttribute\("(style|on[a-z]+)"', text)
