"""What `smartrec doctor` looks at: a recorder to be, and what was seen of it so far."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction
from functools import cached_property
from pathlib import Path
from typing import Final

from smartrec.app.doctor.bounded import Overdue, bounded
from smartrec.app.doctor.deepstream import Asked, Look
from smartrec.app.identity import holder
from smartrec.clock import Clock, SystemClock
from smartrec.config.cameras import Camera as CameraSettings
from smartrec.config.web import Web
from smartrec.media.devices import Camera
from smartrec.media.watch.messages import DetectorSetup
from smartrec.recording.retention import Limits
from smartrec.units import SECOND, Ns

_OWNER_LIMIT_S: Final = 5.0


@dataclass(frozen=True, slots=True)
class Flow:
    """What one camera comes to in the ring and on disk.

    Attributes:
        rate: Bytes a second.
        measured: Whether it was seen, not taken from a table.
    """

    rate: float
    measured: bool


@dataclass(slots=True)
class Seen:
    """What checks have seen, for those that come later.

    Attributes:
        cameras: Of this machine, as far as they answered.
        flows: By camera: its id in the settings, or its node's name.
    """

    cameras: list[Camera] = field(default_factory=list)
    flows: dict[str, Flow] = field(default_factory=dict)


@dataclass(frozen=True)
class Subject:
    """The recorder to be that is looked at.

    Attributes:
        directory: Where clips go; it may not exist yet.
        journal_dir: Where journals go; None means beside the clips.
        encoder: The pinned recipe; None means any.
        cameras: The settings of each.
        pre_roll: How much the rings hold, but for two seconds more.
        ring_bytes: Most that one ring may hold.
        detector: How to detect; None where that is switched off.
        sink: The recipe that shows, or "auto"; None where nothing is to be shown.
        smart_record: Whether clips are to be recorded by NVIDIA's Smart Record.
        smart_record_library: Its library; None for where DeepStream puts it.
        environ: The environment.
        mistakes: What is wrong with the settings; empty where nothing is.
        clock: Times the disk, the detector and the cameras.
        limits: How much is kept.
        schedule: When cameras are armed; empty means always.
        web: The settings of the page.
        measure: Whether cameras that are free are to be streamed.
        seen: What checks have seen.
    """

    directory: Path
    journal_dir: Path | None = None
    encoder: str | None = None
    cameras: tuple[CameraSettings, ...] = (CameraSettings(),)
    pre_roll: Ns = field(default=Ns(10 * SECOND))
    ring_bytes: int = 512_000_000
    detector: DetectorSetup | None = field(default_factory=DetectorSetup)
    sink: str | None = "auto"
    smart_record: bool = False
    smart_record_library: Path | None = None
    environ: Mapping[str, str] = field(default_factory=dict)
    mistakes: str = ""
    clock: Clock = field(default_factory=SystemClock)
    limits: Limits = field(default_factory=Limits)
    schedule: tuple[str, ...] = ()
    web: Web = field(default_factory=Web)
    measure: bool = False
    seen: Seen = field(default_factory=Seen)

    @property
    def watched(self) -> int:
        """How many cameras persons are looked for at."""
        return sum(camera.detect for camera in self.cameras)

    @cached_property
    def deepstream(self) -> Look:
        """What DeepStream is and can; looked at once, for a library that hangs takes its time."""
        asked = Asked(
            self.detector,
            len(self.cameras),
            self.sink is not None,
            self.smart_record,
            self.smart_record_library,
        )
        return Look(asked)

    @cached_property
    def recorder(self) -> int | None:
        """The process that owns the clip directory, 0 where it cannot be told which; or None.

        A directory that hangs has none.
        """
        try:
            return next(bounded(lambda: [holder(self.directory)], _OWNER_LIMIT_S))
        except Overdue:
            return None

    def settings_of(self, camera: Camera) -> CameraSettings | None:
        """The settings that mean a camera of this machine; None where none do."""
        named = (each for each in self.cameras if each.kind == "usb" and each.path is not None)
        for each in named:
            assert each.path is not None
            if each.path.resolve() == camera.path or each.path.name == getattr(
                camera.by_id, "name", None
            ):
                return each
        first = next((c for c in self.seen.cameras if c.trouble is None), None)
        if first is None or first.path != camera.path:
            return None
        return next((each for each in self.cameras if each.source == "usb"), None)

    def wanted_of(self, camera: Camera) -> CameraSettings:
        """As `settings_of`; what the first camera wants where none mean this one."""
        return self.settings_of(camera) or self.cameras[0]


def rate_of(settings: CameraSettings) -> Fraction:
    """Pictures a second that the settings ask for, as drivers write them."""
    return Fraction(settings.fps).limit_denominator(1001)
