"""What is told of a camera that cannot be used; that one can be is shown in tests/usb.

Where the kernel would need a camera, another character device stands in: a pseudo-terminal that a
child process holds, the null device that offers no video.
"""

import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import pytest

from smartrec.errors import CameraBusy, CameraError, CameraGone, CameraUnusable, PipelineError
from smartrec.media import devices
from smartrec.media.v4l2 import Node


@pytest.fixture
def terminal() -> Iterator[Path]:
    master, slave = os.openpty()
    name = Path(os.ttyname(slave))
    os.close(slave)
    yield name
    os.close(master)


@pytest.fixture
def child_that_holds(terminal: Path) -> Iterator[int]:
    script = f"import sys; f = open({str(terminal)!r}, 'rb'); print('held', flush=True); input()"
    with subprocess.Popen(
        [sys.executable, "-c", script], stdin=subprocess.PIPE, stdout=subprocess.PIPE
    ) as child:
        assert child.stdout is not None
        assert child.stdout.readline() == b"held\n"
        yield child.pid
        child.kill()


def test_nodes_are_in_the_order_of_their_numbers(tmp_path: Path) -> None:
    for name in ("video10", "video2", "video0", "videobuf", "media0"):
        (tmp_path / name).touch()
    assert [p.name for p in devices.video_nodes(tmp_path)] == ["video0", "video2", "video10"]


def test_the_process_that_holds_a_device_is_named(terminal: Path, child_that_holds: int) -> None:
    held = devices.holders(terminal)
    assert [holder.pid for holder in held] == [child_that_holds]
    assert held[0].name.startswith("python")


def test_a_device_that_nobody_holds_has_no_holder(terminal: Path) -> None:
    assert devices.holders(terminal) == ()
    assert devices.holders(Path("/dev/video-that-never-was")) == ()


def test_a_busy_device_says_who_holds_it_and_how_to_end_that(
    terminal: Path, child_that_holds: int
) -> None:
    trouble = devices.busy(terminal)
    assert isinstance(trouble, CameraBusy)
    assert f"(pid {child_that_holds})" in str(trouble)
    assert trouble.hint is not None
    assert f"kill {child_that_holds}" in trouble.hint


def test_another_program_is_blamed_before_what_this_one_left_open(
    terminal: Path, child_that_holds: int
) -> None:
    with terminal.open("rb"):
        assert f"(pid {child_that_holds})" in str(devices.busy(terminal))


def test_a_device_that_only_this_program_holds_is_configured_twice(terminal: Path) -> None:
    with terminal.open("rb"):
        trouble = devices.busy(terminal)
    assert "this recorder itself" in str(trouble)
    assert trouble.hint is not None
    assert "[[camera]]" in trouble.hint


@pytest.mark.parametrize("selector", ["/dev/video4711", "usb-nobody_made_this-video-index0"])
def test_a_camera_that_is_not_there_is_gone(selector: str) -> None:
    with pytest.raises(CameraGone, match="not there") as caught:
        devices.find(selector)
    assert caught.value.hint is not None
    assert "smartrec cameras" in caught.value.hint


@pytest.mark.parametrize("path", ["/dev/null", __file__])
def test_what_is_no_camera_is_unusable(path: str) -> None:
    with pytest.raises(CameraUnusable, match="not a camera"):
        devices.find(path)


def test_an_error_of_a_camera_that_is_gone_becomes_that_and_keeps_its_cause() -> None:
    posted = PipelineError("source", "Could not read from resource.")
    error = devices.camera_error(Path("/dev/video4711"), posted)
    assert isinstance(error, CameraGone)
    assert error.__cause__ is posted


def test_an_error_of_a_device_that_is_there_keeps_its_words() -> None:
    error = devices.camera_error(Path("/dev/null"), PipelineError("source", "odd thing"))
    assert "odd thing" in str(error)
    assert error.hint is not None


@pytest.mark.parametrize(
    ("mode", "groups", "member", "says"),
    [
        (0o660, set[int](), False, "usermod -aG"),
        (0o660, set[int](), True, "newgrp"),
        (0o660, {os.getgid()}, True, "container"),
        (0o600, set[int](), False, "ls -l"),
    ],
)
def test_forbidden_says_what_would_give_the_right(
    tmp_path: Path, mode: int, groups: set[int], member: bool, says: str
) -> None:
    node = tmp_path / "video0"
    node.touch(mode=0o600)
    node.chmod(mode)
    os.chown(node, -1, os.getgid())
    trouble = devices.forbidden(node, groups=groups, listed=lambda _group: member)
    assert trouble.hint is not None
    assert says in trouble.hint + str(trouble)


def test_opening_looks_and_disturbs_nobody(terminal: Path, child_that_holds: int) -> None:
    with Node(terminal):
        assert child_that_holds in {holder.pid for holder in devices.holders(terminal)}
    assert os.getpid() not in {holder.pid for holder in devices.holders(terminal)}


def test_a_device_that_fails_while_it_is_asked_is_a_cameras_error() -> None:
    with pytest.raises(CameraError), devices.opened(Path("/dev/null")) as node:
        node.set(1, 1)
