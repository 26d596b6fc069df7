"""Files made by ffmpeg, played by ours, decoded again: every picture, in order, at its moment."""

import os
import subprocess
from collections.abc import Iterable, Sequence
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import pytest

from smartrec.errors import SourceError
from smartrec.media.feed import Picture
from smartrec.media.gst import Gst, GstApp, launch
from smartrec.media.player import open_file
from smartrec.model import Codec, StreamFormat
from smartrec.units import MILLISECOND, SECOND
from tests.media import numbered

FRAMES = 75
FRAME = 40 * MILLISECOND
WIDTH, HEIGHT = 320, 240
SOUND = ("-f", "lavfi", "-i", "sine=duration=3")
GOP = ("-g", "25", "-pix_fmt", "yuv420p")
H264 = ("-c:v", "libx264", *GOP, "-bf", "0")
H264_REORDERED = ("-c:v", "libx264", *GOP, "-bf", "3")
H265 = ("-c:v", "libx265", "-x265-params", "log-level=error", *GOP)
MJPEG = ("-c:v", "mjpeg", "-q:v", "3", "-pix_fmt", "yuvj420p")
DECODERS = {Codec.JPEG: "jpegdec", Codec.H264: "avdec_h264", Codec.H265: "avdec_h265"}


def run_ffmpeg(*arguments: str | Path, feeding: bytes = b"") -> None:
    command = ["ffmpeg", "-v", "error", "-y", *map(str, arguments)]
    subprocess.run(command, input=feeding, check=True, timeout=50)


def make(path: Path, *encoding: str, frames: int = FRAMES) -> Path:
    """A file of pictures that carry their numbers, 25 a second."""
    raw = b"".join(numbered.picture(n).tobytes() for n in range(frames))
    video = ("-f", "rawvideo", "-pix_fmt", "gray", "-s", f"{WIDTH}x{HEIGHT}", "-r", "25")
    run_ffmpeg(*video, "-i", "-", *encoding, path, feeding=raw)
    return path


def play(path: Path) -> tuple[StreamFormat, list[Picture]]:
    feed = open_file(path, loop=False)
    pictures = list(feed.pictures())
    feed.close()
    return feed.format, pictures


def decode(format_: StreamFormat, pictures: Iterable[Picture]) -> list[tuple[int, int, bytes]]:
    """Moment, number and luma of every picture, in the order of showing."""
    pipeline = launch(
        f"appsrc name=source format=time ! {DECODERS[format_.codec]}"
        " ! videoconvert ! video/x-raw,format=GRAY8 ! appsink name=out sync=false"
    )
    source, out = pipeline.get_by_name("source"), pipeline.get_by_name("out")
    assert isinstance(source, GstApp.AppSrc)
    assert isinstance(out, GstApp.AppSink)
    source.set_caps(Gst.Caps.from_string(format_.caps))
    pipeline.set_state(Gst.State.PLAYING)
    for picture in pictures:
        buffer = Gst.Buffer.new_wrapped(picture.data)
        # A second later, for decoding times before the first picture.
        buffer.pts = SECOND + picture.offset_ns
        buffer.dts = SECOND + picture.dts_offset_ns
        source.push_buffer(buffer)
    source.end_of_stream()
    shown = []
    while (sample := out.try_pull_sample(20 * SECOND)) is not None:
        frame = sample.get_buffer()
        assert frame is not None
        luma = frame.extract_dup(0, WIDTH * HEIGHT)
        shown.append((frame.pts - SECOND, numbered.read_luma(luma, WIDTH, HEIGHT), luma))
    assert out.is_eos()
    pipeline.set_state(Gst.State.NULL)
    return shown


def times_and_numbers(shown: Iterable[tuple[int, int, bytes]]) -> list[tuple[int, int]]:
    """Times to the millisecond, for Matroska knows no finer ones."""
    return [(round(pts / MILLISECOND), number) for pts, number, _ in shown]


CASES = [
    ("a.mp4", H264, Codec.H264),
    ("reordered.mp4", H264_REORDERED, Codec.H264),
    ("reordered.mkv", H264_REORDERED, Codec.H264),
    ("reordered.ts", H264_REORDERED, Codec.H264),
    ("fragmented.mp4", (*H264, "-movflags", "+frag_keyframe+empty_moov"), Codec.H264),
    ("a.avi", H264, Codec.H264),
    # AVI has no times of showing: only a decoder can tell the order.
    ("reordered.avi", H264_REORDERED, Codec.JPEG),
    ("a.mp4", H265, Codec.H265),
    ("a.mkv", H265, Codec.H265),
    ("a.mkv", MJPEG, Codec.JPEG),
    ("a.mp4", MJPEG, Codec.JPEG),
    ("a.avi", MJPEG, Codec.JPEG),
    ("vp9.webm", ("-c:v", "libvpx-vp9", "-deadline", "realtime", "-cpu-used", "8"), Codec.JPEG),
    ("lossless.mkv", ("-c:v", "ffv1"), Codec.JPEG),
    ("raw.avi", ("-c:v", "rawvideo", "-pix_fmt", "yuv420p"), Codec.JPEG),
]


@pytest.mark.parametrize(("name", "encoding", "codec"), CASES)
def test_every_picture_comes_once_in_order_at_its_moment(
    tmp_path: Path, name: str, encoding: Sequence[str], codec: Codec
) -> None:
    format_, pictures = play(make(tmp_path / name, *encoding))
    assert (format_.codec, format_.width, format_.height) == (codec, WIDTH, HEIGHT)
    assert format_.fps == 25
    assert bool(format_.codec_private) == (codec is not Codec.JPEG)
    assert pictures[0].keyframe
    assert all(picture.dts_offset_ns <= picture.offset_ns for picture in pictures)
    assert all(a.dts_offset_ns < b.dts_offset_ns for a, b in pairwise(pictures))
    shown = times_and_numbers(decode(format_, pictures))
    assert shown == [(40 * n, n) for n in range(FRAMES)]


def test_h264_is_handed_over_as_avc_with_its_set_up(tmp_path: Path) -> None:
    for name in ("a.avi", "a.ts"):
        format_, _ = play(make(tmp_path / name, *H264))
        assert "stream-format=(string)avc" in format_.caps
        assert "codec_data" in format_.caps


def test_a_cameras_own_jpegs_keep_every_bit(tmp_path: Path) -> None:
    path = make(tmp_path / "a.mkv", *MJPEG)
    jpegs = tmp_path / "a.mjpeg"
    run_ffmpeg("-i", path, "-c", "copy", jpegs)
    _, pictures = play(path)
    assert b"".join(picture.data for picture in pictures) == jpegs.read_bytes()


def test_sound_is_left_out(tmp_path: Path) -> None:
    video = make(tmp_path / "silent.mp4", *H264_REORDERED)
    path = tmp_path / "loud.mp4"
    run_ffmpeg(*SOUND, "-i", video, "-map", "0", "-map", "1", "-c:v", "copy", path)
    shown = times_and_numbers(decode(*play(path)))
    assert shown == [(40 * n, n) for n in range(FRAMES)]


def test_levels_stay_right_when_a_video_is_decoded(tmp_path: Path) -> None:
    shown = decode(*play(make(tmp_path / "a.mkv", "-c:v", "ffv1", "-pix_fmt", "yuv420p")))
    for _, number, luma in shown:
        wanted = numbered.picture(number).astype(np.int16).ravel()
        error = np.frombuffer(luma, np.uint8) - wanted
        assert abs(error.mean()) < 1


def test_uneven_frame_times_are_kept(tmp_path: Path) -> None:
    uneven = ("-vf", "select='lt(mod(n,10),3)'", "-fps_mode", "vfr")
    chosen = [n for n in range(FRAMES) if n % 10 < 3]
    shown = times_and_numbers(decode(*play(make(tmp_path / "a.mkv", *uneven, *MJPEG))))
    assert shown == [(40 * n, n) for n in chosen]


@pytest.mark.parametrize("name", ["a.mkv", "a.mp4", "a.ts"])
def test_a_file_that_begins_late_is_played_at_once(tmp_path: Path, name: str) -> None:
    late = make(tmp_path / name, *H264_REORDERED, "-output_ts_offset", "5")
    assert times_and_numbers(decode(*play(late))) == [(40 * n, n) for n in range(FRAMES)]


def test_what_an_edit_list_hides_is_played_for_what_depends_on_it(tmp_path: Path) -> None:
    whole = make(tmp_path / "whole.mp4", *H264_REORDERED)
    cut = tmp_path / "cut.mp4"
    run_ffmpeg("-ss", "1.4", "-i", whole, "-c", "copy", cut)
    assert times_and_numbers(decode(*play(cut))) == [(40 * n, 25 + n) for n in range(50)]


@pytest.mark.parametrize(
    ("name", "encoding"), [("a.mp4", H264_REORDERED), ("a.mkv", MJPEG), ("a.mkv", H265)]
)
def test_a_loop_goes_on_where_it_ended(tmp_path: Path, name: str, encoding: Sequence[str]) -> None:
    feed = open_file(make(tmp_path / name, *encoding, frames=20), loop=True)
    pictures = list(islice(feed.pictures(), 60))
    feed.close()
    assert all(a.dts_offset_ns < b.dts_offset_ns for a, b in pairwise(pictures))
    shown = times_and_numbers(decode(feed.format, pictures))
    assert shown == [(40 * n, n % 20) for n in range(60)]


def test_closing_ends_even_an_endless_loop(tmp_path: Path) -> None:
    feed = open_file(make(tmp_path / "a.mkv", *MJPEG, frames=5), loop=True)
    pictures = feed.pictures()
    assert next(pictures).offset_ns == 0
    feed.close()
    feed.close()
    assert len(list(pictures)) <= 1


@pytest.mark.parametrize("name", ["a.mkv", "a.ts"])
def test_a_file_cut_off_is_played_as_far_as_it_goes(tmp_path: Path, name: str) -> None:
    path = make(tmp_path / name, *H264)
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    format_, pictures = play(path)
    assert 10 < len(pictures) < FRAMES
    shown = times_and_numbers(decode(format_, pictures[:-1]))
    assert shown == [(40 * n, n) for n in range(len(pictures) - 1)]


def spoil(path: Path, kind: str) -> None:
    """Put something that is no video at `path`."""
    noise = np.random.default_rng(2).integers(0, 256, 100_000, np.uint8).tobytes()
    if kind == "missing":
        return
    if kind == "directory":
        path.mkdir()
    elif kind == "pipe":
        os.mkfifo(path)
    elif kind == "sound only":
        run_ffmpeg(*SOUND, path)
    elif kind == "cut off before its index":
        make(path, *H264)
        path.write_bytes(path.read_bytes()[:9000])
    elif kind == "photograph":
        make(path.with_suffix(".jpg"), *MJPEG, frames=1)
        path.with_suffix(".jpg").rename(path)
    else:
        path.write_bytes({"empty": b"", "text": b"hello\n" * 500, "noise": noise}[kind])


@pytest.mark.parametrize(
    ("kind", "words"),
    [
        ("missing", "does not exist"),
        ("directory", "is a directory"),
        ("pipe", "is a pipe"),
        ("empty", "it is empty"),
        ("text", "is no video"),
        ("noise", "is no video"),
        ("sound only", "holds no video"),
        ("cut off before its index", "cannot be played"),
        ("photograph", "single picture"),
    ],
)
def test_what_is_no_video_is_refused_with_a_reason(tmp_path: Path, kind: str, words: str) -> None:
    path = tmp_path / "a file.mp4"
    spoil(path, kind)
    with pytest.raises(SourceError, match=words) as caught:
        open_file(path, loop=False)
    assert str(path) in str(caught.value)
    assert caught.value.hint
