"""Pages of which several tests ask something."""

from collections.abc import Iterator

import pytest

from tests.web.child import IMPATIENT, Child, setup


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
