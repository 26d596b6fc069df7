"""The ring of sound is read like the ring of pictures; cutting takes each sample once."""

from itertools import pairwise

from hypothesis import given
from hypothesis import strategies as st

from smartrec.recording.sound import RATE, SoundChunk, SoundReader, SoundRing, time_of
from smartrec.units import MILLISECOND, SECOND, Ns

CHUNK = 960


def numbered(first: int, count: int = CHUNK, zero: int = 0) -> SoundChunk:
    """Samples that say their own numbers, of a source whose sample 0 was taken at `zero`."""
    data = b"".join((n % 65536).to_bytes(2, "little") for n in range(first, first + count))
    return SoundChunk(Ns(zero + time_of(first)), data)


def told(chunks: list[SoundChunk]) -> list[int]:
    data = b"".join(chunk.data for chunk in chunks)
    return [int.from_bytes(data[at : at + 2], "little") for at in range(0, len(data), 2)]


def filled(seconds: float, **limits: int) -> SoundRing:
    ring = SoundRing(Ns(limits.get("length", 60 * SECOND)), limits.get("max_bytes", 10_000_000))
    for n in range(0, round(seconds * RATE), CHUNK):
        ring.push(numbered(n))
    return ring


@given(cuts=st.lists(st.integers(-50, 300), min_size=2, max_size=6).map(sorted))
def test_cut_at_any_moments_each_sample_is_in_one_piece(cuts: list[int]) -> None:
    whole = numbered(7 * CHUNK, 5 * CHUNK, zero=12345)
    moments = [Ns(whole.pts + cut * MILLISECOND // 2) for cut in cuts]
    pieces = [whole.within(a, b) for a, b in pairwise(moments)]
    wanted = whole.within(moments[0], moments[-1])
    assert told([piece for piece in pieces if piece]) == told([wanted] if wanted else [])


def test_a_ring_holds_its_length_and_no_more() -> None:
    ring = filled(5, length=2 * SECOND)
    held = list(ring.since(ring.first))
    assert 2 * SECOND <= held[-1].end - held[0].pts <= 2 * SECOND + time_of(CHUNK)
    assert ring.bytes == sum(len(chunk.data) for chunk in held)
    assert ring.until == held[-1].end


def test_what_a_reader_needs_stays_until_it_is_too_much() -> None:
    ring = SoundRing(Ns(SECOND), 3 * RATE * 2)
    for n in range(0, 2 * RATE, CHUNK):
        ring.push(numbered(n), pinned=0)
    assert ring.first == 0
    for n in range(2 * RATE, 5 * RATE, CHUNK):
        ring.push(numbered(n), pinned=0)
    assert ring.bytes <= ring.max_bytes
    assert ring.first > 0


def test_a_reader_reads_its_time_once_whatever_the_steps() -> None:
    ring = SoundRing(Ns(60 * SECOND), 10_000_000)
    start, end = Ns(100 * MILLISECOND + 7), Ns(900 * MILLISECOND + 3)
    reader = SoundReader(ring, start)
    read: list[SoundChunk] = []
    for n in range(0, RATE, CHUNK):
        ring.push(numbered(n))
        read += reader.read(Ns(min(end, time_of(n) - 5 * MILLISECOND)))
    read += reader.read(end, last=True)
    whole = [n for n in range(RATE) if start <= n * SECOND / RATE < end]
    assert told(read) == [n % 65536 for n in whole]
    assert reader.read(end, last=True) == []


def test_two_clips_that_meet_share_no_sample_and_lack_none() -> None:
    ring = filled(3)
    middle = Ns(SECOND + 33_333_334)
    first = SoundReader(ring, Ns(0)).read(middle, last=True)
    rest = SoundReader(ring, middle).read(Ns(3 * SECOND), last=True)
    assert told([*first, *rest]) == [n % 65536 for n in range(3 * RATE)]


def test_a_reader_goes_on_behind_what_the_ring_let_go() -> None:
    ring = SoundRing(Ns(SECOND), 10_000_000)
    ring.push(numbered(0))
    reader = SoundReader(ring, Ns(0))
    for n in range(CHUNK, 5 * RATE, CHUNK):
        ring.push(numbered(n))
    read = told(reader.read(ring.until, last=True))
    assert read[0] >= 3 * RATE % 65536
    assert len(read) >= RATE
