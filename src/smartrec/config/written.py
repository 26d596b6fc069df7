"""How a setting is written and read: the forms that pydantic does not know by itself.

Readers raise ValueError or return the value; pydantic gathers what they raise.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final
from urllib.parse import urlsplit

from pydantic import GetCoreSchemaHandler, GetJsonSchemaHandler
from pydantic.config import JsonDict
from pydantic_core import CoreSchema, core_schema

from smartrec import units
from smartrec.masking import MASK, masked
from smartrec.units import Ns

_NOT_IN_GRAPHS: Final = re.compile(r'["\\]')
"""What gst-launch cannot always be told between quotes."""
_CERTIFICATE: Final = re.compile(r"sha256=[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){31}")


@dataclass(frozen=True, slots=True, eq=False)
class Written:
    """Marks a field that people write in another form than the program holds.

    Attributes:
        read: From what TOML, the environment or the command line gave; raises ValueError.
        write: Back to a TOML value.
        schema: The written form as JSON Schema; ``x-allowed`` says it in words, ``x-kind`` is
            what a form asks for it with, where the type does not say it.
    """

    read: Callable[[object], object]
    write: Callable[[Any], object]  # Any: of the field's own type
    schema: JsonDict

    def __get_pydantic_core_schema__(
        self, _source: object, _handler: GetCoreSchemaHandler
    ) -> CoreSchema:
        """Pydantic's hook: check by `read`, serialize to JSON by `write`."""
        return core_schema.no_info_plain_validator_function(
            self.read,
            serialization=core_schema.plain_serializer_function_ser_schema(
                self.write, when_used="json-unless-none"
            ),
        )

    def __get_pydantic_json_schema__(
        self, _schema: CoreSchema, _handler: GetJsonSchemaHandler
    ) -> JsonDict:
        """Pydantic's hook: the schema of the written form."""
        return dict(self.schema)


def duration(low: Ns, high: Ns) -> Written:
    """A duration within limits, both included."""
    limits = f"{units.in_words(low)} to {units.in_words(high)}"

    def read(value: object) -> Ns:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise ValueError("must be a duration like '10s'")  # noqa: TRY004 - pydantic's protocol
        if not low <= (read := units.duration(value)) <= high:
            raise ValueError(f"must be {limits}, not {units.in_words(read)}")
        return read

    return Written(
        read,
        units.in_words,
        {"type": ["string", "number"], "x-allowed": f"duration, {limits}", "x-kind": "duration"},
    )


def size(low: int, high: int) -> Written:
    """A number of bytes within limits, both included."""
    limits = f"{units.size_in_words(low)} to {units.size_in_words(high)}"

    def read(value: object) -> int:
        if isinstance(value, bool) or not isinstance(value, (str, int, float)):
            raise ValueError("must be a size like '512MB'")  # noqa: TRY004 - pydantic's protocol
        if not low <= (read := units.size(value)) <= high:
            raise ValueError(f"must be {limits}, not {units.size_in_words(read)}")
        return read

    return Written(
        read,
        units.size_in_words,
        {"type": ["string", "integer"], "x-allowed": f"size, {limits}", "x-kind": "size"},
    )


def read_text(value: object, what: str) -> str:
    """Text that every screen, database and file system can hold."""
    if not isinstance(value, str):
        raise ValueError(f"must be {what}")  # noqa: TRY004 - pydantic's protocol
    if not value or not value.isprintable():
        raise ValueError(f"must be {what}, without control characters or bytes that are not UTF-8")
    return value


def _picture(value: object) -> tuple[int, int]:
    width, height = units.picture_size(read_text(value, "a picture size like '1280x720'"))
    if not (16 <= width <= 16_384 and 16 <= height <= 16_384):
        raise ValueError(f"sides must be 16 to 16384 pixels, not {width}x{height}")
    return width, height


def _directory(value: object) -> Path:
    if isinstance(value, Path):
        value = str(value)
    try:
        return Path(read_text(value, "the name of a directory")).expanduser()
    except RuntimeError as error:
        raise ValueError(f"~ stands for no home directory: {error}") from error


def _source(value: object) -> str:
    choices = '"usb", "usb:/dev/video0", "rtsp://HOST/PATH", "file:PATH" or "demo"'
    text = read_text(value, choices)
    kind, _, path = text.partition(":")
    if len(text) > 4096:
        raise ValueError("is longer than 4096 characters")
    if kind == "usb" and _NOT_IN_GRAPHS.search(path):
        raise ValueError('has " or \\ in it, which no video node has')
    if text in ("usb", "demo") or (kind == "usb" and path.startswith("/")):
        return text
    if kind == "file" and path:
        return text
    if kind.lower() in ("rtsp", "rtsps"):
        return _address(text)
    if "@" in text:  # likely a password before it
        raise ValueError(f"is no source; write {choices}")
    guess = f"; did you mean 'usb:{text}'?" if text.startswith("/dev/") else ""
    raise ValueError(f"{text[:64]!r} is no source{guess or f'; write {choices}'}")


def _audio(value: object) -> bool | str:
    choices = 'true, false, "alsa:DEVICE", "pulse:NAME" or "pipewire:NAME"'
    if isinstance(value, bool):
        return value
    kind, _, name = read_text(value, choices).partition(":")
    if kind not in ("alsa", "pulse", "pipewire") or not name or len(name) > 256:
        raise ValueError(f"must be {choices}")
    if _NOT_IN_GRAPHS.search(name):
        raise ValueError("has \" or \\ in it; write ' where ALSA wants quotes")
    return f"{kind}:{name}"


def _address(text: str) -> str:
    """An RTSP camera's; what is wrong with it is said without it, for a password may be in it."""
    form = '"rtsp://USER:PASSWORD@HOST:554/PATH"'
    if MASK in text:
        raise ValueError(f"{MASK} stands for a password that is not shown; write the real one")
    if re.search(r"[\s\"'\\<>]", text) or not text.startswith(("rtsp://", "rtsps://")):
        raise ValueError(f"is no address like {form}")
    try:
        parts = urlsplit(text)
        host, pin, _ = parts.hostname, parts.fragment, parts.port
    except ValueError:
        host, pin = None, ""
    if not host:
        raise ValueError(
            f"is no address like {form}; in a password write / as %2F, : as %3A, @ as %40"
        )
    if pin and not (_CERTIFICATE.fullmatch(pin) and text.startswith("rtsps:")):
        raise ValueError(
            'has # in it: of "rtsps:" cameras #sha256=… names the certificate, 64 hexadecimal '
            "digits; in a password write # as %23"
        )
    return text


def _file(value: object) -> str:
    text = read_text(str(value) if isinstance(value, Path) else value, "the name of a file")
    try:
        Path(text).expanduser()
    except RuntimeError as error:
        raise ValueError(f"~ stands for no home directory: {error}") from error
    return text


def _class_ids(value: object) -> tuple[int, ...]:
    if not isinstance(value, (list, tuple)) or not 1 <= len(value) <= 100:
        raise ValueError("must be a list of 1 to 100 class numbers like [0]")
    for each in value:
        if type(each) is not int or not 0 <= each <= 9999:
            raise ValueError("must hold whole numbers from 0 to 9999 only")
    return tuple(value)


def _polygon(value: object) -> tuple[tuple[float, float], ...]:
    if not isinstance(value, (list, tuple)):
        raise ValueError("must be a list of corners [x, y]")  # noqa: TRY004 - pydantic's protocol
    if not 3 <= len(value) <= 200:
        raise ValueError(f"a polygon has 3 to 200 corners, not {len(value)}")
    corners = tuple(_corner(number, each) for number, each in enumerate(value, start=1))
    if _area(corners) < 1e-6:
        raise ValueError("the corners enclose no area")
    return corners


def _corner(number: int, value: object) -> tuple[float, float]:
    both = list(value) if isinstance(value, (list, tuple)) else []
    if len(both) != 2 or not all(type(side) in (int, float) for side in both):
        raise ValueError(f"corner {number} must be [x, y], two numbers")
    if not all(0 <= side <= 1 for side in both):
        raise ValueError(f"corner {number} is outside the picture: x and y must be 0 to 1")
    return float(both[0]), float(both[1])


def _area(polygon: tuple[tuple[float, float], ...]) -> float:
    """Shoelace formula; of a polygon that crosses itself, parts may cancel out."""
    pairs = zip(polygon, (*polygon[1:], polygon[0]), strict=True)
    return abs(sum(ax * by - bx * ay for (ax, ay), (bx, by) in pairs)) / 2


def slug(letters: str, most: int) -> Written:
    """A short word of the given letters, such as ``"a-z0-9_-"``, safe in file names and graphs."""
    pattern = f"^[{letters}]{{1,{most}}}$"
    allowed = re.compile(f"[{letters}]{{1,{most}}}")
    words = letters.replace("a-z", "a to z ").replace("0-9", "0 to 9 ")
    words = f"1 to {most} of: {words.replace('_', '_ ').strip()}"

    def read(value: object) -> str:
        if not isinstance(value, str) or not allowed.fullmatch(value):
            raise ValueError(f"must be {words}")
        return value

    return Written(read, str, {"type": "string", "pattern": pattern, "x-allowed": words})


def _frequency(value: object) -> str:
    text = str(value) if isinstance(value, int) else value
    if not isinstance(text, str) or text not in ("off", "50", "60", "auto"):
        raise ValueError('must be "off", "50", "60" or "auto"')
    return text


def _auto_or_number(value: object) -> object:
    number = isinstance(value, int) and not isinstance(value, bool) and 0 <= value < 2**31
    if not number and value != "auto":
        raise ValueError('must be "auto" or a whole number, 0 or more')
    return value


AUDIO: Final = Written(
    _audio,
    lambda value: value,
    {
        "type": ["boolean", "string"],
        "x-allowed": 'true, false, "alsa:DEVICE", "pulse:NAME" or "pipewire:NAME"',
        "x-kind": "boolean",
    },
)
AUTO_OR_NUMBER: Final = Written(
    _auto_or_number,
    lambda value: value,
    {
        "type": ["string", "integer"],
        "x-allowed": '"auto" or a whole number',
        "x-kind": "integer",
        "x-words": ["auto"],
    },
)
CLASS_IDS: Final = Written(
    _class_ids,
    list,
    {
        "type": "array",
        "items": {"type": "integer", "minimum": 0, "maximum": 9999},
        "x-allowed": "list of whole numbers, 0 to 9999",
        "x-kind": "numbers",
    },
)
_PATH: Final[JsonDict] = {"type": "string", "x-allowed": "path", "x-kind": "path"}
DIRECTORY: Final = Written(_directory, str, _PATH)
FILE: Final = Written(_file, str, _PATH)
POLYGON: Final = Written(
    _polygon,
    lambda polygon: [list(corner) for corner in polygon],
    {
        "type": "array",
        "items": {"type": "array", "items": {"type": "number", "minimum": 0, "maximum": 1}},
        "x-allowed": "3 to 200 corners [x, y], each 0 to 1",
        "x-kind": "polygons",
    },
)
FREQUENCY: Final = Written(_frequency, str, {"enum": ["off", "50", "60", "auto"]})
SOURCE: Final = Written(
    _source,
    masked,
    {
        "type": "string",
        "x-allowed": '"usb", "usb:/dev/…", "rtsp://HOST/PATH", "file:PATH" or "demo"',
        "x-kind": "source",
    },
)
PICTURE: Final = Written(
    _picture,
    units.picture_in_words,
    {"type": "string", "x-allowed": "WIDTHxHEIGHT, sides 16 to 16384", "x-kind": "picture"},
)
