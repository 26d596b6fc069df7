"""Which cameras are armed: whose persons begin clips. Keys and commands record at any time.

Three things say so, each over the one before: the camera's settings, the schedule, and the last
command, which holds until the schedule changes next, or for good where none is for that camera. A
camera that the settings do not arm knows no schedule.
"""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import tzinfo
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from smartrec.app.arming_events import ArmingChanged, until_written
from smartrec.app.arming_file import ArmingFile, Order, place_of
from smartrec.app.bus import Bus
from smartrec.clock import Instant
from smartrec.config.schema import Config
from smartrec.model import Action, Answer, Command, Verdict
from smartrec.recording.schedule import Schedule

if TYPE_CHECKING:
    from smartrec.app.camera import Camera

By = Literal["settings", "schedule", "command"]
Cause = Literal["command", "schedule", "settings", "start"]

_NO_TIMES: Final = Schedule(())
_BLIND: Final = "no persons are looked for: keys and commands record"
_GOES_ON: Final = "what is being recorded goes on to its end"


@dataclass(frozen=True, slots=True)
class Standing:
    """How a camera stands.

    Attributes:
        armed: Whether persons begin clips.
        by: What says so.
        until: When the schedule next says something, nanoseconds since 1970-01-01 UTC; None where
            it says nothing.
    """

    armed: bool
    by: By
    until: int | None = None


def standing(
    own: bool, times: Schedule, order: Order | None, wall_ns: int, zone: tzinfo | None = None
) -> Standing:
    """How a camera stands at a moment. Pure, but for the machine's own zone.

    Args:
        own: What the camera's settings say.
        times: When cameras are armed; none: no schedule.
        order: The last command about it.
        wall_ns: The moment, nanoseconds since 1970-01-01 UTC.
        zone: Whose clocks on the wall count; None for the machine's own.
    """
    times = times if own else _NO_TIMES
    if order is not None:
        until = times.changes(order.wall_ns, zone)
        if until is None or wall_ns < until:
            return Standing(order.armed, "command", until)
    if not times:
        return Standing(own, "settings")
    return Standing(times.holds(wall_ns, zone), "schedule", times.changes(wall_ns, zone))


def in_time(orders: Mapping[str, Order], now: Instant) -> dict[str, Order]:
    """Orders of the future were given by a clock that was wrong: they count from now on.

    But a clock that nothing disciplines may be the wrong one, as after a start without a battery.
    """
    if not now.clock.synced:
        return dict(orders)
    return {
        camera: replace(order, wall_ns=min(order.wall_ns, now.wall_ns))
        for camera, order in orders.items()
    }


class Arming:
    """Arms and disarms the cameras. Station thread; `status` and `kept` any.

    Args:
        config: The settings.
        cameras: Their `armed` and `unrecorded` are kept right here.
        state: Where what must survive is kept.
        clips: The directory of the clips.
        bus: Is told.
    """

    def __init__(
        self, config: Config, cameras: "Sequence[Camera]", state: Path, clips: Path, bus: Bus
    ) -> None:
        self._go_by(config, cameras)
        self._file = ArmingFile(place_of(state, clips))
        self._orders = self._file.read()
        self._bus = bus
        self._standings: dict[str, Standing] = {}

    def apply(self, config: Config, cameras: "Sequence[Camera]", now: Instant) -> None:
        """Go by other settings, for these cameras, at once."""
        self._go_by(config, cameras)
        ids = {camera.id for camera in cameras}
        self._standings = {each: stands for each, stands in self._standings.items() if each in ids}
        for camera in cameras:
            self._settle(camera, now, "settings")

    def _go_by(self, config: Config, cameras: "Sequence[Camera]") -> None:
        self._cameras = cameras
        self._times = Schedule.of(config.arming.schedule)
        self._looks = config.detector.enabled and config.trigger.person

    @property
    def kept(self) -> bool:
        """Whether what was commanded outlives this process."""
        return self._file.kept

    def turn(self, now: Instant) -> None:
        """Let the schedule have its say; once a second."""
        if self._times:
            time.tzset()  # the machine may have been told to be in another zone
        self._orders = in_time(self._orders, now)
        for camera in self._cameras:
            self._settle(camera, now, "schedule")

    def obey(self, command: Command, camera: "Camera", now: Instant) -> Answer:
        """Arm or disarm a camera."""
        armed = command.action is Action.ARM
        known = {each.id for each in self._cameras}
        kept = {name: order for name, order in self._orders.items() if name in known}
        self._orders = {**kept, camera.id: Order(armed, now.wall_ns)}
        self._file.put(self._orders)
        until = self._settle(camera, now, "command").until
        verdict = Verdict.ARMED if armed else Verdict.DISARMED
        return Answer(command.id, camera.id, verdict, self._but(camera), until=until_written(until))

    def status(self, camera: "Camera") -> dict[str, object]:
        """How a camera stands, for people and programs."""
        stands = self._standings.get(camera.id, Standing(camera.armed, "settings"))
        return {
            "armed": stands.armed,
            "armed_by": stands.by,
            "armed_until": until_written(stands.until),
            "unrecorded": camera.unrecorded,
        }

    def close(self) -> None:
        """The recorder ends."""
        self._file.close(timeout=3.0)

    def _settle(self, camera: "Camera", now: Instant, cause: Cause) -> Standing:
        before = self._standings.get(camera.id)
        order = self._orders.get(camera.id)
        stands = standing(camera.settings.armed, self._times, order, now.wall_ns)
        if stands == before:
            return stands
        self._standings[camera.id] = stands
        camera.armed, unrecorded = stands.armed, camera.unrecorded
        if stands.armed:
            camera.unrecorded = 0
        if before is None and cause == "schedule":
            cause = "start"
        if before is not None or stands != Standing(True, "settings"):  # as everybody expects
            until = until_written(stands.until)
            self._bus.publish(ArmingChanged(camera.id, stands.armed, cause, until, unrecorded))
        return stands

    def _but(self, camera: "Camera") -> str:
        """What somebody who was told that a camera is armed, or not, may expect in vain."""
        if camera.armed:
            return "" if self._looks and camera.settings.detect else _BLIND
        return _GOES_ON if camera.clips.recording else ""
