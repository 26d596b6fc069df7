"""Keeps known secrets out of a text, however they are written there."""

import base64
import json
import re
from collections.abc import Iterable, Iterator, Mapping
from typing import Final
from urllib.parse import quote, quote_plus, unquote, unquote_plus

from smartrec.masking import MASK, masked, passwords

SECRET_NAME: Final = re.compile(
    r"(?i)pass(word|wd|phrase)?|pwd|psw|secret|token|cookie|credential|api_?key|private_?key|auth"
)
"""In the name of a setting or variable whose value is one."""
_PLACES: Final = frozenset({"PWD", "OLDPWD", "SSH_AUTH_SOCK", "XAUTHORITY"})
"""Variables with such a name whose value is none."""
_LEAST: Final = 6
"""A shorter value of a variable is a switch such as ``"true"``."""
_LINE: Final = re.compile(r"""^\s*["']?([\w.-]+)["']?\s*=\s*["']{1,3}(.*?)["']{1,3}\s*(?:#.*)?$""")
_SAID: Final = re.compile(
    r"""(?i)(\bauthorization:[ \t]*)(?:"[^"\r\n]*"|[^"\r\n])+|"""
    r"""(\b(?:password|passwd|passphrase|pwd|secret|token)\\?["']?[ \t]*[:=][ \t]*\\?["']?)"""
    r"""[^\s"'\\,;&]+"""
)
"""Secrets that nobody told us, in a log: of requests, and behind their names."""
_SHORTEST: Final = 4
"""A shorter secret is hidden only where it stands alone: it would be found in every word."""
_SHORTEST_CODED: Final = 6
_BITS: Final = {0: 0, 1: 2, 2: 3}
"""By offset in groups of three bytes: how many letters of Base64 depend on what stands before."""


def secrets_of(text: str, values: Iterable[str], environ: Mapping[str, str]) -> set[str]:
    """All that must not be seen, as far as it can be known.

    Args:
        text: Of the settings file; it may have mistakes.
        values: Of the settings.
        environ: The environment.
    """
    named = (m for line in text.splitlines() if (m := _LINE.match(line)))
    found = {match[2] for match in named if SECRET_NAME.search(match[1])}
    found |= {
        value
        for name, value in environ.items()
        if SECRET_NAME.search(name) and name not in _PLACES and len(value) >= _LEAST
    }
    for each in (text, *values, *environ.values()):
        found.update(passwords(each))
    return {each for each in found if each and each != MASK}


class Censor:
    """Hides secrets: as they are, percent-encoded, escaped, in hexadecimal and in Base64.

    Args:
        secrets: In any of these ways of writing themselves.
        home: The user's directory; becomes ``~``, for its name is mostly a person's.
    """

    def __init__(self, secrets: Iterable[str], home: str = "") -> None:
        known = {form for secret in secrets for form in (secret, unquote(secret))}
        patterns = sorted({p for each in known for p in _patterns(each)}, key=len, reverse=True)
        self._hidden = re.compile("|".join(patterns), re.IGNORECASE) if patterns else None
        self._home = home if len(home) > 1 else ""

    def __call__(self, text: str) -> str:
        """The text without them."""
        text = _SAID.sub(rf"\1\2{MASK}", masked(text))
        if self._hidden is not None:
            text = self._hidden.sub(MASK, text)
        return text.replace(self._home, "~") if self._home else text


def _patterns(secret: str) -> Iterator[str]:
    for plain in {secret, unquote_plus(secret)}:
        for form in _forms(plain):
            alone = len(form) < _SHORTEST
            yield rf"(?<!\w){re.escape(form)}(?!\w)" if alone else re.escape(form)


def _forms(secret: str) -> Iterator[str]:
    raw = secret.encode("utf-8", "surrogateescape")
    yield secret
    yield from (quote(raw, safe=""), quote(raw), quote_plus(raw))
    # Each byte may be encoded or not: a program that encodes all of them is rare, and possible.
    yield "".join(f"%{byte:02x}" for byte in raw)
    yield from (
        json.dumps(secret)[1:-1],
        repr(secret)[1:-1],
        secret.encode("unicode_escape").decode(),
    )
    if len(secret) >= _SHORTEST:
        yield raw.hex()
    for offset, skipped in _BITS.items():
        coded = base64.b64encode(bytes(offset) + raw).decode()
        # The last letters depend on what follows; padding would show the end.
        core = coded[skipped : len(coded.rstrip("=")) - (1 if (offset + len(raw)) % 3 else 0)]
        if len(core) >= _SHORTEST_CODED:
            yield from (core, core.translate(str.maketrans("+/", "-_")))
