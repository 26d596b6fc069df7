"""The real process: a question in, lines out, gone when nobody wants to know any more."""

import json
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from smartrec.app.children import EXIT_UNWANTED
from smartrec.app.replay_child import EXIT_FAILED
from smartrec.app.replay_question import Question, side_of
from smartrec.config.schema import Config
from tests.media import clips as media
from tests.store.walks import fill_walks

TIMEOUT = 50
SIDE = side_of(Config())
PICKY = side_of(Config.model_validate({"detector": {"min_confidence": 0.99}}))


@contextmanager
def child(question: bytes) -> Iterator["subprocess.Popen[bytes]"]:
    """It has the question, and its stdin is open."""
    command = [sys.executable, "-m", "smartrec.app.replay_child"]
    pipe = subprocess.PIPE
    with subprocess.Popen(command, stdin=pipe, stdout=pipe, stderr=pipe) as process:
        assert process.stdin is not None
        process.stdin.write(question + b"\n")
        process.stdin.flush()
        try:
            yield process
        finally:
            process.kill()


def asked(question: bytes) -> tuple[int, list[dict[str, Any]], str]:
    """Exit status, what it said, and its stderr."""
    with child(question) as process:
        assert process.stdout is not None
        assert process.stderr is not None
        said = [json.loads(line) for line in process.stdout]
        return process.wait(TIMEOUT), said, process.stderr.read().decode()


def words(question: Question) -> bytes:
    return json.dumps(question.as_json()).encode()


def test_each_clip_is_a_line_and_the_sum_is_last(tmp_path: Path) -> None:
    walks = fill_walks(tmp_path, 12)
    status, said, noise = asked(words(Question(SIDE, PICKY, tmp_path)))
    assert (status, noise) == (0, "")
    assert said[0] == {"progress": {"done": 0, "of": 12, "share": 0.0}}
    told = [line["outcome"] for line in said if "outcome" in line]
    assert [each["clip"] for each in told] == sorted(walks, reverse=True)
    kinds = [each["outcome"] for each in told]
    assert said[-1]["sum"] == {
        "clips": 12,
        **{
            kind: kinds.count(kind)
            for kind in ("stays", "vanishes", "appears", "neither", "manual", "unknown")
        },
    }
    assert kinds.count("vanishes") == 10


def test_what_is_wrong_is_said_in_our_words(tmp_path: Path) -> None:
    for question, said in (
        (words(Question(SIDE, SIDE, tmp_path)), "no clips in"),
        (b"{}", "no question"),
    ):
        status, (failed,), noise = asked(question)
        assert (status, noise) == (EXIT_FAILED, "")
        assert said in failed["failed"]["message"]


def test_it_ends_when_nobody_wants_to_know_any_more(tmp_path: Path) -> None:
    """In the midst of pictures that would take it for minutes."""
    units = media.jpeg_units(media.jpegs(30) * 100)
    shop = media.Shop(tmp_path, media.head(media.jpeg_format(), units))
    shop.write(units)
    always = {"detector": {"motion_gate": False, "fps": 30.0}}
    side = side_of(Config.model_validate(always))
    with child(words(Question(side, side, files=(shop.journal,)))) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        assert "progress" in json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(TIMEOUT) == EXIT_UNWANTED


def test_it_ends_when_nobody_asks() -> None:
    command = [sys.executable, "-m", "smartrec.app.replay_child"]
    done = subprocess.run(command, stdin=subprocess.DEVNULL, check=False, timeout=TIMEOUT)
    assert done.returncode == EXIT_UNWANTED
