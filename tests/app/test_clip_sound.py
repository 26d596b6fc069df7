"""A clip's sound is written with its pictures, waited for at its end, and never twice."""

import pytest

from smartrec.app.clip_sound import PATIENCE, ClipSound
from smartrec.model import AccessUnit, ClipState, Trigger, new_id
from smartrec.recording.ring import Ring
from smartrec.recording.session import OpenClip, Session, Timing
from smartrec.recording.sound import RATE, SoundChunk, SoundRing, time_of
from smartrec.units import SECOND, Ns
from tests.streams import FRAME, stream

CHUNK = RATE // 25
FRAMES = 60


class Recording:
    """A camera's second and a half before a trigger, and what is heard meanwhile."""

    def __init__(self) -> None:
        ring = Ring(Ns(10 * SECOND), 10_000_000)
        self.session = Session(ring, Timing(SECOND, Ns(SECOND // 2), Ns(60 * SECOND)), new_id)
        self.sound = SoundRing(Ns(10 * SECOND), 10_000_000)
        self.sound.live = True
        for unit in stream(FRAMES):
            self.session.push(unit)
        _, self.clip = self.session.trigger(Trigger("t", Ns(SECOND), "key-R"))
        self.heard = ClipSound(self.clip, self.sound)

    def hear(self, until: int) -> None:
        while self.sound.until < until:
            first = self.sound.end * CHUNK
            data = b"".join((n % 65536).to_bytes(2, "little") for n in range(first, first + CHUNK))
            self.sound.push(SoundChunk(time_of(first), data))

    def read(self) -> list[AccessUnit]:
        return self.clip.read(self.session.ring, 1_000_000)


@pytest.fixture
def recording() -> Recording:
    return Recording()


def numbers(chunks: list[SoundChunk]) -> list[int]:
    data = b"".join(chunk.data for chunk in chunks)
    return [int.from_bytes(data[at : at + 2], "little") for at in range(0, len(data), 2)]


def of(clip: OpenClip) -> list[int]:
    """Every sample from its first picture to the end of its last."""
    assert clip.tally.first is not None
    assert clip.tally.last is not None
    begin, end = clip.tally.first, clip.tally.last.pts + clip.tally.last.duration
    return [n % 65536 for n in range(4 * RATE) if begin <= n * SECOND / RATE < end]


def test_it_holds_each_sample_of_its_pictures_once(recording: Recording) -> None:
    recording.hear(SECOND // 3)
    given = recording.heard.beside(recording.read())
    assert recording.heard.rest(Ns(SECOND)) is None
    recording.hear(3 * SECOND)
    given += recording.heard.rest(Ns(SECOND)) or []
    assert numbers(given) == of(recording.clip)
    assert recording.heard.rest(Ns(SECOND)) == []


def test_before_the_first_picture_there_is_none(recording: Recording) -> None:
    recording.hear(3 * SECOND)
    assert recording.heard.beside([]) == []
    assert recording.heard.held_of(recording.sound) is None


def test_what_could_not_be_written_is_read_again(recording: Recording) -> None:
    recording.hear(3 * SECOND)
    first = recording.heard.beside(recording.read())
    recording.heard.go_back()
    assert recording.heard.held_of(recording.sound) == 0
    last = recording.heard.rest(Ns(SECOND)) or []
    assert numbers(last) == of(recording.clip)
    assert numbers(first) == of(recording.clip)[: len(numbers(first))]
    recording.heard.go_back()
    assert numbers(recording.heard.rest(Ns(SECOND)) or []) == numbers(last)


def test_a_microphone_that_is_late_is_waited_for_only_so_long(recording: Recording) -> None:
    recording.hear(SECOND)
    recording.heard.beside(recording.read())
    assert recording.heard.rest(Ns(7 * SECOND)) is None
    assert recording.heard.rest(Ns(7 * SECOND + PATIENCE - 1)) is None
    assert recording.heard.rest(Ns(7 * SECOND + PATIENCE)) is not None


def test_one_that_is_lost_is_not_waited_for(recording: Recording) -> None:
    recording.hear(SECOND)
    recording.heard.beside(recording.read())
    recording.sound.live = False
    assert recording.heard.rest(Ns(7 * SECOND)) is not None


def test_a_clip_whose_camera_is_lost_ends_with_its_last_picture(recording: Recording) -> None:
    recording.hear(5 * SECOND)
    recording.session.close_all(ClipState.CAMERA_LOST)
    given = recording.heard.beside(recording.read()) + (recording.heard.rest(Ns(SECOND)) or [])
    assert recording.clip.tally.last is not None
    assert abs(given[-1].end - recording.clip.tally.last.pts - FRAME) < time_of(2)


def test_without_a_microphone_there_is_nothing_to_wait_for(recording: Recording) -> None:
    silent = ClipSound(recording.clip, None)
    assert silent.beside(recording.read()) == []
    assert silent.rest(Ns(SECOND)) == []
