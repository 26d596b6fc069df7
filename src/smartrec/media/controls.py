"""A camera's controls: power-line frequency, focus, exposure, and what else its driver names.

Four names are smartrec's own and work whatever the kernel calls them, which changed over the years:
``power_line_frequency``, ``focus``, ``exposure`` and ``exposure_dynamic_framerate``. Any other is
the kernel's name as ``v4l2-ctl --list-ctrls`` prints it.
"""

import difflib
import os
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from smartrec.media.devices import opened
from smartrec.media.v4l2 import Control, ControlFlag, ControlType, Node

Wanted = int | str | bool

# Numbers from the kernel's include/uapi/linux/v4l2-controls.h.
_POWER_LINE_FREQUENCY: Final = 0x0098_0918
_EXPOSURE_AUTO: Final = 0x009A_0901
_EXPOSURE_ABSOLUTE: Final = 0x009A_0902
_EXPOSURE_AUTO_PRIORITY: Final = 0x009A_0903
_FOCUS_ABSOLUTE: Final = 0x009A_090A
_FOCUS_AUTO: Final = 0x009A_090C

_POWER_LINE: Final = {"off": 0, "50": 1, "60": 2, "auto": 3}
_EXPOSURE_BY_ITSELF: Final = (3, 0)  # aperture priority, as USB cameras have it; fully automatic
_EXPOSURE_BY_HAND: Final = (1, 2)  # manual; shutter priority


@dataclass(frozen=True, slots=True)
class Setting:
    """One change to make.

    Attributes:
        control: What to change.
        values: What to try, in order, until the camera takes one.
    """

    control: Control
    values: tuple[int, ...]


class _Refused(Exception):  # noqa: N818 - never leaves this module
    """A wish that cannot be granted; the message is the sentence for the user."""


def apply_controls(path: Path, wanted: Mapping[str, Wanted]) -> list[str]:
    """Set a camera's controls; the camera keeps them until it is unplugged. Any thread.

    A wish that the camera cannot grant never stops a recording: it becomes a sentence.

    Args:
        path: The video node.
        wanted: By name. ``power_line_frequency``: ``"off"``, ``"50"``, ``"60"``, ``"auto"``;
            ``focus`` and ``exposure``: ``"auto"`` or a number in the camera's own units (for
            exposure 100 microseconds); ``exposure_dynamic_framerate``: whether the camera may
            lower its rate in the dark.

    Returns:
        One sentence for each wish that was not granted.

    Raises:
        CameraError: The camera cannot be opened at all.
    """
    if not wanted:
        return []
    with opened(path) as node:
        settings, sentences = plan(list(node.controls()), wanted)
        return sentences + [s for s in (_apply(node, setting) for setting in settings) if s]


def plan(
    controls: Sequence[Control], wanted: Mapping[str, Wanted]
) -> tuple[list[Setting], list[str]]:
    """What to set on a camera with these controls, in order, and what cannot be."""
    settings: list[Setting] = []
    sentences: list[str] = []
    for name, value in wanted.items():
        try:
            settings += _KNOWN.get(name, _any_other)(controls, name, value)
        except _Refused as refused:
            sentences.append(str(refused))
    return settings, sentences


def _power_line_frequency(
    controls: Sequence[Control], name: str, value: Wanted
) -> Iterable[Setting]:
    if str(value) not in _POWER_LINE:
        raise _Refused(f"{name} = {value!r}: it takes {_either(_POWER_LINE)}")
    control = _by_id(controls, name, _POWER_LINE_FREQUENCY)
    number = _POWER_LINE[str(value)]
    if number > control.maximum:
        can = [word for word, n in _POWER_LINE.items() if n <= control.maximum]
        raise _Refused(f"{name} = {value!r}: this camera takes {_either(can)}")
    return [Setting(control, (number,))]


def _focus(controls: Sequence[Control], name: str, value: Wanted) -> Iterable[Setting]:
    if value == "auto":
        return [Setting(_by_id(controls, name, _FOCUS_AUTO), (1,))]
    absolute = _within(_by_id(controls, name, _FOCUS_ABSOLUTE), name, value, or_else='"auto"')
    by_hand = [Setting(c, (0,)) for c in controls if c.id == _FOCUS_AUTO]
    return [*by_hand, absolute]


def _exposure(controls: Sequence[Control], name: str, value: Wanted) -> Iterable[Setting]:
    if value == "auto":
        return [Setting(_by_id(controls, name, _EXPOSURE_AUTO), _EXPOSURE_BY_ITSELF)]
    absolute = _within(_by_id(controls, name, _EXPOSURE_ABSOLUTE), name, value, or_else='"auto"')
    by_hand = [Setting(c, _EXPOSURE_BY_HAND) for c in controls if c.id == _EXPOSURE_AUTO]
    return [*by_hand, absolute]


def _dynamic_framerate(controls: Sequence[Control], name: str, value: Wanted) -> Iterable[Setting]:
    return [_within(_by_id(controls, name, _EXPOSURE_AUTO_PRIORITY), name, value)]


def _any_other(controls: Sequence[Control], name: str, value: Wanted) -> Iterable[Setting]:
    for control in controls:
        if control.name == name:
            return [_within(control, name, value)]
    names = [*_KNOWN, *(control.name for control in controls)]
    near = difflib.get_close_matches(name, names, n=1)
    has = f"did you mean {near[0]}?" if near else f"it has {', '.join(names[len(_KNOWN) :])}"
    if not controls:
        has = "it has no controls at all"
    raise _Refused(f"{name}: this camera has no such control; {has}")


_KNOWN: Final[
    Mapping[str, Callable[[Sequence[Control], str, Wanted], Iterable[Setting]]]
] = {
    "power_line_frequency": _power_line_frequency,
    "focus": _focus,
    "exposure": _exposure,
    "exposure_dynamic_framerate": _dynamic_framerate,
}  # fmt: skip


def _by_id(controls: Sequence[Control], name: str, number: int) -> Control:
    for control in controls:
        if control.id == number:
            return control
    raise _Refused(f"{name}: this camera has no such control")


def _within(control: Control, name: str, value: Wanted, *, or_else: str = "") -> Setting:
    takes = f"a whole number {control.minimum} to {control.maximum}"
    if control.type is ControlType.BOOLEAN:
        takes = "true or false"
    takes += f", or {or_else}" if or_else else ""
    if isinstance(value, str) or not control.minimum <= value <= control.maximum:
        raise _Refused(f"{name} = {value!r}: it takes {takes}")
    return Setting(control, (int(value),))


def _either(words: Iterable[str]) -> str:
    return " or ".join(f'"{word}"' for word in words)


def _apply(node: Node, setting: Setting) -> str | None:
    control = setting.control
    problem: OSError | None = None
    got: int | None = None
    for value in setting.values:
        try:
            node.set(control.id, value)
            got = node.get(control.id)
        except OSError as error:
            problem = error
            continue
        if got == value:
            return None
        break
    if _set_by_another(node, control):
        return f"{control.name}: another control sets it now; switch that one's automatic off first"
    if got is not None:
        return f"{control.name}: the camera took {got} for {setting.values[0]}"
    why = os.strerror(problem.errno or 0) if problem else "it says nothing"
    return f"{control.name}: the camera refuses {setting.values[0]} ({why})"


def _set_by_another(node: Node, control: Control) -> bool:
    """Asked after the attempt, as settings made just before may have changed it."""
    now = (each for each in node.controls() if each.id == control.id)
    return any(ControlFlag.INACTIVE in each.flags for each in now)
