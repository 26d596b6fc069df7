"""Wishes for a camera's controls become changes in a working order, or sentences; never errors."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.media.controls import Setting, Wanted, plan
from smartrec.media.v4l2 import Control, ControlFlag, ControlType


def control(number: int, name: str, kind: ControlType, low: int, high: int) -> Control:
    return Control(number, name, kind, low, high, 1, low, ControlFlag(0))


BRIGHTNESS = control(0x980900, "brightness", ControlType.INTEGER, -64, 64)
POWER = control(0x980918, "power_line_frequency", ControlType.MENU, 0, 2)
AUTO = control(0x9A0901, "auto_exposure", ControlType.MENU, 0, 3)
TIME = control(0x9A0902, "exposure_time_absolute", ControlType.INTEGER, 1, 5000)
DYNAMIC = control(0x9A0903, "exposure_dynamic_framerate", ControlType.BOOLEAN, 0, 1)
FOCUS = control(0x9A090A, "focus_absolute", ControlType.INTEGER, 0, 250)
AUTOFOCUS = control(0x9A090C, "focus_automatic_continuous", ControlType.BOOLEAN, 0, 1)
ALL = [BRIGHTNESS, POWER, AUTO, TIME, DYNAMIC, FOCUS, AUTOFOCUS]
# The same controls under the names that kernels before 5.19 gave them.
OLD = [
    control(0x9A0901, "exposure_auto", ControlType.MENU, 0, 3),
    control(0x9A0902, "exposure_absolute", ControlType.INTEGER, 1, 5000),
    control(0x9A090A, "focus_absolute", ControlType.INTEGER, 0, 250),
    control(0x9A090C, "focus_auto", ControlType.BOOLEAN, 0, 1),
]


@pytest.mark.parametrize(
    ("wanted", "settings"),
    [
        ({"power_line_frequency": "50"}, [Setting(POWER, (1,))]),
        ({"power_line_frequency": 60}, [Setting(POWER, (2,))]),
        ({"focus": "auto"}, [Setting(AUTOFOCUS, (1,))]),
        ({"focus": 20}, [Setting(AUTOFOCUS, (0,)), Setting(FOCUS, (20,))]),
        ({"exposure": "auto"}, [Setting(AUTO, (3, 0))]),
        ({"exposure": 156}, [Setting(AUTO, (1, 2)), Setting(TIME, (156,))]),
        ({"exposure_dynamic_framerate": False}, [Setting(DYNAMIC, (0,))]),
        ({"brightness": -3}, [Setting(BRIGHTNESS, (-3,))]),
        ({"focus_absolute": 7}, [Setting(FOCUS, (7,))]),
    ],
)
def test_wishes_become_changes_with_the_automatic_switched_off_first(
    wanted: dict[str, Wanted], settings: list[Setting]
) -> None:
    assert plan(ALL, wanted) == (settings, [])


def test_names_of_older_kernels_make_no_difference() -> None:
    settings, sentences = plan(OLD, {"focus": 20, "exposure": "auto"})
    assert sentences == []
    names = [setting.control.name for setting in settings]
    assert names == ["focus_auto", "focus_absolute", "exposure_auto"]


@pytest.mark.parametrize(
    ("wanted", "sentence"),
    [
        ({"focus": 251}, 'focus = 251: it takes a whole number 0 to 250, or "auto"'),
        ({"power_line_frequency": "auto"}, 'takes "off" or "50" or "60"'),
        ({"power_line_frequency": "55"}, 'takes "off" or "50" or "60" or "auto"'),
        ({"exposure_dynamic_framerate": "no"}, "takes true or false"),
        ({"brightnes": 1}, "did you mean brightness?"),
        ({"zoom": 1}, "it has brightness, power_line_frequency"),
    ],
)
def test_what_cannot_be_set_is_told_with_what_can(wanted: dict[str, Wanted], sentence: str) -> None:
    settings, sentences = plan(ALL, wanted)
    assert settings == []
    assert len(sentences) == 1
    assert sentence in sentences[0]


def test_a_camera_without_controls_says_so_and_stops_nothing() -> None:
    wanted: dict[str, Wanted] = {"focus": "auto", "brightness": 1}
    settings, sentences = plan([], wanted)
    assert settings == []
    assert sentences == [
        "focus: this camera has no such control",
        "brightness: this camera has no such control; it has no controls at all",
    ]


@given(
    st.dictionaries(
        st.sampled_from([*(c.name for c in ALL), "focus", "exposure", "x", ""]),
        st.integers() | st.booleans() | st.text(max_size=4),
    ),
    st.lists(st.sampled_from(ALL), unique=True),
)
def test_every_wish_is_granted_within_range_or_answered(
    wanted: dict[str, Wanted], controls: list[Control]
) -> None:
    settings, sentences = plan(controls, wanted)
    granted = {s.control.name for s in settings}
    assert len(sentences) + len(granted) >= len(wanted) - len({"focus", "exposure"} & set(wanted))
    for setting in settings:
        assert setting.control in controls
        assert setting.values[0] in range(setting.control.minimum, setting.control.maximum + 1)
