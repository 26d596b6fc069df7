"""A camera is called the same everywhere."""

import pytest

from smartrec.app.camera import CameraPhase
from smartrec.app.standing import stands


@pytest.mark.parametrize(
    ("phase", "silent", "pictures", "word"),
    [
        (CameraPhase.STARTING, False, 0, "starting"),
        (CameraPhase.LIVE, False, 1, "live"),
        (CameraPhase.LIVE, True, 1, "silent"),
        (CameraPhase.LOST, False, 0, "unseen"),
        (CameraPhase.LOST, False, 1, "lost"),
        (CameraPhase.ENDED, False, 0, "ended"),
    ],
)
def test_a_camera_that_never_sent_a_picture_is_not_lost(
    phase: CameraPhase, silent: bool, pictures: int, word: str
) -> None:
    assert stands(phase.value, silent=silent, pictures=pictures) == word
