"""A catalogue of walks replayed: what is said of each clip is what the trigger logic says of it."""

from collections.abc import Sequence
from pathlib import Path

import pytest

from smartrec.app.replay_outcome import Kind, Outcome, Progress
from smartrec.app.replay_question import Question, Side, side_of
from smartrec.app.replaying import replay
from smartrec.config.schema import Config
from smartrec.detection.trial import trial
from smartrec.errors import ModelUnusable, UsageError
from smartrec.model import ClipState
from smartrec.store.catalog import Catalog
from smartrec.store.keeping import trash
from smartrec.units import SECOND, Ns
from tests.media import clips as media
from tests.store.clips import WALL, head
from tests.store.walks import PRE_ROLL, fill_walks

CLIPS = 40
DOOR = {"name": "door", "polygon": [[0.6, 0.7], [1.0, 0.7], [1.0, 1.0], [0.6, 1.0]]}


def side(zones: Sequence[object] = (), **tables: dict[str, object]) -> Side:
    camera = {"source": "demo", "zone": list(zones)}
    return side_of(Config.model_validate({"camera": [camera], **tables}))


@pytest.fixture(scope="module")
def walked(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, dict[str, str]]:
    directory = tmp_path_factory.mktemp("walks")
    return directory, fill_walks(directory, CLIPS)


def outcomes(question: Question) -> list[Outcome]:
    return [each for each in replay(question) if isinstance(each, Outcome)]


def test_only_who_comes_through_the_door_stays(walked: tuple[Path, dict[str, str]]) -> None:
    directory, walks = walked
    found = outcomes(Question(side(), side([DOOR]), directory))
    assert [each.clip for each in found] == sorted(walks, reverse=True), "newest first"
    wanted = {"street": Kind.VANISHES, "hall": Kind.VANISHES, "door": Kind.STAYS}
    for each in found:
        assert each.clip is not None
        kind = walks[each.clip]
        assert each.kind is wanted.get(kind, Kind.UNKNOWN), kind
        assert each.evidence == (None if each.kind is Kind.UNKNOWN else "looks")
        if each.kind is Kind.STAYS:
            assert each.other_zone
            assert each.shift is not None
            assert each.shift > SECOND, "the door is entered later than the picture"
            assert each.now is not None
            assert abs(each.now.hits[0].at - PRE_ROLL * SECOND) <= SECOND // 5


@pytest.mark.parametrize("confidence", [0.05, 0.6, 0.72, 0.84, 0.93, 0.99])
def test_a_confidence_gives_what_the_trigger_logic_gives(
    walked: tuple[Path, dict[str, str]], confidence: float
) -> None:
    directory, walks = walked
    then = side(detector={"min_confidence": confidence}, trigger={"frames": 3, "of": 4})
    found = {each.clip: each for each in outcomes(Question(side(), then, directory))}
    with Catalog.open(directory, create=False) as catalog:
        for clip_id, kind in walks.items():
            if kind in ("key", "lost"):
                continue
            own = trial(catalog.looks(clip_id), then.rules(confidence), ())
            then_ = found[clip_id].then
            assert then_ is not None
            assert [hit.score for hit in then_.hits] == [
                pytest.approx(trigger.why["best"]["score"])  # type: ignore[index]
                for trigger in own.triggers
            ]
            assert found[clip_id].kind is (Kind.STAYS if own.triggers else Kind.VANISHES)


def test_nobody_begins_a_clip_where_nobody_is_looked_for(
    walked: tuple[Path, dict[str, str]],
) -> None:
    directory, walks = walked
    seen = sum(kind not in ("key", "lost") for kind in walks.values())
    for off in (
        side(trigger={"person": False}),
        side(detector={"enabled": False}),
        Side(cameras={"cam0": {"detect": False}}),  # type: ignore[dict-item]
    ):
        gone = [each.kind for each in outcomes(Question(side(), off, directory))]
        assert gone.count(Kind.VANISHES) == seen
        come = [each.kind for each in outcomes(Question(off, side(), directory))]
        assert come.count(Kind.APPEARS) == seen


def test_clips_are_chosen_by_time_number_camera_and_name(
    walked: tuple[Path, dict[str, str]],
) -> None:
    directory, walks = walked
    ids = sorted(walks)
    now = side()

    def chosen(**which: object) -> list[str | None]:
        question = Question(now, now, directory, **which)  # type: ignore[arg-type]
        return [each.clip for each in outcomes(question)]

    assert chosen(oldest_first=True) == ids
    assert chosen(most=3) == ids[:-4:-1]
    assert chosen(most=3, oldest_first=True) == ids[-3:]
    assert chosen(only=(ids[4], ids[2])) == [ids[4], ids[2]]
    assert chosen(camera="cam7") == []
    with Catalog.open(directory, create=False) as catalog:
        starts = [record.start_wall_ns for record in catalog.clips()]
    assert chosen(since=starts[5], until=starts[8], oldest_first=True) == ids[5:8]


def test_progress_comes_first_and_says_how_many_there_are(
    walked: tuple[Path, dict[str, str]],
) -> None:
    directory, _ = walked
    first, *rest = replay(Question(side(), side(), directory))
    assert first == Progress(0, CLIPS)
    assert sum(isinstance(each, Outcome) for each in rest) == CLIPS


def test_what_cannot_be_known_is_said_and_the_others_go_on(
    walked: tuple[Path, dict[str, str]],
) -> None:
    directory, walks = walked
    found = {each.clip: each for each in outcomes(Question(side(), side(), directory))}
    for clip_id, kind in walks.items():
        unknown = found[clip_id].kind is Kind.UNKNOWN
        assert unknown == (kind in ("key", "lost")), "neither looks nor a file"
        if unknown:
            why = found[clip_id].why
            assert why is not None
            assert "does not exist" in why
    (gone,) = outcomes(Question(side(), side(), directory, only=("gone",)))
    assert (gone.kind, gone.why) == (Kind.UNKNOWN, "it was deleted meanwhile")


def test_a_camera_that_is_not_in_the_settings_is_judged_without_zones(
    walked: tuple[Path, dict[str, str]],
) -> None:
    directory, walks = walked
    camera = {"id": "other", "source": "demo", "zone": [DOOR]}
    other = side_of(Config.model_validate({"camera": [camera]}))
    found = {each.clip: each for each in outcomes(Question(other, other, directory))}
    hall = next(found[clip_id] for clip_id, kind in walks.items() if kind == "hall")
    assert hall.kind is Kind.STAYS
    assert hall.why is not None
    assert "not in the settings" in hall.why


def test_trash_is_left_alone(tmp_path: Path) -> None:
    walks = fill_walks(tmp_path, 5)
    with Catalog.open(tmp_path, create=True) as catalog:
        thrown = sorted(walks)[2]
        trash(catalog, [thrown], WALL)
    found = [each.clip for each in outcomes(Question(side(), side(), tmp_path))]
    assert found == [clip_id for clip_id in sorted(walks, reverse=True) if clip_id != thrown]


def test_a_model_that_is_no_use_is_told_once(walked: tuple[Path, dict[str, str]]) -> None:
    directory, _ = walked
    then = side(detector={"model": "/nowhere/at.onnx"})
    with pytest.raises(ModelUnusable, match=r"/nowhere/at\.onnx"):
        outcomes(Question(side(), then, directory))


def test_without_a_catalogue_it_is_said(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="no clips in"):
        outcomes(Question(side(), side(), tmp_path))


def test_nothing_is_written(tmp_path: Path) -> None:
    fill_walks(tmp_path, 20)
    before = {path: path.read_bytes() for path in tmp_path.iterdir()}
    outcomes(Question(side(), side([DOOR]), tmp_path))
    assert {path: path.read_bytes() for path in tmp_path.iterdir()} == before


def test_a_journal_is_replayed_as_far_as_it_got(tmp_path: Path) -> None:
    """Of a clip that is still recorded: nobody in it, by the real detector."""
    units = media.jpeg_units(media.jpegs(20))
    of_this = head(
        format=media.jpeg_format(),
        start=units[0].pts,
        end=Ns(units[-1].pts + 60 * SECOND),
        state=ClipState.RECORDING,
    )
    shop = media.Shop(tmp_path, of_this)
    shop.write(units)
    with Catalog.open(tmp_path, create=True) as catalog:
        catalog.opened(of_this, shop.journal)
    (found,) = outcomes(Question(side(), side(), tmp_path))
    assert found.kind is Kind.MANUAL
    assert found.evidence == "detector"
    assert found.by_hand
    (alone,) = outcomes(Question(side(), side(), files=(shop.journal,)))
    assert (alone.clip, alone.camera, alone.kind) == (None, "cam0", Kind.MANUAL)
    assert alone.start_ns == of_this.instant.wall_at(units[0].pts)
