"""What the watch is told at its start: an address with a password only where it needs it."""

from pathlib import Path

import pytest

from smartrec.app.watching import setup_of
from smartrec.config.schema import Config
from smartrec.media.watch.link import decode, encode

ADDRESS = "rtsp://me:s3cret@camera/main"


def config(recorder: str) -> Config:
    cameras = [{"source": "demo"}, {"source": ADDRESS}]
    return Config.model_validate({"camera": cameras, "recording": {"recorder": recorder}})


@pytest.mark.parametrize(("recorder", "uris"), [("ring", ()), ("nvdssr", (("cam1", ADDRESS),))])
def test_a_watch_that_records_by_itself_is_told_where_cameras_on_the_network_are(
    tmp_path: Path, recorder: str, uris: tuple[tuple[str, str], ...]
) -> None:
    setup = setup_of(config(recorder), tmp_path, terminal_keys=False)
    assert setup.uris == uris
    assert decode(*encode(setup)) == setup
    assert "s3cret" not in repr(setup)
    assert "s3cret" not in repr(config(recorder))
