"""The API against the real control socket, behind which a stand-in obeys."""

import json
from typing import Any

import pytest
from prometheus_client.parser import text_string_to_metric_families

from smartrec.app.events import (
    CameraState,
    ClipFailed,
    ClipReady,
    DetectionState,
    PicturesLost,
    RecordingState,
)
from smartrec.model import Action, new_id
from tests.web.child import Child
from tests.web.http import ask
from tests.web.live import opened
from tests.web.recorder import Behind


def test_a_command_is_answered_by_what_really_happened(behind: Behind) -> None:
    reply = behind.post(camera="cam0", action="start")
    (command,) = behind.obeyed
    assert (command.camera, command.action, command.reason) == ("cam0", Action.START, "page")
    assert reply.status == 200
    assert json.loads(reply.body) == {
        "answers": [
            {
                "id": command.id,
                "camera": "cam0",
                "verdict": "accepted",
                "reason": "why",
                "clip_id": "clip",
                "pre_roll_s": 9.5,
                "until": None,
            }
        ]
    }


def test_cameras_are_armed_and_disarmed_over_the_api(behind: Behind) -> None:
    for action in (Action.ARM, Action.DISARM):
        assert behind.post(camera="cam0", action=action.value).status == 200
    assert [command.action for command in behind.obeyed] == [Action.ARM, Action.DISARM]
    (camera,) = json.loads(behind.get("/api/v1/cameras").body)
    assert (camera["armed"], camera["armed_by"], camera["armed_until"]) == (False, "command", None)


def test_a_refusal_is_an_answer_too(behind: Behind) -> None:
    reply = behind.post(camera="other", action="stop")
    assert reply.status == 200
    assert json.loads(reply.body)["answers"][0]["verdict"] == "refused"


def test_the_senders_own_id_is_kept_and_null_means_every_camera(behind: Behind) -> None:
    chosen = new_id()
    assert behind.post(id=chosen, action="start", camera=None).status == 200
    (command,) = behind.obeyed
    assert (command.id, command.camera) == (chosen, None)


@pytest.mark.parametrize(
    "asked",
    [
        {},
        {"action": "delete"},
        {"action": "start", "camera": 7},
        {"action": "start", "camera": "x" * 201},
        {"action": "start", "id": "no uuid"},
        {"action": "start", "reason": "person"},
        {"action": "start", "pts": 1},
    ],
)
def test_what_is_no_command_reaches_nobody(behind: Behind, asked: dict[str, object]) -> None:
    reply = behind.post(**asked)
    assert reply.status == 422
    assert json.loads(reply.body)["error"]["message"]
    assert behind.obeyed == []


def test_the_status_is_the_recorders_own(behind: Behind) -> None:
    assert json.loads(behind.get("/api/v1/status").body) == behind.status()
    assert json.loads(behind.get("/api/v1/cameras").body) == [behind.camera]


def test_all_is_well_while_pictures_come(behind: Behind) -> None:
    reply = behind.get("/healthz")
    assert (reply.status, json.loads(reply.body)) == (200, {"well": True, "problems": []})


@pytest.mark.parametrize(
    ("stands", "problem"),
    [
        ({"phase": "lost", "error": "rtsp://user:secret@camera"}, "cam0: lost"),
        ({"phase": "lost", "pictures": 0}, "cam0: no picture yet"),
        ({"phase": "starting"}, "cam0: starting"),
        ({"silent": True}, "cam0: silent"),
    ],
)
def test_what_is_not_well_is_said_without_secrets(
    behind: Behind, stands: dict[str, object], problem: str
) -> None:
    behind.camera.update(stands)
    reply = behind.get("/healthz")
    assert (reply.status, json.loads(reply.body)) == (503, {"well": False, "problems": [problem]})


def test_a_disk_that_takes_nothing_is_not_well(behind: Behind) -> None:
    behind.disk = "no space left"
    reply = behind.get("/healthz")
    told = {"well": False, "problems": ["clips: no space left"]}
    assert (reply.status, json.loads(reply.body)) == (503, told)


def test_a_recorder_that_does_not_answer_is_told_with_what_to_do(page: Child) -> None:
    for path in ("/api/v1/status", "/api/v1/cameras"):
        reply = ask(page.port, path)
        assert reply.status == 503
        error = json.loads(reply.body)["error"]
        assert "no recorder is running" in error["message"]
        assert "smartrec run" in error["hint"]
    health = ask(page.port, "/healthz")
    assert json.loads(health.body)["problems"] == ["the recorder does not answer"]
    assert b"\nsmartrec_up 0.0\n" in ask(page.port, "/metrics").body


def metrics(behind: Behind) -> dict[tuple[str, ...], float]:
    """Values by name and labels; names and help are as Prometheus wants them."""
    reply = behind.get("/metrics")
    assert reply.headers["content-type"].startswith("text/plain; version=0.0.4")
    found: dict[tuple[str, ...], float] = {}
    for family in text_string_to_metric_families(reply.body.decode()):
        assert family.name.startswith("smartrec_")
        assert family.documentation.endswith(".")
        since = " Counts from the start of the " in family.documentation
        assert since == (family.type == "counter"), "a page that starts anew counts anew"
        for sample in family.samples:
            assert sample.name.endswith("_total") == (family.type == "counter")
            found[(sample.name, *sample.labels.values())] = sample.value
    return found


def test_metrics_count_what_happened(behind: Behind) -> None:
    happened: list[Any] = [
        CameraState("cam0", 29.5, 12.0, 1_000_000, 300, 1, 2),
        DetectionState("cam0", 5, 3, 21.5, 1),
        DetectionState("cam0", 5, 2, 20.0, 2),
        RecordingState("cam0", "clip", 1.0, 2.0, 30),
        PicturesLost("cam0", "driver", 3),
        PicturesLost("cam0", "driver", 4, "clip"),
        PicturesLost("cam0", 'a"b\n', 1),
        ClipReady("cam0", "clip", "event", "/x", "complete", 1.0, 30, 30, bytes=500),
        ClipReady("cam0", "clip2", "event", "/y", "stopped", 1.0, 30, 30, bytes=70),
        ClipFailed("cam0", "clip3", "event", "no"),
    ]
    with opened(behind.page.port) as tab:
        for event in happened:
            behind.happened(event)
        while tab.text("event")["event"]["type"] != ClipFailed.type:
            pass
        found = metrics(behind)
    expected: dict[tuple[str, ...], float] = {
        ("smartrec_up",): 1,
        ("smartrec_page_viewers",): 1,
        ("smartrec_camera_up", "cam0"): 1,
        ("smartrec_camera_armed", "cam0"): 0,
        ("smartrec_finishing_clips",): 2,
        ("smartrec_camera_pictures_per_second", "cam0"): 29.5,
        ("smartrec_ring_seconds", "cam0"): 12,
        ("smartrec_ring_bytes", "cam0"): 1_000_000,
        ("smartrec_camera_pictures_total", "cam0"): 300,
        ("smartrec_camera_pictures_damaged_total", "cam0"): 1,
        ("smartrec_camera_pictures_lost_total", "cam0"): 2,
        ("smartrec_inference_seconds", "cam0"): 0.02,
        ("smartrec_persons", "cam0"): 2,
        ("smartrec_looks_total", "cam0"): 10,
        ("smartrec_inferences_total", "cam0"): 5,
        ("smartrec_clip_pictures_lost_total", "cam0", "driver"): 7,
        ("smartrec_clip_pictures_lost_total", "cam0", 'a"b\n'): 1,
        ("smartrec_clips_total", "cam0", "complete"): 1,
        ("smartrec_clips_total", "cam0", "stopped"): 1,
        ("smartrec_clips_total", "cam0", "failed"): 1,
        ("smartrec_clip_bytes_total", "cam0"): 570,
        ("smartrec_events_total", PicturesLost.type): 3,
    }
    assert {key: found[key] for key in expected} == expected
    assert found["smartrec_disk_size_bytes",] > found["smartrec_disk_free_bytes",] > 0
