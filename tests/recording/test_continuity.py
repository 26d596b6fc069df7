"""What can be decoded of a stream after a loss; a stream is text, a word a picture."""

import pytest

from smartrec.model import Codec
from smartrec.recording.continuity import Continuity, Slices, slices_of
from smartrec.units import SECOND, Ns

FRAME = SECOND // 25
NOMINAL = Ns(SECOND // 30)
H264 = {"P": b"\x41\x9a", "I": b"\x65\x88", "p": b"\x41\x1a", "i": b"\x65\x08"}
H265 = {"P": b"\x02\x01\x80", "I": b"\x26\x01\x80", "p": b"\x02\x01\x20", "i": b"\x26\x01\x20"}
PARAMETERS = {Codec.H264: b"\x67\x64\x00\x1f", Codec.H265: b"\x42\x01\x01\x60"}


def unit(codec: Codec, slices: str) -> bytes:
    """A picture: I and P are first slices, i and p others; K puts parameter sets before them."""
    known = H264 if codec is Codec.H264 else H265
    parts = [PARAMETERS[codec] if each == "K" else known[each] + b"\x55" * 9 for each in slices]
    return b"".join(len(part).to_bytes(4, "big") + part for part in parts)


def judged(stream: str, codec: Codec = Codec.H264) -> str:
    """Of each picture: how many are missing before it, and ! where it cannot be decoded.

    A dot is a picture that did not come, ~ before a picture says that packets are missing.
    """
    continuity = Continuity(codec, NOMINAL)
    said = []
    for at, word in enumerate(stream.split()):
        if word != ".":
            slices = word.strip("~")
            missing, whole = continuity.take(
                unit(codec, slices),
                Ns(at * FRAME),
                keyframe=slices[0] in "KIi",
                torn=word[0] == "~",
            )
            said.append(f"{missing}{'' if whole else '!'}")
    return " ".join(said)


@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
def test_slices_are_counted_and_the_first_is_known(codec: Codec) -> None:
    assert slices_of(unit(codec, "KIii"), codec) == Slices(3, from_top=True)
    assert slices_of(unit(codec, "pp"), codec) == Slices(2, from_top=False)
    assert slices_of(unit(codec, "K"), codec) == Slices(0, from_top=False)
    assert slices_of(b"", codec) == Slices(0, from_top=False)
    assert slices_of(b"\xff" * 40, codec).count <= 1


@pytest.mark.parametrize(
    ("stream", "wanted"),
    [
        ("KI P P P KI P", "0 0 0 0 0 0"),
        # The first picture has nothing before it.
        ("~KI P", "0 0"),
        # One picture is gone: those after it are coded from it, up to the next keyframe.
        ("KI P P P . ~P P KI P", "0 0 0 0 1! 0! 0 0"),
        ("KI P P P . . . ~P KI P", "0 0 0 0 3! 0 0"),
        # What was lost right before a keyframe spoils nothing.
        ("KI P P P . ~KI P", "0 0 0 0 1 0"),
        # It came, but not all of it.
        ("KI P P ~P P KI P", "0 0 0 0! 0! 0 0"),
        ("KI P P ~KI P P KI P", "0 0 0 0! 0! 0! 0 0"),
        ("KIii Ppp Ppp ~Pp Ppp KIii", "0 0 0 0! 0! 0"),
        ("KIii Ppp Ppp . ~KIi Ppp KIii", "0 0 0 1! 0! 0"),
        ("KIii Ppp Ppp . ~ii Ppp KIii", "0 0 0 1! 0! 0"),
        # The end of one and the whole next: only the first that comes is marked by the sender.
        ("KIii Ppp ~Pp . Ppp KIii", "0 0 0! 1! 0"),
        ("KIii Ppp ~Pp . ii Ppp KIii Ppp", "0 0 0! 1! 0! 0 0"),
        # Silence without a packet missing is no loss.
        ("KI P P . . . . . . P P", "0 0 0 0 0"),
    ],
)
@pytest.mark.parametrize("codec", [Codec.H264, Codec.H265])
def test_a_loss_spoils_all_up_to_the_next_keyframe(codec: Codec, stream: str, wanted: str) -> None:
    assert judged(stream, codec) == wanted


def test_before_any_rate_is_measured_the_nominal_one_counts() -> None:
    continuity = Continuity(Codec.H264, NOMINAL)
    first, later = unit(Codec.H264, "KI"), unit(Codec.H264, "P")
    assert continuity.take(first, Ns(0), keyframe=True, torn=False) == (0, True)
    assert continuity.take(later, Ns(3 * NOMINAL), keyframe=False, torn=True) == (2, False)
