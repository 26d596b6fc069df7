"""Passwords: what is kept of them is argon2id, with the parameters that OWASP recommends.

19 MiB, two passes, one lane: https://cheatsheetseries.owasp.org, "Password Storage". One check
costs a processor some 20 ms and 19 MiB: whoever lets strangers ask must let them ask one by one.
"""

import unicodedata
from functools import cache
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_TIME: Final = 2
_MEMORY_KIB: Final = 19 * 1024
_LANES: Final = 1
_SALT_BYTES: Final = 16
_HASH_BYTES: Final = 32
NOBODY: Final = (
    f"$argon2id$v=19$m={_MEMORY_KIB},t={_TIME},p={_LANES}"
    "$AAAAAAAAAAAAAAAAAAAAAA$AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA"
)
"""No password has this digest; to compare with it costs what comparing with any other costs."""


@cache
def _hasher() -> "PasswordHasher":
    from argon2 import PasswordHasher, Type  # late: the command line starts without

    return PasswordHasher(
        time_cost=_TIME,
        memory_cost=_MEMORY_KIB,
        parallelism=_LANES,
        hash_len=_HASH_BYTES,
        salt_len=_SALT_BYTES,
        type=Type.ID,
    )


def kept(password: str) -> str:
    """What is kept of a password, with its salt and parameters (PHC string format)."""
    return _hasher().hash(_bytes(password))


def matches(kept: str, password: str) -> bool:
    """Whether it is the password. A digest that cannot be read matches none."""
    from argon2.exceptions import VerificationError

    try:
        return _hasher().verify(kept, _bytes(password))
    except (VerificationError, ValueError):  # it is no digest
        return False


def outdated(kept: str) -> bool:
    """Whether today's parameters are others than those it was made with."""
    return _hasher().check_needs_rehash(kept)


def _bytes(password: str) -> bytes:
    """Composed, so that it is the same on every keyboard; JSON can hold half a character."""
    return unicodedata.normalize("NFC", password).encode("utf-8", "surrogatepass")
