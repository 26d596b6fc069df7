"""Keeps the passwords of cameras out of everything that is said, stored or shown."""

import re
from collections.abc import Iterator
from typing import Final

MASK: Final = "***"
# Whatever stands before ://, for a scheme of any length would be looked for at each letter.
_ADDRESS: Final = re.compile(r"://\S+")
# To the last @: whoever forgot to write a password's own @ or / as %40 or %2F is protected too.
_LOGIN: Final = re.compile(r"(?<=://)([^\s/?#:@]*):(\S*)@")
# Some cameras want the password in the path.
_NAMED: Final = re.compile(
    r"(?i)((?:pass|passwd|password|passwort|pwd|psw|pw|secret|token|auth)=)([^\s&;/?#\"']+)"
)


def masked(text: str) -> str:
    """The text with ``rtsp://user:***@host`` for each address in it that has a password."""
    return _ADDRESS.sub(_masked, text) if "://" in text else text


def _masked(address: re.Match[str]) -> str:
    login, at, rest = _split(address[0])
    return _NAMED.sub(rf"\1{MASK}", _LOGIN.sub(rf"\1:{MASK}@", login + at) + rest)


def _split(address: str) -> tuple[str, str, str]:
    """At the last @: without one to come, the search for it would begin anew at each ://."""
    return address.rpartition("@")


def passwords(text: str) -> Iterator[str]:
    """Every password that `masked` hides in a text, as it is written there."""
    for address in _ADDRESS.findall(text):
        login, at, _ = _split(address)
        for hides, where in ((_LOGIN, login + at), (_NAMED, address)):
            yield from (found[2] for found in hides.finditer(where))
