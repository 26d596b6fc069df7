"""The font that a text is written in: Pillow's own, or one of the system's that has its letters.

Pillow's own needs not be installed, but has little beyond ASCII.
"""

import ctypes
import logging
import subprocess
import unicodedata
from functools import lru_cache
from typing import Final

from PIL import ImageFont

from smartrec.terminal import one_line

log = logging.getLogger(__name__)

_ASKED_AT: Final = 20
"""Pixels; which letters a font has does not depend on it."""
_ANSWERS_S: Final = 5.0
_OF_THE_SYSTEM: Final = 0
"""FcSetSystem."""
_NO_LETTER: Final = "\U0010ffff"
"""A font shows it as it shows every letter that it lacks."""


def written(texts: tuple[str, ...], size: int) -> tuple[tuple[str, ...], ImageFont.FreeTypeFont]:
    """Texts of one line as they can be written, and the font for all of them; any thread.

    Letters that no font here has lose their accents, or become question marks.

    Args:
        texts: May hold anything, as a camera's name or a driver's words may.
        size: Pixels.
    """
    clean = tuple(one_line(unicodedata.normalize("NFC", text)) for text in texts)
    file = _file_for("".join(sorted(_lacking("".join(clean), None))))
    lacked = _lacking("".join(clean), file)
    plain = {letter: _plain(letter, file) for letter in lacked}
    return tuple("".join(plain.get(each, each) for each in text) for text in clean), _font(
        file, size
    )


@lru_cache(maxsize=32)
def _font(file: str | None, size: int) -> ImageFont.FreeTypeFont:
    font = ImageFont.load_default(size) if file is None else ImageFont.truetype(file, size)
    assert isinstance(font, ImageFont.FreeTypeFont), "Pillow's wheels have FreeType"
    return font


def _lacking(text: str, file: str | None) -> set[str]:
    return {letter for letter in text if not letter.isspace() and not _has(file, letter)}


@lru_cache(maxsize=4096)
def _has(file: str | None, letter: str) -> bool:
    font = _font(file, _ASKED_AT)
    nothing, drawn = font.getmask(_NO_LETTER), font.getmask(letter)
    return bytes(drawn) != bytes(nothing)


def _plain(letter: str, file: str | None) -> str:
    """The letter without its accent, if that can be written; of a lone accent nothing."""
    if unicodedata.category(letter) == "Mn":
        return ""
    base = unicodedata.normalize("NFKD", letter)[0]
    return base if base != letter and _has(file, base) else "?"


@lru_cache(maxsize=64)
def _file_for(letters: str) -> str | None:
    """The system's font that fontconfig holds best for these letters; None for Pillow's own."""
    if not letters:
        return None
    wanted = " ".join(f"{ord(letter):x}" for letter in letters)
    # Fonts of coloured pictures come in sizes of their own.
    command = ["fc-match", "--format=%{file}", f"sans-serif:color=false:charset={wanted}"]
    try:
        done = subprocess.run(command, timeout=_ANSWERS_S, capture_output=True, check=True)
        file = done.stdout.decode()
        _font(file, _ASKED_AT)
    except (OSError, ValueError, subprocess.SubprocessError) as error:
        log.info("no font for %s: %s", letters, error)
        return None
    return file


def are_installed() -> bool:
    """Whether fontconfig knows any font of the system's."""
    try:
        fontconfig = ctypes.CDLL("libfontconfig.so.1")
    except OSError:
        return False
    fontconfig.FcConfigGetFonts.restype = ctypes.POINTER(ctypes.c_int)
    fontconfig.FcConfigGetFonts.argtypes = (ctypes.c_void_p, ctypes.c_int)
    if not fontconfig.FcInit():
        return False
    found = fontconfig.FcConfigGetFonts(None, _OF_THE_SYSTEM)
    # FcFontSet begins with the number of its fonts.
    return bool(found) and bool(found[0] > 0)
