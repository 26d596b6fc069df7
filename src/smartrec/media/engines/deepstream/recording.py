"""NVIDIA's Smart Record within the pipeline: one recorder a camera, told and heard by messages."""

import logging
import threading
import time
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Final

from smartrec.graph.deepstream import Recorder
from smartrec.graph.recipes import RECORDERS, Role, choose
from smartrec.media.gst import GLib, Gst, has_property
from smartrec.media.nvdssr import (
    LONGEST,
    NotRecorded,
    Recorded,
    SmartRecorder,
    SmartRecordLibrary,
    SmartRecordSettings,
    UriRecorder,
    find_library,
)
from smartrec.media.nvdssr_values import discard
from smartrec.media.trial import encodes
from smartrec.media.watch import messages
from smartrec.media.watch.messages import Leave, Message, Record, SmartRecordSetup
from smartrec.units import Ns

_VIDEO_ONLY: Final = 1
_LOOP_ENDS_S: Final = 5.0
_NOT_YET: Final = "no picture of the camera has come to it yet"

log = logging.getLogger(__name__)


class Recorders:
    """Any thread; its files end on a thread that runs GLib's main loop.

    Attributes:
        leg: How a branch encodes for it.

    Args:
        setup: How to record.
        say: Sends to the recorder process.

    Raises:
        EngineMissing: NVIDIA's library is not there, or cannot be used.
        MissingElement: Nothing here encodes.
    """

    def __init__(self, setup: SmartRecordSetup, say: Callable[[Message], None]) -> None:
        self._library: SmartRecordLibrary = find_library(
            None if setup.library is None else Path(setup.library)
        )
        encoder = choose(Role.ENCODE_H264, usable=encodes, recipes=RECORDERS)
        self.leg = Recorder(encoder, setup.quality)
        self._setup = setup
        self._say = say
        self._lock = threading.Lock()
        self._of: dict[str, SmartRecorder | UriRecorder] = {}
        self._loop = GLib.MainLoop()
        self._ends = threading.Thread(target=self._loop.run, name="smart-record", daemon=True)
        self._ends.start()

    def bin_of(self, camera: str) -> Gst.Bin:
        """A record bin for a camera whose branch is made; the one it had is given up.

        Raises:
            PipelineError: The library makes none.
        """
        done = partial(self._done, camera)
        made = SmartRecorder(self._library, self._settings(camera), done)
        self._take(camera, made)
        return made.bin

    def within(self, camera: str, uri: str, source: Gst.Bin) -> None:
        """Record by the recorder within an nvurisrcbin that does not play yet."""
        # As a property: launch texts are logged, and this has a password in it.
        source.set_property("uri", uri)
        if has_property(source, "smart-rec-mode"):
            source.set_property("smart-rec-mode", _VIDEO_ONLY)
        self._take(camera, UriRecorder(source, self._settings(camera), partial(self._done, camera)))

    def record(self, asked: Record) -> None:
        """Record a clip, or say that it is not."""
        recorder = self._recorder(asked.camera)
        if recorder is None:
            self._say(messages.NotRecorded(asked.camera, asked.clip, _NOT_YET))
            return
        now = Ns(time.monotonic_ns())
        recorder.start(asked.clip, Ns(max(0, now - asked.since)), now)

    def leave(self, asked: Leave) -> None:
        """End a clip."""
        recorder = self._recorder(asked.camera)
        if recorder is not None:
            recorder.stop(asked.clip, asked.until)

    def turn(self, now: Ns) -> None:
        """At least once a second."""
        for recorder in self._all():
            recorder.turn(now)

    def heeds(self, error: Gst.Message) -> bool:
        """Whether an ERROR message is of a record bin, and looked after."""
        return any(recorder.error(error) for recorder in self._all())

    def close(self) -> None:
        """End what is being recorded; while the pipeline still plays. All wait at the same time."""
        closing = [threading.Thread(target=each.close, daemon=True) for each in self._all()]
        for each in closing:
            each.start()
        for each in closing:
            each.join()
        self._loop.quit()
        self._ends.join(_LOOP_ENDS_S)

    def _settings(self, camera: str) -> SmartRecordSettings:
        directory = Path(self._setup.directory)
        return SmartRecordSettings(directory, camera, "mp4", self._setup.cache, LONGEST)

    def _take(self, camera: str, made: SmartRecorder | UriRecorder) -> None:
        with self._lock:
            before, self._of[camera] = self._of.get(camera), made
        if before is not None:
            before.close()

    def _recorder(self, camera: str) -> SmartRecorder | UriRecorder | None:
        with self._lock:
            return self._of.get(camera)

    def _all(self) -> tuple[SmartRecorder | UriRecorder, ...]:
        with self._lock:
            return tuple(self._of.values())

    def _done(self, camera: str, done: Recorded | NotRecorded) -> None:
        if isinstance(done, NotRecorded):
            self._say(messages.NotRecorded(camera, done.clip, done.why, done.hint))
        elif not done.last:
            # Clips are shorter than the longest file, so this is one whose end nobody told.
            discard(done.path)
            self._say(messages.NotRecorded(camera, done.clip, "it became several files"))
        else:
            said = (str(done.path), done.began, done.ended, done.frames)
            self._say(messages.Recorded(camera, done.clip, *said))
