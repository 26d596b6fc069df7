"""The real program on a DeepStream that is not whole, and with its Smart Record; simulated.

See `tests.e2e.test_deepstream`.
"""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from smartrec.units import SECOND
from tests.deepstream.machine import deepstream_environment
from tests.deepstream.nvdssr.libraries import compiled
from tests.deepstream.stand_ins.inferring import SWALLOWS
from tests.e2e.pictures import check
from tests.e2e.recorder import DETECTING, Home, Recorder
from tests.e2e.test_persons import looks_of

PRE, POST = 2 * SECOND, 2 * SECOND
TIMING = ("--pre-roll", "2s", "--post-roll", "2s")

Broken = Callable[[str], dict[str, str]]


@pytest.fixture
def broken(tmp_path: Path) -> Broken:
    """The environment of a machine whose DeepStream lacks a file."""

    def made(file: str) -> dict[str, str]:
        environ = {**deepstream_environment(tmp_path), **DETECTING}
        (tmp_path / "deepstream" / file).unlink()
        return environ

    return made


@pytest.mark.long
@pytest.mark.parametrize("file", ["lib/libnvds_infercustomparser.so", "lib/libnvds_meta.so"])
def test_half_installed_the_portable_engine_takes_over_and_says_why(
    home: Home, broken: Broken, file: str
) -> None:
    with Recorder(home, ("demo", *TIMING), environ=broken(file)) as running:
        told = running.wait_for(r"DeepStream is not used until smartrec is started again: (.*)")
        assert Path(file).name in told[1]
        running.wait_for(r"sees persons from 50% on \(NanoDet-G\)")
        clip = running.trigger().clip_id
        running.wait_ready()
        running.stop()
    row = next(row for row in home.rows() if row["clip_id"] == clip)
    assert row["engine"] == "onnx"
    assert looks_of(home, row), "it looks"


@pytest.mark.long
def test_half_installed_and_asked_for_by_name_it_records_by_command(
    home: Home, broken: Broken
) -> None:
    environ = broken("lib/libnvds_infercustomparser.so")
    begin = ("demo", "--engine", "deepstream", *TIMING)
    with Recorder(home, begin, environ=environ) as running:
        running.wait_for(r"nobody is looked for: .*libnvds_infercustomparser\.so")
        running.wait_ring(PRE / SECOND)
        at = time.monotonic_ns()
        running.trigger(pts=at)
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    check(row, at - PRE, at + POST)
    assert row["engine"] == "none"


@pytest.mark.long
@pytest.mark.timeout(150)
def test_pipeline_that_gives_no_pictures_any_more_is_started_again(
    home: Home, tmp_path: Path
) -> None:
    hangs = tmp_path / "hangs"
    environ = {**deepstream_environment(tmp_path), **DETECTING, SWALLOWS: str(hangs)}
    with Recorder(home, ("demo", "--engine", "deepstream", *TIMING), environ=environ) as running:
        running.wait_for("sees persons")
        hangs.touch()
        running.wait_for("DeepStream is started again: .*pictures go in and none comes out")
        hangs.unlink()
        running.wait_for("its engine has failed")
        running.wait_for("sees persons")
        running.wait_for(r"recording \(person\)")
        running.stop()


@pytest.mark.long
@pytest.mark.timeout(150)
def test_where_no_picture_ever_comes_out_the_portable_engine_takes_over(
    home: Home, tmp_path: Path
) -> None:
    hangs = tmp_path / "hangs"
    hangs.touch()
    environ = {**deepstream_environment(tmp_path), **DETECTING, SWALLOWS: str(hangs)}
    with Recorder(home, ("demo", *TIMING), environ=environ) as running:
        running.wait_for(r"DeepStream is not used until .*: .*none comes out")
        running.wait_for(r"sees persons from 50% on \(NanoDet-G\)")
        running.wait_for(r"recording \(person\)")
        running.stop()


@pytest.mark.long
def test_smart_records_own_file_becomes_the_exact_clip(home: Home, tmp_path: Path) -> None:
    environ = {
        **deepstream_environment(tmp_path),
        **DETECTING,
        "SMARTREC_TRIGGER__PERSON": "false",
        "SMARTREC_RECORDING__SMART_RECORD_LIBRARY": str(compiled()),
    }
    begin = ("demo", "--engine", "deepstream", "--recorder", "nvdssr", *TIMING)
    with Recorder(home, begin, environ=environ) as running:
        running.wait_for("sees persons")
        running.wait_until(lambda status: status["watch"]["records"])
        running.wait_ring(PRE / SECOND + 2)
        at = time.monotonic_ns()
        running.trigger(pts=at)
        running.wait_ready()
        running.stop()
    (row,) = home.rows()
    check(row, at - PRE, at + POST)
    # On a machine that is too busy for its encoder the journal makes the clip, and that is told.
    assert row["encoder"] == "nvdssr" or "is made from the journal" in running.everything
