"""The form says of every setting what the schema says, and what it offers is taken."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartrec.config.edit import Edit, edited
from smartrec.config.form import tables
from smartrec.config.load import Given, flat
from smartrec.config.schema import Config
from smartrec.config.tables import SCHEMA

KINDS: dict[str, type | tuple[type, ...]] = {
    "boolean": bool,
    "choice": (str, int),
    "integer": (int, str),
    "number": (int, float),
    "duration": str,
    "size": str,
    "text": str,
    "path": str,
    "picture": str,
    "list": list,
    "numbers": list,
    "table": dict,
    "source": str,
    "polygons": list,
    "schedule": list,
}
GIVEN = Given(Path("smartrec.toml"), {}, {})
ZONE = '[[camera]]\n[[camera.zone]]\nname = "a"\npolygon = [[0, 0], [1, 0], [1, 1]]\n'


def settings() -> Iterator[tuple[list[str], dict[str, object]]]:
    for table in tables():
        for setting in table["settings"]:  # type: ignore[attr-defined]
            yield table["path"], setting  # type: ignore[misc]


def described(key: str) -> dict[str, object]:
    """By its whole key, without numbers."""
    found = {
        ".".join([*(part for part in path if part != "*"), str(setting["key"])]): setting
        for path, setting in settings()
    }
    return found[key]


def test_it_is_plain_json() -> None:
    assert json.loads(json.dumps(tables())) == tables()


def test_every_table_and_every_setting_is_in_it_once() -> None:
    keys = [
        (*(part for part in path if part != "*"), setting["key"]) for path, setting in settings()
    ]
    assert len(set(keys)) == len(keys)
    inner = {place for place in SCHEMA if len(place) > 1}
    wanted = {
        (*place, key) for place, table in SCHEMA.items() if place for key in table.model_fields
    }
    assert set(keys) == wanted - inner


def test_a_path_leads_to_the_setting_in_the_settings() -> None:
    config = GIVEN.load(ZONE + "[camera.controls]\nextra = { gain = 1 }\n").config
    said = set(flat(config))
    for path, setting in settings():
        key = ".".join([*path, str(setting["key"])]).replace(".*", "[0]")
        assert key in said or f"{key}.gain" in said


@pytest.mark.parametrize("value", ["default", "example"])
def test_what_it_offers_is_of_its_kind_and_is_taken(value: str) -> None:
    for path, setting in settings():
        offered = setting[value]
        if offered is None or setting["key"] in ("certificate", "key", "client_ca"):
            continue
        kind = KINDS[str(setting["kind"])]
        assert isinstance(offered, kind) or setting["text_file_only"]
        place = (*(0 if part == "*" else part for part in path), str(setting["key"]))
        config = GIVEN.load(edited(ZONE, [Edit(place, offered)])).config
        assert config.camera[0].zone[0].name in ("a", "door")


def test_each_choice_is_taken_and_each_limit_holds() -> None:
    for path, setting in settings():
        place = (*(0 if part == "*" else part for part in path), str(setting["key"]))
        for choice in setting["choices"] or ():  # type: ignore[attr-defined]
            if choice != "nvdssr":  # it wants a library
                GIVEN.load(edited(ZONE, [Edit(place, choice)]))
        for limit in (setting["minimum"], setting["maximum"]):
            if limit is not None and setting["key"] not in (
                "frames",
                "of",
            ):  # these know each other
                GIVEN.load(edited(ZONE, [Edit(place, limit)]))


def test_what_opens_the_machine_is_for_the_file_only() -> None:
    marked = {
        (path[0], setting["key"]) for path, setting in settings() if setting["file_only"] is True
    }
    assert {key for table, key in marked if table == "web"} == set(SCHEMA["web",].model_fields)
    assert {pair for pair in marked if pair[0] != "web"} == {("recording", "smart_record_library")}
    assert described("camera.audio")["text_file_only"] is True
    assert [s["key"] for _, s in settings() if s["text_file_only"]] == ["audio"]


def test_what_may_be_left_out_and_what_must_be_given_is_told() -> None:
    assert described("retention.max_age")["optional"] is True
    assert described("retention.trash")["optional"] is False
    assert [s["key"] for _, s in settings() if s["needed"]] == ["name", "polygon"]
    assert [s["key"] for _, s in settings() if s["secret"]] == ["source"]


def test_defaults_are_as_people_write_them() -> None:
    assert described("recording.pre_roll")["default"] == "10s"
    assert described("ring.max_bytes")["default"] == "512MB"
    assert described("camera.name")["default"] is None
    plain = flat(Config())
    for path, setting in settings():
        if "*" not in path:
            assert plain[f"{path[0]}.{setting['key']}"] == setting["default"]
