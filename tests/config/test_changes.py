"""What a change of the settings touches in a running recorder."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import BaseModel

from smartrec.config.changes import CAPTURE, NEW_START, changed, in_force, pending, restarted
from smartrec.config.load import flat
from smartrec.config.schema import Config

TRIANGLE = [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]]


def config(**tables: Any) -> Config:
    return Config.model_validate({"camera": [{"source": "demo"}], **tables})


def camera(**keys: Any) -> Config:
    return config(camera=[{"source": "demo", **keys}])


def keys(old: Config, new: Config) -> dict[str, tuple[object, object]]:
    return {each.key: (each.before, each.after) for each in changed(old, new)}


def test_nothing_changes_where_all_is_the_same() -> None:
    assert changed(config(), config()) == ()


@pytest.mark.parametrize(
    ("new", "told"),
    [
        (config(recording={"pre_roll": "5s"}), {"recording.pre_roll": ("10s", "5s")}),
        (config(arming={"schedule": ["mon 10:00-12:00"]}), None),
        (config(retention={"max_bytes": "2GB"}), {"retention.max_bytes": (None, "2GB")}),
        (camera(fps=15.0), {"camera[0].fps": (30.0, 15.0)}),
        (camera(name="Door"), {"camera[0].name": ("cam0", "Door")}),
        (camera(controls={"focus": 3}), {"camera[0].controls.focus": (None, 3)}),
        (
            camera(controls={"extra": {"gain": 3}}),
            {"camera[0].controls.extra.gain": (None, 3)},
        ),
    ],
    ids=lambda value: "" if isinstance(value, Config) else str(value),
)
def test_a_setting_that_differs_is_told_as_people_write_it(
    new: Config, told: dict[str, tuple[object, object]] | None
) -> None:
    wanted = told or {"arming.schedule": ([], ["mon 10:00-12:00"])}
    assert keys(config(), new) == wanted
    assert keys(new, config()) == {key: (b, a) for key, (a, b) in wanted.items()}


def test_another_password_is_a_change_and_none_is_told() -> None:
    old, new = camera(source="rtsp://me:one@host/x"), camera(source="rtsp://me:two@host/x")
    (change,) = changed(old, new)
    assert change.change == CAPTURE
    assert "one" not in str(change)
    assert "two" not in str(change)
    assert restarted(old, new) == {"cam0"}


def test_zones_come_and_go_key_by_key() -> None:
    new = camera(zone=[{"name": "door", "polygon": TRIANGLE}])
    assert keys(camera(), new) == {
        "camera[0].zone[0].name": (None, "door"),
        "camera[0].zone[0].polygon": (None, TRIANGLE),
        "camera[0].zone[0].kind": (None, "include"),
        "camera[0].zone[0].anchor": (None, "bottom"),
    }
    assert restarted(camera(), new) == frozenset()


def test_cameras_are_told_apart_by_id_and_not_by_place() -> None:
    door, yard = {"id": "door", "source": "demo"}, {"id": "yard", "source": "file:/x.mp4"}
    both, turned = config(camera=[door, yard]), config(camera=[yard, door])
    assert changed(both, turned) == ()
    alone = config(camera=[yard])
    (gone,) = changed(both, alone)
    assert (gone.key, gone.after) == ("camera[0]", None)
    (came,) = changed(alone, both)
    assert (came.key, came.before) == ("camera[0]", None)
    assert restarted(both, turned) == restarted(both, alone) == frozenset()


def test_another_id_is_another_camera() -> None:
    told = keys(config(camera=[{"id": "one"}]), config(camera=[{"id": "two"}]))
    assert list(told) == ["camera[0]"], "one came, and the other went from the same place"
    assert len(changed(config(camera=[{"id": "one"}]), config(camera=[{"id": "two"}]))) == 2


def test_what_needs_a_new_start_stays_as_it_is_and_is_pending() -> None:
    new = config(
        recording={"directory": "/elsewhere", "pre_roll": "3s", "recorder": "nvdssr"},
        web={"port": 1},
    )
    forced = in_force(config(), new)
    assert keys(config(), forced) == {"recording.pre_roll": ("10s", "3s")}
    assert pending(config(), new) == ("recording.directory", "recording.recorder", "web.port")
    assert pending(new, new) == ()


def every_setting(table: type[BaseModel]) -> list[str]:
    found = []
    for field in table.model_fields.values():
        extra = field.json_schema_extra
        found += [str(extra["x-change"])] if isinstance(extra, dict) else []
    return found


def test_every_setting_says_what_a_change_of_it_does() -> None:
    told = {each.change for each in changed(config(camera=[]), config())}
    assert told == {CAPTURE}
    for table in ("recording", "ring", "retention", "detector", "trigger", "screen", "web", "log"):
        kind = type(getattr(config(), table))
        assert len(every_setting(kind)) == len(kind.model_fields), table


settings_of = st.fixed_dictionaries(
    {
        "recording": st.fixed_dictionaries(
            {
                "pre_roll": st.sampled_from(["1s", "10s"]),
                "directory": st.sampled_from(["SmartRecDir", "/x"]),
                "quality": st.integers(0, 3),
            }
        ),
        "web": st.fixed_dictionaries({"port": st.integers(0, 2)}),
        "camera": st.lists(
            st.fixed_dictionaries(
                {
                    "id": st.sampled_from(["a", "b", "c"]),
                    "fps": st.sampled_from([15.0, 30.0]),
                    "zone": st.sampled_from([[], [{"name": "z", "polygon": TRIANGLE}]]),
                    "source": st.just("demo"),
                }
            ),
            max_size=3,
            unique_by=lambda camera: str(camera["id"]),
        ),
    }
).map(Config.model_validate)


@given(settings_of, settings_of)
def test_what_is_in_force_differs_from_what_is_wanted_by_what_is_pending(
    old: Config, new: Config
) -> None:
    forced = in_force(old, new)
    assert tuple(each.key for each in changed(forced, new)) == pending(old, new)
    assert not any(each.change == NEW_START for each in changed(old, forced))
    assert in_force(old, old) == old
    told = {each.key for each in changed(old, new)}
    if [camera.id for camera in old.camera] == [camera.id for camera in new.camera]:
        before, after = flat(old), flat(new)
        differ = {k for k in before.keys() | after.keys() if before.get(k) != after.get(k)}
        assert told == differ
