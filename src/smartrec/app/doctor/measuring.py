"""What cameras really give, for `smartrec doctor --measure`: they are streamed for some seconds.

All at the same time, as a recorder would: only so USB shows whether it has room for all.
"""

import threading
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from smartrec.app.doctor.cameras import judge_camera_clock
from smartrec.app.doctor.explaining import explain
from smartrec.app.doctor.finding import Finding, Status, amiss
from smartrec.app.doctor.subject import Flow, Subject, rate_of
from smartrec.app.wire import ask_status, find_socket
from smartrec.clock import Clock
from smartrec.config.cameras import Camera as CameraSettings
from smartrec.errors import ControlError, MissingElement, SmartrecError
from smartrec.graph.formats import choose
from smartrec.model import AccessUnit
from smartrec.places import cache_dir
from smartrec.units import SECOND, Ns

LENGTH: Final = Ns(3 * SECOND)
_PATIENCE: Final = Ns(10 * SECOND)
"""For all of it, the first picture included."""
_TURN_S: Final = 0.05
_ENOUGH: Final = 0.9
"""Of the promised rate; cameras' clocks are better than 1 %."""
_FEWEST: Final = 2
_STATUS_LIMIT_S: Final = 3.0
_RING_LEAST_S: Final = 1.0


@dataclass(slots=True)
class Measured:
    """What came of one camera.

    Attributes:
        name: Of the camera, for people.
        promised: Pictures a second that were agreed on; 0 where nobody said.
        pictures: That came, damaged ones too.
        bytes: Of all these.
        first: pts of the first.
        last: pts of the last.
        lost: Numbered by the driver and never delivered.
        damaged: No whole pictures.
        error: Why it ended early.
    """

    name: str
    promised: float = 0.0
    pictures: int = 0
    bytes: int = 0
    first: Ns | None = None
    last: Ns | None = None
    lost: int = 0
    damaged: int = 0
    error: SmartrecError | None = None

    def add(self, units: Sequence[AccessUnit]) -> None:
        """Count what came."""
        for unit in units:
            self.first = unit.pts if self.first is None else self.first
            self.last = unit.pts
            self.pictures += 1
            self.bytes += len(unit.data)
            self.lost += unit.lost_before
            self.damaged += unit.damaged

    @property
    def length(self) -> Ns:
        """From the first picture to the last."""
        if self.first is None or self.last is None:
            return Ns(0)
        return Ns(self.last - self.first)

    @property
    def fps(self) -> float:
        """Pictures a second, by their pts."""
        return (self.pictures - 1) * SECOND / self.length if self.length > 0 else 0.0

    @property
    def rate(self) -> float:
        """Bytes a second."""
        return self.bytes / self.pictures * self.fps if self.pictures else 0.0

    @property
    def over(self) -> bool:
        """Whether no more need be waited for."""
        return self.error is not None or self.length >= LENGTH


def check_measured(subject: Subject) -> Iterator[Finding]:
    """What the running recorder's cameras give, or those that are free; see `Subject.measure`."""
    if subject.recorder is not None:
        yield from _recorders(subject)
    elif not subject.measure:
        yield Finding(Status.OK, "not asked for: --measure streams the cameras that are free")
    else:
        yield from _free(subject)


def _recorders(subject: Subject) -> Iterator[Finding]:
    """The cameras of the recorder that runs, in its own words."""
    try:
        path = find_socket(subject.directory, subject.environ)
        status = ask_status(path, _STATUS_LIMIT_S, clip_dir=subject.directory)
    except ControlError as error:
        mend = error.hint or ""
        yield amiss("no-runtime-directory", str(error), mend=mend, status=Status.WARN)
        return
    cameras = status.get("cameras")
    for camera in cameras if isinstance(cameras, list) else ():
        yield judge_status(subject, camera)
        yield from judge_camera_clock(str(camera.get("id")), _number(camera, "clock_behind_s"))


def judge_status(subject: Subject, camera: dict[str, object]) -> Finding:
    """How a camera of a running recorder stands, by its own account (`app.camera`'s status)."""
    name, span = str(camera.get("id")), _number(camera, "ring_s")
    rate = _number(camera, "ring_bytes") / span if span >= _RING_LEAST_S else 0.0
    if rate:
        subject.seen.flows[name] = Flow(rate, measured=True)
    lost, damaged = _number(camera, "lost"), _number(camera, "damaged")
    what = (
        f"{name} in the recorder: {camera.get('phase')}, {rate / 1e6:.1f} MB/s, "
        f"{span:.0f} s in the ring, {lost:.0f} lost and {damaged:.0f} damaged since it began"
    )
    if camera.get("error"):
        return _unmeasured(f"{name} in the recorder", str(camera["error"]), "")
    if lost or damaged:
        return amiss("pictures-lost", what, status=Status.WARN)
    return Finding(Status.OK, what)


def _number(camera: dict[str, object], key: str) -> float:
    value = camera.get(key)
    return float(value) if isinstance(value, (int, float)) else 0.0


def _free(subject: Subject) -> Iterator[Finding]:
    try:
        measured = measure(to_measure(subject), subject.clock)
    except MissingElement:
        yield Finding(Status.WARN, "not looked at: that needs GStreamer")
        return
    if not measured:
        yield Finding(Status.OK, "no camera is free")
    for name, each in measured.items():
        if each.pictures >= _FEWEST:
            subject.seen.flows[name] = Flow(each.rate, measured=True)
        yield judge_measured(each)


def to_measure(subject: Subject) -> list[CameraSettings]:
    """The cameras of the settings, those of USB only if free; then others that are free."""
    found = []
    free = [camera for camera in subject.seen.cameras if camera.trouble is None]
    meant = {camera.path: subject.settings_of(camera) for camera in free}
    for camera in free:
        wanted = subject.wanted_of(camera)
        choice = choose(camera.formats, size=wanted.size, fps=rate_of(wanted))
        rate = float(choice.rate) if choice is not None and choice.rate else wanted.fps
        own = meant[camera.path]
        name = camera.path.name if own is None else own.id
        changed = {"id": name, "source": f"usb:{camera.path}", "fps": rate}
        found.append(wanted.model_copy(update=changed))
    return [each for each in subject.cameras if each.kind != "usb"] + found


def measure(cameras: Sequence[CameraSettings], clock: Clock) -> dict[str, Measured]:
    """Stream all of them for `LENGTH`, and count; by id.

    Raises:
        MissingElement: GStreamer is not there.
    """
    from smartrec.app.sources import Sources
    from smartrec.app.sources import explain as of_device

    sources = Sources(cameras, cache_dir())
    found = {each.id: Measured(f"{each.id} ({each.shown_source})") for each in cameras}
    running = {}
    try:
        for each in cameras:
            try:
                running[each.id] = sources.start(each, epoch=0, note=lambda _sentence: None)
            except SmartrecError as error:
                found[each.id].error = error
        ends = clock.monotonic() + _PATIENCE
        while clock.monotonic() < ends and not all(each.over for each in found.values()):
            threading.Event().wait(_TURN_S)
            for name, capture in running.items():
                found[name].add(capture.drain())
                found[name].promised = capture.format.fps if capture.format else 0.0
                problem = None if found[name].error else capture.problem()
                if problem is not None:
                    capture.stop()
                    found[name].error = of_device(capture, problem)
    finally:
        for capture in running.values():
            capture.stop()
    return found


def judge_measured(seen: Measured) -> Finding:
    """Whether a camera gives what it promised."""
    if seen.error is not None:
        return _unmeasured(seen.name, str(seen.error), seen.error.hint or "")
    if seen.pictures < _FEWEST:
        what = f"{seen.name}: {seen.pictures} pictures in {_PATIENCE / SECOND:.0f} s"
        return amiss("not-measured", what, status=Status.WARN)
    promised = f" of {seen.promised:g}" if seen.promised else ""
    what = (
        f"{seen.name}: {seen.fps:.2f} pictures a second{promised}, "
        f"{seen.rate / 1e6:.2f} MB/s, {seen.bytes / seen.pictures / 1e3:.0f} kB each, "
        f"{seen.lost} lost, {seen.damaged} damaged in {seen.length / SECOND:.1f} s"
    )
    if seen.lost or seen.damaged:
        return amiss("pictures-lost", what, status=Status.WARN)
    if seen.fps < seen.promised * _ENOUGH:
        return amiss("halved-rate", what, status=Status.WARN)
    return Finding(Status.OK, what)


def _unmeasured(name: str, message: str, hint: str) -> Finding:
    """The row that knows the message, such as that of a full USB, has better advice."""
    known = [match.key for match in explain(message) if match.section in ("usb", "cameras")]
    key = known[0] if known else "not-measured"
    return amiss(key, f"{name}: {message}", mend="" if known else hint, status=Status.WARN)
