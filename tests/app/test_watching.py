"""Looks of a watch that is slow, odd or from before: no person's clip is lost, nobody is held."""

from itertools import islice, pairwise
from pathlib import Path

import pytest

from smartrec.app.bus import Bus
from smartrec.app.camera import CameraPhase
from smartrec.app.watch import Said, Watch
from smartrec.app.watching import Watching, latest_of
from smartrec.clock import SystemClock
from smartrec.config.schema import Config
from smartrec.media.watch.messages import Hello, Looked, Message, Setup
from smartrec.model import Box, ClipState, Look, Track, Trigger
from smartrec.units import SECOND, Ns
from tests.app.test_camera import camera
from tests.app.test_watch import Gone
from tests.streams import FRAME, JPEG_FORMAT, stream


class Hall:
    """One camera that is watched; its clips have a second before and a second after."""

    def __init__(self, directory: Path, **tables: object) -> None:
        self.camera = camera(directory)
        self.triggers: list[Trigger] = []
        self.kept: list[Look] = []
        self._setup = Setup((("cam0", "Door"),), None, None)
        watch = Watch(self._setup, print)
        watch._child = Gone()  # type: ignore[assignment]
        self.watching = Watching(
            Config.model_validate({"camera": [{"source": "demo"}], **tables}),
            (self.camera,),
            watch,
            Bus(SystemClock()),
            lambda clip, looks: self.kept.extend(looks),
            lambda camera, trigger: self.triggers.append(trigger),
            lambda key, camera: None,
        )
        self.say(Hello(min_confidence=0.5))

    def go_by(self, camera: dict[str, object] | None = None, **tables: object) -> None:
        """Other settings of a recorder that runs."""
        config = Config.model_validate({"camera": [{"source": "demo", **(camera or {})}], **tables})
        self.camera.settings = config.camera[0]
        assert not self.watching.apply(config, (self.camera,), self._setup)

    def say(self, message: Message) -> None:
        self.watching.said(Said(0, message))

    def see(self, n: int, camera: str = "cam0", score: float = 0.9) -> None:
        """A look at picture `n`, in which a person walks."""
        x = n % 300 / 1000
        box = Box(0.1 + x, 0.2, 0.3 + x, 0.9)
        self.say(Looked(Look(camera, 0, Ns(n * FRAME), (Track(1, box, score),))))

    def run(self, first: int, end: int, *, looks_every: int) -> None:
        """Pictures come, every so often one is looked at; what triggers is recorded."""
        for unit in islice(stream(end), first, None):
            self.camera.clips.push(unit, JPEG_FORMAT)
            if unit.seq % looks_every == 0:
                told = len(self.triggers)
                self.see(unit.seq)
                for trigger in self.triggers[told:]:
                    self.camera.record(trigger.trigger_id, trigger)


def test_person_who_stays_is_recorded_on_when_looks_are_rarer_than_the_post_roll(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path)
    hall.run(0, 600, looks_every=55)
    assert len(hall.triggers) == 1
    parts = [clip for _, clip in hall.camera.clips.held]
    assert [part.part for part in parts] == list(range(1, len(parts) + 1))
    assert len(parts) > 3
    assert len({part.event_id for part in parts}) == 1
    assert parts[0].start < 60 * FRAME
    assert parts[-1].end > 540 * FRAME
    assert all(b.start == a.end for a, b in pairwise(parts)), "none is missing, none twice"


def test_person_seen_again_after_more_than_a_pre_roll_begins_an_event_with_its_own(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path)
    hall.run(0, 600, looks_every=100)
    spans = [(clip.start, clip.end) for _, clip in hall.camera.clips.held]
    assert len(hall.triggers) == len({clip.event_id for _, clip in hall.camera.clips.held}) > 3
    assert all(b_start >= a_end for (_, a_end), (b_start, _) in pairwise(spans))


def test_person_whose_clip_was_stopped_begins_no_other(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.run(0, 30, looks_every=6)
    hall.camera.clips.stop(Ns(30 * FRAME))
    hall.run(30, 120, looks_every=6)
    ((_, clip),) = hall.camera.clips.held
    assert clip.state is ClipState.STOPPED
    assert len(hall.triggers) == 1


def test_person_seen_before_and_after_the_loss_of_the_camera_triggers(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.camera.clips.push(next(iter(stream(1))), JPEG_FORMAT)
    hall.see(0)
    hall.watching.gone(hall.camera)
    hall.see(6)
    assert len(hall.triggers) == 1


def test_who_comes_while_the_camera_is_disarmed_begins_no_clip_and_is_counted(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path)
    hall.camera.armed = False
    hall.run(0, 120, looks_every=6)
    assert not hall.triggers
    assert hall.camera.unrecorded == 1, "once, however long she stays"


def test_who_is_still_there_when_the_camera_is_armed_begins_a_clip_then(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.camera.armed = False
    hall.run(0, 120, looks_every=6)
    hall.camera.armed = True
    hall.run(120, 180, looks_every=6)
    (trigger,) = hall.triggers
    assert 110 * FRAME <= trigger.pts <= 126 * FRAME
    ((_, clip),) = hall.camera.clips.held
    assert not clip.closed


def test_a_clip_that_is_being_recorded_goes_on_for_its_person_when_the_camera_is_disarmed(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path)
    hall.run(0, 60, looks_every=6)
    hall.camera.armed = False
    hall.run(60, 240, looks_every=6)
    ((_, clip),) = hall.camera.clips.held
    assert not clip.closed
    assert hall.camera.unrecorded == 0


def test_a_person_lengthens_no_clip_of_a_key_while_the_camera_is_disarmed(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.camera.armed = False
    hall.camera.clips.push(next(iter(stream(1))), JPEG_FORMAT)
    hall.camera.record("key", Trigger("key", Ns(0), "key-R"))
    hall.run(1, 120, looks_every=6)
    assert not hall.camera.clips.recording, "it ended a second behind the key"
    assert not hall.triggers
    assert hall.camera.unrecorded == 0, "she came while it was recorded"


def test_look_at_no_camera_of_ours_is_passed_over(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.see(0, camera="cam7")
    assert hall.triggers == []


def test_trigger_that_lasts_is_never_taken_for_a_new_one(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.run(0, 13, looks_every=6)
    (lasting,) = hall.triggers
    for n in range(12_000):
        assert hall.watching._begins(Trigger(str(n), Ns(n), "person"))
        assert not hall.watching._begins(lasting)
    assert len(hall.watching._begun) <= 10_000


def test_nobody_counts_while_a_camera_is_lost(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.run(0, 13, looks_every=6)
    hall.camera.phase = CameraPhase.LIVE
    assert hall.watching.status()["persons"] == {"cam0": 1}
    hall.camera.phase = CameraPhase.LOST
    assert hall.watching.status()["persons"] == {"cam0": 0}


@pytest.mark.parametrize(
    ("tables", "late_s"),
    [
        ({}, 2.0),
        ({"detector": {"fps": 1.0}}, 3.0),
        ({"detector": {"fps": 1.0, "enabled": False}}, 2.0),
        ({"detector": {"fps": 1.0}, "trigger": {"person": False}}, 2.0),
        ({"detector": {"fps": 0.5}, "trigger": {"of": 5}}, 9.0),
    ],
)
def test_ring_reaches_as_far_as_triggers_may_come_late(
    tables: dict[str, object], late_s: float
) -> None:
    assert latest_of(Config.model_validate(tables)) == late_s * SECOND


ZONE = {"name": "left", "polygon": [[0.0, 0.0], [0.3, 0.0], [0.3, 1.0], [0.0, 1.0]]}


def test_other_zones_make_who_is_there_count_anew_in_the_clip_that_is_open(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.run(0, 60, looks_every=6)
    (first,) = hall.triggers
    hall.go_by(camera={"zone": [ZONE]})
    hall.run(60, 90, looks_every=6)
    _, again = hall.triggers
    assert again.trigger_id != first.trigger_id
    assert again.pts >= 60 * FRAME
    assert again.why["zone"] == "left"
    ((_, clip),) = hall.camera.clips.held
    assert clip.triggers[-1].trigger_id == again.trigger_id
    assert not clip.closed


def test_other_zones_count_nobody_who_stands_elsewhere(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.run(0, 60, looks_every=6)
    hall.go_by(camera={"zone": [{**ZONE, "kind": "exclude"}]})
    hall.run(60, 96, looks_every=6)
    assert len(hall.triggers) == 1
    ((_, clip),) = hall.camera.clips.held
    assert clip.closed, "nobody lengthens it"


def test_settings_of_something_else_let_who_is_there_lengthen_her_clip(tmp_path: Path) -> None:
    hall = Hall(tmp_path)
    hall.run(0, 60, looks_every=6)
    hall.go_by(recording={"quality": 30})
    hall.run(60, 150, looks_every=6)
    assert len(hall.triggers) == 1
    ((_, clip),) = hall.camera.clips.held
    assert not clip.closed


def test_what_was_seen_of_a_camera_that_is_gone_is_kept_until_its_clips_are_written(
    tmp_path: Path,
) -> None:
    hall = Hall(tmp_path)
    hall.run(0, 60, looks_every=6)
    setup = Setup((("yard", "Yard"),), None, None)
    hall.watching.apply(Config.model_validate({"camera": [{"id": "yard"}]}), (), setup)
    hall.camera.clips.close_all(ClipState.STOPPED)
    for seconds in (2, 5):
        hall.watching.turn(Ns(seconds * SECOND), lambda clip: True)
    assert hall.kept, "its looks"
    assert hall.watching.status()["persons"] == {}
    ((_, clip),) = hall.camera.clips.held
    hall.camera.clips._current.session.forget(clip)
    hall.watching.turn(Ns(6 * SECOND), lambda clip: True)
    assert not hall.watching._sights
