"""The choice of a camera's format: promises as properties, the cases people meet as examples."""

from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smartrec.graph.formats import Format, Kind, choose, gst_caps, in_colour, usable

FPS = tuple(map(Fraction, ("60", "30", "30000/1001", "25", "15", "10", "5")))
formats = st.builds(
    Format,
    st.sampled_from(["MJPG", "JPEG", "H264", "HEVC", "YUYV", "NV12", "GREY", "Y16", "BA81"]),
    st.sampled_from([0, 160, 320, 640, 800, 1280, 1920, 3840]),
    st.sampled_from([0, 120, 240, 480, 600, 720, 1080, 2160]),
    st.lists(st.sampled_from(FPS), max_size=4, unique=True).map(tuple),
)
offers = st.lists(formats, max_size=12)
sizes = st.tuples(st.integers(1, 4000), st.integers(1, 3000))
rates = st.sampled_from(FPS)


def offer(text: str) -> Format:
    """``"MJPG 1280x720 30 15"``."""
    fourcc, size, *fps = text.split()
    width, height = size.split("x")
    return Format(fourcc, int(width), int(height), tuple(Fraction(f) for f in fps))


@given(offers, sizes, rates)
def test_what_is_chosen_was_offered_and_nothing_is_chosen_only_when_nothing_is_usable(
    offered: list[Format], size: tuple[int, int], fps: Fraction
) -> None:
    choice = choose(offered, size=size, fps=fps)
    if choice is None:
        assert usable(offered) == ()
        return
    assert choice.format in offered
    assert (choice.width, choice.height) == (choice.format.width, choice.format.height)
    assert choice.rate in choice.format.rates or (not choice.rate and not choice.format.rates)


@given(offers, sizes, rates)
def test_order_of_the_offer_does_not_matter(
    offered: list[Format], size: tuple[int, int], fps: Fraction
) -> None:
    one, other = (choose(o, size=size, fps=fps) for o in (offered, offered[::-1]))
    assert one == other


@given(offers, sizes, rates)
def test_a_difference_is_told_exactly_when_there_is_one(
    offered: list[Format], size: tuple[int, int], fps: Fraction
) -> None:
    choice = choose(offered, size=size, fps=fps)
    if choice is not None:
        same = (choice.width, choice.height) == size and choice.rate in {0, fps}
        assert (choice.differs is None) == same


@given(offers, sizes, rates)
def test_no_offer_of_the_same_kind_is_nearer_in_size_and_none_of_that_size_nearer_in_rate(
    offered: list[Format], size: tuple[int, int], fps: Fraction
) -> None:
    choice = choose(offered, size=size, fps=fps)
    if choice is None:
        return

    def off(f: Format) -> Fraction:
        return Fraction(abs(f.width - size[0]), size[0]) + Fraction(
            abs(f.height - size[1]), size[1]
        )

    rivals = [f for f in usable(offered) if f.fourcc == choice.format.fourcc]
    assert all(off(f) >= off(choice.format) for f in rivals)
    for rival in rivals:
        if (rival.width, rival.height) == (choice.width, choice.height) and choice.rate:
            assert all(abs(rate - fps) >= abs(choice.rate - fps) for rate in rival.rates)


@given(offers, sizes, rates)
def test_the_exact_size_in_mjpeg_is_never_passed_over(
    offered: list[Format], size: tuple[int, int], fps: Fraction
) -> None:
    exact = Format("MJPG", *size, (fps,))
    choice = choose([*offered, exact], size=size, fps=fps)
    assert choice is not None
    assert choice.kind is Kind.JPEG
    assert (choice.width, choice.height) == size
    assert choice.differs is None


@pytest.mark.parametrize(
    ("offered", "asked", "taken", "differs"),
    [
        (
            ["YUYV 1280x720 10", "MJPG 1280x720 30 15", "MJPG 640x480 30"],
            "1280x720 30",
            "MJPG 1280x720 30",
            None,
        ),
        (
            ["MJPG 1280x720 30", "YUYV 1920x1080 5"],
            "1920x1080 30",
            "MJPG 1280x720 30",
            "asked 1920x1080 at 30, the camera gives 1280x720 at 30",
        ),
        (
            ["MJPG 320x240 30", "YUYV 1280x720 30"],
            "1280x720 30",
            "YUYV 1280x720 30",
            None,
        ),
        (
            ["YUYV 640x480 15 5"],
            "1280x720 30",
            "YUYV 640x480 15",
            "asked 1280x720 at 30, the camera gives 640x480 at 15",
        ),
        (
            ["H264 1280x720 30", "YUYV 1280x720 30"],
            "1280x720 30",
            "H264 1280x720 30",
            None,
        ),
        (
            ["MJPG 1280x720 30000/1001"],
            "1280x720 30",
            "MJPG 1280x720 30000/1001",
            "asked 1280x720 at 30, the camera gives 1280x720 at 29.97",
        ),
        (["GREY 640x360 30", "YUYV 320x240 30"], "640x360 30", "YUYV 320x240 30", "asked 640x360"),
    ],
)
def test_cameras_as_people_have_them(
    offered: list[str], asked: str, taken: str, differs: str | None
) -> None:
    size, fps = asked.split()
    width, height = size.split("x")
    choice = choose(map(offer, offered), size=(int(width), int(height)), fps=Fraction(fps))
    assert choice is not None
    want = offer(taken)
    got = (choice.format.fourcc, choice.width, choice.height, choice.rate)
    assert got == (want.fourcc, want.width, want.height, want.rates[0])
    assert (choice.differs or "").startswith(differs or "")
    assert (choice.differs is None) == (differs is None)


def test_a_rate_that_the_driver_does_not_tell_is_left_out_of_caps_and_is_no_difference() -> None:
    choice = choose([offer("MJPG 1280x720")], size=(1280, 720), fps=Fraction(30))
    assert choice is not None
    assert choice.differs is None
    assert gst_caps(choice) == "image/jpeg,width=1280,height=720"


def test_a_rate_written_as_a_decimal_is_the_same_rate() -> None:
    choice = choose([offer("MJPG 1280x720 30000/1001")], size=(1280, 720), fps=Fraction("29.97"))
    assert choice is not None
    assert choice.differs is None


@pytest.mark.parametrize(
    ("offered", "caps"),
    [
        ("MJPG 1280x720 30", "image/jpeg,width=1280,height=720,framerate=30/1"),
        ("H264 1920x1080 30000/1001", "video/x-h264,width=1920,height=1080,framerate=30000/1001"),
        ("YUYV 640x480 15", "video/x-raw,format=YUY2,width=640,height=480,framerate=15/1"),
    ],
)
def test_caps_are_what_gstreamer_calls_the_format(offered: str, caps: str) -> None:
    choice = choose([offer(offered)], size=(640, 480), fps=Fraction(30))
    assert choice is not None
    assert gst_caps(choice) == caps


def test_an_infrared_camera_is_not_in_colour() -> None:
    assert not in_colour([offer("GREY 640x360 30"), offer("Y16 640x360 30")])
    assert in_colour([offer("GREY 640x360 30"), offer("NV12 640x360 30")])
