"""An RTSP server in a process of its own, GStreamer's: plays films of numbered pictures."""

import json
import os
import platform
import select
import subprocess
import sys
from dataclasses import dataclass, field
from pathlib import Path
from types import TracebackType

import pytest

from tests.e2e.pictures import film

TIMEOUT = 30.0
USER, PASSWORD = "me@home", "p@ss/w:rd%1 ö"
WIDTH, HEIGHT = 320, 180
CODECS = {
    "h264": "-c:v libx264 -preset ultrafast -bf 0 -g 15 -sc_threshold 0",
    "h265": "-c:v libx265 -preset ultrafast -tag:v hvc1"
    " -x265-params log-level=none:keyint=15:bframes=0:pools=1",
}
_PROGRAM = Path(__file__).with_name("rtsp_program.py")
_FAKETIME = Path("/usr/lib") / f"{platform.machine()}-linux-gnu" / "faketime" / "libfaketimeMT.so.1"


def needs_server() -> None:
    """Skip where there is none."""
    asked = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if subprocess.run([sys.executable, "-c", asked], check=False, capture_output=True).returncode:
        pytest.skip("gir1.2-gst-rtsp-server-1.0 is not installed")


def numbered(path: Path, codec: str, count: int) -> Path:
    """A film of `count` pictures; each client sees it from number 0, at its own pace."""
    return film(path, count, *CODECS[codec].split(), width=WIDTH, height=HEIGHT)


def own_certificate(directory: Path) -> Path:
    """One that a camera made for itself, with its key."""
    both, alone = directory / "server.pem", directory / "alone.pem"
    subprocess.run(
        [
            *("openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "2"),
            *("-subj", "/CN=camera", "-keyout", str(both), "-out", str(alone)),
        ],
        check=True,
        capture_output=True,
    )
    both.write_text(both.read_text() + alone.read_text())
    return both


def played(path: Path, codec: str, *, lossy: bool = False) -> str:
    """How a film is sent; a lossy one by small packets, of which `Server.lose` can lose some."""
    parser = f"{codec}parse ! rtp{codec}pay config-interval=-1 name="
    end = "sender mtu=500 ! identity name=lossy ! identity name=pay0" if lossy else "pay0"
    return f'( filesrc location="{path}" ! qtdemux ! {parser}{end} )'


@dataclass
class Server:
    """Runs in a ``with``.

    Args:
        mounts: Path -> gst-launch text with an element ``pay0``.
        login: User and password that it wants.
        digest: It wants them by digest.
        certificate: PEM file with certificate and key: it speaks TLS only.
        port: 0 takes a free one.
        host: Address that it listens at.
        transport: ``"tcp"``, ``"udp"`` or ``"both"``.
        walled: See `rtsp_program.Setup`.
        lose: See `rtsp_program.Setup`.
        ahead: Seconds that its wall clock goes before ours.
    """

    mounts: dict[str, str]
    login: tuple[str, str] | None = None
    digest: bool = False
    certificate: Path | None = None
    port: int = 0
    host: str = "127.0.0.1"
    transport: str = "both"
    walled: bool = False
    lose: tuple[int, int, int, int] | None = None
    ahead: float | None = None
    _process: "subprocess.Popen[str] | None" = field(default=None, init=False)

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.kill()

    def start(self) -> None:
        user, password = self.login or ("", "")
        setup = {
            "host": self.host,
            "port": self.port,
            "mounts": self.mounts,
            "user": user,
            "password": password,
            "digest": self.digest,
            "certificate": str(self.certificate or ""),
            "transport": self.transport,
            "walled": self.walled,
            "lose": self.lose,
        }
        process = subprocess.Popen(
            [sys.executable, str(_PROGRAM), json.dumps(setup)],
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **self._clock()},
        )
        self._process = process
        assert process.stdout is not None
        assert select.select([process.stdout], [], [], TIMEOUT)[0], "the server does not start"
        self.port = int(process.stdout.readline())

    def kill(self) -> None:
        """End it at once; `start` begins another on the same port."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(TIMEOUT)
            assert self._process.stdout is not None
            self._process.stdout.close()
            self._process = None

    @property
    def pid(self) -> int:
        assert self._process is not None
        return self._process.pid

    def address(self, path: str, login: str = "", scheme: str = "rtsp") -> str:
        """Of a mount; `login` as it stands in an address, with its ``@``."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return f"{scheme}://{login}{host}:{self.port}{path}"

    def _clock(self) -> dict[str, str]:
        if self.ahead is None:
            return {}
        if not _FAKETIME.exists():
            pytest.skip("faketime is not installed")
        return {
            "LD_PRELOAD": str(_FAKETIME),
            "FAKETIME": f"{self.ahead:+}s",
            "FAKETIME_DONT_FAKE_MONOTONIC": "1",
        }
