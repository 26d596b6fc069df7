"""What is said of a camera at one moment, with a clock that stands still until told."""

from smartrec.media.screen.scene import Recording, Slate, Subject, Surroundings
from smartrec.media.watch.messages import CameraView
from smartrec.model import Box, Look, Track
from smartrec.units import MILLISECOND, SECOND, Ns
from tests.media.screen.desk import SteppedClock

BOX = Box(0.2, 0.2, 0.4, 0.8)
AROUND = Surroundings()


def subject() -> tuple[Subject, SteppedClock]:
    clock = SteppedClock()
    return Subject("door", "Front door", clock), clock


def look(at: Ns, score: float = 0.9, speed: tuple[float, float] = (0.0, 0.0)) -> Look:
    return Look("door", 0, at, (Track(1, BOX, score, speed),))


def test_before_the_first_picture_it_waits() -> None:
    door, _ = subject()
    slate = door.scene(AROUND).slate
    assert slate is not None
    assert slate.title == "waiting for the first picture"
    assert door.arrived()
    assert door.scene(AROUND).slate is None


def test_pictures_may_come_before_the_word_that_the_camera_is_live() -> None:
    door, _ = subject()
    door.arrived()
    door.viewed(CameraView("door", "live"))
    assert door.has_picture


def test_lost_camera_tells_why_and_since_when_and_takes_no_late_picture() -> None:
    door, _ = subject()
    door.arrived()
    door.viewed(CameraView("door", "lost", "unplugged"))
    assert not door.arrived()
    scene = door.scene(AROUND)
    assert scene.slate is not None
    assert (scene.slate.title, scene.slate.reason) == ("camera lost", "unplugged")
    assert scene.slate.since.startswith("since ")
    assert scene.name == "Front door"


def test_camera_that_was_never_seen_is_not_said_to_be_lost() -> None:
    door, _ = subject()
    door.viewed(CameraView("door", "unseen", "in use"))
    assert door.scene(AROUND).slate == Slate("no picture yet", "in use", door._since)


def test_silent_camera_shows_no_frozen_picture_and_goes_on_with_the_next() -> None:
    door, _ = subject()
    door.viewed(CameraView("door", "live"))
    door.arrived()
    door.viewed(CameraView("door", "silent"))
    slate = door.scene(AROUND).slate
    assert slate is not None
    assert slate.title == "no picture"
    door.viewed(CameraView("door", "live"))
    assert door.arrived()
    assert door.has_picture


def test_restarting_camera_waits_without_its_old_persons() -> None:
    door, clock = subject()
    door.viewed(CameraView("door", "live"))
    door.arrived()
    door.looked(look(clock.at))
    assert door.scene(AROUND).persons
    door.viewed(CameraView("door", "starting"))
    assert not door.has_picture
    door.arrived()
    assert not door.scene(AROUND).persons


def test_box_is_shown_for_its_time_after_the_picture_that_was_looked_at() -> None:
    door, clock = subject()
    door.arrived()
    door.looked(look(clock.at, speed=(0.5, 0.0)))
    around = Surroundings(boxes_for=Ns(400 * MILLISECOND))
    (person,) = door.scene(around, Ns(clock.at + 200 * MILLISECOND)).persons
    assert abs(person.box.left - 0.3) < 1e-6
    assert door.scene(around, Ns(clock.at + 400 * MILLISECOND)).persons
    assert not door.scene(around, Ns(clock.at + 400 * MILLISECOND + 1)).persons


def test_picture_older_than_the_newest_look_shows_its_box_where_it_was_seen() -> None:
    door, clock = subject()
    door.arrived()
    door.looked(look(clock.at, speed=(0.5, 0.0)))
    (person,) = door.scene(AROUND, Ns(clock.at - 100 * MILLISECOND)).persons
    assert person.box == BOX


def test_only_scores_at_or_above_the_threshold_are_told() -> None:
    door, clock = subject()
    door.arrived()
    for score, told in ((0.4996, 0), (0.5, 1), (0.7, 1)):
        door.looked(look(clock.at, score))
        assert len(door.scene(AROUND).persons) == told


def test_silence_is_told_after_two_seconds_in_whole_seconds_and_without_boxes() -> None:
    door, clock = subject()
    door.arrived()
    door.looked(look(clock.at))
    seen = clock.at
    clock.step(2 * SECOND)
    assert door.scene(AROUND, seen).silent_s is None
    clock.step(1500 * MILLISECOND)
    scene = door.scene(AROUND, seen)
    assert scene.silent_s == 3
    assert not scene.persons


def test_it_is_told_that_a_camera_is_disarmed() -> None:
    door, _ = subject()
    door.viewed(CameraView("door", "live"))
    assert door.scene(AROUND).armed
    door.viewed(CameraView("door", "live", armed=False))
    assert not door.scene(AROUND).armed


def test_recording_runs_in_whole_seconds_from_the_event_on() -> None:
    door, clock = subject()
    door.viewed(CameraView("door", "live", "", Ns(clock.at - 12_900 * MILLISECOND), 9.8))
    assert door.scene(AROUND).recording == Recording(12, 9.8)


def test_name_is_told_in_the_grid_and_the_disk_on_the_first_cell_only() -> None:
    door, _ = subject()
    door.arrived()
    low = Surroundings(named=True, low_disk=100, free_bytes=99, notice="no keys here")
    first, other = door.scene(low), door.scene(low, first=False)
    assert (first.name, first.disk, first.notice) == ("Front door", (99, 100), "no keys here")
    assert (other.name, other.disk, other.notice) == ("Front door", None, "")
    assert door.scene(Surroundings(low_disk=100, free_bytes=100)).disk is None
    assert door.scene(Surroundings(low_disk=100)).disk is None
