"""Clips that a browser can play, made as a recorder makes them: journal, finisher, catalogue.

The pictures are the demo camera's, so each carries its number (`smartrec.media.frame_number`), and
where the person is in it is known. Journals are written by `JournalWriter`, counted by `Tally`,
finished by `finish`, told to `Catalog`; triggers of persons are `Presence`'s own. Only the camera
and the passing of time are left out.
"""

import io
import json
import os
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from functools import cached_property
from pathlib import Path

from PIL import Image

from smartrec import __version__
from smartrec.clock import ClockQuality, Instant
from smartrec.detection.presence import Presence, Rules
from smartrec.detection.zones import Zone
from smartrec.media.demo import PERSON_FIRST, DemoFeed, person_box
from smartrec.media.finish import finish
from smartrec.media.journal import JournalWriter
from smartrec.media.orders import Job, Orders
from smartrec.model import (
    SOUND,
    AccessUnit,
    Box,
    ClipHead,
    ClipState,
    Codec,
    Look,
    StreamFormat,
    Track,
    Trigger,
    new_id,
)
from smartrec.recording.naming import clip_name
from smartrec.recording.sound import SoundChunk
from smartrec.recording.tally import Tally
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.units import SECOND, Ns
from tests.sounds import clicking
from tests.store.large import CAMERAS, fill
from tests.store.walks import fill_walks
from tests.web.child import STATION
from tests.web.coded_camera import CodedCamera, of_demo, small

FPS = 30
FRAME = Ns(SECOND // FPS)
BATCH = 10
"""Pictures of a cluster."""
LOOK_EVERY = 6
"""Pictures from one that is looked at to the next."""
START = Ns(5_000 * SECOND)
"""Pts of each clip's first picture."""
OTHERS = ", ".join(f"'{camera}'" for camera, _ in CAMERAS)
PICTURED = 3000
"""Rows that have a thumbnail."""
SIZE = (640, 360)
"""Of the demo's pictures once they are H.264."""
RULES = Rules(0.5, 2, 3, 0.1, 0.0, Ns(0), Ns(0))
WHERE = Zone("hall", ((0.0, 0.0), (1.0, 0.0), (1.0, 1.0), (0.0, 1.0)))


def score(number: int) -> float:
    """Of the person in the demo's picture of that number: it rises and falls."""
    return round(0.62 + 0.3 * abs((number % 90) - 45) / 45, 3)


@dataclass(frozen=True)
class Camera:
    """Whose pictures they are said to be."""

    id: str = "cam0"
    name: str = "Demo"


@dataclass(frozen=True)
class Wish:
    """What shall be recorded.

    Attributes:
        began: UTC of the first picture shown.
        numbers: Of the pictures shown, as drawn.
        camera: Whose.
        codec: What the camera gives.
        bframes: H.264 only: whether pictures are reordered.
        copied: JPEGs are kept as they are, instead of encoded.
        keys: Numbers of pictures at which a key was pressed.
        reason: What such a trigger says.
        lost: Numbers that the driver never gave.
        turned: Degrees clockwise that pictures must be turned.
        sound: A click a second.
        event: The event that it is a part of; of its own without.
        part: Of that event.
        state: How it ends.
        looked: Whether persons were looked for.
    """

    began: int
    numbers: range
    camera: Camera = field(default_factory=Camera)
    codec: Codec = Codec.H264
    bframes: int = 0
    copied: bool = True
    keys: tuple[int, ...] = ()
    reason: str = "key-R"
    lost: frozenset[int] = frozenset()
    turned: int = 0
    sound: bool = False
    event: str = field(default_factory=new_id)
    part: int = 1
    state: ClipState = ClipState.COMPLETE
    looked: bool = True


class Studio:
    """A clip directory to be filled. One thread at a time.

    Args:
        directory: Of the clips; made.
        demo: Its pictures.
    """

    def __init__(self, directory: Path, demo: DemoFeed) -> None:
        self.directory = directory
        self._demo = demo
        Catalog.open(directory, create=True).close()

    def catalog(self) -> Catalog:
        """To read and write with; of the calling thread, which closes it."""
        return Catalog.open(self.directory, create=False)

    def record(self, wish: Wish) -> "Clip":
        """One that is finished."""
        growing = self.begin(wish)
        growing.grow(len(wish.numbers))
        return growing.finish()

    def begin(self, wish: Wish) -> "Growing":
        """One that is being recorded, with no picture yet."""
        return Growing(self, wish)

    def fill(self, rows: int, newest: int) -> None:
        """So many further rows of other cameras, begun before `newest`; their files are not there.

        But for pictures of the newest: whoever looks through a list shall see some.
        """
        fill(self.directory, rows, newest_ns=newest)
        theirs = f"SELECT clip_id FROM clips WHERE camera_id IN ({OTHERS})"
        some = f"{theirs} ORDER BY start_wall_ns DESC LIMIT {PICTURED}"
        with self.catalog() as catalog:
            with catalog.transaction(durable=False) as db:
                db.execute(
                    f"UPDATE locations SET thumbnail = NULL WHERE clip_id IN ({theirs})"
                    f" AND clip_id NOT IN ({some})"
                )
            named = catalog.rows(
                f"SELECT thumbnail FROM locations WHERE clip_id IN ({theirs}) AND thumbnail NOTNULL"
            )
        self._picture([name for (name,) in named])

    def walk(
        self, clips: int, newest: int, camera: Camera | None = None, *, faint: bool = False
    ) -> dict[str, str]:
        """So many further rows of a camera of a day before `newest`, with all that was seen.

        Returns:
            Of what kind each is, by id; see `tests.store.walks`.
        """
        of = camera or Camera()
        named = (of.id, of.name)
        made = fill_walks(self.directory, clips, camera=named, newest_ns=newest, faint=faint)
        with self.catalog() as catalog:
            marks = ", ".join("?" * len(made))
            rows = catalog.rows(
                f"SELECT thumbnail FROM locations WHERE clip_id IN ({marks})", *made
            )
        self._picture([name for (name,) in rows])
        return made

    def _picture(self, names: list[str]) -> None:
        """Give clips a thumbnail of the same picture."""
        picture = self.directory / ".thumbnail"
        small = Image.open(io.BytesIO(self._demo.jpeg(PERSON_FIRST + 3 * FPS))).resize(SIZE)
        small.save(picture, "JPEG")
        for name in names:
            (self.directory / name).hardlink_to(picture)
        picture.unlink()

    def units(self, wish: Wish) -> tuple[StreamFormat, Iterator[tuple[int, AccessUnit]]]:
        """What the camera gives, from where a decoder can begin, each with its number."""
        first = wish.numbers.start
        if wish.codec is Codec.JPEG:
            return self._demo.format, self._jpegs(first)
        film = self._film(wish)
        keyframe = max(n for n, unit in film if unit.keyframe and n <= first)
        begin = next(at for at, (n, _) in enumerate(film) if n == keyframe)
        shift = START - (first - film[0][0]) * FRAME
        moved = (
            (n, replace(unit, pts=Ns(unit.pts + shift), dts=Ns(unit.dts + shift)))
            for n, unit in film[begin:]
        )
        return self._format(wish), moved

    def _jpegs(self, first: int) -> Iterator[tuple[int, AccessUnit]]:
        n = first
        while True:
            pts = Ns(START + (n - first) * FRAME)
            yield n, AccessUnit(1, n, pts, pts, FRAME, True, 0, self._demo.jpeg(n))
            n += 1

    def _film(self, wish: Wish) -> list[tuple[int, AccessUnit]]:
        camera = self._camera(wish)
        return [(camera.first + round(unit.pts / FRAME), unit) for unit in camera.units]

    def _format(self, wish: Wish) -> StreamFormat:
        return self._camera(wish).format

    def _camera(self, wish: Wish) -> CodedCamera:
        if wish.codec is Codec.H265:
            return small(Codec.H265)
        return self._reordered if wish.bframes else self._coded

    @cached_property
    def _coded(self) -> CodedCamera:
        return of_demo(self._demo, size=SIZE, seconds=6)

    @cached_property
    def _reordered(self) -> CodedCamera:
        return of_demo(self._demo, size=SIZE, bframes=2, seconds=4)


@dataclass(frozen=True)
class Clip:
    """One that was recorded.

    Attributes:
        wish: What was asked for.
        record: What the catalogue says.
        looks: What was seen.
    """

    wish: Wish
    record: ClipRecord
    looks: tuple[Look, ...]

    @property
    def id(self) -> str:
        return self.record.clip_id

    @property
    def shown(self) -> list[int]:
        """Numbers of its pictures, in order."""
        return [n for n in self.wish.numbers if n not in self.wish.lost]

    def person(self, number: int) -> Box:
        """Where she was drawn in that picture."""
        where = person_box(number)
        assert where is not None
        return where


def where_in(clip: Clip, pts: int) -> int:
    """The number of the picture that was taken then."""
    return clip.wish.numbers.start + round((pts - START) / FRAME)


class Growing:
    """A clip while it is recorded; `Studio.begin` makes it.

    Attributes:
        id: Of the clip.
        done: Pictures of those wished for that are in the journal.
    """

    def __init__(self, studio: Studio, wish: Wish) -> None:
        self._studio, self._wish = studio, wish
        self._numbers = wish.numbers
        self.id, self.done = new_id(), 0
        format_, self._units = studio.units(wish)
        self._given: set[int] = set()
        self._presence = Presence(wish.camera.id, RULES, (WHERE,), new_id)
        self._looks: list[Look] = []
        self._heard = START
        self._clicks = self._clicking() if wish.sound else []
        self._head = self._first_head(replace(format_, rotate=wish.turned))
        self._tally = Tally(self._head.start)
        self._path = studio.directory / ".open" / f"{self._head.file_name}.mkv"
        self._writer = JournalWriter(self._path, self._head)
        with studio.catalog() as catalog:
            catalog.opened(self._head, self._path)

    @property
    def first(self) -> int:
        """Number of its first picture."""
        return self._numbers.start

    @property
    def head(self) -> ClipHead:
        """What is known of it."""
        return self._head

    def grow(self, pictures: int) -> None:
        """So many more are recorded, and looked at."""
        end = min(self._numbers.start + self.done + pictures, self._numbers.stop)
        batch = list(self._until(end))
        for unit in batch:
            self._tally.see(unit, self._head.end)
        looks = self._look(range(self._numbers.start + self.done, end))
        self.done = end - self._numbers.start
        for at in range(0, len(batch), BATCH):
            self._writer.write(batch[at : at + BATCH])
        self._writer.write((), self._sound(end))
        self._writer.update(self._head)
        with self._studio.catalog() as catalog:
            catalog.changed(self._head)
            catalog.looked(self.id, looks)
        self._looks += looks

    def trigger(self, reason: str, pictures: int = 0) -> Trigger:
        """Something happens at the newest picture, and the clip gets so much longer."""
        pts = Ns(START + max(0, self.done - 1) * FRAME)
        trigger = Trigger(new_id(), pts, reason)
        self._put(trigger)
        self._until_number(self._numbers.stop + pictures)
        self._writer.update(self._head)
        with self._studio.catalog() as catalog:
            catalog.changed(self._head)
        return trigger

    def finish(self, state: ClipState | None = None) -> Clip:
        """It ends with the newest picture, and is made a clip."""
        ended = state or self._wish.state
        self._until_number(self._numbers.start + self.done)
        self._head = replace(
            self._head, state=ended, expected=self._tally.expected, lost=self._tally.as_dict()
        )
        size = self._writer.close(self._head)
        with self._studio.catalog() as catalog:
            catalog.changed(self._head)
            if ended is ClipState.FAILED:
                catalog.failed(self.id, "the finisher ended with status -9")
            else:
                catalog.finished(self._head, finish(self._job(), ordered(size), lambda _: None))
                self._path.unlink(missing_ok=True)
            wish = replace(self._wish, numbers=self._numbers)
            return Clip(wish, catalog.clip(self.id), tuple(self._looks))

    def _job(self) -> Job:
        as_it_is = self._wish.codec is Codec.JPEG and self._wish.copied
        return Job(self._path, self._studio.directory, "copy" if as_it_is else "mp4")

    def _first_head(self, format_: StreamFormat) -> ClipHead:
        wish, first = self._wish, self._numbers.start
        instant = Instant(wish.began, START, "boot-1", ClockQuality("adjtimex", True, 900))
        moments = [Ns(START + (n - first) * FRAME) for n in wish.keys]
        triggers = tuple(Trigger(new_id(), pts, wish.reason) for pts in moments)
        named = wish.began + (moments[0] - START if moments else 0)
        label = wish.reason if moments else "person"
        return ClipHead(
            clip_id=self.id,
            event_id=wish.event,
            part=wish.part,
            station_id=STATION,
            camera_id=wish.camera.id,
            camera_name=wish.camera.name,
            format=format_,
            epoch=1,
            instant=instant,
            triggers=triggers,
            asked_pre=Ns(2 * SECOND),
            asked_post=Ns(2 * SECOND),
            start=START,
            end=Ns(START + len(wish.numbers) * FRAME),
            state=ClipState.RECORDING,
            file_name=clip_name(f"{wish.camera.id}-{self.id[-6:]}", named, label, wish.part),
            software_version=__version__,
            engine="onnx" if wish.looked else "none",
            config_digest="c" * 64,
            model_digest="d" * 64 if wish.looked else None,
            sound=SOUND if wish.sound else None,
        )

    def _until(self, end: int) -> Iterator[AccessUnit]:
        """Units, in the camera's order, until all pictures before `end` are there.

        Those of an H.264 clip that are shown later and decoded earlier come early.
        """
        lacking = {n for n in self._numbers if n < end} - self._given
        while lacking:
            number, unit = next(self._units)
            self._given.add(number)
            lacking.discard(number)
            if number not in self._wish.lost:
                yield unit

    def _sound(self, end: int) -> list[SoundChunk]:
        """What was heard since the last call."""
        if not self._wish.sound:
            return []
        begin, self._heard = self._heard, self._pts(end)
        return [chunk for each in self._clicks if (chunk := each.within(begin, self._heard))]

    def _look(self, numbers: range) -> list[Look]:
        if not self._wish.looked:
            return []
        looks = [self._seen(n, self._pts(n)) for n in numbers if n % LOOK_EVERY == 0]
        for look in looks:
            for trigger in self._presence.take(look):
                self._put(trigger)
        return looks

    def _pts(self, number: int) -> Ns:
        return Ns(START + (number - self._numbers.start) * FRAME)

    def _seen(self, number: int, pts: Ns) -> Look:
        box = person_box(number)
        tracks = () if box is None else (Track(1, box, score(number)),)
        return Look(self._wish.camera.id, 1, pts, tracks, inferred=bool(tracks))

    def _until_number(self, stop: int) -> None:
        self._numbers = range(self._numbers.start, stop)
        self._head = replace(self._head, end=Ns(START + len(self._numbers) * FRAME))

    def _put(self, trigger: Trigger) -> None:
        known = {each.trigger_id: each for each in self._head.triggers}
        known[trigger.trigger_id] = trigger
        self._head = replace(self._head, triggers=tuple(known.values()))

    def _clicking(self) -> list[SoundChunk]:
        seconds = len(self._numbers) // FPS
        clicks = [START + at * SECOND for at in range(seconds + 1)]
        return clicking(START, len(self._numbers) * FRAME + SECOND, clicks)


def ordered(size: int) -> Orders:
    """To a finisher: the journal is closed, and that long."""
    reading, writing = os.pipe()
    os.write(writing, json.dumps({"closed": size}).encode() + b"\n")
    os.close(writing)
    orders = Orders(reading)
    orders.poll(None)
    os.close(reading)
    return orders
