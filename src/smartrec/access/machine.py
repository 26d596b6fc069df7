"""By which names and addresses others reach this machine."""

import re
import socket
import struct
from collections.abc import Iterator
from ipaddress import IPv6Address, ip_address
from typing import Final

# rtnetlink(7), netlink(7) and <linux/if_addr.h>.
_GET_ADDRESSES: Final = 22
_NEW_ADDRESS: Final = 20
_DONE: Final = 3
_ERROR: Final = 2
_REQUEST_ALL: Final = 0x0301
_ADDRESS: Final = 1
_LOCAL: Final = 2
_FLAGS: Final = 8
_TEMPORARY: Final = 0x01
_MESSAGE: Final = struct.Struct("=IHHII")
_INTERFACE: Final = struct.Struct("=BBBBi")
_ATTRIBUTE: Final = struct.Struct("=HH")
_NAME: Final = re.compile(
    r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*"
)


def host_names() -> tuple[str, ...]:
    """Names of this machine, the one that people type first; none where it has no proper one.

    The last is that of multicast DNS (RFC 6762), which needs no server.
    """
    whole = socket.gethostname().lower()
    if not _NAME.fullmatch(whole) or whole == "localhost":
        return ()
    short = whole.partition(".")[0]
    return tuple(dict.fromkeys((whole, short, f"{short}.local")))


def addresses() -> tuple[str, ...]:
    """Those that others can name for a while; the loopback ones where the system tells none.

    Without those of IPv6 that are good for one link, or for a day (RFC 8981).
    """
    try:
        found = [address for message in _asked() if (address := _address_in(message))]
    except OSError:  # no netlink in here
        found = []
    return tuple(dict.fromkeys(("127.0.0.1", "::1", *found)))


def _asked() -> Iterator[bytes]:
    """The body of each message about an address."""
    body = _INTERFACE.pack(socket.AF_UNSPEC, 0, 0, 0, 0)
    head = _MESSAGE.pack(_MESSAGE.size + len(body), _GET_ADDRESSES, _REQUEST_ALL, 1, 0)
    with socket.socket(socket.AF_NETLINK, socket.SOCK_RAW, socket.NETLINK_ROUTE) as kernel:
        kernel.settimeout(2.0)
        kernel.send(head + body)
        while True:
            said = kernel.recv(1 << 16)
            while len(said) >= _MESSAGE.size:
                length, kind, _, _, _ = _MESSAGE.unpack_from(said)
                if kind in (_DONE, _ERROR) or length < _MESSAGE.size:
                    return
                if kind == _NEW_ADDRESS:
                    yield said[_MESSAGE.size : length]
                said = said[_aligned(length) :]


def _address_in(message: bytes) -> str | None:
    family, _, flags, _, _ = _INTERFACE.unpack_from(message)
    found: dict[int, bytes] = {}
    rest = message[_INTERFACE.size :]
    while len(rest) >= _ATTRIBUTE.size:
        length, kind = _ATTRIBUTE.unpack_from(rest)
        if length < _ATTRIBUTE.size:
            break
        found[kind] = rest[_ATTRIBUTE.size : length]
        rest = rest[_aligned(length) :]
    raw = found.get(_LOCAL, found.get(_ADDRESS, b""))
    if family not in (socket.AF_INET, socket.AF_INET6) or len(raw) not in (4, 16):
        return None
    address = ip_address(raw)
    if isinstance(address, IPv6Address):
        flags = struct.unpack("=I", found[_FLAGS])[0] if len(found.get(_FLAGS, b"")) == 4 else flags
        if address.is_link_local or flags & _TEMPORARY:
            return None
    return str(address)


def _aligned(length: int) -> int:
    return (length + 3) & ~3
