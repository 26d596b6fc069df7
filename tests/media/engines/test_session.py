"""What ONNX Runtime does besides running models."""

import os
import subprocess
import sys
from importlib import resources
from pathlib import Path

LOAD = """
import sys
from pathlib import Path
from smartrec.media.engines.session import Session

Session(Path(sys.argv[1]), 1)
"""


def test_a_model_is_loaded_without_a_device_id_or_reports_to_anybody(tmp_path: Path) -> None:
    model = Path(str(resources.files("smartrec"))) / "assets/models/nanodet.onnx"
    kept = {name: value for name, value in os.environ.items() if not name.startswith("XDG_")}
    kept.pop("ORT_DISABLE_TELEMETRY", None)
    command = [sys.executable, "-B", "-c", LOAD, str(model)]
    subprocess.run(command, check=True, env={**kept, "HOME": str(tmp_path)}, timeout=120)
    assert not list(tmp_path.rglob("*")), "it collects reports in ~/.cache/Microsoft"
