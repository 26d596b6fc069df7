"""The real decoder and converter of DeepStream register on a machine without a GPU."""

import platform
import subprocess
import sys
from pathlib import Path

import pytest

from tests.deepstream.wheel import environment, libraries, stand_ins

FOUND = libraries()
ABSENT = "the wheel nvidia-deepstream-videodecode-cu13 is not installed"
WHERE = """
import sys
from smartrec.media.gst import Gst
for name in sys.argv[1:]:
    print(Gst.ElementFactory.find(name).get_plugin().get_filename())
"""


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the wheel exists for x86-64 only")
def test_the_wheel_is_installed_where_it_exists() -> None:
    assert FOUND is not None
    assert (FOUND / "libnvds_meta.so").is_file()


@pytest.mark.skipif(FOUND is None, reason=ABSENT)
def test_real_decoder_and_converter_register_without_a_gpu(tmp_path: Path) -> None:
    assert FOUND is not None
    child = environment(FOUND, stand_ins(tmp_path), tmp_path / "registry")
    said = subprocess.run(
        [sys.executable, "-c", WHERE, "nvv4l2decoder", "nvvideoconvert"],
        check=True,
        env=child,
        capture_output=True,
        text=True,
        timeout=50,
    ).stdout
    assert said.split() == [
        str(FOUND / "libgstnvvideo4linux2.so"),
        str(FOUND / "libgstnvvideoconvert.so"),
    ]
