"""Commands that are run for browsers, and what may become of them; the processes are stand-ins."""

import asyncio
import json
import os
import sys
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

import pytest

from smartrec.clock import SystemClock
from smartrec.config.load import load
from smartrec.errors import ControlError, SmartrecError
from smartrec.web.errand import Done, Errands
from smartrec.web.examination import Examination, found_in
from tests.e2e.recorder import wait_gone
from tests.web.child import TIMEOUT

FINDING = {"check": "room", "status": "ok", "what": "there is", "why": "", "mend": ""}
FOUND = {"v": 1, "status": "ok", "broken": False, "findings": [FINDING]}
HANGS = """
import os, subprocess, sys, time
child = subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"])
with open(sys.argv[1] + ".new", "w") as file:
    file.write(f"{os.getpid()} {child.pid}")
os.rename(sys.argv[1] + ".new", sys.argv[1])
time.sleep(600)
"""
"""It, and what it started, do not end by themselves."""
CLINGS = """
import subprocess, sys
subprocess.Popen(["cat", sys.argv[1]], start_new_session=True)
"""
"""What it started is not killed with it, and holds its stdout, like a process in a dead disk."""
TELLS = """
import json, sys
words = sys.argv[1:]
text = open(words[words.index("--config") + 1]).read() if "--config" in words else ""
finding = {"check": "words", "status": "ok", "what": " ".join(words), "why": text, "mend": ""}
print(json.dumps({"v": 1, "status": "ok", "broken": False, "findings": [finding]}))
"""
"""It finds what it was asked."""


def errands(program: str, within: float = TIMEOUT, most: int = 100_000) -> Errands:
    return Errands((sys.executable, "-c", program), within, most)


def run(made: Errands, *words: str) -> Done:
    async def whole() -> Done:
        return await made.run(*words)

    return asyncio.run(whole())


def examined(made: Errands, values: Mapping[str, object] | None) -> Examination:
    """One that is over."""

    async def given() -> Mapping[str, object] | None:
        return values

    async def whole() -> Examination:
        examination = Examination(made, Path("/clips"), SystemClock())
        examination.begin(given)
        examination.begin(given)  # it is running already
        await over(examination)
        return examination

    return asyncio.run(whole())


async def over(examination: Examination) -> tuple[str, SmartrecError | None]:
    """How it ended."""
    while examination.state == "running":
        await asyncio.sleep(0.01)
    return examination.state, examination.error


def test_what_it_says_and_how_it_ends_is_told() -> None:
    program = "import sys; print('said', sys.argv[1:]); sys.exit('no\\nroom')"
    assert run(errands(program), "doctor", "--json") == Done(
        1, b"said ['doctor', '--json']\n", "no room"
    )


def test_it_may_read_nothing_and_yet_its_stdin_is_open() -> None:
    program = "import select, sys; print(select.select([sys.stdin], [], [], 0.1)[0])"
    assert run(errands(program)).said == b"[]\n"


def test_one_that_hangs_is_killed_with_all_that_it_started(tmp_path: Path) -> None:
    at = tmp_path / "processes"
    for within in (1.0, 5.0, 25.0):  # it may take a while until it hangs
        with pytest.raises(ControlError, match=f"did not end within {within:.0f} s"):
            run(errands(HANGS, within), str(at))
        if at.exists():
            break
    for process in at.read_text().split():
        wait_gone(int(process))


def test_one_that_cannot_be_killed_is_let_go_and_holds_up_the_next_while_it_is_there(
    tmp_path: Path,
) -> None:
    pipe = tmp_path / "pipe"
    os.mkfifo(pipe)

    async def stuck() -> Errands:
        for within in (1.0, 5.0, 25.0):  # it may take a while until it clings
            made = Errands((sys.executable, "-c", CLINGS), within, let_go_after=0.1)
            with pytest.raises(ControlError) as caught:
                await made.run(str(pipe))
            if "hangs and cannot be killed" in str(caught.value):
                return made
        pytest.fail("it never clung")

    async def whole() -> None:
        made = await stuck()
        with pytest.raises(ControlError, match="waits for another one"):
            await made.run(str(pipe))
        await asyncio.to_thread(pipe.write_text, "it goes on")  # who opens it waits for the reader
        while True:
            with suppress(ControlError):
                assert (await made.run(os.devnull)).status == 0
                return
            await asyncio.sleep(0.01)

    asyncio.run(asyncio.wait_for(whole(), 2 * TIMEOUT))


def test_one_that_says_ever_more_is_a_condition() -> None:
    with pytest.raises(ControlError, match="smartrec doctor said too much"):
        run(errands("while True: print('x' * 1000)", most=10_000), "doctor")


def test_one_that_cannot_be_started_is_a_condition(tmp_path: Path) -> None:
    with pytest.raises(ControlError, match="smartrec report cannot be started: No such file"):
        run(Errands((str(tmp_path / "nothing"),)), "report")


def test_one_at_a_time() -> None:
    program = "import time; print(time.monotonic_ns()); time.sleep(0.2); print(time.monotonic_ns())"

    async def whole() -> list[Done]:
        made = errands(program)
        return list(await asyncio.gather(made.run(), made.run()))

    (a, b), (c, d) = (map(int, each.said.split()) for each in asyncio.run(whole()))
    assert b <= c or d <= a


def test_doctor_is_asked_about_the_settings_in_force_without_their_passwords() -> None:
    values = {
        "recording.pre_roll": "7s",
        "retention.max_age": None,
        "camera[0].id": "door",
        "camera[0].source": "rtsp://me:***@192.0.2.1/one",
        "camera[0].zone[0].name": "mat",
        "camera[0].zone[0].polygon": [[0.0, 0.0], [1.0, 0.0], [1.0, 1.0]],
    }
    examination = examined(errands(TELLS), values)
    assert (examination.state, examination.error) == ("done", None)
    assert examination.found is not None
    (finding,) = examination.found.findings
    assert finding.what.startswith("doctor --json --clips /clips --config /")
    config = load(path=Path("smartrec.toml"), environ={}, overrides={}, text=finding.why).config
    assert config.camera[0].id == "door"
    assert config.camera[0].zone[0].name == "mat"
    assert not Path(finding.what.split()[-1]).exists()


def test_doctor_looks_also_where_the_recorder_does_not_answer() -> None:
    found = examined(errands(TELLS), None).found
    assert found is not None
    assert found.findings[0].what == "doctor --json --clips /clips"


@pytest.mark.parametrize(
    ("program", "why"),
    [
        ("import sys; sys.exit('no such option')", "no such option"),
        ("import sys; sys.exit(3)", "status 3"),
        ('print(\'{"status": "odd", "findings": []}\')', "status 0"),
    ],
)
def test_a_doctor_that_finds_nothing_out_failed(program: str, why: str) -> None:
    examination = examined(errands(program), None)
    assert (examination.state, examination.found) == ("failed", None)
    assert why in str(examination.error)


def test_a_bug_is_an_end_too_and_the_next_may_do(caplog: pytest.LogCaptureFixture) -> None:
    async def broken() -> None:
        raise ZeroDivisionError

    async def nothing() -> None:
        return None

    async def whole() -> None:
        examination = Examination(errands(TELLS), Path("/clips"), SystemClock())
        examination.begin(broken)
        state, error = await over(examination)
        assert state == "failed"
        assert error is not None
        assert "smartrec doctor" in str(error.hint)
        examination.begin(nothing)
        assert await over(examination) == ("done", None)

    asyncio.run(whole())
    assert "ZeroDivisionError" in caplog.text


def test_what_was_found_is_as_doctor_says_it() -> None:
    found = found_in(Done(1, json.dumps(FOUND).encode(), ""), 7)
    assert (found.at_ms, found.exit, found.status) == (7, 1, "ok")
    assert [each.model_dump() for each in found.findings] == [FINDING]
