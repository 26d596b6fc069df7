"""A replay as a process of its own: ``python -m smartrec.app.replay_child``.

    stdin   a question in one line of JSON, see `smartrec.app.replay_question.Question`
    stdout  lines of JSON: {"progress": {"done": 3, "of": 23, "share": 0.4}}, first and now and then
            {"outcome": {…}}    each clip as soon as it is known, see `replay_outcome.Outcome`
            {"sum": {"clips": 23, "stays": 14, "vanishes": 6, …}}                       last, or
            {"failed": {"message": …, "hint": …}}                                       instead
    exit    0 it said the sum, 1 it failed, 3 stdin ended before that: nobody wants it any more

Whoever starts it has it give way to everything else; see `smartrec.app.children.errand`.
"""

import json
import sys
import time
from collections import Counter
from collections.abc import Sequence
from typing import Final

from smartrec.app.children import EXIT_UNWANTED, end_with_stdin
from smartrec.app.replay_outcome import Kind, Outcome, summed
from smartrec.app.replay_question import question
from smartrec.app.replaying import replay
from smartrec.app.settings_question import refusal
from smartrec.errors import SmartrecError

EXIT_FAILED: Final = 1
_PROGRESS_EVERY: Final = 0.5


def main(argv: Sequence[str] = ()) -> int:
    """Answer the question that comes over stdin.

    Args:
        argv: Not looked at.

    Returns:
        The exit status.
    """
    del argv
    line = sys.stdin.buffer.readline()
    if not line:
        return EXIT_UNWANTED
    end_with_stdin()
    try:
        _answer(line)
    except SmartrecError as error:
        _say({"failed": refusal(error)})
        return EXIT_FAILED
    return 0


def _answer(line: bytes) -> None:
    counted = Counter[Kind]()
    told = float("-inf")
    for each in replay(question(line)):
        if isinstance(each, Outcome):
            counted[each.kind] += 1
            _say({"outcome": each.as_json()})
        elif time.monotonic() - told >= _PROGRESS_EVERY:
            told = time.monotonic()
            _say({"progress": each.as_json()})
    _say({"sum": summed(counted)})


def _say(said: dict[str, object]) -> None:
    sys.stdout.write(json.dumps(said) + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(main())
