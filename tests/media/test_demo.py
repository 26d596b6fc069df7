"""The demo camera against its promises, on pictures decoded by programs that did not make them."""

import ast
import io
import subprocess
from collections.abc import Iterable
from itertools import islice, pairwise
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pytest
from PIL import Image

from smartrec.media import demo, demo_scene
from smartrec.media.demo import LOOP_FRAMES, PERSON_FIRST, PERSON_LAST, DemoFeed, person_box
from smartrec.media.frame_number import HEIGHT, NUMBERS, cells, read_number
from smartrec.units import SECOND

SOURCE = Path(demo.__file__).parents[1]
LOOP = range(LOOP_FRAMES)


@pytest.fixture(scope="module")
def cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("cache")


@pytest.fixture(scope="module")
def feed(cache: Path) -> Iterable[DemoFeed]:
    feed = demo.open_demo(cache)
    yield feed
    feed.close()


def luma(jpeg: bytes) -> npt.NDArray[np.uint8]:
    with Image.open(io.BytesIO(jpeg)) as image:
        image.draft("L", None)
        return np.asarray(image.convert("L"))


def below_band(picture: npt.NDArray[np.uint8]) -> npt.NDArray[np.float64]:
    """Without the number, and coarse enough that noise averages out."""
    rows = picture[round(picture.shape[0] * HEIGHT) :]
    rows = rows[: rows.shape[0] // 8 * 8]
    coarse: npt.NDArray[np.float64] = rows.reshape(rows.shape[0] // 8, 8, -1, 8).mean(axis=(1, 3))
    return coarse


def ffmpeg(*arguments: str, feeding: bytes, minding: str = "error") -> bytes:
    """Run ffmpeg over stdin and stdout; any message as grave as `minding` fails."""
    command = ["ffmpeg", "-v", minding, "-err_detect", "explode", *arguments, "-"]
    done = subprocess.run(command, input=feeding, capture_output=True, check=False, timeout=50)
    assert (done.returncode, done.stderr.decode()) == (0, "")
    return done.stdout


@pytest.mark.parametrize(
    "number", [0, 1, PERSON_FIRST, LOOP_FRAMES - 1, LOOP_FRAMES, 12_345_678, NUMBERS - 1]
)
def test_frames_carry_their_number_beyond_the_loop(feed: DemoFeed, number: int) -> None:
    assert read_number(luma(feed.jpeg(number))) == number


def test_numbers_begin_again_after_24_bits(feed: DemoFeed) -> None:
    assert read_number(luma(feed.jpeg(NUMBERS + 5))) == 5


def test_a_spliced_frame_is_bit_for_bit_what_an_encoder_would_have_made(feed: DemoFeed) -> None:
    for number in (0, PERSON_FIRST + 3, 0xABCDEF):
        pixels = demo_scene.Scene().draw(demo_scene.picture_of(number))
        band = np.repeat(np.array(cells(number), np.uint8) * 255, 32)
        pixels[:32] = band[None, :, None]
        assert feed.jpeg(number) == demo.encode(pixels)


def test_numbers_survive_x264_at_low_quality_and_half_size(feed: DemoFeed) -> None:
    numbers = [*range(LOOP_FRAMES - 20, LOOP_FRAMES + 10), *range(0xFEDC00, 0xFEDC00 + 30)]
    jpegs = b"".join(map(feed.jpeg, numbers))
    half = ("-vf", "scale=640:360", "-c:v", "libx264", "-preset", "veryfast", "-crf", "28")
    encoded = ffmpeg("-f", "mjpeg", "-i", "-", *half, "-f", "matroska", feeding=jpegs)
    assert len(encoded) < len(jpegs) / 10
    raw = ffmpeg("-i", "-", "-f", "rawvideo", "-pix_fmt", "gray", feeding=encoded)
    frames = np.frombuffer(raw, np.uint8).reshape(-1, 360, 640)
    assert [read_number(frame) for frame in frames] == numbers


def test_other_decoders_have_nothing_to_warn_of(feed: DemoFeed) -> None:
    numbers = range(0, LOOP_FRAMES, 20)
    jpegs = b"".join(map(feed.jpeg, numbers))
    planes = ("-f", "rawvideo", "-pix_fmt", "yuvj420p")
    raw = ffmpeg("-f", "mjpeg", "-i", "-", *planes, feeding=jpegs, minding="warning")
    frames = np.frombuffer(raw, np.uint8).reshape(-1, 720 * 3 // 2, 1280)
    assert [read_number(frame[:720]) for frame in frames] == list(numbers)


def test_pictures_have_the_size_of_a_cameras(feed: DemoFeed) -> None:
    sizes = [len(feed.jpeg(n)) for n in LOOP]
    assert min(sizes) >= 60_000
    assert max(sizes) <= 140_000


def test_the_person_is_there_in_the_known_frames_only() -> None:
    assert [n for n in LOOP if person_box(n)] == list(range(PERSON_FIRST, PERSON_LAST + 1))
    assert person_box(LOOP_FRAMES + PERSON_FIRST) == person_box(PERSON_FIRST)
    for n in range(PERSON_FIRST, PERSON_LAST + 1):
        box = person_box(n)
        assert box is not None
        assert 0 <= box.left < box.right <= 1
        assert HEIGHT < box.top < box.bottom <= 1


def test_the_box_is_where_the_picture_differs_from_the_empty_hall(feed: DemoFeed) -> None:
    empty = below_band(luma(feed.jpeg(0)))
    for n in range(PERSON_FIRST - 20, PERSON_LAST + 20, 1):
        changed = np.abs(below_band(luma(feed.jpeg(n))) - empty) > 12
        box = person_box(n)
        if box is None:
            assert not changed.any(), n
            continue
        columns = np.flatnonzero(changed.any(axis=0)) * 8 / demo_scene.WIDTH
        assert columns.size, n
        assert columns[0] >= box.left - 0.02, n
        assert columns[-1] <= box.right + 0.02, n
        assert changed[:, round(box.left * 160) : round(box.right * 160)].mean() > 0.05, n


def test_standing_she_fills_two_thirds_of_the_height(feed: DemoFeed) -> None:
    box = person_box((PERSON_FIRST + PERSON_LAST) // 2)
    assert box is not None
    assert 0.6 <= box.bottom - box.top <= 0.75


def test_frames_are_due_at_thirty_a_second_for_ever(feed: DemoFeed) -> None:
    pictures = list(islice(feed.pictures(), LOOP_FRAMES + 31))
    assert pictures[30].offset_ns == SECOND
    assert pictures[LOOP_FRAMES + 30].offset_ns == 21 * SECOND
    for one, other in pairwise(pictures):
        assert one.offset_ns + one.duration == other.offset_ns
    assert read_number(luma(pictures[-1].data)) == LOOP_FRAMES + 30


def test_a_later_start_reads_what_the_first_has_drawn(feed: DemoFeed, cache: Path) -> None:
    (kept,) = cache.iterdir()
    before = kept.stat()
    again = demo.open_demo(cache)
    after = kept.stat()
    assert (before.st_ino, before.st_mtime_ns) == (after.st_ino, after.st_mtime_ns)
    assert again.jpeg(300) == feed.jpeg(300)
    again.close()


@pytest.mark.parametrize("damage", ["cut", "flipped", "garbage"])
def test_a_damaged_cache_is_drawn_anew(
    feed: DemoFeed, cache: Path, tmp_path: Path, damage: str
) -> None:
    (kept,) = cache.iterdir()
    good = kept.read_bytes()
    flipped = good[:9_000_000] + bytes((good[9_000_000] ^ 1,)) + good[9_000_001:]
    bad = {"cut": good[:-1], "flipped": flipped, "garbage": b"no pictures"}[damage]
    (tmp_path / kept.name).write_bytes(bad)
    (tmp_path / "demo-0123456789abcdef.jpegs").write_bytes(b"of another version")
    mended = demo.open_demo(tmp_path)
    assert [file.name for file in tmp_path.iterdir()] == [kept.name]
    assert (tmp_path / kept.name).read_bytes() == good
    assert mended.jpeg(300) == feed.jpeg(300)
    mended.close()


def test_without_a_cache_directory_it_plays_from_memory(feed: DemoFeed, tmp_path: Path) -> None:
    no_directory = tmp_path / "a file"
    no_directory.write_text("in the way")
    unkept = demo.open_demo(no_directory / "cache")
    assert unkept.jpeg(300) == feed.jpeg(300)
    unkept.close()


@pytest.mark.parametrize("number", [0, 1, 0x5A5A5A, NUMBERS - 1])
def test_a_damaged_number_is_no_number(number: int) -> None:
    band = np.repeat(np.array(cells(number), np.uint8) * 255, 32)
    picture = np.full((720, 1280), 128, np.uint8)
    picture[:32] = band
    assert read_number(picture) == number
    for column in range(1, 39):
        damaged = picture.copy()
        damaged[:32, column * 32 : (column + 1) * 32] ^= 255
        assert read_number(damaged) is None, column
    for column in range(2, 38):
        damaged = picture.copy()
        damaged[:32, column * 32 : (column + 1) * 32] = 128
        assert read_number(damaged) is None, column


def test_a_picture_without_a_band_has_no_number() -> None:
    noise = np.random.default_rng(1).integers(0, 256, (720, 1280), np.uint8)
    assert read_number(noise) is None
    assert read_number(np.zeros((720, 1280), np.uint8)) is None
    assert read_number(np.zeros((8, 8), np.uint8)) is None


def test_nothing_that_decides_or_records_knows_of_the_demo_camera() -> None:
    """It must be recorded as any camera is: only what opens sources may name it."""
    pure = ("recording", "graph", "store", "detection", "media/engines")
    modules = [file for package in pure for file in (SOURCE / package).rglob("*.py")]
    modules += [SOURCE / "media" / f"{name}.py" for name in ("capture", "journal", "finish")]
    assert len(modules) > 10
    for module in modules:
        tree = ast.parse(module.read_text())
        words = [node.id for node in ast.walk(tree) if isinstance(node, ast.Name)]
        words += [str(node.value) for node in ast.walk(tree) if isinstance(node, ast.Constant)]
        words += [
            ast.unparse(n) for n in ast.walk(tree) if isinstance(n, ast.Import | ast.ImportFrom)
        ]
        docstrings = {
            ast.get_docstring(node, clean=False)
            for node in ast.walk(tree)
            if isinstance(node, ast.Module | ast.ClassDef | ast.FunctionDef)
        }
        assert not [w for w in words if "demo" in w.lower() and w not in docstrings], module
