"""Links to one clip, sessions and the audit log, as those see them who may do everything."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from smartrec.access.model import Scope
from smartrec.model import new_id
from smartrec.web.live import TURNED_OUT
from tests.web.guarded import PASSWORD, Guarded, given, guarded_in
from tests.web.http import Answer
from tests.web.live import opened

VIEW, RECORD, ADMIN = Scope


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded_in(tmp_path_factory.mktemp("guarded")) as made:
        yield made


def said(answer: Answer) -> Any:
    assert answer.status == 200, answer.body
    return json.loads(answer.body)


def admin(guarded: Guarded, path: str, method: str = "GET", **asked: object) -> Answer:
    return guarded.ask(path, method, guarded.session(ADMIN), asked or None)


def shared(guarded: Guarded, clip: str) -> dict[str, Any]:
    """A new link."""
    made: dict[str, Any] = said(admin(guarded, "shares", "POST", clip=clip, hours=1))
    return made


def come(guarded: Guarded, token: str) -> Answer:
    return guarded.ask("session/share", "POST", {}, {"token": token})


def visitor(guarded: Guarded, token: str) -> dict[str, str]:
    """Headers of who came by a link."""
    return {"Cookie": come(guarded, token).headers["set-cookie"].split(";")[0]}


def newest(guarded: Guarded) -> dict[str, Any]:
    found: dict[str, Any] = said(admin(guarded, "audit?limit=1"))["entries"][0]
    return found


def test_who_has_a_link_sees_that_clip(guarded: Guarded) -> None:
    clip = guarded.kept.jpegs
    made = shared(guarded, clip)
    assert (made["clip"], made["by"]) == (clip, "admin")
    answer = come(guarded, made["token"])
    assert said(answer) == {
        "login_needed": True,
        "name": "link of admin",
        "kind": "share",
        "scope": "view",
        "clip": clip,
        "expires_ms": made["expires_ms"],
    }
    name, _, rest = answer.headers["set-cookie"].partition("=")
    assert name == f"smartrec-share-{guarded.port}"
    attributes = dict(each.strip().lower().partition("=")[::2] for each in rest.split(";")[1:])
    assert 3500 < int(attributes.pop("max-age")) <= 3600
    assert attributes == {"httponly": "", "samesite": "strict", "path": "/"}
    who = visitor(guarded, made["token"])
    for rest in ("", "/frames", "/frames/3", "/looks", "/video"):
        assert guarded.ask(f"clips/{clip}{rest}", who=who).status == 200, rest
    assert guarded.ask(f"clips/{clip.upper()}", who=who).status == 200
    for path in ("clips", "status", f"clips/{guarded.kept.movie}", "facets", "shares"):
        assert guarded.ask(path, who=who).status == 403


def test_a_link_tells_nothing_of_other_clips_nor_what_people_wrote(guarded: Guarded) -> None:
    clip = guarded.kept.movie
    assert admin(guarded, f"clips/{clip}", "PATCH", note="the neighbour").status == 200
    whole = said(admin(guarded, f"clips/{clip}"))
    assert (whole["note"], whole["older"] or whole["newer"]) == ("the neighbour", whole["newer"])
    assert whole["older"] or whole["newer"]
    part = said(guarded.ask(f"clips/{clip}", who=guarded.shared()))
    assert part == {**whole, "note": "", "older": None, "newer": None}


def test_links_are_listed_until_they_are_taken_back(guarded: Guarded) -> None:
    clip = guarded.kept.coded
    first, second = shared(guarded, clip), shared(guarded, clip)
    assert said(admin(guarded, f"shares?clip={clip}"))["shares"] == [first, second]
    assert first in said(admin(guarded, "shares"))["shares"]
    assert said(admin(guarded, f"shares?clip={new_id()}"))["shares"] == []
    who = visitor(guarded, first["token"])
    assert guarded.ask(f"clips/{clip}", who=who).status == 200
    assert admin(guarded, f"shares/{first['key']}", "DELETE").status == 204
    assert guarded.ask(f"clips/{clip}", who=who).status == 401
    assert come(guarded, first["token"]).status == 404
    assert come(guarded, second["token"]).status == 200
    assert admin(guarded, f"shares/{first['key']}", "DELETE").status == 404
    assert said(admin(guarded, f"shares?clip={clip}"))["shares"] == [second]


@pytest.mark.parametrize("spoil", [str.upper, lambda token: token[:-1], lambda token: "x" + token])
def test_a_link_that_nobody_here_signed_shows_nothing(guarded: Guarded, spoil: Any) -> None:
    answer = come(guarded, spoil(guarded.link))
    assert answer.status == 404
    assert "set-cookie" not in answer.headers
    name = f"smartrec-share-{guarded.port}"
    who = {"Cookie": f"{name}={spoil(guarded.link)}"}
    assert guarded.ask(f"clips/{guarded.kept.movie}", who=who).status == 401


def test_a_clip_in_the_trash_is_shown_to_nobody_outside(guarded: Guarded) -> None:
    clip = guarded.kept.jpegs
    who = visitor(guarded, shared(guarded, clip)["token"])
    assert admin(guarded, f"clips/{clip}", "DELETE").status == 200
    try:
        for rest in ("", "/frames/0", "/video", "/looks"):
            assert guarded.ask(f"clips/{clip}{rest}", who=who).status == 404
        assert admin(guarded, "shares", "POST", clip=clip, hours=1).status == 404
    finally:
        headers = guarded.session(ADMIN)
        assert guarded.ask(f"clips/{clip}/restore", "POST", headers, {}).status == 200
    assert guarded.ask(f"clips/{clip}", who=who).status == 200


@pytest.mark.parametrize(("hours", "status"), [(0, 422), (8761, 422), (1.5, 422), (8760, 200)])
def test_a_link_ends_within_a_year(guarded: Guarded, hours: float, status: int) -> None:
    answer = admin(guarded, "shares", "POST", clip=guarded.kept.movie, hours=hours)
    assert answer.status == status


def test_of_a_clip_that_is_not_there_no_link_is_made(guarded: Guarded) -> None:
    assert admin(guarded, "shares", "POST", clip=new_id(), hours=1).status == 404


def test_a_session_is_listed_and_can_be_ended(guarded: Guarded) -> None:
    own = guarded.log_in("admin", PASSWORD, **{"User-Agent": "a browser"})
    asking = {"Cookie": own.headers["set-cookie"].split(";")[0]}
    found = said(guarded.ask("sessions", who=asking))["sessions"]
    (mine,) = (each for each in found if each["own"])
    assert (mine["user"], mine["address"], mine["agent"]) == ("admin", "127.0.0.1", "a browser")
    assert given(own) not in json.dumps(found)
    (other,) = (each for each in found if each["user"] == "record")
    with opened(guarded.port, headers=guarded.session(RECORD)) as tab:
        assert tab.text("hello")
        assert guarded.ask(f"sessions/{other['key']}", "DELETE", asking).status == 204
        assert tab.code() == TURNED_OUT
    assert guarded.ask("status", who=guarded.session(RECORD)).status == 401
    assert guarded.ask(f"sessions/{other['key']}", "DELETE", asking).status == 404


def test_what_is_done_is_written_down(guarded: Guarded) -> None:
    clip, who = guarded.kept.movie, guarded.token(ADMIN)
    made = said(guarded.ask("shares", "POST", who, {"clip": clip, "hours": 1}))
    deeds: list[tuple[str, str, object, str, str]] = [
        ("commands", "POST", {"action": "start", "camera": "cam0"}, "command.start", "cam0"),
        ("commands", "POST", {"action": "arm"}, "command.arm", ""),
        (f"clips/{clip}", "PATCH", {"pinned": True}, "clip.pin", clip),
        (f"clips/{clip}", "PATCH", {"pinned": False}, "clip.unpin", clip),
        (f"clips/{clip}", "PATCH", {"note": "x"}, "clip.note", clip),
        (f"clips/{clip}/video?download=true", "GET", None, "clip.download", clip),
        (f"clips/{clip}", "DELETE", None, "clip.delete", clip),
        (f"clips/{clip}/restore", "POST", {}, "clip.restore", clip),
        (f"shares/{made['key']}", "DELETE", None, "share.remove", made["key"]),
    ]
    for path, method, body, action, thing in deeds:
        assert guarded.ask(path, method, who, body).status in (200, 204)
        entry = newest(guarded)
        assert (entry["who"], entry["kind"], entry["address"]) == ("admin", "token", "127.0.0.1")
        assert (entry["action"], entry["object"], entry["outcome"]) == (action, thing, "ok")


def test_what_was_not_allowed_is_written_down_too(guarded: Guarded) -> None:
    clip = guarded.kept.movie
    assert guarded.ask(f"clips/{clip}", "DELETE", guarded.token(VIEW)).status == 403
    entry = newest(guarded)
    assert (entry["who"], entry["action"], entry["outcome"]) == (
        *("view", "clip.delete", "not allowed"),
    )
    assert guarded.ask("session", "POST", said={"name": "mallory", "password": "x"}).status == 401
    entry = newest(guarded)
    assert (entry["who"], entry["action"], entry["outcome"]) == ("mallory", "login", "wrong")


def test_parts_of_a_download_are_one_deed_and_so_is_the_same_again(guarded: Guarded) -> None:
    path, who = f"clips/{guarded.kept.movie}/video", guarded.token(VIEW)
    assert come(guarded, guarded.link).status == 200  # a deed, for the log may be empty
    before = newest(guarded)["number"]
    for part in ("bytes=0-99", "bytes=100-199", "bytes=-5", "bytes=0-99"):
        asked = {**who, "Range": part}
        assert guarded.ask(f"{path}?download=true", who=asked).status == 206
        assert guarded.ask(path, who=asked).status == 206, "to look at it is no download"
    entry = newest(guarded)
    assert (entry["number"] - before, entry["action"]) == (1, "clip.download")
    assert guarded.ask(f"{path}?download=true", who=guarded.session(VIEW)).status == 200
    assert newest(guarded)["number"] - before == 2, "somebody else"


def test_the_log_is_read_in_pages(guarded: Guarded) -> None:
    for _ in range(3):
        assert come(guarded, guarded.link).status == 200
    whole = said(admin(guarded, "audit?limit=500"))
    numbers = [each["number"] for each in whole["entries"]]
    assert numbers == sorted(numbers, reverse=True)
    assert whole["before"] is None
    paged: list[int] = []
    before: str | None = ""
    while before is not None:
        page = said(admin(guarded, f"audit?limit=2{before and f'&before={before}'}"))
        paged += [each["number"] for each in page["entries"]]
        before = page["before"]
    assert paged == numbers
    assert newest(guarded)["action"] == "share.open"


def test_who_has_a_link_cannot_wash_the_log_away(tmp_path: Path) -> None:
    with guarded_in(tmp_path) as fresh:
        assert fresh.ask("commands", "POST", fresh.token(RECORD), {"action": "start"}).status == 200
        for _ in range(50):
            assert come(fresh, fresh.link).status == 200
            assert come(fresh, "nonsense").status == 404
            assert fresh.ask("audit", who=fresh.shared()).status == 403
            deleted = fresh.ask(f"clips/{fresh.kept.movie}", "DELETE", fresh.shared())
            assert deleted.status == 403
        entries = said(admin(fresh, "audit?limit=500"))["entries"]
        assert entries[-1]["action"] == "command.start"
        assert 10 < len(entries) < 60


def test_no_secret_stands_in_the_log(guarded: Guarded) -> None:
    assert guarded.log_in("view", PASSWORD).status == 200
    text = admin(guarded, "audit?limit=500").body.decode()
    for secret in (PASSWORD, guarded.link, *guarded.tokens.values(), *guarded.sessions.values()):
        assert secret not in text
