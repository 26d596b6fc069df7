"""A microphone that does what microphones do: pictures never mind. Sources are stand-ins."""

import threading
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from queue import SimpleQueue

import pytest

from smartrec.app.clips import Clips
from smartrec.app.events import Fact, MicrophoneBack, MicrophoneLost
from smartrec.app.microphone import (
    SILENT_AFTER,
    Microphone,
    MicrophonePhase,
    Opening,
    open_source,
)
from smartrec.config.cameras import Camera as Settings
from smartrec.errors import MicrophoneError, MicrophoneGone, SmartrecError
from smartrec.media.alsa_cards import Card, card_of
from smartrec.media.capture import Capture
from smartrec.media.microphone import DemoMicrophone, MicrophoneCapture, Source, trouble_of
from smartrec.recording.sound import RATE, SoundChunk, time_of
from smartrec.units import MILLISECOND, SECOND, Ns
from tests.app.test_camera import camera

STEP = Ns(20 * MILLISECOND)


class StandIn:
    """A stand-in for a sound card, whose every moment the test decides."""

    def __init__(self) -> None:
        self.waiting: list[SoundChunk] = []
        self.trouble: SmartrecError | None = None
        self.stopped = threading.Event()

    def start(self) -> None:
        """See `Source`."""

    def drain(self) -> list[SoundChunk]:
        """See `Source`."""
        given, self.waiting = self.waiting, []
        return given

    def problem(self) -> SmartrecError | None:
        """See `Source`."""
        return self.trouble

    def stop(self) -> None:
        """See `Source`."""
        self.stopped.set()


@dataclass
class Desk:
    """A microphone on a camera's clips, turned by hand; its clock is `now`."""

    directory: Path
    now: Ns = SECOND
    told: list[Fact] = field(default_factory=list)
    answers: "SimpleQueue[Source | Exception | None]" = field(default_factory=SimpleQueue)

    def __post_init__(self) -> None:
        self.clips: Clips = camera(self.directory).clips
        settings = Settings(source="demo", audio="alsa:hw:9")
        self.microphone = Microphone(settings, self.clips, self.told.append, self.opening)

    def opening(self, _settings: Settings, _capture: Capture | None) -> Source | None:
        answer = self.answers.get(timeout=20)
        if isinstance(answer, Exception):
            raise answer
        return answer

    def turn(self, after: int = STEP) -> None:
        self.now = Ns(self.now + after)
        self.microphone.turn(self.now, None)

    def attempted(self) -> None:
        """Wait for the attempt's thread, and hear how it went."""
        for thread in threading.enumerate():
            if thread.name == "microphone-cam0":
                thread.join(20)
        self.turn(0)

    def live(self) -> StandIn:
        """Let an attempt succeed and give sound."""
        source = StandIn()
        self.answers.put(source)
        self.turn(20 * SECOND)
        self.attempted()
        self.speak(source)
        return source

    def speak(self, source: StandIn) -> None:
        source.waiting.append(SoundChunk(self.now, b"\1\0" * (RATE // 50)))
        self.turn()


def lost(facts: list[Fact]) -> list[str]:
    return [fact.reason for fact in facts if isinstance(fact, MicrophoneLost)]


def test_what_a_microphone_gives_is_in_the_ring(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    source = desk.live()
    for _ in range(10):
        desk.speak(source)
    ring = desk.clips.sound
    assert ring is not None
    assert ring.live
    assert ring.bytes == 11 * 2 * RATE // 50
    assert desk.microphone.phase is MicrophonePhase.LIVE
    assert desk.told == []


def test_one_that_fails_is_told_let_go_and_found_again(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    source = desk.live()
    source.trouble = MicrophoneGone("unplugged")
    desk.turn()
    assert desk.microphone.phase is MicrophonePhase.LOST
    assert source.stopped.wait(20)
    assert desk.clips.sound is not None
    assert not desk.clips.sound.live
    assert lost(desk.told) == ["unplugged"]
    desk.live()
    (back,) = [fact for fact in desk.told if isinstance(fact, MicrophoneBack)]
    assert 20 <= back.away_s < 21


def test_one_that_says_nothing_is_lost_as_well(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    source = desk.live()
    desk.turn(SILENT_AFTER)
    assert lost(desk.told) == []
    desk.turn()
    assert desk.microphone.phase is MicrophonePhase.LOST
    assert source.stopped.wait(20)
    assert len(lost(desk.told)) == 1


def test_one_whose_driver_hangs_is_told_and_may_still_come(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for _ in range(20):
        desk.turn(SECOND)
    assert len(lost(desk.told)) == 1
    assert "hangs" in lost(desk.told)[0]
    late = StandIn()
    desk.answers.put(late)
    desk.attempted()
    desk.speak(late)
    assert isinstance(desk.told[-1], MicrophoneBack)


def test_a_fault_of_ours_costs_one_attempt(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.answers.put(ZeroDivisionError("ours"))
    desk.turn()
    desk.attempted()
    assert "ours" in lost(desk.told)[0]
    desk.live()
    assert isinstance(desk.told[-1], MicrophoneBack)


def test_the_same_trouble_is_told_once_and_tried_ever_less_eagerly(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    waits = []
    for _ in range(8):
        desk.answers.put(MicrophoneError("busy"))
        desk.turn()
        desk.attempted()
        waits.append(desk.microphone._retry_at - desk.now)
        desk.now = Ns(desk.microphone._retry_at)
    assert lost(desk.told) == ["busy"]
    assert waits[0] == SECOND // 2
    assert waits == sorted(waits)
    assert waits[-1] == waits[-2] == 15 * SECOND


def test_a_camera_that_is_back_has_its_microphone_tried_at_once(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    for _ in range(8):
        desk.answers.put(MicrophoneError("gone"))
        desk.turn(20 * SECOND)
        desk.attempted()
    desk.turn()
    assert not desk.microphone._busy
    desk.answers.put(MicrophoneError("gone"))
    desk.microphone.turn(desk.now, Capture.__new__(Capture))
    assert desk.microphone._busy


def test_one_that_opens_after_it_was_closed_is_let_go(tmp_path: Path) -> None:
    desk = Desk(tmp_path)
    desk.turn()
    desk.microphone.close()
    late = StandIn()
    desk.answers.put(late)
    assert late.stopped.wait(20)


def test_without_audio_nothing_is_listened_to(tmp_path: Path) -> None:
    clips = camera(tmp_path).clips

    def never(_settings: Settings, _capture: Capture | None) -> Source | None:
        raise AssertionError

    opening: Opening = never
    quiet = Microphone(Settings(source="demo"), clips, print, opening)
    quiet.turn(Ns(SECOND), None)
    assert quiet.phase is MicrophonePhase.OFF
    assert clips.sound is None


@pytest.mark.parametrize("source", ["file:x.mp4", "rtsp://host/1"])
def test_sound_of_other_sources_is_told_to_be_missing(source: str) -> None:
    with pytest.raises(MicrophoneError, match="no sound of") as told:
        open_source(Settings(source=source, audio=True), None)
    assert told.value.hint is not None


def test_a_card_that_is_not_there_is_gone() -> None:
    microphone = MicrophoneCapture("alsa", "hw:NoSuchCard,0")
    with pytest.raises(MicrophoneGone, match="hw:NoSuchCard") as told:
        microphone.start()
    assert told.value.hint == "Plug it in; which there are: arecord -l"
    microphone.stop()


def test_names_that_are_of_no_card_are_not_looked_for() -> None:
    assert card_of("default") is None
    assert card_of("pulse") is None
    gone = card_of("plughw:CARD=Nobody,DEV=0")
    assert gone is not None
    assert isinstance(trouble_of(gone, "alsa:x", "said"), MicrophoneGone)
    assert isinstance(gone, Card)


@dataclass
class Hand:
    """A clock that a test sets."""

    now: Ns

    def monotonic(self) -> Ns:
        """See `Clock`."""
        return self.now


def test_the_demo_clicks_with_each_full_second_of_its_scene() -> None:
    clock = Hand(Ns(7 * SECOND + 123))
    origin = Ns(2 * SECOND + 11)
    microphone = DemoMicrophone(origin, clock)  # type: ignore[arg-type]
    chunks = microphone.drain()
    for _ in range(300):
        clock.now = Ns(clock.now + 13 * MILLISECOND)
        chunks += microphone.drain()
    assert all(
        one.end == after.pts or abs(one.end - after.pts) < 2 for one, after in pairwise(chunks)
    )
    loud = [chunk.pts for chunk in chunks if any(chunk.data)]
    assert loud == [origin + n * SECOND for n in range(5, 5 + len(loud))]
    assert len(loud) >= 3
    assert chunks[0].pts - origin <= 5 * SECOND + 2 * time_of(RATE // 50)
