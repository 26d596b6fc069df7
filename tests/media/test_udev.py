"""The udev daemon's news; that there is any is shown in tests/usb, where cameras are plugged in."""

import select

from smartrec.media.udev import Monitor


def test_a_monitor_that_hears_nothing_waits_for_nothing() -> None:
    monitor = Monitor("no-such-subsystem")
    try:
        assert select.select([monitor], [], [], 0) == ([], [], [])
        assert monitor.take() is None
    finally:
        monitor.close()
    monitor.close()
