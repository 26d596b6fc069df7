"""How far a network camera's own clock is from ours, by its RTCP sender reports (RFC 3550, 6.4.1).

A report pairs the camera's wall time with its RTP time. The newest picture has an RTP time and,
on our timeline, a pts; so the camera's wall time at that picture is known, and ours as well. What
the picture needed to get here counts as if the camera's clock were behind, some tenths of a second.
Nothing is changed by it: pts stay on our timeline. But the time that the camera draws into its
pictures is that of its own clock.
"""

from typing import Final

from smartrec.clock import Instant
from smartrec.media.gst import Gst, elements_of
from smartrec.units import SECOND, Ns

EVERY: Final = Ns(SECOND)
_NTP_TO_UNIX: Final = 2_208_988_800
"""Seconds from 1900, where NTP begins, to 1970."""
_WRAP: Final = 2**32


def wall_time(ntp: int, sent_rtp: int, picture_rtp: int, clock_rate: int) -> int:
    """The sender's wall time (ns since 1970 UTC) of a picture.

    Args:
        ntp: Of the report, 32 bits of seconds since 1900 and 32 of fraction.
        sent_rtp: RTP time of the same moment.
        picture_rtp: The picture's; it may lie before or behind, and have wrapped.
        clock_rate: RTP's ticks a second.
    """
    ticks = (picture_rtp - sent_rtp + _WRAP // 2) % _WRAP - _WRAP // 2
    since_1900 = (ntp * SECOND >> 32) + ticks * SECOND // clock_rate
    return since_1900 - _NTP_TO_UNIX * SECOND


class CameraClock:
    """The clock at the other end of an ``rtspsrc``. One thread, the capture's.

    Args:
        pipeline: Has the ``rtspsrc`` and named depayloaders.
        depayloaders: Their names; that of the codec that is sent gets packets.

    Attributes:
        behind: By how much it is behind ours; negative where it goes before. None until the camera
            has sent a report, and of one that sends none.
    """

    def __init__(self, pipeline: Gst.Pipeline, depayloaders: tuple[str, ...]) -> None:
        self.behind: Ns | None = None
        self._pipeline = pipeline
        self._depayloaders = [pipeline.get_by_name(name) for name in depayloaders]
        self._looked_at = 0

    def look(self, pts: Ns, now: Instant) -> bool:
        """Compare once a second; return whether there is news.

        Args:
            pts: Of the newest picture, right after it came.
            now: This moment, on our clocks.
        """
        if now.mono_ns - self._looked_at < EVERY:
            return False
        self._looked_at = now.mono_ns
        theirs = self._wall_time()
        if theirs is None:
            return False
        self.behind = Ns(now.wall_at(pts) - theirs)
        return True

    def _wall_time(self) -> int | None:
        """Theirs, of the newest picture."""
        for depayloader in self._depayloaders:
            assert depayloader is not None
            pad = depayloader.get_static_pad("sink")
            caps = pad.get_current_caps() if pad is not None else None
            known, ssrc = caps.get_structure(0).get_uint("ssrc") if caps else (False, 0)
            report = self._report(ssrc) if known else None
            if report is not None:
                newest = depayloader.get_property("stats")
                rate, rtp = newest.get_uint("clock_rate")[1], newest.get_uint("timestamp")[1]
                return wall_time(*report, rtp, rate) if rate else None
        return None

    def _report(self, ssrc: int) -> tuple[int, int] | None:
        """NTP and RTP time of the newest report of a sender."""
        for session in elements_of(self._pipeline, "rtpsession"):
            sender = session.get_property("internal-session").emit("get-source-by-ssrc", ssrc)
            if sender is not None:
                stats = sender.get_property("stats")
                if stats.get_boolean("have-sr")[1]:
                    ntp = stats.get_uint64("sr-ntptime")[1]
                    return (ntp, stats.get_uint("sr-rtptime")[1]) if ntp else None
        return None
