"""What `smartrec doctor` looks at of the USB: whether it has room for what cameras send."""

import os
from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.app.doctor.finding import Finding, Status, amiss
from smartrec.app.doctor.subject import Subject, rate_of
from smartrec.graph.bandwidth import need_of, speed_of
from smartrec.graph.formats import Kind, choose
from smartrec.media.devices import Camera
from smartrec.media.usb_bus import SYSFS, Plugged, plugged
from smartrec.media.usb_port import switches_of

_MEGA: Final = 1e6


@dataclass(frozen=True, slots=True)
class Load:
    """A camera on a bus.

    Attributes:
        node: Its video node.
        plugged: Where it is.
        need: Bytes a second that it sends.
        how: How that is known: ``"measured"``, ``"raw"``, ``"about"``.
    """

    node: Path
    plugged: Plugged
    need: float
    how: str

    @property
    def room(self) -> float:
        """What it takes of its bus: what it has reserved, if it streams, else what it sends."""
        return max(self.plugged.reserved or 0.0, self.need)


def check_usb(subject: Subject, sysfs: Path = SYSFS) -> Iterator[Finding]:
    """Whether each camera, and all of one bus together, fit through the USB."""
    buses = defaultdict[int, list[Load]](list)
    places = [(camera, plugged(camera.path, sysfs)) for camera in subject.seen.cameras]
    if not any(place for _, place in places):
        yield Finding(Status.OK, "no camera on USB")
    for camera, place in places:
        if place is None:
            continue
        settings, load = subject.settings_of(camera), load_of(subject, camera, place)
        if load is not None:
            buses[place.bus].append(load)
            yield judge_port(load)
        if settings is not None and settings.power_cycle:
            yield judge_switch(place.port, switches_of(place.port, sysfs / "bus/usb/devices"))
    for _, loads in sorted(buses.items()):
        if len(loads) > 1:
            yield judge_bus(loads)


def judge_switch(port: str, switches: Sequence[Path]) -> Finding:
    """Whether ``power_cycle`` can do anything for a camera.

    Args:
        port: Where it is plugged in.
        switches: The files that switch the port.
    """
    if not switches:
        return amiss("no-switch", f"port {port} has no switch", status=Status.WARN)
    shut = [switch for switch in switches if not os.access(switch, os.W_OK)]
    if shut:
        return amiss("switch-forbidden", f"{shut[0]} may not be written", status=Status.WARN)
    return Finding(Status.OK, f"port {port} can be switched off and on (power_cycle)")


def load_of(subject: Subject, camera: Camera, place: Plugged) -> Load | None:
    """What a camera would send in the format that would be taken; None where it tells none."""
    wanted = subject.wanted_of(camera)
    choice = choose(camera.formats, size=wanted.size, fps=rate_of(wanted))
    if choice is None:
        return None
    need = need_of(choice)
    settings = subject.settings_of(camera)
    name = camera.path.name if settings is None else settings.id
    flow = subject.seen.flows.get(name)
    if flow is not None and flow.measured and choice.kind is not Kind.RAW:
        return Load(camera.path, place, flow.rate, "measured")
    return Load(camera.path, place, need.bus, "raw" if need.exact else "about")


def judge_port(load: Load) -> Finding:
    """Whether a camera's format fits through the speed that it is connected at."""
    speed = speed_of(load.plugged.mbits)
    hubs = f", behind {load.plugged.hubs} hub(s)" if load.plugged.hubs else ""
    about = "about " if load.how == "about" else ""
    what = (
        f"{load.node}: port {load.plugged.port}{hubs}, {load.plugged.mbits:g} Mbit/s "
        f"({speed.name}): needs {about}{load.need / _MEGA:.1f} MB/s of {speed.camera / _MEGA:.1f}"
    )
    if load.plugged.reserved:
        what += f", has reserved {load.plugged.reserved / _MEGA:.1f}"
    if load.need > speed.camera:
        return amiss("usb-slow", what, status=Status.WARN)
    return Finding(Status.OK, what)


def judge_bus(loads: Sequence[Load]) -> Finding:
    """Whether cameras fit on one bus together.

    Args:
        loads: All of one bus; not empty.
    """
    speed = min((speed_of(load.plugged.mbits) for load in loads), key=lambda each: each.bus)
    needed, names = sum(load.room for load in loads), ", ".join(str(load.node) for load in loads)
    what = (
        f"bus {loads[0].plugged.bus} ({names}): {needed / _MEGA:.1f} MB/s together "
        f"of {speed.bus / _MEGA:.1f}"
    )
    if needed > speed.bus:
        return amiss("usb-full", what, status=Status.WARN)
    if any(load.how == "about" and load.plugged.reserved == 0 for load in loads):
        what += "; cameras may reserve more than they send: doctor --measure tries it"
    return Finding(Status.OK, what)
