"""What `smartrec doctor` looks at of arming: whether who comes now is recorded, and why not."""

from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any, cast

from smartrec.app.arming import standing
from smartrec.app.arming_events import until_in_words, until_written
from smartrec.app.doctor.finding import Finding, Status, amiss
from smartrec.app.doctor.subject import Subject
from smartrec.app.wire import ask_status, find_socket
from smartrec.errors import ControlError
from smartrec.recording.schedule import Schedule
from smartrec.units import SECOND

_PATIENCE_S = 5.0


def check_arming(subject: Subject) -> Iterator[Finding]:
    """What the settings say; and of a recorder that runs, what was commanded."""
    yield judge_settings(subject, subject.clock.now().wall_ns)
    if subject.recorder is None:
        return
    try:
        path = find_socket(subject.directory, subject.environ)
        status = ask_status(path, _PATIENCE_S, clip_dir=subject.directory)
    except ControlError:  # which is another check's finding
        return
    for camera in cast("list[Mapping[str, Any]]", status.get("cameras", ())):
        if camera.get("armed_by") == "command" and not camera["armed"]:
            until = until_in_words(camera["armed_until"])
            missed = f"; {camera['unrecorded']} persons not recorded" * bool(camera["unrecorded"])
            what = f"{camera['id']} is disarmed by command{until}{missed}"
            mend = f"`smartrec arm {camera['id']}`"
            yield amiss("disarmed", what, mend=mend, status=Status.WARN)


def judge_settings(subject: Subject, wall_ns: int) -> Finding:
    """Whether cameras are armed now by the settings alone.

    Args:
        subject: The recorder to be.
        wall_ns: Now, nanoseconds since 1970-01-01 UTC.
    """
    by_hand = [camera.id for camera in subject.cameras if not camera.armed]
    but = f"; {', '.join(by_hand)} by command only" if by_hand else ""
    if not subject.schedule:
        return Finding(Status.OK, f"cameras are armed always{but}")
    stands = standing(True, Schedule.of(subject.schedule), None, wall_ns)
    word = "armed" if stands.armed else "disarmed"
    until = until_in_words(until_written(stands.until))
    here = datetime.fromtimestamp(wall_ns // SECOND).astimezone()
    clock = f"the clock here shows {here:%a %H:%M} ({here.tzname()})"
    return Finding(Status.OK, f"cameras are {word} by the schedule{until}{but}; {clock}")
