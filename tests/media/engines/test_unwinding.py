"""GStreamer and ONNX Runtime in one process, whatever was loaded before them."""

import subprocess
import sys
from pathlib import Path

import pytest

SCRIPT = """
import importlib, sys
for name in sys.argv[2:]:
    importlib.import_module(name)
from smartrec.errors import ModelUnusable
from smartrec.media.engines.onnx import open_engine
from smartrec.media.watch.messages import DetectorSetup
try:
    open_engine(DetectorSetup(model=sys.argv[1]))
except ModelUnusable as error:
    print(error)
"""
GST = "smartrec.media.gst"


@pytest.mark.parametrize(
    "before",
    [[GST], ["numpy", GST], ["pydantic_core", GST], [GST, "numpy", "pydantic_core"]],
    ids=" ".join,
)
def test_a_broken_model_is_an_error_and_no_crash(tmp_path: Path, before: list[str]) -> None:
    """C++ exceptions ended the process where numpy was there before GStreamer."""
    model = tmp_path / "broken.onnx"
    model.write_text("no model")
    asked = [sys.executable, "-c", SCRIPT, str(model), *before]
    done = subprocess.run(asked, capture_output=True, text=True, timeout=50, check=False)
    assert done.returncode == 0, done.stderr
    assert "broken.onnx" in done.stdout
