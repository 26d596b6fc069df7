"""What `smartrec graph` prints is what GStreamer takes."""

from pathlib import Path

import pytest
from click.testing import CliRunner

from smartrec.cli.graph import graph
from smartrec.errors import UsageError
from smartrec.graph.platforms import PLATFORMS
from smartrec.media.gst import Gst, launch, running
from tests.xserver import XServer

HEADLESS = {"SMARTREC_SCREEN__SHOW": "off"}
TWO = """
[[camera]]
id = "door"
source = "demo"
rotate = 90
[[camera]]
id = "yard"
source = "demo"
"""


def printed(*options: str, environ: dict[str, str] | None = None) -> dict[str, str]:
    """Each pipeline by its title."""
    result = CliRunner().invoke(graph, options, env=environ)
    assert result.exit_code == 0, result.output
    blocks = [block for block in result.stdout.split("# ") if block.strip()]
    return {title: text.strip() for title, _, text in (block.partition("\n") for block in blocks)}


def test_every_printed_pipeline_is_one(x_server: XServer) -> None:
    found = printed("--source", "demo")
    assert next(iter(found)) == "cam0: capture of demo"
    assert len(found) == 6
    for text in found.values():
        launch(text)
    assert "jpegdec" in found["cam0: decoding"]
    (shown,) = (text for title, text in found.items() if title.startswith("cam0: shown"))
    assert shown.endswith("ximagesink")


def test_without_a_screen_it_says_so_and_jpegs_need_no_decoder() -> None:
    titles = [*printed("--source", "demo", environ=HEADLESS)]
    assert titles[:2] == ["cam0: capture of demo", "screen: none. The settings switch it off"]
    assert not any("decoding" in title for title in titles)


def test_a_camera_that_lies_on_its_side_is_turned_for_the_screen(
    x_server: XServer, tmp_path: Path
) -> None:
    settings = tmp_path / "two.toml"
    settings.write_text(TWO)
    shown = {title[:4]: text for title, text in printed("--config", str(settings)).items()}
    assert "video-direction=90r" in shown["door"]
    assert "videoflip" not in shown["yard"]


@pytest.mark.parametrize(("encoder", "decoded"), [("jpegenc", False), ("x264enc", True)])
def test_the_detector_alone_decodes_only_what_is_no_jpeg(
    tmp_path: Path, encoder: str, decoded: bool
) -> None:
    file = tmp_path / "some.mkv"
    writing = launch(
        f"videotestsrc num-buffers=10 ! {encoder} ! matroskamux ! filesink location={file}"
    )
    with running(writing) as bus:
        assert bus.timed_pop_filtered(20 * Gst.SECOND, Gst.MessageType.EOS)
    titles = [*printed("--source", f"file:{file}", environ=HEADLESS)]
    assert ("cam0: decoding" in titles) == decoded


@pytest.mark.parametrize("platform", PLATFORMS)
def test_a_machine_that_is_not_here_needs_neither_its_elements_nor_a_camera(platform: str) -> None:
    found = printed("--platform", platform)
    assert [*found] == [
        "cam0: capture of usb",
        f"watch, {PLATFORMS[platform].title}",
        "finishing JPEG and raw cameras",
        "finishing H.264 cameras",
        "finishing H.265 cameras",
    ]
    assert "image/jpeg,width=1280,height=720,framerate=30/1" in found["cam0: capture of usb"]
    watch = found[f"watch, {PLATFORMS[platform].title}"]
    assert f"! {PLATFORMS[platform].sink} name=display" in watch
    assert "mux.sink_0" in watch
    assert " interval=5" in watch
    assert "nvtracker" in watch, "boxes stay between the pictures that are looked at"


def test_the_settings_count_on_a_machine_that_is_not_here(tmp_path: Path) -> None:
    settings = tmp_path / "two.toml"
    settings.write_text(TWO + '[detector]\nmodel = "mine.txt"\nfps = 10\n[screen]\nshow = "off"\n')
    found = printed("--platform", "dgpu", "--new-mux", "--config", str(settings))
    watch = found["watch, graphics card (dGPU)"]
    assert "batch-size=2" in watch
    assert "interval" not in watch, "only what is to be looked at comes"
    assert f'config-file-path="{tmp_path}/mine.txt"' in watch
    assert "fakesink name=display" in watch
    assert "flip-method=clockwise" in watch
    assert "live-source" not in watch


@pytest.mark.parametrize(
    ("platform", "encoder"),
    [("jetson-orin", "quant-i-frames"), ("jetson-orin-nano", "x264enc"), ("dgpu", "constqp")],
)
def test_nvidias_recorder_has_a_leg_of_its_own(platform: str, encoder: str) -> None:
    watch = printed("--platform", platform, "--recorder", "nvdssr")
    (text,) = (text for title, text in watch.items() if title.startswith("watch"))
    leg = text[text.index("tee_0.") :]
    assert encoder in leg
    assert leg.endswith("! h264parse name=encoded_0\n  ! fakesink name=record_0")


def test_a_camera_on_the_network_is_recorded_by_its_own_source_and_shows_no_password() -> None:
    address = "rtsp://me:s3cret@camera:554/main"
    found = printed("--platform", "dgpu", "--recorder", "nvdssr", "--source", address)
    assert "s3cret" not in str(found)
    capture = found["cam0: capture of rtsp://me:***@camera:554/main"]
    assert 'rtspsrc name=source location="rtsp://me:***@camera:554/main"' in capture
    watch = found["watch, graphics card (dGPU)"]
    assert 'nvurisrcbin name=source_0 uri="rtsp://me:***@camera:554/main"' in watch
    assert "smart-record=smart-rec-multi" in watch
    assert "appsrc" not in watch
    assert watch.endswith("! mux.sink_0")
    own = printed("--platform", "dgpu", "--source", address)["watch, graphics card (dGPU)"]
    assert "appsrc name=source_0" in own
    assert "nvurisrcbin" not in own


@pytest.mark.parametrize(
    ("options", "says"),
    [
        (["--platform", "jetson-nano"], "'jetson-orin', 'jetson-orin-nano', 'jetson-thor', 'dgpu'"),
        (["--recorder", "obs"], "'ring', 'nvdssr'"),
    ],
)
def test_a_name_that_is_none_lists_those_that_are(options: list[str], says: str) -> None:
    result = CliRunner().invoke(graph, options)
    assert result.exit_code == 2
    assert says in result.output


def test_the_new_mux_is_asked_for_with_a_machine_only() -> None:
    result = CliRunner().invoke(graph, ["--new-mux"])
    assert isinstance(result.exception, UsageError)
