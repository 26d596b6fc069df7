"""What other settings would have made of what was recorded: clips in, outcomes out.

Both sets of settings are asked about the same clip: by what was seen live, which is kept beside it;
or, where that would not do, by its pictures, which both then look at again, so that like is
compared with like. Nothing is written; clips and catalogue are only read.

It begins each clip with nobody known, see `smartrec.detection.trial`.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Final, Literal

from smartrec.app.replay_outcome import Answer, Kind, Outcome, Progress, answer_of, kind_of
from smartrec.app.replay_question import Question, Side
from smartrec.detection.trial import trial
from smartrec.errors import CatalogDamaged, NoSuchClip, SmartrecError
from smartrec.media.engines.model_file import find_model, min_confidence_of
from smartrec.model import Codec, Look, Trigger
from smartrec.store import browsing, single
from smartrec.store.briefs import Cursor, Filters
from smartrec.store.catalog import Catalog
from smartrec.store.record import ClipRecord
from smartrec.units import Ns

if TYPE_CHECKING:
    from smartrec.media.relooking import Relooking
    from smartrec.media.stored import Stored

MOST_LOOKS: Final = 20_000
"""Of a clip, each way: of a very long one the first hour decides, at five a second."""
_ROWS: Final = 2_000
"""Of what was seen live, each of some seconds."""
_PAGE: Final = 500
_TOLD_EVERY: Final = 25
"""Looks."""
_BEGIN: Final = Ns(0)
_PERSON: Final = "person"
_ELSEWHERE: Final = "its camera is not in the settings: without zones"


def replay(question: Question) -> Iterator[Outcome | Progress]:
    """Every clip that is meant, as soon as it is known what becomes of it.

    Progress comes first, and now and then while pictures are looked at; each outcome is one more
    that is done.

    Raises:
        SmartrecError: There is no catalogue, or a model that is asked for cannot be used.
    """
    replaying = _Replaying(question)
    if question.clips is None:
        yield from replaying.run(None, ())
        return
    with Catalog.open(question.clips, create=False) as catalog:
        yield from replaying.run(catalog, _meant(catalog, question))


def _meant(catalog: Catalog, question: Question) -> list[str]:
    """Ids of the clips, in the order that is asked for."""
    if question.only is not None:
        return list(question.only)
    cameras = frozenset() if question.camera is None else frozenset([question.camera])
    filters = Filters(cameras=cameras, since=question.since, until=question.until)
    found: list[str] = []
    before: Cursor | None = None
    while len(found) < question.most:
        limit = min(_PAGE, question.most - len(found))
        some = browsing.page(catalog, filters, before=before, limit=limit)
        found += (each.clip_id for each in some)
        if len(some) < limit:
            break
        before = some[-1].cursor
    return found[::-1] if question.oldest_first else found


@dataclass(frozen=True, slots=True)
class _Clip:
    """What is known of a clip before anybody looks.

    Attributes:
        plain: An outcome that says who it is.
        first: Pts of its first picture.
        inter_coded: Whether its camera sent H.264 or H.265.
    """

    plain: Outcome
    first: Ns = _BEGIN
    inter_coded: bool = False


@dataclass(slots=True)
class _Seen:
    """What both sides go by."""

    evidence: Literal["looks", "detector"]
    now: list[Look]
    then: list[Look]


class _Replaying:
    """One replay; one thread.

    Args:
        question: What is asked.
    """

    def __init__(self, question: Question) -> None:
        self._question = question
        self._sides = question.now, question.then
        self._again = question.again or not question.now.sees_like(question.then)
        self._setups = tuple(dict.fromkeys(side.setup for side in self._sides))
        self._confidences = tuple(map(_confidence, self._sides))
        self._eyes: Relooking | None = None
        self._done = self._of = 0

    def run(self, catalog: Catalog | None, clips: Sequence[str]) -> Iterator[Outcome | Progress]:
        """All of them."""
        files = self._question.files
        self._of = len(clips) + len(files)
        yield Progress(0, self._of)
        if self._again and self._of:
            self._open_eyes()  # a model that is no use is told at once, and not of each clip
        for clip_id in clips:
            assert catalog is not None
            yield from self._of_catalogue(catalog, clip_id)
            self._done += 1
        for path in files:
            yield from self._of_file(path)
            self._done += 1

    def _of_catalogue(self, catalog: Catalog, clip_id: str) -> Iterator[Outcome | Progress]:
        try:
            record = single.record(catalog, clip_id)
        except NoSuchClip:
            plain = Outcome(clip_id, None, "", "", None, False, Kind.UNKNOWN)
            yield replace(plain, why="it was deleted meanwhile")
            return
        clip = _clip_of(record)
        looks = [] if self._again else _kept(catalog, clip_id)
        if looks:
            yield self._judged(clip, _Seen("looks", looks, looks))
            return
        if record.path is None:
            yield replace(clip.plain, why="its file is not known")
            return
        yield from self._looked_at(clip, record.path)

    def _of_file(self, path: Path) -> Iterator[Outcome | Progress]:
        """Of whichever camera is asked for, else of the only one that there is."""
        known = tuple(self._question.now.cameras)
        camera = self._question.camera or (known[0] if len(known) == 1 else "")
        plain = Outcome(None, path, camera, camera, None, False, Kind.UNKNOWN)
        yield from self._looked_at(_Clip(plain), path)

    def _looked_at(self, clip: _Clip, path: Path) -> Iterator[Outcome | Progress]:
        """By its pictures."""
        from smartrec.media.stored import open_stored

        ways: list[list[Look]] = [[] for _ in self._setups]
        try:
            stored = open_stored(path)
            eyes = self._open_eyes()
            if clip.plain.clip is None:
                clip = self._introduced(clip, stored)
            looks = eyes.look(stored, clip.plain.camera, clip.first, inter_coded=clip.inter_coded)
            for count, (way, look) in enumerate(looks):
                ways[way].append(look)
                if len(ways[way]) >= MOST_LOOKS:
                    break
                if count % _TOLD_EVERY == 0 and stored.duration:
                    share = min(1.0, (look.pts - clip.first) / stored.duration)
                    yield Progress(self._done, self._of, share)
        except SmartrecError as error:
            yield replace(clip.plain, why=str(error))
            return
        yield self._judged(clip, _Seen("detector", ways[0], ways[-1]))

    def _introduced(self, clip: _Clip, stored: "Stored") -> _Clip:
        """By what a file says of itself; a journal says all."""
        head = stored.head
        if head is None:
            return replace(clip, inter_coded=stored.stream.codec is not Codec.JPEG)
        plain = replace(
            clip.plain,
            camera=self._question.camera or head.camera_id,
            camera_name=head.camera_name,
            start_ns=head.instant.wall_at(stored.begin),
            by_hand=_by_hand(head.triggers),
        )
        return _Clip(plain, stored.begin, head.format.codec is not Codec.JPEG)

    def _open_eyes(self) -> "Relooking":
        if self._eyes is None:
            # Where looks will do, neither GStreamer nor a model is loaded.
            from smartrec.media.relooking import Relooking

            self._eyes = Relooking(self._setups)
        return self._eyes

    def _judged(self, clip: _Clip, seen: _Seen) -> Outcome:
        """By the looks of each side."""
        camera = clip.plain.camera
        now, then = (
            _answer(side, looks, camera, confidence, clip.first)
            for side, looks, confidence in zip(
                self._sides, (seen.now, seen.then), self._confidences, strict=True
            )
        )
        known = any(camera in side.cameras for side in self._sides)
        return replace(
            clip.plain,
            kind=kind_of(now, then, by_hand=clip.plain.by_hand),
            evidence=seen.evidence,
            now=now,
            then=then,
            why=None if known else _ELSEWHERE,
        )


def _clip_of(record: ClipRecord) -> _Clip:
    plain = Outcome(
        clip=record.clip_id,
        path=record.path,
        camera=record.camera_id,
        camera_name=record.camera_name,
        start_ns=record.start_wall_ns,
        by_hand=_by_hand(record.triggers),
        kind=Kind.UNKNOWN,
        thumbnail=record.thumbnail is not None,
    )
    first = record.first_pts
    if first is None:  # until it is finished, as far as asked
        instant = record.instant
        first = Ns(instant.mono_ns + record.start_wall_ns - instant.wall_ns)
    return _Clip(plain, first, record.codec != Codec.JPEG.value)


def _by_hand(triggers: Sequence[Trigger]) -> bool:
    return any(trigger.reason != _PERSON for trigger in triggers)


def _kept(catalog: Catalog, clip_id: str) -> list[Look]:
    """What was seen live; nothing where that cannot be read."""
    try:
        return single.looks(catalog, clip_id, _ROWS)[0][:MOST_LOOKS]
    except CatalogDamaged:
        return []


def _answer(side: Side, looks: list[Look], camera: str, confidence: float, first: Ns) -> Answer:
    if not side.begins(camera):
        return Answer((), None)
    tried = trial(looks, side.rules(confidence), side.watched(camera).zones)
    return answer_of(tried, first)


def _confidence(side: Side) -> float:
    setup = side.setup
    return min_confidence_of(setup, find_model(setup))
