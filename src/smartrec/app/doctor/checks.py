"""`smartrec doctor`: look at all that a recording needs, and say what mends what is amiss.

A check is a row of `CHECKS`; its troubles are rows of `smartrec.app.doctor.troubles.table`.
Nothing is changed but for one unnamed file of 32 MB, written to time the disk and gone again, and
for what DeepStream is given to read, in the cache. Each check has its time: one that hangs is
told, and the others go on.
"""

import os
import platform
import sys
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Final

from smartrec.app.doctor.arming import check_arming
from smartrec.app.doctor.bounded import Overdue, bounded
from smartrec.app.doctor.cameras import check_cameras
from smartrec.app.doctor.deepstream import check_deepstream, check_its_detector
from smartrec.app.doctor.devices import check_microphone, check_udev
from smartrec.app.doctor.disk import check_directory, check_journal, check_room, missed
from smartrec.app.doctor.finding import Finding, Status, amiss
from smartrec.app.doctor.flows import flows, in_words
from smartrec.app.doctor.kept import check_kept
from smartrec.app.doctor.measuring import check_measured
from smartrec.app.doctor.memory import check_memory
from smartrec.app.doctor.packages import missing, packages
from smartrec.app.doctor.page import check_page
from smartrec.app.doctor.subject import Subject
from smartrec.app.doctor.usb import check_usb
from smartrec.app.doctor.watch import check_detector, check_screen
from smartrec.app.wire import socket_path
from smartrec.clock import ClockQuality, clock_quality
from smartrec.errors import ControlError, MissingElement, SmartrecError
from smartrec.graph.recipes import Role, choose

# What every recording needs besides the recipes, and where Debian keeps it.
_ELEMENTS: Final[tuple[tuple[str, str, str], ...]] = (
    ("take pictures from a USB camera", "v4l2src", "gstreamer1.0-plugins-good"),
    ("hand pictures over", "appsink", "gstreamer1.0-plugins-base"),
    ("hand pictures over", "appsrc", "gstreamer1.0-plugins-base"),
    ("convert pictures", "videoconvert", "gstreamer1.0-plugins-base"),
    ("scale pictures", "videoscale", "gstreamer1.0-plugins-base"),
    ("keep pictures of a raw camera", "jpegenc", "gstreamer1.0-plugins-good"),
    ("cut H.264 into pictures", "h264parse", "gstreamer1.0-plugins-bad"),
    ("cut H.265 into pictures", "h265parse", "gstreamer1.0-plugins-bad"),
    ("write MP4", "mp4mux", "gstreamer1.0-plugins-good"),
    ("play a Matroska file", "matroskademux", "gstreamer1.0-plugins-good"),
    ("play an MP4 file", "qtdemux", "gstreamer1.0-plugins-good"),
)


_UNMET: Final = {Role.ENCODE_H264: "no-encoder", Role.ENCODE_SOUND: "no-sound-encoder"}
_CLIPS: Final = "the clip directory"
_UNSEEN: Final = Finding(Status.WARN, "not looked at: that needs GStreamer")


@dataclass(frozen=True, slots=True)
class Check:
    """One row of the table.

    Attributes:
        name: Also the key of its troubles in `smartrec.app.doctor.troubles.table.TROUBLES`.
        run: Looks, and yields at least one finding.
        limit_s: How long it may take.
        touches: What it looks at; where that made one check hang, others leave it alone.
    """

    name: str
    run: Callable[[Subject], Iterable[Finding]]
    limit_s: float = 10.0
    touches: str = ""


def examine(
    subject: Subject, checks: "tuple[Check, ...] | None" = None
) -> Iterator[tuple[Check, Finding]]:
    """Every check's findings, in the order of the table, each as soon as it is known.

    Args:
        subject: The recorder to be.
        checks: The table; None takes `CHECKS`.
    """
    hung = set()
    for check in CHECKS if checks is None else checks:
        if check.touches in hung:
            yield check, Finding(Status.WARN, f"not looked at: {check.touches} hangs")
            continue
        try:
            for finding in bounded(partial(check.run, subject), check.limit_s):
                yield check, finding
        except Overdue:
            hung |= {check.touches} - {""}
            yield check, amiss("hangs", f"no answer within {check.limit_s:.0f} s")
        except (OSError, SmartrecError) as error:
            yield check, amiss("check-failed", str(error), status=Status.WARN)


def worst(findings: Iterable[Finding]) -> Status:
    """The gravest of all; OK where there are none."""
    grave = list(Status)
    return max((each.status for each in findings), key=grave.index, default=Status.OK)


def _settings(subject: Subject) -> Iterator[Finding]:
    if subject.mistakes:
        for line in subject.mistakes.splitlines():
            yield amiss("settings", line)
    else:
        yield Finding(Status.OK, f"clips go to {subject.directory}")


def _python(_subject: Subject) -> Iterator[Finding]:
    version = platform.python_version()
    if (3, 10) <= sys.version_info[:2] <= (3, 13):
        yield Finding(Status.OK, f"{version} ({sys.executable})")
    else:
        yield amiss("python-version", version, status=Status.WARN)


def _gstreamer(_subject: Subject) -> Iterator[Finding]:
    try:
        from smartrec.media.gst import Gst
    except MissingElement as error:
        yield amiss("no-gstreamer", str(error), mend=error.hint or "")
        return
    major, minor, micro, _ = Gst.version()
    text = f"{major}.{minor}.{micro}"
    yield Finding(Status.OK, text) if (major, minor) >= (1, 20) else amiss("old-gstreamer", text)


def _packages(_subject: Subject) -> Iterator[Finding]:
    needed = {package.name: package for package in packages() if package.when == "run"}
    absent = missing(needed)
    if absent is None:
        yield Finding(Status.WARN, "not asked: this system has no dpkg")
    elif not absent:
        yield Finding(Status.OK, f"all {len(needed)} are installed")
    else:
        for name in absent:
            what = f"{name} is missing ({needed[name].why})"
            # What it is needed for is judged by its elements: another package may give them.
            yield amiss("missing-package", what, mend=_install(name), status=Status.WARN)


def _elements(_subject: Subject) -> Iterable[Finding]:
    try:
        from smartrec.media.gst import has_element
    except MissingElement:
        return [_UNSEEN]
    return judge_elements(has_element, missing)


def judge_elements(
    has: Callable[[str], bool], absent: Callable[[list[str]], list[str] | None]
) -> list[Finding]:
    """Which of the elements that every recording needs are there.

    Args:
        has: Whether an element is there.
        absent: Which packages are not installed; None where that cannot be told.
    """
    lacking = [row for row in _ELEMENTS if not has(row[1])]
    if not lacking:
        return [Finding(Status.OK, f"all {len(_ELEMENTS)} are there")]
    gone = absent(sorted({package for _, _, package in lacking}))
    found = []
    for job, element, package in lacking:
        what = f"{element} is missing: needed to {job}"
        if gone is not None and package not in gone:
            found.append(amiss("blocklisted", f"{what}, though {package} is installed"))
        else:
            found.append(amiss("missing-element", what, mend=_install(package)))
    return found


def _encoder(subject: Subject) -> Iterator[Finding]:
    try:
        from smartrec.media.gst import reaches_ready
        from smartrec.media.trial import encodes
    except MissingElement:
        yield _UNSEEN
        return
    for role in (each for each in Role if each is not Role.DISPLAY):
        pinned = subject.encoder if role is Role.ENCODE_H264 else None
        try:
            usable = encodes if role is Role.ENCODE_H264 else reaches_ready
            recipe = choose(role, usable=usable, pinned=pinned)
        except MissingElement as error:
            needed = role in {Role.ENCODE_H264, Role.DECODE_JPEG}
            yield amiss(
                _UNMET.get(role, "no-decoder"),
                str(error),
                mend=error.hint or "",
                status=Status.BAD if needed else Status.WARN,
            )
        else:
            yield Finding(Status.OK, f"{role.value}: {recipe.name} ({_coder(recipe.launch)})")


def _coder(launch: str) -> str:
    """The element that does the work, among those that prepare it."""
    elements = [part.split()[0] for part in launch.split(" ! ")]
    return next((each for each in elements if "enc" in each or "dec" in each), elements[0])


def _clock(_subject: Subject) -> Iterator[Finding]:
    yield judge_clock(clock_quality())


def judge_clock(quality: ClockQuality) -> Finding:
    """Whether times of day in clips can be trusted."""
    if not quality.synced:
        return amiss("unsynced", f"not synced ({quality.source})", status=Status.WARN)
    bound = "" if quality.max_error_us is None else f", within {quality.max_error_us / 1000:.0f} ms"
    return Finding(Status.OK, f"synced{bound}")


def _control(subject: Subject) -> Iterator[Finding]:
    try:
        path = socket_path(subject.directory, subject.environ)
    except ControlError as error:
        yield amiss("no-runtime-directory", str(error), status=Status.WARN)
        return
    place = next(each for each in path.parents if os.access(each, os.F_OK))
    if place.is_dir() and os.access(place, os.W_OK | os.X_OK):
        yield Finding(Status.OK, f"smartrec trigger reaches a recorder at {path}")
    else:
        yield amiss("no-runtime-directory", f"{path.parent} cannot be written", status=Status.WARN)


def _recorder(subject: Subject) -> Iterator[Finding]:
    pid = subject.recorder
    if pid is None:
        yield Finding(Status.OK, f"none runs in {subject.directory}")
    else:
        yield Finding(Status.OK, f"one runs in {subject.directory} (pid {pid or 'unknown'})")


def _detector(subject: Subject) -> Iterable[Finding]:
    found = check_its_detector(subject.deepstream)
    return [found] if found else check_detector(subject.detector, subject.watched, subject.clock)


def _room(subject: Subject) -> Iterator[Finding]:
    if missed(subject.directory, subject.environ):
        yield Finding(Status.WARN, "not looked at: the disk of the clips is not mounted")
        return
    found = flows(subject)
    rate = sum(flow.rate for flow in found.values())
    yield from check_room(subject.directory, subject.clock, rate, in_words(found))
    yield from check_kept(subject.directory, subject.limits, subject.clock)


def _journal(subject: Subject) -> Iterable[Finding]:
    found = flows(subject)
    rate = sum(flow.rate for flow in found.values())
    return check_journal(subject.journal_dir, subject.clock, rate, in_words(found), subject.environ)


def _install(package: str | None) -> str:
    return f"sudo apt install {package}" if package else ""


CHECKS: Final = (
    Check("settings", _settings),
    Check("python", _python),
    Check("gstreamer", _gstreamer, 60),
    Check("packages", _packages, 20),
    Check("elements", _elements, 30),
    Check("encoder", _encoder, 60),
    Check("cameras", check_cameras, 60),
    Check("measured", check_measured, 60),
    Check("usb", check_usb),
    Check("udev", check_udev),
    Check("microphone", check_microphone),
    Check("detector", _detector, 60),
    Check("deepstream", lambda subject: check_deepstream(subject.deepstream), 60),
    Check("memory", check_memory),
    Check("screen", lambda subject: check_screen(subject.sink, subject.environ), 20),
    Check(
        "directory",
        lambda subject: check_directory(subject.directory, subject.environ),
        touches=_CLIPS,
    ),
    Check("room", _room, 15, _CLIPS),
    Check("journal", _journal, 15),
    Check("clock", _clock),
    Check("control", _control, touches=_CLIPS),
    Check("recorder", _recorder),
    Check("arming", check_arming, touches=_CLIPS),
    Check("page", check_page),
)
