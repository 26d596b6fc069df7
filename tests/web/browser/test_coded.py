"""H.264 and H.265 cameras in Chromium: each picture is told by the number drawn into it."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from playwright.sync_api import Browser

from smartrec.model import Codec
from tests.media import numbered
from tests.web import coded_camera
from tests.web.browser.visit import Visit, visiting
from tests.web.child import Child, setup
from tests.web.coded_camera import CodedCamera, Feeding, feeding

BEHIND = "seen.newest - (seen.zero + player.element.currentTime * 1e9)"
# On a page of our own, so that nothing but the player is tested. A VideoFrame is a picture and its
# media time in one; what is told by `onframe` may be one that a busy tab has just let go of.
PLAY = """
async () => {
  const { CodedPicture } = await import("/js/mse.js");
  const { readMessage } = await import("/js/link.js");
  const seen = { frames: [], told: [], troubles: [], zero: null, newest: 0, most: 0 };
  window.seen = seen;
  const socket = new WebSocket(`ws://${location.host}/api/v1/live`, "smartrec.live.v1");
  socket.binaryType = "arraybuffer";
  document.documentElement.innerHTML = "<body></body>";
  const small = new OffscreenCanvas(WIDE, 4);
  const view = small.getContext("2d", { willReadFrequently: true });
  const look = (video) => {
    const frame = new VideoFrame(video);
    view.drawImage(frame, 0, 0, frame.displayWidth, frame.displayHeight / 4, 0, 0, WIDE, 4);
    const luma = view.getImageData(0, 2, WIDE, 1).data.filter((_, at) => at % 4 === 1);
    seen.frames.push([frame.timestamp, Array.from(luma)]);
    frame.close();
  };
  const begin = ({ mime }) => {
    window.player?.close();
    const player = (window.player = new CodedPicture({
      mime,
      onframe: (epoch, pts) => { seen.told.push(pts); look(player.element); },
      ontrouble: (trouble) => seen.troubles.push(trouble),
    }));
    document.body.replaceChildren(player.element);
  };
  const behind = () => (seen.told.length ? BEHIND : 0);
  socket.onmessage = ({ data }) => {
    if (data instanceof ArrayBuffer) {
      const { header, bytes } = readMessage(data);
      if (header.kind === 1) seen.zero = header.pts;
      else seen.newest = Math.max(seen.newest, header.pts);
      seen.most = Math.max(seen.most, behind());
      window.player.push(header.kind, header, bytes);
      return;
    }
    const message = JSON.parse(data);
    if (message.type === "hello") socket.send(JSON.stringify({ watch: ["cam0"] }));
    if (message.type === "format") begin(message);
  };
}
""".replace("WIDE", str(numbered.BITS * 8)).replace("BEHIND", BEHIND)


@dataclass
class Shown:
    """A tab that plays one camera."""

    visit: Visit
    fed: Feeding

    def told(self) -> list[int]:
        """Pts of the pictures that were shown, as the player says."""
        return [round(pts) for pts in self.visit.page.evaluate("seen.told")]

    def frames(self) -> list[tuple[int, int]]:
        """Pts, by its media time, and number of each picture that was looked at."""
        seen = self.visit.page.evaluate("seen")
        return [
            (self._sent(seen["zero"] + 1000 * at), number_in(np.array(luma, np.uint8)))
            for at, luma in seen["frames"]
        ]

    def wait(self, pictures: int) -> None:
        """Until so many more are shown."""
        wanted = len(self.told()) + pictures
        self.visit.wait_until("pictures", lambda: len(self.told()) >= wanted)

    def _sent(self, about: float) -> int:
        """The pts of a picture that was sent, from a time in whole microseconds."""
        nearest = min(self.fed.numbers, key=lambda pts: abs(pts - about))
        assert abs(nearest - about) < 2_000
        return nearest


def number_in(luma: np.ndarray[Any, np.dtype[np.uint8]]) -> int:
    """Of one line of a picture's band, 8 pixels a bit."""
    bits = luma.reshape(numbered.BITS, 8)[:, 2:6].mean(axis=1) > 127
    return int("".join("01"[int(bit)] for bit in bits), 2)


Play = Callable[[CodedCamera], Shown]


@pytest.fixture
def play(browser: Browser, tmp_path: Path) -> Iterator[Play]:
    with ExitStack() as stack:

        def started(camera: CodedCamera) -> Shown:
            return stack.enter_context(playing(browser, tmp_path, camera))

        yield started


@contextmanager
def playing(browser: Browser, place: Path, camera: CodedCamera) -> Iterator[Shown]:
    with (
        Child(setup(place)) as child,
        feeding(child, camera) as fed,
        visiting(browser, f"{child.address}js/link.js") as visit,
    ):
        visit.expected.append("404")  # Chromium asks for an icon that a bare file does not name
        visit.open()
        visit.page.evaluate(PLAY)
        yield Shown(visit, fed)


@pytest.mark.parametrize("bframes", [pytest.param(0, marks=pytest.mark.long), 2])
def test_the_picture_moves_and_each_is_the_one_that_it_is_said_to_be(
    play: Play, bframes: int
) -> None:
    shown = play(coded_camera.small(bframes=bframes))
    shown.wait(60)
    numbers = shown.fed.numbers
    told = shown.told()
    assert set(told) <= numbers.keys()
    assert told == sorted(set(told))
    frames = shown.frames()
    assert [number for _, number in frames] == [numbers[pts] for pts, _ in frames]
    assert len(set(frames)) > 30
    assert not shown.visit.page.evaluate("seen.troubles")
    assert not shown.visit.unexpected()


@pytest.mark.long
def test_whoever_comes_late_sees_the_newest_picture_and_not_the_oldest(
    play: Play, browser: Browser
) -> None:
    shown = play(coded_camera.small(gop=120))
    shown.wait(60)
    begun = max(shown.fed.numbers)
    with visiting(browser, shown.visit.address) as visit:
        visit.open()
        visit.page.evaluate(PLAY)
        late = Shown(visit, shown.fed)
        late.wait(10)
        visit.wait_until("it is newer than its viewer", lambda: late.told()[-1] > begun)
        visit.wait_until("it is live", lambda: visit.page.evaluate(BEHIND) < 0.5e9)


@pytest.mark.long
def test_pictures_that_the_camera_lost_do_not_stop_those_that_follow(play: Play) -> None:
    shown = play(coded_camera.small(gop=120))
    shown.wait(10)
    shown.visit.wait_until("a keyframe", lambda: number_sent(shown.fed) < 20)
    before = max(shown.fed.numbers)
    shown.fed.lose = 15
    shown.wait(60)
    behind_the_gap = [
        shown.fed.numbers[pts] for pts in shown.told() if before < pts < before + 3_000_000_000
    ]
    assert sum(number > 40 for number in behind_the_gap) > 10


def number_sent(fed: Feeding) -> int:
    return fed.numbers[max(fed.numbers)]


@pytest.mark.long
def test_a_tab_that_was_busy_jumps_to_live(play: Play) -> None:
    shown = play(coded_camera.small())
    shown.wait(30)
    shown.visit.page.evaluate(
        "{const end = performance.now() + 2000; while (performance.now() < end);}"
    )
    shown.visit.wait_until("it is behind", lambda: shown.visit.page.evaluate("seen.most") > 1e9)
    shown.visit.wait_until("it is live", lambda: shown.visit.page.evaluate(BEHIND) < 0.5e9)
    shown.wait(10)


@pytest.mark.long
def test_a_decoder_that_fails_goes_on_with_a_keyframe(play: Play) -> None:
    shown = play(coded_camera.small())
    shown.wait(10)
    shown.visit.page.evaluate(
        "player.element.addEventListener('error', () => seen.troubles.push('error'))"
    )
    shown.fed.spoil = b"\0\0\0\x08\x65" + b"\xff" * 7  # a picture of NAL units, of no sense
    shown.visit.wait_until(
        "an error", lambda: "error" in shown.visit.page.evaluate("seen.troubles")
    )
    shown.wait(30)
    frames = shown.frames()[-10:]
    assert [number for _, number in frames] == [shown.fed.numbers[pts] for pts, _ in frames]


def test_a_codec_that_the_browser_does_not_play_is_said(play: Play) -> None:
    shown = play(coded_camera.small(Codec.H265))
    if shown.visit.page.evaluate(
        "MediaSource.isTypeSupported('video/mp4; codecs=\"hvc1.1.6.L93\"')"
    ):
        pytest.skip("this browser plays H.265")
    shown.visit.wait_until("it is said", lambda: shown.visit.page.evaluate("seen.troubles"))
    assert shown.visit.page.evaluate("seen.troubles") == ["codec"]


@pytest.mark.long
def test_a_player_that_is_closed_holds_nothing(play: Play) -> None:
    shown = play(coded_camera.small())
    shown.wait(10)
    shown.visit.page.evaluate("player.close()")
    told = len(shown.told())
    newest = max(shown.fed.numbers)
    shown.visit.wait_until("more came", lambda: max(shown.fed.numbers) > newest + 1_000_000_000)
    assert len(shown.told()) == told
    assert not shown.visit.page.evaluate("player.element.src || player.element.buffered.length")
    assert not shown.visit.unexpected()
