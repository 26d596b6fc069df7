"""Pictures for the pipelines."""

import pytest
from PIL import Image

from smartrec.media.demo_scene import Scene, picture_of
from tests.deepstream.scenes import ELSEWHERE, NOBODY, STANDING


@pytest.fixture(scope="session")
def pictures(tmp_path_factory: pytest.TempPathFactory) -> dict[int, str]:
    """JPEGs of the demo by number."""
    scene, at = Scene(), tmp_path_factory.mktemp("pictures")
    made = {}
    for number in (NOBODY, STANDING, ELSEWHERE):
        path = at / f"{number}.jpg"
        Image.fromarray(scene.draw(picture_of(number))).save(path, quality=90)
        made[number] = str(path)
    return made
