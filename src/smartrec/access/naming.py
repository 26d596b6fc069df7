"""Which names and passwords are taken, and which names are the same."""

import unicodedata
from typing import Final

from smartrec.errors import UsageError

NAME_MOST: Final = 64
PASSWORD_LEAST: Final = 8
PASSWORD_MOST: Final = 1024
_FORBIDDEN: Final = "/:"
"""They part names from other things: in addresses, and in HTTP's Basic scheme."""


def normal(name: str) -> str:
    """A name as it is kept: composed (Unicode NFC).

    Raises:
        UsageError: It cannot be a name.
    """
    composed = unicodedata.normalize("NFC", name)
    if not 1 <= len(composed) <= NAME_MOST:
        raise UsageError(f"a name has 1 to {NAME_MOST} characters")
    if not composed.isprintable() or any(each in composed for each in _FORBIDDEN):
        raise UsageError(f"{composed!a} cannot be a name", hint='No "/", ":" or control character.')
    if composed != composed.strip():
        raise UsageError(f"{composed!a} cannot be a name", hint="No blank at its ends.")
    return composed


def folded(name: str) -> str:
    """What two names have in common that are the same."""
    caseless = unicodedata.normalize("NFC", name).casefold()
    return unicodedata.normalize("NFC", caseless)


def check_password(password: str) -> None:
    """Refuse what no user may have.

    Long ones are better than strange ones (NIST SP 800-63B, 3.1.1.2): there is no other rule.

    Raises:
        UsageError: It is too short or too long.
    """
    if not PASSWORD_LEAST <= len(password) <= PASSWORD_MOST:
        raise UsageError(
            f"a password has {PASSWORD_LEAST} to {PASSWORD_MOST} characters",
            hint="Some words in a row are easy to keep in mind and hard to guess.",
        )
