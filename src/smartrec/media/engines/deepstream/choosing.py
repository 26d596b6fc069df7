"""Whether DeepStream is to be the engine; cheap where there is none."""

import os
from typing import TYPE_CHECKING

from smartrec.errors import EngineMissing, SmartrecError
from smartrec.media.engines.deepstream.installed import find_installed, has_nvidia
from smartrec.media.watch.messages import Setup

if TYPE_CHECKING:
    from smartrec.media.engines.deepstream.here import Here


def find(setup: Setup) -> "tuple[Here | None, SmartrecError | None]":
    """The DeepStream that can do what is asked, or why there is none.

    Args:
        setup: With a detector whose engine is not the portable one.

    Returns:
        What to use, and None; or None and why. Neither where nobody could have hoped for it: no GPU
        of NVIDIA's is here, and any engine will do.
    """
    assert setup.detector is not None
    try:
        installed = find_installed(os.environ)
    except EngineMissing as error:
        hoped = setup.detector.engine == "deepstream" or has_nvidia()
        return None, error if hoped else None
    # Only now: it brings GStreamer along, without which most watches are smaller.
    from smartrec.media.engines.deepstream.here import look_here
    from smartrec.media.engines.deepstream.model import why_not

    refused = why_not(setup.detector)
    if refused is not None:
        return None, refused
    try:
        return look_here(installed, shows=setup.screen is not None), None
    except SmartrecError as error:
        return None, error
