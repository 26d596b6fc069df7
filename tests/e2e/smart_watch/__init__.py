"""A stand-in for a watch that records; see `tests.e2e.smart_watch.child`."""

from pathlib import Path
from typing import Final

MODE: Final = "SMART_WATCH"
"""Variable of the environment: what the stand-in answers."""


def environment(mode: str) -> dict[str, str]:
    """What comes on top of a recorder's so that its watch is the stand-in."""
    return {
        "PYTHONPATH": str(Path(__file__).parent / "site"),
        MODE: mode,
        "SMARTREC_RECORDING__RECORDER": "nvdssr",
    }
