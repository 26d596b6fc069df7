"""What all tables of the settings share."""

from typing import Final

from pydantic import BaseModel, ConfigDict
from pydantic.config import JsonDict

RESTARTS_CAPTURE: Final[JsonDict] = {"x-change": "restarts the capture"}
REBUILDS_WATCH: Final[JsonDict] = {"x-change": "rebuilds the watch"}
AT_ONCE: Final[JsonDict] = {"x-change": "takes effect at once"}
NEEDS_NEW_START: Final[JsonDict] = {"x-change": "needs a new start of smartrec"}
"""What a change of a setting does to a running recorder."""
FILE_ONLY: Final[JsonDict] = {**NEEDS_NEW_START, "x-file-only": True}
"""Of those that open the machine to others or load code: shown, but not changed from outside."""


class Table(BaseModel):
    """Nothing unknown, nothing changed afterwards."""

    model_config = ConfigDict(frozen=True, extra="forbid", allow_inf_nan=False)
