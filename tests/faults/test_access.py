"""Who may come in is known as it was before or after a change, whatever fails and whoever dies."""

from pathlib import Path

import pytest

from tests.faults.test_deleting import run
from tests.faults.totals import Totals

SAMPLES = [
    pytest.param(1, marks=pytest.mark.exhaustive, id="all"),
    pytest.param(15, marks=pytest.mark.long, id="every 15th"),
]


@pytest.mark.parametrize("every", SAMPLES)
@pytest.mark.parametrize("kills", [True, False])
@pytest.mark.timeout(600)
def test_a_fault_while_users_change_opens_the_page_to_nobody_and_loses_no_user(
    tmp_path: Path, kills: bool, every: int, totals: Totals
) -> None:
    outcomes = run(tmp_path, kills=kills, every=every, scene="access_points")
    wrong = [outcome for outcome in outcomes if outcome["broken"]]
    what = "SIGKILL at a call" if kills else "a call fails"
    totals(
        f"{what} while users are added and removed",
        tried=len(outcomes),
        held=len(outcomes) - len(wrong),
    )
    assert len(outcomes) > 50 // every
    assert wrong == []
