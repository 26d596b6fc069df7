"""Debian's `motion` on the same pictures, somebody walking all the time; 720p30 MJPEG.

    .venv/bin/python -m benchmarks.watch_motion [--runs 3]

It finds motion, not persons: beside ours only to show what the best known program needs. A server
in a process of its own sends the JPEGs over HTTP at their pace, which is not counted. Without
`--events` it neither writes pictures nor movies and keeps none from before an event; with it the
event that never ends is recorded: H.264, ten seconds from before it.
"""

import argparse
import http.server
import multiprocessing
import subprocess
import tempfile
import time
from multiprocessing.sharedctypes import Synchronized
from pathlib import Path

from benchmarks import measure
from smartrec.media.gst import Gst, GstApp, launch

WARM_S, WINDOW_S = 15.0, 15.0
SETTINGS = """
daemon off
log_level 6
netcam_url http://127.0.0.1:{port}/
width 1280
height 720
framerate 30
threshold 1500
event_gap 10
pre_capture {pre_capture}
post_capture 300
target_dir {place}
picture_output off
movie_output {movie}
movie_codec mp4
movie_quality 60
movie_max_time 0
webcontrol_port 0
stream_port 0
"""


def units(path: Path, demuxer: str) -> list[bytes]:
    """Of a file."""
    pipeline = launch(f"filesrc location={path} ! {demuxer} ! appsink name=out sync=false")
    pipeline.set_state(Gst.State.PLAYING)
    sink, found = pipeline.get_by_name("out"), []
    assert isinstance(sink, GstApp.AppSink)
    while (sample := sink.try_pull_sample(5 * Gst.SECOND)) is not None:
        buffer = sample.get_buffer()
        assert buffer is not None
        found.append(buffer.extract_dup(0, buffer.get_size()))
    pipeline.set_state(Gst.State.NULL)
    return found


def serve(path: Path, port: "multiprocessing.Queue[int]", sent: "Synchronized[int]") -> None:
    """The camera."""
    pictures = units(path, "matroskademux")

    class Camera(http.server.BaseHTTPRequestHandler):
        """One that sends for as long as somebody listens."""

        def do_GET(self) -> None:
            """All pictures, over and over."""
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
            self.end_headers()
            begin, number = time.monotonic(), 0
            while not self.wfile.closed:
                jpeg = pictures[number % len(pictures)]
                head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                try:
                    self.wfile.write(head.encode() + jpeg + b"\r\n")
                except OSError:  # it has heard enough
                    return
                number += 1
                sent.value = number
                time.sleep(max(0.0, begin + number / measure.FPS - time.monotonic()))

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    port.put(server.server_port)
    server.serve_forever()


def once(port: int, sent: "Synchronized[int]", *, events: bool) -> tuple[float, str]:
    """Percent of a core, and what else there is to say."""
    with tempfile.TemporaryDirectory() as place:
        settings, log = Path(place) / "motion.conf", Path(place) / "log"
        movie, pre_capture = ("on", 300) if events else ("off", 0)
        settings.write_text(
            SETTINGS.format(port=port, place=place, movie=movie, pre_capture=pre_capture)
        )
        begin = time.monotonic()
        command = ["motion", "-n", "-c", str(settings), "-l", str(log)]
        process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            time.sleep(WARM_S)
            at, before, taken = time.monotonic(), measure.cpu_ns(process.pid), sent.value
            time.sleep(WINDOW_S)
            used, spent = measure.cpu_ns(process.pid) - before, time.monotonic() - at
            taken = sent.value - taken
            memory = measure.pss_mb(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=60)
        written, whole = movies(Path(place)), time.monotonic() - begin
        assert "Motion detected" in log.read_text(), f"VOID: {log.read_text()}"
    said = f"{taken / spent:.1f} pictures/s sent, {memory:.0f} MB PSS"
    return 100 * used / 1e9 / spent, f"{said}, {written} pictures in movies of {whole:.0f} s"


def movies(place: Path) -> int:
    """Pictures in the movies that were written."""
    return sum(len(units(each, "qtdemux ! h264parse")) for each in place.glob("**/*.mp4"))


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--events", action="store_true", help="record the event")
    given = parser.parse_args()
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    sent = multiprocessing.Value("q", 0)
    camera = multiprocessing.Process(
        target=serve, args=(measure.walking(), port, sent), daemon=True
    )
    camera.start()
    at, used = port.get(timeout=60), []
    for run in range(given.runs):
        percent, said = once(at, sent, events=given.events)
        used.append(percent)
        print(f"run {run + 1}: {percent:.1f} % of a core; {said}", flush=True)
    print(f"motion: {measure.spread(used, 1)} % of a core")
    camera.terminate()


if __name__ == "__main__":
    main()
