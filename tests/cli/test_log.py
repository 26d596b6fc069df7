import subprocess
import sys

SAYS = """
import logging
from smartrec.cli.log import set_log_level
set_log_level("info")
log = logging.getLogger("smartrec.test")
log.debug("not this")
log.info("finishing clips")
log.warning("rtsp://me:secret@host/ is odd")
"""


def test_only_what_is_more_than_said_bears_its_level_and_none_a_password() -> None:
    said = subprocess.run([sys.executable, "-c", SAYS], capture_output=True, text=True, check=True)
    assert said.stderr.splitlines() == [
        "smartrec: finishing clips",
        "smartrec: WARNING: rtsp://me:***@host/ is odd",
    ]
