"""Text from outside, on its way to a terminal."""

from smartrec.terminal import one_line, printable


def test_text_that_can_be_printed_is_printed() -> None:
    assert printable("Tür 裏口") == one_line("Tür 裏口") == "Tür 裏口"


def test_what_a_terminal_would_obey_is_shown_or_left_blank() -> None:
    assert printable("a\x1b[2J\nb\udcff") == r"a\x1b[2J\nb\udcff"
    assert one_line("a\x1b[2J\nb\udcff") == "a [2J b "
