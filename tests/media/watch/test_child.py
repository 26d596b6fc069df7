"""The real child over a real socket, with the built-in model and the demo camera's pictures."""

import signal
from collections.abc import Iterable
from dataclasses import replace
from pathlib import Path

import pytest

from smartrec.media import demo
from smartrec.media.demo import LOOP_FRAMES, PERSON_FIRST, PERSON_LAST, DemoFeed, person_box
from smartrec.media.watch import messages
from smartrec.model import AccessUnit, Box, Codec, StreamFormat
from smartrec.units import SECOND, Ns
from tests.media.clips import bits, through
from tests.media.watch.watched import FRAME, START, TIMEOUT, Watched, setup

STEP = 6
"""Pictures from one look to the next: five looks a second."""


@pytest.fixture(scope="module")
def feed(tmp_path_factory: pytest.TempPathFactory) -> Iterable[DemoFeed]:
    feed = demo.open_demo(tmp_path_factory.getbasetemp().parent / "demo-pictures")
    yield feed
    feed.close()


def unit(feed: DemoFeed, n: int, *, epoch: int = 0) -> AccessUnit:
    pts = Ns(START + n * FRAME)
    return AccessUnit(epoch, n, pts, pts, FRAME, True, 0, feed.jpeg(n))


def overlap(one: Box, other: Box) -> float:
    """Intersection over union."""
    width = min(one.right, other.right) - max(one.left, other.left)
    height = min(one.bottom, other.bottom) - max(one.top, other.top)
    both = max(0.0, width) * max(0.0, height)
    areas = [(box.right - box.left) * (box.bottom - box.top) for box in (one, other)]
    return both / (sum(areas) - both)


def watch_demo(
    feed: DemoFeed, detector: messages.DetectorSetup | None, cameras: Iterable[str] = ("cam0",)
) -> Watched:
    watched = Watched(setup(detector, cameras))
    for camera in cameras:
        watched.link.send(messages.Format(camera, feed.format))
    return watched


def test_persons_are_found_where_they_are_and_nowhere_else(feed: DemoFeed) -> None:
    numbers = range(PERSON_FIRST - 5 * STEP, LOOP_FRAMES, STEP)
    with watch_demo(feed, messages.DetectorSetup()) as watched:
        hello = watched.until(messages.Hello)
        looks = [watched.look("cam0", unit(feed, n)).look for n in numbers]
        assert watched.end() == (0, "")
    assert (hello.engine, hello.screen) == ("onnx", "")
    assert len(hello.model_digest) == 64
    assert [look.pts for look in looks] == [START + n * FRAME for n in numbers]
    seen: dict[int, list[int]] = {}
    for n, look in zip(numbers, looks, strict=True):
        box = person_box(n)
        for track in look.tracks:
            if track.score >= hello.min_confidence:
                assert box is not None, n
                assert overlap(track.box, box) > 0.6, n
                seen.setdefault(track.track_id, []).append(n)
    # One person, from soon after the first pixel to shortly before the last.
    ((first, *_, last),) = seen.values()
    assert first <= PERSON_FIRST + 30
    assert last >= PERSON_LAST - 30


def test_a_still_picture_is_decoded_but_the_model_is_not_asked(feed: DemoFeed) -> None:
    with watch_demo(feed, messages.DetectorSetup(at_least_every=Ns(60 * SECOND))) as watched:
        standing = unit(feed, PERSON_FIRST + 100)
        looked = [
            watched.look("cam0", replace(standing, pts=Ns(START + n * SECOND))) for n in range(10)
        ]
    inferred = [each.look.inferred for each in looked]
    assert inferred == sorted(inferred, reverse=True), "once she is certain, not again"
    assert (inferred[0], inferred[-3:]) == (True, [False] * 3)
    assert len({tuple(t.track_id for t in each.look.tracks) for each in looked}) == 1
    assert all(each.look.tracks for each in looked)
    assert all(each.decode_ms > 0 for each in looked)


def test_what_is_no_picture_ends_nothing_and_is_counted(feed: DemoFeed) -> None:
    good = unit(feed, PERSON_FIRST + 100)
    broken = [b"", b"\xff\xd8\xff\xd9", good.data[:5000], bytes(1000)]
    with watch_demo(feed, messages.DetectorSetup()) as watched:
        for data in broken:
            watched.until(messages.Ready)
            watched.link.send(
                messages.Unit("cam0", replace(good, data=data), show=False, look=True)
            )
        assert watched.look("cam0", good).look.tracks
        stranger = messages.Unit("stranger", good, show=True, look=False)
        watched.link.send(stranger)
        while not watched.health or watched.health[-1].undecodable != {"cam0": len(broken)}:
            watched.until(messages.Health)


def test_another_picture_size_in_mid_stream_is_seen_as_well(feed: DemoFeed) -> None:
    whole = unit(feed, PERSON_FIRST + 100)
    scaled = "jpegdec ! videoscale ! video/x-raw,width=640,height=480 ! jpegenc quality=90"
    caps = "image/jpeg,width=1280,height=720,framerate=30/1"
    small = bits(through(scaled, [whole.data], caps)[0])
    with watch_demo(feed, messages.DetectorSetup(motion_gate=False)) as watched:
        looks = [
            watched.look("cam0", replace(whole, pts=Ns(START + n * FRAME), data=data)).look
            for n, data in enumerate((whole.data, small, whole.data))
        ]
    boxes = [max(look.tracks, key=lambda track: track.score).box for look in looks]
    assert overlap(boxes[0], boxes[2]) > 0.95
    assert overlap(boxes[0], boxes[1]) > 0.6


def test_tracks_of_two_cameras_have_different_numbers(feed: DemoFeed) -> None:
    with watch_demo(feed, messages.DetectorSetup(first_track=40), ("cam0", "cam1")) as watched:
        looked = [
            watched.look(camera, unit(feed, PERSON_FIRST + 100)) for camera in ("cam0", "cam1")
        ]
    numbers = [track.track_id for each in looked for track in each.look.tracks]
    assert min(numbers) == 40
    assert len(set(numbers)) == len(numbers)
    assert [each.look.camera for each in looked] == ["cam0", "cam1"]


def test_it_ends_with_the_link_or_when_told_and_not_by_the_terminals_signals(
    feed: DemoFeed,
) -> None:
    with watch_demo(feed, None) as watched:
        watched.until(messages.Hello)
        for number in (signal.SIGINT, signal.SIGHUP, signal.SIGTERM):
            watched.process.send_signal(number)
        watched.until(messages.Health)
        assert watched.end() == (0, "")
    with watch_demo(feed, messages.DetectorSetup()) as watched:
        watched.until(messages.Ready)
        watched.link.send(messages.StationView(0, closing=True))
        assert watched.process.wait(TIMEOUT) == 0


def test_it_ends_when_the_recorder_goes_while_the_model_is_loading(feed: DemoFeed) -> None:
    with watch_demo(feed, messages.DetectorSetup()) as watched:
        assert watched.end()[0] == 0


def test_a_model_that_cannot_be_used_is_refused_and_the_watch_goes_on(
    feed: DemoFeed, tmp_path: Path
) -> None:
    model = tmp_path / "model.onnx"
    model.write_bytes(b"no model")
    with watch_demo(feed, messages.DetectorSetup(model=str(model))) as watched:
        refused = watched.until(messages.Refused)
        assert watched.until(messages.Hello).engine == "none"
        watched.until(messages.Health)
        watched.until(messages.Health)
        assert watched.end() == (0, "")
    assert refused.error == "ModelUnusable"
    assert str(model) in refused.message


def h264(feed: DemoFeed, numbers: range) -> tuple[StreamFormat, list[AccessUnit]]:
    """The demo camera, as if it sent H.264 with a keyframe a second."""
    encoder = (
        "jpegdec ! videoconvert ! x264enc speed-preset=ultrafast pass=qual quantizer=22"
        " key-int-max=30 bframes=2 b-adapt=false ! h264parse"
        " ! video/x-h264,stream-format=avc,alignment=au"
    )
    caps = "image/jpeg,width=1280,height=720,framerate=30/1"
    units = []
    samples = through(encoder, map(feed.jpeg, numbers), caps)
    zero = min(sample.get_buffer().pts for sample in samples)  # type: ignore[union-attr]
    for n, sample in enumerate(samples):
        buffer, data = sample.get_buffer(), bits(sample)
        assert buffer is not None
        shift = START + numbers[0] * FRAME - zero
        pts, dts = Ns(buffer.pts + shift), Ns(buffer.dts + shift)
        units.append(AccessUnit(0, n, pts, dts, FRAME, n % 30 == 0, 0, data))
    sent = samples[-1].get_caps()
    assert sent is not None
    return StreamFormat(Codec.H264, 1280, 720, 30.0, sent.to_string()), units


def test_h264_is_decoded_whole_and_looked_at(feed: DemoFeed) -> None:
    numbers = range(PERSON_FIRST + 60, PERSON_FIRST + 60 + 90)
    stream, units = h264(feed, numbers)
    with Watched(setup(messages.DetectorSetup())) as watched:
        watched.link.send(messages.Format("cam0", stream))
        for at in range(0, len(units), STEP):
            watched.until(messages.Ready)
            for n, each in enumerate(units[at : at + STEP]):
                watched.link.send(messages.Unit("cam0", each, show=True, look=n == 0))
            look = watched.until(messages.Looked).look
            assert units[at].pts <= look.pts < units[at].pts + STEP * FRAME
            best = max(look.tracks, key=lambda track: track.score)
            box = person_box(round((look.pts - START) / FRAME))
            assert box is not None
            assert overlap(best.box, box) > 0.6
        assert watched.until(messages.Health).undecodable == {"cam0": 0}
        assert watched.end() == (0, "")


def test_keyframes_of_h264_are_looked_at_alone(feed: DemoFeed) -> None:
    stream, units = h264(feed, range(PERSON_FIRST + 60, PERSON_FIRST + 60 + 90))
    with Watched(setup(messages.DetectorSetup(keyframes_only=True))) as watched:
        watched.link.send(messages.Format("cam0", stream))
        for each in (each for each in units if each.keyframe):
            look = watched.look("cam0", each).look
            assert look.pts == each.pts
            assert max(track.score for track in look.tracks) > 0.5


@pytest.mark.long
def test_units_of_garbage_end_nothing_and_the_camera_is_seen_again(feed: DemoFeed) -> None:
    stream, units = h264(feed, range(PERSON_FIRST + 60, PERSON_FIRST + 60 + 60))
    broken = [replace(each, data=bytes(len(each.data))) for each in units[:30]]
    with Watched(setup(messages.DetectorSetup())) as watched:
        watched.link.send(messages.Format("cam0", stream))
        watched.until(messages.Ready)
        for n, each in enumerate(broken):
            watched.link.send(messages.Unit("cam0", each, show=True, look=n == 0))
        # That look comes to nothing, and the next is asked for.
        watched.until(messages.Ready)
        pts = 0
        while not any(isinstance(each, messages.Looked) for each in watched.heard):
            for each in units[30:]:
                pts = pts or each.pts
                shifted = replace(each, pts=Ns(each.pts + pts), dts=Ns(each.dts + pts))
                watched.link.send(messages.Unit("cam0", shifted, show=True, look=each.seq == 30))
            watched.until(messages.Ready)
            pts += SECOND
        assert watched.end()[0] == 0
