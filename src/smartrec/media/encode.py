"""Follows a journal into an MP4 file: JPEG is encoded, H.264 and H.265 are taken as they are."""

import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from smartrec.errors import ClipDamaged, PipelineError
from smartrec.graph import plan
from smartrec.graph.recipes import RECIPES, Recipe, Role, candidates, choose, none_usable
from smartrec.media.gst import reaches_ready
from smartrec.media.inlet import Inlet, stream_caps
from smartrec.media.journal import JournalReader, SoundAt
from smartrec.media.orders import Job, Orders
from smartrec.media.proof import Fed
from smartrec.media.sieve import fatal
from smartrec.media.trial import encodes
from smartrec.model import ClipHead, Codec, StreamFormat
from smartrec.units import Ns

#: Called with the number of pictures handed over so far.
Progress = Callable[[int], None]


@dataclass(frozen=True, slots=True)
class Written:
    """A file as the muxer left it.

    Attributes:
        head: The journal's last.
        fed: What was handed over.
        first: Time of the first picture in the file, in decoding order.
        encoder: The recipe that made it, or ``"remux"``.
        sound: Where the journal has sound.
    """

    head: ClipHead
    fed: list[Fed]
    first: Ns
    encoder: str
    sound: list[SoundAt]


@dataclass(frozen=True, slots=True)
class _Task:
    """What to follow and where to write; pictures of the times `without` are left out."""

    orders: Orders
    part: Path
    progress: Progress
    without: frozenset[Ns] = frozenset()


def write_mp4(
    job: Job,
    orders: Orders,
    part: Path,
    progress: Progress,
    recipes: tuple[Recipe, ...] = RECIPES,
) -> Written:
    """Write everything that the journal holds and will hold until it is closed.

    An encoder that fails is replaced by the next that works here, from the beginning. Pictures that
    end the decoder are left out, and so are lost by it.

    Args:
        job: What to finish.
        orders: How far the journal may be read.
        part: The file to write.
        progress: Is told of every picture.
        recipes: The encoders to choose from.

    Raises:
        Abandoned: The recorder died before the journal was closed.
        MissingElement: Nothing here encodes H.264, or not what is pinned.
        SmartrecError: The graph failed; see `smartrec.media.gst.error_of`.
    """
    with _opened(job.journal) as reader:
        format_ = reader.head.format
        if format_.codec is not Codec.JPEG:
            return _follow(
                reader, _Task(orders, part, progress), str(plan.finish_remux(format_.codec))
            )
    decoder = choose(Role.DECODE_JPEG, usable=reaches_ready)
    trial = str(plan.finish_trial(format_, decoder))
    without: frozenset[Ns] = frozenset()
    while True:
        task = _Task(orders, part, progress, without)
        try:
            return _encode(job, format_, decoder, task, recipes)
        except PipelineError:
            if (ending := fatal(job.journal, orders.readable, trial)) <= without:
                raise
            without |= ending
            sys.stderr.write(f"{len(ending)} pictures end the decoder and are left out\n")


def _encode(
    job: Job,
    format_: StreamFormat,
    decoder: Recipe,
    task: _Task,
    recipes: tuple[Recipe, ...],
) -> Written:
    """With the first encoder that does not fail."""
    pinned = None if job.encoder == "auto" else job.encoder
    failure: PipelineError | None = None
    for encoder in candidates(Role.ENCODE_H264, usable=encodes, pinned=pinned, recipes=recipes):
        text = str(plan.finish_encode(format_, decoder, encoder, job.quality))
        try:
            with _opened(job.journal) as reader:
                return _follow(reader, task, text, encoder)
        except PipelineError as error:
            failure = error
            sys.stderr.write(f"encoder {encoder.name} failed: {error} {error.debug}\n")
    raise failure or none_usable(Role.ENCODE_H264, pinned)


@contextmanager
def _opened(journal: Path) -> Iterator[JournalReader]:
    reader = JournalReader(journal)
    try:
        yield reader
    finally:
        reader.close()


def _follow(
    reader: JournalReader, task: _Task, text: str, encoder: Recipe | None = None
) -> Written:
    orders = task.orders
    caps = None if encoder else stream_caps(reader.head.format)
    fed: list[Fed] = []
    with Inlet(text, caps=caps, location=task.part) as inlet:
        while True:
            last = orders.closed
            for unit in reader.read(orders.readable):
                if unit.damaged or not unit.data:
                    continue
                if unit.pts not in task.without:
                    inlet.push(unit)
                fed.append(Fed(unit.pts, unit.duration))
                orders.poll(0)
                task.progress(len(fed))
            if last:
                break
            orders.poll(None)
        if not fed:
            raise ClipDamaged(f"The journal {reader.path} holds no picture")
        inlet.end()
    if inlet.zero is None or inlet.first is None:
        raise ClipDamaged(
            f"None of {len(fed)} pictures in the journal {reader.path} can be decoded",
            hint='Keep the camera\'s own bits: set format = "copy"',
        )
    first = Ns(inlet.zero + inlet.first)
    return Written(reader.head, fed, first, encoder.name if encoder else "remux", reader.sound)
