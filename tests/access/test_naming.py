"""Names and passwords: what is taken, and what is the same."""

import unicodedata

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from smartrec.access.naming import (
    NAME_MOST,
    PASSWORD_LEAST,
    PASSWORD_MOST,
    check_password,
    folded,
    normal,
)
from smartrec.errors import UsageError


@pytest.mark.parametrize(
    "name", ["ann", "Ann Lee", "józef", "王芳", "o'hara@example.org", "x" * 64]
)
def test_what_people_are_called_is_a_name(name: str) -> None:
    assert normal(name) == name


@pytest.mark.parametrize(
    "name",
    [
        *("", "x" * 65, "a/b", "a:b", "a\nb", "a\x00b", "a\x1b[31m", " ann", "ann ", "\u202eann"),
        *("\ud800", "\x85"),
    ],
)
def test_what_could_deceive_or_break_something_is_none(name: str) -> None:
    with pytest.raises(UsageError):
        normal(name)


OF_NAMES = st.characters(exclude_categories=("C", "Z"), exclude_characters="/:") | st.just(" ")
"""Mostly a name: what hypothesis finds otherwise is refused too often to be tried."""


@given(st.text(OF_NAMES, min_size=1, max_size=NAME_MOST))
def test_a_name_that_is_taken_stays_as_it_is_and_can_be_shown(name: str) -> None:
    try:
        kept = normal(name)
    except UsageError:
        assume(False)
        raise
    assert normal(kept) == kept
    assert kept.isprintable()
    assert 1 <= len(kept) <= NAME_MOST
    assert folded(kept) == folded(name)


@given(st.text(max_size=NAME_MOST))
def test_case_and_composition_make_no_other_name(name: str) -> None:
    assert folded(folded(name)) == folded(name)
    assert folded(unicodedata.normalize("NFD", name)) == folded(name)


def test_two_that_differ_in_case_are_the_same() -> None:
    assert folded("ANN") == folded("ann")
    assert folded("Straße") == folded("STRASSE")
    assert folded("ann") != folded("anna")


@pytest.mark.parametrize("length", [PASSWORD_LEAST, PASSWORD_MOST])
def test_only_the_length_of_a_password_counts(length: int) -> None:
    check_password("a" * length)


@pytest.mark.parametrize("length", [0, PASSWORD_LEAST - 1, PASSWORD_MOST + 1])
def test_a_password_too_short_or_too_long_is_refused(length: int) -> None:
    with pytest.raises(UsageError, match="8 to 1024"):
        check_password("a" * length)
