"""The table of ways to do a job: the first that works is taken, and what is missing is named."""

import pytest

from smartrec.errors import MissingElement
from smartrec.graph.recipes import RECIPES, RECORDERS, Recipe, Role, candidates, choose

ROWS = (
    Recipe(Role.ENCODE_H264, "hard", "hardenc qp={quality} gop={gop}"),
    Recipe(Role.ENCODE_H264, "soft", "softenc qp={quality}", package="soft-package"),
    Recipe(Role.DECODE_JPEG, "cpu", "jpegdec"),
)


def test_the_first_row_that_works_is_taken() -> None:
    assert choose(Role.ENCODE_H264, usable=lambda _: True, recipes=ROWS).name == "hard"
    soft = choose(Role.ENCODE_H264, usable=lambda text: "soft" in text, recipes=ROWS)
    assert soft.name == "soft"


def test_all_that_work_are_given_in_order() -> None:
    found = candidates(Role.ENCODE_H264, usable=lambda _: True, recipes=ROWS)
    assert [recipe.name for recipe in found] == ["hard", "soft"]


def test_a_pinned_row_is_the_only_one() -> None:
    usable = lambda _: True  # noqa: E731
    assert choose(Role.ENCODE_H264, usable=usable, pinned="soft", recipes=ROWS).name == "soft"


def test_what_could_be_installed_is_named() -> None:
    with pytest.raises(MissingElement) as caught:
        choose(Role.ENCODE_H264, usable=lambda _: False, recipes=ROWS)
    assert caught.value.hint == "Run: sudo apt install soft-package"


def test_a_pinned_name_that_is_none_lists_those_that_are() -> None:
    with pytest.raises(MissingElement) as caught:
        choose(Role.ENCODE_H264, usable=lambda _: True, pinned="best", recipes=ROWS)
    assert caught.value.hint == "Write one of: auto, hard, soft"


def test_names_are_unique_within_a_role() -> None:
    names = [(recipe.role, recipe.name) for recipe in RECIPES]
    assert len(set(names)) == len(names)


def test_every_role_has_a_row_and_every_row_its_values() -> None:
    assert {recipe.role for recipe in RECIPES} == set(Role)
    assert not any("{" in recipe.sample() for recipe in RECIPES)


def test_a_recorder_is_called_as_the_finisher_s_row_of_the_same_element() -> None:
    rows = {row.name: row for row in RECIPES if row.role is Role.ENCODE_H264}
    for recorder in RECORDERS:
        assert recorder.role is Role.ENCODE_H264
        assert recorder.sample() in rows[recorder.name].sample()
        assert recorder.finest == rows[recorder.name].finest
