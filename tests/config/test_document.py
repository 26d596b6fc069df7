"""The scan for lines, against documents whose lines are known because the test laid them."""

from pathlib import Path

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from smartrec.config.document import read
from smartrec.config.suggest import Place

VALUES = [
    "1",
    "'''\n[no]\nx = 1\n'''",
    "'''a'''''",
    '"""\n\\""" # "\n[[no]]\n"""',
    '"""a"""""',
    '"a # b = \\" ]"',
    "'c:\\'",
    "[\n  1, # ]\n  [2, 3],\n]",
    '{ a = 1, "b ]" = [1] }',
    "1979-05-27 07:32:00",
    "-inf",
    '""',
    "''",
]
KEYS = ["key{}", '"key {} = \\" # ["', "'key {} ]'", "key{} . sub", 'key{}."a.b"', "\tkey{}"]
FIRST_PART = {0: "key{}", 1: 'key {} = " # [', 2: "key {} ]", 3: "key{}", 4: "key{}", 5: "key{}"}
NOISE = ["", "# [comment]\n", "\n \t\n", "  # x = 1 '''\n"]
AFTER = ["\n", "  # [x] = '''\n", " \n"]


@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_each_statement_is_found_in_its_line(data: st.DataObject, tmp_path: Path) -> None:
    text, expected = "", dict[Place, int]()
    table: Place = ()
    arrays = 0
    for number in range(data.draw(st.integers(0, 12))):
        text += data.draw(st.sampled_from(NOISE))
        line = text.count("\n") + 1
        kind = data.draw(st.sampled_from(["key", "key", "key", "table", "array", "below"]))
        if kind == "key":
            form = data.draw(st.integers(0, len(KEYS) - 1))
            expected[(*table, FIRST_PART[form].format(number))] = line
            text += f"{KEYS[form].format(number)} = {data.draw(st.sampled_from(VALUES))}"
        elif kind == "array":
            table, arrays = ("array", arrays), arrays + 1
            text += "[[ array ]]"
        elif kind == "below" and arrays:
            table = ("array", arrays - 1, f"below{number}")
            text += f"[array . 'below{number}']"
        else:
            table = (f"table{number}", "inner")
            text += f'[table{number}."inner"]'
        if kind != "key":
            expected[table] = line
        text += data.draw(st.sampled_from(AFTER))
    path = tmp_path / "any.toml"
    path.write_text(text)
    lines = read(path).lines
    assert {place: lines.get(place) for place in expected} == expected


def test_a_key_within_an_inline_table_has_the_line_of_its_statement(tmp_path: Path) -> None:
    path = tmp_path / "any.toml"
    path.write_text("\ncamera = [\n  { id = 'a' },\n]")
    assert read(path).line(("camera", 0, "id")) == 2


def test_an_array_within_an_array_counts_anew_in_each(tmp_path: Path) -> None:
    path = tmp_path / "any.toml"
    path.write_text(
        "[[camera]]\n[[camera.zone]]\nname = 'a'\n[[camera.zone]]\npolygon = [\n[0, 1],\n]\n"
        "kind = 'x'\n[[camera]]\n[[camera.zone]]\nname = 'c'\n"
    )
    lines = read(path).lines
    assert lines[("camera", 0, "zone", 0, "name")] == 3
    assert lines[("camera", 0, "zone", 1)] == 4
    assert lines[("camera", 0, "zone", 1, "polygon")] == 5
    assert lines[("camera", 0, "zone", 1, "kind")] == 8
    assert lines[("camera", 1, "zone", 0, "name")] == 11


def test_many_tables_are_scanned_in_linear_time(tmp_path: Path) -> None:
    """Held by the time limit of all tests: 60,000 times a scan of the whole would not end."""
    path = tmp_path / "long.toml"
    path.write_text("[[camera]]\nid = '''x'''\n" * 30_000)
    document = read(path)
    assert document.lines[("camera", 29_999, "id")] == 60_000


def test_keys_are_what_the_parser_says_they_are(tmp_path: Path) -> None:
    path = tmp_path / "any.toml"
    path.write_text('"\\u0061" . b = 1\n')
    assert read(path).lines == {("a",): 1, ("a", "b"): 1}
