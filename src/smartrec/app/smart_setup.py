"""What the settings say of NVIDIA's Smart Record: whether, how, and what of it cannot be.

Needs no GStreamer.
"""

import logging
from collections.abc import Iterator
from pathlib import Path
from typing import Final

from smartrec.app.recovery import OPEN, RECORDINGS
from smartrec.config.schema import Config
from smartrec.media.watch.messages import SmartRecordSetup
from smartrec.units import SECOND, Ns, seconds

LONGEST: Final = Ns(280 * SECOND)
"""Longest clip: NvDsSR ends a file before 300 s (`smartrec.media.nvdssr.LONGEST` less a GOP)."""
INSTEAD: Final = "smartrec's own recorder takes over"
_GOP: Final = Ns(2 * SECOND)


def wanted(config: Config) -> bool:
    """Whether the settings ask for it, and for an engine that may have it."""
    engine = config.detector.engine
    return config.recording.recorder == "nvdssr" and engine != "portable"


def setup_of(config: Config, clips: Path) -> SmartRecordSetup | None:
    """How it shall record; None where it shall not.

    Args:
        config: The settings.
        clips: Directory of the clips.
    """
    if not wanted(config):
        return None
    recording = config.recording
    cache = -(-(recording.pre_roll + _GOP) // SECOND) * SECOND
    return SmartRecordSetup(
        recording.smart_record_library,
        str(clips.absolute() / OPEN / RECORDINGS),
        Ns(cache),
        recording.quality,
    )


def longest_of(config: Config) -> Ns:
    """The longest clip that the settings come to."""
    most = config.recording.max_length
    return min(most, LONGEST) if wanted(config) else most


def notices(config: Config) -> Iterator[tuple[int, str]]:
    """What of the settings cannot be: how grave that is, a level of `logging`, and for people."""
    recording = config.recording
    if recording.recorder != "nvdssr":
        return
    if not wanted(config):
        why = f'the engine "{config.detector.engine}" has none'
        yield logging.WARNING, f"recorder nvdssr: {why}; {INSTEAD}"
    elif recording.max_length > LONGEST:
        yield (
            logging.INFO,
            f"recorder nvdssr: max_length {seconds(recording.max_length):g} s is more than Smart"
            f" Record can do; a longer event goes on in a new clip every {seconds(LONGEST):g} s",
        )
    if recording.format == "copy" and wanted(config):
        yield (
            logging.WARNING,
            'recorder nvdssr: format = "copy" keeps a camera\'s own JPEGs, which Smart Record'
            f" encodes; for cameras that send JPEG {INSTEAD}",
        )
