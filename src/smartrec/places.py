"""Where this machine keeps what is neither settings nor clips."""

import os
from collections.abc import Mapping
from pathlib import Path


def state_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Where what must survive is kept; ``SMARTREC_STATE_DIR`` overrides XDG's place. Not made."""
    if override := environ.get("SMARTREC_STATE_DIR"):
        return Path(override).absolute()
    from platformdirs import user_state_path  # late: costs `trigger` 30 ms

    return user_state_path("smartrec")


def cache_dir(environ: Mapping[str, str] = os.environ) -> Path:
    """Where what can be made again is kept; ``SMARTREC_CACHE_DIR`` overrides XDG's. Not made."""
    if override := environ.get("SMARTREC_CACHE_DIR"):
        return Path(override).absolute()
    from platformdirs import user_cache_path  # late: costs `trigger` 30 ms

    return user_cache_path("smartrec")
