"""The real decoder and converter of DeepStream register on a machine without a GPU."""

import platform
import subprocess
from pathlib import Path

import pytest

from tests.deepstream.wheel import environment, libraries, stand_ins

FOUND = libraries()
ABSENT = "the wheel nvidia-deepstream-videodecode-cu13 is not installed"


@pytest.mark.skipif(platform.machine() != "x86_64", reason="the wheel exists for x86-64 only")
def test_the_wheel_is_installed_where_it_exists() -> None:
    assert FOUND is not None
    assert (FOUND / "libnvds_meta.so").is_file()


@pytest.mark.skipif(FOUND is None, reason=ABSENT)
def test_real_decoder_and_converter_register_without_a_gpu(tmp_path: Path) -> None:
    assert FOUND is not None
    child = environment(FOUND, stand_ins(tmp_path), tmp_path / "registry")
    for element in ("nvv4l2decoder", "nvvideoconvert"):
        said = subprocess.run(
            ["gst-inspect-1.0", element], env=child, capture_output=True, text=True, timeout=50
        )
        assert said.returncode == 0, said.stdout + said.stderr
        assert str(FOUND) in said.stdout
