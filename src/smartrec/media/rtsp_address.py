"""Where a camera on the network is, who asks, and which certificate it may show."""

import hashlib
import re
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import unquote, urlsplit, urlunsplit

from smartrec.masking import masked
from smartrec.media.gst import Gio

_PIN: Final = re.compile(r"sha256=([0-9A-Fa-f:]{64,95})")


@dataclass(frozen=True, slots=True)
class Address:
    """Where a camera is, and who asks.

    Attributes:
        location: Without user and password, so that no message of GStreamer's holds them.
        user: Empty without one.
        password: Empty without one.
        shown: For people.
        pin: SHA-256 of the one certificate that is trusted though no authority has signed it; hex,
            small letters. Empty without one.
    """

    location: str = field(repr=False)
    user: str
    password: str = field(repr=False)
    shown: str
    pin: str = ""

    @property
    def host(self) -> str:
        """Name or number of the machine, without a port."""
        return urlsplit(self.location).hostname or ""

    @property
    def port(self) -> int:
        """Where RTSP is served; by RFC 7826 at 554, by TLS at 322."""
        return urlsplit(self.location).port or (322 if self.encrypted else 554)

    @property
    def encrypted(self) -> bool:
        """Whether it speaks TLS."""
        return self.location.startswith("rtsps:")


def address_of(uri: str) -> Address:
    """The parts of ``rtsps://user:password@host:port/path#sha256=…``; %40 and the like are read."""
    parts = urlsplit(uri)
    host = parts.netloc.rpartition("@")[2]
    bare = urlunsplit((parts.scheme, host, parts.path, parts.query, ""))
    pin = _PIN.fullmatch(parts.fragment)
    return Address(
        bare,
        unquote(parts.username or ""),
        unquote(parts.password or ""),
        masked(uri).partition("#")[0],
        pin[1].replace(":", "").lower() if pin else "",
    )


class Trust:
    """Decides on a certificate that no known authority has signed: only the pinned one will do.

    Args:
        pin: As in `Address`.

    Attributes:
        refused: SHA-256 of the certificate that was turned down last, hex; None without any.
    """

    def __init__(self, pin: str) -> None:
        self._pin = pin
        self.refused: str | None = None

    def accept(
        self,
        _source: object,
        _connection: Gio.TlsConnection,
        certificate: Gio.TlsCertificate,
        _flaws: Gio.TlsCertificateFlags,
    ) -> bool:
        """Whether to go on; signal ``accept-certificate`` of rtspsrc, in a thread of its own."""
        shown = hashlib.sha256(bytes(certificate.props.certificate)).hexdigest()
        trusted = shown == self._pin
        self.refused = None if trusted else shown
        return trusted
