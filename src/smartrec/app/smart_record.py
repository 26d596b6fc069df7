"""Clips that the watch records besides, by NVIDIA's Smart Record. Station thread only.

The station goes on as ever: ring, journal, interval. Each clip is also told to the watch, and its
finisher waits for what becomes of it: a file that is as good as the journal becomes the clip. In
every other case (no file, a bad one, no answer, no watch) the clip is made of the journal.
"""

import logging
import threading
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.app.camera import Camera
from smartrec.app.finishing import Finishers
from smartrec.app.recovery import OPEN, RECORDINGS
from smartrec.app.smart_setup import INSTEAD, notices, wanted
from smartrec.app.watch import Watch
from smartrec.config.schema import Config
from smartrec.media.orders import Recording
from smartrec.media.watch.messages import (
    Hello,
    Leave,
    NotRecorded,
    Record,
    Recorded,
)
from smartrec.model import Codec
from smartrec.recording.session import OpenClip
from smartrec.terminal import one_line
from smartrec.units import SECOND, Ns, seconds

ANSWER_WITHIN: Final = Ns(10 * SECOND)
"""How long a clip that has ended waits for the watch to say what became of it."""
DRAINING: Final = Ns(SECOND)
"""How long the last pictures of a camera that is gone may be on their way through the watch."""

log = logging.getLogger(__name__)


@dataclass(slots=True)
class _Asked:
    """A clip that the watch was told of and has not answered."""

    camera: Camera
    clip: OpenClip
    closed_at: Ns | None = None
    left_at: Ns | None = None


class SmartRecord:
    """Tells the watch which clips to record, and the finishers what became of them.

    Args:
        config: The settings.
        clips: Directory of the clips.
        watch: May record.
        finishers: Wait for it.
    """

    def __init__(self, config: Config, clips: Path, watch: Watch, finishers: Finishers) -> None:
        self._watch = watch
        self._finishers = finishers
        self._directory = clips.absolute() / OPEN / RECORDINGS
        self._config = config
        self._asked: dict[str, _Asked] = {}
        self._known: set[str] = set()
        self._said = ""

    @property
    def settled(self) -> bool:
        """Whether nothing is waited for."""
        return not self._asked

    def prepare(self) -> None:
        """Before the watch starts: make its directory, and say what of the settings cannot be."""
        for level, notice in notices(self._config):
            log.log(level, "%s", notice)
        if self._wanted:
            try:
                self._directory.mkdir(parents=True, exist_ok=True)
            except OSError as error:  # each clip will be made of its journal
                log.warning("cannot make %s: %s", self._directory, error)

    def apply(self, config: Config) -> None:
        """Go by other settings."""
        before, self._config = self._config, config
        told = tuple(notices(config)) != tuple(notices(before))
        if told or wanted(config) > wanted(before):  # its disk may take its time
            threading.Thread(target=self.prepare, name="nvdssr-prepare", daemon=True).start()

    @property
    def _wanted(self) -> bool:
        return wanted(self._config)

    def began(self, hello: Hello) -> None:
        """The watch is ready: once for each reason, say why it does not record."""
        if not self._wanted or hello.records:
            return
        why = hello.records_note or hello.engine_note or "it needs the DeepStream engine"
        if why != self._said:
            self._said = why
            log.warning("%s", one_line(f"recorder nvdssr: {why}; {INSTEAD}"))

    def turn(self, now: Ns, cameras: Iterable[Camera]) -> None:
        """Tell the watch which clips have begun and ended; wait no longer than is reasonable."""
        if not self._wanted:
            return
        for asked in list(self._asked.values()):
            self._follow(asked, now)
        held = [(camera, clip) for camera in cameras for _, clip in camera.clips.held]
        for camera, clip in held:
            # Of one that began earlier the watch has not the beginning any more.
            if clip.clip_id not in self._known and self._records(camera):
                self._finishers.hold(clip.clip_id)
                self._asked[clip.clip_id] = _Asked(camera, clip)
                self._watch.order(Record(camera.id, clip.clip_id, clip.start))
        self._known = {clip.clip_id for _, clip in held}

    def take(self, answer: Recorded | NotRecorded) -> None:
        """The watch said what became of a clip."""
        asked = self._asked.pop(answer.clip, None)
        if isinstance(answer, NotRecorded):
            if asked is not None:
                self._decline(asked, answer.why, answer.hint)
            return
        path = Path(answer.path)
        if path.parent != self._directory:
            why = f"{path} is not where it should be"
        elif asked is None:  # it is too late, or of no clip
            _remove([path])
            return
        else:
            recording = Recording(path, answer.began, answer.ended, answer.frames)
            self._finishers.release(answer.clip, recording)
            return
        if asked is not None:
            self._decline(asked, why)

    def watch_ended(self) -> None:
        """Nothing it was told of will come; what it left half written is removed."""
        for asked in list(self._asked.values()):
            del self._asked[asked.clip.clip_id]
            self._decline(asked, "the watching process ended")
        if self._wanted:
            left = self._left_over()
            threading.Thread(target=_remove, args=(left,), name="nvdssr-clear", daemon=True).start()

    def _records(self, camera: Camera) -> bool:
        if not self._watch.records:
            return False
        newest = camera.clips.format
        copies = self._config.recording.format == "copy"
        return newest is not None and not (copies and newest.codec is Codec.JPEG)

    def _follow(self, asked: _Asked, now: Ns) -> None:
        clip = asked.clip
        if not clip.closed:
            return
        if asked.closed_at is None:
            asked.closed_at = now
        if asked.left_at is None:
            newest = asked.camera.clips.ring.newest
            # Only a later picture lets the watch end a file exactly there.
            exact = newest is not None and newest.pts >= clip.end
            if exact or now - asked.closed_at >= DRAINING:
                until = clip.end if exact else None
                self._watch.order(Leave(asked.camera.id, clip.clip_id, until))
                asked.left_at = now
        elif now - asked.left_at > ANSWER_WITHIN:
            del self._asked[clip.clip_id]
            self._decline(asked, f"no answer came within {seconds(ANSWER_WITHIN):g} s")

    def _decline(self, asked: _Asked, why: str, hint: str = "") -> None:
        self._finishers.release(asked.clip.clip_id, None)
        more = f" - {hint}" if hint else ""
        text = f"{why}; clip {asked.clip.clip_id} is made from its journal{more}"
        log.warning("%s: Smart Record: %s", asked.camera.id, one_line(text))

    def _left_over(self) -> list[Path]:
        """Files that no clip is to be made of; now, before the next watch writes others."""
        keep = self._finishers.recordings
        try:
            return [path for path in self._directory.iterdir() if path not in keep]
        except OSError as error:
            log.debug("%s is not cleared: %s", self._directory, error)
            return []


def _remove(paths: Iterable[Path]) -> None:
    for path in paths:
        try:
            path.unlink(missing_ok=True)
        except OSError as error:
            log.warning("%s is left as it is: %s", path, error)
