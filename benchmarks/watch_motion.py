"""Debian's `motion` on the same pictures, somebody walking all the time; 720p30 MJPEG.

    .venv/bin/python benchmarks/watch_motion.py [--runs 3]

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
from pathlib import Path

import measure

from smartrec.media.gst import Gst, launch

WARM_S, WINDOW_S = 15.0, 15.0
SETTINGS = """
daemon off
log_level 6
netcam_url http://127.0.0.1:{port}/
netcam_keepalive off
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


def jpegs(path: Path) -> list[bytes]:
    """Of a file."""
    pipeline = launch(f"filesrc location={path} ! matroskademux ! appsink name=out sync=false")
    pipeline.set_state(Gst.State.PLAYING)
    sink, found = pipeline.get_by_name("out"), []
    while (sample := sink.try_pull_sample(5 * Gst.SECOND)) is not None:
        found.append(sample.get_buffer().extract_dup(0, sample.get_buffer().get_size()))
    pipeline.set_state(Gst.State.NULL)
    return found


def serve(path: Path, port: "multiprocessing.Queue[int]", sent: "object") -> None:
    """The camera."""
    pictures = jpegs(path)

    class Camera(http.server.BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(200)
            self.send_header("Content-Type", "multipart/x-mixed-replace; boundary=next")
            self.end_headers()
            begin, number = time.monotonic(), 0
            while True:
                jpeg = pictures[number % len(pictures)]
                head = f"--next\r\nContent-Type: image/jpeg\r\nContent-Length: {len(jpeg)}\r\n\r\n"
                self.wfile.write(head.encode() + jpeg + b"\r\n")
                number += 1
                sent.value = number
                time.sleep(max(0.0, begin + number / measure.FPS - time.monotonic()))

    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Camera)
    port.put(server.server_port)
    server.serve_forever()


def once(port: int, sent: "object", *, events: bool) -> tuple[float, float, str]:
    """Percent of a core, and pictures sent a second."""
    with tempfile.TemporaryDirectory() as place:
        settings = Path(place) / "motion.conf"
        movie, pre_capture = ("on", 300) if events else ("off", 0)
        settings.write_text(
            SETTINGS.format(port=port, place=place, movie=movie, pre_capture=pre_capture)
        )
        log = (Path(place) / "log").open("wb")
        command = ["motion", "-n", "-c", str(settings)]
        process = subprocess.Popen(command, stdout=log, stderr=log)
        try:
            time.sleep(WARM_S)
            begin, at, before = measure.cpu_ns(process.pid), time.monotonic(), sent.value
            time.sleep(WINDOW_S)
            used, spent = measure.cpu_ns(process.pid) - begin, time.monotonic() - at
            taken = (sent.value - before) / spent
            threads = measure.threads(process.pid)
            memory = measure.pss_mb(process.pid)
        finally:
            process.terminate()
            process.wait(timeout=30)
            log.close()
        movies = sum(each.stat().st_size for each in Path(place).glob("*.mp4"))
        said = f"{memory:.0f} MB PSS, movies {movies / 1e6:.1f} MB, threads " + ", ".join(
            f"{name} {ns / 1e9:.1f} s" for name, ns in threads.values()
        )
        if "-v" in __import__("sys").argv:
            print((Path(place) / "log").read_text())
        return 100 * used / 1e9 / spent, taken, said


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--events", action="store_true", help="record the event")
    parser.add_argument("-v", action="store_true")
    given = parser.parse_args()
    port: multiprocessing.Queue[int] = multiprocessing.Queue()
    sent = multiprocessing.Value("q", 0)
    camera = multiprocessing.Process(
        target=serve, args=(measure.walking(), port, sent), daemon=True
    )
    camera.start()
    at, used = port.get(timeout=60), []
    for run in range(given.runs):
        percent, taken, said = once(at, sent, events=given.events)
        used.append(percent)
        print(f"run {run + 1}: {percent:.1f} % of a core, {taken:.1f} pictures/s taken; {said}")
    print(f"motion: {measure.spread(used, 1)} % of a core")
    camera.terminate()


if __name__ == "__main__":
    main()
