"""What happens to cameras, and the events that it makes. Station thread, but for notes."""

import logging
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

from smartrec.app import events
from smartrec.app.bus import Bus
from smartrec.clock import Clock
from smartrec.errors import SmartrecError
from smartrec.model import AccessUnit, Look, StreamFormat
from smartrec.recording.ring import Ring
from smartrec.units import Ns, seconds

if TYPE_CHECKING:
    from smartrec.app.camera import Camera
    from smartrec.config.schema import Config

TURN: Final = 0.05
"""Seconds between two looks at the cameras where nobody sees them: a picture or two at a time."""

log = logging.getLogger(__name__)


class Listener:
    """Is told what happens to cameras; the station's `Teller` turns it into events."""

    def camera_live(self, camera: "Camera") -> None:
        """Pictures come."""

    def camera_lost(self, camera: "Camera", error: SmartrecError, retry: Ns | None) -> None:
        """No pictures come any more; it is tried again in `retry`, or never (None)."""

    def camera_silent(self, camera: "Camera", quiet: Ns) -> None:
        """No pictures come for longer than usual, yet it is not given up."""

    def camera_heard(self, camera: "Camera", quiet: Ns) -> None:
        """Pictures come again from a camera that was only silent."""

    def camera_powered(self, camera: "Camera", port: str) -> None:
        """Its USB port is switched off and on."""

    def camera_units(
        self, camera: "Camera", units: Sequence[AccessUnit], stream: StreamFormat
    ) -> None:
        """It sent pictures; they are in the ring."""

    def camera_gone(self, camera: "Camera") -> None:
        """What comes next, if anything, goes with nothing that came before."""

    def camera_sound(self, camera: "Camera", news: events.Fact) -> None:
        """Its microphone is lost, or back."""

    def camera_note(self, camera: "Camera", text: str) -> None:
        """Something the user should know."""


class Viewer:
    """Is given what people may look at; the page, where there is one. Waits for nothing."""

    @property
    def turn(self) -> float:
        """Seconds between two looks at the cameras that are soon enough for it."""
        return TURN

    def came(
        self, camera: str, units: Sequence[AccessUnit], stream: StreamFormat, ring: Ring
    ) -> None:
        """A camera sent pictures.

        Args:
            camera: Its id.
            units: The newest.
            stream: What they are.
            ring: Holds them already, and those before.
        """

    def gone(self, camera: str) -> None:
        """What comes next from a camera, if anything, goes with nothing that came before."""

    def looked(self, look: Look) -> None:
        """What was found in a picture."""

    def show(self, config: "Config") -> None:
        """These are the settings from now on: which cameras there are, their names and zones."""

    def status(self) -> dict[str, object] | None:
        """How it stands, for people and programs; any thread. None: there is none."""
        return None


class Teller(Listener):
    """Publishes how cameras do.

    Args:
        bus: Gets the events.
        clock: For how long a camera was away.
    """

    def __init__(self, bus: Bus, clock: Clock) -> None:
        self._bus = bus
        self._clock = clock
        self._lost_at: dict[str, Ns] = {}
        self._seen: set[str] = set()

    def forget(self, camera_id: str) -> None:
        """It is none of ours any more: if one of that id comes, that is another."""
        self._lost_at.pop(camera_id, None)
        self._seen.discard(camera_id)

    def camera_live(self, camera: "Camera") -> None:
        """See `Listener`."""
        since = self._lost_at.pop(camera.id, None)
        if since is None or camera.id not in self._seen:  # one that is there at last is not back
            self._seen.add(camera.id)
            self._bus.publish(events.CameraStarted(camera.id, camera.description))
        else:
            away = seconds(Ns(self._clock.monotonic() - since))
            self._bus.publish(events.CameraBack(camera.id, away))

    def camera_lost(self, camera: "Camera", error: SmartrecError, retry: Ns | None) -> None:
        """See `Listener`."""
        self._lost_at.setdefault(camera.id, self._clock.monotonic())
        again = None if retry is None else seconds(retry)
        seen = camera.id in self._seen
        self._bus.publish(events.CameraLost(camera.id, str(error), error.hint or "", again, seen))

    def camera_silent(self, camera: "Camera", quiet: Ns) -> None:
        """See `Listener`."""
        self._bus.publish(events.CameraSilent(camera.id, seconds(quiet)))

    def camera_heard(self, camera: "Camera", quiet: Ns) -> None:
        """See `Listener`."""
        self._bus.publish(events.CameraBack(camera.id, seconds(quiet)))

    def camera_powered(self, camera: "Camera", port: str) -> None:
        """See `Listener`."""
        self._bus.publish(events.CameraPowerCycled(camera.id, port))

    def camera_sound(self, camera: "Camera", news: events.Fact) -> None:
        """See `Listener`."""
        self._bus.publish(news)

    def camera_note(self, camera: "Camera", text: str) -> None:
        """See `Listener`."""
        log.warning("%s: %s", camera.id, text)
