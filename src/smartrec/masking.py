"""Keeps the passwords of cameras out of everything that is said, stored or shown."""

import re
from collections.abc import Iterator
from typing import Final

MASK: Final = "***"
_ADDRESS: Final = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*://\S+")
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
    return _NAMED.sub(rf"\1{MASK}", _LOGIN.sub(rf"\1:{MASK}@", address[0]))


def passwords(text: str) -> Iterator[str]:
    """Every password that `masked` hides in a text, as it is written there."""
    for address in _ADDRESS.findall(text):
        for hides in (_LOGIN, _NAMED):
            yield from (found[2] for found in hides.finditer(address))
