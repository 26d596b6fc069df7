"""What is known of a clip comes back from its journal, also from an older smartrec's."""

import hashlib
import json
from itertools import pairwise

from smartrec.model import SoundFormat, Trigger
from smartrec.recording.journal_layout import (
    CLUSTER_SPAN,
    clusters,
    head_from_json,
    head_of,
    head_to_json,
    opening,
    sound_of,
    tags,
    units_of,
)
from smartrec.recording.sound import RATE, SoundChunk
from smartrec.units import SECOND, Ns
from tests.streams import clip_head, stream

LASTING = Trigger(
    "t", Ns(SECOND), "person", {"track": 3, "best": {"score": 0.9}}, last=Ns(3 * SECOND)
)


def test_a_head_comes_back_from_its_tags() -> None:
    head = clip_head(triggers=(*clip_head().triggers, LASTING), lost={"driver": 1})
    assert head_of(tags(head)) == head


def test_a_head_from_before_triggers_could_last_is_read() -> None:
    older = json.loads(head_to_json(clip_head()))
    for trigger in older["triggers"]:
        del trigger["last"]
    assert head_from_json(json.dumps(older)) == clip_head()


SOUND = clip_head(sound=SoundFormat(RATE, 1))


def test_a_journal_without_sound_is_what_it_was_before_there_was_any() -> None:
    """Byte for byte: older versions read it, and the digest is from one."""
    units = list(stream(40, gop=5, size=300, lost=frozenset({7})))
    written = opening(clip_head()) + b"".join(clusters(units, units[0].pts))
    assert hashlib.sha256(written).hexdigest() == (
        "e2153ac61182e3fa9b55bd4bdc433582495eb6f3f8423c7b3fbabd97a3ec127e"
    )


def test_sound_and_pictures_lie_by_time_and_come_back_exactly() -> None:
    units = list(stream(60, gop=10, start=1234567))
    chunks = [SoundChunk(Ns(1234567 + n * 20_000_001), bytes([n, 1]) * 960) for n in range(100)]
    written = list(clusters(units, units[0].pts, chunks))
    assert [unit for each in written for unit in units_of(each)] == units
    sound = [
        SoundChunk(pts, each[begin:end]) for each in written for pts, begin, end in sound_of(each)
    ]
    assert sound == chunks
    spans = [
        [*(unit.pts for unit in units_of(each)), *(pts for pts, _, _ in sound_of(each))]
        for each in written
    ]
    assert all(max(span) - min(span) < CLUSTER_SPAN for span in spans)
    assert all(max(one) <= min(next_) for one, next_ in pairwise(spans))


def test_a_head_with_sound_comes_back() -> None:
    assert head_of(tags(SOUND)) == SOUND
