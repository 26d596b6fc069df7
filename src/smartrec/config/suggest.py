"""Say what somebody wrote, and what they may have meant."""

import difflib
import re
from collections.abc import Iterable
from typing import Final

from smartrec.errors import ConfigError, Mistake, UsageError
from smartrec.masking import masked
from smartrec.terminal import printable

Place = tuple[str | int, ...]
"""Where a setting stands: ``("camera", 0, "controls", "focus")``."""

Told = str | tuple[Place | None, str, str]
"""A mistake: one line; or the setting's place, where that is written, and what is wrong."""

EXAMPLE: Final = "See what there is: smartrec config example"
_NETWORK: Final = 'source = "rtsp://USER:PASSWORD@HOST:554/PATH"'
_OF_OTHERS: Final = {
    **dict.fromkeys(
        ("type", "kind", "protocol"),
        f'the source says what it is: source = "usb", "file:PATH", "demo", or {_NETWORK}',
    ),
    **dict.fromkeys(
        ("url", "uri", "host", "ip", "address", "user", "username", "password", "stream"),
        f"all of it stands in the source: {_NETWORK}",
    ),
    **dict.fromkeys(("device", "path"), 'write source = "usb:/dev/video0" or "file:PATH"'),
}
"""Keys of a camera in other programs, and how it is said here."""
_BARE: Final = re.compile(r"[A-Za-z0-9_-]{1,80}")
_STEP: Final = re.compile(r"(?:^|\.)([A-Za-z0-9_-]{1,80})|\[([0-9]{1,4})\]")
_LONG: Final = 60


def nearest(word: str, names: Iterable[str]) -> str | None:
    """The name that is most like a word; None where none is."""
    matches = difflib.get_close_matches(word[:_LONG].lower(), names, n=1, cutoff=0.6)
    return matches[0] if matches else None


def said_here(table: tuple[str, ...], word: str) -> str | None:
    """How to write what another program has this key for; None where no such key is known."""
    return _OF_OTHERS.get(word.lower()) if table == ("camera",) else None


def dotted(place: Place) -> str:
    """As people write it: ``camera[0].controls.focus``."""
    text = ""
    for part in place:
        if isinstance(part, int):
            text += f"[{part}]"
        else:
            name = part if _BARE.fullmatch(part) else shown(part)
            text += f".{name}" if text else name
    return text


def place_of(key: str) -> Place:
    """The place that `dotted` writes so.

    Raises:
        UsageError: No setting is ever written so.
    """
    place: list[str | int] = []
    at = 0
    while at < len(key) and (step := _STEP.match(key, at)):
        place.append(step[1] if step[2] is None else int(step[2]))
        at = step.end()
    if at < len(key) or not place or isinstance(place[0], int):
        raise UsageError(
            f"{key[:_LONG]!r} is no key of a setting",
            hint="A key is written like recording.pre_roll or camera[0].fps: smartrec config show",
        )
    return tuple(place)


def shown(value: object) -> str:
    """A value as TOML writes it, cut to fit one line."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, str):
        value = masked(value)
        return repr(value if len(value) <= _LONG else f"{value[:_LONG]}…")
    if isinstance(value, (int, float)):
        # Python refuses to write integers of more than 4300 digits.
        return (
            repr(value) if isinstance(value, float) or abs(value) < 10**_LONG else "a huge number"
        )
    kinds = {dict: "a table", list: "a list", tuple: "a list", type(None): "nothing"}
    return kinds.get(type(value), f"a {type(value).__name__}")


def mistaken(mistakes: Iterable[Mistake]) -> ConfigError:
    """One error for mistakes in settings that stand nowhere yet."""
    return config_error(
        (each.place, "" if each.place is None else dotted(each.place), each.words)
        for each in mistakes
    )


def config_error(mistakes: Iterable[Told]) -> ConfigError:
    """One error for all mistakes, a line for each."""
    whole = [(None, "", each) if isinstance(each, str) else each for each in mistakes]
    told: dict[str, Mistake] = {}
    for place, where, words in whole:
        line = printable(f"{where}: {words}" if where else words)
        told.setdefault(line, Mistake(place, printable(words)))
    lines = list(told)
    if len(lines) > _LONG:
        lines = [*lines[:_LONG], f"… and {len(lines) - _LONG} more"]
    found = tuple(told[line] for line in lines[:_LONG])
    return ConfigError("\n".join(lines), hint=EXAMPLE, mistakes=found)
