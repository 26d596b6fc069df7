"""The settings of the page."""

import re
from ipaddress import ip_address, ip_network
from typing import Annotated, Final, Literal

from pydantic import Field, StrictBool, StrictInt, model_validator

from smartrec.config.table import FILE_ONLY, Table
from smartrec.config.written import FILE, Written

PORT: Final = 8787
_NAME: Final = re.compile(r"[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?")
_HEADER: Final = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]{0,64}")
"""RFC 9110, 5.6.2."""


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


def _proxies(value: object) -> tuple[str, ...]:
    written = value.split(",") if isinstance(value, str) else value
    if not isinstance(written, (list, tuple)):
        raise ValueError("must be a list of addresses")  # noqa: TRY004 - pydantic's protocol
    return tuple(_network(each) for each in written)


def _network(value: object) -> str:
    form = 'an address such as "127.0.0.1" or a network such as "10.0.0.0/8"'
    try:
        network = ip_network(value.strip() if isinstance(value, str) else "")
    except ValueError:
        raise ValueError(f"{value!r:.64} is not {form}") from None
    if not network.prefixlen:
        raise ValueError(f"{value!r} is everybody: whoever comes could say that it is any user")
    return str(network.network_address if network.num_addresses == 1 else network)


def _header(value: object) -> str:
    if not isinstance(value, str) or not _HEADER.fullmatch(value):
        raise ValueError('must be the name of a header such as "Remote-User"')
    if value.lower() in _TAKEN:
        raise ValueError(f"{value!r} is for something else; it must name a user")
    return value


_TAKEN: Final = frozenset(
    ("authorization", "cookie", "host", "origin", "referer", "user-agent", "x-forwarded-for")
)
_ADDRESS: Final = Written(
    _address, str, {"type": "string", "x-allowed": "IPv4 or IPv6 address of this machine"}
)
_HOSTS: Final = Written(
    _hosts,
    list,
    {"type": "array", "items": {"type": "string"}, "x-allowed": "list of names"},
)
_PROXIES: Final = Written(
    _proxies,
    list,
    {"type": "array", "items": {"type": "string"}, "x-allowed": "list of addresses and networks"},
)
_USER_HEADER: Final = Written(_header, str, {"type": "string", "x-allowed": "name of a header"})


class Web(Table):
    """The page that shows the cameras, and the way in for programs."""

    enabled: StrictBool = Field(
        default=True,
        description="Without it there is no page; recording needs none.",
        json_schema_extra=FILE_ONLY,
    )
    address: Annotated[str, _ADDRESS] = Field(
        default="127.0.0.1",
        description='Where it listens: "127.0.0.1" is this machine alone, "0.0.0.0" every address '
        'of IPv4 that it has, "::" those of IPv6 too. Others than this machine\'s own are served '
        "only where somebody has to log in: `smartrec user add NAME`.",
        examples=["127.0.0.1"],
        json_schema_extra=FILE_ONLY,
    )
    port: StrictInt = Field(
        default=PORT,
        ge=0,
        le=65535,
        description="The port there; 0 takes any that is free, and says which.",
        json_schema_extra=FILE_ONLY,
    )
    hosts: Annotated[tuple[str, ...], _HOSTS] | None = Field(
        default=None,
        description="Further names that browsers call this machine by. A request for any other is "
        "refused: it may come from a page that only pretends to be here.",
        examples=[["recorder.example"]],
        json_schema_extra=FILE_ONLY,
    )
    viewers: StrictInt = Field(
        default=100,
        ge=1,
        le=1000,
        description="How many pages may show live pictures at the same time.",
        json_schema_extra=FILE_ONLY,
    )
    tls: Literal["auto", "on", "off"] = Field(
        default="auto",
        description='Whether browsers must come by https. "auto": yes, except at this machine\'s '
        'own address and behind a proxy. With "off" whoever shares the network reads passwords and '
        "pictures.",
        json_schema_extra=FILE_ONLY,
    )
    certificate: Annotated[str, FILE] | None = Field(
        default=None,
        description="A certificate of your own for https, with those above it, as PEM; a new one "
        "in its place is found within the hour. Without it smartrec makes one, and browsers ask "
        "once whether to trust that.",
        examples=["/etc/letsencrypt/live/recorder.example/fullchain.pem"],
        json_schema_extra=FILE_ONLY,
    )
    key: Annotated[str, FILE] | None = Field(
        default=None,
        description="The certificate's private key as PEM, without a passphrase.",
        examples=["/etc/letsencrypt/live/recorder.example/privkey.pem"],
        json_schema_extra=FILE_ONLY,
    )
    client_ca: Annotated[str, FILE] | None = Field(
        default=None,
        description="Certificates of authorities as PEM: then every browser must have one signed "
        "by these, and may do all unless it logs in as a user.",
        examples=["/etc/smartrec/browsers.pem"],
        json_schema_extra=FILE_ONLY,
    )
    proxy: Annotated[tuple[str, ...], _PROXIES] = Field(
        default=(),
        description='Where reverse proxies connect from, such as ["127.0.0.1"]. They alone are '
        "believed about who they speak for (X-Forwarded-For, X-Forwarded-Proto).",
        json_schema_extra=FILE_ONLY,
    )
    proxy_user_header: Annotated[str, _USER_HEADER] = Field(
        default="",
        description='The header, such as "Remote-User", in which the proxies name who logged in '
        "there; they must take it out of what browsers send. Empty: smartrec asks for the password "
        "itself.",
        json_schema_extra=FILE_ONLY,
    )
    proxy_role: Literal["view", "record", "admin"] = Field(
        default="view",
        description="What users may do that the proxies name and `smartrec user list` does not.",
        json_schema_extra=FILE_ONLY,
    )

    @model_validator(mode="after")
    def _whole(self) -> "Web":
        if (self.certificate is None) is not (self.key is None):
            missing = "key" if self.key is None else "certificate"
            raise ValueError(f"certificate and key belong together: {missing} is missing")
        if self.proxy_user_header and not self.proxy:
            raise ValueError("proxy_user_header needs proxy: anybody could send that header")
        if self.client_ca and self.proxy:
            raise ValueError(
                "client_ca and proxy exclude each other: a browser's certificate ends at the "
                "proxy; let the proxy ask for it, and set proxy_user_header"
            )
        if self.client_ca and self.tls == "off":
            raise ValueError('client_ca needs https: leave tls = "off" out')
        return self

    @property
    def encrypted(self) -> bool:
        """Whether the page itself speaks TLS."""
        if self.tls != "auto":
            return self.tls == "on"
        asked = self.certificate is not None or self.client_ca is not None
        return asked or (not ip_address(self.address).is_loopback and not self.proxy)
