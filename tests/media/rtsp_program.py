"""GStreamer's RTSP server as a program of its own; `tests.media.rtsp_server` starts it.

Its one argument is a JSON object, see `Setup`. It prints the port when it listens.
"""

import json
import sys
from dataclasses import dataclass

import gi

gi.require_version("Gst", "1.0")  # noqa: TID251 - it knows nothing of smartrec, and is no part of it
gi.require_version("GstRtsp", "1.0")  # noqa: TID251
gi.require_version("GstRtspServer", "1.0")  # noqa: TID251
from gi.repository import Gio, GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402

RIGHTS = [f"media.factory.{right}" for right in ("access", "construct")]


@dataclass(frozen=True)
class Setup:
    """What is served, and how badly.

    Attributes:
        host: Address to listen at.
        port: 0 takes a free one.
        mounts: Path -> gst-launch text with an element ``pay0``.
        user: Who may see it; empty for everybody.
        password: The user's.
        digest: The password is asked for by digest, not in clear.
        certificate: PEM file with certificate and key; with one it speaks TLS only.
        transport: ``"tcp"``, ``"udp"`` or ``"both"``.
        walled: Nothing that it sends by UDP gets out, as behind a firewall.
        lose: Of the packets that pass an element ``lossy`` leave out some: (from which on, of how
            many, how many of these, for how many clients).
    """

    host: str
    port: int
    mounts: dict[str, str]
    user: str
    password: str
    digest: bool
    certificate: str
    transport: str
    walled: bool
    lose: tuple[int, int, int, int] | None


class Losing:
    """Leaves out packets by count."""

    def __init__(self, rule: tuple[int, int, int, int]) -> None:
        self._first, self._every, self._burst, self._clients = rule
        self._seen = 0

    def attach(self, media: GstRtspServer.RTSPMedia) -> None:
        sender = media.get_element()
        assert isinstance(sender, Gst.Bin)
        lossy = sender.get_by_name("lossy")
        if lossy is not None and self._clients > 0:
            self._clients -= 1
            self._seen = 0
            pad = lossy.get_static_pad("src")
            assert pad is not None
            pad.add_probe(Gst.PadProbeType.BUFFER, self._pass)

    def _pass(self, _pad: Gst.Pad, _info: Gst.PadProbeInfo) -> Gst.PadProbeReturn:
        number = self._seen - self._first
        self._seen += 1
        lost = number >= 0 and number % self._every < self._burst
        return Gst.PadProbeReturn.DROP if lost else Gst.PadProbeReturn.OK


def wall_in(media: GstRtspServer.RTSPMedia) -> None:
    """Let nothing out by UDP."""

    def added(_top: Gst.Bin, _bin: Gst.Bin, element: Gst.Element) -> None:
        made_by = element.get_factory()
        if made_by is not None and made_by.get_name() == "multiudpsink":
            pad = element.get_static_pad("sink")
            assert pad is not None
            everything = Gst.PadProbeType.BUFFER | Gst.PadProbeType.BUFFER_LIST
            pad.add_probe(everything, lambda *_: Gst.PadProbeReturn.DROP)

    top = media.get_element().get_parent()
    assert isinstance(top, Gst.Pipeline)
    top.connect("deep-element-added", added)


def factory(launch: str, setup: Setup) -> GstRtspServer.RTSPMediaFactory:
    """What one path plays."""
    made = GstRtspServer.RTSPMediaFactory()
    made.set_launch(launch)
    lower = {
        "tcp": GstRtsp.RTSPLowerTrans.TCP,
        "udp": GstRtsp.RTSPLowerTrans.UDP,
        "both": GstRtsp.RTSPLowerTrans.TCP | GstRtsp.RTSPLowerTrans.UDP,
    }
    made.set_protocols(lower[setup.transport])
    if setup.lose:
        losing = Losing(setup.lose)
        made.connect("media-configure", lambda _, media: losing.attach(media))
    if setup.walled:
        made.connect("media-configure", lambda _, media: wall_in(media))
    if setup.user or setup.certificate:
        allowed = GstRtspServer.RTSPPermissions()
        for right in RIGHTS:
            for role in ("user", "anonymous"):
                allowed.add_permission_for_role(role, right, True)
        made.set_permissions(allowed)
    return made


def auth(setup: Setup) -> GstRtspServer.RTSPAuth:
    """Who may see it."""
    made, token = GstRtspServer.RTSPAuth(), GstRtspServer.RTSPToken()
    token.set_string("media.factory.role", "user")
    if setup.digest:
        made.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        made.add_digest(setup.user, setup.password, token)
    elif setup.user:
        made.add_basic(GstRtspServer.RTSPAuth.make_basic(setup.user, setup.password), token)
    else:
        made.set_default_token(token)
    if setup.certificate:
        made.set_tls_certificate(Gio.TlsCertificate.new_from_file(setup.certificate))
    return made


def main() -> None:
    """Serve until killed."""
    Gst.init(None)
    setup = Setup(**json.loads(sys.argv[1]))
    server = GstRtspServer.RTSPServer()
    server.set_address(setup.host)
    server.set_service(str(setup.port))
    mounts = server.get_mount_points()
    assert mounts is not None
    for path, launch in setup.mounts.items():
        mounts.add_factory(path, factory(launch, setup))
    if setup.user or setup.certificate:
        server.set_auth(auth(setup))
    assert server.attach(None), "the port is taken"
    sys.stdout.write(f"{server.get_bound_port()}\n")
    sys.stdout.flush()
    GLib.MainLoop().run()


main()
