"""The files of the page, read once at the start: no path of a request ever reaches the disk.

Each lies at two places. Under its own name a browser asks every time whether it has changed; under
the digest of all of them it may keep it for ever, for another version has another digest. The
entry, ``index.html``, names the others by the second, and they each other by relative paths.
"""

import gzip
import hashlib
import re
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Final

ENTRY: Final = "index.html"
STATIC: Final = Path(__file__).parent / "static"
_TYPES: Final = {
    ".css": "text/css; charset=utf-8",
    ".html": "text/html; charset=utf-8",
    ".ico": "image/x-icon",
    ".js": "text/javascript; charset=utf-8",
    ".png": "image/png",
    ".svg": "image/svg+xml",
    ".txt": "text/plain; charset=utf-8",
    ".webmanifest": "application/manifest+json",
    ".webp": "image/webp",
    ".woff2": "font/woff2",
}
"""What is not among them is not served."""
_SMALLER: Final = (".css", ".html", ".js", ".svg", ".txt", ".webmanifest")
_COMMENTED: Final = (".css", ".js")
_COMMENT: Final = re.compile(
    rb"^[ \t]*(?:/\*(?:(?!\*/).)*\*/|//[^\n]*)[ \t]*\n", re.MULTILINE | re.DOTALL
)
"""Whole lines; no string of ours goes over several."""
_NAMED: Final = re.compile(r'\b(href|src)="(?:\./|/)?([^":?#]+)"')
_ASK: Final = "no-cache"
_KEEP: Final = "public, max-age=31536000, immutable"


@dataclass(frozen=True)
class Asset:
    """A file as it is served.

    Attributes:
        data: Its bytes.
        media_type: With the character set.
        tag: Its ETag.
        caching: Its Cache-Control.
    """

    data: bytes
    media_type: str
    tag: str
    caching: str
    compressible: bool

    @cached_property
    def packed(self) -> bytes | None:
        """Compressed; None where that does not help."""
        packed = gzip.compress(self.data, mtime=0) if self.compressible else self.data
        return packed if len(packed) < len(self.data) else None


def load(directory: Path = STATIC) -> Mapping[str, Asset]:
    """All of them by the path of the request, such as ``"/js/page.js"`` and ``"/"``."""
    files = {
        path.relative_to(directory).as_posix(): _served(path)
        for path in sorted(directory.rglob("*"))
        if path.suffix in _TYPES and path.is_file()
    }
    whole = hashlib.sha256()
    for name, data in files.items():
        whole.update(f"{name}\0{len(data)}\0".encode() + data)
    prefix = whole.hexdigest()[:16]
    found: dict[str, Asset] = {}
    for name, data in files.items():
        if Path(name).suffix == ".html":
            text = _NAMED.sub(lambda each: _kept(each, prefix, files), data.decode())
            found[f"/{name}"] = _asset(name, text.encode(), _ASK)
        else:
            found[f"/{prefix}/{name}"] = _asset(name, data, _KEEP)
            found[f"/{name}"] = _asset(name, data, _ASK)
    if ENTRY in files:
        found["/"] = found[f"/{ENTRY}"]
    return found


def _served(path: Path) -> bytes:
    """What a browser needs of a file: without its comments, a fifth of what would be sent."""
    data = path.read_bytes()
    return _COMMENT.sub(b"", data) if path.suffix in _COMMENTED else data


def _kept(named: re.Match[str], prefix: str, files: Mapping[str, bytes]) -> str:
    attribute, name = named.groups()
    return f'{attribute}="/{prefix}/{name}"' if name in files else named[0]


def _asset(name: str, data: bytes, caching: str) -> Asset:
    suffix = Path(name).suffix
    tag = f'"{hashlib.sha256(data).hexdigest()[:24]}"'
    return Asset(data, _TYPES[suffix], tag, caching, suffix in _SMALLER)
