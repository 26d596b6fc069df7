"""What who may do: every route there is, asked by everybody there is."""

import json
from collections.abc import Iterator
from typing import Any

import pytest
from websockets.exceptions import InvalidStatus

from smartrec.access.model import Kind, Scope
from smartrec.model import new_id
from smartrec.web.site import OPEN
from tests.web.child import Child
from tests.web.guarded import API, PASSWORD, Guarded, bearer, cookie, guarded_in
from tests.web.http import ask
from tests.web.live import opened

VIEW, RECORD, ADMIN = Scope
NEEDED: dict[tuple[str, str], Scope] = {
    ("GET", "/metrics"): VIEW,
    ("GET", f"{API}/openapi.json"): VIEW,
    **{("GET", f"{API}/{each}"): VIEW for each in ("status", "cameras", "clips", "facets")},
    ("GET", f"{API}/timeline"): VIEW,
    ("POST", f"{API}/commands"): RECORD,
    ("PATCH", f"{API}/clips/{{clip_id}}"): RECORD,
    ("DELETE", f"{API}/clips/{{clip_id}}"): ADMIN,
    ("POST", f"{API}/clips/{{clip_id}}/restore"): ADMIN,
    ("GET", f"{API}/shares"): ADMIN,
    ("POST", f"{API}/shares"): ADMIN,
    ("DELETE", f"{API}/shares/{{key}}"): ADMIN,
    ("GET", f"{API}/audit"): ADMIN,
    ("GET", f"{API}/sessions"): ADMIN,
    ("DELETE", f"{API}/sessions/{{key}}"): ADMIN,
    ("GET", f"{API}/settings"): ADMIN,
    ("GET", f"{API}/settings/form"): ADMIN,
    ("PATCH", f"{API}/settings"): ADMIN,
    ("POST", f"{API}/settings/check"): ADMIN,
    ("POST", f"{API}/settings/reload"): ADMIN,
    ("POST", f"{API}/zones/trial"): ADMIN,
    ("GET", f"{API}/history"): VIEW,
    **{("GET", f"{API}/{each}"): ADMIN for each in ("disk", "log", "doctor", "report")},
    ("POST", f"{API}/doctor"): ADMIN,
    ("POST", f"{API}/replays"): ADMIN,
    ("GET", f"{API}/replays/{{key}}"): ADMIN,
    ("DELETE", f"{API}/replays/{{key}}"): ADMIN,
}
SHARED = {
    ("GET", f"{API}/clips/{{clip_id}}{rest}")
    for rest in ("", "/frames", "/frames/{n}", "/looks", "/video", "/thumbnail")
}
"""Who has a link to the clip may ask that, too."""
QUERY = {f"{API}/{each}": "?from_ms=0&to_ms=1000" for each in ("timeline", "history")}
NO_CHANGES = {"digest": "0" * 64, "changes": []}
BODIES: dict[tuple[str, str], object] = {
    ("POST", f"{API}/commands"): {"action": "start", "camera": "other"},
    ("PATCH", f"{API}/clips/{{clip_id}}"): {"note": "x"},
    ("POST", f"{API}/clips/{{clip_id}}/restore"): {},
    ("POST", f"{API}/shares"): {"clip": new_id(), "hours": 1},
    ("PATCH", f"{API}/settings"): NO_CHANGES,
    ("POST", f"{API}/settings/check"): NO_CHANGES,
    ("POST", f"{API}/settings/reload"): {},
    ("POST", f"{API}/zones/trial"): {"camera": "cam0", "zones": [], "from_ms": 0, "to_ms": 1},
    ("POST", f"{API}/replays"): {"changes": [], "from_ms": 0, "to_ms": 1},
    ("POST", f"{API}/doctor"): {},
    ("POST", f"{API}/session"): {"name": "view", "password": PASSWORD},
}
NO_LINK = {"clip": None, "expires_ms": None}
DENIED = (401, 403)


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    with guarded_in(tmp_path_factory.mktemp("guarded")) as made:
        yield made


def operations(guarded: Guarded) -> dict[tuple[str, str], dict[str, Any]]:
    """All that the API says it has."""
    document = json.loads(guarded.ask("openapi.json", who=guarded.token(VIEW)).body)
    return {
        (method.upper(), path): operation
        for path, methods in document["paths"].items()
        for method, operation in methods.items()
    }


def answered(guarded: Guarded, route: tuple[str, str], who: dict[str, str], clip: str = "") -> int:
    method, path = route
    asked = path.format(clip_id=clip or new_id(), n=0, key="nothing") + QUERY.get(path, "")
    return guarded.ask(asked, method, who, BODIES.get(route)).status


def routes() -> list[tuple[str, str]]:
    return sorted({*NEEDED, *SHARED})


def test_each_route_is_one_of_these_or_open_to_all(guarded: Guarded) -> None:
    openly = {(method, path) for path, method in OPEN}
    assert operations(guarded).keys() == {*routes(), *openly}


def test_openapi_says_which_scope_a_route_needs(guarded: Guarded) -> None:
    for route, operation in operations(guarded).items():
        needed = NEEDED.get(route, VIEW if route in SHARED else None)
        expected = [] if needed is None else [{"session": [needed]}, {"token": [needed]}]
        found = sorted(operation.get("security", []), key=str)
        assert found == expected, route
        assert {"401", "403"} <= operation["responses"].keys()


@pytest.mark.parametrize("route", routes(), ids=" ".join)
def test_nobody_gets_anything(guarded: Guarded, route: tuple[str, str]) -> None:
    wrong = bearer("srt_" + "x" * 43)
    for who in ({}, wrong, cookie(guarded.port, "x" * 43), {**wrong, **guarded.session(ADMIN)}):
        assert answered(guarded, route, dict(who)) == 401


@pytest.mark.parametrize("scope", list(Scope), ids=lambda scope: scope.value)
@pytest.mark.parametrize("route", routes(), ids=" ".join)
def test_everybody_gets_what_his_scope_includes_and_nothing_else(
    guarded: Guarded, route: tuple[str, str], scope: Scope
) -> None:
    allowed = scope.includes(NEEDED.get(route, VIEW))
    for who in (guarded.session(scope), guarded.token(scope)):
        status = answered(guarded, route, who)
        assert (status not in DENIED) if allowed else status == 403


@pytest.mark.parametrize("route", routes(), ids=" ".join)
def test_a_link_shows_its_clip_and_nothing_else(guarded: Guarded, route: tuple[str, str]) -> None:
    kept = guarded.kept
    assert answered(guarded, route, guarded.shared(), kept.jpegs) == 403
    own = answered(guarded, route, guarded.shared(), kept.movie)
    assert own in (200, 404) if route in SHARED else own == 403


def test_where_nobody_has_a_password_this_machine_may_do_all(guarded: Guarded, page: Child) -> None:
    for route in routes():
        method, path = route
        asked = path.format(clip_id=new_id(), n=0, key="nothing") + QUERY.get(path, "")
        said = BODIES.get(route)
        headers = {} if said is None else {"Content-Type": "application/json"}
        body = None if said is None else json.dumps(said).encode()
        assert ask(page.port, asked, method, headers=headers, body=body).status not in DENIED
    standing = json.loads(ask(page.port, f"{API}/session").body)
    assert standing == {
        **{"login_needed": False, "name": None, "kind": "open", "scope": "admin", **NO_LINK}
    }


@pytest.mark.parametrize("path", ["/nothing", f"{API}/nothing", f"{API}/session/nothing"])
def test_nobody_learns_what_there_is_not(guarded: Guarded, path: str) -> None:
    assert guarded.ask(path).status == 401
    assert guarded.ask(path, "POST", said={}).status == 401
    assert guarded.ask(path, who=guarded.token(VIEW)).status == 404


def test_a_refusal_says_what_mends_it(guarded: Guarded) -> None:
    nobody = guarded.ask("status")
    assert nobody.headers["www-authenticate"] == "Bearer"
    assert "log in" in json.loads(nobody.body)["error"]["hint"]
    less = guarded.ask("commands", "POST", guarded.token(VIEW), {"action": "start"})
    assert json.loads(less.body)["error"]["message"] == "that needs the role record"


def test_the_files_of_the_page_are_for_all(guarded: Guarded) -> None:
    for path in ("/", "/index.html", "/js/app.js", "/icon.svg"):
        assert guarded.ask(path).status == 200


def test_whether_all_is_well_is_for_all_and_what_is_wrong_is_not(guarded: Guarded) -> None:
    guarded.behind.camera.update({"phase": "lost"})
    for who, told in (({}, []), (guarded.shared(), []), (guarded.token(VIEW), ["cam0: lost"])):
        answer = guarded.ask("/healthz", who=who)
        assert answer.status == 503
        assert json.loads(answer.body) == {"well": False, "problems": told}
    guarded.behind.forget()


def test_heads_are_asked_for_as_what_they_head(guarded: Guarded) -> None:
    assert guarded.ask("status", "HEAD").status == 401
    assert guarded.ask("status", "HEAD", guarded.token(VIEW)).status == 200


@pytest.mark.parametrize("kind", [Kind.USER, Kind.TOKEN])
def test_live_pictures_are_for_who_may_see(guarded: Guarded, kind: Kind) -> None:
    who = guarded.session(VIEW) if kind is Kind.USER else guarded.token(VIEW)
    with opened(guarded.port, headers=who) as tab:
        assert tab.text("hello")["cameras"]


def test_nobody_sees_live_pictures_and_a_link_shows_none(guarded: Guarded) -> None:
    for who, status in (({}, 401), (guarded.shared(), 403), (bearer("srt_x"), 401)):
        with pytest.raises(InvalidStatus) as refused, opened(guarded.port, headers=who):
            pass
        assert refused.value.response.status_code == status
