"""Names in any script: as they are where the machine has a font, else as near as letters come."""

from collections.abc import Iterator
from shutil import which

import pytest

from smartrec.media.screen import fonts
from smartrec.media.screen.fonts import written


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """A machine without fontconfig."""
    monkeypatch.setenv("PATH", "")
    fonts._file_for.cache_clear()
    yield
    fonts._file_for.cache_clear()


def test_plain_words_need_no_font_of_the_system(no_fonts: None) -> None:
    texts, font = written(("person 87 %", "REC 0:12…"), 20)
    assert texts == ("person 87 %", "REC 0:12…")
    assert font.size == 20


def test_without_fonts_letters_lose_accents_or_become_question_marks(no_fonts: None) -> None:
    assert written(("Haust\u00fcr", "Tu\u0308r \u9580 2", "a\ufe0fb"), 20)[0] == (
        "Haustur",
        "Tur ? 2",
        "ab",
    )


def test_what_is_no_letter_is_a_space(no_fonts: None) -> None:
    assert written(("a\x07b\nc",), 20)[0] == ("a b c",)


def test_a_font_of_the_system_writes_what_ours_cannot() -> None:
    if which("fc-match") is None:
        pytest.skip("needs fontconfig")
    name = "T\u00fcr, \u0414\u0432\u0435\u0440\u044c"
    file = fonts._file_for("".join(sorted(fonts._lacking(name, None))))
    if file is None or fonts._lacking(name, file):
        pytest.skip("needs a font with Cyrillic letters")
    texts, font = written((name,), 24)
    assert texts == (name,)
    assert font.path == file
