"""What is known of a clip comes back from its journal, also from an older smartrec's."""

import json

from smartrec.model import Trigger
from smartrec.recording.journal_layout import head_from_json, head_of, head_to_json, tags
from smartrec.units import SECOND, Ns
from tests.streams import clip_head

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
