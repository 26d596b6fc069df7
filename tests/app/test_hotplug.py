"""Nodes that come and go, told once each."""

from pathlib import Path

from smartrec.app.hotplug import Nodes, Plugged

ONE, TWO = Path("/dev/video0"), Path("/dev/video2")
OLD, NEW = (81, 100), (81, 200)


def test_a_node_is_told_when_it_is_seen_twice() -> None:
    nodes = Nodes({ONE: OLD})
    there = {ONE: OLD, TWO: NEW}
    assert nodes.look(there) == []
    assert nodes.look(there) == [Plugged(TWO, there=True)]
    assert nodes.look(there) == []


def test_a_node_that_is_gone_is_told_at_once() -> None:
    nodes = Nodes({ONE: OLD, TWO: NEW})
    assert nodes.look({TWO: NEW}) == [Plugged(ONE, there=False)]
    assert nodes.look({TWO: NEW}) == []


def test_another_node_of_the_same_name_has_gone_and_come() -> None:
    nodes = Nodes({ONE: OLD})
    assert nodes.look({ONE: NEW}) == [Plugged(ONE, there=False)]
    assert nodes.look({ONE: NEW}) == [Plugged(ONE, there=True)]


def test_what_udev_has_told_is_not_told_again() -> None:
    nodes = Nodes({ONE: OLD})
    nodes.told(ONE, None)
    nodes.told(TWO, NEW)
    assert nodes.look({TWO: NEW}) == []
    assert nodes.look({TWO: NEW}) == []
