"""Single settings are changed in files that are written in many ways; all else stays as it was."""

import sys
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.config.document import parts
from smartrec.config.edit import UNSET, Edit, edited
from smartrec.config.load import Given
from smartrec.config.reference import example
from smartrec.config.suggest import Place, dotted, place_of
from smartrec.errors import ConfigError, UsageError
from tests.config.toml_files import TABLES, files

if sys.version_info >= (3, 11):
    import tomllib
else:
    import tomli as tomllib

SLOW = settings(max_examples=60, suppress_health_check=list(HealthCheck), deadline=None)
FILE = """\
# my settings
[recording]
pre_roll = "5s"      # with a comment
directory = 'clips'

# the front
[[camera]]
id = "front"
source = "demo"
controls = { focus = "auto", extra = { gain = 3 } }

# by the door
[[camera.zone]]
name = "door"
polygon = [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]

[[camera.zone]]   # street
name = "street"
# not the cars
polygon = [
  [0.0, 0.0], [1.0, 0.0],
  [1.0, 0.2],
]
kind = "exclude"

# the back
[[camera]]
#fps = 30
  [camera.controls.extra]
  gain = 4

# web
[web]
"""


def changed(*edits: tuple[Place, object], text: str = FILE, **more: int) -> str:
    return edited(text, [Edit(*each) for each in edits], **more)


def without(text: str, *lines: str) -> str:
    """The text but for these whole lines, each of which it has once."""
    for line in lines:
        assert text.count(line) == 1, line
        text = text.replace(line, "")
    return text


# ------------------------------------------------------------------------------------------ forms


def test_a_value_is_changed_where_it_stands_and_its_comment_stays() -> None:
    new = changed((("recording", "pre_roll"), "7s"))
    assert new == FILE.replace('"5s"', '"7s"')


def test_a_setting_that_is_not_there_goes_behind_those_of_its_table() -> None:
    new = changed((("recording", "post_roll"), "7s"), (("camera", 0, "fps"), 12.5))
    assert "directory = 'clips'\npost_roll = \"7s\"\n\n" in new
    assert "extra = { gain = 3 } }\nfps = 12.5\n\n" in new
    assert without(new, 'post_roll = "7s"\n', "fps = 12.5\n") == FILE


def test_a_setting_goes_below_the_comment_that_shows_it() -> None:
    assert changed((("camera", 1, "fps"), 15)) == FILE.replace(
        "#fps = 30\n", "#fps = 30\nfps = 15\n"
    )
    new = changed((("retention", "max_age"), "9d"), (("log", "level"), "debug"), text=example())
    assert without(new, 'max_age = "9d"\n', 'level = "debug"\n') == example()
    assert '#max_age = "30d"\nmax_age = "9d"\n' in new
    assert '#level = "info"\nlevel = "debug"\n' in new


def test_the_comment_behind_a_setting_stays_when_that_goes() -> None:
    new = changed((("recording", "pre_roll"), UNSET), (("recording", "directory"), None))
    assert new == FILE.replace('pre_roll = "5s"      # with', "# with").replace(
        "directory = 'clips'\n", ""
    )


def test_what_stands_only_in_a_comment_cannot_be_taken_away() -> None:
    assert changed((("camera", 1, "fps"), UNSET)) == FILE
    assert changed((("recording", "pre_roll"), UNSET), text=example()) == example()


def test_a_table_that_is_not_there_is_made_at_the_end() -> None:
    assert changed((("ring", "max_bytes"), "1GB")) == FILE + '\n[ring]\nmax_bytes = "1GB"\n'
    assert changed((("ring", "max_bytes"), "1GB"), text="") == '[ring]\nmax_bytes = "1GB"\n'
    new = changed((("ring", "max_bytes"), "1GB"), text='[log]\nlevel = "info"')
    assert new == '[log]\nlevel = "info"\n\n[ring]\nmax_bytes = "1GB"\n'


def test_a_table_of_a_camera_is_made_with_that_camera() -> None:
    new = changed((("camera", 0, "retention", "max_age"), "7d"))
    assert 'kind = "exclude"\n\n[camera.retention]\nmax_age = "7d"\n\n# the back\n' in new


def test_inline_tables_and_dotted_keys_stay_what_they_are() -> None:
    new = changed((("camera", 0, "controls", "focus"), 7), (("camera", 0, "controls", "extra"), {}))
    assert "controls = { focus = 7, extra = {} }\n" in new
    text = "recording.pre_roll = 1 # x\n[[camera]]\ncontrols.focus = 1\n"
    new = changed(
        (("recording", "post_roll"), 2), (("camera", 0, "controls", "exposure"), 3), text=text
    )
    assert new == (
        "recording.pre_roll = 1 # x\nrecording.post_roll = 2\n"
        "[[camera]]\ncontrols.focus = 1\ncontrols.exposure = 3\n"
    )


def test_free_names_go_where_free_names_are() -> None:
    new = changed((("camera", 1, "controls", "extra", "iris"), 2))
    assert new == FILE.replace("  gain = 4\n", "  gain = 4\n  iris = 2\n")
    new = changed((("camera", 0, "controls", "extra", "iris"), 2), text="")
    assert new == "[[camera]]\n\n[camera.controls]\nextra = { iris = 2 }\n"


def test_comments_between_the_tables_of_an_inline_list_stay() -> None:
    text = 'camera = [\n  { id = "a" }, # first\n  # the second:\n  { id = "b", fps = 5 },\n]\n'
    new = changed((("camera", 1, "fps"), 7), (("camera", 2), {"id": "c"}), text=text)
    assert new.startswith(text[: text.index("fps = 5")] + "fps = 7 },\n")
    assert [camera["id"] for camera in tomllib.loads(new)["camera"]] == ["a", "b", "c"]
    assert "# the second:\n" in changed((("camera", 0), UNSET), text=text)


def test_line_ends_and_mark_of_a_file_from_windows_stay() -> None:
    text = "\ufeff" + FILE.replace("\n", "\r\n")
    zone = [{"name": "new", "polygon": [[0.25, 0.5]] * 30}]
    new = changed((("camera", 0, "zone"), zone), (("recording", "quality"), 3), text=text)
    assert new.startswith("\ufeff# my settings\r\n")
    assert new.count("\n") == new.count("\r\n")
    assert new.count("\r\n  [0.25, 0.5], [0.25, 0.5]") == 5


def test_long_lists_are_wrapped_and_stay_within_the_width() -> None:
    polygon = [[n / 200, 0.123456] for n in range(200)]
    new = changed((("camera", 0, "zone", 0, "polygon"), polygon))
    assert max(map(len, new.splitlines())) <= 100
    assert tomllib.loads(new)["camera"][0]["zone"][0]["polygon"] == polygon


# ---------------------------------------------------------------------------------------- cameras


def test_a_camera_is_added_behind_the_others() -> None:
    camera = {
        "id": "third",
        "source": "demo",
        "controls": {"focus": "auto", "extra": {"gain": 1}},
        "zone": [{"name": "a", "polygon": [[0, 0], [1, 0], [1, 1]]}],
    }
    new = changed((("camera", 2), camera))
    made = new[new.index("  gain = 4\n") + 11 : new.index("# web")]
    assert made == (
        '\n[[camera]]\nid = "third"\nsource = "demo"\n\n[camera.controls]\nfocus = "auto"\n'
        'extra = { gain = 1 }\n\n[[camera.zone]]\nname = "a"\n'
        "polygon = [[0, 0], [1, 0], [1, 1]]\n\n"
    )
    assert new.replace(made, "\n") == FILE


def test_a_camera_goes_with_its_comments_and_the_others_keep_their_ids() -> None:
    new = changed((("camera", 0), UNSET))
    assert new == (
        FILE[: FILE.index("# the front")]
        + FILE[FILE.index("# the back") :].replace("#fps", 'id = "cam1"\n#fps')
    )
    assert changed((("camera", 1), UNSET)) == FILE[: FILE.index("# the back")] + "# web\n[web]\n"


def test_the_comment_that_begins_the_file_stays() -> None:
    text = "# all of mine\n[[camera]]\nfps = 1\n"
    assert changed((("camera", 0), UNSET), text=text) == "# all of mine\n"


def test_a_camera_in_force_that_is_not_in_the_file_gets_a_table() -> None:
    assert changed((("camera", 0, "fps"), 5), text="") == "[[camera]]\nfps = 5\n"
    new = changed((("camera", 1), {"id": "b"}), text="# mine\n")
    assert new == '# mine\n\n[[camera]]\n\n[[camera]]\nid = "b"\n'
    new = changed((("camera", 2, "fps"), 5), text="", cameras=3)
    assert tomllib.loads(new)["camera"] == [{}, {}, {"fps": 5}]


def test_a_new_camera_has_an_id_that_no_other_has() -> None:
    text = '[[camera]]\nid = "cam1"\n'
    new = changed((("camera", 1), {"source": "demo"}), text=text)
    assert [camera["id"] for camera in tomllib.loads(new)["camera"]] == ["cam1", "cam0"]
    new = changed((("camera", 1), {"source": "demo"}), text='[[camera]]\nid = "a"\n')
    assert "id" not in tomllib.loads(new)["camera"][1]


# ------------------------------------------------------------------------------------------ zones

DOOR = {"name": "door", "polygon": [[0.1, 0.1], [0.9, 0.1], [0.9, 0.9]]}
STREET = {"name": "street", "polygon": [[0, 0], [1, 0], [1, 0.2]], "kind": "exclude"}
YARD = {"name": "yard", "polygon": [[0, 0], [1, 0], [1, 1]]}
ZONES: Place = ("camera", 0, "zone")


def zones_of(text: str) -> object:
    return tomllib.loads(text)["camera"][0].get("zone", [])


def test_the_list_of_zones_as_it_is_changes_nothing() -> None:
    assert changed((ZONES, [DOOR, STREET])) == FILE


def test_one_zone_is_changed_and_the_others_keep_every_byte() -> None:
    new = changed((ZONES, [{**DOOR, "anchor": "any"}, STREET]))
    assert new == FILE.replace("[0.9, 0.9]]\n", '[0.9, 0.9]]\nanchor = "any"\n')


@pytest.mark.parametrize(
    "zones",
    [[YARD, DOOR, STREET], [DOOR, YARD, STREET], [DOOR, STREET, YARD], [STREET, DOOR], [STREET]],
)
def test_zones_that_stay_keep_their_comments_wherever_they_go(zones: list[Any]) -> None:
    new = changed((ZONES, zones))
    assert zones_of(new) == zones
    for zone, words in ((DOOR, "# by the door\n[[camera.zone]]\nname"), (STREET, "# not the cars")):
        assert (words in new) is (zone in zones)
    assert FILE[: FILE.index("# by the door")] in new
    assert FILE[FILE.index("# the back") :] in new


def test_a_zone_that_is_renamed_keeps_its_comments_and_one_that_is_drawn_anew_gets_none() -> None:
    assert "# by the door" in changed((ZONES, [{**DOOR, "name": "gate"}, STREET]))
    assert "# by the door" not in changed((ZONES, [YARD, STREET]))


def test_no_zone_is_no_list() -> None:
    nothings: list[object] = [[], UNSET, None]
    for nothing in nothings:
        new = changed((ZONES, nothing))
        assert new == FILE[: FILE.index("# by")] + FILE[FILE.index("# the back") :]
    assert changed((("camera", 1, "zone"), [])) == FILE


# --------------------------------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("place", "value", "said"),
    [
        (("camera", 7, "fps"), 5, "camera[7]: there is no such camera; the last is camera[1]"),
        (("camera", 2, "fps"), 5, "camera[2]: there is no such camera; the last is camera[1]"),
        (("recording", "pre_roll"), float("nan"), "recording.pre_roll: must be text, a number"),
        (("recording", "pre_roll"), 2**70, "recording.pre_roll: must be text, a number"),
        (("recording", "pre_roll"), object(), "recording.pre_roll: must be text, a number"),
        (("recording", "pre_roll"), "\ud800", "recording.pre_roll: must be text of characters"),
        (("recording", "pre_roll", "x"), UNSET, ""),
        (("camera", 0), 5, "camera[0]: must be a table"),
        (("camera", 0, "zone"), 5, "camera[0].zone: must be tables"),
    ],
)
def test_what_cannot_be_is_told_and_nothing_else_is(place: Place, value: object, said: str) -> None:
    if not said:
        assert changed((place, value)) == FILE
        return
    with pytest.raises(ConfigError) as caught:
        changed((place, value))
    assert str(caught.value).startswith(said)


def test_a_text_that_is_no_toml_is_refused() -> None:
    with pytest.raises(ConfigError, match="not TOML"):
        changed((("log", "level"), "info"), text="x = ")


@pytest.mark.parametrize(
    "key", ["", ".", "a..b", "[0]", "a[", "a[x]", "a.b ", "'a'", "a]", "a[-1]"]
)
def test_a_key_that_is_none_is_refused(key: str) -> None:
    with pytest.raises(UsageError, match="no key of a setting"):
        place_of(key)


PARTS = st.one_of(st.from_regex(r"[A-Za-z0-9_-]{1,20}", fullmatch=True), st.integers(0, 9999))


@given(st.from_regex(r"[a-z_]{1,9}", fullmatch=True), st.lists(PARTS, max_size=6))
def test_a_key_is_read_as_it_is_written(first: str, rest: list[str | int]) -> None:
    assert place_of(dotted((first, *rest))) == (first, *rest)


# --------------------------------------------------------------------------------------- any file


def plain(text: str) -> dict[str, Any]:
    return tomllib.loads(text.replace("\r\n", "\n"))


def bare(values: Any) -> Any:
    """Without empty tables in tables, and lists of none, which say nothing."""
    if isinstance(values, dict):
        table = {key: bare(value) for key, value in values.items()}
        return {key: value for key, value in table.items() if value not in ({}, [])}
    return [bare(each) for each in values] if isinstance(values, list) else values


LEAF = st.one_of(
    st.text(max_size=8),
    st.integers(-5, 10**6),
    st.booleans(),
    st.floats(allow_nan=False, allow_infinity=False),
    st.lists(st.integers(0, 9), max_size=3),
    st.just([[0.5, n / 100] for n in range(30)]),
)
ROW = st.fixed_dictionaries(
    {"name": st.sampled_from(["z0", "z1", "z2", "new"])},
    optional={"kind": LEAF, "polygon": LEAF},
)
ROWS = st.lists(ROW, max_size=4, unique_by=lambda row: row["name"])
CAMERA = st.fixed_dictionaries(
    {"id": st.just("added")},
    optional={
        "fps": LEAF,
        "controls": st.fixed_dictionaries({}, optional={"focus": LEAF}),
        "zone": ROWS,
    },
)


@st.composite
def edits(draw: Any, text: str) -> tuple[Place, Any]:
    """One change that can be, and nothing (UNSET) or the value that it gives."""
    cameras = plain(text).get("camera", [])
    number = draw(st.integers(0, max(len(cameras) - 1, 0)))
    table = draw(st.sampled_from(list(TABLES)))
    leaf: Place = (table, draw(st.sampled_from(TABLES[table])))
    inner: Place = ("camera", number, draw(st.sampled_from(["controls", "retention"])))
    change: tuple[Place, Any] = draw(
        st.sampled_from(
            [
                (leaf, draw(LEAF)),
                (leaf, UNSET),
                ((table,), UNSET),
                ((table,), draw(st.dictionaries(st.sampled_from(TABLES[table]), LEAF))),
                (("camera", number, "fps"), draw(LEAF)),
                (("camera", number, "rotate"), UNSET),
                ((*inner, "focus"), draw(LEAF)),
                ((*inner, "exposure"), UNSET),
                ((*inner, "extra", "gain"), draw(LEAF)),
                ((*inner, "extra"), UNSET),
                (inner, UNSET),
                (inner, draw(st.dictionaries(st.sampled_from(["focus", "new"]), LEAF))),
                (("camera", len(cameras)), draw(CAMERA)),
                (("camera", number), UNSET),
                (("camera", number, "zone"), draw(ROWS)),
                (("camera", number, "zone"), UNSET),
            ]
        )
    )
    return change


def expected(text: str, place: Place, value: Any) -> Any:
    """Worked out on the values, by hand."""
    root = plain(text)
    value = UNSET if place[-1] == "zone" and not value else value
    if place[0] == "camera":
        cameras, number = root.setdefault("camera", []), place[1]
        assert isinstance(number, int)
        if len(place) == 2 and value is UNSET:
            for behind, camera in enumerate(cameras[number + 1 :], start=number + 1):
                camera.setdefault("id", f"cam{behind}")
            del cameras[number : number + 1]
            return root
        cameras += [{}] if number == len(cameras) and value is not UNSET else []
        root["camera"][number:] = [put(each, place[2:], value) for each in cameras[number:][:1]] + (
            cameras[number + 1 :]
        )
        return root
    return put(root, place, value)


def put(table: Any, place: Place, value: Any) -> Any:
    if not place:
        return value
    below = put(table.get(place[0], {}), place[1:], value) if place[1:] else value
    rest = {key: each for key, each in table.items() if key != place[0]}
    return rest if below is UNSET else {**rest, place[0]: below}


@SLOW
@given(st.data())
def test_the_new_file_says_what_the_edit_says_and_nothing_else_is_another(data: Any) -> None:
    text = data.draw(files())
    for _ in range(data.draw(st.integers(1, 3))):
        place, value = data.draw(edits(text))
        new = edited(text, [Edit(place, value)])
        assert bare(plain(new)) == bare(expected(text, place, value))
        text = new


def lines_of(text: str, place: Place) -> set[int]:
    """Numbers of the lines that say something of a place."""
    found: set[int] = set()
    for part in parts(text.replace("\r\n", "\n")):
        if part.place[: len(place)] == place or place[: len(part.place)] == part.place:
            if part.value is None and len(part.place) < len(place):
                continue
            whole = text.replace("\r\n", "\n")[part.start : part.end].count("\n")
            found |= set(range(part.line, part.line + whole + 1))
    return found


def in_order(wanted: list[str], lines: list[str]) -> bool:
    rest = iter(lines)
    return all(any(line == each for each in rest) for line in wanted)


@SLOW
@given(st.data())
def test_lines_that_say_nothing_of_it_are_the_same_byte_by_byte(data: Any) -> None:
    text = data.draw(files())
    place, value = data.draw(edits(text))
    whole = value is UNSET or place[-1] == "zone" or isinstance(value, dict)
    if place[0] == "camera" and len(place) == 2 and value is UNSET:
        return  # its comments go, and others get ids: another test
    new = edited(text, [Edit(place, value)])
    touched = lines_of(text, place)
    kept = [
        line
        for number, line in enumerate(text.split("\n"), start=1)
        if number not in touched and not (whole and (not line.strip() or line.strip()[0] == "#"))
    ]
    ended = [line.rstrip("\r") for line in kept if line]  # the last line may have had no end
    assert in_order(ended, [line.rstrip("\r") for line in new.split("\n")])
    assert "\r\n" not in text or new.count("\n") == new.count("\r\n")


@SLOW
@given(st.data())
def test_what_is_changed_and_changed_back_says_the_same(data: Any) -> None:
    text = data.draw(files())
    place, value = data.draw(edits(text))
    if len(place) == 2 and place[0] == "camera" and value is UNSET:
        return  # where it was is not known any more
    before: Any = plain(text)
    for part in place:
        missing = part not in before if isinstance(before, dict) else part >= len(before)
        before = UNSET if missing else before[part]
        if before is UNSET:
            break
    back = edited(edited(text, [Edit(place, value)]), [Edit(place, before)])
    old, new = bare(plain(text)), bare(plain(back))
    if new.get("camera") == [{}] and "camera" not in old:
        del new["camera"]  # the camera in force got its table
    assert new == old


def test_a_file_with_every_setting_can_be_changed_in_all_of_them(tmp_path: Path) -> None:
    text = "".join(
        f"{line.lstrip('#')}\n" for line in example().splitlines() if not line.startswith("# ")
    )
    config = Given(tmp_path / "x.toml", {}, {})
    from smartrec.config.load import flat

    said = flat(config.load(text).config)
    new = edited(text, [Edit(place_of(key), value) for key, value in said.items()])
    assert flat(config.load(new).config) == said
