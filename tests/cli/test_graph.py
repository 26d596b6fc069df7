"""What `smartrec graph` prints is what GStreamer takes."""

from click.testing import CliRunner

from smartrec.cli.graph import graph
from smartrec.media.gst import launch


def test_every_printed_pipeline_is_one() -> None:
    result = CliRunner().invoke(graph, ["--source", "demo"])
    assert result.exit_code == 0
    blocks = [block for block in result.stdout.split("# ") if block.strip()]
    assert next(block.splitlines()[0] for block in blocks) == "cam0: capture of demo"
    assert len(blocks) == 4
    for block in blocks:
        launch("\n".join(block.splitlines()[1:]))
