"""When a port's power is switched."""

from smartrec.app.power import AFTER, AT_MOST_EVERY, PowerCycling
from smartrec.errors import CameraBusy, CameraGone, CameraSilent
from smartrec.units import SECOND, Ns


def failed(power: PowerCycling, times: int) -> PowerCycling:
    for _ in range(times):
        power.failed(CameraSilent("nothing"))
    return power


def test_it_is_switched_after_a_row_of_failures_and_seldom() -> None:
    power = failed(PowerCycling(wanted=True), AFTER - 1)
    assert not power.due(SECOND)
    power.failed(CameraGone("gone"))
    assert power.due(SECOND)
    assert not power.due(SECOND)
    failed(power, AFTER)
    assert not power.due(AT_MOST_EVERY)
    assert power.due(Ns(AT_MOST_EVERY + SECOND))


def test_pictures_end_the_row() -> None:
    power = failed(PowerCycling(wanted=True), AFTER - 1)
    power.worked()
    assert not failed(power, AFTER - 1).due(SECOND)


def test_it_is_never_switched_unasked_nor_for_what_power_cannot_mend() -> None:
    assert not failed(PowerCycling(wanted=False), 2 * AFTER).due(SECOND)
    power = PowerCycling(wanted=True)
    for _ in range(2 * AFTER):
        power.failed(CameraBusy("held"))
    assert not power.due(SECOND)
