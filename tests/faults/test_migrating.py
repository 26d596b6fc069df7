"""A catalogue that is brought up to date is whole, whatever fails and whenever it is killed."""

from pathlib import Path

import pytest

from tests.faults.test_deleting import run
from tests.faults.totals import Totals

SAMPLES = [
    pytest.param(1, marks=pytest.mark.exhaustive, id="all"),
    pytest.param(10, marks=pytest.mark.long, id="every 10th"),
]


@pytest.mark.parametrize("every", SAMPLES)
@pytest.mark.parametrize("kills", [True, False])
@pytest.mark.timeout(600)
def test_a_fault_while_a_catalogue_is_brought_up_to_date_costs_no_clip(
    tmp_path: Path, kills: bool, every: int, totals: Totals
) -> None:
    outcomes = run(tmp_path, kills=kills, every=every, scene="migration_points")
    wrong = [outcome for outcome in outcomes if outcome["broken"]]
    what = "SIGKILL at a call" if kills else "a call fails"
    totals(
        f"{what} while a catalogue is brought up to date",
        tried=len(outcomes),
        held=len(outcomes) - len(wrong),
    )
    assert len(outcomes) > 50 // every
    assert wrong == []
