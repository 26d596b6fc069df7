"""Files of the page: the shipped ones, and small ones made for the purpose."""

import gzip
import re
from pathlib import Path

import pytest

from smartrec.web.assets import STATIC, Asset, load
from tests.web.child import Child
from tests.web.http import ask

PAGE = '<link href="css/a.css"><script src="/js/a.js"></script><a href="https://a.example/js/a.js">'


@pytest.fixture
def files(tmp_path: Path) -> Path:
    contents = {"index.html": PAGE, "js/a.js": "import './b.js';" * 99, "css/a.css": "a {}"}
    for name, text in {**contents, "js/b.js": "", "notes.md": "secret", "x.py": "1"}.items():
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(text)
    return tmp_path


def test_only_what_a_browser_needs_is_served(files: Path) -> None:
    assert {path for path in load(files) if not re.match("/[0-9a-f]{16}/", path)} == {
        *("/", "/index.html", "/js/a.js", "/js/b.js", "/css/a.css")
    }


def test_the_entry_names_others_so_that_they_can_be_kept_for_ever(files: Path) -> None:
    assets = load(files)
    entry = assets["/"].data.decode()
    assert assets["/"].caching == "no-cache"
    css, script, other = re.findall(r'(?:href|src)="([^"]+)"', entry)
    assert re.fullmatch("/[0-9a-f]{16}/css/a.css", css)
    assert assets[css].data == b"a {}"
    assert "immutable" in assets[css].caching
    assert assets[script].media_type.startswith("text/javascript")
    assert other == "https://a.example/js/a.js"


def test_another_version_is_at_another_place(files: Path) -> None:
    before = load(files)
    (files / "js" / "b.js").write_text("1")
    after = load(files)
    assert before["/"].tag != after["/"].tag
    assert len(before.keys() & after.keys()) == 5


def test_what_shrinks_is_compressed(files: Path) -> None:
    assets = load(files)
    packed = assets["/js/a.js"].packed
    assert packed is not None
    assert gzip.decompress(packed) == assets["/js/a.js"].data
    assert assets["/js/b.js"].packed is None


def test_all_that_the_shipped_files_name_is_there() -> None:
    assets = load()
    prefix = next(path for path in assets if "immutable" in assets[path].caching).split("/")[1]
    for path, asset in assets.items():
        if asset.caching == "no-cache" or not path.endswith((".js", ".css")):
            continue
        named = re.findall(rb"""(?:from|import|url\()\s*["']?(\.{1,2}/[^"')]+)["']?""", asset.data)
        for name in named:
            there = Path(path).parent.joinpath(name.decode())
            absolute = (
                f"/{prefix}/{(STATIC / Path(*there.parts[2:])).resolve().relative_to(STATIC)}"
            )
            assert absolute in assets, f"{path} names {name.decode()}"
    named = re.findall(rb'(?:href|src)="([^"#:]+\.[a-z0-9]+)"', assets["/"].data)
    assert named
    for name in named:
        assert assets[name.decode()].caching != "no-cache"


def test_a_browser_asks_for_all_that_it_needs_at_once() -> None:
    entry = (STATIC / "index.html").read_text()
    early = re.findall(r'<link rel="modulepreload" href="([^"]+)">', entry)
    assert sorted(early) == early
    assert set(early) == with_imports({"js/app.js"}) - {"js/app.js"}


@pytest.mark.parametrize("view", ["events", "clip", "settings", "zones", "replay", "health"])
def test_what_is_loaded_for_a_view_is_small(view: str) -> None:
    """Beside what all views need, live pictures among it."""
    assets = load()
    named = re.findall(rb'(?:href|src)="([^"#:]+\.[a-z0-9]+)"', assets["/"].data)
    first = {str(Path(*Path(name.decode()).parts[2:])) for name in named}
    loaded = with_imports({*first, f"js/{view}/view.js"})
    assert {"css/page.css", "js/app.js", "js/strings.js", f"js/{view}/strings.js"} <= loaded
    sheets = {f"/css/{view}.css"} & assets.keys()  # of some views they come with the view
    files = sheets | {f"/{name}" for name in loaded}
    assert packed(assets["/"]) + sum(packed(assets[name]) for name in files) <= 100_000


def test_the_whole_page_is_small() -> None:
    kept = [asset for asset in load().values() if "immutable" in asset.caching]
    assert sum(packed(asset) for asset in kept) <= 205_000


def packed(asset: Asset) -> int:
    """Bytes that travel."""
    return len(asset.packed or asset.data)


def with_imports(names: set[str]) -> set[str]:
    """The same files of the page, and those that a browser loads with them."""
    found: set[str] = set()
    while names:
        found |= names
        imported = {
            str((STATIC / name).parent.joinpath(other).resolve().relative_to(STATIC.resolve()))
            for name in names
            for other in re.findall(r'(?:from|import) "(\.[^"]+)"', (STATIC / name).read_text())
        }
        names = imported - found
    return found


def test_comments_stay_at_home_and_nothing_else_does(tmp_path: Path) -> None:
    script = """/** What it is.
 * And more. */
export const a = "/* no comment */"; // kept, as it does not stand alone
  // alone
  /* one */ const b = 1; /* two
  */
const c = `//`;
"""
    (tmp_path / "a.js").write_text(script)
    (tmp_path / "index.html").write_text("<p>\n// text\n")
    served = load(tmp_path)
    assert served["/a.js"].data.decode().splitlines() == [
        'export const a = "/* no comment */"; // kept, as it does not stand alone',
        "  /* one */ const b = 1; /* two",
        "  */",
        "const c = `//`;",
    ]
    assert served["/"].data == b"<p>\n// text\n"


def test_no_string_of_the_page_goes_over_several_lines() -> None:
    scripts = list(STATIC.rglob("*.js"))
    assert scripts
    for script in scripts:
        for number, line in enumerate(script.read_text().splitlines(), 1):
            assert line.count("`") % 2 == 0, f"{script}:{number}: a comment in it would be lost"


def test_a_browser_that_has_the_newest_is_told_so(page: Child) -> None:
    first = ask(page.port)
    assert first.headers["cache-control"] == "no-cache"
    again = ask(page.port, headers={"If-None-Match": f'W/"x", {first.headers["etag"]}'})
    assert (again.status, again.body) == (304, b"")
    assert again.headers["etag"] == first.headers["etag"]
    other = ask(page.port, headers={"If-None-Match": '"another"'})
    assert (other.status, other.body) == (200, first.body)


def test_what_is_compressed_says_so(page: Child) -> None:
    plain, packed = ask(page.port), ask(page.port, headers={"Accept-Encoding": "br, gzip"})
    assert "content-encoding" not in plain.headers
    assert packed.headers["content-encoding"] == "gzip"
    assert packed.headers["vary"] == "accept-encoding"
    assert gzip.decompress(packed.body) == plain.body
