"""A camera that redirects us to another address: followed a few times, and without the password.

``rtspsrc`` follows the redirections of RFC 2326 (10.11, 11.3) for ever, and answers whoever then
asks for user and password.
"""

from typing import Final
from urllib.parse import urlsplit

from smartrec.media.gst import Gst
from smartrec.media.rtsp_address import Address
from smartrec.terminal import printable

MOST_REQUESTS: Final = 64
"""Before the first picture: a good camera takes less than ten."""
_PORTS: Final = {"rtsp": 554, "rtspu": 554, "rtspt": 554, "rtsph": 80, "rtsps": 322}
_LONGEST: Final = 300


class Redirection:
    """Looks at each request of an ``rtspsrc`` before it is sent.

    Args:
        address: What the settings name: who may be told the password.

    Attributes:
        to: The other address, for people; empty while we are where the settings say.
        too_often: Whether so many requests brought no picture that no more are sent.
        live: Set when pictures come.
    """

    def __init__(self, address: Address) -> None:
        self._home = _place(address.location)
        self._asked = 0
        self.to = ""
        self.too_often = False
        self.live = False

    def before_send(self, source: Gst.Element, _request: object) -> bool:
        """Whether to send it; signal ``before-send`` of rtspsrc, in a thread of its own."""
        location = source.get_property("location") or ""
        if _place(location) != self._home:
            self.to = _shown(location)
            source.set_property("user-id", None)
            source.set_property("user-pw", None)
        self._asked += not self.live
        self.too_often = self.too_often or self._asked > MOST_REQUESTS
        return not self.too_often


def _place(location: str) -> tuple[str, str, int] | None:
    """How and whom an address asks; None where that cannot be said."""
    try:
        parts = urlsplit(location)
        port = parts.port or _PORTS.get(parts.scheme, 0)
        return parts.scheme, (parts.hostname or "").lower(), port
    except ValueError:
        return None


def _shown(location: str) -> str:
    """What came from outside: without login, and printable."""
    scheme, _, rest = location.partition("://")
    return printable(f"{scheme}://{rest.rpartition('@')[2]}"[:_LONGEST])
