"""Whether the API is what its OpenAPI says: schemathesis asks it well and badly."""

import json
from collections.abc import Iterator
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode
from schemathesis.specs.openapi.checks import ignored_auth, positive_data_acceptance

from smartrec.access.model import Scope
from smartrec.web.clip_models import LATEST
from tests.web.child import Child
from tests.web.guarded import Guarded, bearer, guarded_in
from tests.web.http import ask
from tests.web.kept import Kept, kept_in
from tests.web.recorder import Behind

REPLAYS = "/api/v1/replays"
MANY = pytest.param(100, marks=[pytest.mark.long, pytest.mark.timeout(200)])


@pytest.fixture(scope="module")
def kept(recorder: Behind) -> Kept:
    """Clips of all kinds, which the page shows."""
    return kept_in(Path(recorder.page.setup.clips))


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Guarded]:
    """A page where one must log in."""
    with guarded_in(tmp_path_factory.mktemp("guarded")) as made:
        yield made


def asked_by_schemathesis(
    page: Child,
    mode: GenerationMode,
    examples: int,
    ids: Iterator[str] | None = None,
    token: str | None = None,
) -> None:
    """Ask; of clips, where `ids` are given, only of those: nobody guesses a UUID.

    Who may ask what is tested by test_rights.py: `ignored_auth` knows neither that nobody needs to
    log in, nor that either of two ways will do.
    """
    headers = {} if token is None else bearer(token)
    schema = schemathesis.openapi.from_url(f"{page.address}api/v1/openapi.json", headers=headers)

    @settings(
        max_examples=examples,
        suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
        database=None,
    )
    @given(case=schema.as_strategy(generation_mode=mode))
    def must_be_true(case: "schemathesis.Case[Any]") -> None:
        if ids is not None and "clip_id" in case.path_parameters:
            case.path_parameters["clip_id"] = next(ids)
            case.query.pop("follow", None)  # nobody would ever end that recording
        checks = [ignored_auth]
        if case.path == REPLAYS:
            checks.append(positive_data_acceptance)  # nobody guesses what can be replayed
        case.call_and_validate(headers=headers, excluded_checks=checks)

    must_be_true()


@pytest.mark.parametrize("examples", [25, MANY])
def test_what_may_be_asked_is_answered_as_it_says(
    behind: Behind, kept: Kept, examples: int
) -> None:
    asked_by_schemathesis(behind.page, GenerationMode.POSITIVE, examples, cycle(kept.ids))


@pytest.mark.parametrize("examples", [25, MANY])
def test_what_may_not_be_asked_is_refused_as_it_says(
    behind: Behind, kept: Kept, examples: int
) -> None:
    asked_by_schemathesis(behind.page, GenerationMode.NEGATIVE, examples)


@pytest.mark.parametrize("examples", [10, MANY])
@pytest.mark.parametrize("scope", [Scope.ADMIN, Scope.VIEW], ids=lambda scope: scope.value)
def test_who_brings_a_token_is_answered_as_it_says(
    guarded: Guarded, scope: Scope, examples: int
) -> None:
    ids, token = cycle(guarded.kept.ids), guarded.tokens[scope]
    asked_by_schemathesis(guarded.page, GenerationMode.POSITIVE, examples, ids, token)


@pytest.mark.parametrize(
    "path",
    [
        *("/healthz", "/metrics", "/api/v1/commands", "/api/v1/status"),
        *("/api/v1/clips", "/api/v1/timeline", "/api/v1/facets", "/api/v1/clips/{clip_id}"),
        *(f"/api/v1/clips/{{clip_id}}/{each}" for each in ("frames", "frames/{n}", "looks")),
        *(f"/api/v1/clips/{{clip_id}}/{each}" for each in ("video", "thumbnail", "restore")),
        *(f"/api/v1/{each}" for each in ("session", "session/share", "sessions", "sessions/{key}")),
        *(f"/api/v1/{each}" for each in ("shares", "shares/{key}", "audit", "openapi.json")),
        *("/api/v1/settings", "/api/v1/zones/trial", REPLAYS, f"{REPLAYS}/{{key}}"),
        *(f"/api/v1/{each}" for each in ("history", "disk", "log", "doctor", "report")),
        *(f"/api/v1/settings/{each}" for each in ("form", "check", "reload")),
    ],
)
def test_it_says_all_there_is(behind: Behind, path: str) -> None:
    document = json.loads(ask(behind.page.port, "/api/v1/openapi.json").body)
    assert path in document["paths"]
    for operation in document["paths"][path].values():
        assert operation["description"].endswith(".")
        assert {"403", "421"} <= operation["responses"].keys()


def test_settings_are_answered_as_it_says(behind: Behind) -> None:
    """Nobody guesses the digest of a file."""
    schema = schemathesis.openapi.from_url(f"{behind.page.address}api/v1/openapi.json")
    change = {"key": "recording.pre_roll", "value": "5s"}
    wrong = {"key": "recording.pre_roll", "value": "soon"}
    for path, method, changes in (
        ("/settings", "GET", None),
        ("/settings/form", "GET", None),
        ("/settings/check", "POST", [change]),
        ("/settings/check", "POST", [wrong]),
        ("/settings", "PATCH", [wrong]),
        ("/settings", "PATCH", [{"key": "web.port", "value": 1}]),
        ("/settings", "PATCH", [change, {"key": "camera[1]", "value": {"source": "demo"}}]),
        ("/settings", "PATCH", [{"key": "camera[0]", "unset": True}]),
        ("/settings/reload", "POST", {}),
    ):
        body: Any = changes
        if isinstance(changes, list):
            body = {"digest": behind.settings()["digest"], "changes": changes}
        case = schema[f"/api/v1{path}"][method].Case(
            **({} if body is None else {"body": body, "media_type": "application/json"})
        )
        case.call_and_validate(excluded_checks=[ignored_auth])


def test_replays_are_answered_as_it_says(behind: Behind, kept: Kept) -> None:
    """Nobody guesses the id of one."""
    schema = schemathesis.openapi.from_url(f"{behind.page.address}api/v1/openapi.json")
    change = {"key": "detector.min_confidence", "value": 0.4}
    wrong = {"key": "camera[0].fps", "value": 5.0}
    key = "nothing"
    for method, changes, instead in (
        *(("GET", None, False), ("DELETE", None, False), ("POST", [wrong], False)),
        *(("POST", [change], True), ("POST", [change], False)),
        *(("GET", None, False), ("DELETE", None, False), ("GET", None, False)),
    ):
        if changes is None:
            case = schema[f"{REPLAYS}/{{key}}"][method].Case(path_parameters={"key": key})
        else:
            body: Any = {"changes": changes, "from_ms": 0, "to_ms": LATEST, "instead": instead}
            how = {"body": body, "media_type": "application/json"}
            case = schema[REPLAYS][method].Case(**how)
        answer = case.call_and_validate(excluded_checks=[ignored_auth])
        if answer.status_code == 202:
            key = answer.json()["id"]
    assert key != "nothing"
