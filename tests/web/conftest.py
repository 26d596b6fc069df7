"""Pages of which several tests ask something."""

from collections.abc import Iterator

import pytest

from tests.web.child import IMPATIENT, Child, setup
from tests.web.recorder import Behind


@pytest.fixture(scope="module")
def page(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """One without a recorder behind it, with two cameras."""
    with Child(setup(tmp_path_factory.mktemp("page"), cameras=2)) as child:
        yield child


@pytest.fixture(scope="module")
def impatient(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Child]:
    """One that waits for nobody."""
    with Child(setup(tmp_path_factory.mktemp("page"), cameras=2), IMPATIENT) as child:
        yield child


@pytest.fixture(scope="module")
def recorder(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Behind]:
    made = setup(tmp_path_factory.mktemp("recorder"))
    with Child(made) as page, Behind(page).listening() as behind:
        yield behind


@pytest.fixture
def behind(recorder: Behind) -> Behind:
    """A page with a recorder behind it."""
    recorder.forget()
    return recorder
