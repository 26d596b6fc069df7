"""Whether the API is what its OpenAPI says: schemathesis asks it well and badly."""

import json
from typing import Any

import pytest
import schemathesis
from hypothesis import HealthCheck, given, settings
from schemathesis import GenerationMode

from tests.web.http import ask
from tests.web.recorder import Behind

EXAMPLES = settings(
    max_examples=25,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much],
    database=None,
)


def asked_by_schemathesis(behind: Behind, mode: GenerationMode) -> None:
    schema = schemathesis.openapi.from_url(f"{behind.page.address}api/v1/openapi.json")

    @EXAMPLES
    @given(case=schema.as_strategy(generation_mode=mode))
    def must_be_true(case: "schemathesis.Case[Any]") -> None:
        case.call_and_validate()

    must_be_true()


def test_what_may_be_asked_is_answered_as_it_says(behind: Behind) -> None:
    asked_by_schemathesis(behind, GenerationMode.POSITIVE)
    assert behind.obeyed


def test_what_may_not_be_asked_is_refused_as_it_says(behind: Behind) -> None:
    asked_by_schemathesis(behind, GenerationMode.NEGATIVE)


@pytest.mark.parametrize("path", ["/healthz", "/metrics", "/api/v1/commands", "/api/v1/status"])
def test_it_says_all_there_is(behind: Behind, path: str) -> None:
    document = json.loads(ask(behind.page.port, "/api/v1/openapi.json").body)
    assert path in document["paths"]
    for operation in document["paths"][path].values():
        assert operation["description"].endswith(".")
        assert {"403", "421"} <= operation["responses"].keys()
