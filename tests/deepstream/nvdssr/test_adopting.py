"""A file as NvDsSR leaves it becomes a clip that is exact to the frame."""

from pathlib import Path

from smartrec.media.adopt import adopt
from smartrec.media.nvdssr import SmartRecordLibrary
from smartrec.media.orders import Recording
from smartrec.media.proof import Fed
from smartrec.model import AccessUnit, ClipHead, Trigger
from smartrec.units import SECOND, Ns
from tests.deepstream.nvdssr.conftest import Open
from tests.deepstream.nvdssr.stage import at, in_file, recorded
from tests.media import clips
from tests.media.clips import FRAME


def clip_of(first: int, stop: int, trigger: int) -> tuple[ClipHead, list[Fed]]:
    """The head of a clip of a JPEG camera's numbered pictures, and what its journal holds."""
    taken = [AccessUnit(1, n, at(n), at(n), FRAME, True, 0, b"") for n in range(first, stop)]
    triggers = (Trigger("trigger-1", at(trigger), "key-R"),)
    head = clips.head(clips.jpeg_format(), taken, end=at(stop), triggers=triggers)
    return head, [Fed(unit.pts, unit.duration) for unit in taken]


def test_what_lies_before_the_pre_roll_is_hidden(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library, container="mp4")
    stage.feed_to(200)
    stage.recorder.start("a", Ns(2 * SECOND), at(199))
    stage.recorder.stop("a", until=at(251))
    stage.feed_to(300)
    one = recorded(stage.hears(1)[0])
    head, given = clip_of(139, 251, 199)
    proof = adopt(Recording(Path(one.path), one.began, one.ended, one.frames), head, given)
    assert (proof.frames, proof.lost) == (251 - 139, {})
    assert (proof.first, proof.last) == (at(139), at(250))
    assert in_file(one.path) == list(range(139, 251))


def test_a_clip_right_behind_another_lacks_what_is_counted(
    library: SmartRecordLibrary, open_stage: Open
) -> None:
    stage = open_stage(library, container="mp4", gop=15)
    stage.feed_to(100)
    stage.recorder.start("a", Ns(0), at(90))
    stage.recorder.stop("a", until=at(130))
    stage.recorder.start("b", Ns(0), at(130))
    stage.recorder.stop("b", until=at(190))
    stage.feed_to(240)
    two = recorded(stage.hears(2)[1])
    head, given = clip_of(130, 190, 160)
    proof = adopt(Recording(Path(two.path), two.began, two.ended, two.frames), head, given)
    shown = in_file(two.path)
    assert shown == list(range(shown[0], 190))
    assert 0 < shown[0] - 130 <= 15
    assert proof.lost == {"smart-record": shown[0] - 130}
