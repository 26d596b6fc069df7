"""An RTSP server in a process of its own, GStreamer's: plays films of numbered pictures."""

import json
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
_PROGRAM = r"""
import json, sys
import gi
gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import Gio, GLib, Gst, GstRtspServer as Rtsp

Gst.init(None)
port, mounts, user, password, certificate = json.loads(sys.argv[1])
server = Rtsp.RTSPServer()
server.set_address("127.0.0.1")
server.set_service(str(port))
for path, launch in mounts.items():
    factory = Rtsp.RTSPMediaFactory()
    factory.set_launch(launch)
    if user or certificate:
        allowed = Rtsp.RTSPPermissions()
        for right in ("access", "construct"):
            for role in ("user", "anonymous"):
                allowed.add_permission_for_role(role, f"media.factory.{right}", True)
        factory.set_permissions(allowed)
    server.get_mount_points().add_factory(path, factory)
if user or certificate:
    auth, token = Rtsp.RTSPAuth(), Rtsp.RTSPToken()
    token.set_string("media.factory.role", "user")
    if user:
        auth.add_basic(Rtsp.RTSPAuth.make_basic(user, password), token)
    else:
        auth.set_default_token(token)
    if certificate:
        auth.set_tls_certificate(Gio.TlsCertificate.new_from_file(certificate))
    server.set_auth(auth)
assert server.attach(None), "the port is taken"
print(server.get_bound_port(), flush=True)
GLib.MainLoop().run()
"""


def needs_server() -> None:
    """Skip where there is none."""
    asked = "import gi; gi.require_version('GstRtspServer', '1.0')"
    if subprocess.run([sys.executable, "-c", asked], check=False, capture_output=True).returncode:
        pytest.skip("gir1.2-gst-rtsp-server-1.0 is not installed")


def numbered(path: Path, codec: str, count: int) -> Path:
    """A film of `count` pictures; each client sees it from number 0, at its own pace."""
    return film(path, count, *CODECS[codec].split(), width=WIDTH, height=HEIGHT)


def played(path: Path, codec: str) -> str:
    """How a film is sent."""
    parser = f"{codec}parse ! rtp{codec}pay name=pay0 config-interval=-1"
    return f'( filesrc location="{path}" ! qtdemux ! {parser} )'


@dataclass
class Server:
    """Runs in a ``with``.

    Args:
        mounts: Path -> gst-launch text with an element ``pay0``.
        login: User and password that it wants.
        certificate: PEM file with certificate and key: it speaks TLS only.
        port: 0 takes a free one.
    """

    mounts: dict[str, str]
    login: tuple[str, str] | None = None
    certificate: Path | None = None
    port: int = 0
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
        login = self.login or ("", "")
        certificate = str(self.certificate) if self.certificate else ""
        said = json.dumps([self.port, self.mounts, *login, certificate])
        command = [sys.executable, "-c", _PROGRAM, said]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
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
        return f"{scheme}://{login}127.0.0.1:{self.port}{path}"
