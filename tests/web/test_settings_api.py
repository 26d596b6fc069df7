"""Settings over the API: the real page, the control socket, a real file; the station stands in."""

import json
import time
from pathlib import Path
from typing import Any

import pytest

from smartrec.access.model import Entry, Scope
from smartrec.app.settings_question import Change, Do
from smartrec.config import form
from smartrec.config.load import flat
from smartrec.config.schema import Config
from smartrec.errors import StoreError
from smartrec.web.settings_api import Changes
from tests.web.child import TIMEOUT, Child
from tests.web.guarded import Guarded, guarded_in
from tests.web.http import Answer, ask
from tests.web.recorder import Behind
from tests.web.settled import Settled

NOTHING = "0" * 64


def file_of(behind: Behind) -> Path:
    return behind.settled.path


def asked(behind: Behind, *changes: dict[str, object], digest: str = "") -> dict[str, object]:
    return {"digest": digest or behind.settings()["digest"], "changes": list(changes)}


def to(key: str, value: object) -> dict[str, object]:
    return {"key": key, "value": value}


def error_of(reply: Answer) -> Any:
    return json.loads(reply.body)


def save(behind: Behind, *changes: dict[str, object]) -> Any:
    reply = behind.send("settings", asked(behind, *changes), "PATCH")
    assert reply.status == 200, reply
    return json.loads(reply.body)


def test_what_the_file_says_is_told_with_who_says_it(behind: Behind) -> None:
    told = behind.settings()
    path = str(file_of(behind))
    assert (told["file"], told["exists"], told["writable"], told["why_not"]) == (
        *(path, True, True, None),
    )
    assert told["values"] == json.loads(json.dumps(flat(behind.settled.station.config)))
    assert told["origins"].keys() == told["values"].keys()
    assert told["origins"]["recording.pre_roll"] == f"{path}:4"
    assert told["origins"]["recording.quality"] == "default"
    assert told["cameras"] == ["cam0"]
    assert (told["pending"], told["mistakes"], told["unloaded"]) == ([], [], False)


def test_a_change_is_checked_and_nothing_is_done(behind: Behind) -> None:
    before = file_of(behind).read_text()
    changes = (to("recording.pre_roll", "5s"), to("camera[0].fps", 15.0))
    reply = behind.send("settings/check", asked(behind, *changes))
    assert json.loads(reply.body) == {
        "mistakes": [],
        "effects": [
            {
                "key": "recording.pre_roll",
                "change": "takes effect at once",
                "before": "10s",
                "after": "5s",
            },
            {
                "key": "camera[0].fps",
                "change": "restarts the capture",
                "before": 30.0,
                "after": 15.0,
            },
        ],
    }
    assert file_of(behind).read_text() == before
    assert behind.settled.station.taken == []


def test_mistakes_are_told_each_at_its_setting(behind: Behind) -> None:
    zone = {"name": "a", "polygon": [[0, 0], [1, 1]]}
    changes = (to("recording.pre_roll", "soon"), to("camera[0].zone", [zone]), to("ring.mx", 1))
    reply = behind.send("settings/check", asked(behind, *changes))
    told = json.loads(reply.body)
    assert told["effects"] == []
    assert {each["key"] for each in told["mistakes"]} == {
        *("recording.pre_roll", "camera[0].zone[0].polygon", "ring.mx"),
    }
    refused = behind.send("settings", asked(behind, *changes), "PATCH")
    assert refused.status == 422
    assert error_of(refused)["mistakes"] == told["mistakes"]
    assert behind.settled.station.taken == []


@pytest.mark.parametrize("key", ["no key", "camera[", "[0]", "camera[0]..fps"])
def test_what_is_no_key_is_a_mistake_of_no_setting(behind: Behind, key: str) -> None:
    reply = behind.send("settings/check", asked(behind, to(key, 1)))
    (mistake,) = json.loads(reply.body)["mistakes"]
    assert mistake["key"] is None
    assert key in mistake["message"]


def test_what_is_saved_stands_in_the_file_and_is_in_force(behind: Behind) -> None:
    told = save(behind, to("recording.pre_roll", "5s"), to("detector.fps", 4.0))
    text = file_of(behind).read_text()
    assert 'pre_roll = "5s"  # of the next R\n' in text
    assert "# as it is drawn" in text
    config: Config = behind.settled.station.config
    assert (config.recording.pre_roll, config.detector.fps) == (5_000_000_000, 4.0)
    assert told["applied"] == {
        **{"restarted": [], "added": [], "removed": []},
        **{"watch": True, "pending": []},
    }
    assert told["problem"] is None
    read = behind.settings()
    assert read["digest"] == told["digest"]
    assert (read["values"]["recording.pre_roll"], read["unloaded"]) == ("5s", False)


def test_a_setting_that_is_unset_is_its_default_again(behind: Behind) -> None:
    save(behind, {"key": "recording.post_roll", "unset": True})
    assert "post_roll" not in file_of(behind).read_text()
    assert behind.settings()["origins"]["recording.post_roll"] == "default"


def test_a_camera_comes_and_goes(behind: Behind) -> None:
    told = save(behind, to("camera[1]", {"id": "yard", "source": "demo"}))
    assert told["applied"]["added"] == ["yard"]
    assert behind.settings()["cameras"] == ["cam0", "yard"]
    told = save(behind, {"key": "camera[0]", "unset": True})
    assert told["applied"]["removed"] == ["cam0"]
    assert behind.settings()["cameras"] == ["yard"]


def test_what_needs_a_new_start_is_pending_and_counted(behind: Behind) -> None:
    told = save(behind, to("recording.directory", "elsewhere"))
    assert told["applied"]["pending"] == ["recording.directory"]
    assert behind.settings()["pending"] == ["recording.directory"]
    assert b"\nsmartrec_settings_pending 1.0\n" in behind.get("/metrics").body
    save(behind, {"key": "recording.directory", "unset": True})
    assert b"\nsmartrec_settings_pending 0.0\n" in behind.get("/metrics").body


def test_a_file_that_was_changed_meanwhile_is_not_overwritten(behind: Behind) -> None:
    wanted = asked(behind, to("recording.pre_roll", "5s"))
    by_hand = file_of(behind).read_text().replace("10s", "7s")
    file_of(behind).write_text(by_hand)
    for path, method in (("settings/check", "POST"), ("settings", "PATCH")):
        reply = behind.send(path, wanted, method)
        assert reply.status == 409
        assert "changed meanwhile" in error_of(reply)["error"]["message"]
    assert file_of(behind).read_text() == by_hand
    read = behind.settings()
    assert (read["unloaded"], read["values"]["recording.pre_roll"]) == (True, "7s")
    reply = behind.send("settings/reload", {})
    assert [each["key"] for each in json.loads(reply.body)["effects"]] == [
        *("recording.pre_roll", "recording.post_roll"),
    ]
    assert not behind.settings()["unloaded"]
    assert behind.settled.station.config.recording.pre_roll == 7_000_000_000


def test_a_file_that_somebody_spoilt_is_told_and_what_is_in_force_shown(behind: Behind) -> None:
    file_of(behind).write_text('[recording]\npre_roll = "soon"\n')
    read = behind.settings()
    assert [each["key"] for each in read["mistakes"]] == ["recording.pre_roll"]
    assert read["values"]["recording.pre_roll"] == "10s"
    assert behind.send("settings/reload", {}).status == 422
    file_of(behind).write_text("no TOML")
    (mistake,) = behind.settings()["mistakes"]
    assert "not TOML" in mistake["message"]
    reply = behind.send("settings/check", asked(behind, to("ring.max_bytes", "1GB")))
    assert "not TOML" in json.loads(reply.body)["mistakes"][0]["message"]


def test_what_is_saved_but_not_taken_is_said_so(behind: Behind) -> None:
    behind.settled.station.refuses = StoreError("the disk is gone")
    told = save(behind, to("recording.pre_roll", "5s"))
    assert told["applied"] is None
    assert "the disk is gone" in told["problem"]["message"]
    assert 'pre_roll = "5s"' in file_of(behind).read_text()
    assert behind.settings()["unloaded"]
    behind.settled.station.refuses = None
    again = json.loads(behind.send("settings/reload", {}).body)
    assert again["applied"] is not None
    assert [each["key"] for each in again["effects"]] == ["recording.pre_roll"]
    assert not behind.settings()["unloaded"]


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("web.address", "0.0.0.0"),
        ("web.enabled", False),
        ("web", {"port": 1}),
        ("recording.smart_record_library", "/tmp/mine.so"),
        ("recording", {"smart_record_library": "/tmp/mine.so"}),
        ("camera[0].audio", "alsa:file:/etc/passwd"),
        ("camera[0]", {"source": "demo", "audio": "alsa:mine"}),
        ("camera[1]", {"source": "demo", "audio": "pulse:mine"}),
        ("camera", [{"source": "demo", "audio": "alsa:mine"}]),
        ("detector.model", "/tmp/mine.txt"),
        ("detector", {"model": "/tmp/mine.YAML"}),
    ],
)
def test_what_opens_the_machine_can_be_changed_in_the_file_only(
    behind: Behind, key: str, value: object
) -> None:
    before = file_of(behind).read_text()
    for path, method in (("settings/check", "POST"), ("settings", "PATCH")):
        reply = behind.send(path, asked(behind, to(key, value)), method)
        assert reply.status == 403, reply.body
        assert "file only" in error_of(reply)["error"]["message"]
        assert "smartrec config reload" in error_of(reply)["error"]["hint"]
    assert file_of(behind).read_text() == before


def test_what_the_file_said_already_may_stay(behind: Behind) -> None:
    text = file_of(behind).read_text() + 'audio = "alsa:hw:1"\n\n[web]\nviewers = 7\n'
    text += '[detector]\nmodel = "pgie.txt"\n'
    file_of(behind).write_text(text)
    save(behind, to("camera[0].audio", True), to("recording.quality", 20))
    assert "viewers = 7" in file_of(behind).read_text()
    save(behind, to("detector.model", "models/yolox.onnx"))


def test_a_password_is_never_told_and_stays_where_it_is(behind: Behind) -> None:
    secret = "rtsp://me:s3cret@192.0.2.1/one"
    path = file_of(behind)
    path.write_text(path.read_text().replace('source = "demo"', f'source = "{secret}"'))
    assert b"s3cret" not in behind.get("/api/v1/settings").body
    shown = behind.settings()["values"]["camera[0].source"]
    assert shown == "rtsp://me:***@192.0.2.1/one"
    save(behind, to("camera[0].source", shown), to("camera[0].name", "Door"))
    assert f'"{secret}"' in path.read_text()
    elsewhere = to("camera[0].source", shown.replace("192.0.2.1", "192.0.2.2"))
    reply = behind.send("settings/check", asked(behind, elsewhere))
    assert json.loads(reply.body)["mistakes"][0]["key"] == "camera[0].source"
    anew = to("camera[0].source", "rtsp://me:n3w@192.0.2.1/one")
    reply = behind.send("settings/check", asked(behind, anew))
    assert json.loads(reply.body)["effects"]
    assert b"n3w" not in reply.body


def test_what_comes_before_the_file_cannot_be_saved_there(behind: Behind) -> None:
    behind.settled = Settled(
        file_of(behind),
        environ={"SMARTREC_DETECTOR__FPS": "4"},
        overrides={"camera": [{"source": "demo", "fps": 30}]},
    )
    zone = {"name": "door", "polygon": [[0, 0], [1, 0], [1, 1]]}
    changes = (to("detector.fps", 3.0), to("camera[0].fps", 5.0), to("camera[1]", {}))
    reply = behind.send("settings/check", asked(behind, *changes))
    told = {each["key"]: each["message"] for each in json.loads(reply.body)["mistakes"]}
    assert told.keys() == {"detector.fps", "camera[0].fps", "camera[1]"}
    assert "SMARTREC_DETECTOR__FPS" in told["detector.fps"]
    assert "command line" in told["camera[0].fps"]
    save(behind, to("camera[0].zone", [zone]), to("camera[0].name", "Door"))
    camera = behind.settled.station.config.camera[0]
    assert [each.name for each in camera.zone] == ["door"]


def test_a_recorder_without_a_file_gets_one(behind: Behind, tmp_path: Path) -> None:
    path = tmp_path / "smartrec" / "smartrec.toml"
    environ = {"XDG_CONFIG_HOME": str(tmp_path)}
    behind.settled = Settled(None, environ)
    read = behind.settings()
    assert (read["file"], read["exists"], read["writable"]) == (str(path), False, True)
    assert read["origins"]["camera[0].source"] == "found at the start"
    zone = {"name": "door", "polygon": [[0, 0], [1, 0], [1, 1]]}
    save(behind, to("camera[0].zone", [zone]))
    assert "[[camera.zone]]" in path.read_text()
    assert path.stat().st_mode & 0o777 == 0o600
    assert behind.settings()["exists"]


def test_all_zones_that_a_camera_may_have_fit_and_more_is_refused_clearly(behind: Behind) -> None:
    corners = [[round(0.1 + n / 300, 5), round((n * 7919 % 1000) / 1001, 5)] for n in range(200)]
    zones = [{"name": f"zone-{n}", "polygon": corners} for n in range(64)]
    save(behind, to("camera[0].zone", zones))
    assert len(behind.settled.station.config.camera[0].zone) == 64
    twice = asked(behind, to("camera[0].zone", zones), to("camera[0].name", "x" * 200_000))
    reply = behind.send("settings", twice, "PATCH")
    assert reply.status == 413
    assert "290000 bytes" in error_of(reply)["error"]["message"]


@pytest.mark.parametrize(
    "said",
    [
        {},
        {"digest": NOTHING},
        {"digest": "x", "changes": []},
        {"digest": NOTHING, "changes": [{}]},
        {"digest": NOTHING, "changes": [{"key": ""}]},
        {"digest": NOTHING, "changes": [{"key": "a", "value": 1, "more": 1}]},
        {"digest": NOTHING, "changes": [{"key": "a" * 301, "value": 1}]},
        {"digest": NOTHING, "changes": [{"key": "a", "value": 1}] * 501},
        [],
    ],
)
def test_what_is_no_change_is_refused(behind: Behind, said: object) -> None:
    for path, method in (("settings/check", "POST"), ("settings", "PATCH")):
        assert behind.send(path, said, method).status == 422


@pytest.mark.parametrize("value", ["\ud800", {"\udfff": 1}, [[[[[[[[[1]]]]]]]]], None])
def test_what_no_file_can_hold_is_refused(behind: Behind, value: object) -> None:
    wanted = asked(behind, to("camera[0].name", value))
    reply = behind.send("settings/check", wanted)
    assert reply.status == 422
    assert error_of(reply)["error"]["message"]


def test_a_page_without_a_recorder_says_so(page: Child) -> None:
    assert ask(page.port, "/api/v1/settings").status == 503


@pytest.fixture(scope="module")
def guarded(tmp_path_factory: pytest.TempPathFactory) -> Any:
    with guarded_in(tmp_path_factory.mktemp("guarded")) as made:
        yield made


def test_who_changed_what_is_written_down_without_what_it_is_now(guarded: Guarded) -> None:
    who = guarded.session(Scope.ADMIN)
    digest = json.loads(guarded.ask("settings", who=who).body)["digest"]
    secret = "rtsp://me:s3cret@192.0.2.1/one"
    changes = [to("camera[0].source", secret), to("recording.pre_roll", "5s")]
    said = {"digest": digest, "changes": changes}
    assert guarded.ask("settings", "PATCH", who, said).status == 200
    assert guarded.ask("settings", "PATCH", who, said).status == 409
    entries: list[Entry] = []
    deadline = time.monotonic() + TIMEOUT
    while len(entries) < 2:  # nobody waits for what is written down
        assert time.monotonic() < deadline, entries
        with guarded.vault() as vault:
            entries = [each for each in vault.entries(20, None) if each.action == "settings.change"]
    assert [(each.who, each.object) for each in entries] == [
        ("admin", "camera[0].source, recording.pre_roll")
    ] * 2
    assert [each.outcome for each in entries] == ["kept", "ok"]
    (_, by) = guarded.behind.settled.station.taken[-1]
    assert by == "admin"


@pytest.mark.parametrize("value", [True, 1, 1.0, "1", "true", [1, 1.0, True], {"a": [0, 0.5]}])
def test_a_value_is_handed_on_as_it_was_sent(value: object) -> None:
    sent = {"digest": NOTHING, "changes": [to("a", value), {"key": "b", "unset": True}]}
    changes = Changes.model_validate_json(json.dumps(sent)).question(Do.CHECK).changes
    assert repr(changes[0].value) == repr(value)
    assert changes[1] == Change("b", unset=True)


def test_the_form_is_told_once_and_then_known(behind: Behind) -> None:
    reply = behind.get("/api/v1/settings/form")
    tables = json.loads(reply.body)
    assert tables == json.loads(json.dumps(form.tables()))
    assert reply.headers["cache-control"] == "private, no-cache"
    known = {"If-None-Match": reply.headers["etag"]}
    again = ask(behind.page.port, "/api/v1/settings/form", headers=known)
    assert (again.status, again.body) == (304, b"")
