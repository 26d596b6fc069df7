"""A smart recorder on a stage, on each library there is."""

from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest

from smartrec.media.nvdssr import SmartRecorder, SmartRecordLibrary
from tests.deepstream.nvdssr import libraries
from tests.deepstream.nvdssr.stage import Stage, settings

Open = Callable[..., Stage]


@pytest.fixture(params=libraries.names())
def library(request: pytest.FixtureRequest) -> SmartRecordLibrary:
    return libraries.library(request.param)


@pytest.fixture
def stand_in() -> SmartRecordLibrary:
    """For faults of which the real library has no switch."""
    return libraries.library(libraries.STAND_IN)


@pytest.fixture
def open_stage(tmp_path: Path) -> Iterator[Open]:
    """Opens stages: of a library, a class of recorder, and changed settings."""
    stages: list[Stage] = []

    def open_(
        library: SmartRecordLibrary,
        kind: type[SmartRecorder] = SmartRecorder,
        *,
        gop: int = 30,
        **changes: Any,
    ) -> Stage:
        wanted = settings(**{"directory": tmp_path, **changes})
        stage = Stage(lambda done: kind(library, wanted, done), gop)
        stages.append(stage)
        assert isinstance(stage.recorder, SmartRecorder)
        stage.play(stage.recorder.bin)
        return stage

    yield open_
    for stage in stages:
        stage.close()
