"""An encoder is believed once it has encoded."""

from smartrec.media.trial import encodes


def test_encoder_that_fails_at_the_first_picture_is_none() -> None:
    # It opens, and takes no picture of this size.
    assert not encodes("capsfilter caps=video/x-raw,width=64 ! jpegenc")


def test_what_encodes_is_one() -> None:
    assert encodes("videoconvert ! jpegenc")


def test_element_that_is_not_there_is_none() -> None:
    assert not encodes("no-such-encoder")
