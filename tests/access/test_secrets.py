"""Secrets and signed links."""

import re

from hypothesis import assume, given
from hypothesis import strategies as st

from smartrec.access.secrets import (
    digest,
    new_key,
    new_session,
    new_signing_key,
    new_token,
    sign,
    unsign,
)

KEY = b"k" * 32


def test_a_token_has_the_prefix_that_scanners_look_for_and_256_random_bits() -> None:
    assert re.fullmatch(r"srt_[A-Za-z0-9_-]{43}", new_token())
    assert re.fullmatch(r"[A-Za-z0-9_-]{43}", new_session())
    assert len({new_token() for _ in range(100)}) == 100


def test_what_was_signed_here_is_known_again() -> None:
    key = new_key()
    assert unsign(KEY, sign(KEY, key)) == key
    assert re.fullmatch(r"[A-Za-z0-9._-]+", sign(KEY, key))


@given(st.text(max_size=300))
def test_nothing_else_is(text: str) -> None:
    assert unsign(KEY, text) is None


@given(st.integers(min_value=0, max_value=59), st.characters(codec="ascii"))
def test_one_other_letter_spoils_a_link(place: int, letter: str) -> None:
    signed = sign(KEY, "0123456789abcdef")
    changed = signed[:place] + letter + signed[place + 1 :]
    # The last of 43 letters of base64 has two bits that say nothing.
    assume(place < len(signed) - 1 and changed != signed)
    assert unsign(KEY, changed) is None


def test_a_link_of_another_recorder_is_worth_nothing() -> None:
    assert unsign(new_signing_key(), sign(KEY, "0123456789abcdef")) is None


def test_half_a_character_has_a_digest_too() -> None:
    assert len(digest("\ud800")) == 32
