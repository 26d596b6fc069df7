"""Where a station keeps things."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Places:
    """Directories of one station.

    Attributes:
        clips: Of finished clips, catalogue and lock.
        journals: Of journals.
        cache: Of what can be made again.
        state: Of what must survive.
    """

    clips: Path
    journals: Path
    cache: Path
    state: Path
