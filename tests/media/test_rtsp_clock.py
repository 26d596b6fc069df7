"""What a sender report says of the camera's wall time at a picture."""

import pytest

from smartrec.media.rtsp import clock_in_words
from smartrec.media.rtsp_address import address_of
from smartrec.media.rtsp_clock import wall_time
from smartrec.units import MILLISECOND, SECOND, Ns

UNIX = 2_208_988_800
RATE = 90_000


@pytest.mark.parametrize(
    ("sent", "picture", "later"),
    [
        (1_000, 1_000, 0),
        (1_000, 1_000 + RATE, SECOND),
        (1_000 + RATE, 1_000, -SECOND),
        (2**32 - RATE, RATE, 2 * SECOND),  # RTP's time has wrapped since the report
        (RATE, 2**32 - RATE, -2 * SECOND),
    ],
)
def test_a_picture_lies_before_or_behind_the_report(sent: int, picture: int, later: int) -> None:
    ntp = (UNIX + 1_700_000_000 << 32) + 2**31  # half a second
    assert wall_time(ntp, sent, picture, RATE) == 1_700_000_000_500_000_000 + later


@pytest.mark.parametrize(
    ("behind", "said"),
    [
        (Ns(3_249 * MILLISECOND), "is 3s200ms behind ours"),
        (Ns(-3_600 * SECOND), "is 1h ahead of ours"),
        (Ns(20_000 * 86_400 * SECOND), "was never set"),
        (Ns(-40 * MILLISECOND), "is right again"),
    ],
)
def test_a_clock_is_told_in_words(behind: Ns, said: str) -> None:
    told = clock_in_words(address_of("rtsp://me:s3cret@cam/main"), behind)
    assert said in told
    assert "rtsp://me:***@cam/main" in told
