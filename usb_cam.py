"""Record persons before a USB camera. Set what you want here, then press F5 or Run."""

import os
import shlex
import sys
from pathlib import Path
from typing import NoReturn

# ------------------------------------------------------------------------------------ settings
USB_DEVICE = None  # such as "/dev/video0"; None: the first camera, or the demo if there is none
WIDTH, HEIGHT, FPS = 1280, 720, 30  # the nearest that the camera offers is taken
SR_BACK_SEC = 10  # a clip begins so many seconds before a person comes, or before the key R
SR_FRONT_SEC = 10  # and ends so many after the last one has left
SMARTREC_DIR = "SmartRecDir"  # where clips go; relative paths here start beside this file
PGIE_CONFIG = None  # a configuration of DeepStream's nvinfer (.txt); None: the built-in model
PERSON_CLASS_IDS = None  # such as [0]; None: the class that the model calls "person"
MIN_PERSON_CONF = None  # such as 0.5: from which confidence on; None: what suits the model
# --------------------------------------------------------------------- nothing to set below here

ROOT = Path(__file__).resolve().parent
VENV = ROOT / ".venv"


def enter_venv() -> None:
    """Start again in the project's own Python, unless this is it already."""
    if Path(sys.prefix).resolve() == VENV.resolve():
        return
    python = VENV / "bin" / "python"
    if not (python.exists() and (VENV / "pyvenv.cfg").exists()):
        ask_for_setup()
    os.execv(str(python), [str(python), str(Path(__file__).resolve())])


def ask_for_setup() -> NoReturn:
    """Name the one command that is missing, and end."""
    command = shlex.quote(str(ROOT / "run.sh"))
    sys.stderr.write(f"smartrec is not set up yet. Run this once: {command} --setup-only\n")
    sys.exit(2)


def main() -> None:
    """Record until ESC."""
    enter_venv()
    try:
        from smartrec.cli.main import run_with
        from smartrec.media.devices import cameras
    except ModuleNotFoundError:
        ask_for_setup()
    source = f"usb:{USB_DEVICE}" if USB_DEVICE else "usb" if cameras() else "demo"
    run_with(
        {
            "camera": [{"source": source, "size": f"{WIDTH}x{HEIGHT}", "fps": FPS}],
            "recording.pre_roll": SR_BACK_SEC,
            "recording.post_roll": SR_FRONT_SEC,
            "recording.directory": str(ROOT / SMARTREC_DIR),
            "detector.model": str(ROOT / PGIE_CONFIG) if PGIE_CONFIG else None,
            "detector.person_class_ids": PERSON_CLASS_IDS,
            "detector.min_confidence": MIN_PERSON_CONF,
        }
    )


if __name__ == "__main__":
    main()
