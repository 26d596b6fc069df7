"""The tables of a settings file, by where they stand."""

from typing import Final

from pydantic import BaseModel

from smartrec.config.arming import Arming
from smartrec.config.cameras import Camera, Controls, Keep
from smartrec.config.schema import Config, Log, Recording, Retention, Ring
from smartrec.config.suggest import Place
from smartrec.config.watching import AutoTrigger, Detector, Screen, Zone
from smartrec.config.web import Web

TABLES: Final[dict[str, type[BaseModel]]] = {
    "recording": Recording,
    "ring": Ring,
    "retention": Retention,
    "detector": Detector,
    "trigger": AutoTrigger,
    "arming": Arming,
    "screen": Screen,
    "web": Web,
    "log": Log,
}
"""The tables that stand once, and so can be set by the environment."""

SCHEMA: Final[dict[tuple[str, ...], type[BaseModel]]] = {
    (): Config,
    **{(name,): table for name, table in TABLES.items()},
    ("camera",): Camera,
    ("camera", "controls"): Controls,
    ("camera", "retention"): Keep,
    ("camera", "zone"): Zone,
}
"""All of them, by their keys."""

LISTS: Final = frozenset({("camera",), ("camera", "zone")})
"""Those that may stand any number of times."""


def keys(place: Place) -> tuple[str, ...]:
    """A place without the numbers: which key of which table it is."""
    return tuple(part for part in place if isinstance(part, str))
