"""What is kept of a password."""

import pytest
from argon2 import PasswordHasher, Type
from argon2.exceptions import VerifyMismatchError

from smartrec.access.passwords import NOBODY, kept, matches, outdated


def test_a_password_is_known_again_and_no_other_is() -> None:
    digest = kept("correct horse")
    assert matches(digest, "correct horse")
    assert not matches(digest, "correct horse ")
    assert not outdated(digest)


def test_it_is_kept_by_argon2id_with_the_recommended_parameters_and_a_salt() -> None:
    assert kept("correct horse").startswith("$argon2id$v=19$m=19456,t=2,p=1$")
    assert kept("correct horse") != kept("correct horse")


def test_how_a_keyboard_composes_letters_does_not_matter() -> None:
    assert matches(kept("pa\u0308sswort"), "p\u00e4sswort")


def test_half_a_character_is_no_error() -> None:
    assert not matches(kept("correct horse"), "\ud800" * 8)
    assert matches(kept("\ud800" * 8), "\ud800" * 8)


@pytest.mark.parametrize("digest", ["", "rubbish", "$argon2id$v=19$m=1,t=2", "$2b$12$abc", "ä"])
def test_a_digest_that_cannot_be_read_matches_nothing(digest: str) -> None:
    assert not matches(digest, "correct horse")


def test_nobodys_digest_costs_the_same_work_and_no_password_has_it() -> None:
    assert not outdated(NOBODY)
    with pytest.raises(VerifyMismatchError):  # it was computed, not merely refused
        PasswordHasher().verify(NOBODY, "correct horse")


def test_weaker_parameters_are_seen() -> None:
    weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1, type=Type.ID)
    assert outdated(weak.hash("correct horse"))
