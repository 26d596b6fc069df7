"""`smartrec share`: links to one clip; the recorder is a stand-in behind a real control socket."""

import json
import socket
from collections.abc import Iterator
from concurrent.futures import Future
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest

from smartrec.access.model import DAY
from smartrec.access.vault import Vault
from smartrec.app.control import ControlServer, socket_path
from smartrec.clock import SystemClock
from smartrec.errors import NoSuchClip, UsageError
from smartrec.model import Answer, Command
from smartrec.store.catalog import Catalog
from tests.cli.vaults import ask, misused, refused, said
from tests.store.clips import closed, done, head


@pytest.fixture
def clips(state: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    directory = tmp_path / "clips"
    directory.mkdir()
    with Catalog.open(directory, create=True) as catalog:
        for number in range(2):
            catalog.finished(closed(head(number)), done(directory, head(number)))
    # Not below tmp_path: with a user's and a test's name in it, it is too long for a socket.
    with TemporaryDirectory() as short:
        monkeypatch.setenv("XDG_RUNTIME_DIR", f"{short}/run")
        monkeypatch.setenv("XDG_CONFIG_HOME", f"{short}/config")
        yield directory


def settings(clips: Path, text: str) -> Path:
    path = clips.parent / "smartrec.toml"
    path.write_text(f'[recording]\ndirectory = "{clips}"\n[web]\n{text}')
    return path


def shown(state: Path, link: str) -> str | None:
    """Which clip a link shows now."""
    with Vault.open(state, create=False) as vault:
        who = vault.roster().share(link.partition("#share/")[2], SystemClock().now().wall_ns)
    return None if who is None else who.clip_id


def test_the_link_alone_is_printed_for_programs_and_shows_that_clip(
    state: Path, clips: Path
) -> None:
    result = ask("share", "add", "last", "--clips", clips)
    link = result.stdout.removesuffix("\n")
    assert link.startswith("http://127.0.0.1:8787/#share/")
    assert shown(state, link) == head(1).clip_id
    assert head(1).file_name in result.stderr


@pytest.mark.parametrize(
    ("text", "begin"),
    [
        ("port = 9999", "http://127.0.0.1:9999/#"),
        ('address = "::1"', "http://[::1]:8787/#"),
        ('address = "0.0.0.0"', f"https://{socket.gethostname()}:8787/#"),
        ('address = "192.0.2.1"\ntls = "off"', "http://192.0.2.1:8787/#"),
    ],
)
def test_where_no_recorder_runs_the_settings_say_where_the_page_will_be(
    clips: Path, text: str, begin: str
) -> None:
    assert said("share", "add", "last", "--config", settings(clips, text)).startswith(begin)


@pytest.mark.parametrize("text", ["enabled = false", "port = 0"])
def test_where_nobody_knows_the_address_no_link_is_made(
    state: Path, clips: Path, text: str
) -> None:
    error = refused("share", "add", "last", "--config", settings(clips, text))
    assert isinstance(error, UsageError)
    assert "--page" in str(error.hint)
    assert not state.exists()


def test_where_a_recorder_runs_it_says_where_its_page_is(clips: Path) -> None:
    def submit(_: Command) -> "Future[tuple[Answer, ...]]":
        raise AssertionError("a link commands nothing")

    page = {"address": "https://recorder:4711/"}
    server = ControlServer(socket_path(clips), submit, lambda: {"page": page})
    server.start()
    try:
        link = said("share", "add", "last", "--clips", clips)
    finally:
        server.close()
    assert link.startswith("https://recorder:4711/#share/")


def test_behind_a_proxy_the_address_is_what_one_says(clips: Path) -> None:
    for given in ("https://cameras.example", "https://cameras.example/"):
        link = said("share", "add", "last", "--clips", clips, "--page", given)
        assert link.startswith("https://cameras.example/#share/")


@pytest.mark.parametrize("page", ["", "cameras.example", "javascript:alert(1)", "https://", "a b"])
def test_what_is_no_address_is_refused(clips: Path, page: str) -> None:
    error = refused("share", "add", "last", "--clips", clips, "--page", page)
    assert "no address of a page" in str(error)


def test_it_lasts_a_day_or_as_long_as_one_says(state: Path, clips: Path) -> None:
    before = SystemClock().now().wall_ns
    said("share", "add", "last", "--clips", clips)
    said("share", "add", "last", "--clips", clips, "--for", "30d")
    with Vault.open(state, create=False) as vault:
        days = [(share.expires_ns - before) // DAY for share in vault.shares()]
    assert days == [1, 30]
    assert "at most" in misused("share", "add", "last", "--clips", clips, "--for", "366d")


def test_a_clip_that_is_not_there_cannot_be_shown(state: Path, clips: Path) -> None:
    assert isinstance(refused("share", "add", "zzz", "--clips", clips), NoSuchClip)
    assert not state.exists()


def test_links_are_listed_and_one_that_is_removed_shows_nothing(state: Path, clips: Path) -> None:
    link = said("share", "add", "last", "--clips", clips).strip()
    (listed,) = json.loads(said("share", "list", "--json"))
    assert set(listed) == {"key", "clip_id", "by", "added", "expires", "token"}
    assert link.endswith(f"#share/{listed['token']}")
    table = said("share", "list")
    assert listed["key"] in table
    assert listed["token"] not in table
    assert said("share", "remove", listed["key"]) == f"removed {listed['key']}\n"
    assert shown(state, link) is None
    assert "there is no link" in str(refused("share", "remove", listed["key"]))


@pytest.mark.usefixtures("state")
def test_none_is_an_empty_list() -> None:
    assert said("share", "list", "--json") == "[]\n"
    assert "no links" in ask("share", "list").stderr
