"""All cameras of a station: those of the settings, and those that are leaving.

A camera that is taken out of the settings ends at once, and is forgotten when the last of its clips
is written. Station thread only, but for `present`.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from smartrec.app.attempts import Started, release
from smartrec.app.camera import Camera, CameraPhase
from smartrec.app.clips import Clips, Recorder
from smartrec.app.hotplug import Hotplug, Plugged
from smartrec.app.journaling import Report
from smartrec.app.listening import Listener
from smartrec.app.sources import Sources
from smartrec.config.cameras import Camera as CameraSettings
from smartrec.recording.session import OpenClip
from smartrec.units import Ns


@dataclass(frozen=True, slots=True)
class Moved:
    """Ids of the cameras that other settings made start anew, come and go."""

    restarted: tuple[str, ...] = ()
    added: tuple[str, ...] = ()
    removed: tuple[str, ...] = ()


class Cameras:
    """See the module.

    Args:
        settings: Their tables.
        sources: Opens them.
        recorder: What all their clips have in common.
        listener: Is told.
        report: Puts what happens into the station's inbox; any thread.
        empty: Called with a clip that turned out to hold no picture.

    Attributes:
        present: Those of the settings, in their order.
    """

    def __init__(
        self,
        settings: Sequence[CameraSettings],
        sources: Sources,
        recorder: Recorder,
        listener: Listener,
        report: Callable[[Started | Plugged], None],
        empty: Callable[[str, OpenClip], None],
    ) -> None:
        self._sources = sources
        self._recorder = recorder
        self._listener = listener
        self._report = report
        self._empty = empty
        self._hotplug: Hotplug | None = None
        self._leaving: list[Camera] = []
        self._changed = False
        self.present = tuple(self._made(each) for each in settings)

    @property
    def all(self) -> tuple[Camera, ...]:
        """Those that are leaving as well."""
        return (*self.present, *self._leaving)

    @property
    def ended(self) -> bool:
        """Whether nothing will come any more.

        Never once other settings changed the cameras: a file that is not there, or is over, is no
        end then, for whoever named it can name another as long as this runs.
        """
        return not self._changed and all(
            camera.phase is CameraPhase.ENDED for camera in self.present
        )

    def begin(self) -> None:
        """Listen for cameras that are plugged in, once there is one for which that matters."""
        wanted = any(camera.settings.kind == "usb" for camera in self.present)
        if wanted and self._hotplug is None:
            self._hotplug = Hotplug(self._report)
            self._hotplug.start()

    def apply(
        self,
        settings: Sequence[CameraSettings],
        recorder: Recorder,
        restarted: frozenset[str],
        now: Ns,
    ) -> Moved:
        """Go by other settings; a camera that is the same goes on without losing a picture.

        Args:
            settings: All tables.
            recorder: What all clips have in common from now on.
            restarted: Ids of those whose capture must start anew.
            now: The time.
        """
        known = {camera.id: camera for camera in self.present}
        staying = {each.id for each in settings} & known.keys()
        going = [c for c in self.present if c.id not in staying]
        holding = []
        for camera in (*going, *(known[each] for each in staying & restarted)):
            holding += camera.leave(now)
        self._sources.keep(settings)
        self._recorder = recorder
        self.present = tuple(known[s.id] if s.id in staying else self._made(s) for s in settings)
        for camera, each in zip(self.present, settings, strict=True):
            camera.apply(each)
            camera.clips.apply(recorder, each.name)
            if each.id in restarted or each.id not in staying:
                camera.begin_anew(now, holding)
                self._changed = True
        self._leaving += going
        self._changed |= bool(going)
        self.begin()
        return Moved(
            tuple(each.id for each in settings if each.id in staying & restarted),
            tuple(each.id for each in settings if each.id not in staying),
            tuple(camera.id for camera in going),
        )

    def turn(self, now: Ns) -> None:
        """Move each one step on."""
        for camera in self.all:
            camera.turn(now)
        self._leaving = [camera for camera in self._leaving if not camera.clips.idle]

    def started(self, started: Started, now: Ns) -> None:
        """An attempt to open one has ended."""
        owner = next((camera for camera in self.all if camera.owns(started)), None)
        if owner is not None:
            owner.started(started, now)
        elif started.capture is not None:  # of one that was forgotten meanwhile
            release(started.capture, started.camera_id)

    def plugged(self, plugged: Plugged, now: Ns) -> None:
        """A video node came or went."""
        for camera in self.present:
            camera.plugged(plugged, now)

    def journalled(self, report: Report, now: Ns) -> None:
        """A journal has done what was asked, or not."""
        for camera in self.all:
            camera.clips.take(report, now)

    def secured(self, camera_id: str, clip_id: str) -> bool:
        """Whether nothing of a clip that was held when it began can be lost any more."""
        own = (camera for camera in self.all if camera.id == camera_id)
        return all(camera.clips.secured(clip_id) for camera in own)

    def close(self) -> None:
        """The recorder ends: no more pictures come."""
        for camera in self.present:
            camera.close()
        if self._hotplug is not None:
            self._hotplug.stop()

    def abandon(self) -> None:
        """Leave journals as they are for the next start."""
        for camera in self.all:
            camera.clips.abandon()

    def _made(self, settings: CameraSettings) -> Camera:
        clips = Clips(settings.id, settings.name, self._recorder, self._empty)
        return Camera(settings, clips, self._sources, self._listener, self._report)
