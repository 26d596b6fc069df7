"""Secrets: made, recognized by a digest, and links that are signed.

Sessions and tokens have 256 random bits, so one round of SHA-256 keeps them: nobody can try them
all. Passwords have not: see `smartrec.access.passwords`.
"""

import hashlib
import secrets
from typing import Final

TOKEN_PREFIX: Final = "srt_"
"""By it scanners find one that somebody published."""
_BYTES: Final = 32
_KEY_BYTES: Final = 8
_LONGEST: Final = 200
_SALT: Final = b"smartrec share link"


def new_session() -> str:
    """43 characters that are safe in a cookie."""
    return secrets.token_urlsafe(_BYTES)


def new_token() -> str:
    """A prefix and 43 characters that are safe in a header."""
    return TOKEN_PREFIX + secrets.token_urlsafe(_BYTES)


def new_key() -> str:
    """A public id; says nothing of any secret."""
    return secrets.token_hex(_KEY_BYTES)


def new_signing_key() -> bytes:
    """With which links are signed."""
    return secrets.token_bytes(_BYTES)


def digest(secret: str) -> bytes:
    """By which a secret is found again without being kept."""
    return hashlib.sha256(secret.encode("utf-8", "surrogatepass")).digest()


def sign(signing_key: bytes, key: str) -> str:
    """What stands in the link: the share's public id and a signature (HMAC-SHA-256)."""
    from itsdangerous import Signer  # late: the command line starts without

    return Signer(signing_key, _SALT, digest_method=hashlib.sha256).sign(key).decode()


def unsign(signing_key: bytes, signed: str) -> str | None:
    """The public id in a link; None if nobody here signed it."""
    from itsdangerous import BadSignature, Signer

    if len(signed) > _LONGEST or not signed.isascii():
        return None
    try:
        signer = Signer(signing_key, _SALT, digest_method=hashlib.sha256)
        return signer.unsign(signed).decode()
    except BadSignature:
        return None
