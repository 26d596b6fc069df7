"""The example by hand, run as it is: on stand-ins for DeepStream's elements and for NvDsSR.

Only its camera and its settings are the test's own (see `longhand`); keys come from a terminal.
"""

import json
import os
import pty
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import numpy as np
import pytest
from PIL import Image

from smartrec.media.demo_scene import Scene, picture_of
from tests.deepstream.machine import deepstream_environment
from tests.deepstream.nvdssr.libraries import compiled
from tests.deepstream.test_metadata_opening import Link, StandInPyds, found
from tests.examples.longhand import EXAMPLE
from tests.xserver import XServer

ROOT = Path(__file__).parents[2]
MODEL = ROOT / "src/smartrec/assets/models/nanodet-deepstream.onnx"
PGIE = """
[property]
gie-unique-id=1
onnx-file={model}
model-engine-file={at}/model.engine
labelfile-path=labels.txt
custom-lib-path=deepstream/lib/libnvds_infercustomparser.so
parse-bbox-func-name=NvDsInferParseCustomTfSSD
num-detected-classes=1
model-color-format=1
maintain-aspect-ratio=1
cluster-mode=4
crop-objects-to-roi-boundary=1
[class-attrs-all]
pre-cluster-threshold=0.3
"""
NOBODY, STANDING = 10, 360
"""Pictures of the demo."""
PATIENCE_S = 40


class Terminal:
    """The example in a terminal: what it prints, and keys."""

    def __init__(self, at: Path, platform: str, **settings: object) -> None:
        self.clips = at / "clips"
        self.clips.mkdir()
        environ = deepstream_environment(at, platform)
        shutil.copy(MODEL, at / "model.onnx")  # nvinfer writes its engine beside it
        (at / "pgie.txt").write_text(PGIE.format(model=at / "model.onnx", at=at))
        (at / "labels.txt").write_text("person\n")
        wanted = {
            "USB_DEVICE": pictures(at / "pictures"),
            "SR_BACK_SEC": 2,
            "SR_FRONT_SEC": 2,
            "SMARTREC_DIR": self.clips,
            "DEEPSTREAM": at / "deepstream",
            "PGIE_CONFIG": at / "pgie.txt",
            "PERSON_CLASS_IDS": [0],
            "LIBRARY": compiled(),
            **settings,
        }
        (at / "settings.json").write_text(json.dumps(wanted, default=str))
        self._keys, terminal = pty.openpty()
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.examples.longhand", str(at / "settings.json")],
            cwd=ROOT,
            env={**os.environ, **environ},
            stdin=terminal,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
        )
        os.close(terminal)
        self.said: list[str] = []

    def hears(self, begin: str) -> str:
        """Wait for a line that begins so."""
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self.said.append(line)
            if line.startswith(begin):
                return line
        raise AssertionError("".join(self.said))

    def press(self, key: bytes) -> None:
        os.write(self._keys, key)

    def end(self) -> int:
        assert self._process.stdout is not None
        self.said += self._process.stdout.readlines()
        return self._process.wait(PATIENCE_S)

    def kill(self) -> None:
        self._process.kill()
        self._process.wait()
        assert self._process.stdout is not None
        self._process.stdout.close()
        os.close(self._keys)


@pytest.fixture
def terminals() -> Iterator[list[Terminal]]:
    """Those that run; ended with the test."""
    running: list[Terminal] = []
    yield running
    for each in running:
        each.kill()


def pictures(at: Path) -> Path:
    """Three seconds for a camera to play: nobody, then a person."""
    at.mkdir()
    scene = Scene()
    for number, names in ((NOBODY, range(45)), (STANDING, range(45, 90))):
        Image.fromarray(scene.draw(picture_of(number))).save(at / f"{names[0]:03d}.jpg")
        for name in names[1:]:
            (at / f"{name:03d}.jpg").symlink_to(at / f"{names[0]:03d}.jpg")
    return at


def probed(clip: Path) -> dict[str, Any]:
    entries = "stream=codec_name,width,height,pix_fmt,nb_read_frames:format=duration"
    done = subprocess.run(
        ["ffprobe", "-v", "error", "-count_frames", "-show_entries", entries, "-of", "json", clip],
        capture_output=True,
        check=True,
        timeout=PATIENCE_S,
    )
    read: dict[str, Any] = json.loads(done.stdout)
    return {**read["streams"][0], **read["format"]}


@pytest.mark.long
def test_persons_are_boxed_and_the_key_r_saves_a_clip_from_before_it(
    tmp_path: Path, x_server: XServer, terminals: list[Terminal], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DISPLAY", x_server.display)
    terminal = Terminal(tmp_path, "dgpu")
    terminals.append(terminal)
    terminal.hears("persons: 1")
    terminal.hears("persons: 0")  # three seconds have gone by: the cache is full
    terminal.press(b"r")
    terminal.hears("recording")
    terminal.hears("persons: 1")
    assert_green_is_shown(x_server)
    saved = terminal.hears("saved ")
    terminal.press(b"\x1b")
    assert terminal.end() == 0, terminal.said
    (clip,) = terminal.clips.iterdir()
    assert str(clip) in saved
    seen = probed(clip)
    assert (seen["codec_name"], seen["width"], seen["height"]) == ("h264", 1280, 720)
    # Two seconds before and two after the key; up to one less for want of a keyframe.
    assert 2.2 < float(seen["duration"]) < 4.5
    assert abs(int(seen["nb_read_frames"]) - 30 * float(seen["duration"])) <= 2


def assert_green_is_shown(x_server: XServer) -> None:
    """A box of the example's green comes to the screen."""
    until = time.monotonic() + PATIENCE_S
    while time.monotonic() < until:
        picture = x_server.picture().astype(int)
        green = (picture[..., 1] > 180) & (picture[..., [0, 2]] < 130).all(axis=2)
        if np.count_nonzero(green) > 500:
            return
    raise AssertionError("no green box")


@pytest.mark.long
def test_without_an_encoder_in_hardware_and_left_while_it_records_the_clip_is_whole(
    tmp_path: Path, terminals: list[Terminal]
) -> None:
    terminal = Terminal(tmp_path, "jetson-orin-nano", SCREEN=False)
    terminals.append(terminal)
    terminal.hears("persons: 1")
    terminal.press(b"r")
    terminal.hears("recording")
    terminal.hears("persons: 0")
    terminal.press(b"\x1b")
    assert terminal.end() == 0, terminal.said
    assert any(line.startswith("saved ") for line in terminal.said)
    (clip,) = terminal.clips.iterdir()
    assert probed(clip)["pix_fmt"] == "yuv420p"


def test_an_error_of_an_element_ends_it_and_is_told(
    tmp_path: Path, terminals: list[Terminal]
) -> None:
    terminal = Terminal(tmp_path, "dgpu", SCREEN=False, PGIE_CONFIG=tmp_path / "gone.txt")
    terminals.append(terminal)
    assert terminal.end() == 1
    assert any("Configuration file parsing failed" in line for line in terminal.said)


def test_by_pyds_persons_are_marked_and_the_others_hidden(example: ModuleType) -> None:
    person, unsure, car = found(2), found(2), found(0)
    unsure.confidence = 0.3
    batch = SimpleNamespace(
        frame_meta_list=Link(SimpleNamespace(obj_meta_list=Link(person, unsure, car)))
    )
    assert example.mark_by_pyds(StandInPyds(batch), object()) == 1
    assert person.text_params.display_text == "person 50%"
    assert (person.rect_params.border_width, person.rect_params.border_color.alpha) == (3, 1.0)
    for each in (unsure, car):
        assert each.text_params.display_text == ""
        assert (each.rect_params.border_width, each.rect_params.border_color.alpha) == (0, 0.0)


@pytest.fixture
def example(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    monkeypatch.syspath_prepend(str(EXAMPLE))
    import usb_cam  # type: ignore[import-not-found, unused-ignore]

    module: ModuleType = usb_cam
    return module


def test_both_files_together_are_short_enough_to_read() -> None:
    lines = [len(path.read_text().splitlines()) for path in EXAMPLE.glob("*.py")]
    assert len(lines) == 2
    assert sum(lines) <= 350
