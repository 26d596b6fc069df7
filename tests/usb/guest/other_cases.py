"""More of what cameras do, in the virtual machine: other formats, bad pictures, two at once.

The machine has three cameras: two that send JPEGs, one that sends raw pictures. All but the first
are unplugged at first.
"""

import itertools
import re
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import pytest

from smartrec.app.settings_question import Do, Question
from smartrec.app.wire import ask_settings, find_socket
from smartrec.model import ClipState
from tests.e2e.pictures import numbers
from tests.e2e.recorder import Home, Recorder, environment, settings
from tests.usb.guest.clips import (
    LOST,
    exact,
    finished,
    record,
    started,
    wait_live,
    wait_lost,
    wait_ready,
    wait_ring,
    whole,
)
from tests.usb.guest.plug import TIMEOUT, Plug, wait_for
from tests.usb.pictures import numbers_in, serials_in

FAULTY = 5


def test_a_busy_camera_names_its_holder_and_is_recorded_once_it_is_free(
    home: Home, plug: Plug
) -> None:
    command = ["gst-launch-1.0", "-v", "v4l2src", f"device={plug.wait_node()}", "!", "image/jpeg"]
    command += ["!", "fakesink", "silent=false"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as other:
        assert other.stdout is not None
        assert any("chain" in line for line in other.stdout)
        with started(home, "--source", "usb") as alone:
            alone.wait_for(rf"{LOST}.* is held by gst-launch-1.0 \(pid {other.pid}\)", TIMEOUT)
            other.terminate()
            other.communicate()
            wait_live(alone)
            exact(alone)


def test_a_camera_without_jpeg_is_recorded(home: Home, plug: Plug) -> None:
    raw = Plug(2)
    plug.unplug()
    raw.plug()
    raw.wait_node()
    plug.wait_no_node()
    try:
        with started(home) as alone:
            wait_live(alone)
            asked = record(alone)
            wait_ready(alone)
    finally:
        raw.unplug()
    row = finished(home, asked)
    assert row.state is ClipState.COMPLETE
    assert row.path is not None
    drawn = [number for number in numbers(row.path, 640, 480) if number is not None]
    assert len(drawn) == row.written
    steps = [later - earlier for earlier, later in itertools.pairwise(drawn)]
    assert min(steps) == 1
    # At its edges some may lack that no number of a neighbour shows.
    assert sum(steps) - len(steps) <= sum(row.lost.values())
    assert row.expected == row.written + sum(row.lost.values())


def test_two_cameras_that_change_numbers_stay_who_they_are(
    home: Home, plug: Plug, tmp_path: Path
) -> None:
    both = (plug, Plug(1))
    both[1].plug()
    links = [f"usb:{_lasting(each)}" for each in both]
    file = settings(tmp_path / "two.toml", links)
    try:
        with started(home, "--config", str(file)) as running:
            wait_live(running)
            before = [each.wait_node() for each in both]
            for each in both:
                each.unplug()
                each.wait_no_node()
            wait_lost(running)
            for each in reversed(both):
                each.plug()
                each.wait_node()
            assert [each.wait_node() for each in both] != before
            wait_live(running)
            asked = [record(running, camera) for camera in ("cam0", "cam1")]
            wait_ready(running, 2)
    finally:
        both[1].unplug()
    for clip, each in zip(asked, both, strict=True):
        row = finished(home, clip)
        assert row.path is not None
        assert whole(row)
        assert serials_in(row.path.read_bytes()) == {each.serial}


def _lasting(plug: Plug) -> Path:
    plug.wait_node()
    return next(Path("/dev/v4l/by-id").glob(f"*{plug.serial}-video-index0"))


def test_a_camera_that_takes_other_settings_is_not_lost_and_costs_the_other_nothing(
    home: Home, plug: Plug, tmp_path: Path
) -> None:
    file, (one, two) = tmp_path / "s.toml", _sources(plug)
    small = 'size = "640x480"\nfps = 15.0\ncontrols = { extra = { brightness = 7 } }'
    with _both(file, home, one, two) as running:
        goes_on, cut = record(running, "two"), record(running, "one")
        _written(file, f'id = "one"\n{one}\n{small}', f'id = "two"\n{two}')
        assert _reloaded(running)["restarted"] == ["one"]
        running.wait_for("one: 640x480", TIMEOUT)
        wait_ready(running, 2)
        running.stop()
    for clip, state in ((goes_on, ClipState.COMPLETE), (cut, ClipState.STOPPED)):
        row = finished(home, clip)
        whole(row)
        assert row.state is state
    assert not [line for line in running.said if re.search(LOST, line)]


def test_cameras_swap_their_ids_and_go_without_being_lost(
    home: Home, plug: Plug, tmp_path: Path
) -> None:
    file, (one, two) = tmp_path / "s.toml", _sources(plug)
    with _both(file, home, one, two) as running:
        _written(file, f'id = "one"\n{two}', f'id = "two"\n{one}')
        assert _reloaded(running)["restarted"] == ["one", "two"]
        wait_live(running)
        _written(file, f'id = "three"\n{two}', f'id = "two"\n{one}')
        assert _reloaded(running)["added"] == ["three"]
        wait_live(running)
        asked = [record(running, camera) for camera in ("three", "two")]
        wait_ready(running, 2)
        _written(file, f'id = "two"\n{one}')
        assert _reloaded(running)["removed"] == ["three"]
        wait_for(lambda: _nodes_held(running) == {plug.wait_node()}, "a node is still held")
        running.stop()
    for clip, serial in zip(asked, (Plug(1).serial, plug.serial), strict=True):
        row = finished(home, clip)
        assert row.path is not None
        assert whole(row)
        assert serials_in(row.path.read_bytes()) == {serial}
    assert not [line for line in running.said if re.search(LOST, line)]


def _sources(plug: Plug) -> list[str]:
    other = Plug(1)
    other.plug()
    return [f'source = "usb:{_lasting(each)}"' for each in (plug, other)]


@contextmanager
def _both(file: Path, home: Home, one: str, two: str) -> Iterator[Recorder]:
    """A recorder of two cameras that send; the second is unplugged at the end."""
    _written(file, f'id = "one"\n{one}', f'id = "two"\n{two}')
    try:
        with started(home, "--config", str(file)) as running:
            wait_live(running)
            yield running
    finally:
        Plug(1).unplug()


def _written(file: Path, *cameras: str) -> None:
    file.write_text("".join(f"[[camera]]\n{camera}\n" for camera in cameras))


def _reloaded(running: Recorder) -> dict[str, object]:
    """What came of the settings as they stand in the file now."""
    place = find_socket(running.home.clips, running.home.environ)
    question = Question(Do.RELOAD, by="test")
    answer = ask_settings(place, question, clip_dir=running.home.clips)
    applied = answer["applied"]
    assert isinstance(applied, dict), answer
    return applied


def _nodes_held(running: Recorder) -> set[Path]:
    """Video nodes that the recorder has open, however often."""
    held = set()
    for link in Path(f"/proc/{running.pid}/fd").iterdir():
        with suppress(FileNotFoundError):  # one that is closed meanwhile
            held.add(link.readlink())
    return {path for path in held if path.name.startswith("video")}


@pytest.fixture(scope="module")
def running(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Recorder]:
    """One recorder of the first camera, by its lasting name."""
    place = tmp_path_factory.mktemp("recorder")
    environ = environment(place / "run", place / "state", place / "cache")
    Plug().wait_node()
    with started(Home(place / "clips", environ)) as recorder:
        yield recorder


def spoilt_while_recording(
    running: Recorder, plug: Plug, fault: str
) -> tuple[list[int], list[int], int]:
    """Numbers in a clip, numbers of the faulty pictures, and how many the clip counts lost."""
    wait_ring(running)
    before = len(plug.stat()["spoilt"])
    asked = record(running)
    plug.spoil(fault, FAULTY)
    wait_ready(running)
    row = finished(running.home, asked)
    assert row.state is ClipState.COMPLETE
    assert row.path is not None
    held = numbers_in(row.path.read_bytes())
    assert row.written == len(held)
    spoilt = plug.stat()["spoilt"][before:]
    assert len(spoilt) == FAULTY
    return held, spoilt, sum(row.lost.values())


@pytest.mark.parametrize("fault", ["truncated", "no-end"])
def test_pictures_that_are_cut_are_left_out_and_counted(
    running: Recorder, plug: Plug, fault: str
) -> None:
    held, spoilt, lost = spoilt_while_recording(running, plug, fault)
    assert held == [n for n in range(held[0], held[-1] + 1) if n not in spoilt]
    assert lost == FAULTY


def test_pictures_without_huffman_tables_are_pictures(running: Recorder, plug: Plug) -> None:
    held, spoilt, lost = spoilt_while_recording(running, plug, "no-tables")
    assert held == list(range(held[0], held[-1] + 1))
    assert set(spoilt) <= set(held)
    assert lost == 0


def test_empty_pictures_cost_themselves_alone(running: Recorder, plug: Plug) -> None:
    held, spoilt, _ = spoilt_while_recording(running, plug, "empty")
    assert held == [n for n in range(held[0], held[-1] + 1) if n not in spoilt]
    exact(running)


def test_a_camera_unplugged_while_idle_is_recorded_again_when_it_is_back(
    running: Recorder, plug: Plug
) -> None:
    plug.unplug()
    wait_lost(running)
    plug.wait_no_node()
    plug.plug()
    wait_live(running)
    exact(running)
