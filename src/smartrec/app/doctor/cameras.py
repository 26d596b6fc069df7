"""What `smartrec doctor` looks at of cameras: which there are, who holds them, what they give."""

import os
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from fractions import Fraction
from functools import partial
from pathlib import Path
from shlex import quote
from typing import Final

from smartrec.app.doctor.bounded import Overdue, bounded
from smartrec.app.doctor.explaining import explain
from smartrec.app.doctor.finding import Finding, Status, amiss
from smartrec.app.doctor.subject import Subject, rate_of
from smartrec.config.cameras import Camera as CameraSettings
from smartrec.errors import (
    CameraBusy,
    CameraError,
    CameraForbidden,
    CameraUnusable,
    MissingElement,
)
from smartrec.graph.formats import choose, gst_caps
from smartrec.masking import MASK, masked
from smartrec.media.devices import BY_ID, Camera, camera_at, holders, video_nodes
from smartrec.units import SECOND, Ns, in_words, seconds

NODE_LIMIT_S: Final = 6.0
"""A driver asks its camera for 5 s at most (uvcvideo's longest time-out)."""
_PATIENCE: Final = Ns(6 * SECOND)
_LISTEN: Final = Ns(5 * SECOND)
"""Most network cameras tell their clock so often."""
_NETWORK_LIMIT_S: Final = 20.0
_COMMAND_LENGTH: Final = 80
_OPTION: Final = re.compile(r"(?i)(--?[\w-]*(?:pass|pwd|secret|token|key|auth)[\w-]*[= ])\S+")


def check_cameras(subject: Subject) -> Iterator[Finding]:
    """Every camera of this machine, and those of the settings that are not here.

    Those that answer are left in `Subject.seen`.
    """
    hung = _look_at_nodes(subject)
    yield from hung
    if not subject.seen.cameras and not hung and _wants_usb(subject):
        yield amiss("no-camera", "no camera found", status=Status.WARN)
    recorder = subject.recorder
    for camera in subject.seen.cameras:
        users = holders(camera.path) if isinstance(camera.trouble, CameraBusy) else ()
        if recorder and recorder in {user.pid for user in users}:
            yield Finding(Status.OK, f"{camera.path} {camera.name}: the running recorder has it")
            continue
        wanted = subject.wanted_of(camera)
        found = judge_camera(camera, wanted.size, rate_of(wanted))
        command = command_of(users[0].pid) if users else ""
        yield replace(found, what=f"{found.what}: {command}") if command else found
    for settings in subject.cameras:
        if settings.kind != "rtsp":
            yield from _elsewhere(settings)
    if recorder is None:  # some cameras serve one viewer only; a recorder tells itself
        yield from _on_the_network([each for each in subject.cameras if each.kind == "rtsp"])


def _wants_usb(subject: Subject) -> bool:
    return any(settings.kind == "usb" for settings in subject.cameras)


def _look_at_nodes(subject: Subject) -> list[Finding]:
    """Fill `Subject.seen`; those that hang."""
    subject.seen.cameras.clear()
    hung = []
    for node in video_nodes():
        try:
            subject.seen.cameras += bounded(partial(_camera_at, node), NODE_LIMIT_S)
        except Overdue:
            hung.append(amiss("hangs", f"{node} does not answer within {NODE_LIMIT_S:.0f} s"))
    return hung


def _camera_at(node: Path) -> list[Camera]:
    camera = camera_at(node)
    return [] if camera is None else [camera]


def judge_camera(camera: Camera, size: tuple[int, int], fps: Fraction) -> Finding:
    """Whether a camera can be recorded from now, and in which format."""
    name = f"{camera.path} {camera.name}"
    if camera.trouble is not None:
        for kind, key in (
            (CameraForbidden, "forbidden"),
            (CameraBusy, "busy"),
            (CameraUnusable, "unusable"),
        ):
            if isinstance(camera.trouble, kind):
                status = Status.BAD if kind is CameraForbidden else Status.WARN
                return amiss(
                    key, str(camera.trouble), mend=camera.trouble.hint or "", status=status
                )
        return amiss("no-camera", str(camera.trouble), status=Status.WARN)
    choice = choose(camera.formats, size=size, fps=fps)
    if choice is None:
        return amiss("unusable", name, status=Status.WARN)
    if choice.differs:
        return amiss("differs", f"{name}: {choice.differs}", status=Status.WARN)
    return Finding(Status.OK, f"{name}: {gst_caps(choice)}")


def command_of(pid: int, proc: Path = Path("/proc")) -> str:
    """The command line of a process, without passwords; empty where it may not be read."""
    try:
        parts = (proc / str(pid) / "cmdline").read_bytes().decode("utf-8", "replace").split("\0")
    except OSError:
        return ""
    words = masked(" ".join(part for part in parts if part).replace("\n", " "))
    words = _OPTION.sub(rf"\1{MASK}", words)
    return words if len(words) <= _COMMAND_LENGTH else f"{words[: _COMMAND_LENGTH - 1]}…"


def _elsewhere(settings: CameraSettings) -> Iterable[Finding]:
    """A camera of the settings that is not among the machine's nodes."""
    path = settings.path
    if path is None:
        return []
    if settings.kind == "usb" and not path.is_absolute():
        path = BY_ID / path if os.path.lexists(BY_ID / path) else Path("/dev") / path
    source = f"{settings.id}: {settings.shown_source}"
    if not os.path.lexists(path):
        what = f"{source} is not there"
        if settings.kind != "file":
            return [amiss("no-camera", what, status=Status.WARN)]
        mend = f"Look for it with: ls {quote(str(path.parent))}"
        return [amiss("file", what, mend=mend, status=Status.WARN)]
    return [Finding(Status.OK, source)] if settings.kind == "file" else []


def _on_the_network(cameras: Sequence[CameraSettings]) -> Iterator[Finding]:
    """What these cameras send; all are asked at once, as a recorder does."""
    asked = [bounded(partial(_asked, settings), _NETWORK_LIMIT_S) for settings in cameras]
    for settings, found in zip(cameras, asked, strict=True):
        try:
            yield from found
        except Overdue:
            what = f"{settings.id}: no answer within {_NETWORK_LIMIT_S:.0f} s"
            yield amiss("hangs", what, status=Status.WARN)


def _asked(settings: CameraSettings) -> Iterator[Finding]:
    """What a camera on the network sends, asked of it."""
    source = f"{settings.id}: {settings.shown_source}"
    try:
        from smartrec.media.rtsp_probe import probe_rtsp

        seen = probe_rtsp(settings.source, settings.transport, patience=_PATIENCE, listen=_LISTEN)
    except MissingElement:
        yield Finding(Status.WARN, f"{source} is not looked at: that needs GStreamer")
        return
    except CameraError as error:
        yield _unusable(settings, error)
        return
    form = seen.format
    yield Finding(
        Status.OK,
        f"{source}: {form.codec.value} {form.width}x{form.height}, "
        f"first picture after {seen.first_picture / SECOND:.1f} s",
    )
    if seen.behind is not None:
        yield from judge_camera_clock(settings.id, seen.behind / SECOND)


def _unusable(settings: CameraSettings, error: CameraError) -> Finding:
    """A camera on the network that sends nothing of use."""
    from smartrec.media.rtsp_probe import why_unreached

    known = (match.key for match in explain(str(error)) if match.section == "cameras")
    key = next(known, "rtsp-gone")
    what, mend = f"{settings.id}: {error}", error.hint or ""
    found = amiss(key, what, mend=mend, status=Status.WARN)
    why = why_unreached(settings.source) if key == "rtsp-gone" else ""
    return replace(found, why=why) if why else found


def judge_camera_clock(name: str, behind: float) -> Iterator[Finding]:
    """Nothing where a network camera's own clock is right.

    Args:
        name: Of the camera.
        behind: By how many seconds it is behind ours; negative where it is ahead.
    """
    from smartrec.media.rtsp import TOLD_FROM

    if abs(behind) >= seconds(TOLD_FROM):
        where = "behind" if behind > 0 else "ahead of"
        off = in_words(Ns(round(abs(behind)) * SECOND))
        what = f"{name}: the camera's clock is {off} {where} ours"
        yield amiss("camera-clock", what, status=Status.WARN)
