"""The settings of the page."""

import re
from ipaddress import ip_address
from typing import Annotated, Final

from pydantic import Field, StrictBool, StrictInt

from smartrec.config.table import NEEDS_NEW_START, Table
from smartrec.config.written import Written

PORT: Final = 8787
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")


def _address(value: object) -> str:
    try:
        return str(ip_address(value if isinstance(value, str) else ""))
    except ValueError:
        raise ValueError('must be an address of this machine, such as "127.0.0.1"') from None


def _hosts(value: object) -> tuple[str, ...]:
    names = value.split(",") if isinstance(value, str) else value
    if not isinstance(names, (list, tuple)):
        raise ValueError("must be a list of names")  # noqa: TRY004 - pydantic's protocol
    for name in names:
        if not isinstance(name, str) or not _NAME.fullmatch(name):
            raise ValueError(
                f"{name!r:.64} is no name of a machine: lower case, digits, dots and dashes"
            )
    return tuple(names)


_ADDRESS: Final = Written(
    _address, str, {"type": "string", "x-allowed": "IPv4 or IPv6 address of this machine"}
)
_HOSTS: Final = Written(
    _hosts,
    list,
    {"type": "array", "items": {"type": "string"}, "x-allowed": "list of names"},
)


class Web(Table):
    """The page that shows the cameras, and the way in for programs."""

    enabled: StrictBool = Field(
        default=True,
        description="Without it there is no page; recording needs none.",
        json_schema_extra=NEEDS_NEW_START,
    )
    address: Annotated[str, _ADDRESS] = Field(
        default="127.0.0.1",
        description='Where it listens: "127.0.0.1" is this machine alone.',
        examples=["127.0.0.1"],
        json_schema_extra=NEEDS_NEW_START,
    )
    port: StrictInt = Field(
        default=PORT,
        ge=0,
        le=65535,
        description="The port there; 0 takes any that is free, and says which.",
        json_schema_extra=NEEDS_NEW_START,
    )
    hosts: Annotated[tuple[str, ...], _HOSTS] | None = Field(
        default=None,
        description="Further names that browsers call this machine by. A request for any other is "
        "refused: it may come from a page that only pretends to be here.",
        examples=[["recorder.example"]],
        json_schema_extra=NEEDS_NEW_START,
    )
    viewers: StrictInt = Field(
        default=100,
        ge=1,
        le=1000,
        description="How many pages may show live pictures at the same time.",
        json_schema_extra=NEEDS_NEW_START,
    )
